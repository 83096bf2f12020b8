#include <algorithm>
#include <array>
#include <memory>

#include "policy/tool_risk.h"
#include "referee/judge.h"

namespace bailiwick {
namespace {

constexpr std::size_t kWords = 16;  // of a call on the stack: most have fewer

// One a layer, on the stack where there are few.
class Opinions {
 public:
  explicit Opinions(std::size_t count) : count_(count) {
    if (count > few_.size()) many_.resize(count);
  }
  Opinion& operator[](std::size_t i) { return many_.empty() ? few_[i] : many_[i]; }
  [[nodiscard]] std::span<const Opinion> all() const { return {many_.empty() ? few_.data() : many_.data(), count_}; }

 private:
  std::array<Opinion, 6> few_;
  std::vector<Opinion> many_;
  std::size_t count_;
};

std::string_view base_name(std::string_view path) { return path.substr(path.rfind('/') + 1); }

// A call without the global flags of one tool.
struct PlainCall {
  const Tool* tool = nullptr;
  std::vector<ToolWord> words;     // after the program; only if has_words
  bool has_words = false;          // there were flags to take out
  bool is_certain = true;          // no flag stands before the verb that nobody knows
  bool changes_what_runs = false;  // one of them makes the tool run other code
};

// The words of a call in the ways in which rules may be written about it. What flags stand for depends on the tool, and
// which tool it is on the name: a copy of git that is called ls has git's flags, too.
class Words {
 public:
  explicit Words(const std::vector<ShellWord>& argv) {
    if (argv.size() > kWords) many_.resize(argv.size());
    ToolWord* to = argv.size() > kWords ? many_.data() : few_.data();
    for (std::size_t i = 0; i < argv.size(); ++i) to[i] = {argv[i].text, argv[i].is_literal};
    all_ = {to, argv.size()};
  }
  Words(const Words&) = delete;
  Words& operator=(const Words&) = delete;

  [[nodiscard]] std::span<const ToolWord> all() const { return all_; }
  [[nodiscard]] std::span<const ToolWord> arguments() const { return all_.subspan(1); }

  [[nodiscard]] const PlainCall& plain_for(const Tool* tool) {
    if (!has_first_) {
      first_ = read_plain(tool);
      has_first_ = true;
    }
    if (first_.tool == tool) return first_;
    for (const auto& call : others_)
      if (call->tool == tool) return *call;
    return *others_.emplace_back(std::make_unique<PlainCall>(read_plain(tool)));
  }
  // Where the verb may be, if flags that nobody knows stand before it: at one of the words that are no flags.
  [[nodiscard]] std::span<const std::size_t> guesses() {
    if (!has_guesses_) {
      has_guesses_ = true;
      const auto rest = arguments();
      if (!rest.empty() && rest.front().text.starts_with('-')) {
        for (std::size_t i = 0; i < rest.size() && guesses_.size() < kGuesses; ++i)
          if (!rest[i].text.starts_with('-')) guesses_.push_back(i);
      }
    }
    return guesses_;
  }
  // More words than were tried.
  [[nodiscard]] bool are_guesses_cut() const { return guesses_.size() == kGuesses; }

 private:
  static constexpr std::size_t kGuesses = 24;

  [[nodiscard]] PlainCall read_plain(const Tool* tool) const {
    PlainCall out{.tool = tool};
    if (tool == nullptr) {
      out.is_certain = false;
      return out;
    }
    const PlainWords plain = plain_words(*tool, all_);
    out.is_certain = plain.is_certain;
    if (!plain.skipped) return out;
    out.has_words = true;
    out.changes_what_runs = plain.changes_what_runs;
    out.words.reserve(all_.size());
    for (std::size_t i = 1; i < plain.count; ++i) out.words.push_back(all_[plain.index[i]]);
    // the list is bounded; flags are taken out before the verb only, so that the rest follows as it is
    if (plain.count == PlainWords::kMax)
      for (const ToolWord& word : all_.subspan(plain.index[plain.count - 1] + 1U)) out.words.push_back(word);
    return out;
  }

  std::array<ToolWord, kWords> few_;
  std::vector<ToolWord> many_;
  std::span<const ToolWord> all_;
  PlainCall first_;
  bool has_first_ = false, has_guesses_ = false;
  std::vector<std::unique_ptr<PlainCall>> others_;  // what was handed out stays where it is
  std::vector<std::size_t> guesses_;
};

// `--force` is there as `--force=x`, `-f` in a cluster such as `-rf`.
bool stands_for(std::string_view word, std::string_view wanted) {
  if (word == wanted) return true;
  if (wanted.starts_with("--"))
    return word.starts_with(wanted) && word.size() > wanted.size() && word[wanted.size()] == '=';
  if (wanted.size() == 2 && wanted.front() == '-' && wanted[1] != '-')
    return word.size() > 2 && word.front() == '-' && word[1] != '-' && word.substr(1).contains(wanted[1]);
  return false;
}

enum class With : std::uint8_t { no, perhaps, yes };
With has_with(const CommandRule& rule, std::span<const ToolWord> rest) {
  With out = With::no;
  for (const ToolWord& word : rest) {
    if (!word.is_literal) {
      out = With::perhaps;
      continue;
    }
    for (const std::string& wanted : rule.with)
      if (stands_for(word.text, wanted)) return With::yes;
  }
  return out;
}

// `tool` is that of the first word. Calls `look` for each way in which the call can be spelled: the program's name, the
// words after it, and whether an `allow` may rest on that way.
template <class F>
void for_each_spelling(const ExecAction& action, Words& words, const Tool* tool, F&& look) {
  const std::string_view first = action.argv.front().text;
  const std::string_view base = base_name(first);
  const std::string& path = action.program.path;
  const std::string& found = action.program.found.empty() ? path : action.program.found;
  const bool trusted = action.program.is_trusted && action.argv.front().is_literal;
  const auto with_words = [&](std::string_view name, bool may_allow) {
    look(name, words.arguments(), may_allow);
    const std::string_view called = base_name(name);
    const PlainCall& plain = words.plain_for(called == base ? tool : find_tool(called));
    if (plain.has_words) look(name, plain.words, may_allow && !plain.changes_what_runs && plain.is_certain);
    if (plain.is_certain) return;
    for (const std::size_t at : words.guesses()) look(name, words.arguments().subspan(at), false);
  };
  // SECURITY: the first word is what the caller says (`exec -a git rm`). An allow rests on the file that is started, by
  // the name under which it was found; where nobody looked, on a name without a slash.
  // JudgeExec.TheFirstWordAloneAllowsNothing
  with_words(base, trusted && (path.empty() ? first.size() == base.size() : base_name(found) == base));
  if (first.size() != base.size()) with_words(first, trusted && (path.empty() || first == found || first == path));
  if (!path.empty()) {
    if (base_name(found) != base) with_words(base_name(found), trusted);
    if (found != first) with_words(found, trusted);
    if (path != first && path != found) with_words(path, trusted);
    // /usr/bin/vi is vim.basic: a rule about either is about it; only the name that was called may allow
    if (const std::string_view resolved = base_name(path); resolved != base && resolved != base_name(found))
      with_words(resolved, false);
  }
  for (const std::string& name : action.program.names) {
    with_words(name, false);
    if (name.contains('/')) with_words(base_name(name), false);
  }
}

ToolReading read_risk(const ExecAction& action, const Words& words, const Tool* tool, const Surroundings& around) {
  ToolReading out;
  if (tool != nullptr) out = read_tool(*tool, words.all());
  const auto consider = [&](std::string_view name) {
    const Tool* other = find_tool(base_name(name));
    if (other == nullptr || other == tool) return;
    const ToolReading reading = read_tool(*other, words.all());
    if (reading.risk > out.risk) out = reading;
  };
  if (!action.program.found.empty()) consider(action.program.found);
  for (const std::string& name : action.program.names) consider(name);
  for (const ToolWord& word : words.arguments()) {
    const Reach reach = around.reach_of(word, out.effects | action.effects);
    if (reach.risk > out.risk) {
      out.risk = reach.risk;
      out.why = reach.why;
    }
  }
  return out;
}

}  // namespace

Verdict judge(const ExecAction& action, const Policy& policy, const Surroundings& around,
              std::vector<MatchedCause>* matched) {
  const Section& section = policy.command_section();
  const auto& layers = policy.layers();
  Opinions opinions(layers.size());
  const std::size_t count = layers.size();
  ToolReading reading;
  bool is_complete = true;
  if (!action.argv.empty()) {
    Words words(action.argv);
    const Tool* tool = action.argv.front().is_literal ? find_tool(base_name(action.argv.front().text)) : nullptr;
    const auto found = [&](const RuleRef& ref, bool applies) {
      const CommandRule& rule = layers[ref.layer].commands[ref.rule];
      if (!applies) {
        is_complete = false;
        return;
      }
      const Cause cause{
          .kind = CauseKind::rule, .layer = ref.layer, .rule = ref.rule, .place = rule.place, .reason = rule.reason};
      if (matched != nullptr) {
        const bool is_new =
            std::ranges::none_of(*matched, [&](const MatchedCause& other) { return other.cause == cause; });
        if (is_new) matched->push_back({rule.decision, cause, format_prefix(rule)});
      }
      Opinion& opinion = opinions[ref.layer];
      const bool is_stricter =
          rule.decision > opinion.decision || (rule.decision == opinion.decision && cause.rule < opinion.cause.rule);
      if (!opinion.speaks || is_stricter) opinion = {true, rule.decision, cause};
    };
    if (action.argv.front().is_literal) {
      if (!policy.commands().empty()) {
        for_each_spelling(
            action, words, tool, [&](std::string_view name, std::span<const ToolWord> rest, bool may_allow) {
              const bool more =
                  policy.commands().find(name, rest, [&](const RuleRef& ref, std::span<const ToolWord> after) {
                    if (ref.decision == Decision::allow && !may_allow) return;
                    if (!ref.has_with) return found(ref, true);
                    const With with = has_with(layers[ref.layer].commands[ref.rule], after);
                    if (with == With::yes) return found(ref, true);
                    if (with == With::perhaps) found(ref, false);
                  });
              if (more || (words.are_guesses_cut() && policy.commands().knows(name))) is_complete = false;
            });
      }
      for (const RuleRef& ref : policy.commands().by_content()) {
        const auto& hashes = layers[ref.layer].commands[ref.rule].sha256;
        if (!action.program.sha256.empty() && std::ranges::find(hashes, action.program.sha256) != hashes.end())
          found(ref, true);
      }
    } else {
      is_complete = false;
    }
    reading = read_risk(action, words, tool, around);
  }
  for (std::size_t i = 0; i < count; ++i) {
    if (opinions[i].speaks) continue;
    opinions[i] = unnamed(section.stances[i], section, reading.risk, reading.why);
    if (matched != nullptr && opinions[i].speaks)
      matched->push_back({opinions[i].decision, opinions[i].cause,
                          opinions[i].cause.kind == CauseKind::risk ? "ask_from" : "default"});
  }
  Verdict out = settle(policy, section, opinions.all(), last_word(section, reading.risk, reading.why));
  out.risk = reading.risk;
  out.effects = reading.effects;
  out.risk_reason = reading.why;
  out.is_complete = is_complete;
  return out;
}

bool is_about(const CommandRule& rule, const ExecAction& action) {
  if (action.argv.empty() || !action.argv.front().is_literal) return false;
  CommandIndex one;
  one.add(rule, 0, 0);
  Words words(action.argv);
  const Tool* tool = find_tool(base_name(action.argv.front().text));
  bool is_found = std::ranges::find(rule.sha256, action.program.sha256) != rule.sha256.end();
  for_each_spelling(action, words, tool, [&](std::string_view name, std::span<const ToolWord> rest, bool may_allow) {
    if (rule.decision == Decision::allow && !may_allow) return;
    one.find(name, rest, [&](const RuleRef& ref, std::span<const ToolWord> after) {
      if (!ref.has_with || has_with(rule, after) == With::yes) is_found = true;
    });
  });
  return is_found;
}

}  // namespace bailiwick
