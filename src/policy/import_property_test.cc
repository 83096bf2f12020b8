// An import never loosens: the original's semantics, modelled in small, against the imported rules.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <map>
#include <random>

#include "policy/document.h"
#include "policy/host_pattern.h"
#include "policy/import.h"
#include "policy/layer.h"
#include "policy/rules_file.h"

namespace bailiwick {
namespace {

// From lenient to strict; `none`: nobody says anything, so that the next one decides.
enum class Verdict : std::uint8_t { allow, none, ask, deny };
Verdict verdict_of(Decision decision) {
  if (decision == Decision::allow) return Verdict::allow;
  return decision == Decision::ask ? Verdict::ask : Verdict::deny;
}
// The strictest of the rules that match; `none` counts only where there is none.
struct Strictest {
  Verdict verdict = Verdict::none;
  bool is_set = false;
  void add(Decision decision) {
    const Verdict next = verdict_of(decision);
    verdict = is_set ? std::max(verdict, next) : next;
    is_set = true;
  }
};

using Words = std::vector<std::string>;

// Ours: a rule stands for every program of its name; what is allowed only where the agent cannot write, which a path
// from the workspace is not.
bool ours_matches(const CommandRule& rule, const Words& words) {
  if (words.size() < rule.prefix.size()) return false;
  const bool is_relative = words[0].contains('/') && !words[0].starts_with('/');
  if (is_relative && rule.decision == Decision::allow) return false;
  for (std::size_t i = 0; i < rule.prefix.size(); ++i) {
    const auto has = [&](const std::string& word) {
      return std::ranges::find(rule.prefix[i], word) != rule.prefix[i].end();
    };
    const std::string name = i == 0 ? words[0].substr(words[0].rfind('/') + 1) : words[i];
    if (!has(words[i]) && !has(name)) return false;
  }
  return true;
}

Verdict ours_for_command(const Layer& layer, const Words& words) {
  Strictest out;
  for (const CommandRule& rule : layer.commands) {
    if (ours_matches(rule, words)) out.add(rule.decision);
  }
  const Setting* fallback = layer.find("commands.default");
  if (!out.is_set && fallback != nullptr) out.add(static_cast<Decision>(std::get<std::int64_t>(fallback->value)));
  return out.verdict;
}

Verdict ours_for_host(const Layer& layer, const std::string& host) {
  Strictest out;
  for (const HostRule& rule : layer.hosts) {
    if (matches(*parse_host_pattern(rule.pattern), host)) out.add(rule.decision);
  }
  const Setting* fallback = layer.find("network.default");
  if (!out.is_set && fallback != nullptr) out.add(static_cast<Decision>(std::get<std::int64_t>(fallback->value)));
  return out.verdict;
}

class ImportProperty : public ::testing::Test {
 protected:
  std::size_t pick(std::size_t count) { return std::uniform_int_distribution<std::size_t>(0, count - 1)(random_); }
  template <std::size_t N>
  std::string pick(const std::array<const char*, N>& from) {
    return from[pick(N)];
  }
  Layer imported(ForeignFormat format, const std::string& text) {
    const auto got = import_policy(format, text, "f");
    EXPECT_TRUE(got.has_value()) << got.error().message() << "\n" << text;
    if (!got) return {};
    auto layer = read_layer(got->policy, LayerKind::system, "f");
    EXPECT_TRUE(layer.has_value()) << layer.error().message() << "\n" << text;
    return layer.has_value() ? *std::move(layer) : Layer{};
  }
  std::mt19937 random_{20261125};
};

constexpr std::array kPrograms{"git",     "rm",       "kubectl",     "/usr/bin/git", "/tmp/git",
                               "/opt/rm", "./run.sh", "bin/kubectl", "/usr/bin/run", "run.sh"};
constexpr std::array kArguments{"push", "pull", "-f", "--force", "x", "status", "a b"};

TEST_F(ImportProperty, CodexRules) {
  for (int round = 0; round < 2000; ++round) {
    std::string text;
    for (const char* name : {"git", "rm", "run"}) {
      if (pick(3) != 0) continue;
      text += "host_executable('" + std::string(name) + "', [";
      for (const char* place : {"/usr/bin/", "/tmp/", "/opt/"}) {
        if (pick(2) == 0) text += "'" + std::string(place) + name + "', ";
      }
      text += "])\n";
    }
    const std::size_t count = 1 + pick(5);
    for (std::size_t i = 0; i < count; ++i) {
      text += "prefix_rule([";
      const std::size_t length = 1 + pick(3);
      for (std::size_t j = 0; j < length; ++j) {
        const auto word = [&] { return "'" + (j == 0 ? pick(kPrograms) : pick(kArguments)) + "'"; };
        text += pick(3) == 0 ? "[" + word() + ", " + word() + "], " : word() + ", ";
      }
      text += "], '" + pick(std::array{"allow", "prompt", "forbidden"}) + "')\n";
    }
    const auto file = parse_rules(text, "f");
    ASSERT_TRUE(file.has_value()) << file.error().message() << text;
    const Layer layer = imported(ForeignFormat::codex_rules, text);
    for (int i = 0; i < 40; ++i) {
      Words words{pick(kPrograms)};
      for (std::size_t j = pick(4); j > 0; --j) words.push_back(pick(kArguments));
      Strictest original;
      for (const PrefixRule& rule : file->prefix_rules) {
        if (prefix_matches(rule, words, file->host_executables)) original.add(rule.decision);
      }
      std::string line;
      for (const std::string& word : words) line += word + " ";
      ASSERT_GE(ours_for_command(layer, words), original.verdict) << line << "\n" << text;
    }
  }
}

// `*` and `?` match dots, too; `*.x` and `**.x` are what they say.
bool glob_matches(std::string_view pattern, std::string_view text) {
  if (pattern.empty()) return text.empty();
  if (pattern[0] == '*') {
    return glob_matches(pattern.substr(1), text) || (!text.empty() && glob_matches(pattern, text.substr(1)));
  }
  return !text.empty() && (pattern[0] == '?' || pattern[0] == text[0]) &&
         glob_matches(pattern.substr(1), text.substr(1));
}
bool original_host_matches(const std::string& pattern, const std::string& host) {
  if (pattern.starts_with("**.")) return host == pattern.substr(3) || glob_matches(pattern.substr(1), host);
  return glob_matches(pattern, host);
}

constexpr std::array kHosts{"x.example",         "a.x.example",  "b.a.x.example", "api-1.x.example",
                            "api-1.b.x.example", "y.example",    "10.0.0.1",      "xx.example",
                            "sub.y.example",     "a.xx.example", "apix.y.example"};
constexpr std::array kPatterns{"x.example", "*.x.example",   "**.x.example",   "api-*.x.example", "a?i-1.x.example",
                               "y.example", "*.y.example",   "**.xx.example",  "10.0.0.1",        "a*.y.example",
                               "*",         "b.*.x.example", "**.a*.x.example"};

TEST_F(ImportProperty, CodexDomains) {
  for (int round = 0; round < 2000; ++round) {
    std::map<std::string, bool> domains;
    for (std::size_t i = pick(6); i > 0; --i) domains[pick(kPatterns)] = pick(2) == 0;
    // The original has no `*` among what it denies.
    domains.erase(domains.contains("*") && !domains["*"] ? "*" : "none");
    const bool is_map = pick(2) == 0;
    const bool is_closed = pick(2) == 0;
    std::string text = "[experimental_network]\nenabled = true\n";
    if (is_closed) text += "managed_allowed_domains_only = true\n";
    if (is_map) text += "[experimental_network.domains]\n";
    std::string allowed;
    std::string denied;
    for (const auto& [pattern, is_allowed] : domains) {
      if (is_map) {
        text += "\"" + pattern + "\" = \"" + (is_allowed ? "allow" : "deny") + "\"\n";
      } else {
        (is_allowed ? allowed : denied) += "\"" + pattern + "\", ";
      }
    }
    if (!is_map) text += "allowed_domains = [" + allowed + "]\ndenied_domains = [" + denied + "]\n";
    const Layer layer = imported(ForeignFormat::codex_requirements, text);
    for (const char* host : kHosts) {
      Verdict original = is_closed ? Verdict::deny : Verdict::none;
      for (const auto& [pattern, is_allowed] : domains) {
        if (is_allowed && original_host_matches(pattern, host)) original = Verdict::allow;
      }
      for (const auto& [pattern, is_allowed] : domains) {
        if (!is_allowed && original_host_matches(pattern, host)) original = Verdict::deny;
      }
      ASSERT_GE(ours_for_host(layer, host), original) << host << "\n" << text;
    }
  }
}

TEST_F(ImportProperty, CodexNetworkRules) {
  for (int round = 0; round < 1000; ++round) {
    std::string text;
    std::map<std::string, Verdict> original;
    for (std::size_t i = 1 + pick(6); i > 0; --i) {
      const std::string host = pick(kHosts);
      const std::string decision = pick(std::array{"allow", "prompt", "deny"});
      text += "network_rule('" + host + "', 'https', '" + decision + "')\n";
      if (decision != "prompt") original[host] = decision == "allow" ? Verdict::allow : Verdict::deny;
    }
    const Layer layer = imported(ForeignFormat::codex_rules, text);
    for (const char* host : kHosts) {
      const auto found = original.find(host);
      ASSERT_GE(ours_for_host(layer, host), found == original.end() ? Verdict::none : found->second) << host << "\n"
                                                                                                     << text;
    }
  }
}

// A rule is a text with `*`; `:*` and ` *` at the end stand for "these words, and any others".
bool claude_matches(std::string rule, const std::string& line) {
  if (rule == "*") return true;
  for (const std::string_view end : {":*", " *"}) {
    if (!rule.ends_with(end)) continue;
    rule.resize(rule.size() - 2);
    return glob_matches(rule, line) || glob_matches(rule + " *", line);
  }
  return glob_matches(rule, line);
}

TEST_F(ImportProperty, ClaudeCommands) {
  constexpr std::array kWords{"git", "push", "pull", "--force", "x", "rm", "-rf"};
  constexpr std::array kEnds{"", ":*", " *", "*", " * x"};
  for (int round = 0; round < 3000; ++round) {
    std::array<std::vector<std::string>, 3> rules;
    for (auto& list : rules) {
      for (std::size_t i = pick(4); i > 0; --i) {
        std::string rule = pick(kWords);
        for (std::size_t j = pick(3); j > 0; --j) rule += " " + pick(kWords);
        std::string end = pick(kEnds);
        // A wildcard in the first word cannot be said, and is reported so.
        if (end == "*" && !rule.contains(' ')) end = " *";
        list.push_back(rule + end);
      }
      if (pick(12) == 0) list.emplace_back("*");
    }
    std::string text = "{\"permissions\": {";
    for (std::size_t i = 0; i < 3; ++i) {
      text += (i == 0 ? "\"" : ", \"") + std::string(name_of(static_cast<Decision>(i))) + "\": [";
      for (std::size_t j = 0; j < rules[i].size(); ++j)
        text += (j == 0 ? "\"Bash(" : ", \"Bash(") + rules[i][j] + ")\"";
      text += "]";
    }
    const Layer layer = imported(ForeignFormat::claude_settings, text + "}}");
    for (int i = 0; i < 30; ++i) {
      Words words{pick(kWords)};
      for (std::size_t j = pick(4); j > 0; --j) words.push_back(pick(kWords));
      std::string line;
      for (const std::string& word : words) line += (line.empty() ? "" : " ") + word;
      Strictest original;
      for (std::size_t d = 0; d < 3; ++d) {
        for (const std::string& rule : rules[d]) {
          if (claude_matches(rule, line)) original.add(static_cast<Decision>(d));
        }
      }
      ASSERT_GE(ours_for_command(layer, words), original.verdict) << line << "\n" << text;
    }
  }
}

}  // namespace
}  // namespace bailiwick
