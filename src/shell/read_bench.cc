// A line of 90 characters, the median of what agents run: reading and judging it has 25 us.
#include <benchmark/benchmark.h>

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
BENCHMARK(longest);
BENCHMARK(junk);

}  // namespace
}  // namespace bailiwick
