#include "shell/walker.h"

#include <algorithm>
#include <array>
#include <utility>

namespace bailiwick::shell {
namespace {

constexpr auto kKeywords = std::to_array<std::string_view>({
    "if", "then", "elif", "else",   "fi", "do", "done", "while", "until", "case",
    "in", "esac", "for",  "select", "(",  ")",  "{",    "}",     "!",     "\n",
});

bool is_statement(std::string_view type) {
  constexpr auto kStatements = std::to_array<std::string_view>({
      "c_style_for_statement",
      "case_statement",
      "command",
      "compound_statement",
      "declaration_command",
      "for_statement",
      "if_statement",
      "list",
      "negated_command",
      "pipeline",
      "redirected_statement",
      "subshell",
      "test_command",
      "unset_command",
      "variable_assignment",
      "variable_assignments",
      "while_statement",
  });
  return std::ranges::find(kStatements, type) != kStatements.end();
}

bool is_plain_command(std::string_view type) {
  return type == "command" || type == "declaration_command" || type == "unset_command" ||
         type == "variable_assignment" || type == "variable_assignments";
}

std::uint16_t with(std::uint16_t context, ShellContext more) { return static_cast<std::uint16_t>(context | more); }

}  // namespace

void Walker::fail(std::string_view reason, std::size_t at) {
  if (failed()) return;
  reading_.is_opaque = true;
  reading_.reason = reason;
  reading_.offset = at;
}

ShellReading Walker::take() && {
  if (reading_.is_opaque) reading_.commands.clear();
  return std::move(reading_);
}

void Walker::program(TSNode root) { sequence(root, {}); }

// The statements among a node's children, with what joins them.
void Walker::sequence(TSNode node, Scope scope) {
  bool is_first = true;
  bool needs_operator = false;
  ShellJoin join = scope.join;
  std::size_t end = ts_node_start_byte(node);
  const std::uint32_t children = ts_node_child_count(node);
  for (std::uint32_t i = 0; i < children && !failed(); ++i) {
    const TSNode child = ts_node_child(node, i);
    const std::string_view type = type_of(child);
    const std::size_t start = ts_node_start_byte(child);
    const bool is_new_line = text_.substr(end, start - std::min(start, end)).contains('\n');
    end = ts_node_end_byte(child);
    if (type == "comment") continue;
    if (is_statement(type)) {
      // Two statements with nothing between them: tree-sitter sees an end that bash does not.
      if (needs_operator && !is_new_line) return fail("two commands with nothing between them", start);
      Scope inner{.context = scope.context, .join = join};
      if (is_first) inner.rest = scope.rest;
      if (!is_first && scope.rest.has_value()) inner.context = *scope.rest;
      statement(child, inner);
      // A here-document ends with a line of its own.
      needs_operator = text_.substr(0, end).ends_with('\n') ? false : true;
      join = ShellJoin::sequence;
      is_first = false;
      continue;
    }
    const bool is_operator = type == "&&" || type == "||";
    if ((is_operator || type == ";" || type == "&") && is_new_line)
      return fail("an operator at the start of a line", start);
    if (is_operator)
      join = type == "&&" ? ShellJoin::and_then : ShellJoin::or_else;
    else if (type == "&")
      join = ShellJoin::background;
    else if (type == ";")
      join = is_first ? join : ShellJoin::sequence;
    else if (std::ranges::find(kKeywords, type) == kKeywords.end())
      return fail(std::string("not read: ").append(type), start);
    needs_operator = false;
  }
}

void Walker::statement(TSNode node, Scope scope) {
  if (failed()) return;
  const std::string_view type = type_of(node);
  if (is_plain_command(type)) {
    SimpleCommand command;
    simple(node, scope, command);
    return finish(std::move(command), node, scope);
  }
  if (type == "list") return sequence(node, scope);
  if (type == "pipeline") return pipeline(node, scope);
  if (type == "redirected_statement") return redirected(node, scope);
  if (type == "test_command") return test(node, scope);
  if (type == "negated_command")
    return sequence(node, {.context = with(scope.context, in_condition), .join = scope.join});
  if (type == "subshell") return sequence(node, {.context = with(scope.context, in_subshell), .join = scope.join});
  if (type == "compound_statement") {
    if (type_of(ts_node_child(node, 0)) == "((") return expansions(node, scope);
    return sequence(node, {.context = with(scope.context, in_group), .join = scope.join});
  }
  branches(node, scope);
}

// if, case, while, for: what is tested, and what depends on it.
void Walker::branches(TSNode node, Scope scope) {
  const std::string_view type = type_of(node);
  const bool is_for = type == "for_statement" || type == "c_style_for_statement";
  const bool is_loop = is_for || type == "while_statement";
  const bool has_condition = type == "if_statement" || type == "while_statement" || type == "elif_clause";
  if (type == "for_statement") {
    const TSNode name = ts_node_child_by_field_name(node, "variable", 8);
    const std::string_view set = ts_node_is_null(name) ? std::string_view() : source_of(text_, name);
    if (set == "PATH" || set == "ENV" || set.starts_with("BASH_") || set.starts_with("LD_"))
      return fail("a loop over a variable that changes what runs", node);
  }
  bool in_test = has_condition;
  ShellJoin join = scope.join;
  const std::uint32_t children = ts_node_child_count(node);
  for (std::uint32_t i = 0; i < children && !failed(); ++i) {
    const TSNode child = ts_node_child(node, i);
    const std::string_view child_type = type_of(child);
    if (child_type == "then") in_test = false;
    const std::uint16_t context = with(scope.context, is_loop && !in_test ? in_loop
                                                      : in_test           ? in_condition
                                                                          : in_branch);
    const Scope inner{.context = in_test && is_loop ? with(context, in_loop) : context, .join = join};
    if (child_type == "do_group" || child_type == "compound_statement") {
      sequence(child, {.context = with(scope.context, in_loop), .join = join});
    } else if (child_type == "elif_clause" || child_type == "else_clause" || child_type == "case_item") {
      branches(child, {.context = with(scope.context, in_branch), .join = join});
    } else if (is_statement(child_type) && !is_for) {
      statement(child, inner);
    } else if (ts_node_is_named(child)) {
      expansions(child, scope);
      continue;
    } else {
      if (type != "case_item" && (child_type.starts_with(";;") || child_type == ";&"))
        return fail("an operator where none can be", child);
      const std::size_t start = ts_node_start_byte(child);
      const std::size_t before = i == 0 ? start : ts_node_end_byte(ts_node_child(node, i - 1));
      const bool is_terminator = child_type == ";" || child_type == "&";
      if (is_terminator && text_.substr(before, start - before).contains('\n'))
        return fail("an operator at the start of a line", child);
      // a terminator, in whatever form: what comes next is a command of its own
      if (child_type == "&")
        join = ShellJoin::background;
      else if (child_type == "&&" || child_type == "||")
        return fail("an operator where none can be", child);
      continue;
    }
    join = ShellJoin::sequence;
  }
}

void Walker::pipeline(TSNode node, Scope scope) {
  ShellJoin join = scope.join;
  std::uint16_t context = with(scope.context, in_pipeline);
  const std::uint32_t children = ts_node_child_count(node);
  for (std::uint32_t i = 0; i < children && !failed(); ++i) {
    const TSNode child = ts_node_child(node, i);
    const std::string_view type = type_of(child);
    if (type == "negated_command" && i > 0) return fail("a negation inside a pipeline", child);
    const TSNode body = ts_node_child_by_field_name(child, "body", 4);
    const bool is_list = type == "list" || (!ts_node_is_null(body) && type_of(body) == "list");
    if (is_list && i > 0 && (type != "list" || i + 1 < children)) return fail("a list inside a pipeline", child);
    if (is_list && i == 0 && type == "list") return fail("a list inside a pipeline", child);
    if (is_statement(type)) {
      Scope inner{.context = context, .join = join};
      if (i == 0) inner.outer = scope.context;
      if (is_list && i > 0) inner.rest = scope.rest.value_or(scope.context);
      statement(child, inner);
    } else if (type == "|" || type == "|&") {
      join = type == "|" ? ShellJoin::pipe : ShellJoin::pipe_both;
      context = with(context, shares_input);
    } else if (type != "comment") {
      return fail("a pipeline that is not read", child);
    }
  }
}

void Walker::redirected(TSNode node, Scope scope) {
  SimpleCommand command;
  const std::uint32_t children = ts_node_child_count(node);
  const TSNode body = ts_node_child_by_field_name(node, "body", 4);
  const std::string_view type = ts_node_is_null(body) ? "" : type_of(body);
  bool is_simple = type.empty() || is_plain_command(type);
  if (type == "redirected_statement") return fail("a redirection of redirections", node);
  if (is_simple && !type.empty()) simple(body, scope, command);
  if (type == "list" || type == "pipeline" || type == "negated_command") {
    // tree-sitter hangs a redirection of the last command on all of them; and then all of them are piped, where bash
    // pipes the last
    if (type == "list" && scope.rest.has_value()) return fail("a redirection after a list", node);
    const bool is_piped = scope.outer.has_value();
    statement(body, {.context = is_piped ? *scope.outer : scope.context, .join = scope.join});
    if (failed()) return;
    TSNode last = body;
    for (std::string_view of = type; of == "list" || of == "pipeline" || of == "negated_command"; of = type_of(last)) {
      last = ts_node_named_child(last, ts_node_named_child_count(last) - 1);
    }
    if (!is_plain_command(type_of(last)) || reading_.commands.empty()) return fail("a redirection after a list", node);
    command = std::move(reading_.commands.back());
    reading_.commands.pop_back();
    scope = {.context = is_piped ? with(command.context, in_pipeline) : command.context, .join = command.join};
    is_simple = true;
  } else if (!is_simple) {
    Scope inner = scope;
    for (std::uint32_t i = 0; i < children; ++i) {
      const std::string_view source = source_of(text_, ts_node_child(node, i));
      if (field_of(node, i) == "redirect" && source.contains('<')) inner.context = with(inner.context, shares_input);
    }
    statement(body, inner);
    scope.join = ShellJoin::sequence;
    scope.context = with(scope.context, in_group);
  }
  // What follows a here-document on its line is in its node, and runs after this command.
  std::vector<std::pair<TSNode, Scope>> later;
  for (std::uint32_t i = 0; i < children && !failed(); ++i) {
    const TSNode child = ts_node_child(node, i);
    if (ts_node_eq(child, body) || type_of(child) == "comment") continue;
    if (i > 0 && lost_dash(text_, node, child, ts_node_end_byte(ts_node_child(node, i - 1)))) {
      command.words.push_back({.text = "-", .is_literal = true});
    }
    redirect(child, scope, command);
    if (type_of(child) != "heredoc_redirect") continue;
    const std::uint32_t parts = ts_node_child_count(child);
    for (std::uint32_t k = 0; k < parts; ++k) {
      const TSNode part = ts_node_child(child, k);
      if (field_of(child, k) == "right") {
        const bool is_and = source_of(text_, ts_node_child_by_field_name(child, "operator", 8)) == "&&";
        later.emplace_back(part,
                           Scope{.context = scope.context, .join = is_and ? ShellJoin::and_then : ShellJoin::or_else});
      } else if (type_of(part) == "pipeline") {
        later.emplace_back(part, scope);
      }
    }
  }
  if (!is_simple && !command.words.empty()) return fail("words after a compound command", node);
  if (!later.empty() && type_of(later.front().first) == "pipeline") scope.context = with(scope.context, in_pipeline);
  finish(std::move(command), node, scope);
  for (const auto& [next, next_scope] : later) statement(next, next_scope);
}

// `[ ]` and `[[ ]]`: their operands are of no interest, the commands in them are.
void Walker::test(TSNode node, Scope scope) {
  const TSNode open = ts_node_child(node, 0);
  const std::string_view bracket = source_of(text_, open);
  if (bracket == "((") return expansions(node, scope);
  const std::uint32_t children = ts_node_child_count(node);
  for (std::uint32_t i = 0; i < children; ++i) {
    if (type_of(ts_node_child(node, i)) == "redirected_statement") return fail("a redirection in a test", node);
  }
  if (bracket == "[") {
    // For `[` these are redirections and lists, not comparisons.
    for (const std::string_view wrong : {" < ", " > ", " && ", " || ", ">", "<"}) {
      if (source_of(text_, node).contains(wrong) && !source_of(text_, node).contains("$("))
        return fail("an operator in [ ]", node);
    }
  }
  expansions(node, scope);
  SimpleCommand command;
  command.words.push_back({.text = std::string(bracket), .is_literal = true});
  const std::string_view source = source_of(text_, node);
  command.words.push_back(
      {.text = std::string(source.substr(std::min(source.size(), bracket.size()))), .is_literal = false});
  finish(std::move(command), node, scope);
}

}  // namespace bailiwick::shell
