#include "policy/decision.h"

#include <array>
#include <cstddef>

namespace bailiwick {
namespace {

constexpr std::array<std::string_view, 3> kDecisions{"allow", "ask", "deny"};
constexpr std::array<std::string_view, 4> kRisks{"low", "medium", "high", "critical"};

template <class T, std::size_t kCount>
std::optional<T> find_in(const std::array<std::string_view, kCount>& names, std::string_view name) {
  for (std::size_t i = 0; i < kCount; ++i)
    if (names[i] == name) return static_cast<T>(i);
  return std::nullopt;
}

}  // namespace

std::string_view name_of(Decision decision) { return kDecisions[static_cast<std::size_t>(decision)]; }
std::string_view name_of(Risk risk) { return kRisks[static_cast<std::size_t>(risk)]; }
std::optional<Decision> find_decision(std::string_view name) { return find_in<Decision>(kDecisions, name); }
std::optional<Risk> find_risk(std::string_view name) { return find_in<Risk>(kRisks, name); }

}  // namespace bailiwick
