#include "policy/agent_profiles.h"

#include <algorithm>
#include <array>

#include "policy/agent_launch.h"

namespace bailiwick {
namespace {

using Names = std::string_view;

// --- codex ---------------------------------------------------------------------------------------------------------

constexpr Names kCodexPrograms[] = {"codex", "codex-x86_64-unknown-linux-musl", "codex-aarch64-unknown-linux-musl"};
constexpr Names kCodexPaths[] = {"@openai/codex/bin/codex.js"};
constexpr Names kCodexPackages[] = {"@openai/codex"};
constexpr AgentPath kCodexState[] = {{".codex", "sessions, history, logs, login", "CODEX_HOME", ".codex"}};
constexpr AgentPath kCodexGuarded[] = {
    {".codex/config.toml", "configuration, MCP servers, hooks, trusted projects", "CODEX_HOME", ".codex"},
    {".codex/managed_config.toml", "configuration", "CODEX_HOME", ".codex"},
    {".codex/hooks.json", "hooks", "CODEX_HOME", ".codex"},
    {".codex/hooks", "hooks", "CODEX_HOME", ".codex"},
    {".codex/rules", "which commands run without a question", "CODEX_HOME", ".codex"},
    {".codex/skills", "skills with scripts", "CODEX_HOME", ".codex"},
    {".codex/plugins", "plugins", "CODEX_HOME", ".codex"},
    {".codex/agents", "agents with their own configuration", "CODEX_HOME", ".codex"},
    {".codex/prompts", "commands", "CODEX_HOME", ".codex"},
    {".codex/.env", "variables that it takes at start", "CODEX_HOME", ".codex"},
    {".codex/packages", "the program itself, where it updates itself", "CODEX_HOME", ".codex"},
};
constexpr AgentPath kCodexLogin[] = {{".codex/auth.json", "login", "CODEX_HOME", ".codex"}};
constexpr Names kCodexVariables[] = {"OPENAI_API_KEY",  "CODEX_API_KEY",       "CODEX_ACCESS_TOKEN", "CODEX_HOME",
                                     "OPENAI_BASE_URL", "OPENAI_ORGANIZATION", "OPENAI_PROJECT"};
constexpr Names kCodexHosts[] = {"api.openai.com", "chatgpt.com", "auth.openai.com"};

// --- claude --------------------------------------------------------------------------------------------------------

constexpr Names kClaudePrograms[] = {"claude"};
constexpr Names kClaudePaths[] = {"@anthropic-ai/claude-code/cli.js", "@anthropic-ai/claude-code/cli-wrapper.cjs",
                                  "@anthropic-ai/claude-code/bin/claude.exe"};
constexpr Names kClaudePackages[] = {"@anthropic-ai/claude-code"};
constexpr AgentPath kClaudeState[] = {
    {".claude", "sessions, history, to-dos, login", "CLAUDE_CONFIG_DIR", ".claude"},
    {".claude.json", "account, projects, what was shown", "CLAUDE_CONFIG_DIR", ""},
};
constexpr AgentPath kClaudeGuarded[] = {
    {".claude.json", "MCP servers and trusted projects, beside the account", "CLAUDE_CONFIG_DIR", ""},
    {".claude/settings.json", "hooks, permissions, environment", "CLAUDE_CONFIG_DIR", ".claude"},
    {".claude/settings.local.json", "hooks, permissions, environment", "CLAUDE_CONFIG_DIR", ".claude"},
    {".claude/remote-settings.json", "settings of the organisation", "CLAUDE_CONFIG_DIR", ".claude"},
    {".claude/hooks", "scripts of hooks, by habit", "CLAUDE_CONFIG_DIR", ".claude"},
    {".claude/commands", "commands that may run programs", "CLAUDE_CONFIG_DIR", ".claude"},
    {".claude/agents", "agents with hooks and MCP servers", "CLAUDE_CONFIG_DIR", ".claude"},
    {".claude/skills", "skills with scripts", "CLAUDE_CONFIG_DIR", ".claude"},
    {".claude/workflows", "workflows with scripts", "CLAUDE_CONFIG_DIR", ".claude"},
    {".claude/plugins", "plugins", "CLAUDE_CONFIG_DIR", ".claude"},
    {".claude/local", "the program itself, where it updates itself", "CLAUDE_CONFIG_DIR", ".claude"},
    {".claude/statusline.sh", "run for the status line, by habit", "CLAUDE_CONFIG_DIR", ".claude"},
    {".claude/statusline-command.sh", "run for the status line, by habit", "CLAUDE_CONFIG_DIR", ".claude"},
};
constexpr AgentPath kClaudeLogin[] = {
    {".claude/.credentials.json", "login", "CLAUDE_CONFIG_DIR", ".claude"},
    {".claude.json", "account, and an API key that was approved", "CLAUDE_CONFIG_DIR", ""},
};
constexpr Names kClaudeVariables[] = {"ANTHROPIC_API_KEY",
                                      "ANTHROPIC_AUTH_TOKEN",
                                      "ANTHROPIC_BASE_URL",
                                      "ANTHROPIC_CUSTOM_HEADERS",
                                      "ANTHROPIC_MODEL",
                                      "ANTHROPIC_SMALL_FAST_MODEL",
                                      "ANTHROPIC_DEFAULT_OPUS_MODEL",
                                      "ANTHROPIC_DEFAULT_SONNET_MODEL",
                                      "ANTHROPIC_DEFAULT_HAIKU_MODEL",
                                      "CLAUDE_CONFIG_DIR",
                                      "CLAUDE_CODE_OAUTH_TOKEN",
                                      "CLAUDE_CODE_USE_BEDROCK",
                                      "CLAUDE_CODE_USE_VERTEX",
                                      "CLAUDE_CODE_MAX_OUTPUT_TOKENS",
                                      "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC",
                                      "CLAUDE_CODE_ENABLE_TELEMETRY",
                                      "DISABLE_TELEMETRY",
                                      "DISABLE_AUTOUPDATER",
                                      "DISABLE_ERROR_REPORTING",
                                      "MAX_THINKING_TOKENS",
                                      "BASH_DEFAULT_TIMEOUT_MS",
                                      "BASH_MAX_TIMEOUT_MS",
                                      "IS_SANDBOX"};
constexpr Names kClaudeHosts[] = {"api.anthropic.com", "claude.ai", "platform.claude.com"};

// --- gemini --------------------------------------------------------------------------------------------------------

constexpr Names kGeminiPrograms[] = {"gemini"};
constexpr Names kGeminiPaths[] = {"@google/gemini-cli/bundle/gemini.js", "@google/gemini-cli/dist/index.js"};
constexpr Names kGeminiPackages[] = {"@google/gemini-cli"};
constexpr AgentPath kGeminiState[] = {{".gemini", "sessions, history, login", "GEMINI_CLI_HOME", ""}};
constexpr AgentPath kGeminiGuarded[] = {
    {".gemini/settings.json", "hooks, MCP servers, tools", "GEMINI_CLI_HOME", ""},
    {".gemini/trustedFolders.json", "trusted projects", "GEMINI_CLI_HOME", ""},
    {".gemini/policies", "which tools run without a question", "GEMINI_CLI_HOME", ""},
    {".gemini/extensions", "extensions with MCP servers", "GEMINI_CLI_HOME", ""},
    {".gemini/commands", "commands that may run programs", "GEMINI_CLI_HOME", ""},
    {".gemini/skills", "skills with scripts", "GEMINI_CLI_HOME", ""},
    {".gemini/agents", "agents with their own tools", "GEMINI_CLI_HOME", ""},
    {".gemini/hooks", "scripts of hooks, by habit", "GEMINI_CLI_HOME", ""},
    {".gemini/.env", "variables that it takes at start", "GEMINI_CLI_HOME", ""},
};
constexpr AgentPath kGeminiLogin[] = {
    {".gemini/oauth_creds.json", "login", "GEMINI_CLI_HOME", ""},
    {".gemini/google_accounts.json", "account", "GEMINI_CLI_HOME", ""},
    {".gemini/gemini-credentials.json", "login, where there is no keyring", "GEMINI_CLI_HOME", ""},
};
constexpr Names kGeminiVariables[] = {
    "GEMINI_API_KEY",       "GOOGLE_API_KEY",       "GOOGLE_GEMINI_BASE_URL",    "GOOGLE_VERTEX_BASE_URL",
    "GEMINI_MODEL",         "GOOGLE_CLOUD_PROJECT", "GOOGLE_CLOUD_LOCATION",     "GOOGLE_GENAI_USE_VERTEXAI",
    "GOOGLE_GENAI_USE_GCA", "GEMINI_CLI_HOME",      "GEMINI_CLI_TRUST_WORKSPACE"};
constexpr Names kGeminiHosts[] = {"generativelanguage.googleapis.com", "cloudcode-pa.googleapis.com",
                                  "oauth2.googleapis.com", "accounts.google.com"};

// --- opencode ------------------------------------------------------------------------------------------------------

constexpr Names kOpencodePrograms[] = {"opencode"};
constexpr Names kOpencodePaths[] = {"opencode-ai/bin/opencode.exe", "opencode-ai/bin/opencode"};
constexpr Names kOpencodePackages[] = {"opencode-ai"};
constexpr AgentPath kOpencodeState[] = {
    {".local/share/opencode", "sessions, snapshots, logs, login", "XDG_DATA_HOME", ".local/share"},
    {".local/state/opencode", "history, choices", "XDG_STATE_HOME", ".local/state"},
    {".cache/opencode", "what models there are", "XDG_CACHE_HOME", ".cache"},
    {".config/opencode",
     "configuration: opencode does not start where it cannot write here, so what runs in it is guarded piece by piece",
     "XDG_CONFIG_HOME", ".config"},
};
constexpr AgentPath kOpencodeGuarded[] = {
    {".config/opencode/opencode.json", "configuration, permissions, MCP servers", "XDG_CONFIG_HOME", ".config"},
    {".config/opencode/opencode.jsonc", "configuration, permissions, MCP servers", "XDG_CONFIG_HOME", ".config"},
    {".config/opencode/config.json", "configuration, older name", "XDG_CONFIG_HOME", ".config"},
    {".config/opencode/tui.json", "plugins of the terminal interface", "XDG_CONFIG_HOME", ".config"},
    {".config/opencode/tui.jsonc", "plugins of the terminal interface", "XDG_CONFIG_HOME", ".config"},
    {".config/opencode/plugin", "plugins are loaded as code", "XDG_CONFIG_HOME", ".config"},
    {".config/opencode/plugins", "plugins are loaded as code", "XDG_CONFIG_HOME", ".config"},
    {".config/opencode/tool", "tools are loaded as code", "XDG_CONFIG_HOME", ".config"},
    {".config/opencode/tools", "tools are loaded as code", "XDG_CONFIG_HOME", ".config"},
    {".config/opencode/agent", "agents with their permissions", "XDG_CONFIG_HOME", ".config"},
    {".config/opencode/agents", "agents with their permissions", "XDG_CONFIG_HOME", ".config"},
    {".config/opencode/command", "commands that may run programs", "XDG_CONFIG_HOME", ".config"},
    {".config/opencode/commands", "commands that may run programs", "XDG_CONFIG_HOME", ".config"},
    {".config/opencode/mode", "modes with their permissions", "XDG_CONFIG_HOME", ".config"},
    {".config/opencode/modes", "modes with their permissions", "XDG_CONFIG_HOME", ".config"},
    {".config/opencode/skill", "skills with scripts", "XDG_CONFIG_HOME", ".config"},
    {".config/opencode/skills", "skills with scripts", "XDG_CONFIG_HOME", ".config"},
    {".config/opencode/package.json", "what plugins need", "XDG_CONFIG_HOME", ".config"},
    {".config/opencode/node_modules", "what plugins load", "XDG_CONFIG_HOME", ".config"},
    {".local/share/opencode/bin", "language servers and tools that it runs", "XDG_DATA_HOME", ".local/share"},
    {".cache/opencode/bin", "language servers and tools that it runs", "XDG_CACHE_HOME", ".cache"},
    {".cache/opencode/node_modules", "plugins and providers that it loads", "XDG_CACHE_HOME", ".cache"},
    {".cache/opencode/packages", "plugins and providers that it loads", "XDG_CACHE_HOME", ".cache"},
};
constexpr AgentPath kOpencodeLogin[] = {
    {".local/share/opencode/auth.json", "keys and logins of providers", "XDG_DATA_HOME", ".local/share"},
    {".local/share/opencode/mcp-auth.json", "logins of MCP servers", "XDG_DATA_HOME", ".local/share"},
};
constexpr Names kOpencodeVariables[] = {"OPENCODE_API_KEY",
                                        "OPENCODE_CONFIG",
                                        "OPENCODE_CONFIG_DIR",
                                        "OPENCODE_CONFIG_CONTENT",
                                        "OPENCODE_PERMISSION",
                                        "OPENCODE_DISABLE_AUTOUPDATE",
                                        "OPENCODE_DISABLE_MODELS_FETCH",
                                        "OPENCODE_DISABLE_LSP_DOWNLOAD",
                                        "OPENAI_API_KEY",
                                        "ANTHROPIC_API_KEY",
                                        "GEMINI_API_KEY",
                                        "GOOGLE_GENERATIVE_AI_API_KEY",
                                        "OPENROUTER_API_KEY"};
constexpr Names kOpencodeHosts[] = {"opencode.ai", "models.dev"};

constexpr AgentProfile kProfiles[] = {
    {.name = "codex",
     .title = "OpenAI Codex CLI",
     .programs = kCodexPrograms,
     .package_paths = kCodexPaths,
     .packages = kCodexPackages,
     .state = kCodexState,
     .guarded = kCodexGuarded,
     .credentials = kCodexLogin,
     .variables = kCodexVariables,
     .hosts = kCodexHosts,
     .sandbox_off_hint = "add `--sandbox danger-full-access`"},
    {.name = "claude",
     .title = "Claude Code",
     .programs = kClaudePrograms,
     .package_paths = kClaudePaths,
     .packages = kClaudePackages,
     .state = kClaudeState,
     .guarded = kClaudeGuarded,
     .credentials = kClaudeLogin,
     .variables = kClaudeVariables,
     .hosts = kClaudeHosts,
     .sandbox_off_hint = "use `--settings '{\"sandbox\":{\"enabled\":false}}'`"},
    {.name = "gemini",
     .title = "Gemini CLI",
     .programs = kGeminiPrograms,
     .package_paths = kGeminiPaths,
     .packages = kGeminiPackages,
     .state = kGeminiState,
     .guarded = kGeminiGuarded,
     .credentials = kGeminiLogin,
     .variables = kGeminiVariables,
     .hosts = kGeminiHosts,
     .sandbox_off_hint = "use `--sandbox=false`"},
    {.name = "opencode",
     .title = "opencode",
     .programs = kOpencodePrograms,
     .package_paths = kOpencodePaths,
     .packages = kOpencodePackages,
     .state = kOpencodeState,
     .guarded = kOpencodeGuarded,
     .credentials = kOpencodeLogin,
     .variables = kOpencodeVariables,
     .hosts = kOpencodeHosts,
     .sandbox_off_hint = ""},
};

}  // namespace

std::span<const AgentProfile> agent_profiles() { return kProfiles; }

const AgentProfile* find_profile(std::string_view name) {
  const auto found = std::ranges::find(kProfiles, name, &AgentProfile::name);
  return found == std::end(kProfiles) ? nullptr : &*found;
}

const AgentProfile* profile_for(std::span<const std::string> argv, std::string_view resolved_program) {
  return find_launch(argv, resolved_program).profile;
}

std::span<const std::string> agent_arguments(const AgentProfile& profile, std::span<const std::string> argv) {
  const AgentLaunch launch = find_launch(argv, {});
  if (launch.profile == &profile) return argv.subspan(launch.arguments);
  // Named by --agent, or known by its resolved program only: everything behind the program.
  return argv.empty() ? argv : argv.subspan(1);
}

std::string agent_path(const AgentPath& path, std::string_view home, std::string_view value_of_variable) {
  std::string_view root = home;
  std::string_view below = path.path;
  if (!path.variable.empty() && value_of_variable.starts_with('/')) {
    root = value_of_variable;
    below.remove_prefix(path.replaces.size());
  }
  while (root.ends_with('/')) root.remove_suffix(1);
  while (below.starts_with('/')) below.remove_prefix(1);
  return below.empty() ? std::string(root) : std::string(root) + "/" + std::string(below);
}

std::optional<std::string> own_sandbox_warning(const AgentProfile& profile, std::span<const std::string> argv) {
  if (!starts_own_sandbox(profile.name, agent_arguments(profile, argv))) return std::nullopt;
  return std::string(profile.name) + " was started with its own sandbox on, and two sandboxes do not nest: " +
         std::string(profile.sandbox_off_hint) + "; this one contains it";
}

}  // namespace bailiwick
