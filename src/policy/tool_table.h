// The shape of the tables that tools/tool_table.py writes from src/policy/tools/*.toml. Only for tool_risk.cc,
// tool_words.cc and the tests.
//
// All text is one array and everything else says where in it: nothing needs to be relocated when the program starts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "policy/decision.h"

namespace bailiwick {
struct Tool;
}

namespace bailiwick::tool_data {

struct Text {
  std::uint32_t at = 0;
  std::uint16_t size = 0;
};
struct Range {
  std::uint16_t begin = 0;
  std::uint16_t count = 0;
};
struct Flag {
  Text name;         // "-x", "--name"
  Text value;        // a pattern for its value
  bool has_value;    // `value` is asked for
  bool takes_value;  // of global flags
  bool changes;      // of global flags: what runs, or where it goes
};
// A call that all conditions hold for. A row without flags, arguments and at_least is a base row: of those, the one
// with the longest verb counts.
struct Row {
  Range verb;        // of kTexts; a word that ends in * stands for all that begin so
  Range flags;       // of kFlags: one of them is there
  Range also;        // and one of these
  Range unless;      // and none of these, for certain
  Range arguments;   // of kTexts: a word is like one of these patterns
  Range except;      // of kTexts: the word after the verb is none of these
  Range unless_all;  // of kTexts: not every word that is no flag is like one of these patterns
  Text why;
  std::uint16_t effects;
  Risk risk;
  std::uint8_t at_least;  // words after the verb
  std::uint8_t rank;      // of base rows the highest counts
  bool is_base;
};
struct Group {        // the rows that share a first word
  std::uint64_t key;  // key_of the word: groups are in the order of it
  Text verb;
  Range rows;
};
// The first eight bytes, in the order of texts.
constexpr std::uint64_t key_of(std::string_view text) {
  std::uint64_t key = 0;
  for (std::size_t i = 0; i < 8; ++i) key = key << 8 | (i < text.size() ? static_cast<unsigned char>(text[i]) : 0U);
  return key;
}
struct Name {
  Text name;
  std::uint32_t tool;
};

extern const char kText[];
extern const Text kTexts[];
extern const Flag kFlags[];
extern const Row kRows[];
extern const Group kGroups[];
extern const Name kNames[];
inline constexpr std::size_t kSlotCount = 4096;  // as in tool_table.py
// A table of names with open addressing: the upper half of the name's hash, below it 1 + its index; 0 is free.
extern const std::uint32_t kSlots[kSlotCount];
extern const std::size_t kToolCount;
extern const Tool kTools[];

inline std::string_view view(Text text) { return {kText + text.at, text.size}; }
inline std::span<const Text> texts(Range range) { return {kTexts + range.begin, range.count}; }
inline std::span<const Flag> flags(Range range) { return {kFlags + range.begin, range.count}; }
inline std::span<const Row> rows(Range range) { return {kRows + range.begin, range.count}; }
inline std::span<const Group> groups(Range range) { return {kGroups + range.begin, range.count}; }
[[nodiscard]] bool contains(Range range, std::string_view text);

// `pattern` is in lower case; `*` stands for any text, `%` for a part of a path that is not empty (up to the character
// that follows in the pattern), `#` for digits, a blank for white space, `\` takes the meaning from what follows.
// Letters of ASCII match in either case.
[[nodiscard]] bool is_like(std::string_view pattern, std::string_view text);

}  // namespace bailiwick::tool_data

namespace bailiwick {

struct Tool {
  tool_data::Text name;
  tool_data::Text summary;
  tool_data::Range names;           // of kTexts
  tool_data::Range help;            // flags and verbs that show help when nothing else is there
  tool_data::Range actions;         // flags that stand where the verb would: --version
  tool_data::Range globals;         // of kFlags
  tool_data::Range later_values;    // flags after the verb that take a value
  tool_data::Range later_switches;  // and some that do not
  tool_data::Range rows;            // of kRows: those that are in no group
  tool_data::Range groups;          // of kGroups, by verb
  std::uint64_t global_letters[2];  // short flags that take a value, by ASCII
  std::uint64_t later_letters[2];
  std::uint16_t effects;  // where no row fits
  Risk risk;
  std::uint8_t depth;  // words that decide which rows fit
  bool has_verbs;
  bool is_single;    // long flags have one dash
  bool is_anywhere;  // global flags may follow the verb, others go before it
  bool abbreviates;  // --forc is --force
  bool stops;        // the first word that is no flag begins another command
};

}  // namespace bailiwick
