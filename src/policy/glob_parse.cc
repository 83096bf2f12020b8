// Glob::parse and its parts: braces become alternatives, alternatives become components, components become tokens.
#include "policy/glob.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "base/text.h"

namespace bailiwick {
namespace {

constexpr std::size_t kLongestPattern = 1024;
constexpr std::size_t kMostAlternatives = 256;
// Positions of an alternative are bits of one word, and one more bit stands for "all of it matched".
constexpr std::size_t kMostComponents = 60;
constexpr std::size_t kDeepestBraces = 16;

std::unexpected<Error> bad(std::string_view pattern, std::string_view why) {
  return fail(ErrorKind::invalid, fmt::format("the pattern `{}` {}", printable(shorten(pattern, 80)), why));
}

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

struct Braces {
  std::size_t open = 0;
  std::size_t close = 0;
  std::vector<std::string_view> choices;
};

enum class BraceError : std::uint8_t { unbalanced, too_deep };

// The first outermost braces of `text`, or none.
std::expected<std::optional<Braces>, BraceError> find_braces(std::string_view text) {
  Braces found;
  std::size_t depth = 0;
  std::size_t choice = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    switch (text[i]) {
      case '\\':
        ++i;
        break;
      case '[':
        if (const auto end = find_set_end(text, i)) i = *end;
        break;
      case '{':
        if (++depth > kDeepestBraces) return std::unexpected(BraceError::too_deep);
        if (depth == 1) {
          found.open = i;
          choice = i + 1;
        }
        break;
      case ',':
        if (depth == 1) {
          found.choices.push_back(text.substr(choice, i - choice));
          choice = i + 1;
        }
        break;
      case '}':
        if (depth == 0) return std::unexpected(BraceError::unbalanced);
        if (--depth == 0) {
          found.choices.push_back(text.substr(choice, i - choice));
          found.close = i;
          return found;
        }
        break;
      default:
        break;
    }
  }
  if (depth != 0) return std::unexpected(BraceError::unbalanced);
  return std::nullopt;
}

Result<std::vector<std::string>> expand_braces(std::string_view pattern) {
  std::vector<std::string> pending{std::string(pattern)};
  std::vector<std::string> done;
  // The order of the alternatives is kept: a stack that takes the choices of one pattern in reverse.
  while (!pending.empty()) {
    const std::string text = std::move(pending.back());
    pending.pop_back();
    const auto braces = find_braces(text);
    if (!braces) {
      return bad(pattern, braces.error() == BraceError::too_deep
                              ? "nests its braces too deeply; write it as several patterns"
                              : "has a brace without its partner; close it, or write `\\{` for the character itself");
    }
    if (!braces->has_value()) {
      done.push_back(text);
    } else {
      const Braces& found = **braces;
      for (auto choice = found.choices.rbegin(); choice != found.choices.rend(); ++choice) {
        pending.push_back(text.substr(0, found.open) + std::string(*choice) + text.substr(found.close + 1));
      }
    }
    if (pending.size() + done.size() > kMostAlternatives) {
      return bad(pattern,
                 fmt::format("stands for more than {} alternatives; write it as several patterns", kMostAlternatives));
    }
  }
  return done;
}

using Bytes = std::bitset<256>;

void add_range(Bytes& out, unsigned char first, unsigned char last) {
  for (unsigned c = first; c <= last; ++c) out.set(c);
}

// [:digit:] and its kin, ASCII only: names are bytes, and the locale must not change what a policy means.
bool add_class(Bytes& out, std::string_view name) {
  if (name == "alpha" || name == "alnum" || name == "upper") add_range(out, 'A', 'Z');
  if (name == "alpha" || name == "alnum" || name == "lower") add_range(out, 'a', 'z');
  if (name == "alnum" || name == "digit" || name == "xdigit") add_range(out, '0', '9');
  if (name == "xdigit") {
    add_range(out, 'a', 'f');
    add_range(out, 'A', 'F');
  }
  if (name == "space") {
    add_range(out, '\t', '\r');
    out.set(' ');
  }
  if (name == "punct") {
    for (const char c : std::string_view("!\"#$%&'()*+,-.:;<=>?@[\\]^_`{|}~")) out.set(static_cast<unsigned char>(c));
  }
  constexpr std::string_view kKnown[] = {"alpha", "alnum", "upper", "lower", "digit", "xdigit", "space", "punct"};
  return std::ranges::find(kKnown, name) != std::end(kKnown);
}

}  // namespace

Result<Glob> Glob::parse(std::string_view pattern) {
  if (pattern.empty())
    return fail(ErrorKind::invalid, "a pattern is empty; write the name or path that it should match");
  if (pattern.size() > kLongestPattern) {
    return bad(pattern, fmt::format("is longer than {} bytes; write it as several patterns", kLongestPattern));
  }
  if (pattern.contains('\0')) return bad(pattern, "holds a NUL byte, which no path can; leave it out");

  Glob glob;
  glob.text_ = pattern;
  TRY_ASSIGN(const auto alternatives, expand_braces(pattern));
  for (const std::string& alternative : alternatives) TRY(glob.add_alternative(alternative));
  glob.derive_facts();
  return glob;
}

Status Glob::add_alternative(std::string_view pattern) {
  const bool only_directories = pattern.size() > 1 && pattern.ends_with('/');
  // With alternatives of both sorts the whole pattern is about either.
  directories_only_ = only_directories && (alternatives_.empty() || directories_only_);
  while (pattern.size() > 1 && pattern.ends_with('/')) pattern.remove_suffix(1);

  Alternative out;
  const bool has_slash = pattern.contains('/');
  if (pattern.starts_with('/')) {
    out.anchor = Anchor::absolute;
  } else if (!has_slash) {
    out.anchor = Anchor::anywhere;
    out.components.push_back({.kind = Component::Kind::any_depth, .literal = {}, .tokens = {}});
  }
  bool first = true;
  for (const std::string_view part : split(pattern, '/')) {
    if (part == "..") return bad(text_, "holds `..`; write the path that it means");
    if (part.empty() || part == ".") continue;
    TRY_ASSIGN(Component component, parse_component(part));
    const bool any_depth = component.kind == Component::Kind::any_depth;
    if (any_depth && first && out.anchor == Anchor::relative) out.anchor = Anchor::anywhere;
    first = false;
    // `**/**` says no more than `**`, and one wildcard in a row keeps the matching cheap.
    if (any_depth && !out.components.empty() && out.components.back().kind == Component::Kind::any_depth) continue;
    out.components.push_back(std::move(component));
  }
  if (first && out.anchor != Anchor::absolute) {
    return bad(text_, "names nothing; write the name or path that it should match");
  }
  // `a/**` means what is below `a`, not `a` itself: at least one component.
  if (!out.components.empty() && out.components.back().kind == Component::Kind::any_depth) {
    out.components.push_back({.kind = Component::Kind::wildcard, .literal = {}, .tokens = {{Token::Kind::any_run}}});
  }
  if (out.components.size() > kMostComponents) {
    return bad(text_, fmt::format("has more than {} components; shorten it with `**`", kMostComponents));
  }
  alternatives_.push_back(std::move(out));
  return {};
}

Result<Glob::Component> Glob::parse_component(std::string_view text) {
  if (text == "**") return Component{.kind = Component::Kind::any_depth, .literal = {}, .tokens = {}};
  Component out;
  bool is_literal = true;
  for (std::size_t i = 0; i < text.size(); ++i) {
    Token token;
    switch (text[i]) {
      case '*':
        if (i + 1 < text.size() && text[i + 1] == '*') {
          return bad(text_,
                     "has `**` as part of a name; write it as a whole component, as in `dir/**/name`, or write `*`");
        }
        token.kind = Token::Kind::any_run;
        break;
      case '?':
        token.kind = Token::Kind::any_byte;
        break;
      case '[': {
        std::bitset<256> set;
        TRY_ASSIGN(i, parse_set(text, i, set));
        token.kind = Token::Kind::set;
        const auto known = std::ranges::find(sets_, set);
        token.set = static_cast<std::uint16_t>(known - sets_.begin());
        if (known == sets_.end()) sets_.push_back(set);
        break;
      }
      case '\\':
        if (++i == text.size()) return bad(text_, "ends a name with `\\`; write `\\\\` for the character itself");
        [[fallthrough]];
      default:
        token.byte = text[i];
        break;
    }
    is_literal = is_literal && token.kind == Token::Kind::byte;
    out.tokens.push_back(token);
  }
  if (is_literal) {
    for (const Token& token : out.tokens) out.literal += token.byte;
    if (out.literal == "." || out.literal == "..")
      return bad(text_, "spells `.` or `..`; write the path that it means");
    out.tokens.clear();
  } else {
    out.kind = Component::Kind::wildcard;
  }
  return out;
}

// `at` is at the `[`; returns the index of its `]`.
Result<std::size_t> Glob::parse_set(std::string_view text, std::size_t at, std::bitset<256>& out) const {
  const auto end = find_set_end(text, at);
  if (!end) return bad(text_, "has a `[` without its `]`; close it, or write `\\[` for the character itself");
  std::size_t i = at + 1;
  const bool negated = text[i] == '!' || text[i] == '^';
  if (negated) ++i;
  const std::size_t stop = *end;
  while (i < stop) {
    if (text.substr(i).starts_with("[:")) {
      const std::size_t close = text.find(":]", i + 2);
      if (close == std::string_view::npos || !add_class(out, text.substr(i + 2, close - i - 2))) {
        return bad(text_,
                   "has a character class that is not known; known are alpha, alnum, upper, lower, digit, xdigit, "
                   "space and punct");
      }
      i = close + 2;
      continue;
    }
    if (text[i] == '\\') ++i;
    const auto first = static_cast<unsigned char>(text[i++]);
    if (i + 1 < stop && text[i] == '-') {
      ++i;
      if (text[i] == '\\') ++i;
      const auto last = static_cast<unsigned char>(text[i++]);
      if (last < first) return bad(text_, "has a range that runs backwards; write the lower end first");
      add_range(out, first, last);
    } else {
      out.set(first);
    }
  }
  if (negated) out.flip();
  return stop;
}

}  // namespace bailiwick
