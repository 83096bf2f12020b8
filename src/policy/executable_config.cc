#include "policy/executable_config.h"

#include <array>
#include <utility>

namespace bailiwick {
namespace {

using enum EntryKind;
using Reader = ConfigReader;

constexpr auto kTable = std::to_array<ExecutableConfig>({
    // git. Only what names a program or a place that names one: commits, branches, stashes and worktrees write all the
    // rest.
    {"**/.git/hooks", directory, Reader::git, "git runs each hook on commit, checkout, merge, push", "githooks(5)"},
    {"**/.git/config", file, Reader::git,
     "core.fsmonitor, core.hooksPath, core.sshCommand, filters, aliases and pagers name programs that any git command "
     "runs",
     "git-config(1)"},
    {"**/.git/config.worktree", file, Reader::git, "configuration of the main worktree, same keys", "git-worktree(1)"},
    {"**/.git/worktrees/*/config.worktree", file, Reader::git, "configuration of a linked worktree, same keys",
     "git-worktree(1)"},
    {"**/.git/worktrees/*/commondir", file, Reader::git,
     "says which repository's configuration and hooks a linked worktree uses", "gitrepository-layout(5)"},
    {"**/.git/commondir", file, Reader::git, "says whose configuration and hooks this repository uses",
     "gitrepository-layout(5)"},
    {"**/.git/modules/**/config", file, Reader::git, "configuration of a submodule, same keys", "gitsubmodules(7)"},
    {"**/.git/modules/**/config.worktree", file, Reader::git, "configuration of a submodule's worktree, same keys",
     "gitsubmodules(7)"},
    {"**/.git/modules/**/commondir", file, Reader::git, "says whose configuration and hooks a submodule uses",
     "gitrepository-layout(5)"},
    {"**/.git/modules/**/hooks", directory, Reader::git, "hooks of a submodule", "gitsubmodules(7)"},
    {"**/.git", file, Reader::git,
     "points a worktree or submodule at its git directory: another one brings other configuration and hooks",
     "gitrepository-layout(5)"},
    {"**/?*.git/hooks", directory, Reader::git, "hooks of a bare repository", "githooks(5)"},
    {"**/?*.git/config", file, Reader::git, "configuration of a bare repository, same keys", "git-config(1)"},
    {"**/?*.git/config.worktree", file, Reader::git, "configuration of a bare repository with worktrees",
     "git-worktree(1)"},
    {"**/?*.git/commondir", file, Reader::git, "says whose configuration and hooks a repository uses",
     "gitrepository-layout(5)"},
    {"**/.hg/hgrc", file, Reader::git, "hooks, extensions and aliases run on any hg command", "Mercurial, hgrc(5)"},
    {"**/.hg/hgrc-not-shared", file, Reader::git, "same, for a shared repository", "Mercurial, hgrc(5)"},
    {"**/.hg/sharedpath", file, Reader::git, "says whose hgrc this repository uses", "Mercurial, share extension"},
    {"**/.jj/repo/config.toml", file, Reader::git, "fsmonitor, editors, signing and diff programs of jj",
     "Jujutsu, configuration"},
    {"**/.jj/repo", file, Reader::git, "points a workspace at its repository and configuration", "Jujutsu, workspaces"},

    // What runs the hooks that git calls.
    {".husky", directory, Reader::hook_runner, "scripts that git runs through core.hooksPath", "husky"},
    {".githooks", directory, Reader::hook_runner, "usual place for core.hooksPath", "git-config(1), core.hooksPath"},
    {".git-hooks", directory, Reader::hook_runner, "hook scripts of overcommit, also a usual core.hooksPath",
     "overcommit"},
    {".pre-commit-config.y{a,}ml", file, Reader::hook_runner, "names programs that run on every commit", "pre-commit"},
    {"prek.toml", file, Reader::hook_runner, "names programs that run on every commit", "prek"},
    {"{.,}lefthook{-local,}.{yml,yaml,toml,json,jsonc}", file, Reader::hook_runner,
     "names commands that run on git hooks", "lefthook"},
    {"{.lefthook,.lefthook-local}", directory, Reader::hook_runner, "scripts that lefthook runs on git hooks",
     "lefthook"},
    {".overcommit.yml", file, Reader::hook_runner, "names commands that run on git hooks", "overcommit"},
    {"{.,}simple-git-hooks.{json,js,cjs}", file, Reader::hook_runner, "names commands that run on git hooks",
     "simple-git-hooks"},
    {".lintstagedrc{,.json,.yaml,.yml,.js,.cjs,.mjs,.ts}", file, Reader::hook_runner,
     "names commands that run on commit", "lint-staged"},
    {"lint-staged.config.{js,cjs,mjs,ts}", file, Reader::hook_runner, "names commands that run on commit",
     "lint-staged"},
    {"captainhook.json", file, Reader::hook_runner, "names commands that run on git hooks", "CaptainHook (PHP)"},
    {"grumphp.y{a,}ml", file, Reader::hook_runner, "names commands that run on git hooks", "GrumPHP"},
    {"**/.trunk/trunk.yaml", file, Reader::hook_runner, "names tools and actions that run on git hooks and in editors",
     "Trunk"},
    {"hk.pkl", file, Reader::hook_runner, "names commands that run on git hooks", "hk"},

    // Run by entering a directory.
    {".envrc", file, Reader::shell, "direnv runs it when a shell enters the directory", "direnv(1)"},
    {".direnv", directory, Reader::shell, "cached profiles that an allowed .envrc sources without asking again",
     "nix-direnv"},
    {".autoenv{,.leave,.zsh,_leave.zsh}", file, Reader::shell, "run when a shell enters or leaves the directory",
     "autoenv, zsh-autoenv"},
    {"{.,}mise{,.*}.toml", file, Reader::shell,
     "env, templates with exec() and enter hooks run when a shell enters the directory", "mise, configuration"},
    {"**/{.,}mise/{config{,.*}.toml,conf.d/*.toml}", file, Reader::shell, "same", "mise, configuration"},
    {"**/.config/{mise{,.*}.toml,mise/**/*.toml}", file, Reader::shell, "same", "mise, configuration"},
    {".tool-versions", file, Reader::shell,
     "`path:` and `ref:` versions choose what `node` or `python` is in this directory", "asdf, mise"},

    // Run or trusted by opening a folder in an editor.
    {"**/.vscode/tasks.json", file, Reader::editor, "tasks may run when the folder is opened (runOn: folderOpen)",
     "VS Code, tasks"},
    {"**/.vscode/settings.json", file, Reader::editor,
     "names interpreters, shells and git for extensions; chat.tools.autoApprove turns off questions",
     "VS Code, settings"},
    {"**/.vscode/launch.json", file, Reader::editor, "programs and preLaunchTask of the debugger",
     "VS Code, debugging"},
    {"**/.vscode/mcp.json", file, Reader::editor, "commands of MCP servers that the editor starts",
     "VS Code, MCP servers"},
    {"**/.vscode/c_cpp_properties.json", file, Reader::editor, "compilerPath is run to ask for its defaults",
     "VS Code, C/C++ extension"},
    {"**/.vscode/cmake-kits.json", file, Reader::editor, "environmentSetupScript is run on configure",
     "VS Code, CMake Tools"},
    {"*.code-workspace", file, Reader::editor, "holds settings, tasks and launch entries", "VS Code, workspaces"},
    {"**/.vs/{tasks,launch}.vs.json", file, Reader::editor, "tasks and debugger programs of a folder",
     "Visual Studio, Open Folder"},
    {"**/.theia/{tasks,settings,launch}.json", file, Reader::editor, "same as .vscode", "Eclipse Theia"},
    {"**/.idea/workspace.xml", file, Reader::editor, "run configurations, before-launch steps and project trust",
     "IntelliJ Platform"},
    {"**/.idea/runConfigurations", directory, Reader::editor, "programs that the run button starts",
     "IntelliJ Platform"},
    {"**/.idea/{watcherTasks,startup}.xml", file, Reader::editor,
     "file watchers run on save, startup tasks on opening the project", "IntelliJ Platform"},
    {"**/.run/*.run.xml", file, Reader::editor, "programs that the run button starts", "IntelliJ Platform"},
    {"**/.fleet/{run,settings}.json", file, Reader::editor, "programs that the run button starts; settings",
     "JetBrains Fleet"},
    {"**/.zed/{settings,tasks,debug}.json", file, Reader::editor,
     "language server binaries, formatters, tasks, debug programs and context servers", "Zed, project settings"},
    {".nvim.lua", file, Reader::editor, "run when started in the directory with 'exrc'", "Neovim, 'exrc'"},
    {".nvimrc", file, Reader::editor, "run when started in the directory with 'exrc'", "Neovim, 'exrc'"},
    {"{.,_}{vimrc,gvimrc,exrc}", file, Reader::editor, "run when started in the directory with 'exrc'", "Vim, 'exrc'"},
    {".lvimrc", file, Reader::editor, "run when a file of the directory is opened", "vim-localvimrc"},
    {".dir-locals{,-2}.el", file, Reader::editor, "eval forms and variables that name programs",
     "Emacs, directory variables"},
    {"*.sublime-project", file, Reader::editor, "build systems and language server commands", "Sublime Text, LSP"},
    {"**/.helix/{config,languages}.toml", file, Reader::editor,
     "language servers, formatters and shell of this project", "Helix"},
    {".kateproject{,.local}", file, Reader::editor, "build targets and language server commands", "Kate"},
    {".ycm_extra_conf.py", file, Reader::editor, "Python that the completer runs", "YouCompleteMe"},
    {"**/.ropeproject/config.py", file, Reader::editor, "Python that the refactoring library runs",
     "rope, python-lsp-server"},

    // Agents: hooks, MCP servers, permissions, plugins. Prose (AGENTS.md, CLAUDE.md) is not here.
    {".claude", either, Reader::agent, "hooks, permissions, commands, agents, skills with scripts, plugins",
     "Claude Code, settings"},
    {".mcp.json", file, Reader::agent, "commands of MCP servers", "Claude Code and others, project MCP servers"},
    {".codex", either, Reader::agent, "configuration, hooks, rules and MCP servers", "Codex, configuration"},
    {".agents", either, Reader::agent, "skills with scripts, shared by several agents", "Codex, skills"},
    {".gemini", either, Reader::agent, "settings with hooks and MCP servers, extensions, .env",
     "Gemini CLI, configuration"},
    {".qwen", either, Reader::agent, "same as .gemini", "Qwen Code"},
    {".opencode", either, Reader::agent, "plugins and tools are loaded as code; configuration, agents, commands",
     "opencode, config"},
    {"opencode.json{,c}", file, Reader::agent, "MCP servers, plugins, permissions, formatters and language servers",
     "opencode, config"},
    {"tui.json{,c}", file, Reader::agent, "plugins of the terminal interface", "opencode, config"},
    {".cursor", either, Reader::agent, "MCP servers, hooks, permissions, background environment", "Cursor"},
    {".windsurf", either, Reader::agent, "hooks, workflows and MCP servers", "Windsurf"},
    {".continue", either, Reader::agent, "MCP servers, tools and configuration", "Continue"},
    {".continuerc.json", file, Reader::agent, "configuration of the workspace", "Continue"},
    {".clinerules", directory, Reader::agent, "hooks and workflows beside the prose", "Cline"},
    {".roo", either, Reader::agent, "MCP servers, modes and their tools", "Roo Code"},
    {".roomodes", file, Reader::agent, "which tools a mode may use", "Roo Code"},
    {".kilocode", either, Reader::agent, "MCP servers, workflows, modes", "Kilo Code"},
    {".kilocodemodes", file, Reader::agent, "which tools a mode may use", "Kilo Code"},
    {".kiro", either, Reader::agent, "hooks and MCP servers", "Kiro"},
    {".amazonq", either, Reader::agent, "MCP servers and agents", "Amazon Q Developer"},
    {".amp", either, Reader::agent, "settings with MCP servers and permissions", "Amp"},
    {".augment", either, Reader::agent, "settings, commands and MCP servers", "Augment"},
    {".factory", either, Reader::agent, "hooks, MCP servers, droids and commands", "Factory"},
    {".junie", either, Reader::agent, "MCP servers", "JetBrains Junie"},
    {".trae", either, Reader::agent, "MCP servers", "Trae"},
    {".openhands", either, Reader::agent, "setup.sh and hooks run at the start of a session", "OpenHands"},
    {".tabnine", either, Reader::agent, "MCP servers and agent settings", "Tabnine"},
    {"{.,}crush.json", file, Reader::agent, "MCP and language servers, permissions", "Crush"},
    {".aider.conf.y{a,}ml", file, Reader::agent, "lint-cmd, test-cmd and load run commands", "aider"},
    {"**/.github/hooks", directory, Reader::agent, "hooks of the Copilot coding agent and CLI",
     "GitHub Copilot, hooks"},

    // Options and wrappers that a tool takes from the directory it runs in, hidden behind an ordinary command.
    {".npmrc", file, Reader::toolchain, "script-shell, node-options, and the registry that tokens are sent to",
     "npm, npmrc"},
    {".yarnrc{,.yml}", file, Reader::toolchain, "yarnPath and plugins are run by any yarn command",
     "Yarn, configuration"},
    {"**/.yarn/{releases,plugins}", directory, Reader::toolchain, "the yarn that yarnPath names, and its plugins",
     "Yarn"},
    {"{.,}pnpmfile.{cjs,mjs,js}", file, Reader::toolchain, "run by any pnpm install", "pnpm, pnpmfile"},
    {"{.,}bunfig.toml", file, Reader::toolchain, "preload runs before any script; registry and its token",
     "Bun, bunfig"},
    {"**/.cargo/config{,.toml}", file, Reader::toolchain,
     "rustc-wrapper, runner, linker, credential-provider: run by cargo, and by rust-analyzer on opening the folder",
     "cargo, configuration"},
    {"**/.bundle/config", file, Reader::toolchain, "gem sources, paths and plugins of any bundle command",
     "bundler, bundle-config(1)"},
    {".bazelrc", file, Reader::toolchain, "options of any bazel command: workspace_status_command, credential_helper",
     "Bazel, bazelrc"},
    {"**/.mvn/{extensions.xml,jvm.config,maven.config}", file, Reader::toolchain,
     "extensions, agents and options of any mvn command, and of a project import", "Maven, configuration"},

    // Read from the current directory by debuggers and interactive interpreters.
    {".gdbinit", file, Reader::interpreter, "run by gdb started here, inside its safe path", "gdb, auto-loading"},
    {".lldbinit", file, Reader::interpreter, "run by lldb started here, where load-cwd-lldbinit is set", "lldb(1)"},
    {".pdbrc", file, Reader::interpreter, "run by the Python debugger", "Python, pdb"},
    {".perldb", file, Reader::interpreter, "run by the Perl debugger", "perldebug(1)"},
    {".irbrc", file, Reader::interpreter, "run by irb started here", "irb(1)"},
    {".pryrc", file, Reader::interpreter, "run by pry started here", "pry"},
    {".Rprofile", file, Reader::interpreter, "run by any R started here", "R, Startup"},
    {".octaverc", file, Reader::interpreter, "run by octave started here", "Octave, startup files"},
    {".ghci", file, Reader::interpreter, "run by ghci started here", "GHC User's Guide"},
    {".iex.exs", file, Reader::interpreter, "run by iex started here", "IEx"},

    {".devcontainer", either, Reader::container,
     "initializeCommand runs on the host; mounts and run arguments reach it from the container",
     "Development Containers"},
    {".devcontainer.json", file, Reader::container, "same", "Development Containers"},

    {".bailiwick.toml", file, Reader::bailiwick, "the project's own policy", "bailiwick"},
});

constexpr auto kGitSigns = std::to_array<std::string_view>({"HEAD", "objects", "refs"});
constexpr auto kGitConfig = std::to_array<std::string_view>({"config", "config.worktree", "commondir", "hooks"});

constexpr auto kNotProtected = std::to_array<NotProtected>({
    {"package.json, Makefile, justfile, CMakeLists.txt, Dockerfile, compose.yaml, build.rs, setup.py, conftest.py, "
     "build.gradle",
     "this is code: writing it is the agent's work, and whoever runs the build runs it knowingly"},
    {"eslint.config.js, .prettierrc, .pylintrc, .rubocop.yml, vite.config.ts and other configuration that is code",
     "the same; an editor that runs linters of a folder runs that folder's code anyway"},
    {"node_modules, .venv, vendor", "installed code, needed to build and test; do not run it outside a sandbox unread"},
    {".github/workflows, .gitlab-ci.yml and other CI files",
     "they run only after a push, where a diff is reviewed, and the tests that CI runs with the same secrets are the "
     "agent's code "
     "too; a policy that wants them fixed adds a rule on `git push` or protects them by name"},
    {"AGENTS.md, CLAUDE.md, GEMINI.md, .cursorrules, .github/copilot-instructions.md",
     "prose: it steers an agent but runs nothing; people ask agents to write it, and the next agent is in a sandbox "
     "too"},
    {".gitmodules", "git submodule add writes it; git refuses commands in it and asks before dangerous transports"},
    {".gitattributes, .git/info/attributes", "they only choose among filters and drivers that .git/config defines"},
    {".git/rebase-merge, .git/sequencer",
     "rebase and cherry-pick write them; a todo list with `exec` lines waits for a person to type `git rebase "
     "--continue`"},
    {".git/index, refs, objects, logs, packed-refs, HEAD, info/exclude",
     "ordinary git work writes them; none names a program"},
    {".nvmrc, .node-version, .python-version, .ruby-version, .sdkmanrc, rust-toolchain.toml",
     "they choose among installed or official versions by number; none of these tools takes a path from them"},
    {".bsp/*.json", "names the build server that an IDE starts on import, but sbt rewrites it at every start"},
    {".RData", "R loads it at start, but an R session that saves its workspace writes it"},
    {".env", "data of the project; shells do not run it"},
});

}  // namespace

std::string_view to_string(ConfigReader reader) {
  switch (reader) {
    case Reader::git: return "version control";
    case Reader::shell: return "shells";
    case Reader::editor: return "editors";
    case Reader::agent: return "agents";
    case Reader::toolchain: return "toolchains";
    case Reader::interpreter: return "debuggers and interpreters";
    case Reader::hook_runner: return "hook runners";
    case Reader::container: return "containers";
    case Reader::bailiwick: return "bailiwick";
  }
  return "";
}

std::span<const ExecutableConfig> executable_config() { return kTable; }
std::span<const std::string_view> git_directory_signs() { return kGitSigns; }
std::span<const std::string_view> git_directory_config() { return kGitConfig; }
std::span<const NotProtected> not_executable_config() { return kNotProtected; }

Result<std::vector<NamePattern>> executable_config_patterns() {
  std::vector<NamePattern> out;
  out.reserve(kTable.size());
  for (std::uint32_t i = 0; i < kTable.size(); ++i) {
    TRY_ASSIGN(Glob glob, Glob::parse(kTable[i].pattern));
    out.push_back({.glob = std::move(glob), .kind = kTable[i].kind, .except = std::nullopt, .tag = i});
  }
  return out;
}

}  // namespace bailiwick
