#include "sandbox/plan.h"

#include <sys/resource.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <tuple>

#include "base/text.h"
#include "policy/agent_profiles.h"
#include "policy/environment.h"
#include "policy/home.h"
#include "sandbox/syscall_rules.h"
#include "sandbox/workspace.h"

namespace bailiwick {
namespace {

std::string quoted(std::string_view text) { return "`" + printable(text) + "`"; }

std::size_t depth(std::string_view path) { return static_cast<std::size_t>(std::count(path.begin(), path.end(), '/')); }

std::string parent_of(const std::string& path) {
  const auto slash = path.rfind('/');
  return slash == 0 || slash == std::string::npos ? "/" : path.substr(0, slash);
}

// Collects what the new root is made of, in any order, and puts it in the order in which it can be built.
class RootBuilder {
 public:
  void bind(const std::string& path, MountAccess access, bool is_directory) {
    for (Entry& entry : entries_) {
      if (entry.step.kind != RootStep::Kind::bind || entry.step.target != path) continue;
      if (access == MountAccess::read_write) entry.step.access = access;
      return;
    }
    entries_.push_back({{.kind = RootStep::Kind::bind,
                         .target = path,
                         .source = path,
                         .access = access,
                         .is_directory = is_directory}});
  }
  void scratch(const std::string& path, unsigned mode) {
    entries_.push_back({{.kind = RootStep::Kind::scratch,
                         .target = path,
                         .source = {},
                         .access = MountAccess::read_write,
                         .mode = mode}});
  }
  void directory(const std::string& path) {
    entries_.push_back({{.kind = RootStep::Kind::directory,
                         .target = path,
                         .source = {},
                         .access = MountAccess::read_only,
                         .mode = 0755}});
  }
  void symlink(const std::string& path, const std::string& text) {
    entries_.push_back({{.kind = RootStep::Kind::symlink, .target = path, .source = text, .is_directory = false}});
  }
  void copy(const std::string& path, const std::string& content) {
    entries_.push_back(
        {{.kind = RootStep::Kind::copy, .target = path, .source = content, .mode = 0444, .is_directory = false}});
  }
  void device(const std::string& path) {
    entries_.push_back({{.kind = RootStep::Kind::device,
                         .target = path,
                         .source = path,
                         .access = MountAccess::read_write,
                         .is_directory = false}});
  }
  void devpts(const std::string& path) {
    entries_.push_back(
        {{.kind = RootStep::Kind::devpts, .target = path, .source = {}, .access = MountAccess::read_write}});
  }

  // Shallow before deep; at one depth private directories before binds, so that nothing hides what was bound.
  std::vector<RootStep> build() {
    for (std::size_t i = 0; i < entries_.size(); ++i) entries_[i].order = i;
    std::sort(entries_.begin(), entries_.end(), [](const Entry& a, const Entry& b) {
      return std::pair(depth(a.step.target), a.order) < std::pair(depth(b.step.target), b.order);
    });
    std::vector<RootStep> steps;
    std::set<std::string> made = {"/"};
    for (Entry& entry : entries_) {
      RootStep& step = entry.step;
      const RootStep* over = holder(steps, step.target);
      if (step.kind == RootStep::Kind::bind && over != nullptr && over->kind == RootStep::Kind::bind &&
          (over->access == step.access || over->access == MountAccess::read_write)) {
        continue;  // already there, with no less
      }
      const bool inside_bind = over != nullptr && over->kind == RootStep::Kind::bind;
      const bool is_own = step.kind == RootStep::Kind::directory || step.kind == RootStep::Kind::symlink ||
                          step.kind == RootStep::Kind::copy;
      if (inside_bind && is_own) continue;  // the host's own entry is there
      // Below a link of ours there is nothing to make: what the link points at is named by itself.
      const auto is_above = [&](const RootStep& made_before) {
        return made_before.kind == RootStep::Kind::symlink && is_within(step.target, made_before.target);
      };
      if (is_own && std::any_of(steps.begin(), steps.end(), is_above)) continue;
      if (!inside_bind) add_parents(step.target, made, steps);
      if (step.kind == RootStep::Kind::directory && !made.insert(step.target).second) continue;
      made.insert(step.target);
      steps.push_back(std::move(step));
    }
    return steps;
  }

 private:
  struct Entry {
    RootStep step;
    std::size_t order = 0;
  };

  // The last mount that `path` would lie in.
  static const RootStep* holder(const std::vector<RootStep>& steps, const std::string& path) {
    const RootStep* found = nullptr;
    for (const RootStep& step : steps) {
      const bool mounts = step.kind == RootStep::Kind::bind || step.kind == RootStep::Kind::scratch;
      if (mounts && step.target != path && is_within(path, step.target)) found = &step;
    }
    return found;
  }

  void add_parents(const std::string& target, std::set<std::string>& made, std::vector<RootStep>& steps) const {
    std::vector<std::string> missing;
    for (std::string at = parent_of(target); !made.contains(at); at = parent_of(at)) {
      if (const RootStep* over = holder(steps, at); over != nullptr && over->kind == RootStep::Kind::bind) break;
      missing.push_back(at);
    }
    for (auto at = missing.rbegin(); at != missing.rend(); ++at) {
      steps.push_back({.kind = RootStep::Kind::directory,
                       .target = *at,
                       .source = {},
                       .access = MountAccess::read_only,
                       .mode = 0755});
      made.insert(*at);
    }
  }

  std::vector<Entry> entries_;
};

class Planner {
 public:
  Planner(const SandboxPolicy& policy, const Facts& facts, const HostFeatures& host)
      : policy_(policy), facts_(facts), host_(host) {}

  Result<SandboxPlan> run() {
    out_.mode = policy_.mode;
    out_.network = policy_.network;
    out_.uid = facts_.uid;
    out_.gid = facts_.gid;
    out_.drop_groups = facts_.uid == 0;
    out_.workspace = facts_.workspace.root;
    out_.directory = facts_.workspace.asked;
    out_.command = facts_.command;
    out_.agent = facts_.agent;
    out_.credentials = facts_.credentials;
    out_.scanned_entries = facts_.scanned_entries;
    out_.scan_budget = policy_.scan_entries;
    out_.warnings = facts_.agent_warnings;
    out_.warnings.insert(out_.warnings.end(), facts_.notes.begin(), facts_.notes.end());
    if (facts_.scan_was_cut) {
      out_.weaker.push_back(
          "the search for protected names stopped after " + std::to_string(policy_.scan_entries) +
          " entries: names deeper in the tree are not covered (a smaller workspace, or --scan-entries N)");
    }
    TRY(choose_backend());
    TRY(set_budgets());
    TRY(set_seccomp());
    set_environment();
    if (out_.backend == Backend::namespaces) {
      build_root();
      build_covers();
    } else {
      note_landlock_limits();
    }
    build_landlock();
    TRY(find_candidates());
    return std::move(out_);
  }

 private:
  Status choose_backend() {
    if (!host_.has_seccomp_filter)
      return fail(ErrorKind::sandbox,
                  "this kernel has no seccomp filters (CONFIG_SECCOMP_FILTER): see `bailiwick doctor`");
    if (host_.landlock_abi < 2) {
      return fail(
          ErrorKind::sandbox,
          host_.landlock_abi == 0
              ? "this kernel has no Landlock, or it is off: boot with `lsm=landlock,...` (CONFIG_SECURITY_LANDLOCK); "
                "see `bailiwick doctor`"
              : "this kernel's Landlock is too old (ABI 1): Linux 5.19 or newer is needed; see `bailiwick doctor`");
    }
    out_.landlock_abi = host_.landlock_abi;
    const bool namespaces = host_.has_user_namespaces && host_.has_mount_setattr && host_.has_fresh_proc;
    switch (policy_.backend) {
      case BackendChoice::namespaces:
        if (!namespaces) {
          const std::string why = !host_.has_user_namespaces
                                      ? (host_.user_namespaces_problem.empty() ? "user namespaces are refused here"
                                                                               : host_.user_namespaces_problem)
                                  : !host_.has_mount_setattr ? "this kernel is older than 5.12"
                                                             : "a fresh /proc cannot be mounted here";
          return fail(ErrorKind::sandbox,
                      "the namespaces backend cannot work: " + why +
                          "; `bailiwick doctor` says what to change, --backend landlock accepts a weaker sandbox");
        }
        out_.backend = Backend::namespaces;
        break;
      case BackendChoice::landlock: out_.backend = Backend::landlock; break;
      case BackendChoice::automatic: out_.backend = namespaces ? Backend::namespaces : Backend::landlock; break;
    }
    if (out_.backend == Backend::namespaces && out_.network == NetworkMode::host && host_.landlock_abi < 6) {
      out_.weaker.push_back(
          "abstract Unix sockets of the host can be reached: --network host without Landlock ABI 6 (Linux 6.12)");
    }
    return {};
  }

  Status set_budgets() {
    const Limits& limits = policy_.limits;
    std::uint64_t have = host_.memory_bytes > 0 ? host_.memory_bytes : 8ULL << 30;
    if (host_.cgroup_memory_ceiling > 0) have = std::min(have, host_.cgroup_memory_ceiling);
    out_.memory_bytes = std::min(limits.memory_bytes.value_or(have / 2), have);
    out_.scratch_bytes = limits.scratch_bytes.value_or(out_.memory_bytes / 2);
    out_.processes = limits.processes;
    if (host_.cgroup_pids_ceiling > 0) out_.processes = std::min(out_.processes, host_.cgroup_pids_ceiling);
    const auto has = [&](std::string_view controller) {
      return !host_.cgroup_parent.empty() && std::find(host_.cgroup_controllers.begin(), host_.cgroup_controllers.end(),
                                                       controller) != host_.cgroup_controllers.end();
    };
    out_.cgroup_parent = host_.cgroup_parent;
    out_.cgroup_controllers = host_.cgroup_controllers;
    out_.cgroup_needs_move = host_.cgroup_needs_move;
    out_.memory_keeper = has("memory") ? MemoryKeeper::cgroup : MemoryKeeper::watched;
    out_.has_pid_max = host_.has_pid_max_namespaced;
    if (limits.cpus) out_.cpus = std::min(*limits.cpus, static_cast<double>(host_.cpus));
    affinity_ = out_.cpus > 0 && !has("cpu");
    if (affinity_ && out_.cpus != std::floor(out_.cpus)) {
      out_.weaker.push_back("cpu=" + std::to_string(*limits.cpus).substr(0, 4) +
                            ": without a delegated cgroup whole CPUs are given: " +
                            std::to_string(static_cast<int>(std::ceil(out_.cpus))));
    }
    if (facts_.uid == 0 && !has("pids") && (!out_.has_pid_max || out_.backend == Backend::landlock)) {
      out_.weaker.push_back(
          "the number of processes is not limited: root is exempt from RLIMIT_NPROC, no pids cgroup is delegated" +
          std::string(out_.has_pid_max ? "" : ", and kernel.pid_max belongs to the whole machine before Linux 6.14"));
    }
    out_.limits = {{RLIMIT_CORE, "core", 1},  // 1, not 0: also stops a pipe handler (core(5))
                   {RLIMIT_NOFILE, "open-files", limits.open_files},
                   // Launcher and init count in it. Where a cgroup holds the budget, that has to be reached first (it
                   // allows two more): only a cgroup tells what it refused.
                   {RLIMIT_NPROC, "processes", out_.processes + (has("pids") ? 3 : 0)},
                   {RLIMIT_FSIZE, "file-size", limits.file_bytes},
                   {RLIMIT_SIGPENDING, "queued-signals", 4096},
                   {RLIMIT_MSGQUEUE, "message-queues", 409600}};  // the host counts both for the user, too
    // Not by default: RLIMIT_DATA counts what is reserved, and AddressSanitizer reserves 15 TB (docs/adr/0004).
    // RLIMIT_AS would be worse.
    if (limits.data_bytes) out_.limits.push_back({RLIMIT_DATA, "data", *limits.data_bytes});
    return {};
  }

  Status set_seccomp() {
    SyscallOptions options;
    options.affinity = affinity_ ? Affinity::fixed : Affinity::free;
    // Without an IPC namespace the host's System V segments and POSIX queues are kept out here.
    if (out_.backend == Backend::landlock) options.shared_ipc = SharedIpc::refused;
    if (out_.backend == Backend::landlock && out_.network == NetworkMode::off)
      options.inet_sockets = InetSockets::refused;
    TRY_ASSIGN(out_.seccomp, compile(syscall_rules(options)));
    return {};
  }

  void set_environment() {
    std::vector<std::string> agent_names;
    if (const AgentProfile* profile = find_profile(facts_.agent); profile != nullptr) {
      for (const std::string_view name : profile->variables) agent_names.emplace_back(name);
    }
    SandboxEnvironment environment =
        sandbox_environment({.host = facts_.environment, .named = policy_.environment, .agent = agent_names});
    for (std::string& warning : environment.warnings) out_.warnings.push_back(std::move(warning));
    const auto set = [&](const std::string& name, const std::string& value) {
      const auto at = std::find_if(environment.variables.begin(), environment.variables.end(),
                                   [&](const EnvVar& one) { return one.name == name; });
      if (at != environment.variables.end()) {
        at->value = value;
      } else {
        environment.variables.push_back({.name = name, .value = value});
      }
    };
    const auto has = [&](const std::string& name) {
      return std::any_of(environment.variables.begin(), environment.variables.end(),
                         [&](const EnvVar& one) { return one.name == name; });
    };
    if (facts_.real_home.empty()) set("HOME", "/tmp");
    if (!has("PATH")) set("PATH", "/usr/local/bin:/usr/bin:/bin");
    if (out_.backend == Backend::landlock) set("TMPDIR", facts_.private_scratch);
    set("PWD", out_.directory);
    for (const EnvVar& one : environment.variables) out_.environment.push_back(one.name + "=" + one.value);
    std::sort(out_.environment.begin(), out_.environment.end());
  }

  MountAccess workspace_access() const {
    return policy_.mode == Mode::read_only ? MountAccess::read_only : MountAccess::read_write;
  }

  bool is_hidden(const std::string& path) const {
    return std::any_of(facts_.matches.begin(), facts_.matches.end(), [&](const ScanMatch& match) {
      return match.kind == ScanMatch::Kind::hide && match.path == path;
    });
  }

  void add_entry(RootBuilder& root, const PathFact& fact, MountAccess access) const {
    switch (fact.kind) {
      case FileKind::directory: root.bind(fact.path, access, true); break;
      case FileKind::file: root.bind(fact.path, access, false); break;
      case FileKind::symlink: root.symlink(fact.path, fact.link); break;
      default: break;
    }
  }

  void add_devices(RootBuilder& root) const {
    root.directory("/dev");
    for (const char* name : {"null", "zero", "full", "random", "urandom", "tty"})
      root.device(std::string("/dev/") + name);
    root.devpts("/dev/pts");
    root.scratch("/dev/shm", 01777);
    root.symlink("/dev/ptmx", "pts/ptmx");
    root.symlink("/dev/fd", "/proc/self/fd");
    root.symlink("/dev/stdin", "/proc/self/fd/0");
    root.symlink("/dev/stdout", "/proc/self/fd/1");
    root.symlink("/dev/stderr", "/proc/self/fd/2");
  }

  void build_root() {
    RootBuilder root;
    root.directory("/proc");
    root.directory("/run");
    root.scratch("/tmp", 01777);
    root.scratch("/var/tmp", 01777);
    add_devices(root);
    if (policy_.mode == Mode::full_access) {
      static constexpr std::string_view kOwn[] = {"/proc", "/dev", "/tmp", "/run", "/sys", "/lost+found"};
      for (const PathFact& fact : facts_.top) {
        if (std::find(std::begin(kOwn), std::end(kOwn), fact.path) == std::end(kOwn))
          add_entry(root, fact, MountAccess::read_write);
      }
    } else {
      if (!facts_.real_home.empty()) {
        root.scratch(facts_.real_home, 0700);
        if (facts_.home != facts_.real_home) root.symlink(facts_.home, facts_.real_home);
      }
      root.symlink("/var/run", "/run");
      for (const PathFact& fact : facts_.system) {
        if (fact.path == "/etc" && !facts_.etc.empty()) {
          root.directory("/etc");
          for (const PathFact& entry : facts_.etc) {
            if (!is_hidden(entry.path)) add_entry(root, entry, MountAccess::read_only);
          }
        } else {
          add_entry(root, fact, MountAccess::read_only);
        }
      }
      for (const PathFact& fact : facts_.home_trees) add_entry(root, fact, MountAccess::read_only);
    }
    for (const CopyFact& copy : facts_.copies) root.copy(copy.path, copy.content);
    // `bash -lc`, as agents call it, reads /etc/profile, which on many systems sets PATH anew.
    const auto path = std::find_if(out_.environment.begin(), out_.environment.end(),
                                   [](const std::string& one) { return one.starts_with("PATH="); });
    if (policy_.mode != Mode::full_access && !facts_.real_home.empty() && path != out_.environment.end()) {
      root.copy(facts_.real_home + "/.profile", login_profile(path->substr(5)));
    }
    for (const PathFact& fact : facts_.agent_state) add_entry(root, fact, MountAccess::read_write);
    for (const PathFact& fact : facts_.read) add_entry(root, fact, MountAccess::read_only);
    for (const PathFact& fact : facts_.write) add_entry(root, fact, MountAccess::read_write);
    if (!facts_.workspace.common_git_directory.empty())
      root.bind(facts_.workspace.common_git_directory, workspace_access(), true);
    root.bind(facts_.workspace.root, workspace_access(), true);
    if (!facts_.workspace.alias.empty()) root.symlink(facts_.workspace.alias, facts_.workspace.asked);
    for (const PathFact& fact : facts_.sockets) {
      root.bind(fact.path, MountAccess::read_write, false);
      if (fact.asked != fact.path && fact.asked.starts_with('/')) root.symlink(fact.asked, fact.path);
      out_.sockets.push_back(fact.path);
      const std::string name = fact.path.substr(fact.path.rfind('/') + 1);
      const bool is_escape = name.find("docker") != std::string::npos || name.find("podman") != std::string::npos ||
                             name.find("containerd") != std::string::npos || name == "bus" ||
                             name == "system_bus_socket" || name.find("systemd") != std::string::npos ||
                             name.find("libvirt") != std::string::npos;
      out_.warnings.push_back(
          is_escape ? "--socket " + quoted(fact.path) +
                          " is a way out of the sandbox: whoever speaks to it can start programs on the host"
                    : "--socket " + quoted(fact.path) + ": the service behind it acts outside the sandbox");
    }
    out_.root = root.build();
  }

  void build_covers() {
    std::vector<std::string> hidden_trees;
    std::vector<ScanMatch> matches = facts_.matches;
    std::sort(matches.begin(), matches.end(), [](const ScanMatch& a, const ScanMatch& b) {
      return std::tuple(depth(a.path), std::string_view(a.path), a.kind) <
             std::tuple(depth(b.path), std::string_view(b.path), b.kind);
    });
    std::set<std::string> seen;
    for (const ScanMatch& match : matches) {
      const RootStep* step = holder_of(match.path);
      if (step == nullptr) continue;  // absent: the best cover
      const bool under_hidden = std::any_of(hidden_trees.begin(), hidden_trees.end(),
                                            [&](const std::string& tree) { return is_within(match.path, tree); });
      if (under_hidden) continue;
      if (match.kind != ScanMatch::Kind::hide && step->access == MountAccess::read_only)
        continue;  // nothing to protect from
      // One name may be both protected and secret: hiding is the stronger one, and comes first only if it is listed
      // first.
      if (match.kind != ScanMatch::Kind::hide && is_hidden(match.path)) continue;
      if (!seen.insert(match.path).second) continue;
      if (match.kind == ScanMatch::Kind::hide && match.is_directory) hidden_trees.push_back(match.path);
      const Cover::Kind kind = match.kind == ScanMatch::Kind::protect ? Cover::Kind::protect
                               : match.kind == ScanMatch::Kind::hide  ? Cover::Kind::hide
                                                                      : Cover::Kind::pin;
      out_.covers.push_back(
          {.kind = kind, .target = match.path, .is_directory = match.is_directory, .reason = match.reason});
    }
    pin_parents();
  }

  // A protected name is safe only where it is: a parent that could be moved aside would make room for another one.
  // Every directory between a cover and the tree that holds it is bound onto itself. SECURITY: attack cases W76, W77.
  void pin_parents() {
    std::set<std::string> pins;
    for (const Cover& cover : out_.covers) {
      if (cover.kind != Cover::Kind::protect) continue;
      const RootStep* step = holder_of(cover.target);
      for (std::string at = parent_of(cover.target);
           step != nullptr && at != step->target && is_within(at, step->target); at = parent_of(at))
        pins.insert(at);
    }
    for (const Cover& cover : out_.covers) pins.erase(cover.target);
    for (const std::string& pin : pins) {
      out_.covers.push_back({.kind = Cover::Kind::pin,
                             .target = pin,
                             .is_directory = true,
                             .reason = "a parent of a protected name stays where it is"});
    }
    // Parents first: what is bound onto itself would hide what was put below it before.
    std::sort(out_.covers.begin(), out_.covers.end(), [](const Cover& a, const Cover& b) {
      return std::pair(depth(a.target), std::string_view(a.target)) <
             std::pair(depth(b.target), std::string_view(b.target));
    });
  }

  // The bind in which `path` is seen, or null where it is not.
  const RootStep* holder_of(const std::string& path) const {
    const RootStep* found = nullptr;
    for (const RootStep& step : out_.root) {
      if (step.kind != RootStep::Kind::bind && step.kind != RootStep::Kind::scratch) continue;
      if (is_within(path, step.target)) found = &step;
    }
    // The root of a bind is a mount point already: it can be neither moved nor replaced, and somebody named it.
    return found != nullptr && found->kind == RootStep::Kind::bind && found->target != path ? found : nullptr;
  }

  void build_landlock() {
    const TcpRule tcp = out_.backend == Backend::landlock && out_.network == NetworkMode::off ? TcpRule::refused
                                                                                              : TcpRule::unrestricted;
    // Mounts decide what there is to read. Only a descriptor of the host's could lead elsewhere: one that is there from
    // the start (opened again through /proc for more than it was opened for), or that a host's socket passes in.
    const bool has_door = facts_.has_file_as_stdio || !facts_.sockets.empty() ||
                          (out_.network == NetworkMode::host && out_.landlock_abi < 6);
    const bool checks_reads = out_.backend == Backend::landlock || has_door;
    out_.landlock = landlock_handled(out_.landlock_abi, tcp, checks_reads ? ReadRule::checked : ReadRule::unchecked);
    auto& rules = out_.landlock_rules;
    if (out_.backend == Backend::namespaces) {
      // This second lock keeps writes to the trees that may be written, and holds for whatever descriptor of another
      // tree comes in: no rule names the host's own root.
      rules.push_back({.path = "/", .access = TreeAccess::read});
      for (const RootStep& step : out_.root) {
        if (step.kind == RootStep::Kind::device)
          rules.push_back({.path = step.target, .access = TreeAccess::device, .is_directory = false});
        if (step.kind == RootStep::Kind::devpts) rules.push_back({.path = step.target, .access = TreeAccess::device});
        // A private directory that a bind lies over (`--read ~`) is not what the name shows.
        const bool is_overlain = std::any_of(out_.root.begin(), out_.root.end(), [&](const RootStep& other) {
          return other.kind == RootStep::Kind::bind && other.target == step.target;
        });
        const bool writable = (step.kind == RootStep::Kind::scratch && !is_overlain) ||
                              (step.kind == RootStep::Kind::bind && step.access == MountAccess::read_write);
        if (writable)
          rules.push_back({.path = step.target, .access = TreeAccess::write, .is_directory = step.is_directory});
      }
      return;
    }
    const auto allow = [&](const PathFact& fact, TreeAccess access) {
      if (fact.kind == FileKind::directory || fact.kind == FileKind::file) {
        rules.push_back({.path = fact.path, .access = access, .is_directory = fact.kind == FileKind::directory});
      }
    };
    if (policy_.mode == Mode::full_access) {
      for (const PathFact& fact : facts_.top) {
        if (fact.path == "/proc" || fact.path == "/sys" || fact.path == "/run") {
          rules.push_back({.path = fact.path, .access = TreeAccess::read});
        } else if (fact.path != "/dev" && !is_hidden(fact.path)) {
          allow(fact, TreeAccess::write);
        }
      }
    } else {
      for (const PathFact& fact : facts_.system) {
        if (fact.path == "/etc" && !facts_.etc.empty()) {
          for (const PathFact& entry : facts_.etc) {
            if (!is_hidden(entry.path)) allow(entry, TreeAccess::read);
          }
        } else {
          allow(fact, TreeAccess::read);
        }
      }
      rules.push_back({.path = "/proc", .access = TreeAccess::read});
      for (const CopyFact& copy : facts_.copies)
        rules.push_back({.path = copy.path, .access = TreeAccess::read_file, .is_directory = false});
      for (const PathFact& fact : facts_.home_trees) allow(fact, TreeAccess::read);
    }
    for (const PathFact& fact : facts_.agent_state) allow(fact, TreeAccess::write);
    for (const PathFact& fact : facts_.read) allow(fact, TreeAccess::read);
    for (const PathFact& fact : facts_.write) allow(fact, TreeAccess::write);
    const TreeAccess workspace = policy_.mode == Mode::read_only ? TreeAccess::read : TreeAccess::write;
    rules.push_back({.path = facts_.workspace.root, .access = workspace});
    out_.private_scratch = facts_.private_scratch;
    rules.push_back({.path = out_.private_scratch, .access = TreeAccess::write});
    if (!facts_.workspace.common_git_directory.empty())
      rules.push_back({.path = facts_.workspace.common_git_directory, .access = workspace});
    for (const char* device : {"/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty"}) {
      rules.push_back({.path = device, .access = TreeAccess::device, .is_directory = false});
    }
    rules.push_back({.path = "/dev/ptmx", .access = TreeAccess::device, .is_directory = false});
    rules.push_back({.path = "/dev/pts", .access = TreeAccess::device});
  }

  void note_landlock_limits() {
    auto& weaker = out_.weaker;
    weaker.push_back(
        "backend landlock: protected files in the workspace (git hooks and configuration, agent settings) can be "
        "changed");
    weaker.push_back("backend landlock: processes of the host are visible in /proc, with their command lines");
    weaker.push_back("backend landlock: Unix sockets of the host can be reached");
    weaker.push_back(
        "backend landlock: a process that detaches itself outlives a supervisor that is killed with SIGKILL");
    if (host_.landlock_abi < 6)
      weaker.push_back(
          "backend landlock: processes of the same user can be signalled (Landlock ABI 6, Linux 6.12, stops that)");
    std::size_t open_secrets = 0;
    for (const ScanMatch& match : facts_.matches) open_secrets += match.kind == ScanMatch::Kind::hide ? 1 : 0;
    if (open_secrets > 0) {
      weaker.push_back("backend landlock: " + std::to_string(open_secrets) +
                       " secret or denied names inside readable trees stay readable");
    }
  }

  bool is_visible(const std::string& path) const {
    if (out_.backend == Backend::namespaces) {
      for (const Cover& cover : out_.covers) {
        if (cover.kind == Cover::Kind::hide && is_within(path, cover.target)) return false;
      }
      const RootStep* found = nullptr;
      for (const RootStep& step : out_.root) {
        const bool mounts = step.kind == RootStep::Kind::bind || step.kind == RootStep::Kind::scratch;
        if (mounts && is_within(path, step.target)) found = &step;
      }
      return found != nullptr && found->kind == RootStep::Kind::bind;
    }
    return std::any_of(out_.landlock_rules.begin(), out_.landlock_rules.end(), [&](const LandlockRule& rule) {
      return rule.access != TreeAccess::device && is_within(path, rule.path);
    });
  }

  Status find_candidates() {
    for (const PathFact& candidate : facts_.candidates) {
      if (!is_visible(candidate.path)) continue;
      // `/bin/sh` on a merged /usr: the link `/bin` is there too. A link in a directory that is hidden is not.
      const bool link_is_there =
          is_visible(candidate.asked) ||
          std::any_of(out_.root.begin(), out_.root.end(),
                      [&](const RootStep& step) {
                        return step.kind == RootStep::Kind::symlink && is_within(candidate.asked, step.target);
                      }) ||
          out_.backend == Backend::landlock;
      out_.candidates.push_back(link_is_there ? candidate.asked : candidate.path);
    }
    if (!out_.candidates.empty()) return {};
    const PathFact& first = facts_.candidates.front();
    return fail(ErrorKind::not_found, "program " + quoted(first.asked) +
                                          " exists but is not visible in the sandbox: add --read " +
                                          shell_quote(printable(parent_of(first.path))));
  }

  const SandboxPolicy& policy_;
  const Facts& facts_;
  const HostFeatures& host_;
  bool affinity_ = false;
  SandboxPlan out_;
};

}  // namespace

std::string_view name_of(Backend backend) { return backend == Backend::namespaces ? "namespaces" : "landlock"; }

std::string_view name_of(RootStep::Kind kind) {
  switch (kind) {
    case RootStep::Kind::directory: return "directory";
    case RootStep::Kind::scratch: return "scratch";
    case RootStep::Kind::bind: return "bind";
    case RootStep::Kind::device: return "device";
    case RootStep::Kind::symlink: return "symlink";
    case RootStep::Kind::copy: return "copy";
    case RootStep::Kind::devpts: return "devpts";
  }
  return "";
}

std::string_view name_of(Cover::Kind kind) {
  switch (kind) {
    case Cover::Kind::protect: return "protect";
    case Cover::Kind::hide: return "hide";
    case Cover::Kind::pin: return "pin";
  }
  return "";
}

Result<SandboxPlan> plan(const SandboxPolicy& policy, const Facts& facts, const HostFeatures& host) {
  return Planner(policy, facts, host).run();
}

}  // namespace bailiwick
