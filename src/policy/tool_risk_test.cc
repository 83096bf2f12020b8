#include "policy/tool_risk.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <fstream>
#include <span>
#include <sstream>
#include <string>
#include <vector>

#include "policy/tool_examples.h"
#include "policy/tool_table.h"

namespace bailiwick {
namespace {

using tool_data::Example;

constexpr std::array<std::string_view, 4> kRisks = {"low", "medium", "high", "critical"};
std::string_view risk_name(Risk risk) { return kRisks[static_cast<std::size_t>(risk)]; }

std::span<const Example> examples() { return {tool_data::kExamples, tool_data::kExampleCount}; }

std::vector<ToolWord> words_of(const Example& example) {
  std::vector<ToolWord> out;
  for (const std::string_view word : std::span(tool_data::kExampleWords + example.begin, example.count))
    out.push_back({.text = word, .is_literal = !word.starts_with('$')});
  return out;
}

const Tool* tool_of(std::span<const ToolWord> argv) {
  const std::string_view program = argv[0].text;
  return find_tool(program.substr(program.rfind('/') + 1));
}

std::string plain_text(const Tool& tool, std::span<const ToolWord> argv) {
  const PlainWords plain = plain_words(tool, argv);
  std::string out;
  for (std::size_t i = 0; i < plain.count; ++i) {
    if (i != 0) out += ' ';
    out += argv[plain.index[i]].text;
  }
  if (plain.changes_what_runs) out += " (changes)";
  if (!plain.is_certain) out += " (uncertain)";
  return out;
}

std::string text_of(const ToolReading& reading) {
  return std::string(risk_name(reading.risk)) + " (" + names_of_effects(reading.effects) + ")";
}

std::vector<ToolWord> words(std::initializer_list<std::string_view> list) {
  std::vector<ToolWord> out;
  for (const std::string_view word : list) out.push_back({.text = word});
  return out;
}

TEST(ToolRisk, ExamplesOfTheData) {
  for (const Example& example : examples()) {
    const std::vector<ToolWord> argv = words_of(example);
    const Tool* tool = tool_of(argv);
    ASSERT_NE(tool, nullptr) << example.file << ": " << example.text;
    const ToolReading got = read_tool(*tool, argv);
    const ToolReading wanted = {.risk = example.risk, .effects = example.effects, .why = got.why};
    if (got != wanted) {
      ADD_FAILURE() << example.file << ": `" << example.text << "` reads " << text_of(got) << ", the example says "
                    << text_of(wanted) << "; " << got.why;
    }
    const std::string plain = plain_text(*tool, argv);
    if (!example.plain.empty() && plain != example.plain) {
      ADD_FAILURE() << example.file << ": the plain words of `" << example.text << "` are `" << plain
                    << "`, the example says `" << example.plain << "`";
    }
  }
}

TEST(ToolRisk, FindsToolsByAllTheirNames) {
  for (const Tool& tool : all_tools()) {
    EXPECT_EQ(find_tool(name_of(tool)), &tool) << name_of(tool);
    for (const tool_data::Text name : tool_data::texts(tool.names)) {
      const Tool* found = find_tool(tool_data::view(name));
      EXPECT_EQ(found, &tool) << tool_data::view(name);
    }
  }
  EXPECT_EQ(find_tool("python3.11"), find_tool("python"));
  EXPECT_EQ(find_tool("pip3.12"), find_tool("pip"));
  EXPECT_EQ(find_tool("git2.39"), find_tool("git"));
  for (const std::string_view name : {"", "7", "-1", "3.11", "no-such-tool", "gi", "gitt", "GIT", "/usr/bin/git"})
    EXPECT_EQ(find_tool(name), nullptr) << name;
}

TEST(ToolRisk, SaysWhy) {
  const auto push = words({"git", "-C", "dir", "push", "origin"});
  EXPECT_EQ(read_tool(*find_tool("git"), push).why, "git push: publishes commits");
  const auto unknown = words({"git", "frobnicate"});
  EXPECT_EQ(read_tool(*find_tool("git"), unknown).why, "");
  EXPECT_EQ(names_of_effects(tool_writes | tool_network | tool_runs_code), "writes, network, runs code");
  EXPECT_EQ(names_of_effects(0), "");
}

TEST(ToolRisk, EmptyAndLongCalls) {
  for (const Tool& tool : all_tools()) {
    EXPECT_EQ(plain_words(tool, {}).count, 0U);
    static_cast<void>(read_tool(tool, {}));
    std::vector<ToolWord> many(100'000, ToolWord{.text = "--frobnicate"});
    many[0].text = name_of(tool);
    EXPECT_LE(plain_words(tool, many).count, PlainWords::kMax);
    static_cast<void>(read_tool(tool, many));
  }
}

// What stands at the far end of a long call counts.
TEST(ToolRisk, LongCallsHideNothing) {
  std::vector<ToolWord> argv(5'000, ToolWord{.text = "file"});
  argv[0].text = "rm";
  argv.push_back({.text = "-rf"});
  argv.push_back({.text = "/"});
  const Tool* rm = find_tool("rm");
  ASSERT_NE(rm, nullptr);
  EXPECT_EQ(read_tool(*rm, argv).risk, Risk::critical);
}

TEST(ToolRisk, UnknownWordsMatchNothingAndHideNothing) {
  const Tool& git = *find_tool("git");
  const auto dynamic = [](std::string_view text) { return ToolWord{.text = text, .is_literal = false}; };
  const std::vector<ToolWord> verb = {{.text = "git"}, dynamic("push")};
  EXPECT_NE(read_tool(git, verb).risk, Risk::high);
  EXPECT_FALSE(plain_words(git, verb).is_certain);
  const std::vector<ToolWord> before = {{.text = "git"}, dynamic("$FLAGS"), {.text = "push"}};
  EXPECT_EQ(read_tool(git, before).risk, Risk::high);
  const std::vector<ToolWord> unknown_flag = {{.text = "git"}, {.text = "--frob"}, {.text = "x"}, {.text = "push"}};
  EXPECT_EQ(read_tool(git, unknown_flag).risk, Risk::high);
  EXPECT_FALSE(plain_words(git, unknown_flag).is_certain);
}

TEST(ToolRisk, WhatLowersARiskMustBeCertain) {
  const Tool& git = *find_tool("git");
  EXPECT_EQ(read_tool(git, words({"git", "push", "--dry-run"})).risk, Risk::medium);
  EXPECT_EQ(read_tool(git, words({"git", "push", "--dry-run", "--no-dry-run"})).risk, Risk::high);
  EXPECT_EQ(read_tool(git, words({"git", "push", "--dry-run=false"})).risk, Risk::high);
  EXPECT_EQ(read_tool(git, words({"git", "push", "--unheard-of", "--dry-run"})).risk, Risk::high);
  EXPECT_EQ(read_tool(git, words({"git", "push", "-o", "--dry-run"})).risk, Risk::high);
  EXPECT_EQ(read_tool(git, words({"git", "push", "--", "--dry-run"})).risk, Risk::high);
  EXPECT_EQ(read_tool(git, words({"git", "push", "--forc"})).risk, Risk::critical);
}

TEST(ToolRisk, PropertiesOfPlainWords) {
  const std::array<std::string_view, 7> extra = {"-x", "--frob", "--frob=1", "--", "-", "", "word"};
  for (const Example& example : examples()) {
    const std::vector<ToolWord> argv = words_of(example);
    const Tool& tool = *tool_of(argv);
    for (std::size_t at = 1; at <= argv.size(); ++at) {
      for (const std::string_view word : extra) {
        for (const bool is_literal : {true, false}) {
          std::vector<ToolWord> longer = argv;
          longer.insert(longer.begin() + static_cast<std::ptrdiff_t>(at), {.text = word, .is_literal = is_literal});
          const PlainWords plain = plain_words(tool, longer);
          ASSERT_GE(plain.count, 1U);
          ASSERT_EQ(plain.index[0], 0U);
          for (std::size_t i = 1; i < plain.count; ++i) ASSERT_GT(plain.index[i], plain.index[i - 1]);
          ASSERT_LT(plain.index[plain.count - 1], longer.size());
          static_cast<void>(read_tool(tool, longer));
        }
      }
    }
  }
}

// --dry-run lowers a risk wherever it stands.
bool lowers(const Tool& tool, std::string_view flag) {
  const auto names_it = [&](const tool_data::Row& row) {
    return std::ranges::any_of(tool_data::flags(row.unless),
                               [&](const tool_data::Flag& f) { return tool_data::view(f.name) == flag; });
  };
  return std::ranges::any_of(tool_data::rows(tool.rows), names_it) ||
         std::ranges::any_of(tool_data::groups(tool.groups), [&](const tool_data::Group& group) {
           return std::ranges::any_of(tool_data::rows(group.rows), names_it);
         });
}

TEST(ToolRisk, AGlobalFlagBeforeTheVerbHidesNothing) {
  for (const Example& example : examples()) {
    const std::vector<ToolWord> argv = words_of(example);
    const Tool& tool = *tool_of(argv);
    if (!tool.has_verbs) continue;
    const ToolReading plain = read_tool(tool, argv);
    for (const tool_data::Flag& flag : tool_data::flags(tool.globals)) {
      std::vector<ToolWord> longer = argv;
      // Without a value it would stand in the verb's place: git --exec-path.
      const bool is_action = tool_data::contains(tool.actions, tool_data::view(flag.name));
      const std::string name = std::string(tool_data::view(flag.name)) + (is_action ? "=value" : "");
      auto at = longer.insert(longer.begin() + 1, {.text = name});
      if (flag.takes_value) longer.insert(at + 1, {.text = "value"});
      const ToolReading got = read_tool(tool, longer);
      if (!lowers(tool, tool_data::view(flag.name))) {
        EXPECT_GE(got.risk, plain.risk) << example.text << " with " << tool_data::view(flag.name);
      }
      const PlainWords words_there = plain_words(tool, longer);
      EXPECT_EQ(words_there.count, plain_words(tool, argv).count) << example.text << tool_data::view(flag.name);
      EXPECT_TRUE(words_there.skipped) << example.text << " with " << tool_data::view(flag.name);
      if (flag.changes) {
        EXPECT_TRUE(words_there.changes_what_runs) << tool_data::view(flag.name);
      }
    }
  }
}

TEST(ToolRisk, Patterns) {
  using tool_data::is_like;
  EXPECT_TRUE(is_like("", ""));
  EXPECT_FALSE(is_like("", "a"));
  EXPECT_TRUE(is_like("*", ""));
  EXPECT_TRUE(is_like("*drop table*", "x; DROP\t  Table y"));
  EXPECT_FALSE(is_like("*drop table*", "droptable"));
  EXPECT_TRUE(is_like("/home/%", "/home/me"));
  EXPECT_FALSE(is_like("/home/%", "/home/"));
  EXPECT_FALSE(is_like("/home/%", "/home/me/x"));
  EXPECT_TRUE(is_like("/home/%/x*", "/home/me/xyz"));
  EXPECT_TRUE(is_like("%:*", "host:path"));
  EXPECT_FALSE(is_like("%:*", "dir/host:path"));
  EXPECT_FALSE(is_like("%:*", ":path"));
  EXPECT_TRUE(is_like("http://localhost:#/*", "http://LOCALHOST:80/x"));
  EXPECT_FALSE(is_like("http://localhost:#/*", "http://localhost:x@example.com/"));
  EXPECT_FALSE(is_like("http://localhost:#/*", "http://localhost:80@example.com/"));
  EXPECT_TRUE(is_like("/\\*", "/*"));
  EXPECT_FALSE(is_like("/\\*", "/a"));
  EXPECT_TRUE(is_like("a*b*c", "a--b-bc"));
  EXPECT_FALSE(is_like("a*b*c", "a--b-b"));
}

// Something that is like the pattern.
std::string like(std::string_view pattern) {
  std::string out;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] == '\\' && i + 1 < pattern.size()) {
      out += pattern[++i];
    } else if (pattern[i] == '%' || pattern[i] == '#') {
      out += '1';
    } else if (pattern[i] != '*') {
      out += pattern[i];
    }
  }
  return out.empty() ? "word" : out;
}

// The smallest call that a row is about.
std::vector<std::string> call_of(const Tool& tool, const tool_data::Row& row) {
  std::vector<std::string> out = {std::string(name_of(tool))};
  for (const tool_data::Text word : tool_data::texts(row.verb)) out.push_back(like(tool_data::view(word)));
  for (const auto& list : {tool_data::flags(row.flags), tool_data::flags(row.also)}) {
    if (list.empty()) continue;
    out.emplace_back(tool_data::view(list[0].name));
    if (list[0].has_value) out.push_back(like(tool_data::view(list[0].value)));
  }
  for (std::size_t i = 0; i < row.at_least; ++i) out.emplace_back("word");
  if (row.arguments.count != 0) out.push_back(like(tool_data::view(tool_data::texts(row.arguments)[0])));
  return out;
}

void check_row(const Tool& tool, const tool_data::Row& row) {
  const std::vector<std::string> call = call_of(tool, row);
  std::string text;
  std::vector<ToolWord> argv;
  for (const std::string& word : call) {
    argv.push_back({.text = word});
    text += word + ' ';
  }
  const ToolReading got = read_tool(tool, argv);
  if (got.risk < row.risk || (got.effects & row.effects) != row.effects)
    ADD_FAILURE() << text << "reads " << text_of(got) << " (" << got.why << "), but its row says "
                  << risk_name(row.risk) << " (" << names_of_effects(row.effects) << ")";
}

// A row that its own call does not reach is hidden by another, or by a flag that is said to take a value.
TEST(ToolRisk, EachRowIsReached) {
  for (const Tool& tool : all_tools()) {
    for (const tool_data::Row& row : tool_data::rows(tool.rows)) check_row(tool, row);
    for (const tool_data::Group& group : tool_data::groups(tool.groups)) {
      for (const tool_data::Row& row : tool_data::rows(group.rows)) check_row(tool, row);
    }
  }
}

std::string contents(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream out;
  out << file.rdbuf();
  return out.str();
}

TEST(ToolRisk, ThePageSaysWhatTheDataSays) {
  const std::string path = TEST_SOURCE_DIR "/../../docs/tool-risks.md";
  const std::string wanted = contents(TOOL_RISKS_PAGE);
  ASSERT_FALSE(wanted.empty()) << TOOL_RISKS_PAGE;
  if (std::getenv("BAILIWICK_ACCEPT") != nullptr) {
    std::ofstream(path, std::ios::binary) << wanted;
    GTEST_SKIP() << "docs/tool-risks.md was rewritten";
  }
  // Not EXPECT_EQ: a page of difference helps nobody.
  EXPECT_TRUE(contents(path) == wanted)
      << "docs/tool-risks.md is not what the data says: run BAILIWICK_ACCEPT=1 tool_risk_test";
}

}  // namespace
}  // namespace bailiwick
