// What is odd about a policy that is valid: rules that never decide, that allow more than their author may have meant,
// settings without effect. Advice for people; nothing is decided here. Pure; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "policy/effective.h"
#include "referee/surroundings.h"

namespace bailiwick {

struct LintFinding {
  enum class Kind : std::uint8_t {
    shadowed,            // a stricter rule of the same file covers it
    duplicate,           // a rule that says the same covers it
    broad_allow,         // allows a program that runs other code
    risky_allow,         // allows a call that the risk data calls high or critical
    no_example,          // nothing proves what it matches
    hidden_by_launcher,  // written about a launcher's call, found only in that spelling
    hash_alone,          // content alone makes it match: its prefix does not count
    needless_hash,       // finds copies by content without the hash
    public_suffix,       // allows names that anybody may register
    no_suffix_list,      // public suffixes could not be looked at
    every_host,          // allows all
    private_address,     // allows addresses that are not public
    host_executed,       // writable, and run outside the sandbox
    broad_path,          // the home, or everything
    secret_read,         // opens a shipped secret
    open_socket,         // what is behind it acts outside the sandbox
    odd_limit,           // a session could not work, or is not limited
    idle_setting,        // without effect, beside what else the file says
    late_ask,            // high risks pass without a question
    observing,           // judges and lets pass
    unnamed_server,      // an MCP server that is known by its name only
  };
  Kind kind = Kind::shadowed;
  Place place;
  std::string file;
  std::string what;    // one sentence: what is wrong
  std::string advice;  // what to do
  std::string rule;    // "git push", "github.com", "sandbox.write"
  bool operator==(const LintFinding&) const = default;
};
[[nodiscard]] std::string_view name_of(LintFinding::Kind kind);  // "broad-allow"

struct LintContext {
  Surroundings around;             // in whose home and workspace the policy would hold
  std::string_view suffixes = {};  // the text of /usr/share/publicsuffix/public_suffix_list.dat; empty: there is none
};

// Of all layers but the built-in one; by file in the policy's order, then by place.
[[nodiscard]] std::vector<LintFinding> lint(const Policy& policy, const LintContext& context);

// For people: FILE:LINE:COLUMN, kind and sentence, the advice below. For programs: one JSON object a line.
[[nodiscard]] std::string render_lint(const std::vector<LintFinding>& findings);
[[nodiscard]] std::string render_lint_json(const std::vector<LintFinding>& findings);

}  // namespace bailiwick
