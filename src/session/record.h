// Our own state on disk: ${XDG_STATE_HOME:-~/.local/state}/bailiwick, mode 0700, never inside a sandbox. Each session
// has a directory sessions/ID with `record.jsonl`: a line with what was about to start, and one with how it ended
// (docs/json.md). Runs in the supervisor.
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
  // One of the two, once.
  [[nodiscard]] Status write_end(const SessionEnd& end);
  [[nodiscard]] Status write_failure(const Error& error);
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  [[nodiscard]] Status append(const std::string& line);

  Fd file_;  // closed after the last line
  std::string path_;
};

}  // namespace bailiwick
