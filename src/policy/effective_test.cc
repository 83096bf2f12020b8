#include "policy/effective.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "policy/document.h"

namespace bailiwick {
namespace {

using Words = std::vector<std::string>;
using enum LayerKind;

struct Source {
  LayerKind kind;
  std::string file;
  std::string text;
};

Result<std::shared_ptr<const Policy>> combined(const std::vector<Source>& sources) {
  std::vector<Layer> layers;
  for (const Source& source : sources) {
    TRY_ASSIGN(const Node root, parse_toml("schema = 1\n" + source.text, source.file));
    TRY_ASSIGN(Layer layer, read_layer(root, source.kind, source.file));
    layers.push_back(std::move(layer));
  }
  return combine(std::move(layers), "/home/dev");
}

SettingValue value(const std::vector<Source>& sources, std::string_view key) {
  const auto policy = combined(sources);
  if (!policy) {
    ADD_FAILURE() << policy.error().message();
    return {};
  }
  const EffectiveSetting* found = (*policy)->find(key);
  return found == nullptr ? SettingValue() : found->value;
}

std::string problem(const std::vector<Source>& sources) {
  const auto policy = combined(sources);
  return policy ? "none" : policy.error().message();
}

TEST(Combine, BoundsMeet) {
  const Source all{cloud, "c", "[sandbox]\nmodes = [\"read-only\", \"workspace-write\", \"full-access\"]\n"};
  const Source two{system, "s", "[sandbox]\nmodes = [\"workspace-write\", \"read-only\"]\n"};
  const Source one{system, "t", "[sandbox]\nmodes = [\"full-access\"]\n"};
  EXPECT_EQ(value({all, two}, "sandbox.modes"), SettingValue(Words{"read-only", "workspace-write"}));
  EXPECT_EQ(value({all}, "network.modes"), SettingValue());
  EXPECT_EQ(problem({all, two, one}),
            "system t:3: `sandbox.modes` = [\"full-access\"] leaves nothing of [\"read-only\", \"workspace-write\"] in "
            "system s:3: one of the two files must change");
}

TEST(Combine, PathsMeetByWhatTheyHold) {
  EXPECT_EQ(meet_paths({"/a", "/b/c"}, {"/a/x", "/b", "/d"}), (Words{"/a/x", "/b/c"}));
  EXPECT_EQ(meet_paths({"/a"}, {"/ab"}), Words{});
  EXPECT_EQ(meet_paths({"/"}, {"/a", "/b"}), (Words{"/a", "/b"}));
  EXPECT_EQ(meet_paths({}, {"/a"}), Words{});
  const Source a{cloud, "c", "[sandbox]\nwrite = [\"~/.cache\", \"/opt\"]\n"};
  const Source b{system, "s", "[sandbox]\nwrite = [\"~/.cache/acme\"]\n"};
  EXPECT_EQ(value({a}, "sandbox.write"), SettingValue(Words{"/home/dev/.cache", "/opt"}));
  EXPECT_EQ(value({a, b}, "sandbox.write"), SettingValue(Words{"/home/dev/.cache/acme"}));
  EXPECT_EQ(problem({a, {system, "s", "[sandbox]\nwrite = [\"/srv\"]\n"}}),
            "system s:3: `sandbox.write` = [\"/srv\"] leaves nothing of [\"/home/dev/.cache\", \"/opt\"] in cloud c:3: "
            "one of the two files must change");
  // nothing at all is a bound, too, and no contradiction
  EXPECT_EQ(value({a, {system, "s", "[sandbox]\nwrite = []\n"}}, "sandbox.write"), SettingValue(Words{}));
}

TEST(Combine, UsersChooseInsideTheBounds) {
  const Source bound{system, "s", "[sandbox]\nwrite = [\"~/.cache\"]\n"};
  EXPECT_EQ(value({{user, "u", "[sandbox]\nwrite = [\"/srv/x\"]\n"}, {flag, "f", "[sandbox]\nwrite = [\"/srv/y\"]\n"}},
                  "sandbox.write"),
            SettingValue(Words{"/srv/x", "/srv/y"}));
  EXPECT_EQ(value({bound, {user, "u", "[sandbox]\nwrite = [\"/home/dev/.cache/a\"]\n"}}, "sandbox.write"),
            SettingValue(Words{"/home/dev/.cache", "/home/dev/.cache/a"}));
  EXPECT_EQ(problem({bound, {user, "u", "[sandbox]\nwrite = [\"/srv\"]\n"}}),
            "user u:3: `sandbox.write` holds `/srv`, which system s:3 does not allow");
  EXPECT_EQ(problem({bound, {user, "u", "[sandbox]\nwrite = [\"~/.cachet\"]\n"}}),
            "user u:3: `sandbox.write` holds `/home/dev/.cachet`, which system s:3 does not allow");
  EXPECT_EQ(value({bound, {project, "p", "[sandbox]\nwrite = [\"~/.cache/a\", \"/srv\"]\n"}}, "sandbox.write"),
            SettingValue(Words{"/home/dev/.cache/a"}));
  EXPECT_EQ(value({{project, "p", "[sandbox]\nwrite = [\"/srv\"]\n"}}, "sandbox.write"), SettingValue(Words{}))
      << "a project adds nothing";
}

TEST(Combine, SmallestLargestAndJoined) {
  const Source a{cloud, "c",
                 "[sandbox]\ndeny_read = [\"**/.env\"]\n[approvals]\ntimeout = \"5m\"\n[telemetry]\nretention = "
                 "\"30d\"\nprompts = \"text\"\nsync = \"each\"\n[limits]\nmemory = \"8G\"\ncpus = 2\n"};
  const Source b{
      project, "p",
      "[sandbox]\ndeny_read = [\"secret/\"]\n[approvals]\ntimeout = \"1h\"\n[limits]\nmemory = \"4G\"\ncpus = 1.5\n"};
  const Source c{user, "u", "[telemetry]\nretention = \"90d\"\nprompts = \"off\"\nsync = \"group\"\n"};
  EXPECT_EQ(value({a, b, c}, "sandbox.deny_read"), SettingValue(Words{"**/.env", "secret/"}));
  EXPECT_EQ(value({a, b, c}, "approvals.timeout"), SettingValue(std::int64_t{300}));
  EXPECT_EQ(value({b}, "approvals.timeout"), SettingValue(std::int64_t{600})) << "a project raises nothing";
  EXPECT_EQ(value({{user, "u", "[approvals]\ntimeout = \"1h\"\n"}}, "approvals.timeout"),
            SettingValue(std::int64_t{3600}))
      << "the built-in value bounds nobody else";
  EXPECT_EQ(value({}, "approvals.timeout"), SettingValue(std::int64_t{600}));
  EXPECT_EQ(value({a, b, c}, "telemetry.retention"), SettingValue(std::int64_t{90 * 86400}));
  EXPECT_EQ(value({a, b, c}, "telemetry.prompts"), SettingValue("off"));
  EXPECT_EQ(value({a, b, c}, "telemetry.sync"), SettingValue("each"));
  EXPECT_EQ(value({a, b, c}, "limits.memory"), SettingValue(std::int64_t{4} << 30));
  EXPECT_EQ(value({a, b, c}, "limits.cpus"), SettingValue(1.5));
}

TEST(Combine, StartingValuesHavePrecedenceInsideTheBounds) {
  const auto mode = [](LayerKind kind, const char* name) {
    return Source{kind, std::string(name_of(kind)), std::string("[defaults.sandbox]\nmode = \"") + name + "\"\n"};
  };
  EXPECT_EQ(value({}, "defaults.sandbox.mode"), SettingValue("workspace-write"));
  EXPECT_EQ(value({mode(system, "read-only")}, "defaults.sandbox.mode"), SettingValue("read-only"));
  EXPECT_EQ(value({mode(system, "read-only"), mode(cloud, "full-access")}, "defaults.sandbox.mode"),
            SettingValue("full-access"));
  EXPECT_EQ(value({mode(cloud, "full-access"), mode(user, "read-only")}, "defaults.sandbox.mode"),
            SettingValue("read-only"));
  EXPECT_EQ(value({mode(user, "read-only"), mode(flag, "full-access")}, "defaults.sandbox.mode"),
            SettingValue("full-access"));
  const Source bound{system, "s", "[sandbox]\nmodes = [\"read-only\"]\n"};
  EXPECT_EQ(value({bound}, "defaults.sandbox.mode"), SettingValue("read-only"));
  EXPECT_EQ(problem({bound, mode(flag, "full-access")}),
            "flag flag:3: `full-access` is not allowed by system s:3: choose read-only");
  const auto policy = combined({bound, mode(user, "full-access")});
  ASSERT_TRUE(policy);
  EXPECT_EQ((*policy)->warnings(),
            (Words{"user user:3: `full-access` is not allowed by system s:3: `read-only` is taken"}));
}

TEST(Combine, EverySettingRemembersItsOrigin) {
  const auto policy = combined({{cloud, "c.json", "[approvals]\ntimeout = \"5m\"\n"},
                                {system, "s.toml", "[approvals]\nscopes = [\"once\"]\n\ntimeout = \"1m\"\n"}});
  ASSERT_TRUE(policy);
  EXPECT_EQ((*policy)->describe((*policy)->find("approvals.timeout")->origins.front()), "system s.toml:5");
  EXPECT_EQ((*policy)->describe((*policy)->find("approvals.scopes")->origins.front()), "system s.toml:3");
  EXPECT_EQ((*policy)->describe((*policy)->find("auto_review.ceiling")->origins.front()), "built-in");
}

TEST(Combine, TheDigestIsOfWhatIsSaidAndNotWhere) {
  const std::string text = "[commands]\ndefault = \"ask\"\n";
  const auto a = combined({{system, "a", text}});
  const auto b = combined({{system, "elsewhere", "\n\n" + text}});
  const auto c = combined({{user, "a", text}});
  ASSERT_TRUE(a && b && c);
  EXPECT_EQ((*a)->digest(), (*b)->digest());
  EXPECT_NE((*a)->digest(), (*c)->digest());
  EXPECT_EQ((*a)->digest().size(), 64U);
}

TEST(Combine, TooManyFilesAreRefused) {
  std::vector<Source> many(kMaxLayers, {system, "s", ""});
  EXPECT_EQ(problem(many), "there are 64 policy files: at most 63 are read");
}

TEST(CommandIndex, FindsWhatAPlainSearchFinds) {
  std::mt19937 random(11);
  const Words words = {"a", "b", "c", "d"};
  const auto pick = [&] { return words[random() % words.size()]; };
  for (int round = 0; round < 300; ++round) {
    std::vector<CommandRule> rules(1 + random() % 30);
    CommandIndex index;
    for (std::size_t i = 0; i < rules.size(); ++i) {
      for (std::size_t n = 1 + random() % 3; n > 0; --n) {
        Words position{pick()};
        if (random() % 3 == 0) position.push_back("z" + pick());
        rules[i].prefix.push_back(position);
      }
      index.add(rules[i], 0, static_cast<std::uint32_t>(i));
    }
    for (int look = 0; look < 20; ++look) {
      std::vector<std::string> text;
      for (std::size_t n = 1 + random() % 4; n > 0; --n) text.push_back(random() % 5 == 0 ? "z" + pick() : pick());
      std::vector<ToolWord> argv;
      for (const std::string& word : text) argv.push_back({word});
      std::vector<std::uint32_t> found;
      index.find(argv.front().text, std::span(argv).subspan(1),
                 [&](const RuleRef& ref, std::span<const ToolWord>) { found.push_back(ref.rule); });
      std::ranges::sort(found);
      std::vector<std::uint32_t> wanted;
      for (std::size_t i = 0; i < rules.size(); ++i) {
        bool is_match = rules[i].prefix.size() <= text.size();
        for (std::size_t p = 0; is_match && p < rules[i].prefix.size(); ++p)
          is_match = std::ranges::find(rules[i].prefix[p], text[p]) != rules[i].prefix[p].end();
        if (is_match) wanted.push_back(static_cast<std::uint32_t>(i));
      }
      ASSERT_EQ(found, wanted);
    }
  }
}

}  // namespace
}  // namespace bailiwick
