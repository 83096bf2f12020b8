#include "policy/glob.h"

#include <algorithm>

namespace bailiwick {
namespace {

// The next component of a path from `at`, empty at its end. Repeated slashes are one.
std::string_view next_component(std::string_view path, std::size_t& at) {
  while (at < path.size() && path[at] == '/') ++at;
  const std::size_t begin = at;
  const std::size_t slash = path.find('/', at);
  at = slash == std::string_view::npos ? path.size() : slash;
  return path.substr(begin, at - begin);
}

}  // namespace

bool Glob::component_matches(const Component& component, std::string_view name) const {
  if (component.kind == Component::Kind::literal) return component.literal == name;
  // One place to go back to is enough: what the last `*` leaves over, an earlier one could not use better.
  const std::vector<Token>& tokens = component.tokens;
  std::size_t t = 0;
  std::size_t n = 0;
  std::size_t back_token = std::string_view::npos;
  std::size_t back_name = 0;
  while (n < name.size()) {
    if (t < tokens.size() && tokens[t].kind == Token::Kind::any_run) {
      back_token = ++t;
      back_name = n;
      continue;
    }
    if (t < tokens.size()) {
      const Token& token = tokens[t];
      const bool fits = token.kind == Token::Kind::any_byte ||
                        (token.kind == Token::Kind::byte && token.byte == name[n]) ||
                        (token.kind == Token::Kind::set && sets_[token.set].test(static_cast<unsigned char>(name[n])));
      if (fits) {
        ++t;
        ++n;
        continue;
      }
    }
    if (back_token == std::string_view::npos) return false;
    t = back_token;
    n = ++back_name;
  }
  while (t < tokens.size() && tokens[t].kind == Token::Kind::any_run) ++t;
  return t == tokens.size();
}

std::uint64_t Glob::reach(const Alternative& alternative, std::string_view path) const {
  const bool is_absolute = path.starts_with('/');
  if (alternative.anchor != Anchor::anywhere && is_absolute != (alternative.anchor == Anchor::absolute)) return 0;
  const auto& components = alternative.components;
  // Bit i: the first i components of the pattern have matched. A `**` may be left at once.
  const auto leave = [&](std::uint64_t at) {
    for (std::size_t i = 0; i < components.size(); ++i) {
      if ((at >> i & 1) != 0 && components[i].kind == Component::Kind::any_depth) at |= std::uint64_t{1} << (i + 1);
    }
    return at;
  };
  std::uint64_t now = leave(1);
  std::size_t at = 0;
  for (std::string_view name = next_component(path, at); !name.empty(); name = next_component(path, at)) {
    std::uint64_t next = 0;
    for (std::size_t i = 0; i < components.size(); ++i) {
      if ((now >> i & 1) == 0) continue;
      if (components[i].kind == Component::Kind::any_depth) {
        next |= std::uint64_t{1} << i;
      } else if (component_matches(components[i], name)) {
        next |= std::uint64_t{1} << (i + 1);
      }
    }
    now = leave(next);
    if (now == 0) return 0;
  }
  return now;
}

bool Glob::matches(std::string_view path) const {
  return std::ranges::any_of(alternatives_, [&](const Alternative& alternative) {
    return (reach(alternative, path) >> alternative.components.size() & 1) != 0;
  });
}

bool Glob::may_match_below(std::string_view directory) const {
  return std::ranges::any_of(alternatives_, [&](const Alternative& alternative) {
    const std::uint64_t all_matched = std::uint64_t{1} << alternative.components.size();
    // A relative walk starts at its root, which has no name.
    return (reach(alternative, directory) & ~all_matched) != 0;
  });
}

std::vector<Glob::NameHint> Glob::name_hints() const {
  std::vector<NameHint> hints;
  for (const Alternative& alternative : alternatives_) {
    NameHint hint;
    if (!alternative.components.empty()) {
      const Component& last = alternative.components.back();
      if (last.kind == Component::Kind::literal) {
        hint = {.prefix = last.literal, .suffix = last.literal};
      } else {
        for (const Token& token : last.tokens) {
          if (token.kind != Token::Kind::byte) break;
          hint.prefix += token.byte;
        }
        for (const Token& token : last.tokens) {
          hint.suffix = token.kind == Token::Kind::byte ? hint.suffix + token.byte : std::string();
        }
      }
    }
    hints.push_back(std::move(hint));
  }
  return hints;
}

void Glob::derive_facts() {
  bool all_literal = true;
  for (const Alternative& alternative : alternatives_) {
    if (alternative.components.empty() || alternative.components.back().kind != Component::Kind::literal) {
      all_literal = false;
      break;
    }
    last_names_.push_back(alternative.components.back().literal);
  }
  if (!all_literal) last_names_.clear();
  if (all_literal && std::ranges::all_of(last_names_, [&](const auto& name) { return name == last_names_[0]; })) {
    last_literal_ = last_names_[0];
  }
  const Alternative& only = alternatives_.front();
  if (alternatives_.size() != 1 || only.anchor == Anchor::anywhere) return;
  std::string path;
  std::size_t literals = 0;
  for (const Component& component : only.components) {
    if (component.kind != Component::Kind::literal) break;
    if (literals++ > 0 || only.anchor == Anchor::absolute) path += '/';
    path += component.literal;
  }
  base_ = path.empty() && only.anchor == Anchor::absolute ? "/" : path;
  if (literals == only.components.size()) literal_path_ = base_;
}

std::string Glob::escape(std::string_view literal) {
  std::string out;
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
