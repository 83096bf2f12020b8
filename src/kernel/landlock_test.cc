#include "kernel/landlock.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "kernel/abi/landlock.h"
#include "kernel/credentials.h"
#include "kernel/forked.h"

namespace bailiwick {
namespace {

using namespace abi;

constexpr std::uint64_t kFirst = (1ULL << 13) - 1;  // all rights of ABI 1

struct HandledCase {
  int abi;
  std::uint64_t filesystem;
  std::uint64_t network;  // where TCP is to be refused
  std::uint64_t scoped;
};
TEST(Landlock, HandlesAllThatAnAbiCan) {
  for (const HandledCase& one : {HandledCase{0, 0, 0, 0},
                                 {1, kFirst, 0, 0},
                                 {2, kFirst | kFsRefer, 0, 0},
                                 {3, kFirst | kFsRefer | kFsTruncate, 0, 0},
                                 {4, kFirst | kFsRefer | kFsTruncate, kNetBindTcp | kNetConnectTcp, 0},
                                 {5, kFirst | kFsRefer | kFsTruncate | kFsIoctlDev, kNetBindTcp | kNetConnectTcp, 0},
                                 {6, kFirst | kFsRefer | kFsTruncate | kFsIoctlDev, kNetBindTcp | kNetConnectTcp,
                                  kScopeAbstractUnixSocket | kScopeSignal},
                                 {7, kFirst | kFsRefer | kFsTruncate | kFsIoctlDev, kNetBindTcp | kNetConnectTcp,
                                  kScopeAbstractUnixSocket | kScopeSignal}}) {
    const LandlockHandled refused = landlock_handled(one.abi, TcpRule::refused, ReadRule::checked);
    EXPECT_EQ(refused.filesystem, one.filesystem) << one.abi;
    EXPECT_EQ(refused.network, one.network) << one.abi;
    EXPECT_EQ(refused.scoped, one.scoped) << one.abi;
    EXPECT_EQ(landlock_handled(one.abi, TcpRule::unrestricted, ReadRule::checked).network, 0U) << one.abi;
  }
}

TEST(Landlock, RightsAreOfThoseThatAreHandled) {
  for (int abi = 1; abi <= 7; ++abi) {
    const LandlockHandled handled = landlock_handled(abi, TcpRule::unrestricted, ReadRule::checked);
    for (const TreeAccess access :
         {TreeAccess::read, TreeAccess::write, TreeAccess::device, TreeAccess::read_file, TreeAccess::write_file}) {
      for (const bool is_directory : {false, true}) {
        const std::uint64_t rights = landlock_rights(access, handled, is_directory);
        EXPECT_EQ(rights & ~handled.filesystem, 0U);
        EXPECT_NE(rights & kFsReadFile, 0U);
        EXPECT_EQ(rights & (kFsMakeChar | kFsMakeBlock), 0U) << "nobody makes device nodes";
        // the kernel refuses a rule with a directory's rights on a file
        if (!is_directory) {
          EXPECT_EQ(rights & ~(kFsExecute | kFsWriteFile | kFsReadFile | kFsTruncate | kFsIoctlDev), 0U);
        }
      }
    }
    constexpr std::uint64_t kChanges = kFsWriteFile | kFsRemoveDir | kFsRemoveFile | kFsMakeDir | kFsMakeReg |
                                       kFsMakeSock | kFsMakeFifo | kFsMakeSym | kFsRefer | kFsTruncate | kFsIoctlDev;
    EXPECT_EQ(landlock_rights(TreeAccess::read, handled, true) & kChanges, 0U);
    EXPECT_EQ(landlock_rights(TreeAccess::read_file, handled, false), kFsReadFile);
    EXPECT_EQ(landlock_rights(TreeAccess::device, handled, true) & kFsExecute, 0U);
    EXPECT_EQ(landlock_rights(TreeAccess::write_file, handled, false) & kFsExecute, 0U);
    EXPECT_EQ(landlock_rights(TreeAccess::write, handled, true) & kFsTruncate, abi >= 3 ? kFsTruncate : 0U);
    EXPECT_EQ(landlock_rights(TreeAccess::write, handled, true) & kFsRefer, abi >= 2 ? kFsRefer : 0U);
  }
}

bool allow(int ruleset, const std::string& path, TreeAccess access, const LandlockHandled& handled) {
  const int fd = ::open(path.c_str(), O_PATH | O_CLOEXEC);
  return fd >= 0 && landlock_allow(ruleset, fd, landlock_rights(access, handled, true)) == 0;
}
bool fails(int result, int wanted) { return result < 0 && errno == wanted; }

// Every ABI that this kernel has, as it will be used on kernels that have no more.
TEST(Landlock, HoldsInTheKernel) {
  const int newest = landlock_abi();
  if (newest == 0) GTEST_SKIP() << "this kernel has no Landlock";
  char name[] = "/tmp/bailiwick-test-XXXXXX";
  ASSERT_NE(::mkdtemp(name), nullptr);
  const std::string base = name;
  for (const char* each : {"/read", "/write", "/write/sub", "/neither"}) std::filesystem::create_directory(base + each);
  for (int abi = 1; abi <= newest; ++abi) {
    EXPECT_SATISFIED(
        [&]() -> int {
          for (const char* each : {"/read/file", "/neither/file"})
            ::close(::open((base + each).c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
          const LandlockHandled handled = landlock_handled(abi, TcpRule::unrestricted, ReadRule::checked);
          const int ruleset = landlock_create(handled, abi);
          if (ruleset < 0) return 1;
          if (!allow(ruleset, base + "/read", TreeAccess::read, handled)) return 2;
          if (!allow(ruleset, base + "/write", TreeAccess::write, handled)) return 3;
          if (set_no_new_privileges() != 0 || landlock_restrict(ruleset) != 0) return 4;
          if (::open((base + "/read/file").c_str(), O_RDONLY | O_CLOEXEC) < 0) return 5;
          if (!fails(::open((base + "/read/file").c_str(), O_WRONLY | O_CLOEXEC), EACCES)) return 6;
          if (!fails(::open((base + "/read/new").c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600), EACCES)) return 7;
          if (!fails(::unlink((base + "/read/file").c_str()), EACCES)) return 8;
          if (!fails(::open((base + "/neither/file").c_str(), O_RDONLY | O_CLOEXEC), EACCES)) return 9;
          if (::open((base + "/write/new").c_str(), O_CREAT | O_RDWR | O_TRUNC | O_CLOEXEC, 0600) < 0) return 10;
          if (::mkdir((base + "/write/made").c_str(), 0700) != 0 || ::rmdir((base + "/write/made").c_str()) != 0)
            return 11;
          if (::symlink("new", (base + "/write/link").c_str()) != 0) return 12;
          // a link leads no further than its target may be reached
          if (::symlink("../neither/file", (base + "/write/out").c_str()) != 0) return 13;
          if (!fails(::open((base + "/write/out").c_str(), O_RDONLY | O_CLOEXEC), EACCES)) return 14;
          // moving between directories needs the right of ABI 2; before it is never given
          const int moved = ::rename((base + "/write/new").c_str(), (base + "/write/sub/new").c_str());
          if (abi >= 2 ? moved != 0 : !fails(moved, EXDEV)) return 15;
          if (abi >= 3 && !fails(::truncate((base + "/read/file").c_str(), 0), EACCES)) return 16;
          // refused as a removal (EACCES) or as a move between directories (EXDEV), whichever the kernel looks at first
          if (::rename((base + "/read/file").c_str(), (base + "/write/taken").c_str()) == 0) return 17;
          return 0;
        },
        "");
    std::error_code ignored;
    for (const char* each : {"/write/new", "/write/link", "/write/out", "/write/sub/new"})
      std::filesystem::remove(base + each, ignored);
  }
  std::filesystem::remove_all(base);
}

TEST(Landlock, WhereReadingIsUncheckedWritingAndExecutingStayChecked) {
  if (landlock_abi() < 3) GTEST_SKIP() << "this kernel's Landlock does not know truncation";
  char name[] = "/tmp/bailiwick-test-XXXXXX";
  ASSERT_NE(::mkdtemp(name), nullptr);
  const std::string base = name;
  for (const char* each : {"/write", "/neither"}) std::filesystem::create_directory(base + each);
  EXPECT_SATISFIED(
      [&]() -> int {
        ::close(::open((base + "/neither/file").c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0700));
        const LandlockHandled handled = landlock_handled(landlock_abi(), TcpRule::unrestricted, ReadRule::unchecked);
        const int ruleset = landlock_create(handled, landlock_abi());
        if (ruleset < 0 || !allow(ruleset, base + "/write", TreeAccess::write, handled)) return 1;
        if (set_no_new_privileges() != 0 || landlock_restrict(ruleset) != 0) return 2;
        if (::open((base + "/neither/file").c_str(), O_RDONLY | O_CLOEXEC) < 0) return 3;
        if (!fails(::open((base + "/neither/file").c_str(), O_WRONLY | O_CLOEXEC), EACCES)) return 4;
        if (!fails(::open((base + "/neither/new").c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600), EACCES)) return 5;
        if (!fails(::execl((base + "/neither/file").c_str(), "file", static_cast<char*>(nullptr)), EACCES)) return 6;
        return ::open((base + "/write/new").c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600) >= 0 ? 0 : 7;
      },
      "");
  std::filesystem::remove_all(base);
}

TEST(Landlock, NeedsNoNewPrivileges) {
  if (landlock_abi() == 0) GTEST_SKIP() << "this kernel has no Landlock";
  EXPECT_SATISFIED(
      []() -> int {
        if (::geteuid() == 0 && drop_all_capabilities() != 0) return 2;
        const int ruleset = landlock_create(landlock_handled(1, TcpRule::unrestricted, ReadRule::checked), 1);
        return ruleset >= 0 && fails(landlock_restrict(ruleset), EPERM) ? 0 : 1;
      },
      "");
}

TEST(Landlock, WithoutAnAbiThereIsNoRuleset) {
  EXPECT_TRUE(fails(landlock_create(landlock_handled(0, TcpRule::refused, ReadRule::checked), 0),
                    landlock_abi() == 0 ? ENOSYS : ENOMSG));
  EXPECT_TRUE(fails(landlock_allow(-1, -1, 0), landlock_abi() == 0 ? ENOSYS : EBADF));
}

}  // namespace
}  // namespace bailiwick
