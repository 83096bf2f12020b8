// The namespaces of a sandbox, made ahead: a third of a start is the kernel making them, and it can do that on another
// CPU while facts are gathered and the plan is made (docs/adr/0011). A small process, the preparer, makes them, writes
// the id maps and ceilings and brings loopback up; the launcher joins them with setns(2) and kills it. No program of
// the sandbox runs before the preparer is gone.
#pragma once

#include <cstdint>

#include "base/result.h"
#include "kernel/fd.h"
#include "kernel/process.h"
#include "policy/policy.h"

namespace bailiwick {

enum class LaunchStep : std::uint8_t;

// What the preparer says, once: how far it came. Fixed size, so that one write is one message.
struct PreparedState {
  LaunchStep step;         // `ready`, or the step that failed
  std::uint8_t index = 0;  // what in that step
  std::int32_t os_errno = 0;
};

class [[nodiscard]] PreparedNamespaces {
 public:
  // Starts the preparer. The caller is single-threaded. `timings` as in LaunchOptions.
  [[nodiscard]] static Result<PreparedNamespaces> begin(NetworkMode network, std::uint64_t* timings);

  // In the launcher, which is another child of the one who began: waits, joins, ends the preparer. Allocates nothing.
  // On failure says which step failed; the preparer then is dead or dies with the supervisor.
  [[nodiscard]] PreparedState join() const;

  [[nodiscard]] NetworkMode network() const { return network_; }
  [[nodiscard]] int pidfd() const { return preparer_.pidfd(); }  // readable once the preparer has ended

 private:
  Process preparer_;  // killed and reaped with its owner
  Fd said_;
  NetworkMode network_ = NetworkMode::off;
  unsigned long flags_ = 0;
};

}  // namespace bailiwick
