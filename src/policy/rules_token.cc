#include "policy/rules_token.h"

#include <fmt/format.h>

#include <optional>

#include "base/text.h"
#include "policy/rules_file.h"

namespace bailiwick {
namespace {

using Kind = RulesTokenKind;
using Piece = RulesToken::Piece;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool starts_name(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool continues_name(char c) { return starts_name(c) || is_digit(c); }

// As in documents: no policy holds them.
bool is_control(std::uint32_t c) { return (c < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0x7F; }

int hex_value(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

void append_utf8(std::string& out, std::uint32_t code) {
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xC0 | (code >> 6));
    out += static_cast<char>(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    out += static_cast<char>(0xE0 | (code >> 12));
    out += static_cast<char>(0x80 | ((code >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (code & 0x3F));
  } else {
    out += static_cast<char>(0xF0 | (code >> 18));
    out += static_cast<char>(0x80 | ((code >> 12) & 0x3F));
    out += static_cast<char>(0x80 | ((code >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (code & 0x3F));
  }
}

class Tokenizer {
 public:
  Tokenizer(std::string_view text, std::string_view file) : text_(text), file_(file) {}

  Result<std::vector<RulesToken>> run() {
    if (text_.starts_with("\xEF\xBB\xBF")) skip(3);
    while (at_ < text_.size()) {
      TRY(is_line_start_ && brackets_.empty() ? indentation() : token());
      if (tokens_.size() > kMaxRulesSteps) return fail_at(file_, here(), "the file is too long: split it");
    }
    if (!brackets_.empty()) {
      return fail_at(
          file_, brackets_.back().place,
          fmt::format("`{}` is never closed: add `{}`", brackets_.back().text, closing(brackets_.back().text[0])));
    }
    end_line();
    while (indents_.size() > 1) {
      indents_.pop_back();
      push(Kind::dedent, "");
    }
    push(Kind::end, "");
    return std::move(tokens_);
  }

 private:
  [[nodiscard]] Place here() const {
    return {.line = line_, .column = static_cast<std::uint32_t>(at_ - line_start_ + 1)};
  }
  [[nodiscard]] char peek(std::size_t ahead = 0) const {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
  }
  void skip(std::size_t count) {
    for (; count > 0 && at_ < text_.size(); --count) {
      if (text_[at_++] != '\n') continue;
      ++line_;
      line_start_ = at_;
    }
  }
  void push(Kind kind, std::string text) {
    tokens_.push_back({.kind = kind, .text = std::move(text), .pieces = {}, .place = here()});
  }
  void end_line() {
    if (!tokens_.empty() && tokens_.back().kind != Kind::line_end && tokens_.back().kind != Kind::dedent &&
        tokens_.back().kind != Kind::indent) {
      push(Kind::line_end, "");
    }
  }
  static char closing(char open) {
    if (open == '(') return ')';
    return open == '[' ? ']' : '}';
  }

  Status indentation() {
    std::size_t width = 0;
    std::size_t ahead = 0;
    bool has_tab = false;
    for (; peek(ahead) == ' ' || peek(ahead) == '\t'; ++ahead) {
      has_tab = has_tab || peek(ahead) == '\t';
      ++width;
    }
    const char next = peek(ahead);
    skip(ahead);
    is_line_start_ = false;
    if (at_ >= text_.size() || next == '\n' || next == '\r' || next == '#') return {};
    if (has_tab) return fail_at(file_, here(), "a tab before a statement: indent with blanks");
    if (width > indents_.back()) {
      if (indents_.size() > kMaxRulesDepth) return fail_at(file_, here(), "blocks are nested too deeply");
      indents_.push_back(width);
      push(Kind::indent, "");
      return {};
    }
    while (width < indents_.back()) {
      indents_.pop_back();
      push(Kind::dedent, "");
    }
    if (width != indents_.back()) {
      return fail_at(file_, here(), "this line is indented like none before it: align it with its block");
    }
    return {};
  }

  Status token() {
    const char c = peek();
    if (c == '\n' || (c == '\r' && peek(1) == '\n')) {
      if (brackets_.empty()) end_line();
      skip(c == '\r' ? 2 : 1);
      is_line_start_ = true;
      return {};
    }
    if (c == ' ' || c == '\t') {
      skip(1);
      return {};
    }
    if (c == '#') {
      while (at_ < text_.size() && peek() != '\n') {
        skip(1);
      }
      return {};
    }
    if (c == '\\' && (peek(1) == '\n' || (peek(1) == '\r' && peek(2) == '\n'))) {
      skip(peek(1) == '\r' ? 3 : 2);
      return {};
    }
    if (const auto prefix = string_prefix()) return string(*prefix);
    if (starts_name(c)) return run_of(Kind::name);
    if (is_digit(c)) return run_of(Kind::number);
    return mark();
  }

  Status run_of(Kind kind) {
    std::size_t length = 1;
    while (continues_name(peek(length))) ++length;
    push(kind, std::string(text_.substr(at_, length)));
    skip(length);
    return {};
  }

  Status mark() {
    const char c = peek();
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
      return fail_at(file_, here(), fmt::format("a control character ({}): remove it", printable({&c, 1})));
    }
    if (static_cast<unsigned char>(c) >= 0x80) {
      return fail_at(file_, here(), "a character that stands only in strings and comments: put it in quotes");
    }
    push(Kind::mark,
         (c == '+' && peek(1) == '=') || (c == '=' && peek(1) == '=') ? std::string{c, '='} : std::string(1, c));
    if (c == '(' || c == '[' || c == '{') {
      if (brackets_.size() >= kMaxRulesDepth) return fail_at(file_, here(), "brackets are nested too deeply");
      brackets_.push_back(tokens_.back());
    } else if (c == ')' || c == ']' || c == '}') {
      if (brackets_.empty()) return fail_at(file_, here(), fmt::format("`{}` closes nothing: remove it", c));
      const RulesToken open = brackets_.back();
      if (closing(open.text[0]) != c) {
        return fail_at(file_, here(),
                       fmt::format("`{}` where the `{}` of line {} wants `{}`", c, open.text, open.place.line,
                                   closing(open.text[0])));
      }
      brackets_.pop_back();
    }
    skip(tokens_.back().text.size());
    return {};
  }

  struct Prefix {
    std::size_t length = 0;
    bool is_raw = false;
    bool is_format = false;
  };
  [[nodiscard]] std::optional<Prefix> string_prefix() const {
    Prefix out;
    for (; out.length < 3; ++out.length) {
      const char c = peek(out.length);
      if (c == '"' || c == '\'') return out;
      if ((c == 'r' || c == 'R') && !out.is_raw) {
        out.is_raw = true;
      } else if ((c == 'f' || c == 'F') && !out.is_format) {
        out.is_format = true;
      } else {
        return std::nullopt;
      }
    }
    return std::nullopt;
  }

  Status string(Prefix prefix) {
    RulesToken token{.kind = Kind::text, .text = {}, .pieces = {}, .place = here()};
    skip(prefix.length);
    const char quote = peek();
    const bool is_triple = peek(1) == quote && peek(2) == quote;
    skip(is_triple ? 3 : 1);
    std::string piece;
    while (true) {
      const char c = peek();
      if (at_ >= text_.size() || (c == '\n' && !is_triple)) {
        return fail_at(
            file_, token.place,
            fmt::format("this string is never closed: add {} at its end", is_triple ? "three quotes" : "a quote"));
      }
      if (c == quote && (!is_triple || (peek(1) == quote && peek(2) == quote))) break;
      if (is_control(static_cast<unsigned char>(c))) {
        return fail_at(file_, here(), fmt::format("a control character ({}): remove it", printable({&c, 1})));
      }
      if (c == '\\') {
        TRY(escape(prefix.is_raw, piece));
      } else if (prefix.is_format && (c == '{' || c == '}')) {
        TRY(replacement(token, piece));
      } else if (c == '\r' && peek(1) == '\n') {
        skip(1);
      } else {
        piece += c;
        skip(1);
      }
    }
    skip(is_triple ? 3 : 1);
    token.pieces.push_back({.text = std::move(piece)});
    tokens_.push_back(std::move(token));
    return {};
  }

  // `{name}`, `{{` and `}}` of an f-string.
  Status replacement(RulesToken& token, std::string& piece) {
    const char c = peek();
    if (peek(1) == c) {
      piece += c;
      skip(2);
      return {};
    }
    std::size_t length = 1;
    while (continues_name(peek(length))) ++length;
    if (c == '}' || !starts_name(peek(1)) || peek(length) != '}') {
      return fail_at(file_, here(), "an f-string takes names in braces, as in {name}; write a brace of the text twice");
    }
    token.pieces.push_back({.text = std::move(piece)});
    token.pieces.push_back({.text = std::string(text_.substr(at_ + 1, length - 1)), .is_name = true});
    piece.clear();
    skip(length + 1);
    return {};
  }

  Status escape(bool is_raw, std::string& out) {
    const char c = peek(1);
    if (is_raw) {
      // The backslash stays, and a quote after it does not end the string.
      const bool takes_two = c == '\\' || c == '"' || c == '\'';
      out += text_.substr(at_, takes_two ? 2 : 1);
      skip(takes_two ? 2 : 1);
      return {};
    }
    constexpr std::string_view kNames = "nrt\\'\"";
    constexpr std::string_view kBytes = "\n\r\t\\'\"";
    if (const auto i = kNames.find(c); c != '\0' && i != std::string_view::npos) {
      out += kBytes[i];
      skip(2);
      return {};
    }
    if (c == '\n' || (c == '\r' && peek(2) == '\n')) {
      skip(c == '\r' ? 3 : 2);
      return {};
    }
    if (c == 'x') return code(2, 2, 16, out);
    if (c == 'u') return code(2, 4, 16, out);
    if (c == 'U') return code(2, 8, 16, out);
    if (c >= '0' && c <= '7') {
      std::size_t digits = 1;
      while (digits < 3 && peek(1 + digits) >= '0' && peek(1 + digits) <= '7') ++digits;
      return code(1, digits, 8, out);
    }
    return fail_at(file_, here(),
                   "this escape is not known: write a backslash of the text twice, or the string as r\"..\"");
  }

  Status code(std::size_t skipped, std::size_t digits, std::uint32_t base, std::string& out) {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < digits; ++i) {
      const int digit = hex_value(peek(skipped + i));
      if (digit < 0 || value > 0x110000) {
        return fail_at(file_, here(), fmt::format("this escape takes {} digits and names a character", digits));
      }
      value = value * base + static_cast<std::uint32_t>(digit);
    }
    if (is_control(value) || value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF)) {
      return fail_at(file_, here(), "this escape names no character that a command can hold");
    }
    append_utf8(out, value);
    skip(skipped + digits);
    return {};
  }

  std::string_view text_;
  std::string_view file_;
  std::size_t at_ = 0;
  std::size_t line_start_ = 0;
  std::uint32_t line_ = 1;
  bool is_line_start_ = true;
  std::vector<std::size_t> indents_ = {0};
  std::vector<RulesToken> brackets_;
  std::vector<RulesToken> tokens_;
};

}  // namespace

Result<std::vector<RulesToken>> tokenize_rules(std::string_view text, std::string_view file) {
  return Tokenizer(text, file).run();
}

}  // namespace bailiwick
