#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "policy/import.h"

namespace bailiwick {
namespace {

// A key is at most this wide in its column; longer ones push the rest of their row to the right.
constexpr std::size_t kKeyWidth = 56;

}  // namespace

std::string render_report(const Imported& imported, std::string_view file) {
  struct Cells {
    std::string place;
    std::string_view outcome;
    std::string key;
    std::string note;
  };
  std::vector<Cells> rows;
  std::size_t place_width = 0;
  std::size_t outcome_width = 0;
  std::size_t key_width = 0;
  std::array<std::size_t, 4> counts{};
  for (const ImportRow& row : imported.report) {
    rows.push_back({.place = format_place(file, row.place),
                    .outcome = name_of(row.outcome),
                    .key = printable(row.key),
                    .note = printable(row.note)});
    place_width = std::max(place_width, rows.back().place.size());
    outcome_width = std::max(outcome_width, rows.back().outcome.size());
    key_width = std::max(key_width, std::min(kKeyWidth, rows.back().key.size()));
    ++counts[static_cast<std::size_t>(row.outcome)];
  }
  std::string out;
  for (const Cells& row : rows) {
    out += fmt::format("{:<{}}  {:<{}}  {:<{}}  {}\n", row.place, place_width, row.outcome, outcome_width, row.key,
                       key_width, row.note);
  }
  out += fmt::format("{} carried, {} tightened, {} left out, {} unknown\n", counts[0], counts[1], counts[2], counts[3]);
  return out;
}

}  // namespace bailiwick
