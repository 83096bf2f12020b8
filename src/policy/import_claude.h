// The rules of Claude Code's settings, `Tool(what)`. Internal to the importer. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "policy/import_builder.h"

namespace bailiwick {

struct ClaudeImport {
  PolicyBuilder policy;
  // What counts for all commands, all MCP tools: a rule without, or with `*` in, its brackets.
  std::optional<Decision> all_commands;
  Place all_commands_place;
  bool only_managed_rules = false;  // allowManagedPermissionRulesOnly
  Place only_managed_place;
  bool no_bypass = false;  // disableBypassPermissionsMode
  Place no_bypass_place;
  bool has_sandbox = false;      // sandbox.enabled
  bool asks_in_sandbox = false;  // sandbox.autoAllowBashIfSandboxed is false
  // allowedMcpServers
  bool has_server_list = false;
  Place server_list_place;
  std::vector<std::string> allowed_servers;
  std::vector<std::string> denied_servers;
};

// "Tool", "Tool(what)". Null: it is no rule.
struct ClaudeRule {
  std::string_view tool;
  std::string_view what;
  bool has_what = false;
};
[[nodiscard]] std::optional<ClaudeRule> parse_claude_rule(std::string_view text);

// What a `Bash(..)` rule covers, said as a prefix.
struct ClaudeCommand {
  std::vector<std::string> words;  // empty: every command, or (with `is_lost`) nothing that can be said
  bool is_lost = false;            // it cannot be said
  bool is_exact = true;            // the prefix covers what the rule does, nothing more
};
[[nodiscard]] ClaudeCommand read_claude_command(std::string_view what);

void read_claude_rule(ClaudeImport& in, const std::string& key, const Node& item, Decision decision);
// Paths of rules: `//x` absolute, `~/x`, `/x` and `x` relative. The patterns that cover it; empty: none.
[[nodiscard]] std::vector<std::string> claude_deny_patterns(std::string_view path);
void read_claude_sandbox(ClaudeImport& in, const std::string& key, const Member& member);

}  // namespace bailiwick
