#include "policy/rules_value.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

#include "base/text.h"
#include "policy/rules_file.h"
#include "policy/rules_token.h"

namespace bailiwick {
namespace {

using Kind = RulesTokenKind;
using ValueKind = RulesValueKind;

std::string describe(const RulesToken& token) {
  switch (token.kind) {
    case Kind::text: return "a string";
    case Kind::line_end: return "the end of the line";
    case Kind::indent: return "an indented line";
    case Kind::dedent:
    case Kind::end: return "the end";
    default: return fmt::format("`{}`", shorten(token.text, 40));
  }
}

// What cannot be read has advice of its own where people do write it.
std::string_view advice_for(std::string_view word) {
  struct Row {
    std::string_view word;
    std::string_view advice;
  };
  static constexpr std::array kRows{
      Row{"def", "functions are not read here: write the rules out, or use a `for` loop"},
      Row{"load", "other files are not loaded: put the rules into this one"},
      Row{"if", "conditions are not read here: write the rules out"},
      Row{"while", "use a `for` loop over a list"},
      Row{"import", "other files are not loaded: put the rules into this one"},
      Row{"lambda", "functions are not read here: write the value out"},
      Row{"for", "comprehensions are not read here: write the list out, or use a `for` loop with a block"},
      Row{"%", "formatting is not read here: use `+` or an f-string"},
      Row{".", "methods are not called here: use `+` or an f-string"},
      Row{"[", "items are not picked out of lists here: write the value out"},
      Row{"{", "dictionaries are not read here: use lists"},
      Row{"*", "lists are not spread here: join them with `+`"},
      Row{"=", "only one plain name can be set"},
  };
  const auto* row = std::ranges::find(kRows, word, &Row::word);
  return row == kRows.end() ? std::string_view() : row->advice;
}

class Evaluator {
 public:
  Evaluator(std::vector<RulesToken> tokens, std::string_view file) : tokens_(std::move(tokens)), file_(file) {}

  Result<std::vector<RulesCall>> run() {
    while (now().kind != Kind::end) TRY(statement(0));
    return std::move(calls_);
  }

 private:
  [[nodiscard]] const RulesToken& now() const { return tokens_[at_]; }
  [[nodiscard]] const RulesToken& next() const { return tokens_[std::min(at_ + 1, tokens_.size() - 1)]; }
  void advance() {
    if (at_ + 1 < tokens_.size()) ++at_;
  }
  [[nodiscard]] bool is_mark(std::string_view mark) const { return now().kind == Kind::mark && now().text == mark; }
  bool take(std::string_view mark) {
    if (!is_mark(mark)) return false;
    advance();
    return true;
  }
  Status charge(std::size_t weight) {
    steps_ += weight;
    if (steps_ <= kMaxRulesSteps) return {};
    return fail_at(file_, now().place, "these rules become too many or too long: write fewer, or split the file");
  }
  [[nodiscard]] std::unexpected<Error> unexpected(std::string_view wanted) const {
    std::string what = fmt::format("{} where {} is expected", describe(now()), wanted);
    if (now().kind == Kind::mark || now().kind == Kind::name) {
      if (const auto advice = advice_for(now().text); !advice.empty()) what += fmt::format(": {}", advice);
    }
    return fail_at(file_, now().place, what);
  }

  Status statement(unsigned depth) {
    TRY(charge(1));
    if (now().kind == Kind::line_end) {
      advance();
      return {};
    }
    if (now().kind == Kind::indent) return fail_at(file_, now().place, "an indented line without a `for` before it");
    if (now().kind == Kind::name) {
      if (now().text == "for") return loop(depth);
      if (now().text == "pass") {
        advance();
        return end_of_statement();
      }
      if (next().kind == Kind::mark && (next().text == "=" || next().text == "+=")) return assignment();
    }
    TRY_ASSIGN(const auto value, sum());
    static_cast<void>(value);
    return end_of_statement();
  }

  Status end_of_statement() {
    if (now().kind == Kind::end || now().kind == Kind::dedent) return {};
    if (now().kind != Kind::line_end && !is_mark(";")) return unexpected("the end of the statement");
    advance();
    return {};
  }

  Status assignment() {
    const RulesToken target = now();
    if (is_reserved(target.text)) return unexpected("a name");
    advance();
    const bool adds = is_mark("+=");
    advance();
    TRY_ASSIGN(RulesValue value, tuple_of([this] { return sum(); }));
    if (is_mark("=")) return unexpected("the end of the statement");
    if (adds) {
      TRY_ASSIGN(RulesValue before, look_up(target));
      TRY_ASSIGN(value, add(std::move(before), value, target.place));
    }
    names_[target.text] = std::move(value);
    return end_of_statement();
  }

  Status loop(unsigned depth) {
    if (depth >= kMaxRulesDepth) return fail_at(file_, now().place, "loops are nested too deeply");
    advance();
    std::vector<RulesToken> targets;
    const bool in_brackets = take("(");
    while (true) {
      if (now().kind != Kind::name || is_reserved(now().text)) return unexpected("the name of the loop's variable");
      targets.push_back(now());
      advance();
      if (!take(",")) break;
    }
    if (in_brackets && !take(")")) return unexpected("`)`");
    if (now().kind != Kind::name || now().text != "in") return unexpected("`in`");
    advance();
    TRY_ASSIGN(const auto values, tuple_of([this] { return sum(); }));
    if (!values.is_sequence()) {
      return fail_at(file_, values.place, fmt::format("a loop runs over a list, this is {}", name_of(values.kind)));
    }
    if (!take(":")) return unexpected("`:`");
    const bool is_block = now().kind == Kind::line_end && next().kind == Kind::indent;
    if (is_block) {
      advance();
      advance();
    } else if (now().kind == Kind::line_end) {
      return fail_at(file_, now().place, "a loop without a block: indent what is repeated");
    }
    const std::size_t start = at_;
    for (const RulesValue& value : values.items) {
      at_ = start;
      TRY(charge(value.weight));
      TRY(set_targets(targets, value));
      TRY(is_block ? block(depth + 1) : statement(depth + 1));
    }
    if (values.items.empty()) is_block ? skip_block() : skip_line();
    if (is_block && now().kind == Kind::dedent) advance();
    return {};
  }

  // Up to, not with, the `dedent` that ends it.
  Status block(unsigned depth) {
    while (now().kind != Kind::dedent && now().kind != Kind::end) TRY(statement(depth));
    return {};
  }
  void skip_block() {
    for (unsigned inner = 0; now().kind != Kind::end; advance()) {
      if (now().kind == Kind::indent) ++inner;
      if (now().kind == Kind::dedent && inner-- == 0) return;
    }
  }
  void skip_line() {
    while (now().kind != Kind::end && now().kind != Kind::dedent && now().kind != Kind::line_end) advance();
    if (now().kind == Kind::line_end) advance();
  }

  Status set_targets(const std::vector<RulesToken>& targets, const RulesValue& value) {
    if (targets.size() == 1) {
      names_[targets[0].text] = value;
      return {};
    }
    if (!value.is_sequence() || value.items.size() != targets.size()) {
      return fail_at(file_, value.place,
                     fmt::format("the loop sets {} names: this must be a list of as many values", targets.size()));
    }
    for (std::size_t i = 0; i < targets.size(); ++i) names_[targets[i].text] = value.items[i];
    return {};
  }

  static bool is_reserved(std::string_view word) {
    static constexpr std::array<std::string_view, 19> kWords{
        "and",    "break", "continue", "def", "elif", "else", "False",  "for",  "if",   "in",
        "lambda", "load",  "None",     "not", "or",   "pass", "return", "True", "while"};
    return std::ranges::find(kWords, word) != kWords.end();
  }

  // `a, b` without brackets.
  template <class Read>
  Result<RulesValue> tuple_of(Read read) {
    TRY_ASSIGN(RulesValue first, read());
    if (!is_mark(",")) return first;
    RulesValue out{.kind = ValueKind::tuple, .text = {}, .items = {}, .place = first.place};
    out.items.push_back(std::move(first));
    while (take(",")) {
      if (now().kind == Kind::line_end || now().kind == Kind::end || is_mark(":")) break;
      TRY_ASSIGN(RulesValue item, read());
      out.items.push_back(std::move(item));
    }
    return weighed(std::move(out));
  }

  Result<RulesValue> weighed(RulesValue value) {
    value.weight = 1 + value.text.size() / 16;
    value.depth = 0;
    for (const RulesValue& item : value.items) {
      value.weight += item.weight;
      value.depth = std::max(value.depth, item.depth + 1);
    }
    if (value.depth > kMaxRulesDepth) return fail_at(file_, value.place, "lists are nested too deeply");
    TRY(charge(value.weight));
    return value;
  }

  Result<RulesValue> sum() {
    TRY_ASSIGN(RulesValue left, primary());
    while (is_mark("+")) {
      const Place place = now().place;
      advance();
      TRY_ASSIGN(const RulesValue right, primary());
      TRY_ASSIGN(left, add(std::move(left), right, place));
    }
    return left;
  }

  Result<RulesValue> add(RulesValue left, const RulesValue& right, Place place) {
    if (left.kind != right.kind || !(left.is_sequence() || left.kind == ValueKind::text)) {
      return fail_at(file_, place,
                     fmt::format("{} and {} cannot be joined: `+` takes two strings or two lists", name_of(left.kind),
                                 name_of(right.kind)));
    }
    TRY(charge(right.weight));
    left.text += right.text;
    left.items.insert(left.items.end(), right.items.begin(), right.items.end());
    return weighed(std::move(left));
  }

  Result<RulesValue> look_up(const RulesToken& name) {
    const auto found = names_.find(name.text);
    if (found == names_.end()) {
      return fail_at(file_, name.place,
                     fmt::format("`{}` is not set: set it above, or put it in quotes", shorten(name.text, 40)));
    }
    TRY(charge(found->second.weight));
    return found->second;
  }

  Result<RulesValue> primary() {
    TRY(charge(1));
    const RulesToken token = now();
    switch (token.kind) {
      case Kind::text: return string();
      case Kind::number: {
        advance();
        return RulesValue{.kind = ValueKind::number, .text = token.text, .items = {}, .place = token.place};
      }
      case Kind::name: return name();
      case Kind::mark:
        if (token.text == "[") return sequence("]", ValueKind::list);
        if (token.text == "(") return sequence(")", ValueKind::tuple);
        [[fallthrough]];
      default: return unexpected("a value");
    }
  }

  Result<RulesValue> string() {
    const RulesToken token = now();
    RulesValue out{.kind = ValueKind::text, .text = {}, .items = {}, .place = token.place};
    for (const RulesToken::Piece& piece : token.pieces) {
      if (!piece.is_name) {
        out.text += piece.text;
        continue;
      }
      RulesToken name = token;
      name.text = piece.text;
      TRY_ASSIGN(const RulesValue value, look_up(name));
      if (value.kind != ValueKind::text && value.kind != ValueKind::number) {
        return fail_at(file_, token.place,
                       fmt::format("`{}` is {}: an f-string takes names of strings", shorten(piece.text, 40),
                                   name_of(value.kind)));
      }
      out.text += value.text;
    }
    advance();
    if (now().kind == Kind::text) {
      return fail_at(file_, now().place, "two strings in a row: put a comma or `+` between them");
    }
    return weighed(std::move(out));
  }

  Result<RulesValue> name() {
    const RulesToken token = now();
    if (next().kind == Kind::mark && next().text == "(") return call();
    if (token.text == "True" || token.text == "False" || token.text == "None") {
      advance();
      return RulesValue{.kind = token.text == "None" ? ValueKind::none : ValueKind::boolean,
                        .text = token.text,
                        .items = {},
                        .place = token.place};
    }
    if (is_reserved(token.text)) return unexpected("a value");
    TRY_ASSIGN(RulesValue value, look_up(token));
    advance();
    value.place = token.place;
    return value;
  }

  // A list or tuple; `(x)` is x.
  Result<RulesValue> sequence(std::string_view close, ValueKind kind) {
    RulesValue out{.kind = kind, .text = {}, .items = {}, .place = now().place};
    advance();
    bool has_comma = false;
    while (!is_mark(close)) {
      TRY_ASSIGN(RulesValue item, sum());
      out.items.push_back(std::move(item));
      if (!is_mark(close) && !take(",")) return unexpected(fmt::format("`,` or `{}`", close));
      has_comma = has_comma || !is_mark(close) || tokens_[at_ - 1].text == ",";
    }
    advance();
    if (kind == ValueKind::tuple && out.items.size() == 1 && !has_comma) {
      RulesValue inner = std::move(out.items[0]);
      return inner;
    }
    return weighed(std::move(out));
  }

  Result<RulesValue> call() {
    const RulesToken function = now();
    if (!advice_for(function.text).empty()) return unexpected("a rule");
    RulesCall out{.function = function.text, .arguments = {}, .place = function.place};
    advance();
    advance();
    while (!is_mark(")")) {
      RulesArgument argument{.name = {}, .value = {}, .place = now().place};
      if (now().kind == Kind::name && next().kind == Kind::mark && next().text == "=") {
        argument.name = now().text;
        advance();
        advance();
      }
      TRY_ASSIGN(argument.value, sum());
      out.arguments.push_back(std::move(argument));
      if (!is_mark(")") && !take(",")) return unexpected("`,` or `)`");
    }
    advance();
    calls_.push_back(std::move(out));
    return RulesValue{.kind = ValueKind::none, .text = {}, .items = {}, .place = function.place};
  }

  std::vector<RulesToken> tokens_;
  std::string_view file_;
  std::size_t at_ = 0;
  std::size_t steps_ = 0;
  std::map<std::string, RulesValue, std::less<>> names_;
  std::vector<RulesCall> calls_;
};

}  // namespace

std::string_view name_of(RulesValueKind kind) {
  switch (kind) {
    case RulesValueKind::none: return "None";
    case RulesValueKind::boolean: return "a truth value";
    case RulesValueKind::number: return "a number";
    case RulesValueKind::text: return "a string";
    case RulesValueKind::list: return "a list";
    case RulesValueKind::tuple: return "a tuple";
  }
  return "a value";
}

Result<std::vector<RulesCall>> evaluate_rules(std::string_view text, std::string_view file) {
  if (text.size() > kMaxRulesFile) {
    return fail_at(file, {}, fmt::format("the file has more than {}: split it", format_bytes(kMaxRulesFile)));
  }
  if (!is_valid_utf8(text)) return fail_at(file, {}, "the text is not UTF-8: save it as UTF-8");
  TRY_ASSIGN(auto tokens, tokenize_rules(text, file));
  return Evaluator(std::move(tokens), file).run();
}

}  // namespace bailiwick
