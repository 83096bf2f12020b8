// From layers to a policy that may be used: combined, and every rule's examples tried. The one way to get a Policy that
// judges. Pure; any thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "policy/effective.h"

namespace bailiwick {

// Refuses what combine() refuses, and a rule that its own `match` or `not_match` contradicts, at the example's place.
[[nodiscard]] Result<std::shared_ptr<const Policy>> build_policy(std::vector<Layer> layers, std::string_view home);

}  // namespace bailiwick
