// What the policy of this machine makes of what the command line asks for: the flags become a layer, and what holds
// becomes the sandbox's policy. Runs outside, as the caller.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "policy/layer.h"
#include "policy/policy.h"
#include "sandbox/facts.h"
#include "session/load_policy.h"

namespace bailiwick {

// What was said, beside what SandboxPolicy holds: there a default cannot be told from a choice.
struct SessionFlags {
  std::optional<Mode> mode;
  std::optional<NetworkMode> network;
  std::optional<BackendChoice> backend;
  std::vector<std::string> policy_files;  // --policy
};

// The settings of the command line, as the file "command line". Relative paths are taken from `directory`.
[[nodiscard]] Layer flag_layer(const SandboxPolicy& asked, const SessionFlags& flags, std::string_view directory,
                               std::string_view home);

// What counts is where a path leads: links in the paths of users, flags and projects are resolved before they are held
// against bounds. In an administrator's paths only root's own links are. Changes `layers`.
void resolve_paths(std::vector<Layer>& layers, std::string_view home);

// What the session gets. `asked` gives what no policy speaks of (values of variables, the agent, how far to search).
// Paths of files that are not on this machine are left out. Adds to `warnings` where a limit was lowered.
[[nodiscard]] Result<SandboxPolicy> session_policy(const Policy& policy, const SandboxPolicy& asked,
                                                   std::vector<std::string>& warnings);

// After the looks at the machine, of what will be bound: nothing has been led out of its bound meanwhile, and the
// workspace is the one that the policy was read for. `invalid`.
[[nodiscard]] Status check_places(const Policy& policy, const std::string& workspace, const Facts& facts);

// `denied` where `agents.allowed` does not list the profile (empty: `none`).
[[nodiscard]] Status check_agent(const Policy& policy, std::string_view agent);

}  // namespace bailiwick
