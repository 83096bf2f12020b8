#include "policy/agent_launch.h"

#include <algorithm>
#include <array>
#include <optional>

namespace bailiwick {
namespace {

using Words = std::span<const std::string>;

template <std::size_t N>
bool is_one_of(std::string_view word, const std::array<std::string_view, N>& list) {
  return std::ranges::find(list, word) != list.end();
}

std::string_view basename(std::string_view path) { return path.substr(path.rfind('/') + 1); }

bool ends_in_path(std::string_view path, std::string_view tail) {
  return path.ends_with(tail) && (path.size() == tail.size() || path[path.size() - tail.size() - 1] == '/');
}

const AgentProfile* profile_of_program(std::string_view path) {
  for (const AgentProfile& profile : agent_profiles()) {
    if (std::ranges::find(profile.programs, basename(path)) != profile.programs.end()) return &profile;
    for (const std::string_view tail : profile.package_paths) {
      if (ends_in_path(path, tail)) return &profile;
    }
  }
  return nullptr;
}

// "@openai/codex@0.169.0" -> "@openai/codex"
const AgentProfile* profile_of_package(std::string_view spec) {
  const std::size_t version = spec.find('@', 1);
  const std::string_view name = spec.substr(0, version);
  for (const AgentProfile& profile : agent_profiles()) {
    if (std::ranges::find(profile.packages, name) != profile.packages.end()) return &profile;
  }
  return nullptr;
}

// The first word at or after `at` that is no option; `takes_value` lists the options whose value is the next word.
template <std::size_t N>
std::size_t skip_options(Words argv, std::size_t at, const std::array<std::string_view, N>& takes_value) {
  while (at < argv.size() && argv[at].starts_with('-') && argv[at] != "-") {
    if (argv[at] == "--") return at + 1;
    at += is_one_of(argv[at], takes_value) ? 2 : 1;
  }
  return std::min(at, argv.size());
}

constexpr auto kEnvValues = std::to_array<std::string_view>({"-u", "--unset", "-C", "--chdir"});
constexpr auto kWrapperValues =
    std::to_array<std::string_view>({"-n", "--adjustment", "-k", "--kill-after", "-s", "--signal"});
constexpr auto kNodeValues =
    std::to_array<std::string_view>({"-r", "--require", "--import", "--loader", "--experimental-loader", "-C",
                                     "--conditions", "--env-file", "--title", "--inspect-port"});
constexpr auto kRunnerValues =
    std::to_array<std::string_view>({"-w", "--workspace", "--registry", "--cache", "--prefix", "-C", "--dir", "--cwd"});

bool is_plain_wrapper(std::string_view name) {
  return name == "nice" || name == "nohup" || name == "setsid" || name == "timeout";
}
bool is_interpreter(std::string_view name) {
  return name == "node" || name == "nodejs" || name == "bun" || name == "deno";
}

// npx and its kin: the index of the first word behind the launcher, or nothing.
std::optional<std::size_t> behind_runner(Words argv, std::size_t at) {
  const std::string_view name = basename(argv[at]);
  if (name == "npx" || name == "bunx" || name == "pnpx") return at + 1;
  const std::string_view verb = at + 1 < argv.size() ? std::string_view(argv[at + 1]) : std::string_view();
  const bool runs = (name == "npm" && (verb == "exec" || verb == "x")) || (name == "pnpm" && verb == "dlx") ||
                    (name == "yarn" && verb == "dlx") || (name == "bun" && verb == "x");
  if (runs) return at + 2;
  return std::nullopt;
}

AgentLaunch launch_by_runner(Words argv, std::size_t at) {
  const AgentProfile* by_option = nullptr;
  std::size_t options = 0;
  while (at < argv.size() && argv[at].starts_with('-')) {
    const std::string_view word = argv[at];
    if (word == "--") {
      ++at;
      break;
    }
    if (word == "-p" || word == "--package") {
      if (at + 1 < argv.size()) by_option = profile_of_package(argv[at + 1]);
      ++options;
      ++at;
    } else if (word.starts_with("--package=")) {
      by_option = profile_of_package(word.substr(10));
      ++options;
    } else if (is_one_of(word, kRunnerValues)) {
      ++at;
    }
    ++at;
  }
  if (at >= argv.size()) return {};
  // With a package named apart, the word is one of its programs; with several packages it could be anyone's.
  const AgentProfile* profile = by_option == nullptr ? profile_of_package(argv[at]) : by_option;
  if (by_option != nullptr && (options != 1 || profile_of_program(argv[at]) != by_option)) return {};
  return {.profile = profile, .arguments = at + 1};
}

// --- sandboxes of their own ------------------------------------------------------------------------------------------

constexpr auto kCodexValues = std::to_array<std::string_view>({"-c",
                                                               "--config",
                                                               "--enable",
                                                               "--disable",
                                                               "--remote",
                                                               "--remote-auth-token-env",
                                                               "-i",
                                                               "--image",
                                                               "-m",
                                                               "--model",
                                                               "--local-provider",
                                                               "-p",
                                                               "--profile",
                                                               "-s",
                                                               "--sandbox",
                                                               "-C",
                                                               "--cd",
                                                               "--add-dir",
                                                               "-a",
                                                               "--ask-for-approval",
                                                               "--output-schema",
                                                               "-o",
                                                               "--output-last-message",
                                                               "--color"});
// They run no command of the model.
constexpr auto kCodexQuiet = std::to_array<std::string_view>(
    {"login", "logout", "mcp", "plugin", "completion", "update", "doctor", "sandbox", "debug", "apply", "archive",
     "unarchive", "delete", "features", "help", "execpolicy", "cloud"});
constexpr std::string_view kFullAccess = "danger-full-access";

std::string_view unquoted(std::string_view value) {
  if (value.size() >= 2 && (value.front() == '"' || value.front() == '\'') && value.back() == value.front())
    return value.substr(1, value.size() - 2);
  return value;
}

// "sandbox_mode=danger-full-access" as TOML or as a bare string; a permission profile is written ":danger-full-access".
bool config_turns_off(std::string_view setting) {
  const std::size_t equals = setting.find('=');
  if (equals == std::string_view::npos) return false;
  const std::string_view key = setting.substr(0, equals);
  const std::string_view value = unquoted(setting.substr(equals + 1));
  return (key == "sandbox_mode" && value == kFullAccess) ||
         (key == "default_permissions" && value == ":danger-full-access");
}

bool codex_starts_sandbox(Words arguments) {
  std::optional<bool> by_flag;
  bool is_off_by_config = false;
  bool has_command = false;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string_view word = arguments[i];
    if (word == "--") break;
    if (word == "-h" || word == "--help" || word == "-V" || word == "--version") return false;
    if (word == "--dangerously-bypass-approvals-and-sandbox" || word == "--yolo") return false;
    if (!word.starts_with('-')) {
      if (!has_command && is_one_of(word, kCodexQuiet)) return false;
      has_command = true;
      continue;
    }
    const std::size_t equals = word.find('=');
    const bool is_long = word.starts_with("--");
    std::string_view flag = is_long ? word.substr(0, equals) : word.substr(0, 2);
    std::string_view value;
    if (!is_one_of(flag, kCodexValues)) continue;
    if (is_long && equals != std::string_view::npos) {
      value = word.substr(equals + 1);
    } else if (!is_long && word.size() > 2) {
      value = word.substr(word[2] == '=' ? 3 : 2);
    } else if (i + 1 < arguments.size()) {
      value = arguments[++i];
    }
    if (flag == "-s" || flag == "--sandbox") by_flag = value != kFullAccess;
    if ((flag == "-c" || flag == "--config") && config_turns_off(value)) is_off_by_config = true;
  }
  return by_flag.value_or(!is_off_by_config);
}

// Off unless settings turn it on: only those in the arguments can be seen.
bool claude_starts_sandbox(Words arguments) {
  for (std::size_t i = 0; i < arguments.size() && arguments[i] != "--"; ++i) {
    std::string_view value;
    if (arguments[i].starts_with("--settings=")) {
      value = std::string_view(arguments[i]).substr(11);
    } else if (arguments[i] == "--settings" && i + 1 < arguments.size()) {
      value = arguments[++i];
    }
    std::string dense;
    for (const char c : value) {
      if (c != ' ' && c != '\t' && c != '\n' && c != '\r') dense += c;
    }
    const std::size_t sandbox = dense.find("\"sandbox\":{");
    if (sandbox == std::string::npos) continue;
    const std::size_t enabled = dense.find("\"enabled\":true", sandbox);
    if (enabled != std::string::npos) return true;
  }
  return false;
}

// yargs: -s, --sandbox, --sandbox=true, -ys; --no-sandbox and --sandbox=false turn it off; the last one counts.
bool gemini_starts_sandbox(Words arguments) {
  bool is_on = false;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string_view word = arguments[i];
    if (word == "--") break;
    if (word == "-h" || word == "--help" || word == "-v" || word == "--version") return false;
    if (word == "--no-sandbox" || word == "--sandbox=false" || word == "-s=false") {
      is_on = false;
    } else if (word == "--sandbox" || word == "-s") {
      is_on = i + 1 >= arguments.size() || arguments[i + 1] != "false";
    } else if (word.starts_with("--sandbox=") || word.starts_with("-s=")) {
      is_on = true;
    } else if (word.size() > 2 && word[0] == '-' && word[1] != '-') {
      // A cluster of short flags ends where one takes a value.
      for (const char c : word.substr(1)) {
        if (c == 's') is_on = true;
        if (std::string_view("mpiweor=").contains(c)) break;
      }
    } else if (word == "-m" || word == "--model" || word == "-p" || word == "--prompt" || word == "-i" ||
               word == "--prompt-interactive" || word == "-o" || word == "--output-format" || word == "-e" ||
               word == "--extensions" || word == "-r" || word == "--resume") {
      ++i;
    }
  }
  return is_on;
}

}  // namespace

AgentLaunch find_launch(Words argv, std::string_view resolved_program) {
  std::size_t at = 0;
  // Each round takes away one launcher, so the words bound it.
  while (at < argv.size()) {
    const std::string_view name = basename(argv[at]);
    if (const AgentProfile* profile = profile_of_program(argv[at])) return {.profile = profile, .arguments = at + 1};
    if (at == 0 && !resolved_program.empty()) {
      if (const AgentProfile* profile = profile_of_program(resolved_program))
        return {.profile = profile, .arguments = 1};
    }
    if (const auto runner = behind_runner(argv, at)) return launch_by_runner(argv, *runner);
    if (name == "env") {
      at = skip_options(argv, at + 1, kEnvValues);
      while (at < argv.size() && argv[at].contains('=')) ++at;
    } else if (is_plain_wrapper(name)) {
      at = skip_options(argv, at + 1, kWrapperValues);
      if (name == "timeout") ++at;
    } else if (is_interpreter(name)) {
      std::size_t script = at + 1;
      if (name != "node" && name != "nodejs" && script < argv.size() && argv[script] == "run") ++script;
      script = skip_options(argv, script, kNodeValues);
      if (script >= argv.size()) return {};
      const AgentProfile* profile = profile_of_program(argv[script]);
      if (profile == nullptr) return {};
      return {.profile = profile, .arguments = script + 1};
    } else {
      return {};
    }
  }
  return {};
}

bool starts_own_sandbox(std::string_view profile_name, Words arguments) {
  if (profile_name == "codex") return codex_starts_sandbox(arguments);
  if (profile_name == "claude") return claude_starts_sandbox(arguments);
  if (profile_name == "gemini") return gemini_starts_sandbox(arguments);
  return false;
}

}  // namespace bailiwick
