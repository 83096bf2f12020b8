#include "session/record.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/redact.h"
#include "base/text.h"
#include "base/time.h"

namespace bailiwick {
namespace {

std::string quoted(const std::string& path) { return "`" + printable(path) + "`"; }

std::unexpected<Error> cannot(const std::string& what, const std::string& path) {
  const int code = errno;
  std::string advice = ": check its owner and mode";
  if (code == ENOSPC || code == EDQUOT) advice = ": free some space there, or point XDG_STATE_HOME at another disk";
  if (code == EROFS) advice = ": point XDG_STATE_HOME at a place that can be written";
  return os_error("could not " + what + " " + quoted(path) + ", and nothing runs without a record" + advice, code);
}

// Opens `name` below `parent`, making it if need be; it must be a directory of our own that nobody else can write.
Result<Fd> open_own_directory(int parent, const std::string& name, const std::string& path) {
  if (::mkdirat(parent, name.c_str(), 0700) != 0 && errno != EEXIST) return cannot("make", path);
  const int fd = ::openat(parent, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0) return cannot("open", path);
  Fd directory(fd);
  struct ::stat info{};
  if (::fstat(fd, &info) != 0 || info.st_uid != ::geteuid() || (info.st_mode & 0022) != 0) {
    return fail(ErrorKind::sandbox,
                quoted(path) + " belongs to somebody else or can be written by others: make it yours with mode 0700");
  }
  return directory;
}

// A JSON string (RFC 8259). Bytes that are not UTF-8 are shown as \\xNN.
std::string json_string(std::string_view bytes) {
  std::string out = "\"";
  for (const char c : is_valid_utf8(bytes) ? std::string(bytes) : printable(bytes)) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      out += fmt::format("\\u{:04x}", c);
    } else {
      out += c;
    }
  }
  return out + "\"";
}

std::string json_list(const std::vector<std::string>& items) {
  std::string out = "[";
  for (const std::string& item : items) out += (out.size() > 1 ? "," : "") + json_string(item);
  return out + "]";
}

std::string now() {
  return format_rfc3339(std::chrono::time_point_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now()));
}

std::string start_json(const SessionId& id, const SandboxPlan& plan) {
  std::vector<std::string> command;
  for (const std::string& word : plan.command) command.push_back(redact(word));
  return fmt::format(
      "{{\"schema\":1,\"kind\":\"start\",\"session\":\"{}\",\"started\":\"{}\",\"uid\":{},\"workspace\":{},"
      "\"directory\":{},\"command\":{}"
      ",\"policy_digest\":{},\"policy_layers\":{},\"agent\":{},\"backend\":\"{}\",\"mode\":\"{}\","
      "\"network\":\"{}\",\"memory\":\"{}\",\"memory_bytes\":{},\"covers\":{},\"credentials\":{},\"warnings\":{},"
      "\"weaker\":{}}}\n",
      format(id), now(), plan.uid, json_string(plan.workspace), json_string(plan.directory), json_list(command),
      json_string(plan.policy_digest), json_list(plan.policy_layers), json_string(plan.agent), name_of(plan.backend),
      name_of(plan.mode), name_of(plan.network), plan.memory_keeper == MemoryKeeper::cgroup ? "cgroup" : "watched",
      plan.memory_bytes, plan.covers.size(), json_list(plan.credentials), json_list(plan.warnings),
      json_list(plan.weaker));
}

std::string end_json(const SessionEnd& end) {
  return fmt::format(
      "{{\"schema\":1,\"kind\":\"end\",\"ended\":\"{}\",\"exit_code\":{},\"stopped_by\":{},\"wall_ns\":{},\"cpu_ns\":{}"
      ",\"peak_process_"
      "bytes\":{},\"peak_memory_bytes\":{},"
      "\"peak_processes\":{},\"limited\":{},\"covers_restored\":{},\"longest_restore_us\":{},\"terminal_sequences_"
      "dropped\":{}}}\n",
      now(), end.exit_code, json_string(end.stopped_by), end.wall.count(), end.cpu.count(), end.peak_process_bytes,
      end.peak_memory_bytes, end.peak_processes, json_list(end.limited), end.covers_restored, end.longest_restore_us,
      end.dropped.total());
}

}  // namespace

Result<SessionRecord> SessionRecord::open(const std::string& state_directory, const SessionId& id,
                                          const SandboxPlan& plan) {
  if (state_directory.empty()) {
    return fail(ErrorKind::sandbox,
                "there is no place for the session's record: set HOME or XDG_STATE_HOME to a directory of yours");
  }
  SessionRecord state;
  const std::string name = format(id);
  state.path_ = state_directory + "/sessions/" + name;
  Fd sessions(::open((state_directory + "/sessions").c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!sessions.is_open()) {
    // First use: every directory on the way.
    Fd at(::open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!at.is_open()) return cannot("open", "/");
    std::string path;
    for (const std::string_view part : split(std::string_view(state_directory).substr(1), '/')) {
      path += "/" + std::string(part);
      if (::mkdirat(at.get(), std::string(part).c_str(), 0700) != 0 && errno != EEXIST) return cannot("make", path);
      const int next = ::openat(at.get(), std::string(part).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
      if (next < 0) return cannot("open", path);
      at = Fd(next);
    }
    TRY_ASSIGN(sessions, open_own_directory(at.get(), "sessions", state_directory + "/sessions"));
  }
  TRY_ASSIGN(const Fd directory, open_own_directory(sessions.get(), name, state.path_));
  // One file: a new inode is the dearest part of a record (docs/adr/0010).
  state.file_ = Fd(
      ::openat(directory.get(), "record.jsonl", O_WRONLY | O_APPEND | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!state.file_.is_open()) return cannot("write", state.path_ + "/record.jsonl");
  TRY(state.append(start_json(id, plan)));
  return state;
}

Status SessionRecord::append(const std::string& line) {
  if (!write_all(file_.get(), line)) return cannot("write", path_ + "/record.jsonl");
  return {};
}

Status SessionRecord::write_end(const SessionEnd& end) {
  TRY(append(end_json(end)));
  file_.close();
  return {};
}

Status SessionRecord::write_failure(const Error& error) {
  TRY(append(fmt::format("{{\"schema\":1,\"kind\":\"end\",\"ended\":{},\"exit_code\":{},\"error\":{}}}\n",
                         json_string(now()), exit_code(error.kind), json_string(error.message()))));
  file_.close();
  return {};
}

}  // namespace bailiwick
