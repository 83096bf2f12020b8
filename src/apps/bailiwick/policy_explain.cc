#include "policy_explain.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "referee/cases.h"
#include "referee/command.h"

namespace bailiwick {
namespace {

// What both forms of output say; made by each kind of action.
struct Explanation {
  std::string subject;
  Decision decision = Decision::allow;
  bool is_complete = true;
  std::string reason;
  std::string gap;
  std::vector<MatchedCause> matched;
  std::vector<JudgedPart> parts;
  Risk risk = Risk::low;
  std::string risk_reason;
  Decision would = Decision::allow;
};

void add_matched(std::vector<MatchedCause>& all, const std::vector<MatchedCause>& more) {
  for (const MatchedCause& cause : more) {
    const bool is_there =
        std::ranges::any_of(all, [&](const MatchedCause& other) { return other.cause == cause.cause; });
    if (!is_there) all.push_back(cause);
  }
}

std::vector<std::string> texts(const std::vector<ShellWord>& words) {
  std::vector<std::string> out;
  for (const ShellWord& word : words) out.push_back(word.text);
  return out;
}

std::string line_of(const std::vector<ShellWord>& words) {
  if (words.empty()) return "(a script that cannot be read)";
  std::string out;
  for (const ShellWord& word : words) {
    if (!out.empty()) out += ' ';
    out += word.is_literal ? shell_quote(word.text) : word.text;
  }
  return printable(shorten(out, 200));
}

Explanation explain_command(JudgedCommand judged, const Policy& policy, std::string subject) {
  Explanation out{.subject = std::move(subject),
                  .decision = judged.decision,
                  .is_complete = judged.is_complete,
                  .gap = judged.gap,
                  .risk = judged.risk};
  if (judged.parts.empty()) {
    out.reason = "nothing runs";
    return out;
  }
  const Verdict& verdict = judged.parts[judged.decided_by].verdict;
  out.reason = judged.asks_for_gap ? fmt::format("not all of it can be read, and no gate will see it: {}", judged.gap)
                                   : explain(policy, verdict);
  for (const JudgedPart& part : judged.parts) {
    add_matched(out.matched, part.matched);
    out.would = std::max(out.would, part.verdict.would);
    if (part.verdict.risk == judged.risk && out.risk_reason.empty())
      out.risk_reason = std::string(part.verdict.risk_reason);
  }
  out.would = std::max(out.would, out.decision);
  out.parts = std::move(judged.parts);
  return out;
}

Explanation explain_verdict(const Verdict& verdict, std::vector<MatchedCause> matched, const Policy& policy,
                            std::string subject) {
  return {.subject = std::move(subject),
          .decision = verdict.decision,
          .is_complete = verdict.is_complete,
          .reason = explain(policy, verdict),
          .gap = verdict.is_complete ? "" : "what is not known yet could still change it",
          .matched = std::move(matched),
          .parts = {},
          .risk = verdict.risk,
          .risk_reason = std::string(verdict.risk_reason),
          .would = verdict.would};
}

Node json_of(const Explanation& out, const Policy& policy) {
  Node root;
  put(root, "decision", json_text(name_of(out.decision)));
  put(root, "complete", json_bool(out.is_complete));
  put(root, "reason", json_text(out.reason));
  if (!out.gap.empty()) put(root, "gap", json_text(out.gap));
  if (out.would != out.decision) put(root, "would", json_text(name_of(out.would)));
  Node matched{.kind = NodeKind::array};
  for (const MatchedCause& cause : out.matched) {
    Node row;
    const Origin origin{cause.cause.layer, cause.cause.place};
    put(row, "rule", json_text(cause.rule));
    put(row, "decision", json_text(name_of(cause.decision)));
    put(row, "layer", json_text(name_of(policy.layers()[origin.layer].kind)));
    put(row, "source", json_text(policy.source(origin)));
    matched.items.push_back(std::move(row));
  }
  put(root, "matched", std::move(matched));
  Node parts{.kind = NodeKind::array};
  for (const JudgedPart& part : out.parts) {
    Node row;
    put(row, "argv", json_list(texts(part.command.argv)));
    put(row, "via", json_list(part.command.via));
    put(row, "decision", json_text(name_of(part.verdict.decision)));
    put(row, "complete", json_bool(part.is_complete));
    put(row, "risk", json_text(name_of(part.verdict.risk)));
    put(row, "reason", json_text(explain(policy, part.verdict)));
    parts.items.push_back(std::move(row));
  }
  put(root, "parts", std::move(parts));
  put(root, "risk", json_text(name_of(out.risk)));
  put(root, "policy_digest", json_text(policy.digest()));
  put(root, "schema", json_number(1));
  return root;
}

std::string text_of(const Explanation& out, const Policy& policy) {
  std::string text = fmt::format("{:<6} {}\n       {}\n", name_of(out.decision), out.subject, out.reason);
  if (out.would != out.decision)
    text += fmt::format("       would be {} if no layer only observed\n", name_of(out.would));
  if (out.risk > Risk::low)
    text += fmt::format("risk   {}{}{}\n", name_of(out.risk), out.risk_reason.empty() ? "" : ": ", out.risk_reason);
  if (out.parts.size() > 1 || (out.parts.size() == 1 && !out.parts.front().command.via.empty())) {
    text += "parts\n";
    for (const JudgedPart& part : out.parts) {
      std::string via;
      for (const std::string& name : part.command.via) via += (via.empty() ? "  via " : " > ") + printable(name);
      text += fmt::format("  {:<5}  {}{}{}\n", name_of(part.verdict.decision), line_of(part.command.argv), via,
                          part.is_complete ? "" : "  (not all of it can be read)");
    }
  }
  if (!out.matched.empty()) {
    text += "said\n";
    std::size_t width = 0;
    for (const MatchedCause& cause : out.matched) width = std::max(width, std::min<std::size_t>(cause.rule.size(), 50));
    for (const MatchedCause& cause : out.matched)
      text += fmt::format("  {:<5}  {:<{}}  {}\n", name_of(cause.decision), printable(shorten(cause.rule, 50)), width,
                          policy.describe({cause.cause.layer, cause.cause.place}));
  }
  if (!out.is_complete && !out.gap.empty()) text += fmt::format("open   {}\n", printable(out.gap));
  return text + fmt::format("policy {}\n", policy.digest().substr(0, 16));
}

}  // namespace

Result<int> run_explain(const PolicyArguments& arguments, const std::vector<std::string>& environment) {
  TRY_ASSIGN(const PolicyContext context, find_context(environment, arguments.directory));
  TRY_ASSIGN(const LoadedPolicy loaded, policy_for(context, arguments.policies));
  const Policy& policy = *loaded.policy;
  const Surroundings around(context.workspace, context.directory, context.places.home);
  const Gate gate = arguments.without_gate ? Gate::absent : Gate::present;
  ProgramFinder finder(loaded.policy, context.search, writable_places(policy, context.workspace, context.directory));
  const LookUp look_up = finder.look_up();
  Explanation out;
  if (arguments.action == "exec") {
    std::vector<ShellWord> argv;
    for (const std::string& word : arguments.words) argv.push_back({word, true});
    out =
        explain_command(judge_command(argv, policy, around, gate, look_up, Detail::explanation), policy, line_of(argv));
  } else if (arguments.action == "shell") {
    const std::string& text = arguments.words.front();
    out = explain_command(judge_shell(text, policy, around, gate, look_up, Detail::explanation), policy,
                          printable(shorten(text, 200)));
  } else if (arguments.action == "net") {
    TRY_ASSIGN(ConnectAction action, parse_destination(arguments.words.front()));
    action.method = arguments.method;
    std::ranges::transform(action.method, action.method.begin(),
                           [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
    action.path = arguments.path;
    std::vector<MatchedCause> matched;
    const Verdict verdict = judge(action, policy, &matched);
    out = explain_verdict(verdict, std::move(matched), policy,
                          fmt::format("connect to {} port {}", action.host, action.port));
  } else if (arguments.action == "mcp") {
    if (arguments.words.size() != 2) return fail(ErrorKind::usage, "`mcp` takes a server and a tool");
    std::vector<MatchedCause> matched;
    const Verdict verdict = judge(
        McpAction{.server = arguments.words[0], .tool = arguments.words[1], .command = {}, .arguments = {}, .url = {}},
        policy, &matched);
    out = explain_verdict(
        verdict, std::move(matched), policy,
        fmt::format("tool {} of MCP server {}", printable(arguments.words[1]), printable(arguments.words[0])));
  } else {
    const FileAccess access = arguments.action == "read" ? FileAccess::read : FileAccess::write;
    std::vector<MatchedCause> matched;
    const Verdict verdict =
        judge(FileAction{.access = access, .path = arguments.words.front()}, policy, around, &matched);
    out = explain_verdict(verdict, std::move(matched), policy,
                          fmt::format("{} {}", arguments.action, printable(around.normal(arguments.words.front()))));
  }
  if (arguments.is_json) {
    TRY(print_json(json_of(out, policy)));
  } else {
    TRY(print_text(text_of(out, policy)));
  }
  return 0;
}

}  // namespace bailiwick
