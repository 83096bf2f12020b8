#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/text.h"
#include "policy/tool_calls.h"
#include "referee/command.h"
#include "referee/lint_parts.h"

namespace bailiwick::lint_parts {
namespace {

using Kind = LintFinding::Kind;
using Words = std::vector<std::string>;

constexpr std::size_t kMaxSpellings = 128;  // of one rule that are looked at

std::string base_of(const std::string& program) { return program.substr(program.rfind('/') + 1); }

bool has(const Words& words, const std::string& word) { return std::ranges::find(words, word) != words.end(); }

// Whether every call that begins with `words` (and has one of `with`) is one that `rule` is about.
bool covers_words(const CommandRule& rule, const Words& words, const Words& with) {
  if (rule.prefix.empty() || rule.prefix.size() > words.size()) return false;
  for (std::size_t i = 0; i < rule.prefix.size(); ++i)
    if (!has(rule.prefix[i], words[i]) && (i != 0 || !has(rule.prefix[i], base_of(words[i])))) return false;
  if (rule.with.empty()) return true;
  for (std::size_t i = rule.prefix.size(); i < words.size(); ++i)
    if (has(rule.with, words[i])) return true;
  return !with.empty() && std::ranges::all_of(with, [&](const std::string& word) { return has(rule.with, word); });
}

class Commands {
 public:
  explicit Commands(const Work& work) : work_(work), rules_(work.layer().commands) {
    for (std::size_t i = 0; i < rules_.size(); ++i)
      if (!rules_[i].prefix.empty())
        for (const std::string& program : rules_[i].prefix.front()) by_program_[base_of(program)].push_back(i);
  }

  void run() {
    for (std::size_t i = 0; i < rules_.size(); ++i) {
      const CommandRule& rule = rules_[i];
      const std::vector<Words> spelled = spellings(rule, kMaxSpellings);
      const bool decides = covered(i, spelled);
      if (rule.decision == Decision::allow && decides) allowed(i, spelled);
      if (rule.match.empty() && !rule.prefix.empty())
        add(Kind::no_example, rule, "has no example in `match`, so nothing proves what it is about",
            fmt::format(
                "add `match = [\"{}\"]` with the calls that it is meant for, and `not_match` with those that it "
                "must leave alone",
                spelled.empty() ? "" : toml_text(example(rule, spelled.front()))));
      launched(rule, spelled);
      hashes(rule);
    }
  }

 private:
  static std::string toml_text(const Words& words) {
    std::string out;
    for (const char c : shell_join(words)) {
      if (c == '"' || c == '\\') out += '\\';
      out += c;
    }
    return printable(out);
  }
  static Words example(const CommandRule& rule, Words words) {
    if (!rule.with.empty()) words.push_back(rule.with.front());
    return words;
  }
  static std::string shown(const Words& words) { return printable(shorten(shell_join(words), 120)); }

  void add(Kind kind, const CommandRule& rule, const std::string& what, std::string advice) const {
    const std::string name = printable(format_prefix(rule));
    work_.add(kind, rule.place, name, fmt::format("the rule `{}` {}", name, what), std::move(advice));
  }

  // The first rule of this file that covers the spelling and is stricter, or as strict and heard before this one.
  [[nodiscard]] const CommandRule* covering(std::size_t self, const Words& words) const {
    const CommandRule& rule = rules_[self];
    const auto found = by_program_.find(base_of(words.front()));
    if (found == by_program_.end()) return nullptr;
    const CommandRule* same = nullptr;
    for (const std::size_t i : found->second) {
      const CommandRule& other = rules_[i];
      if (i == self || other.decision < rule.decision || !covers_words(other, words, rule.with)) continue;
      if (other.decision > rule.decision) return &other;
      const bool adds_nothing = i < self || (other.reason == rule.reason && !covers_all(rule, other));
      if (same == nullptr && adds_nothing) same = &other;
    }
    return same;
  }
  // Whether `rule` is about all that `other` is about.
  [[nodiscard]] static bool covers_all(const CommandRule& rule, const CommandRule& other) {
    const std::vector<Words> spelled = spellings(other, kMaxSpellings);
    return std::ranges::all_of(spelled, [&](const Words& words) { return covers_words(rule, words, other.with); });
  }

  // False: the rule never decides.
  bool covered(std::size_t self, const std::vector<Words>& spelled) const {
    const CommandRule& rule = rules_[self];
    if (!rule.sha256.empty() || spelled.empty()) return true;
    std::size_t count = 0;
    const CommandRule* by = nullptr;
    const Words* which = nullptr;
    for (const Words& words : spelled) {
      const CommandRule* other = covering(self, words);
      if (other == nullptr) continue;
      ++count;
      if (by != nullptr) continue;
      by = other;
      which = &words;
    }
    if (by == nullptr) return true;
    const std::string other = fmt::format("`{}` = {} ({})", printable(format_prefix(*by)), name_of(by->decision),
                                          format_place(work_.layer().file, by->place));
    const bool is_same = by->decision == rule.decision;
    if (count == spelled.size()) {
      add(is_same ? Kind::duplicate : Kind::shadowed, rule,
          is_same ? fmt::format("adds nothing to {}", other)
                  : fmt::format("never decides: the strictest rule holds, and that is {}", other),
          is_same
              ? "take it out, or write it above the other so that its own reason is shown"
              : fmt::format("take it out, or make the other rule narrower so that it leaves out `{}`", shown(*which)));
      return false;
    }
    if (!is_same)
      add(Kind::shadowed, rule, fmt::format("never decides about `{}`: {} is stricter", shown(*which), other),
          "take that alternative out, or make the other rule narrower");
    return true;
  }

  void allowed(std::size_t self, const std::vector<Words>& spelled) const {
    const CommandRule& rule = rules_[self];
    if (rule.prefix.size() == 1 && rule.with.empty()) {
      for (const std::string& program : rule.prefix.front()) {
        const std::string_view why = runs_other_code(base_of(program));
        if (why.empty()) continue;
        add(Kind::broad_allow, rule, fmt::format("allows every call of `{}`, and {}", printable(program), why),
            "name the verbs or the whole calls that are meant; leave the rest to `default` and `ask_from`");
        return;
      }
    }
    for (const Words& words : spelled) {
      if (words.size() < 2 || !takes_code(base_of(words.front()), words.back())) continue;
      add(Kind::broad_allow, rule, fmt::format("allows any code that follows `{}`", shown(words)),
          "name a script or module, and leave code from the command line to `default` and `ask_from`");
      return;
    }
    risky(self, spelled);
  }

  // Tries the rule's spellings, its examples and a call for each row of the data about its tools.
  void risky(std::size_t self, const std::vector<Words>& spelled) const {
    const CommandRule& rule = rules_[self];
    std::vector<Words> calls;
    for (const Words& words : spelled) calls.push_back(example(rule, words));
    for (const Example& match : rule.match) {
      const std::vector<EffectiveCommand> commands = effective_commands(read_shell(match.text));
      for (const EffectiveCommand& command : commands) {
        Words words;
        for (const ShellWord& word : command.argv)
          if (word.is_literal) words.push_back(word.text);
        if (!words.empty() && words.size() == command.argv.size()) calls.push_back(std::move(words));
      }
    }
    Words tools;
    for (const Words& words : spelled) {
      const std::string name = base_of(words.front());
      const Tool* tool = find_tool(name);
      if (tool == nullptr || has(tools, name)) continue;
      tools.push_back(name);
      for (Words& call : sample_calls(*tool)) {
        call.front() = words.front();
        calls.push_back(std::move(call));
      }
    }
    const Words* worst = nullptr;
    Verdict found{.risk = Risk::medium};
    std::size_t count = 0;
    for (const Words& words : calls) {
      ExecAction action;
      for (const std::string& word : words) action.argv.push_back({word, true});
      const Verdict verdict = judge(action, work_.policy, work_.context.around);
      const bool is_by_this =
          verdict.cause.kind == CauseKind::rule && verdict.cause.layer == work_.number && verdict.cause.rule == self;
      if (verdict.decision != Decision::allow || !is_by_this || verdict.risk < Risk::high) continue;
      // `cat ~/.ssh/id_rsa`: the sandbox hides what it would read
      const bool only_reads = (verdict.effects & ~(tool_reads | tool_credentials)) == 0;
      if (only_reads && std::ranges::any_of(words, [](const std::string& word) { return word.contains('/'); }))
        continue;
      ++count;
      if (verdict.risk <= found.risk) continue;
      found = verdict;
      worst = &words;
    }
    if (worst == nullptr) return;
    add(Kind::risky_allow, rule,
        fmt::format("allows `{}`, whose risk is {}{}{}{}", shown(*worst), name_of(found.risk),
                    found.risk_reason.empty() ? "" : ": ", found.risk_reason,
                    count > 1 ? fmt::format(" ({} such calls are known)", count) : ""),
        "make the prefix longer, or add a stricter rule for such calls (`with` names flags)");
  }

  // `sudo git push`: the launcher is seen through, and other spellings of it are other words.
  void launched(const CommandRule& rule, const std::vector<Words>& spelled) const {
    if (rule.decision == Decision::allow) return;  // what is not found is not allowed
    for (const Words& words : spelled) {
      if (words.size() < 2 || !is_launcher(base_of(words.front()))) continue;
      std::vector<ShellWord> argv;
      for (const std::string& word : words) argv.push_back({word, true});
      const std::vector<EffectiveCommand> commands = effective_commands(argv);
      for (const EffectiveCommand& command : commands) {
        if (command.via.empty() || command.argv.empty()) continue;
        Words inner;
        for (const ShellWord& word : command.argv) inner.push_back(word.text);
        add(Kind::hidden_by_launcher, rule,
            fmt::format("is found only where `{}` is called with just these words before `{}`",
                        printable(words.front()), shown(inner)),
            fmt::format("write the rule about `{}`: launchers are seen through", shown(inner)));
        return;
      }
    }
  }

  void hashes(const CommandRule& rule) const {
    if (rule.sha256.empty() || rule.prefix.empty()) return;
    if (rule.prefix.size() > 1 || !rule.with.empty()) {
      add(Kind::hash_alone, rule,
          fmt::format("holds for every call of a program with that content, not only for those with `{}`",
                      printable(format_prefix(rule))),
          "make two rules of it: one with `prefix` for the calls, one with `sha256` for the program as a whole");
      return;
    }
    add(Kind::needless_hash, rule,
        "names its program by content, too: a rule by name finds links and copies of the installed program already",
        "take `sha256` out, unless it is the content of another version that is not installed here");
  }

  const Work& work_;
  const std::vector<CommandRule>& rules_;
  std::map<std::string, std::vector<std::size_t>, std::less<>> by_program_;
};

}  // namespace

void lint_commands(const Work& work) { Commands(work).run(); }

}  // namespace bailiwick::lint_parts
