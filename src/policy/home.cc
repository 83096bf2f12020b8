#include "policy/home.h"

#include <array>
#include <vector>

#include "base/redact.h"
#include "base/text.h"

namespace bailiwick {
namespace {

using enum HomeUse;

constexpr auto kHome = std::to_array<HomeEntry>({
    // programs of the user's own
    {".local/bin", bind_read_only, "programs that pip, pipx, uv, npm and install scripts put there"},
    {"bin", bind_read_only, "the user's own programs"},
    {".local/lib", bind_read_only, "libraries of those programs, Python's user packages"},
    {".local/share/pipx", bind_read_only, "Python programs with their packages", "PIPX_HOME", ""},
    {".local/pipx", bind_read_only, "same, older place"},
    {".nix-profile", bind_read_only, "the profile of Nix: a link into the store"},
    {".local/state/nix/profiles", bind_read_only, "profiles of Nix"},
    {".guix-profile", bind_read_only, "the profile of Guix: a link into the store"},
    {".linuxbrew", bind_read_only, "Homebrew"},

    // several languages at once
    {".asdf", bind_read_only, "versions of many tools", "ASDF_DATA_DIR", ""},
    {".local/share/mise", bind_read_only, "versions of many tools", "MISE_DATA_DIR", ""},
    {".proto", bind_read_only, "versions of many tools", "PROTO_HOME", ""},

    // Rust
    {".cargo/bin", bind_read_only, "cargo, rustc's proxies, installed programs", "CARGO_HOME", "bin"},
    {".cargo/registry", bind_read_only, "sources of crates, so that offline builds work", "CARGO_HOME", "registry"},
    {".cargo/git", bind_read_only, "sources of crates from git", "CARGO_HOME", "git"},
    {".rustup", bind_read_only, "compilers", "RUSTUP_HOME", ""},

    // JavaScript
    {".nvm", bind_read_only, "versions of Node.js", "NVM_DIR", ""},
    {".config/nvm", bind_read_only, "versions of Node.js, by XDG convention"},
    {".fnm", bind_read_only, "versions of Node.js", "FNM_DIR", ""},
    {".local/share/fnm", bind_read_only, "versions of Node.js"},
    {".volta", bind_read_only, "versions of Node.js", "VOLTA_HOME", ""},
    {".nodenv", bind_read_only, "versions of Node.js", "NODENV_ROOT", ""},
    {".n", bind_read_only, "versions of Node.js", "N_PREFIX", ""},
    {".npm-global", bind_read_only, "programs installed with npm -g"},
    {".npm-packages", bind_read_only, "programs installed with npm -g"},
    {".local/share/pnpm", bind_read_only, "pnpm, its programs and its store", "PNPM_HOME", ""},
    {".yarn/bin", bind_read_only, "programs installed with yarn global"},
    {".config/yarn/global", bind_read_only, "programs installed with yarn global"},
    {".cache/node/corepack", bind_read_only, "the package managers that corepack has fetched", "COREPACK_HOME", ""},
    {".bun/bin", bind_read_only, "bun and its programs", "BUN_INSTALL", "bin"},
    {".bun/install/global", bind_read_only, "programs installed with bun -g", "BUN_INSTALL", "install/global"},
    {".deno", bind_read_only, "deno and its programs", "DENO_INSTALL", ""},

    // Python
    {".pyenv", bind_read_only, "versions of Python", "PYENV_ROOT", ""},
    {".local/share/uv/python", bind_read_only, "versions of Python", "UV_PYTHON_INSTALL_DIR", ""},
    {".local/share/uv/tools", bind_read_only, "Python programs with their packages", "UV_TOOL_DIR", ""},
    {".virtualenvs", bind_read_only, "virtual environments", "WORKON_HOME", ""},
    {".local/share/virtualenvs", bind_read_only, "virtual environments of pipenv"},
    {".cache/pypoetry/virtualenvs", bind_read_only, "virtual environments of Poetry"},
    {"miniconda3", bind_read_only, "conda and its environments"},
    {"anaconda3", bind_read_only, "conda and its environments"},
    {"miniforge3", bind_read_only, "conda and its environments"},
    {"mambaforge", bind_read_only, "conda and its environments"},
    {"micromamba", bind_read_only, "conda's environments", "MAMBA_ROOT_PREFIX", ""},
    {".pixi", bind_read_only, "conda packages as programs", "PIXI_HOME", ""},

    // Go, JVM, .NET
    {"go/bin", bind_read_only, "installed programs", "GOPATH", "bin"},
    {"go/pkg", bind_read_only, "sources of modules, so that offline builds work", "GOPATH", "pkg"},
    {".goenv", bind_read_only, "versions of Go", "GOENV_ROOT", ""},
    {".sdkman", bind_read_only, "versions of Java and its tools", "SDKMAN_DIR", ""},
    {".jenv", bind_read_only, "versions of Java", "JENV_ROOT", ""},
    {".jdks", bind_read_only, "Java from the IDE"},
    {".m2/repository", bind_read_only, "packages, so that offline builds work"},
    {".m2/wrapper", bind_read_only, "versions of Maven"},
    {".gradle/wrapper", bind_read_only, "versions of Gradle; its caches are not bound, because Gradle must write them",
     "GRADLE_USER_HOME", "wrapper"},
    {".gradle/jdks", bind_read_only, "Java that Gradle has fetched", "GRADLE_USER_HOME", "jdks"},
    {".local/share/coursier/bin", bind_read_only, "programs installed with coursier"},
    {".dotnet/dotnet", bind_read_only,
     "the .NET host; beside it lie development certificates, so it is bound piece by piece", "DOTNET_ROOT", "dotnet"},
    {".dotnet/host", bind_read_only, ".NET", "DOTNET_ROOT", "host"},
    {".dotnet/sdk", bind_read_only, ".NET", "DOTNET_ROOT", "sdk"},
    {".dotnet/sdk-manifests", bind_read_only, ".NET", "DOTNET_ROOT", "sdk-manifests"},
    {".dotnet/shared", bind_read_only, ".NET", "DOTNET_ROOT", "shared"},
    {".dotnet/packs", bind_read_only, ".NET", "DOTNET_ROOT", "packs"},
    {".dotnet/templates", bind_read_only, ".NET", "DOTNET_ROOT", "templates"},
    {".dotnet/tools", bind_read_only, "installed programs"},
    {".nuget/packages", bind_read_only, "packages, so that offline builds work", "NUGET_PACKAGES", ""},
    {"Android/Sdk", bind_read_only, "the Android SDK", "ANDROID_HOME", ""},

    // other languages
    {".rbenv", bind_read_only, "versions of Ruby", "RBENV_ROOT", ""},
    {".rvm", bind_read_only, "versions of Ruby"},
    {".rubies", bind_read_only, "versions of Ruby"},
    {".gem/ruby", bind_read_only, "gems"},
    {".local/share/gem/ruby", bind_read_only, "gems"},
    {".phpenv", bind_read_only, "versions of PHP", "PHPENV_ROOT", ""},
    {".composer/vendor", bind_read_only, "programs installed with composer global", "COMPOSER_HOME", "vendor"},
    {".config/composer/vendor", bind_read_only, "programs installed with composer global"},
    {".plenv", bind_read_only, "versions of Perl", "PLENV_ROOT", ""},
    {"perl5", bind_read_only, "Perl modules (local::lib, perlbrew)", "PERLBREW_ROOT", ""},
    {".ghcup", bind_read_only, "Haskell compilers"},
    {".cabal/bin", bind_read_only, "installed programs"},
    {".cabal/packages", bind_read_only, "sources of packages"},
    {".cabal/store", bind_read_only, "built packages"},
    {".local/state/cabal", bind_read_only, "built packages, by XDG convention"},
    {".stack/programs", bind_read_only, "Haskell compilers", "STACK_ROOT", "programs"},
    {".opam", bind_read_only, "OCaml compilers and packages", "OPAMROOT", ""},
    {".elan", bind_read_only, "Lean", "ELAN_HOME", ""},
    {".juliaup", bind_read_only, "versions of Julia"},
    {".julia/juliaup", bind_read_only, "versions of Julia"},
    {".julia/packages", bind_read_only, "packages"},
    {".julia/artifacts", bind_read_only, "packages' binaries"},
    {".julia/registries", bind_read_only, "what packages there are"},
    {".mix", bind_read_only, "Elixir's archives", "MIX_HOME", ""},
    {".hex/packages", bind_read_only, "packages, so that offline builds work", "HEX_HOME", "packages"},
    {".kiex", bind_read_only, "versions of Elixir"},
    {".kerl", bind_read_only, "versions of Erlang"},
    {".swiftly", bind_read_only, "versions of Swift"},
    {".local/share/swiftly", bind_read_only, "versions of Swift"},
    {".zvm", bind_read_only, "versions of Zig"},
    {".luarocks", bind_read_only, "Lua modules"},
    {"R", bind_read_only, "R packages", "R_LIBS_USER", ""},
    {"texmf", bind_read_only, "TeX packages"},
    {".TinyTeX", bind_read_only, "TeX"},
    {".wasmtime", bind_read_only, "WebAssembly runtime"},
    {".wasmer/bin", bind_read_only, "WebAssembly runtime"},
    {".foundry/bin", bind_read_only, "Solidity tools; beside it lie wallet keys"},
    {".local/share/solana/install", bind_read_only, "Solana tools"},
    {".tfenv", bind_read_only, "versions of Terraform"},
    {".krew/bin", bind_read_only, "kubectl plugins"},

    // agents as their own installers put them; their state comes with their profile
    {".local/share/claude", bind_read_only, "Claude Code, by its own installer"},
    {".opencode/bin", bind_read_only, "opencode, by its own installer"},

    // what programs look for to run tests and draw
    {".cache/ms-playwright", bind_read_only, "browsers for tests", "PLAYWRIGHT_BROWSERS_PATH", ""},
    {".cache/puppeteer", bind_read_only, "browsers for tests", "PUPPETEER_CACHE_DIR", ""},
    {".cache/Cypress", bind_read_only, "browsers for tests", "CYPRESS_CACHE_FOLDER", ""},
    {".local/share/fonts", bind_read_only, "fonts"},
    {".fonts", bind_read_only, "fonts"},
    {".terminfo", bind_read_only, "descriptions of terminals", "TERMINFO", ""},

    // small configuration, as copies
    {".gitconfig", copy, "who commits, aliases, merge tools"},
    {".config/git/config", copy, "same, by XDG convention"},
    {".config/git/ignore", copy, "what git status leaves out"},
    {".config/git/attributes", copy, "how git treats files"},
    {".gitignore_global", copy, "what git status leaves out, by habit"},
    {".gitignore", copy, "what git status leaves out, by habit"},
    {".gitattributes", copy, "how git treats files, by habit"},
    {".gitmessage", copy, "template of commit messages, by habit"},
    {".hgrc", copy, "who commits"},
    {".config/hg/hgrc", copy, "same, by XDG convention"},
    {".config/jj/config.toml", copy, "who commits"},
    {".jjconfig.toml", copy, "who commits"},
    {".editorconfig", copy, "how to indent"},
    {".clang-format", copy, "how to format"},
    {".config/rustfmt/rustfmt.toml", copy, "how to format"},
    {".inputrc", copy, "keys of the command line"},
    {".tmux.conf", copy, "keys of the multiplexer"},
    {".cargo/config.toml", copy, "registries and build options", "CARGO_HOME", "config.toml"},
    {".cargo/config", copy, "same, older name", "CARGO_HOME", "config"},
    {".cargo/env", copy, "what shells source to find cargo", "CARGO_HOME", "env"},
    {".config/mise/config.toml", copy, "default versions of tools"},
    {".tool-versions", copy, "default versions of tools"},
    {".config/go/env", copy, "Go's settings"},
    {".gemrc", copy, "gem's settings"},
});

constexpr auto kSystem = std::to_array<SystemEntry>({
    {"/usr", "programs, libraries, headers"},
    {"/bin", "programs, or a link to /usr/bin"},
    {"/sbin", "programs, or a link to /usr/sbin"},
    {"/lib", "libraries, or a link to /usr/lib"},
    {"/lib32", "libraries of 32-bit programs"},
    {"/lib64", "the loader"},
    {"/libx32", "libraries, or a link to /usr/libx32"},
    {"/etc", "configuration; its secrets are hidden"},
    {"/opt", "programs from elsewhere"},
    {"/nix/store", "Nix"},
    {"/nix/var/nix/profiles", "Nix: which programs are installed"},
    {"/gnu/store", "Guix"},
    {"/var/guix/profiles", "Guix: which programs are installed"},
    {"/home/linuxbrew/.linuxbrew", "Homebrew: nothing else of that home"},
    {"/var/lib/dpkg", "which packages are installed; alternatives"},
    {"/var/lib/rpm", "which packages are installed"},
    {"/var/lib/pacman", "which packages are installed"},
    {"/lib/apk", "which packages are installed"},
    {"/var/db/pkg", "which packages are installed"},
    {"/var/lib/apt/lists", "which packages there are"},
    {"/var/lib/command-not-found", "which package has a command"},
    {"/var/lib/ghc", "packages of the Haskell compiler"},
    {"/var/lib/gems", "gems"},
    {"/var/lib/php/modules", "modules of PHP"},
    {"/var/lib/texmf", "formats and fonts of TeX"},
    {"/var/lib/tex-common", "TeX"},
    {"/var/lib/sgml-base", "catalogues of document types"},
    {"/var/lib/xml-core", "catalogues of document types"},
    {"/var/lib/emacsen-common", "packages of Emacs"},
    {"/var/lib/aspell", "dictionaries"},
    {"/var/lib/dictionaries-common", "dictionaries"},
    {"/var/lib/ca-certificates", "certificates of openSUSE"},
    {"/var/cache/fontconfig", "fonts: without it each program looks for itself, for seconds"},
    {"/var/cache/man", "index of manual pages"},
});

constexpr std::string_view kCredentialNote = "# bailiwick: what stood here holds a credential and stays outside\n";
constexpr std::string_view kSigningNote = "# bailiwick: the signing key stays outside, so nothing is signed\n";

// The next line with those that a backslash joins to it, the newline included.
std::string_view next_line(std::string_view text) {
  std::size_t at = 0;
  while (true) {
    const std::size_t newline = text.find('\n', at);
    if (newline == std::string_view::npos) return text;
    std::size_t slashes = 0;
    while (slashes < newline && text[newline - 1 - slashes] == '\\') ++slashes;
    if (slashes % 2 == 0) return text.substr(0, newline + 1);
    at = newline + 1;
  }
}

std::string joined(std::string_view line) {
  std::string out;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '\\' && i + 1 < line.size() && line[i + 1] == '\n') {
      ++i;
    } else {
      out += line[i];
    }
  }
  return out;
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

// git: `gpgsign = true` of commit, tag and push, alone or behind its section.
bool asks_to_sign(std::string_view line) {
  std::string text = lower(trim(line));
  if (text.starts_with('[')) {
    const std::size_t close = text.find(']');
    if (close == std::string::npos) return false;
    text = std::string(trim(std::string_view(text).substr(close + 1)));
  }
  for (const std::string_view key : {"gpgsign", "forcesignannotated"}) {
    if (!text.starts_with(key)) continue;
    const std::string_view rest = trim(std::string_view(text).substr(key.size()));
    if (rest.empty()) return true;
    if (!rest.starts_with('=')) return false;
    const std::string_view value = trim(rest.substr(1));
    return !(value.starts_with("false") || value.starts_with("no") || value.starts_with("off") ||
             value.starts_with('0'));
  }
  return false;
}

bool opens_section(std::string_view line) { return trim(line).starts_with('['); }

}  // namespace

std::string_view to_string(HomeUse use) {
  switch (use) {
    case bind_read_only: return "read-only";
    case copy: return "copy";
  }
  return "";
}

std::span<const HomeEntry> home_entries() { return kHome; }
std::span<const SystemEntry> system_entries() { return kSystem; }

std::string copy_for_sandbox(std::string_view file_text) {
  std::string out;
  bool is_section_dropped = false;
  while (!file_text.empty()) {
    std::string_view line = next_line(file_text);
    if (line.contains("-----BEGIN ") && line.contains("PRIVATE KEY")) {
      // A key over several lines: to its end, or to the end of the file.
      const std::size_t end = file_text.find("-----END ");
      const std::size_t newline = end == std::string_view::npos ? end : file_text.find('\n', end);
      line = newline == std::string_view::npos ? file_text : file_text.substr(0, newline + 1);
      out += kCredentialNote;
    } else if (opens_section(line)) {
      // The keys of a section that is left out (`[url "https://user:password@host"]`) must not fall to the section
      // before it.
      is_section_dropped = looks_like_secret_value(joined(line));
      if (is_section_dropped) {
        out += kCredentialNote;
      } else if (asks_to_sign(line)) {
        out += std::string(line.substr(0, line.find(']') + 1)) + "\n" + std::string(kSigningNote);
      } else {
        out += line;
      }
    } else if (!is_section_dropped) {
      if (looks_like_secret_value(joined(line))) {
        out += kCredentialNote;
      } else if (asks_to_sign(line)) {
        out += kSigningNote;
      } else {
        out += line;
      }
    }
    file_text.remove_prefix(line.size());
  }
  return out;
}

std::string login_profile(std::string_view path) {
  return "# Made by bailiwick: /etc/profile sets PATH anew for login shells, and the user's own profile is not "
         "here.\nPATH=" +
         shell_quote(path) + "\nexport PATH\n";
}

}  // namespace bailiwick
