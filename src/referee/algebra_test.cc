// DESIGN's law 2, held over random layers and actions.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "referee/sample.h"

namespace bailiwick {
namespace {

using Random = std::mt19937;

std::size_t below(Random& random, std::size_t n) {
  return std::uniform_int_distribution<std::size_t>(0, n - 1)(random);
}
bool chance(Random& random, unsigned percent) { return below(random, 100) < percent; }
template <class T>
const T& one_of(Random& random, const std::vector<T>& list) {
  return list[below(random, list.size())];
}

const std::vector<std::string>& programs() {
  static const std::vector<std::string> list = {"git", "kubectl", "rm", "frob", "/opt/frob"};
  return list;
}
const std::vector<std::string>& words() {
  static const std::vector<std::string> list = {"push", "delete", "-f", "--force", "status", "x"};
  return list;
}
const std::vector<std::string>& host_patterns() {
  static const std::vector<std::string> list = {"github.com", "*.example.org", "**.example.org",
                                                "*",          "10.0.0.0/8",    "127.0.0.1"};
  return list;
}
const std::vector<std::string>& host_names() {
  static const std::vector<std::string> list = {"github.com", "a.example.org", "example.org", "other.net",
                                                "10.1.2.3",   "127.0.0.1",     "localhost"};
  return list;
}
const std::vector<std::string>& servers() {
  static const std::vector<std::string> list = {"docs", "jira", "*"};
  return list;
}

struct Allowed {
  bool allow = true;     // decisions may be allow
  bool fallback = true;  // may have defaults
  bool observe = true;
};

std::string decision(Random& random, const Allowed& allowed) {
  return one_of<std::string>(random, allowed.allow ? std::vector<std::string>{"allow", "ask", "deny"}
                                                   : std::vector<std::string>{"ask", "deny"});
}

// A layer's text. Only what `allowed` permits; admin-only keys only for `is_admin_layer`.
std::string random_layer(Random& random, const Allowed& allowed, bool is_admin_layer) {
  std::string text;
  for (const std::string section : {"commands", "network", "mcp"}) {
    text += "[" + section + "]\n";
    if (allowed.fallback && chance(random, 40)) text += "default = \"" + decision(random, allowed) + "\"\n";
    if (section == "commands" && allowed.fallback && chance(random, 30))
      text += "ask_from = \"" + one_of<std::string>(random, {"low", "medium", "high", "critical"}) + "\"\n";
    if (is_admin_layer && chance(random, 20)) text += "closed = true\n";
    if (is_admin_layer && allowed.observe && section != "mcp" && chance(random, 15)) text += "enforce = \"observe\"\n";
    if (section == "network" && allowed.fallback && chance(random, 20))
      text += "private = \"" + decision(random, allowed) + "\"\n";
  }
  for (std::size_t i = below(random, 4); i > 0; --i) {
    text += "[[command]]\nprefix = [\"" + one_of(random, programs()) + "\"";
    if (chance(random, 60)) text += ", [\"" + one_of(random, words()) + "\"]";
    text += "]\ndecision = \"" + decision(random, allowed) + "\"\n";
    if (chance(random, 20)) text += "with = [\"" + one_of(random, words()) + "\"]\n";
  }
  text += "[network.hosts]\n";
  for (const std::string& host : host_patterns()) {
    if (!chance(random, 25)) continue;
    text += "\"" + host + "\" = ";
    text += chance(random, 70)
                ? "\"" + decision(random, allowed) + "\"\n"
                : "{ decision = \"" + decision(random, allowed) + "\", ports = [443], methods = [\"GET\"] }\n";
  }
  for (const std::string& server : servers()) {
    if (!chance(random, 30)) continue;
    text += "[mcp.servers.\"" + server + "\"]\ndecision = \"" + decision(random, allowed) + "\"\n";
    if (chance(random, 30)) text += "tools = { \"del*\" = \"" + decision(random, allowed) + "\" }\n";
    if (chance(random, 15)) text += "command = \"/opt/mcp\"\n";
  }
  return text;
}

struct Actions {
  std::vector<ExecAction> execs;
  std::vector<ConnectAction> connects;
  std::vector<McpAction> calls;
};

Actions random_actions(Random& random) {
  Actions out;
  for (int i = 0; i < 12; ++i) {
    ExecAction action;
    action.argv.push_back({one_of(random, programs()), true});
    for (std::size_t n = below(random, 4); n > 0; --n)
      action.argv.push_back({one_of(random, words()), !chance(random, 15)});
    if (chance(random, 15))
      action.program = {.path = "/tmp/x", .names = {one_of(random, programs())}, .is_trusted = false};
    out.execs.push_back(std::move(action));
    ConnectAction connect{.host = one_of(random, host_names()),
                          .port = static_cast<std::uint16_t>(chance(random, 70) ? 443 : 80)};
    if (chance(random, 50)) connect.method = one_of<std::string>(random, {"GET", "POST"});
    if (chance(random, 30)) connect.address = parse_address(chance(random, 50) ? "10.1.1.1" : "93.184.216.34");
    out.connects.push_back(std::move(connect));
    out.calls.push_back({.server = one_of<std::string>(random, {"docs", "jira", "other"}),
                         .tool = one_of<std::string>(random, {"delete", "search"}),
                         .command = {},
                         .arguments = {},
                         .url = {}});
  }
  return out;
}

std::vector<Verdict> judge_all(const Policy& policy, const Actions& actions) {
  static const Surroundings around = sample_surroundings();
  std::vector<Verdict> out;
  for (const ExecAction& action : actions.execs) out.push_back(judge(action, policy, around));
  for (const ConnectAction& action : actions.connects) out.push_back(judge(action, policy));
  for (const McpAction& action : actions.calls) out.push_back(judge(action, policy));
  return out;
}

std::vector<Source> random_sources(Random& random, std::size_t admins, std::size_t lowers) {
  std::vector<Source> out;
  for (std::size_t i = 0; i < admins; ++i)
    out.push_back({one_of<LayerKind>(random, {LayerKind::cloud, LayerKind::mdm, LayerKind::system}),
                   random_layer(random, {}, true)});
  for (std::size_t i = 0; i < lowers; ++i) {
    const auto kind = one_of<LayerKind>(random, {LayerKind::user, LayerKind::flag, LayerKind::project});
    out.push_back({kind, random_layer(random, {.allow = kind != LayerKind::project}, false)});
  }
  return out;
}

std::string show(const std::vector<Source>& sources) {
  std::string out;
  for (const Source& source : sources) out += "--- " + std::string(name_of(source.kind)) + "\n" + source.text;
  return out;
}

constexpr unsigned kRounds = 400;

void expect_no_looser(const std::vector<Source>& before, const std::vector<Source>& after, const Actions& actions,
                      const char* why) {
  const auto was = judge_all(*policy_of(before), actions);
  const auto is = judge_all(*policy_of(after), actions);
  for (std::size_t i = 0; i < was.size(); ++i) {
    if (is[i].decision >= was[i].decision) continue;
    // a starting value (that addresses which are not public are denied) holds only where nobody speaks
    if (was[i].cause.kind == CauseKind::last_word) continue;
    FAIL() << why << ": action " << i << " was " << name_of(was[i].decision) << ", is " << name_of(is[i].decision)
           << "\n=== before\n"
           << show(before) << "=== after\n"
           << show(after);
  }
}

TEST(Algebra, AdminLayersCommute) {
  Random random(1);
  for (unsigned round = 0; round < kRounds; ++round) {
    auto sources = random_sources(random, 3, 2);
    const Actions actions = random_actions(random);
    const auto policy = policy_of(sources);
    const auto before = judge_all(*policy, actions);
    std::ranges::shuffle(sources, random);
    const auto shuffled = policy_of(sources);
    const auto after = judge_all(*shuffled, actions);
    for (std::size_t i = 0; i < before.size(); ++i) ASSERT_EQ(before[i].decision, after[i].decision) << show(sources);
    ASSERT_EQ(policy->digest(), shuffled->digest());
  }
}

TEST(Algebra, AddingAsksAndDeniesNeverAllowsMore) {
  Random random(2);
  for (unsigned round = 0; round < kRounds; ++round) {
    const auto before = random_sources(random, below(random, 3), below(random, 3));
    auto after = before;
    const auto kind = one_of<LayerKind>(random, {LayerKind::cloud, LayerKind::system, LayerKind::mdm, LayerKind::user,
                                                 LayerKind::flag, LayerKind::project});
    // A user's or project's defaults are answers; rules are not.
    after.push_back(
        {kind, random_layer(random, {.allow = false, .fallback = is_admin(kind), .observe = false}, is_admin(kind))});
    expect_no_looser(before, after, random_actions(random), "asks and denies");
    if (HasFatalFailure()) return;
  }
}

// What a user could get at most: a user's file that allows everything.
TEST(Algebra, AddingAnAdminLayerNeverAllowsMoreThanAUserCouldGet) {
  Random random(3);
  const std::string everything =
      "[commands]\ndefault = \"allow\"\nask_from = \"critical\"\n[network]\ndefault = \"allow\"\nprivate = "
      "\"allow\"\n[mcp]\ndefault = \"allow\"\n";
  for (unsigned round = 0; round < kRounds; ++round) {
    auto before = random_sources(random, below(random, 3), 0);
    before.push_back({LayerKind::user, everything});
    auto after = before;
    after.push_back({LayerKind::system, random_layer(random, {}, true)});
    expect_no_looser(before, after, random_actions(random), "an admin layer");
    if (HasFatalFailure()) return;
  }
}

TEST(Algebra, WhereAnAdminLayerHasSpokenAnotherOnlyAdds) {
  Random random(4);
  for (unsigned round = 0; round < kRounds; ++round) {
    auto before = random_sources(random, below(random, 2), below(random, 3));
    // one that has a word about everything
    before.push_back({LayerKind::system, "[commands]\ndefault = \"" + decision(random, {}) +
                                             "\"\nask_from = \"critical\"\n[network]\ndefault = \"" +
                                             decision(random, {}) + "\"\nprivate = \"allow\"\n[mcp]\ndefault = \"" +
                                             decision(random, {}) + "\"\n"});
    auto after = before;
    after.push_back({LayerKind::cloud, random_layer(random, {.observe = false}, true)});
    expect_no_looser(before, after, random_actions(random), "a second admin layer");
    if (HasFatalFailure()) return;
  }
}

TEST(Algebra, ALowerAllowLiftsNoRuleNoDenyAndNothingClosed) {
  Random random(5);
  const Source user{LayerKind::user,
                    "[commands]\ndefault = \"allow\"\nask_from = \"critical\"\n[[command]]\nprefix = [[\"git\", "
                    "\"kubectl\", \"rm\", \"frob\"]]\ndecision = \"allow\"\n[network.hosts]\n\"*\" = "
                    "\"allow\"\n[mcp.servers.\"*\"]\ndecision = \"allow\"\n"};
  for (unsigned round = 0; round < kRounds; ++round) {
    const auto admins = random_sources(random, 1 + below(random, 2), 0);
    auto with_user = admins;
    with_user.push_back(user);
    const Actions actions = random_actions(random);
    const auto policy = policy_of(admins);
    const auto alone = judge_all(*policy, actions);
    const auto lifted = judge_all(*policy_of(with_user), actions);
    for (std::size_t i = 0; i < alone.size(); ++i) {
      if (lifted[i].decision >= alone[i].decision) continue;
      ASSERT_EQ(alone[i].decision == Decision::ask || alone[i].cause.kind == CauseKind::last_word, true)
          << show(admins);
      ASSERT_NE(alone[i].cause.kind, CauseKind::rule) << show(admins);
    }
  }
}

TEST(Algebra, ExplainingChangesNothing) {
  Random random(6);
  const Surroundings around = sample_surroundings();
  for (unsigned round = 0; round < kRounds; ++round) {
    const auto policy = policy_of(random_sources(random, 2, 2));
    const Actions actions = random_actions(random);
    const auto check = [&](const Verdict& plain, const Verdict& explained, const std::vector<MatchedCause>& matched) {
      ASSERT_EQ(plain.decision, explained.decision);
      ASSERT_EQ(plain.cause, explained.cause);
      // what decided is among what had a say, or nobody spoke
      const bool is_said = std::ranges::any_of(
          matched, [&](const MatchedCause& m) { return m.cause == plain.cause && m.decision == plain.decision; });
      const bool is_last =
          policy->layers()[plain.cause.layer].kind == LayerKind::builtin || plain.cause.kind == CauseKind::last_word;
      ASSERT_TRUE(is_said || is_last);
    };
    for (const ExecAction& action : actions.execs) {
      std::vector<MatchedCause> matched;
      const Verdict explained = judge(action, *policy, around, &matched);
      check(judge(action, *policy, around), explained, matched);
    }
    for (const ConnectAction& action : actions.connects) {
      std::vector<MatchedCause> matched;
      const Verdict explained = judge(action, *policy, &matched);
      check(judge(action, *policy), explained, matched);
    }
    for (const McpAction& action : actions.calls) {
      std::vector<MatchedCause> matched;
      const Verdict explained = judge(action, *policy, &matched);
      check(judge(action, *policy), explained, matched);
    }
    if (HasFatalFailure()) return;
  }
}

TEST(Algebra, OneRuleIsAboutWhatThePolicyFinds) {
  Random random(7);
  const Surroundings around = sample_surroundings();
  for (unsigned round = 0; round < kRounds; ++round) {
    const auto policy = policy_of(
        {{LayerKind::system, random_layer(random, {.allow = false, .fallback = false, .observe = false}, false)}});
    for (const ExecAction& action : random_actions(random).execs) {
      std::vector<MatchedCause> matched;
      static_cast<void>(judge(action, *policy, around, &matched));
      for (std::size_t i = 0; i < policy->layers().front().commands.size(); ++i) {
        const bool is_found = std::ranges::any_of(
            matched, [&](const MatchedCause& m) { return m.cause.kind == CauseKind::rule && m.cause.rule == i; });
        ASSERT_EQ(is_found, is_about(policy->layers().front().commands[i], action));
      }
    }
  }
}

TEST(Algebra, UsersAnswerAnOpenQuestion) {
  const char* ask = "[network]\ndefault = \"ask\"\n";
  const char* closed = "[network]\ndefault = \"ask\"\nclosed = true\n";
  const char* deny = "[network]\ndefault = \"deny\"\n";
  const char* rule = "[network.hosts]\n\"github.com\" = \"ask\"\n";
  const char* allow = "[network.hosts]\n\"github.com\" = \"allow\"\n";
  const auto decide = [](const std::vector<Source>& sources) {
    return judge(ConnectAction{.host = "github.com"}, *policy_of(sources)).decision;
  };
  using enum LayerKind;
  EXPECT_EQ(decide({{user, allow}}), Decision::allow);
  EXPECT_EQ(decide({{cloud, ask}, {user, allow}}), Decision::allow);
  EXPECT_EQ(decide({{cloud, ask}, {flag, allow}}), Decision::allow);
  EXPECT_EQ(decide({{cloud, closed}, {user, allow}}), Decision::ask);
  EXPECT_EQ(decide({{cloud, ask}, {system, closed}, {user, allow}}), Decision::ask);
  EXPECT_EQ(decide({{cloud, deny}, {user, allow}}), Decision::deny);
  EXPECT_EQ(decide({{cloud, rule}, {user, allow}}), Decision::ask);
  EXPECT_EQ(decide({{cloud, ask}, {system, allow}, {user, allow}}), Decision::allow);
  EXPECT_EQ(decide({{cloud, ask}, {system, allow}}), Decision::ask);
  EXPECT_EQ(decide({{cloud, allow}}), Decision::allow);
  EXPECT_EQ(decide({{cloud, allow}, {user, "[network.hosts]\n\"github.com\" = \"deny\"\n"}}), Decision::deny);
  EXPECT_EQ(decide({{cloud, allow}, {project, "[network.hosts]\n\"github.com\" = \"ask\"\n"}}), Decision::ask);
  EXPECT_EQ(decide({}), Decision::ask);
}

TEST(Algebra, AnObservingLayerLetsPassAndSaysWhatItWouldHaveSaid) {
  const auto policy =
      policy_of({{LayerKind::system,
                  "[commands]\nenforce = \"observe\"\n[[command]]\nprefix = [\"frob\"]\ndecision = \"deny\"\n"}});
  const Verdict verdict = judge_words(*policy, {"frob"});
  EXPECT_EQ(verdict.decision, Decision::allow);
  EXPECT_EQ(verdict.would, Decision::deny);
}

}  // namespace
}  // namespace bailiwick
