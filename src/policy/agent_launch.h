// How a command line starts an agent: through which launcher, with which arguments. Pure; any thread. A part of
// agent_profiles.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "policy/agent_profiles.h"

namespace bailiwick {

struct AgentLaunch {
  const AgentProfile* profile = nullptr;
  std::size_t arguments = 0;  // index of the first argument of the agent itself
};

// Sees through env, nice, nohup, setsid, timeout, node, bun, deno, and npx and its kin. Those take a package by its
// full name only: the package `codex` of the registry is not `@openai/codex`, and a profile lets a login in.
[[nodiscard]] AgentLaunch find_launch(std::span<const std::string> argv, std::string_view resolved_program);

// Whether the agent's own arguments leave or turn its own sandbox on. What its configuration files say is not looked
// at.
[[nodiscard]] bool starts_own_sandbox(std::string_view profile_name, std::span<const std::string> arguments);

}  // namespace bailiwick
