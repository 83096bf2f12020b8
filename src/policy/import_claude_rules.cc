#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "policy/glob.h"
#include "policy/host_pattern.h"
#include "policy/import_claude.h"
#include "policy/rules_file.h"

namespace bailiwick {
namespace {

constexpr std::array kOtherTools{
    LeftOutKey{"WebSearch", "the provider searches, not this machine: set it in the agent's own file"},
    LeftOutKey{"Task", "subagents are under the same policy"},
    LeftOutKey{"Agent", "subagents are under the same policy"},
    LeftOutKey{"Skill", "what a skill does is judged action by action"},
    LeftOutKey{"SlashCommand", "what a slash command does is judged action by action"},
    LeftOutKey{"PowerShell", "about Windows only"},
    LeftOutKey{"TodoWrite", "it has no effect outside the agent"},
    LeftOutKey{"TodoRead", "it has no effect outside the agent"},
    LeftOutKey{"ExitPlanMode", "it has no effect outside the agent"},
    LeftOutKey{"EnterPlanMode", "it has no effect outside the agent"},
    LeftOutKey{"AskUserQuestion", "it has no effect outside the agent"},
    LeftOutKey{"BashOutput", "it has no effect outside the agent"},
    LeftOutKey{"KillShell", "it has no effect outside the agent"},
    LeftOutKey{"KillBash", "it has no effect outside the agent"},
    LeftOutKey{"Monitor", "the commands that it starts are judged"},
    LeftOutKey{"LSP", "the programs that it starts are judged"},
};

bool is_one_of(std::string_view word, std::initializer_list<std::string_view> words) {
  return std::ranges::find(words, word) != words.end();
}

bool is_plain_word(std::string_view word) {
  return !word.empty() && word.find_first_of(" \t\n\r?[]{}()|&;<>$`\"'\\#~!=") == std::string_view::npos;
}

void read_command(ClaudeImport& in, const std::string& key, Place place, const ClaudeRule& rule, Decision decision) {
  const ClaudeCommand command = rule.has_what ? read_claude_command(rule.what) : ClaudeCommand{};
  if (command.is_lost) {
    std::string note =
        "no whole words before its first wildcard: write [[command]] with the words that the command starts with";
    // The name itself, at least.
    const auto name = rule.what.substr(0, rule.what.find_first_of("*:"));
    if (decision != Decision::allow && is_plain_word(name)) {
      in.policy.command({.prefix = {{std::string(name)}}, .decision = decision, .place = place});
      note += fmt::format("; only {} itself is covered", quoted(name));
    }
    return in.policy.left_out(key, place, note);
  }
  if (command.words.empty()) {
    if (!command.is_exact && decision == Decision::allow) {
      return in.policy.left_out(key, place, "cannot be said as words that a command starts with: not allowed");
    }
    if (!in.all_commands || *in.all_commands < decision) {
      in.all_commands = decision;
      in.all_commands_place = place;
    }
    return in.policy.carried(key, place, fmt::format("[commands] default = \"{}\"", name_of(decision)));
  }
  if (!command.is_exact && decision == Decision::allow) {
    return in.policy.left_out(key, place,
                              "a prefix would allow more than this: not allowed; write [[command]] if every command "
                              "that starts with these words may run");
  }
  if (decision < in.all_commands.value_or(Decision::allow)) {
    return in.policy.tightened(
        key, place,
        fmt::format("without effect, as in the original: every command is \"{}\"", name_of(*in.all_commands)));
  }
  CommandRule out{.prefix = {}, .decision = decision, .place = place};
  for (const std::string& word : command.words) out.prefix.push_back({word});
  const std::string words = prefix_text(out.prefix);
  if (in.policy.command(std::move(out)) == CommandFit::lost) {
    in.policy.left_out(key, place, "its words cannot be said: a program is a name or an absolute path");
  } else if (command.is_exact) {
    in.policy.carried(key, place, fmt::format("[[command]] {}", quoted(words)));
  } else {
    in.policy.tightened(key, place, fmt::format("[[command]] {}: every command that starts so", quoted(words)));
  }
}

void read_fetch(ClaudeImport& in, const std::string& key, Place place, const ClaudeRule& rule, Decision decision) {
  constexpr std::string_view kDomain = "domain:";
  if (!rule.has_what || !rule.what.starts_with(kDomain)) {
    return in.policy.left_out(
        key, place,
        decision == Decision::allow
            ? "no host is named: not allowed; name the hosts in [network.hosts]"
            : fmt::format("the agent's own requests are not told from those of its commands: "
                          "write [network] default = \"{}\" and name the hosts that may be reached",
                          name_of(decision)));
  }
  const std::string_view domain = rule.what.substr(kDomain.size());
  ImportedHost host = read_foreign_host(domain, decision);
  if (host.pattern.empty()) {
    return in.policy.left_out(key, place,
                              quoted(domain) + " cannot be said as a pattern: name the hosts, or write `*.x`");
  }
  // Whether a name stands for its subdomains, too, differs between versions of the original.
  if (decision != Decision::allow && host.is_exact && !parse_address(host.pattern) && !host.pattern.starts_with('*')) {
    host.pattern = "**." + host.pattern;
  }
  in.policy.host({.pattern = host.pattern, .decision = decision, .place = place});
  const std::string note =
      fmt::format("[network.hosts] {} = \"{}\", for commands, too", quoted(host.pattern), name_of(decision));
  if (host.is_less) {
    in.policy.left_out(key, place, note + "; no name with more labels: name the whole domain, with `**.x`");
  } else if (decision == Decision::allow && host.is_exact && !host.is_private) {
    in.policy.carried(key, place, note);
  } else {
    in.policy.tightened(key, place, note);
  }
}

// `path` with the slashes at its end, and `/**`, taken away.
std::string_view directory_of(std::string_view path) {
  while (path.ends_with("/**") || path.ends_with("/*") || (path.size() > 1 && path.ends_with('/'))) {
    path.remove_suffix(path.ends_with("/**") ? 3 : path.ends_with("/*") ? 2 : 1);
  }
  return path;
}

void read_read(ClaudeImport& in, const std::string& key, Place place, const ClaudeRule& rule, Decision decision) {
  if (decision == Decision::allow) {
    std::string_view path = rule.what;
    if (path.starts_with("//")) path.remove_prefix(1);
    const bool is_rooted = rule.what.starts_with("//") || rule.what.starts_with("~/");
    if (!rule.has_what || !is_rooted) {
      return in.policy.carried(key, place, "the workspace can be read; other places are named in [sandbox] read");
    }
    // `/*` at the end is less than the directory.
    const std::string_view directory = path.ends_with("/*") ? path : directory_of(path);
    if (!is_plain_path(directory)) {
      return in.policy.left_out(key, place, "a pattern: name the directories in [sandbox] read");
    }
    in.policy.add_word("sandbox.read", std::string(directory), place);
    return in.policy.tightened(key, place, "[sandbox] read" + std::string(kWholeList));
  }
  const auto patterns = rule.has_what ? claude_deny_patterns(rule.what) : std::vector<std::string>();
  if (patterns.empty()) {
    return in.policy.left_out(key, place,
                              "cannot be said as a pattern below something: name what must not be read in [sandbox] "
                              "deny_read");
  }
  for (const std::string& pattern : patterns) in.policy.add_word("sandbox.deny_read", pattern, place);
  std::string shown;
  for (const std::string& pattern : patterns) shown += (shown.empty() ? "" : ", ") + quoted(pattern);
  const std::string note = fmt::format("[sandbox] deny_read {}, for commands, too", shown);
  if (decision == Decision::deny && patterns.size() == 1) return in.policy.carried(key, place, note);
  in.policy.tightened(key, place, decision == Decision::deny ? note : note + "; reading does not ask here");
}

void read_edit(ClaudeImport& in, const std::string& key, Place place, const ClaudeRule& rule, Decision decision) {
  const bool is_all = !rule.has_what || is_one_of(rule.what, {"*", "**", "./**", "/**"});
  if (decision == Decision::deny) {
    if (!is_all) {
      return in.policy.left_out(key, place,
                                "single places below the workspace cannot be made read-only: forbid reading them in "
                                "[sandbox] deny_read, or make the workspace read-only with [sandbox] modes");
    }
    in.policy.set("sandbox.modes", words_node({"read-only"}, place));
    return in.policy.tightened(key, place, "[sandbox] modes = [\"read-only\"], for commands, too");
  }
  if (decision == Decision::ask) {
    return in.policy.left_out(
        key, place,
        "edits inside the workspace do not ask: choose [defaults.sandbox] mode = \"read-only\" if "
        "they should");
  }
  std::string_view path = rule.what;
  if (is_all || !(path.starts_with("//") || path.starts_with("~/"))) {
    return in.policy.carried(key, place, "the workspace can be written; other places are named in [sandbox] write");
  }
  if (path.starts_with("//")) path.remove_prefix(1);
  if (!path.ends_with("/**")) {
    return in.policy.left_out(key, place, "not a whole directory: name one in [sandbox] write");
  }
  const std::string_view directory = directory_of(path);
  if (!is_plain_path(directory)) {
    return in.policy.left_out(key, place, "a pattern: name the directories in [sandbox] write");
  }
  in.policy.add_word("sandbox.write", std::string(directory), place);
  in.policy.tightened(key, place, "[sandbox] write" + std::string(kWholeList));
}

// mcp__server, mcp__server__tool
void read_mcp(ClaudeImport& in, const std::string& key, Place place, const ClaudeRule& rule, Decision decision) {
  const std::string_view name = rule.tool.substr(5);
  const auto cut = name.find("__");
  const std::string_view server = name.substr(0, cut);
  std::string_view tool = cut == std::string_view::npos ? std::string_view() : name.substr(cut + 2);
  const auto star = tool.find('*');
  const auto server_star = server.find('*');
  const bool is_said =
      !rule.has_what && !server.empty() &&
      (server_star == std::string_view::npos || (server == "*" && tool.empty() && decision != Decision::allow)) &&
      (cut == std::string_view::npos || !tool.empty());
  if (!is_said || (star != std::string_view::npos && star + 1 != tool.size() && decision == Decision::allow)) {
    return in.policy.left_out(key, place, "cannot be said: name the server and its tools in [mcp.servers]");
  }
  // Widened to the part before the first wildcard.
  const bool is_wider = star != std::string_view::npos && star + 1 != tool.size();
  if (is_wider) tool = tool.substr(0, star + 1);
  if (tool == "*") tool = {};
  ServerRule& out = in.policy.server(server, place);
  if (tool.empty()) {
    out.decision = std::max(out.decision.value_or(decision), decision);
  } else {
    const auto found = std::ranges::find(out.tools, tool, &std::pair<std::string, Decision>::first);
    if (found == out.tools.end()) {
      out.tools.emplace_back(tool, decision);
    } else {
      found->second = std::max(found->second, decision);
    }
  }
  const std::string note = fmt::format("[mcp.servers] {}{}{} = \"{}\"", quoted(server), tool.empty() ? "" : " tool ",
                                       tool.empty() ? std::string() : quoted(tool), name_of(decision));
  is_wider ? in.policy.tightened(key, place, note) : in.policy.carried(key, place, note);
}

}  // namespace

std::optional<ClaudeRule> parse_claude_rule(std::string_view text) {
  text = trim(text);
  const auto open = text.find('(');
  ClaudeRule out{.tool = text.substr(0, open), .what = {}, .has_what = false};
  const bool is_name = !out.tool.empty() && std::ranges::all_of(out.tool, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
           c == '*' || c == '.';
  });
  if (!is_name) return std::nullopt;
  if (open == std::string_view::npos) return out;
  if (!text.ends_with(')')) return std::nullopt;
  out.what = trim(text.substr(open + 1, text.size() - open - 2));
  // `Tool()` counts for all of it, as `Tool` does.
  out.has_what = !out.what.empty();
  return out;
}

ClaudeCommand read_claude_command(std::string_view what) {
  ClaudeCommand out;
  what = trim(what);
  bool is_prefix = false;
  if (what.ends_with(":*")) {
    what.remove_suffix(2);
    is_prefix = true;
  } else if (what.ends_with(" *")) {
    what = trim(what.substr(0, what.size() - 2));
    is_prefix = true;
  }
  if (what == "*" || (what.empty() && is_prefix)) return out;
  out.is_exact = is_prefix;
  // What the shell would not take for plain words: it ends the words, and is no prefix.
  const auto special = what.find_first_of("*?[]{}()|&;<>$`\"'\\#~!\n\r\t=");
  std::string_view plain = what;
  if (special != std::string_view::npos) {
    out.is_exact = false;
    const auto blank = what.find_last_of(" \n\t", special);
    plain = blank == std::string_view::npos ? std::string_view() : what.substr(0, blank);
  }
  out.words = split_words(plain);
  out.is_lost = out.words.empty();
  return out;
}

std::vector<std::string> claude_deny_patterns(std::string_view path) {
  std::string escaped;
  for (const char c : path) {
    // Alternatives are not the original's.
    if (c == '{' || c == '}') escaped += '\\';
    escaped += c;
  }
  std::string_view text = escaped;
  while (text.starts_with("./")) text.remove_prefix(2);
  std::vector<std::string> out;
  // `//x` is absolute there, `/x` lies below the settings' project; many write that for an absolute path, too.
  if (text.starts_with('/')) out.emplace_back(text.substr(1));
  if (!text.starts_with("//")) out.emplace_back(text);
  const auto is_too_wide = [](std::string_view pattern) {
    return pattern.find_first_not_of("*/~") == std::string_view::npos;
  };
  for (const std::string& pattern : out) {
    if (is_too_wide(pattern) || !Glob::parse(pattern)) return {};
  }
  return out;
}

void read_claude_rule(ClaudeImport& in, const std::string& list_key, const Node& item, Decision decision) {
  const Place place = item.place;
  if (item.kind != NodeKind::string) {
    return in.policy.unknown(list_key, place, wrong_kind_note(item, "a string"));
  }
  const std::string key = list_key + " " + quoted(item.text);
  const auto rule = parse_claude_rule(item.text);
  if (!rule) return in.policy.unknown(key, place, "no rule, as in `Tool` or `Tool(what)`: left out");
  if (rule->tool == "Bash") return read_command(in, key, place, *rule, decision);
  if (rule->tool == "WebFetch") return read_fetch(in, key, place, *rule, decision);
  if (is_one_of(rule->tool, {"Read", "Glob", "Grep", "LS", "NotebookRead"})) {
    return read_read(in, key, place, *rule, decision);
  }
  if (is_one_of(rule->tool, {"Edit", "Write", "MultiEdit", "NotebookEdit"})) {
    return read_edit(in, key, place, *rule, decision);
  }
  if (rule->tool.starts_with("mcp__")) return read_mcp(in, key, place, *rule, decision);
  if (rule->tool == "*" && !rule->has_what) {
    if (decision == Decision::allow) {
      return in.policy.left_out(key, place, "everything: not allowed; name what may run unasked");
    }
    in.all_commands = std::max(in.all_commands.value_or(decision), decision);
    in.all_commands_place = place;
    in.policy.set_decision("mcp.default", decision, place);
    ServerRule& all = in.policy.server("*", place);
    all.decision = std::max(all.decision.value_or(decision), decision);
    return in.policy.tightened(key, place, fmt::format("[commands] and [mcp] default = \"{}\"", name_of(decision)));
  }
  const auto* row = std::ranges::find(kOtherTools, rule->tool, &LeftOutKey::key);
  if (row != kOtherTools.end()) return in.policy.left_out(key, place, std::string(row->note));
  in.policy.unknown(key, place, quoted(rule->tool) + " is no tool that is known: left out");
}

}  // namespace bailiwick
