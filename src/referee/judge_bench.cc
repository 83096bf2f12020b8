// How fast judging is, and that the number of rules hardly matters. Ratios: compare the lines of one run.
#include <benchmark/benchmark.h>

#include <string>

#include "policy/document.h"
#include "referee/build.h"
#include "referee/command.h"

namespace bailiwick {
namespace {

// `count` rules over many programs, verbs and decisions; some with alternatives.
std::string rules(std::size_t count) {
  static constexpr const char* kTools[] = {"git", "kubectl", "npm", "docker", "terraform", "aws", "acme", "deploy"};
  static constexpr const char* kDecisions[] = {"ask", "deny", "ask", "allow"};
  std::string text = "schema = 1\n[commands]\ndefault = \"allow\"\nask_from = \"high\"\n";
  for (std::size_t i = 0; i < count; ++i) {
    const std::string number = std::to_string(i);
    text += "[[command]]\nprefix = [\"" + std::string(kTools[i % 8]) + (i % 3 == 0 ? "" : number) + "\", \"verb" +
            number + "\", [\"a\", \"b\"]]\ndecision = \"" + kDecisions[i % 4] + "\"\nreason = \"reason number " +
            number + "\"\n";
  }
  return text + "[[command]]\nprefix = [\"git\", \"push\"]\ndecision = \"ask\"\nreason = \"publishes work\"\n";
}

std::shared_ptr<const Policy> policy_with(std::size_t count) {
  auto layer = read_layer(*parse_toml(rules(count), "bench.toml"), LayerKind::system, "bench.toml");
  std::vector<Layer> layers;
  layers.push_back(std::move(*layer));
  return *build_policy(std::move(layers), "/home/dev");
}

const Surroundings& around() {
  static const Surroundings made("/home/dev/project", "/home/dev/project", "/home/dev");
  return made;
}

void judge_exec(benchmark::State& state, std::vector<std::string> words) {
  const auto policy = policy_with(static_cast<std::size_t>(state.range(0)));
  ExecAction action;
  for (std::string& word : words) action.argv.push_back({std::move(word), true});
  action.program.path = "/usr/bin/" + action.argv.front().text;
  for ([[maybe_unused]] auto _ : state) benchmark::DoNotOptimize(judge(action, *policy, around()));
  state.SetItemsProcessed(state.iterations());
}
void JudgeGitPush(benchmark::State& state) { judge_exec(state, {"git", "push", "origin", "main"}); }
void JudgeGitDashC(benchmark::State& state) { judge_exec(state, {"git", "-C", "sub", "push"}); }
void JudgeUnknown(benchmark::State& state) { judge_exec(state, {"frobnicate", "--all", "x"}); }
void JudgeLs(benchmark::State& state) { judge_exec(state, {"ls", "-la", "src"}); }
BENCHMARK(JudgeGitPush)->Arg(100)->Arg(10'000);
BENCHMARK(JudgeGitDashC)->Arg(100)->Arg(10'000);
BENCHMARK(JudgeUnknown)->Arg(100)->Arg(10'000);
BENCHMARK(JudgeLs)->Arg(100)->Arg(10'000);

// Strings of about 90 characters, the median of what agents run.
void judge_line(benchmark::State& state, const char* line) {
  const auto policy = policy_with(100);
  for ([[maybe_unused]] auto _ : state)
    benchmark::DoNotOptimize(judge_shell(line, *policy, around(), Gate::present, {}, Detail::verdict));
  state.SetItemsProcessed(state.iterations());
}
void ShellPlain(benchmark::State& state) {
  judge_line(state, "cd services/api && go test ./internal/store -run TestMigrations -count=1 2>&1 | tail -30");
}
void ShellQuoted(benchmark::State& state) {
  judge_line(state,
             "git log --oneline -20 --format='%h %s' && grep -rn \"func New\" internal/ pkg/ 2>/dev/null | head -5");
}
void ShellExpands(benchmark::State& state) {
  judge_line(state, "for f in $(git ls-files '*.go'); do gofmt -l \"$f\" >/dev/null || echo \"$f needs work\"; done");
}
void ShellHereDocument(benchmark::State& state) {
  judge_line(state,
             "git commit -m \"$(cat <<'EOF'\nstore: keep rows in order\n\nThe index was rebuilt twice.\nEOF\n)\"");
}
BENCHMARK(ShellPlain);
BENCHMARK(ShellQuoted);
BENCHMARK(ShellExpands);
BENCHMARK(ShellHereDocument);

// From bytes to a policy that judges.
void Load(benchmark::State& state) {
  const std::string text = rules(static_cast<std::size_t>(state.range(0)));
  for ([[maybe_unused]] auto _ : state) {
    auto layer = read_layer(*parse_toml(text, "bench.toml"), LayerKind::system, "bench.toml");
    std::vector<Layer> layers;
    layers.push_back(std::move(*layer));
    benchmark::DoNotOptimize(*build_policy(std::move(layers), "/home/dev"));
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(text.size()));
}
BENCHMARK(Load)->Arg(100)->Arg(10'000)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace bailiwick
