// What the readers of documents have in common. Private to document*.cc.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "policy/document.h"

namespace bailiwick {

// Refuses, with the place, what no text may have: more than kMaxDocument bytes, bytes that are not UTF-8, control
// characters other than tab, line feed and carriage return.
[[nodiscard]] Status check_text(std::string_view text, std::string_view file);
[[nodiscard]] Status check_size(std::string_view bytes, std::string_view file);

// A decoded key or string: the same control characters, which escapes can bring in.
[[nodiscard]] bool has_control_characters(std::string_view text);
inline constexpr std::string_view kControlCharacters = "control characters are not allowed here, not even escaped";
inline constexpr std::string_view kTooDeep = "more than 64 levels of tables and arrays; make it flatter";
inline constexpr std::string_view kTooMany = "more than 500,000 values; split the file";
inline constexpr std::string_view kNotFinite = "infinity and nan are no values here";
static_assert(kMaxDocumentDepth == 64 && kMaxDocumentValues == 500'000);

// The first member whose key an earlier one has; null: there is none. Sorts, so that a large table is no trap.
[[nodiscard]] const Member* find_duplicate(const Node& table);
[[nodiscard]] std::unexpected<Error> fail_duplicate(std::string_view file, const Node& table, const Member& second);

// `c` is a character: at most 0x10FFFF, no surrogate.
void append_utf8(std::string& text, char32_t c);

// Where the byte at `offset` stands.
[[nodiscard]] Place place_at(std::string_view text, std::size_t offset);

}  // namespace bailiwick
