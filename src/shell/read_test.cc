#include "shell/read.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <ctime>
#include <random>
#include <string>

#include "base/golden.h"
#include "base/text.h"
#include "shell/render.h"

namespace bailiwick {
namespace {

// The oracle: whether bash can read it. Nothing is run.
bool bash_accepts(const std::string& text) {
  const pid_t child = fork();
  if (child == 0) {
    close(2);
    execlp("bash", "bash", "-n", "-c", "--", text.c_str(), nullptr);
    _exit(127);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

// The oracle for words: what bash hands to a program, for a text that is one command of literal words. In an empty
// place, without any program to be found.
std::string bash_words(const std::string& text) {
  int ends[2];
  if (pipe(ends) != 0) return "no pipe";
  const pid_t child = fork();
  if (child == 0) {
    if (chdir("/proc/self/fdinfo") != 0) _exit(127);
    dup2(ends[1], 1);
    close(2);
    const std::string script = "printf '%s\\0' " + text;
    const char* none[] = {"PATH=/nonexistent", nullptr};
    execle("/bin/bash", "bash", "-c", script.c_str(), nullptr, none);
    _exit(127);
  }
  close(ends[1]);
  std::string out;
  char bytes[4096];
  for (ssize_t got = 0; (got = read(ends[0], bytes, sizeof bytes)) > 0;)
    out.append(bytes, static_cast<std::size_t>(got));
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  return out;
}

// One command of literal words, that is not a reserved word's or a test's: those do not become arguments of printf.
bool is_words_only(const ShellReading& reading) {
  if (reading.is_opaque || reading.commands.size() != 1) return false;
  const SimpleCommand& only = reading.commands[0];
  if (only.context != 0 || !only.assignments.empty() || !only.redirects.empty() || only.words.empty()) return false;
  for (const ShellWord& word : only.words) {
    if (!word.is_literal) return false;
  }
  return only.words[0].text != "[[" && only.words[0].text != "[";
}

void expect_same_words(const std::string& text) {
  const ShellReading reading = read_shell(text);
  if (!is_words_only(reading)) return;
  std::string wanted;
  for (const ShellWord& word : reading.commands[0].words) wanted += word.text + std::string(1, '\0');
  // a text may start with lines that are empty, or a comment
  EXPECT_EQ(bash_words(text.substr(reading.commands[0].offset)), wanted) << text;
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
    expect_same_words(line.text);
  }
  EXPECT_GT(read, 120U);
}

// Lines cut, spliced and sprinkled with what matters to a shell. The seed is fixed.
TEST(ReadShell, WhatIsReadOfMutationsIsAcceptedByBash) {
  const auto all = lines_of(TEST_SOURCE_DIR "/testdata/lines.txt");
  const char* rounds = std::getenv("BAILIWICK_SHELL_MUTATIONS");
  std::mt19937 random(rounds == nullptr ? 7 : static_cast<unsigned>(std::time(nullptr)));
  constexpr std::string_view kBytes = "\n\n ;&|<>()'\"`$\\{}[]#-=~!*ax2";
  const auto wanted = rounds == nullptr ? Result<std::uint64_t>(300) : parse_number(rounds, 1, 1'000'000);
  ASSERT_TRUE(wanted.has_value()) << wanted.error().message();
  for (std::uint64_t read = 0, tried = 0; read < *wanted && tried < *wanted * 50; ++tried) {
    const std::string& first = all[random() % all.size()].text;
    const std::string& second = all[random() % all.size()].text;
    std::string text = first;
    if (random() % 2 == 0)
      text = first.substr(0, random() % (first.size() + 1)) + second.substr(random() % (second.size() + 1));
    for (auto i = static_cast<unsigned>(random() % 3); i > 0; --i)
      text.insert(random() % (text.size() + 1), 1, kBytes[random() % kBytes.size()]);
    if (read_shell(text).is_opaque) continue;
    ++read;
    EXPECT_TRUE(bash_accepts(text)) << text << "\n    " << render_reading(read_shell(text));
    expect_same_words(text);
  }
}

}  // namespace
}  // namespace bailiwick
