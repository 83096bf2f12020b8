#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "referee/sample.h"

namespace bailiwick {
namespace {

constexpr auto kRules = R"(
[commands]
default = "allow"
ask_from = "high"
[[command]]
prefix = ["git", "push"]
decision = "ask"
reason = "publishes work"
match = ["git push origin main", "git -C sub push", "sudo git push", "cd x && git push 2>&1 | tail -3"]
not_match = ["git pull", "echo git push", "git stash push"]
[[command]]
prefix = ["git", "push"]
with = ["--force", "-f"]
decision = "deny"
reason = "rewrites what others have"
match = ["git push --force", "git push -uf origin x", "git push origin main --force=yes"]
not_match = ["git push --force-with-lease"]
[[command]]
prefix = ["kubectl", ["delete", "drain"]]
decision = "deny"
reason = "production changes go through the pipeline"
match = ["kubectl -n prod delete pod x", "kubectl drain node"]
not_match = ["kubectl get pods"]
[[command]]
prefix = [["gh"], "pr", ["view", "list"]]
decision = "allow"
[[command]]
prefix = ["/opt/acme/bin/deploy"]
decision = "ask"
)";

struct Row {
  std::vector<std::string> words;
  Decision decision;
};

TEST(JudgeExec, RulesByTheWordsOfACall) {
  const auto policy = policy_of({{LayerKind::system, kRules}});
  const Row rows[] = {
      {{"git", "push"}, Decision::ask},
      {{"git", "push", "origin", "main"}, Decision::ask},
      {{"git", "push", "--force"}, Decision::deny},
      {{"git", "push", "origin", "-fu"}, Decision::deny},
      {{"git", "push", "--force=1"}, Decision::deny},
      {{"git", "-C", "sub", "push"}, Decision::ask},
      {{"git", "-c", "push.default=simple", "push"}, Decision::ask},
      {{"git", "--git-dir=x", "--no-pager", "push", "-f"}, Decision::deny},
      {{"/usr/bin/git", "push"}, Decision::ask},
      {{"./git", "push"}, Decision::ask},
      {{"git", "pull"}, Decision::allow},
      {{"git"}, Decision::allow},
      {{"git", "--brand-new-flag", "push"}, Decision::ask},
      {{"git", "--brand-new-flag", "value", "push"}, Decision::ask},
      {{"kubectl", "delete", "pod", "x"}, Decision::deny},
      {{"kubectl", "--context", "prod", "drain", "n"}, Decision::deny},
      {{"kubectl", "get", "pods"}, Decision::allow},
      {{"/opt/acme/bin/deploy"}, Decision::ask},
      {{"deploy"}, Decision::allow},
      {{"ls", "-l"}, Decision::allow},
      {{}, Decision::allow},
  };
  for (const Row& row : rows) {
    const Verdict verdict = judge_words(*policy, row.words);
    EXPECT_EQ(verdict.decision, row.decision) << testing::PrintToString(row.words) << ": " << explain(*policy, verdict);
  }
}

TEST(JudgeExec, AVerdictNamesItsRuleLayerAndLine) {
  const auto policy = policy_of({{LayerKind::system, kRules}});
  EXPECT_EQ(explain(*policy, judge_words(*policy, {"git", "push", "-f"})),
            "rewrites what others have (system system1.toml:12)");
  EXPECT_EQ(explain(*policy, judge_words(*policy, {"ls"})), "no rule names it: `default` (system system1.toml:4)");
  EXPECT_EQ(explain(*policy, judge_words(*policy, {"x", "/home/dev/.ssh/id_rsa"})),
            "risk high, names a secret: `ask_from` (system system1.toml:5)");
}

TEST(JudgeExec, ADeniedProgramIsDeniedUnderEveryName) {
  const auto policy = policy_of({{LayerKind::system, kRules}});
  const std::vector<std::string> words = {"/tmp/k", "delete", "pod"};
  EXPECT_EQ(judge_words(*policy, words).decision, Decision::allow);
  EXPECT_EQ(judge_words(*policy, words, {.path = "/usr/bin/kubectl"}).decision, Decision::deny);
  EXPECT_EQ(judge_words(*policy, words, {.path = "/tmp/k", .names = {"kubectl"}}).decision, Decision::deny);
  EXPECT_EQ(judge_words(*policy, words, {.path = "/tmp/k", .names = {"/usr/local/bin/kubectl"}}).decision,
            Decision::deny);
}

TEST(JudgeExec, AnAllowNeedsTheTrustedFileOfThatName) {
  const auto policy =
      policy_of({{LayerKind::system,
                  "[commands]\ndefault = \"deny\"\n[[command]]\nprefix = [\"gh\", \"pr\"]\ndecision = \"allow\"\n"}});
  const std::vector<std::string> bare = {"gh", "pr", "view"};
  EXPECT_EQ(judge_words(*policy, bare).decision, Decision::allow);
  EXPECT_EQ(judge_words(*policy, bare, {.path = "/usr/bin/gh"}).decision, Decision::allow);
  EXPECT_EQ(judge_words(*policy, bare, {.path = "/home/dev/project/gh", .is_trusted = false}).decision, Decision::deny);
  EXPECT_EQ(judge_words(*policy, {"./gh", "pr", "view"}).decision, Decision::deny) << "a path that nobody looked up";
  EXPECT_EQ(judge_words(*policy, {"./gh", "pr"}, {.path = "/usr/bin/gh"}).decision, Decision::allow);
  EXPECT_EQ(judge_words(*policy, {"hub", "pr"}, {.found = "/usr/bin/hub", .path = "/usr/bin/gh"}).decision,
            Decision::deny)
      << "only by the name called";
  EXPECT_EQ(judge_words(*policy, {"x", "pr"}, {.path = "/tmp/x", .names = {"gh"}}).decision, Decision::deny);
}

// execve(2) takes file and first word apart.
TEST(JudgeExec, TheFirstWordAloneAllowsNothing) {
  const auto policy =
      policy_of({{LayerKind::system,
                  "[commands]\ndefault = \"deny\"\n[[command]]\nprefix = [\"gh\", \"pr\"]\ndecision = \"allow\"\n"}});
  EXPECT_EQ(judge_words(*policy, {"gh", "pr"}, {.found = "/usr/bin/rm", .path = "/usr/bin/rm"}).decision,
            Decision::deny);
  EXPECT_EQ(judge_words(*policy, {"/usr/bin/gh", "pr"}, {.found = "/usr/bin/rm", .path = "/usr/bin/rm"}).decision,
            Decision::deny);
  EXPECT_EQ(judge_words(*policy, {"x", "pr"}, {.found = "/usr/bin/gh", .path = "/usr/bin/gh"}).decision,
            Decision::allow);
  EXPECT_EQ(judge_words(*policy, {"x", "pr"}, {.found = "/tmp/gh", .path = "/tmp/gh", .is_trusted = false}).decision,
            Decision::deny);
  const auto denies = policy_of({{LayerKind::system, "[[command]]\nprefix = [\"rm\"]\ndecision = \"deny\"\n"}});
  EXPECT_EQ(judge_words(*denies, {"ls", "x"}, {.found = "/usr/bin/rm", .path = "/usr/bin/rm"}).decision,
            Decision::deny);
  EXPECT_EQ(judge_words(*policy_of({}), {"ls", "-rf", "/"}, {.found = "/usr/bin/rm", .path = "/usr/bin/rm"}).risk,
            Risk::critical);
}

TEST(JudgeExec, FlagsThatChangeWhatRunsAreNotSeenThroughForAnAllow) {
  const auto policy = policy_of(
      {{LayerKind::system,
        "[commands]\ndefault = \"deny\"\n[[command]]\nprefix = [\"git\", \"status\"]\ndecision = \"allow\"\n"}});
  EXPECT_EQ(judge_words(*policy, {"git", "status"}).decision, Decision::allow);
  EXPECT_EQ(judge_words(*policy, {"git", "--no-pager", "status"}).decision, Decision::allow);
  EXPECT_EQ(judge_words(*policy, {"git", "-c", "core.fsmonitor=./x", "status"}).decision, Decision::deny);
  EXPECT_EQ(judge_words(*policy, {"git", "--exec-path=.", "status"}).decision, Decision::deny);
  EXPECT_EQ(judge_words(*policy, {"git", "--unheard-of", "status"}).decision, Decision::deny);
}

TEST(JudgeExec, WordsMadeAtRunTimeAllowNothingAndSayThatTheyMatter) {
  const auto policy = policy_of({{LayerKind::system, kRules}});
  const auto around = sample_surroundings();
  const auto judged = [&](std::vector<ShellWord> argv) {
    return judge(ExecAction{.argv = std::move(argv), .program = {}}, *policy, around);
  };
  EXPECT_FALSE(judged({{"git", true}, {"$VERB", false}}).is_complete);
  EXPECT_FALSE(judged({{"$TOOL", false}, {"push", true}}).is_complete);
  EXPECT_FALSE(judged({{"git", true}, {"push", true}, {"$FLAGS", false}}).is_complete) << "it may be --force";
  EXPECT_EQ(judged({{"git", true}, {"push", true}, {"$FLAGS", false}}).decision, Decision::ask);
  EXPECT_TRUE(judged({{"git", true}, {"add", true}, {"$FILES", false}}).is_complete);
  EXPECT_TRUE(judged({{"ls", true}, {"$DIR", false}}).is_complete);
}

// What flags stand for depends on what the program is, not on what it is called.
TEST(JudgeExec, PaddingHidesNoVerb) {
  const auto policy = policy_of(
      {{LayerKind::system, "[[command]]\nprefix = [\"git\", \"push\"]\nwith = [\"--force\"]\ndecision = \"deny\"\n"}});
  const auto call = [](std::string program, int dirs, int words) {
    std::vector<std::string> out{std::move(program)};
    for (int i = 0; i < dirs; ++i) out.insert(out.end(), {"-C", "d"});
    out.push_back("push");
    for (int i = 0; i < words; ++i) out.push_back("x");
    out.push_back("--force");
    return out;
  };
  for (const int dirs : {0, 1, 5, 40})
    for (const int words : {0, 1, 40, 200}) {
      EXPECT_EQ(judge_words(*policy, call("git", dirs, words)).decision, Decision::deny) << dirs << " " << words;
      EXPECT_EQ(
          judge_words(*policy, call("ls", dirs, words), {.found = "/usr/bin/git", .path = "/usr/bin/git"}).decision,
          Decision::deny)
          << dirs << " " << words;
      EXPECT_EQ(judge_words(*policy, call("./ls", dirs, words), {.path = "/w/ls", .names = {"git"}}).decision,
                Decision::deny)
          << dirs << " " << words;
    }
  // of a tool that nobody knows, more words than are tried leave it open
  const auto frob =
      policy_of({{LayerKind::system, "[[command]]\nprefix = [\"frob\", \"push\"]\ndecision = \"deny\"\n"}});
  EXPECT_EQ(judge_words(*frob, call("frob", 10, 0)).decision, Decision::deny);
  EXPECT_FALSE(judge_words(*frob, call("frob", 60, 0)).is_complete);
}

TEST(JudgeExec, ContentIsKnownByItsDigest) {
  const std::string digest(64, 'a');
  const auto policy = policy_of(
      {{LayerKind::system, "[[command]]\nsha256 = [\"" + digest + "\"]\ndecision = \"deny\"\nreason = \"miner\"\n"}});
  EXPECT_EQ(judge_words(*policy, {"x"}, {.path = "/tmp/x", .sha256 = digest}).decision, Decision::deny);
  EXPECT_EQ(judge_words(*policy, {"x"}, {.path = "/tmp/x", .sha256 = std::string(64, 'b')}).decision, Decision::allow);
  EXPECT_EQ(judge_words(*policy, {"x"}, {.path = "/tmp/x"}).decision, Decision::allow);
}

TEST(JudgeExec, WhatReachesOutsideIsAskedAbout) {
  const auto policy = policy_of({});
  for (const char* line : {"cp a.txt /home/dev/.bashrc", "cat ~/.ssh/id_rsa", "tee ../other/x", "mv x ~/",
                           "rm -r ../other", "echo x >> ~/.bashrc", "cat < ~/.aws/credentials"})
    EXPECT_EQ(judge_line(*policy, line).decision, Decision::ask) << line;
  for (const char* line : {"cp a.txt b.txt", "cat /etc/hosts", "ls ..", "cat src/a.cc > /tmp/x", "echo x > out.txt",
                           "make 2>&1 | tee /tmp/log", "cd sub && tee ../x", "cd sub && echo > ../x"})
    EXPECT_EQ(judge_line(*policy, line).decision, Decision::allow) << line;
}

TEST(JudgeCommand, TheStrictestPartDecides) {
  const auto policy = policy_of({{LayerKind::system, kRules}});
  struct Line {
    const char* text;
    Decision decision;
    bool is_complete;
  };
  const Line lines[] = {
      {"cd sub && git push -f 2>/dev/null", Decision::deny, true},
      {"bash -lc 'kubectl delete ns prod'", Decision::deny, true},
      {"timeout 5 env A=b xargs kubectl drain", Decision::deny, false},
      {"python3 -c 'print(1)'", Decision::allow, false},
      {"git commit -m \"$(cat <<'EOF'\nmessage\nEOF\n)\"", Decision::allow, true},
      {"git log | head", Decision::allow, true},
      {"for f in *.yaml; do kubectl delete -f $f; done", Decision::deny, true},
      {"f() { :; }; f", Decision::allow, false},
  };
  for (const Line& line : lines) {
    const JudgedCommand judged = judge_line(*policy, line.text);
    EXPECT_EQ(judged.decision, line.decision) << line.text;
    EXPECT_EQ(judged.is_complete, line.is_complete) << line.text << ": " << judged.gap;
  }
}

TEST(JudgeCommand, WithoutAGateNotKnowingMeansAsking) {
  const auto policy = policy_of({});
  EXPECT_EQ(judge_line(*policy, "python3 -c 'print(1)'", Gate::absent).decision, Decision::ask);
  EXPECT_EQ(judge_line(*policy, "f() { :; }; f", Gate::absent).decision, Decision::ask);
  EXPECT_EQ(judge_line(*policy, "ls | head", Gate::absent).decision, Decision::allow);
}

TEST(Build, ExamplesAreTried) {
  const auto message = [](const std::string& text) {
    const auto made = try_policy({{LayerKind::system, text}});
    return made ? std::string("accepted") : made.error().message();
  };
  EXPECT_EQ(message("[[command]]\nprefix = [\"git\", \"push\"]\ndecision = \"ask\"\nmatch = [\"git pull\"]\n"),
            "system1.toml:5:10: the rule `git push` does not match its example `git pull`");
  EXPECT_EQ(message("[[command]]\nprefix = [\"git\"]\ndecision = \"ask\"\nnot_match = [\"sudo git x\"]\n"),
            "system1.toml:5:14: the rule `git` matches, and must not, its example `sudo git x`");
  EXPECT_EQ(message("[[command]]\nprefix = [\"git\"]\ndecision = \"ask\"\nmatch = [\"git 'x\"]\n"),
            "system1.toml:5:10: the rule `git` cannot be tried on its example `git 'x`");
}

}  // namespace
}  // namespace bailiwick
