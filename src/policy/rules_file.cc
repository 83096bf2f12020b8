#include "policy/rules_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <span>

#include "base/text.h"
#include "policy/rules_value.h"

namespace bailiwick {
namespace {

using ValueKind = RulesValueKind;

struct DecisionName {
  std::string_view name;
  Decision decision;
};
constexpr std::array kPrefixDecisions{DecisionName{"allow", Decision::allow}, DecisionName{"prompt", Decision::ask},
                                      DecisionName{"forbidden", Decision::deny}};
constexpr std::array kNetworkDecisions{DecisionName{"allow", Decision::allow}, DecisionName{"prompt", Decision::ask},
                                       DecisionName{"ask", Decision::ask}, DecisionName{"deny", Decision::deny},
                                       DecisionName{"forbidden", Decision::deny}};

// The arguments of one call by the names of its parameters.
class Arguments {
 public:
  static Result<Arguments> bind(const RulesCall& call, std::span<const std::string_view> parameters,
                                std::string_view file) {
    Arguments out(call, file);
    bool was_named = false;
    for (std::size_t i = 0; i < call.arguments.size(); ++i) {
      const RulesArgument& argument = call.arguments[i];
      std::string_view name = argument.name;
      if (name.empty()) {
        if (was_named) return fail_at(file, argument.place, "an argument without a name after named ones: name it");
        if (i >= parameters.size()) return fail_at(file, argument.place, takes(call, parameters));
        name = parameters[i];
      } else {
        was_named = true;
        if (std::ranges::find(parameters, name) == parameters.end()) {
          return fail_at(file, argument.place,
                         fmt::format("`{}` is no argument: {}", shorten(name, 40), takes(call, parameters)));
        }
      }
      if (!out.values_.try_emplace(std::string(name), &argument.value).second) {
        return fail_at(file, argument.place, fmt::format("`{}` is given twice: keep one", name));
      }
    }
    return out;
  }

  [[nodiscard]] const RulesValue* find(std::string_view name) const {
    const auto found = values_.find(name);
    return found == values_.end() || found->second->kind == ValueKind::none ? nullptr : found->second;
  }
  [[nodiscard]] bool has(std::string_view name) const { return values_.contains(name); }
  [[nodiscard]] Place place_of(std::string_view name) const {
    const RulesValue* value = find(name);
    return value == nullptr ? call_->place : value->place;
  }

  Result<const RulesValue*> need(std::string_view name) const {
    const RulesValue* value = find(name);
    if (value != nullptr) return value;
    return fail_at(file_, call_->place, fmt::format("{}() needs `{}`", call_->function, name));
  }
  Result<std::string> need_text(std::string_view name) const {
    TRY_ASSIGN(const RulesValue* value, need(name));
    return text_of(*value, fmt::format("`{}`", name));
  }
  Result<std::string> text_or_empty(std::string_view name) const {
    const RulesValue* value = find(name);
    if (value == nullptr) return std::string();
    TRY_ASSIGN(std::string text, text_of(*value, fmt::format("`{}`", name)));
    if (trim(text).empty()) return fail_at(file_, value->place, fmt::format("`{}` is empty: leave it out", name));
    return text;
  }
  Result<std::string> text_of(const RulesValue& value, std::string_view what) const {
    if (value.kind == ValueKind::text) return value.text;
    return fail_at(file_, value.place, fmt::format("{} is {}: it must be a string", what, name_of(value.kind)));
  }
  Result<Decision> decision(std::string_view name, std::span<const DecisionName> names) const {
    TRY_ASSIGN(const std::string text, need_text(name));
    const auto row = std::ranges::find(names, text, &DecisionName::name);
    if (row != names.end()) return row->decision;
    std::string known;
    for (const DecisionName& each : names) known += fmt::format("{}`{}`", known.empty() ? "" : ", ", each.name);
    return fail_at(file_, place_of(name),
                   fmt::format("`{}` is no decision: write one of {}", shorten(text, 40), known));
  }

 private:
  Arguments(const RulesCall& call, std::string_view file) : call_(&call), file_(file) {}
  static std::string takes(const RulesCall& call, std::span<const std::string_view> parameters) {
    std::string known;
    for (const std::string_view each : parameters) known += fmt::format("{}{}", known.empty() ? "" : ", ", each);
    return fmt::format("{}() takes {}", call.function, known);
  }

  const RulesCall* call_;
  std::string_view file_;
  std::map<std::string, const RulesValue*, std::less<>> values_;
};

class Reader {
 public:
  explicit Reader(std::string_view file) : file_(file) {}

  Result<RulesFile> run(const std::vector<RulesCall>& calls) {
    for (const RulesCall& call : calls) {
      if (call.function == "prefix_rule") {
        TRY(prefix_rule(call));
      } else if (call.function == "host_executable") {
        TRY(host_executable(call));
      } else if (call.function == "network_rule") {
        TRY(network_rule(call));
      } else {
        return fail_at(file_, call.place,
                       fmt::format("`{}` is not known: rules are prefix_rule(), host_executable() and network_rule()",
                                   shorten(call.function, 40)));
      }
    }
    for (const PrefixRule& rule : out_.prefix_rules) TRY(check_examples(rule));
    return std::move(out_);
  }

 private:
  Status prefix_rule(const RulesCall& call) {
    static constexpr std::array<std::string_view, 5> kParameters{"pattern", "decision", "match", "not_match",
                                                                 "justification"};
    TRY_ASSIGN(const Arguments arguments, Arguments::bind(call, kParameters, file_));
    PrefixRule rule{.pattern = {}, .place = call.place};
    TRY_ASSIGN(const RulesValue* pattern, arguments.need("pattern"));
    if (!pattern->is_sequence() || pattern->items.empty()) {
      return fail_at(file_, pattern->place, "`pattern` must be a list of at least one word");
    }
    for (const RulesValue& item : pattern->items) {
      TRY_ASSIGN(auto words, alternatives(arguments, item));
      rule.pattern.push_back(std::move(words));
    }
    // SECURITY: a decision that is written as None is no `allow`.
    if (arguments.has("decision")) {
      TRY_ASSIGN(rule.decision, arguments.decision("decision", kPrefixDecisions));
    }
    TRY_ASSIGN(rule.justification, arguments.text_or_empty("justification"));
    TRY_ASSIGN(rule.match, examples(arguments, "match"));
    TRY_ASSIGN(rule.not_match, examples(arguments, "not_match"));
    out_.prefix_rules.push_back(std::move(rule));
    return {};
  }

  Result<std::vector<std::string>> alternatives(const Arguments& arguments, const RulesValue& item) {
    std::vector<std::string> out;
    if (item.kind == ValueKind::text) {
      out.push_back(item.text);
    } else if (item.is_sequence() && !item.items.empty()) {
      for (const RulesValue& word : item.items) {
        TRY_ASSIGN(std::string text, arguments.text_of(word, "an alternative of `pattern`"));
        out.push_back(std::move(text));
      }
    } else {
      return fail_at(file_, item.place,
                     fmt::format("{} in `pattern`: each element is a word or a list of alternatives",
                                 item.is_sequence() ? "an empty list" : name_of(item.kind)));
    }
    if (std::ranges::find(out, std::string()) == out.end()) return out;
    return fail_at(file_, item.place, "an empty word in `pattern`: remove it");
  }

  Result<std::vector<RulesExample>> examples(const Arguments& arguments, std::string_view name) {
    std::vector<RulesExample> out;
    const RulesValue* list = arguments.find(name);
    if (list == nullptr) return out;
    if (!list->is_sequence()) {
      return fail_at(file_, list->place,
                     fmt::format("`{}` is {}: it must be a list of command lines", name, name_of(list->kind)));
    }
    for (const RulesValue& item : list->items) {
      RulesExample example{.words = {}, .place = item.place};
      if (item.is_sequence()) {
        for (const RulesValue& word : item.items) {
          TRY_ASSIGN(std::string text, arguments.text_of(word, fmt::format("a word of `{}`", name)));
          example.words.push_back(std::move(text));
        }
      } else {
        TRY_ASSIGN(const std::string line, arguments.text_of(item, fmt::format("an example of `{}`", name)));
        example.words = split_words(line);
      }
      if (example.words.empty()) {
        return fail_at(file_, item.place,
                       fmt::format("an example of `{}` has no words: is it empty, or is a quote open?", name));
      }
      out.push_back(std::move(example));
    }
    return out;
  }

  Status check_examples(const PrefixRule& rule) {
    for (const RulesExample& example : rule.match) {
      if (prefix_matches(rule, example.words, out_.host_executables)) continue;
      return fail_at(file_, example.place,
                     fmt::format("`{}` is to match, and the rule of line {} does not: correct one of them",
                                 shorten(shell_join(example.words), 80), rule.place.line));
    }
    for (const RulesExample& example : rule.not_match) {
      if (!prefix_matches(rule, example.words, out_.host_executables)) continue;
      return fail_at(file_, example.place,
                     fmt::format("`{}` is not to match, and the rule of line {} does: correct one of them",
                                 shorten(shell_join(example.words), 80), rule.place.line));
    }
    return {};
  }

  Status host_executable(const RulesCall& call) {
    static constexpr std::array<std::string_view, 2> kParameters{"name", "paths"};
    TRY_ASSIGN(const Arguments arguments, Arguments::bind(call, kParameters, file_));
    HostExecutable out{.name = {}, .paths = {}, .place = call.place};
    TRY_ASSIGN(out.name, arguments.need_text("name"));
    if (out.name.empty() || out.name.contains('/') || out.name == "." || out.name == "..") {
      return fail_at(file_, arguments.place_of("name"), "`name` is a program's name, without a directory");
    }
    TRY_ASSIGN(const RulesValue* paths, arguments.need("paths"));
    if (!paths->is_sequence()) {
      return fail_at(file_, paths->place, fmt::format("`paths` is {}: it must be a list", name_of(paths->kind)));
    }
    for (const RulesValue& item : paths->items) {
      TRY_ASSIGN(std::string path, arguments.text_of(item, "a path of `paths`"));
      if (!path.starts_with('/') && !path.starts_with("~/")) {
        return fail_at(file_, item.place, fmt::format("`{}` is no absolute path", shorten(path, 80)));
      }
      if (path.substr(path.rfind('/') + 1) != out.name) {
        return fail_at(file_, item.place,
                       fmt::format("`{}` does not end in `{}`: each path is of this program", shorten(path, 80),
                                   shorten(out.name, 40)));
      }
      if (std::ranges::find(out.paths, path) == out.paths.end()) out.paths.push_back(std::move(path));
    }
    out_.host_executables.push_back(std::move(out));
    return {};
  }

  Status network_rule(const RulesCall& call) {
    static constexpr std::array<std::string_view, 4> kParameters{"host", "protocol", "decision", "justification"};
    static constexpr std::array<std::array<std::string_view, 2>, 6> kProtocols{{{"http", "http"},
                                                                                {"https", "https"},
                                                                                {"https_connect", "https"},
                                                                                {"http-connect", "https"},
                                                                                {"socks5_tcp", "socks5_tcp"},
                                                                                {"socks5_udp", "socks5_udp"}}};
    TRY_ASSIGN(const Arguments arguments, Arguments::bind(call, kParameters, file_));
    NetworkRule out{.host = {}, .protocol = {}, .place = call.place};
    TRY_ASSIGN(const std::string host, arguments.need_text("host"));
    out.host = codex_host(host);
    if (out.host.empty()) {
      return fail_at(file_, arguments.place_of("host"),
                     fmt::format("`{}` is no host: write one name or address, without scheme, path or wildcard",
                                 shorten(host, 80)));
    }
    TRY_ASSIGN(const std::string protocol, arguments.need_text("protocol"));
    const auto* row = std::ranges::find(kProtocols, protocol, [](const auto& each) { return each[0]; });
    if (row == kProtocols.end()) {
      return fail_at(file_, arguments.place_of("protocol"),
                     fmt::format("`{}` is no protocol: write one of `http`, `https`, `socks5_tcp`, `socks5_udp`",
                                 shorten(protocol, 40)));
    }
    out.protocol = (*row)[1];
    TRY_ASSIGN(out.decision, arguments.decision("decision", kNetworkDecisions));
    TRY_ASSIGN(out.justification, arguments.text_or_empty("justification"));
    out_.network_rules.push_back(std::move(out));
    return {};
  }

  std::string_view file_;
  RulesFile out_;
};

}  // namespace

Result<RulesFile> parse_rules(std::string_view text, std::string_view file) {
  TRY_ASSIGN(const auto calls, evaluate_rules(text, file));
  return Reader(file).run(calls);
}

bool prefix_matches(const PrefixRule& rule, const std::vector<std::string>& words,
                    const std::vector<HostExecutable>& executables) {
  if (words.size() < rule.pattern.size()) return false;
  for (std::size_t i = 1; i < rule.pattern.size(); ++i) {
    if (std::ranges::find(rule.pattern[i], words[i]) == rule.pattern[i].end()) return false;
  }
  if (rule.pattern.empty()) return false;
  const std::string& program = words[0];
  if (std::ranges::find(rule.pattern[0], program) != rule.pattern[0].end()) return true;
  if (!program.starts_with('/')) return false;
  const std::string name = program.substr(program.rfind('/') + 1);
  if (std::ranges::find(rule.pattern[0], name) == rule.pattern[0].end()) return false;
  // A later entry of the same name replaces the one before.
  for (auto entry = executables.rbegin(); entry != executables.rend(); ++entry) {
    if (entry->name == name) return std::ranges::find(entry->paths, program) != entry->paths.end();
  }
  return true;
}

std::string codex_host(std::string_view host) {
  host = trim(host);
  if (host.find_first_of("/?#@*, \t\r\n\\\"'%") != std::string_view::npos || host.size() > 255) return {};
  if (host.starts_with('[')) {
    const auto close = host.find(']');
    if (close == std::string_view::npos) return {};
    const std::string_view rest = host.substr(close + 1);
    if (!rest.empty() && (rest[0] != ':' || !parse_number(rest.substr(1), 0, 65535))) return {};
    host = host.substr(1, close - 1);
  } else if (const auto colon = host.find(':'); colon != std::string_view::npos && colon == host.rfind(':')) {
    if (!parse_number(host.substr(colon + 1), 0, 65535)) return {};
    host = host.substr(0, colon);
  }
  while (host.ends_with('.')) host.remove_suffix(1);
  if (host.find_first_of("[]") != std::string_view::npos) return {};
  std::string out;
  for (const char c : host) {
    if (static_cast<unsigned char>(c) < 0x21 || c == 0x7F) return {};
    out += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return out;
}

std::vector<std::string> split_words(std::string_view line) {
  std::vector<std::string> out;
  std::optional<std::string> word;
  char quote = '\0';
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (quote != '\0') {
      if (c == quote) {
        quote = '\0';
      } else if (quote == '"' && c == '\\' && i + 1 < line.size() &&
                 std::string_view("$`\"\\\n").contains(line[i + 1])) {
        if (line[++i] != '\n') *word += line[i];
      } else {
        *word += c;
      }
    } else if (c == ' ' || c == '\t' || c == '\n') {
      if (word) out.push_back(std::move(*word));
      word.reset();
    } else if (c == '#' && !word) {
      while (i + 1 < line.size() && line[i + 1] != '\n') ++i;
    } else {
      if (!word) word.emplace();
      if (c == '\'' || c == '"') {
        quote = c;
      } else if (c == '\\') {
        if (i + 1 >= line.size()) return {};
        if (line[++i] != '\n') *word += line[i];
      } else {
        *word += c;
      }
    }
  }
  if (quote != '\0') return {};
  if (word) out.push_back(std::move(*word));
  return out;
}

}  // namespace bailiwick
