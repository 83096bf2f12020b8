#include "session/trusted_file.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <limits>
#include <memory>

#include "base/text.h"

namespace bailiwick {
namespace {

constexpr unsigned kMaxLinks = 40;  // the kernel's own
constexpr uid_t kOverflowUid = 65534;
constexpr mode_t kOthersWrite = 0022;
// What may have been put in a file's place must neither block us nor become our terminal.
constexpr int kReadOnly = O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;

std::string quoted(std::string_view path) { return "`" + printable(path) + "`"; }

std::unexpected<Error> refuse(std::string what, int os_errno = 0) {
  return std::unexpected(
      Error{.kind = ErrorKind::invalid, .what = std::move(what), .os_errno = os_errno, .context = {}});
}

// `advice` is for what we are not permitted to see.
std::unexpected<Error> cannot_open(const std::string& path, std::string advice = "check its owner and mode") {
  const int code = errno;
  std::string text = ": ";
  if (code == EACCES) text = ", and it is not passed over: " + std::move(advice) + ": ";
  if (code == EWOULDBLOCK) text = " while another program holds a lease on it: end that program: ";
  text.resize(text.size() - 2);
  return refuse("could not read " + quoted(path) + text, code);
}

std::string_view kind_of(mode_t mode) {
  if (S_ISDIR(mode)) return "a directory";
  if (S_ISLNK(mode)) return "a link";
  if (S_ISFIFO(mode)) return "a FIFO";
  if (S_ISSOCK(mode)) return "a socket";
  return "a device";
}

Status check_regular(const std::string& path, const struct ::stat& info) {
  if (S_ISREG(info.st_mode)) return {};
  return refuse(quoted(path) + " is " + std::string(kind_of(info.st_mode)) +
                ", not a file: remove it, or put a file there");
}

// The bytes of what is open, once its kind and size are as they should be.
Result<std::string> read_regular(const Fd& file, const struct ::stat& info, const std::string& path,
                                 std::size_t limit) {
  TRY(check_regular(path, info));
  auto text = static_cast<std::uint64_t>(info.st_size) > limit
                  ? fail(ErrorKind::invalid, "longer than " + format_bytes(limit))
                  : read_all(file.get(), limit);
  if (text) return text;
  return refuse(quoted(path) + ": " + text.error().what, text.error().os_errno);
}

// One walk from `/`, component by component: each is opened without following a link and looked at by what was opened.
// The directory that holds the next one is root's alone by then, so nobody else can exchange it between two calls.
class TrustedWalk {
 public:
  explicit TrustedWalk(const std::string& path) : asked_(path) {}

  // False: there is no such name.
  Result<bool> go() {
    TRY(start());
    push(asked_);
    while (!left_.empty()) {
      const std::string name = std::move(left_.back());
      left_.pop_back();
      if (name.empty() || name == ".") continue;
      if (name == "..") {
        TRY(step_up());
        continue;
      }
      TRY_ASSIGN(const bool is_there, step(name));
      if (!is_there) return false;
    }
    return true;
  }

  // What was found, for reading.
  Result<Fd> open(int flags) {
    Fd file(S_ISDIR(info_.st_mode) ? ::openat(at_.get(), ".", kReadOnly | flags)
                                   : ::openat(parent_.get(), name_.c_str(), kReadOnly | O_NOFOLLOW | flags));
    if (!file.is_open()) {
      const std::string modes = S_ISDIR(info_.st_mode) ? "chmod a+rx " : "chmod a+r ";
      return cannot_open(asked_, "whom it governs must be able to read it: " + modes + shell_quote(path_));
    }
    struct ::stat opened{};
    if (::fstat(file.get(), &opened) != 0) return cannot_open(asked_);
    TRY(check(opened));
    if (opened.st_dev != info_.st_dev || opened.st_ino != info_.st_ino) {
      return refuse(quoted(asked_) + " was exchanged while it was read: try again");
    }
    info_ = opened;
    return file;
  }
  [[nodiscard]] const struct ::stat& info() const { return info_; }

 private:
  void push(const std::string& path) {
    const auto parts = split(path, '/');
    left_.insert(left_.end(), parts.rbegin(), parts.rend());
  }

  Status start() {
    at_ = Fd(::open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
    path_.clear();
    if (!at_.is_open() || ::fstat(at_.get(), &info_) != 0) return cannot_open("/");
    return check(info_);
  }

  Status step_up() {
    Fd above(::openat(at_.get(), "..", O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!above.is_open() || ::fstat(above.get(), &info_) != 0) return cannot_open(asked_);
    path_.resize(path_.empty() ? 0 : path_.rfind('/'));
    at_ = std::move(above);
    return check(info_);
  }

  Result<bool> step(const std::string& name) {
    Fd next(::openat(at_.get(), name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
    if (!next.is_open() && errno == ENOENT) {
      if (left_.size() < link_floor_) return false;
      return refuse(quoted(asked_) + " is a link, or lies behind one, that leads to " + quoted(path_ + "/" + name) +
                    ", which is not there: remove the link, or put there what it names");
    }
    if (!next.is_open()) {
      return cannot_open(asked_, "whom it governs must be able to look for it: chmod a+x " + shell_quote(path_));
    }
    if (::fstat(next.get(), &info_) != 0) return cannot_open(asked_);
    const std::string above = path_;
    path_ += "/" + name;
    TRY(check(info_));
    if (S_ISLNK(info_.st_mode)) {
      path_ = above;
      TRY(follow(next));
      return true;
    }
    if (!left_.empty() && !S_ISDIR(info_.st_mode)) {
      return refuse(quoted(path_) + " is not a directory, and " + quoted(asked_) + " cannot be looked for: remove it");
    }
    parent_ = std::move(at_);
    at_ = std::move(next);
    name_ = name;
    return true;
  }

  Status follow(const Fd& link) {
    char text[PATH_MAX];
    const ssize_t n = ::readlinkat(link.get(), "", text, sizeof text);
    if (n <= 0 || n >= static_cast<ssize_t>(sizeof text)) return cannot_open(asked_);
    if (++links_ > kMaxLinks) {
      return refuse(quoted(asked_) + " leads through too many links: put the file itself there", ELOOP);
    }
    const std::string target(text, static_cast<std::size_t>(n));
    link_floor_ = std::min(link_floor_, left_.size());
    if (target.starts_with('/')) TRY(start());
    push(target);
    return {};
  }

  // SECURITY: policy_sources_test.py: what anybody but root could have written is no policy of the administrator's.
  Status check(const struct ::stat& info) {
    const std::string path = path_.empty() ? "/" : path_;
    const std::string subject = path == asked_ ? quoted(path) : quoted(asked_) + " cannot be trusted: " + quoted(path);
    const unsigned mode = info.st_mode & 07777;
    if (info.st_uid == kOverflowUid) {
      return refuse(
          fmt::format("{} belongs to uid {}, nobody (mode {:04o}): either it is nobody's, or this user "
                      "namespace does not map root, and nobody can tell who wrote it: start bailiwick "
                      "outside of that namespace, or chown root: {}",
                      subject, info.st_uid, mode, shell_quote(path)));
    }
    // A link has no mode of its own.
    const bool is_writable = !S_ISLNK(info.st_mode) && (info.st_mode & kOthersWrite) != 0;
    if (info.st_uid == 0 && !is_writable) return {};
    const std::string wrong = info.st_uid != 0
                                  ? fmt::format("belongs to uid {} (mode {:04o}), not to root", info.st_uid, mode)
                                  : fmt::format("can be written by others than root (mode {:04o})", mode);
    // Behind a link it may be a place that is rightly somebody else's.
    if (links_ > 0) {
      return refuse(
          fmt::format("{} {}, and a link leads there: put the file itself in the link's place", subject, wrong));
    }
    return refuse(fmt::format("{} {}: {} {}", subject, wrong, info.st_uid != 0 ? "chown root:" : "chmod go-w",
                              shell_quote(path)));
  }

  std::string asked_;
  std::vector<std::string> left_;  // components, the next one last
  Fd parent_;                      // holds `at_` as `name_` where that is no directory
  std::string name_;
  Fd at_;
  std::string path_;  // of `at_`, without links
  struct ::stat info_{};
  unsigned links_ = 0;
  // Where as many are left after the next one, or more, a link named it: it must be there.
  std::size_t link_floor_ = std::numeric_limits<std::size_t>::max();
};

// Sorted by bytes.
Result<std::vector<std::string>> list(Fd directory, const std::string& path) {
  const std::unique_ptr<DIR, int (*)(DIR*)> stream(::fdopendir(directory.get()), ::closedir);
  if (stream == nullptr) return cannot_open(path);
  static_cast<void>(directory.release());
  std::vector<std::string> names;
  while (true) {
    errno = 0;
    const ::dirent* entry = ::readdir(stream.get());
    if (entry == nullptr && errno != 0) return cannot_open(path);
    if (entry == nullptr) break;
    const std::string name = entry->d_name;
    if (name != "." && name != "..") names.push_back(name);
  }
  std::ranges::sort(names);
  return names;
}

}  // namespace

Result<std::optional<std::string>> load_trusted_file(const std::string& path, std::size_t limit) {
  TrustedWalk walk(path);
  TRY_ASSIGN(const bool is_there, walk.go());
  if (!is_there) return std::nullopt;
  TRY(check_regular(path, walk.info()));  // before it is opened: opening a device can do something
  TRY_ASSIGN(const Fd file, walk.open(0));
  TRY_ASSIGN(std::string text, read_regular(file, walk.info(), path, limit));
  return text;
}

Result<std::optional<std::vector<std::string>>> list_trusted_directory(const std::string& path) {
  TrustedWalk walk(path);
  TRY_ASSIGN(const bool is_there, walk.go());
  if (!is_there) return std::nullopt;
  TRY_ASSIGN(Fd directory, walk.open(O_DIRECTORY));
  TRY_ASSIGN(std::vector<std::string> names, list(std::move(directory), path));
  return names;
}

Result<Fd> open_trusted_directory(const std::string& path) {
  TrustedWalk walk(path);
  TRY_ASSIGN(const bool is_there, walk.go());
  if (!is_there) return refuse(quoted(path) + " is not there", ENOENT);
  return walk.open(O_DIRECTORY);
}

bool is_missing(const std::string& path) {
  struct ::stat info{};
  return ::lstat(path.c_str(), &info) != 0 && errno == ENOENT;
}

Result<std::optional<OwnFile>> load_own_file(const std::string& path, std::size_t limit) {
  const Fd file(::open(path.c_str(), kReadOnly));
  if (!file.is_open()) {
    if (errno == ENOENT && is_missing(path)) return std::nullopt;  // else a link to what is not there
    return cannot_open(path);
  }
  struct ::stat info{};
  if (::fstat(file.get(), &info) != 0) return cannot_open(path);
  const unsigned mode = info.st_mode & 07777;
  if (S_ISREG(info.st_mode) && info.st_uid != ::geteuid() && info.st_uid != 0) {
    return refuse(
        fmt::format("{} belongs to uid {} (mode {:04o}), neither to you nor to root: copy what you want of "
                    "it to a file of your own",
                    quoted(path), info.st_uid, mode));
  }
  if (S_ISREG(info.st_mode) && (info.st_mode & kOthersWrite) != 0) {
    return refuse(fmt::format("{} can be written by others than its owner (mode {:04o}): chmod go-w {}", quoted(path),
                              mode, shell_quote(path)));
  }
  OwnFile own;
  TRY_ASSIGN(own.text, read_regular(file, info, path, limit));
  char text[PATH_MAX];
  const ssize_t n = ::readlink(("/proc/self/fd/" + std::to_string(file.get())).c_str(), text, sizeof text);
  own.path = n > 0 && n < static_cast<ssize_t>(sizeof text) ? std::string(text, static_cast<std::size_t>(n)) : path;
  return own;
}

Result<std::optional<std::string>> load_untrusted_file(const std::string& directory, const std::string& name,
                                                       std::size_t limit) {
  const std::string path = directory + "/" + name;
  const Fd root(::open(directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!root.is_open()) return cannot_open(directory);
  const auto file = open_beneath(root.get(), name, kReadOnly | O_NOFOLLOW);
  if (!file) {
    errno = file.error().os_errno;
    if (errno == ENOENT) return std::nullopt;
    if (errno == ELOOP) return refuse(quoted(path) + " is a link: put the file itself there, or remove it");
    if (errno == ENXIO) return refuse(quoted(path) + " is a socket or a device, not a file: remove it");
    return cannot_open(path);
  }
  struct ::stat info{};
  if (::fstat(file->get(), &info) != 0) return cannot_open(path);
  TRY_ASSIGN(std::string text, read_regular(*file, info, path, limit));
  return text;
}

}  // namespace bailiwick
