// A whole command line: seen through launchers and shells, each part judged, the strictest verdict over all. Pure; any
// thread.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "referee/judge.h"
#include "shell/launchers.h"

namespace bailiwick {

// Whether the exec gate will see each program start. Where it does, what cannot be read here is decided there; where
// only a hook decides, not knowing means asking.
enum class Gate : std::uint8_t { present, absent };

// Looks a program up, as seen from `directory`: the machine in real life, nothing in examples. May be empty.
using LookUp = std::function<Program(const std::vector<ShellWord>& argv, const std::string& directory)>;

struct JudgedPart {
  EffectiveCommand command;  // a redirection to a file is a part, too: {">", "path"}
  Verdict verdict;
  std::vector<MatchedCause> matched;  // filled where the caller wants to explain
  bool is_complete = true;
};

struct JudgedCommand {
  Decision decision = Decision::allow;
  bool is_complete = true;
  Risk risk = Risk::low;
  std::size_t decided_by = 0;  // index into parts
  bool asks_for_gap = false;   // `ask` only because it is incomplete and there is no gate
  std::string gap;             // why it is not complete
  std::vector<JudgedPart> parts;
};

enum class Detail : std::uint8_t { verdict, explanation };

[[nodiscard]] JudgedCommand judge_shell(std::string_view text, const Policy& policy, const Surroundings& around,
                                        Gate gate, const LookUp& look_up, Detail detail);
[[nodiscard]] JudgedCommand judge_command(const std::vector<ShellWord>& argv, const Policy& policy,
                                          const Surroundings& around, Gate gate, const LookUp& look_up, Detail detail);

}  // namespace bailiwick
