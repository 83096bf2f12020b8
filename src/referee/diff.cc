#include "referee/diff.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <tuple>

#include "base/text.h"
#include "referee/diff_parts.h"

namespace bailiwick {
namespace {

using diff_parts::Candidate;
using diff_parts::Rank;
using Change = Difference::Change;

bool is_written(const Verdict& verdict) {
  return verdict.cause.kind == CauseKind::rule && verdict.cause.rule != UINT32_MAX;
}

Difference::Side side_of(const Policy& policy, const Verdict& verdict) {
  const Cause& cause = verdict.cause;
  const std::string source = printable(policy.source({cause.layer, cause.place}));
  Difference::Side out{.verdict = std::string(name_of(verdict.decision)), .where = {}};
  switch (cause.kind) {
    case CauseKind::rule: out.where = source; break;
    case CauseKind::fallback: out.where = source + ", default"; break;
    case CauseKind::risk: out.where = fmt::format("{}, ask_from: risk {}", source, name_of(verdict.risk)); break;
    case CauseKind::last_word:
    case CauseKind::sandbox:
    case CauseKind::input: out.where = "no rule"; break;
  }
  const bool has_reason = cause.kind == CauseKind::sandbox || cause.kind == CauseKind::input ||
                          cause.kind == CauseKind::last_word || (cause.kind == CauseKind::rule && !is_written(verdict));
  if (has_reason && !cause.reason.empty()) out.where += fmt::format(": {}", printable(cause.reason));
  return out;
}

// What makes two verdicts be of one cause.
using CauseKey = std::tuple<CauseKind, std::uint16_t, std::uint32_t, std::uint32_t, std::uint32_t, std::string_view>;
CauseKey key_of(const Cause& cause) {
  // the reason of a risk differs from call to call
  const std::string_view reason = cause.kind == CauseKind::risk ? std::string_view() : cause.reason;
  return {cause.kind, cause.layer, cause.rule, cause.place.line, cause.place.column, reason};
}

struct Group {
  Difference difference;
  Rank rank;
};

class Comparison {
 public:
  Comparison(const Policy& before, const Policy& after, const Surroundings& around)
      : before_(before), after_(after), around_(around) {}

  std::vector<Difference> run() {
    for (Candidate& one : diff_parts::candidates_of(before_, after_, around_)) compare_one(one);
    std::vector<Difference> out = diff_parts::compare_settings(before_, after_);
    for (Group& group : groups_) out.push_back(std::move(group.difference));
    // by kind of change and subject, else in the order of the rules
    std::vector<std::pair<std::tuple<Change, Difference::Subject, std::size_t>, std::size_t>> order;
    for (std::size_t i = 0; i < out.size(); ++i) order.push_back({{out[i].change, out[i].subject, i}, i});
    std::ranges::sort(order);
    std::vector<Difference> sorted;
    sorted.reserve(out.size());
    for (const auto& [key, i] : order) sorted.push_back(std::move(out[i]));
    return sorted;
  }

 private:
  void compare_one(Candidate& one) {
    const Verdict was = try_out(one.trial, before_, around_);
    const Verdict is = try_out(one.trial, after_, around_);
    Change change = Change::changed;
    if (is.decision < was.decision) {
      change = Change::looser;
    } else if (is.decision > was.decision) {
      change = Change::stricter;
    } else if (!is_written(was) || !is_written(is) || was.cause.reason == is.cause.reason) {
      return;
    }
    const Key key{change, one.subject, was.decision, is.decision, key_of(was.cause), key_of(is.cause)};
    const auto [found, is_new] = index_.try_emplace(key, groups_.size());
    if (is_new) groups_.push_back({.difference = {}, .rank = one.rank});
    Group& group = groups_[found->second];
    if (!is_new) {
      ++group.difference.count;
      if (one.rank >= group.rank) return;
      group.rank = one.rank;
    }
    const std::size_t count = group.difference.count;
    group.difference = {.change = change,
                        .subject = one.subject,
                        .example = std::move(one.shown),
                        .trial = std::move(one.trial),
                        .before = side_of(before_, was),
                        .after = side_of(after_, is),
                        .detail = {},
                        .count = count};
    if (change != Change::changed) return;
    for (auto [side, verdict] : {std::pair{&group.difference.before, &was}, {&group.difference.after, &is}})
      side->where += verdict->cause.reason.empty()
                         ? ": no reason"
                         : fmt::format(": \"{}\"", printable(shorten(verdict->cause.reason, 120)));
  }

  using Key = std::tuple<Change, Difference::Subject, Decision, Decision, CauseKey, CauseKey>;
  const Policy& before_;
  const Policy& after_;
  const Surroundings& around_;
  std::vector<Group> groups_;
  std::map<Key, std::size_t> index_;
};

}  // namespace

Verdict try_out(const Trial& trial, const Policy& policy, const Surroundings& around) {
  struct Try {
    const Policy& policy;
    const Surroundings& around;
    Verdict operator()(const CommandTrial& one) const {
      std::vector<ShellWord> argv;
      argv.reserve(one.words.size());
      for (const std::string& word : one.words) argv.push_back({word, true});
      LookUp look_up;
      if (!one.sha256.empty())
        look_up = [&](const std::vector<ShellWord>&, const std::string&) { return Program{.sha256 = one.sha256}; };
      const JudgedCommand judged = judge_command(argv, policy, around, Gate::present, look_up, Detail::verdict);
      if (judged.parts.empty()) return judge(ExecAction{.argv = argv, .program = {}}, policy, around);
      Verdict out = judged.parts[judged.decided_by].verdict;
      out.decision = judged.decision;
      return out;
    }
    Verdict operator()(const ConnectAction& one) const { return judge(one, policy); }
    Verdict operator()(const FileAction& one) const { return judge(one, policy, around); }
    Verdict operator()(const McpAction& one) const { return judge(one, policy); }
  };
  return std::visit(Try{policy, around}, trial);
}

std::vector<Difference> compare(const Policy& before, const Policy& after, const Surroundings& around) {
  return Comparison(before, after, around).run();
}

}  // namespace bailiwick
