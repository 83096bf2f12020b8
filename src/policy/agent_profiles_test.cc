#include "policy/agent_profiles.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <vector>

#include "policy/agent_launch.h"
#include "policy/environment.h"
#include "policy/name_index.h"
#include "policy/secrets.h"

namespace bailiwick {
namespace {

using Words = std::vector<std::string>;

bool lies_in(std::string_view path, std::string_view tree) {
  return path == tree || path.starts_with(std::string(tree) + "/");
}

TEST(AgentProfiles, TableIsWhole) {
  std::set<std::string_view> names;
  std::set<std::string_view> programs;
  for (const AgentProfile& profile : agent_profiles()) {
    EXPECT_TRUE(names.insert(profile.name).second);
    EXPECT_EQ(find_profile(profile.name), &profile);
    for (const auto program : profile.programs) EXPECT_TRUE(programs.insert(program).second) << program;
    EXPECT_FALSE(profile.packages.empty() || profile.state.empty() || profile.guarded.empty() ||
                 profile.credentials.empty() || profile.variables.empty() || profile.hosts.empty())
        << profile.name;
    for (const auto list : {profile.guarded, profile.credentials}) {
      for (const AgentPath& path : list) {
        const bool is_in_state =
            std::ranges::any_of(profile.state, [&](const AgentPath& state) { return lies_in(path.path, state.path); });
        EXPECT_TRUE(is_in_state) << path.path << " is in no state directory of " << profile.name;
      }
    }
    for (const auto list : {profile.state, profile.guarded, profile.credentials}) {
      for (const AgentPath& path : list) {
        EXPECT_FALSE(path.path.starts_with('/') || path.reason.empty()) << path.path;
        EXPECT_TRUE(path.path.starts_with(path.replaces)) << path.path;
      }
    }
    for (const auto name : profile.variables) {
      EXPECT_TRUE(is_environment_name(name)) << name;
      EXPECT_FALSE(is_injection(name)) << name;
    }
  }
  EXPECT_EQ(names, (std::set<std::string_view>{"codex", "claude", "gemini", "opencode"}));
  EXPECT_EQ(find_profile("cat"), nullptr);
}

TEST(AgentProfiles, LoginsAreSecretsToEveryoneElse) {
  auto patterns = secret_patterns({.home = "/h"}, SecretScope::fixed);
  ASSERT_TRUE(patterns.has_value());
  const NameIndex secrets(std::move(*patterns));
  for (const AgentProfile& profile : agent_profiles()) {
    for (const AgentPath& login : profile.credentials) {
      const std::string full = agent_path(login, "/h", "");
      EXPECT_FALSE(secrets.match(full, full.substr(full.rfind('/') + 1), EntryKind::file).empty()) << full;
    }
  }
}

TEST(AgentProfiles, RecognisesCommands) {
  struct Case {
    Words argv;
    std::string_view resolved;
    std::string_view wanted;  // empty: none
    Words arguments;
  };
  const Case cases[] = {
      {{"codex"}, "", "codex", {}},
      {{"codex", "exec", "go"}, "/usr/lib/node_modules/@openai/codex/bin/codex.js", "codex", {"exec", "go"}},
      {{"/opt/x/codex", "-m", "y"}, "", "codex", {"-m", "y"}},
      {{"my-agent", "-p"}, "/n/node_modules/@anthropic-ai/claude-code/bin/claude.exe", "claude", {"-p"}},
      {{"claude"}, "/home/u/.local/share/claude/versions/2.1.330", "claude", {}},
      {{"node", "/n/node_modules/@openai/codex/bin/codex.js", "exec"}, "/usr/bin/node", "codex", {"exec"}},
      {{"node", "--max-old-space-size=4096", "-r", "x", "/n/node_modules/@google/gemini-cli/bundle/gemini.js", "-p",
        "x"},
       "",
       "gemini",
       {"-p", "x"}},
      {{"bun", "run", "/n/node_modules/opencode-ai/bin/opencode", "run"}, "", "opencode", {"run"}},
      {{"npx", "@openai/codex", "exec"}, "/usr/bin/npx", "codex", {"exec"}},
      {{"npx", "-y", "@openai/codex@0.169.0", "--yolo"}, "", "codex", {"--yolo"}},
      {{"npx", "-p", "@google/gemini-cli@latest", "gemini", "-y"}, "", "gemini", {"-y"}},
      {{"npm", "exec", "--", "@anthropic-ai/claude-code", "-p"}, "", "claude", {"-p"}},
      {{"npm", "exec", "--package=@openai/codex", "--", "codex"}, "", "codex", {}},
      {{"pnpm", "dlx", "opencode-ai"}, "", "opencode", {}},
      {{"yarn", "dlx", "-q", "@google/gemini-cli"}, "", "gemini", {}},
      {{"bunx", "opencode-ai@latest", "run"}, "", "opencode", {"run"}},
      {{"bun", "x", "@openai/codex"}, "", "codex", {}},
      {{"env", "-u", "X", "A=b", "C=d", "claude", "-p"}, "", "claude", {"-p"}},
      {{"env", "nice", "-n", "5", "timeout", "-k", "5", "60", "codex"}, "", "codex", {}},
      {{"/usr/bin/env", "node", "/x/@openai/codex/bin/codex.js"}, "", "codex", {}},
      // not these
      {{}, "", "", {}},
      {{"bash", "-c", "codex"}, "/usr/bin/bash", "", {}},
      {{"cat", "codex"}, "", "", {}},
      {{"codex-helper"}, "", "", {}},
      {{"node", "server.js", "codex"}, "", "", {}},
      {{"node"}, "", "", {}},
      {{"npx", "codex"}, "", "", {}},  // another package of that name
      {{"npx", "claude"}, "", "", {}},
      {{"npx", "@evil/codex"}, "", "", {}},
      {{"npx", "-p", "@openai/codex", "-p", "evil", "codex"}, "", "", {}},
      {{"npx", "-p", "@openai/codex", "evil"}, "", "", {}},
      {{"npx", "-p"}, "", "", {}},
      {{"npm", "install", "@openai/codex"}, "", "", {}},
      {{"/x/not@openai/codex/bin/codex.mjs"}, "", "", {}},
      {{"env"}, "", "", {}},
      {{"timeout", "5"}, "", "", {}},
  };
  for (const Case& c : cases) {
    const AgentProfile* got = profile_for(c.argv, c.resolved);
    const std::string shown = testing::PrintToString(c.argv);
    ASSERT_EQ(got == nullptr ? "" : got->name, c.wanted) << shown;
    if (got == nullptr) continue;
    const auto arguments = agent_arguments(*got, c.argv);
    EXPECT_EQ(Words(arguments.begin(), arguments.end()), c.arguments) << shown;
  }
}

TEST(AgentProfiles, PathsMove) {
  constexpr AgentPath kCodex{"a/x", "r", "V", "a"};
  EXPECT_EQ(agent_path(kCodex, "/h", ""), "/h/a/x");
  EXPECT_EQ(agent_path(kCodex, "/h/", "/v/"), "/v/x");
  EXPECT_EQ(agent_path(kCodex, "/h", "relative"), "/h/a/x");
  EXPECT_EQ(agent_path(AgentPath{"a", "r", "V", "a"}, "/h", "/v"), "/v");
  EXPECT_EQ(agent_path(AgentPath{".claude.json", "r", "V", ""}, "/h", "/v"), "/v/.claude.json");
  EXPECT_EQ(agent_path(AgentPath{"a", "r"}, "/", "/v"), "/a");
}

TEST(AgentProfiles, OwnSandbox) {
  struct Case {
    Words argv;
    bool warns;
  };
  const Case cases[] = {
      {{"codex"}, true},
      {{"codex", "exec", "go"}, true},
      {{"codex", "-s", "workspace-write"}, true},
      {{"codex", "--sandbox=read-only", "-c", "sandbox_mode=danger-full-access"}, true},
      {{"codex", "-m", "--yolo"}, true},  // the value of -m
      {{"codex", "--", "--yolo"}, true},  // a prompt
      {{"codex", "--profile", "login"}, true},
      {{"codex", "-s", "danger-full-access"}, false},
      {{"codex", "-sdanger-full-access"}, false},
      {{"codex", "-s=danger-full-access"}, false},
      {{"codex", "--sandbox", "danger-full-access", "exec", "go"}, false},
      {{"codex", "exec", "--sandbox=danger-full-access", "go"}, false},
      {{"codex", "--dangerously-bypass-approvals-and-sandbox"}, false},
      {{"codex", "exec", "--yolo", "go"}, false},
      {{"codex", "-c", "sandbox_mode=\"danger-full-access\""}, false},
      {{"codex", "--config=sandbox_mode=danger-full-access"}, false},
      {{"codex", "-c", "default_permissions=\":danger-full-access\""}, false},
      {{"codex", "-c", "model=x"}, true},
      {{"codex", "login"}, false},
      {{"codex", "-c", "model=x", "mcp", "list"}, false},
      {{"codex", "--version"}, false},
      {{"npx", "@openai/codex", "exec", "go"}, true},
      {{"npx", "@openai/codex", "--yolo"}, false},
      {{"claude"}, false},
      {{"claude", "--settings", "{\"sandbox\": {\"enabled\": true}}"}, true},
      {{"claude", "--settings={\"sandbox\":{\"enabled\":false}}"}, false},
      {{"claude", "--settings", "f.json"}, false},
      {{"gemini"}, false},
      {{"gemini", "-s"}, true},
      {{"gemini", "--sandbox"}, true},
      {{"gemini", "--sandbox=true"}, true},
      {{"gemini", "-ys"}, true},
      {{"gemini", "-s", "false"}, false},
      {{"gemini", "--sandbox=false"}, false},
      {{"gemini", "-s", "--no-sandbox"}, false},
      {{"gemini", "-p", "-s"}, false},
      {{"gemini", "-ps"}, false},
      {{"opencode", "run", "--sandbox"}, false},
  };
  for (const Case& c : cases) {
    const AgentProfile* profile = profile_for(c.argv, "");
    ASSERT_NE(profile, nullptr);
    const auto warning = own_sandbox_warning(*profile, c.argv);
    EXPECT_EQ(warning.has_value(), c.warns) << testing::PrintToString(c.argv);
    EXPECT_TRUE(!warning || warning->contains('`')) << "no flag in: " << *warning;
  }
  // Named by --agent: what follows the program is looked at.
  EXPECT_TRUE(own_sandbox_warning(*find_profile("codex"), Words{"my-codex", "exec", "go"}).has_value());
  EXPECT_FALSE(own_sandbox_warning(*find_profile("codex"), Words{"my-codex", "--yolo"}).has_value());
}

}  // namespace
}  // namespace bailiwick
