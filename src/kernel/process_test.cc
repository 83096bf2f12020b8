#include "kernel/process.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sched.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <cerrno>
#include <csignal>

#include "kernel/forked.h"

namespace bailiwick {
namespace {

bool is_a_child(pid_t pid) {
  ::siginfo_t info{};
  return ::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOHANG | WNOWAIT) == 0 || errno != ECHILD;
}

pid_t start(int code) {
  const pid_t child = fork_with_flags(0);
  if (child == 0) ::_exit(code);
  return child;
}
pid_t start_waiting() {
  const pid_t child = fork_with_flags(0);
  if (child == 0) {
    while (true) ::pause();
  }
  return child;
}

TEST(ShellExitCode, Table) {
  EXPECT_EQ(shell_exit_code(0), 0);
  EXPECT_EQ(shell_exit_code(3 << 8), 3);
  EXPECT_EQ(shell_exit_code(255 << 8), 255);
  EXPECT_EQ(shell_exit_code(SIGKILL), 137);
  EXPECT_EQ(shell_exit_code(SIGSEGV | 0x80), 139) << "with a core";
}

TEST(Process, WaitsForItsChild) {
  const pid_t child = start(7);
  ASSERT_GT(child, 0);
  auto process = Process::adopt(child);
  ASSERT_TRUE(process.has_value());
  EXPECT_EQ(process->pid(), child);
  EXPECT_TRUE(process->is_running());
  ::pollfd wait{.fd = process->pidfd(), .events = POLLIN, .revents = 0};
  EXPECT_EQ(::poll(&wait, 1, 60'000), 1) << "the descriptor says when it has ended";
  const auto exit = process->wait();
  ASSERT_TRUE(exit.has_value());
  EXPECT_EQ(shell_exit_code(exit->wait_status), 7);
  EXPECT_FALSE(process->is_running());
  EXPECT_FALSE(is_a_child(child));
  EXPECT_FALSE(process->wait().has_value()) << "there is nothing to wait for";
  EXPECT_TRUE(process->send_signal(SIGTERM).has_value()) << "to nobody";
}

TEST(Process, IsSignalledThroughItsDescriptor) {
  auto process = Process::adopt(start_waiting());
  ASSERT_TRUE(process.has_value());
  ASSERT_TRUE(process->send_signal(SIGTERM).has_value());
  const auto exit = process->wait();
  ASSERT_TRUE(exit.has_value());
  EXPECT_EQ(shell_exit_code(exit->wait_status), 128 + SIGTERM);
}

TEST(Process, ASignalToOneThatHasEndedIsNoError) {
  auto process = Process::adopt(start(0));
  ASSERT_TRUE(process.has_value());
  ::pollfd wait{.fd = process->pidfd(), .events = POLLIN, .revents = 0};
  ASSERT_EQ(::poll(&wait, 1, 60'000), 1);
  EXPECT_TRUE(process->send_signal(SIGTERM).has_value());
}

TEST(Process, IsKilledAndReapedWithItsOwner) {
  const pid_t child = start_waiting();
  {
    const auto process = Process::adopt(child);
    ASSERT_TRUE(process.has_value());
  }
  EXPECT_FALSE(is_a_child(child));
}

TEST(Process, AssignmentEndsTheOneBefore) {
  const pid_t first = start_waiting();
  const pid_t second = start_waiting();
  auto process = Process::adopt(first);
  auto other = Process::adopt(second);
  ASSERT_TRUE(process && other);
  *process = std::move(*other);
  EXPECT_FALSE(is_a_child(first));
  EXPECT_EQ(process->pid(), second);
  EXPECT_TRUE(is_a_child(second));
  ASSERT_TRUE(process->send_signal(SIGKILL).has_value());
  EXPECT_TRUE(process->wait().has_value());
}

TEST(Process, AnAbandonedOneIsKilledAndNotWaitedFor) {
  const pid_t child = start_waiting();
  {
    auto process = Process::adopt(child);
    ASSERT_TRUE(process.has_value());
    process->abandon();
    EXPECT_FALSE(process->is_running());
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child) << "still ours to reap";
  EXPECT_EQ(shell_exit_code(status), 128 + SIGKILL);
}

TEST(Process, OnlyOneThatIsThereIsAdopted) {
  const pid_t child = start(0);
  ASSERT_EQ(::waitpid(child, nullptr, 0), child);
  const auto process = Process::adopt(child);
  ASSERT_FALSE(process.has_value());
  EXPECT_EQ(process.error().os_errno, ESRCH);
}

TEST(Process, UsageIsTheChilds) {
  const pid_t child = fork_with_flags(0);
  if (child == 0) {
    ::timespec now{};
    do {
      ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    } while (now.tv_sec == 0 && now.tv_nsec < 20'000'000);
    ::_exit(0);
  }
  auto process = Process::adopt(child);
  ASSERT_TRUE(process.has_value());
  const auto exit = process->wait();
  ASSERT_TRUE(exit.has_value());
  const auto& usage = exit->usage;
  EXPECT_GT(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec + usage.ru_utime.tv_usec + usage.ru_stime.tv_usec, 0);
}

TEST(ForkWithFlags, MakesNamespaces) {
  const pid_t child = fork_with_flags(CLONE_NEWUSER | CLONE_NEWPID);
  if (child < 0 && (errno == EPERM || errno == ENOSPC)) GTEST_SKIP() << "user namespaces are refused here";
  if (child == 0) ::_exit(::syscall(SYS_getpid) == 1 ? 0 : 1);
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

TEST(ForkWithFlags, TheMemoryIsACopy) {
  int value = 1;
  const pid_t child = fork_with_flags(0);
  if (child == 0) {
    value = 2;
    ::_exit(value);
  }
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(shell_exit_code(status), 2);
  EXPECT_EQ(value, 1);
}

TEST(ForkIntoCgroup, WhatIsNoCgroupIsRefused) {
  const Fd directory(::open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  const pid_t child = fork_into_cgroup(0, directory.get());
  if (child == 0) ::_exit(0);
  EXPECT_LT(child, 0);
  if (child > 0) ::waitpid(child, nullptr, 0);
}

}  // namespace
}  // namespace bailiwick
