#include "policy_reports.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "base/text.h"
#include "kernel/fd.h"
#include "referee/build.h"
#include "referee/diff.h"
#include "referee/lint.h"

namespace bailiwick {
namespace {

// A value as it stands in canonical JSON: numbers that are not whole as text.
Node value_of(const SchemaKey& key, const SettingValue& value) {
  if (const auto* b = std::get_if<bool>(&value)) return json_bool(*b);
  if (const auto* words = std::get_if<std::vector<std::string>>(&value)) return json_list(*words);
  if (const auto* text = std::get_if<std::string>(&value)) return json_text(*text);
  const auto* number = std::get_if<std::int64_t>(&value);
  if (number != nullptr &&
      (key.type == ValueType::count || key.type == ValueType::size || key.type == ValueType::duration))
    return json_number(*number);
  if (number != nullptr && key.type == ValueType::decision) return json_text(name_of(static_cast<Decision>(*number)));
  if (number != nullptr && key.type == ValueType::risk) return json_text(name_of(static_cast<Risk>(*number)));
  return json_text(format_value(key, value));
}

Node layer_json(const Layer& layer) {
  Node out;
  put(out, "kind", json_text(name_of(layer.kind)));
  put(out, "file", json_text(layer.file));
  put(out, "name", json_text(layer.name));
  put(out, "revision", json_number(layer.revision));
  put(out, "policy", to_node(layer));
  return out;
}

Node show_json(const LoadedPolicy& loaded, bool with_layers) {
  const Policy& policy = *loaded.policy;
  Node out;
  put(out, "schema", json_number(1));
  put(out, "policy_digest", json_text(policy.digest()));
  Node settings{.kind = NodeKind::array};
  for (const EffectiveSetting& setting : policy.settings()) {
    Node row;
    put(row, "key", json_text(setting.key->path));
    put(row, "value", value_of(*setting.key, setting.value));
    put(row, "combines", json_text(name_of(setting.key->combines)));
    Node sources{.kind = NodeKind::array};
    for (const Origin& origin : setting.origins) {
      Node source;
      put(source, "layer", json_text(name_of(policy.layers()[origin.layer].kind)));
      put(source, "source", json_text(policy.source(origin)));
      sources.items.push_back(std::move(source));
    }
    put(row, "sources", std::move(sources));
    settings.items.push_back(std::move(row));
  }
  put(out, "settings", std::move(settings));
  Node layers{.kind = NodeKind::array};
  for (const Layer& layer : policy.layers()) {
    Node row = layer_json(layer);
    if (!with_layers) row.members.pop_back();
    layers.items.push_back(std::move(row));
  }
  put(out, "layers", std::move(layers));
  put(out, "warnings", json_list(loaded.warnings));
  return out;
}

void add_rule(std::string& text, Decision decision, const std::string& subject, const std::string& reason,
              const std::string& source) {
  text += fmt::format("    {:<5}  {:<44}  {}{}{}\n", name_of(decision), printable(shorten(subject, 60)), source,
                      reason.empty() ? "" : ": ", printable(shorten(reason, 80)));
}

std::string layer_text(const Policy& policy, std::size_t number) {
  const Layer& layer = policy.layers()[number];
  const auto source = [&](Place place) { return policy.source({static_cast<std::uint16_t>(number), place}); };
  std::string text = fmt::format("{} {}{}{}\n", name_of(layer.kind), printable(layer.file),
                                 layer.name.empty() ? "" : ": " + printable(layer.name),
                                 layer.revision == 0 ? "" : fmt::format(", revision {}", layer.revision));
  for (const Setting& setting : layer.settings)
    text += fmt::format("    {:<32} {:<30}  {}\n", setting.key->path,
                        printable(shorten(format_value(*setting.key, setting.value), 80)), source(setting.place));
  for (const CommandRule& rule : layer.commands)
    add_rule(text, rule.decision, format_prefix(rule), rule.reason, source(rule.place));
  for (const HostRule& rule : layer.hosts) add_rule(text, rule.decision, rule.pattern, rule.reason, source(rule.place));
  for (const ServerRule& rule : layer.servers) {
    if (rule.decision) add_rule(text, *rule.decision, "mcp " + rule.name, rule.reason, source(rule.place));
    for (const auto& [tool, decision] : rule.tools)
      add_rule(text, decision, "mcp " + rule.name + " " + tool, rule.reason, source(rule.place));
  }
  return text;
}

std::string counted(std::size_t n, std::string_view one) { return fmt::format("{} {}{}", n, one, n == 1 ? "" : "s"); }

std::string show_text(const LoadedPolicy& loaded, bool with_layers) {
  const Policy& policy = *loaded.policy;
  std::string text;
  if (with_layers) {
    for (std::size_t i = 0; i < policy.layers().size(); ++i) text += layer_text(policy, i) + "\n";
  } else {
    for (const Layer& layer : policy.layers()) {
      if (layer.kind == LayerKind::builtin) continue;
      text += fmt::format("{:<8} {}: {}, {}, {}, {}\n", name_of(layer.kind), printable(layer.file),
                          counted(layer.settings.size(), "setting"), counted(layer.commands.size(), "command rule"),
                          counted(layer.hosts.size(), "host"), counted(layer.servers.size(), "MCP server"));
    }
    if (policy.layers().size() == 1) text += "no policy files: the built-in defaults hold\n";
    text += "\n";
    for (const EffectiveSetting& setting : policy.settings())
      text += fmt::format("{:<28} {:<34}  {}\n", setting.key->path,
                          printable(shorten(format_value(*setting.key, setting.value), 80)),
                          policy.describe(setting.origins.front()));
    for (const auto& [name, section] :
         {std::pair<std::string_view, const Section*>{"commands", &policy.command_section()},
          {"network", &policy.network_section()},
          {"mcp", &policy.mcp_section()}}) {
      for (std::size_t i = 0; i < section->stances.size(); ++i) {
        const SectionStance& stance = section->stances[i];
        if (stance.fallback)
          text += fmt::format("{:<28} {:<34}  {}{}\n", fmt::format("{}.default", name),
                              fmt::format("\"{}\"", name_of(*stance.fallback)), policy.describe(stance.origin),
                              stance.observes ? " (observed only)" : "");
        if (stance.ask_from)
          text +=
              fmt::format("{:<28} {:<34}  {}\n", fmt::format("{}.ask_from", name),
                          fmt::format("\"{}\"", name_of(*stance.ask_from)), policy.describe(stance.ask_from_origin));
      }
    }
  }
  return text + fmt::format("\npolicy {}\n", policy.digest());
}

}  // namespace

Result<int> run_show(const PolicyArguments& arguments, const std::vector<std::string>& environment) {
  TRY_ASSIGN(const PolicyContext context, find_context(environment, {}));
  TRY_ASSIGN(const LoadedPolicy loaded, policy_for(context, arguments.policies));
  if (arguments.is_json) {
    TRY(print_json(show_json(loaded, arguments.with_layers)));
    return 0;
  }
  for (const std::string& warning : loaded.warnings)
    std::fprintf(stderr, "bailiwick: warning: %s\n", printable(warning).c_str());
  TRY(print_text(show_text(loaded, arguments.with_layers)));
  return 0;
}

namespace {

// Debian's package publicsuffix; without it lint says so.
constexpr const char* kSuffixes = "/usr/share/publicsuffix/public_suffix_list.dat";

Result<std::shared_ptr<const Policy>> policy_of(const std::string& named) {
  TRY_ASSIGN(const auto kind, parse_kind(named));
  TRY_ASSIGN(Layer layer, load_layer(kind.second, kind.first));
  std::vector<Layer> layers;
  layers.push_back(std::move(layer));
  return build_policy(std::move(layers), "/home/user");
}

// Where a policy would hold, for examples: nobody's real home.
Surroundings example_surroundings() { return {"/home/user/project", "/home/user/project", "/home/user"}; }

}  // namespace

Result<int> run_diff(const PolicyArguments& arguments) {
  if (arguments.files.size() != 2) return fail(ErrorKind::usage, "diff takes two policies: before and after");
  TRY_ASSIGN(const auto before, policy_of(arguments.files[0]));
  TRY_ASSIGN(const auto after, policy_of(arguments.files[1]));
  const std::vector<Difference> found = compare(*before, *after, example_surroundings());
  TRY(print_text(arguments.is_json ? render_diff_json(found)
                                   : render_diff(found, {.color = ::isatty(STDOUT_FILENO) != 0})));
  return found.empty() ? 0 : 1;
}

Result<int> run_lint(const PolicyArguments& arguments) {
  LintContext context{.around = example_surroundings()};
  const auto suffixes = load_file(kSuffixes, std::size_t{4} << 20);
  if (suffixes) context.suffixes = *suffixes;
  std::vector<LintFinding> all;
  for (const std::string& file : arguments.files) {
    TRY_ASSIGN(const auto policy, policy_of(file));
    for (LintFinding& finding : lint(*policy, context)) all.push_back(std::move(finding));
  }
  TRY(print_text(arguments.is_json ? render_lint_json(all) : render_lint(all)));
  return all.empty() ? 0 : 1;
}

}  // namespace bailiwick
