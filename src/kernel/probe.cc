#include "kernel/host_features.h"

#include <sched.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <utility>

#include "base/text.h"
#include "kernel/cgroup.h"
#include "kernel/credentials.h"
#include "kernel/fd.h"
#include "kernel/landlock.h"
#include "kernel/probe_try.h"

namespace bailiwick {
namespace {

constexpr std::chrono::milliseconds kDeadline{3000};  // for one try; a machine under load is slow, not without features

bool is_at_least(const HostFeatures& host, unsigned major, unsigned minor) {
  return host.kernel_major > major || (host.kernel_major == major && host.kernel_minor >= minor);
}

// -1: no such file, or not a number.
long long number_in(const char* path) {
  const unsigned long long value = read_number(path, ~0ULL);
  return value == ~0ULL ? -1 : static_cast<long long>(value);
}

unsigned usable_cpus() {
  std::array<unsigned long, 128> mask{};  // 8192 CPUs; a mask that is too short for the machine is refused
  if (::sched_getaffinity(0, sizeof mask, reinterpret_cast<::cpu_set_t*>(mask.data())) != 0) return 1;
  unsigned count = 0;
  for (const unsigned long part : mask) count += static_cast<unsigned>(std::popcount(part));
  return std::max(count, 1U);
}

void read_versions(HostFeatures& host) {
  ::utsname name{};
  if (::uname(&name) != 0) return;
  host.kernel_release = name.release;
  host.machine = name.machine;
  char* end = nullptr;
  host.kernel_major = static_cast<unsigned>(std::strtoul(name.release, &end, 10));
  if (*end == '.') host.kernel_minor = static_cast<unsigned>(std::strtoul(end + 1, nullptr, 10));
}

void read_cgroups(HostFeatures& host) {
  const CgroupFacts facts = load_own_cgroup_facts();
  host.cgroup_memory_ceiling = memory_ceiling(facts);
  host.cgroup_pids_ceiling = pids_ceiling(facts);
  host.cgroup_problem = explain_no_memory_cgroup(facts);
  if (const auto parent = find_delegated_parent(facts)) {
    host.cgroup_parent = parent->directory;
    host.cgroup_controllers = parent->controllers;
    host.cgroup_needs_move = parent->needs_move;
  }
}

int seccomp_mode() {
  const std::string status = load_file("/proc/self/status", 1 << 16).value_or("");
  constexpr std::string_view kField = "\nSeccomp:";
  const std::size_t at = status.find(kField);
  if (at == std::string::npos) return 0;
  const std::size_t value = at + kField.size();
  const std::string_view text = std::string_view(status).substr(value, status.find('\n', value) - value);
  return static_cast<int>(parse_number(trim(text), 0, 2).value_or(0));
}

bool works(TryBody body) { return try_in_child(body, kDeadline).has_worked; }

void try_namespaces(HostFeatures& host) {
  const TryResult user = try_in_child(try_user_namespace, kDeadline);
  host.has_user_namespaces = user.has_worked;
  const std::array<std::pair<const char*, TryBody>, 6> others{{{"mount", try_mount_namespace},
                                                               {"pid", try_pid_namespace},
                                                               {"ipc", try_ipc_namespace},
                                                               {"uts", try_uts_namespace},
                                                               {"net", try_net_namespace},
                                                               {"cgroup", try_cgroup_namespace}}};
  if (!user.has_worked) {
    UserNamespaceFacts facts;
    facts.step = user.has_hung            ? UserNamespaceFacts::Step::hung
                 : user.step == kStepMaps ? UserNamespaceFacts::Step::write_maps
                                          : UserNamespaceFacts::Step::unshare;
    facts.os_errno = user.os_errno;
    facts.unprivileged_userns_clone = static_cast<int>(number_in("/proc/sys/kernel/unprivileged_userns_clone"));
    facts.apparmor_restricts = static_cast<int>(number_in("/proc/sys/kernel/apparmor_restrict_unprivileged_userns"));
    facts.max_user_namespaces = number_in("/proc/sys/user/max_user_namespaces");
    facts.seccomp_mode = seccomp_mode();
    facts.is_root = ::geteuid() == 0;
    host.user_namespaces_problem = explain_user_namespaces(facts);
  }
  for (const auto& [name, body] : others) {
    if (!user.has_worked || !works(body)) host.refused_namespaces.emplace_back(name);
  }
  host.has_fresh_proc = user.has_worked && works(try_fresh_proc);
  host.has_tmpfs = user.has_worked && works(try_tmpfs);
  host.has_devpts = user.has_worked && works(try_devpts);
  host.has_overlayfs = user.has_worked && works(try_overlayfs);
  host.has_mount_setattr = user.has_worked && works(try_mount_setattr);
  // Not tried on older kernels: there root would set the host's own pid_max.
  host.has_pid_max_namespaced = user.has_worked && is_at_least(host, 6, 14) && works(try_pid_max);
}

}  // namespace

std::string explain_user_namespaces(const UserNamespaceFacts& facts) {
  using Step = UserNamespaceFacts::Step;
  if (facts.step == Step::hung)
    return "a child that tried to make one did not answer; look for a security module that holds it";
  if (facts.max_user_namespaces == 0) {
    return "switched off by user.max_user_namespaces = 0; set it, for example `sysctl user.max_user_namespaces=15000`";
  }
  if (facts.unprivileged_userns_clone == 0 && !facts.is_root) {
    return "switched off by kernel.unprivileged_userns_clone = 0; set it to 1 by `sysctl "
           "kernel.unprivileged_userns_clone=1`";
  }
  const bool is_refusal = facts.os_errno == EPERM || facts.os_errno == EACCES;
  if (is_refusal && facts.apparmor_restricts == 1 && !facts.is_root) {
    // unshare works there; the namespace then has no capability, so that the maps cannot be written
    return "refused by AppArmor (kernel.apparmor_restrict_unprivileged_userns = 1); install an AppArmor profile for "
           "bailiwick with `userns,`, "
           "or set that sysctl to 0";
  }
  if (facts.os_errno == ENOSPC || facts.os_errno == EUSERS) {
    return "the limit user.max_user_namespaces is used up, or namespaces are nested too deeply; raise it or end what "
           "holds them";
  }
  if (facts.os_errno == EINVAL || facts.os_errno == ENOSYS)
    return "the kernel was built without CONFIG_USER_NS; use one that has it";
  if (is_refusal && facts.seccomp_mode != 0) {
    return "refused by a seccomp filter on this process, as containers have; allow `unshare` and `clone` of user "
           "namespaces in the container's "
           "profile, or run bailiwick outside of it";
  }
  if (is_refusal && facts.step == Step::write_maps) {
    return "made, but its id maps cannot be written; a security module or a container refuses it, or this process's "
           "ids are not mapped";
  }
  if (is_refusal)
    return "refused to this process: a security module, a chroot or a container; run bailiwick outside of it, or let "
           "it";
  return "could not be made; see `dmesg` for the kernel's reason";
}

HostFeatures probe(ProbeDepth depth) {
  HostFeatures host;
  read_versions(host);
  host.landlock_abi = landlock_abi();
  struct ::sysinfo memory{};
  if (::sysinfo(&memory) == 0) host.memory_bytes = static_cast<std::uint64_t>(memory.totalram) * memory.mem_unit;
  host.cpus = usable_cpus();
  read_cgroups(host);
  host.has_pid_max_namespaced = is_at_least(host, 6, 14);
  host.has_memfd_noexec = ::access("/proc/sys/vm/memfd_noexec", F_OK) == 0;
  host.has_cgroup_kill = is_at_least(host, 5, 14);
  host.has_mount_setattr = is_at_least(host, 5, 12);
  host.has_seccomp_notify = is_at_least(host, 5, 14);
  host.has_pidfd = is_at_least(host, 5, 3);
  if (depth == ProbeDepth::quick) return host;

  host.lsm = trim(load_file("/sys/kernel/security/lsm", 4096).value_or(""));
  try_namespaces(host);
  if (!works(try_landlock)) host.landlock_abi = 0;
  host.has_seccomp_filter = works(try_seccomp_filter);
  host.has_seccomp_notify = works(try_seccomp_notify);
  host.has_pidfd = works(try_pidfd);
  host.has_process_vm = works(try_process_vm);
  host.has_memfd_noexec = host.has_memfd_noexec && works(try_memfd_noexec);
  host.refuses_tiocsti = number_in("/proc/sys/dev/tty/legacy_tiocsti") == 0;
  host.yama_ptrace_scope = static_cast<int>(number_in("/proc/sys/kernel/yama/ptrace_scope"));
  host.pipes_core_dumps = load_file("/proc/sys/kernel/core_pattern", 4096).value_or("").starts_with('|');
  return host;
}

}  // namespace bailiwick
