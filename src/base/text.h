// Bounded text helpers. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace bailiwick {

[[nodiscard]] std::vector<std::string_view> split(std::string_view text, char separator);
[[nodiscard]] std::string_view trim(std::string_view text);

// At most `limit` bytes of UTF-8, cut between characters, "..." marking the cut.
[[nodiscard]] std::string shorten(std::string_view text, std::size_t limit);

// For terminals and logs: control characters, DEL, C1, what changes the direction of text, and invalid UTF-8 become \n,
// \t or \xNN; the rest stays.
[[nodiscard]] std::string printable(std::string_view bytes);
[[nodiscard]] bool is_valid_utf8(std::string_view bytes);

// One word for a POSIX shell, quoted where it needs to be.
[[nodiscard]] std::string shell_quote(std::string_view word);
[[nodiscard]] std::string shell_join(const std::vector<std::string>& words);

// Whether `path` is `base` or lies below it, by the words alone. Both normal: no `.`, `..`, double or last slash.
[[nodiscard]] bool is_within(std::string_view path, std::string_view base);

// "512M", "2G", "1.5G", "4096", "64KiB": bytes, powers of 1024.
[[nodiscard]] Result<std::uint64_t> parse_bytes(std::string_view text);
[[nodiscard]] std::string format_bytes(std::uint64_t bytes);
// A whole decimal number in [min, max], nothing around it.
[[nodiscard]] Result<std::uint64_t> parse_number(std::string_view text, std::uint64_t min, std::uint64_t max);

}  // namespace bailiwick
