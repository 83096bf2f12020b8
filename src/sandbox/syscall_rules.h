// Which system calls a sandboxed program may make. Pure: computed outside, before the launch; installed by the launcher
// in the child, as the last thing before exec. Every entry that is not `allow` says in syscall_rules.cc what it stops.
#pragma once

#include <cstdint>

#include "kernel/bpf.h"

namespace bailiwick {

enum class Affinity : std::uint8_t { free, fixed };  // fixed: the cpu budget is a set of CPUs that may not be left
enum class InetSockets : std::uint8_t {
  allowed,
  refused
};  // refused: where there is no network namespace to keep the network out
enum class SharedIpc : std::uint8_t {
  allowed,
  refused
};  // refused: where there is no IPC namespace (SysV and POSIX queues are the host's)

struct SyscallOptions {
  Affinity affinity = Affinity::free;
  InetSockets inet_sockets = InetSockets::allowed;
  SharedIpc shared_ipc = SharedIpc::allowed;
  bool operator==(const SyscallOptions&) const = default;
};

// Always compiles. Calls that no kernel we know has are answered ENOSYS, as an older kernel would.
[[nodiscard]] FilterSpec syscall_rules(const SyscallOptions& options);

}  // namespace bailiwick
