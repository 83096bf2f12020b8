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
  parallel,     // the same; {} comes from elsewhere
  texts,        // options, then words that are each a text for a shell
  shell,        // -c TEXT, a script, or standard input
  evaluates,    // the words, joined, are read by this shell
  find,         // -exec COMMAND ;
  git,          // -c NAME=VALUE, and verbs that take commands
  interpreter,  // code options: another language
  awk,          // a program, or options that take one
  sed,
  make,
  sourcing,  // runs a file in this shell
  trap,      // the first word is run later
  watched,   // an ordinary program, but for `texts` and `opens` wherever they stand
  content,   // an ordinary program, but for words that have one of `needles`
  opener,    // what it runs cannot be told; with verbs: only after these
};

enum LauncherFlag : std::uint8_t {
  any_longs = 1,        // long options that are not listed take no word
  else_shell = 2,       // without a command it starts a shell
  again = 4,            // options may follow the positionals
  bundles = 8,          // the first word is one of options, without a dash
  reads_input = 16,     // with fewer operands than `positionals`, or none of the options in `quits`, it reads commands
  names_variables = 32  // its operands are names of variables
};

// Lists are apart by blanks. Options in `texts`, `opens` and `quits` are named without dashes.
struct Launcher {
  std::string_view names;
  LauncherKind kind;
  std::string_view groups = {};  // words that may stand before the verb
  std::string_view verbs = {};   // only after one of these words
  // as for getopt: a letter, `:` after it if it takes a value. interpreter: letters that take code
  std::string_view shorts = {};
  std::string_view longs = {};  // `=` at the end if it takes a word, `==` if two
  std::string_view texts = {};  // options whose value is a text for a shell
  std::string_view opens = {};  // options with which it cannot be told what runs
  std::string_view quits = {};  // options with which nothing is started
  std::string_view after = {};  // where this word stands, the command comes after it
  std::string_view needles = {};
  std::string_view optional = {};  // positionals that may be left out: only one of these words is one
  unsigned positionals = 0;
  unsigned flags = 0;
};

// Null if it is none that is known. A version at the end of a name does not matter: python3.11 is python.
[[nodiscard]] const Launcher* find_launcher(std::string_view name);
// Programs that are called in two ways have two rows. Null after the last.
[[nodiscard]] const Launcher* other_way(const Launcher* row, std::string_view name);
[[nodiscard]] bool has_name(std::string_view list, std::string_view name);

}  // namespace bailiwick::shell
