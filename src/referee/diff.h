// What a change of policy means: which actions are judged differently, and which settings bound more or less. Found by
// trying: actions are made from the rules of both sides and judged under both, so that what is said is true; what no
// rule of either side gives an occasion to try is not found. Pure; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "referee/command.h"

namespace bailiwick {

struct CommandTrial {
  std::vector<std::string> words;
  std::string sha256;  // of the program; empty: not known
};
using Trial = std::variant<CommandTrial, ConnectAction, FileAction, McpAction>;
// As judge() and judge_command() do, with the exec gate and no look at the machine.
[[nodiscard]] Verdict try_out(const Trial& trial, const Policy& policy, const Surroundings& around);

struct Difference {
  enum class Change : std::uint8_t {
    looser,
    stricter,
    changed,  // the verdict is the same and says something else; or neither is stricter
  };
  enum class Subject : std::uint8_t { command, host, read, write, mcp, setting };
  struct Side {
    std::string verdict;  // "ask"; of a setting its value: "[\"off\"]", "not set"
    std::string where;    // "a.toml:12", "a.toml:4, default", "no rule"
    bool operator==(const Side&) const = default;
  };
  Change change = Change::changed;
  Subject subject = Subject::command;
  std::string example;         // "git push origin main", "github.com:443", "limits.memory"
  std::optional<Trial> trial;  // the same as an action; none for settings
  Side before, after;
  std::string detail;     // of a setting: "adds \"host\""
  std::size_t count = 1;  // examples that have the same two causes
};
[[nodiscard]] std::string_view name_of(Difference::Change change);
[[nodiscard]] std::string_view name_of(Difference::Subject subject);

// Looser ones first; the same for the same policies. `around` is where both would hold.
[[nodiscard]] std::vector<Difference> compare(const Policy& before, const Policy& after, const Surroundings& around);

struct DiffStyle {
  bool color = false;
};
// For people: `-` looser, `+` stricter, `~` changed, and a line that counts. For programs: one JSON object a line.
[[nodiscard]] std::string render_diff(const std::vector<Difference>& differences, DiffStyle style);
[[nodiscard]] std::string render_diff_json(const std::vector<Difference>& differences);

}  // namespace bailiwick
