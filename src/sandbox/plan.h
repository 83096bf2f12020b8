// The plan of a sandbox: everything that the launcher will do, as a value that can be printed, compared and tested.
// `plan()` is pure: it looks at nothing but its arguments. Facts about this machine are gathered in facts.h.
//
// Paths inside equal paths outside: what is bound is bound at its own place.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "kernel/bpf.h"
#include "kernel/host_features.h"
#include "kernel/landlock.h"
#include "kernel/mount.h"
#include "policy/policy.h"
#include "sandbox/facts.h"

namespace bailiwick {

enum class Backend : std::uint8_t { namespaces, landlock };
[[nodiscard]] std::string_view name_of(Backend backend);

// One step in building the new root. The order matters: parents come before what is mounted below them.
struct RootStep {
  enum class Kind : std::uint8_t {
    directory,  // made in our own root filesystem
    scratch,    // the same, private and writable: gone at the end
    bind,       // the host's tree or file at the same path
    device,     // the host's device node
    symlink,    // `source` is the text of the link
    copy,       // `source` is the content of a read-only file
    devpts,
  };
  Kind kind;
  std::string target;  // absolute
  std::string source;
  MountAccess access = MountAccess::read_only;
  unsigned mode = 0755;
  bool is_directory = true;
  bool operator==(const RootStep&) const = default;
};
[[nodiscard]] std::string_view name_of(RootStep::Kind kind);

// Something below a bound tree that is given less than the tree. Put back by the resident keeper when a host program's
// rename tears it off.
struct Cover {
  enum class Kind : std::uint8_t {
    protect,  // what is there, read-only
    hide,     // an empty file or directory that nobody can read
    pin,      // bound onto itself, writable, so that it can be neither moved nor replaced
  };
  Kind kind;
  std::string target;  // absolute
  bool is_directory = false;
  std::string reason;
  bool operator==(const Cover&) const = default;
};
[[nodiscard]] std::string_view name_of(Cover::Kind kind);

struct LandlockRule {
  std::string path;  // inside
  TreeAccess access;
  bool is_directory = true;
  bool operator==(const LandlockRule&) const = default;
};

struct ResourceLimit {
  int resource;  // RLIMIT_*
  std::string name;
  std::uint64_t value;
  bool operator==(const ResourceLimit&) const = default;
};

enum class MemoryKeeper : std::uint8_t { cgroup, watched };

struct SandboxPlan {
  Backend backend = Backend::namespaces;
  Mode mode = Mode::workspace_write;
  NetworkMode network = NetworkMode::off;
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  bool drop_groups = false;  // supplementary groups can be given up only by root

  std::string workspace;
  std::string directory;  // where the command starts
  std::vector<std::string> command;
  std::vector<std::string> candidates;  // absolute paths to try as execvp(3) would, in order
  std::vector<std::string> environment;
  std::string agent;  // profile name, empty for none
  // Which policy made this: filled in by whoever read it; for header and record.
  std::string policy_digest;
  std::vector<std::string> policy_layers;

  std::vector<RootStep> root;
  std::vector<Cover> covers;
  std::vector<std::string> sockets;      // host sockets let in by name
  std::vector<std::string> credentials;  // the agent's own login that was let in: paths and variable names
  std::string private_scratch;  // landlock backend: a directory that lives as long as the session; TMPDIR names it
  int landlock_abi = 0;
  LandlockHandled landlock;
  std::vector<LandlockRule> landlock_rules;
  FilterProgram seccomp;
  std::vector<ResourceLimit> limits;
  std::uint64_t memory_bytes = 0;
  MemoryKeeper memory_keeper = MemoryKeeper::watched;
  std::string cgroup_parent;  // empty: no cgroup of our own
  std::vector<std::string> cgroup_controllers;
  bool cgroup_needs_move = false;  // take_own_cgroup() first
  std::uint64_t processes = 0;
  double cpus = 0;  // 0: all
  std::uint64_t scratch_bytes = 0;
  bool has_pid_max = false;  // kernel.pid_max belongs to the pid namespace

  std::uint64_t scanned_entries = 0;
  std::uint64_t scan_budget = 0;
  std::vector<std::string> warnings;  // what the user should know
  std::vector<std::string> weaker;    // what this sandbox cannot hold that it should, each with its reason
};

// Fails with `invalid` where the request contradicts itself or asks for what may not be had, with `sandbox` where this
// host cannot enforce it.
[[nodiscard]] Result<SandboxPlan> plan(const SandboxPolicy& policy, const Facts& facts, const HostFeatures& host);

// For people, and for programs (docs/json.md).
[[nodiscard]] std::string render_text(const SandboxPlan& plan);
[[nodiscard]] std::string render_json(const SandboxPlan& plan);

}  // namespace bailiwick
