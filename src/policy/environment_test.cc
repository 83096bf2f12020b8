#include "policy/environment.h"

#include <gtest/gtest.h>

#include <set>

namespace bailiwick {
namespace {

using Choice = EnvironmentDecision::Choice;

std::string sample_token() { return std::string("ghp_") + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"; }

TEST(Environment, TablesAreWhole) {
  std::set<std::string_view> seen;
  for (const auto table : {allowed_environment(), refused_environment()}) {
    for (const EnvironmentName& entry : table) {
      EXPECT_TRUE(seen.insert(entry.name).second) << "twice: " << entry.name;
      EXPECT_FALSE(entry.reason.empty()) << entry.name;
    }
  }
  // What is allowed must not be injection: an entry of both tables is allowed on purpose and named here.
  for (const EnvironmentName& entry : allowed_environment()) EXPECT_FALSE(is_injection(entry.name)) << entry.name;
}

TEST(Environment, Keeps) {
  struct Case {
    std::string_view name;
    std::string_view value;
  };
  constexpr Case kCases[] = {{"HOME", "/home/u"},
                             {"TERM", "xterm-256color"},
                             {"LC_CTYPE", "C.UTF-8"},
                             {"LANG", ""},
                             {"CARGO_HOME", "/home/u/.cargo"},
                             {"GIT_AUTHOR_NAME", "A B"},
                             {"MAKEFLAGS", "-j4"},
                             {"HTTPS_PROXY", "http://proxy:3128"},
                             {"CLICOLOR_FORCE", "1"},
                             {"CFLAGS", "-O2 -D_FORTIFY_SOURCE=2"},
                             {"LS_COLORS", "rs=0:di=01;34:ln=01;36"},
                             {"LD", "ld.lld"},
                             {"TOKENIZERS_PARALLELISM", "false"},
                             {"JAVA_HOME", "/usr/lib/jvm/java-17-openjdk-amd64"},
                             {"CI", "true"}};
  for (const Case& c : kCases) {
    EXPECT_EQ(decide_environment(c.name, c.value),
              (EnvironmentDecision{.choice = Choice::keep, .value = std::string(c.value), .reason = ""}))
        << c.name;
  }
}

TEST(Environment, Drops) {
  struct Case {
    std::string name;
    std::string value;
    std::string_view says;
  };
  const Case cases[] = {
      {"LD_PRELOAD", "/x.so", "loader"},
      {"LD_LIBRARY_PATH", "/x", "loader"},
      {"DYLD_INSERT_LIBRARIES", "/x", "loader"},
      {"NODE_OPTIONS", "--require /x.js", "node"},
      {"PYTHONSTARTUP", "/x.py", "Python"},
      {"PYTHONPATH", "/x", "Python"},
      {"PERL5OPT", "-Mx", "Perl"},
      {"RUBYOPT", "-rx", "Ruby"},
      {"BASH_ENV", "/x", "bash"},
      {"ENV", "/x", "sh"},
      {"PROMPT_COMMAND", "x", "prompt"},
      {"BASH_FUNC_ls%%", "() { id; }", "function"},
      {"ls", "() { id; }", "function"},
      {"GIT_SSH_COMMAND", "x", "git"},
      {"GIT_CONFIG_COUNT", "1", "git"},
      {"GIT_DIR", "/x", "git"},
      {"JAVA_TOOL_OPTIONS", "-javaagent:x", "Java"},
      {"DOTNET_STARTUP_HOOKS", "x", ".NET"},
      {"LESSOPEN", "|x", "less"},
      {"SSH_AUTH_SOCK", "/s", "SSH"},
      {"DBUS_SESSION_BUS_ADDRESS", "unix:path=/s", "bus"},
      {"DOCKER_HOST", "unix:///s", "engine"},
      {"DISPLAY", ":0", "screen"},
      {"WAYLAND_DISPLAY", "w", "screen"},
      {"XAUTHORITY", "/x", "screen"},
      {"XDG_RUNTIME_DIR", "/run/user/1", "sockets"},
      {"TMUX", "/s,1,0", "windows"},
      {"VSCODE_IPC_HOOK_CLI", "/s", "editor"},
      {"CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_RUNNER", "x", "around programs"},
      {"npm_config_registry", "https://r", "npm"},
      {"GITHUB_TOKEN", "x", "secret"},
      {"MY_PASSWORD", "x", "secret"},
      {"WHATEVER", "x", "not on the list"},
      {"EDITOR", sample_token(), "value looks like a secret"},
      {"HTTPS_PROXY", "http://u:pw@proxy:3128", "value looks like a secret"},
      {"GOPROXY", "https://u:pw@goproxy.example", "value looks like a secret"},
      {"", "x", "not a name"},
      {"1A", "x", "not a name"},
      {"A-B", "x", "not a name"},
  };
  for (const Case& c : cases) {
    const EnvironmentDecision decision = decide_environment(c.name, c.value);
    EXPECT_EQ(decision.choice, Choice::drop) << c.name;
    EXPECT_NE(decision.reason.find(c.says), std::string::npos) << c.name << ": " << decision.reason;
    EXPECT_TRUE(decision.value.empty()) << c.name;
  }
}

TEST(Environment, CleansThePath) {
  struct Case {
    std::string_view value;
    std::string_view wanted;
    bool is_changed;
  };
  constexpr Case kCases[] = {
      {"/usr/bin:/bin", "/usr/bin:/bin", false},
      {":/usr/bin", "/usr/bin", true},
      {"/usr/bin:", "/usr/bin", true},
      {"/usr/bin::/bin", "/usr/bin:/bin", true},
      {".:/usr/bin:./node_modules/.bin:bin", "/usr/bin", true},
      {"~/bin:/bin", "/bin", true},
      {"", "/usr/local/bin:/usr/bin:/bin", true},
      {".", "/usr/local/bin:/usr/bin:/bin", true},
      {"/opt/Xq7Rt2Lm9Bv4Nc8Zk1Wd6Hs3Jp5Fy0Ga:/bin", "/opt/Xq7Rt2Lm9Bv4Nc8Zk1Wd6Hs3Jp5Fy0Ga:/bin", false},
  };
  for (const Case& c : kCases) {
    const EnvironmentDecision decision = decide_environment("PATH", c.value);
    EXPECT_EQ(decision.choice, Choice::keep);
    EXPECT_EQ(decision.value, c.wanted) << c.value;
    EXPECT_EQ(!decision.reason.empty(), c.is_changed) << c.value;
  }
}

TEST(Environment, Injection) {
  for (const auto name : {"LD_PRELOAD", "NODE_OPTIONS", "GIT_SSH_COMMAND", "BASH_ENV", "SSH_AUTH_SOCK", "DOCKER_HOST",
                          "GIT_CONFIG_KEY_0"}) {
    EXPECT_TRUE(is_injection(name)) << name;
  }
  for (const auto name :
       {"PATH", "GIT_AUTHOR_NAME", "LD", "GITHUB_TOKEN", "SSH_TTY", "WHATEVER", "LDX", "NODE_OPTIONS2"}) {
    EXPECT_FALSE(is_injection(name)) << name;
  }
}

TEST(SandboxEnvironment, PutsItTogether) {
  const std::vector<std::string> host = {"PATH=:/bin",       "HOME=/h",          "PATH=/evil",       "GITHUB_TOKEN=abc",
                                         "OPENAI_API_KEY=k", "LD_PRELOAD=/x.so", "EMPTY=",           "novalue",
                                         "LC_ALL=C",         "SSH_AUTH_SOCK=/s", "MY_SETTING=on=off"};
  const std::vector<std::string> named = {"MY_SETTING", "SSH_AUTH_SOCK", "NEW=1", "ABSENT", "BAD-NAME=1", "LC_ALL=de"};
  const std::vector<std::string> agent = {"OPENAI_API_KEY", "CODEX_HOME"};
  const SandboxEnvironment got = sandbox_environment({.host = host, .named = named, .agent = agent});
  const std::vector<EnvVar> variables = {{"HOME", "/h"},         {"LC_ALL", "de"},        {"MY_SETTING", "on=off"},
                                         {"NEW", "1"},           {"OPENAI_API_KEY", "k"}, {"PATH", "/bin"},
                                         {"SSH_AUTH_SOCK", "/s"}};
  EXPECT_EQ(got.variables, variables);
  std::vector<std::string> dropped;
  for (const auto& left : got.dropped) {
    dropped.push_back(left.name);
    EXPECT_FALSE(left.reason.empty());
    EXPECT_EQ(left.reason.find("abc"), std::string::npos) << "a value in a reason";
  }
  EXPECT_EQ(dropped, (std::vector<std::string>{"EMPTY", "GITHUB_TOKEN", "LD_PRELOAD"}));
  ASSERT_EQ(got.warnings.size(), 3U);
  EXPECT_NE(got.warnings[0].find("`SSH_AUTH_SOCK`: let in by name"), std::string::npos);
  EXPECT_NE(got.warnings[1].find("`ABSENT`: not set"), std::string::npos);
  EXPECT_NE(got.warnings[2].find("`BAD-NAME`"), std::string::npos);
}

TEST(SandboxEnvironment, ValuesOfNamedVariablesStayOutOfWarnings) {
  const std::vector<std::string> named = {"NODE_OPTIONS=--require /secret", "=hidden"};
  const SandboxEnvironment got = sandbox_environment({.host = {}, .named = named, .agent = {}});
  for (const std::string& warning : got.warnings) {
    EXPECT_EQ(warning.find("secret"), std::string::npos) << warning;
    EXPECT_EQ(warning.find("hidden"), std::string::npos) << warning;
  }
  EXPECT_EQ(got.variables, (std::vector<EnvVar>{{"NODE_OPTIONS", "--require /secret"}}));
}

}  // namespace
}  // namespace bailiwick
