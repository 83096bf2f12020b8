// The tokens of a `.rules` file. Internal to rules_file.cc and rules_token.cc. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "policy/document.h"

namespace bailiwick {

enum class RulesTokenKind : std::uint8_t { name, text, number, mark, line_end, indent, dedent, end };

struct RulesToken {
  // A piece of a string: its text, or the name that an f-string puts in.
  struct Piece {
    std::string text;
    bool is_name = false;
  };
  RulesTokenKind kind = RulesTokenKind::end;
  std::string text;           // name, digits, or the mark: one of `( ) [ ] { } , = + += : .` or another byte
  std::vector<Piece> pieces;  // of a string
  Place place;
};

// Ends in an `end` token; blank lines and comments leave nothing; inside brackets lines do not end.
[[nodiscard]] Result<std::vector<RulesToken>> tokenize_rules(std::string_view text, std::string_view file);

}  // namespace bailiwick
