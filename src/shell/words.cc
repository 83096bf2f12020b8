// Words: what a program will get, decoded as bash does it, or unknown.
#include <algorithm>
#include <cctype>

#include "shell/walker.h"

namespace bailiwick::shell {
namespace {

int digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return 99;
}

bool starts_expansion(std::string_view rest) {
  return rest.starts_with('`') || (rest.size() > 1 && rest[0] == '$' && std::string_view("({[").contains(rest[1]));
}

}  // namespace

ShellWord Walker::word(TSNode node, Scope scope) {
  WordParts parts;
  part(node, scope, parts);
  if (parts.has_alternative || (parts.has_bracket && parts.text.size() > 1)) parts.is_literal = false;
  if (!parts.is_literal) return {.text = std::string(source_of(text_, node)), .is_literal = false};
  return {.text = std::move(parts.text), .is_literal = true};
}

void Walker::part(TSNode node, Scope scope, WordParts& parts) {
  if (failed()) return;
  const std::string_view type = type_of(node);
  const std::string_view source = source_of(text_, node);
  const std::size_t at = ts_node_start_byte(node);
  if (type == "concatenation" || type == "command_name") {
    const std::uint32_t children = ts_node_child_count(node);
    for (std::uint32_t i = 0; i < children; ++i) part(ts_node_child(node, i), scope, parts);
    return;
  }
  if (type == "raw_string") {
    parts.last = 0;
    if (source.size() < 2) return fail("a quote that is not read", at);
    parts.text += source.substr(1, source.size() - 2);
    return;
  }
  if (type == "string") return double_quoted(node, scope, parts);
  if (type == "ansi_c_string") return ansi_quoted(source, at, parts);
  if (type == "command_substitution") return substitution(node, scope, &parts);
  const bool is_plain = type == "word" || type == "variable_name" || !ts_node_is_named(node) ||
                        (type == "number" && ts_node_named_child_count(node) == 0);
  if (is_plain) return plain(source, at, parts);
  parts.is_literal = false;
  parts.last = 'x';
  if (type == "brace_expression") return;
  expansions(node, scope);
}

// Unquoted text.
void Walker::plain(std::string_view source, std::size_t at, WordParts& parts) {
  for (std::size_t i = 0; i < source.size(); ++i) {
    const char c = source[i];
    if (c == '\\') {
      ++i;
      if (i == source.size() || source[i] == '\n') return fail("a line continued inside a word", at + i - 1);
      parts.text += source[i];
      parts.last = 0;
      continue;
    }
    const bool is_start = parts.text.empty() && i == 0;
    if (std::string_view(" \t\n;|&<>()`'\"").contains(c) ||
        (c == '#' && is_start && at > 0 && std::string_view(" \t\n").contains(text_[at - 1]))) {
      return fail("a word that bash would split", at + i);
    }
    if (c == '$' && at + i + 1 < text_.size() && !std::string_view(" \t\n;|&)").contains(text_[at + i + 1])) {
      return fail("an expansion that was not seen", at + i);
    }
    const bool is_tilde = c == '~' && (is_start || parts.last == '=' || parts.last == ':');
    const bool is_glob = c == '*' || c == '?';
    if (c == '[') parts.has_bracket = true;
    if (is_tilde || is_glob) parts.is_literal = false;
    if (c == '{') parts.has_brace = true;
    if (parts.has_brace && (c == ',' || (c == '.' && parts.last == '.'))) parts.has_alternative = true;
    parts.text += c;
    parts.last = c;
  }
}

void Walker::double_quoted(TSNode node, Scope scope, WordParts& parts) {
  const std::size_t end = ts_node_end_byte(node);
  std::size_t at = ts_node_start_byte(node) + 1;
  parts.last = 0;
  if (end < at + 1 || text_[at - 1] != '"' || text_[end - 1] != '"') return fail("a quote that is not read", at);
  const std::uint32_t children = ts_node_child_count(node);
  std::uint32_t next = 0;
  while (at < end - 1 && !failed()) {
    // the next child that is an expansion
    while (next < children) {
      const TSNode child = ts_node_child(node, next);
      const bool is_content =
          !ts_node_is_named(child) || type_of(child) == "string_content" || type_of(child) == "comment";
      if (!is_content && ts_node_start_byte(child) >= at) break;
      ++next;
    }
    const TSNode child = next < children ? ts_node_child(node, next) : TSNode{};
    if (!ts_node_is_null(child) && ts_node_start_byte(child) == at) {
      // the blanks before an expansion come with it
      for (; at < end - 1 && std::string_view(" \t\n").contains(text_[at]); ++at) parts.text += text_[at];
      part(child, scope, parts);
      parts.last = 0;
      at = ts_node_end_byte(child);
      continue;
    }
    const char c = text_[at];
    if (c == '\\' && at + 1 < end - 1 && std::string_view("$`\"\\\n").contains(text_[at + 1])) {
      if (text_[at + 1] != '\n') parts.text += text_[at + 1];
      at += 2;
      continue;
    }
    const bool is_missed = c == '$' && (std::isalnum(static_cast<unsigned char>(text_[at + 1])) != 0 ||
                                        std::string_view("_({[@*#?$!-").contains(text_[at + 1]));
    if (c == '"' || c == '`' || is_missed) return fail("an expansion that was not seen", at);
    parts.text += c;
    ++at;
  }
}

void Walker::ansi_quoted(std::string_view source, std::size_t at, WordParts& parts) {
  parts.last = 0;
  if (source.size() < 3 || !source.starts_with("$'") || !source.ends_with('\''))
    return fail("a quote that is not read", at);
  const std::string_view body = source.substr(2, source.size() - 3);
  constexpr std::string_view kNames = "abeEfnrtv\\'\"?";
  constexpr std::string_view kValues = "\a\b\x1b\x1b\f\n\r\t\v\\'\"?";
  for (std::size_t i = 0; i < body.size(); ++i) {
    if (body[i] == '\'') return fail("a quote that ends elsewhere", at + 2 + i);
    if (body[i] != '\\') {
      parts.text += body[i];
      continue;
    }
    if (++i == body.size()) return fail("a quote that ends elsewhere", at + 1 + i);
    const char c = body[i];
    if (const std::size_t known = kNames.find(c); known != std::string_view::npos) {
      parts.text += kValues[known];
      continue;
    }
    const bool is_octal = c >= '0' && c <= '7';
    if (!is_octal && c != 'x' && c != 'u') return fail("an escape that is not read", at + 2 + i);
    const int base = is_octal ? 8 : 16;
    const std::size_t most = is_octal ? 3 : c == 'x' ? 2 : 4;
    std::size_t used = 0;
    std::uint32_t value = 0;
    std::size_t from = is_octal ? i : i + 1;
    while (used < most && from < body.size() && digit(body[from]) < base) {
      value = value * static_cast<std::uint32_t>(base) + static_cast<std::uint32_t>(digit(body[from]));
      ++from;
      ++used;
    }
    // bash ends the word at a NUL; what \u is above ASCII depends on the locale
    if (used == 0 || value == 0 || value > (c == 'u' ? 0x7FU : 0xFFU)) {
      return fail("an escape that is not read", at + 2 + i);
    }
    parts.text += static_cast<char>(value);
    i = from - 1;
  }
}

// Lists the commands inside. With `parts`: the one that is as good as a literal, a quoted here-document through cat, is
// added as one.
void Walker::substitution(TSNode node, Scope scope, WordParts* parts) {
  const std::string_view source = source_of(text_, node);
  // In backticks bash removes a level of backslashes before it reads.
  const bool is_back = source.starts_with('`') || source.starts_with("$`");
  if (is_back && source.contains('\\')) return fail("a backslash in backticks", node);
  const std::uint16_t context = static_cast<std::uint16_t>(scope.context | in_substitution);
  const std::size_t before = reading_.commands.size();
  const std::uint32_t children = ts_node_child_count(node);
  if (field_of(node, 1) == "redirect") {
    SimpleCommand command;
    for (std::uint32_t i = 1; i + 1 < children && !failed(); ++i)
      redirect(ts_node_child(node, i), {.context = context}, command);
    finish(std::move(command), ts_node_child(node, 1), {.context = context});
  } else {
    // its own brackets are the first and last child
    bool is_opened = false;
    ShellJoin join = ShellJoin::first;
    for (std::uint32_t i = 0; i < children && !failed(); ++i) {
      const TSNode child = ts_node_child(node, i);
      const std::string_view type = type_of(child);
      if (!ts_node_is_named(child)) {
        if (type == "&") join = ShellJoin::background;
        is_opened = true;
      } else if (type != "comment") {
        if (!is_opened) return fail("two commands with nothing between them", child);
        statement(child, {.context = context, .join = join});
        join = ShellJoin::sequence;
        is_opened =
            i + 1 < children && text_
                                    .substr(ts_node_end_byte(child),
                                            ts_node_start_byte(ts_node_child(node, i + 1)) - ts_node_end_byte(child))
                                    .contains('\n');
      }
    }
  }
  if (parts == nullptr || failed()) return;
  if (reading_.commands.size() == before + 1) {
    const SimpleCommand& only = reading_.commands.back();
    const bool is_cat = only.words.size() == 1 && only.words[0] == ShellWord{.text = "cat", .is_literal = true} &&
                        only.assignments.empty();
    if (is_cat && only.redirects.size() == 1 && only.redirects[0].kind == RedirectKind::here_document &&
        only.redirects[0].target.is_literal && parts->last == 0 && (only.context & ~scope.context) == in_substitution) {
      std::string_view body = only.redirects[0].target.text;
      while (body.ends_with('\n')) body.remove_suffix(1);
      const bool is_in_quotes = type_of(ts_node_parent(node)) == "string";
      if (is_in_quotes) {
        parts->text += body;
        return;
      }
    }
  }
  parts->is_literal = false;
}

void Walker::expansions(TSNode node, Scope scope) {
  if (failed()) return;
  const std::string_view type = type_of(node);
  if (type == "command_substitution") return substitution(node, scope, nullptr);
  if (type == "process_substitution") return substitution(node, scope, nullptr);
  if (type == "string") {
    WordParts ignored;
    double_quoted(node, scope, ignored);
    // as below: an escaped one runs where arithmetic is done
    if (ignored.text.contains("$(") || ignored.text.contains('`')) fail("an expansion that was not seen", node);
    return;
  }
  const std::string_view source = source_of(text_, node);
  if (type == "expansion") {
    // SECURITY: ${x@P} runs commands in the value, ${ x; } is one, since bash 5.3. Test: EffectiveCommands.Evasions
    if (source.contains("@P")) return fail("a transformation that may run commands", node);
    if (source.size() > 2 && std::string_view(" \t\n|(").contains(source[2]))
      return fail("an expansion that is not read", node);
  }
  const auto opened = std::ranges::count(source, '(');
  if (type == "regex" &&
      (source.find_first_of("\"'`") != std::string_view::npos || opened != std::ranges::count(source, ')'))) {
    return fail("a pattern that is not read", node);
  }
  const std::uint32_t children = ts_node_child_count(node);
  // SECURITY: tree-sitter ends some patterns of `case` and [[ ]] inside a quote. Test: EffectiveCommands.Evasions
  const bool is_quote = type == "raw_string" || type == "ansi_c_string" || type == "comment";
  if (children == 0 && !is_quote && source.find_first_of("'\"`\n") != std::string_view::npos) {
    return fail("a pattern that is not read", node);
  }
  std::size_t at = ts_node_start_byte(node);
  // what bash takes for a comment, to the end of the line
  if (type != "comment" && source.starts_with('#') && at > 0 && std::string_view(" \t\n").contains(text_[at - 1]))
    return fail("a comment in a test", node);
  // SECURITY: an operand of arithmetic is read again by bash, quoted or not: (( a['$(id)'] )). Test: ReadShell.Opaque
  const auto look = [&](std::size_t from, std::size_t to) {
    for (std::size_t i = from; i < to && i < text_.size(); ++i) {
      if (starts_expansion(text_.substr(i, to - i))) return fail("an expansion that was not seen", i);
    }
  };
  for (std::uint32_t i = 0; i < children && !failed(); ++i) {
    const TSNode child = ts_node_child(node, i);
    look(at, ts_node_start_byte(child));
    at = ts_node_end_byte(child);
    if (ts_node_is_named(child)) expansions(child, scope);
  }
  if (children == 0 || at < ts_node_end_byte(node)) look(at, ts_node_end_byte(node));
}

ShellWord Walker::here_body(TSNode body, std::size_t start, Scope scope, bool is_quoted, bool strips_tabs) {
  const std::size_t end = ts_node_end_byte(body);
  const std::string_view source = text_.substr(start, end - std::min(start, end));
  ShellWord out;
  if (!is_quoted) {
    std::size_t at = start;
    const std::uint32_t children = ts_node_child_count(body);
    std::uint32_t next = 0;
    while (at < end && !failed()) {
      while (next < children && (type_of(ts_node_child(body, next)) == "heredoc_content" ||
                                 ts_node_start_byte(ts_node_child(body, next)) < at))
        ++next;
      if (next < children && ts_node_start_byte(ts_node_child(body, next)) == at) {
        const TSNode child = ts_node_child(body, next);
        expansions(child, scope);
        out.is_literal = false;
        at = ts_node_end_byte(child);
        continue;
      }
      if (text_[at] == '\\') {
        // a continued line might join with the word that ends it
        if (at + 1 < end && text_[at + 1] == '\n') fail("a continued line in a here-document", at);
        out.is_literal = false;
        ++at;
      } else if (starts_expansion(text_.substr(at, end - at))) {
        fail("an expansion that was not seen", at);
      } else if (text_[at] == '$') {
        out.is_literal = false;
      }
      ++at;
    }
  }
  if (!strips_tabs) {
    out.text = source;
    return out;
  }
  bool is_line_start = true;
  for (const char c : source) {
    if (c == '\t' && is_line_start) continue;
    is_line_start = c == '\n';
    out.text += c;
  }
  return out;
}

}  // namespace bailiwick::shell
