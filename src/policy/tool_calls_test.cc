#include "policy/tool_calls.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace bailiwick {
namespace {

TEST(ToolCalls, ACallForEachRowThatTheToolItselfReads) {
  const std::vector<std::vector<std::string>> calls = all_sample_calls();
  ASSERT_FALSE(calls.empty());
  std::size_t explained = 0;
  for (const std::vector<std::string>& call : calls) {
    const Tool* tool = find_tool(call.front());
    ASSERT_NE(tool, nullptr) << call.front();
    std::vector<ToolWord> argv;
    for (const std::string& word : call) argv.push_back({word, true});
    if (!read_tool(*tool, argv).why.empty()) ++explained;
  }
  // a few rows want more than one word of each kind
  EXPECT_GE(explained * 100, calls.size() * 98) << explained << " of " << calls.size();
}

TEST(ToolCalls, AFlagThatStandsBeforeTheVerbStandsThere) {
  const Tool* git = find_tool("git");
  ASSERT_NE(git, nullptr);
  const std::vector<std::vector<std::string>> calls = sample_calls(*git);
  const auto has = [&](const std::vector<std::string>& call) { return std::ranges::find(calls, call) != calls.end(); };
  EXPECT_TRUE(has({"git", "reset", "--hard"}));
  EXPECT_TRUE(has({"git", "push"}));
  EXPECT_TRUE(has({"git", "bisect", "run"}));
}

}  // namespace
}  // namespace bailiwick
