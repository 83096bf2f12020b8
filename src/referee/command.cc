#include "referee/command.h"

#include <fmt/format.h>

namespace bailiwick {
namespace {

// A `cd` whose target is made at run time: taken to be deep inside the workspace, so that `..` alone raises no alarm.
constexpr std::string_view kUnknownPlace = "somewhere/inside/of/it";

class Judging {
 public:
  Judging(const Policy& policy, const Surroundings& around, Gate gate, const LookUp& look_up, Detail detail)
      : policy_(policy), around_(around), gate_(gate), look_up_(look_up), detail_(detail) {}

  void add(EffectiveCommand command) {
    JudgedPart part;
    ExecAction action{.argv = command.argv, .program = {}};
    if (look_up_ && !action.argv.empty() && action.argv.front().is_literal)
      action.program = look_up_(action.argv, around_.directory());
    part.verdict = judge(action, policy_, around_, detail_ == Detail::explanation ? &part.matched : nullptr);
    part.is_complete = command.is_complete && part.verdict.is_complete;
    if (!part.is_complete && out_.gap.empty())
      out_.gap = command.gap.empty() ? "a word is made at run time, and a rule depends on it" : command.gap;
    follow(command);
    part.command = std::move(command);
    // The script itself has no words: no rule is about it.
    if (part.command.argv.empty() && part.verdict.risk < Risk::medium) part.verdict.risk = Risk::medium;
    take(std::move(part));
  }

  // Writing to a file outside is no program's act, but the shell's.
  void add_redirect(const ShellRedirect& redirect) {
    if (redirect.is_harmless || (redirect.kind != RedirectKind::write && redirect.kind != RedirectKind::append &&
                                 redirect.kind != RedirectKind::read))
      return;
    const bool writes = redirect.kind != RedirectKind::read;
    const std::uint16_t effects = writes ? tool_writes : tool_reads;
    if (around_.reach_of({redirect.target.text, redirect.target.is_literal}, effects).risk == Risk::low) return;
    JudgedPart part;
    const ShellWord sign{redirect.kind == RedirectKind::append ? ">>" : (writes ? ">" : "<"), true};
    part.command.argv = {sign, redirect.target};
    const ExecAction action{.argv = part.command.argv, .program = {}, .effects = effects};
    part.verdict = judge(action, policy_, around_, detail_ == Detail::explanation ? &part.matched : nullptr);
    take(std::move(part));
  }

  JudgedCommand finish() {
    if (!out_.is_complete && gate_ == Gate::absent && out_.decision < Decision::ask) {
      out_.decision = Decision::ask;
      out_.asks_for_gap = true;
    }
    return std::move(out_);
  }

 private:
  void take(JudgedPart part) {
    // of equally strict parts the first that a rule is about: it says more than a default
    const bool says_more = !out_.parts.empty() && part.verdict.decision == out_.decision &&
                           part.verdict.cause.kind == CauseKind::rule &&
                           out_.parts[out_.decided_by].verdict.cause.kind != CauseKind::rule;
    if (out_.parts.empty() || part.verdict.decision > out_.decision || says_more) {
      out_.decision = part.verdict.decision;
      out_.decided_by = out_.parts.size();
    }
    out_.risk = std::max(out_.risk, part.verdict.risk);
    out_.is_complete = out_.is_complete && part.is_complete;
    out_.parts.push_back(std::move(part));
  }

  // `cd x && make ..`: where relative paths begin. Only risks depend on it.
  void follow(const EffectiveCommand& command) {
    if (command.argv.empty() || !command.via.empty() ||
        (command.argv.front().text != "cd" && command.argv.front().text != "pushd"))
      return;
    if (command.argv.size() == 2 && command.argv[1].is_literal) {
      around_ = around_.at(around_.normal(command.argv[1].text));
    } else {
      around_ = around_.at(around_.workspace() + "/" + std::string(kUnknownPlace));
    }
  }

  const Policy& policy_;
  Surroundings around_;
  Gate gate_;
  const LookUp& look_up_;
  Detail detail_;
  JudgedCommand out_;
};

}  // namespace

JudgedCommand judge_shell(std::string_view text, const Policy& policy, const Surroundings& around, Gate gate,
                          const LookUp& look_up, Detail detail) {
  Judging judging(policy, around, gate, look_up, detail);
  const ShellReading reading = read_shell(text);
  for (EffectiveCommand& command : effective_commands(reading)) judging.add(std::move(command));
  if (!reading.is_opaque)
    for (const SimpleCommand& command : reading.commands)
      for (const ShellRedirect& redirect : command.redirects) judging.add_redirect(redirect);
  return judging.finish();
}

JudgedCommand judge_command(const std::vector<ShellWord>& argv, const Policy& policy, const Surroundings& around,
                            Gate gate, const LookUp& look_up, Detail detail) {
  Judging judging(policy, around, gate, look_up, detail);
  for (EffectiveCommand& command : effective_commands(argv)) judging.add(std::move(command));
  return judging.finish();
}

}  // namespace bailiwick
