#include "sandbox/scan.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <deque>

#include "base/text.h"
#include "kernel/fd.h"
#include "policy/executable_config.h"

namespace bailiwick {
namespace {

// What getdents64 puts into its buffer (linux/dirent.h; libc does not declare it).
struct KernelEntry {
  std::uint64_t inode;
  std::int64_t offset;
  std::uint16_t length;
  std::uint8_t type;
  char name[1];
};

// Directories of git's own data: large, and nothing in them is executed.
bool is_git_data(std::string_view directory, std::string_view name) {
  const bool in_git = directory == ".git" || directory.ends_with("/.git");
  return in_git && (name == "objects" || name == "refs" || name == "logs" || name == "lfs" || name == "rr-cache");
}

class Scan {
 public:
  Scan(const ScanRequest& request, std::uint64_t budget) : request_(request), budget_(budget) {}

  Result<ScanResult> run() {
    TRY_ASSIGN(root_, open_file(request_.root, O_PATH | O_DIRECTORY | O_NOFOLLOW));
    queue_.emplace_back();
    while (!queue_.empty() && !result_.was_cut) {
      const std::string directory = std::move(queue_.front());
      queue_.pop_front();
      TRY(scan_directory(directory));
    }
    return std::move(result_);
  }

 private:
  Status scan_directory(const std::string& directory) {
    auto opened = open_beneath(root_.get(), directory.empty() ? "." : directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    if (!opened) return {};  // gone meanwhile, or not ours to read: then the sandbox cannot read it either
    const Fd fd = std::move(*opened);
    signs_seen_ = 0;
    alignas(std::uint64_t) std::array<char, 32768> buffer;
    while (true) {
      const long n = ::syscall(SYS_getdents64, fd.get(), buffer.data(), buffer.size());
      if (n <= 0) return protect_bare_repository(fd.get(), directory);
      for (long at = 0; at < n;) {
        const auto* entry = reinterpret_cast<const KernelEntry*>(buffer.data() + at);
        at += entry->length;
        const std::string_view name = entry->name;
        if (name == "." || name == "..") continue;
        if (result_.entries >= budget_) {
          result_.was_cut = true;
          return {};
        }
        ++result_.entries;
        TRY(look_at(fd.get(), directory, name, entry->type));
      }
    }
  }

  static std::uint8_t type_of(int directory, const char* name) {
    struct ::stat info{};
    if (::fstatat(directory, name, &info, AT_SYMLINK_NOFOLLOW) != 0) return DT_UNKNOWN;
    return static_cast<std::uint8_t>(IFTODT(info.st_mode));
  }

  // A bare repository may have any name: it is known by what lies in it.
  Status protect_bare_repository(int directory_fd, const std::string& directory) {
    if (signs_seen_ < git_directory_signs().size() || request_.patterns->protect.patterns().empty()) return {};
    for (const std::string_view name : git_directory_config()) {
      const std::uint8_t type = type_of(directory_fd, std::string(name).c_str());
      if (type == DT_UNKNOWN) continue;
      path_ = directory.empty() ? std::string(name) : directory + "/" + std::string(name);
      const std::string absolute = request_.root + "/" + path_;
      const auto same = [&](const ScanMatch& match) { return match.path == absolute; };
      if (std::any_of(result_.matches.begin(), result_.matches.end(), same)) continue;
      TRY(add(ScanMatch::Kind::protect, type, "configuration of a bare repository"));
    }
    return {};
  }

  Status look_at(int directory_fd, const std::string& directory, std::string_view name, std::uint8_t type) {
    for (const std::string_view sign : git_directory_signs()) signs_seen_ += name == sign ? 1 : 0;
    if (type == DT_UNKNOWN) type = type_of(directory_fd, std::string(name).c_str());
    path_.assign(directory);
    if (!path_.empty()) path_ += '/';
    path_ += name;
    if (type == DT_SOCK || type == DT_FIFO) {
      return add(ScanMatch::Kind::hide, type, type == DT_SOCK ? "a socket of the host" : "a FIFO of the host");
    }
    const bool is_directory = type == DT_DIR;
    const EntryKind kind = is_directory ? EntryKind::directory : EntryKind::file;
    matched_.assign(request_.match_prefix);
    matched_ += path_;
    absolute_.assign(request_.root == "/" ? "" : request_.root);
    absolute_ += '/';
    absolute_ += path_;
    for (const std::string& skip : request_.skip) {
      if (absolute_ == skip) return {};
    }
    const ScanPatterns& patterns = *request_.patterns;
    const auto hides = [&](EntryKind as) {
      return !patterns.hide.match(absolute_, name, as).empty() ||
             !patterns.hide_relative.match(matched_, name, as).empty();
    };
    // A link may stand for either kind.
    const bool is_link = type == DT_LNK;
    if (hides(kind) || (is_link && hides(EntryKind::directory))) return add(ScanMatch::Kind::hide, type, "a secret");
    auto protect = patterns.protect.match(matched_, name, kind);
    if (protect.empty() && is_link) protect = patterns.protect.match(matched_, name, EntryKind::directory);
    if (!protect.empty()) {
      // A protected directory is read-only as a whole; nothing below it needs a cover of its own, but for secrets,
      // which fixed names cover.
      return add(ScanMatch::Kind::protect, type,
                 std::string(patterns.protect.patterns()[protect.front().pattern].glob.text()));
    }
    if (!is_directory) return {};
    if (name == ".git") TRY(add(ScanMatch::Kind::pin, type, "a git directory stays where it is"));
    if (!is_git_data(matched_directory(directory), name)) queue_.push_back(path_);
    return {};
  }

  std::string matched_directory(const std::string& directory) const {
    std::string out = request_.match_prefix + directory;
    while (out.ends_with('/')) out.pop_back();
    return out;
  }

  Status add(ScanMatch::Kind kind, std::uint8_t type, std::string reason) {
    ScanMatch match{.kind = kind,
                    .path = request_.root + (request_.root == "/" ? "" : "/") + path_,
                    .is_directory = type == DT_DIR,
                    .reason = {}};
    match.reason = std::move(reason);
    if (type == DT_LNK) {
      // A mount cannot cover a link. What it points at can be covered where it lies in the same tree; realpath only
      // decides what gets *less*.
      char target[PATH_MAX];
      struct ::stat info{};
      const bool inside = ::realpath(match.path.c_str(), target) != nullptr &&
                          std::string_view(target).starts_with(request_.root + "/");
      if (!inside || ::stat(target, &info) != 0) {
        result_.notes.push_back("`" + printable(match.path) +
                                "` is a symbolic link to somewhere else: the link itself is not protected");
        return {};
      }
      result_.notes.push_back("`" + printable(match.path) +
                              "` is a symbolic link: what it points at is protected, the link itself is not");
      match.path = target;
      match.is_directory = S_ISDIR(info.st_mode);
    }
    if (result_.matches.size() >= kMostMatches) {
      return fail(ErrorKind::invalid, "more than 10000 names below `" + printable(request_.root) +
                                          "` are protected or denied; the last is `" + printable(match.path) +
                                          "`: use a narrower pattern or a smaller workspace");
    }
    result_.matches.push_back(std::move(match));
    return {};
  }

  const ScanRequest& request_;
  const std::uint64_t budget_;
  Fd root_;
  std::deque<std::string> queue_;
  std::size_t signs_seen_ = 0;             // of a git directory, in the directory that is being read
  std::string path_, matched_, absolute_;  // reused, so that the ordinary entry allocates nothing
  ScanResult result_;
};

}  // namespace

Result<ScanResult> scan_tree(const ScanRequest& request, std::uint64_t budget) { return Scan(request, budget).run(); }

}  // namespace bailiwick
