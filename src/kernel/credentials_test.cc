// What is given up is given up for good: each in a forked child, looked at through /proc as anyone would.
#include "kernel/credentials.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <grp.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <string>

#include "kernel/fd.h"
#include "kernel/forked.h"

namespace bailiwick {
namespace {

constexpr const char* kNoNamespaces = "user namespaces are refused here";

// The value of a field of /proc/self/status, as text.
std::string status_field(const std::string& field) {
  const auto file = load_file("/proc/self/status", 1 << 16);
  if (!file) return "?";
  const std::string text = "\n" + *file;
  const auto at = text.find("\n" + field + ":\t");
  if (at == std::string::npos) return "?";
  const auto begin = at + field.size() + 3;
  return text.substr(begin, text.find('\n', begin) - begin);
}
int enter_user_namespace() {
  const uid_t uid = ::geteuid();
  const gid_t gid = ::getegid();
  if (::unshare(CLONE_NEWUSER) != 0) return kNotPossibleHere;
  return write_identity_maps(uid, gid) == 0 ? 0 : kNotPossibleHere;
}
bool has_no_capabilities() {
  for (const char* field : {"CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"}) {
    if (status_field(field) != "0000000000000000") return false;
  }
  return true;
}

TEST(Credentials, TheCallersOwnIdsInside) {
  EXPECT_SATISFIED(
      []() -> int {
        const uid_t uid = ::geteuid();
        const gid_t gid = ::getegid();
        if (const int code = enter_user_namespace(); code != 0) return code;
        if (::geteuid() != uid || ::getegid() != gid) return 1;
        const auto map = load_file("/proc/self/uid_map", 1000);
        if (!map || map->find(std::to_string(uid)) == std::string::npos || map->find(" 1\n") == std::string::npos)
          return 2;
        const auto groups = load_file("/proc/self/setgroups", 100);
        return groups && *groups == "deny\n" ? 0 : 3;
      },
      kNoNamespaces);
}

TEST(Credentials, NoCapabilityIsLeftInAUserNamespace) {
  EXPECT_SATISFIED(
      []() -> int {
        if (const int code = enter_user_namespace(); code != 0) return code;
        if (status_field("CapEff") == "0000000000000000") return 1;  // there was something to give up
        if (drop_all_capabilities() != 0) return 2;
        if (!has_no_capabilities()) return 3;
        // and nothing gives one back: not uid 0, not an ambient set
        if (::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, 0, 0, 0) == 0) return 4;
        if (::prctl(PR_SET_SECUREBITS, 0, 0, 0, 0) == 0) return 5;
        return 0;
      },
      kNoNamespaces);
}

TEST(Credentials, ExecAsRootOfTheNamespaceGivesNoneBack) {
  EXPECT_SATISFIED(
      []() -> int {
        const uid_t uid = ::geteuid();
        const gid_t gid = ::getegid();
        if (::unshare(CLONE_NEWUSER) != 0) return kNotPossibleHere;
        const std::string map = "0 " + std::to_string(uid) + " 1";
        const std::string groups = "0 " + std::to_string(gid) + " 1";
        const auto write = [](const char* path, const std::string& text) {
          const auto file = open_file(path, O_WRONLY);
          return file && write_all(file->get(), text).has_value();
        };
        if (!write("/proc/self/setgroups", "deny") || !write("/proc/self/gid_map", groups) ||
            !write("/proc/self/uid_map", map))
          return 1;
        if (::geteuid() != 0 || drop_all_capabilities() != 0) return 2;
        ::execl("/bin/sh", "sh", "-c",
                "grep -q 'CapEff:.0000000000000000' /proc/self/status && grep -q 'CapPrm:.0000000000000000' "
                "/proc/self/status",
                nullptr);
        return 3;
      },
      kNoNamespaces);
}

TEST(Credentials, RealRootGivesThemUp) {
  EXPECT_SATISFIED(
      []() -> int {
        if (::geteuid() == 0) {
          if (drop_all_capabilities() != 0) return 1;
          return has_no_capabilities() && ::chown("/tmp", 1, 1) != 0 && errno == EPERM ? 0 : 2;
        }
        // an ordinary user may not shrink the bounding set: said, not passed over
        return drop_all_capabilities() != 0 && errno == EPERM ? 0 : 3;
      },
      "");
}

TEST(Credentials, NoNewPrivileges) {
  EXPECT_SATISFIED(
      []() -> int {
        if (set_no_new_privileges() != 0) return 1;
        return status_field("NoNewPrivs") == "1" ? 0 : 2;
      },
      "");
}

TEST(Credentials, NotDumpable) {
  EXPECT_SATISFIED(
      []() -> int {
        if (set_not_dumpable() != 0) return 1;
        return ::prctl(PR_GET_DUMPABLE) == 0 ? 0 : 2;
      },
      "");
}

TEST(Credentials, TheSessionKeyringIsANewOne) {
  EXPECT_SATISFIED(
      []() -> int {
        constexpr long kGetId = 0;            // KEYCTL_GET_KEYRING_ID
        constexpr long kSessionKeyring = -3;  // KEY_SPEC_SESSION_KEYRING
        const long before = ::syscall(SYS_keyctl, kGetId, kSessionKeyring, 1);
        if (before < 0 && errno == ENOSYS) return kNotPossibleHere;
        if (join_new_session_keyring() != 0) return 1;
        const long after = ::syscall(SYS_keyctl, kGetId, kSessionKeyring, 0);
        return after > 0 && after != before ? 0 : 2;
      },
      "this kernel has no keyrings, or a filter keeps them away");
}

// The child of a parent that is killed: it holds a pipe whose end tells.
TEST(Credentials, DiesWithItsParent) {
  auto pipe = open_pipe();
  auto ready = open_pipe();
  ASSERT_TRUE(pipe && ready);
  const pid_t parent = ::fork();
  if (parent == 0) {
    if (::fork() == 0) {
      if (die_with_parent() != 0) ::_exit(1);
      static_cast<void>(write_all(ready->write.get(), "x"));
      while (true) ::pause();
    }
    while (true) ::pause();
  }
  pipe->write.close();
  ready->write.close();
  char byte = 0;
  ASSERT_EQ(::read(ready->read.get(), &byte, 1), 1);
  ASSERT_EQ(::kill(parent, SIGKILL), 0);
  ASSERT_EQ(::waitpid(parent, nullptr, 0), parent);
  EXPECT_EQ(::read(pipe->read.get(), &byte, 1), 0) << "the end comes when the last holder is gone";
}

TEST(Credentials, GroupsAreGivenUpWhereThatIsPermitted) {
  EXPECT_SATISFIED(
      []() -> int {
        if (!give_up_groups()) return 1;
        return ::geteuid() != 0 || ::getgroups(0, nullptr) == 0 ? 0 : 2;
      },
      "");
}

TEST(Credentials, ArgumentsAreWiped) {
  char program[] = "/usr/bin/bailiwick-with-a-long-name";
  char flag[] = "--token=hunter2";
  char variable[] = "API_KEY=hunter2";
  char* arguments[] = {program, flag, nullptr};
  char* environment[] = {variable, nullptr};
  const std::size_t room = sizeof program;
  EXPECT_SATISFIED(
      [&]() -> int {
        wipe_arguments(arguments, environment, "bailiwick");
        if (std::string(program) != "bailiwick") return 1;
        for (std::size_t i = 9; i < room; ++i) {
          if (program[i] != '\0') return 2;
        }
        for (const char c : flag) {
          if (c != '\0') return 3;
        }
        for (const char c : variable) {
          if (c != '\0') return 4;
        }
        return status_field("Name") == "bailiwick" ? 0 : 5;
      },
      "");
  char small[] = "sh";
  char* one[] = {small, nullptr};
  EXPECT_SATISFIED(
      [&]() -> int {
        wipe_arguments(one, nullptr, "bailiwick");  // no further than there is room
        wipe_arguments(nullptr, nullptr, "bailiwick");
        return std::string(small) == "ba" ? 0 : 1;
      },
      "");
}

TEST(Credentials, NumbersInFiles) {
  char name[] = "/tmp/bailiwick-test-XXXXXX";
  const Fd file(::mkstemp(name));
  ASSERT_TRUE(file.is_open());
  for (const unsigned long long number : {0ULL, 7ULL, 4096ULL, ~0ULL}) {
    ASSERT_EQ(::ftruncate(file.get(), 0), 0);
    EXPECT_EQ(write_number(name, number), 0);
    EXPECT_EQ(load_file(name, 100).value_or("?"), std::to_string(number));
    EXPECT_EQ(read_number(name, 1), number);
  }
  for (const char* text : {"", "max\n", "-1", " 5"}) {
    ASSERT_EQ(::ftruncate(file.get(), 0), 0);
    ASSERT_EQ(::pwrite(file.get(), text, std::strlen(text), 0), static_cast<ssize_t>(std::strlen(text)));
    EXPECT_EQ(read_number(name, 42), 42U) << text;
  }
  ASSERT_EQ(::pwrite(file.get(), "12\n", 3, 0), 3);
  EXPECT_EQ(read_number(name, 42), 12U);
  ::unlink(name);
  EXPECT_EQ(read_number(name, 42), 42U);
  EXPECT_EQ(write_number(name, 1), -1);
  EXPECT_EQ(errno, ENOENT);
}

}  // namespace
}  // namespace bailiwick
