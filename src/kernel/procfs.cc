#include "kernel/procfs.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/kcmp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>

#include "base/text.h"

namespace bailiwick {
namespace {

// "  1234 kB" -> bytes
std::uint64_t kibibytes(std::string_view text) {
  text = trim(text);
  std::uint64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value * 1024;
}

// Calls `each(key, rest)` for every "key: rest" line.
template <class Each>
void for_each_field(std::string_view text, Each each) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    if (const std::size_t colon = line.find(':'); colon != std::string_view::npos)
      each(line.substr(0, colon), line.substr(colon + 1));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

// The next word of `text`, which it removes.
std::string_view take_word(std::string_view& text) {
  const std::size_t start = std::min(text.find_first_not_of(' '), text.size());
  const std::size_t end = std::min(text.find(' ', start), text.size());
  const std::string_view word = text.substr(start, end - start);
  text.remove_prefix(end);
  return word;
}

std::optional<std::uint64_t> number(std::string_view word, int base = 10) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value, base);
  if (error != std::errc() || end != word.data() + word.size()) return std::nullopt;
  return value;
}

}  // namespace

std::optional<SystemMemory> parse_meminfo(std::string_view text) {
  SystemMemory out;
  std::uint64_t swap_total = 0;
  std::uint64_t swap_free = 0;
  bool has_shmem = false;
  for_each_field(text, [&](std::string_view key, std::string_view value) {
    if (key == "AnonPages") out.anonymous = kibibytes(value);
    if (key == "Shmem") out.shmem = kibibytes(value), has_shmem = true;
    if (key == "PageTables") out.page_tables = kibibytes(value);
    if (key == "SwapTotal") swap_total = kibibytes(value);
    if (key == "SwapFree") swap_free = kibibytes(value);
    if (key == "Hugetlb") out.hugetlb = kibibytes(value);
  });
  if (!has_shmem) return std::nullopt;
  out.swap_used = swap_total > swap_free ? swap_total - swap_free : 0;
  return out;
}

std::optional<Statm> parse_statm(std::string_view text, std::uint64_t page_size) {
  text = trim(text);
  static_cast<void>(take_word(text));
  const auto resident = number(take_word(text));
  const auto shared = number(take_word(text));
  if (!resident || !shared) return std::nullopt;
  return Statm{.resident = *resident * page_size, .shared = *shared * page_size};
}

std::optional<MemoryStatus> parse_memory_status(std::string_view text) {
  MemoryStatus out;
  bool has_name = false;
  for_each_field(text, [&](std::string_view key, std::string_view value) {
    if (key == "Name" && !has_name) out.name = trim(value), has_name = true;
    if (key == "RssAnon") out.anonymous = kibibytes(value);
    if (key == "RssShmem") out.shmem = kibibytes(value);
    if (key == "VmPTE") out.page_tables = kibibytes(value);
    if (key == "VmSwap") out.swap = kibibytes(value);
    if (key == "HugetlbPages") out.hugetlb = kibibytes(value);
  });
  if (!has_name) return std::nullopt;
  return out;
}

std::optional<MemoryShare> parse_rollup(std::string_view text) {
  MemoryShare out;
  bool has_anonymous = false;
  for_each_field(text, [&](std::string_view key, std::string_view value) {
    if (key == "Pss_Anon") out.anonymous = kibibytes(value), has_anonymous = true;
    if (key == "Pss_Shmem") out.shmem = kibibytes(value);
    if (key == "SwapPss") out.swap = kibibytes(value);
  });
  if (!has_anonymous) return std::nullopt;
  return out;
}

std::optional<ProcessState> parse_stat(std::string_view text) {
  // "pid (name) state ppid ...": the name may hold blanks and brackets, but no field after it does.
  const std::size_t bracket = text.rfind(')');
  if (bracket == std::string_view::npos) return std::nullopt;
  text.remove_prefix(bracket + 1);
  const std::string_view state = take_word(text);
  const auto parent = number(take_word(text));
  const auto is_letter = [](char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); };
  if (state.size() != 1 || !is_letter(state.front()) || !parent) return std::nullopt;
  for (int field = 5; field < 20; ++field) static_cast<void>(take_word(text));
  ProcessState out{.state = state.front(), .parent = static_cast<pid_t>(*parent)};
  out.threads = number(take_word(text)).value_or(0);
  static_cast<void>(take_word(text));
  out.start_ticks = number(take_word(text)).value_or(0);
  return out;
}

void SharedMappings::feed(std::string_view piece) {
  while (true) {
    const std::size_t end = piece.find('\n');
    if (end == std::string_view::npos) break;
    if (partial_.empty()) {
      line(piece.substr(0, end));
    } else {
      partial_.append(piece.substr(0, end));
      line(partial_);
      partial_.clear();
    }
    piece.remove_prefix(end + 1);
  }
  partial_.append(piece);
}

void SharedMappings::line(std::string_view text) {
  if (text.starts_with("Pss:")) {
    if (inode_ != 0) shares_.push_back({.inode = inode_, .bytes = kibibytes(text.substr(4))});
    return;
  }
  // "start-end perms offset major:minor inode path"; every other line starts with a word and a colon.
  const std::size_t dash = text.find('-');
  if (dash == std::string_view::npos || !number(text.substr(0, dash), 16)) return;
  inode_ = 0;
  for (int field = 0; field < 3; ++field) static_cast<void>(take_word(text));
  const std::string_view device = take_word(text);
  const std::size_t colon = device.find(':');
  if (colon == std::string_view::npos) return;
  const auto major = number(device.substr(0, colon), 16);
  const auto minor = number(device.substr(colon + 1), 16);
  if (!major || !minor || makedev(static_cast<unsigned>(*major), static_cast<unsigned>(*minor)) != device_) return;
  inode_ = number(take_word(text)).value_or(0);
}

bool list_numbers(int directory, std::vector<int>& out) {
  out.clear();
  if (::lseek(directory, 0, SEEK_SET) != 0) return false;
  alignas(::dirent64) std::array<char, 32768> buffer;
  while (true) {
    const ssize_t n = ::getdents64(directory, buffer.data(), buffer.size());
    if (n < 0) return false;
    if (n == 0) return true;
    for (ssize_t at = 0; at < n;) {
      const auto* entry = reinterpret_cast<const ::dirent64*>(buffer.data() + at);
      if (const auto value = number(entry->d_name); value && *value <= INT32_MAX)
        out.push_back(static_cast<int>(*value));
      at += entry->d_reclen;
    }
  }
}

Fd open_process_directory(int proc, pid_t pid) {
  return Fd(::openat(proc, std::to_string(pid).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

bool read_at(int directory, const char* file, std::string& buffer, std::size_t limit) {
  const Fd fd(::openat(directory, file, O_RDONLY | O_CLOEXEC));
  if (!fd.is_open()) return false;
  buffer.resize(limit);
  std::size_t length = 0;
  while (length < limit) {
    const ssize_t n = ::read(fd.get(), buffer.data() + length, limit - length);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) break;
    if (n == 0) {
      buffer.resize(length);
      errno = 0;
      return length > 0;
    }
    length += static_cast<std::size_t>(n);
  }
  buffer.resize(length);
  return length == limit && limit > 0;
}

bool stream_at(int directory, const char* file, const std::function<void(std::string_view)>& piece) {
  const Fd fd(::openat(directory, file, O_RDONLY | O_CLOEXEC));
  std::array<char, 65536> buffer;
  while (fd.is_open()) {
    const ssize_t n = ::read(fd.get(), buffer.data(), buffer.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return false;
    if (n == 0) return true;
    piece({buffer.data(), static_cast<std::size_t>(n)});
  }
  return false;
}

dev_t shared_memory_device() {
  const Fd memory(::memfd_create("bailiwick", MFD_CLOEXEC));
  struct ::stat about{};
  return memory.is_open() && ::fstat(memory.get(), &about) == 0 ? about.st_dev : 0;
}

bool list_held_inodes(int process_directory, dev_t device, std::size_t& budget,
                      const std::function<void(HeldInode)>& found) {
  const Fd directory(::openat(process_directory, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory.is_open()) return errno == ENOENT || errno == ESRCH;  // gone: it holds nothing
  std::vector<int> numbers;
  if (!list_numbers(directory.get(), numbers)) return errno == ENOENT || errno == ESRCH;
  for (const int held : numbers) {
    if (budget == 0) return false;
    --budget;
    struct ::statx about{};
    // SECURITY: DONT_SYNC, or a descriptor on a network or FUSE file would make us wait for its server.
    if (::statx(directory.get(), std::to_string(held).c_str(), AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT,
                STATX_INO | STATX_BLOCKS, &about) != 0) {
      continue;
    }
    if (makedev(about.stx_dev_major, about.stx_dev_minor) == device)
      found({.inode = about.stx_ino, .bytes = about.stx_blocks * 512});
  }
  return true;
}

int kill_process(int process_directory) {
  return static_cast<int>(::syscall(SYS_pidfd_send_signal, process_directory, SIGKILL, nullptr, 0));
}

bool have_same_memory(pid_t a, pid_t b) { return ::syscall(SYS_kcmp, a, b, KCMP_VM, 0, 0) == 0; }

pid_t find_outer_pid(int process_directory, pid_t inner) {
  struct ::stat wanted{};
  if (::fstatat(process_directory, "ns/pid", &wanted, 0) != 0) return 0;
  const Fd proc(::open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  std::vector<int> pids;
  if (!proc.is_open() || !list_numbers(proc.get(), pids)) return 0;
  std::string status;
  for (const int pid : pids) {
    const Fd directory = open_process_directory(proc.get(), pid);
    if (!directory.is_open() || !read_at(directory.get(), "status", status, 8192)) continue;
    bool has_number = false;
    for_each_field(status, [&](std::string_view key, std::string_view value) {
      if (key == "NSpid")
        has_number = number(value.substr(value.find_last_of('\t') + 1)) == static_cast<std::uint64_t>(inner);
    });
    struct ::stat its{};
    if (has_number && ::fstatat(directory.get(), "ns/pid", &its, 0) == 0 && its.st_ino == wanted.st_ino &&
        its.st_dev == wanted.st_dev) {
      return pid;
    }
  }
  return 0;
}

}  // namespace bailiwick
