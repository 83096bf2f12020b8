#include "sandbox/plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>
#include <functional>
#include <nlohmann/json.hpp>

#include "base/golden.h"
#include "kernel/abi/landlock.h"
#include "sandbox/sample_facts.h"

namespace bailiwick {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::IsSupersetOf;
using testing::Not;
using Kind = Cover::Kind;

constexpr const char* kApp = "/home/ann/src/app";

struct Input {
  SandboxPolicy policy;
  Facts facts = sample::developer();
  HostFeatures host = sample::linux_6_18();
};

SandboxPlan planned(const Input& input) {
  auto result = plan(input.policy, input.facts, input.host);
  EXPECT_TRUE(result.has_value()) << result.error().message();
  return result ? *std::move(result) : SandboxPlan{};
}

Error refused(const Input& input) {
  auto result = plan(input.policy, input.facts, input.host);
  EXPECT_FALSE(result.has_value()) << "was planned";
  return result ? Error{} : result.error();
}

const RootStep* find_step(const SandboxPlan& plan, const std::string& target) {
  const auto at =
      std::find_if(plan.root.begin(), plan.root.end(), [&](const RootStep& s) { return s.target == target; });
  return at == plan.root.end() ? nullptr : &*at;
}
const Cover* find_cover(const SandboxPlan& plan, const std::string& target) {
  const auto same = [&](const Cover& cover) { return cover.target == target; };
  const auto at = std::find_if(plan.covers.begin(), plan.covers.end(), same);
  return at == plan.covers.end() ? nullptr : &*at;
}
std::size_t position(const SandboxPlan& plan, const std::string& target) {
  return static_cast<std::size_t>(find_step(plan, target) - plan.root.data());
}
bool is_bound(const SandboxPlan& plan, const std::string& target, MountAccess access) {
  const RootStep* step = find_step(plan, target);
  return step != nullptr && step->kind == RootStep::Kind::bind && step->access == access;
}
std::vector<std::string> targets(const std::vector<Cover>& covers) {
  std::vector<std::string> out;
  for (const Cover& cover : covers) out.push_back(std::string(name_of(cover.kind)) + " " + cover.target);
  return out;
}

// ---- whole plans

struct GoldenCase {
  const char* name;
  std::function<void(Input&)> change;
};
class PlanGolden : public testing::TestWithParam<GoldenCase> {};
TEST_P(PlanGolden, Text) {
  Input input;
  GetParam().change(input);
  check_golden(std::string(TEST_SOURCE_DIR "/testdata/plan_") + GetParam().name + ".txt", render_text(planned(input)));
}
INSTANTIATE_TEST_SUITE_P(Plans, PlanGolden,
                         testing::Values(GoldenCase{"workspace_write", [](Input&) {}},
                                         GoldenCase{"read_only", [](Input& i) { i.policy.mode = Mode::read_only; }},
                                         GoldenCase{"root", [](Input& i) { i.facts = sample::root(); }},
                                         GoldenCase{"full_access",
                                                    [](Input& i) {
                                                      i.policy.mode = Mode::full_access;
                                                      i.facts.system.clear();
                                                      i.facts.home_trees.clear();
                                                      i.facts.copies.clear();
                                                      i.facts.top = {sample::symlink("/bin", "usr/bin"),
                                                                     sample::tree("/dev"),
                                                                     sample::tree("/etc"),
                                                                     sample::tree("/home"),
                                                                     sample::tree("/proc"),
                                                                     sample::tree("/run"),
                                                                     sample::tree("/sys"),
                                                                     sample::tree("/tmp"),
                                                                     sample::tree("/usr"),
                                                                     sample::file("/swapfile")};
                                                      i.facts.matches.push_back(sample::hide_tree("/home/ann/.ssh"));
                                                    }},
                                         GoldenCase{"landlock_backend",
                                                    [](Input& i) { i.policy.backend = BackendChoice::landlock; }},
                                         GoldenCase{"host_network_abi_2",
                                                    [](Input& i) {
                                                      i.policy.network = NetworkMode::host;
                                                      i.host.landlock_abi = 2;
                                                    }},
                                         GoldenCase{"debian_12_root",
                                                    [](Input& i) {
                                                      i.facts = sample::root();
                                                      i.host = sample::debian_12();
                                                    }},
                                         GoldenCase{"debian_12", [](Input& i) { i.host = sample::debian_12(); }}),
                         [](const auto& one) { return std::string(one.param.name); });

// ---- what cannot be planned

struct RefusedCase {
  const char* name;
  std::function<void(Input&)> change;
  ErrorKind kind;
  const char* says;
};
class PlanRefused : public testing::TestWithParam<RefusedCase> {};
TEST_P(PlanRefused, SaysWhatToDo) {
  Input input;
  GetParam().change(input);
  const Error error = refused(input);
  EXPECT_EQ(error.kind, GetParam().kind);
  EXPECT_THAT(error.message(), HasSubstr(GetParam().says));
}
INSTANTIATE_TEST_SUITE_P(
    Hosts, PlanRefused,
    testing::Values(
        RefusedCase{"NoLandlock", [](Input& i) { i.host.landlock_abi = 0; }, ErrorKind::sandbox,
                    "boot with `lsm=landlock,...`"},
        RefusedCase{"LandlockAbi1", [](Input& i) { i.host.landlock_abi = 1; }, ErrorKind::sandbox,
                    "ABI 1): Linux 5.19 or newer is needed"},
        RefusedCase{"NoSeccomp", [](Input& i) { i.host.has_seccomp_filter = false; }, ErrorKind::sandbox,
                    "CONFIG_SECCOMP_FILTER"},
        RefusedCase{"NoUserNamespaces", [](Input& i) { i.host = sample::without_user_namespaces(); },
                    ErrorKind::sandbox, "AppArmor refuses user namespaces; `bailiwick doctor` says what to change"},
        RefusedCase{"NoUserNamespacesNamesTheWeakerBackend",
                    [](Input& i) { i.host = sample::without_user_namespaces(); }, ErrorKind::sandbox,
                    "--backend landlock accepts a weaker sandbox"},
        RefusedCase{"NoMountSetattr", [](Input& i) { i.host.has_mount_setattr = false; }, ErrorKind::sandbox,
                    "older than 5.12"},
        RefusedCase{"NoFreshProc", [](Input& i) { i.host.has_fresh_proc = false; }, ErrorKind::sandbox, "fresh /proc"},
        RefusedCase{"LandlockBackendWithoutLandlock",
                    [](Input& i) {
                      i.policy.backend = BackendChoice::landlock;
                      i.host.landlock_abi = 0;
                    },
                    ErrorKind::sandbox, "no Landlock"},
        RefusedCase{"ProgramThatIsNotInside",
                    [](Input& i) { i.facts.candidates = {sample::file("/opt/my tools/agent")}; }, ErrorKind::not_found,
                    "add --read '/opt/my tools'"},
        RefusedCase{"ProgramInPrivateHome",
                    [](Input& i) { i.facts.candidates = {sample::file("/home/ann/bin/agent")}; }, ErrorKind::not_found,
                    "add --read /home/ann/bin"},
        RefusedCase{"ProgramBelowAHiddenDirectory",
                    [](Input& i) {
                      i.facts.matches.push_back(sample::hide_tree("/usr/secret"));
                      i.facts.candidates = {sample::file("/usr/secret/agent")};
                    },
                    ErrorKind::not_found, "not visible in the sandbox"}),
    [](const auto& one) { return std::string(one.param.name); });

TEST(Plan, AutoFallsToLandlockAndSaysWhatIsWeaker) {
  Input input;
  input.policy.backend = BackendChoice::automatic;
  EXPECT_EQ(planned(input).backend, Backend::namespaces);
  input.host = sample::without_user_namespaces();
  const SandboxPlan plan = planned(input);
  EXPECT_EQ(plan.backend, Backend::landlock);
  EXPECT_THAT(plan.root, IsEmpty());
  EXPECT_THAT(plan.weaker, Contains(HasSubstr("git hooks")));
  EXPECT_THAT(plan.weaker, Contains(HasSubstr("1 secret or denied names inside readable trees stay readable")));
  EXPECT_THAT(plan.weaker, Not(Contains(HasSubstr("signalled"))));
  input.host.landlock_abi = 5;
  EXPECT_THAT(planned(input).weaker, Contains(HasSubstr("can be signalled")));
}

// ---- the root

TEST(Plan, WhatHoldsComesBeforeWhatLiesInIt) {
  Input input;
  input.facts.read = {sample::tree("/srv/data/deep/tree"), sample::tree("/srv/data")};
  const SandboxPlan plan = planned(input);
  EXPECT_LT(position(plan, "/home/ann"), position(plan, kApp));
  EXPECT_LT(position(plan, "/home/ann/src"), position(plan, kApp));
  EXPECT_LT(position(plan, "/home/ann"), position(plan, "/home/ann/.gitconfig"));
  EXPECT_LT(position(plan, "/dev"), position(plan, "/dev/pts"));
  EXPECT_EQ(find_step(plan, "/home/ann/src")->kind, RootStep::Kind::directory);
  EXPECT_EQ(find_step(plan, "/home/ann")->kind, RootStep::Kind::scratch);
  EXPECT_EQ(find_step(plan, "/home/ann")->mode, 0700U);
}

TEST(Plan, ABindThatAddsNothingIsLeftOut) {
  Input input;
  input.facts.read = {sample::tree("/usr/share/doc"), sample::tree("/home/ann/src/app/docs")};
  input.facts.write = {sample::tree("/home/ann/src/app/out")};
  const SandboxPlan plan = planned(input);
  EXPECT_EQ(find_step(plan, "/usr/share/doc"), nullptr);
  EXPECT_EQ(find_step(plan, "/home/ann/src/app/out"), nullptr);
  // --read below a written tree asks for reading, not for less writing: --deny-read and read-only modes are for that
  EXPECT_EQ(find_step(plan, "/home/ann/src/app/docs"), nullptr);
  EXPECT_TRUE(is_bound(plan, kApp, MountAccess::read_write));
}

TEST(Plan, AWrittenTreeInsideAReadOneIsBoundOnItsOwn) {
  Input input;
  input.facts.read = {sample::tree("/srv")};
  input.facts.write = {sample::tree("/srv/cache")};
  const SandboxPlan plan = planned(input);
  EXPECT_TRUE(is_bound(plan, "/srv", MountAccess::read_only));
  EXPECT_TRUE(is_bound(plan, "/srv/cache", MountAccess::read_write));
  EXPECT_LT(position(plan, "/srv"), position(plan, "/srv/cache"));
  const LandlockRule wanted{.path = "/srv/cache", .access = TreeAccess::write, .is_directory = true};
  EXPECT_THAT(plan.landlock_rules, Contains(wanted));
}

TEST(Plan, NamingOneTreeForBothMeansWriting) {
  Input input;
  input.facts.read = {sample::tree("/srv")};
  input.facts.write = {sample::tree("/srv")};
  EXPECT_TRUE(is_bound(planned(input), "/srv", MountAccess::read_write));
}

TEST(Plan, RootGetsEtcWithoutWhatIsHidden) {
  Input input;
  input.facts = sample::root();
  const SandboxPlan plan = planned(input);
  EXPECT_EQ(find_step(plan, "/etc")->kind, RootStep::Kind::directory);
  EXPECT_TRUE(is_bound(plan, "/etc/passwd", MountAccess::read_only));
  EXPECT_EQ(find_step(plan, "/etc/localtime")->kind, RootStep::Kind::symlink);
  EXPECT_EQ(find_step(plan, "/etc/shadow"), nullptr);
  ASSERT_NE(find_cover(plan, "/etc/ssl/private"), nullptr);
  EXPECT_EQ(find_cover(plan, "/etc/ssl/private")->kind, Kind::hide);
  EXPECT_TRUE(plan.drop_groups);
  EXPECT_FALSE(planned({}).drop_groups);
}

TEST(Plan, TheWorkspaceIsAlsoThereByTheNameThatWasUsed) {
  Input input;
  input.facts.workspace.alias = "/linked/app";
  const SandboxPlan plan = planned(input);
  ASSERT_NE(find_step(plan, "/linked/app"), nullptr);
  EXPECT_EQ(find_step(plan, "/linked/app")->kind, RootStep::Kind::symlink);
  EXPECT_EQ(find_step(plan, "/linked/app")->source, kApp);
}

TEST(Plan, ALinkedWorktreeBringsItsCommonGitDirectory) {
  Input input;
  input.facts.workspace.common_git_directory = "/home/ann/src/main/.git";
  input.facts.matches.push_back(sample::protect("/home/ann/src/main/.git/config"));
  SandboxPlan plan = planned(input);
  EXPECT_TRUE(is_bound(plan, "/home/ann/src/main/.git", MountAccess::read_write));
  EXPECT_NE(find_cover(plan, "/home/ann/src/main/.git/config"), nullptr);
  input.policy.mode = Mode::read_only;
  plan = planned(input);
  EXPECT_TRUE(is_bound(plan, "/home/ann/src/main/.git", MountAccess::read_only));
  EXPECT_TRUE(is_bound(plan, kApp, MountAccess::read_only));
}

struct SocketCase {
  const char* path;
  bool is_escape;
};
TEST(Plan, SocketsAreLetInWithAWarning) {
  for (const SocketCase& one : {SocketCase{"/run/docker.sock", true},
                                {"/run/user/1000/podman/podman.sock", true},
                                {"/run/user/1000/bus", true},
                                {"/run/dbus/system_bus_socket", true},
                                {"/run/libvirt/libvirt-sock", true},
                                {"/run/postgresql/.s.PGSQL.5432", false}}) {
    Input input;
    input.facts.sockets = {sample::socket(one.path, one.path)};
    const SandboxPlan plan = planned(input);
    EXPECT_THAT(plan.sockets, ElementsAre(one.path));
    EXPECT_TRUE(is_bound(plan, one.path, MountAccess::read_write)) << one.path;
    const char* wanted = one.is_escape ? "is a way out of the sandbox" : "acts outside the sandbox";
    EXPECT_THAT(plan.warnings, Contains(AllOf(HasSubstr(one.path), HasSubstr(wanted))));
  }
}

// ---- covers

TEST(Plan, NothingIsProtectedInAWorkspaceThatIsOnlyRead) {
  Input input;
  input.policy.mode = Mode::read_only;
  EXPECT_THAT(targets(planned(input).covers), ElementsAre("hide /home/ann/src/app/.env.production"));
}

TEST(Plan, SecretsBelowANamedTreeAreCovered) {
  Input input;
  input.facts.read = {sample::tree("/srv/site")};
  input.facts.matches = {sample::hide("/srv/site/.env"), sample::hide("/home/ann/.ssh/id_ed25519"),
                         sample::hide("/srv/other/.env")};
  // what no tree shows needs no cover
  EXPECT_THAT(targets(planned(input).covers), ElementsAre("hide /srv/site/.env"));
}

TEST(Plan, ASecretThatIsNamedItselfIsNotCovered) {
  Input input;
  input.facts.read = {sample::tree("/srv/site"), sample::file("/srv/key.pem")};
  input.facts.matches = {sample::hide("/srv/key.pem")};
  EXPECT_THAT(planned(input).covers, IsEmpty());
}

TEST(Plan, HidingWinsOverProtecting) {
  Input input;
  input.facts.matches = {sample::protect("/home/ann/src/app/.envrc"), sample::hide("/home/ann/src/app/.envrc")};
  EXPECT_THAT(targets(planned(input).covers), ElementsAre("hide /home/ann/src/app/.envrc"));
  std::swap(input.facts.matches[0], input.facts.matches[1]);
  EXPECT_THAT(targets(planned(input).covers), ElementsAre("hide /home/ann/src/app/.envrc"));
}

TEST(Plan, NothingIsCoveredBelowWhatIsHidden) {
  Input input;
  input.facts.matches = {sample::protect("/home/ann/src/app/s/.git/config"), sample::hide("/home/ann/src/app/s/key"),
                         sample::hide_tree("/home/ann/src/app/s")};
  EXPECT_THAT(targets(planned(input).covers), ElementsAre("hide /home/ann/src/app/s"));
}

TEST(Plan, ParentsOfProtectedNamesArePinnedAndComeFirst) {
  Input input;
  input.facts.matches = {sample::protect("/home/ann/src/app/vendor/x/.git/config"),
                         sample::pin("/home/ann/src/app/vendor/x/.git"), sample::hide("/home/ann/src/app/a/b/secret")};
  EXPECT_THAT(
      targets(planned(input).covers),
      ElementsAre("pin /home/ann/src/app/vendor", "pin /home/ann/src/app/vendor/x", "hide /home/ann/src/app/a/b/secret",
                  "pin /home/ann/src/app/vendor/x/.git", "protect /home/ann/src/app/vendor/x/.git/config"));
}

TEST(Plan, OneNameIsCoveredOnce) {
  Input input;
  input.facts.matches = {sample::protect("/home/ann/src/app/.envrc"), sample::protect("/home/ann/src/app/.envrc")};
  EXPECT_THAT(targets(planned(input).covers), ElementsAre("protect /home/ann/src/app/.envrc"));
}

// ---- budgets, filters, environment

struct BudgetCase {
  const char* name;
  std::optional<std::uint64_t> asked;
  std::uint64_t memory;
  std::uint64_t ceiling;
  std::uint64_t wanted;
};
TEST(Plan, MemoryIsNeverMoreThanThereIs) {
  constexpr std::uint64_t kGiB = 1ULL << 30;
  for (const BudgetCase& one : {BudgetCase{"half by default", {}, 16 * kGiB, 0, 8 * kGiB},
                                {"as asked", kGiB, 16 * kGiB, 0, kGiB},
                                {"all at most", 99 * kGiB, 16 * kGiB, 0, 16 * kGiB},
                                {"half of a cgroup", {}, 16 * kGiB, 2 * kGiB, kGiB},
                                {"a cgroup's at most", 9 * kGiB, 16 * kGiB, 2 * kGiB, 2 * kGiB},
                                {"unknown", {}, 0, 0, 4 * kGiB}}) {
    Input input;
    input.policy.limits.memory_bytes = one.asked;
    input.host.memory_bytes = one.memory;
    input.host.cgroup_memory_ceiling = one.ceiling;
    const SandboxPlan plan = planned(input);
    EXPECT_EQ(plan.memory_bytes, one.wanted) << one.name;
    EXPECT_EQ(plan.scratch_bytes, one.wanted / 2) << one.name;
  }
}

TEST(Plan, TheCgroupKeepsMemoryWhereItCan) {
  Input input;
  EXPECT_EQ(planned(input).memory_keeper, MemoryKeeper::watched);
  input.host.cgroup_controllers = {"memory", "pids"};
  EXPECT_EQ(planned(input).memory_keeper, MemoryKeeper::watched) << "controllers without a directory";
  input.host.cgroup_parent = "/sys/fs/cgroup/app.slice";
  EXPECT_EQ(planned(input).memory_keeper, MemoryKeeper::cgroup);
  input.host.cgroup_controllers = {"pids"};
  EXPECT_EQ(planned(input).memory_keeper, MemoryKeeper::watched);
}

TEST(Plan, TheCgroupRefusesAProcessBeforeTheResourceLimitDoes) {
  Input input;
  input.policy.limits.processes = 40;
  EXPECT_THAT(planned(input).limits, Contains(ResourceLimit{RLIMIT_NPROC, "processes", 40}));
  input.host.cgroup_parent = "/sys/fs/cgroup/app.slice";
  input.host.cgroup_controllers = {"pids"};
  EXPECT_THAT(planned(input).limits, Contains(ResourceLimit{RLIMIT_NPROC, "processes", 43}));
  EXPECT_EQ(planned(input).processes, 40);
}

TEST(Plan, CpusAreASetThatCannotBeLeftWhereNoCgroupCounts) {
  Input free;
  Input fixed;
  fixed.policy.limits.cpus = 2;
  EXPECT_NE(planned(fixed).seccomp, planned(free).seccomp);
  EXPECT_THAT(planned(fixed).weaker, IsEmpty());
  fixed.policy.limits.cpus = 1.5;
  EXPECT_THAT(planned(fixed).weaker, Contains(HasSubstr("whole CPUs are given: 2")));
  fixed.host.cgroup_parent = "/sys/fs/cgroup/app.slice";
  fixed.host.cgroup_controllers = {"cpu"};
  EXPECT_EQ(planned(fixed).seccomp, planned(free).seccomp);
  EXPECT_THAT(planned(fixed).weaker, IsEmpty());
  fixed.policy.limits.cpus = 64;
  EXPECT_EQ(planned(fixed).cpus, 8);
}

TEST(Plan, RootWithoutAPidsCeilingIsWeaker) {
  Input input;
  input.facts = sample::root();
  EXPECT_THAT(planned(input).weaker, IsEmpty());
  input.host = sample::debian_12();
  EXPECT_THAT(planned(input).weaker, ElementsAre(HasSubstr("before Linux 6.14")));
  input.host.cgroup_parent = "/sys/fs/cgroup";
  input.host.cgroup_controllers = {"pids"};
  EXPECT_THAT(planned(input).weaker, IsEmpty());
  EXPECT_THAT(planned({.host = sample::debian_12()}).weaker, IsEmpty()) << "RLIMIT_NPROC holds others";
}

TEST(Plan, CoresAreLimitedToOneByte) {
  // 0 would still start a program that core_pattern pipes to
  EXPECT_THAT(planned({}).limits, Contains(ResourceLimit{RLIMIT_CORE, "core", 1}));
}

TEST(Plan, TheEnvironmentIsTheAllowedPart) {
  Input input;
  input.facts.workspace.asked = "/home/ann/src/app/sub";
  SandboxPlan plan = planned(input);
  EXPECT_THAT(plan.environment, IsSupersetOf({"HOME=/home/ann", "PATH=/usr/bin:/bin", "PWD=/home/ann/src/app/sub"}));
  EXPECT_THAT(plan.environment, Not(Contains(HasSubstr("ghp_"))));
  input.facts.environment.clear();
  input.facts.home = input.facts.real_home = "";
  input.facts.home_trees.clear();
  input.facts.copies.clear();
  plan = planned(input);
  EXPECT_THAT(plan.environment, IsSupersetOf({"HOME=/tmp", "PATH=/usr/local/bin:/usr/bin:/bin"}));
}

TEST(Plan, ACutSearchIsWeaker) {
  Input input;
  input.policy.scan_entries = 321;
  input.facts.scan_was_cut = true;
  EXPECT_THAT(planned(input).weaker, ElementsAre(HasSubstr("stopped after 321 entries")));
}

TEST(Plan, LandlockGrantsNoWriteOutsideWhatIsWritten) {
  const SandboxPlan plan = planned({});
  for (const LandlockRule& rule : plan.landlock_rules) {
    if (rule.access != TreeAccess::write) continue;
    EXPECT_THAT(rule.path, testing::AnyOf("/tmp", "/var/tmp", "/dev/shm", "/home/ann", kApp));
  }
  EXPECT_EQ(plan.landlock.network, 0U);
  Input input;
  input.policy.backend = BackendChoice::landlock;
  EXPECT_NE(planned(input).landlock.network, 0U) << "nothing else keeps the network out there";
}

// SECURITY: a file as a standard stream can be opened again by its name in /proc. Test of the effect:
// exec_test.py Streams.test_files_as_streams_can_be_opened_by_name_and_no_more
TEST(Plan, ReadingIsCheckedWhereADescriptorOfTheHostMayComeIn) {
  const auto checks_reads = [](const Input& input) {
    return (planned(input).landlock.filesystem & abi::kFsReadFile) != 0;
  };
  EXPECT_FALSE(checks_reads({}));
  Input input;
  input.facts.has_file_as_stdio = true;
  EXPECT_TRUE(checks_reads(input));
  input = {};
  input.facts.sockets.push_back({.asked = "/run/x", .path = "/run/x", .kind = FileKind::socket, .link = {}});
  EXPECT_TRUE(checks_reads(input));
  input = {};
  input.policy.network = NetworkMode::host;
  EXPECT_FALSE(checks_reads(input)) << "abstract sockets of the host are out of scope";
  input.host.landlock_abi = 5;
  EXPECT_TRUE(checks_reads(input));
  input = {};
  input.policy.backend = BackendChoice::landlock;
  EXPECT_TRUE(checks_reads(input)) << "nothing else keeps reads in there";
}

TEST(Plan, ProgramsAreTriedInOrderByTheNameThatIsThereInside) {
  Input input;
  PathFact through_link = sample::file("/usr/bin/make");
  through_link.asked = "/bin/make";
  PathFact from_hidden = sample::file("/usr/bin/make");
  from_hidden.asked = "/home/ann/bin/make";  // a link in a directory that is not inside
  input.facts.candidates = {sample::file("/home/ann/.local/bin/make"), from_hidden, through_link};
  EXPECT_THAT(planned(input).candidates, ElementsAre("/usr/bin/make", "/bin/make"));
}

// ---- JSON

TEST(Plan, JsonHoldsThePlan) {
  Input input;
  input.facts.workspace.asked = std::string(kApp) + "/\xff\n";
  const auto json = nlohmann::json::parse(render_json(planned(input)), nullptr, false);
  ASSERT_FALSE(json.is_discarded());
  for (const char* key :
       {"schema",   "backend",    "mode",   "network",     "uid",         "gid",      "workspace", "directory",
        "command",  "candidates", "agent",  "credentials", "environment", "sockets",  "root",      "covers",
        "landlock", "seccomp",    "limits", "budgets",     "scan",        "warnings", "weaker"}) {
    EXPECT_TRUE(json.contains(key)) << key;
  }
  EXPECT_EQ(json["schema"], 1);
  EXPECT_EQ(json["directory"], std::string(kApp) + "/\\xff\\n");
  EXPECT_EQ(json["limits"]["core"], 1);
  EXPECT_EQ(json["budgets"]["memory_keeper"], "watched");
  EXPECT_EQ(json["seccomp"]["program"].size(), json["seccomp"]["instructions"]);
  EXPECT_EQ(json["covers"].size(), planned(input).covers.size());
  // names only: a value may be private
  EXPECT_THAT(json["environment"].get<std::vector<std::string>>(),
              AllOf(Contains("PATH"), Not(Contains(HasSubstr("=")))));
}

}  // namespace
}  // namespace bailiwick
