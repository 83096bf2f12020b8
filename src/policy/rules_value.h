// Evaluates a `.rules` file into its calls. Internal to rules_file.cc and rules_value.cc. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "policy/document.h"

namespace bailiwick {

enum class RulesValueKind : std::uint8_t { none, boolean, number, text, list, tuple };
[[nodiscard]] std::string_view name_of(RulesValueKind kind);  // "a string", "a list" ..

struct RulesValue {
  RulesValueKind kind = RulesValueKind::none;
  std::string text;  // of a string; of a number and a boolean as written
  std::vector<RulesValue> items;
  Place place;
  std::size_t weight = 1;  // what a copy costs
  unsigned depth = 0;      // of nested lists

  [[nodiscard]] bool is_sequence() const { return kind == RulesValueKind::list || kind == RulesValueKind::tuple; }
};

struct RulesArgument {
  std::string name;  // empty: positional
  RulesValue value;
  Place place;
};

struct RulesCall {
  std::string function;
  std::vector<RulesArgument> arguments;
  Place place;
};

// The calls in the order in which they are made. What function it is, and whether its arguments fit, is not looked at.
[[nodiscard]] Result<std::vector<RulesCall>> evaluate_rules(std::string_view text, std::string_view file);

}  // namespace bailiwick
