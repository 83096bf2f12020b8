// The parts of diff. Private to the room.
#pragma once

#include <string>
#include <vector>

#include "referee/diff.h"

namespace bailiwick::diff_parts {

// How good an example it is for people, the best first.
enum class Rank : std::uint8_t { written, spelled, varied, general };

struct Candidate {
  Trial trial;
  Difference::Subject subject = Difference::Subject::command;
  std::string shown;
  Rank rank = Rank::general;
};
// Each once, in the order in which the rules stand. `before` and `after` may be exchanged for others of the same set.
[[nodiscard]] std::vector<Candidate> candidates_of(const Policy& before, const Policy& after,
                                                   const Surroundings& around);
void add_host_candidates(const Policy& policy, std::vector<Candidate>& out);
void add_server_candidates(const Policy& before, const Policy& after, std::vector<Candidate>& out);
void add_file_candidates(const Policy& policy, const Surroundings& around, std::vector<Candidate>& out);

[[nodiscard]] std::vector<Difference> compare_settings(const Policy& before, const Policy& after);

}  // namespace bailiwick::diff_parts
