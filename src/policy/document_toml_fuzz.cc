// Our reader of TOML against toml++: what one refuses, the other refuses, and what both read is the same tree, with the
// same places. Not compared is what we refuse on purpose: infinity, nan, control characters in escapes, many levels.
#define TOML_HEADER_ONLY 1
#define TOML_EXCEPTIONS 0
#define TOML_ENABLE_FORMATTERS 0
#define TOML_MAX_NESTED_VALUES 4096
// It asserts what input can bring about, for example with `[=`; goes on, and refuses that, where the check is left out.
#define TOML_ASSERT(expression) static_assert(true)
#include <fmt/format.h>

#include <toml++/toml.h>
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/check.h"
#include "policy/document.h"

namespace bailiwick {
namespace {

Place place_of(const toml::source_region& region) { return {.line = region.begin.line, .column = region.begin.column}; }

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

// Moves strings out of the library's tree.
class Converter {
 public:
  void convert(toml::node& from, Node& to) {
    to.place = place_of(from.source());
    switch (from.type()) {
      case toml::node_type::table: return convert_table(*from.as_table(), to);
      case toml::node_type::array: return convert_array(*from.as_array(), to);
      case toml::node_type::string:
        to.kind = NodeKind::string;
        to.text = std::move(from.as_string()->get());
        return;
      case toml::node_type::integer:
        to.kind = NodeKind::integer;
        to.integer = from.as_integer()->get();
        return;
      case toml::node_type::floating_point:
        to.kind = NodeKind::real;
        to.real = from.as_floating_point()->get();
        return;
      case toml::node_type::boolean:
        to.kind = NodeKind::boolean;
        to.boolean = from.as_boolean()->get();
        return;
      case toml::node_type::date: return convert_date(format_date(from.as_date()->get()), to);
      case toml::node_type::time: return convert_date(format_time(from.as_time()->get()), to);
      case toml::node_type::date_time: return convert_date(format_moment(from.as_date_time()->get()), to);
      case toml::node_type::none: break;
    }
    CHECK(false);
  }

 private:
  static void convert_date(std::string text, Node& to) {
    to.kind = NodeKind::date;
    to.text = std::move(text);
    return;
  }

  void convert_array(toml::array& from, Node& to) {
    to.kind = NodeKind::array;
    to.items.resize(from.size());
    for (std::size_t i = 0; i < from.size(); ++i) convert(from[i], to.items[i]);
    return;
  }

  // The library keeps tables sorted by key; messages and rewritten files should follow the source.
  void convert_table(toml::table& from, Node& to) {
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
      convert(*entry.value, member.value);
    }
    order_.resize(base);
    return;
  }

  struct Entry {
    Place place;
    const toml::key* key = nullptr;
    toml::node* value = nullptr;
  };
  std::vector<Entry> order_;  // of all tables that are being read, the innermost last
};

bool is_refused_on_purpose(const std::string& why) {
  for (const std::string_view part :
       {"infinity and nan", "control character", "more than 64 levels", "too large or too small"})
    if (why.find(part) != std::string::npos) return true;
  return false;
}

// Its own bounds: digits of a fraction or a number.
bool is_bound_of_theirs(std::string_view why) { return why.find("exceeds maximum") != std::string_view::npos; }

// It takes the blanks of Unicode for blanks in places, which TOML does not.
bool has_unicode_blanks(std::string_view text) {
  for (const std::string_view blank :
       {"\xC2\x85", "\xC2\xA0", "\xE1\x9A\x80", "\xE1\xA0\x8E", "\xE2\x80", "\xE2\x81", "\xE3\x80\x80", "\xEF\xBB\xBF"})
    if (text.find(blank) != std::string_view::npos) return true;
  return false;
}

}  // namespace
}  // namespace bailiwick

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace bailiwick;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const Result<Node> ours = parse_toml(text, "fuzz");
  if (!ours && is_refused_on_purpose(ours.error().what)) return 0;
  // toml++ 3.3.0 runs into undefined behaviour at `a=\xC3\xA4`, a letter where a value must be
  const bool is_ascii = std::all_of(text.begin(), text.end(), [](char c) { return (c & 0x80) == 0; });
  if (!is_ascii && (!ours || has_unicode_blanks(text))) return 0;
  toml::parse_result theirs = toml::parse(text);
  if (!theirs && is_bound_of_theirs(theirs.error().description())) return 0;
  if (ours.has_value() != static_cast<bool>(theirs)) {
    std::fprintf(stderr, "ours: %s\ntheirs: %s\n", ours ? "read" : ours.error().what.c_str(),
                 theirs ? "read" : std::string(theirs.error().description()).c_str());
    std::abort();
  }
  if (!ours) return 0;
  Node wanted;
  Converter().convert(theirs.table(), wanted);
  wanted.place = ours->place;
  CHECK(*ours == wanted);
  return 0;
}
