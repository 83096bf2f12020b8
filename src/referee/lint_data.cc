// Shipped data of lint.
#include <algorithm>
#include <array>

#include "policy/tool_risk.h"
#include "referee/lint_parts.h"
#include "shell/launchers.h"

namespace bailiwick::lint_parts {
namespace {

// What the host runs, or is configured by, when somebody works outside the sandbox.
constexpr auto kInHome = std::to_array<HostExecuted>({
    {".local/bin", "programs on the PATH of the host"},
    {"bin", "programs on the PATH of the host"},
    {".local/lib", "Python packages that the host's Python loads"},
    {".local/share/pnpm", "programs on the PATH of the host"},
    {".local/share/uv", "Python interpreters and tools that the host runs"},
    {".local/share/pipx", "Python programs that the host runs"},
    {".local/share/mise", "programs that the host runs"},
    {".local/share/systemd", "services that the host starts"},
    {".local/share/applications", "what the desktop starts"},
    {".config", "configuration that host programs run commands from (git, systemd, autostart, shells)"},
    {".bashrc", "every shell of the host runs it"},
    {".bash_profile", "every login of the host runs it"},
    {".profile", "every login of the host runs it"},
    {".zshrc", "every shell of the host runs it"},
    {".zshenv", "every shell of the host runs it"},
    {".gitconfig", "git on the host runs commands that it names"},
    {".ssh", "keys, and commands that ssh on the host runs"},
    {".vimrc", "the editor on the host runs it"},
    {".vim", "the editor on the host runs what is in it"},
    {".vscode", "the editor on the host runs the extensions in it"},
    {".vscode-server", "the editor on the host runs the extensions in it"},
    {".cargo", "programs, build settings and sources of crates whose build scripts the host runs"},
    {".rustup", "compilers that the host runs"},
    {"go", "programs and sources of modules that host builds compile"},
    {".cache/go-build", "compiled code that host builds link"},
    {".m2", "packages and plug-ins that host builds run"},
    {".gradle", "plug-ins, wrappers and compiled build scripts that host builds run"},
    {".ivy2", "packages that host builds run"},
    {".sbt", "plug-ins that host builds run"},
    {".sdkman", "programs that the host runs"},
    {".npm", "packages that npm on the host installs and runs"},
    {".npm-global", "programs on the PATH of the host"},
    {".npmrc", "npm on the host runs scripts with what it names"},
    {".yarn", "packages and programs that the host runs"},
    {".cache/yarn", "packages that the host installs and runs"},
    {".bun", "packages and programs that the host runs"},
    {".deno", "programs that the host runs"},
    {".cache/deno", "modules that the host runs"},
    {".nvm", "Node.js as the host runs it"},
    {".volta", "Node.js as the host runs it"},
    {".asdf", "programs that the host runs"},
    {".pyenv", "Python as the host runs it"},
    {".virtualenvs", "Python environments that the host runs"},
    {".cache/pip", "packages that pip on the host installs and runs"},
    {".cache/uv", "packages that uv on the host links into environments"},
    {".cache/pypoetry", "packages and environments that the host runs"},
    {".cache/pre-commit", "hooks that git on the host runs"},
    {".cache/ccache", "compiled code that host builds link"},
    {".ccache", "compiled code that host builds link"},
    {".cache/sccache", "compiled code that host builds link"},
    {".cache/bazel", "compiled code and tools that host builds use"},
    {".cache/nix", "what Nix on the host evaluates"},
    {".conan", "packages that host builds link"},
    {".conan2", "packages that host builds link"},
    {".nuget", "packages and build targets that host builds run"},
    {".dotnet", ".NET as the host runs it"},
    {".gem", "gems that the host runs"},
    {".rbenv", "Ruby as the host runs it"},
    {".bundle", "gems and settings that the host runs"},
    {".composer", "packages that the host runs"},
    {".cabal", "packages and programs that host builds use"},
    {".stack", "compilers and packages that host builds use"},
    {".opam", "compilers and packages that host builds use"},
    {".mix", "archives that Mix on the host runs"},
    {".hex", "packages that host builds compile"},
    {".pub-cache", "packages and programs that the host runs"},
    {".julia", "packages that the host runs"},
    {".terraform.d", "plug-ins that Terraform on the host runs"},
    {".docker", "plug-ins and credential helpers that docker on the host runs"},
    {".kube", "credentials, and plug-ins that kubectl on the host runs"},
    {".nix-profile", "programs that the host runs"},
    {"Library", "what macOS starts and loads"},
});

constexpr auto kAnywhere = std::to_array<HostExecuted>({
    {"node_modules", "packages that Node.js on the host runs"},
    {".git", "hooks and settings that git on the host runs"},
    {".venv", "a Python environment that the host runs"},
    {"site-packages", "packages that Python on the host runs"},
    {"/usr", "programs and libraries of the host"},
    {"/bin", "programs of the host"},
    {"/sbin", "programs of the host"},
    {"/lib", "libraries of the host"},
    {"/lib64", "libraries of the host"},
    {"/etc", "configuration of the host"},
    {"/opt", "programs of the host"},
    {"/boot", "the kernel of the host"},
    {"/dev", "devices of the host"},
    {"/proc", "the kernel's own files"},
    {"/sys", "the kernel's own files"},
    {"/run", "sockets and state of services of the host"},
    {"/var/lib", "state of services of the host"},
    {"/var/spool/cron", "what the host runs at set times"},
});

constexpr auto kSockets = std::to_array<KnownSocket>({
    {"docker.sock", "the container daemon starts any program on the host, as root"},
    {"/docker", "the container daemon starts any program on the host"},
    {"podman", "the container service starts any program on the host"},
    {"containerd", "the container daemon starts any program on the host, as root"},
    {"crio", "the container daemon starts any program on the host, as root"},
    {"buildkit", "the build daemon runs any program on the host"},
    {"libvirt", "the virtual machine daemon acts as root on the host"},
    {"lxd", "the container daemon starts any program on the host, as root"},
    {"incus", "the container daemon starts any program on the host, as root"},
    {"snapd", "it installs programs on the host"},
    {"ssh-agent", "it logs in with the user's keys"},
    {"/agent.", "it logs in with the user's keys"},
    {"keyring", "it gives out the user's keys and passwords"},
    {"gpg-agent", "it signs and decrypts with the user's keys"},
    {"/gnupg", "it signs and decrypts with the user's keys"},
    {"1password", "it gives out the user's keys and passwords"},
    {".X11-unix", "it sees and types what the user does"},
    {"wayland", "it acts on the user's desktop"},
    {"pipewire", "it hears and sees through the user's devices"},
    {"pulse", "it hears through the user's devices"},
    {"dbus", "it starts services and programs outside the sandbox"},
    {"/bus", "it starts services and programs outside the sandbox"},
    {"systemd", "it starts programs outside the sandbox"},
    {"tmux-", "it types into the user's terminals"},
    {"/screen", "it types into the user's terminals"},
    {"vscode", "it runs commands in the user's editor"},
    {"nix/daemon-socket", "it builds and installs what it is told on the host"},
});

constexpr double kMiB = 1024.0 * 1024, kGiB = 1024 * kMiB, kTiB = 1024 * kGiB;
constexpr std::string_view kNoLimit = "that limits nothing";
constexpr auto kLimits = std::to_array<SaneLimit>({
    {"limits.memory", 64 * kMiB, 16 * kTiB, "no build fits into it", kNoLimit},
    {"limits.processes", 16, 1e6, "a shell and a build need more", kNoLimit},
    {"limits.cpus", 0.1, 1024, "a session would barely move", kNoLimit},
    {"limits.open_files", 64, 1048576, "most programs need more", kNoLimit},
    {"limits.file_size", 1 * kMiB, 64 * kTiB, "a build writes larger files", kNoLimit},
    {"limits.data", 32 * kMiB, 16 * kTiB, "most programs need more", kNoLimit},
    {"limits.scratch", 1 * kMiB, 16 * kTiB, "most programs need more", kNoLimit},
    {"approvals.timeout", 10, 7 * 86400.0, "nobody can answer so fast", "a session would hang that long"},
    {"auto_review.timeout", 3, 600, "no review is so fast", "a command would hang that long"},
    {"telemetry.retention", 86400, 10 * 365 * 86400.0, "nothing could be looked up a day later",
     "records of that age are a burden"},
});

// Launchers that start what their words name and do nothing else: the command in them is judged by itself.
constexpr auto kTransparent = std::to_array<std::string_view>(
    {"time", "nice", "ionice", "nohup", "timeout", "gtimeout", "stdbuf", "setsid", "command", "builtin", "exec"});

struct Runner {
  std::string_view name, reason;
};
constexpr std::string_view kAnyCode = "it runs any code in its language";
constexpr std::string_view kBuild = "it runs what the files of the workspace say";
constexpr std::string_view kEditor = "it runs commands from its own command line";
constexpr auto kRunners = std::to_array<Runner>({
    {"sh", "it runs any command"},
    {"bash", "it runs any command"},
    {"fish", "it runs any command"},
    {"nu", "it runs any command"},
    {"pwsh", "it runs any command"},
    {"csh", "it runs any command"},
    {"tcsh", "it runs any command"},
    {"env", "it runs any program, with variables that change what programs do"},
    {"sudo", "it runs any program as another user"},
    {"doas", "it runs any program as another user"},
    {"su", "it runs any program as another user"},
    {"pkexec", "it runs any program as another user"},
    {"xargs", "it runs a program on words that nobody sees here"},
    {"find", "it runs programs and deletes files"},
    {"git", "it publishes, throws work away and runs what its configuration names"},
    {"ssh", "it runs any program on other machines"},
    {"docker", "it runs any program in containers that see the host"},
    {"podman", "it runs any program in containers that see the host"},
    {"kubectl", "it changes clusters and runs programs in them"},
    {"make", kBuild},
    {"gmake", kBuild},
    {"ninja", kBuild},
    {"cmake", kBuild},
    {"bazel", kBuild},
    {"just", kBuild},
    {"task", kBuild},
    {"rake", kBuild},
    {"gradle", kBuild},
    {"gradlew", kBuild},
    {"mvn", kBuild},
    {"ant", kBuild},
    {"sbt", kBuild},
    {"cargo", "it builds, runs, installs and publishes"},
    {"go", "it builds and runs any program"},
    {"npm", "it runs scripts of packages, installs and publishes"},
    {"pnpm", "it runs scripts of packages, installs and publishes"},
    {"yarn", "it runs scripts of packages, installs and publishes"},
    {"npx", "it fetches and runs any package"},
    {"bunx", "it fetches and runs any package"},
    {"pip", "it runs the build scripts of packages"},
    {"pip3", "it runs the build scripts of packages"},
    {"pipx", "it fetches and runs any package"},
    {"uv", "it fetches and runs any package"},
    {"uvx", "it fetches and runs any package"},
    {"poetry", "it installs packages and runs any program"},
    {"tclsh", kAnyCode},
    {"deno", kAnyCode},
    {"awk", kAnyCode},
    {"gawk", kAnyCode},
    {"mawk", kAnyCode},
    {"sed", "it writes files and runs commands (`e`, `w`)"},
    {"java", "it runs any program of its platform"},
    {"dotnet", "it builds and runs any program of its platform"},
    {"gdb", "it runs and changes any program"},
    {"lldb", "it runs and changes any program"},
    {"strace", "it runs any program"},
    {"script", "it runs any command"},
    {"expect", kAnyCode},
    {"tmux", "it runs any command, and types into terminals"},
    {"screen", "it runs any command, and types into terminals"},
    {"vi", kEditor},
    {"vim", kEditor},
    {"nvim", kEditor},
    {"emacs", kEditor},
    {"ed", kEditor},
    {"less", kEditor},
    {"man", "its pager runs commands"},
    {"tar", "it runs the programs that its options name"},
    {"rsync", "it runs the programs that its options name"},
    {"nsenter", "it runs any program"},
    {"unshare", "it runs any program"},
    {"chroot", "it runs any program"},
    {"flock", "it runs any program"},
    {"systemd-run", "it runs any program outside"},
    {"at", "it runs any command later"},
    {"crontab", "it runs any command later"},
});

}  // namespace

std::span<const HostExecuted> host_executed_in_home() { return kInHome; }
std::span<const HostExecuted> host_executed_anywhere() { return kAnywhere; }
std::span<const KnownSocket> known_sockets() { return kSockets; }
std::span<const SaneLimit> sane_limits() { return kLimits; }

std::string_view runs_other_code(std::string_view name) {
  if (std::ranges::find(kTransparent, name) != kTransparent.end()) return {};
  const auto* known = std::ranges::find(kRunners, name, &Runner::name);
  if (known != kRunners.end()) return known->reason;
  for (const std::string_view flag : {"-c", "-e"})
    if (takes_code(name, flag)) return kAnyCode;
  if (is_launcher(name)) return "it runs other programs";
  const Tool* tool = find_tool(name);
  if (tool == nullptr) return {};
  const ToolWord alone{name, true};
  const bool runs = (read_tool(*tool, std::span(&alone, 1)).effects & tool_runs_code) != 0;
  return runs ? "it runs code that its words do not name" : std::string_view();
}

bool takes_code(std::string_view name, std::string_view flag) {
  constexpr auto has = [](std::string_view list, std::string_view word) {
    const std::string padded = " " + std::string(list) + " ";
    return padded.contains(" " + std::string(word) + " ");
  };
  if (name.starts_with("python")) return flag == "-c" || flag == "-m";
  if (has("sh bash dash ash zsh ksh mksh rbash fish", name)) return flag == "-c" || flag == "-lc" || flag == "-ic";
  if (has("perl ruby lua node nodejs bun osascript Rscript", name)) return has("-e -E -p -r --eval --print", flag);
  return name == "php" && has("-r -R -B -E", flag);
}

}  // namespace bailiwick::lint_parts
