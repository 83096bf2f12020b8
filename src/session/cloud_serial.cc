#include "session/cloud_serial.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <limits>
#include <optional>

#include "base/text.h"
#include "kernel/fd.h"
#include "session/trusted_file.h"

namespace bailiwick {
namespace {

constexpr const char* kRootName = "serial";
constexpr const char* kUserName = "cloud-serial";
constexpr std::size_t kMaxSerialFile = 64;
constexpr int kLockTries = 400;  // of 5 ms: whoever holds it writes twenty bytes

std::string quoted(std::string_view path) { return "`" + printable(path) + "`"; }

std::unexpected<Error> cannot(const std::string& what, const std::string& path) {
  const int code = errno;
  return std::unexpected(Error{.kind = ErrorKind::invalid,
                               .what = "could not " + what + " " + quoted(path) +
                                       ", and without it an older bundle could come back unseen: check its directory's "
                                       "owner, mode and free space",
                               .os_errno = code,
                               .context = {}});
}

// "7\n". Missing: 0.
Result<std::int64_t> parse_serial(const std::optional<std::string>& text, const std::string& path) {
  if (!text) return 0;
  constexpr std::uint64_t kMax = std::numeric_limits<std::int64_t>::max();
  if (text->ends_with('\n')) {
    const auto serial = parse_number(std::string_view(*text).substr(0, text->size() - 1), 1, kMax);
    if (serial) return static_cast<std::int64_t>(*serial);
  }
  return fail(ErrorKind::invalid,
              quoted(path) +
                  " is damaged, and which bundles are too old cannot be told: write the serial of the last "
                  "bundle that was accepted here into it, one number and a line feed");
}

Result<std::int64_t> load_user_serial(const std::string& state_directory) {
  const std::string path = state_directory + "/" + kUserName;
  TRY_ASSIGN(const auto file, load_own_file(path, kMaxSerialFile));
  return parse_serial(file ? std::optional(file->text) : std::nullopt, path);
}

Result<std::int64_t> load_root_serial() {
  const std::string path = std::string(kCloudDirectory) + "/" + kRootName;
  TRY_ASSIGN(const auto text, load_trusted_file(path, kMaxSerialFile));
  return parse_serial(text, path);
}

// Makes what is missing. The last one must be the caller's, and nobody else's to write.
Result<Fd> open_state_directory(const std::string& path) {
  if (!path.starts_with('/')) {
    return fail(ErrorKind::invalid,
                "there is no place to keep the serial of the company's policy: set HOME or XDG_STATE_HOME to a "
                "directory of yours");
  }
  Fd at(::open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!at.is_open()) return cannot("open", "/");
  std::string walked;
  for (const std::string_view part : split(std::string_view(path).substr(1), '/')) {
    if (part.empty()) continue;
    const std::string name(part);
    walked += "/" + name;
    int next = ::openat(at.get(), name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (next < 0 && errno == ENOENT) {
      if (::mkdirat(at.get(), name.c_str(), 0700) != 0 && errno != EEXIST) return cannot("make", walked);
      next = ::openat(at.get(), name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    }
    if (next < 0) return cannot("open", walked);
    at = Fd(next);
  }
  struct ::stat info{};
  if (::fstat(at.get(), &info) != 0 || info.st_uid != ::geteuid() || (info.st_mode & 0022) != 0) {
    return fail(ErrorKind::invalid,
                quoted(path) + " belongs to somebody else or can be written by others: make it yours with mode 0700");
  }
  return at;
}

// Held until it is closed. A file of its own that nobody else can open: else anybody could hold it for ever.
Result<Fd> lock(int directory, const std::string& path) {
  Fd file(::openat(directory, "serial.lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600));
  if (!file.is_open()) return cannot("lock", path);
  for (int i = 0; ::flock(file.get(), LOCK_EX | LOCK_NB) != 0; ++i) {
    if (errno != EINTR && (errno != EWOULDBLOCK || i == kLockTries)) return cannot("lock", path);
    static_cast<void>(::poll(nullptr, 0, 5));
  }
  return file;
}

// The new file is whole before it has the name.
Status replace(int directory, const std::string& name, std::int64_t serial, unsigned mode, const std::string& path) {
  const std::string fresh = name + ".new";
  if (::unlinkat(directory, fresh.c_str(), 0) != 0 && errno != ENOENT) return cannot("write", path);
  const Fd file(::openat(directory, fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode));
  if (!file.is_open()) return cannot("write", path);
  if (!write_all(file.get(), std::to_string(serial) + "\n") || ::fchmod(file.get(), mode) != 0 ||
      ::fsync(file.get()) != 0 || ::renameat(directory, fresh.c_str(), directory, name.c_str()) != 0 ||
      ::fsync(directory) != 0) {
    return cannot("write", path);
  }
  return {};
}

}  // namespace

Result<std::int64_t> load_last_serial(const std::string& state_directory) {
  TRY_ASSIGN(const std::int64_t of_root, load_root_serial());
  if (!state_directory.starts_with('/')) return of_root;
  TRY_ASSIGN(const std::int64_t of_user, load_user_serial(state_directory));
  return std::max(of_root, of_user);
}

Status save_last_serial(std::int64_t serial, const std::string& state_directory) {
  if (::geteuid() == 0) {
    const std::string path = std::string(kCloudDirectory) + "/" + kRootName;
    TRY_ASSIGN(const Fd directory, open_trusted_directory(kCloudDirectory));
    const auto held = lock(directory.get(), path);
    if (held) {
      TRY_ASSIGN(const std::int64_t last, load_root_serial());
      return serial > last ? replace(directory.get(), kRootName, serial, 0644, path) : Status{};
    }
    if (held.error().os_errno != EROFS) return std::unexpected(held.error());
  }
  const std::string path = state_directory + "/" + kUserName;
  TRY_ASSIGN(const Fd directory, open_state_directory(state_directory));
  TRY_ASSIGN(const Fd held, lock(directory.get(), path));
  TRY_ASSIGN(const std::int64_t last, load_user_serial(state_directory));
  return serial > last ? replace(directory.get(), kUserName, serial, 0600, path) : Status{};
}

}  // namespace bailiwick
