#include "referee/command.h"

#include <algorithm>
#include <array>
#include <optional>

namespace bailiwick {
namespace {

// A `cd` whose target is made at run time: taken to be deep inside the workspace, so that `..` alone raises no alarm.
constexpr std::string_view kUnknownPlace = "somewhere/inside/of/it";

// These can start a program in another directory, or where other files are: what a relative path means there is not
// known.
constexpr auto kElsewhere = std::to_array<std::string_view>(
    {"env", "sudo", "find", "parallel", "chroot", "unshare", "nsenter", "systemd-run", "docker", "podman", "ssh"});

bool is_cd(const std::vector<ShellWord>& words) {
  return !words.empty() && (words.front().text == "cd" || words.front().text == "pushd");
}

// Where relative paths begin after a `cd`.
Surroundings after_cd(const Surroundings& around, const std::vector<ShellWord>& words) {
  if (words.size() == 2 && words[1].is_literal) return around.at(around.normal(words[1].text));
  return around.at(around.workspace() + "/" + std::string(kUnknownPlace));
}

bool is_relative_path(const std::vector<ShellWord>& argv) {
  return !argv.empty() && argv.front().is_literal && argv.front().text.contains('/') &&
         !argv.front().text.starts_with('/');
}

class Judging {
 public:
  // `follows_cd`: every `cd` holds for what comes after it. Where one may not (in a subshell, a pipe, a branch),
  // relative paths are judged as from the start.
  Judging(const Policy& policy, const Surroundings& around, Gate gate, const LookUp& look_up, Detail detail,
          bool follows_cd)
      : policy_(policy),
        around_(around),
        directories_{around.directory()},
        gate_(gate),
        look_up_(look_up),
        detail_(detail),
        follows_cd_(follows_cd) {}

  void add(EffectiveCommand command) {
    JudgedPart part = judge_part(command);
    part.is_complete = command.is_complete && part.verdict.is_complete;
    if (is_relative_path(command.argv) && is_elsewhere(command)) {
      part.is_complete = false;
      if (command.gap.empty()) command.gap = "a relative program, started from a directory that is not known";
    }
    if (!part.is_complete && out_.gap.empty())
      out_.gap = command.gap.empty() ? "a word is made at run time, and a rule depends on it" : command.gap;
    if (is_cd(command.argv) && command.via.empty()) go(command.argv);
    part.command = std::move(command);
    // The script itself has no words: no rule is about it.
    if (part.command.argv.empty() && part.verdict.risk < Risk::medium) part.verdict.risk = Risk::medium;
    take(std::move(part));
  }

  // Writing to a file outside is no program's act, but the shell's.
  void add_redirect(const ShellRedirect& redirect, const Surroundings& around) {
    if (redirect.is_harmless || (redirect.kind != RedirectKind::write && redirect.kind != RedirectKind::append &&
                                 redirect.kind != RedirectKind::read))
      return;
    const bool writes = redirect.kind != RedirectKind::read;
    const std::uint16_t effects = writes ? tool_writes : tool_reads;
    if (around.reach_of({redirect.target.text, redirect.target.is_literal}, effects).risk == Risk::low) return;
    JudgedPart part;
    const ShellWord sign{redirect.kind == RedirectKind::append ? ">>" : (writes ? ">" : "<"), true};
    part.command.argv = {sign, redirect.target};
    const ExecAction action{.argv = part.command.argv, .program = {}, .effects = effects};
    part.verdict = judge(action, policy_, around, detail_ == Detail::explanation ? &part.matched : nullptr);
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

  [[nodiscard]] static bool is_elsewhere(const EffectiveCommand& command) {
    return std::ranges::any_of(
        command.via, [](const std::string& name) { return std::ranges::find(kElsewhere, name) != kElsewhere.end(); });
  }

  // A relative program may be any of those that lie where the shell may be: the strictest verdict over them.
  [[nodiscard]] JudgedPart judge_part(const EffectiveCommand& command) const {
    JudgedPart out;
    const bool is_relative = is_relative_path(command.argv);
    for (const std::string& directory : directories_) {
      JudgedPart part;
      ExecAction action{.argv = command.argv, .program = {}};
      if (look_up_ && !action.argv.empty() && action.argv.front().is_literal)
        action.program = look_up_(action.argv, directory);
      part.verdict = judge(action, policy_, around_, detail_ == Detail::explanation ? &part.matched : nullptr);
      const bool is_first = &directory == &directories_.front();
      if (is_first || part.verdict.decision > out.verdict.decision) out = std::move(part);
      if (!is_relative || !look_up_) break;
    }
    return out;
  }

  void go(const std::vector<ShellWord>& words) {
    if (words.size() == 2 && words[1].is_literal) {
      const std::size_t count = directories_.size();
      for (std::size_t i = 0; i < count && directories_.size() < kDirectories; ++i) {
        std::string next = around_.at(directories_[i]).normal(words[1].text);
        if (std::ranges::find(directories_, next) == directories_.end()) directories_.push_back(std::move(next));
      }
    }
    if (follows_cd_) around_ = after_cd(around_, words);
  }

  static constexpr std::size_t kDirectories = 16;

  const Policy& policy_;
  Surroundings around_;
  std::vector<std::string> directories_;  // where the shell may be
  Gate gate_;
  const LookUp& look_up_;
  Detail detail_;
  bool follows_cd_;
  JudgedCommand out_;
};

}  // namespace

JudgedCommand judge_shell(std::string_view text, const Policy& policy, const Surroundings& around, Gate gate,
                          const LookUp& look_up, Detail detail) {
  const ShellReading reading = read_shell(text);
  const bool follows_cd = std::ranges::none_of(
      reading.commands, [](const SimpleCommand& command) { return is_cd(command.words) && command.context != 0; });
  Judging judging(policy, around, gate, look_up, detail, follows_cd);
  for (EffectiveCommand& command : effective_commands(reading)) judging.add(std::move(command));
  if (reading.is_opaque) return judging.finish();
  std::optional<Surroundings> moved;  // by a `cd`
  for (const SimpleCommand& command : reading.commands) {
    const Surroundings& here = moved ? *moved : around;
    for (const ShellRedirect& redirect : command.redirects) judging.add_redirect(redirect, here);
    if (follows_cd && is_cd(command.words)) moved = after_cd(here, command.words);
  }
  return judging.finish();
}

JudgedCommand judge_command(const std::vector<ShellWord>& argv, const Policy& policy, const Surroundings& around,
                            Gate gate, const LookUp& look_up, Detail detail) {
  Judging judging(policy, around, gate, look_up, detail, true);
  for (EffectiveCommand& command : effective_commands(argv)) judging.add(std::move(command));
  return judging.finish();
}

}  // namespace bailiwick
