// What each simple command pays: finding its tool, and where there is one, reading the call. `git push origin main`
// must stay below 150 ns, a name that is in no file below 30 ns.
#include <benchmark/benchmark.h>

#include <vector>

#include "policy/tool_risk.h"

namespace bailiwick {
namespace {

std::vector<ToolWord> words(std::initializer_list<std::string_view> list) {
  std::vector<ToolWord> out;
  for (const std::string_view word : list) out.push_back({.text = word});
  return out;
}

void read(benchmark::State& state, const std::vector<ToolWord>& argv) {
  const Tool* tool = find_tool(argv[0].text);
  for ([[maybe_unused]] auto _ : state) benchmark::DoNotOptimize(read_tool(*tool, argv));
}

void find(benchmark::State& state, std::string_view name) {
  for ([[maybe_unused]] auto _ : state) {
    benchmark::DoNotOptimize(name);
    benchmark::DoNotOptimize(find_tool(name));
  }
}

void find_git(benchmark::State& state) { find(state, "git"); }
void find_unknown(benchmark::State& state) { find(state, "golangci-lint"); }
void find_unknown_version(benchmark::State& state) { find(state, "frobnicate3.11"); }
void read_git_push(benchmark::State& state) { read(state, words({"git", "push", "origin", "main"})); }
void read_git_push_force(benchmark::State& state) {
  read(state, words({"git", "-C", "dir", "push", "--force", "origin", "main"}));
}
void read_git_commit(benchmark::State& state) { read(state, words({"git", "commit", "-m", "message"})); }
void read_rm(benchmark::State& state) { read(state, words({"rm", "-rf", "build"})); }
void read_kubectl(benchmark::State& state) { read(state, words({"kubectl", "-n", "ns", "get", "pods", "-o", "wide"})); }
void plain_git_push(benchmark::State& state) {
  const auto argv = words({"git", "-C", "dir", "push", "origin", "main"});
  const Tool* tool = find_tool("git");
  for ([[maybe_unused]] auto _ : state) benchmark::DoNotOptimize(plain_words(*tool, argv));
}

BENCHMARK(find_git);
BENCHMARK(find_unknown);
BENCHMARK(find_unknown_version);
BENCHMARK(read_git_push);
BENCHMARK(read_git_push_force);
BENCHMARK(read_git_commit);
BENCHMARK(read_rm);
BENCHMARK(read_kubectl);
BENCHMARK(plain_git_push);

}  // namespace
}  // namespace bailiwick
