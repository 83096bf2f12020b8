#include "policy/executable_config.h"

#include <gtest/gtest.h>

#include <set>

#include "policy/name_index.h"

namespace bailiwick {
namespace {

NameIndex index_of_table() {
  auto patterns = executable_config_patterns();
  EXPECT_TRUE(patterns.has_value()) << patterns.error().message();
  return NameIndex(std::move(*patterns));
}

bool is_protected(const NameIndex& index, std::string_view path, EntryKind kind) {
  const std::size_t slash = path.rfind('/');
  return !index.match(path, slash == std::string_view::npos ? path : path.substr(slash + 1), kind).empty();
}

TEST(ExecutableConfig, TableIsWhole) {
  std::set<std::string_view> seen;
  for (const ExecutableConfig& entry : executable_config()) {
    EXPECT_TRUE(seen.insert(entry.pattern).second) << "twice: " << entry.pattern;
    EXPECT_FALSE(entry.reason.empty()) << entry.pattern;
    EXPECT_FALSE(entry.source.empty()) << entry.pattern;
    EXPECT_FALSE(entry.pattern.starts_with('/')) << entry.pattern;
    const auto glob = Glob::parse(entry.pattern);
    ASSERT_TRUE(glob.has_value()) << glob.error().message();
    // What is not anchored holds in nested projects as well.
    EXPECT_TRUE(!entry.pattern.contains('/') || entry.pattern.starts_with("**/")) << entry.pattern;
  }
  EXPECT_GE(executable_config().size(), 100U);
}

TEST(ExecutableConfig, Protects) {
  const NameIndex index = index_of_table();
  constexpr std::string_view kFiles[] = {
      ".git/config", "vendor/x/.git/config", ".git/config.worktree", ".git/worktrees/wt/config.worktree",
      ".git/worktrees/wt/commondir", ".git/modules/a/b/config", ".git/modules/a/modules/b/commondir", ".git",
      "sub/.git", "mirror.git/config", "a/b.git/commondir", ".hg/hgrc", ".pre-commit-config.yaml", "lefthook.yml",
      ".lefthook-local.json", ".lintstagedrc", ".lintstagedrc.mjs", ".envrc", "a/.envrc", "mise.toml",
      ".mise.local.toml", ".mise/config.toml", ".config/mise/conf.d/a.toml", ".config/mise.toml", ".tool-versions",
      ".vscode/tasks.json", "pkg/.vscode/settings.json", ".vscode/mcp.json", "x.code-workspace", ".idea/workspace.xml",
      ".run/a.run.xml", ".zed/tasks.json", ".nvim.lua", ".exrc", ".vimrc", "_gvimrc", ".dir-locals.el",
      ".dir-locals-2.el", ".mcp.json", "sub/.mcp.json", "opencode.json", "opencode.jsonc", ".aider.conf.yml", ".npmrc",
      ".yarnrc", ".yarnrc.yml", ".pnpmfile.cjs", ".cargo/config", ".cargo/config.toml", ".bazelrc", ".mvn/jvm.config",
      ".gdbinit", ".pdbrc", ".Rprofile", ".devcontainer.json", ".bailiwick.toml",
      // a link stands where the directory would: planting one must not help
      ".claude", ".codex", ".cursor"};
  constexpr std::string_view kDirectories[] = {".git/hooks",
                                               "vendor/x/.git/hooks",
                                               ".git/modules/a/b/hooks",
                                               "mirror.git/hooks",
                                               ".husky",
                                               ".githooks",
                                               ".lefthook",
                                               ".direnv",
                                               ".idea/runConfigurations",
                                               ".claude",
                                               "pkg/.claude",
                                               ".codex",
                                               ".gemini",
                                               ".opencode",
                                               ".cursor",
                                               ".windsurf",
                                               ".continue",
                                               ".github/hooks",
                                               ".yarn/releases",
                                               ".devcontainer",
                                               ".agents"};
  for (const auto path : kFiles) EXPECT_TRUE(is_protected(index, path, EntryKind::file)) << path;
  for (const auto path : kDirectories) EXPECT_TRUE(is_protected(index, path, EntryKind::directory)) << path;
}

TEST(ExecutableConfig, LeavesOrdinaryWorkAlone) {
  const NameIndex index = index_of_table();
  constexpr std::string_view kFiles[] = {
      // what git itself writes in commit, branch, switch, stash, rebase, worktree add, fetch, gc
      ".git/HEAD", ".git/index", ".git/index.lock", ".git/ORIG_HEAD", ".git/FETCH_HEAD", ".git/COMMIT_EDITMSG",
      ".git/packed-refs", ".git/refs/heads/main", ".git/refs/heads/config", ".git/refs/stash", ".git/logs/HEAD",
      ".git/objects/ab/cdef", ".git/objects/info/commit-graph", ".git/info/exclude", ".git/info/attributes",
      ".git/rebase-merge/git-rebase-todo", ".git/worktrees/wt/HEAD", ".git/worktrees/wt/index",
      ".git/worktrees/wt/gitdir", ".git/modules/a/HEAD", ".git/modules/a/index", ".git/description", ".git/shallow",
      ".git/MERGE_MSG", ".git/hooks.txt", ".git/gc.pid",
      // code
      "package.json", "package-lock.json", "Makefile", "Dockerfile", "Cargo.toml", "build.rs", "setup.py",
      "pyproject.toml", "config", "src/config", "config.toml", "src/hooks", ".gitignore", ".gitattributes",
      ".gitmodules", ".env", ".env.local", "AGENTS.md", "CLAUDE.md", "GEMINI.md", ".cursorrules",
      ".github/workflows/ci.yml", ".vscode/extensions.json", ".idea/misc.xml", ".editorconfig", ".nvmrc",
      ".python-version", "settings.json", "tasks.json", "rc", "vimrc", "mise", ".clinerules", "github/hooks/x",
      "x.git.txt", ".prettierrc", "tsconfig.json", "pnpm-workspace.yaml", ".RData"};
  constexpr std::string_view kDirectories[] = {".git",
                                               "sub/.git",
                                               "mirror.git",
                                               ".git/refs",
                                               ".git/objects",
                                               ".git/worktrees",
                                               ".git/worktrees/wt",
                                               ".git/modules",
                                               ".git/modules/a",
                                               ".git/logs",
                                               ".git/rebase-merge",
                                               "hooks",
                                               "src/hooks",
                                               ".vscode",
                                               ".idea",
                                               ".github",
                                               ".github/workflows",
                                               ".cargo",
                                               ".config",
                                               "node_modules",
                                               ".venv",
                                               ".yarn",
                                               ".yarn/cache",
                                               "claude",
                                               "config"};
  for (const auto path : kFiles) EXPECT_FALSE(is_protected(index, path, EntryKind::file)) << path;
  for (const auto path : kDirectories) EXPECT_FALSE(is_protected(index, path, EntryKind::directory)) << path;
}

TEST(ExecutableConfig, GitDirectoriesByAnotherName) {
  const auto config = git_directory_config();
  for (const std::string_view name : {"config", "hooks", "commondir", "config.worktree"}) {
    EXPECT_NE(std::find(config.begin(), config.end(), name), config.end()) << name;
  }
  EXPECT_EQ(git_directory_signs().size(), 3U);
}

}  // namespace
}  // namespace bailiwick
