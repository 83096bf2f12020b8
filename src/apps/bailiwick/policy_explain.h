// `bailiwick policy explain`: one action, judged, and why.
#pragma once

#include "base/result.h"
#include "policy_context.h"

namespace bailiwick {

[[nodiscard]] Result<int> run_explain(const PolicyArguments& arguments, const std::vector<std::string>& environment);

}  // namespace bailiwick
