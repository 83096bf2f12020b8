// Real sandboxes: what a launch says when a step cannot be done, and how a program ends.
#include "sandbox/launch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/sched.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <algorithm>
#include <functional>
#include <set>

#include "kernel/forked.h"
#include "sandbox/temp_tree.h"

namespace bailiwick {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class LaunchTest : public testing::Test {
 protected:
  void SetUp() override {
    const int status = run_forked([] { return ::unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWNET) == 0 ? 0 : 1; });
    if (status != 0) GTEST_SKIP() << "user namespaces are refused here";
    tree_.directory("home");
    tree_.directory("app");
  }
  SandboxPlan planned(std::vector<std::string> command) {
    Request request;
    request.directory = tree_.at("app");
    request.command = std::move(command);
    const auto facts = gather_facts(request, {"HOME=" + tree_.at("home"), "PATH=/usr/bin:/bin"});
    EXPECT_TRUE(facts.has_value()) << facts.error().message();
    if (!facts) return {};
    auto made = plan(request.policy, *facts, probe(ProbeDepth::quick));
    EXPECT_TRUE(made.has_value()) << made.error().message();
    return made ? *std::move(made) : SandboxPlan{};
  }
  // The wait status of the program, or why there is none.
  static Result<int> run(const SandboxPlan& plan) {
    TRY_ASSIGN(Sandbox sandbox, launch(plan, {}));
    TRY(sandbox.send({.kind = InitRequest::Kind::start, .value = 0}));
    Result<int> result = 0;
    while (true) {
      auto received = sandbox.receive();
      if (!received) {
        result = std::unexpected(received.error());
        break;
      }
      if (received->event.kind == SandboxEvent::Kind::failed) {
        result = std::unexpected(Sandbox::describe_failure(plan, received->event));
        break;
      }
      if (received->event.kind == SandboxEvent::Kind::exited) {
        result = static_cast<int>(received->event.value);
        break;
      }
    }
    sandbox.end();
    return result;
  }
  static Error failure(const SandboxPlan& plan) {
    const auto result = run(plan);
    EXPECT_FALSE(result.has_value()) << "it ran";
    return result ? Error{} : result.error();
  }

  TempTree tree_;
};

TEST_F(LaunchTest, TheProgramRunsInItsDirectory) {
  const auto status = run(planned({"sh", "-c", "echo made > here && exit 7"}));
  ASSERT_TRUE(status.has_value()) << status.error().message();
  EXPECT_EQ(WEXITSTATUS(*status), 7);
  EXPECT_TRUE(std::filesystem::exists(tree_.at("app/here")));
}

TEST_F(LaunchTest, ASignalEndsIt) {
  const auto status = run(planned({"sh", "-c", "kill -TERM $$"}));
  ASSERT_TRUE(status.has_value()) << status.error().message();
  EXPECT_TRUE(WIFSIGNALED(*status));
  EXPECT_EQ(WTERMSIG(*status), SIGTERM);
}

struct FailingCase {
  const char* name;
  std::function<void(SandboxPlan&, const TempTree&)> spoil;
  const char* step;
  const char* what;
  int os_errno;
};
class LaunchFailure : public LaunchTest, public testing::WithParamInterface<FailingCase> {};
TEST_P(LaunchFailure, NamesTheStep) {
  SandboxPlan plan = planned({"true"});
  GetParam().spoil(plan, tree_);
  const Error error = failure(plan);
  EXPECT_EQ(error.kind, ErrorKind::sandbox);
  EXPECT_EQ(error.os_errno, GetParam().os_errno);
  EXPECT_THAT(error.message(),
              AllOf(HasSubstr(std::string("at step `") + GetParam().step + "`"), HasSubstr(GetParam().what)));
}
INSTANTIATE_TEST_SUITE_P(
    Steps, LaunchFailure,
    testing::Values(FailingCase{"AMissingSource",
                                [](SandboxPlan& plan, const TempTree&) {
                                  plan.root.push_back(
                                      {.kind = RootStep::Kind::bind, .target = "/nothing", .source = "/nothing/here"});
                                },
                                "root step", "bind `/nothing`", ENOENT},
                    FailingCase{"ASourceThatHasBecomeALink",
                                [](SandboxPlan& plan, const TempTree& tree) {
                                  plan.root.push_back({.kind = RootStep::Kind::bind,
                                                       .target = "/swapped",
                                                       .source = tree.symlink("swapped", "/etc")});
                                },
                                "root step", "bind `/swapped`", ELOOP},
                    FailingCase{"ACopyOverWhatIsThere",
                                [](SandboxPlan& plan, const TempTree&) {
                                  const RootStep copy{.kind = RootStep::Kind::copy,
                                                      .target = "/twice",
                                                      .source = "x",
                                                      .is_directory = false};
                                  plan.root.push_back(copy);
                                  plan.root.push_back(copy);
                                },
                                "root step", "copy `/twice`", EEXIST},
                    FailingCase{"TooManyPrivateDirectories",
                                [](SandboxPlan& plan, const TempTree&) {
                                  for (int i = 0; i < 17; ++i)
                                    plan.root.push_back({.kind = RootStep::Kind::scratch,
                                                         .target = "/s" + std::to_string(i),
                                                         .source = {}});
                                },
                                "root step", "scratch `/s", E2BIG},
                    FailingCase{"ALandlockRuleForNothing",
                                [](SandboxPlan& plan, const TempTree&) {
                                  plan.landlock_rules.push_back({.path = "/nothing", .access = TreeAccess::write});
                                },
                                "Landlock rule", "`/nothing`", ENOENT},
                    FailingCase{"ADirectoryThatIsNotInside",
                                [](SandboxPlan& plan, const TempTree&) { plan.directory = "/nothing"; },
                                "working directory", "`/nothing`", ENOENT},
                    FailingCase{"AFilterThatTheKernelRefuses",
                                [](SandboxPlan& plan, const TempTree&) { plan.seccomp.instructions.clear(); },
                                "system call filter", "", EINVAL},
                    FailingCase{"ALimitThatDoesNotExist",
                                [](SandboxPlan& plan, const TempTree&) {
                                  // The first that there is not: 99 is no value that libc's enum can have.
                                  plan.limits.push_back({RLIM_NLIMITS, "nonsense", 5});
                                },
                                "resource limit", "nonsense = 5", EINVAL}),
    [](const auto& one) { return std::string(one.param.name); });

TEST_F(LaunchTest, AProgramThatIsNotThereIsNotFound) {
  SandboxPlan plan = planned({"true"});
  plan.candidates = {"/nothing/true"};
  const Error error = failure(plan);
  EXPECT_EQ(error.kind, ErrorKind::not_found);
  EXPECT_EQ(exit_code(error.kind), 127);
  EXPECT_THAT(error.message(), HasSubstr("program `true` cannot be found inside the sandbox"));
}
TEST_F(LaunchTest, AMissingInterpreterIsNotFound) {
  tree_.program("app/script");
  std::ofstream(tree_.at("app/script")) << "#!/nothing/interpreter\n";
  EXPECT_EQ(failure(planned({"./script"})).kind, ErrorKind::not_found);
}
TEST_F(LaunchTest, WhatIsNoProgramIsDenied) {
  tree_.program("app/data");
  std::ofstream(tree_.at("app/data")) << "\x7f"
                                         "no program";
  const Error error = failure(planned({"./data"}));
  EXPECT_EQ(error.kind, ErrorKind::denied);
  EXPECT_EQ(exit_code(error.kind), 126);
}
TEST_F(LaunchTest, TheNextCandidateIsTriedAsExecvpWould) {
  SandboxPlan plan = planned({"true"});
  tree_.program("app/data");
  plan.candidates = {"/nothing/true", plan.candidates.front()};
  EXPECT_EQ(run(plan).value_or(-1), 0);
}

TEST_F(LaunchTest, ADirectoryAsStandardInputIsRefused) {
  const SandboxPlan plan = planned({"true"});
  EXPECT_SATISFIED(
      [&]() -> int {
        const int directory = ::open("/", O_RDONLY | O_DIRECTORY);
        if (directory < 0 || ::dup2(directory, 0) != 0) return 1;
        const auto sandbox = launch(plan, {});
        return !sandbox && sandbox.error().message().starts_with("standard input is a directory") ? 0 : 2;
      },
      "");
}

TEST_F(LaunchTest, NoProgramBeforeTheWordToStart) {
  const std::string witness = tree_.at("app/witness");
  const SandboxPlan plan = planned({"touch", witness});
  EXPECT_SATISFIED(
      [&]() -> int {
        auto sandbox = launch(plan, {});
        if (!sandbox) return 1;
        // Another word in its place is none.
        if (!sandbox->send({.kind = InitRequest::Kind::resume, .value = 0})) return 2;
        while (!sandbox->init().is_running()) {
          if (!sandbox->receive()) return 3;
        }
        ::pollfd init{};
        init.fd = sandbox->init().pidfd();
        init.events = POLLIN;
        if (::poll(&init, 1, 20'000) != 1) return 5;  // it ends, for want of the word
        sandbox->end();
        return ::access(witness.c_str(), F_OK) != 0 ? 0 : 4;
      },
      "");
}

TEST_F(LaunchTest, NamespacesPreparedForAnotherNetworkAreRefused) {
  const SandboxPlan plan = planned({"true"});
  EXPECT_SATISFIED(
      [&]() -> int {
        auto prepared = PreparedNamespaces::begin(NetworkMode::host, nullptr);
        if (!prepared) return 1;
        const auto sandbox = launch(plan, {}, std::move(*prepared));
        return !sandbox && sandbox.error().kind == ErrorKind::sandbox ? 0 : 2;
      },
      "");
}

TEST(LaunchStep, EachHasANameOfItsOwn) {
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < kTimingSlots; ++i) {
    const std::string_view name = name_of(static_cast<LaunchStep>(i));
    EXPECT_FALSE(name.empty()) << i;
    EXPECT_TRUE(names.insert(name).second) << name;
  }
}

TEST(DescribeFailure, AnIndexBeyondThePlanIsNotRead) {
  SandboxEvent event{};
  event.kind = SandboxEvent::Kind::failed;
  event.index = 1000;
  event.value = EPERM;
  for (const LaunchStep step :
       {LaunchStep::build, LaunchStep::covers, LaunchStep::landlock_rules, LaunchStep::limits}) {
    event.step = step;
    EXPECT_THAT(Sandbox::describe_failure({}, event).message(), HasSubstr(std::string(name_of(step))));
  }
  event.step = LaunchStep::exec;
  EXPECT_EQ(Sandbox::describe_failure({}, event).kind, ErrorKind::denied);
}

}  // namespace
}  // namespace bailiwick
