// Calls made from the data of tools, one for each row: for those who ask what a rule would let through. Pure; any
// thread.
#pragma once

#include <string>
#include <vector>

#include "policy/tool_risk.h"

namespace bailiwick {

// The words of a call that the row is about: the tool's name, the verb, a flag and an argument as the row demands. Read
// it with read_tool(): a stricter row may hold for it, too.
[[nodiscard]] std::vector<std::vector<std::string>> sample_calls(const Tool& tool);
[[nodiscard]] std::vector<std::vector<std::string>> all_sample_calls();

}  // namespace bailiwick
