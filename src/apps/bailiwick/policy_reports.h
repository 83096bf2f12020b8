// `bailiwick policy show|diff|lint`: what a policy says, and what is said about one.
#pragma once

#include "base/result.h"
#include "policy_context.h"

namespace bailiwick {

[[nodiscard]] Result<int> run_show(const PolicyArguments& arguments, const std::vector<std::string>& environment);
[[nodiscard]] Result<int> run_diff(const PolicyArguments& arguments);
[[nodiscard]] Result<int> run_lint(const PolicyArguments& arguments);

}  // namespace bailiwick
