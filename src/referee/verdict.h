// What the referee answers: a decision, and whose it is. Small values; the texts are made when somebody asks.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "policy/decision.h"
#include "policy/effective.h"

namespace bailiwick {

enum class CauseKind : std::uint8_t {
  rule,       // a rule matched
  fallback,   // a layer's `default`, for what none of its rules names
  risk,       // `ask_from`
  last_word,  // nobody spoke: a starting value
  sandbox,    // what the sandbox is, whatever the rules say
  input,      // what was asked cannot be read (a host that is none)
};

struct Cause {
  CauseKind kind = CauseKind::last_word;
  std::uint16_t layer = 0;        // in Policy::layers()
  std::uint32_t rule = 0;         // of that layer's list, for `rule`
  Place place;                    // of the rule or setting
  std::string_view reason;        // static or the rule's own text: lives as long as the policy
  std::string_view subject = {};  // a host's pattern, a server's name, as long as the policy; of commands empty
  bool operator==(const Cause&) const = default;
};

struct Verdict {
  Decision decision = Decision::deny;
  Cause cause;
  Risk risk = Risk::low;
  std::uint16_t effects = 0;        // ToolEffect
  std::string_view risk_reason;     // static
  bool is_complete = true;          // false: words made at run time could still change it
  Decision would = Decision::deny;  // what it would be if no layer only observed
};

// What one layer says about one action.
struct Opinion {
  bool speaks = false;
  Decision decision = Decision::allow;
  Cause cause;
};

// What a layer says about a command of this risk that none of its rules names; may be silent.
[[nodiscard]] Opinion unnamed(const SectionStance& stance, const Section& section, Risk risk, std::string_view why);
// What holds where nobody speaks.
[[nodiscard]] Opinion last_word(const Section& section, Risk risk, std::string_view why);

// The algebra of DESIGN's law 2 over one opinion a layer. `last` holds where nobody speaks.
[[nodiscard]] Verdict settle(const Policy& policy, const Section& section, std::span<const Opinion> opinions,
                             const Opinion& last);

// One rule or setting that had a say, for people.
struct MatchedCause {
  Decision decision = Decision::allow;
  Cause cause;
  std::string rule;  // "git push", "default", "ask_from high"
};

}  // namespace bailiwick
