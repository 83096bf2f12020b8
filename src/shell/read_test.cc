#include "shell/read.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <string>
#include <vector>

#include "base/golden.h"
#include "shell/render.h"

namespace bailiwick {
namespace {

struct Line {
  std::string shown;
  std::string text;
};

std::vector<Line> lines() {
  std::vector<Line> out;
  std::ifstream file(TEST_SOURCE_DIR "/testdata/lines.txt");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("# --") || line.starts_with("# One") || line.empty()) continue;
    std::string text;
    for (std::size_t i = 0; i < line.size(); ++i) {
      const bool is_escape = line[i] == '\\' && i + 1 < line.size();
      if (is_escape) ++i;
      text += is_escape && line[i] == 'n' ? '\n' : is_escape && line[i] == 't' ? '\t' : line[i];
    }
    out.push_back({.shown = line, .text = text});
  }
  return out;
}

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
  for (const Line& line : lines()) got += line.shown + "\n    " + render_reading(read_shell(line.text)) + "\n";
  check_golden(TEST_SOURCE_DIR "/testdata/readings.golden", got);
}

TEST(ReadShell, WhatIsReadIsAcceptedByBash) {
  std::size_t read = 0;
  for (const Line& line : lines()) {
    if (read_shell(line.text).is_opaque) continue;
    ++read;
    EXPECT_TRUE(bash_accepts(line.text)) << line.shown;
  }
  EXPECT_GT(read, 120U);
}

}  // namespace
}  // namespace bailiwick
