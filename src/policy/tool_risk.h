// What calls of well-known tools do, and the risk that follows: shipped data, one file for each tool in
// src/policy/tools, compiled in by tools/tool_table.py. Pure; any thread; allocates nothing.
//
// The risk is that of the call inside the sandbox: what it does to work that cannot be got back, to others (publishing,
// production), to credentials. Reading and writing the workspace is low.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "policy/decision.h"

namespace bailiwick {

// Bits of ToolReading::effects.
enum ToolEffect : std::uint16_t {
  tool_reads = 1,
  tool_writes = 2,
  tool_destroys = 4,      // what cannot be got back
  tool_publishes = 8,     // others see it: push, publish, release, comment, deploy
  tool_network = 16,      // reaches the network
  tool_credentials = 32,  // reads, makes, changes or uses secrets
  tool_runs_code = 64,    // runs code that the call does not name (scripts of a package, a build, a remote host)
};
[[nodiscard]] std::string names_of_effects(std::uint16_t effects);  // "writes, network"

// A word of a command line. Unknown words (made at run time) never match a verb or a flag.
struct ToolWord {
  std::string_view text;
  bool is_literal = true;
};

struct ToolReading {
  Risk risk = Risk::low;
  std::uint16_t effects = 0;
  // Static text: "git push: publishes commits"; of a family that shares its rows, and of what is low, without the
  // names. Empty for what the table has no row for.
  std::string_view why;
  bool operator==(const ToolReading&) const = default;
};

struct Tool;  // one file of data

// By base name, also by the other names it is known under (`python3.11`, `gmake`). Null: not in the data.
[[nodiscard]] const Tool* find_tool(std::string_view base_name);
[[nodiscard]] std::string_view name_of(const Tool& tool);
[[nodiscard]] std::span<const Tool> all_tools();

// The words of `argv` that are not global flags nor their values: the program, its verb and what follows, so that
// `git -C dir push x` is `git push x`. Only flags before the verb are taken out.
struct PlainWords {
  static constexpr std::size_t kMax = 32;  // words that are listed; the rest of a long call is left out
  std::uint16_t index[kMax];               // into argv, ascending; index[0] is 0
  std::size_t count = 0;
  bool skipped = false;  // a global flag was left out
  bool changes_what_runs =
      false;               // one of them makes the tool run other code or talk to another place (git -c, kubectl
                           // --kubeconfig, docker -H): no rule may allow it as if it were not there
  bool is_certain = true;  // false: a flag before the verb is not in the data, or a word there is unknown
};
[[nodiscard]] PlainWords plain_words(const Tool& tool, std::span<const ToolWord> argv);

// What the call does. A tool with no row for the verb answers by its own default.
[[nodiscard]] ToolReading read_tool(const Tool& tool, std::span<const ToolWord> argv);

}  // namespace bailiwick
