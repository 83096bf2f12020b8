#include "referee/build.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "referee/judge.h"
#include "shell/launchers.h"

namespace bailiwick {
namespace {

// Whether the rule is about some part of the command line; unset: it cannot be read for certain.
std::optional<bool> is_about_line(const CommandRule& rule, const std::string& line) {
  const ShellReading reading = read_shell(line);
  if (reading.is_opaque) return std::nullopt;
  for (EffectiveCommand& command : effective_commands(reading))
    if (is_about(rule, {.argv = std::move(command.argv), .program = {}})) return true;
  return false;
}

Status check_examples(const Layer& layer, const CommandRule& rule) {
  const auto complain = [&](const Example& example, std::string_view what) {
    return fail_at(layer.file, example.place,
                   fmt::format("the rule `{}` {} its example `{}`", format_prefix(rule), what,
                               printable(shorten(example.text, 120))));
  };
  for (const Example& example : rule.match) {
    const auto about = is_about_line(rule, example.text);
    if (!about) return complain(example, "cannot be tried on");
    if (!*about) return complain(example, "does not match");
  }
  for (const Example& example : rule.not_match) {
    const auto about = is_about_line(rule, example.text);
    if (!about) return complain(example, "cannot be tried on");
    if (*about) return complain(example, "matches, and must not,");
  }
  return {};
}

}  // namespace

Result<std::shared_ptr<const Policy>> build_policy(std::vector<Layer> layers, std::string_view home) {
  TRY_ASSIGN(std::shared_ptr<const Policy> policy, combine(std::move(layers), home));
  for (const Layer& layer : policy->layers())
    for (const CommandRule& rule : layer.commands) TRY(check_examples(layer, rule));
  return policy;
}

}  // namespace bailiwick
