// Runs in init and in the program's process before its exec: no allocation, no locks, no exceptions.
#include "sandbox/init.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <cmath>
#include <cstdlib>

#include "kernel/credentials.h"
#include "kernel/mount.h"
#include "kernel/pty.h"
#include "kernel/seccomp.h"
#include "sandbox/reporter.h"

namespace bailiwick {
namespace {

bool wants_terminal(const LaunchOptions& options) {
  for (const StdioUse use : options.stdio) {
    if (use == StdioUse::terminal) return true;
  }
  return false;
}

class Init {
 public:
  Init(const BuildInput& build, InitInput input)
      : build_(build),
        plan_(*build.plan),
        input_(input),
        report_{.channel = build.channel, .timings = build.options->timings} {}

  [[noreturn]] void run() {
    if (input_.root >= 0) {
      // The launcher made us a child of the supervisor: its death is ours. It may have died before this was armed.
      if (die_with_parent() != 0 || supervisor_is_gone()) ::_exit(125);
      mount_proc();
      report_.mark(LaunchStep::pivot);
      if (enter_root(input_.root) != 0) report_.fail(LaunchStep::pivot, 0, errno);
      ::close(input_.root);
      const int scratch = ::open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
      if (scratch < 0) report_.fail(LaunchStep::pivot, 1, errno);
      send(SandboxEvent::Kind::scratch, 0, scratch);
      ::close(scratch);
    }
    report_.mark(LaunchStep::terminal);
    ::setsid();
    if (wants_terminal(*build_.options)) open_terminal();
    report_.mark(LaunchStep::drop_privileges);
    if (input_.root >= 0 && drop_all_capabilities() != 0) report_.fail(LaunchStep::drop_privileges, 0, errno);
    if (set_no_new_privileges() != 0) report_.fail(LaunchStep::drop_privileges, 1, errno);
    ::signal(SIGCHLD, SIG_DFL);  // ignored, children would end without a word
    report_.mark(LaunchStep::ready);
    wait_for_start();
    program_ = ::fork();
    if (program_ < 0) report_.fail(LaunchStep::program, 0, errno);
    if (program_ == 0) become_program();
    serve();
  }

 private:
  // INVARIANT: no program without a record (law 6). Whatever else comes, or nothing, ends it here.
  void wait_for_start() const {
    InitRequest request{};
    ssize_t n = 0;
    do {
      n = ::recv(build_.channel, &request, sizeof request, 0);
    } while (n < 0 && errno == EINTR);
    if (n != static_cast<ssize_t>(sizeof request) || request.kind != InitRequest::Kind::start) ::_exit(125);
  }

  bool supervisor_is_gone() const {
    ::pollfd channel{.fd = build_.channel, .events = 0, .revents = 0};
    return ::poll(&channel, 1, 0) > 0 && (channel.revents & (POLLHUP | POLLERR)) != 0;
  }

  void send(SandboxEvent::Kind kind, std::int64_t value, int fd) const {
    SandboxEvent event{};
    event.kind = kind;
    event.value = value;
    if (report_.send(event, fd) != 0) ::_exit(125);
  }

  void mount_proc() {
    report_.mark(LaunchStep::proc);
    const int proc = make_proc();
    if (proc < 0) report_.fail(LaunchStep::proc, 0, errno);
    if (plan_.has_pid_max) {
      // Root is exempt from RLIMIT_NPROC; this ceiling holds for all. The kernel keeps 300 numbers back once they have
      // wrapped around.
      set_pid_max(proc);
    }
    if (attach_mount(proc, input_.root, "proc") != 0) report_.fail(LaunchStep::proc, 2, errno);
    if (set_mount_flags(proc, MountAccess::read_only, 0) != 0) report_.fail(LaunchStep::proc, 3, errno);
    const int directory = ::openat(proc, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0) report_.fail(LaunchStep::proc, 4, errno);
    send(SandboxEvent::Kind::proc, 0, directory);
    ::close(directory);
    ::close(proc);
  }

  void set_pid_max(int proc) const {
    const int file = ::openat(proc, "sys/kernel/pid_max", O_WRONLY | O_CLOEXEC);
    if (file < 0) report_.fail(LaunchStep::proc, 1, errno);
    char text[24];
    std::size_t at = sizeof text;
    for (std::uint64_t value = plan_.processes + 302; value != 0; value /= 10)
      text[--at] = static_cast<char>('0' + value % 10);
    const bool written = ::write(file, text + at, sizeof text - at) > 0;
    // EINVAL: more processes are allowed than the machine can number, which is no ceiling to set.
    if (!written && errno != EINVAL) report_.fail(LaunchStep::proc, 1, errno);
    ::close(file);
  }

  void open_terminal() {
    const LaunchOptions& options = *build_.options;
    const int directory = ::open("/dev/pts", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    unsigned number = 0;
    // In the landlock backend /dev/pts is the host's, whose ptmx only /dev/ptmx opens for an ordinary user.
    int master =
        input_.root >= 0 ? open_pty_raw(directory, &number) : ::open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (master < 0) report_.fail(LaunchStep::terminal, 0, errno);
    int unlock = 0;
    if (input_.root < 0 && ::ioctl(master, TIOCSPTLCK, &unlock) != 0) report_.fail(LaunchStep::terminal, 1, errno);
    ::close(directory);
    terminal_ = open_peer_raw(master);
    if (terminal_ < 0) report_.fail(LaunchStep::terminal, 2, errno);
    const ::winsize window{.ws_row = options.window.rows,
                           .ws_col = options.window.columns,
                           .ws_xpixel = options.window.width,
                           .ws_ypixel = options.window.height};
    static_cast<void>(::ioctl(master, TIOCSWINSZ, &window));
    if (options.line) static_cast<void>(::tcsetattr(terminal_, TCSANOW, &*options.line));
    if (::ioctl(terminal_, TIOCSCTTY, 0) != 0) report_.fail(LaunchStep::terminal, 3, errno);
    send(SandboxEvent::Kind::terminal, 0, master);
    ::close(master);
  }

  [[noreturn]] void become_program() {
    report_.mark(LaunchStep::program);
    if (input_.root < 0 && die_with_parent() != 0) report_.fail(LaunchStep::program, 1, errno);
    ::setpgid(0, 0);
    if (terminal_ >= 0) {
      static_cast<void>(::tcsetpgrp(terminal_, ::getpid()));  // all signals are blocked: no SIGTTOU
      for (int fd = 0; fd < 3; ++fd) {
        if (build_.options->stdio[static_cast<std::size_t>(fd)] == StdioUse::terminal && ::dup2(terminal_, fd) < 0) {
          report_.fail(LaunchStep::terminal, 4, errno);
        }
      }
    }
    report_.mark(LaunchStep::limits);
    for (std::size_t i = 0; i < plan_.limits.size(); ++i) set_limit(i);
    report_.mark(LaunchStep::directory);
    if (::chdir(plan_.directory.c_str()) != 0) report_.fail(LaunchStep::directory, 0, errno);
    if (plan_.cpus > 0) set_affinity();
    if (::close_range(3, ~0U, CLOSE_RANGE_CLOEXEC) != 0) report_.fail(LaunchStep::program, 2, errno);
    report_.mark(LaunchStep::landlock);
    if (input_.root < 0 && drop_plain_capabilities() != 0) report_.fail(LaunchStep::drop_privileges, 2, errno);
    if (landlock_restrict(input_.ruleset) != 0) report_.fail(LaunchStep::landlock, 0, errno);
    report_.mark(LaunchStep::seccomp);
    if (install_filter({plan_.seccomp.instructions.data(), plan_.seccomp.instructions.size()}) != 0)
      report_.fail(LaunchStep::seccomp, 0, errno);
    report_.mark(LaunchStep::exec);
    ::sigprocmask(SIG_SETMASK, &build_.signal_mask, nullptr);
    int code = ENOENT;
    for (const std::string& candidate : plan_.candidates) {
      ::execve(candidate.c_str(), build_.argv, build_.envp);
      if (errno != ENOENT && errno != ENOTDIR) code = errno;
      if (errno != ENOENT && errno != ENOTDIR && errno != EACCES) break;
    }
    report_.fail(LaunchStep::exec, 0, code);
  }

  // Outside a user namespace of its own, root gives up its real capabilities; others have none.
  static int drop_plain_capabilities() { return ::geteuid() == 0 ? drop_all_capabilities() : 0; }

  void set_limit(std::size_t index) const {
    const ResourceLimit& limit = plan_.limits[index];
    const auto resource = static_cast<__rlimit_resource>(limit.resource);
    ::rlimit now{};
    if (::getrlimit(resource, &now) != 0) report_.fail(LaunchStep::limits, index, errno);
    // A lower limit of the caller's stays.
    ::rlimit next{.rlim_cur = limit.value, .rlim_max = limit.value};
    if (next.rlim_max > now.rlim_max) next.rlim_cur = next.rlim_max = now.rlim_max;
    if (::setrlimit(resource, &next) != 0) report_.fail(LaunchStep::limits, index, errno);
  }

  void set_affinity() const {
    report_.mark(LaunchStep::affinity);
    ::cpu_set_t have;
    ::cpu_set_t want;
    CPU_ZERO(&want);
    if (::sched_getaffinity(0, sizeof have, &have) != 0) report_.fail(LaunchStep::affinity, 0, errno);
    int left = static_cast<int>(std::ceil(plan_.cpus));
    for (int cpu = 0; cpu < CPU_SETSIZE && left > 0; ++cpu) {
      if (!CPU_ISSET(cpu, &have)) continue;
      CPU_SET(cpu, &want);
      --left;
    }
    if (::sched_setaffinity(0, sizeof want, &want) != 0) report_.fail(LaunchStep::affinity, 1, errno);
  }

  [[noreturn]] void serve() {
    // In both processes, so that it holds whoever runs first.
    ::setpgid(program_, program_);
    ::close(input_.ruleset);
    const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
    for (int fd = 0; fd < 3; ++fd) {
      if (null >= 0) {
        ::dup2(null, fd);
      } else {
        ::close(fd);
      }
    }
    if (null > 2) ::close(null);
    ::sigset_t child;
    ::sigemptyset(&child);
    ::sigaddset(&child, SIGCHLD);
    const int signals = ::signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
    while (true) {
      reap();
      ::pollfd wait[2] = {{.fd = build_.channel, .events = POLLIN, .revents = 0},
                          {.fd = signals, .events = POLLIN, .revents = 0}};
      if (::poll(wait, 2, -1) < 0) continue;
      if ((wait[1].revents & POLLIN) != 0) {
        ::signalfd_siginfo info;
        while (::read(signals, &info, sizeof info) > 0) {
        }
      }
      if ((wait[0].revents & (POLLIN | POLLHUP | POLLERR)) != 0) answer();
    }
  }

  void reap() {
    int status = 0;
    pid_t child = 0;
    while ((child = ::waitpid(-1, &status, WNOHANG | WUNTRACED)) > 0) {
      if (child != program_) continue;
      if (WIFSTOPPED(status)) {
        send(SandboxEvent::Kind::stopped, WSTOPSIG(status), -1);
      } else {
        finish(status);
      }
    }
  }

  [[noreturn]] void finish(int status) {
    if (input_.root < 0) kill_descendants();
    SandboxEvent event{};
    event.kind = SandboxEvent::Kind::exited;
    event.value = status;
    ::getrusage(RUSAGE_CHILDREN, &event.usage);
    static_cast<void>(report_.send(event, -1));
    ::_exit(0);  // the kernel ends whatever else is left in the pid namespace
  }

  // Landlock backend: there is no pid namespace whose end would do it. We are the subreaper of all that detached
  // itself.
  static void kill_descendants() {
    for (int round = 0; round < 1000; ++round) {
      const int file = ::open("/proc/thread-self/children", O_RDONLY | O_CLOEXEC);
      if (file < 0) return;
      char text[4096];
      const ssize_t n = ::read(file, text, sizeof text - 1);
      ::close(file);
      if (n <= 0) return;
      text[n] = '\0';
      for (const char* at = text; *at != '\0';) {
        char* end = nullptr;
        const long pid = std::strtol(at, &end, 10);
        if (end == at) break;
        if (pid > 1) ::kill(static_cast<pid_t>(pid), SIGKILL);
        at = end;
        while (*at == ' ') ++at;
      }
      while (::waitpid(-1, nullptr, 0) > 0) {
        if (::waitpid(-1, nullptr, WNOHANG) <= 0) break;
      }
    }
  }

  void answer() {
    InitRequest request{};
    const ssize_t n = ::recv(build_.channel, &request, sizeof request, MSG_DONTWAIT);
    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
      // The supervisor is gone.
      if (input_.root < 0) {
        ::kill(-program_, SIGKILL);
        kill_descendants();
      }
      ::_exit(125);
    }
    if (n != static_cast<ssize_t>(sizeof request)) return;
    if (request.kind == InitRequest::Kind::resume) {
      if (terminal_ >= 0) static_cast<void>(::tcsetpgrp(terminal_, program_));
      ::kill(-program_, SIGCONT);
    } else if (request.kind == InitRequest::Kind::signal) {
      ::kill(-program_, request.value);
    }
  }

  const BuildInput& build_;
  const SandboxPlan& plan_;
  InitInput input_;
  Reporter report_;
  int terminal_ = -1;
  pid_t program_ = -1;
};

}  // namespace

void run_init(const BuildInput& build, InitInput input) { Init(build, input).run(); }

}  // namespace bailiwick
