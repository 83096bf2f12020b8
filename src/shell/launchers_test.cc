#include "shell/launchers.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>

#include "base/golden.h"
#include "shell/launcher_table.h"
#include "shell/render.h"

namespace bailiwick {
namespace {

std::string render(const std::vector<EffectiveCommand>& commands) {
  std::string out;
  for (const EffectiveCommand& command : commands) {
    out += "   ";
    for (const std::string& name : command.via) out += " " + name + " >";
    for (const ShellWord& word : command.argv) out += " " + render_word(word);
    if (!command.is_complete) out += "   # and more: " + command.gap;
    out += "\n";
  }
  return out;
}

TEST(EffectiveCommands, Table) {
  std::string got;
  for (const Line& line : lines_of(TEST_SOURCE_DIR "/testdata/launched.txt")) {
    got += line.shown + "\n" + render(effective_commands(read_shell(line.text)));
  }
  check_golden(TEST_SOURCE_DIR "/testdata/launched.golden", got);
}

// Spellings that start one program, and some that only look like it.
TEST(EffectiveCommands, Evasions) {
  std::map<std::string, std::size_t> rows;
  for (const Line& line : lines_of(TEST_SOURCE_DIR "/testdata/evasions.txt")) {
    const std::size_t blank = line.text.find(' ');
    ASSERT_NE(blank, std::string::npos) << line.shown;
    const std::string wanted = line.text.substr(0, blank);
    const auto commands = effective_commands(read_shell(line.text.substr(blank + 1)));
    const bool is_seen = std::ranges::any_of(commands, [](const EffectiveCommand& each) {
      if (each.argv.empty() || !each.argv[0].is_literal) return false;
      const std::string& path = each.argv[0].text;
      return path.substr(path.rfind('/') + 1) == "curl";
    });
    const bool is_open = std::ranges::any_of(commands, [](const EffectiveCommand& each) { return !each.is_complete; });
    const std::string got = is_seen ? "seen" : is_open ? "open" : "not";
    EXPECT_EQ(got, wanted) << line.shown << "\n" << render(commands);
    ++rows[wanted];
  }
  EXPECT_EQ(rows.size(), 3U);
  EXPECT_GE(rows["seen"] + rows["open"], 320U);
  EXPECT_GE(rows["not"], 40U);
}

TEST(EffectiveCommands, NestingIsBounded) {
  std::vector<ShellWord> argv(100, ShellWord{.text = "nice", .is_literal = true});
  const auto got = effective_commands(argv);
  ASSERT_FALSE(got.empty());
  EXPECT_LT(got.size(), 12U);
  EXPECT_FALSE(got.back().is_complete);
}

TEST(EffectiveCommands, NoWordsAreNoCommand) { EXPECT_TRUE(effective_commands(std::vector<ShellWord>{}).empty()); }

}  // namespace
}  // namespace bailiwick
