// Our own state on disk: ${XDG_STATE_HOME:-~/.local/state}/bailiwick, mode 0700, never inside a sandbox. Each session
// has a directory sessions/ID with what was about to start (`start.json`, docs/json.md) and how it ended (`end.json`).
// Runs in the supervisor.
#pragma once

#include <string>

#include "base/id.h"
#include "base/result.h"
#include "kernel/fd.h"
#include "sandbox/plan.h"
#include "session/supervisor.h"

namespace bailiwick {

class SessionRecord {
 public:
  // Makes the directories that are missing and writes what is about to start. An error means that nothing may start.
  [[nodiscard]] static Result<SessionRecord> open(const std::string& state_directory, const SessionId& id,
                                                  const SandboxPlan& plan);
  [[nodiscard]] Status write_end(const SessionEnd& end) const;
  [[nodiscard]] Status write_failure(const Error& error) const;
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  Fd directory_;
  std::string path_;
};

}  // namespace bailiwick
