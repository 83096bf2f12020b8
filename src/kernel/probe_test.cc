#include <gmock/gmock.h>
#include <grp.h>
#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <functional>
#include <string>

#include "kernel/credentials.h"
#include "kernel/host_features.h"
#include "kernel/probe_try.h"

namespace bailiwick {
namespace {

using testing::HasSubstr;

// What cannot be undone happens in a process of its own; a false expectation there is printed and ends it with 1.
void expect_in_child(const std::function<bool()>& body) {
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) ::_exit(body() ? 0 : 1);
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status)) << "ended by signal " << WTERMSIG(status);
  EXPECT_EQ(WEXITSTATUS(status), 0);
}
bool holds(bool claim, const std::string& what) {
  if (!claim) std::fprintf(stderr, "does not hold: %s\n", what.c_str());
  return claim;
}
#define HOLDS(claim) \
  if (!holds(claim, #claim)) return false

bool become_ordinary_user() {
  if (::geteuid() != 0) return true;
  constexpr unsigned kNobody = 65534;
  if (::setgroups(0, nullptr) != 0 || ::setresgid(kNobody, kNobody, kNobody) != 0 ||
      ::setresuid(kNobody, kNobody, kNobody) != 0)
    return false;
  return ::prctl(PR_SET_DUMPABLE, 1) == 0;  // changing ids has made /proc/self root's
}

bool found_all(const HostFeatures& host) {
  HOLDS(host.has_user_namespaces);
  HOLDS(host.user_namespaces_problem.empty());
  HOLDS(host.refused_namespaces.empty());
  HOLDS(host.has_fresh_proc);
  HOLDS(host.has_tmpfs);
  HOLDS(host.has_devpts);
  HOLDS(host.has_overlayfs);
  HOLDS(host.has_mount_setattr);
  HOLDS(host.landlock_abi >= 2);
  HOLDS(host.has_seccomp_filter);
  HOLDS(host.has_seccomp_notify);
  HOLDS(host.has_pidfd);
  HOLDS(host.has_process_vm);
  return true;
}

struct ExplainCase {
  const char* name;
  UserNamespaceFacts facts;
  const char* wanted;
};
class Explain : public testing::TestWithParam<ExplainCase> {};
TEST_P(Explain, SaysWhatToChange) {
  const std::string text = explain_user_namespaces(GetParam().facts);
  EXPECT_THAT(text, HasSubstr(GetParam().wanted));
  EXPECT_FALSE(text.ends_with('.'));
}
using Step = UserNamespaceFacts::Step;
INSTANTIATE_TEST_SUITE_P(
    Probe, Explain,
    testing::Values(
        ExplainCase{"Limit0", {.os_errno = ENOSPC, .max_user_namespaces = 0}, "user.max_user_namespaces = 0"},
        ExplainCase{"LimitUsedUp", {.os_errno = ENOSPC, .max_user_namespaces = 5}, "used up"},
        ExplainCase{"DebianSysctl",
                    {.os_errno = EPERM, .unprivileged_userns_clone = 0, .max_user_namespaces = 9},
                    "unprivileged_userns_clone"},
        ExplainCase{"DebianSysctlDoesNotBindRoot",
                    {.os_errno = EPERM, .unprivileged_userns_clone = 0, .seccomp_mode = 2, .is_root = true},
                    "seccomp filter"},
        ExplainCase{"UbuntuAppArmor",
                    {.step = Step::write_maps, .os_errno = EPERM, .apparmor_restricts = 1},
                    "AppArmor profile"},
        ExplainCase{"UbuntuAppArmorAtUnshare", {.os_errno = EACCES, .apparmor_restricts = 1}, "AppArmor profile"},
        ExplainCase{"AppArmorOff",
                    {.step = Step::write_maps, .os_errno = EPERM, .apparmor_restricts = 0},
                    "id maps cannot be written"},
        ExplainCase{"Docker", {.os_errno = EPERM, .max_user_namespaces = 9, .seccomp_mode = 2}, "container's profile"},
        ExplainCase{"Chroot", {.os_errno = EPERM, .max_user_namespaces = 9}, "chroot"},
        ExplainCase{"NotBuilt", {.os_errno = EINVAL}, "CONFIG_USER_NS"},
        ExplainCase{"Hung", {.step = Step::hung}, "did not answer"}, ExplainCase{"Odd", {.os_errno = EIO}, "dmesg"}),
    [](const auto& row) { return row.param.name; });

TEST(Probe, QuickReadsThisMachine) {
  const HostFeatures host = probe(ProbeDepth::quick);
  EXPECT_GE(host.kernel_major, 5U);
  EXPECT_THAT(host.kernel_release,
              HasSubstr(std::to_string(host.kernel_major) + "." + std::to_string(host.kernel_minor)));
  EXPECT_FALSE(host.machine.empty());
  EXPECT_GT(host.memory_bytes, 64ULL << 20);
  EXPECT_EQ(host.cpus, static_cast<unsigned>(::sysconf(_SC_NPROCESSORS_ONLN)));
  EXPECT_EQ(host.cgroup_parent.empty(), host.cgroup_controllers.empty());
  // One of the two is always said: where memory is held, or why it is not.
  const bool holds_memory = testing::Value(host.cgroup_controllers, testing::Contains("memory"));
  EXPECT_NE(holds_memory, !host.cgroup_problem.empty());
}

TEST(Probe, QuickCountsTheCpusOfTheAffinityMask) {
  expect_in_child([] {
    ::cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(0, &one);
    HOLDS(::sched_setaffinity(0, sizeof one, &one) == 0);
    HOLDS(probe(ProbeDepth::quick).cpus == 1);
    return true;
  });
}

TEST(Probe, FullFindsEverythingHere) {
  expect_in_child([] { return found_all(probe(ProbeDepth::full)); });
}

TEST(Probe, FullFindsEverythingAsAnOrdinaryUser) {
  expect_in_child([] {
    HOLDS(become_ordinary_user());
    return found_all(probe(ProbeDepth::full));
  });
}

TEST(Probe, FullLeavesNoTraceOnTheHost) {
  const auto pid_max = read_number("/proc/sys/kernel/pid_max", 0);
  static_cast<void>(probe(ProbeDepth::full));
  EXPECT_EQ(read_number("/proc/sys/kernel/pid_max", 0), pid_max);
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1) << "a child was left";
  EXPECT_EQ(errno, ECHILD);
}

TEST(Probe, SaysWhenTheLimitOfUserNamespacesIsZero) {
  expect_in_child([] {
    const uid_t uid = ::geteuid();
    const gid_t gid = ::getegid();
    HOLDS(::unshare(CLONE_NEWUSER) == 0);
    HOLDS(write_identity_maps(uid, gid) == 0);
    HOLDS(write_number("/proc/sys/user/max_user_namespaces", 0) == 0);
    const HostFeatures host = probe(ProbeDepth::full);
    HOLDS(!host.has_user_namespaces);
    HOLDS(host.user_namespaces_problem.find("user.max_user_namespaces = 0") != std::string::npos);
    HOLDS(host.refused_namespaces.size() == 6);
    HOLDS(!host.has_fresh_proc);
    HOLDS(!host.has_pid_max_namespaced);
    HOLDS(host.has_seccomp_notify);
    HOLDS(host.landlock_abi >= 2);
    return true;
  });
}

TEST(Probe, SaysWhenAFilterRefusesUserNamespaces) {
  expect_in_child([] {
    std::array<::sock_filter, 4> program{{
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(::seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_unshare, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    }};
    const ::sock_fprog filter{.len = program.size(), .filter = program.data()};
    HOLDS(set_no_new_privileges() == 0);
    HOLDS(::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0);
    const HostFeatures host = probe(ProbeDepth::full);
    HOLDS(!host.has_user_namespaces);
    HOLDS(host.user_namespaces_problem.find("seccomp filter") != std::string::npos);
    return true;
  });
}

TEST(Probe, SaysWhenProcIsMasked) {
  expect_in_child([] {
    const uid_t uid = ::geteuid();
    const gid_t gid = ::getegid();
    // What a container does: something mounted below /proc, in a namespace whose mounts its children may not uncover.
    HOLDS(::unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0);
    HOLDS(write_identity_maps(uid, gid) == 0);
    HOLDS(::mount("/dev/null", "/proc/cpuinfo", nullptr, MS_BIND, nullptr) == 0);
    const HostFeatures host = probe(ProbeDepth::full);
    HOLDS(host.has_user_namespaces);
    HOLDS(host.refused_namespaces.empty());
    HOLDS(!host.has_fresh_proc);
    HOLDS(host.has_tmpfs);
    return true;
  });
}

TEST(Try, AHangIsANo) {
  const TryResult result = try_in_child(
      [] {
        if (::fork() == 0) {
          while (true) ::pause();
        }
        while (true) ::pause();
        return TryResult{.has_worked = true};
      },
      std::chrono::milliseconds(50));
  EXPECT_TRUE(result.has_hung);
  EXPECT_FALSE(result.has_worked);
}

TEST(Try, ADeathIsANo) {
  const TryResult result = try_in_child(
      [] {
        ::signal(SIGTERM, SIG_DFL);
        ::raise(SIGTERM);
        return TryResult{.has_worked = true};
      },
      std::chrono::milliseconds(5000));
  EXPECT_TRUE(result.has_hung);
  EXPECT_FALSE(result.has_worked);
}

TEST(Try, RunsNoExitHandlerOfTheParent) {
  expect_in_child([] {
    static int pipe_ends[2];
    HOLDS(::pipe(pipe_ends) == 0);
    ::atexit([] { static_cast<void>(!::write(pipe_ends[1], "x", 1)); });
    static_cast<void>(try_in_child([] { return TryResult{.has_worked = true}; }, std::chrono::milliseconds(5000)));
    ::close(pipe_ends[1]);
    char byte = 0;
    HOLDS(::read(pipe_ends[0], &byte, 1) == 0);
    return true;
  });
}

}  // namespace
}  // namespace bailiwick
