// A route netlink socket, as far as a sandbox needs one. Allocates nothing; usable between clone and exec: 0, or -1
// with errno.
#pragma once

namespace bailiwick {

// Brings the loopback interface of the caller's network namespace up (it has index 1 in every namespace).
[[nodiscard]] int bring_loopback_up();

}  // namespace bailiwick
