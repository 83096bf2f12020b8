// Runs in the command line program, outside of any sandbox.
#include "sandbox/doctor.h"

#include <fmt/format.h>

#include <algorithm>

namespace bailiwick {
namespace {

bool contains(const std::vector<std::string>& list, std::string_view word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

constexpr int kLandlockNeeded = 2;    // refer: moving files between directories that may be written; 5.19
constexpr int kLandlockTruncate = 3;  // 6.2
constexpr int kLandlockTcp = 4;       // 6.7
constexpr int kLandlockIoctl = 5;     // 6.10
constexpr int kLandlockScopes = 6;    // 6.12

class Assessment {
 public:
  explicit Assessment(const HostFeatures& host) : host_(host) {}
  std::vector<Finding> make() {
    needed_by_default();
    landlock_parts();
    budgets();
    gate_and_hardening();
    return std::move(findings_);
  }

 private:
  struct Text {
    const char* feature;
    const char* used_for;
    std::string lost;
    std::string how;
  };
  // For what has a second best that is used instead.
  void or_partly() {
    if (findings_.back().state == FindingState::absent) findings_.back().state = FindingState::partial;
  }
  // A feature that is there or not.
  void add(bool is_present, NeededBy needed_by, Text text, std::string found = {}) {
    findings_.push_back({.feature = text.feature,
                         .state = is_present ? FindingState::present : FindingState::absent,
                         .found = std::move(found),
                         .used_for = text.used_for,
                         .lost = is_present ? std::string() : std::move(text.lost),
                         .how = is_present ? std::string() : std::move(text.how),
                         .needed_by = needed_by});
  }

  void needed_by_default() {
    constexpr NeededBy kDefault = NeededBy::default_policy;
    const std::string& why = host_.user_namespaces_problem;
    const std::string first = "user namespaces come first";
    add(host_.has_seccomp_filter, kDefault,
        {"seccomp filters", "refusing system calls that a sandbox has no use for", "nothing can be enforced",
         "use a kernel with CONFIG_SECCOMP_FILTER"});
    add(host_.landlock_abi >= kLandlockNeeded, kDefault,
        {"Landlock", "a second lock on files, signals and sockets; the only one of the landlock backend",
         "nothing can be enforced",
         host_.landlock_abi == 0 ? "use a kernel with CONFIG_SECURITY_LANDLOCK and boot with `landlock` in `lsm=`"
                                 : "use Linux 5.19 or newer"},
        host_.landlock_abi == 0 ? "off, or not in this kernel" : fmt::format("ABI {}", host_.landlock_abi));
    add(host_.has_user_namespaces, kDefault,
        {"user namespaces", "every other namespace, without being root",
         "the namespaces backend: what is not granted can then only be refused, not hidden",
         why.empty() ? "allow user namespaces for this user" : "see what was found"},
        host_.has_user_namespaces ? "" : why);
    constexpr std::pair<const char*, const char*> kNamespaces[] = {
        {"mount", "a root of its own: what is not granted is not there"},
        {"pid", "no sight of other processes, and no survivors"},
        {"ipc", "no System V or POSIX IPC with the host"},
        {"uts", "a host name of its own"},
        {"net", "no network but what policy gives"}};
    for (const auto& [name, used_for] : kNamespaces) {
      const std::string feature = fmt::format("{} namespaces", name);
      add(host_.has_user_namespaces && !contains(host_.refused_namespaces, name), kDefault,
          {feature.c_str(), used_for, "the namespaces backend",
           host_.has_user_namespaces ? fmt::format("raise user.max_{}_namespaces, or allow it to this process",
                                                   std::string_view(name) == "mount" ? "mnt" : name)
                                     : first});
    }
    add(host_.has_fresh_proc, kDefault,
        {"a fresh /proc", "showing the sandbox its own processes only", "the namespaces backend",
         host_.has_user_namespaces
             ? "in a container, start it with an unmasked /proc (docker: `--security-opt systempaths=unconfined`)"
             : first});
    add(host_.has_mount_setattr, kDefault,
        {"the mount API of 5.12", "building the root by descriptors, read-only all the way down",
         "the namespaces backend", host_.has_user_namespaces ? "use Linux 5.12 or newer" : first});
    add(host_.has_tmpfs, kDefault,
        {"tmpfs in a user namespace", "private /tmp, /var/tmp and /dev/shm", "the namespaces backend",
         host_.has_user_namespaces ? "allow it to this process" : first});
    add(host_.has_devpts, kDefault,
        {"devpts in a user namespace", "terminals of the sandbox's own", "the namespaces backend",
         host_.has_user_namespaces ? "allow it to this process" : first});
    add(host_.has_pidfd, kDefault,
        {"process descriptors", "ending exactly the process that is meant", "safe signalling",
         "use Linux 5.3 or newer"});
  }

  void landlock_parts() {
    const auto at_least = [&](int abi) { return host_.landlock_abi >= abi; };
    add(at_least(kLandlockScopes), NeededBy::landlock_backend,
        {"Landlock scopes (ABI 6)", "no signals and no abstract sockets to the host, also with `--network host`",
         "with the landlock backend the user's other processes can be signalled; with it and with `--network host` "
         "abstract sockets can be reached",
         "use Linux 6.12 or newer"});
    add(at_least(kLandlockTruncate), NeededBy::landlock_backend,
        {"Landlock truncate (ABI 3)", "files that may not be written cannot be emptied either",
         "with the landlock backend a file outside of the workspace can be emptied", "use Linux 6.2 or newer"});
    add(at_least(kLandlockTcp), NeededBy::landlock_backend,
        {"Landlock TCP rules (ABI 4)", "a second lock on `--network off` of the landlock backend",
         "only seccomp refuses sockets there", "use Linux 6.7 or newer"});
    add(at_least(kLandlockIoctl), NeededBy::hardening,
        {"Landlock device control (ABI 5)", "no ioctl on devices that were not granted",
         "only the minimal /dev and seccomp stand before device ioctls", "use Linux 6.10 or newer"});
  }

  void budgets() {
    const auto has = [&](std::string_view controller) {
      return !host_.cgroup_parent.empty() && contains(host_.cgroup_controllers, controller);
    };
    const std::string how =
        host_.cgroup_problem.empty() ? "delegate a version 2 cgroup with this controller" : host_.cgroup_problem;
    add(has("memory"), NeededBy::budgets,
        {"memory cgroup", "the memory budget, held by the kernel",
         "memory is watched: the supervisor sums it every 100 ms or less, so that a burst can pass the budget for a "
         "moment; pipe and socket buffers are not seen",
         how},
        has("memory") ? host_.cgroup_parent : "memory: watched");
    or_partly();
    add(has("pids"), NeededBy::budgets,
        {"pids cgroup", "the budget of processes",
         "it is held by RLIMIT_NPROC, which does not bind root, and by kernel.pid_max of the sandbox where it has one",
         "as for the memory cgroup"});
    or_partly();
    add(has("cpu"), NeededBy::budgets,
        {"cpu cgroup", "the budget of CPU time", "`--limit cpu` gives whole CPUs, by affinity",
         "as for the memory cgroup"});
    or_partly();
    add(host_.has_pid_max_namespaced, NeededBy::budgets,
        {"kernel.pid_max of a pid namespace", "a ceiling on processes that binds root as well",
         "without a pids cgroup root's sandbox has no ceiling on processes", "use Linux 6.14 or newer"});
  }

  void gate_and_hardening() {
    add(host_.has_seccomp_notify, NeededBy::exec_gate,
        {"seccomp notification with descriptors", "asking before a program runs",
         "programs cannot be judged before they run",
         "use Linux 5.14 or newer; a process that already has a listener cannot have a second one"});
    add(host_.has_process_vm, NeededBy::exec_gate,
        {"process_vm_readv", "reading what a program is about to run", "programs cannot be judged before they run",
         host_.yama_ptrace_scope >= 3
             ? "set kernel.yama.ptrace_scope to 1 or 2 (needs a reboot)"
             : "use a kernel with CONFIG_CROSS_MEMORY_ATTACH, and allow it in the container's profile"});
    add(!contains(host_.refused_namespaces, "cgroup"), NeededBy::hardening,
        {"cgroup namespaces", "not showing where in the host's cgroups a session runs", "that path is visible",
         "allow it to this process"});
    add(host_.has_cgroup_kill, NeededBy::hardening,
        {"cgroup.kill", "ending a whole cgroup at once", "the pid namespace alone ends it", "use Linux 5.14 or newer"});
    add(host_.has_memfd_noexec, NeededBy::hardening,
        {"vm.memfd_noexec", "memory files that cannot be executed",
         "only seccomp refuses executable memory files that ask for it by name", "use Linux 6.3 or newer"});
    add(host_.refuses_tiocsti, NeededBy::hardening,
        {"dev.tty.legacy_tiocsti = 0", "no typing into a terminal from inside",
         "seccomp and a terminal of the sandbox's own stand alone",
         "use Linux 6.2 or newer and set `sysctl dev.tty.legacy_tiocsti=0`"});
    add(host_.yama_ptrace_scope >= 1, NeededBy::hardening,
        {"Yama ptrace scope", "host programs cannot be traced by others of the same user",
         "outside of the sandbox only; inside it, Landlock and seccomp refuse it",
         "set `sysctl kernel.yama.ptrace_scope=1`, where the kernel has CONFIG_SECURITY_YAMA"},
        host_.yama_ptrace_scope < 0 ? "no Yama"
                                    : fmt::format("kernel.yama.ptrace_scope = {}", host_.yama_ptrace_scope));
    add(!host_.pipes_core_dumps, NeededBy::hardening,
        {"core dumps to files", "no program of the host's runs when one of the sandbox's crashes",
         "RLIMIT_CORE 1 alone keeps the handler from being started", "set kernel.core_pattern to a file name"},
        host_.pipes_core_dumps ? "kernel.core_pattern starts a program" : "");
    add(host_.has_overlayfs, NeededBy::nothing,
        {"overlayfs in a user namespace", "nothing yet", "nothing", "use Linux 5.11 or newer"});
  }

  const HostFeatures& host_;
  std::vector<Finding> findings_;
};

}  // namespace

std::vector<Finding> assess(const HostFeatures& host) { return Assessment(host).make(); }

bool can_enforce_default(const std::vector<Finding>& findings) {
  return !findings.empty() && std::none_of(findings.begin(), findings.end(), [](const Finding& finding) {
    return finding.needed_by == NeededBy::default_policy && finding.state == FindingState::absent;
  });
}

bool can_use_landlock_backend(const HostFeatures& host) {
  return host.has_seccomp_filter && host.has_pidfd && host.landlock_abi >= kLandlockNeeded;
}

std::vector<BackendHold> backend_holds(const HostFeatures& host) {
  const auto from_abi = [&](int abi) { return host.landlock_abi >= abi ? Hold::holds : Hold::open; };
  const auto has = [&](std::string_view controller) {
    return !host.cgroup_parent.empty() && contains(host.cgroup_controllers, controller);
  };
  const bool has_scopes = host.landlock_abi >= kLandlockScopes;
  return {
      {"reading files that were not granted", Hold::holds, Hold::partly,
       "landlock refuses their content; names, sizes and times stay visible"},
      {"reading secrets inside readable trees", Hold::holds, Hold::open, "for what exists at the start"},
      {"reading names that match a pattern only later", Hold::open, Hold::open,
       "patterns hold for what exists at the start"},
      {"writing files that were not granted", Hold::holds, Hold::holds, ""},
      {"emptying files that were not granted", Hold::holds, from_abi(kLandlockTruncate), "landlock: from ABI 3"},
      {"persistence in the workspace (hooks, editor tasks, agent settings)", Hold::partly, Hold::open,
       "for what exists at the start; a host program's rename uncovers it for a moment"},
      {"surviving kill -9 of the supervisor", Hold::holds, Hold::open,
       "without a pid namespace a detached process lives on"},
      {"signals to the host's processes", Hold::holds, from_abi(kLandlockScopes), "landlock: from ABI 6"},
      {"command lines of the host's processes", Hold::holds, Hold::open, "without a pid namespace /proc shows them"},
      {"memory and environment of the host's processes", Hold::holds, Hold::holds, ""},
      {"abstract Unix sockets of the host", has_scopes ? Hold::holds : Hold::partly, from_abi(kLandlockScopes),
       has_scopes ? "" : "before Landlock ABI 6 the namespaces backend holds only with `--network off`"},
      {"Unix sockets of the host by path", Hold::holds, Hold::open, "Landlock has no right for connecting to them"},
      {"System V and POSIX IPC of the host", Hold::holds, Hold::holds,
       "landlock: by the filter, which refuses these calls"},
      {"network off", Hold::holds, Hold::partly,
       "landlock: IP sockets are refused altogether, so that local servers do not work either"},
      {"typing into the user's terminal", Hold::holds, Hold::holds, ""},
      {"the memory budget", has("memory") ? Hold::holds : Hold::partly, has("memory") ? Hold::holds : Hold::partly,
       has("memory") ? "by cgroup" : "watched by the supervisor"},
      {"the budget of processes", has("pids") || host.has_pid_max_namespaced ? Hold::holds : Hold::partly,
       has("pids") ? Hold::holds : Hold::partly,
       has("pids")
           ? "by cgroup"
           : "RLIMIT_NPROC does not bind root, and counts the user's other processes with the landlock backend"},
  };
}

std::vector<std::string> known_limits() {
  return {
      "names that match a pattern only later, inside readable trees, are not covered: patterns hold for what exists at "
      "the start",
      "executable configuration that appears later (a new `.envrc`, hooks of a repository cloned into the workspace) "
      "is not covered",
      "a cover over a file falls off when a host program replaces that file by a rename, until it is put back a moment "
      "later",
      "the kernel itself is shared: a bug in it that can be reached by the allowed system calls is a way out",
  };
}

}  // namespace bailiwick
