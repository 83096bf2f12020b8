// Time as the records and the terminal show it. Pure: the clock is an argument.
#pragma once

#include <chrono>
#include <string>

namespace bailiwick {

using WallTime = std::chrono::time_point<std::chrono::system_clock, std::chrono::nanoseconds>;

// RFC 3339 in UTC with nanoseconds: 2026-11-24T14:30:28.123456789Z
[[nodiscard]] std::string format_rfc3339(WallTime time);
// For people: 950us, 12.3ms, 4.56s, 3m07s, 2h05m
[[nodiscard]] std::string format_duration(std::chrono::nanoseconds duration);

}  // namespace bailiwick
