#include "policy/tool_words.h"

#include <algorithm>
#include <array>

namespace bailiwick::tool_data {
namespace {

constexpr bool has_letter(const std::uint64_t (&letters)[2], char c) {
  const auto code = static_cast<unsigned char>(c);
  return code < 128 && (letters[code >> 6] >> (code & 63) & 1) != 0;
}

constexpr bool is_long(const Tool& tool, std::string_view word) { return tool.is_single || word.starts_with("--"); }

constexpr std::string_view without_dashes(std::string_view name) {
  name.remove_prefix(name.starts_with("--") ? 2 : 1);
  return name;
}

bool same_name(const Tool& tool, std::string_view name, std::string_view wanted) {
  if (!tool.is_single) return name == wanted;
  return without_dashes(name) == without_dashes(wanted);
}

const Flag* find_global(const Tool& tool, std::string_view name) {
  for (const Flag& flag : flags(tool.globals)) {
    if (same_name(tool, name, view(flag.name))) return &flag;
  }
  return nullptr;
}

bool lists(const Tool& tool, Range range, std::string_view name) {
  return std::ranges::any_of(texts(range), [&](Text text) { return same_name(tool, name, view(text)); });
}

const Flag* find_global_letter(const Tool& tool, char letter) {
  for (const Flag& flag : flags(tool.globals)) {
    if (flag.name.size == 2 && view(flag.name)[1] == letter) return &flag;
  }
  return nullptr;
}

constexpr char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }
constexpr bool is_blank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

}  // namespace

bool contains(Range range, std::string_view text) {
  return std::ranges::any_of(texts(range), [&](Text t) { return view(t) == text; });
}

bool is_like(std::string_view pattern, std::string_view text) {
  std::size_t p = 0;
  std::size_t t = 0;
  std::size_t star = std::string_view::npos;  // in the pattern, after it
  std::size_t from = 0;                       // where the text that the star does not cover begins
  while (true) {
    bool fits = false;
    if (p < pattern.size() && pattern[p] == '*') {
      star = ++p;
      from = t;
      continue;
    }
    if (p == pattern.size()) {
      if (t == text.size() || (star == p && star != std::string_view::npos)) return true;
    } else if (pattern[p] == '%') {
      const std::size_t begin = t;
      while (t < text.size() && text[t] != '/') ++t;
      if (t > begin) {
        ++p;
        fits = true;
      }
    } else if (pattern[p] == ' ') {
      const std::size_t begin = t;
      while (t < text.size() && is_blank(text[t])) ++t;
      if (t > begin) {
        ++p;
        fits = true;
      }
    } else if (t < text.size()) {
      const bool is_escaped = pattern[p] == '\\' && p + 1 < pattern.size();
      if (lower(text[t]) == pattern[p + (is_escaped ? 1 : 0)]) {
        p += is_escaped ? 2 : 1;
        ++t;
        fits = true;
      }
    }
    if (fits) continue;
    if (star == std::string_view::npos || from >= text.size()) return false;
    p = star;
    t = ++from;
  }
}

void Scanner::take_value(Item& item) {
  if (next_ < argv_.size()) item.value = next_++;
}

void Scanner::read_global(std::string_view word, Item& item) {
  if (is_long(tool_, word)) {
    const std::size_t equals = word.find('=');
    const Flag* flag = find_global(tool_, word.substr(0, equals));
    if (flag == nullptr) return;
    item.is_known = item.is_global = true;
    item.changes = flag->changes;
    if (flag->takes_value && equals == std::string_view::npos) take_value(item);
    return;
  }
  for (std::size_t i = 1; i < word.size(); ++i) {
    const Flag* flag = find_global_letter(tool_, word[i]);
    if (flag == nullptr) return;
    item.changes = item.changes || flag->changes;
    if (!flag->takes_value) continue;
    if (i + 1 == word.size()) take_value(item);
    break;
  }
  item.is_known = item.is_global = true;
}

void Scanner::read_later(std::string_view word, Item& item) {
  if (is_long(tool_, word)) {
    const std::size_t equals = word.find('=');
    if (equals != std::string_view::npos) {
      item.is_known = true;
    } else if (lists(tool_, tool_.later_values, word)) {
      item.is_known = true;
      take_value(item);
    } else {
      item.is_known = lists(tool_, tool_.later_switches, word);
    }
    return;
  }
  bool are_switches = true;
  for (std::size_t i = 1; i < word.size(); ++i) {
    if (!has_letter(tool_.later_letters, word[i])) {
      const std::array<char, 2> flag = {'-', word[i]};
      are_switches = are_switches && contains(tool_.later_switches, {flag.data(), flag.size()});
      continue;
    }
    item.is_known = true;
    if (i + 1 == word.size()) take_value(item);
    return;
  }
  item.is_known = are_switches;
}

bool Scanner::next(Item& item) {
  while (next_ < argv_.size()) {
    const std::size_t at = next_++;
    const ToolWord& word = argv_[at];
    item = {.at = at};
    if (!word.is_literal || has_ended_ || word.text.size() < 2 || word.text[0] != '-') {
      item.maybe_value = after_unknown_;
      after_unknown_ = false;
      if (!item.maybe_value) {
        has_verb_ = true;
        if (tool_.stops) has_ended_ = true;
      }
      return true;
    }
    if (word.text == "--") {
      has_ended_ = true;
      after_unknown_ = false;
      continue;
    }
    item.is_flag = true;
    const bool is_before = tool_.has_verbs && !has_verb_;
    if (is_before) read_global(word.text, item);
    if (!item.is_known && (!is_before || tool_.is_anywhere)) read_later(word.text, item);
    after_unknown_ = !item.is_known;
    return true;
  }
  return false;
}

bool is_flag(const Tool& tool, std::span<const ToolWord> argv, const Item& item, const Flag& flag) {
  const std::string_view word = argv[item.at].text;
  const std::string_view wanted = view(flag.name);
  const auto next_word = [&]() -> std::string_view {
    const std::size_t at = item.at + 1;
    return at < argv.size() && argv[at].is_literal ? argv[at].text : std::string_view();
  };
  if (is_long(tool, word)) {
    const std::size_t equals = word.find('=');
    const std::string_view name = word.substr(0, equals);
    const bool is_short_form = tool.abbreviates && !tool.is_single && name.size() >= 4 && name.size() < wanted.size() &&
                               wanted.starts_with(name) && !item.is_known;
    if (!is_short_form && !same_name(tool, name, wanted)) return false;
    if (!flag.has_value) return true;
    return is_like(view(flag.value), equals == std::string_view::npos ? next_word() : word.substr(equals + 1));
  }
  if (wanted.size() != 2 || wanted[1] == '-') return false;
  const auto& letters = item.is_global ? tool.global_letters : tool.later_letters;
  for (std::size_t i = 1; i < word.size(); ++i) {
    const bool takes_value = has_letter(letters, word[i]);
    if (word[i] == wanted[1]) {
      if (!flag.has_value) return true;
      std::string_view value = word.substr(i + 1);
      if (value.starts_with('=')) value.remove_prefix(1);
      if (value.empty()) value = next_word();
      if (is_like(view(flag.value), value)) return true;
    }
    if (takes_value) return false;
  }
  return false;
}

bool negates(std::string_view word, const Flag& flag) {
  const std::string_view name = view(flag.name);
  if (!name.starts_with("--") || !word.starts_with("--")) return false;
  if (word.starts_with("--no-") && word.substr(5) == name.substr(2)) return true;
  if (!word.starts_with(name) || word.size() <= name.size() || word[name.size()] != '=') return false;
  const std::string_view value = word.substr(name.size() + 1);
  return flag.has_value ? !is_like(view(flag.value), value) : value != "true";
}

}  // namespace bailiwick::tool_data
