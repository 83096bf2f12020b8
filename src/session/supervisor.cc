#include "session/supervisor.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <memory>

#include "base/text.h"
#include "kernel/cgroup.h"
#include "kernel/credentials.h"
#include "sandbox/memory_watch.h"
#include "surface/relay.h"
#include "surface/terminal.h"

namespace bailiwick {
namespace {

using Clock = std::chrono::steady_clock;

// How long a program has to end after the signal that we were told to end with.
constexpr auto kGrace = std::chrono::seconds(2);

class Supervisor {
 public:
  Supervisor(const SandboxPlan& plan, const SupervisorOptions& options, std::optional<PreparedNamespaces> prepared)
      : plan_(plan), options_(options), prepared_(std::move(prepared)) {}

  Result<SessionEnd> run() {
    started_ = Clock::now();
    TRY(make_scratch());
    TRY(take_terminal());
    auto sandbox = start();
    if (!sandbox) {
      remove_scratch();
      return std::unexpected(std::move(sandbox).error());
    }
    sandbox_ = std::move(*sandbox);
    Status status = begin();
    if (status) status = loop();
    sandbox_.end();
    if (plan_.backend == Backend::landlock) end_orphans();
    remove_scratch();
    read_cgroup();
    cgroup_.reset();
    give_terminal_back();
    end_.wall = Clock::now() - started_;
    if (!status) return std::unexpected(std::move(status).error());
    return std::move(end_);
  }

 private:
  Status make_scratch() const {
    if (plan_.private_scratch.empty()) return {};
    if (::mkdir(plan_.private_scratch.c_str(), 0700) != 0)
      return os_error("could not make `" + printable(plan_.private_scratch) + "`");
    return {};
  }
  // Nothing of the session runs any more: nobody changes the tree under our hands, and links in it are not followed.
  void remove_scratch() const {
    std::error_code ignored;
    if (!plan_.private_scratch.empty()) std::filesystem::remove_all(plan_.private_scratch, ignored);
  }

  Status begin() {
    // Before the signals are ours to handle: a place for records that hangs can still be left with Ctrl-C.
    if (options_.before_program) TRY(options_.before_program());
    TRY(block_signals());
    TRY(make_raw());
    return sandbox_.send({.kind = InitRequest::Kind::start, .value = 0});
  }

  // Where one of the standard three is a terminal, the program gets a new one in its place.
  Status take_terminal() {
    for (int fd = 0; fd < 3; ++fd) {
      if (::isatty(fd) == 0) continue;
      launch_.stdio[static_cast<std::size_t>(fd)] = StdioUse::terminal;
      if (terminal_ < 0) terminal_ = fd;
    }
    if (terminal_ < 0) return {};
    if (const auto size = window_size(terminal_); size) launch_.window = *size;
    ::termios line{};
    if (::tcgetattr(::isatty(STDIN_FILENO) != 0 ? STDIN_FILENO : terminal_, &line) == 0) launch_.line = line;
    return {};
  }

  // Keys go inward only from standard input. In the background the terminal is somebody else's until SIGCONT says
  // otherwise.
  Status make_raw() {
    if (::isatty(STDIN_FILENO) == 0 || !is_foreground(STDIN_FILENO) || raw_) return {};
    TRY_ASSIGN(RawTerminal raw, RawTerminal::open(STDIN_FILENO));
    raw_ = std::make_unique<RawTerminal>(std::move(raw));
    return {};
  }

  int output_terminal() const {
    return ::isatty(STDOUT_FILENO) != 0 ? STDOUT_FILENO : ::isatty(STDERR_FILENO) != 0 ? STDERR_FILENO : terminal_;
  }

  Status begin_relay(Fd master) {
    master_ = std::move(master);
    const FilterOptions filter{.allow =
                                   options_.clipboard == Clipboard::allowed ? Allow::clipboard_write : Allow::nothing};
    TRY_ASSIGN(
        TerminalRelay relay,
        TerminalRelay::make(
            {.user_in = raw_ ? STDIN_FILENO : -1, .user_out = output_terminal(), .master = master_.get()}, filter));
    relay_ = std::make_unique<TerminalRelay>(std::move(relay));
    return relay_->resize();
  }

  // After everything inside has ended: what is still in the pty, then the user's modes and line settings.
  void give_terminal_back() {
    if (relay_) {
      relay_->end_output();
      const auto until = Clock::now() + std::chrono::seconds(2);
      while (!relay_->is_output_done() && Clock::now() < until) {
        std::array<::pollfd, TerminalRelay::kMaxPoll> wait{};
        const int n = relay_->fill_poll(wait.data(), TerminalRelay::kMaxPoll);
        if (::poll(wait.data(), static_cast<nfds_t>(n), 100) < 0 && errno != EINTR) break;
        relay_->on_ready(wait.data(), n);
      }
      end_.dropped = relay_->filter().dropped();
      if (raw_) {
        give_back(*raw_, output_terminal(), relay_->filter());
      } else {
        static_cast<void>(write_all(output_terminal(), relay_->filter().restore()));
      }
    }
    raw_.reset();
    relay_.reset();
  }

  Result<Sandbox> start() {
    launch_.arguments = options_.arguments;
    launch_.environment = options_.environment;
    launch_.timings = options_.timings;
    if (!plan_.cgroup_parent.empty()) TRY(make_own_cgroup());
    // What detaches itself from the program comes back to us, so that the end of a session finds it.
    if (plan_.backend == Backend::landlock && ::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0)
      return os_error("could not become a subreaper");
    TRY_ASSIGN(Sandbox sandbox, launch(plan_, launch_, std::exchange(prepared_, std::nullopt)));
    if (plan_.backend == Backend::landlock) {
      TRY_ASSIGN(Fd proc, open_file("/proc", O_RDONLY | O_DIRECTORY));
      begin_watch(std::move(proc), {.descendants_of = sandbox.init().pid(), .tmpfs = {}});
    }
    return sandbox;
  }

  Status block_signals() {
    ::sigset_t set;
    ::sigemptyset(&set);
    for (const int signal : {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGTSTP, SIGCONT, SIGWINCH})
      ::sigaddset(&set, signal);
    ::sigprocmask(SIG_BLOCK, &set, nullptr);
    ::signal(SIGPIPE, SIG_IGN);
    signals_ = Fd(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
    if (!signals_.is_open()) return os_error("could not listen for signals");
    return {};
  }

  Status loop() {
    while (!has_ended_) {
      std::array<::pollfd, 4 + TerminalRelay::kMaxPoll> wait{};
      wait[0] = {.fd = sandbox_.channel(), .events = POLLIN, .revents = 0};
      wait[1] = {.fd = signals_.get(), .events = POLLIN, .revents = 0};
      wait[2] = {.fd = sandbox_.init().pidfd(), .events = POLLIN, .revents = 0};
      wait[3] = {.fd = sandbox_.launcher().pidfd(), .events = POLLIN, .revents = 0};
      const int relayed = relay_ ? relay_->fill_poll(wait.data() + 4, TerminalRelay::kMaxPoll) : 0;
      if (::poll(wait.data(), nfds_t{4} + static_cast<nfds_t>(relayed), timeout()) < 0 && errno != EINTR)
        return os_error("could not wait for the sandbox");
      if (relayed > 0) {
        relay_->on_ready(wait.data() + 4, relayed);
        if (relay_->is_user_gone() && !kill_at_) TRY(begin_end(SIGHUP));
      }
      // A process that is gone has sent its last words before: they are there now, though poll may have looked too
      // early.
      if (wait[2].revents != 0 || wait[3].revents != 0) ::poll(wait.data(), 1, 0);
      if (wait[0].revents != 0) {
        TRY(on_event());
      } else if (wait[2].revents != 0) {
        end_by("the sandbox's init was killed", SIGKILL);
      } else if (wait[3].revents != 0) {
        // INVARIANT: without the keeper a cover that falls off stays off, so the session ends with it.
        end_by("the keeper of the protected files was killed", SIGKILL);
      }
      if (wait[1].revents != 0) TRY(on_signal());
      TRY(on_time());
    }
    return {};
  }

  int timeout() const {
    auto next = Clock::time_point::max();
    if (kill_at_) next = std::min(next, *kill_at_);
    if (watch_) next = std::min(next, watch_at_);
    if (next == Clock::time_point::max()) return -1;
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(next - Clock::now()).count();
    return static_cast<int>(std::clamp<long long>(left + 1, 0, 1000));
  }

  Status on_event() {
    TRY_ASSIGN(auto received, sandbox_.receive());
    const SandboxEvent& event = received.event;
    switch (event.kind) {
      case SandboxEvent::Kind::init:
        // From here on nobody of the same user reads our memory, nor theirs.
        if (set_not_dumpable() != 0) return os_error("could not make the supervisor undumpable");
        break;
      case SandboxEvent::Kind::proc: sandbox_proc_ = std::move(received.fd); break;
      case SandboxEvent::Kind::scratch: {
        MemoryWatchOptions options;
        options.tmpfs.push_back(std::move(received.fd));
        begin_watch(std::move(sandbox_proc_), std::move(options));
        break;
      }
      case SandboxEvent::Kind::terminal: return begin_relay(std::move(received.fd));
      case SandboxEvent::Kind::failed: return std::unexpected(Sandbox::describe_failure(plan_, event));
      case SandboxEvent::Kind::stopped: return on_stopped(static_cast<int>(event.value));
      case SandboxEvent::Kind::exited: on_exited(event); break;
      case SandboxEvent::Kind::cover_restored:
        ++end_.covers_restored;
        end_.longest_restore_us = std::max(end_.longest_restore_us, event.value);
        break;
      case SandboxEvent::Kind::cover_lost:
        end_by("the protection of `" + printable(plan_.covers.at(static_cast<std::size_t>(event.index)).target) +
                   "` was torn off and could not be put back",
               SIGKILL);
        break;
    }
    return {};
  }

  void begin_watch(Fd proc, MemoryWatchOptions options) {
    if (plan_.memory_keeper != MemoryKeeper::watched) return;
    watch_ = std::make_unique<MemoryWatch>(std::move(proc), plan_.memory_bytes, std::move(options));
    watch_at_ = Clock::now() + std::chrono::milliseconds(20);
  }

  Status make_own_cgroup() {
    if (plan_.cgroup_needs_move) TRY(take_own_cgroup(plan_.cgroup_parent));
    TRY_ASSIGN(Cgroup cgroup, Cgroup::make_cgroup(plan_.cgroup_parent, "bailiwick-" + std::to_string(::getpid())));
    const auto has = [&](std::string_view name) {
      return std::find(plan_.cgroup_controllers.begin(), plan_.cgroup_controllers.end(), name) !=
             plan_.cgroup_controllers.end();
    };
    CgroupLimits limits;
    if (has("memory")) limits.memory_bytes = plan_.memory_bytes;
    if (has("pids")) limits.pids = plan_.processes + 2;  // the launcher and init are in it, too
    if (has("cpu") && plan_.cpus > 0) limits.cpu_thousandths = static_cast<std::uint64_t>(plan_.cpus * 1000);
    TRY(cgroup.set_limits(limits));
    launch_.cgroup_directory = cgroup.directory();
    cgroup_ = std::move(cgroup);
    return {};
  }

  // What the kernel itself counted and stopped, before the cgroup is removed.
  void read_cgroup() {
    if (!cgroup_) return;
    end_.peak_memory_bytes = std::max(end_.peak_memory_bytes, cgroup_->memory_peak().value_or(0));
    const CgroupEvents events = cgroup_->events();
    if (events.oom_kills > 0)
      end_.limited.push_back(std::to_string(events.oom_kills) + " processes ended at the memory limit of " +
                             format_bytes(plan_.memory_bytes));
    if (events.pids_refused > 0)
      end_.limited.push_back(std::to_string(events.pids_refused) + " new processes refused at the limit of " +
                             std::to_string(plan_.processes));
  }

  void on_exited(const SandboxEvent& event) {
    const auto duration = [](const ::timeval& time) {
      return std::chrono::seconds(time.tv_sec) + std::chrono::microseconds(time.tv_usec);
    };
    end_.wait_status = static_cast<int>(event.value);
    if (end_.exit_code == 0 || end_.stopped_by.empty()) end_.exit_code = shell_exit_code(end_.wait_status);
    end_.cpu = duration(event.usage.ru_utime) + duration(event.usage.ru_stime);
    end_.peak_process_bytes = static_cast<std::uint64_t>(event.usage.ru_maxrss) * 1024;
    has_ended_ = true;
  }

  // The program was stopped: so are we, until somebody continues us.
  Status on_stopped(int signal) {
    // Without a shell above us there is nobody who would.
    if (::getsid(::getppid()) != ::getsid(0)) return on_continued();
    if (raw_) TRY(raw_->suspend());
    if (raw_ && signal == SIGTSTP) {
      // Ctrl-Z in a cooked terminal stops the whole job; ours is raw, so the other members of the job hear it from us.
      ::kill(0, SIGTSTP);
      ::sigset_t own;
      ::sigemptyset(&own);
      ::sigaddset(&own, SIGTSTP);
      const ::timespec now{};
      static_cast<void>(::sigtimedwait(&own, nullptr, &now));  // our own copy of it, and no other signal
    }
    ::raise(SIGSTOP);
    return on_continued();
  }

  Status on_continued() {
    if (raw_ && is_foreground(STDIN_FILENO)) TRY(raw_->resume());
    if (relay_) TRY(relay_->resize());
    return sandbox_.send({.kind = InitRequest::Kind::resume, .value = 0});
  }

  Status begin_end(int signal) {
    TRY(sandbox_.send({.kind = InitRequest::Kind::signal, .value = signal}));
    if (!kill_at_) kill_at_ = Clock::now() + kGrace;
    ending_signal_ = signal;
    return {};
  }

  Status on_signal() {
    ::signalfd_siginfo info{};
    while (::read(signals_.get(), &info, sizeof info) == static_cast<ssize_t>(sizeof info)) {
      const int signal = static_cast<int>(info.ssi_signo);
      switch (signal) {
        case SIGWINCH:
          if (relay_) TRY(relay_->resize());
          break;
        case SIGCONT: TRY(on_continued()); break;
        case SIGTSTP:
          // The program's process group has no parent in its session that could continue it, so the kernel would ignore
          // SIGTSTP for it.
          TRY(sandbox_.send({.kind = InitRequest::Kind::signal, .value = SIGSTOP}));
          break;
        case SIGTERM:
        case SIGHUP:
        case SIGQUIT: TRY(begin_end(signal)); break;
        default: TRY(sandbox_.send({.kind = InitRequest::Kind::signal, .value = signal})); break;
      }
    }
    return {};
  }

  Status on_time() {
    const auto now = Clock::now();
    if (kill_at_ && now >= *kill_at_)
      end_by(std::string("signal ") + ::sigabbrev_np(ending_signal_) + ", and the program did not end", ending_signal_);
    if (watch_ && now >= watch_at_ && !has_ended_) {
      const WatchResult result = watch_->tick();
      end_.peak_memory_bytes = std::max(end_.peak_memory_bytes, result.bytes);
      end_.peak_processes = std::max<std::uint64_t>(end_.peak_processes, result.processes);
      if (result.killed) {
        end_.limited.push_back("ended " + printable(shorten(result.killed->name, 64)) + " with " +
                               format_bytes(result.killed->bytes) + " at the memory limit of " +
                               format_bytes(plan_.memory_bytes));
      }
      if (result.verdict == WatchResult::Verdict::end_session) {
        end_by(
            "memory limit: " + format_bytes(result.bytes) + " in use, " + format_bytes(plan_.memory_bytes) + " allowed",
            SIGKILL);
      }
      watch_at_ = now + result.next;
    }
    return {};
  }

  void end_by(std::string reason, int signal) {
    end_.stopped_by = std::move(reason);
    end_.exit_code = 128 + signal;
    end_.wait_status = signal;
    has_ended_ = true;
  }

  // Landlock backend, after init is gone: whatever detached itself is our child now.
  static void end_orphans() {
    ::signal(SIGCHLD, SIG_DFL);
    for (int round = 0; round < 1000; ++round) {
      const auto children = load_file("/proc/thread-self/children", 1 << 16);
      if (!children || trim(*children).empty()) return;
      for (const std::string_view word : split(trim(*children), ' ')) {
        const auto pid = parse_number(word, 2, 1U << 30);
        if (pid) ::kill(static_cast<pid_t>(*pid), SIGKILL);
      }
      while (::waitpid(-1, nullptr, 0) < 0 && errno == EINTR) {
      }
    }
  }

  const SandboxPlan& plan_;
  const SupervisorOptions& options_;
  std::optional<PreparedNamespaces> prepared_;
  LaunchOptions launch_;
  Sandbox sandbox_;
  Fd signals_;
  int terminal_ = -1;  // the first of the standard three that is one
  std::unique_ptr<RawTerminal> raw_;
  Fd master_;
  std::unique_ptr<TerminalRelay> relay_;
  std::optional<Cgroup> cgroup_;
  Fd sandbox_proc_;
  std::unique_ptr<MemoryWatch> watch_;
  Clock::time_point started_;
  Clock::time_point watch_at_;
  std::optional<Clock::time_point> kill_at_;
  int ending_signal_ = 0;
  bool has_ended_ = false;
  SessionEnd end_;
};

}  // namespace

Result<SessionEnd> supervise(const SandboxPlan& plan, const SupervisorOptions& options,
                             std::optional<PreparedNamespaces> prepared) {
  return Supervisor(plan, options, std::move(prepared)).run();
}

}  // namespace bailiwick
