// Mounts, by the mount API of Linux 5.2 to 5.12 (descriptors instead of paths). All functions but MountFd's owner
// allocate nothing and may run between clone and exec: they return a descriptor or 0, or -1 with errno.
#pragma once

#include <cstdint>

#include "kernel/fd.h"

namespace bailiwick {

enum class MountAccess : std::uint8_t { read_only, read_write };

// A detached copy of the mount at `path` (relative to `directory`) with everything mounted below it. `follow` = false:
// a symlink is not followed.
[[nodiscard]] int clone_mount(int directory, const char* path, int extra_flags);
// nosuid and nodev always; read-only where asked; recursive. Not executable where `no_exec`.
[[nodiscard]] int set_mount_flags(int mount, MountAccess access, unsigned long long extra_attributes);
// A detached tmpfs of at most `bytes` (0: no limit) with the root directory's `mode`.
[[nodiscard]] int make_tmpfs(const char* size, const char* mode, const char* inodes);
[[nodiscard]] int make_proc();
// The POSIX message queues of the caller's IPC namespace.
[[nodiscard]] int make_mqueue();
// A new devpts instance: nothing of the host's terminals shows in it.
[[nodiscard]] int make_devpts();
// Attaches a detached mount at `path` relative to `directory`; the last component is not followed if it is a symlink.
[[nodiscard]] int attach_mount(int mount, int directory, const char* path);
// Attaches a detached mount exactly on what `target` refers to.
[[nodiscard]] int attach_mount_on(int mount, int target);
[[nodiscard]] int make_all_private();
// Makes `root` (a directory descriptor of a mount's root) the root, and detaches the old one.
[[nodiscard]] int enter_root(int root);

// openat2 beneath `directory`, no symlinks, no magic links; mounts may be crossed. -1 with errno.
[[nodiscard]] int open_beneath_raw(int directory, const char* relative, int flags);

}  // namespace bailiwick
