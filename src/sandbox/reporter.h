// How the new processes tell the supervisor what happened. Runs in the launcher, in init and before exec: allocates
// nothing.
#pragma once

#include "sandbox/launch.h"

namespace bailiwick {

struct Reporter {
  int channel = -1;
  std::uint64_t* timings = nullptr;

  // Sends what failed and ends the process: the supervisor makes an Error of it.
  [[noreturn]] void fail(LaunchStep step, std::size_t index, int code) const;
  // 0, or -1 with errno. `fd` -1: none goes along.
  int send(const SandboxEvent& event, int fd) const;
  void mark(LaunchStep step) const;
};

}  // namespace bailiwick
