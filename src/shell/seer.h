// Sees through launchers. Private to the room: effective_commands() is the way in.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shell/launcher_table.h"
#include "shell/launchers.h"

namespace bailiwick::shell {

using Words = std::vector<ShellWord>;
using Via = std::vector<std::string>;

inline constexpr std::size_t kMaxVia = 8;
inline constexpr std::size_t kMaxEffective = 2000;

[[nodiscard]] inline std::string_view base_name(std::string_view path) { return path.substr(path.rfind('/') + 1); }
// NAME=value
[[nodiscard]] bool is_assignment(const ShellWord& word);
// At run time it may be anything, an option too: $X, "$X", *.
[[nodiscard]] bool may_be_option(const ShellWord& word);

class Seer {
 public:
  // launchers.cc
  void command(const Words& argv, Via via);
  void reading(const ShellReading& given, const Via& via, std::size_t owner);
  void text(const ShellWord& text, const Via& via, std::size_t owner);

  std::vector<EffectiveCommand> out;
  static constexpr std::size_t kNobody = static_cast<std::size_t>(-1);

 private:
  void gap(std::size_t owner, std::string_view why);
  void start(const Launcher& row, const Words& argv, std::size_t owner, const Via& via);
  void input_of(const SimpleCommand& given, std::size_t before);
  void note_writes(const SimpleCommand& given);
  [[nodiscard]] bool is_written(std::string_view path) const;

  // variables.cc: what setting a variable starts
  void variable(std::string_view name, const ShellWord& value, std::size_t owner, const Via& via);
  void variable(const ShellWord& assignment, std::size_t owner, const Via& via);
  void variables(const SimpleCommand& given, std::size_t owner, const Via& via);

  // options.cc: launchers that a row of the table describes
  // Where the first word after the options is; nothing if no command follows, or that cannot be told (a gap then).
  std::optional<std::size_t> options(const Launcher& row, const Words& argv, std::size_t at, std::size_t owner,
                                     const Via& via);
  void option(const Launcher& row, std::string_view name, const ShellWord& value, bool is_last, std::size_t owner,
              const Via& via);
  std::optional<std::size_t> verb(const Launcher& row, const Words& argv, std::size_t owner, const Via& via);
  void prefix(const Launcher& row, const Words& argv, std::size_t owner, const Via& via);
  void watched(const Launcher& row, const Words& argv, std::size_t owner, const Via& via);
  void content(const Launcher& row, const Words& argv, std::size_t owner, const Via& via);
  void opener(const Launcher& row, const Words& argv, std::size_t owner, const Via& via);
  void joined(const Words& argv, std::size_t from, std::size_t owner, const Via& via);
  void replaced(std::size_t before, std::string_view what);

  // programs.cc: those that no row describes
  void shell(const Words& argv, std::size_t owner, const Via& via);
  void parallel(const Words& argv, std::size_t from, std::size_t owner, const Via& via);
  void find(const Words& argv, std::size_t owner, const Via& via);
  void interpreter(const Launcher& row, const Words& argv, std::size_t owner);
  void awk(const Words& argv, std::size_t owner);
  void sed(const Words& argv, std::size_t owner);
  void make(const Words& argv, std::size_t owner, const Via& via);

  // git.cc
  void git(const Words& argv, std::size_t owner, const Via& via);
  void git_setting(std::string_view key, std::string_view value, std::size_t owner, const Via& via);
  void git_verb(const Words& argv, std::size_t at, std::size_t owner, const Via& via);

  std::vector<std::string> written_;  // base names of files that the text writes
};

}  // namespace bailiwick::shell
