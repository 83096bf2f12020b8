// TOML 1.0, read straight into the tree: a library's own tree, and its conversion, cost more than the reading, and the
// library's time grows with the square of tables and dots (docs/adr/0015).
#include <fmt/format.h>

#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/text.h"
#include "policy/document.h"
#include "policy/document_check.h"
#include "policy/document_toml_scan.h"

namespace bailiwick {
namespace {

// How a table or array came to be: what may still be added to it. Kept in Node::integer, which they do not use
// otherwise, until the end of reading; its upper bits are the number of the table's index.
enum Origin : std::uint8_t {
  closed,           // a value: an array, an inline table
  by_child,         // [a] of the header [a.b]: may have a header yet
  by_header,        // [a]
  by_dots,          // a of `a.b = 1`
  array_of_tables,  // [[a]]
};

class Reader {
 public:
  Reader(std::string_view text, std::string_view file) : file_(file), scan_(text, file) {}

  [[nodiscard]] Result<Node> read() {
    Node root;
    set(root, by_header);
    root.place = {.line = 1, .column = 1};
    Node* section = &root;
    depth_ = 1;
    while (true) {
      TRY(scan_.skip_lines());
      if (scan_.is_at_end()) break;
      if (scan_.peek() == '[') {
        TRY_ASSIGN(section, read_header(root));
      } else {
        TRY(read_member(*section, depth_));
      }
      TRY(scan_.finish_line());
    }
    forget_origins(root);
    return root;
  }

 private:
  static constexpr std::size_t kSmallTable = 16;  // up to here, looking at each key is as fast as an index
  static constexpr unsigned kOriginBits = 8;

  static Origin origin(const Node& node) { return static_cast<Origin>(node.integer & 0xFF); }
  static void set(Node& node, Origin origin) { node.integer = (node.integer & ~std::int64_t{0xFF}) | origin; }
  static void forget_origins(Node& node) {
    if (node.kind != NodeKind::table && node.kind != NodeKind::array) return;
    node.integer = 0;
    for (Member& member : node.members) forget_origins(member.value);
    for (Node& item : node.items) forget_origins(item);
  }

  [[nodiscard]] Member* find(Node& table, const std::string& key) {
    if (table.members.size() <= kSmallTable) {
      for (Member& member : table.members)
        if (member.key == key) return &member;
      return nullptr;
    }
    auto number = static_cast<std::size_t>(table.integer >> kOriginBits);
    if (number == 0) {
      number = indexes_.size() + 1;
      table.integer |= static_cast<std::int64_t>(number << kOriginBits);
      indexes_.emplace_back();
    }
    auto& index = indexes_[number - 1];
    for (std::size_t i = index.size(); i < table.members.size(); ++i) index.emplace(table.members[i].key, i);
    const auto found = index.find(key);
    return found == index.end() ? nullptr : &table.members[found->second];
  }

  [[nodiscard]] Status count_value() { return ++values_ > kMaxDocumentValues ? scan_.bad(kTooMany) : Status{}; }
  [[nodiscard]] Result<Node*> add(Node& table, std::string key, Place place) {
    TRY(count_value());
    if (table.members.empty()) table.members.reserve(4);  // growing by one moves whole members each time
    Member& member = table.members.emplace_back();
    member.key = std::move(key);
    member.place = place;
    return &member.value;
  }
  [[nodiscard]] std::unexpected<Error> twice(const Member& first, std::string_view key, Place place) const {
    return fail_at(
        file_, place,
        fmt::format("the key `{}` stands here twice (first in line {}); remove one", printable(key), first.place.line));
  }

  // [a.b] or [[a.b]], up to its last bracket. Gives the table that the lines below it belong to.
  [[nodiscard]] Result<Node*> read_header(Node& root) {
    const Place start = scan_.place();
    scan_.skip(1);
    const bool is_array = scan_.take('[');
    Node* table = &root;
    depth_ = 1;
    while (true) {
      scan_.skip_blanks();
      const Place place = scan_.place();
      std::string key;
      TRY(scan_.read_key(key));
      scan_.skip_blanks();
      if (++depth_ > kMaxDocumentDepth) return scan_.bad(kTooDeep);
      if (!scan_.take('.')) {
        TRY_ASSIGN(table, is_array ? add_item(*table, std::move(key), place, start)
                                   : open_table(*table, std::move(key), place, start));
        break;
      }
      TRY_ASSIGN(table, pass_through(*table, std::move(key), place, start));
    }
    if (!scan_.take(']') || (is_array && !scan_.take(']')))
      return scan_.bad(fmt::format("here must be `{}`, not {}", is_array ? "]]" : "]", scan_.what_is_here()));
    return table;
  }

  [[nodiscard]] Result<Node*> pass_through(Node& table, std::string key, Place place, Place start) {
    Member* member = find(table, key);
    if (member == nullptr) {
      TRY_ASSIGN(Node * made, add(table, std::move(key), place));
      set(*made, by_child);
      made->place = start;
      return made;
    }
    Node& value = member->value;
    const bool is_open = value.kind == NodeKind::table || value.kind == NodeKind::array;
    if (!is_open || origin(value) == closed)
      return fail_at(file_, place,
                     fmt::format("`{}` is {} of line {} already, which nothing can be added to", printable(key),
                                 name_of(value.kind), member->place.line));
    if (value.kind == NodeKind::table) return &value;
    if (++depth_ > kMaxDocumentDepth) return scan_.bad(kTooDeep);
    return &value.items.back();
  }

  [[nodiscard]] Result<Node*> open_table(Node& table, std::string key, Place place, Place start) {
    Member* member = find(table, key);
    Node* value = nullptr;
    if (member == nullptr) {
      TRY_ASSIGN(value, add(table, std::move(key), place));
    } else {
      value = &member->value;
      if (value->kind == NodeKind::array && origin(*value) == array_of_tables)
        return fail_at(file_, place, fmt::format("`{0}` is a list of tables; write [[{0}]]", printable(key)));
      if (value->kind != NodeKind::table || origin(*value) != by_child) return twice(*member, key, place);
    }
    set(*value, by_header);
    value->place = start;
    return value;
  }

  [[nodiscard]] Result<Node*> add_item(Node& table, std::string key, Place place, Place start) {
    if (++depth_ > kMaxDocumentDepth) return scan_.bad(kTooDeep);
    Member* member = find(table, key);
    Node* list = nullptr;
    if (member == nullptr) {
      TRY_ASSIGN(list, add(table, std::move(key), place));
      list->kind = NodeKind::array;
      list->place = start;
      set(*list, array_of_tables);
    } else {
      list = &member->value;
      if (list->kind != NodeKind::array || origin(*list) != array_of_tables) return twice(*member, key, place);
    }
    TRY(count_value());
    Node& item = list->items.emplace_back();
    item.place = start;
    set(item, by_header);
    return &item;
  }

  // `a.b = value`
  [[nodiscard]] Status read_member(Node& section, unsigned depth) {
    Node* table = &section;
    while (true) {
      const Place place = scan_.place();
      std::string key;
      TRY(scan_.read_key(key));
      scan_.skip_blanks();
      Member* member = find(*table, key);
      if (!scan_.take('.')) {
        if (member != nullptr) return twice(*member, key, place);
        if (!scan_.take('='))
          return scan_.bad(fmt::format("here must be `=` and a value, not {}", scan_.what_is_here()));
        scan_.skip_blanks();
        TRY_ASSIGN(Node * value, add(*table, std::move(key), place));
        return read_value(*value, depth);
      }
      if (++depth > kMaxDocumentDepth) return scan_.bad(kTooDeep);
      if (member == nullptr) {
        TRY_ASSIGN(Node * made, add(*table, std::move(key), place));
        made->place = place;
        set(*made, by_dots);
        table = made;
      } else {
        table = &member->value;
        const bool is_open =
            table->kind == NodeKind::table && (origin(*table) == by_dots || origin(*table) == by_child);
        if (!is_open) return twice(*member, key, place);
        set(*table, by_dots);
      }
      scan_.skip_blanks();
    }
  }

  // `depth` levels are around it.
  [[nodiscard]] Status read_value(Node& to, unsigned depth) {
    to.place = scan_.place();
    if (scan_.peek() != '[' && scan_.peek() != '{') return scan_.read_scalar(to);
    if (depth == kMaxDocumentDepth) return scan_.bad(kTooDeep);
    return scan_.take('[') ? read_array(to, depth + 1) : read_inline_table(to, depth + 1);
  }

  [[nodiscard]] Status read_array(Node& to, unsigned depth) {
    to.kind = NodeKind::array;
    while (true) {
      TRY(scan_.skip_lines());
      if (scan_.take(']')) return {};
      TRY(count_value());
      TRY(read_value(to.items.emplace_back(), depth));
      TRY(scan_.skip_lines());
      if (scan_.take(',')) continue;
      if (scan_.take(']')) return {};
      return scan_.bad(fmt::format("here must be `,` or `]`, not {}", scan_.what_is_here()));
    }
  }

  [[nodiscard]] Status read_inline_table(Node& to, unsigned depth) {
    scan_.skip(1);
    scan_.skip_blanks();
    if (scan_.take('}')) return {};
    while (true) {
      TRY(read_member(to, depth));
      scan_.skip_blanks();
      if (scan_.take('}')) break;
      if (!scan_.take(','))
        return scan_.bad(fmt::format("here must be `,` or `}}` in the same line, not {}", scan_.what_is_here()));
      scan_.skip_blanks();
      if (scan_.peek() == '}') return scan_.bad("a comma before this bracket; remove the comma");
    }
    set(to, closed);
    return {};
  }

  std::string_view file_;
  TomlScanner scan_;
  unsigned depth_ = 1;  // of the section: how many tables and arrays it stands in, itself included
  std::size_t values_ = 0;
  std::vector<std::unordered_map<std::string, std::size_t>> indexes_;  // of large tables: key to place in `members`
};

}  // namespace

Result<Node> parse_toml(std::string_view text, std::string_view file) {
  TRY(check_text(text, file));
  return Reader(text, file).read();
}

}  // namespace bailiwick
