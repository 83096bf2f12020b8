#include "policy/tool_calls.h"

#include <algorithm>
#include <iterator>

#include "policy/tool_table.h"

namespace bailiwick {
namespace {

using namespace tool_data;

// A text that the pattern is like.
std::string spelled(std::string_view pattern) {
  std::string out;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] == '\\' && i + 1 < pattern.size()) {
      out += pattern[++i];
    } else if (pattern[i] == '*' || pattern[i] == '%') {
      out += 'x';
    } else {
      out += pattern[i];
    }
  }
  return out;
}

void add_flag(const Flag& flag, std::vector<std::string>& words) {
  const std::string name(view(flag.name));
  if (!flag.has_value) {
    words.push_back(name);
  } else if (name.starts_with("--")) {
    words.push_back(name + "=" + spelled(view(flag.value)));
  } else {
    words.push_back(name);
    words.push_back(spelled(view(flag.value)));
  }
}

std::string_view why_of(const Tool& tool, const std::vector<std::string>& words) {
  std::vector<ToolWord> argv;
  argv.reserve(words.size());
  for (const std::string& word : words) argv.push_back({word, true});
  return read_tool(tool, argv).why;
}

std::vector<std::string> call_of(const Tool& tool, const Row& row) {
  std::vector<std::string> out{std::string(name_of(tool))};
  for (const Text& word : texts(row.verb)) out.emplace_back(view(word));
  const std::size_t verb_end = out.size();
  if (!flags(row.flags).empty()) add_flag(flags(row.flags).front(), out);
  if (!flags(row.also).empty()) add_flag(flags(row.also).front(), out);
  std::size_t arguments = 0;
  if (!texts(row.arguments).empty()) {
    out.push_back(spelled(view(texts(row.arguments).front())));
    arguments = 1;
  }
  for (; arguments < row.at_least; ++arguments) out.emplace_back("x");
  // a global flag stands before the verb
  if (out.size() > verb_end && why_of(tool, out) != view(row.why)) {
    std::vector<std::string> other{out.front()};
    other.insert(other.end(), out.begin() + static_cast<std::ptrdiff_t>(verb_end), out.end());
    other.insert(other.end(), out.begin() + 1, out.begin() + static_cast<std::ptrdiff_t>(verb_end));
    if (why_of(tool, other) == view(row.why)) return other;
  }
  return out;
}

}  // namespace

std::vector<std::vector<std::string>> sample_calls(const Tool& tool) {
  std::vector<std::vector<std::string>> out;
  for (const Row& row : rows(tool.rows)) out.push_back(call_of(tool, row));
  for (const Group& group : groups(tool.groups))
    for (const Row& row : rows(group.rows)) out.push_back(call_of(tool, row));
  return out;
}

std::vector<std::vector<std::string>> all_sample_calls() {
  std::vector<std::vector<std::string>> out;
  for (const Tool& tool : all_tools()) {
    std::vector<std::vector<std::string>> calls = sample_calls(tool);
    std::ranges::move(calls, std::back_inserter(out));
  }
  return out;
}

}  // namespace bailiwick
