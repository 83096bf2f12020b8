// Settings compared by what they bound. What is judged (rules, defaults of sections, paths that are listed) is found by
// trying, not here.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <limits>

#include "base/text.h"
#include "referee/diff_parts.h"

namespace bailiwick::diff_parts {
namespace {

using Change = Difference::Change;
using Words = std::vector<std::string>;

constexpr double kUnbounded = -std::numeric_limits<double>::infinity();

// Seconds, of the schema's own texts: "10m".
double seconds_of(std::string_view text) {
  if (text.empty()) return 0;
  const auto number = parse_number(text.substr(0, text.size() - 1), 0, 1'000'000);
  const double unit = text.back() == 'd' ? 86400 : text.back() == 'h' ? 3600 : text.back() == 'm' ? 60 : 1;
  return number ? static_cast<double>(*number) * unit : 0;
}

double place_in(const SchemaKey& key, std::string_view choice) {
  const std::vector<std::string_view> known = split(key.values, ' ');
  return static_cast<double>(std::ranges::find(known, choice) - known.begin());
}

// What is built in where no layer says it, as a number; unset: nothing that is known here.
std::optional<double> built_in(const SchemaKey& key) {
  switch (key.type) {
    case ValueType::boolean: return key.builtin.starts_with("true") ? 1 : 0;
    case ValueType::choice: return place_in(key, key.builtin);
    case ValueType::duration: return seconds_of(key.builtin);
    case ValueType::count:
      if (const auto number = parse_number(key.builtin, 0, UINT32_MAX)) return static_cast<double>(*number);
      return std::nullopt;
    case ValueType::size:
      if (const auto bytes = parse_bytes(key.builtin)) return static_cast<double>(*bytes);
      return std::nullopt;
    default: return std::nullopt;
  }
}

double number_of(const SchemaKey& key, const SettingValue& value) {
  if (const auto* whole = std::get_if<std::int64_t>(&value)) return static_cast<double>(*whole);
  if (const auto* real = std::get_if<double>(&value)) return *real;
  if (const auto* flag = std::get_if<bool>(&value)) return *flag ? 1 : 0;
  if (const auto* text = std::get_if<std::string>(&value)) return place_in(key, *text);
  return 0;
}

// The larger, the stricter.
double strictness(const SchemaKey& key, const EffectiveSetting* setting) {
  const std::optional<double> number =
      setting != nullptr ? std::optional(number_of(key, setting->value)) : built_in(key);
  if (!number) return kUnbounded;
  const bool grows = key.combines == Combines::max || key.type == ValueType::decision;
  return grows ? *number : -*number;
}

Difference::Side side_of(const Policy& policy, const SchemaKey& key, const EffectiveSetting* setting) {
  if (setting == nullptr) return {key.builtin.empty() ? "not set" : "not set: " + std::string(key.builtin), "no file"};
  return {printable(format_value(key, setting->value)), printable(policy.source(setting->origins.front()))};
}

// What is in `words` and nothing of `others` holds it.
Words beyond(const SchemaKey& key, const Words& words, const Words& others) {
  Words out;
  for (const std::string& word : words)
    if (std::ranges::none_of(others, [&](const std::string& other) {
          return key.type == ValueType::paths ? is_within(word, other) : word == other;
        }))
      out.push_back(word);
  return out;
}

std::string listed(std::string_view verb, const Words& words) {
  std::string out(verb);
  for (std::size_t i = 0; i < words.size(); ++i)
    out += fmt::format("{} `{}`", i == 0 ? "" : ",", printable(shorten(words[i], 80)));
  return out;
}

class Settings {
 public:
  Settings(const Policy& before, const Policy& after) : before_(before), after_(after) {}

  std::vector<Difference> run() {
    for (const SchemaKey& key : schema()) {
      switch (key.combines) {
        case Combines::meet:
          if (key.type == ValueType::choices) {
            choices(key);
          } else {
            bounded(key);
          }
          break;
        case Combines::join: joined(key); break;
        case Combines::min:
        case Combines::max: ordered(key); break;
        case Combines::choice: start(key); break;
        case Combines::verdict:
        case Combines::own: break;
      }
    }
    return std::move(out_);
  }

 private:
  void add(Change change, const SchemaKey& key, const EffectiveSetting* was, const EffectiveSetting* is,
           std::string detail = {}) {
    out_.push_back({.change = change,
                    .subject = Difference::Subject::setting,
                    .example = std::string(key.path),
                    .trial = {},
                    .before = side_of(before_, key, was),
                    .after = side_of(after_, key, is),
                    .detail = std::move(detail)});
  }
  // `more` is how having more of it counts.
  void lists(Change more, const SchemaKey& key, const EffectiveSetting* was, const EffectiveSetting* is,
             const Words& old_words, const Words& new_words) {
    const Words added = beyond(key, new_words, old_words);
    const Words removed = beyond(key, old_words, new_words);
    const Change less = more == Change::looser ? Change::stricter : Change::looser;
    if (!added.empty()) add(more, key, was, is, listed("adds", added));
    if (!removed.empty()) add(less, key, was, is, listed("takes out", removed));
  }

  static Words words_of(const EffectiveSetting* setting) {
    return setting == nullptr ? Words() : std::get<Words>(setting->value);
  }

  void choices(const SchemaKey& key) {
    const EffectiveSetting* was = before_.find(key.path);
    const EffectiveSetting* is = after_.find(key.path);
    Words all;
    for (const std::string_view value : split(key.values, ' ')) all.emplace_back(value);
    lists(Change::looser, key, was, is, was != nullptr ? words_of(was) : all, is != nullptr ? words_of(is) : all);
  }

  // Admin layers' lists are a bound; nobody's list bounds nothing. What then holds is found by trying for paths of
  // files, and compared here for the rest.
  void bounded(const SchemaKey& key) {
    const EffectiveSetting* old_bound = before_.bound(key.path);
    const EffectiveSetting* new_bound = after_.bound(key.path);
    const EffectiveSetting* was = before_.find(key.path);
    const EffectiveSetting* is = after_.find(key.path);
    // without a list nothing is let in, but every login and agent may be used
    const bool lets_in = key.path.starts_with("sandbox.");
    if ((old_bound == nullptr) != (new_bound == nullptr)) {
      const Change change = old_bound == nullptr ? Change::stricter : Change::looser;
      add(change, key, old_bound, new_bound,
          old_bound == nullptr ? "users may add nothing else" : "users may add others");
    } else if (old_bound != nullptr) {
      lists(Change::looser, key, old_bound, new_bound, words_of(old_bound), words_of(new_bound));
    }
    const bool is_tried = key.path == "sandbox.read" || key.path == "sandbox.write";
    const bool is_bound = words_of(was) == words_of(old_bound) && words_of(is) == words_of(new_bound);
    if (is_tried || (is_bound && old_bound != nullptr && new_bound != nullptr)) return;
    if (was == nullptr && is == nullptr) return;
    if (!lets_in && (was == nullptr || is == nullptr)) {
      if (!is_bound) add(was == nullptr ? Change::stricter : Change::looser, key, was, is);
    } else {
      lists(Change::looser, key, was, is, words_of(was), words_of(is));
    }
  }

  void joined(const SchemaKey& key) {
    const EffectiveSetting* was = before_.find(key.path);
    const EffectiveSetting* is = after_.find(key.path);
    if (key.path == "sandbox.deny_read") {
      lists(Change::stricter, key, was, is, words_of(was), words_of(is));
      return;
    }
    const Words added = beyond(key, words_of(is), words_of(was));
    const Words removed = beyond(key, words_of(was), words_of(is));
    if (added.empty() && removed.empty()) return;
    std::string detail = added.empty() ? std::string() : listed("adds", added);
    if (!removed.empty()) detail += (detail.empty() ? "" : ", ") + listed("takes out", removed);
    add(Change::changed, key, was, is, std::move(detail));
  }

  void ordered(const SchemaKey& key) {
    const EffectiveSetting* was = before_.find(key.path);
    const EffectiveSetting* is = after_.find(key.path);
    const double old_value = strictness(key, was), new_value = strictness(key, is);
    if (old_value == new_value) return;
    add(new_value > old_value ? Change::stricter : Change::looser, key, was, is);
  }

  void start(const SchemaKey& key) {
    if (!key.values.empty() || key.type == ValueType::decision || key.type == ValueType::risk) return ordered(key);
    const EffectiveSetting* was = before_.find(key.path);
    const EffectiveSetting* is = after_.find(key.path);
    const bool same = was == nullptr || is == nullptr ? was == is : was->value == is->value;
    if (!same) add(Change::changed, key, was, is);
  }

  const Policy& before_;
  const Policy& after_;
  std::vector<Difference> out_;
};

}  // namespace

std::vector<Difference> compare_settings(const Policy& before, const Policy& after) {
  return Settings(before, after).run();
}

}  // namespace bailiwick::diff_parts
