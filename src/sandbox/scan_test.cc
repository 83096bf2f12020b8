#include "sandbox/scan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "policy/executable_config.h"
#include "sandbox/temp_tree.h"

namespace bailiwick {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::UnorderedElementsAre;

constexpr std::uint64_t kAmple = 1'000'000;

NamePattern pattern(const std::string& text, EntryKind kind = EntryKind::either) {
  auto glob = Glob::parse(text);
  EXPECT_TRUE(glob.has_value()) << text;
  return {.glob = std::move(*glob), .kind = kind, .except = std::nullopt, .tag = 0};
}

class ScanTest : public testing::Test {
 protected:
  void SetUp() override {
    auto shipped = executable_config_patterns();
    ASSERT_TRUE(shipped.has_value());
    patterns_.protect = NameIndex(std::move(*shipped));
  }
  Result<ScanResult> scan_all(std::uint64_t budget = kAmple) {
    return scan_tree({.root = tree_.path(), .match_prefix = prefix_, .patterns = &patterns_, .skip = skip_}, budget);
  }
  // "protect .envrc", "hide pipe", "pin .git/", sorted as found
  std::vector<std::string> found(std::uint64_t budget = kAmple) {
    auto result = scan_all(budget);
    EXPECT_TRUE(result.has_value()) << result.error().message();
    std::vector<std::string> out;
    if (!result) return out;
    last_ = *std::move(result);
    for (const ScanMatch& match : last_.matches) {
      const char* kind = match.kind == ScanMatch::Kind::protect ? "protect "
                         : match.kind == ScanMatch::Kind::hide  ? "hide "
                                                                : "pin ";
      EXPECT_TRUE(match.path.starts_with(tree_.path() + "/")) << match.path;
      out.push_back(kind + match.path.substr(tree_.path().size() + 1) + (match.is_directory ? "/" : ""));
    }
    return out;
  }

  TempTree tree_;
  ScanPatterns patterns_;
  std::string prefix_;
  std::vector<std::string> skip_;
  ScanResult last_;
};

TEST_F(ScanTest, ProtectedNamesAreFoundAtAnyDepth) {
  tree_.file(".envrc");
  tree_.file("a/b/c/d/e/.envrc");
  tree_.file("a/.vscode/tasks.json");
  tree_.file("a/b/main.cc");
  EXPECT_THAT(found(),
              UnorderedElementsAre("protect .envrc", "protect a/b/c/d/e/.envrc", "protect a/.vscode/tasks.json"));
  EXPECT_GE(last_.entries, 9U);
  EXPECT_FALSE(last_.was_cut);
  EXPECT_THAT(last_.notes, IsEmpty());
}

TEST_F(ScanTest, RepositoriesArePinnedAtAnyDepth) {
  for (const char* at : {"", "vendor/x/"}) {
    tree_.file(std::string(at) + ".git/config");
    tree_.file(std::string(at) + ".git/hooks/pre-commit");
  }
  EXPECT_THAT(found(),
              UnorderedElementsAre("pin .git/", "protect .git/config", "protect .git/hooks/", "pin vendor/x/.git/",
                                   "protect vendor/x/.git/config", "protect vendor/x/.git/hooks/"));
}

TEST_F(ScanTest, GitsOwnDataIsNotEntered) {
  for (const char* name : {"objects", "refs", "logs", "lfs", "rr-cache"}) {
    tree_.file(std::string(".git/") + name + "/ab/.envrc");
    tree_.file(std::string(name) + "/.envrc");  // outside a git directory the names mean nothing
  }
  EXPECT_THAT(found(), UnorderedElementsAre("pin .git/", "protect objects/.envrc", "protect refs/.envrc",
                                            "protect logs/.envrc", "protect lfs/.envrc", "protect rr-cache/.envrc"));
}

TEST_F(ScanTest, AProtectedDirectoryIsCoveredAsAWhole) {
  tree_.file(".husky/_/husky.sh");
  tree_.file(".husky/sub/.envrc");
  EXPECT_THAT(found(), ElementsAre("protect .husky/"));
}

TEST_F(ScanTest, AGitDirectoryOfItsOwnIsMatchedAsIfItHadTheName) {
  tree_.file("config");
  tree_.directory("hooks");
  tree_.file("objects/ab/.envrc");
  tree_.file("worktrees/x/config.worktree");
  prefix_ = ".git/";
  EXPECT_THAT(found(), UnorderedElementsAre("protect config", "protect hooks/", "protect worktrees/x/config.worktree"));
}

TEST_F(ScanTest, ABareRepositoryIsKnownByWhatLiesInIt) {
  tree_.file("deps/thing/HEAD");
  tree_.directory("deps/thing/objects");
  tree_.directory("deps/thing/refs");
  tree_.file("deps/thing/config");
  tree_.directory("deps/thing/hooks");
  tree_.file("deps/almost/HEAD");
  tree_.directory("deps/almost/objects");
  tree_.file("deps/almost/config");
  EXPECT_THAT(found(), AllOf(Contains("protect deps/thing/config"), Contains("protect deps/thing/hooks/"),
                             Not(Contains(HasSubstr("almost")))));
}

TEST_F(ScanTest, TheWorkspaceItselfMayBeABareRepository) {
  tree_.file("HEAD");
  tree_.directory("objects");
  tree_.directory("refs");
  tree_.file("config");
  EXPECT_THAT(found(), Contains("protect config"));
}

TEST_F(ScanTest, ALinkInsideIsCoveredWhereItPoints) {
  tree_.file("shared/hooks/pre-commit");
  tree_.directory(".git");
  tree_.symlink(".git/hooks", "../shared/hooks");
  tree_.file("real-envrc");
  tree_.symlink(".envrc", "real-envrc");
  EXPECT_THAT(found(), UnorderedElementsAre("pin .git/", "protect shared/hooks/", "protect real-envrc"));
  EXPECT_THAT(last_.notes, Contains(AllOf(HasSubstr(".envrc"), HasSubstr("what it points at is protected"))));
}

TEST_F(ScanTest, ALinkToSomewhereElseIsSaidAndNotFollowed) {
  const TempTree outside;
  outside.file("envrc");
  outside.file("tree/.envrc");
  tree_.symlink(".envrc", outside.at("envrc"));
  tree_.symlink("dangling/.envrc", "nothing");
  tree_.symlink("tree", outside.at("tree"));
  EXPECT_THAT(found(), IsEmpty());
  EXPECT_EQ(last_.notes.size(), 2U);
  EXPECT_THAT(last_.notes, Contains(AllOf(HasSubstr("/.envrc`"), HasSubstr("somewhere else"))));
}

TEST_F(ScanTest, ALinkWhoseTargetOnlyBeginsLikeTheRootIsSomewhereElse) {
  const std::string sibling = tree_.path() + "-sibling";
  std::filesystem::create_directory(sibling);
  tree_.symlink(".envrc", sibling);
  EXPECT_THAT(found(), IsEmpty());
  std::filesystem::remove(sibling);
}

TEST_F(ScanTest, ALoopOfLinksEnds) {
  tree_.symlink("a/loop", "../a");
  tree_.symlink(".envrc", ".envrc");
  EXPECT_THAT(found(), IsEmpty());
}

TEST_F(ScanTest, SocketsAndFifosOfTheHostAreHidden) {
  tree_.directory("run");
  tree_.fifo("run/pipe");
  tree_.socket("run/agent.sock");
  auto result = scan_all();
  EXPECT_THAT(found(), UnorderedElementsAre("hide run/pipe", "hide run/agent.sock"));
  EXPECT_THAT(last_.matches, UnorderedElementsAre(testing::Field(&ScanMatch::reason, "a FIFO of the host"),
                                                  testing::Field(&ScanMatch::reason, "a socket of the host")));
}

TEST_F(ScanTest, SecretsAreHiddenByAbsoluteAndByRelativePattern) {
  tree_.file("a/.env.production");
  tree_.file("b/key.pem");
  tree_.file("b/deep/inside/key.pem");
  tree_.directory("vault/x");
  patterns_.hide = NameIndex({pattern(tree_.path() + "/b/*.pem")});
  patterns_.hide_relative = NameIndex({pattern("**/.env.production"), pattern("vault/")});
  EXPECT_THAT(found(), UnorderedElementsAre("hide a/.env.production", "hide b/key.pem", "hide vault/"));
}

TEST_F(ScanTest, HidingComesBeforeProtecting) {
  tree_.file(".envrc");
  patterns_.hide_relative = NameIndex({pattern(".envrc")});
  EXPECT_THAT(found(), ElementsAre("hide .envrc"));
}

TEST_F(ScanTest, ABudgetThatRunsOutLeavesTheDeepest) {
  tree_.file("a/b/c/.envrc");
  tree_.file("a/.envrc");
  tree_.file("z/.envrc");
  for (int i = 0; i < 20; ++i) tree_.file("a/b/c/filler" + std::to_string(i));
  // 2 of the root, 2 each of a and z, 1 of b: all but the deepest
  const auto shallow = found(6);
  EXPECT_THAT(shallow, UnorderedElementsAre("protect a/.envrc", "protect z/.envrc"));
  EXPECT_TRUE(last_.was_cut);
  EXPECT_EQ(last_.entries, 6U);
}

TEST_F(ScanTest, ABudgetThatIsJustEnoughIsNotCut) {
  for (int i = 0; i < 5; ++i) tree_.file("f" + std::to_string(i));
  EXPECT_THAT(found(5), IsEmpty());
  EXPECT_FALSE(last_.was_cut);
  EXPECT_THAT(found(4), IsEmpty());
  EXPECT_TRUE(last_.was_cut);
}

TEST_F(ScanTest, TooManyMatchesAreAnError) {
  tree_.directory("many");
  for (std::size_t i = 0; i < kMostMatches; ++i)
    ::close(::open(tree_.at("many/n" + std::to_string(i)).c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
  patterns_.hide_relative = NameIndex({pattern("many/*")});
  EXPECT_EQ(found().size(), kMostMatches);
  tree_.file("many/one-more");
  const auto result = scan_all();
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().kind, ErrorKind::invalid);
  EXPECT_THAT(result.error().message(),
              AllOf(HasSubstr("more than 10000 names below `" + tree_.path()), HasSubstr("use a narrower pattern")));
}

TEST_F(ScanTest, AnUnreadableDirectoryIsPassedBy) {
  tree_.file("closed/.envrc");
  tree_.file("open/.envrc");
  ASSERT_EQ(::chmod(tree_.at("closed").c_str(), 0), 0);
  if (::geteuid() == 0) {  // modes do not bind root
    EXPECT_THAT(found(), UnorderedElementsAre("protect closed/.envrc", "protect open/.envrc"));
  } else {
    EXPECT_THAT(found(), ElementsAre("protect open/.envrc"));
  }
  ASSERT_EQ(::chmod(tree_.at("closed").c_str(), 0700), 0);
}

TEST_F(ScanTest, NamesAreBytes) {
  tree_.file("line\nbreak/.envrc");
  tree_.file("\xff\xfe/.envrc");
  tree_.symlink("\x1b[2J/.envrc", "/nothing");
  EXPECT_THAT(found(), UnorderedElementsAre("protect line\nbreak/.envrc", "protect \xff\xfe/.envrc"));
  EXPECT_THAT(last_.notes, ElementsAre(HasSubstr("\\x1b[2J/.envrc")));
}

TEST_F(ScanTest, WhatIsScannedOnItsOwnIsSkipped) {
  tree_.file("inner/.envrc");
  tree_.file("inner2/.envrc");
  skip_ = {tree_.at("inner")};
  EXPECT_THAT(found(), ElementsAre("protect inner2/.envrc"));
}

TEST_F(ScanTest, ARootThatIsALinkOrGoneIsAnError) {
  const auto scan = [&](const std::string& root) {
    return scan_tree({.root = root, .match_prefix = {}, .patterns = &patterns_, .skip = {}}, kAmple);
  };
  EXPECT_FALSE(scan(tree_.at("nothing")).has_value());
  tree_.directory("real");
  EXPECT_FALSE(scan(tree_.symlink("link", "real")).has_value());
  EXPECT_TRUE(scan(tree_.at("real")).has_value());
}

}  // namespace
}  // namespace bailiwick
