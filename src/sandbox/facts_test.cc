#include "sandbox/facts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "policy/home.h"
#include "sandbox/temp_tree.h"

namespace bailiwick {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class FactsTest : public testing::Test {
 protected:
  void SetUp() override {
    home_ = tree_.directory("home");
    request_.directory = tree_.directory("home/src/app");
    request_.command = {"tool"};
    tool_ = tree_.program("bin/tool");
    set("HOME", home_);
    set("PATH", tree_.at("bin"));
  }
  void set(const std::string& name, const std::string& value) {
    std::erase_if(environment_, [&](const std::string& entry) { return entry.starts_with(name + "="); });
    environment_.push_back(name + "=" + value);
  }
  Facts gather() {
    auto facts = gather_facts(request_, environment_);
    EXPECT_TRUE(facts.has_value()) << facts.error().message();
    return facts ? *std::move(facts) : Facts{};
  }
  void expect_error(ErrorKind kind, const std::string& says) {
    const auto facts = gather_facts(request_, environment_);
    ASSERT_FALSE(facts.has_value());
    EXPECT_EQ(facts.error().kind, kind);
    EXPECT_THAT(facts.error().message(), HasSubstr(says));
  }
  static std::vector<std::string> asked(const std::vector<PathFact>& facts) {
    std::vector<std::string> out;
    for (const PathFact& fact : facts) out.push_back(fact.asked);
    return out;
  }
  static std::vector<std::string> hidden(const Facts& facts) {
    std::vector<std::string> out;
    for (const ScanMatch& match : facts.matches) {
      if (match.kind == ScanMatch::Kind::hide) out.push_back(match.path);
    }
    return out;
  }

  TempTree tree_;
  std::string home_;
  std::string tool_;
  Request request_;
  std::vector<std::string> environment_;
};

// ---- the program

TEST_F(FactsTest, CandidatesAreTriedInTheOrderOfPath) {
  const std::string first = tree_.program("first/tool");
  tree_.file("plain/tool");           // not executable: passed over
  tree_.directory("directory/tool");  // nor is a directory
  const std::string link = tree_.symlink("linked/tool", "../bin/tool");
  set("PATH", tree_.at("nothing") + ":" + tree_.at("plain") + ":" + tree_.at("first") + ":" + tree_.at("directory") +
                  ":" + tree_.at("linked") + ":" + tree_.at("bin"));
  const Facts facts = gather();
  EXPECT_THAT(asked(facts.candidates), ElementsAre(first, link, tool_));
  EXPECT_EQ(facts.candidates[1].path, tool_) << "where it really lies";
}
TEST_F(FactsTest, EmptyAndRelativeEntriesOfPathAreNotUsed) {
  tree_.program("home/src/app/tool");
  set("PATH", ":.:" + tree_.at("bin"));
  EXPECT_THAT(asked(gather().candidates), ElementsAre(tool_));
}
TEST_F(FactsTest, APathIsTakenAsItIs) {
  request_.command = {tool_};
  EXPECT_THAT(asked(gather().candidates), ElementsAre(tool_));
  tree_.program("home/src/app/sub/own");
  request_.command = {"sub/own"};
  EXPECT_THAT(asked(gather().candidates), ElementsAre(tree_.at("home/src/app/sub/own")));
}
TEST_F(FactsTest, WhatIsNotExecutableIsDenied) {
  tree_.file("bin/data");
  request_.command = {"data"};
  expect_error(ErrorKind::denied, "`data` is not an executable file: check its mode (chmod +x)");
  request_.command = {tree_.at("bin")};
  expect_error(ErrorKind::denied, "is not an executable file");
}
TEST_F(FactsTest, WhatIsNotThereIsNotFound) {
  request_.command = {"no\nsuch"};
  expect_error(ErrorKind::not_found, "program `no\\nsuch` not found on PATH");
  request_.command = {"./none"};
  expect_error(ErrorKind::not_found, "not found: check the path");
  request_.command = {""};
  expect_error(ErrorKind::not_found, "empty word");
}

// ---- home, state, names

TEST_F(FactsTest, TheStateDirectoryFollowsXdg) {
  EXPECT_EQ(gather().state_directory, home_ + "/.local/state/bailiwick");
  set("XDG_STATE_HOME", tree_.directory("state"));
  EXPECT_EQ(gather().state_directory, tree_.at("state/bailiwick"));
  set("XDG_STATE_HOME", "relative");  // the specification says: ignore it
  EXPECT_EQ(gather().state_directory, home_ + "/.local/state/bailiwick");
}
TEST_F(FactsTest, OurOwnStateIsNeverInside) {
  tree_.directory("home/.local/state/bailiwick/sessions");
  request_.policy.read = {home_ + "/.local/state/bailiwick/sessions"};
  expect_error(ErrorKind::invalid, "bailiwick's own state");
  request_.policy.read = {home_ + "/.local"};
  EXPECT_THAT(hidden(gather()), Contains(home_ + "/.local/state/bailiwick"));
}
TEST_F(FactsTest, HomeMustBeAbsoluteIfItIsSet) {
  set("HOME", "home");
  expect_error(ErrorKind::invalid, "HOME is not an absolute path");
}
TEST_F(FactsTest, WithoutAHomeThereIsAnEmptyOne) {
  for (const char* home : {"", "/", "/nothing/here"}) {
    set("HOME", home);
    const Facts facts = gather();
    EXPECT_EQ(facts.real_home, "") << home;
    EXPECT_THAT(facts.home_trees, IsEmpty());
    EXPECT_THAT(facts.notes, Contains(HasSubstr("HOME is not a directory of yours")));
  }
  request_.policy.read = {"~/x"};
  expect_error(ErrorKind::invalid, "needs a HOME");
}
TEST_F(FactsTest, ALinkedHomeIsResolved) {
  set("HOME", tree_.symlink("linked-home", "home"));
  const Facts facts = gather();
  EXPECT_EQ(facts.home, tree_.at("linked-home"));
  EXPECT_EQ(facts.real_home, home_);
}
TEST_F(FactsTest, TheAliasIsTheNameThatWasUsed) {
  EXPECT_EQ(gather().workspace.alias, "");
  const std::string link = tree_.symlink("project", "home/src/app");
  request_.directory = link + "/";
  EXPECT_EQ(gather().workspace.alias, link);
  EXPECT_EQ(gather().workspace.asked, home_ + "/src/app");
}
TEST_F(FactsTest, APwdThatIsWrongIsNoAlias) {
  const std::string link = tree_.symlink("project", "home/src/app");
  const auto before = std::filesystem::current_path();
  std::filesystem::current_path(home_ + "/src/app");
  request_.directory.clear();
  set("PWD", link);
  EXPECT_EQ(gather().workspace.alias, link);
  set("PWD", tree_.at("bin"));
  EXPECT_EQ(gather().workspace.alias, "");
  set("PWD", tree_.at("bin") + "/../project");
  EXPECT_EQ(gather().workspace.alias, "") << "`..` after a link means something else to whoever reads it";
  std::filesystem::current_path(before);
}

// ---- agents

TEST_F(FactsTest, AnAgentIsKnownByItsProgramOutsideTheWorkspaceOnly) {
  tree_.program("bin/codex");
  request_.command = {"codex"};
  EXPECT_EQ(gather().agent, "codex");
  const std::string own = tree_.program("home/src/app/codex");
  tree_.file("home/.codex/auth.json");
  request_.command = {own};
  const Facts facts = gather();
  EXPECT_EQ(facts.agent, "") << "the last agent may have written it: it gets no login for its name";
  EXPECT_THAT(facts.credentials, IsEmpty());
  request_.policy.agent = "codex";
  EXPECT_EQ(gather().agent, "codex") << "a person named it";
}
TEST_F(FactsTest, AnAgentGetsItsOwnStateAndLogin) {
  tree_.program("bin/codex");
  tree_.file("home/.codex/auth.json");
  request_.command = {"codex"};
  Facts facts = gather();
  EXPECT_THAT(asked(facts.agent_state), Contains(home_ + "/.codex"));
  EXPECT_THAT(facts.credentials, Contains(home_ + "/.codex/auth.json"));
  EXPECT_THAT(hidden(facts), Not(Contains(home_ + "/.codex/auth.json")));
  request_.policy.agent = "none";
  facts = gather();
  EXPECT_EQ(facts.agent, "");
  EXPECT_THAT(facts.agent_state, IsEmpty());
}
TEST_F(FactsTest, AnUnknownProfileIsAUsageError) {
  request_.policy.agent = "hal";
  expect_error(ErrorKind::usage, "no agent profile `hal`: use one of");
}

// ---- what is read

TEST_F(FactsTest, CopiesHoldNoCredentials) {
  const std::string text = "[user]\n\tname = Ann\n[url \"https://ann:hunter2secret@example.org/\"]\n\tinsteadOf = x\n";
  tree_.file("home/.gitconfig", text);
  const Facts facts = gather();
  EXPECT_THAT(facts.copies, Contains(CopyFact{home_ + "/.gitconfig", copy_for_sandbox(text)}));
  for (const CopyFact& copy : facts.copies) EXPECT_THAT(copy.content, Not(HasSubstr("hunter2secret")));
}
TEST_F(FactsTest, AVeryLargeFileIsNotCopied) {
  tree_.file("home/.gitconfig", std::string(kLargestCopy + 1, '#'));
  EXPECT_THAT(gather().copies, Not(Contains(Field(&CopyFact::path, home_ + "/.gitconfig"))));
}
TEST_F(FactsTest, NamedPathsMustBeThere) {
  request_.policy.read = {"/nothing/here"};
  expect_error(ErrorKind::invalid, "--read `/nothing/here` does not exist");
  request_.policy.read.clear();
  request_.policy.write = {"~/none"};
  expect_error(ErrorKind::invalid, "--write `~/none` does not exist");
  request_.policy.write.clear();
  request_.policy.sockets = {tool_};
  expect_error(ErrorKind::invalid, "is not a Unix socket");
}
TEST_F(FactsTest, NamedPathsAreResolved) {
  tree_.directory("data");
  const std::string link = tree_.symlink("data-link", "data");
  tree_.directory("home/cache");
  tree_.directory("home/src/app/sub");
  request_.policy.read = {link, "sub"};
  request_.policy.write = {"~/cache"};
  const Facts facts = gather();
  ASSERT_EQ(facts.read.size(), 2U);
  EXPECT_EQ(facts.read[0].path, tree_.at("data"));
  EXPECT_EQ(facts.read[0].asked, link);
  EXPECT_EQ(facts.read[1].path, home_ + "/src/app/sub");
  EXPECT_EQ(facts.write.at(0).path, home_ + "/cache");
}
TEST_F(FactsTest, ASecretBelowANamedTreeIsHiddenUnlessItIsNamed) {
  const std::string key = tree_.file("data/deep/.env");
  request_.policy.read = {tree_.at("data")};
  EXPECT_THAT(hidden(gather()), Contains(key));
  request_.policy.read.push_back(key);
  const Facts facts = gather();
  EXPECT_THAT(hidden(facts), Not(Contains(key)));
  EXPECT_THAT(facts.notes, Contains(AllOf(HasSubstr(key), HasSubstr("is let in by name"))));
}
TEST_F(FactsTest, WhatIsDeniedIsHiddenInTheWorkspaceToo) {
  const std::string one = tree_.file("home/src/app/config/.env.production");
  tree_.file("home/src/app/.env");  // the workspace's own: only a --deny-read hides it
  request_.policy.deny_read = {"**/.env.production"};
  EXPECT_THAT(hidden(gather()), AllOf(Contains(one), Not(Contains(home_ + "/src/app/.env"))));
  request_.policy.deny_read = {"a{b"};
  expect_error(ErrorKind::invalid, "a{b");
}
TEST_F(FactsTest, TheBudgetOfTheSearchIsShared) {
  for (int i = 0; i < 10; ++i) tree_.file("home/src/app/f" + std::to_string(i));
  request_.policy.scan_entries = 4;
  Facts facts = gather();
  EXPECT_TRUE(facts.scan_was_cut);
  EXPECT_EQ(facts.scanned_entries, 4U);
  request_.policy.scan_entries = 1000;
  facts = gather();
  EXPECT_FALSE(facts.scan_was_cut);
  EXPECT_EQ(facts.scanned_entries, 10U);
}

}  // namespace
}  // namespace bailiwick
