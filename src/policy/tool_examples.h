// The examples of src/policy/tools/*.toml, written by tools/tool_table.py. Only for tests.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "policy/decision.h"

namespace bailiwick::tool_data {

struct Example {
  std::string_view file;
  std::string_view text;
  // What plain_words gives, with " (changes)" or " (uncertain)" behind it; empty: not said. Words that begin with $ are
  // unknown.
  std::string_view plain;
  std::size_t begin;  // of kExampleWords
  std::size_t count;
  Risk risk;
  std::uint16_t effects;
};
extern const std::string_view kExampleWords[];
extern const Example kExamples[];
extern const std::size_t kExampleCount;

}  // namespace bailiwick::tool_data
