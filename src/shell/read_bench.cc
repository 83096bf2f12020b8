// A line of 90 characters, the median of what agents run: reading and judging it has 25 us.
#include <benchmark/benchmark.h>

#include "shell/launchers.h"
#include "shell/read.h"

namespace bailiwick {
namespace {

void line_of_90(benchmark::State& state) {
  constexpr std::string_view kLine =
      "cd /home/ada/app && git -C . log --oneline -20 2>&1 | grep -v 'Merge branch' > /dev/null; ls -l";
  for ([[maybe_unused]] auto _ : state) benchmark::DoNotOptimize(read_shell(kLine));
}
void one_command(benchmark::State& state) {
  for ([[maybe_unused]] auto _ : state) benchmark::DoNotOptimize(read_shell("git status --short"));
}
// What the plain way leaves to the grammar.
void grammar_of_90(benchmark::State& state) {
  constexpr std::string_view kLine =
      "cd /home/ada/app && git -C . log --oneline -20 2>&1 | grep -v \"${branch}\" > /dev/null; ls *.c";
  for ([[maybe_unused]] auto _ : state) benchmark::DoNotOptimize(read_shell(kLine));
}
void commit_with_here_document(benchmark::State& state) {
  constexpr std::string_view kLine =
      "git add -A && git commit -m \"$(cat <<'EOF'\nFix the parser\n\nIt read `x` as y.\nEOF\n)\"";
  for ([[maybe_unused]] auto _ : state) benchmark::DoNotOptimize(read_shell(kLine));
}
void effective_of_90(benchmark::State& state) {
  const ShellReading reading =
      read_shell("cd /home/ada/app && git -C . log --oneline -20 2>&1 | grep -v 'Merge branch' > /dev/null; ls -l");
  for ([[maybe_unused]] auto _ : state) benchmark::DoNotOptimize(effective_commands(reading));
}
void effective_of_one(benchmark::State& state) {
  const ShellReading reading = read_shell("ls -la");
  for ([[maybe_unused]] auto _ : state) benchmark::DoNotOptimize(effective_commands(reading.commands[0].words));
}
void is_launcher_of_name(benchmark::State& state) {
  for ([[maybe_unused]] auto _ : state) {
    benchmark::DoNotOptimize(is_launcher("golangci-lint"));
    benchmark::DoNotOptimize(is_launcher("git"));
  }
}
// The longest that is read, of commands; and of what no grammar wants.
void longest(benchmark::State& state) {
  std::string text;
  while (text.size() < 60000)
    text += "rm -rf \"$x\" /tmp/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa; ";
  for ([[maybe_unused]] auto _ : state) benchmark::DoNotOptimize(read_shell(text));
}
void junk(benchmark::State& state) {
  std::string text;
  while (text.size() < 60000) text += "${(<[{ ";
  for ([[maybe_unused]] auto _ : state) benchmark::DoNotOptimize(read_shell(text));
}

BENCHMARK(line_of_90);
BENCHMARK(one_command);
BENCHMARK(grammar_of_90);
BENCHMARK(commit_with_here_document);
BENCHMARK(effective_of_90);
BENCHMARK(effective_of_one);
BENCHMARK(is_launcher_of_name);
BENCHMARK(longest);
BENCHMARK(junk);

}  // namespace
}  // namespace bailiwick
