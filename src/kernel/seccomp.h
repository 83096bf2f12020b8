// Installs a system call filter on the calling thread. It holds for everything that the thread starts, for good.
// Runs between clone and exec: allocates nothing, takes no lock, reports by errno.
#pragma once

#include <linux/filter.h>

#include <span>

namespace bailiwick {

// 0, or -1 with errno: EACCES without no_new_privs (or CAP_SYS_ADMIN), EINVAL for a program that the kernel does not
// accept.
[[nodiscard]] int install_filter(std::span<const ::sock_filter> program) noexcept;

}  // namespace bailiwick
