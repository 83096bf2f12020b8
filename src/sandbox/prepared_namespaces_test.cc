#include "sandbox/prepared_namespaces.h"

#include <gtest/gtest.h>
#include <linux/sched.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <string>
#include <vector>

#include "base/text.h"
#include "kernel/credentials.h"
#include "kernel/forked.h"
#include "sandbox/launch.h"

namespace bailiwick {
namespace {

constexpr std::array<const char*, 6> kNames{"user", "mnt", "ipc", "uts", "net", "cgroup"};

class PreparedNamespacesTest : public testing::Test {
 protected:
  void SetUp() override {
    if (run_forked([] { return ::unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWNET) == 0 ? 0 : 1; }) != 0)
      GTEST_SKIP() << "user namespaces are refused here";
  }
  static ino_t namespace_of(const char* name) {
    struct ::stat info{};
    return ::stat((std::string("/proc/self/ns/") + name).c_str(), &info) == 0 ? info.st_ino : 0;
  }
  // As the launcher does it: another child joins.
  template <class Check>
  static int joined(const PreparedNamespaces& prepared, Check check) {
    const pid_t child = fork_with_flags(0);
    if (child == 0) ::_exit(check(prepared.join()));
    auto process = Process::adopt(child);
    if (!process) return 100;
    const auto ended = process->wait();
    return ended ? shell_exit_code(ended->wait_status) : 101;
  }
};

TEST_F(PreparedNamespacesTest, WhoJoinsHasNewOnesAndTheirCapabilities) {
  EXPECT_SATISFIED(
      [&]() -> int {
        auto prepared = PreparedNamespaces::begin(NetworkMode::off, nullptr);
        if (!prepared) return 1;
        const uid_t uid = ::geteuid();
        std::vector<ino_t> before;
        for (const char* name : kNames) before.push_back(namespace_of(name));
        return joined(*prepared, [&](PreparedState state) {
          if (state.step != LaunchStep::ready) return 2;
          for (std::size_t i = 0; i < before.size(); ++i) {
            if (namespace_of(kNames.at(i)) == before[i]) return 3;
          }
          if (::geteuid() != uid) return 4;
          if (read_number("/proc/sys/user/max_user_namespaces", 9) != 0) return 5;
          return ::sethostname("inside", 6) == 0 ? 0 : 6;
        });
      },
      "");
}

TEST_F(PreparedNamespacesTest, TheHostsNetworkIsKeptWhereThePlanKeepsIt) {
  EXPECT_SATISFIED(
      [&]() -> int {
        auto prepared = PreparedNamespaces::begin(NetworkMode::host, nullptr);
        if (!prepared || prepared->network() != NetworkMode::host) return 1;
        const ino_t before = namespace_of("net");
        return joined(*prepared, [&](PreparedState state) {
          return state.step == LaunchStep::ready && namespace_of("net") == before ? 0 : 2;
        });
      },
      "");
}

// Nothing of the sandbox runs beside a process that could be looked into.
TEST_F(PreparedNamespacesTest, ThePreparerIsGoneAfterwards) {
  EXPECT_SATISFIED(
      [&]() -> int {
        auto prepared = PreparedNamespaces::begin(NetworkMode::off, nullptr);
        if (!prepared) return 1;
        ::pollfd preparer{};
        preparer.fd = prepared->pidfd();
        preparer.events = POLLIN;
        if (::poll(&preparer, 1, 0) != 0) return 2;
        if (joined(*prepared, [](PreparedState state) { return state.step == LaunchStep::ready ? 0 : 1; }) != 0)
          return 3;
        return ::poll(&preparer, 1, 20'000) == 1 ? 0 : 4;
      },
      "");
}

TEST_F(PreparedNamespacesTest, APreparerThatDiedIsAFailedStep) {
  EXPECT_SATISFIED(
      [&]() -> int {
        auto prepared = PreparedNamespaces::begin(NetworkMode::off, nullptr);
        if (!prepared) return 1;
        if (::syscall(SYS_pidfd_send_signal, prepared->pidfd(), SIGKILL, nullptr, 0) != 0) return 2;
        ::pollfd preparer{};
        preparer.fd = prepared->pidfd();
        preparer.events = POLLIN;
        if (::poll(&preparer, 1, 20'000) != 1) return 3;
        // It may have said that all is ready: then there is nobody left whose namespaces could be joined.
        return joined(*prepared, [](PreparedState state) {
          return state.step == LaunchStep::namespaces && state.os_errno != 0 ? 0 : 4;
        });
      },
      "");
}

}  // namespace
}  // namespace bailiwick
