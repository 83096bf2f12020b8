// Completion scripts for shells: shipped text.
#pragma once

#include <string_view>

namespace bailiwick {
[[nodiscard]] std::string_view completion_script(std::string_view shell);
}  // namespace bailiwick
