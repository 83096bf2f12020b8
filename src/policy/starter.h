// The files that `bailiwick policy init` writes: policies to begin with, and comments that teach the language by it.
// Shipped data.
#pragma once

#include <string_view>

namespace bailiwick {

// Fits every layer but the project's: ~/.config/bailiwick/policy.toml, /etc/bailiwick/policy.toml, --policy FILE.
[[nodiscard]] std::string_view starter_policy();
// For /etc/bailiwick/policy.toml: what everybody on the machine is bound by. Has keys that a user's file may not have.
[[nodiscard]] std::string_view admin_starter_policy();

}  // namespace bailiwick
