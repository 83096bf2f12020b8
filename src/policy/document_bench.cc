// What a policy of 10,000 rules costs to read, at each start of a session: well below 25 ms.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <cstdint>
#include <string>

#include "policy/document.h"

namespace bailiwick {
namespace {

constexpr int kRules = 10'000;

std::string toml_rules() {
  std::string text = "schema = 1\n";
  for (int i = 0; i < kRules; ++i)
    text += fmt::format(
        "\n[[command]]\nprefix = [\"tool{}\", [\"push\", \"pull\"]]\ndecision = \"ask\"\nreason = \"rule {} of "
        "many\"\n",
        i, i);
  return text;
}
std::string json_rules() {
  std::string text = "{\"schema\":1,\"command\":[";
  for (int i = 0; i < kRules; ++i)
    text += fmt::format(
        "{}\n{{\"prefix\":[\"tool{}\",[\"push\",\"pull\"]],\"decision\":\"ask\",\"reason\":\"rule {} of many\"}}",
        i == 0 ? "" : ",", i, i);
  return text + "]}";
}

void read(benchmark::State& state, const std::string& text, Result<Node> (*parse)(std::string_view, std::string_view)) {
  for ([[maybe_unused]] auto _ : state) {
    const Result<Node> node = parse(text, "bench");
    if (!node) state.SkipWithError(node.error().message().c_str());
    benchmark::DoNotOptimize(node);
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(text.size()));
}

void toml(benchmark::State& state) { read(state, toml_rules(), parse_toml); }
void json(benchmark::State& state) { read(state, json_rules(), parse_json); }

BENCHMARK(toml)->Unit(benchmark::kMillisecond);
BENCHMARK(json)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace bailiwick
