// What the filter language compiles to is tested in bpf_test.cc; here only how a program is installed.
#include "kernel/seccomp.h"

#include <gtest/gtest.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include <cerrno>
#include <vector>

#include "kernel/bpf.h"
#include "kernel/credentials.h"
#include "kernel/forked.h"

namespace bailiwick {
namespace {

std::vector<::sock_filter> deny_getppid() {
  FilterSpec spec;
  spec.otherwise = FilterAction::allow();
  spec.rules = {{.name = "getppid", .first = SYS_getppid, .last = SYS_getppid, .decision = FilterAction::error(EDOM)}};
  auto program = compile(spec);
  EXPECT_TRUE(program.has_value());
  return program ? program->instructions : std::vector<::sock_filter>();
}

TEST(Seccomp, HoldsForTheCallerAndItsChildren) {
  const auto program = deny_getppid();
  EXPECT_SATISFIED(
      [&]() -> int {
        if (set_no_new_privileges() != 0 || install_filter(program) != 0) return 1;
        if (::syscall(SYS_getppid) != -1 || errno != EDOM) return 2;
        if (::prctl(PR_GET_SECCOMP) != SECCOMP_MODE_FILTER) return 3;
        const int status = run_forked([] { return ::syscall(SYS_getppid) == -1 && errno == EDOM ? 0 : 1; });
        return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : 4;
      },
      "");
}

TEST(Seccomp, IsRefusedWithoutNoNewPrivileges) {
  const auto program = deny_getppid();
  EXPECT_SATISFIED(
      [&]() -> int {
        if (::geteuid() == 0 && drop_all_capabilities() != 0) return 1;
        if (install_filter(program) != -1 || errno != EACCES) return 2;
        return ::syscall(SYS_getppid) > 0 ? 0 : 3;
      },
      "");
}

TEST(Seccomp, WhatTheKernelDoesNotTakeIsRefused) {
  EXPECT_SATISFIED(
      []() -> int {
        if (set_no_new_privileges() != 0) return 1;
        const ::sock_filter runs_off[] = {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0)};
        const ::sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
        // 65536 + 1 instructions would be one instruction in the kernel's 16 bits
        const std::vector<::sock_filter> too_long(BPF_MAXINSNS + 1, allow);
        const std::vector<::sock_filter> wraps(65536 + 1, allow);
        int number = 2;
        for (const std::span<const ::sock_filter> program :
             {std::span<const ::sock_filter>(), std::span<const ::sock_filter>(runs_off),
              std::span<const ::sock_filter>(too_long), std::span<const ::sock_filter>(wraps)}) {
          if (install_filter(program) != -1 || errno != EINVAL) return number;
          ++number;
        }
        return ::prctl(PR_GET_SECCOMP) == SECCOMP_MODE_DISABLED ? 0 : kNotPossibleHere;
      },
      "a filter holds this process already");
}

}  // namespace
}  // namespace bailiwick
