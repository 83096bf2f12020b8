// Programs of awk and sed, as far as to see that they start nothing. Private to the room.
#pragma once

#include <string_view>

namespace bailiwick::shell {

// False: it starts something, or it is not understood.
[[nodiscard]] bool starts_nothing_awk(std::string_view program);
// The pieces that -e gives are lines of it.
[[nodiscard]] bool starts_nothing_sed(std::string_view program);

}  // namespace bailiwick::shell
