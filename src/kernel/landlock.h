// Landlock: a ruleset is a value (what is handled, which paths get what); `open_ruleset` makes the kernel object,
// `restrict` applies it to the calling thread. The functions on plain values allocate nothing and may run between clone
// and exec. libc has no wrappers for these system calls.
#pragma once

#include <cstdint>

#include "kernel/fd.h"

namespace bailiwick {

// What a tree may be used for. The rights of each are in landlock.cc.
enum class TreeAccess : std::uint8_t {
  read,        // read files and directories, execute
  write,       // all of that and every kind of change but device nodes
  device,      // open for reading and writing, ioctl: for device nodes
  read_file,   // one file, reading only
  write_file,  // one file, reading and writing, no execution
};

struct LandlockHandled {
  std::uint64_t filesystem = 0;
  std::uint64_t network = 0;
  std::uint64_t scoped = 0;
};
enum class TcpRule : std::uint8_t { unrestricted, refused };
// `unchecked`: opening for reading is nobody's business here. It spares every open a walk up to the root (10 % of a
// `find`, docs/adr/0012), which the right to truncate asks for, too.
enum class ReadRule : std::uint8_t { checked, unchecked };

// Everything that `abi` can handle: filesystem rights, both scopes from ABI 6, TCP if it is to be refused (ABI 4).
[[nodiscard]] LandlockHandled landlock_handled(int abi, TcpRule tcp, ReadRule reads);
// The rights of `access`, of those that are handled; for a file the rights that only directories have are left out.
[[nodiscard]] std::uint64_t landlock_rights(TreeAccess access, const LandlockHandled& handled, bool is_directory);

// -1 with errno on failure. `ruleset` must be >= 0 for the second and third.
[[nodiscard]] int landlock_create(const LandlockHandled& handled, int abi);
[[nodiscard]] int landlock_allow(int ruleset, int path_fd, std::uint64_t rights);
[[nodiscard]] int landlock_restrict(int ruleset);
// 0: the kernel has no Landlock or it is off.
[[nodiscard]] int landlock_abi();

}  // namespace bailiwick
