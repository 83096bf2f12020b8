#include "shell/plain.h"

#include <algorithm>
#include <array>
#include <utility>

namespace bailiwick::shell {
namespace {

// Longer texts go to the grammar, and meet its limits.
constexpr std::size_t kMaxPlainText = 4096;
constexpr std::size_t kMaxPlainCommands = 64;

enum Class : std::uint8_t { other, word, blank, quote };

// Bytes that mean themselves in an unquoted word, wherever they stand.
constexpr std::array<std::uint8_t, 256> kClasses = [] {
  std::array<std::uint8_t, 256> out{};
  for (const char c : std::string_view("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./,:+%@="))
    out[static_cast<unsigned char>(c)] = word;
  out[' '] = out['\t'] = blank;
  out['\''] = out['"'] = quote;
  return out;
}();

Class class_of(char c) { return static_cast<Class>(kClasses[static_cast<unsigned char>(c)]); }

// As the first word these are grammar, or change what follows; the grammar tells.
constexpr auto kSpecial = std::to_array<std::string_view>(
    {"alias",  "case", "coproc", "declare",  "do",      "done",  "elif",     "else",  "enable",   "esac",
     "export", "fi",   "for",    "function", "if",      "in",    "let",      "local", "readonly", "select",
     "shopt",  "test", "then",   "time",     "typeset", "unset", "unsetenv", "until", "while"});

static_assert(std::ranges::is_sorted(kSpecial));

bool is_special(std::string_view text) {
  return text.size() >= 2 && text.size() <= 8 && text[0] >= 'a' && text[0] <= 'w' &&
         std::ranges::binary_search(kSpecial, text);
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

class Plain {
 public:
  explicit Plain(std::string_view text) : text_(text) {}
  std::optional<ShellReading> read();

 private:
  [[nodiscard]] char at(std::size_t i) const { return i < text_.size() ? text_[i] : '\0'; }
  void skip_blanks() {
    while (class_of(at(at_)) == blank) ++at_;
  }
  void skip_lines() {
    while (class_of(at(at_)) == blank || at(at_) == '\n') ++at_;
  }
  bool skip_variable();
  bool quoted(ShellWord& made);
  bool word_into(ShellWord& made, bool is_first);
  bool command();
  bool redirect(SimpleCommand& made);

  std::string_view text_;
  std::size_t at_ = 0;
  ShellReading reading_;
};

// $NAME, at the dollar.
bool Plain::skip_variable() {
  if (!is_letter(at(at_ + 1)) && at(at_ + 1) != '_') return false;
  for (++at_; is_letter(at(at_)) || is_digit(at(at_)) || at(at_) == '_'; ++at_) {
  }
  return true;
}

// At a quote; over the one that ends it.
bool Plain::quoted(ShellWord& made) {
  const char mark = text_[at_];
  const std::size_t from = ++at_;
  while (at(at_) != mark) {
    const auto c = static_cast<unsigned char>(at(at_));
    // also the end of the text
    if ((c < 0x20 && c != '\n' && c != '\t') || c >= 0x7f) return false;
    if (mark == '"' && c == '$') {
      made.is_literal = false;
      if (!skip_variable()) return false;
      continue;
    }
    // an index, if it is read as a variable's value
    if (c == '[' && (at(at_ + 1) == '$' || at(at_ + 1) == '`')) return false;
    if (mark == '"' && (c == '`' || c == '\\' || c == '!')) return false;
    ++at_;
  }
  if (made.is_literal) made.text += text_.substr(from, at_ - from);
  ++at_;
  return true;
}

bool Plain::word_into(ShellWord& made, bool is_first) {
  const std::size_t start = at_;
  while (at_ < text_.size()) {
    const Class kind = class_of(text_[at_]);
    if (kind == word) {
      const std::size_t from = at_;
      while (class_of(at(at_)) == word) ++at_;
      if (made.is_literal) made.text += text_.substr(from, at_ - from);
    } else if (kind == quote) {
      if (!quoted(made)) return false;
    } else if (text_[at_] == '*' || text_[at_] == '?') {
      made.is_literal = false;
      ++at_;
    } else if (text_[at_] == '$') {
      // after a quote or another one the grammar may not see it
      if (text_.substr(start, at_ - start).find_first_of("'\"$") != std::string_view::npos) return false;
      made.is_literal = false;
      if (!skip_variable()) return false;
    } else {
      break;
    }
  }
  const std::string_view source = text_.substr(start, at_ - start);
  if (!made.is_literal) made.text = source;
  // `=` outside a quote may be an assignment, or an operator of the grammar
  const std::size_t equals = source.find('=');
  if (equals != std::string_view::npos && (is_first || equals == 0 || source[0] != '-')) {
    const std::size_t quoted = source.find_first_of("'\"");
    if (quoted == std::string_view::npos || equals < quoted || is_first) return false;
  }
  if (!is_first) return true;
  // the grammar knows names of commands by their bytes
  if (is_special(source.substr(0, source.find_first_of("'\"")))) return false;
  return made.is_literal && source.find_first_of("@,:%+") == std::string_view::npos && !is_special(made.text);
}

// Stands on the operator, or on the digits before it.
bool Plain::redirect(SimpleCommand& made) {
  ShellRedirect out;
  // the grammar takes 0< for a word
  if (at(at_) == '0') return false;
  if (is_digit(at(at_))) out.descriptor = at(at_++) - '0';
  const char sign = at(at_++);
  const bool is_append = sign == '>' && at(at_) == '>';
  if (is_append) ++at_;
  if (at(at_) == '&') {
    // 2>&1
    if (sign != '>' || is_append || !is_digit(at(at_ + 1))) return false;
    const char next = at(at_ + 2);
    if (next != '\0' && next != ' ' && next != '\n' && next != ';' && next != '|' && next != '&') return false;
    out.kind = RedirectKind::duplicate;
    out.target.text = at(at_ + 1);
    out.is_harmless = true;
    at_ += 2;
  } else {
    skip_blanks();
    const char first = at(at_);
    // words that the grammar may take for something else
    if (!is_letter(first) && first != '/' && first != '.') return false;
    out.kind = sign == '<' ? RedirectKind::read : is_append ? RedirectKind::append : RedirectKind::write;
    if (!word_into(out.target, true)) return false;
    const std::string& target = out.target.text;
    out.is_harmless = target == "/dev/null" || target == "/dev/stdout" || target == "/dev/stderr";
  }
  made.redirects.push_back(std::move(out));
  return true;
}

bool Plain::command() {
  SimpleCommand& made = reading_.commands.back();
  made.offset = at_;
  const char first = at(at_);
  if (!is_letter(first) && first != '/' && first != '.' && class_of(first) != quote) return false;
  made.words.reserve(8);
  while (true) {
    const char c = at(at_);
    const bool is_redirect = c == '<' || c == '>' || (is_digit(c) && (at(at_ + 1) == '<' || at(at_ + 1) == '>'));
    if (is_redirect) {
      // a blank before it, or the word before it may belong to it; a dash there is lost to the grammar
      if (class_of(text_[at_ - 1]) != blank || made.words.back().text == "-" || !redirect(made)) return false;
    } else if (class_of(c) == word || class_of(c) == quote || c == '*' || c == '?' || c == '$') {
      // after a redirection the grammar takes it for a target
      const bool is_first = made.words.empty();
      if (!made.redirects.empty() || !word_into(made.words.emplace_back(), is_first)) return false;
    } else {
      return true;
    }
    if (made.words.front().text.empty()) return false;
    const char after = at(at_);
    if (after == '<' || after == '>') return false;
    skip_blanks();
  }
}

std::optional<ShellReading> Plain::read() {
  skip_lines();
  ShellJoin join = ShellJoin::first;
  while (at_ < text_.size()) {
    if (reading_.commands.size() >= kMaxPlainCommands) return std::nullopt;
    reading_.commands.emplace_back().join = join;
    if (!command()) return std::nullopt;
    if (at_ == text_.size()) break;
    SimpleCommand& made = reading_.commands.back();
    const char sign = text_[at_++];
    const bool is_double = at(at_) == sign;
    if (join == ShellJoin::pipe) made.context = in_pipeline | shares_input;
    if (sign == '\n' || (sign == ';' && !is_double)) {
      join = ShellJoin::sequence;
      skip_blanks();
      if (sign == ';' && at(at_) == '&') return std::nullopt;
      skip_lines();
      continue;
    }
    if (sign == '|' && !is_double && at(at_) != '&') {
      join = ShellJoin::pipe;
      made.context |= in_pipeline;
    } else if ((sign == '&' || sign == '|') && is_double) {
      ++at_;
      join = sign == '&' ? ShellJoin::and_then : ShellJoin::or_else;
    } else {
      return std::nullopt;
    }
    skip_lines();
    if (at_ == text_.size()) return std::nullopt;
  }
  if (join == ShellJoin::pipe) reading_.commands.back().context = in_pipeline | shares_input;
  return std::move(reading_);
}

}  // namespace

std::optional<ShellReading> read_plain(std::string_view text) {
  if (text.size() > kMaxPlainText) return std::nullopt;
  return Plain(text).read();
}

}  // namespace bailiwick::shell
