#include "policy/glob.h"

#include <algorithm>
#include <cstdint>
#include <optional>

#include "policy/glob_syntax.h"

namespace bailiwick {
namespace {

using glob_syntax::is_literal;
using glob_syntax::read_token;
using glob_syntax::Token;

enum class Anchor : std::uint8_t { relative, absolute, anywhere };

// One alternative, taken apart on the stack. INVARIANT: parse() lets at most 60 components through, and two may be
// added here.
struct Parts {
  Anchor anchor = Anchor::relative;
  std::size_t count = 0;
  std::string_view part[64];
};

constexpr std::string_view kAnyDepth = "**";

// The next component of a path from `at`, empty at its end. Repeated slashes are one.
std::string_view next_component(std::string_view path, std::size_t& at) {
  while (at < path.size() && path[at] == '/') ++at;
  const std::size_t begin = at;
  const std::size_t slash = path.find('/', at);
  at = slash == std::string_view::npos ? path.size() : slash;
  return path.substr(begin, at - begin);
}

void take_apart(std::string_view pattern, Parts& out) {
  while (pattern.size() > 1 && pattern.ends_with('/')) pattern.remove_suffix(1);
  if (pattern.starts_with('/')) {
    out.anchor = Anchor::absolute;
  } else if (!pattern.contains('/')) {
    out.anchor = Anchor::anywhere;
    out.part[out.count++] = kAnyDepth;
  }
  bool is_first = true;
  std::size_t at = 0;
  for (std::string_view part = next_component(pattern, at); !part.empty(); part = next_component(pattern, at)) {
    if (part == ".") continue;
    const bool is_any_depth = part == kAnyDepth;
    if (is_any_depth && is_first && out.anchor == Anchor::relative) out.anchor = Anchor::anywhere;
    is_first = false;
    // `**/**` says no more than `**`, and one wildcard in a row keeps the matching cheap.
    if (is_any_depth && out.count > 0 && out.part[out.count - 1] == kAnyDepth) continue;
    out.part[out.count++] = part;
  }
  // `a/**` means what is below `a`, not `a` itself: at least one component.
  if (out.count > 0 && out.part[out.count - 1] == kAnyDepth) out.part[out.count++] = "*";
}

bool component_matches(std::string_view pattern, std::string_view name) {
  if (is_literal(pattern)) return pattern == name;
  // One place to go back to is enough: what the last `*` leaves over, an earlier one could not use better.
  std::size_t p = 0;
  std::size_t n = 0;
  std::size_t back_pattern = std::string_view::npos;
  std::size_t back_name = 0;
  while (n < name.size()) {
    if (p < pattern.size()) {
      const Token token = read_token(pattern, p);
      if (token.kind == Token::Kind::any_run) {
        back_pattern = p = token.end;
        back_name = n;
        continue;
      }
      const bool fits =
          token.kind == Token::Kind::any_byte || (token.kind == Token::Kind::byte && token.byte == name[n]) ||
          (token.kind == Token::Kind::set && glob_syntax::set_contains(token.set, static_cast<unsigned char>(name[n])));
      if (fits) {
        p = token.end;
        ++n;
        continue;
      }
    }
    if (back_pattern == std::string_view::npos) return false;
    p = back_pattern;
    n = ++back_name;
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

// The set of pattern positions reachable after the components of `path`, one bit each: bit i stands for "the first i
// components have matched". 0 where the anchor rules the path out.
std::uint64_t reach(const Parts& parts, std::string_view path) {
  const bool is_absolute = path.starts_with('/');
  if (parts.anchor != Anchor::anywhere && is_absolute != (parts.anchor == Anchor::absolute)) return 0;
  // A `**` may be left at once.
  const auto leave = [&](std::uint64_t at) {
    for (std::size_t i = 0; i < parts.count; ++i) {
      if ((at >> i & 1) != 0 && parts.part[i] == kAnyDepth) at |= std::uint64_t{1} << (i + 1);
    }
    return at;
  };
  std::uint64_t now = leave(1);
  std::size_t at = 0;
  for (std::string_view name = next_component(path, at); !name.empty(); name = next_component(path, at)) {
    std::uint64_t next = 0;
    for (std::size_t i = 0; i < parts.count; ++i) {
      if ((now >> i & 1) == 0) continue;
      if (parts.part[i] == kAnyDepth) {
        next |= std::uint64_t{1} << i;
      } else if (component_matches(parts.part[i], name)) {
        next |= std::uint64_t{1} << (i + 1);
      }
    }
    now = leave(next);
    if (now == 0) return 0;
  }
  return now;
}

// The component as a plain name, or nothing where it has a wildcard.
std::optional<std::string> literal_of(std::string_view component) {
  if (component == kAnyDepth) return std::nullopt;
  if (is_literal(component)) return std::string(component);
  std::string out;
  for (std::size_t at = 0; at < component.size();) {
    const Token token = read_token(component, at);
    if (token.kind != Token::Kind::byte) return std::nullopt;
    out += token.byte;
    at = token.end;
  }
  return out;
}

struct Base {
  std::string path;
  bool is_whole = false;
};

Base base_of(std::string_view alternative) {
  Parts parts;
  take_apart(alternative, parts);
  Base out;
  if (parts.anchor == Anchor::anywhere) return out;
  out.is_whole = true;
  for (std::size_t i = 0; i < parts.count; ++i) {
    const auto literal = literal_of(parts.part[i]);
    if (!literal) {
      out.is_whole = false;
      break;
    }
    if (i > 0 || parts.anchor == Anchor::absolute) out.path += '/';
    out.path += *literal;
  }
  if (out.path.empty() && parts.anchor == Anchor::absolute) out.path = "/";
  return out;
}

std::string common_directory(const std::string& a, const std::string& b) {
  if (a == b) return a;
  std::size_t slash = 0;
  bool has_slash = false;
  for (std::size_t i = 0; i <= std::min(a.size(), b.size()); ++i) {
    const bool ends_a = i == a.size() || a[i] == '/';
    const bool ends_b = i == b.size() || b[i] == '/';
    if (ends_a && ends_b) {
      slash = i;
      has_slash = true;
    }
    if (i < a.size() && i < b.size() && a[i] != b[i]) break;
  }
  if (!has_slash) return {};
  return slash == 0 ? (a.starts_with('/') && b.starts_with('/') ? "/" : "") : a.substr(0, slash);
}

}  // namespace

bool Glob::alternative_matches(std::size_t i, std::string_view path) const {
  Parts parts;
  take_apart(alternative(i), parts);
  return (reach(parts, path) >> parts.count & 1) != 0;
}

bool Glob::matches(std::string_view path) const {
  for (std::size_t i = 0; i < count(); ++i) {
    if (alternative_matches(i, path)) return true;
  }
  return false;
}

bool Glob::may_match_below(std::string_view directory) const {
  for (std::size_t i = 0; i < count(); ++i) {
    Parts parts;
    take_apart(alternative(i), parts);
    if ((reach(parts, directory) & ~(std::uint64_t{1} << parts.count)) != 0) return true;
  }
  return false;
}

std::vector<std::string> Glob::last_names() const {
  std::vector<std::string> out;
  out.reserve(count());
  for (std::size_t i = 0; i < count(); ++i) {
    std::string_view text = alternative(i);
    while (text.size() > 1 && text.ends_with('/')) text.remove_suffix(1);
    auto name = literal_of(text.substr(text.rfind('/') + 1));
    if (!name || name->empty() || *name == ".") return {};
    out.push_back(std::move(*name));
  }
  return out;
}

std::string Glob::last_component() const {
  const std::vector<std::string> names = last_names();
  if (names.empty()) return {};
  return std::ranges::all_of(names, [&](const std::string& name) { return name == names[0]; }) ? names[0]
                                                                                               : std::string();
}

std::vector<Glob::NameHint> Glob::name_hints() const {
  std::vector<NameHint> out;
  out.reserve(count());
  for (std::size_t i = 0; i < count(); ++i) {
    std::string_view text = alternative(i);
    while (text.size() > 1 && text.ends_with('/')) text.remove_suffix(1);
    const std::string_view last = text.substr(text.rfind('/') + 1);
    NameHint hint;
    bool is_prefix = true;
    for (std::size_t at = 0; at < last.size();) {
      const Token token = read_token(last, at);
      at = token.end;
      if (token.kind == Token::Kind::byte) {
        if (is_prefix) hint.prefix += token.byte;
        hint.suffix += token.byte;
      } else {
        is_prefix = false;
        hint.suffix.clear();
      }
    }
    if (last == ".") hint = {};
    out.push_back(std::move(hint));
  }
  return out;
}

std::string Glob::literal_base() const {
  std::string out = base_of(alternative(0)).path;
  for (std::size_t i = 1; i < count(); ++i) out = common_directory(out, base_of(alternative(i)).path);
  return out;
}

std::string Glob::literal_path() const {
  if (count() != 1) return {};
  Base base = base_of(alternative(0));
  return base.is_whole ? std::move(base.path) : std::string();
}

std::string Glob::escape(std::string_view literal) {
  std::string out;
  out.reserve(literal.size());
  for (const char c : literal) {
    if (std::string_view("*?[]{},\\").contains(c)) out += '\\';
    out += c;
  }
  return out;
}

std::string Glob::expand_home(std::string_view pattern, std::string_view home) {
  if (pattern != "~" && !pattern.starts_with("~/")) return std::string(pattern);
  while (home.size() > 1 && home.ends_with('/')) home.remove_suffix(1);
  return (home == "/" ? std::string() : escape(home)) + std::string(pattern.substr(1));
}

}  // namespace bailiwick
