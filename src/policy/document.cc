#include "policy/document.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "policy/document_check.h"

namespace bailiwick {
namespace {

constexpr bool is_control(unsigned char c) { return (c < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0x7F; }

}  // namespace

std::string_view name_of(NodeKind kind) {
  switch (kind) {
    case NodeKind::table: return "a table";
    case NodeKind::array: return "an array";
    case NodeKind::string: return "a string";
    case NodeKind::integer: return "a whole number";
    case NodeKind::real: return "a number with a fraction";
    case NodeKind::boolean: return "true or false";
    case NodeKind::null: return "null";
    case NodeKind::date: return "a date";
    case NodeKind::data: return "binary data";
  }
  return "something unknown";
}

const Node* Node::find(std::string_view key) const {
  for (const Member& member : members)
    if (member.key == key) return &member.value;
  return nullptr;
}

bool Node::operator==(const Node&) const = default;

std::string format_place(std::string_view file, Place place) {
  if (place.line == 0) return std::string(file);
  return fmt::format("{}:{}", file, place.line);
}

std::unexpected<Error> fail_at(std::string_view file, Place place, std::string_view what) {
  if (place.line == 0) return fail(ErrorKind::invalid, fmt::format("{}: {}", file, what));
  return fail(ErrorKind::invalid, fmt::format("{}:{}:{}: {}", file, place.line, place.column, what));
}

Place place_at(std::string_view text, std::size_t offset) {
  Place place{.line = 1, .column = 1};
  for (const char c : text.substr(0, offset)) {
    if (c == '\n') {
      ++place.line;
      place.column = 1;
    } else if ((static_cast<unsigned char>(c) & 0xC0) != 0x80) {
      ++place.column;
    }
  }
  return place;
}

Status check_size(std::string_view bytes, std::string_view file) {
  if (bytes.size() <= kMaxDocument) return {};
  return fail_at(file, {}, fmt::format("larger than {}; split it", format_bytes(kMaxDocument)));
}

Status check_text(std::string_view text, std::string_view file) {
  TRY(check_size(text, file));
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c >= 0x80) {
      // a run of such bytes is valid on its own, or not at all
      std::size_t end = i;
      while (end < text.size() && static_cast<unsigned char>(text[end]) >= 0x80) ++end;
      if (!is_valid_utf8(text.substr(i, end - i))) {
        for (std::size_t size = 1; size <= 4; ++size) {
          if (!is_valid_utf8(text.substr(i, size))) continue;
          i += size;
          size = 0;
        }
        return fail_at(file, place_at(text, i), "this is not UTF-8; save the file as UTF-8");
      }
      i = end - 1;
    } else if (is_control(c)) {
      return fail_at(file, place_at(text, i), fmt::format("the control character \\x{:02x}; remove it", c));
    }
  }
  return {};
}

bool has_control_characters(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) { return is_control(static_cast<unsigned char>(c)); });
}

void append_utf8(std::string& text, char32_t c) {
  const auto add = [&](char32_t bits) { text += static_cast<char>(bits); };
  if (c < 0x80) {
    add(c);
  } else if (c < 0x800) {
    add(0xC0 | c >> 6U);
    add(0x80 | (c & 0x3F));
  } else if (c < 0x10000) {
    add(0xE0 | c >> 12U);
    add(0x80 | (c >> 6U & 0x3F));
    add(0x80 | (c & 0x3F));
  } else {
    add(0xF0 | c >> 18U);
    add(0x80 | (c >> 12U & 0x3F));
    add(0x80 | (c >> 6U & 0x3F));
    add(0x80 | (c & 0x3F));
  }
}

const Member* find_duplicate(const Node& table) {
  if (table.members.size() < 2) return nullptr;
  std::vector<std::pair<std::string_view, std::size_t>> keys;
  keys.reserve(table.members.size());
  for (std::size_t i = 0; i < table.members.size(); ++i) keys.emplace_back(table.members[i].key, i);
  std::sort(keys.begin(), keys.end());
  std::size_t first = table.members.size();
  for (std::size_t i = 1; i < keys.size(); ++i)
    if (keys[i].first == keys[i - 1].first) first = std::min(first, keys[i].second);
  return first == table.members.size() ? nullptr : &table.members[first];
}

std::unexpected<Error> fail_duplicate(std::string_view file, const Node& table, const Member& second) {
  const auto first = std::find_if(table.members.begin(), table.members.end(),
                                  [&](const Member& member) { return member.key == second.key; });
  const std::string where = first->place.line == 0 ? "" : fmt::format(" (first in line {})", first->place.line);
  return fail_at(file, second.place,
                 fmt::format("the key `{}` stands here twice{}; remove one", printable(second.key), where));
}

}  // namespace bailiwick
