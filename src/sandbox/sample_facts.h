// Machines, users and workspaces that do not exist, for tests of plan(). Only for tests.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "kernel/host_features.h"
#include "sandbox/facts.h"

namespace bailiwick::sample {

inline PathFact file(const std::string& path) {
  return {.asked = path, .path = path, .kind = FileKind::file, .link = {}};
}
inline PathFact tree(const std::string& path) {
  return {.asked = path, .path = path, .kind = FileKind::directory, .link = {}};
}
inline PathFact symlink(const std::string& path, std::string text) {
  return {.asked = path, .path = path, .kind = FileKind::symlink, .link = std::move(text)};
}
inline PathFact socket(std::string asked, std::string path) {
  return {.asked = std::move(asked), .path = std::move(path), .kind = FileKind::socket, .link = {}};
}
inline ScanMatch match(ScanMatch::Kind kind, std::string path, bool is_directory = false) {
  return {.kind = kind, .path = std::move(path), .is_directory = is_directory, .reason = "a reason"};
}
inline ScanMatch protect(std::string path) { return match(ScanMatch::Kind::protect, std::move(path)); }
inline ScanMatch hide(std::string path) { return match(ScanMatch::Kind::hide, std::move(path)); }
inline ScanMatch hide_tree(std::string path) { return match(ScanMatch::Kind::hide, std::move(path), true); }
inline ScanMatch pin(std::string path) { return match(ScanMatch::Kind::pin, std::move(path), true); }

inline HostFeatures linux_6_18() {
  HostFeatures host;
  host.kernel_release = "6.18.0";
  host.kernel_major = 6;
  host.kernel_minor = 18;
  host.machine = "x86_64";
  host.landlock_abi = 7;
  host.has_pid_max_namespaced = true;
  host.has_memfd_noexec = true;
  host.has_cgroup_kill = true;
  host.memory_bytes = 16ULL << 30;
  host.cpus = 8;
  return host;
}

inline HostFeatures debian_12() {
  HostFeatures host = linux_6_18();
  host.kernel_release = "6.1.0-28-amd64";
  host.kernel_minor = 1;
  host.landlock_abi = 2;
  host.has_pid_max_namespaced = false;
  host.has_memfd_noexec = false;
  return host;
}

inline HostFeatures without_user_namespaces() {
  HostFeatures host = linux_6_18();
  host.has_user_namespaces = false;
  host.user_namespaces_problem = "AppArmor refuses user namespaces";
  return host;
}

// A developer on a merged-/usr system, in a git repository below home.
inline Facts developer() {
  Facts facts;
  facts.uid = facts.gid = 1000;
  facts.user = "ann";
  facts.home = facts.real_home = "/home/ann";
  facts.state_directory = "/home/ann/.local/state/bailiwick";
  facts.private_scratch = "/tmp/bailiwick-0";
  facts.workspace.root = facts.workspace.asked = "/home/ann/src/app";
  facts.workspace.is_git = true;
  facts.command = {"make", "test"};
  facts.candidates = {file("/usr/bin/make")};
  facts.environment = {"HOME=/home/ann", "PATH=/usr/bin:/bin", "TERM=xterm", "GITHUB_TOKEN=ghp_0123456789", "USER=ann"};
  facts.system = {symlink("/bin", "usr/bin"), tree("/etc"), symlink("/lib", "usr/lib"), tree("/usr"),
                  tree("/var/lib/dpkg")};
  facts.home_trees = {tree("/home/ann/.cargo/bin"), tree("/home/ann/.rustup")};
  facts.copies = {{.path = "/home/ann/.gitconfig", .content = "[user]\n\tname = Ann\n"}};
  facts.matches = {pin("/home/ann/src/app/.git"), protect("/home/ann/src/app/.git/config"),
                   protect("/home/ann/src/app/.envrc"), hide("/home/ann/src/app/.env.production"),
                   match(ScanMatch::Kind::protect, "/home/ann/src/app/.git/hooks", true)};
  facts.scanned_entries = 321;
  return facts;
}

// Root on the same machine: file modes hide nothing from it, so /etc comes entry by entry.
inline Facts root() {
  Facts facts = developer();
  facts.uid = facts.gid = 0;
  facts.user = "root";
  facts.home = facts.real_home = "/root";
  facts.state_directory = "/root/.local/state/bailiwick";
  facts.environment = {"HOME=/root", "PATH=/usr/sbin:/usr/bin"};
  facts.home_trees.clear();
  facts.copies.clear();
  facts.workspace.root = facts.workspace.asked = "/srv/app";
  facts.etc = {symlink("/etc/localtime", "/usr/share/zoneinfo/UTC"), file("/etc/passwd"), file("/etc/shadow"),
               tree("/etc/ssl")};
  facts.matches = {hide("/etc/shadow"), hide_tree("/etc/ssl/private"), protect("/srv/app/.git/config")};
  return facts;
}

}  // namespace bailiwick::sample
