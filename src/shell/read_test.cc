#include "shell/read.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <ctime>
#include <random>
#include <string>

#include "base/golden.h"
#include "shell/render.h"

namespace bailiwick {
namespace {

// The oracle: whether bash can read it. Nothing is run.
bool bash_accepts(const std::string& text) {
  const pid_t child = fork();
  if (child == 0) {
    close(2);
    execlp("bash", "bash", "-n", "-c", text.c_str(), nullptr);
    _exit(127);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

TEST(ReadShell, Table) {
  std::string got;
  for (const Line& line : lines_of(TEST_SOURCE_DIR "/testdata/lines.txt"))
    got += line.shown + "\n    " + render_reading(read_shell(line.text)) + "\n";
  check_golden(TEST_SOURCE_DIR "/testdata/readings.golden", got);
}

TEST(ReadShell, WhatIsReadIsAcceptedByBash) {
  std::size_t read = 0;
  for (const Line& line : lines_of(TEST_SOURCE_DIR "/testdata/lines.txt")) {
    if (read_shell(line.text).is_opaque) continue;
    ++read;
    EXPECT_TRUE(bash_accepts(line.text)) << line.shown;
  }
  EXPECT_GT(read, 120U);
}

// Lines cut, spliced and sprinkled with what matters to a shell. The seed is fixed.
TEST(ReadShell, WhatIsReadOfMutationsIsAcceptedByBash) {
  const auto all = lines_of(TEST_SOURCE_DIR "/testdata/lines.txt");
  const char* rounds = std::getenv("BAILIWICK_SHELL_MUTATIONS");
  std::mt19937 random(rounds == nullptr ? 7 : static_cast<unsigned>(std::time(nullptr)));
  constexpr std::string_view kBytes = "\n\n ;&|<>()'\"`$\\{}[]#-=~!*ax2";
  const int wanted = rounds == nullptr ? 300 : std::atoi(rounds);
  for (int read = 0, tried = 0; read < wanted && tried < wanted * 50; ++tried) {
    const std::string& first = all[random() % all.size()].text;
    const std::string& second = all[random() % all.size()].text;
    std::string text = first;
    if (random() % 2 == 0)
      text = first.substr(0, random() % (first.size() + 1)) + second.substr(random() % (second.size() + 1));
    for (unsigned i = random() % 3; i > 0; --i)
      text.insert(random() % (text.size() + 1), 1, kBytes[random() % kBytes.size()]);
    if (read_shell(text).is_opaque) continue;
    ++read;
    EXPECT_TRUE(bash_accepts(text)) << text << "\n    " << render_reading(read_shell(text));
  }
}

}  // namespace
}  // namespace bailiwick
