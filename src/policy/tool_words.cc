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

bool is_in_class(char letter, char c, char stop) {
  if (letter == '#') return c >= '0' && c <= '9';
  return letter == ' ' ? is_blank(c) : c != '/' && lower(c) != stop;
}

}  // namespace

bool contains(Range range, std::string_view text) {
  return std::ranges::any_of(texts(range), [&](Text t) { return view(t) == text; });
}

bool is_like(std::string_view pattern, std::string_view text) {
  // Most patterns are ends of paths, and most words are none: `*/.ssh` needs a slash.
  if (pattern.size() > 1 && pattern[0] == '*' && (pattern[1] == '/' || pattern[1] == '.') && !text.contains(pattern[1]))
    return false;
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
    } else if (pattern[p] == '%' || pattern[p] == '#' || pattern[p] == ' ') {
      const char stop = p + 1 < pattern.size() ? pattern[p + 1] : '/';
      const std::size_t begin = t;
      while (t < text.size() && is_in_class(pattern[p], text[t], stop)) ++t;
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
    if (i > 1 && word[i] >= '0' && word[i] <= '9') continue;  // -j8
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

FlagWord::FlagWord(const Tool& tool, std::span<const ToolWord> argv, const Item& item)
    : tool_(tool),
      word_(argv[item.at].text),
      is_global_(item.is_global),
      is_long_(is_long(tool, word_)),
      may_be_short_form_(false) {
  const std::size_t at = item.at + 1;
  if (at < argv.size() && argv[at].is_literal) next_ = argv[at].text;
  if (!is_long_) return;
  name_ = word_.substr(0, word_.find('='));
  may_be_short_form_ = tool.abbreviates && !tool.is_single && name_.size() >= 4 && !item.is_known;
  if (tool.is_single) name_ = without_dashes(name_);
}

bool FlagWord::is(const Flag& flag) const {
  std::string_view wanted = view(flag.name);
  if (!is_long_) return wanted.size() == 2 && has_letter(flag, wanted[1]);
  if (tool_.is_single) wanted = without_dashes(wanted);
  if (wanted != name_ && (!may_be_short_form_ || name_.size() >= wanted.size() || !wanted.starts_with(name_)))
    return false;
  if (!flag.has_value) return true;
  const std::size_t equals = word_.find('=');
  return is_like(view(flag.value), equals == std::string_view::npos ? next_ : word_.substr(equals + 1));
}

// In a cluster: -rf, -ofile.
bool FlagWord::has_letter(const Flag& flag, char letter) const {
  const auto& with_value = is_global_ ? tool_.global_letters : tool_.later_letters;
  for (std::size_t i = 1; i < word_.size(); ++i) {
    if (word_[i] == letter) {
      if (!flag.has_value) return true;
      std::string_view value = word_.substr(i + 1);
      if (value.starts_with('=')) value.remove_prefix(1);
      if (is_like(view(flag.value), value.empty() ? next_ : value)) return true;
    }
    if (tool_data::has_letter(with_value, word_[i])) return false;
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
