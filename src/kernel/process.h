// Processes: clone with namespaces, and the descriptor of a process. A Process is killed and reaped when its owner goes
// away.
#pragma once

#include <signal.h>
#include <sys/resource.h>
#include <sys/types.h>

#include <cstdint>

#include "kernel/fd.h"

namespace bailiwick {

// Like fork(2), with clone flags. The child runs on a copy of the caller's memory and must end in exec or _exit. Only
// for single-threaded callers (no atfork handlers run): the raw system call, because glibc's clone() wants a new stack
// and its fork() takes no flags.
[[nodiscard]] pid_t fork_with_flags(unsigned long flags);
// The same, with the child born in the cgroup v2 directory (clone3 with CLONE_INTO_CGROUP, Linux 5.7).
[[nodiscard]] pid_t fork_into_cgroup(unsigned long flags, int cgroup_directory);

class [[nodiscard]] Process {
 public:
  Process() = default;
  // Takes a child of the caller.
  [[nodiscard]] static Result<Process> adopt(pid_t child);
  Process(Process&& other) noexcept : pid_(std::exchange(other.pid_, -1)), pidfd_(std::move(other.pidfd_)) {}
  Process& operator=(Process&& other) noexcept;
  ~Process();

  [[nodiscard]] pid_t pid() const { return pid_; }
  [[nodiscard]] int pidfd() const { return pidfd_.get(); }  // readable in poll(2) once the process has ended
  [[nodiscard]] bool is_running() const { return pid_ > 0; }
  [[nodiscard]] Status send_signal(int signal) const;

  struct Exit {
    int wait_status = 0;  // as waitpid(2)
    ::rusage usage{};     // of the process and the descendants it waited for
  };
  // SIGKILL without waiting: for a process whose end takes long and matters to nobody. Whoever reaps our children reaps
  // it.
  void abandon();
  // Blocks until it has ended. Afterwards is_running() is false.
  [[nodiscard]] Result<Exit> wait();

 private:
  pid_t pid_ = -1;
  Fd pidfd_;
};

// 128+n for a signal, else the exit code.
[[nodiscard]] int shell_exit_code(int wait_status);

}  // namespace bailiwick
