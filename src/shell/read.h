// What a string given to a shell means: its simple commands in order, or that we do not know. Pure; any thread; never
// throws.
//
// It reads bash's language. What is expanded at run time is marked unknown, never guessed. Whatever is not understood
// for certain makes the whole reading opaque: no rule may allow an opaque script. Owns no rules, and looks at no
// machine.
//
// Opaque, before anything is parsed: more than kMaxShellText bytes; bytes that are not UTF-8; NUL and every other
// control character but tab and newline (so CR too). Opaque later: unknown syntax, functions, aliases, a
// backslash-newline that joins two halves of a word, here-documents whose end tree-sitter sees elsewhere than bash.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace bailiwick {

inline constexpr std::size_t kMaxShellText = 64 * 1024;
inline constexpr std::size_t kMaxShellCommands = 1000;
inline constexpr unsigned kMaxShellDepth = 150;

// One word. `text` is what the program will get; if it has run-time expansion, `is_literal` is false and `text` is the
// source.
struct ShellWord {
  std::string text;
  bool is_literal = true;
  bool operator==(const ShellWord&) const = default;
};

struct ShellAssignment {
  std::string name;
  ShellWord value;
  bool appends = false;  // NAME+=value
  bool operator==(const ShellAssignment&) const = default;
};

enum class RedirectKind : std::uint8_t {
  read,           // < file
  write,          // > file, >| file, &> file, >& file
  append,         // >> file, &>> file
  duplicate,      // 2>&1, <&3, 2>&-
  here_document,  // the body is the target
  here_string,    // the word is the target
};

struct ShellRedirect {
  RedirectKind kind = RedirectKind::read;
  ShellWord target;
  bool is_harmless = false;  // touches no file but /dev/null, or the streams that there are
  int descriptor = -1;       // as written: 2 in 2>&1; -1 where none is
  bool operator==(const ShellRedirect&) const = default;
};

// How a command is joined to the one before it.
enum class ShellJoin : std::uint8_t { first, sequence, background, and_then, or_else, pipe, pipe_both };

// What a command stands in; bits of `SimpleCommand::context`.
enum ShellContext : std::uint16_t {
  in_subshell = 1,
  in_pipeline = 2,
  in_loop = 4,
  in_condition = 8,  // decides what runs next
  in_branch = 16,    // runs only if a condition says so
  in_substitution = 32,
  in_group = 64,
  shares_input = 128,  // its standard input is a pipe, file or here-document of what it stands in
};

struct SimpleCommand {
  std::vector<ShellWord> words;  // empty: only assignments, or redirections (then perhaps those of a loop or group)
  std::vector<ShellAssignment> assignments;
  std::vector<ShellRedirect> redirects;
  ShellJoin join = ShellJoin::first;
  std::uint16_t context = 0;
  std::size_t offset = 0;  // of its first byte in the text
  bool operator==(const SimpleCommand&) const = default;
};

// Commands of substitutions come before the command whose words they make, as they run.
struct ShellReading {
  std::vector<SimpleCommand> commands;  // of no use if opaque
  bool is_opaque = false;
  std::string reason;      // of being opaque
  std::size_t offset = 0;  // where
  bool operator==(const ShellReading&) const = default;
};

[[nodiscard]] ShellReading read_shell(std::string_view text);

}  // namespace bailiwick
