#include "policy/glob_syntax.h"

namespace bailiwick::glob_syntax {
namespace {

bool is_within(unsigned char c, char first, char last) {
  return c >= static_cast<unsigned char>(first) && c <= static_cast<unsigned char>(last);
}

// ASCII only: names are bytes, and the locale must not change what a policy means. Nothing for a class that is not
// known.
std::optional<bool> class_contains(std::string_view name, unsigned char c) {
  const bool is_upper = is_within(c, 'A', 'Z');
  const bool is_lower = is_within(c, 'a', 'z');
  const bool is_digit = is_within(c, '0', '9');
  if (name == "alpha") return is_upper || is_lower;
  if (name == "alnum") return is_upper || is_lower || is_digit;
  if (name == "upper") return is_upper;
  if (name == "lower") return is_lower;
  if (name == "digit") return is_digit;
  if (name == "xdigit") return is_digit || is_within(c, 'a', 'f') || is_within(c, 'A', 'F');
  if (name == "space") return c == ' ' || is_within(c, '\t', '\r');
  if (name == "punct") return is_within(c, '!', '~') && !is_upper && !is_lower && !is_digit;
  return std::nullopt;
}

struct Member {
  unsigned char first;
  unsigned char last;
  std::string_view class_name;  // empty: a range
  std::size_t end;
};

Member read_member(std::string_view set, std::size_t at) {
  if (set.substr(at).starts_with("[:")) {
    const std::size_t close = set.find(":]", at + 2);
    if (close != std::string_view::npos)
      return {.first = 0, .last = 0, .class_name = set.substr(at + 2, close - at - 2), .end = close + 2};
  }
  const auto read_byte = [&] {
    if (set[at] == '\\' && at + 1 < set.size()) ++at;
    return static_cast<unsigned char>(set[at++]);
  };
  const unsigned char first = read_byte();
  unsigned char last = first;
  if (at + 1 < set.size() && set[at] == '-') {
    ++at;
    last = read_byte();
  }
  return {.first = first, .last = last, .class_name = {}, .end = at};
}

bool is_negated(std::string_view set) { return set.starts_with('!') || set.starts_with('^'); }

}  // namespace

// The end of the set that opens at `at`, or nothing where no `]` closes it in this component. `]` right after `[`, `[!`
// or `[^` is a member, and so is what stands in a class (`[:digit:]`) or after a backslash.
std::optional<std::size_t> find_set_end(std::string_view text, std::size_t at) {
  std::size_t i = at + 1;
  if (i < text.size() && (text[i] == '!' || text[i] == '^')) ++i;
  if (i < text.size() && text[i] == ']') ++i;
  for (; i < text.size() && text[i] != '/'; ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (text.substr(i).starts_with("[:")) {
      const std::size_t close = text.find(":]", i + 2);
      if (close != std::string_view::npos) i = close + 1;
    } else if (text[i] == ']') {
      return i;
    }
  }
  return std::nullopt;
}

std::string_view check_set(std::string_view set) {
  for (std::size_t at = is_negated(set) ? 1 : 0; at < set.size();) {
    const Member member = read_member(set, at);
    const bool is_class = member.class_name.data() != nullptr;
    if (is_class && !class_contains(member.class_name, 0)) {
      return "has a character class that is not known; known are alpha, alnum, upper, lower, digit, xdigit, space and "
             "punct";
    }
    if (!is_class && member.last < member.first) return "has a range that runs backwards; write the lower end first";
    at = member.end;
  }
  return {};
}

bool set_contains(std::string_view set, unsigned char byte) {
  const bool negated = is_negated(set);
  for (std::size_t at = negated ? 1 : 0; at < set.size();) {
    const Member member = read_member(set, at);
    const bool fits = member.class_name.data() != nullptr ? class_contains(member.class_name, byte).value_or(false)
                                                          : byte >= member.first && byte <= member.last;
    if (fits) return !negated;
    at = member.end;
  }
  return negated;
}

Token read_token(std::string_view component, std::size_t at) {
  switch (component[at]) {
    case '*': return {.kind = Token::Kind::any_run, .byte = 0, .set = {}, .end = at + 1};
    case '?': return {.kind = Token::Kind::any_byte, .byte = 0, .set = {}, .end = at + 1};
    case '[':
      if (const auto end = find_set_end(component, at)) {
        return {.kind = Token::Kind::set, .byte = 0, .set = component.substr(at + 1, *end - at - 1), .end = *end + 1};
      }
      break;
    case '\\':
      if (at + 1 < component.size())
        return {.kind = Token::Kind::byte, .byte = component[at + 1], .set = {}, .end = at + 2};
      break;
    default: break;
  }
  return {.kind = Token::Kind::byte, .byte = component[at], .set = {}, .end = at + 1};
}

}  // namespace bailiwick::glob_syntax
