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

// The strictest of those that name the tool, else the server's; may be none.
std::optional<Decision> decision_about(const ServerRule& rule, std::string_view tool) {
  std::optional<Decision> decided;
  for (const auto& [pattern, decision] : rule.tools)
    if (is_tool(pattern, tool)) decided = decided ? std::max(*decided, decision) : decision;
  return decided ? decided : rule.decision;
}

}  // namespace

Verdict judge(const McpAction& action, const Policy& policy, std::vector<MatchedCause>* matched) {
  const Section& section = policy.mcp_section();
  const auto& layers = policy.layers();
  std::vector<Opinion> opinions(layers.size());
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const auto& servers = layers[i].servers;
    // The rules of this server and those of every server: the strictest holds.
    for (std::size_t r = 0; r < servers.size(); ++r) {
      const ServerRule& rule = servers[r];
      if (rule.name != action.server && rule.name != "*") continue;
      Cause cause{.kind = CauseKind::rule,
                  .layer = static_cast<std::uint16_t>(i),
                  .rule = static_cast<std::uint32_t>(r),
                  .place = rule.place,
                  .reason = rule.reason,
                  .subject = rule.name};
      std::optional<Decision> decided = decision_about(rule, action.tool);
      if (!has_identity(rule, action)) {
        cause.reason = "the server is not the one that the rule names: its command or address differs or is not known";
        decided = Decision::deny;
      }
      if (!decided) continue;
      if (matched != nullptr) matched->push_back({*decided, cause, rule.name + " " + action.tool});
      Opinion& opinion = opinions[i];
      if (!opinion.speaks || *decided > opinion.decision) opinion = {true, *decided, cause};
    }
    if (opinions[i].speaks) continue;
    const SectionStance& stance = section.stances[i];
    if (!stance.fallback) continue;
    opinions[i] = {true,
                   *stance.fallback,
                   {.kind = CauseKind::fallback, .layer = stance.origin.layer, .place = stance.origin.place}};
    if (matched != nullptr) matched->push_back({*stance.fallback, opinions[i].cause, "default"});
  }
  const Opinion last{
      true,
      section.last_word,
      {.kind = CauseKind::last_word, .layer = section.last_word_origin.layer, .place = section.last_word_origin.place}};
  return settle(policy, section, opinions, last);
}

}  // namespace bailiwick
