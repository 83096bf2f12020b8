#include "arguments.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "completions.h"

namespace bailiwick {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using Words = std::vector<const char*>;

std::variant<Arguments, EarlyEnd> parse(Words words) {
  words.insert(words.begin(), "bailiwick");
  words.push_back(nullptr);
  return parse_arguments(static_cast<int>(words.size()) - 1, words.data());
}
Arguments parsed(const Words& words) {
  auto result = parse(words);
  if (const auto* end = std::get_if<EarlyEnd>(&result)) {
    ADD_FAILURE() << end->err << end->out;
    return {};
  }
  return std::get<Arguments>(std::move(result));
}

TEST(Arguments, DefaultsAreTheDefaultPolicy) {
  const Arguments got = parsed({"run", "--", "codex"});
  EXPECT_EQ(got.verb, Verb::run);
  EXPECT_EQ(got.request.policy, SandboxPolicy{});
  EXPECT_EQ(got.request.directory, "");
  EXPECT_THAT(got.request.command, ElementsAre("codex"));
  EXPECT_EQ(got.format, Format::text);
  EXPECT_FALSE(got.show_timings);
}

TEST(Arguments, EveryOptionArrives) {
  for (const Words& verb : {Words{"run"}, Words{"exec"}, Words{"sandbox", "plan"}}) {
    Words words = verb;
    words.insert(words.end(), {"-C",
                               "/w",
                               "--mode",
                               "read-only",
                               "--read",
                               "/a",
                               "--read",
                               "~/b",
                               "--write",
                               "/c",
                               "--deny-read",
                               "**/.env",
                               "--socket",
                               "/run/x.sock",
                               "--network",
                               "host",
                               "--env",
                               "A",
                               "--env",
                               "B=c=d",
                               "--limit",
                               "memory=2G,pids=7",
                               "--limit",
                               "files=64",
                               "--backend",
                               "auto",
                               "--agent",
                               "claude",
                               "--scan-entries",
                               "12",
                               "--allow-clipboard",
                               "--",
                               "make",
                               "-j",
                               "--mode"});
    const Arguments got = parsed(words);
    const SandboxPolicy& policy = got.request.policy;
    EXPECT_EQ(got.request.directory, "/w");
    EXPECT_EQ(policy.mode, Mode::read_only);
    EXPECT_THAT(policy.read, ElementsAre("/a", "~/b"));
    EXPECT_THAT(policy.write, ElementsAre("/c"));
    EXPECT_THAT(policy.deny_read, ElementsAre("**/.env"));
    EXPECT_THAT(policy.sockets, ElementsAre("/run/x.sock"));
    EXPECT_EQ(policy.network, NetworkMode::host);
    EXPECT_THAT(policy.environment, ElementsAre("A", "B=c=d"));
    EXPECT_EQ(policy.limits.memory_bytes, 2ULL << 30);
    EXPECT_EQ(policy.limits.processes, 7U);
    EXPECT_EQ(policy.limits.open_files, 64U);
    EXPECT_EQ(policy.backend, BackendChoice::automatic);
    EXPECT_EQ(policy.agent, "claude");
    EXPECT_EQ(policy.scan_entries, 12U);
    EXPECT_EQ(policy.clipboard, Clipboard::allowed);
    EXPECT_THAT(got.request.command, ElementsAre("make", "-j", "--mode")) << "what follows -- is the command's own";
  }
}

struct VerbCase {
  Words words;
  Verb verb;
  Format format;
  bool timings;
};
TEST(Arguments, Verbs) {
  for (const VerbCase& one : {VerbCase{{"run", "--", "x"}, Verb::run, Format::text, false},
                              {{"run", "--timings", "--", "x"}, Verb::run, Format::text, true},
                              {{"exec", "--timings", "--", "x"}, Verb::exec, Format::text, true},
                              {{"exec", "--", "x"}, Verb::exec, Format::text, false},
                              {{"sandbox", "plan", "--", "x"}, Verb::sandbox_plan, Format::text, false},
                              {{"sandbox", "plan", "--json", "--", "x"}, Verb::sandbox_plan, Format::json, false},
                              {{"doctor"}, Verb::doctor, Format::text, false},
                              {{"doctor", "--json"}, Verb::doctor, Format::json, false}}) {
    const Arguments got = parsed(one.words);
    EXPECT_EQ(got.verb, one.verb) << one.words[0];
    EXPECT_EQ(got.format, one.format) << one.words[0];
    EXPECT_EQ(got.show_timings, one.timings) << one.words[0];
  }
  const Arguments completion = parsed({"completion", "fish"});
  EXPECT_EQ(completion.verb, Verb::completion);
  EXPECT_EQ(completion.shell, "fish");
}

TEST(Arguments, CommandsKeepTheirWords) {
  EXPECT_THAT(parsed({"exec", "--", "sh", "-c", "a b", "", "--", "-C"}).request.command,
              ElementsAre("sh", "-c", "a b", "", "--", "-C"));
  EXPECT_THAT(parsed({"exec", "--read", "/a", "--", "true"}).request.policy.read, ElementsAre("/a"));
}

struct WrongCase {
  const char* name;
  Words words;
  const char* says;
};
class Wrong : public testing::TestWithParam<WrongCase> {};
TEST_P(Wrong, IsAUsageErrorThatSaysWhy) {
  const auto result = parse(GetParam().words);
  const auto* end = std::get_if<EarlyEnd>(&result);
  ASSERT_NE(end, nullptr) << "was accepted";
  EXPECT_EQ(end->code, 2);
  EXPECT_THAT(end->out, IsEmpty());
  EXPECT_THAT(end->err, AllOf(testing::StartsWith("bailiwick: "), HasSubstr(GetParam().says),
                              HasSubstr("Try `bailiwick --help`")));
}
INSTANTIATE_TEST_SUITE_P(
    Arguments, Wrong,
    testing::Values(WrongCase{"RunWithoutACommand", {"run"}, "no command to run: write it after --"},
                    WrongCase{"ExecWithoutACommand", {"exec", "--mode", "read-only", "--"}, "no command to run"},
                    WrongCase{"PlanWithoutACommand", {"sandbox", "plan"}, "no command to run"},
                    WrongCase{"UnknownMode", {"run", "--mode", "god", "--", "x"}, "god"},
                    WrongCase{"UnknownNetwork", {"run", "--network", "on", "--", "x"}, "on"},
                    WrongCase{"UnknownBackend", {"run", "--backend", "vm", "--", "x"}, "vm"},
                    WrongCase{"UnknownLimit", {"run", "--limit", "joy=1", "--", "x"}, "joy"},
                    WrongCase{"LimitThatIsNoNumber", {"run", "--limit", "pids=many", "--", "x"}, "many"},
                    WrongCase{"BadVariable", {"run", "--env", "1A=b", "--", "x"}, "1A"},
                    WrongCase{"ScanEntriesThatAreNoNumber", {"run", "--scan-entries", "all", "--", "x"}, "all"},
                    WrongCase{"UnknownShell", {"completion", "tcsh"}, "tcsh"},
                    WrongCase{"DoctorTakesNoCommand", {"doctor", "--", "x"}, "x"},
                    WrongCase{"ControlCharactersAreShown", {"run", "--mode", "\x1b[2J", "--", "x"}, "\\x1b[2J"}),
    [](const auto& one) { return std::string(one.param.name); });

TEST(Arguments, HelpAndVersion) {
  for (const Words& words :
       {Words{"--help"}, Words{"run", "--help"}, Words{"exec", "-h"}, Words{"sandbox", "plan", "--help"}}) {
    const auto result = parse(words);
    const auto* end = std::get_if<EarlyEnd>(&result);
    ASSERT_NE(end, nullptr);
    EXPECT_EQ(end->code, 0);
    EXPECT_THAT(end->out, HasSubstr("Exit codes: 0 done"));
    EXPECT_THAT(end->err, IsEmpty());
  }
  const auto result = parse({"--version"});
  const auto* end = std::get_if<EarlyEnd>(&result);
  ASSERT_NE(end, nullptr);
  EXPECT_EQ(end->code, 0);
  EXPECT_EQ(end->out, "bailiwick " BAILIWICK_VERSION "\n");
}

// CLI11 takes `[a,b]` apart.
TEST(Arguments, WordsInBracketsStayWhole) {
  const auto result = parse({"exec", "--deny-read", "[ab]", "--", "[", "[a,b]", "[x]", "[[", "\x01[", "]", "", "{}"});
  const auto* arguments = std::get_if<Arguments>(&result);
  ASSERT_NE(arguments, nullptr);
  EXPECT_EQ(arguments->request.command, (std::vector<std::string>{"[", "[a,b]", "[x]", "[[", "\x01[", "]", "", "{}"}));
  EXPECT_EQ(arguments->request.policy.deny_read, (std::vector<std::string>{"[ab]"}));
  const auto shell = parse({"policy", "explain", "shell", "[ -f x ]"});
  EXPECT_EQ(std::get<Arguments>(shell).policy.words, (std::vector<std::string>{"[ -f x ]"}));
}

// ---- completions

TEST(Completions, EachShellHasItsOwn) {
  EXPECT_THAT(std::string(completion_script("bash")), HasSubstr("complete -F _bailiwick bailiwick"));
  EXPECT_THAT(std::string(completion_script("zsh")), testing::StartsWith("#compdef bailiwick"));
  EXPECT_THAT(std::string(completion_script("fish")), HasSubstr("complete -c bailiwick"));
}

// What `bailiwick run --help` lists is what a shell offers.
TEST(Completions, NoOptionIsForgotten) {
  const auto result = parse({"run", "--help"});
  const std::string help = std::get<EarlyEnd>(result).out;
  std::size_t options = 0;
  for (std::size_t at = help.find("--"); at != std::string::npos; at = help.find("--", at + 2)) {
    const std::size_t end = help.find_first_not_of("abcdefghijklmnopqrstuvwxyz-", at);
    const std::string name = help.substr(at + 2, end - at - 2);
    const bool is_listed = at >= 2 && (help.compare(at - 2, 2, "  ") == 0 || help[at - 1] == ',');
    if (!is_listed || name.empty() || name == "help") continue;
    ++options;
    EXPECT_THAT(std::string(completion_script("bash")), HasSubstr("--" + name));
    EXPECT_THAT(std::string(completion_script("zsh")), HasSubstr("--" + name));
    EXPECT_THAT(std::string(completion_script("fish")), HasSubstr("-l " + name));
  }
  EXPECT_GE(options, 13U) << help;
}

// The same for each command of `policy`.
TEST(Completions, NoPolicyOptionIsForgotten) {
  for (const char* verb :
       {"show", "check", "explain", "test", "diff", "lint", "import", "init", "sign", "verify", "keygen"}) {
    for (const char* shell : {"bash", "zsh", "fish"})
      EXPECT_THAT(std::string(completion_script(shell)), HasSubstr(verb));
    const auto result = parse({"policy", verb, "--help"});
    const std::string help = std::get<EarlyEnd>(result).out;
    for (std::size_t at = help.find("--"); at != std::string::npos; at = help.find("--", at + 2)) {
      const std::size_t end = help.find_first_not_of("abcdefghijklmnopqrstuvwxyz-", at);
      const std::string name = help.substr(at + 2, end - at - 2);
      const bool is_listed = at >= 2 && (help.compare(at - 2, 2, "  ") == 0 || help[at - 1] == ',');
      if (!is_listed || name.empty() || name == "help") continue;
      EXPECT_THAT(std::string(completion_script("bash")), HasSubstr("--" + name)) << verb;
      EXPECT_THAT(std::string(completion_script("zsh")), HasSubstr("--" + name)) << verb;
      EXPECT_THAT(std::string(completion_script("fish")), HasSubstr("-l " + name)) << verb;
    }
  }
}

TEST(PolicyArguments, AreRead) {
  const auto explain = [](std::vector<const char*> words) {
    const auto result = parse(std::move(words));
    const auto* arguments = std::get_if<Arguments>(&result);
    if (arguments == nullptr) ADD_FAILURE() << std::get<EarlyEnd>(result).err;
    return arguments == nullptr ? PolicyArguments{} : arguments->policy;
  };
  const PolicyArguments exec = explain({"policy", "explain", "--json", "--policy", "a", "--policy", "user=b", "exec",
                                        "--cwd", "/x", "--", "git", "--no-pager", "push"});
  EXPECT_EQ(exec.verb, PolicyVerb::explain);
  EXPECT_TRUE(exec.is_json);
  EXPECT_EQ(exec.policies, (std::vector<std::string>{"a", "user=b"}));
  EXPECT_EQ(exec.action, "exec");
  EXPECT_EQ(exec.directory, "/x");
  EXPECT_EQ(exec.words, (std::vector<std::string>{"git", "--no-pager", "push"}));
  const PolicyArguments shell = explain({"policy", "explain", "shell", "git push", "--json"});
  EXPECT_EQ(shell.words, (std::vector<std::string>{"git push"}));
  EXPECT_TRUE(shell.is_json) << "after the action, too";
  const PolicyArguments net = explain({"policy", "explain", "net", "x:80", "--method", "get"});
  EXPECT_EQ(net.action, "net");
  EXPECT_EQ(net.method, "get");
  EXPECT_EQ(explain({"policy", "diff", "a", "b"}).files, (std::vector<std::string>{"a", "b"}));
}

}  // namespace
}  // namespace bailiwick
