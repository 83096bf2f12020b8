#include "referee/cases.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "base/text.h"

namespace bailiwick {
namespace {

struct Verb {
  std::string_view key;
  CaseKind kind;
};
constexpr auto kVerbs = std::to_array<Verb>({{"exec", CaseKind::exec},
                                             {"shell", CaseKind::shell},
                                             {"net", CaseKind::net},
                                             {"read", CaseKind::read},
                                             {"write", CaseKind::write},
                                             {"mcp", CaseKind::mcp}});

class CaseReader {
 public:
  explicit CaseReader(std::string_view file) : file_(file) {}

  Result<CaseFile> read(const Node& root) {
    CaseFile out{.file = std::string(file_)};
    for (const Member& member : root.members) {
      if (member.key == "policy") {
        TRY_ASSIGN(out.policies, words(member));
      } else if (member.key == "workspace" || member.key == "directory" || member.key == "home") {
        TRY_ASSIGN(std::string value, text(member));
        (member.key == "workspace" ? out.workspace
         : member.key == "home"    ? out.home
                                   : out.directory) = std::move(value);
      } else if (member.key == "case") {
        if (member.value.kind != NodeKind::array)
          return fail_at(file_, member.value.place, "cases are a list: write `[[case]]` above each");
        for (const Node& node : member.value.items) {
          TRY_ASSIGN(Case one, read_case(node));
          out.cases.push_back(std::move(one));
        }
      } else {
        return fail_at(file_, member.place, fmt::format("unknown key `{}` in a case file", printable(member.key)));
      }
    }
    return out;
  }

 private:
  Result<std::string> text(const Member& member) const {
    if (member.value.kind != NodeKind::string)
      return fail_at(file_, member.value.place, fmt::format("`{}` must be a string", member.key));
    return member.value.text;
  }
  Result<std::vector<std::string>> words(const Member& member) const {
    std::vector<std::string> out;
    for (const Node& item : member.value.items) {
      if (item.kind != NodeKind::string)
        return fail_at(file_, item.place, fmt::format("`{}` must be a list of strings", member.key));
      out.push_back(item.text);
    }
    if (member.value.kind != NodeKind::array || out.empty())
      return fail_at(file_, member.value.place, fmt::format("`{}` must be a list of strings", member.key));
    return out;
  }
  Result<bool> boolean(const Member& member) const {
    if (member.value.kind != NodeKind::boolean)
      return fail_at(file_, member.value.place, fmt::format("`{}` must be true or false", member.key));
    return member.value.boolean;
  }

  Result<Case> read_case(const Node& node) const {
    if (node.kind != NodeKind::table) return fail_at(file_, node.place, "a case is a table: write `[[case]]` above it");
    Case out{.place = node.place};
    bool has_action = false;
    bool has_decision = false;
    for (const Member& member : node.members) {
      const auto* verb = std::ranges::find(kVerbs, member.key, &Verb::key);
      if (verb != kVerbs.end()) {
        if (has_action) return fail_at(file_, member.place, "a case has one action");
        has_action = true;
        out.kind = verb->kind;
        if (verb->kind == CaseKind::exec || verb->kind == CaseKind::mcp) {
          TRY_ASSIGN(out.words, words(member));
          if (verb->kind == CaseKind::mcp && out.words.size() != 2)
            return fail_at(file_, member.place, "`mcp` is a server and a tool");
        } else {
          TRY_ASSIGN(std::string value, text(member));
          out.words.push_back(std::move(value));
        }
      } else if (member.key == "decision") {
        TRY_ASSIGN(const std::string name, text(member));
        const auto found = find_decision(name);
        if (!found) return fail_at(file_, member.value.place, "`decision` must be \"allow\", \"ask\" or \"deny\"");
        out.decision = *found;
        has_decision = true;
      } else if (member.key == "risk") {
        TRY_ASSIGN(const std::string name, text(member));
        out.risk = find_risk(name);
        if (!out.risk)
          return fail_at(file_, member.value.place, "`risk` must be \"low\", \"medium\", \"high\" or \"critical\"");
      } else if (member.key == "complete") {
        TRY_ASSIGN(out.is_complete, boolean(member));
      } else if (member.key == "gate") {
        TRY_ASSIGN(const bool gate, boolean(member));
        out.gate = gate ? Gate::present : Gate::absent;
      } else if (member.key == "method" || member.key == "path" || member.key == "source") {
        TRY_ASSIGN(std::string value, text(member));
        (member.key == "method" ? out.method : member.key == "path" ? out.path : out.source) = std::move(value);
      } else {
        return fail_at(file_, member.place, fmt::format("unknown key `{}` in a case", printable(member.key)));
      }
    }
    if (!has_action) return fail_at(file_, node.place, "this case has no action: exec, shell, net, read, write or mcp");
    if (!has_decision) return fail_at(file_, node.place, "this case has no `decision`");
    return out;
  }

  std::string_view file_;
};

struct Outcome {
  Decision decision = Decision::allow;
  bool is_complete = true;
  Risk risk = Risk::low;
  std::string why, source;
};

Outcome outcome_of(const Policy& policy, const Verdict& verdict) {
  return {.decision = verdict.decision,
          .is_complete = verdict.is_complete,
          .risk = verdict.risk,
          .why = explain(policy, verdict),
          .source = policy.source({verdict.cause.layer, verdict.cause.place})};
}

Outcome outcome_of(const Policy& policy, const JudgedCommand& judged) {
  Outcome out;
  if (!judged.parts.empty()) out = outcome_of(policy, judged.parts[judged.decided_by].verdict);
  out.decision = judged.decision;
  out.is_complete = judged.is_complete;
  out.risk = judged.risk;
  if (judged.asks_for_gap) out.why = judged.gap;
  return out;
}

Result<Outcome> run_case(const Case& one, const CaseFile& file, const Policy& policy) {
  const Surroundings around(file.workspace, file.directory.empty() ? file.workspace : file.directory, file.home);
  switch (one.kind) {
    case CaseKind::exec: {
      std::vector<ShellWord> argv;
      for (const std::string& word : one.words) argv.push_back({word, true});
      return outcome_of(policy, judge_command(argv, policy, around, one.gate, {}, Detail::verdict));
    }
    case CaseKind::shell:
      return outcome_of(policy, judge_shell(one.words.front(), policy, around, one.gate, {}, Detail::verdict));
    case CaseKind::net: {
      TRY_ASSIGN(ConnectAction action, parse_destination(one.words.front()));
      action.method = one.method;
      action.path = one.path;
      return outcome_of(policy, judge(action, policy));
    }
    case CaseKind::read:
    case CaseKind::write:
      return outcome_of(policy,
                        judge(FileAction{.access = one.kind == CaseKind::read ? FileAccess::read : FileAccess::write,
                                         .path = one.words.front()},
                              policy, around));
    case CaseKind::mcp:
      return outcome_of(policy, judge(McpAction{.server = one.words[0], .tool = one.words[1]}, policy));
  }
  return Outcome{};
}

}  // namespace

bool is_case_file(const Node& root) { return root.find("case") != nullptr; }

Result<CaseFile> read_cases(const Node& root, std::string_view file) { return CaseReader(file).read(root); }

Result<ConnectAction> parse_destination(std::string_view text) {
  ConnectAction out;
  if (text.contains("://") || text.contains('/'))
    return fail(ErrorKind::invalid,
                fmt::format("`{}` is no host name: write HOST or HOST:PORT, without scheme and path", printable(text)));
  std::string_view host = text;
  const std::size_t colon = text.rfind(':');
  const bool is_bare_ipv6 = colon != std::string_view::npos && text.find(':') != colon && !text.starts_with('[');
  if (colon != std::string_view::npos && !is_bare_ipv6 && (!text.starts_with('[') || text[colon - 1] == ']')) {
    const auto port = parse_number(text.substr(colon + 1), 1, 65535);
    if (!port)
      return fail(ErrorKind::invalid,
                  fmt::format("`{}`: the port is no whole number from 1 to 65535", printable(text)));
    out.port = static_cast<std::uint16_t>(*port);
    host = text.substr(0, colon);
  }
  TRY_ASSIGN(out.host, normal_host(host));
  return out;
}

std::vector<CaseResult> run_cases(const CaseFile& file, const Policy& policy) {
  std::vector<CaseResult> out;
  for (const Case& one : file.cases) {
    CaseResult result{.place = one.place};
    result.text =
        fmt::format("{} `{}`", std::ranges::find(kVerbs, one.kind, &Verb::kind)->key,
                    one.kind == CaseKind::exec ? shell_join(one.words) : fmt::format("{}", fmt::join(one.words, " ")));
    const auto got = run_case(one, file, policy);
    if (!got) {
      result.problem = got.error().message();
    } else if (got->decision != one.decision) {
      result.problem = fmt::format("wanted {}, got {}: {}", name_of(one.decision), name_of(got->decision), got->why);
    } else if (one.is_complete && *one.is_complete != got->is_complete) {
      result.problem = fmt::format("wanted a {} verdict, and it is {}", *one.is_complete ? "complete" : "incomplete",
                                   got->is_complete ? "complete" : "incomplete");
    } else if (one.risk && *one.risk != got->risk) {
      result.problem = fmt::format("wanted risk {}, got {}", name_of(*one.risk), name_of(got->risk));
    } else if (!one.source.empty() && !got->source.ends_with(one.source)) {
      result.problem = fmt::format("wanted the verdict of {}, got that of {}", one.source, got->source);
    } else {
      result.is_right = true;
    }
    out.push_back(std::move(result));
  }
  return out;
}

}  // namespace bailiwick
