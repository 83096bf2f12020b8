// What a process gives up before it runs somebody else's program. All functions act on the calling thread, allocate
// nothing and may run between clone and exec: 0, or -1 with errno.
#pragma once

#include <sys/types.h>

#include "base/result.h"

namespace bailiwick {

// Writes /proc/self/{setgroups,gid_map,uid_map} in a new user namespace: the same uid and gid inside as outside, one of
// each.
[[nodiscard]] int write_identity_maps(uid_t uid, gid_t gid);
// Writes a number to a file such as /proc/sys/user/max_user_namespaces.
[[nodiscard]] int write_number(const char* path, unsigned long long value);
// Returns the number in the file, or `otherwise`.
[[nodiscard]] unsigned long long read_number(const char* path, unsigned long long otherwise);

// Empty bounding, inheritable, ambient, permitted and effective sets, and the securebits that keep uid 0 from being
// special.
[[nodiscard]] int drop_all_capabilities();
[[nodiscard]] int set_no_new_privileges();
[[nodiscard]] int set_not_dumpable();
// A new, empty, anonymous session keyring in place of the inherited one.
[[nodiscard]] int join_new_session_keyring();
// The kernel sends SIGKILL to the caller when its parent's thread ends.
[[nodiscard]] int die_with_parent();
// Root only: no supplementary groups from here on, where that is permitted. Inside a session's user namespace they can
// no longer be given up.
[[nodiscard]] Status give_up_groups();
// Overwrites the process's own argument and environment strings: what /proc/PID/cmdline and environ show.
void wipe_arguments(char** argv, char** environment, const char* name);

}  // namespace bailiwick
