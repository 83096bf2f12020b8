// Starts a planned sandbox. Runs in the supervisor, which must be single-threaded at this point.
//
//   supervisor --fork, then setns into prepared namespaces--> launcher: builds the root, then keeps the covers
//        \------clone(pid), as the launcher's sibling-------> init: pid 1 inside; starts, stops and reaps the program
//                                                                \--> the program: gives up everything, then exec
//
// The launcher and init die with the supervisor (PR_SET_PDEATHSIG), and everything inside dies with init.
#pragma once

#include <sys/resource.h>
#include <termios.h>

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "kernel/fd.h"
#include "kernel/process.h"
#include "kernel/pty.h"
#include "sandbox/plan.h"
#include "sandbox/prepared_namespaces.h"

namespace bailiwick {

// What the program gets as standard input, output and error.
enum class StdioUse : std::uint8_t {
  pass,      // the caller's own
  terminal,  // the slave of a new pseudo terminal
};

struct LaunchOptions {
  std::array<StdioUse, 3> stdio{StdioUse::pass, StdioUse::pass, StdioUse::pass};
  WindowSize window{};            // of the new terminal
  std::optional<::termios> line;  // its line settings: the user's own
  int cgroup_directory = -1;      // the launcher is born in it
  char** arguments = nullptr;     // the supervisor's own argv and environ: wiped in the children
  char** environment = nullptr;
  std::uint64_t* timings = nullptr;  // kTimingSlots nanoseconds (CLOCK_MONOTONIC) in shared memory, or null
};

// The steps of a launch, in order; each is named in errors and in --timings.
enum class LaunchStep : std::uint8_t {
  namespaces,  // from here to `prepared` in the preparer, while others plan
  user_namespace,
  ceilings,
  loopback,
  prepared,
  begin,
  join,
  keyring,
  root,
  build,
  covers,
  landlock_rules,
  seal,
  init,
  proc,
  pivot,
  terminal,
  drop_privileges,
  ready,
  program,
  limits,
  directory,
  affinity,
  landlock,
  seccomp,
  exec,
};
inline constexpr std::size_t kTimingSlots = static_cast<std::size_t>(LaunchStep::exec) + 1;
[[nodiscard]] std::string_view name_of(LaunchStep step);

// What comes over the channel while the sandbox runs. Fixed size; one message each.
struct SandboxEvent {
  enum class Kind : std::uint32_t {
    init,            // `value` is the process id of init, as the supervisor sees it
    terminal,        // carries the master of the new terminal
    proc,            // carries the sandbox's own /proc
    scratch,         // carries a directory of the private tmpfs, for counting its memory
    failed,          // `step`, `index` and `value` (errno) say what could not be done
    stopped,         // the program was stopped by the signal `value`
    exited,          // `value` is the wait status of the program, `usage` of all that init reaped
    cover_restored,  // `index` of the cover that a host program had torn off; `value` microseconds after it was noticed
    cover_lost,      // `index` of a cover that could not be put back; `value` is the errno. The session must end
  };
  Kind kind;
  LaunchStep step;
  std::int32_t index;
  std::int64_t value;
  ::rusage usage;
};

// What the supervisor asks of init.
struct InitRequest {
  enum class Kind : std::uint32_t {
    start,  // the first one, once the record is written: until then there is no program
    signal,
    resume,
  };
  Kind kind;
  std::int32_t value;
};

class Sandbox {
 public:
  // The next event; blocks. An end of the channel is an error: the sandbox ended without saying how.
  struct Received {
    SandboxEvent event;
    Fd fd;
  };
  [[nodiscard]] Result<Received> receive();
  [[nodiscard]] int channel() const { return channel_.get(); }  // readable when an event waits
  [[nodiscard]] Status send(InitRequest request);
  // The step and what it was about, for people.
  [[nodiscard]] static Error describe_failure(const SandboxPlan& plan, const SandboxEvent& event);

  [[nodiscard]] Process& launcher() { return launcher_; }
  [[nodiscard]] Process& init() { return init_; }
  // Kills everything inside and waits until it is gone.
  void end();

 private:
  friend Result<Sandbox> launch(const SandboxPlan& plan, const LaunchOptions& options,
                                std::optional<PreparedNamespaces> prepared);
  Fd channel_;
  std::optional<PreparedNamespaces> prepared_;
  Process launcher_;
  Process init_;
};

// Returns when the launcher has been started; what it does is told by events. Namespaces that were prepared for the
// plan's network mode are used; without any, the backend that needs them makes its own. Those for another mode are an
// error.
[[nodiscard]] Result<Sandbox> launch(const SandboxPlan& plan, const LaunchOptions& options,
                                     std::optional<PreparedNamespaces> prepared = std::nullopt);

}  // namespace bailiwick
