// Numbers, dates, true and false. The grammar of TOML 1.0, held to the letter: what it does not allow here is often a
// typing error, and what other readers make of it differs.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string>

#include "base/text.h"
#include "policy/document_check.h"
#include "policy/document_toml_scan.h"

namespace bailiwick {
namespace {

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Each `d` of `form` is a digit, all else as it is.
bool has_form(std::string_view text, std::string_view form) {
  if (text.size() < form.size()) return false;
  for (std::size_t i = 0; i < form.size(); ++i)
    if (form[i] == 'd' ? !is_digit(text[i]) : text[i] != form[i]) return false;
  return true;
}
unsigned two_digits(std::string_view text, std::size_t at) {
  return static_cast<unsigned>((text[at] - '0') * 10 + (text[at + 1] - '0'));
}

// `word` from its time on, as RFC 3339 writes it; nothing: it is none.
std::optional<std::string> read_time(std::string_view word, bool may_have_offset) {
  if (!has_form(word, "dd:dd:dd") || two_digits(word, 0) > 23 || two_digits(word, 3) > 59 || two_digits(word, 6) > 59)
    return std::nullopt;
  std::string text(word.substr(0, 8));
  word.remove_prefix(8);
  if (word.starts_with('.')) {
    std::size_t end = 1;
    while (end < word.size() && is_digit(word[end])) ++end;
    if (end == 1) return std::nullopt;
    const std::string_view digits = word.substr(0, std::min<std::size_t>(end, 10));  // nanoseconds
    text += digits.substr(0, digits.find_last_not_of(".0") + 1);
    word.remove_prefix(end);
  }
  if (word.empty()) return text;
  if (!may_have_offset) return std::nullopt;
  if (word == "Z" || word == "z") return text + "Z";
  if (!(has_form(word, "+dd:dd") || has_form(word, "-dd:dd")) || word.size() != 6 || two_digits(word, 1) > 23 ||
      two_digits(word, 4) > 59)
    return std::nullopt;
  return text + (word.substr(1) == "00:00" ? "Z" : std::string(word));
}

Result<Node> read_date(std::string_view word) {
  const auto wrong = [&] {
    return fail(ErrorKind::invalid,
                fmt::format("`{}` is no date; write 2026-11-25, 14:00:00 or 2026-11-25T14:00:00Z", printable(word)));
  };
  Node node{.kind = NodeKind::date};
  std::string_view rest = word;
  if (has_form(word, "dddd-dd-dd")) {
    const auto year = static_cast<int>(two_digits(word, 0) * 100 + two_digits(word, 2));
    const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(two_digits(word, 5)),
                                           std::chrono::day(two_digits(word, 8))};
    if (!date.ok()) return wrong();
    node.text = word.substr(0, 10);
    rest.remove_prefix(10);
    if (rest.empty()) return node;
    if (!std::string_view("Tt ").contains(rest.front())) return wrong();
    rest.remove_prefix(1);
    node.text += 'T';
  }
  const std::optional<std::string> time = read_time(rest, !node.text.empty());
  if (!time) return wrong();
  node.text += *time;
  return node;
}

// Underscores stand between digits only; they are left out of the result.
std::optional<std::string> without_underscores(std::string_view digits, int base) {
  std::string out;
  out.reserve(digits.size());
  const auto is_digit_at = [&](std::size_t i) {
    const char c = digits[i];
    return is_digit(c) || (base == 16 && ((c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F')));
  };
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (digits[i] != '_') {
      out += digits[i];
    } else if (i == 0 || i + 1 == digits.size() || !is_digit_at(i - 1) || !is_digit_at(i + 1)) {
      return std::nullopt;
    }
  }
  return out;
}

bool all_digits(std::string_view text) { return !text.empty() && std::all_of(text.begin(), text.end(), is_digit); }
bool has_leading_zero(std::string_view digits) { return digits.size() > 1 && digits.front() == '0'; }

// Digits, then a fraction or an exponent or both; `word` has no underscores and no sign.
bool is_real(std::string_view word) {
  const auto mark = word.find_first_of("eE");
  if (mark != std::string_view::npos) {
    std::string_view exponent = word.substr(mark + 1);
    if (exponent.starts_with('+') || exponent.starts_with('-')) exponent.remove_prefix(1);
    if (!all_digits(exponent)) return false;
    word = word.substr(0, mark);
  }
  const auto dot = word.find('.');
  if (dot != std::string_view::npos && !all_digits(word.substr(dot + 1))) return false;
  const std::string_view whole = word.substr(0, dot);
  return all_digits(whole) && !has_leading_zero(whole);
}

Result<Node> read_number(std::string_view word) {
  const auto wrong = [&](std::string_view why) {
    return fail(ErrorKind::invalid, fmt::format("`{}` is no number; {}", printable(shorten(word, 60)), why));
  };
  std::string_view unsigned_word = word;
  const bool is_negative = word.starts_with('-');
  const bool has_sign = is_negative || word.starts_with('+');
  if (has_sign) unsigned_word.remove_prefix(1);
  int base = 10;
  if (!has_sign && word.size() > 2 && word[0] == '0')
    base = word[1] == 'x' ? 16 : word[1] == 'o' ? 8 : word[1] == 'b' ? 2 : 10;
  if (base != 10) unsigned_word.remove_prefix(2);
  const std::optional<std::string> digits_only = without_underscores(unsigned_word, base);
  if (!digits_only) return wrong("underscores stand between digits");
  const std::string_view digits = *digits_only;
  if (base != 10 || all_digits(digits)) {
    if (base == 10 && has_leading_zero(digits)) return wrong("remove the 0 at its beginning");
    std::uint64_t value = 0;
    const auto [rest, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
    if (error == std::errc::result_out_of_range) return wrong("it does not fit into 64 bits");
    if (error != std::errc() || rest != digits.data() + digits.size()) return wrong("put texts in quotes");
    if (value > static_cast<std::uint64_t>(INT64_MAX) + (is_negative ? 1 : 0))
      return wrong("it does not fit into 64 bits");
    return Node{.kind = NodeKind::integer, .integer = static_cast<std::int64_t>(is_negative ? 0 - value : value)};
  }
  if (!is_real(digits)) return wrong("put texts in quotes");
  Node node{.kind = NodeKind::real};
  const auto [rest, error] = std::from_chars(digits.data(), digits.data() + digits.size(), node.real);
  if (error != std::errc() || rest != digits.data() + digits.size()) return wrong("it is too large or too small");
  if (is_negative) node.real = -node.real;
  return node;
}

}  // namespace

Result<Node> read_toml_word(std::string_view word) {
  if (word == "true" || word == "false") return Node{.kind = NodeKind::boolean, .boolean = word == "true"};
  if (has_form(word, "dddd-") || has_form(word, "dd:")) return read_date(word);
  const std::string_view unsigned_word = word.substr(word.starts_with('+') || word.starts_with('-') ? 1 : 0);
  if (unsigned_word == "inf" || unsigned_word == "nan") return fail(ErrorKind::invalid, std::string(kNotFinite));
  if (unsigned_word.empty() || !is_digit(unsigned_word.front()))
    return fail(ErrorKind::invalid, fmt::format("put the text in quotes: \"{}\"", printable(shorten(word, 60))));
  return read_number(word);
}

}  // namespace bailiwick
