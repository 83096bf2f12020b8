// Control groups, version 2: where we may make one, and the owner of one. Runs in the supervisor, outside the sandbox.
//
// Where a session's cgroup goes. The kernel's rules: (1) a cgroup that is not the root may have processes, or hand
// controllers to its children, not both; (2) moving a process needs write permission to `cgroup.procs` of the
// destination and of the nearest common ancestor of both ends; (3) a child has only the controllers in its parent's
// `cgroup.subtree_control`. So, in this order:
//   1. the nearest of our own cgroup and the ones above it that is writable and hands out `memory`. Usually that is the
//   parent of ours:
//      app.slice of a desktop or of `systemd-run --user --scope`. Our own can only be it when it is the root;
//   2. our own cgroup, when we are its only process and it has `memory`: we first move into a leaf of it
//   (`take_own_cgroup`);
//   3. as 1, but for `pids` alone.
// A cgroup that we would leave may carry limits. They must not be lost: the ceilings in `DelegatedParent` are part of
// the answer, and where a CPU quota would be left behind we do not leave.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kernel/fd.h"

namespace bailiwick {

// One cgroup on the way from our own up to the mount's root, as read from its files: as much of them as the decision
// needs.
struct CgroupLevel {
  std::string directory;
  bool is_root = false;                      // the real root: it has no cgroup.type, and rule 1 does not bind it
  bool is_writable = false;                  // for us: the directory, cgroup.procs and cgroup.subtree_control
  std::vector<std::string> controllers;      // cgroup.controllers: what it has itself; of the first and the last level
  std::vector<std::string> subtree_control;  // what it hands to its children
  std::uint64_t memory_max = 0;              // 0: unlimited
  std::uint64_t pids_max = 0;
  bool has_cpu_quota = false;
};
struct CgroupFacts {
  std::vector<CgroupLevel> levels;  // our own first; empty: no cgroup2 is mounted, or it does not show our cgroup
  bool is_alone = false;            // our own cgroup has no process but ourselves
};

struct DelegatedParent {
  std::string directory;
  std::vector<std::string> controllers;  // of "memory", "pids", "cpu"
  bool needs_move = false;               // case 2: call take_own_cgroup(directory) first
  std::uint64_t memory_ceiling = 0;      // the smallest limit that binds us now, wherever it is set; 0: none
  std::uint64_t pids_ceiling = 0;
  bool operator==(const DelegatedParent&) const = default;
};

// Pure. No value: nothing is delegated to us.
[[nodiscard]] std::optional<DelegatedParent> find_delegated_parent(const CgroupFacts& facts);
// The smallest memory.max and pids.max on the way up; 0: none. Pure.
[[nodiscard]] std::uint64_t memory_ceiling(const CgroupFacts& facts);
[[nodiscard]] std::uint64_t pids_ceiling(const CgroupFacts& facts);
// Why no cgroup can hold a session's memory, and what to change: one line, lower-case, no full stop. Empty when one
// can. Pure.
[[nodiscard]] std::string explain_no_memory_cgroup(const CgroupFacts& facts);

// Where cgroup2 is mounted and which part of it: pure, from the text of /proc/self/mountinfo and /proc/self/cgroup. The
// directory of our own cgroup, or nothing. `mount_point` gets the top of what is visible.
struct CgroupPlace {
  std::string mount_point;
  std::string own;  // starts with mount_point
  bool operator==(const CgroupPlace&) const = default;
};
[[nodiscard]] std::optional<CgroupPlace> find_own_cgroup(std::string_view mountinfo, std::string_view self_cgroup);
// The "0::" line of /proc/self/cgroup, or nothing.
[[nodiscard]] std::optional<std::string> unified_path(std::string_view self_cgroup);

// Reads the levels from `own` up to `mount_point`. Stops for no error: what cannot be read is absent.
[[nodiscard]] CgroupFacts load_cgroup_facts(const CgroupPlace& place);
// The same for this process: tries /sys/fs/cgroup and /sys/fs/cgroup/unified before it reads all of mountinfo.
[[nodiscard]] CgroupFacts load_own_cgroup_facts();

// Case 2: makes `bailiwick-supervisor` in `own`, moves this process there and hands memory, pids and cpu to the
// children of `own`. It is undone where it fails half way. The leaf stays: whoever delegated `own` removes it with it.
[[nodiscard]] Status take_own_cgroup(const std::string& own);

struct CgroupLimits {
  enum class OomScope : std::uint8_t { process, group };  // what the kernel ends when memory_bytes is reached
  std::optional<std::uint64_t> memory_bytes;              // also sets swap to none
  OomScope oom_scope = OomScope::process;
  std::optional<std::uint64_t> pids;             // processes and threads
  std::optional<std::uint64_t> cpu_thousandths;  // 1500: one and a half CPUs' worth of time
};

struct CgroupEvents {
  std::uint64_t oom_kills = 0;     // processes that the kernel ended for memory
  std::uint64_t pids_refused = 0;  // forks refused
  bool is_populated = false;
};

// Owns one cgroup directory. Going away, it kills what is left in it, waits (2 s at most) and removes it. Move-only;
// one thread at a time.
class [[nodiscard]] Cgroup {
 public:
  // A new child of `parent`, which find_delegated_parent named. `name`: letters, digits, '.', '_' and '-'.
  static Result<Cgroup> make_cgroup(const std::string& parent, std::string_view name);
  Cgroup(Cgroup&& other) noexcept = default;
  Cgroup& operator=(Cgroup&& other) noexcept;
  ~Cgroup() { static_cast<void>(remove()); }

  // Sets every limit that is given, or fails naming the file. memory.swap.max is left out where the kernel does not
  // account for swap.
  [[nodiscard]] Status set_limits(const CgroupLimits& limits);
  [[nodiscard]] Status add(pid_t pid);
  // SIGKILL to every process in it, also to those being forked (5.14).
  [[nodiscard]] Status kill_all();
  // Until no process is left in it. False: the deadline passed.
  [[nodiscard]] Result<bool> wait_until_empty(std::chrono::milliseconds deadline) const;

  [[nodiscard]] int directory() const { return directory_.get(); }  // for CLONE_INTO_CGROUP
  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] CgroupEvents events() const;                       // of what cannot be read: zero
  [[nodiscard]] std::optional<std::uint64_t> memory_peak() const;  // bytes; 5.19
  [[nodiscard]] std::optional<std::uint64_t> memory_current() const;
  // Kills, waits and removes now, and tells whether that worked.
  Status remove();

 private:
  Cgroup(Fd parent, Fd directory, std::string path, std::string name)
      : parent_(std::move(parent)), directory_(std::move(directory)), path_(std::move(path)), name_(std::move(name)) {}
  [[nodiscard]] Status write(const char* file, std::string_view text) const;
  [[nodiscard]] std::string read(const char* file) const;  // empty: cannot be read

  Fd parent_;
  Fd directory_;
  std::string path_;
  std::string name_;
};

}  // namespace bailiwick
