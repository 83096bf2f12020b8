// `bailiwick policy ..`: what each command prints, and its exit code.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "policy_arguments.h"

namespace bailiwick {

// The exit code: 0, or 1 where a check that was asked for found something.
[[nodiscard]] Result<int> run_policy_command(const PolicyArguments& arguments,
                                             const std::vector<std::string>& environment);

}  // namespace bailiwick
