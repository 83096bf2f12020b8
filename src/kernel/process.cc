#include "kernel/process.h"

#include <linux/sched.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

namespace bailiwick {

pid_t fork_with_flags(unsigned long flags) {
#if defined(__x86_64__)
  return static_cast<pid_t>(::syscall(SYS_clone, flags | SIGCHLD, nullptr, nullptr, nullptr, nullptr));
#else
  return static_cast<pid_t>(::syscall(SYS_clone, flags | SIGCHLD, nullptr, nullptr, 0UL, nullptr));
#endif
}

pid_t fork_into_cgroup(unsigned long flags, int cgroup_directory) {
  ::clone_args args{};
  args.flags = flags | CLONE_INTO_CGROUP;
  args.exit_signal = SIGCHLD;
  args.cgroup = static_cast<std::uint64_t>(cgroup_directory);
  return static_cast<pid_t>(::syscall(SYS_clone3, &args, sizeof args));
}

Result<Process> Process::adopt(pid_t child) {
  Process process;
  process.pid_ = child;
  const long fd = ::syscall(SYS_pidfd_open, child, 0);  // no wrapper in glibc 2.36's public headers with flags
  if (fd < 0) return os_error("could not open a process descriptor");
  process.pidfd_ = Fd(static_cast<int>(fd));
  return process;
}

Process& Process::operator=(Process&& other) noexcept {
  if (this != &other) {
    this->~Process();
    pid_ = std::exchange(other.pid_, -1);
    pidfd_ = std::move(other.pidfd_);
  }
  return *this;
}

Process::~Process() {
  if (pid_ <= 0) return;
  ::kill(pid_, SIGKILL);
  while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
}

Status Process::send_signal(int signal) const {
  if (pid_ <= 0) return {};
  if (::syscall(SYS_pidfd_send_signal, pidfd_.get(), signal, nullptr, 0) != 0 && errno != ESRCH)
    return os_error("could not send a signal");
  return {};
}

void Process::abandon() {
  if (pid_ > 0) ::kill(pid_, SIGKILL);
  pid_ = -1;
}

Result<Process::Exit> Process::wait() {
  Exit out;
  while (::wait4(pid_, &out.wait_status, 0, &out.usage) < 0) {
    if (errno != EINTR) return os_error("could not wait for a process");
  }
  pid_ = -1;
  return out;
}

int shell_exit_code(int wait_status) {
  if (WIFSIGNALED(wait_status)) return 128 + WTERMSIG(wait_status);
  return WEXITSTATUS(wait_status);
}

}  // namespace bailiwick
