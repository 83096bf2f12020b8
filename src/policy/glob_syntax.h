// The syntax of one component of a pattern, for the parser and the matcher. A part of glob. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace bailiwick::glob_syntax {

// The index of the `]` that closes the set opening at `at`, or nothing where none does in this component. `]` right
// after `[`, `[!` or `[^` is a member, and so is what stands in a class (`[:digit:]`) or after a backslash.
[[nodiscard]] std::optional<std::size_t> find_set_end(std::string_view text, std::size_t at);

// `set` is what stands between the brackets. `check_set` says what is wrong with it, or nothing.
[[nodiscard]] std::string_view check_set(std::string_view set);
[[nodiscard]] bool set_contains(std::string_view set, unsigned char byte);

[[nodiscard]] inline bool is_literal(std::string_view component) {
  return component.find_first_of("*?[\\") == std::string_view::npos;
}

struct Token {
  enum class Kind : std::uint8_t { byte, any_byte, any_run, set } kind;
  char byte;
  std::string_view set;
  std::size_t end;  // where the next one starts
};
// The token at `at` of a component that has been checked.
[[nodiscard]] Token read_token(std::string_view component, std::size_t at);

}  // namespace bailiwick::glob_syntax
