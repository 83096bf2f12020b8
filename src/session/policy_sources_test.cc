// What needs no place of the administrator's. Those are in tests/integration/policy_sources_test.py.
#include "session/policy_sources.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "kernel/forked.h"
#include "sandbox/temp_tree.h"
#include "session/trusted_file.h"

namespace bailiwick {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class PolicySourcesTest : public testing::Test {
 protected:
  void SetUp() override {
    places_.home = tree_.directory("home");
    places_.state_directory = tree_.at("home/.local/state/bailiwick");
    places_.workspace = tree_.directory("work");
    project_ = tree_.at("work/.bailiwick.toml");
    user_ = tree_.at("home/.config/bailiwick/policy.toml");
  }
  // "KIND FILE TEXT" of the layers that are not the administrator's.
  [[nodiscard]] std::vector<std::string> sources() {
    auto found = load_policy_sources(places_, WallTime{});
    if (!found) return {"error: " + found.error().message()};
    warnings_ = found->warnings;
    std::vector<std::string> lines;
    for (const PolicySource& source : found->sources) {
      if (is_admin(source.kind)) continue;
      const std::string file =
          source.file.starts_with(tree_.path() + "/") ? source.file.substr(tree_.path().size() + 1) : source.file;
      lines.push_back(std::string(name_of(source.kind)) + " " + file + " " + source.text);
    }
    return lines;
  }
  void expect_refused(const std::vector<std::string>& needles) {
    const auto found = load_policy_sources(places_, WallTime{});
    ASSERT_FALSE(found.has_value());
    EXPECT_EQ(found.error().kind, ErrorKind::invalid);
    for (const std::string& needle : needles) EXPECT_THAT(found.error().message(), HasSubstr(needle));
    EXPECT_THAT(found.error().message(), testing::Not(HasSubstr("canary")));
  }

  TempTree tree_;
  SourcePlaces places_;
  std::string project_;
  std::string user_;
  std::vector<std::string> warnings_;
};

TEST_F(PolicySourcesTest, WhereNothingIsThereIsNothing) {
  EXPECT_THAT(sources(), IsEmpty());
  EXPECT_FALSE(fs::exists(places_.state_directory));
  places_.workspace.clear();
  places_.home.clear();
  places_.state_directory.clear();
  EXPECT_THAT(sources(), IsEmpty());
}

TEST_F(PolicySourcesTest, EachInItsPlaceAndOrder) {
  tree_.file("work/.bailiwick.toml", "p");
  tree_.file("home/.config/bailiwick/policy.toml", "u");
  places_.flags = {tree_.file("b.toml", "f2"), tree_.file("a.toml", "f1")};
  EXPECT_THAT(sources(), ElementsAre("project work/.bailiwick.toml p", "user home/.config/bailiwick/policy.toml u",
                                     "flag b.toml f2", "flag a.toml f1"));
  EXPECT_THAT(warnings_, IsEmpty());
}

TEST_F(PolicySourcesTest, TheBytesAreThoseOfTheFile) {
  const std::string bytes("\xff\0\r\n", 4);
  tree_.file("work/.bailiwick.toml", bytes);
  tree_.file("home/.config/bailiwick/policy.toml", "");
  EXPECT_THAT(sources(),
              ElementsAre("project work/.bailiwick.toml " + bytes, "user home/.config/bailiwick/policy.toml "));
}

TEST_F(PolicySourcesTest, TheConfigurationDirectoryMayBeElsewhere) {
  tree_.file("home/.config/bailiwick/policy.toml", "home");
  tree_.file("other/bailiwick/policy.toml", "other");
  places_.config_home = tree_.at("other");
  EXPECT_THAT(sources(), ElementsAre("user other/bailiwick/policy.toml other"));
  places_.config_home = "other";  // relative ones are to be ignored (XDG)
  EXPECT_THAT(sources(), ElementsAre("user home/.config/bailiwick/policy.toml home"));
}

TEST_F(PolicySourcesTest, AFlagKnowsForeignFormatsByName) {
  places_.flags = {tree_.file("requirements.toml", "r"), tree_.file("mine.toml", "m"), tree_.file("git.rules", "g")};
  const auto found = load_policy_sources(places_, WallTime{});
  ASSERT_TRUE(found.has_value()) << found.error().message();
  std::vector<std::optional<ForeignFormat>> formats;
  for (const PolicySource& source : found->sources) {
    if (source.kind == LayerKind::flag) formats.push_back(source.format);
  }
  EXPECT_THAT(formats, ElementsAre(ForeignFormat::codex_requirements, std::nullopt, ForeignFormat::codex_rules));
}

TEST_F(PolicySourcesTest, AFlagMustBeThere) {
  places_.flags = {tree_.at("nowhere.toml")};
  expect_refused({"nowhere.toml` is not there", "--policy"});
}

// The agent can write the workspace: nothing of it may lead elsewhere or block.
TEST_F(PolicySourcesTest, AProjectFileIsARegularFileOrRefused) {
  tree_.file("home/secret", "canary");
  const auto refused = [&](const std::string& why) {
    expect_refused({"work/.bailiwick.toml", why});
    fs::remove_all(project_);
  };
  tree_.symlink("work/.bailiwick.toml", tree_.at("home/secret"));
  refused("is a link");
  tree_.file("work/real.toml", "x");
  tree_.symlink("work/.bailiwick.toml", "real.toml");
  refused("is a link");
  tree_.symlink("work/.bailiwick.toml", "nowhere");
  refused("is a link");
  tree_.fifo("work/.bailiwick.toml");
  refused("is a FIFO");
  tree_.directory("work/.bailiwick.toml");
  refused("is a directory");
  tree_.socket("work/.bailiwick.toml");
  refused("is a socket");
  tree_.file("work/.bailiwick.toml");
  ASSERT_EQ(::truncate(project_.c_str(), kMaxDocument + 1), 0);
  refused("longer than 8");
  EXPECT_THAT(sources(), IsEmpty());
}

TEST_F(PolicySourcesTest, TheLargestFileThatIsRead) {
  tree_.file("work/.bailiwick.toml", std::string(kMaxDocument, '#'));
  ASSERT_EQ(sources().size(), 1U);
  EXPECT_GT(sources()[0].size(), kMaxDocument);
}

// Whoever holds a lease can keep an opener waiting for 45 seconds.
TEST_F(PolicySourcesTest, ALeaseDoesNotBlock) {
  tree_.file("work/.bailiwick.toml");
  ASSERT_NE(::signal(SIGIO, SIG_IGN), SIG_ERR);
  const Fd held(::open(project_.c_str(), O_RDWR | O_CLOEXEC));
  if (::fcntl(held.get(), F_SETLEASE, F_WRLCK) != 0) GTEST_SKIP() << "this file system has no leases";
  expect_refused({".bailiwick.toml", "lease"});
}

TEST_F(PolicySourcesTest, AWorkspaceThatCannotBeOpenedIsAnError) {
  places_.workspace = tree_.at("nowhere");
  expect_refused({"nowhere"});
}

TEST_F(PolicySourcesTest, WhatOthersCanWriteIsNotTheUsers) {
  tree_.file("home/.config/bailiwick/policy.toml", "u");
  for (const unsigned mode : {0664U, 0646U, 0622U}) {
    ASSERT_EQ(::chmod(user_.c_str(), mode), 0);
    expect_refused({user_, "(mode 06", "chmod go-w " + user_});
  }
  ASSERT_EQ(::chmod(user_.c_str(), 0600), 0);
  EXPECT_EQ(sources().size(), 1U);
  places_.flags = {tree_.file("flag.toml")};
  ASSERT_EQ(::chmod(places_.flags[0].c_str(), 0666), 0);
  expect_refused({"chmod go-w " + places_.flags[0]});
}

TEST_F(PolicySourcesTest, AnybodyElsesFileIsNotTheUsers) {
  tree_.file("home/.config/bailiwick/policy.toml", "u");
  if (::geteuid() == 0) {
    ASSERT_EQ(::chown(user_.c_str(), 4242, 4242), 0);
    expect_refused({user_, "uid 4242", "neither to you nor to root"});
  } else {
    places_.flags = {"/etc/passwd"};  // root's is as good as ours
    EXPECT_EQ(sources().size(), 2U);
  }
}

TEST_F(PolicySourcesTest, TheUsersFileMayBeALinkToAnother) {
  tree_.file("home/dotfiles/bailiwick.toml", "dotfile");
  tree_.symlink("home/.config/bailiwick/policy.toml", "../../dotfiles/bailiwick.toml");
  EXPECT_THAT(sources(), ElementsAre("user home/.config/bailiwick/policy.toml dotfile"));
  fs::remove(tree_.at("home/dotfiles/bailiwick.toml"));
  expect_refused({user_});
}

TEST_F(PolicySourcesTest, WhatIsNoFileIsRefusedAndDoesNotBlock) {
  tree_.directory("home/.config/bailiwick/policy.toml");
  expect_refused({user_, "is a directory"});
  fs::remove(user_);
  tree_.fifo("home/.config/bailiwick/policy.toml");
  expect_refused({user_, "is a FIFO"});
  fs::remove(user_);
  places_.flags = {"/dev/null"};
  expect_refused({"`/dev/null` is a device"});
  places_.flags = {tree_.socket("s")};
  expect_refused({"/s`"});
  places_.flags.clear();
  fs::remove(tree_.at("home/.config/bailiwick"));
  tree_.file("home/.config/bailiwick");
  expect_refused({user_});
}

TEST_F(PolicySourcesTest, WhatTheAgentCanWriteIsNoPolicy) {
  places_.flags = {tree_.file("work/policy.toml", "f")};
  expect_refused({"work/policy.toml", "lies in the workspace"});
  places_.flags.clear();
  tree_.symlink("home/.config/bailiwick/policy.toml", tree_.at("work/policy.toml"));
  expect_refused({user_, "lies in the workspace"});
}

TEST_F(PolicySourcesTest, WhatCannotBeReadIsNotPassedOver) {
  ASSERT_EQ(::chmod(tree_.path().c_str(), 0755), 0);
  tree_.file("home/.config/bailiwick/policy.toml", "u");
  tree_.file("work/.bailiwick.toml", "p");
  EXPECT_SATISFIED(
      [&] {
        const auto is_refused = [&](const std::string& file) {
          const auto found = load_policy_sources(places_, WallTime{});
          return !found && found.error().kind == ErrorKind::invalid &&
                 found.error().message().find(file) != std::string::npos && found.error().os_errno == EACCES;
        };
        if (::chmod(user_.c_str(), 0000) != 0 || ::chmod(project_.c_str(), 0000) != 0) return 1;
        if (::geteuid() == 0 && ::seteuid(4242) != 0) return kNotPossibleHere;
        if (!is_refused(project_)) return 2;
        places_.workspace.clear();
        if (!is_refused(user_)) return 3;
        return 0;
      },
      "another uid");
}

TEST(TrustedFile, RootsFilesAreReadAndOthersRefused) {
  const auto users = load_trusted_file("/etc/passwd", 1 << 20);
  ASSERT_TRUE(users.has_value()) << users.error().message();
  EXPECT_THAT(users->value_or(""), HasSubstr("root:"));
  EXPECT_EQ(load_trusted_file("/etc/bailiwick-is-not-there/x", 10).value(), std::nullopt);
  const TempTree tree;
  const auto own = load_trusted_file(tree.file("x"), 10);  // /tmp is everybody's
  ASSERT_FALSE(own.has_value());
  EXPECT_THAT(own.error().message(), AllOf(HasSubstr("`/tmp`"), HasSubstr("written by others")));
  EXPECT_TRUE(is_missing(tree.at("y")));
  EXPECT_FALSE(is_missing(tree.symlink("z", "nowhere")));
}

}  // namespace
}  // namespace bailiwick
