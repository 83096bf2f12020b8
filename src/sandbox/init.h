// Process 1 inside (namespaces backend), or the parent of the program (landlock backend): starts the program, passes
// signals on, does its part of job control, reaps, and tells how the program ended. It holds no descriptor but the
// channel and, on a terminal, one end of the pty. Allocates nothing.
#pragma once

#include "sandbox/builder.h"

namespace bailiwick {

struct InitInput {
  int root = -1;     // the new root; -1 in the landlock backend
  int ruleset = -1;  // Landlock
};
[[noreturn]] void run_init(const BuildInput& build, InitInput input);

}  // namespace bailiwick
