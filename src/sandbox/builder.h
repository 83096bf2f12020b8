// The part of a launch that runs in the new processes: between clone and exec nothing here allocates, locks or throws.
// Each function runs where its name says and ends in _exit, never in return.
#pragma once

#include <signal.h>

#include <cstddef>

#include "sandbox/launch.h"

namespace bailiwick {

// Made by the supervisor before the clone, so that the children only read it.
struct BuildInput {
  const SandboxPlan* plan = nullptr;
  const LaunchOptions* options = nullptr;
  int channel = -1;                              // the children's end
  const PreparedNamespaces* prepared = nullptr;  // namespaces backend
  pid_t supervisor = 0;
  char* const* argv = nullptr;  // of the program
  char* const* envp = nullptr;
  ::sigset_t signal_mask{};                     // what the program starts with
  std::array<std::uint64_t, 3> stdio_rights{};  // Landlock rights for regular files among 0, 1, 2; 0: none
};

// In the launcher, namespaces backend.
[[noreturn]] void run_launcher(const BuildInput& input);
// In init, landlock backend (no namespaces).
[[noreturn]] void run_plain_init(const BuildInput& input);

}  // namespace bailiwick
