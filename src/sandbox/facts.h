// What `plan()` needs to know about this machine, this user and this workspace: values only. `gather_facts` reads them
// from the file system (outside the sandbox, as the caller); it follows no link of the workspace and runs nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "policy/policy.h"

namespace bailiwick {

enum class FileKind : std::uint8_t { absent, file, directory, symlink, socket, fifo, other };

struct PathFact {
  std::string asked;  // as the user or our data wrote it, "~/" expanded
  std::string path;   // with all symlinks resolved; what is bound
  FileKind kind = FileKind::absent;
  std::string link;  // for a symlink that is made anew: its text
  bool is_readable = true;
  bool operator==(const PathFact&) const = default;
};

// A file of HOME that enters as a copy.
struct CopyFact {
  std::string path;
  std::string content;
  bool operator==(const CopyFact&) const = default;
};

struct ScanMatch {
  enum class Kind : std::uint8_t { protect, hide, pin };
  Kind kind;
  std::string path;
  bool is_directory = false;
  std::string reason;
  bool operator==(const ScanMatch&) const = default;
};

struct WorkspaceFact {
  std::string root;   // resolved
  std::string asked;  // the directory that was asked for, resolved: where the command starts
  std::string alias;  // the directory as it was named, where that goes through a symbolic link; else empty
  std::string common_git_directory;  // of a linked worktree, when it lies outside and points back; else empty
  bool is_git = false;
};

struct Facts {
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::string user;
  std::string home;             // as $HOME says
  std::string real_home;        // resolved
  std::string state_directory;  // our own, never inside
  std::string private_scratch;  // a name for a private directory in /tmp, for the backend that has no mounts of its own
  WorkspaceFact workspace;
  std::vector<std::string> command;
  std::vector<PathFact> candidates;  // what execvp(3) would try, those that exist: path is where it really lies
  bool has_file_as_stdio = false;  // one of 0, 1, 2 is a file, device or named FIFO, which a name in /proc opens again
  std::vector<std::string> environment;  // the caller's, NAME=VALUE
  std::string agent;                     // profile name, empty for none
  std::vector<std::string> agent_warnings;

  std::vector<PathFact> system;  // top-level system directories and parts of /var, in order
  std::vector<PathFact> etc;     // entries of /etc, one by one: filled in for root only, where file modes hide nothing
  std::vector<PathFact> home_trees;   // toolchains, read-only
  std::vector<PathFact> agent_state;  // writable
  std::vector<PathFact> read;
  std::vector<PathFact> write;
  std::vector<PathFact> sockets;
  std::vector<CopyFact> copies;
  std::vector<PathFact> top;             // the entries of /, for full-access only
  std::vector<ScanMatch> matches;        // from walking the workspace and the named trees, and secrets at fixed places
  std::vector<std::string> credentials;  // the agent's own login that is let in
  std::uint64_t scanned_entries = 0;
  bool scan_was_cut = false;
  std::vector<std::string> notes;  // for the plan's warnings
};

struct Request {
  SandboxPolicy policy;
  std::string directory;  // -C, empty for the current one
  std::vector<std::string> command;
};

// `environment` is the caller's. Errors: `invalid` for a workspace or path that may not be used, `not_found` for an
// unknown program.
[[nodiscard]] Result<Facts> gather_facts(const Request& request, const std::vector<std::string>& environment);

}  // namespace bailiwick
