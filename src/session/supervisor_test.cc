// Whole sessions without a terminal. Each runs in a forked child: the supervisor changes the process that it runs in.
#include "session/supervisor.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/sched.h>
#include <signal.h>

#include <filesystem>
#include <fstream>

#include "base/check.h"
#include "kernel/forked.h"
#include "kernel/host_features.h"
#include "sandbox/facts.h"
#include "sandbox/temp_tree.h"

namespace bailiwick {
namespace {

class SupervisorTest : public testing::Test {
 protected:
  void SetUp() override {
    const int status = run_forked([] { return ::unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWNET) == 0 ? 0 : 1; });
    if (status != 0) GTEST_SKIP() << "user namespaces are refused here";
    tree_.directory("home");
    tree_.directory("app");
  }
  SandboxPlan planned(const std::string& script) {
    Request request;
    request.directory = tree_.at("app");
    request.command = {"sh", "-c", script};
    request.policy = policy_;
    const auto facts = gather_facts(request, {"HOME=" + tree_.at("home"), "PATH=/usr/bin:/bin"});
    EXPECT_TRUE(facts.has_value()) << facts.error().message();
    if (!facts) return {};
    auto made = plan(request.policy, *facts, probe(ProbeDepth::quick));
    EXPECT_TRUE(made.has_value()) << made.error().message();
    return made ? *std::move(made) : SandboxPlan{};
  }
  // Standard input and output that are no terminal, whoever runs the test.
  static void close_terminal() {
    const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
    CHECK(null >= 0);
    for (int fd = 0; fd < 3; ++fd) ::dup2(null, fd);
  }
  // Supervises in a child of its own; `check` gives 0 or the number of what was not as wanted.
  template <class Check>
  static int supervised(const SandboxPlan& plan, Check check) {
    const int status = run_forked([&]() -> int {
      close_terminal();
      return check(supervise(plan, {}));
    });
    EXPECT_TRUE(WIFEXITED(status)) << "signal " << WTERMSIG(status);
    return WEXITSTATUS(status);
  }

  TempTree tree_;
  SandboxPolicy policy_;
};

struct ExitCase {
  const char* script;
  int wanted;
};
TEST_F(SupervisorTest, TheExitCodeComesThrough) {
  for (const ExitCase& one :
       {ExitCase{"exit 0", 0}, {"exit 3", 3}, {"exit 255", 255}, {"kill -KILL $$", 137}, {"kill -SEGV $$", 139}}) {
    EXPECT_EQ(supervised(planned(one.script),
                         [&](const Result<SessionEnd>& end) {
                           if (!end) return 1;
                           if (end->exit_code != one.wanted) return 2;
                           if (!end->stopped_by.empty()) return 3;
                           return end->wall.count() > 0 && end->peak_process_bytes > 0 ? 0 : 4;
                         }),
              0)
        << one.script;
  }
}

TEST_F(SupervisorTest, AProgramThatCannotStartIsAnError) {
  SandboxPlan plan = planned("true");
  plan.candidates = {"/nothing/here"};
  EXPECT_EQ(
      supervised(
          plan, [](const Result<SessionEnd>& end) { return !end && end.error().kind == ErrorKind::not_found ? 0 : 1; }),
      0);
  plan.root.push_back({.kind = RootStep::Kind::bind, .target = "/nothing", .source = "/nothing/here"});
  EXPECT_EQ(
      supervised(plan,
                 [](const Result<SessionEnd>& end) { return !end && end.error().kind == ErrorKind::sandbox ? 0 : 1; }),
      0);
}

TEST_F(SupervisorTest, TheWorkspaceIsWrittenAndHomeIsNot) {
  const SandboxPlan plan = planned("echo x > made && echo x > ~/made && test -e ~/made");
  EXPECT_EQ(supervised(plan, [](const Result<SessionEnd>& end) { return end && end->exit_code == 0 ? 0 : 1; }), 0);
  EXPECT_TRUE(std::filesystem::exists(tree_.at("app/made")));
  EXPECT_FALSE(std::filesystem::exists(tree_.at("home/made"))) << "HOME inside is private";
}

TEST_F(SupervisorTest, AReadOnlyWorkspaceIsNotWritten) {
  policy_.mode = Mode::read_only;
  const SandboxPlan plan = planned("echo x > made");
  EXPECT_EQ(supervised(plan, [](const Result<SessionEnd>& end) { return end && end->exit_code != 0 ? 0 : 1; }), 0);
  EXPECT_FALSE(std::filesystem::exists(tree_.at("app/made")));
}

// The pipe on standard output tells when the program runs, and by its end when nobody inside is left.
TEST_F(SupervisorTest, ASignalEndsTheWholeTree) {
  auto ready = open_pipe();
  ASSERT_TRUE(ready.has_value());
  const SandboxPlan plan = planned("sleep 1000 & echo ready; wait");
  const pid_t child = ::fork();
  if (child == 0) {
    ::alarm(60);
    close_terminal();
    ::dup2(ready->write.get(), STDOUT_FILENO);
    ready->write.close();
    ready->read.close();
    const auto end = supervise(plan, {});
    ::_exit(end ? end->exit_code : 1);
  }
  ready->write.close();
  char text[8] = {};
  EXPECT_EQ(::read(ready->read.get(), text, sizeof text), 6);
  ASSERT_EQ(::kill(child, SIGTERM), 0);
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(WEXITSTATUS(status), 128 + SIGTERM);
  EXPECT_EQ(::read(ready->read.get(), text, sizeof text), 0) << "somebody inside still holds standard output";
}

TEST_F(SupervisorTest, AKilledSupervisorLeavesNobody) {
  auto ready = open_pipe();
  ASSERT_TRUE(ready.has_value());
  const SandboxPlan plan = planned("setsid sleep 1000 & echo ready; wait");
  const pid_t child = ::fork();
  if (child == 0) {
    ::alarm(60);
    close_terminal();
    ::dup2(ready->write.get(), STDOUT_FILENO);
    ready->write.close();
    ready->read.close();
    static_cast<void>(supervise(plan, {}));
    ::_exit(0);
  }
  ready->write.close();
  char text[8] = {};
  EXPECT_EQ(::read(ready->read.get(), text, sizeof text), 6);
  ASSERT_EQ(::kill(child, SIGKILL), 0);
  ASSERT_EQ(::waitpid(child, nullptr, 0), child);
  EXPECT_EQ(::read(ready->read.get(), text, sizeof text), 0) << "the end comes when the last holder is gone";
}

TEST_F(SupervisorTest, WhatDetachedItselfEndsWithTheProgram) {
  auto held = open_pipe();
  ASSERT_TRUE(held.has_value());
  const SandboxPlan plan = planned("setsid sleep 1000 & exit 0");
  EXPECT_SATISFIED(
      [&]() -> int {
        close_terminal();
        ::dup2(held->write.get(), STDOUT_FILENO);
        held->write.close();
        const auto end = supervise(plan, {});
        return end && end->exit_code == 0 ? 0 : 1;
      },
      "");
  held->write.close();
  char byte = 0;
  EXPECT_EQ(::read(held->read.get(), &byte, 1), 0);
}

TEST_F(SupervisorTest, MemoryBeyondTheLimitEndsTheLargest) {
  policy_.limits.memory_bytes = 64ULL << 20;
  const SandboxPlan plan = planned("tail /dev/zero");  // holds all that it has read: there is no line in it
  EXPECT_EQ(supervised(plan,
                       [](const Result<SessionEnd>& end) {
                         if (!end) return 1;
                         if (end->exit_code == 0) return 2;
                         return !end->limited.empty() || !end->stopped_by.empty() ? 0 : 3;
                       }),
            0);
}

TEST_F(SupervisorTest, TheLandlockBackendEndsWhatDetachedItselfAndItsPrivateDirectory) {
  policy_.backend = BackendChoice::landlock;
  auto held = open_pipe();
  ASSERT_TRUE(held.has_value());
  const SandboxPlan plan = planned("test -w \"$TMPDIR\" || exit 9; setsid sleep 1000 & exit 4");
  EXPECT_SATISFIED(
      [&]() -> int {
        close_terminal();
        ::dup2(held->write.get(), STDOUT_FILENO);
        held->write.close();
        const auto end = supervise(plan, {});
        if (!end) return 1;
        return end->exit_code == 4 ? 0 : end->exit_code;
      },
      "");
  held->write.close();
  char byte = 0;
  EXPECT_EQ(::read(held->read.get(), &byte, 1), 0);
  EXPECT_FALSE(plan.private_scratch.empty());
  EXPECT_FALSE(std::filesystem::exists(plan.private_scratch));
}

}  // namespace
}  // namespace bailiwick
