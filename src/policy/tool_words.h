// Tells flags, their values and other words of a tool's command line apart, as far as the data knows its flags. Only
// for tool_risk.cc.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "policy/tool_risk.h"
#include "policy/tool_table.h"

namespace bailiwick::tool_data {

struct Item {
  std::size_t at = 0;        // into argv
  bool is_flag = false;      // a word that is not known is no flag
  bool is_global = false;    // a flag of the data, before the verb
  bool is_known = false;     // whether it takes a value
  bool changes = false;      // what runs, or where it goes
  bool maybe_value = false;  // a word after a flag that the data does not know
  std::size_t value = 0;     // the word that is its value; 0: there is none
};

class Scanner {
 public:
  Scanner(const Tool& tool, std::span<const ToolWord> argv) : tool_(tool), argv_(argv) {}
  // False at the end. Values of known flags and the first `--` are no items.
  [[nodiscard]] bool next(Item& item);
  [[nodiscard]] bool has_ended() const { return has_ended_; }  // no more flags

 private:
  void read_global(std::string_view word, Item& item);
  void read_later(std::string_view word, Item& item);
  void take_value(Item& item);

  const Tool& tool_;
  std::span<const ToolWord> argv_;
  std::size_t next_ = 1;
  bool has_ended_ = false;
  bool has_verb_ = false;
  bool after_unknown_ = false;
};

// A flag as it stands in the call.
class FlagWord {
 public:
  FlagWord(const Tool& tool, std::span<const ToolWord> argv, const Item& item);
  // Whether it is `flag`, with the value that it asks for.
  [[nodiscard]] bool is(const Flag& flag) const;
  [[nodiscard]] std::string_view text() const { return word_; }

 private:
  [[nodiscard]] bool has_letter(const Flag& flag, char letter) const;

  const Tool& tool_;
  std::string_view word_;
  std::string_view name_;  // of a long one, without `=value`; where there is but one style, without dashes
  std::string_view next_;  // the word behind it
  bool is_global_;
  bool is_long_;
  bool may_be_short_form_;
};

// The opposite, written out: --no-force, --force=false.
[[nodiscard]] bool negates(std::string_view word, const Flag& flag);

}  // namespace bailiwick::tool_data
