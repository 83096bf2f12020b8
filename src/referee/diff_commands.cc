#include <set>

#include "base/text.h"
#include "policy/tool_calls.h"
#include "referee/diff_parts.h"

namespace bailiwick::diff_parts {
namespace {

using Words = std::vector<std::string>;

constexpr std::size_t kMaxSpellings = 64;  // of one rule
constexpr std::size_t kMaxWith = 8;

Words with_word(Words words, std::string word) {
  words.push_back(std::move(word));
  return words;
}

class Commands {
 public:
  explicit Commands(std::vector<Candidate>& out) : out_(out) {}

  void add_rules(const Policy& policy) {
    for (const Layer& layer : policy.layers())
      for (const CommandRule& rule : layer.commands) add_rule(rule);
  }

  // What no rule names: of each risk, as far as there is data.
  void add_general() {
    for (const Words& words : {Words{"some-program"}, Words{"some-program", "/srv/data"},
                               Words{"some-program", "~/.ssh/id_ed25519"}, Words{"cat", "~/.aws/credentials"}})
      add(words, Rank::general);
    std::vector<Words> calls = all_sample_calls();
    std::set<std::pair<std::string, Risk>> known;
    for (Words& call : calls) {
      // a tool that no rule names is judged by its risk alone
      const Tool* tool = find_tool(call.front());
      if (tool == nullptr || (!tools_.contains(tool) && !known.emplace(call.front(), risk_of(*tool, call)).second))
        continue;
      add(std::move(call), Rank::general);
    }
  }

 private:
  static Risk risk_of(const Tool& tool, const Words& words) {
    std::vector<ToolWord> argv;
    argv.reserve(words.size());
    for (const std::string& word : words) argv.push_back({word, true});
    return read_tool(tool, argv).risk;
  }

  void add_rule(const CommandRule& rule) {
    if (!rule.prefix.empty())
      for (const std::string& program : rule.prefix.front())
        tools_.insert(find_tool(std::string_view(program).substr(program.rfind('/') + 1)));
    add_lines(rule.match, Rank::written);
    for (const Words& words : spellings(rule, kMaxSpellings)) {
      for (std::size_t i = 0; i < rule.with.size() && i < kMaxWith; ++i)
        add(with_word(words, rule.with[i]), Rank::spelled);
      add(words, rule.with.empty() ? Rank::spelled : Rank::varied);
      add(with_word(words, "x"), Rank::varied);
      for (std::size_t length = words.size() - 1; length > 0; --length)
        add(Words(words.begin(), words.begin() + static_cast<std::ptrdiff_t>(length)), Rank::varied);
      if (const std::size_t slash = words.front().rfind('/'); slash != std::string::npos) {
        Words by_name = words;
        by_name.front() = words.front().substr(slash + 1);
        if (!by_name.front().empty()) add(std::move(by_name), Rank::varied);
      }
    }
    for (const std::string& hash : rule.sha256) {
      const std::string shown = "a program with SHA-256 " + hash.substr(0, 12);
      if (seen_.insert({hash}).second)
        out_.push_back({CommandTrial{{"some-program"}, hash}, Difference::Subject::command, shown, Rank::spelled});
    }
    add_lines(rule.not_match, Rank::varied);
  }

  // The simple commands of a line, each by itself.
  void add_lines(const std::vector<Example>& lines, Rank rank) {
    for (const Example& line : lines) {
      const std::vector<EffectiveCommand> commands = effective_commands(read_shell(line.text));
      for (const EffectiveCommand& command : commands) {
        Words words;
        for (const ShellWord& word : command.argv)
          if (word.is_literal) words.push_back(word.text);
        if (!words.empty() && words.size() == command.argv.size()) add(std::move(words), rank);
      }
    }
  }

  void add(Words words, Rank rank) {
    if (!seen_.insert(words).second) return;
    std::string shown = printable(shorten(shell_join(words), 120));
    out_.push_back({CommandTrial{std::move(words), {}}, Difference::Subject::command, std::move(shown), rank});
  }

  std::vector<Candidate>& out_;
  std::set<Words> seen_;
  std::set<const Tool*> tools_;  // that rules name
};

}  // namespace

std::vector<Candidate> candidates_of(const Policy& before, const Policy& after, const Surroundings& around) {
  std::vector<Candidate> out;
  Commands commands(out);
  commands.add_rules(before);
  commands.add_rules(after);
  commands.add_general();
  std::vector<Candidate> others;
  add_host_candidates(before, others);
  add_host_candidates(after, others);
  add_server_candidates(before, after, others);
  add_file_candidates(before, around, others);
  add_file_candidates(after, around, others);
  std::set<std::pair<Difference::Subject, std::string>> seen;  // the text names all that they are made of
  for (Candidate& one : others)
    if (seen.emplace(one.subject, one.shown).second) out.push_back(std::move(one));
  return out;
}

}  // namespace bailiwick::diff_parts
