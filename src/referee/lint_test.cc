#include "referee/lint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "base/golden.h"
#include "policy/starter.h"
#include "referee/lint_parts.h"
#include "referee/sample.h"

namespace bailiwick {
namespace {

using Kind = LintFinding::Kind;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

constexpr std::string_view kSuffixes = R"(// ===BEGIN ICANN DOMAINS===
com
uk
co.uk
*.ck
!www.ck
公司.cn
jp
*.kawasaki.jp
!city.kawasaki.jp
// ===BEGIN PRIVATE DOMAINS===
github.io   trailing words are no part of it
blogspot.com
s3.amazonaws.com
)";

std::string read_data(const std::string& name) {
  std::ifstream file(std::string(TEST_SOURCE_DIR "/testdata/") + name);
  std::ostringstream out;
  out << file.rdbuf();
  return out.str();
}

std::vector<LintFinding> lint_of(const std::vector<Source>& sources, std::string_view suffixes = kSuffixes) {
  const auto policy = policy_of(sources);
  return lint(*policy, {.around = sample_surroundings(), .suffixes = suffixes});
}

std::vector<Kind> kinds_of(const std::string& text, std::string_view suffixes = kSuffixes) {
  std::vector<Kind> out;
  for (const LintFinding& finding : lint_of({{LayerKind::system, text}}, suffixes)) out.push_back(finding.kind);
  return out;
}

std::string rule_of(std::string_view prefix, std::string_view decision, std::string_view more = "") {
  return "[[command]]\nprefix = " + std::string(prefix) + "\ndecision = \"" + std::string(decision) + "\"\n" +
         std::string(more) + "\n";
}

TEST(Lint, APolicyOfAllMistakes) {
  check_golden(TEST_SOURCE_DIR "/testdata/lint_odd.txt",
               render_lint(lint_of({{LayerKind::system, read_data("lint_odd.toml")}})));
}

TEST(Lint, JsonHasOneObjectALine) {
  const auto findings = lint_of({{LayerKind::system, "[network.hosts]\n\"*\" = \"allow\"\n"}});
  EXPECT_EQ(render_lint_json(findings),
            "{\"advice\":\"name the hosts that are needed, and let `default` = \\\"ask\\\" answer for the "
            "rest\",\"column\":1,\"file\":\"system1.toml\",\"kind\":\"every-host\",\"line\":3,\"rule\":\"*\",\"what\":"
            "\"the rule `*` allows every host: whatever the agent can read may be sent anywhere\"}\n");
}

TEST(Lint, TheExampleOfTheDesignIsCleanButForWhatIsTrue) {
  const auto findings = lint_of({{LayerKind::system, read_data("lint_design.toml")}});
  ASSERT_EQ(findings.size(), 1U) << render_lint(findings);
  EXPECT_EQ(findings.front().kind, Kind::no_example);
  EXPECT_EQ(findings.front().rule, "kubectl delete|drain");
  EXPECT_EQ(findings.front().place.line, 21U);
}

// What we write for people to begin with is what we advise.
TEST(Lint, TheStarterPoliciesAreClean) {
  for (const std::string_view text : {starter_policy(), admin_starter_policy()}) {
    const auto node = parse_toml(text, "starter.toml");
    ASSERT_TRUE(node.has_value());
    auto layer = read_layer(*node, LayerKind::system, "starter.toml");
    ASSERT_TRUE(layer.has_value());
    std::vector<Layer> layers;
    layers.push_back(std::move(*layer));
    const auto policy = build_policy(std::move(layers), "/home/dev");
    ASSERT_TRUE(policy.has_value());
    const auto findings = lint(**policy, {.around = sample_surroundings(), .suffixes = kSuffixes});
    EXPECT_THAT(findings, IsEmpty()) << render_lint(findings);
  }
}

TEST(Lint, NothingIsSaidAboutNothing) { EXPECT_THAT(lint_of({}), IsEmpty()); }

TEST(Lint, ShadowsAndDuplicates) {
  const auto with_example = [](std::string_view match) { return "match = [\"" + std::string(match) + "\"]"; };
  struct Row {
    std::string text;
    std::vector<Kind> kinds;
  };
  const Row rows[] = {
      // the strictest holds: order does not matter
      {rule_of(R"(["x", "y"])", "allow", with_example("x y")) + rule_of(R"(["x"])", "deny", with_example("x")),
       {Kind::shadowed}},
      {rule_of(R"(["x"])", "deny", with_example("x")) + rule_of(R"(["x", "y"])", "ask", with_example("x y")),
       {Kind::shadowed}},
      // stricter and narrower: an exception
      {rule_of(R"(["x"])", "allow", with_example("x")) + rule_of(R"(["x", "y"])", "deny", with_example("x y")), {}},
      // only some alternatives
      {rule_of(R"(["x", ["a", "b"]])", "allow", with_example("x a")) +
           rule_of(R"(["x", "b"])", "deny", with_example("x b")),
       {Kind::shadowed}},
      // only with a flag
      {rule_of(R"(["x"])", "allow", with_example("x")) +
           rule_of(R"(["x"])", "deny", "with = [\"-f\"]\n" + with_example("x -f")),
       {}},
      {rule_of(R"(["x"])", "ask", "with = [\"-f\"]\n" + with_example("x -f")) +
           rule_of(R"(["x", "y"])", "deny", "with = [\"-f\"]\n" + with_example("x y -f")),
       {}},
      {rule_of(R"(["x", "y"])", "ask", "with = [\"-f\"]\n" + with_example("x y -f")) +
           rule_of(R"(["x"])", "deny", "with = [\"-f\", \"-g\"]\n" + with_example("x -f")),
       {Kind::shadowed}},
      // a narrower rule above may have its own reason
      {rule_of(R"(["x", "y"])", "ask", "reason = \"y\"\n" + with_example("x y")) +
           rule_of(R"(["x"])", "ask", with_example("x")),
       {}},
      {rule_of(R"(["x"])", "ask", with_example("x")) + rule_of(R"(["x"])", "ask", with_example("x")),
       {Kind::duplicate}},
      // a path is a spelling of its name, and not the other way round
      {rule_of(R"(["/usr/bin/x"])", "allow", with_example("/usr/bin/x")) +
           rule_of(R"(["x"])", "deny", with_example("x")),
       {Kind::shadowed}},
      {rule_of(R"(["x"])", "allow", with_example("x")) +
           rule_of(R"(["/usr/bin/x"])", "deny", with_example("/usr/bin/x")),
       {}},
  };
  for (const Row& row : rows) EXPECT_THAT(kinds_of(row.text), testing::ElementsAreArray(row.kinds)) << row.text;
}

TEST(Lint, ShadowsAreOfOneLayerOnly) {
  EXPECT_THAT(lint_of({{LayerKind::system, rule_of(R"(["x"])", "deny", "match = [\"x\"]")},
                       {LayerKind::user, rule_of(R"(["x", "y"])", "allow", "match = [\"x y\"]")}}),
              IsEmpty());
}

TEST(Lint, AShadowedRuleReallyNeverDecides) {
  const std::string text = rule_of(R"(["git", ["status", "log"]])", "allow") + rule_of(R"(["git"])", "ask");
  const auto policy = policy_of({{LayerKind::system, text}});
  const auto findings = lint(*policy, {.around = sample_surroundings()});
  ASSERT_EQ(findings.front().kind, Kind::shadowed);
  EXPECT_EQ(judge_words(*policy, {"git", "status"}).cause.rule, 1U);
  EXPECT_EQ(judge_words(*policy, {"git", "log", "-3"}).cause.rule, 1U);
}

TEST(Lint, AllowsThatAllowMore) {
  const auto allow = [](std::string_view prefix, std::string_view match) {
    return kinds_of(rule_of(prefix, "allow", "match = [\"" + std::string(match) + "\"]"));
  };
  for (const std::string name : {"bash", "env", "sudo", "xargs", "make", "npm", "npx", "docker", "ssh", "find", "git",
                                 "python3.12", "node", "/usr/bin/perl", "vim"})
    EXPECT_THAT(allow("[\"" + name + "\"]", name + " x"), ElementsAre(Kind::broad_allow)) << name;
  for (const std::string name : {"ls", "nice", "timeout", "acme"})
    EXPECT_THAT(allow("[\"" + name + "\"]", name + " 1"), IsEmpty()) << name;
  EXPECT_THAT(allow(R"(["python3", "-c"])", "python3 -c x"), ElementsAre(Kind::broad_allow));
  EXPECT_THAT(allow(R"(["git", "reset"])", "git reset HEAD x"), ElementsAre(Kind::risky_allow));
  EXPECT_THAT(allow(R"(["git", "status"])", "git status"), IsEmpty());
  // what a stricter rule takes back is not allowed
  EXPECT_THAT(kinds_of(rule_of(R"(["git", "reset"])", "allow", "match = [\"git reset\"]") +
                       rule_of(R"(["git", "reset"])", "ask",
                               "with = [\"--hard\", \"--merge\"]\nmatch = [\"git reset --hard\"]")),
              IsEmpty());
}

TEST(Lint, PublicSuffixes) {
  const PublicSuffixes list(kSuffixes);
  for (const std::string name : {"com", "co.uk", "github.io", "zip", "anything.ck", "xn--55qx5d.cn", "x.kawasaki.jp"})
    EXPECT_TRUE(list.is_suffix(name)) << name;
  for (const std::string name : {"acme.com", "acme.co.uk", "www.ck", "city.kawasaki.jp", "x.github.io", "a.b.ck"})
    EXPECT_FALSE(list.is_suffix(name)) << name;
  EXPECT_EQ(list.suffix_below("uk"), "co.uk");
  EXPECT_EQ(list.suffix_below("kawasaki.jp"), "*.kawasaki.jp");
  EXPECT_EQ(list.suffix_below("amazonaws.com"), "s3.amazonaws.com");
  EXPECT_EQ(list.suffix_below("acme.com"), "");
  EXPECT_EQ(ascii_label("bücher"), "xn--bcher-kva");
  EXPECT_EQ(ascii_label("公司"), "xn--55qx5d");
  EXPECT_EQ(ascii_label("рф"), "xn--p1ai");
  EXPECT_EQ(ascii_label("plain"), "plain");
  EXPECT_EQ(ascii_label("\xff"), "");
}

TEST(Lint, WithoutTheListOnlySingleLabelsAreSeenAndThatIsSaidOnce) {
  const auto text = "[network.hosts]\n\"*.com\" = \"allow\"\n\"*.co.uk\" = \"allow\"\n\"*.acme.example\" = \"allow\"\n";
  EXPECT_THAT(kinds_of(text, ""), UnorderedElementsAre(Kind::public_suffix, Kind::no_suffix_list));
  EXPECT_THAT(kinds_of(text), ElementsAre(Kind::public_suffix, Kind::public_suffix));
  EXPECT_THAT(kinds_of("[network.hosts]\n\"**.amazonaws.com\" = \"allow\"\n"), ElementsAre(Kind::public_suffix));
  EXPECT_THAT(kinds_of("[network.hosts]\n\"x-*.amazonaws.com\" = \"allow\"\n"), IsEmpty());
  EXPECT_THAT(kinds_of("[network.hosts]\n\"*.com\" = \"deny\"\n\"github.org\" = \"allow\"\n", ""), IsEmpty());
}

TEST(Lint, PatternsThatCoverOthers) {
  struct Row {
    std::string outer, inner;
    bool covers;
  };
  const Row rows[] = {
      {"*", "x.org", true},
      {"*", "10.0.0.0/8", true},
      {"x.org", "*", false},
      {"*.x.org", "a.x.org", true},
      {"*.x.org", "x.org", false},
      {"**.x.org", "x.org", true},
      {"*.x.org", "*.x.org", true},
      {"*.x.org", "**.x.org", false},
      {"**.x.org", "*.x.org", true},
      {"*.x.org", "**.a.x.org", true},
      {"*.x.org", "*.ax.org", false},
      {"a-*.x.org", "a-1.x.org", true},
      {"a-*.x.org", "*.x.org", false},
      {"*.x.org", "a-*.x.org", true},
      {"10.0.0.0/8", "10.1.0.0/16", true},
      {"10.1.0.0/16", "10.0.0.0/8", false},
      {"10.0.0.0/8", "10.9.9.9", true},
      {"10.0.0.0/8", "11.0.0.1", false},
      {"x.org", "y.org", false},
  };
  for (const Row& row : rows)
    EXPECT_EQ(lint_parts::covers(*parse_host_pattern(row.outer), *parse_host_pattern(row.inner)), row.covers)
        << row.outer << " over " << row.inner;
}

TEST(Lint, ClosedWantsADefault) {
  EXPECT_THAT(kinds_of("[commands]\nclosed = true\n"), ElementsAre(Kind::idle_setting));
  EXPECT_THAT(kinds_of("[commands]\nclosed = true\ndefault = \"ask\"\n"), IsEmpty());
  EXPECT_THAT(kinds_of("[mcp]\nclosed = true\ndefault = \"deny\"\n"), ElementsAre(Kind::idle_setting));
  EXPECT_THAT(kinds_of("[commands]\ndefault = \"allow\"\nask_from = \"critical\"\n"), ElementsAre(Kind::late_ask));
  EXPECT_THAT(kinds_of("[commands]\ndefault = \"deny\"\nask_from = \"high\"\n"), ElementsAre(Kind::idle_setting));
}

}  // namespace
}  // namespace bailiwick
