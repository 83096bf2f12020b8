// Turns a checked syntax tree into simple commands. Private to the room: read_shell() is the way in.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "shell/read.h"
#include "shell/syntax.h"

namespace bailiwick::shell {

// A word while it is put together from its parts.
struct WordParts {
  std::string text;
  bool is_literal = true;
  bool has_brace = false;        // an unquoted {
  bool has_alternative = false;  // an unquoted comma or .. after it
  bool has_bracket = false;      // an unquoted [: a pattern, unless it is all
  char last = 0;                 // the last unquoted byte; 0 after a quoted one
};

class Walker {
 public:
  explicit Walker(std::string_view text) : text_(text) {}
  void program(TSNode root);
  [[nodiscard]] ShellReading take() &&;

 private:
  struct Scope {
    std::uint16_t context = 0;
    ShellJoin join = ShellJoin::first;
    // for the first statement of a pipeline: that of the whole pipeline
    std::optional<std::uint16_t> outer = {};
    // tree-sitter puts `a | b && c` in one pipeline; then this is for c, and `context` for b
    std::optional<std::uint16_t> rest = {};
  };

  // walker.cc: statements
  void statement(TSNode node, Scope scope);
  void sequence(TSNode node, Scope scope);
  void branches(TSNode node, Scope scope);
  void pipeline(TSNode node, Scope scope);
  void redirected(TSNode node, Scope scope);
  void test(TSNode node, Scope scope);
  // commands.cc: simple commands
  void simple(TSNode node, Scope scope, SimpleCommand& command);
  void assignment(TSNode node, Scope scope, SimpleCommand& command);
  void add_word(TSNode node, Scope scope, SimpleCommand& command);
  [[nodiscard]] bool touches_descriptor(TSNode node) const;
  void redirect(TSNode node, Scope scope, SimpleCommand& command);
  void file_redirect(TSNode node, Scope scope, SimpleCommand& command);
  void here_document(TSNode node, Scope scope, SimpleCommand& command);
  void finish(SimpleCommand command, TSNode node, Scope scope);
  // words.cc
  ShellWord word(TSNode node, Scope scope);
  void part(TSNode node, Scope scope, WordParts& parts);
  void plain(std::string_view source, std::size_t at, WordParts& parts);
  void double_quoted(TSNode node, Scope scope, WordParts& parts);
  void ansi_quoted(std::string_view source, std::size_t at, WordParts& parts);
  void substitution(TSNode node, Scope scope, WordParts* parts);
  // Whatever node: lists the commands of the substitutions in it.
  void expansions(TSNode node, Scope scope);
  ShellWord here_body(TSNode body, std::size_t start, Scope scope, bool is_quoted, bool strips_tabs);

  void fail(std::string_view reason, TSNode node) { fail(reason, ts_node_start_byte(node)); }
  void fail(std::string_view reason, std::size_t at);
  [[nodiscard]] bool failed() const { return reading_.is_opaque; }

  std::string_view text_;
  ShellReading reading_;
};

}  // namespace bailiwick::shell
