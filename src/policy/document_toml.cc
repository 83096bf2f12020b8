#define TOML_HEADER_ONLY 1
#define TOML_EXCEPTIONS 0
#define TOML_ENABLE_FORMATTERS 0
#define TOML_MAX_NESTED_VALUES 64
#include <fmt/format.h>

#include <toml++/toml.h>
#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "base/text.h"
#include "policy/document.h"
#include "policy/document_check.h"

namespace bailiwick {
namespace {

Place place_of(const toml::source_region& region) { return {.line = region.begin.line, .column = region.begin.column}; }

// The library takes any number of dots in a key, one table each, and frees them by recursion; it looks tables up that
// dots or headers made by walking through all of them. So both are counted first, as it would see them: outside strings
// and comments. What is counted wrongly is no TOML, and the library stops at it.
class DotCount {
 public:
  explicit DotCount(std::string_view text) : text_(text) {}

  [[nodiscard]] Status check(std::string_view file) {
    while (at_ < text_.size()) {
      const char c = text_[at_];
      switch (c) {
        case '"':
        case '\'': skip_string(c); continue;
        case '#': at_ = std::min(text_.find('\n', at_), text_.size()); continue;
        case '.':
          if (++dots_ >= kMaxDocumentDepth) return fail_at(file, place_at(text_, at_), kTooDeep);
          break;
        case '=':
        case ']': key_dots_ += std::exchange(dots_, 0); break;
        case '[':
          if (at_ == 0 || text_[at_ - 1] == '\n') ++headers_;
          dots_ = 0;
          break;
        case '\n':
        case ',':
        case '{':
        case '}': dots_ = 0; break;
        default: break;
      }
      if (key_dots_ > kMaxKeyDots)
        return fail_at(file, place_at(text_, at_), "too many keys with dots; use a [table] for them");
      if (headers_ > kMaxHeaders) return fail_at(file, place_at(text_, at_), "more than 65536 tables; split the file");
      ++at_;
    }
    return {};
  }

 private:
  static constexpr unsigned kMaxKeyDots = 16384;
  static constexpr unsigned kMaxHeaders = 65536;

  void skip_string(char quote) {
    const std::string three(3, quote);
    const bool is_long = text_.substr(at_).starts_with(three);
    at_ += is_long ? 3 : 1;
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '\\' && quote == '"') {
        at_ += 2;
      } else if (is_long ? text_.substr(at_).starts_with(three) : c == quote || c == '\n') {
        at_ += is_long ? 3 : 1;
        // `""""` ends with one quote that belongs to the text, `"""""` with two
        while (is_long && at_ < text_.size() && text_[at_] == quote) ++at_;
        return;
      } else {
        ++at_;
      }
    }
  }

  std::string_view text_;
  std::size_t at_ = 0;
  unsigned dots_ = 0;
  unsigned key_dots_ = 0;
  unsigned headers_ = 0;
};

std::string format_date(const toml::date& date) {
  return fmt::format("{:04}-{:02}-{:02}", date.year, date.month, date.day);
}
std::string format_time(const toml::time& time) {
  std::string text = fmt::format("{:02}:{:02}:{:02}", time.hour, time.minute, time.second);
  if (time.nanosecond == 0) return text;
  text += fmt::format(".{:09}", time.nanosecond);
  text.resize(text.find_last_not_of('0') + 1);
  return text;
}
std::string format_moment(const toml::date_time& moment) {
  std::string text = format_date(moment.date) + "T" + format_time(moment.time);
  if (!moment.offset) return text;
  if (moment.offset->minutes == 0) return text + "Z";
  const int minutes = std::abs(moment.offset->minutes);
  return text + fmt::format("{}{:02}:{:02}", moment.offset->minutes < 0 ? '-' : '+', minutes / 60, minutes % 60);
}

// Moves strings out of the library's tree: it is of no use afterwards.
class Converter {
 public:
  explicit Converter(std::string_view file) : file_(file) {}

  [[nodiscard]] Status convert(toml::node& from, Node& to, unsigned depth) {
    to.place = place_of(from.source());
    if (depth > kMaxDocumentDepth) return fail_at(file_, to.place, kTooDeep);
    switch (from.type()) {
      case toml::node_type::table: return convert_table(*from.as_table(), to, depth);
      case toml::node_type::array: return convert_array(*from.as_array(), to, depth);
      case toml::node_type::string:
        to.kind = NodeKind::string;
        to.text = std::move(from.as_string()->get());
        if (has_control_characters(to.text)) return fail_at(file_, to.place, kControlCharacters);
        return {};
      case toml::node_type::integer:
        to.kind = NodeKind::integer;
        to.integer = from.as_integer()->get();
        return {};
      case toml::node_type::floating_point:
        to.kind = NodeKind::real;
        to.real = from.as_floating_point()->get();
        if (!std::isfinite(to.real)) return fail_at(file_, to.place, "infinity and nan are no values here");
        return {};
      case toml::node_type::boolean:
        to.kind = NodeKind::boolean;
        to.boolean = from.as_boolean()->get();
        return {};
      case toml::node_type::date: return convert_date(format_date(from.as_date()->get()), to);
      case toml::node_type::time: return convert_date(format_time(from.as_time()->get()), to);
      case toml::node_type::date_time: return convert_date(format_moment(from.as_date_time()->get()), to);
      case toml::node_type::none: break;
    }
    return fail_at(file_, to.place, "a value of an unknown type");
  }

 private:
  static Status convert_date(std::string text, Node& to) {
    to.kind = NodeKind::date;
    to.text = std::move(text);
    return {};
  }

  [[nodiscard]] Status convert_array(toml::array& from, Node& to, unsigned depth) {
    to.kind = NodeKind::array;
    to.items.resize(from.size());
    for (std::size_t i = 0; i < from.size(); ++i) TRY(convert(from[i], to.items[i], depth + 1));
    return {};
  }

  // The library keeps tables sorted by key; messages and rewritten files should follow the source.
  [[nodiscard]] Status convert_table(toml::table& from, Node& to, unsigned depth) {
    to.kind = NodeKind::table;
    const std::size_t base = order_.size();
    for (auto&& [key, value] : from) order_.push_back({.place = place_of(key.source()), .key = &key, .value = &value});
    std::sort(order_.begin() + static_cast<std::ptrdiff_t>(base), order_.end(), [](const Entry& a, const Entry& b) {
      return a.place.line != b.place.line ? a.place.line < b.place.line : a.place.column < b.place.column;
    });
    to.members.resize(order_.size() - base);
    for (std::size_t i = 0; i < to.members.size(); ++i) {
      const Entry entry = order_[base + i];
      Member& member = to.members[i];
      member.key = entry.key->str();
      member.place = entry.place;
      if (has_control_characters(member.key)) return fail_at(file_, member.place, kControlCharacters);
      TRY(convert(*entry.value, member.value, depth + 1));
    }
    order_.resize(base);
    return {};
  }

  struct Entry {
    Place place;
    const toml::key* key = nullptr;
    toml::node* value = nullptr;
  };
  std::string_view file_;
  std::vector<Entry> order_;  // of all tables that are being read, the innermost last
};

// "Error while parsing key-value pair: expected '=', saw 'x'" without what the place says already.
std::string reword(std::string_view what) {
  constexpr std::string_view kStart = "Error while parsing ";
  if (what.starts_with(kStart)) {
    what.remove_prefix(kStart.size());
    if (const auto colon = what.find(": "); colon != std::string_view::npos) what.remove_prefix(colon + 2);
  }
  std::string text = printable(what);
  std::replace(text.begin(), text.end(), '\'', '`');
  if (text.find("cannot redefine") != std::string::npos) return text + "; it stands here twice, remove one";
  if (text.find("end-of-file") != std::string::npos) return text + "; is something cut off?";
  return text;
}

}  // namespace

Result<Node> parse_toml(std::string_view text, std::string_view file) {
  TRY(check_text(text, file));
  TRY(DotCount(text).check(file));
  toml::parse_result parsed = toml::parse(text);
  if (!parsed) {
    const toml::parse_error& error = parsed.error();
    return fail_at(file, place_of(error.source()), reword(error.description()));
  }
  Node root;
  TRY(Converter(file).convert(parsed.table(), root, 1));
  root.place = {.line = 1, .column = 1};
  return root;
}

}  // namespace bailiwick
