#include "policy/document_toml_scan.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>

#include "base/text.h"
#include "policy/document_check.h"

namespace bailiwick {
namespace {

constexpr bool is_bare(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}
constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

constexpr std::string_view kNoEnd = "this string has no end; is a quote missing?";

}  // namespace

TomlScanner::TomlScanner(std::string_view text, std::string_view file) : text_(text), file_(file) {
  if (follows("\xEF\xBB\xBF")) at_ = told_ = line_start_ = 3;
  unsigned bits = 0;
  for (const char c : text_.substr(at_)) bits |= static_cast<unsigned char>(c);
  is_ascii_ = bits < 0x80;
}

Place TomlScanner::place() {
  std::string_view passed = text_.substr(told_, at_ - told_);
  for (auto end = passed.find('\n'); end != std::string_view::npos; end = passed.find('\n')) {
    passed.remove_prefix(end + 1);
    line_start_ = at_ - passed.size();
    more_bytes_ = 0;
    ++line_;
  }
  if (!is_ascii_) {
    more_bytes_ += static_cast<std::size_t>(std::count_if(passed.begin(), passed.end(), is_continuation));
  }
  told_ = at_;
  return {.line = line_, .column = static_cast<std::uint32_t>(at_ - line_start_ - more_bytes_ + 1)};
}

std::unexpected<Error> TomlScanner::bad(std::size_t offset, std::string_view what) const {
  return fail_at(file_, place_at(text_, offset), what);
}

std::string TomlScanner::what_is_here() const {
  if (is_at_end()) return "the end of the file";
  if (peek() == '\n' || peek() == '\r') return "the end of the line";
  std::size_t size = 1;
  while (at_ + size < text_.size() && is_continuation(text_[at_ + size])) ++size;
  return fmt::format("`{}`", printable(text_.substr(at_, size)));
}

void TomlScanner::skip_blanks() {
  while (peek() == ' ' || peek() == '\t') ++at_;
}

bool TomlScanner::take_line_end() {
  if (follows("\r\n")) ++at_;
  return take('\n');
}

Status TomlScanner::skip_comment() {
  if (peek() != '#') return {};
  while (at_ < text_.size() && text_[at_] != '\n' && text_[at_] != '\r') ++at_;
  if (peek() == '\r' && !follows("\r\n")) return bad("a carriage return alone; lines end with a line feed");
  return {};
}

Status TomlScanner::skip_lines() {
  do {
    skip_blanks();
    TRY(skip_comment());
  } while (take_line_end());
  return {};
}

Status TomlScanner::finish_line() {
  skip_blanks();
  TRY(skip_comment());
  if (is_at_end() || take_line_end()) return {};
  return bad(fmt::format("here must be the end of the line, not {}", what_is_here()));
}

Status TomlScanner::read_key(std::string& key) {
  if (peek() == '"' || peek() == '\'') {
    if (follows("\"\"\"") || follows("'''")) return bad("a key has one quote on each side");
    const std::size_t start = at_;
    TRY(read_short(text_[at_], key));
    return has_control_characters(key) ? bad(start, kControlCharacters) : Status{};
  }
  const std::size_t start = at_;
  while (at_ < text_.size() && is_bare(text_[at_])) ++at_;
  if (at_ == start) {
    return bad(is_at_end() || std::string_view("\r\n=.]").contains(peek())
                   ? fmt::format("here must be a key, not {}", what_is_here())
                   : fmt::format("{} in a key; put the key in quotes", what_is_here()));
  }
  key = text_.substr(start, at_ - start);
  return {};
}

Status TomlScanner::read_text(std::string& text) {
  const std::size_t start = at_;
  const char quote = peek();
  const bool is_long = follows("\"\"\"") || follows("'''");
  TRY(is_long ? read_long(quote, text) : read_short(quote, text));
  return has_control_characters(text) ? bad(start, kControlCharacters) : Status{};
}

Status TomlScanner::read_short(char quote, std::string& text) {
  const std::size_t start = at_++;
  const auto is_stop = [&](char c) { return c == quote || c == '\\' || c == '\n' || c == '\r'; };
  while (true) {
    std::size_t end = at_;
    while (end < text_.size() && !is_stop(text_[end])) ++end;
    text += text_.substr(at_, end - at_);
    at_ = end;
    if (take(quote)) return {};
    if (peek() != '\\') return bad(start, kNoEnd);
    TRY(read_backslash(quote, text));
  }
}

Status TomlScanner::read_long(char quote, std::string& text) {
  const std::size_t start = at_;
  at_ += 3;
  static_cast<void>(take_line_end());  // one right after the quotes is no part of the text
  const auto is_stop = [&](char c) { return c == quote || c == '\\' || c == '\r'; };
  while (at_ < text_.size()) {
    std::size_t end = at_;
    while (end < text_.size() && !is_stop(text_[end])) ++end;
    text += text_.substr(at_, end - at_);
    at_ = end;
    if (peek() == '\r') {
      if (!take_line_end()) return bad("a carriage return alone; lines end with a line feed");
      text += '\n';
    } else if (peek() == '\\') {
      if (quote == '"' && take_joined_lines()) continue;
      TRY(read_backslash(quote, text));
    } else if (peek() == quote) {
      // up to two quotes may stand in the text, at its end as well
      std::size_t count = 0;
      while (take(quote)) ++count;
      if (count < 3) {
        text.append(count, quote);
        continue;
      }
      if (count > 5) return bad(at_ - 1, "too many quotes at the end of this string");
      text.append(count - 3, quote);
      return {};
    }
  }
  return bad(start, kNoEnd);
}

Status TomlScanner::read_backslash(char quote, std::string& text) {
  if (quote == '"') return read_escape(text);
  text += '\\';
  ++at_;
  return {};
}

Status TomlScanner::read_escape(std::string& text) {
  const std::size_t start = at_++;
  const char c = peek();
  constexpr std::string_view kFrom = "btnfr\"\\";
  constexpr std::string_view kTo = "\b\t\n\f\r\"\\";
  if (const auto known = kFrom.find(c); known != std::string_view::npos && !is_at_end()) {
    text += kTo[known];
    ++at_;
    return {};
  }
  if (c == 'u' || c == 'U') {
    const std::string_view digits = text_.substr(std::min(at_ + 1, text_.size()), c == 'u' ? 4 : 8);
    std::uint32_t value = 0;
    for (const char digit : digits) {
      const auto place = std::string_view("0123456789abcdefABCDEF").find(digit);
      if (place == std::string_view::npos) return bad(start, "\\u needs 4 hexadecimal digits, \\U needs 8");
      value = value << 4U | static_cast<std::uint32_t>(place < 16 ? place : place - 6);
    }
    if (digits.size() != (c == 'u' ? 4 : 8)) return bad(start, "\\u needs 4 hexadecimal digits, \\U needs 8");
    if (value > 0x10FFFF || (value >= 0xD800 && value < 0xE000)) return bad(start, "no character has this number");
    append_utf8(text, value);
    at_ += 1 + digits.size();
    return {};
  }
  return bad(start, "an unknown escape; write \\\\ for a backslash, or the text in single quotes");
}

// A backslash at the end of a line swallows the blanks and lines up to the next text.
bool TomlScanner::take_joined_lines() {
  const std::size_t rest = text_.find_first_not_of(" \t", at_ + 1);
  if (rest == std::string_view::npos || (text_[rest] != '\n' && text_.substr(rest, 2) != "\r\n")) return false;
  at_ = rest;
  while (take_line_end()) skip_blanks();
  return true;
}

Status TomlScanner::read_scalar(Node& to) {
  const char first = peek();
  if (first == '"' || first == '\'') {
    to.kind = NodeKind::string;
    return read_text(to.text);
  }
  const std::size_t start = at_;
  const auto skip_word = [&] {
    while (at_ < text_.size() && (is_bare(text_[at_]) || std::string_view("+.:").contains(text_[at_]))) ++at_;
  };
  skip_word();
  // `1979-05-27 07:32:00`: a date may have its time after a blank
  const std::string_view day = text_.substr(start, at_ - start);
  if (day.size() == 10 && day[4] == '-' && peek() == ' ' && at_ + 1 < text_.size() && is_digit(text_[at_ + 1])) {
    ++at_;
    skip_word();
  }
  if (at_ == start) return bad(fmt::format("here must be a value, not {}", what_is_here()));
  Result<Node> word = read_toml_word(text_.substr(start, at_ - start));
  if (!word) return bad(start, word.error().what);
  const Place place = to.place;
  to = *std::move(word);
  to.place = place;
  return {};
}

}  // namespace bailiwick
