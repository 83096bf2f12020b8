// A policy file from anywhere: bytes -> tree -> layer -> policy -> verdicts, and the layer's way back to a tree.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "policy/document.h"
#include "referee/build.h"
#include "referee/cases.h"
#include "referee/command.h"

using namespace bailiwick;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const auto kind = static_cast<LayerKind>(1 + data[0] % 6);  // all but built-in
  const std::string text = "schema = 1\n" + std::string(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto root = parse_toml(text, "fuzz.toml");
  if (!root) return 0;
  static_cast<void>(read_cases(*root, "fuzz.toml"));
  auto layer = read_layer(*root, kind, "fuzz.toml");
  if (!layer) return 0;
  // what was read can be written, and means the same
  const auto again = read_layer(to_node(*layer), kind, "fuzz.toml");
  if (!again) std::abort();
  const auto one = canonical_json(to_node(*layer));
  const auto two = canonical_json(to_node(*again));
  if (!one || !two || *one != *two) std::abort();
  // a project allows nothing
  if (kind == LayerKind::project)
    for (const CommandRule& rule : layer->commands)
      if (rule.decision == Decision::allow) std::abort();
  const auto policy = build_policy({*layer}, "/home/dev");
  if (!policy) return 0;
  static const Surroundings around("/home/dev/project", "/home/dev/project", "/home/dev");
  static_cast<void>(
      judge_shell("cd x && git -C y push --force | tail", **policy, around, Gate::absent, {}, Detail::explanation));
  for (const CommandRule& rule : layer->commands) {
    std::vector<ShellWord> argv;
    for (const auto& position : rule.prefix) argv.push_back({position.front(), true});
    for (const std::string& word : rule.with) argv.push_back({word, true});
    if (argv.empty()) continue;
    const Verdict verdict = judge(ExecAction{.argv = argv, .program = {}}, **policy, around);
    static_cast<void>(explain(**policy, verdict));
    // an administrator's rule is never passed over by the command that it spells out
    if (is_admin(kind) && !(*policy)->command_section().stances.front().observes && rule.decision == Decision::deny &&
        verdict.decision != Decision::deny)
      std::abort();
  }
  for (const HostRule& rule : layer->hosts) static_cast<void>(judge(ConnectAction{.host = rule.pattern}, **policy));
  for (const ServerRule& rule : layer->servers)
    static_cast<void>(
        judge(McpAction{.server = rule.name, .tool = "x", .command = {}, .arguments = {}, .url = {}}, **policy));
  return 0;
}
