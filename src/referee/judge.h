// judge: an action and a policy in, a verdict out. Pure; any thread. No other place in the tree decides.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "policy/effective.h"
#include "referee/action.h"
#include "referee/surroundings.h"
#include "referee/verdict.h"

namespace bailiwick {

// One program start, as it is: launchers are seen through by judge_command() in command.h. `matched`, if given, hears
// of every rule and setting that had a say.
[[nodiscard]] Verdict judge(const ExecAction& action, const Policy& policy, const Surroundings& around,
                            std::vector<MatchedCause>* matched = nullptr);
[[nodiscard]] Verdict judge(const ConnectAction& action, const Policy& policy,
                            std::vector<MatchedCause>* matched = nullptr);
[[nodiscard]] Verdict judge(const FileAction& action, const Policy& policy, const Surroundings& around,
                            std::vector<MatchedCause>* matched = nullptr);
[[nodiscard]] Verdict judge(const McpAction& action, const Policy& policy,
                            std::vector<MatchedCause>* matched = nullptr);

// Whether this one rule is about the command, as judge() would find it; by name alone where the program has no path.
[[nodiscard]] bool is_about(const CommandRule& rule, const ExecAction& action);

// "kubectl delete|drain: production changes go through the pipeline (system /etc/bailiwick/policy.toml:12)"
[[nodiscard]] std::string explain(const Policy& policy, const Verdict& verdict);

}  // namespace bailiwick
