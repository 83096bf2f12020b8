// What this kernel and this user can do: a value, so that plans and reports can be made for any machine in a test.
// `probe()` fills it in; nothing else in the tree asks the kernel "do you have ...".
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace bailiwick {

struct HostFeatures {
  std::string kernel_release;    // uname -r
  unsigned kernel_major = 0;
  unsigned kernel_minor = 0;
  std::string machine;           // uname -m
  std::string lsm;               // /sys/kernel/security/lsm, empty if it cannot be read

  int landlock_abi = 0;          // 0: absent or off
  bool has_user_namespaces = true;  // quick probe: assumed; full probe: tried
  std::string user_namespaces_problem;  // why not, with what to change (sysctl, AppArmor, container)
  bool has_fresh_proc = true;    // a new /proc can be mounted in a new pid namespace (masked in containers); full probe only
  bool has_seccomp_filter = true;
  bool has_seccomp_notify = true;   // SECCOMP_RET_USER_NOTIF with ADDFD (5.9)
  bool has_mount_setattr = true;    // 5.12: open_tree, move_mount, mount_setattr
  bool has_pid_max_namespaced = false;  // 6.14: kernel.pid_max belongs to the pid namespace
  bool has_memfd_noexec = false;    // 6.3: vm.memfd_noexec
  bool has_cgroup_kill = false;     // 5.14

  // A cgroup v2 directory in which we may make children with these controllers; empty: none is delegated to us.
  std::string cgroup_parent;        // e.g. /sys/fs/cgroup/user.slice/user-1000.slice/user@1000.service/app.slice
  std::vector<std::string> cgroup_controllers;  // of "memory", "pids", "cpu": those usable in `cgroup_parent`

  std::uint64_t memory_bytes = 0;   // physical
  unsigned cpus = 1;                // usable by this process
};

enum class ProbeDepth : std::uint8_t {
  quick,  // a handful of cheap calls: what a plan needs (tens of microseconds)
  full,   // forks children that try: what `doctor` shows
};
[[nodiscard]] HostFeatures probe(ProbeDepth depth);

}  // namespace bailiwick
