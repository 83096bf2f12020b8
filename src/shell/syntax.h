// The syntax tree of a text, checked: every node of a known type, nothing missing, nothing but blanks between tokens.
// Private to the room.
#pragma once

#include <tree_sitter/api.h>

#include <memory>
#include <string>
#include <string_view>

namespace bailiwick::shell {

struct Failure {
  std::string reason;  // empty: none
  std::size_t offset = 0;
};

using Tree = std::unique_ptr<TSTree, decltype(&ts_tree_delete)>;

// Null with a failure if the text cannot be parsed within bounds.
[[nodiscard]] Tree parse_tree(std::string_view text, Failure& failure);
// SECURITY: tree-sitter splits some texts otherwise than bash, without an error; what lies between its tokens tells.
// Test: ReadShell.Opaque
[[nodiscard]] Failure check_tree(std::string_view text, TSNode root);

[[nodiscard]] std::string_view type_of(TSNode node);
[[nodiscard]] std::string_view source_of(std::string_view text, TSNode node);
[[nodiscard]] std::string_view field_of(TSNode parent, std::uint32_t child);
// `program - <<EOF`: tree-sitter leaves the dash out of its tree. `end` is where the child before `child`
// ends, which is not the first.
[[nodiscard]] bool lost_dash(std::string_view text, TSNode parent, TSNode child, std::size_t end);

}  // namespace bailiwick::shell
