#include "policy/environment.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <utility>

#include "base/redact.h"
#include "base/text.h"

namespace bailiwick {
namespace {

constexpr auto kAllowed = std::to_array<EnvironmentName>({
    {"PATH", "where programs are; empty and relative entries are taken out"},
    {"HOME", "names a place; what is in it is decided elsewhere"},
    {"USER", "who"},
    {"LOGNAME", "who"},
    {"SHELL", "which shell to start"},
    {"PWD", "where"},
    {"OLDPWD", "where"},
    {"HOSTNAME", "the machine's name, as programs print it"},
    {"TMPDIR", "names a place"},
    {"UMASK", "file modes"},
    // terminals
    {"TERM", "what the terminal can do"},
    {"TERMINFO", "what the terminal can do"},
    {"TERMINFO_DIRS", "what the terminal can do"},
    {"TERM_PROGRAM", "what the terminal can do"},
    {"TERM_PROGRAM_VERSION", "what the terminal can do"},
    {"COLORTERM", "what the terminal can do"},
    {"COLORFGBG", "what the terminal can do"},
    {"VTE_VERSION", "what the terminal can do"},
    {"WT_SESSION", "what the terminal can do"},
    {"COLUMNS", "its size"},
    {"LINES", "its size"},
    {"NO_COLOR", "colours"},
    {"FORCE_COLOR", "colours"},
    {"CLICOLOR*", "colours"},
    {"LS_COLORS", "colours"},
    {"LSCOLORS", "colours"},
    {"GREP_COLORS", "colours"},
    {"GCC_COLORS", "colours"},
    {"CARGO_TERM_*", "colours and progress"},
    {"PY_COLORS", "colours"},
    {"NCURSES_NO_UTF8_ACS", "line drawing"},
    // languages and time
    {"LANG", "language"},
    {"LANGUAGE", "language"},
    {"LC_*", "language"},
    {"LOCALE_ARCHIVE", "language, on Nix"},
    {"TZ", "time zone"},
    {"TZDIR", "time zone"},
    {"SOURCE_DATE_EPOCH", "reproducible builds"},
    // what people set to say how programs should behave
    {"CI", "there is nobody to ask"},
    {"DEBIAN_FRONTEND", "there is nobody to ask"},
    {"EDITOR", "which editor"},
    {"VISUAL", "which editor"},
    {"PAGER", "which pager"},
    {"LESS", "the pager's options"},
    {"LESSCHARSET", "the pager's options"},
    {"MANPAGER", "which pager"},
    {"MANWIDTH", "its width"},
    {"BROWSER", "which browser"},
    {"DEBUG", "how much to print"},
    {"VERBOSE", "how much to print"},
    {"RUST_LOG", "how much to print"},
    {"RUST_BACKTRACE", "how much to print"},
    {"NODE_ENV", "production or development"},
    {"XDG_CONFIG_HOME", "names a place"},
    {"XDG_DATA_HOME", "names a place"},
    {"XDG_CACHE_HOME", "names a place"},
    {"XDG_STATE_HOME", "names a place"},
    {"XDG_DATA_DIRS", "names places"},
    {"XDG_CONFIG_DIRS", "names places"},
    {"MANPATH", "names places"},
    {"INFOPATH", "names places"},
    {"FONTCONFIG_PATH", "names a place"},
    {"FONTCONFIG_FILE", "names a place"},
    {"SSL_CERT_FILE", "certificates to trust"},
    {"SSL_CERT_DIR", "certificates to trust"},
    {"CURL_CA_BUNDLE", "certificates to trust"},
    {"REQUESTS_CA_BUNDLE", "certificates to trust"},
    {"NODE_EXTRA_CA_CERTS", "certificates to trust"},
    {"PIP_CERT", "certificates to trust"},
    {"GIT_SSL_CAINFO", "certificates to trust"},
    {"NIX_SSL_CERT_FILE", "certificates to trust"},
    // who commits
    {"GIT_AUTHOR_NAME", "who commits"},
    {"GIT_AUTHOR_EMAIL", "who commits"},
    {"GIT_AUTHOR_DATE", "when"},
    {"GIT_COMMITTER_NAME", "who commits"},
    {"GIT_COMMITTER_EMAIL", "who commits"},
    {"GIT_COMMITTER_DATE", "when"},
    {"GIT_TERMINAL_PROMPT", "whether git may ask"},
    {"EMAIL", "who commits"},
    // proxies: the password, if there is one, drops them
    {"HTTP_PROXY", "the way out"},
    {"HTTPS_PROXY", "the way out"},
    {"NO_PROXY", "the way out"},
    {"ALL_PROXY", "the way out"},
    {"http_proxy", "the way out"},
    {"https_proxy", "the way out"},
    {"no_proxy", "the way out"},
    {"all_proxy", "the way out"},
    // compilers and build tools
    {"CC", "which compiler"},
    {"CXX", "which compiler"},
    {"CPP", "which preprocessor"},
    {"LD", "which linker"},
    {"AR", "which archiver"},
    {"NM", "which tool"},
    {"RANLIB", "which tool"},
    {"STRIP", "which tool"},
    {"FC", "which compiler"},
    {"CFLAGS", "options"},
    {"CXXFLAGS", "options"},
    {"CPPFLAGS", "options"},
    {"LDFLAGS", "options"},
    {"FFLAGS", "options"},
    {"MAKEFLAGS", "options, such as -j"},
    {"MFLAGS", "options"},
    {"CMAKE_BUILD_PARALLEL_LEVEL", "options"},
    {"CMAKE_GENERATOR", "options"},
    {"CMAKE_BUILD_TYPE", "options"},
    {"CMAKE_PREFIX_PATH", "names places"},
    {"CTEST_OUTPUT_ON_FAILURE", "options"},
    {"CTEST_PARALLEL_LEVEL", "options"},
    {"NINJA_STATUS", "options"},
    {"PKG_CONFIG_PATH", "names places"},
    {"PKG_CONFIG_LIBDIR", "names places"},
    {"CPATH", "names places"},
    {"C_INCLUDE_PATH", "names places"},
    {"CPLUS_INCLUDE_PATH", "names places"},
    {"LIBRARY_PATH", "names places, for the linker at build time"},
    {"ACLOCAL_PATH", "names places"},
    {"CCACHE_DIR", "names a place"},
    {"CCACHE_MAXSIZE", "options"},
    {"SCCACHE_DIR", "names a place"},
    {"OMP_NUM_THREADS", "options"},
    // where toolchains are
    {"CARGO_HOME", "names a place"},
    {"CARGO_TARGET_DIR", "names a place"},
    {"CARGO_BUILD_JOBS", "options"},
    {"CARGO_INCREMENTAL", "options"},
    {"CARGO_NET_OFFLINE", "options"},
    {"RUSTUP_HOME", "names a place"},
    {"RUSTUP_TOOLCHAIN", "which version"},
    {"RUSTFLAGS", "options"},
    {"GOPATH", "names a place"},
    {"GOROOT", "names a place"},
    {"GOBIN", "names a place"},
    {"GOCACHE", "names a place"},
    {"GOMODCACHE", "names a place"},
    {"GOFLAGS", "options"},
    {"GOPROXY", "where modules come from; dropped if it holds a password"},
    {"GONOSUMDB", "options"},
    {"GOPRIVATE", "options"},
    {"GOTOOLCHAIN", "which version"},
    {"GOOS", "options"},
    {"GOARCH", "options"},
    {"GOENV_ROOT", "names a place"},
    {"CGO_ENABLED", "options"},
    {"JAVA_HOME", "names a place"},
    {"JDK_HOME", "names a place"},
    {"SDKMAN_DIR", "names a place"},
    {"M2_HOME", "names a place"},
    {"MAVEN_HOME", "names a place"},
    {"GRADLE_HOME", "names a place"},
    {"GRADLE_USER_HOME", "names a place"},
    {"ANDROID_HOME", "names a place"},
    {"ANDROID_SDK_ROOT", "names a place"},
    {"ANDROID_NDK_HOME", "names a place"},
    {"KOTLIN_HOME", "names a place"},
    {"SCALA_HOME", "names a place"},
    {"DOTNET_ROOT", "names a place"},
    {"DOTNET_CLI_TELEMETRY_OPTOUT", "options"},
    {"DOTNET_NOLOGO", "options"},
    {"NUGET_PACKAGES", "names a place"},
    {"NVM_DIR", "names a place"},
    {"NVM_BIN", "names a place"},
    {"FNM_DIR", "names a place"},
    {"FNM_MULTISHELL_PATH", "names a place"},
    {"VOLTA_HOME", "names a place"},
    {"NODENV_ROOT", "names a place"},
    {"N_PREFIX", "names a place"},
    {"PNPM_HOME", "names a place"},
    {"BUN_INSTALL", "names a place"},
    {"DENO_DIR", "names a place"},
    {"DENO_INSTALL", "names a place"},
    {"COREPACK_HOME", "names a place"},
    {"PLAYWRIGHT_BROWSERS_PATH", "names a place"},
    {"PUPPETEER_CACHE_DIR", "names a place"},
    {"CYPRESS_CACHE_FOLDER", "names a place"},
    {"CHROME_BIN", "names a program for tests"},
    {"VIRTUAL_ENV", "names a place"},
    {"CONDA_PREFIX", "names a place"},
    {"CONDA_DEFAULT_ENV", "which environment"},
    {"CONDA_EXE", "names a place"},
    {"MAMBA_ROOT_PREFIX", "names a place"},
    {"PYENV_ROOT", "names a place"},
    {"PYENV_VERSION", "which version"},
    {"PYTHONUNBUFFERED", "options"},
    {"PYTHONDONTWRITEBYTECODE", "options"},
    {"PYTHONUTF8", "options"},
    {"PYTHONIOENCODING", "options"},
    {"PYTHONHASHSEED", "options"},
    {"POETRY_VIRTUALENVS_IN_PROJECT", "options"},
    {"PIPX_HOME", "names a place"},
    {"PIP_NO_INPUT", "there is nobody to ask"},
    {"PIP_DISABLE_PIP_VERSION_CHECK", "options"},
    {"UV_CACHE_DIR", "names a place"},
    {"UV_PYTHON_INSTALL_DIR", "names a place"},
    {"UV_TOOL_DIR", "names a place"},
    {"WORKON_HOME", "names a place"},
    {"TOKENIZERS_PARALLELISM", "options"},
    {"RBENV_ROOT", "names a place"},
    {"RBENV_VERSION", "which version"},
    {"GEM_HOME", "names a place"},
    {"GEM_PATH", "names places"},
    {"BUNDLE_PATH", "names a place"},
    {"COMPOSER_HOME", "names a place"},
    {"PLENV_ROOT", "names a place"},
    {"PERLBREW_ROOT", "names a place"},
    {"OPAMROOT", "names a place"},
    {"OPAM_SWITCH_PREFIX", "names a place"},
    {"CAML_LD_LIBRARY_PATH", "names places"},
    {"STACK_ROOT", "names a place"},
    {"GHCUP_INSTALL_BASE_PREFIX", "names a place"},
    {"JULIA_DEPOT_PATH", "names places"},
    {"R_HOME", "names a place"},
    {"R_LIBS_USER", "names a place"},
    {"MIX_HOME", "names a place"},
    {"MIX_ENV", "production or development"},
    {"HEX_HOME", "names a place"},
    {"ELAN_HOME", "names a place"},
    {"ASDF_DIR", "names a place"},
    {"ASDF_DATA_DIR", "names a place"},
    {"MISE_DATA_DIR", "names a place"},
    {"PROTO_HOME", "names a place"},
    {"PIXI_HOME", "names a place"},
    {"HOMEBREW_PREFIX", "names a place"},
    {"HOMEBREW_CELLAR", "names a place"},
    {"HOMEBREW_REPOSITORY", "names a place"},
    {"NIX_PATH", "names places"},
    {"NIX_PROFILES", "names places"},
    {"GUIX_PROFILE", "names a place"},
    {"CUDA_HOME", "names a place"},
    {"CUDA_PATH", "names a place"},
    {"CUDA_VISIBLE_DEVICES", "options"},
    {"TEXMFHOME", "names a place"},
});

constexpr auto kRefused = std::to_array<EnvironmentName>({
    {"LD_*", "the loader loads what it names into every program"},
    {"DYLD_*", "the loader loads what it names into every program"},
    {"GLIBC_TUNABLES", "changes the loader and the allocator"},
    {"GCONV_PATH", "iconv loads libraries from there"},
    {"MALLOC_CONF", "changes the allocator"},
    {"BASH_ENV", "every script of bash runs it first"},
    {"ENV", "every interactive sh runs it first"},
    {"ZDOTDIR", "zsh runs its startup files from there"},
    {"PROMPT_COMMAND", "bash runs it before each prompt"},
    {"PS0", "bash expands it, commands included"},
    {"PS1", "bash expands it, commands included"},
    {"PS4", "bash expands it, commands included"},
    {"BASHOPTS", "changes every script of bash"},
    {"SHELLOPTS", "changes every script of bash"},
    {"BASH_FUNC_*", "a function that takes the place of a command"},
    {"BASH_XTRACEFD", "where bash writes its trace"},
    {"IFS", "changes how shells split words"},
    {"CDPATH", "changes where cd goes"},
    {"NODE_OPTIONS", "node loads what --require names"},
    {"NODE_PATH", "node loads modules from there"},
    {"NODE_REPL_EXTERNAL_MODULE", "node's prompt is what it names"},
    {"NPM_CONFIG_*", "npm's settings: script-shell runs a program, others hold tokens"},
    {"npm_config_*", "npm's settings: script-shell runs a program, others hold tokens"},
    {"YARN_*", "Yarn's settings: yarnPath runs a program, others hold tokens"},
    {"BUN_OPTIONS", "bun loads what --preload names"},
    {"DENO_AUTH_TOKENS", "tokens"},
    {"PYTHONSTARTUP", "Python runs it first"},
    {"PYTHONPATH", "Python loads modules from there"},
    {"PYTHONHOME", "Python loads its library from there"},
    {"PYTHONUSERBASE", "Python loads packages from there"},
    {"PYTHONBREAKPOINT", "breakpoint() calls what it names"},
    {"PYTHONINSPECT", "leaves a prompt behind a script"},
    {"PYTHONWARNINGS", "imports the modules it names"},
    {"PYTHONEXECUTABLE", "changes where Python finds itself"},
    {"PYTHONPYCACHEPREFIX", "Python loads compiled code from there"},
    {"PERL5OPT", "Perl loads the modules it names"},
    {"PERL5LIB", "Perl loads modules from there"},
    {"PERLLIB", "Perl loads modules from there"},
    {"PERL5DB", "code that the debugger runs"},
    {"RUBYOPT", "Ruby loads what -r names"},
    {"RUBYLIB", "Ruby loads libraries from there"},
    {"RUBYSHELL", "Ruby starts it as the shell"},
    {"BUNDLE_GEMFILE", "Ruby loads the gems it names"},
    {"LUA_PATH*", "Lua loads modules from there"},
    {"LUA_CPATH*", "Lua loads libraries from there"},
    {"LUA_INIT*", "Lua runs it first"},
    {"PHPRC", "PHP reads its settings from there: auto_prepend_file"},
    {"PHP_INI_SCAN_DIR", "PHP reads its settings from there: auto_prepend_file"},
    {"R_PROFILE*", "R runs it first"},
    {"R_ENVIRON*", "R takes variables from it"},
    {"JULIA_LOAD_PATH", "Julia loads packages from there"},
    {"ERL_FLAGS", "Erlang's options: -eval"},
    {"ERL_AFLAGS", "Erlang's options: -eval"},
    {"ERL_ZFLAGS", "Erlang's options: -eval"},
    {"ELIXIR_ERL_OPTIONS", "Erlang's options: -eval"},
    {"JAVA_TOOL_OPTIONS", "every Java loads the agent it names"},
    {"JDK_JAVA_OPTIONS", "every Java loads the agent it names"},
    {"_JAVA_OPTIONS", "every Java loads the agent it names"},
    {"CLASSPATH", "Java loads classes from there"},
    {"MAVEN_OPTS", "Java's options: -javaagent"},
    {"MAVEN_ARGS", "Maven's options"},
    {"GRADLE_OPTS", "Java's options: -javaagent"},
    {"JAVA_OPTS", "Java's options: -javaagent"},
    {"SBT_OPTS", "Java's options: -javaagent"},
    {"ANT_OPTS", "Java's options: -javaagent"},
    {"DOTNET_STARTUP_HOOKS", ".NET loads what it names"},
    {"DOTNET_ADDITIONAL_DEPS", ".NET loads what it names"},
    {"CORECLR_*", ".NET loads the profiler it names"},
    {"COR_PROFILER*", ".NET loads the profiler it names"},
    {"RUSTC", "cargo runs it as the compiler"},
    {"RUSTC_WRAPPER", "cargo runs it around the compiler"},
    {"RUSTC_WORKSPACE_WRAPPER", "cargo runs it around the compiler"},
    {"RUSTDOC", "cargo runs it"},
    {"CARGO_BUILD_RUSTC*", "cargo runs it as or around the compiler"},
    {"CARGO_TARGET_*_RUNNER", "cargo runs it around programs"},
    {"CARGO_REGISTR*", "tokens, and the programs that give them"},
    {"GOTOOLDIR", "Go runs its tools from there"},
    {"GODEBUG", "changes every Go program"},
    {"GOAUTH", "the program that gives Go its passwords"},
    {"CMAKE_TOOLCHAIN_FILE", "code that CMake runs"},
    {"CMAKE_PROJECT_INCLUDE*", "code that CMake runs"},
    {"MAKEFILES", "make reads them before the project's own"},
    {"GIT_*", "git's settings: ssh commands, hooks, pagers, another repository"},
    {"SSH_ASKPASS*", "a program that asks for passwords"},
    {"SUDO_ASKPASS", "a program that asks for passwords"},
    {"HGRCPATH", "Mercurial reads hooks from there"},
    {"HGPLAIN*", "changes what hg prints"},
    {"HG", "which hg is run"},
    {"LESSOPEN", "less runs it for each file"},
    {"LESSCLOSE", "less runs it for each file"},
    {"LESSKEY*", "less reads commands from there"},
    {"LESSEDIT", "less runs it to edit"},
    {"MANOPT", "man's options: a pager"},
    {"GROFF_*", "where groff finds its programs"},
    {"MOST_EDITOR", "a program that the pager runs"},
    {"FZF_DEFAULT_COMMAND", "a command that fzf runs"},
    {"FZF_DEFAULT_OPTS*", "commands that fzf runs"},
    {"RIPGREP_CONFIG_PATH", "ripgrep's options: --pre runs a program"},
    {"VIMINIT", "vim runs it first"},
    {"EXINIT", "vi runs it first"},
    {"GVIMINIT", "vim runs it first"},
    {"VIMRUNTIME", "vim loads code from there"},
    {"EMACSLOADPATH", "Emacs loads code from there"},
    {"TMUX", "the socket of the terminal multiplexer: it types into other windows"},
    {"TMUX_*", "the socket of the terminal multiplexer: it types into other windows"},
    {"STY", "the socket of the terminal multiplexer: it types into other windows"},
    {"OPENSSL_CONF", "OpenSSL loads the engine it names"},
    {"OPENSSL_ENGINES", "OpenSSL loads engines from there"},
    {"OPENSSL_MODULES", "OpenSSL loads providers from there"},
    {"GTK_MODULES", "GTK loads what it names"},
    {"GTK_PATH", "GTK loads modules from there"},
    {"GIO_*MODULE*", "GIO loads modules from there"},
    {"QT_PLUGIN_PATH", "Qt loads plugins from there"},
    {"XDG_RUNTIME_DIR", "sockets of the user's session"},
    {"XDG_SESSION_*", "the user's session"},
    {"SSH_AUTH_SOCK", "the agent that holds SSH keys"},
    {"SSH_AGENT_PID", "the agent that holds SSH keys"},
    {"SSH_CONNECTION", "where the user comes from"},
    {"SSH_CLIENT", "where the user comes from"},
    {"SSH_TTY", "the user's terminal"},
    {"GPG_AGENT_INFO", "the agent that holds GnuPG keys"},
    {"GPG_TTY", "the user's terminal"},
    {"GNUPGHOME", "where GnuPG keys are"},
    {"GNOME_KEYRING_*", "the keyring"},
    {"DBUS_*", "the message bus of the session"},
    {"DISPLAY", "the screen and its keyboard"},
    {"WAYLAND_*", "the screen"},
    {"XAUTHORITY", "the key to the screen"},
    {"SESSION_MANAGER", "the desktop session"},
    {"PULSE_*", "microphone and speakers"},
    {"PIPEWIRE_*", "microphone and speakers"},
    {"DOCKER_*", "the container engine: whoever reaches it is root outside"},
    {"CONTAINER_HOST", "the container engine"},
    {"BUILDKIT_HOST", "the container engine"},
    {"KUBECONFIG", "cluster credentials"},
    {"LIBVIRT_DEFAULT_URI", "the virtual machines of the host"},
    {"VSCODE_*", "the editor: its IPC opens files and runs commands outside"},
    {"ELECTRON_RUN_AS_NODE", "desktop programs become interpreters"},
    {"NVIM*", "the editor's socket: it runs commands outside"},
    {"KITTY_LISTEN_ON", "the terminal's socket: it runs commands outside"},
    {"WEZTERM_*", "the terminal's socket: it runs commands outside"},
    {"ALACRITTY_SOCKET", "the terminal's socket"},
    {"WINDOWID", "the terminal's window"},
    {"INVOCATION_ID", "the service that started it"},
    {"NOTIFY_SOCKET", "the service manager"},
    {"LISTEN_*", "descriptors of the service manager"},
    {"JOURNAL_STREAM", "the journal"},
});

// Of those, what only tells about the host: letting it in by name is worth no warning.
constexpr auto kOnlyNews =
    std::to_array<std::string_view>({"XDG_RUNTIME_DIR", "XDG_SESSION_*", "SSH_CONNECTION", "SSH_CLIENT", "SSH_TTY",
                                     "GPG_TTY", "WINDOWID", "INVOCATION_ID", "JOURNAL_STREAM"});

// `*` stands for any bytes, also none; names are short and patterns have at most two.
bool name_fits(std::string_view pattern, std::string_view name) {
  const std::size_t star = pattern.find('*');
  if (star == std::string_view::npos) return pattern == name;
  if (!name.starts_with(pattern.substr(0, star))) return false;
  const std::string_view rest = pattern.substr(star + 1);
  if (rest.empty()) return true;
  for (std::size_t at = star; at <= name.size(); ++at) {
    if (name_fits(rest, name.substr(at))) return true;
  }
  return false;
}

template <std::size_t N>
const EnvironmentName* find(const std::array<EnvironmentName, N>& table, std::string_view name) {
  const auto found =
      std::ranges::find_if(table, [&](const EnvironmentName& entry) { return name_fits(entry.name, name); });
  return found == table.end() ? nullptr : &*found;
}

EnvironmentDecision keep(std::string value, std::string reason = {}) {
  return {.choice = EnvironmentDecision::Choice::keep, .value = std::move(value), .reason = std::move(reason)};
}
EnvironmentDecision drop(std::string reason) {
  return {.choice = EnvironmentDecision::Choice::drop, .value = {}, .reason = std::move(reason)};
}

// A program is looked for in the current directory, which the agent writes, where an entry is empty or relative.
EnvironmentDecision clean_path(std::string_view value) {
  std::string out;
  std::size_t removed = 0;
  for (const std::string_view entry : split(value, ':')) {
    if (!entry.starts_with('/')) {
      ++removed;
      continue;
    }
    if (!out.empty()) out += ':';
    out += entry;
  }
  if (out.empty())
    return keep("/usr/local/bin:/usr/bin:/bin", "no absolute entry was left, so the system's default took its place");
  return keep(std::move(out), removed == 0 ? std::string() : "empty and relative entries were taken out");
}

struct Parts {
  std::string_view name;
  std::optional<std::string_view> value;
};

Parts parts_of(std::string_view text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos) return {.name = text, .value = std::nullopt};
  return {.name = text.substr(0, equals), .value = text.substr(equals + 1)};
}

}  // namespace

std::span<const EnvironmentName> allowed_environment() { return kAllowed; }
std::span<const EnvironmentName> refused_environment() { return kRefused; }

bool is_environment_name(std::string_view name) {
  if (name.empty() || (name[0] >= '0' && name[0] <= '9')) return false;
  return std::ranges::all_of(name, [](char c) {
    return c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  });
}

bool is_injection(std::string_view name) {
  if (std::ranges::any_of(kOnlyNews, [&](std::string_view entry) { return name_fits(entry, name); })) return false;
  // The allowlist names single ones of a refused family: GIT_AUTHOR_NAME.
  return find(kAllowed, name) == nullptr && find(kRefused, name) != nullptr;
}

EnvironmentDecision decide_environment(std::string_view name, std::string_view value) {
  // bash exports functions under names that are none, and puts code into their values.
  if (name.starts_with("BASH_FUNC_") || value.starts_with("() {"))
    return drop("a shell function takes the place of a command");
  if (!is_environment_name(name)) return drop("not a name that a shell could export");
  if (find(kAllowed, name) == nullptr) {
    const EnvironmentName* refused = find(kRefused, name);
    if (refused != nullptr) return drop(std::string(refused->reason));
    return drop(looks_like_secret_name(name) ? "its name says that it is a secret" : "not on the list of what enters");
  }
  if (name == "PATH") return clean_path(value);
  if (looks_like_secret_value(value)) return drop("its value looks like a secret");
  return keep(std::string(value));
}

SandboxEnvironment sandbox_environment(const EnvironmentRequest& request) {
  SandboxEnvironment out;
  std::map<std::string, std::string, std::less<>> kept;
  std::map<std::string, std::string, std::less<>> dropped;
  std::map<std::string_view, std::string_view> host;
  for (const std::string& variable : request.host) {
    const Parts parts = parts_of(variable);
    // INVARIANT: the first one of a name wins, as for getenv(3); a second could otherwise slip past what was judged.
    if (!parts.value || !host.emplace(parts.name, *parts.value).second) continue;
    EnvironmentDecision decision = decide_environment(parts.name, *parts.value);
    if (decision.choice == EnvironmentDecision::Choice::keep) {
      kept.emplace(parts.name, std::move(decision.value));
    } else {
      dropped.emplace(parts.name, std::move(decision.reason));
    }
  }
  const auto let_in = [&](std::string_view name, std::string_view value) {
    kept.insert_or_assign(std::string(name), std::string(value));
    if (const auto at = dropped.find(name); at != dropped.end()) dropped.erase(at);
  };
  for (const std::string& name : request.agent) {
    const auto found = host.find(name);
    if (found != host.end() && is_environment_name(name)) let_in(name, found->second);
  }
  for (const std::string& named : request.named) {
    const Parts parts = parts_of(named);
    const std::string shown = printable(shorten(parts.name, 80));
    if (!is_environment_name(parts.name)) {
      out.warnings.push_back("--env `" + shown + "`: not a name that a shell could export, so it stays out");
      continue;
    }
    const auto found = host.find(parts.name);
    if (!parts.value && found == host.end()) {
      out.warnings.push_back("--env `" + shown + "`: not set here; write `" + shown + "=VALUE` to give it a value");
      continue;
    }
    if (is_injection(parts.name)) {
      out.warnings.push_back("--env `" + shown + "`: let in by name, although " +
                             std::string(find(kRefused, parts.name)->reason));
    }
    let_in(parts.name, parts.value ? *parts.value : found->second);
  }
  for (auto& [name, value] : kept) out.variables.push_back({.name = name, .value = std::move(value)});
  for (auto& [name, reason] : dropped) out.dropped.push_back({.name = name, .reason = std::move(reason)});
  return out;
}

}  // namespace bailiwick
