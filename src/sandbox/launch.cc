#include "sandbox/launch.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/text.h"
#include "kernel/abi/landlock.h"
#include "sandbox/builder.h"

namespace bailiwick {
namespace {

std::string quoted(std::string_view text) { return "`" + printable(text) + "`"; }

// Standard input, output and error are the only descriptors that go in. A directory would be a way around the mounts.
// SECURITY: attack cases named stdio-*.
Result<std::array<std::uint64_t, 3>> check_stdio(const LaunchOptions& options, const LandlockHandled& handled) {
  std::array<std::uint64_t, 3> rights{};
  static constexpr const char* kNames[] = {"standard input", "standard output", "standard error"};
  for (int fd = 0; fd < 3; ++fd) {
    struct ::stat info{};
    if (options.stdio[static_cast<std::size_t>(fd)] == StdioUse::terminal || ::fstat(fd, &info) != 0) continue;
    if (S_ISDIR(info.st_mode) || S_ISBLK(info.st_mode)) {
      return fail(ErrorKind::invalid,
                  std::string(kNames[fd]) + (S_ISDIR(info.st_mode) ? " is a directory" : " is a block device") +
                      ": it would open a way around the sandbox; redirect it from or to a file, a pipe or /dev/null");
    }
    if (!S_ISREG(info.st_mode)) continue;
    if ((handled.filesystem & abi::kFsReadFile) == 0) {
      return fail(ErrorKind::sandbox,
                  std::string(kNames[fd]) + " is a file, and the plan was made for one that has none");
    }
    // So that /dev/stdin and /dev/stdout can be opened again by name, with no more than the descriptor allows.
    const int mode = ::fcntl(fd, F_GETFL) & O_ACCMODE;
    const bool readable = mode == O_RDONLY || mode == O_RDWR;
    const bool writable = mode == O_WRONLY || mode == O_RDWR;
    rights[static_cast<std::size_t>(fd)] =
        ((readable ? abi::kFsReadFile : 0) | (writable ? abi::kFsWriteFile | abi::kFsTruncate : 0)) &
        handled.filesystem;
  }
  return rights;
}

pid_t fork_child(int cgroup_directory) {
  return cgroup_directory < 0 ? fork_with_flags(0) : fork_into_cgroup(0, cgroup_directory);
}

}  // namespace

std::string_view name_of(LaunchStep step) {
  switch (step) {
    case LaunchStep::namespaces: return "namespaces";
    case LaunchStep::prepared: return "prepared";
    case LaunchStep::begin: return "begin";
    case LaunchStep::join: return "joining the namespaces";
    case LaunchStep::user_namespace: return "user namespace";
    case LaunchStep::ceilings: return "ceilings of the user namespace";
    case LaunchStep::keyring: return "session keyring";
    case LaunchStep::loopback: return "loopback interface";
    case LaunchStep::root: return "new root";
    case LaunchStep::build: return "root step";
    case LaunchStep::covers: return "cover";
    case LaunchStep::landlock_rules: return "Landlock rule";
    case LaunchStep::seal: return "sealing the root";
    case LaunchStep::init: return "pid namespace";
    case LaunchStep::proc: return "fresh /proc";
    case LaunchStep::pivot: return "change of root";
    case LaunchStep::terminal: return "terminal";
    case LaunchStep::drop_privileges: return "dropping privileges";
    case LaunchStep::ready: return "ready";
    case LaunchStep::program: return "starting the program";
    case LaunchStep::limits: return "resource limit";
    case LaunchStep::directory: return "working directory";
    case LaunchStep::affinity: return "CPU affinity";
    case LaunchStep::landlock: return "Landlock";
    case LaunchStep::seccomp: return "system call filter";
    case LaunchStep::exec: return "exec";
  }
  return "";
}

Result<Sandbox> launch(const SandboxPlan& plan, const LaunchOptions& options,
                       std::optional<PreparedNamespaces> prepared) {
  if (plan.backend == Backend::landlock) prepared.reset();
  if (plan.backend == Backend::namespaces && !prepared) {
    TRY_ASSIGN(prepared, PreparedNamespaces::begin(plan.network, options.timings));
  }
  if (prepared && prepared->network() != plan.network)
    return fail(ErrorKind::sandbox, "the namespaces were prepared for another network mode than the plan's");
  TRY_ASSIGN(const auto stdio_rights, check_stdio(options, plan.landlock));
  TRY_ASSIGN(SocketPair channel, open_message_pair());
  std::vector<char*> argv;
  for (const std::string& word : plan.command) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  std::vector<char*> envp;
  for (const std::string& entry : plan.environment) envp.push_back(const_cast<char*>(entry.c_str()));
  envp.push_back(nullptr);

  BuildInput input{.plan = &plan,
                   .options = &options,
                   .channel = channel.theirs.get(),
                   .prepared = prepared ? &*prepared : nullptr,
                   .supervisor = ::getpid(),
                   .argv = argv.data(),
                   .envp = envp.data(),
                   .stdio_rights = stdio_rights};
  ::sigset_t all;
  ::sigfillset(&all);
  ::sigprocmask(SIG_SETMASK, &all, &input.signal_mask);

  const pid_t child = fork_child(options.cgroup_directory);
  if (child == 0) {
    channel.ours.close();
    if (plan.backend == Backend::namespaces) run_launcher(input);
    run_plain_init(input);
  }
  const int saved = errno;
  ::sigprocmask(SIG_SETMASK, &input.signal_mask, nullptr);
  if (child < 0) return os_error("could not start a process", saved);
  Sandbox sandbox;
  sandbox.channel_ = std::move(channel.ours);
  sandbox.prepared_ = std::move(prepared);
  TRY_ASSIGN(Process process, Process::adopt(child));
  (plan.backend == Backend::namespaces ? sandbox.launcher_ : sandbox.init_) = std::move(process);
  return sandbox;
}

Result<Sandbox::Received> Sandbox::receive() {
  TRY_ASSIGN(Message message, receive_message(channel_.get(), sizeof(SandboxEvent)));
  if (message.bytes.size() != sizeof(SandboxEvent))
    return fail(ErrorKind::sandbox, "the sandbox ended without saying how");
  Received out;
  std::memcpy(&out.event, message.bytes.data(), sizeof out.event);
  out.fd = std::move(message.fd);
  if (out.event.kind == SandboxEvent::Kind::init) {
    prepared_.reset();
    TRY_ASSIGN(init_, Process::adopt(static_cast<pid_t>(out.event.value)));
  }
  return out;
}

Status Sandbox::send(InitRequest request) {
  const std::string_view bytes(reinterpret_cast<const char*>(&request), sizeof request);
  Status sent = send_message(channel_.get(), bytes);
  // Init has ended meanwhile: its last words are waiting to be received.
  if (!sent && (sent.error().os_errno == EPIPE || sent.error().os_errno == ECONNRESET)) return {};
  return sent;
}

Error Sandbox::describe_failure(const SandboxPlan& plan, const SandboxEvent& event) {
  const auto index = static_cast<std::size_t>(event.index);
  const int code = static_cast<int>(event.value);
  std::string what;
  switch (event.step) {
    case LaunchStep::build:
      if (index < plan.root.size())
        what = std::string(name_of(plan.root[index].kind)) + " " + quoted(plan.root[index].target);
      break;
    case LaunchStep::covers:
      if (index < plan.covers.size())
        what = std::string(name_of(plan.covers[index].kind)) + " " + quoted(plan.covers[index].target);
      break;
    case LaunchStep::landlock_rules:
      if (index < plan.landlock_rules.size()) what = quoted(plan.landlock_rules[index].path);
      break;
    case LaunchStep::limits:
      if (index < plan.limits.size()) what = plan.limits[index].name + " = " + std::to_string(plan.limits[index].value);
      break;
    case LaunchStep::directory: what = quoted(plan.directory); break;
    case LaunchStep::exec: {
      const std::string program = quoted(plan.command.empty() ? "" : plan.command.front());
      if (code == ENOENT || code == ENOTDIR) {
        return {.kind = ErrorKind::not_found,
                .what = "program " + program + " cannot be found inside the sandbox (it, or the interpreter it names)",
                .os_errno = code,
                .context = {}};
      }
      if (code == EACCES || code == EPERM || code == ENOEXEC) {
        return {.kind = ErrorKind::denied,
                .what = "program " + program + " cannot be executed inside the sandbox",
                .os_errno = code,
                .context = {}};
      }
      return {.kind = ErrorKind::sandbox,
              .what = "program " + program + " cannot be started",
              .os_errno = code,
              .context = {}};
    }
    case LaunchStep::namespaces: what = "`bailiwick doctor` says what this host refuses and how to allow it"; break;
    case LaunchStep::user_namespace:
      what = "the id maps were refused: `bailiwick doctor` says what this host refuses and how to allow it";
      break;
    case LaunchStep::proc:
      what =
          "a new /proc was refused: parts of /proc are masked here, as in most containers (`bailiwick doctor` says "
          "more)";
      break;
    default: break;
  }
  std::string message = "the sandbox could not be built at step `" + std::string(name_of(event.step)) + "`";
  if (!what.empty()) message += ", " + what;
  return {.kind = ErrorKind::sandbox, .what = std::move(message), .os_errno = code, .context = {}};
}

void Sandbox::end() {
  if (init_.is_running()) {
    static_cast<void>(init_.send_signal(SIGKILL));
    static_cast<void>(init_.wait());
  }
  // Everything inside is gone. The launcher is the last in the mount namespace, whose end takes the kernel up to 25 ms;
  // nothing waits for that.
  launcher_.abandon();
}

}  // namespace bailiwick
