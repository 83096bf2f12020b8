// Holds a session's memory where no cgroup can: sums it again and again, ends the largest process when it is too much,
// and then the session. Runs in the supervisor, outside the sandbox; one thread at a time. A tick can take tens of
// milliseconds when a session is near its limit.
//
// How it counts, from cheap to exact; each step is taken only where the one before cannot rule out that the limit is
// passed:
//   1. anonymous memory (N/statm) + what the whole machine has in shmem, page tables, swap and huge pages: an upper
//   bound;
//   2. N/status of each process, and the memory that is in no process's resident set: memfds and shared memory that are
//   held by a descriptor
//      (N/fd), each inode once;
//   3. proportional shares (N/smaps_rollup, N/smaps): a page that forked children share counts once. Processes with one
//   and the same
//      memory (vfork) count once.
// What it does not see: pipe and socket buffers, memfds whose only descriptor is on its way through a socket, memfds
// that were written, mapped, closed and never touched, detached SysV segments (bound by kernel.shmall of the IPC
// namespace), and what is allocated and freed between ticks.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "kernel/fd.h"
#include "kernel/procfs.h"

namespace bailiwick {

struct WatchedProcess {
  int pid = 0;       // as the watched /proc names it
  std::string name;  // the process's own choice: printable() before it is shown
  std::uint64_t bytes = 0;
  bool operator==(const WatchedProcess&) const = default;
};

struct WatchResult {
  enum class Verdict : std::uint8_t {
    within,       // nothing to do
    killed,       // over the limit: `killed` was sent SIGKILL
    dying,        // over the limit, and the process that was killed has not ended yet
    end_session,  // over the limit still, or no process is left to end: the caller ends the session
  };
  Verdict verdict = Verdict::within;
  std::uint64_t bytes = 0;       // as exact as it had to be
  std::uint64_t peak_bytes = 0;  // the largest `bytes` so far
  std::size_t processes = 0;
  // Processes that could not be read for want of descriptors or memory. Where that lasts for 20 ticks, the verdict is
  // end_session.
  std::size_t unread = 0;
  std::optional<WatchedProcess> killed;
  std::chrono::milliseconds next{100};  // call tick() again after this, at the latest
};

struct MemoryWatchOptions {
  // Where the session has no pid namespace: only this process's descendants are counted, itself not. 0: every process
  // in `proc`.
  pid_t descendants_of = 0;
  // A directory in each tmpfs that belongs to the session alone: what is written there is memory as well.
  std::vector<Fd> tmpfs;
  // How many descriptors one walk looks at: about 40 ms. Beyond, growth of the machine's shmem is taken for the
  // session's.
  std::size_t descriptor_budget = 32768;
};

class MemoryWatch {
 public:
  // `proc`: a directory descriptor of the sandbox's own procfs, which lists only its processes (with `descendants_of`:
  // of any).
  MemoryWatch(Fd proc, std::uint64_t limit_bytes, MemoryWatchOptions options = {});
  // Counts, and ends a process where that is due. Never pid 1 of a sandbox, which would end the session without a word.
  WatchResult tick();

 private:
  struct Entry {
    int pid = 0;
    std::uint64_t anonymous = 0;  // with page tables, swap and huge pages
    std::uint64_t shmem = 0;      // mapped
    std::uint64_t held = 0;       // by descriptors
    std::uint64_t start_ticks = 0;
    std::string name;
    [[nodiscard]] std::uint64_t freed_by_its_end() const { return anonymous + std::max(shmem, held); }
  };
  [[nodiscard]] std::optional<SystemMemory> machine_memory() const;
  [[nodiscard]] std::uint64_t count(std::vector<Entry>& entries);
  void list(std::vector<Entry>& entries);
  void keep_descendants(std::vector<Entry>& entries);
  [[nodiscard]] std::uint64_t count_resident(std::vector<Entry>& entries);
  void count_held(std::vector<Entry>& entries);
  [[nodiscard]] std::uint64_t count_exact(std::vector<Entry>& entries);
  [[nodiscard]] std::uint64_t shared_by_vfork(const std::vector<Entry>& entries) const;
  [[nodiscard]] std::uint64_t tmpfs_bytes() const;
  [[nodiscard]] bool has_victim_ended() const;
  // A file of a process into buffer_. False: the process is gone, or the file is not for us; where it is neither, that
  // is noted.
  [[nodiscard]] bool read_process(int pid, const char* file, std::size_t limit);
  void end_largest(std::vector<Entry>& entries, WatchResult& result);

  Fd proc_;
  Fd meminfo_;
  std::uint64_t limit_;
  MemoryWatchOptions options_;
  std::uint64_t page_size_;
  dev_t shared_device_;
  std::uint64_t least_shmem_ = 0;  // of the machine, since the start
  SystemMemory system_;
  std::uint64_t peak_ = 0;
  std::uint64_t last_bytes_ = 0;
  std::string buffer_;
  std::set<int> unread_;  // in this tick
  int blind_ticks_ = 0;

  // The last walk over descriptors, good for a few ticks while the machine's shmem stands still.
  struct Held {
    std::map<std::uint64_t, std::uint64_t> inodes;  // inode -> bytes
    std::map<int, std::uint64_t> by_process;
    std::uint64_t bytes = 0;
    std::uint64_t shmem_then = 0;
    int ticks_left = 0;
  };
  Held held_;
  // The last exact count that was within the limit, good for a few ticks while the machine's memory stands still.
  struct Exact {
    std::uint64_t bytes = 0;
    std::uint64_t machine_then = 0;
    int ticks_left = 0;
  };
  Exact exact_;
  // The process that was killed, until it has ended and the next count was within the limit.
  struct Victim {
    Fd directory;
    int ticks_left = 0;
  };
  std::optional<Victim> victim_;
};

}  // namespace bailiwick
