// Imports never loosen, with the real judge: what the original asks about or forbids, we do at least.
#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <random>

#include "policy/import.h"
#include "referee/sample.h"

namespace bailiwick {
namespace {

using Words = std::vector<std::string>;

struct Rule {
  std::vector<Words> pattern;
  Decision decision;
};

const Words& programs() {
  static const Words list = {"git", "kubectl", "frob", "npm", "gh"};
  return list;
}
const Words& verbs() {
  static const Words list = {"push", "delete", "get", "-f", "x", "pr", "view"};
  return list;
}

template <class T>
const T& one_of(std::mt19937& random, const std::vector<T>& list) {
  return list[random() % list.size()];
}

std::vector<Rule> random_rules(std::mt19937& random) {
  std::vector<Rule> out(1 + random() % 8);
  for (Rule& rule : out) {
    for (std::size_t i = 0, n = 1 + random() % 3; i < n; ++i) {
      Words position{one_of(random, i == 0 ? programs() : verbs())};
      const std::string& more = one_of(random, i == 0 ? programs() : verbs());
      if (random() % 3 == 0 && more != position.front()) position.push_back(more);
      rule.pattern.push_back(std::move(position));
    }
    rule.decision = static_cast<Decision>(random() % 3);
  }
  return out;
}

// As Codex judges: word by word, the base name for an absolute path, the strictest of those that match.
std::optional<Decision> original(const std::vector<Rule>& rules, Words argv) {
  if (argv.front().starts_with('/')) argv.front() = argv.front().substr(argv.front().rfind('/') + 1);
  std::optional<Decision> out;
  for (const Rule& rule : rules) {
    bool is_match = rule.pattern.size() <= argv.size();
    for (std::size_t i = 0; is_match && i < rule.pattern.size(); ++i)
      is_match = std::ranges::find(rule.pattern[i], argv[i]) != rule.pattern[i].end();
    if (is_match) out = out ? std::max(*out, rule.decision) : rule.decision;
  }
  return out;
}

std::string quoted(const Words& words) {
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "\"" : ", \"") + word + "\"";
  return words.size() == 1 ? out : "[" + out + "]";
}

std::string as_rules(const std::vector<Rule>& rules) {
  static constexpr const char* kNames[] = {"allow", "prompt", "forbidden"};
  std::string out;
  for (const Rule& rule : rules) {
    out += "prefix_rule(pattern = [";
    for (const Words& position : rule.pattern) out += quoted(position) + ", ";
    out += "], decision = \"" + std::string(kNames[static_cast<int>(rule.decision)]) + "\")\n";
  }
  return out;
}

std::string as_requirements(const std::vector<Rule>& rules) {
  std::string out;
  for (const Rule& rule : rules) {
    if (rule.decision == Decision::allow) continue;
    out += "[[rules.prefix_rules]]\npattern = [";
    for (const Words& position : rule.pattern) {
      std::string all;
      for (const std::string& word : position) all += (all.empty() ? "\"" : ", \"") + word + "\"";
      out += (position.size() == 1 ? "{ token = " + all + " }, " : "{ any_of = [" + all + "] }, ");
    }
    out += std::string("]\ndecision = \"") + (rule.decision == Decision::ask ? "prompt" : "forbidden") + "\"\n";
  }
  return out;
}

std::string as_claude(const std::vector<Rule>& rules) {
  std::string lists[3];
  for (const Rule& rule : rules) {
    std::string prefix;
    for (const Words& position : rule.pattern) prefix += (prefix.empty() ? "" : " ") + position.front();
    std::string& list = lists[static_cast<int>(rule.decision)];
    list += (list.empty() ? "\"Bash(" : ", \"Bash(") + prefix + ":*)\"";
  }
  return "{\"permissions\": {\"allow\": [" + lists[0] + "], \"ask\": [" + lists[1] + "], \"deny\": [" + lists[2] +
         "]}}";
}

std::shared_ptr<const Policy> imported(ForeignFormat format, const std::string& text, std::string_view file) {
  const auto result = import_policy(format, text, file);
  if (!result) {
    ADD_FAILURE() << result.error().message() << "\n" << text;
    return *build_policy({}, "/home/dev");
  }
  auto layer = read_layer(result->policy, LayerKind::system, file);
  if (!layer) {
    ADD_FAILURE() << layer.error().message();
    return *build_policy({}, "/home/dev");
  }
  std::vector<Layer> layers;
  layers.push_back(std::move(*layer));
  const auto policy = build_policy(std::move(layers), "/home/dev");
  if (!policy) ADD_FAILURE() << policy.error().message();
  return policy ? *policy : *build_policy({}, "/home/dev");
}

void compare(std::mt19937& random, const std::vector<Rule>& rules, const Policy& policy, const std::string& text) {
  for (int i = 0; i < 40; ++i) {
    Words argv{(random() % 5 == 0 ? "/usr/bin/" : "") + one_of(random, programs())};
    for (std::size_t n = random() % 4; n > 0; --n) argv.push_back(one_of(random, verbs()));
    const auto theirs = original(rules, argv);
    const Verdict ours = judge_words(policy, argv);
    if (theirs) {
      ASSERT_GE(ours.decision, *theirs) << testing::PrintToString(argv) << "\n" << text;
    }
  }
}

TEST(ImportJudge, RulesFilesNeverLoosen) {
  std::mt19937 random(21);
  for (int round = 0; round < 150; ++round) {
    const auto rules = random_rules(random);
    const std::string text = as_rules(rules);
    compare(random, rules, *imported(ForeignFormat::codex_rules, text, "a.rules"), text);
    if (HasFailure()) return;
  }
}

TEST(ImportJudge, RequirementsNeverLoosen) {
  std::mt19937 random(22);
  for (int round = 0; round < 150; ++round) {
    const auto rules = random_rules(random);
    const std::string text = as_requirements(rules);
    std::vector<Rule> strict;
    for (const Rule& rule : rules)
      if (rule.decision != Decision::allow) strict.push_back(rule);
    compare(random, strict, *imported(ForeignFormat::codex_requirements, text, "requirements.toml"), text);
    if (HasFailure()) return;
  }
}

TEST(ImportJudge, ClaudeSettingsNeverLoosen) {
  std::mt19937 random(23);
  for (int round = 0; round < 150; ++round) {
    auto rules = random_rules(random);
    for (Rule& rule : rules)
      for (Words& position : rule.pattern) position.resize(1);
    const std::string text = as_claude(rules);
    compare(random, rules, *imported(ForeignFormat::claude_settings, text, "settings.json"), text);
    if (HasFailure()) return;
  }
}

// The originals let a path, a shell or a launcher pass by; we do not.
TEST(ImportJudge, WhatPassedTheOriginalDoesNotPassHere) {
  const auto policy = imported(ForeignFormat::codex_rules,
                               "prefix_rule(pattern=[\"git\", \"push\"], decision=\"forbidden\")\n", "a.rules");
  for (const char* line : {"/tmp/git push", "env X=1 git push", "git -C sub push", "zsh -lc 'git push'",
                           "sudo git push", "timeout 5 git push 2>&1 | tail", "xargs git push"})
    EXPECT_EQ(judge_line(*policy, line).decision, Decision::deny) << line;
}

}  // namespace
}  // namespace bailiwick
