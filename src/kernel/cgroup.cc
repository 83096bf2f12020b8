#include "kernel/cgroup.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
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
constexpr std::chrono::milliseconds kRemoveDeadline{2000};

// The value after `key ` in a flat keyed file such as memory.events.
std::uint64_t keyed(std::string_view text, std::string_view key) {
  for (const std::string_view line : split(text, '\n')) {
    if (line.starts_with(key) && line.size() > key.size() && line[key.size()] == ' ') {
      return parse_number(trim(line.substr(key.size() + 1)), 0, UINT64_MAX).value_or(0);
    }
  }
  return 0;
}

}  // namespace

Result<Cgroup> Cgroup::make_cgroup(const std::string& parent, std::string_view name) {
  const auto is_plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
           c == '-';
  };
  if (name.empty() || name.size() > 200 || name.front() == '.' || !std::all_of(name.begin(), name.end(), is_plain)) {
    return fail(ErrorKind::invalid,
                "the name of a cgroup `" + printable(name) + "` is not plain; use letters, digits, '.', '_' and '-'");
  }
  TRY_ASSIGN(Fd above, open_file(parent, O_PATH | O_DIRECTORY));
  struct ::statfs at{};
  if (::fstatfs(above.get(), &at) != 0 || at.f_type != kCgroup2Magic) {
    return fail(ErrorKind::sandbox, "`" + printable(parent) + "` is not a version 2 cgroup; see `bailiwick doctor`");
  }
  std::string own_name(name);
  std::string path = parent + "/" + own_name;
  if (::mkdirat(above.get(), own_name.c_str(), 0755) != 0)
    return os_error("could not make the cgroup `" + printable(path) + "`");
  Fd directory(::openat(above.get(), own_name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory.is_open()) {
    const int saved = errno;
    ::unlinkat(above.get(), own_name.c_str(), AT_REMOVEDIR);
    return os_error("could not open the cgroup `" + printable(path) + "`", saved);
  }
  return Cgroup(std::move(above), std::move(directory), std::move(path), std::move(own_name));
}

Cgroup& Cgroup::operator=(Cgroup&& other) noexcept {
  if (this != &other) {
    static_cast<void>(remove());
    parent_ = std::move(other.parent_);
    directory_ = std::move(other.directory_);
    path_ = std::move(other.path_);
    name_ = std::move(other.name_);
  }
  return *this;
}

Status Cgroup::write(const char* file, std::string_view text) const {
  const Fd fd(::openat(directory_.get(), file, O_WRONLY | O_CLOEXEC));
  if (!fd.is_open()) return os_error(fmt::format("could not open `{}/{}`", printable(path_), file));
  if (::write(fd.get(), text.data(), text.size()) < 0) {
    return os_error(fmt::format("could not write `{}` to `{}/{}`", text, printable(path_), file));
  }
  return {};
}

std::string Cgroup::read(const char* file) const {
  const Fd fd(::openat(directory_.get(), file, O_RDONLY | O_CLOEXEC));
  if (!fd.is_open()) return {};
  return read_all(fd.get(), 1 << 16).value_or(std::string());
}

Status Cgroup::set_limits(const CgroupLimits& limits) {
  if (limits.memory_bytes) {
    TRY(write("memory.max", std::to_string(*limits.memory_bytes)));
    // Without this the rest would go to swap: the session would be slow instead of within its budget.
    if (::faccessat(directory_.get(), "memory.swap.max", F_OK, 0) == 0) TRY(write("memory.swap.max", "0"));
    TRY(write("memory.oom.group", limits.oom_scope == CgroupLimits::OomScope::group ? "1" : "0"));
  }
  if (limits.pids) TRY(write("pids.max", std::to_string(*limits.pids)));
  if (limits.cpu_thousandths) {
    constexpr std::uint64_t kPeriodMicroseconds = 100'000;
    TRY(write(
        "cpu.max",
        fmt::format("{} {}", std::max<std::uint64_t>(*limits.cpu_thousandths * (kPeriodMicroseconds / 1000), 1000),
                    kPeriodMicroseconds)));
  }
  return {};
}

Status Cgroup::add(pid_t pid) { return write("cgroup.procs", std::to_string(pid)); }
Status Cgroup::kill_all() { return write("cgroup.kill", "1"); }

Result<bool> Cgroup::wait_until_empty(std::chrono::milliseconds deadline) const {
  const Fd file(::openat(directory_.get(), "cgroup.events", O_RDONLY | O_CLOEXEC));
  if (!file.is_open()) return os_error("could not open `" + printable(path_) + "/cgroup.events`");
  const auto end = std::chrono::steady_clock::now() + deadline;
  while (true) {
    std::array<char, 256> buffer;
    const ssize_t n = ::pread(file.get(), buffer.data(), buffer.size(), 0);  // also arms poll(2) for the next change
    if (n < 0) return os_error("could not read `" + printable(path_) + "/cgroup.events`");
    if (keyed({buffer.data(), static_cast<std::size_t>(n)}, "populated") == 0) return true;
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
    if (left.count() <= 0) return false;
    ::pollfd wait{.fd = file.get(), .events = POLLPRI, .revents = 0};
    if (::poll(&wait, 1, static_cast<int>(left.count())) < 0 && errno != EINTR)
      return os_error("could not wait for a cgroup");
  }
}

CgroupEvents Cgroup::events() const {
  return {.oom_kills = keyed(read("memory.events"), "oom_kill"),
          .pids_refused = keyed(read("pids.events"), "max"),
          .is_populated = keyed(read("cgroup.events"), "populated") == 1};
}

std::optional<std::uint64_t> Cgroup::memory_peak() const {
  const auto value = parse_number(trim(read("memory.peak")), 0, UINT64_MAX);
  return value ? std::optional(*value) : std::nullopt;
}

std::optional<std::uint64_t> Cgroup::memory_current() const {
  const auto value = parse_number(trim(read("memory.current")), 0, UINT64_MAX);
  return value ? std::optional(*value) : std::nullopt;
}

Status Cgroup::remove() {
  if (!directory_.is_open()) return {};
  Status killed = kill_all();
  const auto empty = wait_until_empty(kRemoveDeadline);
  const int removed = ::unlinkat(parent_.get(), name_.c_str(), AT_REMOVEDIR);
  const int saved = errno;
  directory_.close();
  parent_.close();
  if (removed == 0) return {};
  if (!killed) return killed;
  if (!empty) return std::unexpected(empty.error());
  return os_error("could not remove the cgroup `" + printable(path_) + "`", saved);
}

}  // namespace bailiwick
