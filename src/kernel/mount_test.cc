// On the real kernel, in user and mount namespaces of forked children: nothing outside sees any of it.
#include "kernel/mount.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "kernel/credentials.h"
#include "kernel/forked.h"

namespace bailiwick {
namespace {

constexpr const char* kNoNamespaces = "user namespaces are refused here";

class MountTest : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/bailiwick-test-XXXXXX";
    ASSERT_NE(::mkdtemp(name), nullptr);
    base_ = name;
    std::filesystem::create_directories(base_ + "/tree/sub");
    std::ofstream(base_ + "/tree/file") << "text\n";
    std::filesystem::create_directory(base_ + "/on");
    std::filesystem::create_symlink("tree", base_ + "/link");
    std::filesystem::create_symlink("/etc", base_ + "/tree/out");
  }
  void TearDown() override { std::filesystem::remove_all(base_); }

  // 0, or the body's code.
  static int enter_namespaces() {
    const uid_t uid = ::geteuid();
    const gid_t gid = ::getegid();
    if (::unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) return kNotPossibleHere;
    if (write_identity_maps(uid, gid) != 0) return kNotPossibleHere;
    return make_all_private() == 0 ? 0 : 90;
  }
  static bool fails(int result, int wanted) { return result < 0 && errno == wanted; }
  std::string base_;
};

TEST_F(MountTest, AReadOnlyCloneRefusesWritesAndTheOriginalDoesNot) {
  EXPECT_SATISFIED(
      [&]() -> int {
        if (const int code = enter_namespaces(); code != 0) return code;
        const int mount = clone_mount(AT_FDCWD, (base_ + "/tree").c_str(), 0);
        if (mount < 0 || set_mount_flags(mount, MountAccess::read_only, 0) != 0) return 1;
        if (attach_mount(mount, AT_FDCWD, (base_ + "/on").c_str()) != 0) return 2;
        if (!fails(::open((base_ + "/on/file").c_str(), O_WRONLY | O_CLOEXEC), EROFS)) return 3;
        if (!fails(::mkdir((base_ + "/on/new").c_str(), 0700), EROFS)) return 4;
        if (!fails(::unlink((base_ + "/on/file").c_str()), EROFS)) return 5;
        if (::open((base_ + "/on/file").c_str(), O_RDONLY | O_CLOEXEC) < 0) return 6;
        if (::open((base_ + "/tree/file").c_str(), O_WRONLY | O_CLOEXEC) < 0) return 7;
        struct ::statvfs flags{};
        if (::statvfs((base_ + "/on").c_str(), &flags) != 0) return 8;
        if ((flags.f_flag & ST_NOSUID) == 0 || (flags.f_flag & ST_NODEV) == 0) return 9;
        // the copy is a mount of its own: it can be neither removed nor renamed
        return fails(::rmdir((base_ + "/on").c_str()), EBUSY) ? 0 : 10;
      },
      kNoNamespaces);
}

TEST_F(MountTest, FlagsHoldForEveryMountBelow) {
  EXPECT_SATISFIED(
      [&]() -> int {
        if (const int code = enter_namespaces(); code != 0) return code;
        const int lower = make_tmpfs("1m", "0755", "16");
        if (lower < 0 || attach_mount(lower, AT_FDCWD, (base_ + "/tree/sub").c_str()) != 0) return 1;
        if (::mkdir((base_ + "/tree/sub/x").c_str(), 0700) != 0) return 2;
        const int mount = clone_mount(AT_FDCWD, (base_ + "/tree").c_str(), 0);
        if (mount < 0 || set_mount_flags(mount, MountAccess::read_only, MOUNT_ATTR_NOEXEC) != 0) return 3;
        if (attach_mount(mount, AT_FDCWD, (base_ + "/on").c_str()) != 0) return 4;
        if (!fails(::mkdir((base_ + "/on/sub/y").c_str(), 0700), EROFS)) return 5;
        struct ::statvfs flags{};
        return ::statvfs((base_ + "/on/sub").c_str(), &flags) == 0 && (flags.f_flag & ST_NOEXEC) != 0 ? 0 : 6;
      },
      kNoNamespaces);
}

TEST_F(MountTest, ATmpfsHoldsItsBudgets) {
  EXPECT_SATISFIED(
      [&]() -> int {
        if (const int code = enter_namespaces(); code != 0) return code;
        const int mount = make_tmpfs("64k", "0711", "4");
        if (mount < 0) return 1;
        struct ::stat info{};
        if (::fstat(mount, &info) != 0 || (info.st_mode & 07777) != 0711) return 2;
        const int file = ::openat(mount, "a", O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
        if (file < 0) return 3;
        const std::string block(64 << 10, 'x');
        if (::write(file, block.data(), block.size()) != static_cast<ssize_t>(block.size())) return 4;
        if (!fails(static_cast<int>(::write(file, block.data(), 1)), ENOSPC)) return 5;
        int made = 0;
        while (made < 100 && ::mkdirat(mount, std::to_string(made).c_str(), 0700) == 0) ++made;
        return made < 4 && errno == ENOSPC ? 0 : 6;
      },
      kNoNamespaces);
}

TEST_F(MountTest, AttachingOnADescriptorCoversExactlyThat) {
  EXPECT_SATISFIED(
      [&]() -> int {
        if (const int code = enter_namespaces(); code != 0) return code;
        const int target = ::open((base_ + "/tree/file").c_str(), O_PATH | O_CLOEXEC);
        const int mount = clone_mount(AT_FDCWD, "/dev/null", 0);
        if (target < 0 || mount < 0 || attach_mount_on(mount, target) != 0) return 1;
        struct ::stat info{};
        if (::stat((base_ + "/tree/file").c_str(), &info) != 0 || !S_ISCHR(info.st_mode)) return 2;
        return fails(::unlink((base_ + "/tree/file").c_str()), EBUSY) ? 0 : 3;
      },
      kNoNamespaces);
}

TEST_F(MountTest, NothingOfTheOldRootIsLeft) {
  EXPECT_SATISFIED(
      [&]() -> int {
        if (const int code = enter_namespaces(); code != 0) return code;
        const int root = make_tmpfs("1m", "0755", "64");
        if (root < 0 || attach_mount(root, AT_FDCWD, (base_ + "/on").c_str()) != 0) return 1;
        if (::mkdirat(root, "only", 0700) != 0) return 2;
        if (enter_root(root) != 0) return 3;
        int entries = 0;
        for (const auto& entry : std::filesystem::directory_iterator("/")) {
          if (entry.path() != "/only") return 4;
          ++entries;
        }
        if (entries != 1 || !fails(::access("/etc", F_OK), ENOENT)) return 5;
        if (std::filesystem::current_path() != "/") return 6;
        if (::chdir("..") != 0 || !fails(::access(base_.c_str(), F_OK), ENOENT)) return 7;
        // no second mount lies under or over the root
        struct ::stat root_info{};
        struct ::stat parent_info{};
        if (::stat("/", &root_info) != 0 || ::stat("/..", &parent_info) != 0 || root_info.st_dev != parent_info.st_dev)
          return 8;
        return fails(::umount2("/", MNT_DETACH), EINVAL) || errno == EBUSY ? 0 : 9;
      },
      kNoNamespaces);
}

TEST_F(MountTest, ANewDevptsShowsNoTerminalOfTheHost) {
  EXPECT_SATISFIED(
      [&]() -> int {
        if (const int code = enter_namespaces(); code != 0) return code;
        const int devpts = make_devpts();
        if (devpts < 0 || attach_mount(devpts, AT_FDCWD, (base_ + "/on").c_str()) != 0) return 1;
        for (const auto& entry : std::filesystem::directory_iterator(base_ + "/on")) {
          if (entry.path().filename() != "ptmx") return 2;
        }
        return ::open((base_ + "/on/ptmx").c_str(), O_RDWR | O_NOCTTY | O_CLOEXEC) >= 0 &&
                       ::access((base_ + "/on/0").c_str(), F_OK) == 0
                   ? 0
                   : 3;
      },
      kNoNamespaces);
}

// In a new pid namespace of its own: the process that mounts it is number 1.
TEST_F(MountTest, AFreshProcShowsOnlyItsOwnProcesses) {
  EXPECT_SATISFIED(
      [&]() -> int {
        if (const int code = enter_namespaces(); code != 0) return code;
        if (::unshare(CLONE_NEWPID) != 0) return 1;
        const int status = run_forked([&]() -> int {
          const int proc = make_proc();
          if (proc < 0) return kNotPossibleHere;
          if (attach_mount(proc, AT_FDCWD, (base_ + "/on").c_str()) != 0) return 2;
          for (const auto& entry : std::filesystem::directory_iterator(base_ + "/on")) {
            const std::string name = entry.path().filename().string();
            if (name.find_first_not_of("0123456789") == std::string::npos && name != "1") return 3;
          }
          return std::filesystem::read_symlink(base_ + "/on/self") == "1" ? 0 : 4;
        });
        return WIFEXITED(status) ? WEXITSTATUS(status) : 5;
      },
      "user namespaces or a fresh /proc are refused here");
}

struct BeneathCase {
  const char* relative;
  int wanted;  // 0: opens
};
TEST_F(MountTest, OpenBeneathLeavesItsDirectoryByNoWay) {
  const int directory = ::open((base_ + "/tree").c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
  ASSERT_GE(directory, 0);
  std::filesystem::create_symlink("file", base_ + "/tree/near");
  for (const BeneathCase& one : {BeneathCase{"file", 0},
                                 {"sub", 0},
                                 {".", 0},
                                 {"sub/../file", 0},
                                 {"..", EXDEV},
                                 {"sub/../../tree", EXDEV},
                                 {"/etc", EXDEV},
                                 {"out", ELOOP},
                                 {"out/passwd", ELOOP},
                                 {"near", ELOOP},
                                 {"nothing", ENOENT}}) {
    const int fd = open_beneath_raw(directory, one.relative, O_RDONLY);
    EXPECT_EQ(fd < 0 ? errno : 0, one.wanted) << one.relative;
    if (fd >= 0) {
      EXPECT_NE(::fcntl(fd, F_GETFD) & FD_CLOEXEC, 0);
      ::close(fd);
    }
  }
  ::close(directory);
}

TEST_F(MountTest, OpenBeneathRefusesMagicLinks) {
  const int directory = ::open("/proc/self", O_PATH | O_DIRECTORY | O_CLOEXEC);
  EXPECT_TRUE(fails(open_beneath_raw(directory, "root", O_PATH | O_DIRECTORY), ELOOP));
  EXPECT_TRUE(fails(open_beneath_raw(directory, "fd/0/x", O_RDONLY), ELOOP));
  ::close(directory);
}

}  // namespace
}  // namespace bailiwick
