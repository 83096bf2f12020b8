#include "sandbox/doctor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace bailiwick {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

// Linux 6.18 with all there is, on a desktop.
HostFeatures modern() {
  HostFeatures host;
  host.kernel_release = "6.18.44-amd64";
  host.kernel_major = 6;
  host.kernel_minor = 18;
  host.machine = "x86_64";
  host.landlock_abi = 7;
  host.has_overlayfs = true;
  host.has_pid_max_namespaced = true;
  host.has_memfd_noexec = true;
  host.has_cgroup_kill = true;
  host.refuses_tiocsti = true;
  host.yama_ptrace_scope = 1;
  host.cgroup_parent = "/sys/fs/cgroup/app.slice";
  host.cgroup_controllers = {"memory", "pids", "cpu"};
  host.memory_bytes = 16ULL << 30;
  host.cpus = 8;
  return host;
}
// Debian 12's own kernel, an ssh session: Landlock ABI 2, no memfd sysctl, no pid_max of a namespace, nothing
// delegated.
HostFeatures debian12() {
  HostFeatures host = modern();
  host.kernel_release = "6.1.0-40-amd64";
  host.kernel_minor = 1;
  host.landlock_abi = 2;
  host.has_pid_max_namespaced = false;
  host.has_memfd_noexec = false;
  host.refuses_tiocsti = false;
  host.cgroup_parent.clear();
  host.cgroup_controllers.clear();
  host.cgroup_problem = "no cgroup with a memory controller is delegated to this user; start it by `systemd-run`";
  return host;
}
// Hardened Ubuntu: AppArmor refuses user namespaces.
HostFeatures without_user_namespaces() {
  HostFeatures host = modern();
  host.has_user_namespaces = false;
  host.user_namespaces_problem = "refused by AppArmor; install a profile";
  host.refused_namespaces = {"mount", "pid", "ipc", "uts", "net", "cgroup"};
  host.has_fresh_proc = host.has_tmpfs = host.has_devpts = host.has_mount_setattr = host.has_overlayfs =
      host.has_pid_max_namespaced = false;
  return host;
}
// A container that allows user namespaces but masks /proc.
HostFeatures container() {
  HostFeatures host = modern();
  host.has_fresh_proc = false;
  return host;
}

std::vector<std::string> features_that_are(FindingState state, const HostFeatures& host) {
  std::vector<std::string> out;
  for (const Finding& finding : assess(host)) {
    if (finding.state == state) out.push_back(finding.feature);
  }
  return out;
}
Finding finding(const HostFeatures& host, std::string_view feature) {
  for (Finding& one : assess(host)) {
    if (one.feature == feature) return one;
  }
  ADD_FAILURE() << "no finding `" << feature << "`";
  return {};
}
BackendHold hold(const HostFeatures& host, std::string_view part) {
  for (BackendHold& row : backend_holds(host)) {
    if (row.what.find(part) != std::string::npos) return row;
  }
  ADD_FAILURE() << "no row `" << part << "`";
  return {};
}

TEST(Doctor, AModernKernelHasEverything) {
  EXPECT_THAT(features_that_are(FindingState::absent, modern()), IsEmpty());
  EXPECT_THAT(features_that_are(FindingState::partial, modern()), IsEmpty());
  EXPECT_TRUE(can_enforce_default(assess(modern())));
  EXPECT_THAT(render_doctor_text(modern(), Colour::plain), HasSubstr("The default policy can be enforced here."));
}

TEST(Doctor, Debian12IsTheFloorAndSaysWhatItLacks) {
  EXPECT_TRUE(can_enforce_default(assess(debian12())));
  EXPECT_THAT(features_that_are(FindingState::absent, debian12()),
              testing::UnorderedElementsAre("Landlock scopes (ABI 6)", "Landlock truncate (ABI 3)",
                                            "Landlock TCP rules (ABI 4)", "Landlock device control (ABI 5)",
                                            "kernel.pid_max of a pid namespace", "vm.memfd_noexec",
                                            "dev.tty.legacy_tiocsti = 0"));
  EXPECT_THAT(features_that_are(FindingState::partial, debian12()),
              testing::UnorderedElementsAre("memory cgroup", "pids cgroup", "cpu cgroup"));
  EXPECT_EQ(finding(debian12(), "memory cgroup").found, "memory: watched");
  EXPECT_THAT(finding(debian12(), "memory cgroup").how, HasSubstr("systemd-run"));
  EXPECT_EQ(hold(debian12(), "signals").namespaces, Hold::holds);
  EXPECT_EQ(hold(debian12(), "signals").landlock, Hold::open);
  EXPECT_EQ(hold(debian12(), "abstract").namespaces, Hold::partly);
  EXPECT_EQ(hold(debian12(), "emptying").landlock, Hold::open);
  EXPECT_EQ(hold(debian12(), "memory budget").namespaces, Hold::partly);
}

TEST(Doctor, WithoutUserNamespacesTheDefaultCannotBeEnforced) {
  const HostFeatures host = without_user_namespaces();
  EXPECT_FALSE(can_enforce_default(assess(host)));
  EXPECT_TRUE(can_use_landlock_backend(host));
  EXPECT_THAT(finding(host, "user namespaces").found, HasSubstr("AppArmor"));
  EXPECT_EQ(finding(host, "net namespaces").how, "user namespaces come first");
  const std::string text = render_doctor_text(host, Colour::plain);
  EXPECT_THAT(text, HasSubstr("cannot be enforced here: user namespaces, "));
  EXPECT_THAT(text, HasSubstr("--backend landlock"));
  EXPECT_THAT(text, HasSubstr("refused by AppArmor; install a profile"));
}

TEST(Doctor, AContainerWithAMaskedProcIsNamed) {
  EXPECT_FALSE(can_enforce_default(assess(container())));
  EXPECT_THAT(features_that_are(FindingState::absent, container()), testing::ElementsAre("a fresh /proc"));
  EXPECT_THAT(finding(container(), "a fresh /proc").how, HasSubstr("unmasked"));
}

struct NeedCase {
  const char* name;
  void (*take_away)(HostFeatures&);
  bool can_default;
  bool can_landlock;
};
class Needs : public testing::TestWithParam<NeedCase> {};
TEST_P(Needs, Decide) {
  HostFeatures host = modern();
  GetParam().take_away(host);
  EXPECT_EQ(can_enforce_default(assess(host)), GetParam().can_default);
  EXPECT_EQ(can_use_landlock_backend(host), GetParam().can_landlock);
}
INSTANTIATE_TEST_SUITE_P(
    Doctor, Needs,
    testing::Values(NeedCase{"Seccomp", [](HostFeatures& h) { h.has_seccomp_filter = false; }, false, false},
                    NeedCase{"Landlock", [](HostFeatures& h) { h.landlock_abi = 0; }, false, false},
                    NeedCase{"LandlockAbi1", [](HostFeatures& h) { h.landlock_abi = 1; }, false, false},
                    NeedCase{"LandlockAbi2", [](HostFeatures& h) { h.landlock_abi = 2; }, true, true},
                    NeedCase{"MountApi", [](HostFeatures& h) { h.has_mount_setattr = false; }, false, true},
                    NeedCase{"Net", [](HostFeatures& h) { h.refused_namespaces = {"net"}; }, false, true},
                    NeedCase{"Pid", [](HostFeatures& h) { h.refused_namespaces = {"pid"}; }, false, true},
                    NeedCase{"CgroupNamespaceIsNotNeeded", [](HostFeatures& h) { h.refused_namespaces = {"cgroup"}; },
                             true, true},
                    NeedCase{"Tmpfs", [](HostFeatures& h) { h.has_tmpfs = false; }, false, true},
                    NeedCase{"Devpts", [](HostFeatures& h) { h.has_devpts = false; }, false, true},
                    NeedCase{"Pidfd", [](HostFeatures& h) { h.has_pidfd = false; }, false, false},
                    NeedCase{"NotifyIsTheGates", [](HostFeatures& h) { h.has_seccomp_notify = false; }, true, true},
                    NeedCase{"OverlayIsNotNeeded", [](HostFeatures& h) { h.has_overlayfs = false; }, true, true},
                    NeedCase{"CoreDumpsPiped", [](HostFeatures& h) { h.pipes_core_dumps = true; }, true, true}),
    [](const auto& row) { return row.param.name; });

TEST(Doctor, NoFindingsAreNoPermission) { EXPECT_FALSE(can_enforce_default({})); }

TEST(Doctor, WhatIsMissingSaysWhatIsLostAndWhatToDo) {
  for (const HostFeatures& host : {modern(), debian12(), without_user_namespaces(), container()}) {
    std::vector<std::string> names;
    for (const Finding& one : assess(host)) {
      EXPECT_THAT(names, Not(Contains(one.feature))) << "named twice";
      names.push_back(one.feature);
      EXPECT_FALSE(one.used_for.empty()) << one.feature;
      EXPECT_EQ(one.lost.empty(), one.state == FindingState::present) << one.feature;
      EXPECT_EQ(one.how.empty(), one.state == FindingState::present) << one.feature;
      for (const std::string& text : {one.used_for, one.lost, one.how}) EXPECT_FALSE(text.ends_with('.')) << text;
    }
  }
}

TEST(Doctor, NeverSaysThatLandlockHoldsMoreThanNamespaces) {
  for (const HostFeatures& host : {modern(), debian12(), without_user_namespaces(), container()}) {
    for (const BackendHold& row : backend_holds(host)) EXPECT_LE(row.namespaces, row.landlock) << row.what;
  }
}

TEST(Doctor, SaysThatLaterNamesAreNotCovered) {
  EXPECT_EQ(hold(modern(), "only later").namespaces, Hold::open);
  EXPECT_THAT(render_doctor_text(modern(), Colour::plain), HasSubstr("patterns hold for what exists at the start"));
}

TEST(Doctor, TextIsForATerminal) {
  HostFeatures host = debian12();
  host.kernel_release = "6.1\x1b[31m";
  const std::string plain = render_doctor_text(host, Colour::plain);
  EXPECT_THAT(plain, Not(HasSubstr("\x1b")));
  std::size_t at = 0;
  while (at < plain.size()) {
    const std::size_t end = plain.find('\n', at);
    ASSERT_NE(end, std::string::npos);
    EXPECT_LE(end - at, 100U) << plain.substr(at, end - at);
    EXPECT_FALSE(end > at && plain[end - 1] == ' ') << plain.substr(at, end - at);
    at = end + 1;
  }
  EXPECT_THAT(render_doctor_text(modern(), Colour::ansi), HasSubstr("\x1b[32mok      \x1b[0m"));
}

TEST(Doctor, JsonHasTheDocumentedShape) {
  HostFeatures host = debian12();
  host.lsm = "\xff not UTF-8";
  const auto json = nlohmann::json::parse(render_doctor_json(host));
  EXPECT_EQ(json["schema"], 1);
  EXPECT_EQ(json["can_enforce_default"], true);
  EXPECT_EQ(json["can_use_landlock_backend"], true);
  EXPECT_EQ(json["host"]["landlock_abi"], 2);
  EXPECT_EQ(json["host"]["memory_bytes"], 16ULL << 30);
  EXPECT_EQ(json["findings"].size(), assess(host).size());
  for (const auto& one : json["findings"]) {
    EXPECT_EQ(one.size(), 7U);
    EXPECT_THAT((std::vector<std::string>{"present", "partial", "absent"}), Contains(one["state"].get<std::string>()));
  }
  for (const auto& row : json["backends"]) {
    EXPECT_THAT((std::vector<std::string>{"holds", "partly", "open"}), Contains(row["landlock"].get<std::string>()));
  }
  EXPECT_GE(json["limits"].size(), 1U);
}

}  // namespace
}  // namespace bailiwick
