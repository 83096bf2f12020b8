// The parts of lint. Private to the room.
#pragma once

#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "referee/lint.h"
#include "referee/public_suffix.h"

namespace bailiwick::lint_parts {

struct Work {
  const Policy& policy;
  const LintContext& context;
  std::uint16_t number = 0;  // of the layer that is looked at
  std::vector<LintFinding>* findings = nullptr;

  [[nodiscard]] const Layer& layer() const { return policy.layers()[number]; }
  void add(LintFinding::Kind kind, Place place, std::string rule, std::string what, std::string advice) const {
    findings->push_back({kind, place, layer().file, std::move(what), std::move(advice), std::move(rule)});
  }
};

void lint_commands(const Work& work);
void lint_hosts(const Work& work, const PublicSuffixes& suffixes);
void lint_servers(const Work& work);
void lint_settings(const Work& work);

// Whether all that `inner` is about is in `outer`.
[[nodiscard]] bool covers(const HostPattern& outer, const HostPattern& inner);

// Shipped data.
struct HostExecuted {
  std::string_view path;  // below the home, or a component anywhere
  std::string_view reason;
};
[[nodiscard]] std::span<const HostExecuted> host_executed_in_home();
[[nodiscard]] std::span<const HostExecuted> host_executed_anywhere();

struct KnownSocket {
  std::string_view part;  // of the path
  std::string_view reason;
};
[[nodiscard]] std::span<const KnownSocket> known_sockets();

struct SaneLimit {
  std::string_view key;
  double least, most;
  std::string_view below, above;  // what happens then
};
[[nodiscard]] std::span<const SaneLimit> sane_limits();

// Why allowing this program alone allows nearly everything; empty: it does not.
[[nodiscard]] std::string_view runs_other_code(std::string_view base_name);
// Whether the word makes the program take code from its command line: `python3 -c`.
[[nodiscard]] bool takes_code(std::string_view base_name, std::string_view flag);

}  // namespace bailiwick::lint_parts
