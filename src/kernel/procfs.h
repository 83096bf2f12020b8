// What /proc says about memory, read through a directory descriptor of a procfs, so that a sandbox's own /proc can be
// read from outside of it. The parsers are pure. Everything here reads text that the kernel wrote; names in it are a
// process's own choice.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kernel/fd.h"

namespace bailiwick {

// /proc/meminfo, in bytes. All of them are of the whole machine.
struct SystemMemory {
  std::uint64_t anonymous = 0;
  std::uint64_t shmem = 0;  // tmpfs, memfd, shared anonymous and SysV memory: each page once
  std::uint64_t page_tables = 0;
  std::uint64_t swap_used = 0;
  std::uint64_t hugetlb = 0;
};
[[nodiscard]] std::optional<SystemMemory> parse_meminfo(std::string_view text);

// N/statm, in bytes. Cheap. Since Linux 6.2 it may lag by some pages for each CPU that a process runs on.
struct Statm {
  std::uint64_t resident = 0;
  std::uint64_t shared = 0;  // of files and shmem; the rest is anonymous
};
[[nodiscard]] std::optional<Statm> parse_statm(std::string_view text, std::uint64_t page_size);

// N/status, in bytes. A page that is mapped twice is counted twice.
struct MemoryStatus {
  std::string name;
  std::uint64_t anonymous = 0;    // RssAnon
  std::uint64_t shmem = 0;        // RssShmem
  std::uint64_t page_tables = 0;  // VmPTE: mapping the zero page over and over costs only these
  std::uint64_t swap = 0;
  std::uint64_t hugetlb = 0;
};
// Of a kernel thread or a zombie: only a name.
[[nodiscard]] std::optional<MemoryStatus> parse_memory_status(std::string_view text);

// N/smaps_rollup, in bytes. A page that is mapped n times counts 1/n.
struct MemoryShare {
  std::uint64_t anonymous = 0;
  std::uint64_t shmem = 0;
  std::uint64_t swap = 0;
};
[[nodiscard]] std::optional<MemoryShare> parse_rollup(std::string_view text);

// N/stat: the fields that say whose child it is and whether it is gone.
struct ProcessState {
  char state = '?';  // 'Z' and 'X': has ended
  pid_t parent = 0;
  std::uint64_t threads = 0;
  std::uint64_t start_ticks = 0;  // since boot: with the id, it names one process
};
[[nodiscard]] std::optional<ProcessState> parse_stat(std::string_view text);

// N/smaps, fed in pieces of any size: the proportional share of each mapping of an inode of `device`.
class SharedMappings {
 public:
  explicit SharedMappings(dev_t device) : device_(device) {}
  void feed(std::string_view piece);
  struct Share {
    std::uint64_t inode;
    std::uint64_t bytes;
  };
  [[nodiscard]] const std::vector<Share>& shares() const { return shares_; }

 private:
  void line(std::string_view text);
  dev_t device_;
  std::string partial_;
  std::uint64_t inode_ = 0;  // of the mapping that we are in, 0: not of device_
  std::vector<Share> shares_;
};

// The numeric entries of the directory. False: it cannot be read.
[[nodiscard]] bool list_numbers(int directory, std::vector<int>& out);
// A directory descriptor of process `pid`; it never comes to mean another process.
[[nodiscard]] Fd open_process_directory(int proc, pid_t pid);
// Replaces `buffer` by the file's text, at most `limit` bytes of it. False with errno: gone, or not for us.
[[nodiscard]] bool read_at(int directory, const char* file, std::string& buffer, std::size_t limit);
// The same for a file of any length, in pieces.
[[nodiscard]] bool stream_at(int directory, const char* file, const std::function<void(std::string_view)>& piece);

// The device number of memfds, shared anonymous mappings and SysV segments (one kernel-internal mount); 0: could not be
// found.
[[nodiscard]] dev_t shared_memory_device();
struct HeldInode {
  std::uint64_t inode;
  std::uint64_t bytes;  // allocated, mapped or not, swapped out or not
};
// Calls `found` for every descriptor of the process that refers to an inode of `device`. Opens nothing and asks no
// filesystem server, so that it cannot be made to hang. Looks at no more than `budget` descriptors and counts it down.
// False: not all were seen.
[[nodiscard]] bool list_held_inodes(int process_directory, dev_t device, std::size_t& budget,
                                    const std::function<void(HeldInode)>& found);

// SIGKILL to the process behind a directory of a procfs: no process id, so none that was used again. The kernel takes
// such descriptors (5.1).
[[nodiscard]] int kill_process(int process_directory);
// Whether two processes (ids as this process sees them) have one and the same memory, as after vfork. False also when
// it cannot be told.
[[nodiscard]] bool have_same_memory(pid_t a, pid_t b);
// The id, in this process's /proc, of the process behind a directory of another pid namespace's procfs; 0: none.
[[nodiscard]] pid_t find_outer_pid(int process_directory, pid_t inner);

}  // namespace bailiwick
