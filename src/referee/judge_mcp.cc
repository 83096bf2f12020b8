#include <algorithm>

#include "referee/judge.h"

namespace bailiwick {
namespace {

bool is_tool(std::string_view pattern, std::string_view tool) {
  if (pattern.ends_with('*')) return tool.starts_with(pattern.substr(0, pattern.size() - 1));
  return pattern == tool;
}

// The identity that a rule demands. What is not known does not fit.
bool has_identity(const ServerRule& rule, const McpAction& action) {
  if (!rule.command.empty() &&
      (action.command != rule.command || (!rule.arguments.empty() && action.arguments != rule.arguments)))
    return false;
  return rule.url.empty() || action.url == rule.url;
}

}  // namespace

Verdict judge(const McpAction& action, const Policy& policy, std::vector<MatchedCause>* matched) {
  const Section& section = policy.mcp_section();
  const auto& layers = policy.layers();
  std::vector<Opinion> opinions(layers.size());
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const auto& servers = layers[i].servers;
    auto at = std::ranges::find(servers, action.server, &ServerRule::name);
    if (at == servers.end()) at = std::ranges::find(servers, "*", &ServerRule::name);
    const auto say = [&](Decision decision, const Cause& cause, std::string rule) {
      opinions[i] = {true, decision, cause};
      if (matched != nullptr) matched->push_back({decision, cause, std::move(rule)});
    };
    if (at != servers.end()) {
      Cause cause{.kind = CauseKind::rule,
                  .layer = static_cast<std::uint16_t>(i),
                  .rule = static_cast<std::uint32_t>(at - servers.begin()),
                  .place = at->place,
                  .reason = at->reason};
      if (!has_identity(*at, action)) {
        cause.reason = "the server is not the one that the rule names: its command or address differs or is not known";
        say(Decision::deny, cause, action.server);
        continue;
      }
      std::optional<Decision> decided;  // the strictest of those that name the tool
      for (const auto& [pattern, decision] : at->tools)
        if (is_tool(pattern, action.tool)) decided = decided ? std::max(*decided, decision) : decision;
      if (!decided) decided = at->decision;
      if (decided) {
        say(*decided, cause, action.server + " " + action.tool);
        continue;
      }
    }
    const SectionStance& stance = section.stances[i];
    if (stance.fallback)
      say(*stance.fallback, {.kind = CauseKind::fallback, .layer = stance.origin.layer, .place = stance.origin.place},
          "default");
  }
  const Opinion last{
      true,
      section.last_word,
      {.kind = CauseKind::last_word, .layer = section.last_word_origin.layer, .place = section.last_word_origin.place}};
  return settle(policy, section, opinions, last);
}

}  // namespace bailiwick
