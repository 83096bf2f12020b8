#include <fmt/format.h>

#include "base/text.h"
#include "referee/judge.h"

namespace bailiwick {

std::string explain(const Policy& policy, const Verdict& verdict) {
  const Cause& cause = verdict.cause;
  const Origin origin{cause.layer, cause.place};
  const std::string where = policy.describe(origin);
  std::string reason = printable(cause.reason);
  switch (cause.kind) {
    case CauseKind::rule: {
      const Layer& layer = policy.layers()[cause.layer];
      if (!reason.empty()) return fmt::format("{} ({})", reason, where);
      if (!cause.subject.empty()) return fmt::format("a rule about `{}` ({})", printable(cause.subject), where);
      if (cause.rule < layer.commands.size())
        return fmt::format("a rule about `{}` ({})", printable(format_prefix(layer.commands[cause.rule])), where);
      return fmt::format("a rule ({})", where);
    }
    case CauseKind::fallback: return fmt::format("no rule names it: `default` ({})", where);
    case CauseKind::risk:
      return fmt::format("risk {}{}{}: `ask_from` ({})", name_of(verdict.risk), reason.empty() ? "" : ", ", reason,
                         where);
    case CauseKind::last_word:
      if (!reason.empty()) return fmt::format("{} ({})", reason, where);
      return fmt::format("nobody's rule names it ({})", where);
    case CauseKind::sandbox:
    case CauseKind::input: return reason;
  }
  return {};
}

}  // namespace bailiwick
