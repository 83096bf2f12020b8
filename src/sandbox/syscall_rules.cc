#include "sandbox/syscall_rules.h"

#include <fcntl.h>
#include <linux/net.h>
#include <linux/netlink.h>
#include <linux/sched.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <cerrno>

#include "kernel/abi/syscalls.h"

namespace bailiwick {
namespace {

// Three ways to say no. EPERM: the program should know that it may not. ENOSYS: as on a kernel that does not have the
// call, for which programs carry a fallback. Success without effect: where a refusal would break programs that merely
// tidy up.
constexpr FilterAction kAllow = FilterAction::allow();
constexpr FilterAction kRefuse = FilterAction::error(EPERM);
constexpr FilterAction kAbsent = FilterAction::error(ENOSYS);
constexpr FilterAction kPretend = FilterAction::error(0);

constexpr std::uint32_t kTypeMask =
    0xf;  // SOCK_TYPE_MASK: SOCK_CLOEXEC and SOCK_NONBLOCK share the argument with the type
constexpr std::uint32_t kMfdExec = 0x10;  // MFD_EXEC, Linux 6.3
constexpr std::uint32_t kTcpUlp = 31;     // TCP_ULP

constexpr std::uint32_t kNewNamespace = CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER |
                                        CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWTIME;
// unshare(2) gets an allowlist instead: it takes 64 bits, and newer kernels give old bits a new meaning there.
constexpr std::uint64_t kUnshareAllowed =
    CLONE_FS | CLONE_FILES | CLONE_SYSVSEM | CLONE_THREAD | CLONE_SIGHAND | CLONE_VM;

constexpr std::uint32_t kMakesAFile =
    O_CREAT | (O_TMPFILE & ~O_DIRECTORY);  // the flags with which open(2) reads its mode

// uname's machine and release, and fixed addresses for gdb. Not READ_IMPLIES_EXEC, MMAP_PAGE_ZERO, ADDR_COMPAT_LAYOUT
// and foreign personalities: they take hardening away from what is executed next.
constexpr std::uint32_t kPersonalityAllowed =
    std::uint32_t{PER_LINUX32} | std::uint32_t{ADDR_NO_RANDOMIZE} | std::uint32_t{UNAME26};
constexpr std::uint32_t kPersonalityQuery = 0xffffffff;

class Table {
 public:
  void add(const char* name, std::uint32_t number, FilterDecision decision) {
    add(name, number, number, std::move(decision));
  }
  void add(const char* name, std::uint32_t first, std::uint32_t last, FilterDecision decision) {
    rules_.push_back({name, first, last, std::move(decision)});
  }
  std::vector<FilterRule> take() { return std::move(rules_); }

 private:
  std::vector<FilterRule> rules_;
};
#define CALL(name) #name, SYS_##name

void add_absent(Table& table) {
  // SECURITY: its operations pass no seccomp filter: open, connect and socket by way of the ring go round every rule
  // here. It has also had more kernel holes than any other interface. Test: SyscallRulesKernel.IoUringIsAbsent
  table.add("io_uring_setup", abi::kSysIoUringSetup, kAbsent);
  table.add("io_uring_enter", abi::kSysIoUringEnter, kAbsent);
  table.add("io_uring_register", abi::kSysIoUringRegister, kAbsent);
  // SECURITY: its flags are behind a pointer, where a filter cannot look: CLONE_NEWUSER, and CLONE_INTO_CGROUP, with
  // which a sandbox has left its cgroup. libc falls back to clone(2), whose flags are an argument. Test:
  // SyscallRulesKernel.ThreadsAndProcessesStillStart
  table.add("clone3", abi::kSysClone3, kAbsent);
  // Memory that no tracer and no supervisor can read, and that counts in no process's size. Off by default before 6.5.
  table.add("memfd_secret", abi::kSysMemfdSecret, kAbsent);
  // fs.aio-max-nr is one counter for the whole machine: a single call takes all of it, and the host's databases do not
  // start. Databases inside fall back to threads.
  table.add(CALL(io_setup), kAbsent);
  // Advice on another process's memory (dropped pages, changed timing). Allocators that use it on themselves fall back
  // to madvise(2).
  table.add("process_madvise", abi::kSysProcessMadvise, kAbsent);
  // Obsolete, used by nothing that is built today: less kernel to attack.
  table.add(CALL(lookup_dcookie), kAbsent);
  table.add(CALL(nfsservctl), kAbsent);
#ifdef __x86_64__
  table.add(CALL(uselib), kAbsent);  // maps a library by path without execve(2)
  table.add(CALL(ustat), kAbsent);   // tells of file systems that are not mounted inside
  table.add(CALL(sysfs), kAbsent);
  table.add(CALL(_sysctl), kAbsent);
#endif
}

void add_refused(Table& table) {
  // Programs in the kernel, and counters that read other processes' timing and addresses: the two richest sources of
  // privilege escalation.
  table.add(CALL(bpf), kRefuse);
  table.add(CALL(perf_event_open), kRefuse);
  // Stops the kernel in the middle of a copy for as long as one likes: the favourite tool for winning races in it.
  table.add(CALL(userfaultfd), kRefuse);
  // Keyrings belong to the user, not to a namespace: the host's session's keys (Kerberos, file encryption) are readable
  // with them, and request_key runs a program of the host as root.
  table.add(CALL(keyctl), kRefuse);
  table.add(CALL(add_key), kRefuse);
  table.add(CALL(request_key), kRefuse);
  // Another kernel, or more of this one.
  table.add(CALL(kexec_load), kRefuse);
  table.add(CALL(kexec_file_load), kRefuse);
  table.add(CALL(init_module), kRefuse);
  table.add(CALL(finit_module), kRefuse);
  table.add(CALL(delete_module), kRefuse);
  // SECURITY: covers and masks are mounts, and whoever can mount takes them off. No capability is left to do it with;
  // this is the second lock. The new mount interface is complete here, so that no half of it serves. Tests:
  // SyscallRulesKernel.RefusesWhoeverAsks
  table.add(CALL(mount), kRefuse);
  table.add(CALL(umount2), kRefuse);
  table.add(CALL(pivot_root), kRefuse);
  table.add(CALL(chroot), kRefuse);
  table.add("open_tree", abi::kSysOpenTree, kRefuse);
  table.add("open_tree_attr", abi::kSysOpenTreeAttr, kRefuse);
  table.add("move_mount", abi::kSysMoveMount, kRefuse);
  table.add("fsopen", abi::kSysFsopen, kRefuse);
  table.add("fsconfig", abi::kSysFsconfig, kRefuse);
  table.add("fsmount", abi::kSysFsmount, kRefuse);
  table.add("fspick", abi::kSysFspick, kRefuse);
  table.add("mount_setattr", abi::kSysMountSetattr, kRefuse);
  table.add(CALL(setns), kRefuse);  // into the namespaces of another process
  // The machine: swap, power, clock, accounting, quotas, kernel log, host name, ports. All need capabilities; none is
  // of use to a build.
  table.add(CALL(swapon), kRefuse);
  table.add(CALL(swapoff), kRefuse);
  table.add(CALL(reboot), kRefuse);
  table.add(CALL(settimeofday), kRefuse);
  table.add(CALL(clock_settime), kRefuse);
  table.add(CALL(acct), kRefuse);
  table.add(CALL(quotactl), kRefuse);
  table.add("quotactl_fd", abi::kSysQuotactlFd, kRefuse);
  table.add(CALL(syslog), kRefuse);  // kernel addresses, and what other users plugged in
  table.add(CALL(sethostname), kRefuse);
  table.add(CALL(setdomainname), kRefuse);
  table.add(CALL(vhangup), kRefuse);
#ifdef __x86_64__
  table.add(CALL(iopl), kRefuse);
  table.add(CALL(ioperm), kRefuse);
  table.add(CALL(modify_ldt),
            kRefuse);  // 16-bit segments: nothing but Wine wants them, and they have broken the kernel's entry code
#endif
  // A file by its number instead of its name passes every mount and mask ("shocker"); Linux 6.13 lets user namespaces
  // do it.
  table.add(CALL(open_by_handle_at), kRefuse);
  // Watches, and holds up, accesses of host programs to a shared file system.
  table.add(CALL(fanotify_init), kRefuse);
  table.add(CALL(fanotify_mark), kRefuse);
  // Other processes: their descriptors, their memory, and whether two share an object. Debuggers write through
  // ptrace(2) and read through ptrace or process_vm_readv, which stay: the kernel limits both to the sandbox (pid
  // namespace, Landlock domain, non-dumpable pid 1). SECURITY: what was verified at an exec must not be rewritten by a
  // sibling. Test: SyscallRulesKernel.AProcessCannotWriteAnother
  table.add("pidfd_getfd", abi::kSysPidfdGetfd, kRefuse);
  table.add(CALL(process_vm_writev), kRefuse);
  table.add(CALL(kcmp), kRefuse);
  // Changes the label under which security modules judge the process.
  table.add("lsm_set_self_attr", abi::kSysLsmSetSelfAttr, kRefuse);
}

FilterDecision socket_decision(InetSockets inet) {
  // An allowlist of families: each other one (VSOCK reaches the hypervisor, PACKET the wire, ALG and the rest kernel
  // code that no build needs, much of it loaded on demand by this very call) is said not to exist. SOCK_PACKET on
  // AF_INET is a packet socket: the type decides. Argument 2 alone tells TCP from MPTCP (262), SCTP, SMC and the like.
  const FilterAction no_protocol = FilterAction::error(EPROTONOSUPPORT);
  const FilterDecision stream({{low_equals(2, 0), kAllow}, {low_equals(2, IPPROTO_TCP), kAllow}}, no_protocol);
  const FilterDecision datagram({{low_equals(2, 0), kAllow}, {low_equals(2, IPPROTO_UDP), kAllow}}, no_protocol);
  // EACCES is what socket(2) documents for sockets that may not be created, and programs print "permission denied",
  // which is true.
  const FilterDecision internet = inet == InetSockets::refused
                                      ? FilterDecision(FilterAction::error(EACCES))
                                      : FilterDecision({{low_masked(1, kTypeMask, SOCK_STREAM), stream},
                                                        {low_masked(1, kTypeMask, SOCK_DGRAM), datagram}},
                                                       kRefuse);
  // NETLINK_ROUTE only: name resolution and `ip addr` use it. nf_tables, XFRM and GENERIC have been the way to root of
  // recent years.
  const FilterDecision netlink({{low_equals(2, NETLINK_ROUTE), kAllow}}, no_protocol);
  return FilterDecision({{low_equals(0, AF_UNIX), kAllow},
                         {low_equals(0, AF_INET), internet},
                         {low_equals(0, AF_INET6), internet},
                         {low_equals(0, AF_NETLINK), netlink}},
                        FilterAction::error(EAFNOSUPPORT));
}

// Conditions test the half of the argument that the kernel reads; see kernel/bpf.h.
void add_conditional(Table& table, const SyscallOptions& options) {
  table.add(CALL(socket), socket_decision(options.inet_sockets));
  table.add(CALL(socketpair), FilterDecision({{low_equals(0, AF_UNIX), kAllow}}, FilterAction::error(EAFNOSUPPORT)));
  // TCP_ULP turns a TCP socket into another protocol (TLS in the kernel, SMC). ENOENT is the answer of a kernel without
  // that protocol.
  table.add(CALL(setsockopt),
            FilterDecision({{low_equals(1, IPPROTO_TCP),
                             FilterDecision({{low_equals(2, kTcpUlp), FilterAction::error(ENOENT)}}, kAllow)}},
                           kAllow));
  // SECURITY: a user namespace gives back every capability inside it, and with them mounts, nf_tables and the rest of
  // the kernel that ordinary users do not reach; covers could be taken off there. Tests:
  // SyscallRulesKernel.NamespacesAreRefused
  table.add(CALL(clone), FilterDecision({{low_has(0, kNewNamespace), kRefuse}}, kAllow));
  table.add(CALL(unshare), FilterDecision({{full_has(0, ~kUnshareAllowed), kRefuse}}, kAllow));
  // SECURITY: TIOCSTI and TIOCLINUX type into the terminal, that is, into the user's shell once we are gone; TIOCCONS
  // takes the console's output; TIOCSETD loads line disciplines, old code with a list of holes. The kernel reads 32
  // bits of the command. Test: SyscallRulesKernel.TerminalInjectionIsRefused
  table.add(CALL(ioctl), FilterDecision({{low_equals(1, TIOCSTI), kRefuse},
                                         {low_equals(1, TIOCLINUX), kRefuse},
                                         {low_equals(1, TIOCCONS), kRefuse},
                                         {low_equals(1, TIOCSETD), kRefuse}},
                                        kAllow));
  // Asks for an executable memory file even where vm.memfd_noexec would make it not so.
  table.add(CALL(memfd_create), FilterDecision({{low_has(1, kMfdExec), kRefuse}}, kAllow));
  // SECURITY: attack case L22: a lease on a file of the user's makes every host program that opens it wait.
  table.add(CALL(fcntl),
            FilterDecision({{low_equals(1, F_SETLEASE), kRefuse}, {low_equals(1, F_NOTIFY), kRefuse}}, kAllow));
  table.add(CALL(personality), FilterDecision({{low_masked(0, ~kPersonalityAllowed, 0), kAllow},
                                               {low_equals(0, kPersonalityQuery), kAllow}},
                                              kRefuse));
  // PR_SET_MM moves what /proc/PID/exe and cmdline show, by which records name a process.
  table.add(CALL(prctl), FilterDecision({{low_equals(0, PR_SET_MM), kRefuse}}, kAllow));
  // SECURITY: core(5): a limit of 1 is the one value at which a crash writes no core and starts no handler. Whoever
  // lowers it to 0 has the host's handler (a pipe in core_pattern) run as root, outside, on memory of the program's
  // choosing; raising it leaves secrets in files. Many programs set 0 out of caution and stop if that fails: they are
  // told that it worked. A caller that also wants the old limit would read what was never written, so it is refused.
  // Test: SyscallRulesKernel.TheCoreLimitStays
  table.add(CALL(prlimit64),
            FilterDecision({{low_equals(1, RLIMIT_CORE),
                             FilterDecision({{full_equals(2, 0), kAllow}, {full_equals(3, 0), kPretend}}, kRefuse)}},
                           kAllow));
  table.add(CALL(setrlimit), FilterDecision({{low_equals(0, RLIMIT_CORE), kPretend}}, kAllow));
  if (options.affinity == Affinity::fixed) table.add(CALL(sched_setaffinity), kRefuse);
}

// SECURITY: attack case S65: files of the workspace are the caller's, and what is left there can be run outside, by
// other users too: a set-user-ID program gives them the caller's rights, with root as caller all of them. Set-group-ID
// stays: on directories it is how a shared repository is set up. Test: SyscallRulesKernel.NoFileBecomesSetUserId
void add_file_modes(Table& table) {
  const FilterDecision second({{low_has(1, S_ISUID), kRefuse}}, kAllow);
  const FilterDecision third({{low_has(2, S_ISUID), kRefuse}}, kAllow);
  const FilterDecision fourth({{low_has(3, S_ISUID), kRefuse}}, kAllow);
#ifdef __x86_64__
  table.add(CALL(chmod), second);
  table.add(CALL(creat), second);
  table.add(CALL(mknod), second);
  table.add(CALL(open), FilterDecision({{low_has(1, kMakesAFile), third}}, kAllow));
#endif
  table.add(CALL(fchmod), second);
  table.add(CALL(fchmodat), third);
  table.add("fchmodat2", abi::kSysFchmodat2, third);
  table.add(CALL(mknodat), third);
  table.add(CALL(openat), FilterDecision({{low_has(2, kMakesAFile), fourth}}, kAllow));
  // Its mode is behind a pointer. Programs fall back to openat(2), as before Linux 5.6.
  table.add(CALL(openat2), kAbsent);
}

void add_shared_ipc(Table& table) {
  table.add(CALL(shmget), kAbsent);
  table.add(CALL(shmat), kAbsent);
  table.add(CALL(shmctl), kAbsent);
  table.add(CALL(semget), kAbsent);
  table.add(CALL(semop), kAbsent);
  table.add(CALL(semtimedop), kAbsent);
  table.add(CALL(semctl), kAbsent);
  table.add(CALL(msgget), kAbsent);
  table.add(CALL(msgsnd), kAbsent);
  table.add(CALL(msgrcv), kAbsent);
  table.add(CALL(msgctl), kAbsent);
  table.add(CALL(mq_open), kAbsent);
  table.add(CALL(mq_unlink), kAbsent);
}
#undef CALL

}  // namespace

FilterSpec syscall_rules(const SyscallOptions& options) {
  Table table;
  add_absent(table);
  add_refused(table);
  add_conditional(table, options);
  add_file_modes(table);
  if (options.shared_ipc == SharedIpc::refused) add_shared_ipc(table);
  // What remains of the calls we know. Worth a word: ptrace and seccomp only tighten or stay inside (a filter below
  // ours cannot overrule it); pidfd_send_signal and kill end at the pid namespace; landlock_* only tighten; statmount
  // and listmount show the sandbox's own mounts; name_to_handle_at is harmless without its other half; uretprobe and
  // uprobe are entered only from the trampolines of an administrator's probe, and a process that is refused them dies.
  table.add("the rest, own numbers", 0, abi::kLastOwnSyscall, kAllow);
  table.add("the rest, shared numbers", abi::kFirstSharedSyscall, abi::kLastSharedSyscall, kAllow);
  // A foreign architecture (int 0x80) ends the process: its numbers mean other calls, and nothing of ours uses it. x32
  // and unknown numbers, -1 of tracers among them, are just unknown: ENOSYS, as most kernels answer.
  return {.rules = table.take(), .otherwise = kAbsent};
}

}  // namespace bailiwick
