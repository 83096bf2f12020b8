// The cost of one entry of a directory walk against everything shipped: an ordinary name must stay below 100 ns.
#include <benchmark/benchmark.h>

#include <array>
#include <string>
#include <vector>

#include "policy/executable_config.h"
#include "policy/name_index.h"
#include "policy/secrets.h"

namespace bailiwick {
namespace {

NameIndex everything() {
  std::vector<NamePattern> all = *executable_config_patterns();
  auto secrets = *secret_patterns({.home = "/home/user"}, SecretScope::all);
  for (NamePattern& pattern : secrets) all.push_back(std::move(pattern));
  return NameIndex(std::move(all));
}

struct Entry {
  std::string path;
  std::string name;
};

std::vector<Entry> entries(const std::vector<std::string>& names) {
  std::vector<Entry> out;
  for (const std::string& name : names) out.push_back({.path = "packages/app/src/components/" + name, .name = name});
  return out;
}

void walk(benchmark::State& state, const std::vector<Entry>& entries) {
  const NameIndex index = everything();
  std::size_t found = 0;
  for ([[maybe_unused]] auto _ : state) {
    for (const Entry& entry : entries) found += index.match(entry.path, entry.name, EntryKind::file).size();
  }
  benchmark::DoNotOptimize(found);
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(entries.size()));
}

void ordinary(benchmark::State& state) {
  walk(state, entries({"index.js", "main.cc", "Button.tsx", "README.md", "package.json",
                       "a1b2c3d4e5f6a7b8c9d0e1f2a3b4c5d6e7f8a9b0", "LICENSE", "test_utils.py", "style.css", "mod.rs",
                       "Cargo.toml", "x.map", "types.d.ts", "0001_initial.py", "logo.png", "Makefile"}));
}
void near_misses(benchmark::State& state) {
  walk(state, entries({"config", "hooks", "settings.json", "tasks.json", "server.crt.key.txt", "id_table",
                       "credentials.py", "secrets.go"}));
}
void hits(benchmark::State& state) { walk(state, entries({".envrc", ".npmrc", ".mcp.json", "server.key", "id_rsa"})); }
// What a session pays at its start: the workspace's patterns, and where something outside is read, the secrets' as
// well.
void build_workspace(benchmark::State& state) {
  for ([[maybe_unused]] auto _ : state) benchmark::DoNotOptimize(NameIndex(*executable_config_patterns()));
}
void build_everything(benchmark::State& state) {
  for ([[maybe_unused]] auto _ : state) benchmark::DoNotOptimize(everything());
}
void fixed(benchmark::State& state) {
  for ([[maybe_unused]] auto _ : state)
    benchmark::DoNotOptimize(fixed_secrets({.home = "/home/user"}, std::vector<std::string>{""}));
}

BENCHMARK(ordinary);
BENCHMARK(near_misses);
BENCHMARK(hits);
BENCHMARK(build_workspace);
BENCHMARK(build_everything);
BENCHMARK(fixed);

}  // namespace
}  // namespace bailiwick
