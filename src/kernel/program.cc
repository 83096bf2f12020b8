#include "kernel/program.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <climits>
#include <cstdlib>

#include "base/text.h"
#include "kernel/fd.h"

namespace bailiwick {
namespace {

// Where systems keep programs, whatever PATH says.
constexpr std::array<std::string_view, 6> kSystemDirectories{"/usr/local/sbin", "/usr/local/bin", "/usr/sbin",
                                                             "/usr/bin",        "/sbin",          "/bin"};
// A change within this time of the one before may leave the same ctime: the clock that stamps files ticks every few
// milliseconds, and some file systems keep whole seconds.
constexpr std::chrono::nanoseconds kTooFresh = std::chrono::seconds(2);
constexpr std::size_t kMaxDigests = 1UL << 16;

FileIdentity identity_of(const struct ::stat& info) {
  return {.device = info.st_dev,
          .inode = info.st_ino,
          .size = static_cast<std::uint64_t>(info.st_size),
          .changed_ns = info.st_ctim.tv_sec * 1'000'000'000LL + info.st_ctim.tv_nsec};
}

std::string join(std::string_view directory, std::string_view name) {
  std::string path(directory);
  if (!path.empty() && path.back() != '/') path += '/';
  return path.append(name);
}

std::string_view base_name(std::string_view path) { return path.substr(path.rfind('/') + 1); }

// The name of what is open, so that name and file cannot differ when somebody moves it meanwhile.
std::string path_of(const Fd& file, const std::string& found) {
  char text[PATH_MAX];
  const ssize_t n = ::readlink(("/proc/self/fd/" + std::to_string(file.get())).c_str(), text, sizeof text);
  if (n > 0 && n < static_cast<ssize_t>(sizeof text) && text[0] == '/') {
    return {text, static_cast<std::size_t>(n)};
  }
  return ::realpath(found.c_str(), text) != nullptr ? text : found;  // no /proc here
}

// `name` seen from `directory`, if it is a regular file that we could execute.
std::optional<ResolvedProgram> look(int directory, const std::string& name, std::string found) {
  // Most are not there, and this answer costs half of what an open does. What counts is asked below, of what is open.
  if (::faccessat(directory, name.c_str(), X_OK, AT_EACCESS) != 0) return {};
  const Fd file(::openat(directory, name.c_str(), O_PATH | O_CLOEXEC));
  if (!file.is_open()) return {};
  struct ::stat info{};
  // The kernel's own answer for the effective ids: a mount that is noexec counts, and so do access lists.
  if (::fstat(file.get(), &info) != 0 || !S_ISREG(info.st_mode) ||
      ::faccessat(file.get(), "", X_OK, AT_EACCESS | AT_EMPTY_PATH) != 0) {
    return {};
  }
  std::string path = path_of(file, found);
  return ResolvedProgram{.found = std::move(found), .path = std::move(path), .file = identity_of(info), .digest = {}};
}

// Each directory once, also where /bin is a link to /usr/bin. Only absolute ones: what an entry relative to some
// directory names is not the machine's program.
struct Place {
  std::string path;
  Fd directory;
};
std::vector<Place> open_places(std::string_view search) {
  std::vector<std::string_view> names = split(search, ':');
  names.insert(names.end(), kSystemDirectories.begin(), kSystemDirectories.end());
  std::vector<Place> places;
  std::vector<std::pair<dev_t, ino_t>> seen;
  for (const std::string_view name : names) {
    if (!name.starts_with('/')) continue;
    Fd directory(::open(std::string(name).c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    struct ::stat info{};
    if (!directory.is_open() || ::fstat(directory.get(), &info) != 0) continue;
    const std::pair identity(info.st_dev, info.st_ino);
    if (std::ranges::find(seen, identity) != seen.end()) continue;
    seen.push_back(identity);
    places.push_back({.path = std::string(name), .directory = std::move(directory)});
  }
  return places;
}

std::optional<Sha256> read_digest(int fd, std::uint64_t size) {
  Sha256Stream stream;
  std::vector<char> buffer(1UL << 18);
  std::uint64_t left = size;
  while (true) {
    const ssize_t n = ::read(fd, buffer.data(), buffer.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 || static_cast<std::uint64_t>(n) > left) return {};
    if (n == 0) break;
    left -= static_cast<std::uint64_t>(n);
    stream.update({buffer.data(), static_cast<std::size_t>(n)});
  }
  return left == 0 ? std::optional(stream.finish()) : std::nullopt;
}

bool is_too_fresh(const FileIdentity& file) {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::abs(now - std::chrono::nanoseconds(file.changed_ns)) < kTooFresh;
}

}  // namespace

std::optional<ResolvedProgram> resolve_program(std::string_view name, std::string_view search,
                                               const std::string& directory) {
  if (name.empty() || name.find('\0') != std::string_view::npos || search.find('\0') != std::string_view::npos) {
    return {};
  }
  if (name.find('/') != std::string_view::npos) {
    const std::string found = name.front() == '/' ? std::string(name) : join(directory, name);
    return look(AT_FDCWD, found, found);
  }
  // What cannot be executed is passed over, as execvp(3) does. It stops at a loop of links or an I/O error, though,
  // where shells go on; so do we: whoever judges is told of the program that could run.
  for (const std::string_view entry : split(search, ':')) {
    std::string found = join(entry.starts_with('/') ? std::string(entry) : join(directory, entry), name);
    if (auto program = look(AT_FDCWD, found, found)) return program;
  }
  return {};
}

std::size_t DigestCache::Hash::operator()(const FileIdentity& file) const {
  std::uint64_t mixed = 0;
  for (const std::uint64_t part : {file.device, file.inode, file.size, static_cast<std::uint64_t>(file.changed_ns)}) {
    mixed = (mixed ^ part) * 0x9e3779b97f4a7c15ULL;
    mixed ^= mixed >> 29;
  }
  return static_cast<std::size_t>(mixed);
}

std::optional<Sha256> DigestCache::digest_of(const std::string& path, const FileIdentity& file, std::uint64_t limit) {
  if (file.size > limit) return {};
  if (const auto known = known_.find(file); known != known_.end()) return known->second;
  // Not blocked by what may lie there by now, a FIFO for example.
  const Fd opened(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  struct ::stat info{};
  if (!opened.is_open() || ::fstat(opened.get(), &info) != 0 || !S_ISREG(info.st_mode) || identity_of(info) != file) {
    return {};
  }
  ++files_read_;
  const auto digest = read_digest(opened.get(), file.size);
  if (!digest || ::fstat(opened.get(), &info) != 0 || identity_of(info) != file) return {};
  if (!is_too_fresh(file)) {
    if (known_.size() >= kMaxDigests) known_.clear();
    known_.emplace(file, *digest);
  }
  return digest;
}

namespace {

// One file that is many programs, by the name it is called under: that a rule names one of them says nothing about the
// others.
constexpr auto kManyPrograms =
    std::to_array<std::string_view>({"busybox", "toybox", "coreutils", "systemctl", "kmod", "lvm", "pgrep", "xz",
                                     "zstd", "xtables-nft-multi", "xtables-legacy-multi"});

}  // namespace

KnownPrograms KnownPrograms::find(const std::vector<std::string>& names, std::string_view search) {
  KnownPrograms programs;
  const std::vector<Place> places = open_places(search);
  const auto add = [&](const std::string& name, std::optional<ResolvedProgram> program) {
    if (!program) return;
    const std::string_view file = base_name(program->path);
    if (file != base_name(name) && std::ranges::find(kManyPrograms, file) != kManyPrograms.end()) return;
    const bool is_there = std::ranges::any_of(
        programs.known_, [&](const Known& one) { return one.name == name && one.file == program->file; });
    if (!is_there) {
      programs.known_.push_back({.name = name, .path = std::move(program->path), .file = program->file});
    }
  };
  for (const std::string& name : names) {
    if (name.starts_with('/')) {
      add(name, resolve_program(name, {}, {}));
    } else if (!name.empty() && name.find_first_of(std::string_view("/\0", 2)) == std::string::npos) {
      for (const Place& place : places) add(name, look(place.directory.get(), name, join(place.path, name)));
    }
  }
  return programs;
}

std::vector<std::string> KnownPrograms::names_of(const ResolvedProgram& program, DigestCache& digests) const {
  std::vector<std::string> names;
  std::optional<Sha256> digest = program.digest;
  bool is_tried = digest.has_value();
  for (const Known& one : known_) {
    if (one.name == base_name(program.found) || one.name == program.found) continue;
    if (std::ranges::find(names, one.name) != names.end()) continue;
    bool is_same = one.file.device == program.file.device && one.file.inode == program.file.inode;
    if (!is_same && one.file.size == program.file.size) {
      if (!is_tried) digest = digests.digest_of(program.path, program.file);
      is_tried = true;
      is_same = digest && digests.digest_of(one.path, one.file) == digest;
    }
    if (is_same) names.push_back(one.name);
  }
  return names;
}

}  // namespace bailiwick
