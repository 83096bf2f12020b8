// What this kernel and this user can do: a value, so that plans and reports can be made for any machine in a test.
// `probe()` fills it in; nothing else in the tree asks the kernel "do you have ...".
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace bailiwick {

struct HostFeatures {
  std::string kernel_release;  // uname -r
  unsigned kernel_major = 0;
  unsigned kernel_minor = 0;
  std::string machine;  // uname -m
  std::string lsm;      // /sys/kernel/security/lsm, empty if it cannot be read; full probe only

  // "tried" below: the full probe does it in a child. The quick probe goes by the kernel's version or assumes it.
  int landlock_abi = 0;                 // 0: absent or off
  bool has_user_namespaces = true;      // tried
  std::string user_namespaces_problem;  // why not, with what to change (sysctl, AppArmor, container)
  // tried, inside a user namespace: of "mount", "pid", "ipc", "uts", "net", "cgroup"
  std::vector<std::string> refused_namespaces;
  bool has_fresh_proc = true;           // tried: a new /proc in a new pid namespace (masked in containers)
  bool has_tmpfs = true;                // tried: in a user namespace, like the next three
  bool has_devpts = true;               // a new instance, from which a terminal opens
  bool has_overlayfs = false;           // 5.11; only a quicker way, nothing depends on it
  bool has_mount_setattr = true;        // tried. 5.12: open_tree, move_mount, mount_setattr
  bool has_pid_max_namespaced = false;  // tried. 6.14: kernel.pid_max belongs to the pid namespace
  bool has_seccomp_filter = true;       // tried
  bool has_seccomp_notify = true;       // tried: SECCOMP_RET_USER_NOTIF with an atomic ADDFD (5.14)
  bool has_pidfd = true;                // tried. 5.3
  bool has_process_vm = true;           // tried: process_vm_readv of one's own child
  bool has_memfd_noexec = false;        // 6.3: vm.memfd_noexec
  bool has_cgroup_kill = false;         // 5.14
  bool refuses_tiocsti = false;         // 6.2 with dev.tty.legacy_tiocsti = 0; full probe only
  int yama_ptrace_scope = -1;           // -1: no Yama; full probe only
  bool pipes_core_dumps = false;        // kernel.core_pattern starts a program; full probe only

  // A cgroup v2 directory in which we may make children with these controllers; empty: none is delegated to us.
  std::string cgroup_parent;  // e.g. /sys/fs/cgroup/user.slice/user-1000.slice/user@1000.service/app.slice
  std::vector<std::string> cgroup_controllers;  // of "memory", "pids", "cpu": those usable in `cgroup_parent`
  std::string cgroup_problem;                   // why there is no parent, or why it has no "memory"; what to change
  bool cgroup_needs_move = false;  // call take_own_cgroup(cgroup_parent) before making a child (see kernel/cgroup.h)
  // What binds this process where it is now; a child of `cgroup_parent` may leave that, so a plan must not give more.
  // 0: unlimited.
  std::uint64_t cgroup_memory_ceiling = 0;
  std::uint64_t cgroup_pids_ceiling = 0;

  std::uint64_t memory_bytes = 0;  // physical
  unsigned cpus = 1;               // usable by this process
};

enum class ProbeDepth : std::uint8_t {
  quick,  // a handful of cheap calls: what a plan needs (tens of microseconds)
  full,   // forks children that try: what `doctor` shows (tens of milliseconds)
};
// The full probe must be called from a process with one thread.
[[nodiscard]] HostFeatures probe(ProbeDepth depth);

// What is known when a user namespace could not be made or used. For `explain_user_namespaces`, which is pure.
struct UserNamespaceFacts {
  enum class Step : std::uint8_t { unshare, write_maps, hung };
  Step step = Step::unshare;
  int os_errno = 0;
  int unprivileged_userns_clone = -1;  // Debian's kernel.unprivileged_userns_clone; -1: no such file
  int apparmor_restricts = -1;         // kernel.apparmor_restrict_unprivileged_userns
  long long max_user_namespaces = -1;  // user.max_user_namespaces
  int seccomp_mode = 0;                // 2: a filter is on this process already
  bool is_root = false;
};
// Why there is no user namespace and what to change: one line, lower-case, no full stop.
[[nodiscard]] std::string explain_user_namespaces(const UserNamespaceFacts& facts);

}  // namespace bailiwick
