#include "shell/foreign.h"

#include <algorithm>
#include <cctype>

namespace bailiwick::shell {
namespace {

constexpr std::size_t kNone = std::string_view::npos;

// From the opening byte to after the one that closes; kNone if there is none on the line.
std::size_t after_quote(std::string_view text, std::size_t at) {
  const char mark = text[at];
  for (++at; at < text.size() && text[at] != '\n'; ++at) {
    if (text[at] == '\\')
      ++at;
    else if (text[at] == mark)
      return at + 1;
  }
  return kNone;
}

// From `[` to after its `]`; kNone if programs may not agree where that is, or whether `mark` ends the pattern in it.
std::size_t after_bracket(std::string_view text, std::size_t at, char mark) {
  ++at;
  if (at < text.size() && text[at] == '^') ++at;
  if (at < text.size() && text[at] == ']') ++at;
  for (; at < text.size() && text[at] != '\n'; ++at) {
    const char next = at + 1 < text.size() ? text[at + 1] : '\0';
    if (text[at] == ']') return at + 1;
    if (text[at] == mark) return kNone;
    if (text[at] == '\\') {
      if (next == ']' || next == '[') return kNone;
      ++at;
    } else if (text[at] == '[' && (next == ':' || next == '.' || next == '=')) {
      const std::size_t close = text.find(next == ':' ? ":]" : next == '.' ? ".]" : "=]", at + 2);
      if (close == kNone || text.substr(at, close - at).contains(mark)) return kNone;
      at = close + 1;
    }
  }
  return kNone;
}

// From the slash that opens a pattern to after the one that closes it.
std::size_t after_pattern(std::string_view text, std::size_t at) {
  for (++at; at < text.size() && text[at] != '\n'; ++at) {
    if (text[at] == '\\') {
      ++at;
    } else if (text[at] == '[') {
      at = after_bracket(text, at, '/');
      if (at == kNone) return kNone;
      --at;
    } else if (text[at] == '/') {
      return at + 1;
    }
  }
  return kNone;
}

bool is_name_byte(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

// What a sed program is read with.
struct Script {
  std::string_view text;
  std::size_t at = 0;

  [[nodiscard]] char peek() const { return at < text.size() ? text[at] : '\0'; }
  [[nodiscard]] bool is_end() const { return at >= text.size(); }
  void skip(std::string_view bytes) { at = std::min(text.find_first_not_of(bytes, at), text.size()); }
  void skip_line() {
    while (!is_end() && peek() != '\n') ++at;
  }
  // Text of a, i and c: to the end of a line that does not end in a backslash.
  void skip_text() {
    for (; !is_end() && peek() != '\n'; ++at) {
      if (peek() == '\\' && at + 1 < text.size()) ++at;
    }
  }
  // To after the delimiter. False if there is none, or where it ends depends on the sed.
  bool part(char mark) {
    for (; !is_end(); ++at) {
      const char c = peek();
      if (c == '\\') {
        ++at;
      } else if (c == mark) {
        ++at;
        return true;
      } else if (c == '[') {
        const std::size_t close = after_bracket(text, at, mark);
        if (close == kNone) return false;
        at = close - 1;
      }
    }
    return false;
  }
  bool address() {
    const char c = peek();
    if (std::isdigit(static_cast<unsigned char>(c)) != 0) {
      skip("0123456789~");
    } else if (c == '$') {
      ++at;
    } else if (c == '+' || c == '~') {
      ++at;
      skip("0123456789");
    } else if (c == '/' || c == '\\') {
      at += c == '/' ? 1 : 2;
      if (at > text.size() || text[at - 1] == '\n' || !part(text[at - 1])) return false;
      skip("IM");
    }
    return true;
  }
  bool command();
  bool substitute();
};

bool Script::substitute() {
  const char mark = peek();
  if (is_end() || mark == '\n' || mark == '\\') return false;
  ++at;
  if (!part(mark)) return false;
  // no brackets in a replacement
  for (; !is_end() && peek() != mark; ++at) {
    if (peek() == '\\') ++at;
  }
  if (is_end()) return false;
  ++at;
  skip("gpiImM0123456789");
  if (peek() == 'w') skip_line();
  return is_end() || std::string_view(" \t\n;}#").contains(peek());
}

bool Script::command() {
  const char c = peek();
  ++at;
  if (c == '{' || c == '}') return true;
  if (c == 's') return substitute();
  if (c == 'y') {
    const char mark = peek();
    if (is_end() || mark == '\n' || mark == '\\' || mark == '[') return false;
    ++at;
    return part(mark) && part(mark);
  }
  if (c == 'a' || c == 'i' || c == 'c') {
    skip(" \t");
    skip_text();
    return true;
  }
  if (std::string_view("rRwW#").contains(c)) {
    skip_line();
    return true;
  }
  if (std::string_view(":btT").contains(c)) {
    skip(" \t");
    for (; !is_end() && !std::string_view("\n;} \t").contains(peek()); ++at) {
      if (peek() == '\\') return false;
    }
    skip(" \t");
    return is_end() || std::string_view("\n;}").contains(peek());
  }
  if (std::string_view("lLqQ").contains(c)) {
    skip(" \t0123456789");
    return true;
  }
  return std::string_view("dDgGhHnNpPxzF=").contains(c);
}

}  // namespace

bool starts_nothing_awk(std::string_view program) {
  // the last byte that is not a blank; what may follow as an operand decides whether / starts a pattern
  char last = '\n';
  for (std::size_t i = 0; i < program.size();) {
    const char c = program[i];
    if (c == ' ' || c == '\t') {
      ++i;
      continue;
    }
    if (c == '#') {
      while (i < program.size() && program[i] != '\n') ++i;
      continue;
    }
    if (c == '\\' || c == '@' || c == '`') return false;
    const bool is_pattern = c == '/' && std::string_view("(,=!&|?:{};~\n").contains(last);
    if (c == '"' || is_pattern) {
      const std::size_t end = is_pattern ? after_pattern(program, i) : after_quote(program, i);
      if (end == kNone) return false;
      last = c == '"' ? '"' : 'x';
      i = end;
      continue;
    }
    if (c == '|') {
      if (i + 1 >= program.size() || program[i + 1] != '|') return false;
      i += 2;
      last = '|';
      continue;
    }
    if (is_name_byte(c)) {
      const std::size_t start = i;
      while (i < program.size() && is_name_byte(program[i])) ++i;
      if (program.substr(start, i - start) == "system") return false;
      last = 'x';
      continue;
    }
    last = c;
    ++i;
  }
  return true;
}

bool starts_nothing_sed(std::string_view program) {
  Script script{.text = program};
  while (true) {
    script.skip(" \t\n;");
    if (script.is_end()) return true;
    if (!script.address()) return false;
    script.skip(" \t");
    if (script.peek() == ',') {
      ++script.at;
      script.skip(" \t");
      if (!script.address()) return false;
      script.skip(" \t");
    }
    script.skip(" \t!");
    if (script.is_end() || !script.command()) return false;
  }
}

}  // namespace bailiwick::shell
