#include "referee/lint.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <tuple>

#include "base/text.h"
#include "policy/document.h"
#include "referee/lint_parts.h"

namespace bailiwick {

std::string_view name_of(LintFinding::Kind kind) {
  constexpr auto kNames = std::to_array<std::string_view>(
      {"shadowed",      "duplicate",     "broad-allow",   "risky-allow",    "no-example", "hidden-by-launcher",
       "hash-alone",    "needless-hash", "public-suffix", "no-suffix-list", "every-host", "private-address",
       "host-executed", "broad-path",    "secret-read",   "open-socket",    "odd-limit",  "idle-setting",
       "late-ask",      "observing",     "unnamed-server"});
  return kNames[static_cast<std::size_t>(kind)];
}

std::vector<LintFinding> lint(const Policy& policy, const LintContext& context) {
  std::vector<LintFinding> out;
  const PublicSuffixes suffixes(context.suffixes);
  for (std::size_t i = 0; i < policy.layers().size(); ++i) {
    if (policy.layers()[i].kind == LayerKind::builtin) continue;
    const std::size_t before = out.size();
    const lint_parts::Work work{policy, context, static_cast<std::uint16_t>(i), &out};
    lint_parts::lint_settings(work);
    lint_parts::lint_commands(work);
    lint_parts::lint_hosts(work, suffixes);
    lint_parts::lint_servers(work);
    std::ranges::sort(out.begin() + static_cast<std::ptrdiff_t>(before), out.end(), {}, [](const LintFinding& f) {
      return std::tuple(f.place.line, f.place.column, f.kind, std::string_view(f.rule), std::string_view(f.what));
    });
  }
  return out;
}

std::string render_lint(const std::vector<LintFinding>& findings) {
  std::vector<std::string> places;
  std::size_t place_width = 0, kind_width = 0;
  for (const LintFinding& finding : findings) {
    places.push_back(printable(format_place(finding.file, finding.place)));
    place_width = std::max(place_width, places.back().size());
    kind_width = std::max(kind_width, name_of(finding.kind).size());
  }
  place_width = std::min<std::size_t>(place_width, 48);
  std::string out;
  for (std::size_t i = 0; i < findings.size(); ++i) {
    const LintFinding& finding = findings[i];
    out += fmt::format("{:<{}}  {:<{}}  {}\n", places[i], place_width, name_of(finding.kind), kind_width, finding.what);
    out += fmt::format("{:{}}  {:{}}  -> {}\n", "", place_width, "", kind_width, finding.advice);
  }
  return out;
}

std::string render_lint_json(const std::vector<LintFinding>& findings) {
  const auto text = [](std::string key, std::string_view value) {
    return Member{.key = std::move(key), .value = {.kind = NodeKind::string, .text = std::string(value)}};
  };
  const auto number = [](std::string key, std::uint32_t value) {
    return Member{.key = std::move(key), .value = {.kind = NodeKind::integer, .integer = value}};
  };
  std::string out;
  for (const LintFinding& finding : findings) {
    const Node line{
        .kind = NodeKind::table,
        .members = {text("kind", name_of(finding.kind)), text("file", printable(finding.file)),
                    number("line", finding.place.line), number("column", finding.place.column),
                    text("rule", finding.rule), text("what", finding.what), text("advice", finding.advice)}};
    if (const auto json = canonical_json(line)) out += *json + "\n";
  }
  return out;
}

}  // namespace bailiwick
