// Glob::parse: checks a pattern and writes its alternatives out.
#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "base/text.h"
#include "policy/glob.h"
#include "policy/glob_syntax.h"

namespace bailiwick {
namespace {

using glob_syntax::find_set_end;

constexpr std::size_t kLongestPattern = 1024;
constexpr std::size_t kMostAlternatives = 256;
// The matcher keeps one bit of a word for each component.
constexpr std::size_t kMostComponents = 60;
constexpr std::size_t kDeepestBraces = 16;

std::unexpected<Error> bad(std::string_view pattern, std::string_view why) {
  return fail(ErrorKind::invalid, fmt::format("the pattern `{}` {}", printable(shorten(pattern, 80)), why));
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
      case '\\': ++i; break;
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
      default: break;
    }
  }
  if (depth != 0) return std::unexpected(BraceError::unbalanced);
  return std::nullopt;
}

}  // namespace

Result<std::vector<std::string>> Glob::expand_braces(std::string_view pattern) {
  if (pattern.find_first_of("{}") == std::string_view::npos) return std::vector<std::string>{std::string(pattern)};
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

namespace {

Status check_component(std::string_view pattern, std::string_view component) {
  if (component == "..") return bad(pattern, "holds `..`; write the path that it means");
  if (glob_syntax::is_literal(component)) return {};
  std::string literal;
  bool is_literal = true;
  for (std::size_t at = 0; at < component.size();) {
    const char c = component[at];
    if (c == '*' && at + 1 < component.size() && component[at + 1] == '*') {
      return bad(pattern,
                 "has `**` as part of a name; write it as a whole component, as in `dir/**/name`, or write `*`");
    }
    if (c == '\\' && at + 1 == component.size())
      return bad(pattern, "ends a name with `\\`; write `\\\\` for the character itself");
    if (c == '[') {
      const auto end = find_set_end(component, at);
      if (!end) return bad(pattern, "has a `[` without its `]`; close it, or write `\\[` for the character itself");
      const std::string_view wrong = glob_syntax::check_set(component.substr(at + 1, *end - at - 1));
      if (!wrong.empty()) return bad(pattern, wrong);
    }
    const glob_syntax::Token token = glob_syntax::read_token(component, at);
    is_literal = is_literal && token.kind == glob_syntax::Token::Kind::byte;
    literal += token.byte;
    at = token.end;
  }
  if (is_literal && (literal == "." || literal == ".."))
    return bad(pattern, "spells `.` or `..`; write the path that it means");
  return {};
}

Status check_alternative(std::string_view pattern, std::string_view text) {
  std::size_t components = 0;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t slash = std::min(text.find('/', at), text.size());
    const std::string_view component = text.substr(at, slash - at);
    at = slash + 1;
    if (component.empty() || component == ".") continue;
    ++components;
    if (component != "**") TRY(check_component(pattern, component));
  }
  // Or an empty alternative, as in `{,x}`, would mean every name.
  if (components == 0 && !text.starts_with('/'))
    return bad(pattern, "names nothing; write the name or path that it should match");
  if (components > kMostComponents) {
    return bad(pattern, fmt::format("has more than {} components; shorten it with `**`", kMostComponents));
  }
  return {};
}

bool is_about_directories(std::string_view text) { return text.size() > 1 && text.ends_with('/'); }

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
  if (pattern.find_first_of("{}") == std::string_view::npos) {
    TRY(check_alternative(pattern, pattern));
    glob.directories_only_ = is_about_directories(pattern);
    return glob;
  }
  TRY_ASSIGN(glob.alternatives_, expand_braces(pattern));
  glob.directories_only_ = true;
  for (const std::string& alternative : glob.alternatives_) {
    TRY(check_alternative(pattern, alternative));
    // With alternatives of both sorts the pattern as a whole is about either.
    glob.directories_only_ = glob.directories_only_ && is_about_directories(alternative);
  }
  return glob;
}

Glob::LiteralStart Glob::literal_start(std::string_view pattern) {
  LiteralStart start{.path = {}, .is_whole = true};
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const char c = pattern[i];
    if (c == '*' || c == '?' || c == '[' || c == '{') {
      start.is_whole = false;
      break;
    }
    if (c == '\\' && i + 1 < pattern.size()) ++i;
    start.path += pattern[i];
  }
  if (!start.is_whole) start.path.erase(start.path.rfind('/') == std::string::npos ? 0 : start.path.rfind('/'));
  while (start.path.size() > 1 && start.path.ends_with('/')) start.path.pop_back();
  return start;
}

}  // namespace bailiwick
