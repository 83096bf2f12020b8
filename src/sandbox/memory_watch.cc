// Runs in the supervisor, outside the sandbox.
#include "sandbox/memory_watch.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

namespace bailiwick {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kCalm{100};
constexpr milliseconds kNear{20};
constexpr milliseconds kVeryNear{10};
constexpr int kGoodForTicks = 10;  // how long a costly count is reused, at most
constexpr int kTicksToDie = 200;   // of kVeryNear: 2 s
constexpr std::size_t kMostVforkCandidates = 64;
constexpr int kBlindTicks = 20;

std::uint64_t difference(std::uint64_t a, std::uint64_t b) { return a > b ? a - b : b - a; }
std::uint64_t growth(std::uint64_t from, std::uint64_t to) { return to > from ? to - from : 0; }
std::uint64_t machine_total(const SystemMemory& system) {
  return system.anonymous + system.shmem + system.page_tables + system.swap_used + system.hugetlb;
}

}  // namespace

MemoryWatch::MemoryWatch(Fd proc, std::uint64_t limit_bytes, MemoryWatchOptions options)
    : proc_(std::move(proc)),
      meminfo_(::open("/proc/meminfo", O_RDONLY | O_CLOEXEC)),
      limit_(limit_bytes),
      options_(std::move(options)),
      page_size_(static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE))),
      shared_device_(shared_memory_device()) {
  if (const auto now = machine_memory()) least_shmem_ = now->shmem;
}

std::optional<SystemMemory> MemoryWatch::machine_memory() const {
  std::array<char, 8192> text;
  const ssize_t n = ::pread(meminfo_.get(), text.data(), text.size(), 0);
  if (n <= 0) return std::nullopt;
  return parse_meminfo({text.data(), static_cast<std::size_t>(n)});
}

WatchResult MemoryWatch::tick() {
  WatchResult result;
  std::vector<Entry> entries;
  unread_.clear();
  result.bytes = count(entries);
  result.unread = unread_.size();
  blind_ticks_ = !unread_.empty() ? blind_ticks_ + 1 : 0;
  result.processes = entries.size();
  peak_ = std::max(peak_, result.bytes);
  result.peak_bytes = peak_;

  // NOLINTNEXTLINE(bugprone-branch-clone): two reasons to end a session, in the order in which they are asked for
  if (blind_ticks_ >= kBlindTicks) {
    result.verdict = WatchResult::Verdict::end_session;
  } else if (result.bytes <= limit_) {
    if (victim_ && has_victim_ended()) victim_.reset();
  } else if (!victim_) {
    end_largest(entries, result);
  } else if (!has_victim_ended() && --victim_->ticks_left > 0) {
    result.verdict = WatchResult::Verdict::dying;
  } else {
    result.verdict = WatchResult::Verdict::end_session;
  }

  const bool grows_quickly = growth(last_bytes_, result.bytes) > limit_ / 16;
  last_bytes_ = result.bytes;
  result.next = victim_ || result.bytes > limit_ / 8 * 7     ? kVeryNear
                : result.bytes > limit_ / 2 || grows_quickly ? kNear
                                                             : kCalm;
  return result;
}

// The bytes of the session, as exact as it takes to know on which side of the limit they are.
std::uint64_t MemoryWatch::count(std::vector<Entry>& entries) {
  const auto now = machine_memory();
  const bool has_system = now.has_value();
  if (now) system_ = *now;
  least_shmem_ = std::min(least_shmem_, system_.shmem);  // what others give back does not hide what the session takes

  list(entries);
  std::uint64_t anonymous = 0;
  for (Entry& entry : entries) {
    if (!read_process(entry.pid, "statm", 256)) continue;
    const auto statm = parse_statm(buffer_, page_size_);
    if (!statm) continue;
    entry.anonymous = growth(statm->shared, statm->resident);
    anonymous += entry.anonymous;
  }
  const std::uint64_t elsewhere = system_.shmem + system_.page_tables + system_.swap_used + system_.hugetlb;
  // From half of the limit on the figure is to be right, not only the decision.
  if (has_system && anonymous + elsewhere <= limit_ / 2) return anonymous;

  const std::uint64_t mapped = count_resident(entries);
  anonymous = 0;
  for (const Entry& entry : entries) anonymous += entry.anonymous;
  if (!has_system || anonymous + system_.shmem > limit_)
    count_held(entries);
  else
    held_ = {};
  const std::uint64_t tmpfs = tmpfs_bytes();
  const std::uint64_t most = anonymous + mapped + held_.bytes + tmpfs;
  const std::uint64_t estimate = has_system ? std::min(most, anonymous + system_.shmem) : most;
  if (estimate <= limit_) return estimate;

  // It stays as it was while the machine as a whole has not taken half of what was left to the limit. The resident sets
  // cannot tell: a child that writes to what it shares with its parent takes memory, and no set grows.
  const std::uint64_t machine = machine_total(system_);
  if (has_system && exact_.ticks_left > 0 && growth(exact_.machine_then, machine) < (limit_ - exact_.bytes) / 2) {
    --exact_.ticks_left;
    return exact_.bytes;
  }
  const std::uint64_t exact = count_exact(entries) + tmpfs;
  exact_ = exact <= limit_ ? Exact{.bytes = exact, .machine_then = machine, .ticks_left = kGoodForTicks} : Exact{};
  return exact;
}

bool MemoryWatch::read_process(int pid, const char* file, std::size_t limit) {
  // No descriptor is kept for each process: a session may have more processes than the supervisor may have descriptors.
  std::array<char, 64> path;
  *fmt::format_to_n(path.data(), path.size() - 1, "{}/{}", pid, file).out = '\0';
  if (read_at(proc_.get(), path.data(), buffer_, limit)) return true;
  if (errno == EMFILE || errno == ENFILE || errno == ENOMEM) unread_.insert(pid);
  return false;
}

void MemoryWatch::list(std::vector<Entry>& entries) {
  std::vector<int> pids;
  if (!list_numbers(proc_.get(), pids)) return;
  entries.resize(pids.size());
  for (std::size_t i = 0; i < pids.size(); ++i) entries[i].pid = pids[i];
  if (options_.descendants_of != 0) keep_descendants(entries);
}

void MemoryWatch::keep_descendants(std::vector<Entry>& entries) {
  std::map<int, int> parents;
  for (const Entry& entry : entries) {
    if (!read_process(entry.pid, "stat", 1024)) continue;
    if (const auto state = parse_stat(buffer_)) parents[entry.pid] = state->parent;
  }
  const auto is_descendant = [&](int pid) {
    for (int steps = 0; steps < 1000; ++steps) {
      const auto found = parents.find(pid);
      if (found == parents.end()) return false;
      if (found->second == options_.descendants_of) return true;
      pid = found->second;
    }
    return false;
  };
  std::erase_if(entries, [&](const Entry& entry) { return !is_descendant(entry.pid); });
}

// Fills in what N/status says. Returns the mapped shmem, a page once for each process that maps it.
std::uint64_t MemoryWatch::count_resident(std::vector<Entry>& entries) {
  std::uint64_t mapped = 0;
  for (Entry& entry : entries) {
    if (!read_process(entry.pid, "status", 8192)) continue;
    auto status = parse_memory_status(buffer_);
    if (!status) continue;
    entry.name = std::move(status->name);
    entry.anonymous = status->anonymous + status->page_tables + status->swap + status->hugetlb;
    entry.shmem = status->shmem;
    mapped += entry.shmem;
  }
  return mapped;
}

void MemoryWatch::count_held(std::vector<Entry>& entries) {
  if (held_.ticks_left > 0 && difference(held_.shmem_then, system_.shmem) < limit_ / 32) {
    --held_.ticks_left;
  } else {
    held_ = {};
    held_.shmem_then = system_.shmem;
    held_.ticks_left = kGoodForTicks;
    std::size_t budget = options_.descriptor_budget;
    bool is_complete = true;
    for (Entry& entry : entries) {
      std::set<std::uint64_t> seen;  // the same inode by two descriptors of one process
      const Fd directory = open_process_directory(proc_.get(), entry.pid);
      if (!directory.is_open()) continue;
      is_complete &= list_held_inodes(directory.get(), shared_device_, budget, [&](HeldInode inode) {
        held_.inodes[inode.inode] = inode.bytes;
        if (seen.insert(inode.inode).second) held_.by_process[entry.pid] += inode.bytes;
      });
    }
    for (const auto& [inode, bytes] : held_.inodes) held_.bytes += bytes;
    // SECURITY: thousands of descriptors are no place to hide: what the machine's shmem grew by is then taken for the
    // session's.
    if (!is_complete) held_.bytes = std::max(held_.bytes, growth(least_shmem_, system_.shmem));
  }
  for (Entry& entry : entries) {
    const auto found = held_.by_process.find(entry.pid);
    if (found != held_.by_process.end()) entry.held = found->second;
  }
}

std::uint64_t MemoryWatch::count_exact(std::vector<Entry>& entries) {
  std::uint64_t total = held_.bytes;
  for (Entry& entry : entries) {
    if (read_process(entry.pid, "stat", 1024)) {
      if (const auto state = parse_stat(buffer_)) entry.start_ticks = state->start_ticks;
    }
    const bool has_share = read_process(entry.pid, "smaps_rollup", 8192);
    const auto share = has_share ? parse_rollup(buffer_) : std::nullopt;
    if (!share) {  // gone, or not for us to read: what N/status said stands
      total += entry.anonymous + entry.shmem;
      continue;
    }
    auto status = read_process(entry.pid, "status", 8192) ? parse_memory_status(buffer_) : std::nullopt;
    entry.anonymous = share->anonymous + share->swap + (status ? status->page_tables + status->hugetlb : 0);
    total += entry.anonymous;
    std::uint64_t mapped = share->shmem;
    if (mapped > 0 && !held_.inodes.empty()) {
      const Fd directory = open_process_directory(proc_.get(), entry.pid);
      SharedMappings mappings(shared_device_);
      static_cast<void>(stream_at(directory.get(), "smaps", [&](std::string_view piece) { mappings.feed(piece); }));
      for (const auto& [inode, bytes] : mappings.shares()) {
        if (held_.inodes.contains(inode)) mapped -= std::min(mapped, bytes);
      }
    }
    total += mapped;
  }
  return total - std::min(total, shared_by_vfork(entries));
}

// What was counted twice because two processes have the same memory: a vfork child before its exec, which may wait
// there for long.
std::uint64_t MemoryWatch::shared_by_vfork(const std::vector<Entry>& entries) const {
  std::vector<const Entry*> large;
  for (const Entry& entry : entries) {
    if (entry.anonymous >= limit_ / 64) large.push_back(&entry);
  }
  if (large.size() < 2) return 0;
  std::sort(large.begin(), large.end(), [](const Entry* a, const Entry* b) { return a->anonymous > b->anonymous; });
  large.resize(std::min(large.size(), kMostVforkCandidates));
  std::vector<pid_t> distinct;
  std::uint64_t twice = 0;
  for (const Entry* entry : large) {
    const Fd directory = open_process_directory(proc_.get(), entry->pid);
    const pid_t pid = options_.descendants_of != 0 ? entry->pid : find_outer_pid(directory.get(), entry->pid);
    if (pid == 0) continue;
    if (std::any_of(distinct.begin(), distinct.end(), [&](pid_t other) { return have_same_memory(pid, other); })) {
      twice += entry->anonymous;
    } else {
      distinct.push_back(pid);
    }
  }
  return twice;
}

std::uint64_t MemoryWatch::tmpfs_bytes() const {
  std::uint64_t total = 0;
  for (const Fd& directory : options_.tmpfs) {
    struct ::statfs about{};
    if (::fstatfs(directory.get(), &about) == 0)
      total += (about.f_blocks - about.f_bfree) * static_cast<std::uint64_t>(about.f_bsize);
  }
  return total;
}

bool MemoryWatch::has_victim_ended() const {
  std::string text;
  if (!read_at(victim_->directory.get(), "stat", text, 1024)) return true;
  const auto state = parse_stat(text);
  // The first thread may be gone while others still hold the memory.
  return !state || ((state->state == 'Z' || state->state == 'X') && state->threads <= 1);
}

void MemoryWatch::end_largest(std::vector<Entry>& entries, WatchResult& result) {
  std::sort(entries.begin(), entries.end(),
            [](const Entry& a, const Entry& b) { return a.freed_by_its_end() > b.freed_by_its_end(); });
  for (Entry& entry : entries) {
    if (entry.pid == 1 && options_.descendants_of == 0) continue;
    Fd directory = open_process_directory(proc_.get(), entry.pid);
    // From here on `directory` is one process. Is it the one that was counted, or has its number been given to another?
    // (Its name is its own to change.)
    const auto state =
        read_at(directory.get(), "stat", buffer_, 1024) ? parse_stat(buffer_) : std::optional<ProcessState>();
    if (!state || state->start_ticks != entry.start_ticks || kill_process(directory.get()) != 0)
      continue;  // it has just ended
    result.verdict = WatchResult::Verdict::killed;
    result.killed = WatchedProcess{.pid = entry.pid, .name = entry.name, .bytes = entry.freed_by_its_end()};
    victim_ = Victim{.directory = std::move(directory), .ticks_left = kTicksToDie};
    held_ = {};
    exact_ = {};
    return;
  }
  result.verdict = WatchResult::Verdict::end_session;
}

}  // namespace bailiwick
