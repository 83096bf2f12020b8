#include "sandbox/syscall_rules.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/netlink.h>
#include <linux/sched.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <random>
#include <string>

#include "base/golden.h"
#include "kernel/abi/syscalls.h"

namespace bailiwick {
namespace {

constexpr FilterAction kAllow = FilterAction::allow();
constexpr FilterAction kRefuse = FilterAction::error(EPERM);
constexpr FilterAction kAbsent = FilterAction::error(ENOSYS);
constexpr FilterAction kPretend = FilterAction::error(0);

constexpr SyscallOptions kDefault{};
constexpr SyscallOptions kFixed{.affinity = Affinity::fixed};
constexpr SyscallOptions kLandlockBackend{.inet_sockets = InetSockets::refused, .shared_ipc = SharedIpc::refused};

using Arguments = std::array<std::uint64_t, 6>;

::seccomp_data call_of(std::uint32_t number, Arguments arguments = {}, std::uint32_t arch = kNativeArch) {
  ::seccomp_data call{};
  call.nr = static_cast<int>(number);
  call.arch = arch;
  std::ranges::copy(arguments, call.args);
  return call;
}

FilterProgram program_of(const SyscallOptions& options) {
  auto program = compile(syscall_rules(options));
  EXPECT_TRUE(program.has_value()) << program.error().message();
  return program ? *std::move(program) : FilterProgram{};
}

// The kernel's answer under `options`, by the compiled program.
std::uint32_t answer(std::uint32_t number, Arguments arguments = {}, const SyscallOptions& options = kDefault) {
  return emulate(program_of(options), call_of(number, arguments));
}

constexpr std::uint64_t kHigh = 0xdeadbeef00000000;  // what the kernel ignores in an int

TEST(SyscallRules, NamedCallsAreAnsweredAsTheTableSays) {
  struct Row {
    const char* name;
    std::uint32_t number;
    FilterAction want;
  };
  const Row rows[] = {
      {"read", SYS_read, kAllow},
      {"execve", SYS_execve, kAllow},
      {"ptrace", SYS_ptrace, kAllow},
      {"process_vm_readv", SYS_process_vm_readv, kAllow},
      {"seccomp", SYS_seccomp, kAllow},
      {"restart_syscall", SYS_restart_syscall, kAllow},
      {"rt_sigreturn", SYS_rt_sigreturn, kAllow},
      {"sched_setaffinity", SYS_sched_setaffinity, kAllow},
      {"shmget", SYS_shmget, kAllow},
      {"landlock_restrict_self", SYS_landlock_restrict_self, kAllow},
      {"openat2", SYS_openat2, kAbsent},
      {"statmount", 457, kAllow},
      {"file_setattr", 469, kAllow},
      {"mount", SYS_mount, kRefuse},
      {"open_tree_attr", abi::kSysOpenTreeAttr, kRefuse},
      {"bpf", SYS_bpf, kRefuse},
      {"process_vm_writev", SYS_process_vm_writev, kRefuse},
      {"pidfd_getfd", abi::kSysPidfdGetfd, kRefuse},
      {"keyctl", SYS_keyctl, kRefuse},
      {"open_by_handle_at", SYS_open_by_handle_at, kRefuse},
      {"io_uring_setup", abi::kSysIoUringSetup, kAbsent},
      {"io_uring_enter", abi::kSysIoUringEnter, kAbsent},
      {"io_uring_register", abi::kSysIoUringRegister, kAbsent},
      {"clone3", abi::kSysClone3, kAbsent},
      {"io_setup", SYS_io_setup, kAbsent},
      {"a number between the two blocks", 400, kAbsent},
      {"a call newer than the table", abi::kLastSharedSyscall + 1, kAbsent},
      {"nothing", 1023, kAbsent},
  };
  for (const Row& row : rows) EXPECT_EQ(answer(row.number), encode(row.want)) << row.name;
}

TEST(SyscallRules, NoOtherNumberReachesADeniedCall) {
  for (const SyscallOptions& options : {kDefault, kFixed, kLandlockBackend}) {
    const FilterProgram program = program_of(options);
    for (std::uint32_t number = 0; number <= 600; ++number) {
      for (const std::uint32_t bits : {0x40000000U, 0x80000000U, 0xc0000000U, 0x00010000U}) {
        EXPECT_EQ(emulate(program, call_of(number | bits)), encode(kAbsent)) << number << " with " << bits;
      }
      for (const std::uint32_t arch :
           {0x40000003U /* i386: int 0x80 */, 0x00000003U, kNativeArch ^ 0x80000000U, 0U, 0xffffffffU}) {
        EXPECT_EQ(emulate(program, call_of(number, {}, arch)), SECCOMP_RET_KILL_PROCESS) << number << " of " << arch;
      }
    }
    EXPECT_EQ(emulate(program, call_of(0xffffffff)), encode(kAbsent));  // syscall(-1): how a tracer cancels a call
  }
}

// Every number, with arguments near the values that the rules know.
TEST(SyscallRules, TheProgramMeansTheTable) {
  constexpr std::uint64_t kValues[] = {0,       1,          2,          3,          4,          6,       8,
                                       10,      16,         17,         31,         35,         0x40,    0x400000,
                                       262,     0x80,       0x5412,     0x541c,     0x541d,     0x5423,  0x20000,
                                       0x40000, 0x60008,    0x10000000, 0x40000000, 0x7e020080, 0x80000, 0x80001,
                                       0x800,   0xffffffff, kHigh,      1ULL << 32, 1ULL << 63, ~0ULL};
  std::mt19937_64 random(2);
  for (const SyscallOptions& options : {kDefault, kFixed, kLandlockBackend}) {
    const FilterSpec spec = syscall_rules(options);
    const FilterProgram program = program_of(options);
    const auto check = [&](const ::seccomp_data& call) {
      ASSERT_EQ(emulate(program, call), encode(evaluate(spec, call)))
          << static_cast<std::uint32_t>(call.nr) << '(' << std::hex << call.args[0] << ", " << call.args[1] << ", "
          << call.args[2] << ", " << call.args[3] << ')';
    };
    for (std::uint32_t number = 0; number <= 600; ++number) {
      for (int i = 0; i < 400; ++i) {
        Arguments arguments;
        for (std::uint64_t& each : arguments)
          each = kValues[random() % std::size(kValues)] | (random() % 4 == 0 ? kHigh : 0);
        check(call_of(number, arguments));
        if (HasFatalFailure()) return;
      }
    }
  }
}

struct SocketRow {
  const char* name;
  std::uint64_t family;
  std::uint64_t type;
  std::uint64_t protocol;
  int want;  // errno; -1 for allowed
};
void check_sockets(const std::vector<SocketRow>& rows, const SyscallOptions& options, std::uint32_t number) {
  for (const SocketRow& row : rows) {
    const FilterAction want = row.want < 0 ? kAllow : FilterAction::error(row.want);
    for (const std::uint64_t high : {std::uint64_t{0}, kHigh}) {
      for (const int flags : {0, int{SOCK_CLOEXEC}, int{SOCK_NONBLOCK}, SOCK_CLOEXEC | SOCK_NONBLOCK}) {
        EXPECT_EQ(
            answer(number, {row.family | high, row.type | static_cast<unsigned>(flags) | high, row.protocol | high},
                   options),
            encode(want))
            << row.name << " flags " << flags;
      }
    }
  }
}

TEST(SyscallRules, SocketsAreAnAllowlist) {
  check_sockets(
      {
          {"unix stream", AF_UNIX, SOCK_STREAM, 0, -1},
          {"unix datagram", AF_UNIX, SOCK_DGRAM, 0, -1},
          {"unix packets", AF_UNIX, SOCK_SEQPACKET, 0, -1},
          {"tcp", AF_INET, SOCK_STREAM, 0, -1},
          {"tcp by name", AF_INET, SOCK_STREAM, IPPROTO_TCP, -1},
          {"tcp 6", AF_INET6, SOCK_STREAM, IPPROTO_TCP, -1},
          {"udp", AF_INET, SOCK_DGRAM, 0, -1},
          {"udp by name", AF_INET6, SOCK_DGRAM, IPPROTO_UDP, -1},
          {"mptcp", AF_INET, SOCK_STREAM, 262, EPROTONOSUPPORT},
          {"mptcp 6", AF_INET6, SOCK_STREAM, 262, EPROTONOSUPPORT},
          {"sctp", AF_INET, SOCK_STREAM, IPPROTO_SCTP, EPROTONOSUPPORT},
          {"smc by protocol", AF_INET, SOCK_STREAM, 256, EPROTONOSUPPORT},
          {"udp as stream", AF_INET, SOCK_STREAM, IPPROTO_UDP, EPROTONOSUPPORT},
          {"udp lite", AF_INET, SOCK_DGRAM, IPPROTO_UDPLITE, EPROTONOSUPPORT},
          {"ping", AF_INET, SOCK_DGRAM, IPPROTO_ICMP, EPROTONOSUPPORT},
          {"ping 6", AF_INET6, SOCK_DGRAM, IPPROTO_ICMPV6, EPROTONOSUPPORT},
          {"raw", AF_INET, SOCK_RAW, IPPROTO_RAW, EPERM},
          {"raw tcp", AF_INET, SOCK_RAW, IPPROTO_TCP, EPERM},
          {"raw 6", AF_INET6, SOCK_RAW, IPPROTO_ICMPV6, EPERM},
          {"packet socket by the old type", AF_INET, SOCK_PACKET, 0x300, EPERM},
          {"sctp packets", AF_INET, SOCK_SEQPACKET, IPPROTO_SCTP, EPERM},
          {"dccp", AF_INET, SOCK_DCCP, 33, EPERM},
          {"netlink route", AF_NETLINK, SOCK_RAW, NETLINK_ROUTE, -1},
          {"netlink netfilter", AF_NETLINK, SOCK_RAW, NETLINK_NETFILTER, EPROTONOSUPPORT},
          {"netlink xfrm", AF_NETLINK, SOCK_RAW, NETLINK_XFRM, EPROTONOSUPPORT},
          {"netlink generic", AF_NETLINK, SOCK_DGRAM, NETLINK_GENERIC, EPROTONOSUPPORT},
          {"netlink connector", AF_NETLINK, SOCK_DGRAM, NETLINK_CONNECTOR, EPROTONOSUPPORT},
          {"netlink audit", AF_NETLINK, SOCK_RAW, NETLINK_AUDIT, EPROTONOSUPPORT},
          {"unspecified", AF_UNSPEC, SOCK_STREAM, 0, EAFNOSUPPORT},
          {"packet", AF_PACKET, SOCK_RAW, 0x300, EAFNOSUPPORT},
          {"vsock", AF_VSOCK, SOCK_STREAM, 0, EAFNOSUPPORT},
          {"alg", AF_ALG, SOCK_SEQPACKET, 0, EAFNOSUPPORT},
          {"key", AF_KEY, SOCK_RAW, 2, EAFNOSUPPORT},
          {"bluetooth", AF_BLUETOOTH, SOCK_RAW, 1, EAFNOSUPPORT},
          {"tipc", AF_TIPC, SOCK_STREAM, 0, EAFNOSUPPORT},
          {"smc", 43, SOCK_STREAM, 0, EAFNOSUPPORT},
          {"xdp", 44, SOCK_RAW, 0, EAFNOSUPPORT},
          {"kcm", AF_KCM, SOCK_DGRAM, 0, EAFNOSUPPORT},
          {"can", AF_CAN, SOCK_RAW, 1, EAFNOSUPPORT},
          {"a family that does not exist yet", 60, SOCK_STREAM, 0, EAFNOSUPPORT},
      },
      kDefault, SYS_socket);
}

TEST(SyscallRules, WithoutANetworkNamespaceInternetSocketsAreRefused) {
  check_sockets({{"unix", AF_UNIX, SOCK_STREAM, 0, -1},
                 {"tcp", AF_INET, SOCK_STREAM, 0, EACCES},
                 {"tcp 6", AF_INET6, SOCK_STREAM, IPPROTO_TCP, EACCES},
                 {"udp", AF_INET, SOCK_DGRAM, IPPROTO_UDP, EACCES},
                 {"raw", AF_INET, SOCK_RAW, IPPROTO_RAW, EACCES},
                 {"vsock", AF_VSOCK, SOCK_STREAM, 0, EAFNOSUPPORT}},
                kLandlockBackend, SYS_socket);
}

TEST(SyscallRules, SocketPairsAreUnix) {
  check_sockets({{"unix", AF_UNIX, SOCK_STREAM, 0, -1},
                 {"unix packets", AF_UNIX, SOCK_SEQPACKET, 0, -1},
                 {"tipc", AF_TIPC, SOCK_SEQPACKET, 0, EAFNOSUPPORT},
                 {"inet", AF_INET, SOCK_STREAM, 0, EAFNOSUPPORT}},
                kDefault, SYS_socketpair);
}

TEST(SyscallRules, ArgumentsDecide) {
  struct Row {
    const char* name;
    std::uint32_t number;
    Arguments arguments;
    FilterAction want;
  };
  const std::uint64_t threads = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM |
                                CLONE_SETTLS | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID;
  const Row rows[] = {
      {"fork by clone", SYS_clone, {17 | CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID}, kAllow},
      {"vfork by clone", SYS_clone, {17 | CLONE_VM | CLONE_VFORK}, kAllow},
      {"thread", SYS_clone, {threads}, kAllow},
      {"io context and a sign-extended int", SYS_clone, {0xffffffff80000000 | threads}, kAllow},
      {"pidfd", SYS_clone, {17 | CLONE_PIDFD}, kAllow},
      {"ptrace flag", SYS_clone, {17 | CLONE_PTRACE}, kAllow},
      {"new user", SYS_clone, {17 | CLONE_NEWUSER}, kRefuse},
      {"new user, upper half set", SYS_clone, {17 | CLONE_NEWUSER | kHigh}, kRefuse},
      {"flag in another argument", SYS_clone, {17, CLONE_NEWUSER, CLONE_NEWUSER, CLONE_NEWUSER}, kAllow},
      {"unshare files", SYS_unshare, {CLONE_FS | CLONE_FILES}, kAllow},
      {"unshare nothing", SYS_unshare, {0}, kAllow},
      {"unshare user", SYS_unshare, {CLONE_NEWUSER}, kRefuse},
      {"unshare time", SYS_unshare, {0x80}, kRefuse},
      {"unshare a bit of another meaning", SYS_unshare, {CLONE_PARENT_SETTID}, kRefuse},
      {"unshare upper half", SYS_unshare, {1ULL << 37}, kRefuse},
      {"window size", SYS_ioctl, {0, TIOCGWINSZ}, kAllow},
      {"TIOCSTI", SYS_ioctl, {0, TIOCSTI}, kRefuse},
      {"TIOCSTI, upper half set", SYS_ioctl, {0, TIOCSTI | kHigh}, kRefuse},
      {"TIOCSTI, one upper bit", SYS_ioctl, {0, TIOCSTI | 1ULL << 32}, kRefuse},
      {"TIOCLINUX, upper half set", SYS_ioctl, {0, TIOCLINUX | kHigh}, kRefuse},
      {"TIOCCONS", SYS_ioctl, {0, TIOCCONS}, kRefuse},
      {"TIOCSETD", SYS_ioctl, {0, TIOCSETD}, kRefuse},
      {"TIOCGETD", SYS_ioctl, {0, TIOCGETD}, kAllow},
      {"TIOCSTI as the descriptor", SYS_ioctl, {TIOCSTI, TIOCGWINSZ}, kAllow},
      {"memfd", SYS_memfd_create, {0, 1}, kAllow},
      {"memfd, sealable", SYS_memfd_create, {0, 2 | 8}, kAllow},
      {"memfd, executable", SYS_memfd_create, {0, 1 | 0x10}, kRefuse},
      {"memfd, executable, upper half set", SYS_memfd_create, {0, 0x10 | kHigh}, kRefuse},
      {"a file's mode", SYS_fchmod, {3, 02775}, kAllow},
      {"set-user-ID", SYS_fchmod, {3, 04755}, kRefuse},
      {"set-user-ID, upper half set", SYS_fchmod, {3, 04000 | kHigh}, kRefuse},
      {"set-user-ID by name", SYS_fchmodat, {kHigh, 0, 04755}, kRefuse},
      {"set-user-ID by name, with flags", abi::kSysFchmodat2, {kHigh, 0, 06755}, kRefuse},
      {"set-user-ID from the start", SYS_openat, {0, 0, O_CREAT | O_WRONLY, 04755}, kRefuse},
      {"set-user-ID and no name yet", SYS_openat, {0, 0, O_TMPFILE | O_WRONLY, 04755}, kRefuse},
      {"a new file", SYS_openat, {0, 0, O_CREAT | O_WRONLY, 0644}, kAllow},
      {"a directory; the mode is not read", SYS_openat, {0, 0, O_DIRECTORY, ~0ULL}, kAllow},
      {"a set-user-ID node", SYS_mknodat, {0, 0, 0104755, 0}, kRefuse},
      {"personality 0", SYS_personality, {0}, kAllow},
      {"personality, query", SYS_personality, {0xffffffff}, kAllow},
      {"personality, query as long", SYS_personality, {~0ULL}, kAllow},
      {"personality of gdb", SYS_personality, {0x0040000}, kAllow},
      {"personality of setarch", SYS_personality, {0x0008}, kAllow},
      {"personality of all three", SYS_personality, {0x0060008}, kAllow},
      {"personality READ_IMPLIES_EXEC", SYS_personality, {0x0400000}, kRefuse},
      {"personality READ_IMPLIES_EXEC and allowed ones", SYS_personality, {0x0440000 | kHigh}, kRefuse},
      {"personality MMAP_PAGE_ZERO", SYS_personality, {0x0100000}, kRefuse},
      {"personality ADDR_COMPAT_LAYOUT", SYS_personality, {0x0200000}, kRefuse},
      {"personality SVR4", SYS_personality, {1}, kRefuse},
      {"core limit, query", SYS_prlimit64, {0, RLIMIT_CORE, 0, 0x7000}, kAllow},
      {"core limit, set", SYS_prlimit64, {0, RLIMIT_CORE, 0x7000, 0}, kPretend},
      {"core limit, set from a high address", SYS_prlimit64, {0, RLIMIT_CORE, 0x700000000000, 0}, kPretend},
      {"core limit, set, upper half of the resource", SYS_prlimit64, {0, RLIMIT_CORE | kHigh, 0x7000, 0}, kPretend},
      {"core limit, set and get", SYS_prlimit64, {0, RLIMIT_CORE, 0x7000, 0x8000}, kRefuse},
      {"core limit, set and get at a high address", SYS_prlimit64, {0, RLIMIT_CORE, 0x7000, 1ULL << 32}, kRefuse},
      {"file limit, set", SYS_prlimit64, {0, RLIMIT_NOFILE, 0x7000, 0}, kAllow},
      {"core limit, old call", SYS_setrlimit, {RLIMIT_CORE, 0x7000}, kPretend},
      {"core limit, old call, upper half", SYS_setrlimit, {RLIMIT_CORE | kHigh, 0x7000}, kPretend},
      {"stack limit, old call", SYS_setrlimit, {RLIMIT_STACK, 0x7000}, kAllow},
      {"name of a thread", SYS_prctl, {PR_SET_NAME, 0x7000}, kAllow},
      {"shape of the address space", SYS_prctl, {PR_SET_MM, 1}, kRefuse},
      {"shape of the address space, upper half", SYS_prctl, {PR_SET_MM | kHigh, 1}, kRefuse},
      {"TCP_NODELAY", SYS_setsockopt, {3, IPPROTO_TCP, 1}, kAllow},
      {"option 31 of another level", SYS_setsockopt, {3, SOL_SOCKET, 31}, kAllow},
      {"TCP_ULP", SYS_setsockopt, {3, IPPROTO_TCP, 31}, FilterAction::error(ENOENT)},
      {"TCP_ULP, upper halves", SYS_setsockopt, {3, IPPROTO_TCP | kHigh, 31 | kHigh}, FilterAction::error(ENOENT)},
  };
  for (const Row& row : rows) EXPECT_EQ(answer(row.number, row.arguments), encode(row.want)) << row.name;
}

TEST(SyscallRules, EachNamespaceFlagAloneIsRefused) {
  for (const std::uint64_t flag : {CLONE_NEWNS, CLONE_NEWCGROUP, CLONE_NEWUTS, CLONE_NEWIPC, CLONE_NEWUSER,
                                   CLONE_NEWPID, CLONE_NEWNET, CLONE_NEWTIME}) {
    for (const std::uint32_t number : {SYS_clone, SYS_unshare}) {
      EXPECT_EQ(answer(number, {flag}), encode(kRefuse)) << flag;
      EXPECT_EQ(answer(number, {flag | CLONE_FS}), encode(kRefuse)) << flag;
    }
  }
}

TEST(SyscallRules, OptionsChangeWhatTheyNameOnly) {
  EXPECT_EQ(answer(SYS_sched_setaffinity, {}, kFixed), encode(kRefuse));
  EXPECT_EQ(answer(SYS_sched_getaffinity, {}, kFixed), encode(kAllow));
  for (const std::uint32_t number :
       {SYS_shmget, SYS_shmat, SYS_shmctl, SYS_semget, SYS_semop, SYS_semtimedop, SYS_semctl, SYS_msgget, SYS_msgsnd,
        SYS_msgrcv, SYS_msgctl, SYS_mq_open, SYS_mq_unlink}) {
    EXPECT_EQ(answer(number, {}, kLandlockBackend), encode(kAbsent)) << number;
    EXPECT_EQ(answer(number), encode(kAllow)) << number;
  }
  const FilterProgram standard = program_of(kDefault);
  const FilterProgram fixed = program_of(kFixed);
  for (std::uint32_t number = 0; number <= 600; ++number) {
    if (number == SYS_sched_setaffinity) continue;
    EXPECT_EQ(emulate(fixed, call_of(number, {1, 1, 1, 1})), emulate(standard, call_of(number, {1, 1, 1, 1})))
        << number;
  }
}

// The kernel checks and emulates every instruction at each start of a session.
TEST(SyscallRules, TheProgramIsShort) {
  for (const SyscallOptions& options : {kDefault, kFixed, kLandlockBackend})
    EXPECT_LT(program_of(options).instructions.size(), 180U);
}

#ifdef __x86_64__
void check_listing(const char* name, const SyscallOptions& options) {
  const std::string got = describe(syscall_rules(options)) + "\n" + listing(program_of(options));
  check_golden(std::string(TEST_SOURCE_DIR "/testdata/syscall_rules_") + name + ".txt", got);
}
TEST(SyscallRulesListing, Default) { check_listing("default", kDefault); }
TEST(SyscallRulesListing, FixedAffinity) { check_listing("fixed_affinity", kFixed); }
TEST(SyscallRulesListing, LandlockBackend) { check_listing("landlock_backend", kLandlockBackend); }
#endif

}  // namespace
}  // namespace bailiwick
