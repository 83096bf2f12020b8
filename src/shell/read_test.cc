#include "shell/read.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <ctime>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "base/golden.h"
#include "base/text.h"
#include "shell/plain.h"
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

// Rarely the grammar goes astray over the end of a line, and what it gives is opaque.
struct Compared {
  std::size_t plain = 0;
  std::size_t astray = 0;
};

void expect_plain_is_slow(const std::string& text, Compared& compared) {
  const auto fast = shell::read_plain(text);
  if (!fast.has_value()) return;
  ++compared.plain;
  const ShellReading slow = shell::read_with_grammar(text);
  if (slow.is_opaque && text.contains('\n')) {
    ++compared.astray;
    return;
  }
  EXPECT_TRUE(*fast == slow) << text << "\n    " << render_reading(*fast) << "\n    " << render_reading(slow);
}

TEST(ReadShell, PlainWayReadsLinesAsTheGrammarDoes) {
  Compared compared;
  for (const Line& line : lines_of(TEST_SOURCE_DIR "/testdata/lines.txt")) expect_plain_is_slow(line.text, compared);
  EXPECT_GT(compared.plain, 20U);
  EXPECT_EQ(compared.astray, 0U);
}

TEST(ReadShell, PlainWayReadsMixesAsTheGrammarDoes) {
  constexpr std::string_view kPieces[] = {"git",        "status",     "ls",       "-la",
                                          "/usr/bin/x", "./a",        "..",       "cd..",
                                          "find.",      "a=b",        "--x=y",    "-x=y",
                                          "A=1",        "2",          "22",       "1.5",
                                          "-1",         "-",          "--",       "a:b",
                                          "a,b",        "x@y",        "@",        "+x",
                                          "+",          "%d",         "'a b'",    "\"a b\"",
                                          "''",         "\"\"",       "'a;b'",    "\"#x\"",
                                          "'#x'",       "x'y'",       "\"x\"y",   "a\"b\"'c'",
                                          "'$x'",       "if",         "then",     "do",
                                          "done",       "in",         "fi",       "time",
                                          "test",       "export",     "[",        "]",
                                          "{",          "}",          "!",        "*",
                                          "a?",         "~",          "#",        "#c",
                                          "a#b",        "$x",         "`id`",     "\\",
                                          "case",       "esac",       "function", "sh",
                                          "-c",         "=",          "==",       "=~",
                                          "x==y",       "'a\nb'",     "\"\n a\"", "\" \"",
                                          "' '",        "_x",         "0x1",      "16#ff",
                                          "a..b",       "-e",         "'a'=b",    "\"a=b\"",
                                          "a+=b",       "e",          "E",        "un\"\"",
                                          "x=\"a b\"",  "-I'x'",      "\"'\"",    "'\"'",
                                          "*.c",        "$x/y",       "\"$x\"",   "\"a $x b$y\"",
                                          "a$x",        "'a'$x\"b\"", "-f$x",     "--f=$x",
                                          "--f=*",      "*",          "?",        "a*b'c'",
                                          "$",          "\"$\"",      "$1",       "$$",
                                          "$x$y",       "$_",         "/a/*/b?",  "*$x*",
                                          "\"*\"",      "\"$x$y\"",   "\"$x \"",  "\" $x\"",
                                          "\"\n$x\"",   "$x*",        "$x[1]",    "\"$x[1]\"",
                                          "$x:",        "\"$x:a\"",   "$x=1",     "*=",
                                          "?*",         "$x'a'",      "@*",       "+*",
                                          "\"$x%y\"",   "'a'*"};
  constexpr std::string_view kOperators[] = {" && ", "&&",   " || ",  "||",  " | ",   "|",    "; ",      ";",     "\n",
                                             "\n\n", " ;\n", " &&\n", "|\n", " |\n ", " & ",  " |& ",    ";;",    "  ",
                                             "\t",   " \n ", ";\n;",  "& ",  " \t ",  "\n&&", "|| \n\n", " ;;; ", "&|"};
  constexpr std::string_view kRedirects[] = {
      " 2>&1", " >/dev/null",   " 2>/dev/null", " > f",    " >> f", " < f",  " 2> x.y", " &> f",    " >& f",
      " 1>&2", " 2>&1 >/dev/x", " > 'a b'",     " >f 2>g", " 3<f",  " >|f",  "2>&1",    ">f",       " > 2",
      " 2>&-", " <<< x",        " >f x",        " 22>f",   " >-",   " >a=b", " >=x",    " >a\"b\"", " < /dev/null"};
  const char* rounds = std::getenv("BAILIWICK_SHELL_MUTATIONS");
  std::mt19937 random(rounds == nullptr ? 7 : static_cast<unsigned>(std::time(nullptr)));
  const auto any = [&](const auto& list) { return list[random() % std::size(list)]; };
  Compared compared;
  const auto wanted = rounds == nullptr ? Result<std::uint64_t>(5000) : parse_number(rounds, 1, 1'000'000);
  ASSERT_TRUE(wanted.has_value()) << wanted.error().message();
  for (std::uint64_t tried = 0; compared.plain < *wanted && tried < *wanted * 300; ++tried) {
    std::string text;
    for (auto commands = 1 + random() % 3; commands > 0; --commands) {
      for (auto words = 1 + random() % 4; words > 0; --words) {
        text += any(kPieces);
        text += random() % 20 == 0 ? "\t" : " ";
      }
      if (random() % 2 == 0) text.pop_back();
      if (random() % 3 == 0) text += any(kRedirects);
      if (commands > 1 || random() % 12 == 0) text += any(kOperators);
    }
    if (random() % 20 == 0) text.insert(0, any(kOperators));
    expect_plain_is_slow(text, compared);
  }
  EXPECT_EQ(compared.plain, *wanted);
  EXPECT_LE(compared.astray, *wanted / 1000);
}

TEST(ReadShell, PlainWayReadsMutationsAsTheGrammarDoes) {
  std::vector<Line> all;
  for (const char* file : {"/testdata/lines.txt", "/testdata/launched.txt", "/testdata/evasions.txt"}) {
    for (Line& line : lines_of((std::string(TEST_SOURCE_DIR) + file).c_str())) all.push_back(std::move(line));
  }
  constexpr std::string_view kBytes = "\n\t  ;&|<>()'\"`$\\{}[]#-=~!*?ax205/.:@%+,_";
  const char* rounds = std::getenv("BAILIWICK_SHELL_MUTATIONS");
  std::mt19937 random(rounds == nullptr ? 7 : static_cast<unsigned>(std::time(nullptr)));
  const auto wanted = rounds == nullptr ? Result<std::uint64_t>(5000) : parse_number(rounds, 1, 1'000'000);
  ASSERT_TRUE(wanted.has_value()) << wanted.error().message();
  Compared compared;
  for (std::uint64_t tried = 0; compared.plain < *wanted && tried < *wanted * 100; ++tried) {
    const std::string& first = all[random() % all.size()].text;
    const std::string& second = all[random() % all.size()].text;
    std::string text = first;
    if (random() % 2 == 0)
      text = first.substr(0, random() % (first.size() + 1)) + second.substr(random() % (second.size() + 1));
    for (auto i = static_cast<unsigned>(random() % 4); i > 0; --i)
      text.insert(random() % (text.size() + 1), 1, kBytes[random() % kBytes.size()]);
    expect_plain_is_slow(text, compared);
  }
  EXPECT_EQ(compared.plain, *wanted);
  EXPECT_LE(compared.astray, *wanted / 1000);
}

}  // namespace
}  // namespace bailiwick
