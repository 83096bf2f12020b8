#include "shell/launchers.h"

#include <gtest/gtest.h>

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
