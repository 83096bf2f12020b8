// Which file a program name means on this machine, and what is in it. As the caller; opens, never runs.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/crypto.h"
#include "base/result.h"

namespace bailiwick {

// One file as it is now.
struct FileIdentity {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::uint64_t size = 0;
  std::int64_t changed_ns = 0;  // ctime: a write cannot set it back
  bool operator==(const FileIdentity&) const = default;
};

struct ResolvedProgram {
  std::string found;  // the path that execvp(3) would use: "/usr/bin/vi"
  std::string path;   // with all links resolved: "/usr/bin/vim.basic"
  FileIdentity file;
  std::optional<Sha256> digest;  // only where asked for
  bool operator==(const ResolvedProgram&) const = default;
};

// As execvp(3) would find it: `name` with a slash relative to `directory`, else along `search` (PATH's text; empty
// entries mean `directory`). Empty: there is no such regular file that the effective user can execute.
[[nodiscard]] std::optional<ResolvedProgram> resolve_program(std::string_view name, std::string_view search,
                                                             const std::string& directory);

// Digests by (device, inode, size, changed): a file that was not touched is read once. Not for several threads.
class DigestCache {
 public:
  // Empty: it cannot be read, or changed while it was. At most `limit` bytes are read; larger files have no digest.
  // `path` may be /proc/self/fd/N of a descriptor that is held. A file that changed within the last two seconds is read
  // each time: its next change may leave the same ctime.
  [[nodiscard]] std::optional<Sha256> digest_of(const std::string& path, const FileIdentity& file,
                                                std::uint64_t limit = 1ULL << 30);
  [[nodiscard]] std::size_t files_read() const { return files_read_; }

 private:
  struct Hash {
    std::size_t operator()(const FileIdentity& file) const;
  };
  std::unordered_map<FileIdentity, Sha256, Hash> known_;
  std::size_t files_read_ = 0;
};

// The programs that rules speak of, as they are on this machine, so that a copy or a link under another name is known
// for what it is. A digest is computed only for a file whose size one of them has.
class KnownPrograms {
 public:
  // `names`: first words of deny and ask rules, base names or absolute paths. Looked for along `search` and in the
  // usual system directories: every file of that name, in absolute places. What is not there is left out.
  [[nodiscard]] static KnownPrograms find(const std::vector<std::string>& names, std::string_view search);
  // Names under which `program` is known, by device and inode or by content; without its own base name. Files that are
  // many programs by name (busybox, systemctl) are known by name only: a rule about `shutdown` is none about
  // `systemctl`.
  [[nodiscard]] std::vector<std::string> names_of(const ResolvedProgram& program, DigestCache& digests) const;

 private:
  struct Known {
    std::string name;
    std::string path;
    FileIdentity file;
  };
  std::vector<Known> known_;
};

}  // namespace bailiwick
