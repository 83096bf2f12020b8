// Runs in the command line program, outside of any sandbox.
#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "sandbox/doctor.h"

namespace bailiwick {
namespace {

constexpr std::size_t kWidth = 100;

class Paint {
 public:
  explicit Paint(Colour colour) : colour_(colour) {}
  // Pads to `width` before the colour: escape sequences have no width.
  [[nodiscard]] std::string operator()(std::string_view text, const char* code, std::size_t width = 0) const {
    std::string padded = fmt::format("{:<{}}", text, width);
    return colour_ == Colour::plain ? padded : fmt::format("\x1b[{}m{}\x1b[0m", code, padded);
  }
  [[nodiscard]] std::string state(FindingState state, bool is_needed) const {
    switch (state) {
      case FindingState::present: return (*this)("ok", "32", 8);
      case FindingState::partial: return (*this)("partly", "33", 8);
      case FindingState::absent: return (*this)(is_needed ? "MISSING" : "missing", is_needed ? "1;31" : "33", 8);
    }
    return {};
  }
  [[nodiscard]] std::string hold(Hold hold, std::size_t width) const {
    return (*this)(name_of(hold), hold == Hold::holds ? "32" : hold == Hold::partly ? "33" : "31", width);
  }

 private:
  Colour colour_;
};

// Words into lines of at most kWidth, the second and later ones indented like the first.
void wrap(std::string& out, std::string_view indent, std::string_view label, std::string_view text) {
  std::string line = fmt::format("{}{}", indent, label);
  const std::string next(line.size(), ' ');
  bool is_empty = true;
  for (const std::string_view word : split(text, ' ')) {
    if (!is_empty && line.size() + 1 + word.size() > kWidth) {
      out += line + "\n";
      line = next;
      is_empty = true;
    }
    if (!is_empty) line += ' ';
    line += word;
    is_empty = false;
  }
  out += line + "\n";
}

std::size_t widest(const std::vector<Finding>& findings) {
  std::size_t width = 0;
  for (const Finding& finding : findings) width = std::max(width, finding.feature.size());
  return width;
}

}  // namespace

std::string_view name_of(FindingState state) {
  switch (state) {
    case FindingState::present: return "present";
    case FindingState::partial: return "partial";
    case FindingState::absent: return "absent";
  }
  return "absent";
}

std::string_view name_of(NeededBy needed_by) {
  switch (needed_by) {
    case NeededBy::default_policy: return "default policy";
    case NeededBy::landlock_backend: return "landlock backend";
    case NeededBy::budgets: return "budgets";
    case NeededBy::exec_gate: return "exec gate";
    case NeededBy::hardening: return "hardening";
    case NeededBy::nothing: return "nothing";
  }
  return "nothing";
}

std::string_view name_of(Hold hold) {
  switch (hold) {
    case Hold::holds: return "holds";
    case Hold::partly: return "partly";
    case Hold::open: return "open";
  }
  return "open";
}

std::string render_doctor_text(const HostFeatures& host, Colour colour) {
  const Paint paint(colour);
  const std::vector<Finding> findings = assess(host);
  std::string out =
      fmt::format("Linux {} {}, {} {}, {} of memory\n\n", printable(host.kernel_release), printable(host.machine),
                  host.cpus, host.cpus == 1 ? "CPU" : "CPUs", format_bytes(host.memory_bytes));
  const std::size_t width = widest(findings);
  for (const Finding& finding : findings) {
    const bool is_needed = finding.needed_by == NeededBy::default_policy;
    const std::string found = finding.found.empty() ? std::string() : "  " + printable(finding.found);
    const bool fits = width + 12 + found.size() <= kWidth;
    out += fmt::format("  {}  {}{}\n", paint.state(finding.state, is_needed),
                       found.empty() || !fits ? finding.feature : fmt::format("{:<{}}", finding.feature, width),
                       fits ? found : "");
    if (!fits) wrap(out, "            ", "found:    ", printable(finding.found));
    if (finding.state == FindingState::present) continue;
    wrap(out, "            ", "used for: ", finding.used_for);
    wrap(out, "            ", "without:  ", finding.lost);
    wrap(out, "            ", "to do:    ", printable(finding.how));
  }

  out += "\nWhat each backend holds here\n";
  const std::vector<BackendHold> rows = backend_holds(host);
  std::size_t longest = 0;
  for (const BackendHold& row : rows) longest = std::max(longest, row.what.size());
  out += fmt::format("  {:<{}}  {:<10}  {}\n", "", longest, "namespaces", "landlock");
  for (const BackendHold& row : rows) {
    const bool is_plain = row.namespaces == Hold::holds && row.landlock == Hold::holds;
    out += fmt::format("  {:<{}}  {}  {}\n", row.what, longest, paint.hold(row.namespaces, 10),
                       paint.hold(row.landlock, 0));
    if (!row.note.empty() && !is_plain) wrap(out, "      ", "", row.note);
  }

  out += "\nNot covered by any backend\n";
  for (const std::string& limit : known_limits()) wrap(out, "  ", "- ", limit);

  out += "\n";
  if (can_enforce_default(findings)) return out + paint("The default policy can be enforced here.", "1;32") + "\n";
  out += paint("The default policy cannot be enforced here:", "1;31");
  const char* separator = " ";
  for (const Finding& finding : findings) {
    if (finding.needed_by != NeededBy::default_policy || finding.state != FindingState::absent) continue;
    out += separator + finding.feature;
    separator = ", ";
  }
  out += ".\n";
  if (can_use_landlock_backend(host))
    out += "A weaker sandbox can be accepted by name: --backend landlock (see the table).\n";
  return out;
}

std::string render_doctor_json(const HostFeatures& host) {
  const std::vector<Finding> findings = assess(host);
  nlohmann::ordered_json out;
  out["schema"] = 1;
  out["can_enforce_default"] = can_enforce_default(findings);
  out["can_use_landlock_backend"] = can_use_landlock_backend(host);
  out["host"] = {{"kernel", host.kernel_release},
                 {"machine", host.machine},
                 {"lsm", host.lsm},
                 {"landlock_abi", host.landlock_abi},
                 {"memory_bytes", host.memory_bytes},
                 {"cpus", host.cpus},
                 {"cgroup_parent", host.cgroup_parent},
                 {"cgroup_controllers", host.cgroup_controllers}};
  out["findings"] = nlohmann::ordered_json::array();
  for (const Finding& finding : findings) {
    out["findings"].push_back({{"feature", finding.feature},
                               {"state", name_of(finding.state)},
                               {"needed_by", name_of(finding.needed_by)},
                               {"found", finding.found},
                               {"used_for", finding.used_for},
                               {"lost", finding.lost},
                               {"how", finding.how}});
  }
  out["backends"] = nlohmann::ordered_json::array();
  for (const BackendHold& row : backend_holds(host)) {
    out["backends"].push_back({{"what", row.what},
                               {"namespaces", name_of(row.namespaces)},
                               {"landlock", name_of(row.landlock)},
                               {"note", row.note}});
  }
  out["limits"] = known_limits();
  // Text that is not UTF-8 (a kernel's release may hold anything) must not make this throw.
  return out.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace bailiwick
