#include "sandbox/facts.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <memory>

#include "base/id.h"
#include "base/text.h"
#include "kernel/fd.h"
#include "policy/agent_profiles.h"
#include "policy/environment.h"
#include "policy/executable_config.h"
#include "policy/home.h"
#include "policy/secrets.h"
#include "sandbox/scan.h"
#include "sandbox/workspace.h"

namespace bailiwick {
namespace {

std::string quoted(std::string_view path) { return "`" + printable(path) + "`"; }

FileKind kind_of(mode_t mode) {
  if (S_ISREG(mode)) return FileKind::file;
  if (S_ISDIR(mode)) return FileKind::directory;
  if (S_ISLNK(mode)) return FileKind::symlink;
  if (S_ISSOCK(mode)) return FileKind::socket;
  if (S_ISFIFO(mode)) return FileKind::fifo;
  return FileKind::other;
}

std::string resolve(const std::string& path) {
  char resolved[PATH_MAX];
  return ::realpath(path.c_str(), resolved) != nullptr ? resolved : "";
}

std::string link_text(const std::string& path) {
  char text[PATH_MAX];
  const ssize_t n = ::readlink(path.c_str(), text, sizeof text);
  return n > 0 && n < static_cast<ssize_t>(sizeof text) ? std::string(text, static_cast<std::size_t>(n))
                                                        : std::string();
}

// The entry itself, not what a link points at.
PathFact look(const std::string& path) {
  PathFact fact{.asked = path, .path = path, .kind = FileKind::absent, .link = {}, .is_readable = true};
  struct ::stat info{};
  if (::lstat(path.c_str(), &info) != 0) return fact;
  fact.kind = kind_of(info.st_mode);
  if (fact.kind == FileKind::symlink) {
    fact.link = link_text(path);
  } else {
    fact.is_readable = ::access(path.c_str(), R_OK) == 0;
  }
  return fact;
}

// With links resolved: for what a person named.
PathFact look_through(const std::string& path) {
  if (::access(path.c_str(), F_OK) != 0)
    return {.asked = path, .path = path, .kind = FileKind::absent, .link = {}, .is_readable = false};
  PathFact fact = look(resolve(path));
  fact.asked = path;
  return fact;
}

struct DirCloser {
  void operator()(DIR* directory) const { ::closedir(directory); }
};
std::vector<std::string> list_directory(const std::string& path) {
  std::vector<std::string> names;
  const std::unique_ptr<DIR, DirCloser> directory(::opendir(path.c_str()));
  while (directory != nullptr) {
    const ::dirent* entry = ::readdir(directory.get());
    if (entry == nullptr) break;
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

class Gatherer {
 public:
  Gatherer(const Request& request, const std::vector<std::string>& environment)
      : request_(request), policy_(request.policy) {
    facts_.environment = environment;
  }

  Result<Facts> run() {
    facts_.uid = ::geteuid();
    facts_.gid = ::getegid();
    facts_.user = variable("USER");
    facts_.command = request_.command;
    look_at_stdio();
    TRY(find_home());
    TRY_ASSIGN(const SessionId name, make_session_id());
    facts_.private_scratch = "/tmp/bailiwick-" + format(name);
    TRY_ASSIGN(facts_.workspace, find_workspace({.directory = request_.directory,
                                                 .home = facts_.real_home.empty() ? "/nonexistent" : facts_.real_home,
                                                 .state_directory = facts_.state_directory,
                                                 .uid = facts_.uid,
                                                 .mode = policy_.mode}));
    find_alias();
    TRY(find_program());
    TRY(find_profile_of_agent());
    look_at_system();
    look_at_home();
    TRY(look_at_named());
    TRY(scan());
    return std::move(facts_);
  }

 private:
  std::string variable(std::string_view name) const {
    for (const std::string& entry : facts_.environment) {
      if (entry.size() > name.size() && entry[name.size()] == '=' &&
          std::string_view(entry).substr(0, name.size()) == name) {
        return entry.substr(name.size() + 1);
      }
    }
    return {};
  }

  void look_at_stdio() {
    struct ::stat null{};
    const bool has_null = ::stat("/dev/null", &null) == 0;
    for (int fd = 0; fd < 3; ++fd) {
      struct ::stat info{};
      if (::fstat(fd, &info) != 0) continue;
      struct ::statfs filesystem{};
      const bool is_null = has_null && S_ISCHR(info.st_mode) && info.st_rdev == null.st_rdev;
      // A FIFO with a name can be opened again for the other direction; a pipe leads to nobody but its own two ends.
      const bool is_pipe =
          S_ISFIFO(info.st_mode) && ::fstatfs(fd, &filesystem) == 0 && filesystem.f_type == PIPEFS_MAGIC;
      const bool is_harmless = is_null || is_pipe || S_ISSOCK(info.st_mode) || ::isatty(fd) != 0;
      facts_.has_file_as_stdio = facts_.has_file_as_stdio || !is_harmless;
    }
  }

  Status find_home() {
    facts_.home = variable("HOME");
    if (!facts_.home.empty() && facts_.home.front() != '/') {
      return fail(ErrorKind::invalid,
                  "HOME is not an absolute path: " + quoted(facts_.home) + ": set HOME to your home directory");
    }
    facts_.real_home = resolve(facts_.home);
    struct ::stat info{};
    if (facts_.real_home == "/" ||
        (!facts_.real_home.empty() && (::stat(facts_.real_home.c_str(), &info) != 0 || !S_ISDIR(info.st_mode)))) {
      facts_.real_home.clear();
    }
    if (facts_.real_home.empty())
      facts_.notes.push_back("HOME is not a directory of yours: the session's HOME is an empty one in /tmp");
    std::string state = variable("XDG_STATE_HOME");
    if (state.empty() || state.front() != '/')
      state = facts_.real_home.empty() ? std::string() : facts_.real_home + "/.local/state";
    if (!state.empty()) {
      const std::string real_state = resolve(state);
      facts_.state_directory = (real_state.empty() ? state : real_state) + "/bailiwick";
    }
    return {};
  }

  // A workspace that was reached through a link: what spells its path that way (scripts, configuration) finds it there.
  void find_alias() {
    std::string named = request_.directory;
    if (!named.starts_with('/')) {
      const std::string here = variable("PWD");
      if (!here.starts_with('/')) return;
      named = named.empty() || named == "." ? here : here + "/" + named;
    }
    while (named.size() > 1 && named.ends_with('/')) named.pop_back();
    if (named.find("/../") != std::string::npos || named.ends_with("/..") || named == facts_.workspace.asked) return;
    if (resolve(named) == facts_.workspace.asked) facts_.workspace.alias = named;
  }

  Result<std::string> expand(const std::string& path) const {
    std::string full = path;
    if (path == "~" || path.starts_with("~/")) {
      if (facts_.real_home.empty())
        return fail(ErrorKind::invalid, quoted(path) + " needs a HOME: name the path in full");
      full = facts_.real_home + path.substr(1);
    } else if (!path.starts_with('/')) {
      full = facts_.workspace.asked + "/" + path;
    }
    return full;
  }

  Status find_program() {
    const std::string& name = request_.command.front();
    if (name.empty()) return fail(ErrorKind::not_found, "the command is an empty word: name a program after --");
    bool saw_unexecutable = false;
    const auto consider = [&](const std::string& path) {
      struct ::stat info{};
      if (::stat(path.c_str(), &info) != 0) return;
      if (!S_ISREG(info.st_mode) || ::access(path.c_str(), X_OK) != 0) {
        saw_unexecutable = true;
        return;
      }
      facts_.candidates.push_back(
          {.asked = path, .path = resolve(path), .kind = FileKind::file, .link = {}, .is_readable = true});
    };
    if (name.find('/') != std::string::npos) {
      consider(name.front() == '/' ? name : facts_.workspace.asked + "/" + name);
    } else {
      // A name of its own, not `empty ? "..." : path`: g++ 12 ends temporaries of a range-for before its first round.
      std::string path = decide_environment("PATH", variable("PATH")).value;
      if (path.empty()) path = "/usr/local/bin:/usr/bin:/bin";
      for (const std::string_view directory : split(path, ':')) {
        consider(std::string(directory) + "/" + name);
      }
    }
    if (!facts_.candidates.empty()) return {};
    if (saw_unexecutable)
      return fail(ErrorKind::denied, quoted(name) + " is not an executable file: check its mode (chmod +x)");
    return fail(ErrorKind::not_found,
                "program " + quoted(name) + " not found" +
                    (name.find('/') == std::string::npos ? " on PATH: check the spelling, or give its path"
                                                         : ": check the path"));
  }

  Status find_profile_of_agent() {
    const std::string& program = facts_.candidates.front().path;
    if (policy_.agent && *policy_.agent != "none") {
      profile_ = find_profile(*policy_.agent);
      if (profile_ == nullptr) {
        std::string known;
        for (const AgentProfile& one : agent_profiles()) known += (known.empty() ? "" : ", ") + std::string(one.name);
        return fail(ErrorKind::usage,
                    "no agent profile " + quoted(*policy_.agent) + ": use one of " + known + ", or none");
      }
    } else if (!policy_.agent && !is_within(program, facts_.workspace.root)) {
      // A program that lies in the workspace may be the last agent's work: it gets no login for its name.
      profile_ = profile_for(request_.command, program);
    }
    if (profile_ == nullptr) return {};
    facts_.agent = profile_->name;
    if (auto warning = own_sandbox_warning(*profile_, request_.command))
      facts_.agent_warnings.push_back(std::move(*warning));
    const auto place = [&](const AgentPath& path) {
      return agent_path(path, facts_.real_home, variable(path.variable));
    };
    for (const AgentPath& path : profile_->state) {
      PathFact fact = look_through(place(path));
      if (fact.kind == FileKind::absent) {
        facts_.notes.push_back(quoted(place(path)) + " does not exist: what " + facts_.agent +
                               " keeps there lasts for this session only");
      } else {
        facts_.agent_state.push_back(std::move(fact));
      }
    }
    for (const AgentPath& path : profile_->guarded) {
      const PathFact fact = look_through(place(path));
      if (fact.kind != FileKind::absent) {
        facts_.matches.push_back({.kind = ScanMatch::Kind::protect,
                                  .path = fact.path,
                                  .is_directory = fact.kind == FileKind::directory,
                                  .reason = std::string(path.reason)});
      }
    }
    for (const AgentPath& path : profile_->credentials) {
      const PathFact fact = look_through(place(path));
      if (fact.kind != FileKind::absent) facts_.credentials.push_back(fact.path);
    }
    for (const std::string_view name : profile_->variables) {
      if (!variable(name).empty()) facts_.credentials.push_back("$" + std::string(name));
    }
    return {};
  }

  void look_at_system() {
    if (policy_.mode == Mode::full_access) {
      for (const std::string& name : list_directory("/")) facts_.top.push_back(look("/" + name));
      return;
    }
    for (const SystemEntry& entry : system_entries()) {
      PathFact fact = look(std::string(entry.path));
      if (fact.kind != FileKind::absent) facts_.system.push_back(std::move(fact));
    }
    // File modes keep /etc's secrets from an ordinary user, inside as outside. For root nothing does, so /etc is put
    // together without them.
    if (facts_.uid == 0) {
      for (const std::string& name : list_directory("/etc")) facts_.etc.push_back(look("/etc/" + name));
    }
    // Name resolution on the host's network: a resolver file that lives below /run would be missing.
    if (policy_.network == NetworkMode::host) {
      const std::string resolver = resolve("/etc/resolv.conf");
      if (is_within(resolver, "/run")) add_copy(resolver);
    }
  }

  void add_copy(const std::string& path) {
    const auto text = load_file(path, kLargestCopy);
    if (text) facts_.copies.push_back({.path = path, .content = copy_for_sandbox(*text)});
  }

  void look_at_home() {
    if (policy_.mode == Mode::full_access || facts_.real_home.empty()) return;
    const std::vector<std::string> names = list_directory(facts_.real_home);  // one look in place of a hundred
    for (const HomeEntry& entry : home_entries()) {
      const std::string_view first = entry.path.substr(0, entry.path.find('/'));
      const bool is_there = std::binary_search(names.begin(), names.end(), first);
      if (!is_there && (entry.variable.empty() || variable(entry.variable).empty())) continue;
      std::string path = facts_.real_home + "/" + std::string(entry.path);
      if (!entry.variable.empty()) {
        const std::string moved = variable(entry.variable);
        if (moved.starts_with('/')) {
          const std::string at = resolve(moved + (entry.below.empty() ? "" : "/") + std::string(entry.below));
          if (!at.empty() && is_within(at, facts_.real_home)) path = at;
        }
      }
      if (entry.use == HomeUse::copy) {
        add_copy(path);
        continue;
      }
      PathFact fact = look_through(path);
      if (fact.kind == FileKind::directory || fact.kind == FileKind::file) facts_.home_trees.push_back(std::move(fact));
    }
  }

  Status look_at_named() {
    const auto collect = [&](const std::vector<std::string>& paths, std::string_view flag,
                             std::vector<PathFact>& out) -> Status {
      for (const std::string& path : paths) {
        TRY_ASSIGN(const std::string full, expand(path));
        PathFact fact = look_through(full);
        if (fact.kind == FileKind::absent) {
          return fail(ErrorKind::invalid,
                      std::string(flag) + " " + quoted(path) + " does not exist: check the path, or make it first");
        }
        // The whole of the host, or its processes, would take the place of what the sandbox puts there.
        if (fact.path == "/" || is_within(fact.path, "/proc") || fact.path == "/dev") {
          return fail(ErrorKind::invalid, std::string(flag) + " " + quoted(path) +
                                              " is too wide: name what is needed, or use --mode full-access");
        }
        out.push_back(std::move(fact));
      }
      return {};
    };
    TRY(collect(policy_.read, "--read", facts_.read));
    TRY(collect(policy_.write, "--write", facts_.write));
    TRY(collect(policy_.sockets, "--socket", facts_.sockets));
    for (const PathFact& socket : facts_.sockets) {
      if (socket.kind != FileKind::socket)
        return fail(ErrorKind::invalid, "--socket " + quoted(socket.asked) + " is not a Unix socket");
    }
    return {};
  }

  bool is_named(const std::string& path) const {
    const auto same = [&](const PathFact& fact) { return fact.path == path; };
    return std::any_of(facts_.read.begin(), facts_.read.end(), same) ||
           std::any_of(facts_.write.begin(), facts_.write.end(), same) ||
           std::any_of(facts_.sockets.begin(), facts_.sockets.end(), same);
  }
  bool is_own_login(const std::string& path) const {
    return std::find(facts_.credentials.begin(), facts_.credentials.end(), path) != facts_.credentials.end();
  }

  void add_match(ScanMatch match) {
    if (match.kind == ScanMatch::Kind::hide) {
      if (is_own_login(match.path)) return;
      if (is_named(match.path)) {
        // A socket that was named has a warning of its own.
        const bool is_secret = match.reason == "a secret";
        if (is_secret) facts_.notes.push_back(quoted(match.path) + " is let in by name: it holds a secret");
        return;
      }
    }
    facts_.matches.push_back(std::move(match));
  }

  // The trees in which a secret could be seen.
  std::vector<std::string> visible_trees() const {
    std::vector<std::string> trees = {facts_.workspace.root};
    if (!facts_.workspace.common_git_directory.empty()) trees.push_back(facts_.workspace.common_git_directory);
    for (const auto* list :
         {&facts_.system, &facts_.top, &facts_.home_trees, &facts_.agent_state, &facts_.read, &facts_.write}) {
      for (const PathFact& fact : *list) {
        if (fact.kind == FileKind::directory || fact.kind == FileKind::file) trees.push_back(fact.path);
      }
    }
    return trees;
  }

  // A place that is written out in full costs one look; one with a wildcard is looked for below its literal start.
  // Patterns whose place no tree shows are not even parsed.
  Status find_at(const std::string& pattern, EntryKind kind, const std::vector<std::string>& trees) {
    const auto visible = [&](std::string_view path) {
      return std::any_of(trees.begin(), trees.end(), [&](const std::string& tree) { return is_within(path, tree); });
    };
    const Glob::LiteralStart start = Glob::literal_start(pattern);
    if (!start.path.starts_with('/') || start.path == "/") return {};
    if (start.is_whole && is_within(facts_.workspace.root, start.path)) {
      return fail(ErrorKind::invalid, "the workspace " + quoted(facts_.workspace.root) +
                                          " lies in a place of secrets, " + quoted(start.path) +
                                          ": name a project directory with -C DIR");
    }
    if (!visible(start.path)) return {};
    const FileKind here = look(start.path).kind;
    if (here == FileKind::absent) return {};
    if (start.is_whole) {
      const PathFact fact = look_through(start.path);
      const bool is_directory = fact.kind == FileKind::directory;
      if (fact.kind == FileKind::absent || !fact.is_readable || !visible(fact.path)) return {};
      if ((kind == EntryKind::directory && !is_directory) || (kind == EntryKind::file && is_directory)) return {};
      add_match({.kind = ScanMatch::Kind::hide, .path = fact.path, .is_directory = is_directory, .reason = "a secret"});
      return {};
    }
    if (here != FileKind::directory) return {};
    TRY_ASSIGN(Glob glob, Glob::parse(pattern));
    const ScanPatterns one{
        .protect = {},
        .hide_relative = {},
        .hide = NameIndex({{.glob = std::move(glob), .kind = kind, .except = std::nullopt, .tag = 0}})};
    TRY_ASSIGN(auto found,
               scan_tree({.root = start.path, .match_prefix = {}, .patterns = &one, .skip = {}}, kFixedBudget));
    for (ScanMatch& match : found.matches) {
      if (match.reason == "a secret" && ::access(match.path.c_str(), R_OK) == 0) add_match(std::move(match));
    }
    return {};
  }

  Result<std::vector<NamePattern>> denied_patterns() const {
    std::vector<NamePattern> out;
    for (const std::string& text : policy_.deny_read) {
      auto glob = Glob::parse(Glob::expand_home(text, facts_.real_home));
      if (!glob) return std::unexpected(std::move(glob.error()).in("--deny-read " + quoted(text)));
      out.push_back({.glob = std::move(*glob), .kind = EntryKind::either, .except = std::nullopt, .tag = 0});
    }
    return out;
  }

  // What the user's policy allows answers questions: nothing inside may write it.
  Status keep_own_policy() {
    std::string config = variable("XDG_CONFIG_HOME");
    if (!config.starts_with('/')) config = facts_.real_home.empty() ? std::string() : facts_.real_home + "/.config";
    if (config.empty()) return {};
    const std::string real = resolve(config);
    const std::string own = (real.empty() ? config : real) + "/bailiwick";
    bool is_written = policy_.mode == Mode::full_access;
    for (const PathFact& fact : facts_.write) {
      if (is_within(fact.path, own))
        return fail(ErrorKind::invalid,
                    quoted(fact.path) + " is bailiwick's own configuration: nothing inside writes it");
      is_written = is_written || is_within(own, fact.path);
    }
    if (!is_written) return {};
    if (look(own).kind == FileKind::directory) {
      facts_.matches.push_back(
          {.kind = ScanMatch::Kind::protect, .path = own, .is_directory = true, .reason = "your own policy"});
    } else {
      facts_.notes.push_back(quoted(own) +
                             " can be made from inside, and would hold for your next session: make it first");
    }
    return {};
  }

  Status scan() {
    const SecretRoots roots{.home = facts_.real_home,
                            .config_home = variable("XDG_CONFIG_HOME"),
                            .data_home = variable("XDG_DATA_HOME"),
                            .state_home = variable("XDG_STATE_HOME"),
                            .cache_home = variable("XDG_CACHE_HOME")};
    TRY_ASSIGN(const auto protect, executable_config_patterns());
    TRY_ASSIGN(const auto denied, denied_patterns());
    const std::vector<std::string> trees = visible_trees();
    // What of HOME can be seen at all, by first component.
    std::vector<std::string> shown;
    for (const std::string& tree : trees) {
      if (facts_.real_home.empty()) break;
      if (is_within(facts_.real_home, tree)) {
        shown.assign(1, "");
        break;
      }
      if (!is_within(tree, facts_.real_home)) continue;
      const std::string below = tree.substr(facts_.real_home.size() + 1);
      shown.push_back(below.substr(0, below.find('/')));
    }
    TRY_ASSIGN(const auto fixed, fixed_secrets(roots, shown));
    for (const std::string& tree : trees) {
      if (!facts_.state_directory.empty() && is_within(tree, facts_.state_directory)) {
        return fail(ErrorKind::invalid, quoted(tree) + " is bailiwick's own state: it is never inside a sandbox");
      }
    }
    for (const FixedSecret& secret : fixed) TRY(find_at(secret.pattern, secrets()[secret.tag].kind, trees));
    for (const std::string& text : policy_.deny_read) {
      TRY_ASSIGN(const auto alternatives, Glob::expand_braces(Glob::expand_home(text, facts_.real_home)));
      for (const std::string& pattern : alternatives) TRY(find_at(pattern, EntryKind::either, trees));
    }
    if (!facts_.state_directory.empty() && look(facts_.state_directory).kind == FileKind::directory) {
      for (const std::string& tree : trees) {
        if (!is_within(facts_.state_directory, tree)) continue;
        facts_.matches.push_back({.kind = ScanMatch::Kind::hide,
                                  .path = facts_.state_directory,
                                  .is_directory = true,
                                  .reason = "bailiwick's own state"});
        break;
      }
    }
    TRY(keep_own_policy());
    // Inside the workspace the fixed secrets hold (they were found above) and what --deny-read names; in other trees
    // also the shipped names.
    const ScanPatterns inside{
        .protect = NameIndex(protect), .hide_relative = NameIndex(denied), .hide = NameIndex(denied)};
    std::vector<ScanRequest> walks;
    walks.push_back({.root = facts_.workspace.root, .match_prefix = {}, .patterns = &inside, .skip = {}});
    if (!facts_.workspace.common_git_directory.empty()) {
      walks.push_back(
          {.root = facts_.workspace.common_git_directory, .match_prefix = ".git/", .patterns = &inside, .skip = {}});
    }
    // Trees outside it. What is written is protected like the workspace: somebody else executes what lies there, too.
    std::vector<std::pair<std::string, bool>> outside;
    for (const PathFact& fact : facts_.read) outside.emplace_back(fact.path, false);
    for (const PathFact& fact : facts_.write) outside.emplace_back(fact.path, true);
    for (const PathFact& fact : facts_.agent_state) outside.emplace_back(fact.path, false);
    if (policy_.mode == Mode::full_access && !facts_.real_home.empty()) outside.emplace_back(facts_.real_home, false);
    ScanPatterns outside_read;
    ScanPatterns outside_write;
    if (!outside.empty()) {
      TRY_ASSIGN(auto hidden, secret_patterns(roots, SecretScope::all));
      hidden.insert(hidden.end(), denied.begin(), denied.end());
      outside_read = {.protect = {}, .hide_relative = NameIndex(denied), .hide = NameIndex(std::move(hidden))};
      outside_write = outside_read;
      outside_write.protect = NameIndex(protect);
    }
    for (const auto& [path, is_written] : outside) {
      if (look(path).kind != FileKind::directory || is_within(path, facts_.workspace.root)) continue;
      walks.push_back({.root = path,
                       .match_prefix = {},
                       .patterns = is_written ? &outside_write : &outside_read,
                       .skip = {facts_.workspace.root}});
    }
    std::uint64_t left = policy_.scan_entries;
    for (const ScanRequest& walk : walks) {
      TRY_ASSIGN(auto found, scan_tree(walk, left));
      left -= found.entries;
      facts_.scanned_entries += found.entries;
      facts_.scan_was_cut = facts_.scan_was_cut || found.was_cut;
      for (ScanMatch& match : found.matches) add_match(std::move(match));
      for (std::string& note : found.notes) facts_.notes.push_back(std::move(note));
    }
    return {};
  }

  static constexpr std::uint64_t kFixedBudget = 20'000;

  const Request& request_;
  const SandboxPolicy& policy_;
  const AgentProfile* profile_ = nullptr;
  Facts facts_;
};

}  // namespace

Result<Facts> gather_facts(const Request& request, const std::vector<std::string>& environment) {
  return Gatherer(request, environment).run();
}

}  // namespace bailiwick
