#include "sandbox/workspace.h"
#include "base/text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>

#include "sandbox/temp_tree.h"

namespace bailiwick {
namespace {

using testing::HasSubstr;

struct WithinCase {
  const char* path;
  const char* directory;
  bool wanted;
};
TEST(IsWithin, Table) {
  for (const WithinCase& one : {WithinCase{"/a", "/a", true},
                                {"/a/b", "/a", true},
                                {"/a/b/c", "/a/b", true},
                                {"/ab", "/a", false},
                                {"/a", "/a/b", false},
                                {"/a/b", "/", true},
                                {"/", "/", true},
                                {"/b/a", "/a", false},
                                {"/a b", "/a", false}}) {
    EXPECT_EQ(is_within(one.path, one.directory), one.wanted) << one.path << " in " << one.directory;
  }
}

class WorkspaceTest : public testing::Test {
 protected:
  void SetUp() override {
    request_.home = tree_.directory("home");
    request_.state_directory = tree_.directory("home/.local/state/bailiwick");
    request_.uid = ::geteuid();
  }
  Result<WorkspaceFact> find(const std::string& directory) {
    request_.directory = directory;
    return find_workspace(request_);
  }
  std::string root_of(const std::string& directory) {
    const auto fact = find(directory);
    EXPECT_TRUE(fact.has_value()) << fact.error().message();
    return fact ? fact->root : "";
  }
  void expect_refused(const std::string& directory, const std::string& why) {
    const auto fact = find(directory);
    ASSERT_FALSE(fact.has_value()) << directory << " became " << fact->root;
    EXPECT_EQ(fact.error().kind, ErrorKind::invalid);
    EXPECT_THAT(fact.error().message(), HasSubstr(why));
  }
  // A repository at `main` with a linked worktree at `linked`, as `git worktree add` leaves them.
  void make_linked_worktree() {
    tree_.file("main/.git/HEAD", "ref: refs/heads/main\n");
    tree_.directory("main/.git/objects");
    tree_.file("main/.git/worktrees/linked/commondir", "../..\n");
    tree_.file("main/.git/worktrees/linked/gitdir", tree_.at("linked/.git") + "\n");
    tree_.file("linked/.git", "gitdir: " + tree_.at("main/.git/worktrees/linked") + "\n");
  }

  TempTree tree_;
  WorkspaceRequest request_;
};

// ---- refusals

TEST_F(WorkspaceTest, NotThere) {
  expect_refused(tree_.at("nothing"), "is not there or cannot be entered (No such file");
}
TEST_F(WorkspaceTest, NotADirectory) { expect_refused(tree_.file("file"), "is not a directory"); }
TEST_F(WorkspaceTest, TheRoot) { expect_refused("/", "is the root directory: name a project directory with -C DIR"); }
TEST_F(WorkspaceTest, Home) { expect_refused(request_.home, "is your home directory"); }
TEST_F(WorkspaceTest, AboveHome) { expect_refused(tree_.path(), "is above your home directory"); }
TEST_F(WorkspaceTest, HomeThroughALink) { expect_refused(tree_.symlink("link", "home"), "is your home directory"); }
TEST_F(WorkspaceTest, OurOwnState) { expect_refused(request_.state_directory, "bailiwick's own state"); }
TEST_F(WorkspaceTest, BelowOurOwnState) {
  expect_refused(tree_.directory("home/.local/state/bailiwick/sessions/x"), "bailiwick's own state");
}
TEST_F(WorkspaceTest, ASystemDirectory) {
  for (const char* path : {"/usr", "/usr/bin", "/etc", "/var", "/tmp", "/var/tmp", "/home", "/opt", "/proc/self",
                           "/dev/shm", "/sys/kernel", "/bin"}) {
    expect_refused(path, "is a system directory");
  }
}
TEST_F(WorkspaceTest, SomebodyElses) {
  const std::string project = tree_.directory("project");
  request_.uid = ::geteuid() + 1;
  expect_refused(project, "belongs to another user (uid " + std::to_string(::geteuid()) + "): use --mode read-only");
  request_.mode = Mode::read_only;
  EXPECT_EQ(root_of(project), project);
}
TEST_F(WorkspaceTest, OurOwnStateIsRefusedInEveryMode) {
  for (const Mode mode : {Mode::read_only, Mode::workspace_write, Mode::full_access}) {
    request_.mode = mode;
    expect_refused(request_.state_directory, "bailiwick's own state");
  }
}
TEST_F(WorkspaceTest, FullAccessTakesHomeButNotTheSystem) {
  request_.mode = Mode::full_access;
  EXPECT_EQ(root_of(request_.home), request_.home);
  EXPECT_EQ(root_of(tree_.path()), tree_.path());
  expect_refused("/", "is the root directory");
  expect_refused("/etc", "is a system directory");
}

// In a mount namespace of its own, where the project is on a read-only mount.
TEST_F(WorkspaceTest, OnAReadOnlyMount) {
  const std::string project = tree_.directory("project");
  const pid_t child = ::fork();
  if (child == 0) {
    // no id maps: the owner and the caller are both the overflow user
    if (::unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) ::_exit(77);
    if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) ::_exit(2);
    if (::mount(project.c_str(), project.c_str(), nullptr, MS_BIND, nullptr) != 0) ::_exit(3);
    request_.uid = ::geteuid();
    if (!find(project).has_value()) ::_exit(4);  // not for another reason
    constexpr unsigned long kReadOnly = MS_BIND | MS_REMOUNT | MS_RDONLY | MS_NOSUID | MS_NODEV;
    if (::mount(nullptr, project.c_str(), nullptr, kReadOnly, nullptr) != 0) ::_exit(5);
    const auto fact = find(project);
    if (fact.has_value() ||
        fact.error().message().find("is on a read-only mount: use --mode read-only") == std::string::npos)
      ::_exit(6);
    request_.mode = Mode::read_only;
    ::_exit(find(project).has_value() ? 0 : 7);
  }
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  if (WIFEXITED(status) && WEXITSTATUS(status) == 77) GTEST_SKIP() << "user namespaces are refused here";
  EXPECT_EQ(status, 0) << "step " << WEXITSTATUS(status);
}

// ---- which directory

TEST_F(WorkspaceTest, ADirectoryWithoutARepositoryIsTheWorkspace) {
  const std::string project = tree_.directory("project/sub");
  const auto fact = find(project);
  ASSERT_TRUE(fact.has_value());
  EXPECT_EQ(fact->root, project);
  EXPECT_EQ(fact->asked, project);
  EXPECT_FALSE(fact->is_git);
  EXPECT_EQ(fact->common_git_directory, "");
}
TEST_F(WorkspaceTest, TheGitTopLevelIsTheWorkspaceAndTheCommandStartsWhereItWasAsked) {
  tree_.directory("project/.git");
  const auto fact = find(tree_.directory("project/a/b"));
  ASSERT_TRUE(fact.has_value());
  EXPECT_EQ(fact->root, tree_.at("project"));
  EXPECT_EQ(fact->asked, tree_.at("project/a/b"));
  EXPECT_TRUE(fact->is_git);
}
TEST_F(WorkspaceTest, TheInnermostRepositoryHolds) {
  tree_.directory("project/.git");
  tree_.directory("project/sub/.git");
  EXPECT_EQ(root_of(tree_.directory("project/sub/x")), tree_.at("project/sub"));
}
TEST_F(WorkspaceTest, AGitFileMarksATopLevel) {
  tree_.file("project/.git", "gitdir: ../elsewhere\n");
  EXPECT_EQ(root_of(tree_.directory("project/x")), tree_.at("project"));
}
TEST_F(WorkspaceTest, AGitLinkIsNotFollowed) {
  tree_.directory("elsewhere");
  tree_.directory("project/x");
  tree_.symlink("project/.git", "../elsewhere");
  EXPECT_EQ(root_of(tree_.at("project/x")), tree_.at("project/x"));
}
TEST_F(WorkspaceTest, ARepositoryInHomeIsNotTheWorkspaceOfAllBelowIt) {
  tree_.directory("home/.git");
  EXPECT_EQ(root_of(tree_.directory("home/src/app")), tree_.at("home/src/app"));
}
TEST_F(WorkspaceTest, ARepositoryAboveHomeIsNotEither) {
  tree_.directory(".git");
  EXPECT_EQ(root_of(tree_.directory("home/src")), tree_.at("home/src"));
}
TEST_F(WorkspaceTest, ARepositoryOfSomebodyElseIsNotTaken) {
  tree_.directory("project/.git");
  tree_.directory("project/x");
  request_.uid = ::geteuid() + 1;
  request_.mode = Mode::read_only;
  EXPECT_EQ(root_of(tree_.at("project/x")), tree_.at("project/x"));
}
TEST_F(WorkspaceTest, ALinkIsResolved) {
  const std::string project = tree_.directory("project");
  EXPECT_EQ(root_of(tree_.symlink("link", "project")), project);
}
TEST_F(WorkspaceTest, OddNamesWork) {
  for (const char* name : {"a\nb", "\xff\xfe", "with space", "-C"}) {
    const std::string project = tree_.directory(name);
    EXPECT_EQ(root_of(project), project);
  }
}
TEST_F(WorkspaceTest, OddNamesAreShownSafely) { expect_refused(tree_.at("no\x1b[2J"), "no\\x1b[2J"); }

// ---- linked worktrees

TEST_F(WorkspaceTest, ALinkedWorktreeBringsTheCommonDirectory) {
  make_linked_worktree();
  const auto fact = find(tree_.at("linked"));
  ASSERT_TRUE(fact.has_value());
  EXPECT_EQ(fact->root, tree_.at("linked"));
  EXPECT_EQ(fact->common_git_directory, tree_.at("main/.git"));
}
TEST_F(WorkspaceTest, ALinkedWorktreeInsideTheRepositoryNeedsNothingMore) {
  make_linked_worktree();
  tree_.file("main/.git/worktrees/in/commondir", "../..\n");
  tree_.file("main/.git/worktrees/in/gitdir", tree_.at("main/.git/wt/.git") + "\n");
  tree_.file("main/.git/wt/.git", "gitdir: ../worktrees/in\n");
  const auto fact = find(tree_.at("main/.git/wt"));
  ASSERT_TRUE(fact.has_value());
  EXPECT_EQ(fact->common_git_directory, tree_.at("main/.git")) << "it lies above, not inside";
}

struct ForgedCase {
  const char* name;
  void (*forge)(const TempTree&);
};
// The agent of an earlier session can write `.git`: what it names is believed only if that points back.
TEST_F(WorkspaceTest, AGitFileThatPointsElsewhereOpensNothing) {
  const std::vector<ForgedCase> cases = {
      {"a directory that is no repository",
       [](const TempTree& tree) {
         tree.file("home/.ssh/id_ed25519");
         tree.file("linked/.git", "gitdir: " + tree.at("home/.ssh") + "\n");
       }},
      {"another worktree of the same repository",
       [](const TempTree& tree) {
         tree.file("main/.git/worktrees/linked/gitdir", tree.at("other/.git") + "\n");
         tree.file("other/.git");
       }},
      {"no back link",
       [](const TempTree& tree) { std::filesystem::remove(tree.at("main/.git/worktrees/linked/gitdir")); }},
      {"the repository itself",
       [](const TempTree& tree) { tree.file("linked/.git", "gitdir: " + tree.at("main/.git") + "\n"); }},
      {"a git directory of its own that names another common one",
       [](const TempTree& tree) {
         tree.file("linked/own/worktrees/linked/gitdir", tree.at("linked/.git") + "\n");
         tree.file("linked/own/worktrees/linked/commondir", tree.at("main/.git") + "\n");
         tree.file("linked/.git", "gitdir: own/worktrees/linked\n");
       }},
      {"a common directory without objects",
       [](const TempTree& tree) { std::filesystem::remove_all(tree.at("main/.git/objects")); }},
      {"a common directory without HEAD",
       [](const TempTree& tree) { std::filesystem::remove(tree.at("main/.git/HEAD")); }},
      {"objects that are a link",
       [](const TempTree& tree) {
         std::filesystem::remove_all(tree.at("main/.git/objects"));
         tree.symlink("main/.git/objects", "/usr");
       }},
      {"not a pointer", [](const TempTree& tree) { tree.file("linked/.git", tree.at("main/.git/worktrees/linked")); }},
      {"an empty pointer", [](const TempTree& tree) { tree.file("linked/.git", "gitdir: \n"); }},
      {"a link in place of the file",
       [](const TempTree& tree) {
         std::filesystem::rename(tree.at("linked/.git"), tree.at("linked/pointer"));
         tree.symlink("linked/.git", "pointer");
       }},
      {"a pointer of a megabyte", [](const TempTree& tree) {
         tree.file("linked/.git",
                   "gitdir: " + tree.at("main/.git/worktrees/linked") + "\n" + std::string(1 << 20, ' '));
       }}};
  for (const ForgedCase& one : cases) {
    make_linked_worktree();
    one.forge(tree_);
    const auto fact = find(tree_.at("linked"));
    ASSERT_TRUE(fact.has_value()) << one.name;
    EXPECT_EQ(fact->common_git_directory, "") << one.name;
    std::filesystem::remove_all(tree_.at("linked"));
    std::filesystem::remove_all(tree_.at("main"));
  }
}
TEST_F(WorkspaceTest, ACommonDirectoryOfSomebodyElseOpensNothing) {
  make_linked_worktree();
  request_.uid = ::geteuid() + 1;
  request_.mode = Mode::read_only;
  const auto fact = find(tree_.at("linked"));
  ASSERT_TRUE(fact.has_value());
  EXPECT_EQ(fact->common_git_directory, "");
}

}  // namespace
}  // namespace bailiwick
