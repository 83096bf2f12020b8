// Reads a call made of the lines of the input; the first chooses the tool. Words that begin with $ are unknown.
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "base/text.h"
#include "policy/tool_risk.h"
#include "policy/tool_table.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace bailiwick;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  std::vector<ToolWord> argv;
  for (const std::string_view line : split(text, '\n'))
    argv.push_back({.text = line, .is_literal = !line.starts_with('$')});
  if (argv.empty()) return 0;
  const Tool* tool = find_tool(argv[0].text);
  if (tool == nullptr) {
    std::size_t sum = 0;
    for (const char c : argv[0].text) sum = sum * 31 + static_cast<unsigned char>(c);
    tool = &all_tools()[sum % all_tools().size()];
  }
  const PlainWords plain = plain_words(*tool, argv);
  CHECK(plain.count >= 1 && plain.count <= PlainWords::kMax && plain.index[0] == 0);
  for (std::size_t i = 1; i < plain.count; ++i) CHECK(plain.index[i] > plain.index[i - 1]);
  CHECK(plain.index[plain.count - 1] < argv.size());
  const ToolReading reading = read_tool(*tool, argv);
  CHECK(reading == read_tool(*tool, argv));
  for (const ToolWord& word : argv) static_cast<void>(tool_data::is_like("*drop table*%/\\*x", word.text));
  return 0;
}
