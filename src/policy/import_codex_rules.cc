// Codex's .rules files, read by rules_file.h.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "policy/import_builder.h"
#include "policy/rules_file.h"

namespace bailiwick {
namespace {

const HostExecutable* find_executable(const RulesFile& file, std::string_view name) {
  for (auto entry = file.host_executables.rbegin(); entry != file.host_executables.rend(); ++entry) {
    if (entry->name == name) return &*entry;
  }
  return nullptr;
}

// Commands that others run in.
constexpr std::array<std::string_view, 22> kSeenThrough{
    "bash", "busybox", "chroot",   "dash",   "doas", "env",  "eval",    "exec", "find",  "fish",  "ksh",
    "nice", "nohup",   "parallel", "setsid", "sh",   "sudo", "timeout", "time", "watch", "xargs", "zsh"};

bool is_plain_choice(const std::vector<std::string>& words) {
  return std::ranges::all_of(words, [](const std::string& word) {
    return !word.empty() && !word.starts_with('-') && word.size() < 200 &&
           word.find_first_of("/=\n\r\t") == std::string::npos;
  });
}

// Ours stands for every program of the name. So a rule that allows names the listed paths instead.
// False: nothing is left.
bool narrow_to_paths(std::vector<std::string>& programs, const RulesFile& file, bool& is_narrowed) {
  std::vector<std::string> out;
  for (const std::string& program : programs) {
    const HostExecutable* entry = find_executable(file, program);
    if (entry == nullptr) {
      out.push_back(program);
      continue;
    }
    is_narrowed = true;
    for (const std::string& path : entry->paths) {
      if (path.starts_with('/') && std::ranges::find(out, path) == out.end()) out.push_back(path);
    }
  }
  programs = std::move(out);
  return !programs.empty();
}

void read_prefix_rule(PolicyBuilder& policy, const std::string& key, const PrefixRule& from, const RulesFile& file) {
  CommandRule rule{.prefix = from.pattern,
                   .decision = from.decision,
                   .reason = std::string(trim(from.justification)),
                   .place = from.place};
  const std::string shown = quoted(prefix_text(rule.prefix));
  bool has_paths = false;
  std::string note = fmt::format("[[command]] {}", shown);
  if (from.decision == Decision::allow) {
    if (!narrow_to_paths(rule.prefix[0], file, has_paths)) {
      policy.left_out(key, from.place,
                      fmt::format("{} is allowed by no path of its host_executable(): name one", shown));
      return;
    }
    if (has_paths) note += ", by the paths of its host_executable() only";
    note += ": it is not asked about, and stays in the sandbox, which the original lets it leave";
  } else {
    has_paths = std::ranges::any_of(rule.prefix[0],
                                    [&](const std::string& name) { return find_executable(file, name) != nullptr; });
    if (has_paths)
      note += ": it holds for the program at every path, also at those that host_executable() does not list";
  }
  for (const RulesExample& example : from.match) {
    // An example by path depends on where programs lie, one of a shell or with options on what is seen through.
    const bool is_plain =
        !has_paths && std::ranges::all_of(from.pattern, is_plain_choice) && is_plain_choice(example.words);
    if (is_plain && std::ranges::find(kSeenThrough, example.words[0]) == kSeenThrough.end()) {
      rule.match.push_back({.text = shell_join(example.words), .place = example.place});
    }
  }
  if (!from.not_match.empty()) note += "; `not_match` was tried as tokens, ours sees through options and shells";
  const CommandFit fit = policy.command(std::move(rule));
  if (fit == CommandFit::lost) {
    policy.left_out(key, from.place, fmt::format("{} cannot be said: a program is a name or an absolute path", shown));
    return;
  }
  const bool is_carried = from.decision != Decision::allow && !has_paths && fit == CommandFit::same;
  is_carried ? policy.carried(key, from.place, note) : policy.tightened(key, from.place, note);
}

void read_network_rule(PolicyBuilder& policy, const std::string& key, const NetworkRule& rule, bool is_only) {
  ImportedHost host = read_foreign_host(rule.host, rule.decision);
  if (host.pattern.empty()) {
    policy.left_out(key, rule.place,
                    fmt::format("{} is no host name: name the host in [network.hosts]", quoted(rule.host)));
    return;
  }
  HostRule out{.pattern = host.pattern,
               .decision = rule.decision,
               .reason = std::string(trim(rule.justification)),
               .place = rule.place};
  std::string note = fmt::format("[network.hosts] {} = \"{}\"", quoted(host.pattern), name_of(rule.decision));
  bool is_tightened = !is_only;
  if (!is_only) note += "; of several rules for one host the strictest holds, in the original the last one";
  if (rule.decision == Decision::ask) {
    note += "; the original leaves it out";
    is_tightened = true;
  }
  if (host.is_private && rule.decision == Decision::allow) {
    note += "; an address that is not public needs `addresses` here";
    is_tightened = true;
  }
  policy.host(std::move(out));
  is_tightened ? policy.tightened(key, rule.place, note) : policy.carried(key, rule.place, note);
}

}  // namespace

Result<Imported> import_codex_rules(std::string_view text, std::string_view file) {
  TRY_ASSIGN(const RulesFile rules, parse_rules(text, file));
  PolicyBuilder policy;
  for (std::size_t i = 0; i < rules.prefix_rules.size(); ++i) {
    read_prefix_rule(policy, fmt::format("prefix_rule[{}]", i), rules.prefix_rules[i], rules);
  }
  for (std::size_t i = 0; i < rules.host_executables.size(); ++i) {
    const HostExecutable& entry = rules.host_executables[i];
    policy.tightened(
        fmt::format("host_executable[{}]", i), entry.place,
        fmt::format("what is allowed for {} holds for these paths, all else for every path", quoted(entry.name)));
  }
  for (std::size_t i = 0; i < rules.network_rules.size(); ++i) {
    const NetworkRule& rule = rules.network_rules[i];
    read_network_rule(policy, fmt::format("network_rule[{}]", i), rule,
                      std::ranges::count(rules.network_rules, rule.host, &NetworkRule::host) == 1);
  }
  return std::move(policy).finish();
}

}  // namespace bailiwick
