// One governed run: starts the planned sandbox, stands between it and the user's terminal, passes signals on, watches
// its memory, and says how it ended. Single-threaded: one poll(2) loop. Runs outside the sandbox, as the caller.
//
// Everything inside ends before run() returns, however it returns.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "sandbox/launch.h"
#include "sandbox/plan.h"
#include "surface/terminal_filter.h"

namespace bailiwick {

struct SupervisorOptions {
  char** arguments = nullptr;  // our own, for wiping in the children
  char** environment = nullptr;
  Clipboard clipboard = Clipboard::refused;
  std::uint64_t* timings = nullptr;
  // Called while the sandbox is being built; the program starts only after it has said yes. Writes the record.
  std::function<Status()> before_program;
};

struct SessionEnd {
  int wait_status = 0;     // of the program
  int exit_code = 0;       // what we exit with
  std::string stopped_by;  // why the session was ended by us: a limit, a signal, a lost cover; empty if the program
                           // ended by itself
  std::chrono::nanoseconds wall{};
  std::chrono::nanoseconds cpu{};
  std::uint64_t peak_process_bytes = 0;  // largest resident set of one process
  std::uint64_t peak_memory_bytes = 0;   // of the whole session, as sampled; 0: not sampled
  std::uint64_t peak_processes = 0;      // as sampled; 0: not sampled
  std::vector<std::string> limited;      // what limits stopped, one line each
  std::uint64_t covers_restored = 0;
  std::int64_t longest_restore_us = 0;
  DropCounts dropped;
};

// An error means that the program did not start; its kind gives the exit code.
[[nodiscard]] Result<SessionEnd> supervise(const SandboxPlan& plan, const SupervisorOptions& options,
                                           std::optional<PreparedNamespaces> prepared = std::nullopt);

}  // namespace bailiwick
