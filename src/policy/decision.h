// The words in which policy answers. Ordered from lenient to strict, so that the strictest is the largest.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace bailiwick {

enum class Decision : std::uint8_t { allow, ask, deny };
enum class Risk : std::uint8_t { low, medium, high, critical };

[[nodiscard]] std::string_view name_of(Decision decision);
[[nodiscard]] std::string_view name_of(Risk risk);
[[nodiscard]] std::optional<Decision> find_decision(std::string_view name);
[[nodiscard]] std::optional<Risk> find_risk(std::string_view name);

}  // namespace bailiwick
