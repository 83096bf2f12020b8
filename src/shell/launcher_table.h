// How launchers are called. Shipped data, private to the room.
#pragma once

#include <cstdint>
#include <string_view>

namespace bailiwick::shell {

enum class LauncherKind : std::uint8_t {
  prefix,       // options, `positionals` words, then a command
  assigning,    // the same, with NAME=value before the command
  input,        // the same; more arguments come from elsewhere
  string,       // the same; the rest is joined and given to a shell
  shell,        // -c TEXT, a script, or standard input
  evaluates,    // the words, joined, are read by this shell
  find,         // -exec COMMAND ;
  git,          // -c NAME=VALUE
  interpreter,  // code options: another language
  sourcing,     // runs a file in this shell
  trap,         // the first word is run later
};

struct Launcher {
  std::string_view names;  // apart by blanks
  LauncherKind kind;
  std::string_view verbs = {};  // only after one of these words
  std::string_view shorts =
      {};  // as for getopt: a letter, `:` after it if it takes a value. interpreter: letters that take code
  std::string_view longs = {};  // apart by blanks, `=` at the end if it takes a value
  unsigned positionals = 0;
};

// Null if it is none that is known.
[[nodiscard]] const Launcher* find_launcher(std::string_view name);
[[nodiscard]] bool has_name(std::string_view list, std::string_view name);

}  // namespace bailiwick::shell
