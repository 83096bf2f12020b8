// Which commands a command starts: launchers (sh -c, env, sudo, xargs, find -exec, ssh ..) are seen through. Pure; any
// thread.
//
// One table (launcher_table.cc) says how most launchers are called. A launcher that is not in it looks like any other
// program; so does one that runs what its files say (make, npm run, python x.py): their children are for others to see.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "shell/read.h"

namespace bailiwick {

struct EffectiveCommand {
  std::vector<ShellWord> argv;
  std::vector<std::string> via;  // names of the launchers, outermost first
  // False: it also runs what cannot be listed: a program made up at run time, a body that is opaque or in another
  // language, a script file, standard input.
  bool is_complete = true;
  std::string gap;  // why not
  bool operator==(const EffectiveCommand&) const = default;
};

// Whether effective_commands() of a command with this program could be more than the command itself, or not complete:
// if not, a caller need not ask it. A few tens of ns. `base_name` has no slash.
[[nodiscard]] bool is_launcher(std::string_view base_name);
// The command itself, then what it starts, in order. An empty argv gives nothing.
[[nodiscard]] std::vector<EffectiveCommand> effective_commands(const std::vector<ShellWord>& argv);
// Of all commands of a reading. More is seen than in each command alone: a shell that is given a literal here-document
// runs what is in it; PAGER=x or LD_PRELOAD=x before a command, or alone, starts or changes what runs; a program that
// the text itself writes, copies or links is not what its name says. An opaque reading, and an assignment that changes
// what runs, give a command without words that is not complete.
[[nodiscard]] std::vector<EffectiveCommand> effective_commands(const ShellReading& reading);

}  // namespace bailiwick
