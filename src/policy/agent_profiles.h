// Shipped data: what each known agent is, keeps and needs. Pure; any thread. docs/shipped-data.md is generated from it.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace bailiwick {

// A place of the agent's own, where `variable` may move the leading `home_path` (`CODEX_HOME` moves ~/.codex).
struct AgentPath {
  std::string_view path;  // relative to HOME
  std::string_view reason;
  std::string_view variable = {};  // names the directory that replaces `replaces`
  std::string_view replaces = {};  // leading part of `path`, for example ".codex"
};

struct AgentProfile {
  std::string_view name;                       // "codex"; what --agent takes
  std::string_view title;                      // "OpenAI Codex CLI"
  std::span<const std::string_view> programs;  // basenames
  // trailing path components of its script or binary inside npm packages
  std::span<const std::string_view> package_paths;
  std::span<const std::string_view> packages;  // npm package names, for npx and the like

  std::span<const AgentPath> state;             // directories and files it may write
  std::span<const AgentPath> guarded;           // inside them: configuration, hooks, MCP: read-only
  std::span<const AgentPath> credentials;       // inside them: its own login, let in for this agent only
  std::span<const std::string_view> variables;  // environment let in for this agent only
  std::span<const std::string_view> hosts;      // whom it talks to by default

  // What to say when it was started with its own sandbox on; empty if it has none.
  std::string_view sandbox_off_hint;
};

[[nodiscard]] std::span<const AgentProfile> agent_profiles();
[[nodiscard]] const AgentProfile* find_profile(std::string_view name);

// The profile of the program that `argv` starts, seen through npx, bunx, pnpm dlx, yarn dlx, npm exec, node, bun, env;
// or null. `resolved_program` is the absolute path of argv[0] with links resolved, or empty.
[[nodiscard]] const AgentProfile* profile_for(std::span<const std::string> argv, std::string_view resolved_program);

// A path of HOME as this environment moves it: absolute. `value_of_variable` is empty where the variable is not set.
[[nodiscard]] std::string agent_path(const AgentPath& path, std::string_view home, std::string_view value_of_variable);

// The arguments of the agent itself in `argv` (after launchers), for flags. Empty if the agent is not recognised.
[[nodiscard]] std::span<const std::string> agent_arguments(const AgentProfile& profile,
                                                           std::span<const std::string> argv);

// A full sentence with the exact flag to add, where the agent was started with its own sandbox on (two sandboxes do not
// nest).
[[nodiscard]] std::optional<std::string> own_sandbox_warning(const AgentProfile& profile,
                                                             std::span<const std::string> argv);

}  // namespace bailiwick
