#include "shell/launcher_table.h"

#include <algorithm>
#include <array>

namespace bailiwick::shell {
namespace {

using enum LauncherKind;

constexpr std::string_view kDocker = "a:c:de:h:il:m:p:tu:v:w:Pq";

constexpr auto kLaunchers = std::to_array<Launcher>({
    {.names = "sh bash dash ash zsh ksh mksh rbash", .kind = LauncherKind::shell},
    {.names = "env",
     .kind = assigning,
     .shorts = "iu:C:S:v0",
     .longs = "ignore-environment unset= chdir= split-string= debug null default-signal ignore-signal block-signal"},
    {.names = "sudo",
     .kind = assigning,
     .shorts = "u:g:h:p:C:r:t:T:R:D:U:nEHikKSbAPBs",
     .longs = "user= group= host= prompt= chdir= chroot= non-interactive preserve-env set-home login shell stdin "
              "background askpass"},
    {.names = "doas", .kind = prefix, .shorts = "u:C:nsL"},
    {.names = "nohup", .kind = prefix},
    {.names = "nice", .kind = prefix, .shorts = "n:0123456789", .longs = "adjustment="},
    {.names = "ionice", .kind = prefix, .shorts = "c:n:t", .longs = "class= classdata= ignore"},
    {.names = "timeout gtimeout",
     .kind = prefix,
     .shorts = "k:s:vfp",
     .longs = "kill-after= signal= preserve-status foreground verbose",
     .positionals = 1},
    {.names = "time",
     .kind = prefix,
     .shorts = "pf:o:avq",
     .longs = "format= output= append verbose portability quiet"},
    {.names = "setsid", .kind = prefix, .shorts = "cfw", .longs = "ctty fork wait"},
    {.names = "stdbuf", .kind = prefix, .shorts = "i:o:e:", .longs = "input= output= error="},
    {.names = "command", .kind = prefix, .shorts = "pvV"},
    {.names = "builtin busybox toybox", .kind = prefix},
    {.names = "exec", .kind = prefix, .shorts = "cla:"},
    {.names = "xargs",
     .kind = input,
     .shorts = "0rtpxoI:n:P:L:d:E:a:s:",
     .longs = "null no-run-if-empty verbose interactive exit open-tty max-args= max-procs= max-lines= delimiter= "
              "arg-file= max-chars= replace="},
    {.names = "parallel",
     .kind = input,
     .shorts = "j:kn:N:P:0X:mq",
     .longs = "jobs= keep-order null dry-run halt= colsep= progress bar"},
    {.names = "watch",
     .kind = string,
     .shorts = "n:dbcegtx",
     .longs = "interval= differences beep color errexit chgexit no-title exec"},
    {.names = "ssh",
     .kind = string,
     .shorts = "46AaCfGgKkMNnqsTtVvXxYyB:b:c:D:E:e:F:I:i:J:L:l:m:O:o:p:Q:R:S:W:w:",
     .positionals = 1},
    {.names = "docker podman",
     .kind = prefix,
     .verbs = "run exec",
     .shorts = kDocker,
     .longs = "rm interactive tty detach init privileged read-only no-healthcheck env= volume= workdir= user= name= "
              "network= "
              "entrypoint= platform= mount= publish= env-file= memory= cpus= hostname= label= add-host= cap-add= "
              "cap-drop= gpus= "
              "security-opt= pull= restart= ulimit= shm-size= tmpfs= device= pid= ipc= uts= userns=",
     .positionals = 1},
    {.names = "npx bunx", .kind = prefix, .shorts = "yqp:c:", .longs = "yes no quiet package= call="},
    {.names = "npm pnpm", .kind = prefix, .verbs = "exec x dlx", .shorts = "yp:c:", .longs = "yes package= call="},
    {.names = "uv",
     .kind = prefix,
     .verbs = "run",
     .shorts = "p:qv",
     .longs = "python= with= extra= group= package= directory= project= no-project no-sync frozen locked isolated "
              "quiet dev no-dev all-extras"},
    {.names = "eval", .kind = evaluates},
    {.names = "find gfind", .kind = LauncherKind::find},
    {.names = "git", .kind = LauncherKind::git},
    {.names = ". source", .kind = sourcing},
    {.names = "trap", .kind = LauncherKind::trap},
    {.names = "python python2 python3", .kind = interpreter, .shorts = "c"},
    {.names = "perl", .kind = interpreter, .shorts = "eE"},
    {.names = "ruby lua", .kind = interpreter, .shorts = "e"},
    {.names = "node nodejs bun", .kind = interpreter, .shorts = "ep", .longs = "eval print"},
    {.names = "php", .kind = interpreter, .shorts = "rRBE"},
    {.names = "osascript Rscript", .kind = interpreter, .shorts = "e"},
});

// Names by hash, made when this is compiled; a slot that is taken leads to the next.
struct Slot {
  std::string_view name;
  std::uint8_t row = 0;
};

constexpr std::size_t hash_of(std::string_view name) {
  std::size_t out = name.size();
  for (const char c : name) out = (out ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
  return out ^ (out >> 32U);
}

template <typename Visit>
constexpr void each_name(Visit visit) {
  for (std::size_t row = 0; row < kLaunchers.size(); ++row) {
    std::string_view names = kLaunchers[row].names;
    while (!names.empty()) {
      const std::size_t end = std::min(names.find(' '), names.size());
      visit(names.substr(0, end), row);
      names.remove_prefix(std::min(end + 1, names.size()));
    }
  }
}

constexpr std::size_t kLongestName = [] {
  std::size_t out = 0;
  each_name([&](std::string_view name, std::size_t) { out = std::max(out, name.size()); });
  return out;
}();

constexpr std::size_t kNames = [] {
  std::size_t out = 0;
  each_name([&](std::string_view, std::size_t) { ++out; });
  return out;
}();

constexpr auto kSlots = [] {
  std::array<Slot, 1024> out{};
  each_name([&](std::string_view name, std::size_t row) {
    std::size_t at = hash_of(name) % out.size();
    while (!out[at].name.empty()) at = (at + 1) % out.size();
    out[at] = {.name = name, .row = static_cast<std::uint8_t>(row)};
  });
  return out;
}();
static_assert(kNames * 2 < kSlots.size() && kLaunchers.size() < 256);

}  // namespace

bool has_name(std::string_view list, std::string_view name) {
  if (name.empty() || name.contains(' ')) return false;
  for (std::size_t at = 0; (at = list.find(name, at)) != std::string_view::npos; ++at) {
    const std::size_t end = at + name.size();
    if ((at == 0 || list[at - 1] == ' ') && (end == list.size() || list[end] == ' ')) return true;
  }
  return false;
}

const Launcher* find_launcher(std::string_view name) {
  // python3.11 is python3
  if (name.starts_with("python3.")) name = "python3";
  if (name.empty() || name.size() > kLongestName) return nullptr;
  for (std::size_t at = hash_of(name);; ++at) {
    const Slot& slot = kSlots[at % kSlots.size()];
    if (slot.name.empty()) return nullptr;
    if (slot.name == name) return &kLaunchers[slot.row];
  }
}

}  // namespace bailiwick::shell
