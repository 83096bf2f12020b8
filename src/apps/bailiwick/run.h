// `run` and `exec`: facts -> plan -> record -> supervisor -> what people see.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "arguments.h"
#include "base/result.h"
#include "kernel/host_features.h"
#include "policy/effective.h"
#include "sandbox/plan.h"

namespace bailiwick {

struct Planned {
  SandboxPlan plan;
  Facts facts;
  std::shared_ptr<const Policy> policy;
  std::vector<std::string> policy_warnings;  // also among the plan's
  std::uint64_t policy_known_ns = 0;         // CLOCK_MONOTONIC: when it was read
};
[[nodiscard]] Result<Planned> make_plan(const Arguments& arguments, const std::vector<std::string>& environment);

// The exit code of the program. An error: nothing ran.
[[nodiscard]] Result<int> run_session(const Arguments& arguments, const std::vector<std::string>& environment,
                                      char** argv, char** environ_block);

}  // namespace bailiwick
