// Which directory a session works in. Runs outside, as the caller; runs no git and follows no link of the workspace.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "policy/policy.h"
#include "sandbox/facts.h"

namespace bailiwick {

struct WorkspaceRequest {
  std::string directory;  // -C, or empty for the current one
  std::string home;       // resolved
  std::string state_directory;
  std::uint32_t uid = 0;
  Mode mode = Mode::workspace_write;
};

// The git top level that holds the directory, if the caller owns it and it is neither home nor above it; else the
// directory itself. Errors (`invalid`): not there, not a directory, `/`, home or above it, a system directory, not the
// caller's own or not writable for a mode that writes.
[[nodiscard]] Result<WorkspaceFact> find_workspace(const WorkspaceRequest& request);

}  // namespace bailiwick
