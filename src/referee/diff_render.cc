#include <fmt/format.h>

#include <array>

#include "policy/document.h"
#include "referee/diff.h"

namespace bailiwick {
namespace {

using Change = Difference::Change;

constexpr std::string_view kGreen = "\x1b[32m";
constexpr std::string_view kYellow = "\x1b[33m";
constexpr std::string_view kRed = "\x1b[31m";

struct Mark {
  std::string_view sign, color;
};
Mark mark_of(Change change) {
  switch (change) {
    case Change::looser: return {"-", kRed};
    case Change::stricter: return {"+", kGreen};
    case Change::changed: return {"~", kYellow};
  }
  return {"~", kYellow};
}

std::string verb_of(const Difference& one) {
  switch (one.subject) {
    case Difference::Subject::read: return "reading ";
    case Difference::Subject::write: return "writing ";
    default: return {};
  }
}

std::string line_of(const Difference& one) {
  if (one.subject == Difference::Subject::setting) {
    std::string out = fmt::format("`{}` was {} ({}), is {} ({})", one.example, one.before.verdict, one.before.where,
                                  one.after.verdict, one.after.where);
    if (!one.detail.empty()) out += "; " + one.detail;
    return out;
  }
  std::string out = fmt::format("{}`{}`", verb_of(one), one.example);
  if (one.count > 1) out += fmt::format(" and {} more like it", one.count - 1);
  const std::string_view was = one.count > 1 ? "were" : "was", is = one.count > 1 ? "are" : "is";
  if (one.change == Change::changed)
    return out +
           fmt::format(" {} {} as before ({}), now ({})", is, one.after.verdict, one.before.where, one.after.where);
  return out + fmt::format(" {} {} ({}), {} {} ({})", was, one.before.verdict, one.before.where, is, one.after.verdict,
                           one.after.where);
}

}  // namespace

std::string_view name_of(Change change) {
  constexpr auto kNames = std::to_array<std::string_view>({"looser", "stricter", "changed"});
  return kNames[static_cast<std::size_t>(change)];
}

std::string_view name_of(Difference::Subject subject) {
  constexpr auto kNames = std::to_array<std::string_view>({"command", "host", "read", "write", "mcp", "setting"});
  return kNames[static_cast<std::size_t>(subject)];
}

std::string render_diff(const std::vector<Difference>& differences, DiffStyle style) {
  if (differences.empty()) return "no difference in anything that was tried\n";
  std::string out;
  std::array<std::size_t, 3> counts{};
  for (const Difference& one : differences) {
    ++counts[static_cast<std::size_t>(one.change)];
    const Mark mark = mark_of(one.change);
    const std::string head = fmt::format("{} {:<8}", mark.sign, name_of(one.change));
    out += style.color ? fmt::format("{}{}\x1b[0m", mark.color, head) : head;
    out += fmt::format("  {:<7}  {}\n", name_of(one.subject), line_of(one));
  }
  return out + fmt::format("{} looser, {} stricter, {} changed\n", counts[0], counts[1], counts[2]);
}

std::string render_diff_json(const std::vector<Difference>& differences) {
  const auto text = [](std::string key, std::string_view value) {
    return Member{.key = std::move(key), .value = {.kind = NodeKind::string, .text = std::string(value)}};
  };
  const auto side = [&](std::string key, const Difference::Side& value) {
    return Member{
        .key = std::move(key),
        .value = {.kind = NodeKind::table, .members = {text("verdict", value.verdict), text("where", value.where)}}};
  };
  std::string out;
  for (const Difference& one : differences) {
    Node line{
        .kind = NodeKind::table,
        .members = {text("change", name_of(one.change)), text("subject", name_of(one.subject)),
                    text("example", one.example), side("before", one.before), side("after", one.after),
                    Member{.key = "count",
                           .value = {.kind = NodeKind::integer, .integer = static_cast<std::int64_t>(one.count)}}}};
    if (!one.detail.empty()) line.members.push_back(text("detail", one.detail));
    if (const auto json = canonical_json(line)) out += *json + "\n";
  }
  return out;
}

}  // namespace bailiwick
