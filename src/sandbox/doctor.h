// What this machine can hold: findings about kernel features, and what each backend holds with them. Pure: from a
// HostFeatures to text. `assess` says the same as `plan()` about what the default policy needs.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "kernel/host_features.h"

namespace bailiwick {

enum class FindingState : std::uint8_t { present, partial, absent };
enum class NeededBy : std::uint8_t {
  default_policy,    // without it the default policy cannot be enforced
  landlock_backend,  // what that backend has nothing else for
  budgets,           // a budget is held more loosely without it
  exec_gate,         // judging programs before they run
  hardening,         // a second lock
  nothing,           // worth knowing
};
[[nodiscard]] std::string_view name_of(FindingState state);
[[nodiscard]] std::string_view name_of(NeededBy needed_by);

struct Finding {
  std::string feature;
  FindingState state = FindingState::present;
  std::string found;  // what there is: a number, a path, a reason; may be empty
  std::string used_for;
  std::string lost;  // what is weaker or not possible; empty when present
  std::string how;   // to get it; empty when present
  NeededBy needed_by = NeededBy::hardening;
  bool operator==(const Finding&) const = default;
};

// Of a full probe.
[[nodiscard]] std::vector<Finding> assess(const HostFeatures& host);
// No feature that the default policy needs is absent. False for no findings at all.
[[nodiscard]] bool can_enforce_default(const std::vector<Finding>& findings);
// The same for `--backend landlock`.
[[nodiscard]] bool can_use_landlock_backend(const HostFeatures& host);

enum class Hold : std::uint8_t { holds, partly, open };
[[nodiscard]] std::string_view name_of(Hold hold);
struct BackendHold {
  std::string what;  // an aim of an attacker, or a budget
  Hold namespaces = Hold::holds;
  Hold landlock = Hold::open;
  std::string note;  // why, where it is not plain
  bool operator==(const BackendHold&) const = default;
};
[[nodiscard]] std::vector<BackendHold> backend_holds(const HostFeatures& host);
// What neither backend covers, on any machine.
[[nodiscard]] std::vector<std::string> known_limits();

enum class Colour : std::uint8_t { plain, ansi };
[[nodiscard]] std::string render_doctor_text(const HostFeatures& host, Colour colour);
// The shape is in docs/json.md.
[[nodiscard]] std::string render_doctor_json(const HostFeatures& host);

}  // namespace bailiwick
