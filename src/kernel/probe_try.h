// Questions that only trying answers. Each runs in a child that this file makes and ends; the child changes nothing of
// the host's. Used by probe().
#pragma once

#include <chrono>

namespace bailiwick {

// What a child found. `step` counts what it did before it failed, so that a refusal can be explained.
struct TryResult {
  bool has_worked = false;
  bool has_hung = false;  // ended by the deadline, or died without an answer
  int step = 0;
  int os_errno = 0;
};
// Runs in the child: may do what it likes to itself.
using TryBody = TryResult (*)();

// The caller must have one thread. The child is ended with all that it started when the deadline passes.
[[nodiscard]] TryResult try_in_child(TryBody body, std::chrono::milliseconds deadline);

inline constexpr int kStepUnshare = 1;
inline constexpr int kStepMaps = 2;
[[nodiscard]] TryResult try_user_namespace();
[[nodiscard]] TryResult try_mount_namespace();
[[nodiscard]] TryResult try_pid_namespace();
[[nodiscard]] TryResult try_ipc_namespace();
[[nodiscard]] TryResult try_uts_namespace();
[[nodiscard]] TryResult try_net_namespace();
[[nodiscard]] TryResult try_cgroup_namespace();
[[nodiscard]] TryResult try_fresh_proc();
[[nodiscard]] TryResult try_tmpfs();
[[nodiscard]] TryResult try_devpts();
[[nodiscard]] TryResult try_overlayfs();
[[nodiscard]] TryResult try_mount_setattr();
// Writes kernel.pid_max in a new pid namespace. Only for kernels where that is the namespace's own (6.14): elsewhere
// root would change the host's.
[[nodiscard]] TryResult try_pid_max();
[[nodiscard]] TryResult try_landlock();
[[nodiscard]] TryResult try_seccomp_filter();
[[nodiscard]] TryResult try_seccomp_notify();
[[nodiscard]] TryResult try_pidfd();
[[nodiscard]] TryResult try_process_vm();
[[nodiscard]] TryResult try_memfd_noexec();

}  // namespace bailiwick
