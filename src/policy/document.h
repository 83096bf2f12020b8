// What a configuration file says, as a tree of values with places: TOML, JSON and property lists are read into one
// shape, so that schema, importers and messages are written once. Pure values; any thread; nothing here throws.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace bailiwick {

inline constexpr std::size_t kMaxDocument = 8UL << 20;  // bytes; larger files are refused
inline constexpr unsigned kMaxDocumentDepth = 64;
inline constexpr std::size_t kMaxDocumentValues = 500'000;  // each is a node of 112 bytes and more

// Where something stands in its file: counted from 1, columns in characters; 0 where the format has no lines.
struct Place {
  std::uint32_t line = 0;
  std::uint32_t column = 0;
  bool operator==(const Place&) const = default;
};

enum class NodeKind : std::uint8_t { table, array, string, integer, real, boolean, null, date, data };
[[nodiscard]] std::string_view name_of(NodeKind kind);  // "a table", "a string" ..

struct Member;
struct Node {
  NodeKind kind = NodeKind::table;
  bool boolean = false;
  std::int64_t integer = 0;
  double real = 0;
  std::string text;             // string; date: as RFC 3339 writes it, or a part of that; data: the bytes
  std::vector<Member> members;  // of a table, in the file's order, no key twice
  std::vector<Node> items;      // of an array
  Place place;

  [[nodiscard]] const Node* find(std::string_view key) const;  // null: there is none, or this is no table
  bool operator==(const Node&) const;
};
struct Member {
  std::string key;
  Place place;  // of the key
  Node value;
  bool operator==(const Member&) const = default;
};

// Each refuses, with `invalid` and a message that starts "FILE:LINE:COLUMN: " or "FILE: offset N: ": what does not
// parse, a key twice in a table, text that is not UTF-8, NUL and other control characters, more than kMaxDocument
// bytes, kMaxDocumentDepth levels or kMaxDocumentValues values, infinity and nan. `file` is only for messages. The root
// is a table.
[[nodiscard]] Result<Node> parse_toml(std::string_view text, std::string_view file);
[[nodiscard]] Result<Node> parse_json(std::string_view text, std::string_view file);    // RFC 8259, no comments
[[nodiscard]] Result<Node> parse_plist(std::string_view bytes, std::string_view file);  // Apple's XML or binary form

// "FILE:LINE:COLUMN: what" with kind `invalid`; without a line, "FILE: what".
[[nodiscard]] std::unexpected<Error> fail_at(std::string_view file, Place place, std::string_view what);
[[nodiscard]] std::string format_place(std::string_view file, Place place);  // "FILE:LINE", "FILE"

// RFC 8785 as far as it goes here: members sorted by UTF-16 code units, no blanks, shortest escapes, whole numbers as
// they are. Reals, dates and data are no part of it: `invalid`.
[[nodiscard]] Result<std::string> canonical_json(const Node& node);

}  // namespace bailiwick
