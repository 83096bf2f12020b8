#include "kernel/links.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace bailiwick {
namespace {

namespace fs = std::filesystem;

class LinksTest : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/bailiwick-test-XXXXXX";
    ASSERT_NE(::mkdtemp(name), nullptr);
    base_ = fs::canonical(name).string();
    fs::create_directories(at("a/b"));
    fs::create_directory(at("c"));
    std::ofstream(at("a/b/file")) << "x";
  }
  void TearDown() override {
    std::error_code ignored;
    fs::remove_all(base_, ignored);
  }
  [[nodiscard]] std::string at(const std::string& relative) const { return base_ + "/" + relative; }
  std::string base_;
};

TEST_F(LinksTest, EveryLinkIsNamedWhereItLies) {
  fs::create_symlink("../a/b", at("c/dir"));
  fs::create_symlink(at("c/dir/file"), at("first"));
  const WalkedPath walked = walk_links(at("first"));
  EXPECT_EQ(walked.path, at("a/b/file"));
  EXPECT_EQ(walked.links, (std::vector<std::string>{at("first"), at("c/dir")}));
  EXPECT_TRUE(walked.is_there);
}

TEST_F(LinksTest, DotsAreWhereTheLinkLed) {
  fs::create_symlink("../a/b", at("c/dir"));
  EXPECT_EQ(walk_links(at("c/dir/../b/./file")).path, at("a/b/file"));
  EXPECT_EQ(walk_links("/../..").path, "/");
  EXPECT_EQ(walk_links("//usr///bin/").path, walk_links("/usr/bin").path);
}

TEST_F(LinksTest, WhatIsNotFollowedStays) {
  fs::create_symlink("b", at("a/kept"));
  fs::create_symlink("a", at("followed"));
  const WalkedPath walked =
      walk_links(at("followed/kept/file"), [&](const std::string& directory, const std::string& link) {
        EXPECT_EQ(fs::path(link).parent_path(), directory);
        return !link.ends_with("/kept");
      });
  EXPECT_EQ(walked.path, at("a/kept/file"));
  EXPECT_EQ(walked.links, std::vector<std::string>{at("followed")});
}

TEST_F(LinksTest, LoopsAndAbsenceAreSaid) {
  fs::create_symlink("loop", at("loop"));
  EXPECT_FALSE(walk_links(at("loop")).is_there);
  EXPECT_FALSE(walk_links(at("nothing/x")).is_there);
  EXPECT_EQ(walk_links(at("nothing/x")).path, at("nothing/x"));
  EXPECT_FALSE(walk_links(at("a/b/file/x")).is_there) << "a file is no directory";
}

}  // namespace
}  // namespace bailiwick
