// The filter in the real kernel. Each body runs in its own forked process, under the filter, and says by its exit code
// what it found: 0 is as wanted, any other code is the line-up number of the first thing that was not. Most run twice
// when started as root: with every capability, where only the filter stands in the way, and as an ordinary user.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/openat2.h>
#include <linux/sched.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <spawn.h>
#include <sys/ioctl.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdlib>
#include <vector>

#include "kernel/abi/syscalls.h"
#include "kernel/seccomp.h"
#include "sandbox/syscall_rules.h"

namespace bailiwick {
namespace {

constexpr int kSetUpFailed = 99;
enum class Caller { as_started, ordinary };
enum class Filter { installed, absent };

FilterProgram program_of(const SyscallOptions& options) {
  auto program = compile(syscall_rules(options));
  EXPECT_TRUE(program.has_value());
  return program ? *std::move(program) : FilterProgram{};
}

// The wait status of a process that ran `body`.
template <class Body>
int run(Body body, Caller caller, Filter filter = Filter::installed, const SyscallOptions& options = {}) {
  const FilterProgram program = program_of(options);
  const pid_t child = ::fork();
  if (child == 0) {
    ::alarm(60);  // a hang is a failure
    if (caller == Caller::ordinary && ::geteuid() == 0 &&
        (::setresgid(65534, 65534, 65534) != 0 || ::setresuid(65534, 65534, 65534) != 0)) {
      ::_exit(kSetUpFailed);
    }
    // giving up root makes a process non-dumpable until it execs, and then not even its parent may read it
    if (::prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) != 0) ::_exit(kSetUpFailed);
    if (filter == Filter::installed) {
      if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || install_filter(program.instructions) != 0)
        ::_exit(kSetUpFailed);
    }
    ::_exit(body());
  }
  int status = -1;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  return status;
}

// 0 if the body was satisfied for both callers, else the first other exit code; -signal if it was killed.
template <class Body>
void expect_satisfied(Body body, const SyscallOptions& options = {}) {
  for (const Caller caller : {Caller::as_started, Caller::ordinary}) {
    const int status = run(body, caller, Filter::installed, options);
    EXPECT_TRUE(WIFEXITED(status)) << "signal " << WTERMSIG(status);
    EXPECT_EQ(WEXITSTATUS(status), 0) << (caller == Caller::ordinary ? "as an ordinary user" : "as started");
  }
}

template <class... Arguments>
bool fails_with(int wanted, long number, Arguments... arguments) {
  errno = 0;
  return ::syscall(number, arguments...) == -1 && errno == wanted;
}

int reap(pid_t child) {
  int status = -1;
  return ::waitpid(child, &status, __WALL) == child && WIFEXITED(status) ? WEXITSTATUS(status) : kSetUpFailed;
}

// Arguments of -1: unfiltered, each of these calls fails with another error, or does nothing, also for root.
constexpr long kRefused[] = {
    SYS_bpf,
    SYS_perf_event_open,
    SYS_userfaultfd,
    SYS_keyctl,
    SYS_add_key,
    SYS_request_key,
    SYS_kexec_load,
    SYS_kexec_file_load,
    SYS_init_module,
    SYS_finit_module,
    SYS_delete_module,
    SYS_mount,
    SYS_umount2,
    SYS_pivot_root,
    SYS_chroot,
    SYS_setns,
    SYS_swapon,
    SYS_swapoff,
    SYS_reboot,
    SYS_settimeofday,
    SYS_clock_settime,
    SYS_acct,
    SYS_quotactl,
    SYS_syslog,
    SYS_sethostname,
    SYS_setdomainname,
    SYS_open_by_handle_at,
    SYS_fanotify_init,
    SYS_fanotify_mark,
    SYS_process_vm_writev,
    SYS_kcmp,
    SYS_unshare,
    abi::kSysOpenTree,
    abi::kSysMoveMount,
    abi::kSysFsopen,
    abi::kSysFsconfig,
    abi::kSysFsmount,
    abi::kSysFspick,
    abi::kSysMountSetattr,
    abi::kSysQuotactlFd,
    abi::kSysPidfdGetfd,
    abi::kSysOpenTreeAttr,
    abi::kSysLsmSetSelfAttr,
};

int first_not_refused() {
  for (std::size_t i = 0; i < std::size(kRefused); ++i) {
    if (!fails_with(EPERM, kRefused[i], -1L, -1L, -1L, -1L, -1L, -1L)) return static_cast<int>(i) + 1;
  }
  return 0;
}

TEST(SyscallRulesKernel, RefusesWhoeverAsks) {
  static_assert(std::size(kRefused) < kSetUpFailed);
  expect_satisfied(first_not_refused);
}

TEST(SyscallRulesKernel, WithoutTheFilterTheSameCallsAreNotRefused) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root is refused nothing";
  const auto count = [] {
    int others = 0;
    for (const long number : kRefused) others += fails_with(EPERM, number, -1L, -1L, -1L, -1L, -1L, -1L) ? 0 : 1;
    return others;
  };
  const int status = run(count, Caller::as_started, Filter::absent);
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_GT(WEXITSTATUS(status), 30);
}

TEST(SyscallRulesKernel, IoUringIsAbsent) {
  expect_satisfied([] {
    char parameters[120] = {};
    if (!fails_with(ENOSYS, abi::kSysIoUringSetup, 8, parameters)) return 1;
    if (!fails_with(ENOSYS, abi::kSysIoUringEnter, 0, 0, 0, 0, nullptr)) return 2;
    if (!fails_with(ENOSYS, abi::kSysIoUringRegister, 0, 0, nullptr, 0)) return 3;
    unsigned long context = 0;
    return fails_with(ENOSYS, SYS_io_setup, 1, &context) ? 0 : 4;
  });
}

TEST(SyscallRulesKernel, UnknownNumbersAreAbsent) {
  expect_satisfied([] {
    if (!fails_with(ENOSYS, -1L)) return 1;
    if (!fails_with(ENOSYS, 400L)) return 2;
    if (!fails_with(ENOSYS, long{abi::kLastSharedSyscall} + 1)) return 3;
    return fails_with(ENOSYS, 100000L) ? 0 : 4;
  });
}

#ifdef __x86_64__
TEST(SyscallRulesKernel, X32NumbersAreAbsent) {
  expect_satisfied([] {
    if (!fails_with(ENOSYS, 0x40000000L | SYS_getpid)) return 1;
    return fails_with(ENOSYS, 0x40000000L | SYS_mount, nullptr, nullptr, nullptr, 0, nullptr) ? 0 : 2;
  });
}

int getpid_by_int80() {
  long answer = 20;  // getpid of i386; in the 64-bit table it is writev
  asm volatile("int $0x80" : "+a"(answer) : : "memory", "r8", "r9", "r10", "r11");
  return answer == ::getpid() ? 0 : 1;
}

TEST(SyscallRulesKernel, A32BitSystemCallEndsTheProcess) {
  if (run(getpid_by_int80, Caller::ordinary, Filter::absent) != 0)
    GTEST_SKIP() << "this kernel has no 32-bit system calls";
  for (const Caller caller : {Caller::as_started, Caller::ordinary}) {
    const int status = run(getpid_by_int80, caller);
    ASSERT_TRUE(WIFSIGNALED(status)) << WEXITSTATUS(status);
    EXPECT_EQ(WTERMSIG(status), SIGSYS);
  }
}

TEST(SyscallRulesKernel, A32BitSystemCallCannotBeSurvivedByAHandler) {
  if (run(getpid_by_int80, Caller::ordinary, Filter::absent) != 0)
    GTEST_SKIP() << "this kernel has no 32-bit system calls";
  const int status = run(
      [] {
        ::signal(SIGSYS, SIG_IGN);
        return getpid_by_int80();
      },
      Caller::ordinary);
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS);
}
#endif

TEST(SyscallRulesKernel, NamespacesAreRefused) {
  expect_satisfied([] {
    int line = 0;
    for (const long flag : {long{CLONE_NEWUSER}, long{CLONE_NEWNS}, long{CLONE_NEWPID}, long{CLONE_NEWNET},
                            long{CLONE_NEWIPC}, long{CLONE_NEWUTS}, long{CLONE_NEWCGROUP}}) {
      ++line;
      if (!fails_with(EPERM, SYS_unshare, flag)) return line;
      if (!fails_with(EPERM, SYS_clone, flag | SIGCHLD, 0L, 0L, 0L, 0L)) return 20 + line;
      if (!fails_with(EPERM, SYS_clone, flag | SIGCHLD | 0x1234567800000000L, 0L, 0L, 0L, 0L)) return 40 + line;
    }
    if (!fails_with(EPERM, SYS_unshare, long{CLONE_NEWTIME})) return 60;
    ::clone_args arguments{};
    arguments.flags = CLONE_NEWUSER;
    arguments.exit_signal = SIGCHLD;
    if (!fails_with(ENOSYS, abi::kSysClone3, &arguments, sizeof arguments)) return 61;
    return ::unshare(CLONE_FS | CLONE_FILES) == 0 ? 0 : 62;
  });
}

void* end_thread(void* argument) { return argument; }

TEST(SyscallRulesKernel, ThreadsAndProcessesStillStart) {
  expect_satisfied([] {
    ::pthread_t thread;
    if (::pthread_create(&thread, nullptr, end_thread, nullptr) != 0 || ::pthread_join(thread, nullptr) != 0) return 1;
    const pid_t child = ::fork();
    if (child == 0) ::_exit(7);
    if (reap(child) != 7) return 2;
    pid_t spawned = -1;
    char name[] = "sh";
    char option[] = "-c";
    // a pipeline, a subshell and a program, after exec: the filter is inherited and leaves ordinary work alone
    char script[] = "(echo 1; /bin/ls / > /dev/null; echo 2) | while read x; do y=$x; done; test -d / && exit 9";
    char* arguments[] = {name, option, script, nullptr};
    if (::posix_spawn(&spawned, "/bin/sh", nullptr, nullptr, arguments, environ) != 0) return 3;
    return reap(spawned) == 9 ? 0 : 4;
  });
}

TEST(SyscallRulesKernel, TheFilterOutlivesExec) {
  const auto nested = [] {
    char name[] = "unshare";
    char option[] = "-U";
    char program[] = "/bin/true";
    char* arguments[] = {name, option, program, nullptr};
    const int null = ::open("/dev/null", O_WRONLY);
    if (null < 0 || ::dup2(null, 2) != 2) return kSetUpFailed;
    ::execv("/usr/bin/unshare", arguments);
    return kSetUpFailed;
  };
  if (run(nested, Caller::ordinary, Filter::absent) != 0)
    GTEST_SKIP() << "`unshare -U` does not work here without the filter either";
  for (const Caller caller : {Caller::as_started, Caller::ordinary}) {
    const int status = run(nested, caller);
    ASSERT_TRUE(WIFEXITED(status));
    EXPECT_EQ(WEXITSTATUS(status), 1);
  }
}

TEST(SyscallRulesKernel, AnotherFilterCannotOverruleIt) {
  expect_satisfied([] {
    const ::sock_filter allow_all[] = {{BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW}};
    const ::sock_filter trace_setns[] = {{BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(::seccomp_data, nr)},
                                         {BPF_JMP | BPF_JEQ | BPF_K, 0, 1, SYS_setns},
                                         {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_TRACE},
                                         {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW}};
    if (install_filter(allow_all) != 0) return 1;
    if (!fails_with(EPERM, SYS_mount, nullptr, nullptr, nullptr, 0, nullptr)) return 2;
    if (!fails_with(EPERM, SYS_setns, -1, 0)) return 3;
    if (install_filter(trace_setns) != 0) return 4;
    return fails_with(EPERM, SYS_setns, -1, 0) ? 0 : 5;
  });
}

TEST(SyscallRulesKernel, TerminalInjectionIsRefused) {
  expect_satisfied([] {
    const int master = ::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (master < 0) return kSetUpFailed;
    char typed = 'x';
    int discipline = 0;
    char line[2] = {3, 0};
    for (const unsigned long high : {0UL, 1UL << 32, 0xdeadbeefUL << 32}) {
      if (!fails_with(EPERM, SYS_ioctl, master, TIOCSTI | high, &typed)) return 1;
      if (!fails_with(EPERM, SYS_ioctl, master, TIOCSETD | high, &discipline)) return 2;
      if (!fails_with(EPERM, SYS_ioctl, master, TIOCLINUX | high, line)) return 3;
      if (!fails_with(EPERM, SYS_ioctl, master, TIOCCONS | high, nullptr)) return 4;
      // the kernel, too, ignores the upper half: were the filter to read it, the calls above would go through
      ::winsize size{};
      if (::syscall(SYS_ioctl, master, TIOCGWINSZ | high, &size) != 0) return 5;
    }
    return ::ioctl(master, TIOCGETD, &discipline) == 0 ? 0 : 6;
  });
}

TEST(SyscallRulesKernel, SocketFamiliesAreAnAllowlist) {
  expect_satisfied([] {
    struct Row {
      int family;
      int type;
      int protocol;
      int want;  // errno, 0 for a socket
    };
    constexpr Row kRows[] = {
        {AF_UNIX, SOCK_STREAM, 0, 0},
        {AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, 0},
        {AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, 0},
        {AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, IPPROTO_UDP, 0},
        {AF_INET, SOCK_STREAM, IPPROTO_TCP, 0},
        {AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 0, 0},
        {AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 12, EPROTONOSUPPORT},
        {AF_NETLINK, SOCK_DGRAM, 16, EPROTONOSUPPORT},
        {AF_INET, SOCK_STREAM, 262, EPROTONOSUPPORT},
        {AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, IPPROTO_ICMP, EPROTONOSUPPORT},
        {AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW, EPERM},
        {AF_INET, SOCK_PACKET | SOCK_NONBLOCK, 0x300, EPERM},
        {AF_PACKET, SOCK_RAW, 0x300, EAFNOSUPPORT},
        {AF_VSOCK, SOCK_STREAM, 0, EAFNOSUPPORT},
        {AF_ALG, SOCK_SEQPACKET, 0, EAFNOSUPPORT},
    };
    int line = 0;
    for (const Row& row : kRows) {
      ++line;
      errno = 0;
      const int fd = ::socket(row.family, row.type, row.protocol);
      if (row.want == 0 ? fd < 0 : (fd >= 0 || errno != row.want)) return line;
      if (fd >= 0) ::close(fd);
    }
    // int arguments: what stands in the upper halves must not matter, neither to the filter nor to the kernel
    constexpr long kHigh = 0x5a5a5a5a00000000;
    if (!fails_with(EAFNOSUPPORT, SYS_socket, kHigh | AF_VSOCK, kHigh | SOCK_STREAM, kHigh)) return 50;
    if (!fails_with(EPERM, SYS_socket, kHigh | AF_INET, kHigh | SOCK_RAW, kHigh | IPPROTO_TCP)) return 51;
    if (::syscall(SYS_socket, kHigh | AF_UNIX, kHigh | SOCK_STREAM, kHigh) < 0) return 52;
    int pair[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) return 53;
    if (!fails_with(EAFNOSUPPORT, SYS_socketpair, AF_TIPC, SOCK_SEQPACKET, 0, pair)) return 54;
    const int tcp = ::socket(AF_INET, SOCK_STREAM, 0);
    const int on = 1;
    if (::setsockopt(tcp, IPPROTO_TCP, 1 /* TCP_NODELAY */, &on, sizeof on) != 0) return 55;
    return fails_with(ENOENT, SYS_setsockopt, tcp, IPPROTO_TCP, 31, "tls", 4) ? 0 : 56;
  });
}

TEST(SyscallRulesKernel, OptionsTakeEffect) {
  const SyscallOptions options{
      .affinity = Affinity::fixed, .inet_sockets = InetSockets::refused, .shared_ipc = SharedIpc::refused};
  expect_satisfied(
      [] {
        if (!fails_with(EACCES, SYS_socket, AF_INET, SOCK_STREAM, 0)) return 1;
        if (!fails_with(EACCES, SYS_socket, AF_INET6, SOCK_DGRAM, 0)) return 2;
        const int local = ::socket(AF_UNIX, SOCK_STREAM, 0);
        if (local < 0) return 3;
        ::cpu_set_t cpus;
        CPU_ZERO(&cpus);
        if (::sched_getaffinity(0, sizeof cpus, &cpus) != 0) return 4;
        if (!fails_with(EPERM, SYS_sched_setaffinity, 0, sizeof cpus, &cpus)) return 5;
        return fails_with(ENOSYS, SYS_shmget, 0, 4096, 0600) ? 0 : 6;
      },
      options);
}

TEST(SyscallRulesKernel, TheCoreLimitStays) {
  expect_satisfied([] {
    ::rlimit before{};
    if (::getrlimit(RLIMIT_CORE, &before) != 0) return 1;
    const ::rlimit other{.rlim_cur = before.rlim_cur == 0 ? before.rlim_max : 0, .rlim_max = before.rlim_max};
    if (::setrlimit(RLIMIT_CORE, &other) != 0) return 2;  // is told that it worked
#ifdef SYS_setrlimit
    if (::syscall(SYS_setrlimit, RLIMIT_CORE, &other) != 0) return 3;
#endif
    ::rlimit old{.rlim_cur = 12345, .rlim_max = 12345};
    if (!fails_with(EPERM, SYS_prlimit64, 0, RLIMIT_CORE, &other, &old)) return 4;
    ::rlimit after{};
    if (::getrlimit(RLIMIT_CORE, &after) != 0) return 5;
    if (after.rlim_cur != before.rlim_cur || after.rlim_max != before.rlim_max) return 6;
    ::rlimit files{};
    if (::getrlimit(RLIMIT_NOFILE, &files) != 0) return 7;
    files.rlim_cur -= 1;
    return ::setrlimit(RLIMIT_NOFILE, &files) == 0 ? 0 : 8;
  });
}

TEST(SyscallRulesKernel, NoFileBecomesSetUserId) {
  expect_satisfied([] {
    const int made = ::open("/tmp", O_TMPFILE | O_RDWR, 0600);
    if (made < 0) return 1;
    if (::fchmod(made, 02755) != 0) return 2;  // what a shared repository is set up with
    if (!fails_with(EPERM, SYS_fchmod, made, 04755)) return 3;
    if (!fails_with(EPERM, SYS_fchmodat, AT_FDCWD, "/", 04755)) return 4;
    if (!fails_with(EPERM, abi::kSysFchmodat2, AT_FDCWD, "/", 04755, 0)) return 5;
    if (!fails_with(EPERM, SYS_openat, AT_FDCWD, "/tmp", O_TMPFILE | O_RDWR, 04755)) return 6;
    if (!fails_with(EPERM, SYS_openat, AT_FDCWD, "/tmp/bailiwick-set-id", O_CREAT | O_RDWR, 04755)) return 7;
    if (!fails_with(EPERM, SYS_mknodat, AT_FDCWD, "/tmp/bailiwick-set-id", S_IFREG | 04755, 0)) return 8;
    struct ::open_how how{.flags = O_TMPFILE | O_RDWR, .mode = 04755, .resolve = 0};
    return fails_with(ENOSYS, SYS_openat2, AT_FDCWD, "/tmp", &how, sizeof how) ? 0 : 9;
  });
}

TEST(SyscallRulesKernel, ExecutableMemoryFilesAndPersonalities) {
  expect_satisfied([] {
    if (::syscall(SYS_memfd_create, "plain", 1U) < 0) return 1;
    if (!fails_with(EPERM, SYS_memfd_create, "code", 0x11L)) return 2;
    if (!fails_with(EPERM, SYS_memfd_create, "code", 0x11L | 1L << 40)) return 3;
    if (::personality(0xffffffff) < 0) return 4;
    if (!fails_with(EPERM, SYS_personality, long{READ_IMPLIES_EXEC})) return 5;
    if (::personality(ADDR_NO_RANDOMIZE) < 0) return 6;  // gdb
    return fails_with(EPERM, SYS_prctl, PR_SET_MM, 1 /* PR_SET_MM_START_CODE */, 0, 0, 0) ? 0 : 7;
  });
}

TEST(SyscallRulesKernel, AProcessCannotWriteAnother) {
  expect_satisfied([] {
    volatile int value = 1;
    int seen = 0;
    int evil = 2;
    const pid_t child = ::fork();
    if (child == 0) {
      ::pause();
      ::_exit(0);
    }
    ::iovec remote{.iov_base = const_cast<int*>(&value), .iov_len = sizeof value};
    ::iovec in{.iov_base = &seen, .iov_len = sizeof seen};
    ::iovec out{.iov_base = &evil, .iov_len = sizeof evil};
    int result = 0;
    if (::process_vm_readv(child, &in, 1, &remote, 1, 0) != sizeof seen || seen != 1)
      result = 1;  // gdb reads its children so
    errno = 0;
    if (::process_vm_writev(child, &out, 1, &remote, 1, 0) != -1 || errno != EPERM) result = 2;
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    return result;
  });
}

#ifdef __x86_64__
// A tracer may change number and arguments at the entry of a call; the kernel asks the filter after that.
TEST(SyscallRulesKernel, ATracerCannotSmuggleACallPastIt) {
  expect_satisfied([] {
    const pid_t child = ::fork();
    if (child == 0) {
      ::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr);
      ::raise(SIGSTOP);
      errno = 0;
      const long answer = ::syscall(SYS_getppid, -1L, 0L);
      ::_exit(answer == -1 && errno == EPERM ? 0 : 1);
    }
    int status = 0;
    if (::waitpid(child, &status, 0) != child || !WIFSTOPPED(status)) return 2;
    // Switching seccomp off for a tracee is for tracers that are under no filter themselves.
    errno = 0;
    if (::ptrace(PTRACE_SETOPTIONS, child, nullptr, 0x00200000L /* PTRACE_O_SUSPEND_SECCOMP */) != -1 || errno != EPERM)
      return 3;
    if (::ptrace(PTRACE_SETOPTIONS, child, nullptr, long{PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL}) != 0) return 4;
    bool is_changed = false;
    while (true) {
      if (::ptrace(PTRACE_SYSCALL, child, nullptr, nullptr) != 0) return 5;
      if (::waitpid(child, &status, 0) != child) return 6;
      if (WIFEXITED(status)) return is_changed ? WEXITSTATUS(status) : 7;
      ::user_regs_struct registers{};
      if (::ptrace(PTRACE_GETREGS, child, nullptr, &registers) != 0) return 8;
      if (!is_changed && registers.orig_rax == SYS_getppid) {
        registers.orig_rax = SYS_setns;
        is_changed = true;
        if (::ptrace(PTRACE_SETREGS, child, nullptr, &registers) != 0) return 9;
      }
    }
  });
}
#endif

TEST(SyscallRulesKernel, InstallingNeedsNoNewPrivileges) {
  const auto install = [] {
    const ::sock_filter allow_all[] = {{BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW}};
    errno = 0;
    return install_filter(allow_all) == -1 && errno == EACCES ? 0 : 1;
  };
  EXPECT_EQ(run(install, Caller::ordinary, Filter::absent), 0);
}

TEST(SyscallRulesKernel, InstallingRefusesWhatDoesNotFit) {
  EXPECT_EQ(install_filter({}), -1);
  EXPECT_EQ(errno, EINVAL);
  const std::vector<::sock_filter> longer(
      65536 + 1, {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW});  // cut to 16 bits it would be 1 long
  EXPECT_EQ(install_filter(longer), -1);
  EXPECT_EQ(errno, EINVAL);
}

// The kernel's own checker reads what our compiler writes when jumps are too long for one byte.
TEST(SyscallRulesKernel, ALongProgramIsAccepted) {
  std::vector<FilterRule> rules;
  rules.push_back({"pairs", 1500, 1500,
                   FilterDecision({{full_has(0, ~0ULL), FilterAction::error(EDOM)}}, FilterAction::error(ENODATA))});
  for (std::uint32_t i = 1000; i < 2000; i += 2)
    rules.push_back({"errors", i + 1, i + 1, FilterAction::error(static_cast<int>(1 + i % 500))});
  rules.push_back({"rest", 0, 999, FilterAction::allow()});
  const auto program = compile({.rules = rules, .otherwise = FilterAction::error(ENOSYS)});
  ASSERT_TRUE(program.has_value()) << program.error().message();
  ASSERT_GT(program->instructions.size(), 1000U);
  const auto body = [&] {
    if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || install_filter(program->instructions) != 0) return 1;
    if (!fails_with(EDOM, 1500L, 1L << 40) || !fails_with(ENODATA, 1500L, 0L)) return 2;
    for (long i = 1000; i < 2000; i += 2) {
      if (!fails_with(static_cast<int>(1 + i % 500), i + 1)) return 3;
      if (i != 1500 && !fails_with(ENOSYS, i)) return 4;
    }
    return 0;
  };
  EXPECT_EQ(run(body, Caller::ordinary, Filter::absent), 0);
}

}  // namespace
}  // namespace bailiwick
