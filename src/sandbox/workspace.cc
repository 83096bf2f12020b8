#include "sandbox/workspace.h"

#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <cstring>

#include "base/text.h"
#include "kernel/fd.h"

namespace bailiwick {
namespace {

std::string quoted(const std::string& path) { return "`" + printable(path) + "`"; }

std::string parent_of(const std::string& path) {
  const auto slash = path.rfind('/');
  return slash == 0 || slash == std::string::npos ? "/" : path.substr(0, slash);
}

bool is_owned_directory(const std::string& path, std::uint32_t uid) {
  struct ::stat info{};
  return ::lstat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode) && info.st_uid == uid;
}

// What is never a workspace: no project lives there, and making it writable would widen the sandbox.
bool is_system_directory(const std::string& path) {
  static constexpr std::array<std::string_view, 16> kSystem = {"/bin",  "/boot", "/dev",  "/etc",    "/lib", "/lib64",
                                                               "/proc", "/run",  "/sbin", "/sys",    "/usr", "/var",
                                                               "/opt",  "/home", "/tmp",  "/var/tmp"};
  for (const auto system : kSystem) {
    if (path == system) return true;
  }
  for (const std::string_view tree :
       {"/bin", "/boot", "/dev", "/etc", "/lib", "/lib64", "/proc", "/run", "/sbin", "/sys"}) {
    if (is_within(path, tree)) return true;
  }
  return is_within(path, "/usr") && !is_within(path, "/usr/src") && !is_within(path, "/usr/local/src");
}

std::string find_top_level(const std::string& directory, const WorkspaceRequest& request) {
  for (std::string at = directory; at != "/"; at = parent_of(at)) {
    if (is_within(request.home, at)) break;
    struct ::stat info{};
    if (::lstat((at + "/.git").c_str(), &info) != 0) continue;
    if (info.st_uid != request.uid || !is_owned_directory(at, request.uid)) break;
    if (S_ISDIR(info.st_mode) || S_ISREG(info.st_mode)) return at;
  }
  return directory;
}

std::string read_line(const std::string& path) {
  const auto text = load_file(path, 8192);
  if (!text) return {};
  return std::string(trim(*text));
}

std::string resolve(const std::string& path) {
  char resolved[PATH_MAX];
  return ::realpath(path.c_str(), resolved) != nullptr ? resolved : "";
}

// A linked worktree's `.git` is a file "gitdir: COMMON/worktrees/NAME". The agent can write that file, so it is
// believed only where the git directory points back at this very worktree, and both are the caller's.
// SECURITY: test WorkspaceTest.AGitFileThatPointsElsewhereOpensNothing.
std::string find_common_directory(const std::string& root, std::uint32_t uid) {
  const std::string pointer = root + "/.git";
  struct ::stat info{};
  if (::lstat(pointer.c_str(), &info) != 0 || !S_ISREG(info.st_mode)) return {};
  std::string line = read_line(pointer);
  constexpr std::string_view kKey = "gitdir: ";
  if (!line.starts_with(kKey)) return {};
  line.erase(0, kKey.size());
  const std::string git = resolve(line.starts_with('/') ? line : root + "/" + line);
  if (git.empty() || !is_owned_directory(git, uid)) return {};
  if (resolve(read_line(git + "/gitdir")) != pointer) return {};
  const std::string common = resolve(git + "/" + read_line(git + "/commondir"));
  if (common.empty() || parent_of(git) != common + "/worktrees" || !is_owned_directory(common, uid)) return {};
  if (!is_owned_directory(common + "/objects", uid) || ::access((common + "/HEAD").c_str(), F_OK) != 0) return {};
  return is_within(common, root) ? std::string() : common;
}

}  // namespace

Result<WorkspaceFact> find_workspace(const WorkspaceRequest& request) {
  char resolved[PATH_MAX];
  const std::string asked = request.directory.empty() ? "." : request.directory;
  if (::realpath(asked.c_str(), resolved) == nullptr) {
    return fail(ErrorKind::invalid, "the workspace " + quoted(asked) + " is not there or cannot be entered (" +
                                        ::strerrordesc_np(errno) + "): name a project directory with -C DIR");
  }
  WorkspaceFact fact{.root = resolved, .asked = resolved, .common_git_directory = {}, .is_git = false};
  struct ::stat info{};
  if (::stat(resolved, &info) != 0 || !S_ISDIR(info.st_mode)) {
    return fail(ErrorKind::invalid,
                "the workspace " + quoted(asked) + " is not a directory: name a project directory with -C DIR");
  }
  fact.root = find_top_level(fact.asked, request);
  fact.is_git = ::access((fact.root + "/.git").c_str(), F_OK) == 0;
  if (!request.state_directory.empty() && is_within(fact.root, request.state_directory)) {
    return fail(ErrorKind::invalid, "the workspace " + quoted(fact.root) +
                                        " lies in bailiwick's own state: name a project directory with -C DIR");
  }
  if (is_system_directory(fact.root)) {
    return fail(ErrorKind::invalid,
                "the workspace " + quoted(fact.root) + " is a system directory: name a project directory with -C DIR");
  }
  if (fact.root == "/" || (request.mode != Mode::full_access && is_within(request.home, fact.root))) {
    const std::string what = fact.root == "/"            ? "the root directory"
                             : fact.root == request.home ? "your home directory"
                                                         : "above your home directory";
    return fail(ErrorKind::invalid,
                "the workspace " + quoted(fact.root) + " is " + what + ": name a project directory with -C DIR");
  }
  if (request.mode == Mode::workspace_write) {
    if (::stat(fact.root.c_str(), &info) != 0 || info.st_uid != request.uid) {
      return fail(ErrorKind::invalid, "the workspace " + quoted(fact.root) + " belongs to another user (uid " +
                                          std::to_string(info.st_uid) +
                                          "): use --mode read-only, or a directory of your own");
    }
    struct ::statvfs volume{};
    if (::statvfs(fact.root.c_str(), &volume) == 0 && (volume.f_flag & ST_RDONLY) != 0) {
      return fail(ErrorKind::invalid,
                  "the workspace " + quoted(fact.root) + " is on a read-only mount: use --mode read-only");
    }
  }
  fact.common_git_directory = find_common_directory(fact.root, request.uid);
  return fact;
}

}  // namespace bailiwick
