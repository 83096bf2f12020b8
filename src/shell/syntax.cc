#include "shell/syntax.h"

#include <algorithm>
#include <array>
#include <vector>

#include "shell/read.h"

extern "C" const TSLanguage* tree_sitter_bash();

namespace bailiwick::shell {
namespace {

using Parser = std::unique_ptr<TSParser, decltype(&ts_parser_delete)>;

// Error recovery can take long; a text that needs more steps than this is not understood. Steps, not time: the answer
// must not depend on the machine.
struct Budget {
  std::uint32_t left;
  static bool is_spent(TSParseState* state) {
    auto* budget = static_cast<Budget*>(state->payload);
    if (budget->left > 0) --budget->left;
    return budget->left == 0;
  }
};

struct Source {
  std::string_view text;
  static const char* read(void* payload, std::uint32_t at, TSPoint, std::uint32_t* size) {
    const std::string_view text = static_cast<Source*>(payload)->text;
    *size = at < text.size() ? static_cast<std::uint32_t>(text.size() - at) : 0;
    return at < text.size() ? text.data() + at : "";
  }
};

// Named nodes that the walker knows. Left out on purpose: function_definition (it changes what names mean),
// translated_string.
constexpr auto kKnown = std::to_array<std::string_view>({
    "ansi_c_string",
    "arithmetic_expansion",
    "array",
    "binary_expression",
    "brace_expression",
    "c_style_for_statement",
    "case_item",
    "case_statement",
    "command",
    "command_name",
    "command_substitution",
    "comment",
    "compound_statement",
    "concatenation",
    "declaration_command",
    "do_group",
    "elif_clause",
    "else_clause",
    "expansion",
    "extglob_pattern",
    "file_descriptor",
    "file_redirect",
    "for_statement",
    "heredoc_body",
    "heredoc_content",
    "heredoc_end",
    "heredoc_redirect",
    "heredoc_start",
    "herestring_redirect",
    "if_statement",
    "list",
    "negated_command",
    "number",
    "parenthesized_expression",
    "pipeline",
    "postfix_expression",
    "process_substitution",
    "program",
    "raw_string",
    "redirected_statement",
    "regex",
    "simple_expansion",
    "special_variable_name",
    "string",
    "string_content",
    "subscript",
    "subshell",
    "ternary_expression",
    "test_command",
    "test_operator",
    "unary_expression",
    "unset_command",
    "variable_assignment",
    "variable_assignments",
    "variable_name",
    "while_statement",
    "word",
});

enum Trait : std::uint8_t {
  known = 1,
  one_line = 2,
  touching = 4,
  own_bytes = 8,
  keyworded = 16,
  remark = 32,
  redirected = 64
};

// Nodes of one line: a newline between their tokens would end the command for bash.
constexpr auto kOneLine = std::to_array<std::string_view>(
    {"command", "command_name", "declaration_command", "unset_command", "variable_assignments", "file_redirect",
     "herestring_redirect", "redirected_statement", "negated_command"});
constexpr auto kTouching =
    std::to_array<std::string_view>({"concatenation", "variable_assignment", "simple_expansion"});
// Their unnamed children are words of their own.
constexpr auto kKeyworded =
    std::to_array<std::string_view>({"if_statement", "elif_clause", "else_clause", "while_statement", "for_statement",
                                     "c_style_for_statement", "case_statement", "do_group", "compound_statement",
                                     "negated_command", "test_command", "declaration_command", "unset_command"});
// Bytes between their children are content, read by who reads the node.
constexpr auto kOwnBytes = std::to_array<std::string_view>({"string", "heredoc_body", "heredoc_redirect", "expansion"});

const std::vector<std::uint8_t>& traits() {
  static const std::vector<std::uint8_t> table = [] {
    const TSLanguage* language = tree_sitter_bash();
    std::vector<std::uint8_t> out(ts_language_symbol_count(language));
    for (std::size_t i = 0; i < out.size(); ++i) {
      const auto symbol = static_cast<TSSymbol>(i);
      const std::string_view name = ts_language_symbol_name(language, symbol);
      if (ts_language_symbol_type(language, symbol) != TSSymbolTypeRegular) {
        out[i] = known;  // a token of the grammar: its parent decides
        continue;
      }
      const auto is_in = [&](const auto& list) { return std::ranges::find(list, name) != list.end(); };
      out[i] = static_cast<std::uint8_t>((is_in(kKnown) ? known : 0) | (is_in(kOneLine) ? one_line : 0) |
                                         (is_in(kTouching) ? touching : 0) | (is_in(kOwnBytes) ? own_bytes : 0) |
                                         (is_in(kKeyworded) ? keyworded : 0) | (name == "comment" ? remark : 0) |
                                         (name == "redirected_statement" ? redirected : 0));
    }
    return out;
  }();
  return table;
}

// Whose child a node is: a string's, or the first of such a child's.
enum class Place : std::uint8_t { elsewhere, in_string, starts_in_string };

struct Checker {
  std::string_view text;
  Failure failure;

  bool fail(std::string_view reason, std::size_t at) {
    failure = {.reason = std::string(reason), .offset = at};
    return false;
  }

  bool gap(std::size_t from, std::size_t to, std::uint8_t trait) {
    if (to <= from) return true;
    if ((trait & touching) != 0) return fail("a blank inside a word", from);
    for (std::size_t i = from; i < to; ++i) {
      const char c = text[i];
      if (c == ' ' || c == '\t') continue;
      if (c == '\n' && (trait & one_line) == 0) continue;
      const bool is_continuation = c == '\\' && i + 1 < text.size() && text[i + 1] == '\n';
      // Without a blank before it, bash joins what stands on both sides.
      if (is_continuation &&
          (i == 0 || (i > from && (text[i - 1] == ' ' || text[i - 1] == '\t' || text[i - 1] == '\n')))) {
        ++i;
        continue;
      }
      return fail(is_continuation ? "a line continued inside a word" : "text between words", i);
    }
    return true;
  }

  bool comment(TSNode node) {
    const std::size_t start = ts_node_start_byte(node);
    const std::size_t end = ts_node_end_byte(node);
    const bool starts = start == 0 || std::string_view(" \t\n;&|()").contains(text[start - 1]);
    return (starts && text[start] == '#' && (end == text.size() || text[end] == '\n')) || fail("not a comment", start);
  }

  // `then]` is a word to bash, and two tokens to tree-sitter.
  bool keyword(TSNode at) {
    const std::string_view token = source_of(text, at);
    const bool is_word =
        !token.empty() && ((token[0] >= 'a' && token[0] <= 'z') || std::string_view("{}![]").contains(token[0]));
    if (ts_node_is_named(at) || !is_word) return true;
    constexpr std::string_view kEnds = " \t\n;&|()<>`";
    const std::size_t start = ts_node_start_byte(at);
    const std::size_t end = ts_node_end_byte(at);
    const bool is_alone =
        (start == 0 || kEnds.contains(text[start - 1])) && (end == text.size() || kEnds.contains(text[end]));
    // with extglob on, !( starts a pattern
    if (token == "!" && end < text.size() && text[end] == '(') return fail("a pattern, or a negated group", start);
    return is_alone || fail("a keyword that touches a word", start);
  }

  // The node that the cursor is at, which is there again afterwards. A cursor: asking a node for each child by number
  // takes as long as parsing.
  bool node(TSTreeCursor& cursor, unsigned depth, Place place = Place::elsewhere) {
    const TSNode at = ts_tree_cursor_current_node(&cursor);
    const std::size_t start = ts_node_start_byte(at);
    const std::size_t after = ts_node_end_byte(at);
    // an error has a number of its own, beyond the table
    if (ts_node_is_error(at) || ts_node_is_missing(at))
      return fail("a syntax error, or syntax that is not known", start);
    const std::uint8_t trait = traits()[ts_node_symbol(at)];
    if ((trait & known) == 0) return fail(std::string("not read: ").append(type_of(at)), start);
    if (depth > kMaxShellDepth) return fail("nested too deeply", start);
    if (!ts_tree_cursor_goto_first_child(&cursor)) return leaf(at, trait, place);
    const bool is_for = type_of(at) == "for_statement";
    const bool is_string = type_of(at) == "string";
    std::size_t end = start;
    std::uint32_t i = 0;
    do {
      const TSNode child = ts_tree_cursor_current_node(&cursor);
      const bool is_name = i == 1 && is_for;
      const bool is_dash = i > 0 && (trait & redirected) != 0 && lost_dash(text, at, child, end);
      if ((trait & own_bytes) == 0 && !is_dash &&
          !gap(end, ts_node_start_byte(child), is_name ? std::uint8_t{one_line} : trait))
        return false;
      const Place below = is_string                             ? Place::in_string
                          : i == 0 && place == Place::in_string ? Place::starts_in_string
                                                                : Place::elsewhere;
      if (!node(cursor, depth + 1, below)) return false;
      if ((trait & keyworded) != 0 && !keyword(child)) return false;
      end = ts_node_end_byte(child);
      ++i;
    } while (ts_tree_cursor_goto_next_sibling(&cursor));
    ts_tree_cursor_goto_parent(&cursor);
    return (trait & own_bytes) != 0 || gap(end, after, trait);
  }

  bool leaf(TSNode at, std::uint8_t trait, Place place) {
    const std::size_t start = ts_node_start_byte(at);
    if ((trait & remark) != 0) return comment(at);
    if (ts_node_is_named(at)) return true;
    const std::string_view type = type_of(at);
    // `;&` is an operator to bash
    const std::size_t after = ts_node_end_byte(at);
    if (type == ";" && after < text.size() && (text[after] == '&' || text[after] == ';')) {
      return fail("an operator that is split", start);
    }
    std::string_view token = source_of(text, at);
    // in a string, blanks come with what follows them: the quote that ends it, or an expansion
    const bool has_blanks = (place == Place::in_string && type == "\"") ||
                            (place == Place::starts_in_string && (type == "$" || type == "${" || type == "$("));
    if (has_blanks) token.remove_prefix(std::min(token.find_first_not_of(" \t\n"), token.size()));
    // `-<<` comes as `<<`
    return token == type || fail("a token of another text", start);
  }
};

}  // namespace

std::string_view type_of(TSNode node) { return ts_node_type(node); }

std::string_view source_of(std::string_view text, TSNode node) {
  const std::size_t start = ts_node_start_byte(node);
  const std::size_t end = ts_node_end_byte(node);
  if (start > text.size() || end < start) return {};
  return text.substr(start, end - start);
}

std::string_view field_of(TSNode parent, std::uint32_t child) {
  const char* name = ts_node_field_name_for_child(parent, child);
  return name == nullptr ? std::string_view() : name;
}

bool lost_dash(std::string_view text, TSNode parent, TSNode node, std::size_t end) {
  if (type_of(parent) != "redirected_statement") return false;
  if (type_of(node) != "heredoc_redirect") return false;
  const std::string_view gap = text.substr(end, ts_node_start_byte(node) - end);
  const std::size_t dash = gap.find('-');
  return dash != std::string_view::npos && dash > 0 &&
         gap.find_first_not_of(" \t", dash + 1) == std::string_view::npos &&
         gap.substr(0, dash).find_first_not_of(" \t") == std::string_view::npos;
}

Tree parse_tree(std::string_view text, Failure& failure) {
  // Making a parser costs more than parsing a line.
  thread_local const Parser parser = [] {
    Parser made(ts_parser_new(), ts_parser_delete);
    if (made && !ts_parser_set_language(made.get(), tree_sitter_bash())) made.reset();
    return made;
  }();
  Tree tree(nullptr, ts_tree_delete);
  if (!parser) {
    failure = {.reason = "the grammar of bash cannot be loaded", .offset = 0};
    return tree;
  }
  ts_parser_reset(parser.get());
  Budget budget{.left = static_cast<std::uint32_t>(200 + text.size() / 8)};
  Source source{.text = text};
  const TSInput input{.payload = &source, .read = Source::read, .encoding = TSInputEncodingUTF8, .decode = nullptr};
  const TSParseOptions options{.payload = &budget, .progress_callback = Budget::is_spent};
  tree.reset(ts_parser_parse_with_options(parser.get(), nullptr, input, options));
  if (!tree) {
    failure = {.reason = "too much to parse", .offset = 0};
    ts_parser_reset(parser.get());
  }
  return tree;
}

Failure check_tree(std::string_view text, TSNode root) {
  Checker checker{.text = text, .failure = {}};
  TSTreeCursor cursor = ts_tree_cursor_new(root);
  const bool has_error = ts_node_has_error(root);
  const bool is_good = (has_error || checker.gap(0, ts_node_start_byte(root), 0)) && checker.node(cursor, 0);
  ts_tree_cursor_delete(&cursor);
  if (is_good && has_error)
    checker.fail("a syntax error, or syntax that is not known", 0);
  else if (is_good)
    checker.gap(ts_node_end_byte(root), text.size(), 0);
  return checker.failure;
}

}  // namespace bailiwick::shell
