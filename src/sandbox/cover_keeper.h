// Keeps the covers on. A host program that rewrites a covered file by rename tears the mount off in the running
// sandbox; the keeper, which holds the sandbox's user and mount namespaces without being confined, puts it back. Until
// then the name is open: a window that is measured, not closed.
//
// Runs in the launcher: single-threaded, outside the pid namespace, allocates nothing.
#pragma once

#include "sandbox/reporter.h"

namespace bailiwick {

// Puts one cover where it belongs below `root`. 0, or -1 with errno (ENOENT: nothing is there to cover).
[[nodiscard]] int apply_cover(int root, const Cover& cover);

// Watches the directory of every cover. Returns the inotify descriptor, or -1 with errno.
[[nodiscard]] int prepare_cover_keeper(const SandboxPlan& plan, int root);
[[noreturn]] void run_cover_keeper(const SandboxPlan& plan, int root, int inotify, const Reporter& report);

}  // namespace bailiwick
