// Simple commands: words, assignments, redirections.
#include <algorithm>
#include <array>
#include <cctype>

#include "shell/walker.h"

namespace bailiwick::shell {
namespace {

// Words of bash's grammar that tree-sitter takes for the name of a command. `time` is one too, and is seen through as a
// launcher.
constexpr auto kReserved = std::to_array<std::string_view>(
    {"if",   "then",   "elif",     "else",   "fi", "do", "done", "while", "until", "for", "case",
     "esac", "select", "function", "coproc", "in", "{",  "}",    "!",     "[[",    "]]"});

bool is_digits(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

// As bash does it: what is too large for a descriptor is a word.
bool read_descriptor(std::string_view source, int& out) {
  if (!is_digits(source) || source.size() > 4) return false;
  out = 0;
  for (const char c : source) out = out * 10 + (c - '0');
  return true;
}

bool looks_like_assignment(std::string_view source) {
  const std::size_t equals = source.find('=');
  if (equals == std::string_view::npos || equals == 0) return false;
  std::string_view name = source.substr(0, equals);
  if (name.ends_with('+')) name.remove_suffix(1);
  name = name.substr(0, name.find('['));
  return !name.empty() && std::ranges::all_of(name, [](unsigned char c) { return std::isalnum(c) != 0 || c == '_'; });
}

bool is_word(std::string_view type) {
  constexpr auto kWords = std::to_array<std::string_view>(
      {"word", "string", "raw_string", "ansi_c_string", "concatenation", "number", "simple_expansion", "expansion",
       "command_substitution", "process_substitution", "arithmetic_expansion", "brace_expression", "variable_name",
       "command_name", "$", "=="});
  return std::ranges::find(kWords, type) != kWords.end();
}

bool is_quiet(const ShellWord& target) {
  return target.is_literal &&
         (target.text == "/dev/null" || target.text == "/dev/stdout" || target.text == "/dev/stderr");
}

}  // namespace

void Walker::simple(TSNode node, Scope scope, SimpleCommand& command) {
  const std::string_view type = type_of(node);
  if (type == "variable_assignment") return assignment(node, scope, command);
  const bool declares = type == "declaration_command" || type == "unset_command";
  std::size_t end = 0;
  const std::uint32_t children = ts_node_child_count(node);
  for (std::uint32_t i = 0; i < children && !failed(); ++i) {
    const TSNode child = ts_node_child(node, i);
    const std::string_view child_type = type_of(child);
    const std::size_t start = ts_node_start_byte(child);
    const bool touches = i > 0 && start == end;
    end = ts_node_end_byte(child);
    if (child_type == "comment") continue;
    if (child_type == "file_redirect" || child_type == "herestring_redirect" || child_type == "heredoc_redirect") {
      redirect(child, scope, command);
      continue;
    }
    // Where two words touch, bash sees one.
    if (touches) return fail("two words that touch", start);
    if (child_type == "variable_assignment") {
      if (declares) {
        SimpleCommand inner;
        assignment(child, scope, inner);
        if (failed()) return;
        const ShellAssignment& made = inner.assignments.front();
        const bool is_literal = made.value.is_literal;
        command.words.push_back({.text = is_literal ? made.name + (made.appends ? "+=" : "=") + made.value.text
                                                    : std::string(source_of(text_, child)),
                                 .is_literal = is_literal});
      } else {
        if (!command.words.empty()) return fail("an assignment after a word", start);
        assignment(child, scope, command);
      }
    } else if (is_word(child_type)) {
      add_word(child, scope, command);
    } else if (declares && !ts_node_is_named(child) && i == 0) {
      command.words.push_back({.text = std::string(child_type), .is_literal = true});
    } else {
      return fail(std::string("not read: ").append(child_type), start);
    }
  }
}

void Walker::add_word(TSNode node, Scope scope, SimpleCommand& command) {
  const std::string_view source = source_of(text_, node);
  if (command.words.empty()) {
    if (looks_like_assignment(source)) return fail("an assignment that was read as a word", node);
    if (std::ranges::find(kReserved, source) != kReserved.end()) return fail("a reserved word as a command", node);
  }
  // `x[` starts an index, which may go over blanks and operators
  const bool may_be_name = command.words.size() <= 1 || command.words[0].text == "time";
  const bool is_open = source.substr(0, source.find_first_of("'\"\\")).contains('[');
  if (may_be_name && is_open && source.size() > 1 && !source.contains(']')) {
    return fail("an index that does not end", node);
  }
  ShellWord made = word(node, scope);
  if (command.words.empty() && made.is_literal &&
      (made.text == "alias" || made.text == "shopt" || made.text == "enable")) {
    return fail("what follows may mean something else: `" + made.text + "`", ts_node_start_byte(node));
  }
  command.words.push_back(std::move(made));
}

void Walker::assignment(TSNode node, Scope scope, SimpleCommand& command) {
  ShellAssignment made;
  const TSNode name = ts_node_child_by_field_name(node, "name", 4);
  const TSNode value = ts_node_child_by_field_name(node, "value", 5);
  const std::uint32_t children = ts_node_child_count(node);
  if (ts_node_is_null(name) || children < 2 || children > 3) return fail("an assignment that is not read", node);
  const std::string_view equals = type_of(ts_node_child(node, 1));
  if (equals != "=" && equals != "+=") return fail("an assignment that is not read", node);
  made.name = source_of(text_, name);
  const std::string_view bare = std::string_view(made.name).substr(0, made.name.find('['));
  const bool is_name = !bare.empty() && std::isdigit(static_cast<unsigned char>(bare[0])) == 0 &&
                       std::ranges::all_of(bare, [](unsigned char c) { return std::isalnum(c) != 0 || c == '_'; });
  if (!is_name) return fail("an assignment that is not read", node);
  made.appends = equals == "+=";
  if (type_of(name) == "subscript") expansions(name, scope);
  if (!ts_node_is_null(value)) {
    if (type_of(value) == "array") {
      // an index goes on to its bracket, over blanks and brackets of the array
      for (std::uint32_t i = 0; i < ts_node_child_count(value); ++i) {
        const std::string_view element = source_of(text_, ts_node_child(value, i));
        if (element.starts_with('[') && !element.contains(']')) return fail("an index that does not end", value);
      }
      expansions(value, scope);
      made.value = {.text = std::string(source_of(text_, value)), .is_literal = false};
    } else if (is_word(type_of(value))) {
      made.value = word(value, scope);
      // SECURITY: bash runs substitutions in a string when it is used as an array's index: [[ $x -eq 1 ]] with
      // x='a[$(id)]'
      if (made.value.is_literal && (made.value.text.contains("$(") || made.value.text.contains('`'))) {
        return fail("a command in the value of a variable", node);
      }
    } else {
      return fail("an assignment that is not read", node);
    }
  }
  command.assignments.push_back(std::move(made));
}

// `2>` and `{fd}>` belong to the redirection; tree-sitter may see a word before it. In a2>x they do not.
bool Walker::touches_descriptor(TSNode node) const {
  const std::size_t start = ts_node_start_byte(node);
  if (start == 0 || (text_[start - 1] != '}' && std::isdigit(static_cast<unsigned char>(text_[start - 1])) == 0))
    return false;
  const std::size_t before = text_.substr(0, start).find_last_not_of("0123456789");
  return before == std::string_view::npos || std::string_view("} \t\n;|&()<>").contains(text_[before]);
}

void Walker::redirect(TSNode node, Scope scope, SimpleCommand& command) {
  const std::string_view type = type_of(node);
  if (touches_descriptor(node)) return fail("a redirection that touches a word", node);
  if (type == "file_redirect") return file_redirect(node, scope, command);
  if (type == "heredoc_redirect") return here_document(node, scope, command);
  if (type != "herestring_redirect") return fail("a redirection that is not read", node);
  const TSNode last = ts_node_child(node, ts_node_child_count(node) - 1);
  if (!is_word(type_of(last))) return fail("a redirection that is not read", node);
  ShellRedirect made{.kind = RedirectKind::here_string, .target = {}, .is_harmless = true, .descriptor = -1};
  const TSNode number = ts_node_child(node, 0);
  if (type_of(number) == "file_descriptor" && !read_descriptor(source_of(text_, number), made.descriptor))
    return fail("a redirection that is not read", node);
  made.target = word(last, scope);
  command.redirects.push_back(std::move(made));
}

void Walker::file_redirect(TSNode node, Scope scope, SimpleCommand& command) {
  ShellRedirect made;
  std::string_view op;
  bool has_target = false;
  bool op_end_is_free = true;
  const std::uint32_t children = ts_node_child_count(node);
  for (std::uint32_t i = 0; i < children && !failed(); ++i) {
    const TSNode child = ts_node_child(node, i);
    const std::string_view type = type_of(child);
    if (type == "file_descriptor") {
      if (!read_descriptor(source_of(text_, child), made.descriptor))
        return fail("a redirection that is not read", child);
    } else if (op.empty() && !ts_node_is_named(child)) {
      op = type;
      const std::size_t op_end = ts_node_end_byte(child);
      op_end_is_free = op_end >= text_.size() || std::string_view(" \t\n;|&()<>").contains(text_[op_end]);
    } else if (is_word(type) && !has_target) {
      made.target = word(child, scope);
      has_target = true;
    } else if (is_word(type)) {
      // tree-sitter takes the words after a redirection for more targets; to bash they are the command's
      if (ts_node_start_byte(child) == ts_node_end_byte(ts_node_child(node, i - 1)))
        return fail("two words that touch", child);
      add_word(child, scope, command);
    } else {
      return fail("a redirection that is not read", child);
    }
  }
  if (failed()) return;
  const bool is_closing = op == ">&-" || op == "<&-";
  // 1>&2- closes 2, too
  const std::string_view moved = made.target.text;
  if ((op == ">&" || op == "<&") && moved.size() > 1 && moved.ends_with('-') &&
      is_digits(moved.substr(0, moved.size() - 1)))
    return fail("a redirection that is not read", node);
  // in 2>&-x bash sees another word after the dash, and some do not
  if (is_closing && !op_end_is_free) return fail("a redirection that touches a word", node);
  if (op.empty() || (!has_target && !is_closing)) return fail("a redirection that is not read", node);
  const bool is_dup =
      is_closing || ((op == ">&" || op == "<&") && (is_digits(made.target.text) || made.target.text == "-"));
  if (is_closing && has_target) {
    command.words.push_back(made.target);
    made.target = {};
  }
  if (is_dup)
    made.kind = RedirectKind::duplicate;
  else if (op == "<")
    made.kind = RedirectKind::read;
  else if (op == ">" || op == ">|" || op == "&>" || op == ">&")
    made.kind = RedirectKind::write;
  else if (op == ">>" || op == "&>>")
    made.kind = RedirectKind::append;
  else
    return fail("a redirection that is not read", node);
  made.is_harmless = (is_dup && made.target.is_literal) || is_quiet(made.target);
  command.redirects.push_back(std::move(made));
}

void Walker::here_document(TSNode node, Scope scope, SimpleCommand& command) {
  std::string delimiter;
  bool is_quoted = false;
  bool strips_tabs = false;
  TSNode start{};
  TSNode body{};
  TSNode end{};
  const std::uint32_t children = ts_node_child_count(node);
  for (std::uint32_t i = 0; i < children && !failed(); ++i) {
    const TSNode child = ts_node_child(node, i);
    const std::string_view type = type_of(child);
    if (type == "heredoc_start") {
      start = child;
      const std::string_view source = source_of(text_, child);
      is_quoted = source.find_first_of("'\"\\") != std::string_view::npos;
      const char quote = source.empty() ? '\0' : source.front();
      const bool is_wrapped = source.size() >= 2 && (quote == '\'' || quote == '"') && source.back() == quote;
      delimiter = is_wrapped ? source.substr(1, source.size() - 2) : source;
      if (delimiter.empty() || delimiter.find_first_of("'\"\\$`\n") != std::string::npos)
        return fail("a here-document's word that is not read", child);
    } else if (type == "heredoc_body") {
      body = child;
    } else if (type == "heredoc_end") {
      end = child;
    } else if (type == "<<" || type == "<<-") {
      strips_tabs = type == "<<-";
    } else if (type == "file_redirect" || type == "herestring_redirect") {
      redirect(child, scope, command);
    } else if (field_of(node, i) == "argument") {
      add_word(child, scope, command);
    } else if (type == "heredoc_redirect") {
      return fail("two here-documents in one command", child);
    } else if (field_of(node, i) != "right" && field_of(node, i) != "operator" && type != "pipeline" &&
               type != "comment") {
      return fail("a here-document that is not read", child);
    }
  }
  if (failed()) return;
  if (ts_node_is_null(start) || ts_node_is_null(body) || ts_node_is_null(end))
    return fail("a here-document that is not read", node);
  const TSNode op = ts_node_prev_sibling(start);
  const std::size_t word_end = ts_node_end_byte(start);
  const std::size_t op_end = ts_node_is_null(op) ? 0 : ts_node_end_byte(op);
  const bool is_near =
      text_.substr(op_end, ts_node_start_byte(start) - op_end).find_first_not_of(" \t") == std::string_view::npos;
  if (!is_near || (word_end < text_.size() && !std::string_view(" \t\n;&|<>)").contains(text_[word_end]))) {
    return fail("a here-document's word that is not read", start);
  }
  // Where bash sees it end: the first line that is the word. The body starts after the line of the `<<`.
  const std::size_t line_end = text_.find('\n', ts_node_end_byte(start));
  const std::size_t body_start = line_end == std::string_view::npos ? text_.size() : line_end + 1;
  const std::size_t skipped = ts_node_start_byte(body) - std::min<std::size_t>(ts_node_start_byte(body), body_start);
  // tree-sitter leaves blanks at the start of a body out of it
  const bool is_at_start = ts_node_start_byte(body) >= body_start && body_start <= text_.size() &&
                           text_.substr(body_start, skipped).find_first_not_of(" \t\n") == std::string_view::npos;
  if (line_end == std::string_view::npos || !is_at_start) return fail("a here-document that starts elsewhere", body);
  std::size_t line = body_start;
  while (line <= text_.size()) {
    const std::size_t stop = std::min(text_.find('\n', line), text_.size());
    std::string_view content = text_.substr(line, stop - line);
    const std::size_t tabs = strips_tabs ? std::min(content.find_first_not_of('\t'), content.size()) : 0;
    content.remove_prefix(tabs);
    if (content == delimiter) {
      if (line + tabs != ts_node_start_byte(end) || stop != ts_node_end_byte(end))
        return fail("a here-document that ends elsewhere", end);
      ShellWord made = here_body(body, body_start, scope, is_quoted, strips_tabs);
      command.redirects.push_back(
          {.kind = RedirectKind::here_document, .target = std::move(made), .is_harmless = true, .descriptor = -1});
      return;
    }
    line = stop + 1;
  }
  fail("a here-document without an end", node);
}

void Walker::finish(SimpleCommand command, TSNode node, Scope scope) {
  if (failed()) return;
  if (!command.words.empty() && command.words[0].text == "time") {
    // after it grammar goes on: `time ! x`, `time coproc x`
    std::size_t next = 1;
    while (next < command.words.size() && command.words[next].text.starts_with('-')) ++next;
    // what it times may follow in a form that is not read
    if (next == command.words.size()) return fail("`time` without a command", node);
    if (std::ranges::find(kReserved, command.words[next].text) != kReserved.end())
      return fail("a reserved word after `time`", node);
  }
  if (reading_.commands.size() >= kMaxShellCommands) return fail("too many commands", node);
  command.join = scope.join;
  command.context = scope.context;
  // of a list's last command, which had one
  if (command.offset == 0) command.offset = ts_node_start_byte(node);
  reading_.commands.push_back(std::move(command));
}

}  // namespace bailiwick::shell
