#include "kernel/cgroup.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "base/text.h"

namespace bailiwick {
namespace {

constexpr long kCgroup2Magic = 0x63677270;  // CGROUP2_SUPER_MAGIC, linux/magic.h
constexpr std::array kControllers{"memory", "pids", "cpu"};

bool contains(const std::vector<std::string>& list, std::string_view word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

std::vector<std::string> words(std::string_view line) {
  std::vector<std::string> out;
  for (const std::string_view word : split(trim(line), ' ')) {
    if (!word.empty()) out.emplace_back(word);
  }
  return out;
}

std::vector<std::string> ours(const std::vector<std::string>& controllers) {
  std::vector<std::string> out;
  for (const char* name : kControllers) {
    if (contains(controllers, name)) out.emplace_back(name);
  }
  return out;
}

// A small file relative to a directory descriptor; empty when it cannot be read. Cheap: one open, one read.
std::string read_small(int directory, const char* file) {
  const Fd fd(::openat(directory, file, O_RDONLY | O_CLOEXEC));
  if (!fd.is_open()) return {};
  std::array<char, 512> buffer;
  const ssize_t n = ::read(fd.get(), buffer.data(), buffer.size());
  return n > 0 ? std::string(buffer.data(), static_cast<std::size_t>(n)) : std::string();
}

// "max" and what is not a number: 0, no limit.
std::uint64_t limit_in(std::string_view text) { return parse_number(trim(text), 0, UINT64_MAX).value_or(0); }

std::uint64_t smallest(std::uint64_t a, std::uint64_t b) { return a == 0 ? b : b == 0 ? a : std::min(a, b); }

// mountinfo writes blanks, tabs, newlines and backslashes as \ooo.
std::string unescape(std::string_view field) {
  std::string out;
  for (std::size_t i = 0; i < field.size(); ++i) {
    const auto octal = [&](std::size_t at) { return field[at] >= '0' && field[at] <= '7'; };
    if (field[i] == '\\' && i + 3 < field.size() && octal(i + 1) && octal(i + 2) && octal(i + 3)) {
      out += static_cast<char>((field[i + 1] - '0') * 64 + (field[i + 2] - '0') * 8 + (field[i + 3] - '0'));
      i += 3;
    } else {
      out += field[i];
    }
  }
  return out;
}

std::string join_path(const std::string& mount_point, std::string_view below) {
  if (below.empty() || below == "/") return mount_point;
  return mount_point + std::string(below);
}

// The nearest level with `controller` to hand out that can be used without leaving a CPU quota behind.
const CgroupLevel* nearest(const CgroupFacts& facts, std::string_view controller) {
  for (const CgroupLevel& level : facts.levels) {
    // Rule 1: our own cgroup holds us, so that only the root can have children with controllers beside us.
    const bool holds_us = &level == &facts.levels.front();
    if (level.is_writable && contains(level.subtree_control, controller) && (!holds_us || level.is_root)) return &level;
    if (level.has_cpu_quota) return nullptr;
  }
  return nullptr;
}

// Whether children can be made in the cgroup `fd`, and with what. The cheapest question comes first.
void read_delegation(int fd, CgroupLevel& level) {
  const auto writable = [&](const char* file) { return ::faccessat(fd, file, W_OK, AT_EACCESS) == 0; };
  const std::string quota = read_small(fd, "cpu.max");
  level.has_cpu_quota = !quota.empty() && !quota.starts_with("max");
  if (!writable("cgroup.procs") || !writable("cgroup.subtree_control") || !writable(".")) return;
  const std::string type = read_small(fd, "cgroup.type");
  level.is_root = type.empty() && ::faccessat(fd, "cgroup.type", F_OK, 0) != 0;
  level.is_writable = level.is_root || trim(type) == "domain";
  if (level.is_writable) level.subtree_control = words(read_small(fd, "cgroup.subtree_control"));
}

}  // namespace

std::uint64_t memory_ceiling(const CgroupFacts& facts) {
  std::uint64_t least = 0;
  for (const CgroupLevel& level : facts.levels) least = smallest(least, level.memory_max);
  return least;
}

std::uint64_t pids_ceiling(const CgroupFacts& facts) {
  std::uint64_t least = 0;
  for (const CgroupLevel& level : facts.levels) least = smallest(least, level.pids_max);
  return least;
}

std::optional<DelegatedParent> find_delegated_parent(const CgroupFacts& facts) {
  if (facts.levels.empty()) return std::nullopt;
  DelegatedParent parent{.memory_ceiling = memory_ceiling(facts), .pids_ceiling = pids_ceiling(facts)};
  const CgroupLevel& own = facts.levels.front();
  for (const std::string_view controller : {"memory", "pids"}) {
    if (const CgroupLevel* level = nearest(facts, controller); level != nullptr) {
      parent.directory = level->directory;
      parent.controllers = ours(level->subtree_control);
      return parent;
    }
    if (own.is_writable && !own.is_root && facts.is_alone && contains(own.controllers, controller)) {
      parent.directory = own.directory;
      parent.controllers = ours(own.controllers);
      parent.needs_move = true;
      return parent;
    }
  }
  return std::nullopt;
}

std::string explain_no_memory_cgroup(const CgroupFacts& facts) {
  if (facts.levels.empty()) {
    return "no version 2 cgroup of this process is visible; mount cgroup2 on /sys/fs/cgroup, or start where it is "
           "mounted";
  }
  const auto parent = find_delegated_parent(facts);
  if (parent && contains(parent->controllers, "memory")) return {};
  const CgroupLevel& own = facts.levels.front();
  const auto top = facts.levels.back();
  if (!contains(own.controllers, "memory") && !contains(top.controllers, "memory")) {
    return "version 2 has no memory controller here: it is bound to version 1 or switched off; boot with "
           "systemd.unified_cgroup_hierarchy=1 and without cgroup_disable=memory";
  }
  const bool has_quota =
      std::any_of(facts.levels.begin(), facts.levels.end(), [](const auto& l) { return l.has_cpu_quota; });
  if (has_quota) {
    return "a CPU quota binds this process, and a session's cgroup would leave it; start it by "
           "`systemd-run --user --scope -p Delegate=yes -- bailiwick ...`";
  }
  return "no cgroup with a memory controller is delegated to this user; start it by "
         "`systemd-run --user --scope -p Delegate=yes -- bailiwick ...`";
}

std::optional<std::string> unified_path(std::string_view self_cgroup) {
  for (const std::string_view line : split(self_cgroup, '\n')) {
    if (line.starts_with("0::/")) return std::string(line.substr(3));
  }
  return std::nullopt;
}

std::optional<CgroupPlace> find_own_cgroup(std::string_view mountinfo, std::string_view self_cgroup) {
  const auto own = unified_path(self_cgroup);
  // "/..": our cgroup is outside of what this cgroup namespace shows. " (deleted)": it is gone.
  if (!own || own->starts_with("/..") || own->ends_with(" (deleted)")) return std::nullopt;
  for (const std::string_view line : split(mountinfo, '\n')) {
    const std::size_t separator = line.find(" - ");
    if (separator == std::string_view::npos || !line.substr(separator + 3).starts_with("cgroup2 ")) continue;
    const auto fields = split(line.substr(0, separator), ' ');
    if (fields.size() < 6) continue;
    std::string root = unescape(fields[3]);
    if (root == "/") root.clear();
    if (!own->starts_with(root)) continue;
    const std::string_view below = std::string_view(*own).substr(root.size());
    if (!below.empty() && below.front() != '/') continue;  // "/docker" is not above "/dockers"
    const std::string mount_point = unescape(fields[4]);
    return CgroupPlace{.mount_point = mount_point, .own = join_path(mount_point, below)};
  }
  return std::nullopt;
}

CgroupFacts load_cgroup_facts(const CgroupPlace& place) {
  CgroupFacts facts;
  std::string directory = place.own;
  bool has_parent = false;  // a level that hands out memory was found: of those above, only the limits matter
  while (directory.size() >= place.mount_point.size()) {
    const Fd fd(::open(directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!fd.is_open()) break;
    const bool is_own = facts.levels.empty();
    const bool is_top = directory.size() == place.mount_point.size();
    CgroupLevel level;
    level.directory = directory;
    level.memory_max = limit_in(read_small(fd.get(), "memory.max"));
    level.pids_max = limit_in(read_small(fd.get(), "pids.max"));
    if (is_own || is_top) level.controllers = words(read_small(fd.get(), "cgroup.controllers"));
    if (!has_parent) read_delegation(fd.get(), level);
    has_parent =
        has_parent || (level.is_writable && (!is_own || level.is_root) && contains(level.subtree_control, "memory"));
    if (is_own && level.is_writable && !level.is_root) {
      facts.is_alone = limit_in(read_small(fd.get(), "cgroup.procs")) == static_cast<std::uint64_t>(::getpid());
    }
    facts.levels.push_back(std::move(level));
    if (is_top) break;
    directory.resize(std::max(directory.rfind('/'), place.mount_point.size()));
  }
  return facts;
}

CgroupFacts load_own_cgroup_facts() {
  const auto self_cgroup = load_file("/proc/self/cgroup", 1 << 16);
  if (!self_cgroup) return {};
  const auto own = unified_path(*self_cgroup);
  if (!own || own->starts_with("/..")) return {};
  for (const char* usual : {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"}) {
    struct ::statfs at{};
    const std::string directory = join_path(usual, *own);
    // The directory of that name might be another one where a part of the tree is mounted; then what is above it is not
    // a cgroup.
    if (::statfs(usual, &at) == 0 && at.f_type == kCgroup2Magic && ::access(directory.c_str(), F_OK) == 0) {
      return load_cgroup_facts({.mount_point = usual, .own = directory});
    }
  }
  const auto mountinfo = load_file("/proc/self/mountinfo", 4 << 20);
  if (!mountinfo) return {};
  const auto place = find_own_cgroup(*mountinfo, *self_cgroup);
  return place ? load_cgroup_facts(*place) : CgroupFacts{};
}

Status take_own_cgroup(const std::string& own) {
  TRY_ASSIGN(const Fd top, open_file(own, O_PATH | O_DIRECTORY));
  const auto put = [](int directory, const char* file, std::string_view text) -> Status {
    const Fd fd(::openat(directory, file, O_WRONLY | O_CLOEXEC));
    if (!fd.is_open()) return os_error(fmt::format("could not open `{}`", file));
    if (::write(fd.get(), text.data(), text.size()) < 0)
      return os_error(fmt::format("could not write `{}` to `{}`", text, file));
    return {};
  };
  constexpr const char* kLeaf = "bailiwick-supervisor";
  if (::mkdirat(top.get(), kLeaf, 0755) != 0 && errno != EEXIST)
    return os_error("could not make a cgroup below `" + printable(own) + "`");
  const Fd leaf(::openat(top.get(), kLeaf, O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!leaf.is_open()) return os_error("could not open a cgroup below `" + printable(own) + "`");
  const std::string pid = std::to_string(::getpid());
  const auto undo = [&] {
    static_cast<void>(put(top.get(), "cgroup.procs", pid));
    ::unlinkat(top.get(), kLeaf, AT_REMOVEDIR);
  };
  TRY(put(leaf.get(), "cgroup.procs", pid));
  const std::vector<std::string> available = words(read_small(top.get(), "cgroup.controllers"));
  std::string enable;
  for (const std::string& name : ours(available)) enable += (enable.empty() ? "+" : " +") + name;
  if (auto enabled = put(top.get(), "cgroup.subtree_control", enable); !enabled) {
    undo();
    return std::unexpected(std::move(enabled.error()).in("cgroup `" + printable(own) + "`"));
  }
  return {};
}

}  // namespace bailiwick
