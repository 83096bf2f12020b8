#include "session/supervisor.h"

#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>

#include "base/text.h"
#include "kernel/cgroup.h"
#include "kernel/credentials.h"
#include "sandbox/memory_watch.h"

namespace bailiwick {
namespace {

using Clock = std::chrono::steady_clock;

// How long a program has to end after the signal that we were told to end with.
constexpr auto kGrace = std::chrono::seconds(2);

class Supervisor {
 public:
  Supervisor(const SandboxPlan& plan, const SupervisorOptions& options) : plan_(plan), options_(options) {}

  Result<SessionEnd> run() {
    started_ = Clock::now();
    TRY_ASSIGN(auto sandbox, start());
    sandbox_ = std::move(sandbox);
    TRY(block_signals());
    Status status = loop();
    sandbox_.end();
    if (plan_.backend == Backend::landlock) end_orphans();
    end_.wall = Clock::now() - started_;
    if (!status) return std::unexpected(std::move(status).error());
    return std::move(end_);
  }

 private:
  Result<Sandbox> start() {
    LaunchOptions launch_options;
    launch_options.arguments = options_.arguments;
    launch_options.environment = options_.environment;
    launch_options.timings = options_.timings;
    // What detaches itself from the program comes back to us, so that the end of a session finds it.
    if (plan_.backend == Backend::landlock && ::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0) return os_error("could not become a subreaper");
    return launch(plan_, launch_options);
  }

  Status block_signals() {
    ::sigset_t set;
    ::sigemptyset(&set);
    for (const int signal : {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGTSTP, SIGWINCH}) ::sigaddset(&set, signal);
    ::sigprocmask(SIG_BLOCK, &set, nullptr);
    ::signal(SIGPIPE, SIG_IGN);
    signals_ = Fd(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
    if (!signals_.is_open()) return os_error("could not listen for signals");
    return {};
  }

  Status loop() {
    while (!has_ended_) {
      ::pollfd wait[4] = {{.fd = sandbox_.channel(), .events = POLLIN, .revents = 0},
                          {.fd = signals_.get(), .events = POLLIN, .revents = 0},
                          {.fd = sandbox_.init().pidfd(), .events = POLLIN, .revents = 0},
                          {.fd = sandbox_.keeps_covers() ? sandbox_.launcher().pidfd() : -1, .events = POLLIN, .revents = 0}};
      if (::poll(wait, 4, timeout()) < 0 && errno != EINTR) return os_error("could not wait for the sandbox");
      // A gone process and its last words may come together: the words first.
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
      case SandboxEvent::Kind::proc:
        if (plan_.memory_keeper == MemoryKeeper::watched) {
          watch_ = std::make_unique<MemoryWatch>(std::move(received.fd), plan_.memory_bytes);
          watch_at_ = Clock::now() + std::chrono::milliseconds(20);
        }
        break;
      case SandboxEvent::Kind::terminal: break;
      case SandboxEvent::Kind::failed: return std::unexpected(Sandbox::describe_failure(plan_, event));
      case SandboxEvent::Kind::stopped: return on_stopped();
      case SandboxEvent::Kind::exited:
        if (event.step == LaunchStep::begin) on_exited(event);
        break;
      case SandboxEvent::Kind::cover_restored:
        ++end_.covers_restored;
        end_.longest_restore_us = std::max(end_.longest_restore_us, event.value);
        break;
      case SandboxEvent::Kind::cover_lost:
        end_by("the protection of `" + printable(plan_.covers.at(static_cast<std::size_t>(event.index)).target) + "` was torn off and could not be put back", SIGKILL);
        break;
    }
    return {};
  }

  void on_exited(const SandboxEvent& event) {
    const auto duration = [](const ::timeval& time) { return std::chrono::seconds(time.tv_sec) + std::chrono::microseconds(time.tv_usec); };
    end_.wait_status = static_cast<int>(event.value);
    if (end_.exit_code == 0 || end_.stopped_by.empty()) end_.exit_code = shell_exit_code(end_.wait_status);
    end_.cpu = duration(event.usage.ru_utime) + duration(event.usage.ru_stime);
    end_.peak_process_bytes = static_cast<std::uint64_t>(event.usage.ru_maxrss) * 1024;
    has_ended_ = true;
  }

  Status on_stopped() {
    ::kill(0, SIGSTOP);  // the whole job, as the shell that started us would see it
    return sandbox_.send({.kind = InitRequest::Kind::resume, .value = 0});
  }

  Status on_signal() {
    ::signalfd_siginfo info{};
    while (::read(signals_.get(), &info, sizeof info) == static_cast<ssize_t>(sizeof info)) {
      const int signal = static_cast<int>(info.ssi_signo);
      if (signal == SIGWINCH) continue;
      if (signal == SIGTSTP) {
        // The program's process group has no parent in its session that could continue it, so the kernel would ignore SIGTSTP for it.
        TRY(sandbox_.send({.kind = InitRequest::Kind::signal, .value = SIGSTOP}));
        continue;
      }
      TRY(sandbox_.send({.kind = InitRequest::Kind::signal, .value = signal}));
      if (signal == SIGTERM || signal == SIGHUP || signal == SIGQUIT) {
        if (!kill_at_) kill_at_ = Clock::now() + kGrace;
        ending_signal_ = signal;
      }
    }
    return {};
  }

  Status on_time() {
    const auto now = Clock::now();
    if (kill_at_ && now >= *kill_at_) end_by(std::string("signal ") + ::sigabbrev_np(ending_signal_) + ", and the program did not end", ending_signal_);
    if (watch_ && now >= watch_at_ && !has_ended_) {
      const WatchResult result = watch_->tick();
      end_.peak_memory_bytes = std::max(end_.peak_memory_bytes, result.bytes);
      end_.peak_processes = std::max<std::uint64_t>(end_.peak_processes, result.processes);
      if (result.killed) {
        end_.ended_processes.push_back(printable(shorten(result.killed->name, 64)) + " (" + std::to_string(result.killed->pid) + "), " +
                                       format_bytes(result.killed->bytes));
      }
      if (result.verdict == WatchResult::Verdict::end_session) {
        end_by("memory limit: " + format_bytes(result.bytes) + " in use, " + format_bytes(plan_.memory_bytes) + " allowed", SIGKILL);
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
  Sandbox sandbox_;
  Fd signals_;
  std::unique_ptr<MemoryWatch> watch_;
  Clock::time_point started_;
  Clock::time_point watch_at_;
  std::optional<Clock::time_point> kill_at_;
  int ending_signal_ = 0;
  bool has_ended_ = false;
  SessionEnd end_;
};

}  // namespace

Result<SessionEnd> supervise(const SandboxPlan& plan, const SupervisorOptions& options) { return Supervisor(plan, options).run(); }

}  // namespace bailiwick
