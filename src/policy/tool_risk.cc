#include "policy/tool_risk.h"

#include <algorithm>
#include <array>
#include <bit>

#include "policy/tool_table.h"
#include "policy/tool_words.h"

namespace bailiwick {

using namespace tool_data;

namespace {

// FNV-1a, as in tool_table.py.
constexpr std::uint32_t hash_of(std::string_view name) {
  std::uint32_t hash = 2166136261U;
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619U;
  return hash;
}

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }

const Tool* find_name(std::string_view name) {
  const std::uint32_t hash = hash_of(name);
  for (std::size_t at = hash & (kSlotCount - 1); kSlots[at] != 0; at = (at + 1) & (kSlotCount - 1)) {
    if ((kSlots[at] ^ hash) >> 16 != 0) continue;
    const Name& entry = kNames[(kSlots[at] & 0xFFFF) - 1];
    if (view(entry.name) == name) return &kTools[entry.tool];
  }
  return nullptr;
}

const Group* find_group(const Tool& tool, std::string_view verb) {
  const auto listed = groups(tool.groups);
  const std::uint64_t key = key_of(verb);
  auto at = std::ranges::lower_bound(listed, key, {}, &Group::key);
  for (; at != listed.end() && at->key == key; ++at) {
    if (view(at->verb) == verb) return &*at;
  }
  return nullptr;
}

bool has_flags(std::span<const ToolWord> argv) {
  return std::ranges::any_of(argv.subspan(1), [](const ToolWord& word) {
    return word.is_literal && !word.text.empty() && word.text.front() == '-';
  });
}

// The words that may be the verb and those below it. One after a flag that the data does not know may be that flag's
// value, one made at run time may be anything: both can be passed over.
struct VerbWord {
  std::string_view text;
  bool can_skip = false;
};
struct VerbWords {
  std::array<VerbWord, 8> words;
  std::size_t count = 0;
  bool is_action = false;
};

VerbWords find_verb_words(const Tool& tool, std::span<const ToolWord> argv) {
  VerbWords out;
  std::size_t certain = 0;
  if (!has_flags(argv)) {
    for (const ToolWord& word : argv.subspan(1)) {
      if (certain == tool.depth || out.count == out.words.size()) break;
      out.words[out.count++] = {.text = word.is_literal ? word.text : std::string_view(), .can_skip = !word.is_literal};
      if (word.is_literal) ++certain;
    }
    return out;
  }
  Scanner scanner(tool, argv);
  Item item;
  while (certain < tool.depth && out.count < out.words.size() && scanner.next(item)) {
    const ToolWord& word = argv[item.at];
    if (item.is_flag) {
      if (out.count == 0 && contains(tool.actions, word.text)) {
        out.is_action = true;
        return out;
      }
      continue;
    }
    const bool can_skip = item.maybe_value || !word.is_literal;
    out.words[out.count++] = {.text = word.is_literal ? word.text : std::string_view(), .can_skip = can_skip};
    if (!can_skip) ++certain;
  }
  return out;
}

bool is_verb_word(std::string_view wanted, std::string_view word) {
  if (!wanted.ends_with('*')) return word == wanted;
  wanted.remove_suffix(1);
  return !word.empty() && word.starts_with(wanted);
}

// `matched` words of the row are known to be those at `from`.
bool has_verb(const Row& row, const VerbWords& verb, std::size_t from, std::size_t matched) {
  const auto path = texts(row.verb);
  std::size_t i = from + matched;
  for (; matched < path.size(); ++i) {
    if (i >= verb.count) return false;
    if (is_verb_word(view(path[matched]), verb.words[i].text)) {
      ++matched;
    } else if (!verb.words[i].can_skip) {
      return false;
    }
  }
  return row.except.count == 0 || i >= verb.count || verb.words[i].can_skip ||
         !contains(row.except, verb.words[i].text);
}

// Which conditions of the rows that are looked at hold; a bit for each row.
struct Seen {
  std::uint64_t flags = 0;
  std::uint64_t also = 0;
  std::uint64_t unless = 0;
  std::uint64_t negated = 0;
  std::uint64_t arguments = 0;
  std::uint64_t others = 0;  // a word that is not like `unless_all`
  std::size_t words = 0;
};

class Candidates {
 public:
  void add(const Row& row) {
    if (count_ == rows_.size()) return;  // tool_table.py refuses more
    const std::uint64_t bit = std::uint64_t{1} << count_;
    rows_[count_++] = &row;
    if (row.flags.count + row.also.count + row.unless.count != 0) with_flags_ |= bit;
    if (row.arguments.count != 0) with_arguments_ |= bit;
    if (row.at_least != 0) with_count_ |= bit;
    if (row.unless_all.count != 0) with_all_ |= bit;
  }
  [[nodiscard]] Seen look(const Tool& tool, std::span<const ToolWord> argv) const;
  [[nodiscard]] bool holds(std::size_t i, const Seen& seen) const;
  [[nodiscard]] std::size_t size() const { return count_; }
  [[nodiscard]] const Row& operator[](std::size_t i) const { return *rows_[i]; }

 private:
  void look_at_flag(const Tool& tool, std::span<const ToolWord> argv, const Item& item, bool is_sure, Seen& seen) const;
  void look_at_argument(std::string_view word, std::uint64_t of_rows, Seen& seen) const;
  void look_at_word(const ToolWord& word, Seen& seen) const;

  std::array<const Row*, 64> rows_;
  std::size_t count_ = 0;
  std::uint64_t with_flags_ = 0;
  std::uint64_t with_arguments_ = 0;
  std::uint64_t with_count_ = 0;
  std::uint64_t with_all_ = 0;
};

// `is_sure`: the word before it takes no value, so that this is no value. Needed only of what lowers a risk.
void Candidates::look_at_flag(const Tool& tool, std::span<const ToolWord> argv, const Item& item, bool is_sure,
                              Seen& seen) const {
  const FlagWord flag_word(tool, argv, item);
  const auto fits = [&](const Flag& flag) { return flag_word.is(flag); };
  for (std::uint64_t left = with_flags_; left != 0; left &= left - 1) {
    const std::uint64_t bit = left & -left;
    const Row& row = *rows_[static_cast<std::size_t>(std::countr_zero(left))];
    if (item.is_global && !tool.is_anywhere && row.verb.count != 0) continue;
    if ((seen.flags & bit) == 0 && std::ranges::any_of(flags(row.flags), fits)) seen.flags |= bit;
    if ((seen.also & bit) == 0 && std::ranges::any_of(flags(row.also), fits)) seen.also |= bit;
    if (row.unless.count == 0) continue;
    const std::string_view word = flag_word.text();
    // Spelled out only: an abbreviation, or --flag=value where none is asked for, lowers nothing.
    const bool lowers = std::ranges::any_of(flags(row.unless), [&](const Flag& flag) {
      return fits(flag) && (flag.has_value || !word.contains('=') || word.ends_with("=true")) &&
             (!word.starts_with("--") || word.starts_with(view(flag.name)));
    });
    if (lowers && is_sure) seen.unless |= bit;
    if (!lowers && std::ranges::any_of(flags(row.unless), [&](const Flag& flag) { return negates(word, flag); }))
      seen.negated |= bit;
  }
}

bool is_like_quickly(std::string_view pattern, std::string_view word) {
  const char first = pattern.front();
  const bool is_plain = first != '*' && first != '%' && first != '#' && first != '\\' && first != ' ';
  if (is_plain && (word.empty() || (word.front() | 0x20) != (first | 0x20))) return false;
  return is_like(pattern, word);
}

void Candidates::look_at_argument(std::string_view word, std::uint64_t of_rows, Seen& seen) const {
  const std::size_t equals = word.starts_with("--") ? word.find('=') : std::string_view::npos;
  for (std::uint64_t left = of_rows & ~seen.arguments; left != 0; left &= left - 1) {
    const Row& row = *rows_[static_cast<std::size_t>(std::countr_zero(left))];
    const bool fits = std::ranges::any_of(texts(row.arguments), [&](Text pattern) {
      return is_like_quickly(view(pattern), word) ||
             (equals != std::string_view::npos && is_like_quickly(view(pattern), word.substr(equals + 1)));
    });
    if (fits) seen.arguments |= left & -left;
  }
}

void Candidates::look_at_word(const ToolWord& word, Seen& seen) const {
  for (std::uint64_t left = with_all_ & ~seen.others; left != 0; left &= left - 1) {
    const Row& row = *rows_[static_cast<std::size_t>(std::countr_zero(left))];
    const auto fits = [&](Text pattern) { return is_like(view(pattern), word.text); };
    if (!word.is_literal || std::ranges::none_of(texts(row.unless_all), fits)) seen.others |= left & -left;
  }
}

Seen Candidates::look(const Tool& tool, std::span<const ToolWord> argv) const {
  Seen seen;
  if (!has_flags(argv)) {
    seen.words = argv.size() - 1;
    if (with_all_ != 0) std::ranges::for_each(argv.subspan(1), [&](const ToolWord& word) { look_at_word(word, seen); });
  } else if ((with_flags_ | with_count_ | with_all_) != 0) {
    Scanner scanner(tool, argv);
    Item item;
    bool is_sure = true;
    while (scanner.next(item)) {
      if (!item.is_flag) {
        ++seen.words;
        look_at_word(argv[item.at], seen);
        is_sure = true;
        continue;
      }
      look_at_flag(tool, argv, item, is_sure, seen);
      is_sure = item.is_known;
    }
  }
  // Only of rows that still can hold.
  std::uint64_t of_rows = with_arguments_;
  for (std::uint64_t left = with_arguments_; left != 0; left &= left - 1) {
    const Row& row = *rows_[static_cast<std::size_t>(std::countr_zero(left))];
    const std::uint64_t bit = left & -left;
    if ((row.flags.count != 0 && (seen.flags & bit) == 0) || (row.also.count != 0 && (seen.also & bit) == 0))
      of_rows &= ~bit;
  }
  if (of_rows != 0) {
    for (const ToolWord& word : argv.subspan(1)) {
      if (word.is_literal) look_at_argument(word.text, of_rows, seen);
    }
  }
  return seen;
}

bool Candidates::holds(std::size_t i, const Seen& seen) const {
  const Row& row = *rows_[i];
  const std::uint64_t bit = std::uint64_t{1} << i;
  if (row.flags.count != 0 && (seen.flags & bit) == 0) return false;
  if (row.also.count != 0 && (seen.also & bit) == 0) return false;
  if (row.unless.count != 0 && (seen.unless & bit) != 0 && (seen.negated & bit) == 0) return false;
  if (row.arguments.count != 0 && (seen.arguments & bit) == 0) return false;
  if (row.unless_all.count != 0 && (seen.others & bit) == 0 && seen.words != 0) return false;
  return row.at_least == 0 || seen.words >= std::size_t{row.verb.count} + row.at_least;
}

// Base rows: the highest rank counts, of those the strictest. The others raise that, or stand alone.
ToolReading judge(const Tool& tool, std::span<const ToolWord> argv, const Candidates& candidates) {
  const Seen seen = candidates.look(tool, argv);
  const Row* base = nullptr;
  const Row* raise = nullptr;
  bool has_verb_part = false;
  std::uint16_t raised = 0;
  std::uint16_t base_effects = 0;
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    if (!candidates.holds(i, seen)) continue;
    const Row& row = candidates[i];
    has_verb_part = has_verb_part || row.verb.count != 0 || !tool.has_verbs;
    if (!row.is_base) {
      raised |= row.effects;
      if (raise == nullptr || row.risk >= raise->risk) raise = &row;
    } else if (base == nullptr || row.rank > base->rank) {
      base = &row;
      base_effects = row.effects;
    } else if (row.rank == base->rank) {
      base_effects |= row.effects;
      if (row.risk > base->risk) base = &row;
    }
  }
  ToolReading out;
  if (base != nullptr) {
    out = {.risk = base->risk, .effects = base_effects, .why = view(base->why)};
  } else if (!has_verb_part) {
    out = {.risk = tool.risk, .effects = tool.effects, .why = {}};
  }
  out.effects |= raised;
  if (raise != nullptr && (raise->risk >= out.risk)) {
    out.risk = raise->risk;
    out.why = view(raise->why);
  }
  return out;
}

bool asks_for_help(const Tool& tool, std::span<const ToolWord> argv, std::size_t depth) {
  if (tool.help.count == 0 || argv.size() < 2 || !argv.back().is_literal || !contains(tool.help, argv.back().text))
    return false;
  const PlainWords plain = plain_words(tool, argv);
  return plain.is_certain && plain.count == depth + 2 &&
         std::ranges::all_of(argv, [](const ToolWord& word) { return word.is_literal; });
}

std::uint64_t longest_verb(const Candidates& candidates) {
  std::uint64_t longest = 0;
  for (std::size_t i = 0; i < candidates.size(); ++i)
    longest = std::max<std::uint64_t>(longest, candidates[i].verb.count);
  return longest;
}

ToolReading stricter(const ToolReading& a, const ToolReading& b) {
  ToolReading out = b.risk > a.risk ? b : a;
  out.effects = a.effects | b.effects;
  return out;
}

}  // namespace

std::string names_of_effects(std::uint16_t effects) {
  constexpr std::array<std::string_view, 7> kNamesOfEffects = {"reads",   "writes",      "destroys", "publishes",
                                                               "network", "credentials", "runs code"};
  std::string out;
  for (std::size_t i = 0; i < kNamesOfEffects.size(); ++i) {
    if ((effects >> i & 1) == 0) continue;
    if (!out.empty()) out += ", ";
    out += kNamesOfEffects[i];
  }
  return out;
}

const Tool* find_tool(std::string_view base_name) {
  if (base_name.empty()) return nullptr;
  if (const Tool* tool = find_name(base_name); tool != nullptr || !is_digit(base_name.back())) return tool;
  // python3.11 is python, clang-19 is clang
  while (!base_name.empty() && (is_digit(base_name.back()) || base_name.back() == '.')) base_name.remove_suffix(1);
  if (base_name.ends_with('-')) base_name.remove_suffix(1);
  return base_name.empty() ? nullptr : find_name(base_name);
}

std::string_view name_of(const Tool& tool) { return view(tool.name); }
std::span<const Tool> all_tools() { return {kTools, kToolCount}; }

PlainWords plain_words(const Tool& tool, std::span<const ToolWord> argv) {
  PlainWords out;
  const auto list = [&out](std::size_t at) { out.index[out.count++] = static_cast<std::uint16_t>(at); };
  if (argv.empty()) return out;
  list(0);
  std::size_t verb = 1;
  if (tool.has_verbs) {
    Scanner scanner(tool, argv);
    Item item;
    verb = argv.size();
    while (scanner.next(item)) {
      const bool is_verb = !item.is_flag || contains(tool.actions, argv[item.at].text);
      if (is_verb) {
        verb = item.at;
        if (!argv[verb].is_literal || item.maybe_value) out.is_certain = false;
        break;
      }
      out.skipped = true;
      out.changes_what_runs = out.changes_what_runs || item.changes;
      if (!item.is_global || (item.value != 0 && !argv[item.value].is_literal)) out.is_certain = false;
    }
    if (scanner.has_ended() && !tool.stops) out.is_certain = false;  // a `--` before the verb
  }
  for (std::size_t at = verb; at < argv.size() && out.count < PlainWords::kMax && at <= 0xFFFF; ++at) list(at);
  return out;
}

ToolReading read_tool(const Tool& tool, std::span<const ToolWord> argv) {
  const ToolReading otherwise = {.risk = tool.risk, .effects = tool.effects, .why = {}};
  if (argv.empty()) return otherwise;
  if (!tool.has_verbs) {
    Candidates candidates;
    for (const Row& row : rows(tool.rows)) candidates.add(row);
    return judge(tool, argv, candidates);
  }
  const VerbWords verb = find_verb_words(tool, argv);
  if (verb.is_action) return {.risk = Risk::low, .effects = tool_reads, .why = {}};
  ToolReading out;
  bool is_found = false;
  for (std::size_t from = 0; from < verb.count; ++from) {
    Candidates candidates;
    bool has_row = false;
    const auto add = [&](const Row& row, std::size_t matched) {
      if (!has_verb(row, verb, from, matched)) return;
      candidates.add(row);
      has_row = has_row || row.verb.count != 0;
    };
    for (const Row& row : rows(tool.rows)) add(row, 0);
    if (const Group* group = find_group(tool, verb.words[from].text)) {
      for (const Row& row : rows(group->rows)) add(row, 1);
    }
    if (has_row) {
      if (asks_for_help(tool, argv, longest_verb(candidates)))
        return {.risk = Risk::low, .effects = tool_reads, .why = {}};
      const ToolReading reading = judge(tool, argv, candidates);
      out = is_found ? stricter(out, reading) : reading;
      is_found = true;
    }
    if (!verb.words[from].can_skip) break;
  }
  if (is_found) return out;
  Candidates candidates;
  for (const Row& row : rows(tool.rows)) {
    if (row.verb.count == 0) candidates.add(row);
  }
  return judge(tool, argv, candidates);
}

}  // namespace bailiwick
