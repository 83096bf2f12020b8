#include "referee/diff.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <random>
#include <sstream>

#include "base/golden.h"
#include "referee/sample.h"

namespace bailiwick {
namespace {

using Change = Difference::Change;
using Subject = Difference::Subject;
using testing::IsEmpty;

std::string read_data(const std::string& name) {
  std::ifstream file(std::string(TEST_SOURCE_DIR "/testdata/") + name);
  std::ostringstream out;
  out << file.rdbuf();
  return out.str();
}

std::vector<Difference> diff_of(const std::vector<Source>& before, const std::vector<Source>& after) {
  return compare(*policy_of(before), *policy_of(after), sample_surroundings());
}
std::string lines_of(const std::string& before, const std::string& after) {
  return render_diff(diff_of({{LayerKind::system, before}}, {{LayerKind::system, after}}), {});
}

TEST(Diff, TwoRevisionsOfAPolicy) {
  check_golden(TEST_SOURCE_DIR "/testdata/diff.txt",
               lines_of(read_data("diff_before.toml"), read_data("diff_after.toml")));
}

TEST(Diff, OnePolicyHasNoDifferences) {
  const auto policy = policy_of({{LayerKind::system, read_data("diff_before.toml")}});
  EXPECT_THAT(compare(*policy, *policy, sample_surroundings()), IsEmpty());
  EXPECT_EQ(render_diff({}, {}), "no difference in anything that was tried\n");
}

TEST(Diff, WhatIsSaidOfOneRule) {
  const std::string ask = "[[command]]\nprefix = [\"acmectl\", \"push\"]\ndecision = \"ask\"\n";
  EXPECT_EQ(lines_of(ask, ""),
            "- looser    command  `acmectl push` and 1 more like it were ask (system1.toml:2), are allow (no rule)\n"
            "1 looser, 0 stricter, 0 changed\n");
  EXPECT_EQ(lines_of(ask,
                     "[commands]\ndefault = \"allow\"\n"  // same words, other place
                     "[[command]]\nprefix = [\"acmectl\", \"push\"]\ndecision = \"ask\"\nreason = \"why\"\n"),
            "~ changed   command  `acmectl push` and 1 more like it are ask as before (system1.toml:2: no reason), now "
            "(system1.toml:4: \"why\")\n"
            "0 looser, 0 stricter, 1 changed\n");
}

TEST(Diff, JsonHasOneObjectALine) {
  EXPECT_EQ(
      render_diff_json(diff_of({}, {{LayerKind::system, "[network]\nmodes = [\"off\"]\n"}})),
      "{\"after\":{\"verdict\":\"[\\\"off\\\"]\",\"where\":\"system1.toml:3\"},\"before\":{\"verdict\":\"not set: "
      "all three\",\"where\":\"no file\"},\"change\":\"stricter\",\"count\":1,\"detail\":\"takes out `managed`, "
      "`host`\",\"example\":\"network.modes\",\"subject\":\"setting\"}\n");
}

TEST(Diff, ColorsOnlyTheMark) {
  const auto differences = diff_of({}, {{LayerKind::system, "[network]\nmodes = [\"off\"]\n"}});
  EXPECT_THAT(render_diff(differences, {.color = true}), testing::StartsWith("\x1b[32m+ stricter\x1b[0m  setting"));
  EXPECT_THAT(render_diff(differences, {}), testing::Not(testing::HasSubstr("\x1b")));
}

TEST(Diff, SettingsAreComparedByWhatTheyBound) {
  struct Row {
    std::string before, after;
    Change change;
  };
  const Row rows[] = {
      {"[sandbox]\nmodes = [\"read-only\"]", "[sandbox]\nmodes = [\"read-only\", \"full-access\"]", Change::looser},
      {"", "[sandbox]\nmodes = [\"read-only\", \"workspace-write\"]", Change::stricter},
      {"[limits]\nmemory = \"8G\"", "[limits]\nmemory = \"4G\"", Change::stricter},
      {"[limits]\nmemory = \"8G\"", "", Change::looser},
      {"", "[limits]\nopen_files = 8192", Change::looser},  // 4096 is built in
      {"", "[limits]\nopen_files = 1024", Change::stricter},
      {"[limits]\ncpus = 2.0", "[limits]\ncpus = 2.5", Change::looser},
      {"[approvals]\ntimeout = \"5m\"", "[approvals]\ntimeout = \"20m\"", Change::looser},
      {"[auto_review]\nceiling = \"high\"", "", Change::stricter},
      {"[telemetry]\nretention = \"30d\"", "[telemetry]\nretention = \"60d\"", Change::stricter},
      {"[telemetry]\nprompts = \"off\"", "[telemetry]\nprompts = \"hash\"", Change::looser},
      {"[telemetry]\nsync = \"each\"", "", Change::looser},
      {"[sandbox]\nallow_clipboard = false", "", Change::looser},
      {"", "[commands]\nclosed = true", Change::stricter},
      {"", "[agents]\nallowed = [\"codex\"]", Change::stricter},
      {"[agents]\nallowed = [\"codex\"]", "[agents]\nallowed = [\"codex\", \"claude\"]", Change::looser},
      {"[sandbox]\nenvironment = []", "[sandbox]\nenvironment = [\"ACME\"]", Change::looser},
      {"[telemetry]\nendpoints = [\"https://a.example/\"]", "", Change::changed},
      {"[telemetry]\nenvironment = \"prod\"", "", Change::changed},
      {"[defaults.sandbox]\nmode = \"read-only\"", "[defaults.sandbox]\nmode = \"workspace-write\"", Change::looser},
      {"[defaults.commands]\nask_from = \"high\"", "[defaults.commands]\nask_from = \"medium\"", Change::stricter},
  };
  for (const Row& row : rows) {
    std::vector<Change> settings;
    for (const Difference& one : diff_of({{LayerKind::system, row.before}}, {{LayerKind::system, row.after}}))
      if (one.subject == Subject::setting) settings.push_back(one.change);
    EXPECT_THAT(settings, testing::ElementsAre(row.change)) << row.before << " -> " << row.after;
  }
}

TEST(Diff, ListedPathsAreFoundByTrying) {
  EXPECT_EQ(lines_of("[sandbox]\nread = [\"/opt/a\"]", "[sandbox]\nread = [\"/opt/a\", \"/opt2\"]"),
            "- looser    read     reading `/opt2` and 1 more like it were deny (no rule: not in the sandbox: it shows "
            "the system, the workspace and what policy lists), are allow (system1.toml:3: listed)\n"
            "- looser    setting  `sandbox.read` was [\"/opt/a\"] (system1.toml:3), is [\"/opt/a\", \"/opt2\"] "
            "(system1.toml:3); adds `/opt2`\n"
            "2 looser, 0 stricter, 0 changed\n");
}

// Policies made by chance, of few words, so that rules meet.
class Maker {
 public:
  explicit Maker(unsigned seed) : random_(seed) {}

  std::string policy(bool is_admin) {
    std::string out;
    if (chance(3)) out += "[sandbox]\nmodes = " + subset({"read-only", "workspace-write", "full-access"}, true);
    if (chance(4)) {
      if (!out.contains("[sandbox]")) out += "[sandbox]\n";
      out += "deny_read = " + subset({"**/*.key", "build", "~/x"}, true);
    }
    if (chance(4)) out += "[limits]\nprocesses = " + std::to_string(below(2000)) + "\n";
    if (chance(4)) out += "[agents]\nallowed = " + subset({"codex", "claude", "none"}, true);
    std::string network = section("network", is_admin);
    if (chance(4)) network += "private = \"" + decision() + "\"\n";
    out += section("commands", is_admin);
    if (chance(4)) out += "ask_from = \"" + pick({"low", "medium", "high", "critical"}) + "\"\n";
    out += network + "[network.hosts]\n" + hosts(3) + section("mcp", false) + servers();
    const std::size_t rules = below(4);
    for (std::size_t i = 0; i < rules; ++i) out += command(decision());
    return out;
  }

  std::string command(const std::string& decided) {
    std::string out = "[[command]]\nprefix = [" + subset_text({"git", "acme", "some-program"});
    if (chance(2)) out += ", " + subset_text({"push", "reset", "status", "x"});
    out += "]\ndecision = \"" + decided + "\"\n";
    if (chance(3)) out += "with = [\"--hard\", \"x\"]\n";
    if (chance(3)) out += "reason = \"" + pick({"one", "two"}) + "\"\n";
    return out;
  }

  std::string hosts(std::size_t most) {
    std::string out;
    std::vector<std::string> patterns{"a.example", "*.a.example",   "**.a.example", "*",        "10.0.0.0/8",
                                      "10.0.0.1",  "sub.a.example", "s*.a.example", "localhost"};
    std::ranges::shuffle(patterns, random_);
    const std::size_t count = below(most + 1);
    for (std::size_t i = 0; i < count; ++i) out += host(patterns[i], decision());
    return out;
  }
  std::string host(const std::string& pattern, const std::string& decided) {
    std::string out = "\"" + pattern + "\" = { decision = \"" + decided + "\"";
    if (chance(3)) out += ", ports = [443]";
    if (chance(3)) out += ", methods = [\"GET\"]";
    if (chance(3)) out += ", paths = [\"/v1\"]";
    if (chance(4)) out += ", addresses = [\"10.0.0.0/8\"]";
    return out + " }\n";
  }

  std::string decision() { return pick({"allow", "ask", "deny"}); }
  std::size_t below(std::size_t end) { return random_() % end; }

 private:
  bool chance(unsigned of) { return below(of) == 0; }
  std::string pick(const std::vector<std::string>& words) { return words[below(words.size())]; }
  std::string subset_text(const std::vector<std::string>& words) {
    std::string out;
    for (const std::string& word : words)
      if (chance(2)) out += (out.empty() ? "\"" : ", \"") + word + "\"";
    return "[" + (out.empty() ? "\"" + words.front() + "\"" : out) + "]";
  }
  std::string subset(const std::vector<std::string>& words, bool) { return subset_text(words) + "\n"; }
  std::string section(const std::string& name, bool is_admin) {
    std::string out = "[" + name + "]\n";
    if (chance(2)) out += "default = \"" + decision() + "\"\n";
    if (is_admin && chance(4)) out += "closed = true\n";
    if (is_admin && chance(6)) out += "enforce = \"observe\"\n";
    return out;
  }
  std::string servers() {
    std::string out;
    if (chance(2)) out += "[mcp.servers.docs]\ndecision = \"" + decision() + "\"\n";
    if (chance(3)) out += "[mcp.servers.\"*\"]\ndecision = \"" + decision() + "\"\n";
    return out;
  }

  std::mt19937 random_;
};

constexpr unsigned kRounds = 40;

bool admin_spoke(const Policy& policy, const Trial& trial) {
  std::vector<MatchedCause> matched;
  const Surroundings around = sample_surroundings();
  if (const auto* command = std::get_if<CommandTrial>(&trial)) {
    static_cast<void>(judge(ExecAction{.argv = words_of(command->words), .program = {.sha256 = command->sha256}},
                            policy, around, &matched));
  } else if (const auto* connect = std::get_if<ConnectAction>(&trial)) {
    static_cast<void>(judge(*connect, policy, &matched));
  } else if (const auto* file = std::get_if<FileAction>(&trial)) {
    static_cast<void>(judge(*file, policy, around, &matched));
  } else {
    static_cast<void>(judge(std::get<McpAction>(trial), policy, &matched));
  }
  return std::ranges::any_of(matched, [&](const MatchedCause& one) {
    const std::uint16_t layer = one.cause.layer;
    return is_admin(policy.layers()[layer].kind) && !policy.network_section().stances[layer].observes &&
           !policy.command_section().stances[layer].observes;
  });
}

TEST(DiffProperty, TheSameIsNoDifference) {
  for (unsigned seed = 0; seed < kRounds; ++seed) {
    Maker maker(seed);
    const std::string admin = maker.policy(true);
    const auto policy = try_policy({{LayerKind::system, admin}, {LayerKind::user, maker.policy(false)}});
    if (!policy) continue;
    EXPECT_THAT(compare(**policy, **policy, sample_surroundings()), IsEmpty()) << admin;
  }
}

TEST(DiffProperty, ExamplesAreTrueAndTheOtherWayRoundTheyAreTheOpposite) {
  const Surroundings around = sample_surroundings();
  for (unsigned seed = 0; seed < kRounds; ++seed) {
    Maker maker(1000 + seed);
    const auto before = try_policy({{LayerKind::system, maker.policy(true)}, {LayerKind::user, maker.policy(false)}});
    const auto after = try_policy({{LayerKind::system, maker.policy(true)}, {LayerKind::user, maker.policy(false)}});
    if (!before || !after) continue;
    std::map<Change, std::size_t> there, back;
    const auto differences = compare(**before, **after, around);
    for (const Difference& one : differences) {
      there[one.change] += one.count;
      if (!one.trial) continue;
      const Decision was = try_out(*one.trial, **before, around).decision;
      const Decision is = try_out(*one.trial, **after, around).decision;
      EXPECT_EQ(one.before.verdict, name_of(was)) << one.example;
      EXPECT_EQ(one.after.verdict, name_of(is)) << one.example;
      EXPECT_EQ(one.change, is < was ? Change::looser : is > was ? Change::stricter : Change::changed) << one.example;
    }
    EXPECT_EQ(render_diff(differences, {}), render_diff(compare(**before, **after, around), {}));
    for (const Difference& one : compare(**after, **before, around)) back[one.change] += one.count;
    EXPECT_EQ(there[Change::looser], back[Change::stricter]);
    EXPECT_EQ(there[Change::stricter], back[Change::looser]);
    EXPECT_EQ(there[Change::changed], back[Change::changed]);
  }
}

TEST(DiffProperty, AnotherDenyOrAskIsNeverLooser) {
  for (unsigned seed = 0; seed < kRounds * 2; ++seed) {
    Maker maker(2000 + seed);
    const bool in_admin = maker.below(2) == 0;
    std::string admin = maker.policy(true), user = maker.policy(false);
    const auto before = try_policy({{LayerKind::system, admin}, {LayerKind::user, user}});
    const std::string more = maker.command(maker.below(4) == 0 ? "ask" : "deny");
    // an `ask` makes an exception of what a default denies, and only a deny is never one
    const bool is_deny = more.contains("\"deny\"");
    std::string& changed = in_admin ? admin : user;
    changed += more;
    const std::string host = maker.host("new.a.example", "deny");
    changed.insert(changed.find("[network.hosts]\n") + 16, host);
    const auto after = try_policy({{LayerKind::system, admin}, {LayerKind::user, user}});
    if (!before || !after || !is_deny) continue;
    for (const Difference& one : compare(**before, **after, sample_surroundings()))
      EXPECT_NE(one.change, Change::looser) << render_diff({one}, {}) << admin << "\n--- user\n" << user;
  }
}

TEST(DiffProperty, AnotherAdminLayerLoosensOnlyWhatNoneSpokeOf) {
  for (unsigned seed = 0; seed < kRounds * 2; ++seed) {
    Maker maker(3000 + seed);
    const std::string admin = maker.policy(true), user = maker.policy(false), more = maker.policy(true);
    const auto before = try_policy({{LayerKind::system, admin}, {LayerKind::user, user}});
    const auto after = try_policy({{LayerKind::system, admin}, {LayerKind::user, user}, {LayerKind::cloud, more}});
    if (!before || !after) continue;
    for (const Difference& one : compare(**before, **after, sample_surroundings())) {
      if (one.change != Change::looser) continue;
      if (one.trial) {
        // what only perhaps matches has not been said for certain
        if (!try_out(*one.trial, **before, sample_surroundings()).is_complete) continue;
        EXPECT_FALSE(admin_spoke(**before, *one.trial)) << render_diff({one}, {}) << admin << "\n--- user\n"
                                                        << user << "\n--- more\n"
                                                        << more;
      } else if (!one.example.starts_with("defaults.")) {  // starting values have precedence, and lie in the bounds
        EXPECT_THAT(one.before.where, testing::Not(testing::HasSubstr("system"))) << render_diff({one}, {});
      }
    }
  }
}

}  // namespace
}  // namespace bailiwick
