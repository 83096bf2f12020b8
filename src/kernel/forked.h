// Runs the irreversible in a process of its own. The body says what it found by its exit code: 0 is as wanted, any
// other code is the number of the first thing that was not. Only for tests: needs GoogleTest.
#pragma once

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

namespace bailiwick {

inline constexpr int kNotPossibleHere = 77;

// The wait status.
template <class Body>
int run_forked(Body body) {
  const pid_t child = ::fork();
  if (child == 0) {
    ::alarm(60);  // a hang is a failure
    ::_exit(body());
  }
  int status = -1;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  return status;
}

}  // namespace bailiwick

// The body's result in a test; `what` is said where this machine cannot do it at all.
#define EXPECT_SATISFIED(body, what)                                                          \
  do {                                                                                        \
    const int bw_wait_status = ::bailiwick::run_forked(body);                                 \
    ASSERT_TRUE(WIFEXITED(bw_wait_status)) << "signal " << WTERMSIG(bw_wait_status);          \
    if (WEXITSTATUS(bw_wait_status) == ::bailiwick::kNotPossibleHere) GTEST_SKIP() << (what); \
    EXPECT_EQ(WEXITSTATUS(bw_wait_status), 0) << "the number of what was not as wanted";      \
  } while (false)
