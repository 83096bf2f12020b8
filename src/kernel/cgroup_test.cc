#include "kernel/cgroup.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/sched.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace bailiwick {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using namespace std::chrono_literals;
using Words = std::vector<std::string>;

Words all() { return {"cpuset", "cpu", "io", "memory", "pids"}; }
Words usual() { return {"memory", "pids"}; }

CgroupLevel level(const char* directory, bool is_writable, Words controllers, Words subtree) {
  return {.directory = directory,
          .is_writable = is_writable,
          .controllers = std::move(controllers),
          .subtree_control = std::move(subtree)};
}
CgroupLevel root(bool is_writable, const Words& controllers) {
  CgroupLevel out = level("/r", is_writable, controllers, controllers);
  out.is_root = true;
  return out;
}
CgroupLevel with_memory(CgroupLevel base, std::uint64_t bytes) {
  base.memory_max = bytes;
  return base;
}
CgroupLevel with_quota(CgroupLevel base) {
  base.has_cpu_quota = true;
  return base;
}

struct FindCase {
  const char* name;
  CgroupFacts facts;
  std::optional<DelegatedParent> wanted;
};
class Find : public testing::TestWithParam<FindCase> {};
TEST_P(Find, GivesTheParent) { EXPECT_EQ(find_delegated_parent(GetParam().facts), GetParam().wanted); }
INSTANTIATE_TEST_SUITE_P(
    Cgroup, Find,
    testing::Values(
        FindCase{"NothingMounted", {}, std::nullopt},
        FindCase{"DesktopTerminalBesideOurScope",
                 {{level("/r/app.slice/term.scope", true, usual(), {}), level("/r/app.slice", true, usual(), usual()),
                   root(false, all())}},
                 DelegatedParent{"/r/app.slice", {"memory", "pids"}}},
        FindCase{"CpuIsOfferedWhereItIsHandedOut",
                 {{level("/r/a/b", true, all(), {}), level("/r/a", true, all(), all()), root(false, all())}},
                 DelegatedParent{"/r/a", {"memory", "pids", "cpu"}}},
        FindCase{"SshSessionOfAnOrdinaryUser",
                 {{level("/r/user-1000.slice/session-3.scope", false, usual(), {}),
                   level("/r/user-1000.slice", false, usual(), usual()), root(false, all())}},
                 std::nullopt},
        FindCase{"RootOnSystemd",
                 {{level("/r/user-0.slice/session-3.scope", true, usual(), {}),
                   level("/r/user-0.slice", true, usual(), usual()), root(true, all())}},
                 DelegatedParent{"/r/user-0.slice", {"memory", "pids"}}},
        FindCase{"ParentHandsOutNothingButItsParentDoes",
                 {{level("/r/a/b/c", true, {}, {}), level("/r/a/b", true, usual(), {}),
                   level("/r/a", true, usual(), usual())}},
                 DelegatedParent{"/r/a", {"memory", "pids"}}},
        FindCase{"NearestWithMemoryBeforeOneWithPidsOnly",
                 {{level("/r/a/b", true, {"pids"}, {}), level("/r/a", true, usual(), {"pids"}), root(true, all())}},
                 DelegatedParent{"/r", {"memory", "pids", "cpu"}}},
        FindCase{"PidsAlone",
                 {{level("/r/a/b", true, {"pids"}, {}), level("/r/a", true, usual(), {"pids"}), root(false, all())}},
                 DelegatedParent{"/r/a", {"pids"}}},
        FindCase{"WeAreInTheRootItself", {{root(true, all())}}, DelegatedParent{"/r", {"memory", "pids", "cpu"}}},
        FindCase{"RootWithoutMemory", {{root(true, {"hugetlb"})}}, std::nullopt},
        FindCase{
            "ServiceWithDelegateAlone",
            {{level("/r/system.slice/x.service", true, usual(), {}), level("/r/system.slice", false, all(), all())},
             true},
            DelegatedParent{"/r/system.slice/x.service", {"memory", "pids"}, true}},
        FindCase{
            "ServiceWithDelegateNotAlone",
            {{level("/r/system.slice/x.service", true, usual(), {}), level("/r/system.slice", false, all(), all())},
             false},
            std::nullopt},
        FindCase{"OwnHandsOutButHoldsUs",  // threaded or in a race: not one that we can use
                 {{level("/r/a", true, usual(), usual()), root(false, all())}},
                 std::nullopt},
        FindCase{"ALimitThatWeWouldLeaveIsKept",
                 {{with_memory(level("/r/a/b", true, usual(), {}), 1 << 30),
                   with_memory(level("/r/a", true, usual(), usual()), 4LL << 30), root(false, all())}},
                 DelegatedParent{"/r/a", {"memory", "pids"}, false, 1 << 30}},
        FindCase{"ACpuQuotaIsNotLeftBehind",
                 {{with_quota(level("/r/a/b", true, usual(), {})), level("/r/a", true, usual(), usual()),
                   root(true, all())}},
                 std::nullopt},
        FindCase{"ACpuQuotaOnTheParentStaysInForce",
                 {{level("/r/a/b", true, usual(), {}), with_quota(level("/r/a", true, usual(), usual())),
                   root(true, all())}},
                 DelegatedParent{"/r/a", {"memory", "pids"}}},
        FindCase{"ACpuQuotaOfOurOwnStaysInForceInALeaf",
                 {{with_quota(level("/r/x", true, usual(), {})), root(false, all())}, true},
                 DelegatedParent{"/r/x", {"memory", "pids"}, true}}),
    [](const auto& row) { return row.param.name; });

struct ExplainCase {
  const char* name;
  CgroupFacts facts;
  const char* wanted;  // empty: nothing to explain
};
class ExplainCgroup : public testing::TestWithParam<ExplainCase> {};
TEST_P(ExplainCgroup, SaysWhatToChange) {
  const std::string text = explain_no_memory_cgroup(GetParam().facts);
  EXPECT_EQ(text.empty(), std::string_view(GetParam().wanted).empty()) << text;
  EXPECT_THAT(text, HasSubstr(GetParam().wanted));
}
INSTANTIATE_TEST_SUITE_P(
    Cgroup, ExplainCgroup,
    testing::Values(ExplainCase{"NothingMounted", {}, "mount cgroup2"},
                    ExplainCase{"Version1", {{root(true, {"hugetlb"})}}, "systemd.unified_cgroup_hierarchy=1"},
                    ExplainCase{"NotDelegated",
                                {{level("/r/a", false, usual(), {}), root(false, all())}},
                                "systemd-run --user --scope"},
                    ExplainCase{"Quota",
                                {{with_quota(level("/r/a/b", true, usual(), {})), level("/r/a", true, usual(), usual()),
                                  root(false, all())}},
                                "CPU quota"},
                    ExplainCase{"Fine", {{root(true, all())}}, ""}),
    [](const auto& row) { return row.param.name; });

struct PlaceCase {
  const char* name;
  const char* mountinfo;
  const char* self_cgroup;
  std::optional<CgroupPlace> wanted;
};
class Place : public testing::TestWithParam<PlaceCase> {};
TEST_P(Place, IsFound) { EXPECT_EQ(find_own_cgroup(GetParam().mountinfo, GetParam().self_cgroup), GetParam().wanted); }
INSTANTIATE_TEST_SUITE_P(
    Cgroup, Place,
    testing::Values(PlaceCase{"Unified", "31 23 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n",
                              "0::/user.slice/a.scope\n",
                              CgroupPlace{"/sys/fs/cgroup", "/sys/fs/cgroup/user.slice/a.scope"}},
                    PlaceCase{"Root", "31 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n", "0::/\n",
                              CgroupPlace{"/sys/fs/cgroup", "/sys/fs/cgroup"}},
                    PlaceCase{"Hybrid",
                              "30 29 0:25 / /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids\n31 29 0:26 / "
                              "/sys/fs/cgroup/unified rw shared:3 - cgroup2 x rw\n",
                              "8:pids:/z\n0::/a\n", CgroupPlace{"/sys/fs/cgroup/unified", "/sys/fs/cgroup/unified/a"}},
                    PlaceCase{"PartOfTheTreeIsMounted",
                              "31 23 0:26 /docker/abc /sys/fs/cgroup ro - cgroup2 cgroup2 rw\n", "0::/docker/abc/x\n",
                              CgroupPlace{"/sys/fs/cgroup", "/sys/fs/cgroup/x"}},
                    PlaceCase{"SamePrefixIsNotAbove", "31 23 0:26 /docker/abc /sys/fs/cgroup ro - cgroup2 cgroup2 rw\n",
                              "0::/docker/abcd\n", std::nullopt},
                    PlaceCase{"EscapedBlank", "31 23 0:26 / /mnt/my\\040cg rw - cgroup2 cgroup2 rw\n", "0::/a\n",
                              CgroupPlace{"/mnt/my cg", "/mnt/my cg/a"}},
                    PlaceCase{"OutsideOfTheNamespace", "31 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n",
                              "0::/../b\n", std::nullopt},
                    PlaceCase{"Deleted", "31 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n", "0::/b (deleted)\n",
                              std::nullopt},
                    PlaceCase{"OnlyVersion1", "30 29 0:25 / /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids\n",
                              "8:pids:/\n", std::nullopt},
                    PlaceCase{"Garbage", "x\n\n- cgroup2 \n - cgroup2 a b\n", "0::/\n", std::nullopt}),
    [](const auto& row) { return row.param.name; });

// A tree of directories with the files of cgroups.
class FakeTree : public testing::Test {
 protected:
  FakeTree() {
    char name[] = "/tmp/bailiwick_cgroup_XXXXXX";
    top_ = ::mkdtemp(name);
  }
  ~FakeTree() override { std::filesystem::remove_all(top_); }
  void make(const std::string& directory, const std::vector<std::pair<std::string, std::string>>& files) {
    std::filesystem::create_directories(top_ + directory);
    for (const auto& [file, text] : files) std::ofstream(top_ + directory + "/" + file) << text;
  }
  std::string top_;
};

TEST_F(FakeTree, IsReadFromOurOwnUpToTheMount) {
  make("/a/b", {{"cgroup.type", "domain\n"},
                {"cgroup.procs", std::to_string(::getpid()) + "\n"},
                {"cgroup.controllers", "memory pids\n"},
                {"cgroup.subtree_control", "\n"},
                {"memory.max", "1048576\n"},
                {"pids.max", "max\n"},
                {"cpu.max", "50000 100000\n"}});
  make("/a", {{"cgroup.type", "threaded\n"},
              {"cgroup.procs", ""},
              {"cgroup.controllers", "memory pids cpu\n"},
              {"cgroup.subtree_control", "memory pids\n"},
              {"cpu.max", "max 100000\n"}});
  make("", {{"cgroup.procs", ""}, {"cgroup.controllers", "cpu memory\n"}, {"cgroup.subtree_control", "cpu memory\n"}});
  const CgroupFacts facts = load_cgroup_facts({.mount_point = top_, .own = top_ + "/a/b"});
  ASSERT_EQ(facts.levels.size(), 3U);
  EXPECT_TRUE(facts.is_alone);
  EXPECT_EQ(facts.levels[0].directory, top_ + "/a/b");
  EXPECT_TRUE(facts.levels[0].is_writable);
  EXPECT_THAT(facts.levels[0].controllers, ElementsAre("memory", "pids"));
  EXPECT_THAT(facts.levels[0].subtree_control, IsEmpty());
  EXPECT_EQ(facts.levels[0].memory_max, 1048576U);
  EXPECT_EQ(facts.levels[0].pids_max, 0U);
  EXPECT_TRUE(facts.levels[0].has_cpu_quota);
  EXPECT_FALSE(facts.levels[1].is_writable) << "a threaded cgroup cannot hold memory";
  EXPECT_FALSE(facts.levels[1].has_cpu_quota);
  EXPECT_EQ(facts.levels[2].directory, top_);
  EXPECT_TRUE(facts.levels[2].is_root);
  EXPECT_THAT(facts.levels[2].subtree_control, ElementsAre("cpu", "memory"));
}

TEST_F(FakeTree, AnotherProcessBesideUs) {
  make("", {{"cgroup.type", "domain\n"},
            {"cgroup.procs", "1\n" + std::to_string(::getpid()) + "\n"},
            {"cgroup.subtree_control", ""}});
  EXPECT_FALSE(load_cgroup_facts({.mount_point = top_, .own = top_}).is_alone);
}

TEST_F(FakeTree, WithoutPermissionNothingIsWritable) {
  if (::geteuid() == 0) GTEST_SKIP() << "root may write everywhere";
  make("", {{"cgroup.procs", ""}, {"cgroup.subtree_control", "memory\n"}});
  ::chmod((top_ + "/cgroup.procs").c_str(), 0444);
  EXPECT_FALSE(load_cgroup_facts({.mount_point = top_, .own = top_}).levels.at(0).is_writable);
}

TEST_F(FakeTree, IsNoCgroupToMakeAChildIn) {
  const auto made = Cgroup::make_cgroup(top_, "x");
  ASSERT_FALSE(made.has_value());
  EXPECT_THAT(made.error().message(), HasSubstr("not a version 2 cgroup"));
  EXPECT_FALSE(std::filesystem::exists(top_ + "/x"));
}

TEST_F(FakeTree, NamesThatAreNotPlainAreRefused) {
  for (const char* name : {"", ".", "..", "a/b", ".hidden", "a b", "a\nb"}) {
    const auto made = Cgroup::make_cgroup(top_, name);
    ASSERT_FALSE(made.has_value()) << name;
    EXPECT_EQ(made.error().kind, ErrorKind::invalid) << name;
  }
}

// On the real kernel, without any controller: what a cgroup does for killing and counting.
class RealCgroup : public testing::Test {
 protected:
  void SetUp() override {
    const CgroupFacts facts = load_own_cgroup_facts();
    for (const CgroupLevel& one : facts.levels) {
      if (one.is_writable) parent_ = one.directory;
    }
    if (parent_.empty()) GTEST_SKIP() << "no cgroup2 directory is writable for this user";
  }
  Cgroup make(const char* suffix) {
    auto made = Cgroup::make_cgroup(parent_, "bailiwick-test-" + std::to_string(::getpid()) + suffix);
    if (!made) ADD_FAILURE() << made.error().message();
    return std::move(*made);
  }
  static pid_t start_sleeper() {
    const pid_t child = ::fork();
    if (child == 0) {
      while (true) ::pause();
    }
    return child;
  }
  std::string parent_;
};

TEST_F(RealCgroup, KillsWhatIsInItAndIsRemoved) {
  std::string path;
  const pid_t child = start_sleeper();
  {
    Cgroup cgroup = make("a");
    path = cgroup.path();
    ASSERT_TRUE(cgroup.add(child).has_value());
    EXPECT_TRUE(cgroup.events().is_populated);
    EXPECT_FALSE(cgroup.wait_until_empty(0ms).value());
    ASSERT_TRUE(cgroup.kill_all().has_value());
    EXPECT_TRUE(cgroup.wait_until_empty(5s).value());
    EXPECT_FALSE(cgroup.events().is_populated);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFSIGNALED(status));
  EXPECT_EQ(WTERMSIG(status), SIGKILL);
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST_F(RealCgroup, LeftoversEndWithTheOwner) {
  const pid_t child = start_sleeper();
  std::string path;
  {
    const Cgroup first = make("b");
    Cgroup cgroup = make("c");
    path = cgroup.path();
    ASSERT_TRUE(cgroup.add(child).has_value());
    Cgroup moved(std::move(cgroup));
    EXPECT_TRUE(std::filesystem::exists(path)) << "moving does not remove";
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFSIGNALED(status));
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST_F(RealCgroup, AProcessCanBeBornInIt) {
  Cgroup cgroup = make("d");
  ::clone_args arguments{};
  arguments.flags = CLONE_INTO_CGROUP;
  arguments.exit_signal = SIGCHLD;
  arguments.cgroup = static_cast<std::uint64_t>(cgroup.directory());
  const long child = ::syscall(SYS_clone3, &arguments, sizeof arguments);
  if (child == 0) {
    while (true) ::pause();
  }
  ASSERT_GT(child, 0);
  EXPECT_TRUE(cgroup.events().is_populated);
  EXPECT_TRUE(cgroup.remove().has_value());
  int status = 0;
  ASSERT_EQ(::waitpid(static_cast<pid_t>(child), &status, 0), child);
  EXPECT_TRUE(WIFSIGNALED(status));
}

TEST_F(RealCgroup, ALimitThatCannotBeSetIsAnErrorThatNamesTheFile) {
  Cgroup cgroup = make("e");
  if (std::filesystem::exists(cgroup.path() + "/memory.max")) GTEST_SKIP() << "this machine delegates memory";
  const Status set = cgroup.set_limits({.memory_bytes = 1 << 30});
  ASSERT_FALSE(set.has_value());
  EXPECT_THAT(set.error().message(), HasSubstr("memory.max"));
  EXPECT_EQ(cgroup.memory_peak(), std::nullopt);
  EXPECT_EQ(cgroup.events().oom_kills, 0U);
}

TEST_F(RealCgroup, TheSameNameTwiceIsRefused) {
  const Cgroup cgroup = make("f");
  EXPECT_FALSE(Cgroup::make_cgroup(parent_, "bailiwick-test-" + std::to_string(::getpid()) + "f").has_value());
  EXPECT_TRUE(std::filesystem::exists(cgroup.path()));
}

// With controllers, where the machine has them: the limits themselves.
TEST_F(RealCgroup, LimitsHold) {
  const auto parent = find_delegated_parent(load_own_cgroup_facts());
  if (!parent || parent->needs_move || parent->controllers.front() != "memory") {
    GTEST_SKIP() << "no cgroup with a memory controller is delegated here";
  }
  auto cgroup = Cgroup::make_cgroup(parent->directory, "bailiwick-test-limits-" + std::to_string(::getpid()));
  ASSERT_TRUE(cgroup.has_value());
  ASSERT_TRUE(cgroup->set_limits({.memory_bytes = 32 << 20, .pids = 4}).has_value());
  const pid_t child = ::fork();
  if (child == 0) {
    if (!cgroup->add(::getpid())) ::_exit(2);
    std::vector<char> memory(256U << 20, 'x');
    ::_exit(memory[12345] == 'x' ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFSIGNALED(status));
  EXPECT_GE(cgroup->events().oom_kills, 1U);
  EXPECT_LE(cgroup->memory_peak().value_or(32 << 20), 32U << 20);
}

}  // namespace
}  // namespace bailiwick
