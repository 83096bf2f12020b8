// The command rules of Codex, `NAME.rules`: a subset of Starlark, read without running anything. Pure; any thread.
//
// Read: calls of prefix_rule(), host_executable() and network_rule() with positional and named arguments; strings of
// every quote, raw and f-strings (with plain names); lists, tuples, numbers, True, False, None; names that were set,
// `+` and `+=` of strings and lists; `for` over a list, with a block; comments. All else is an error that says what to
// write instead. The work is bounded by kMaxRulesSteps, whatever the file says.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "policy/decision.h"
#include "policy/document.h"

namespace bailiwick {

inline constexpr std::size_t kMaxRulesFile = 1UL << 20;  // bytes
inline constexpr unsigned kMaxRulesDepth = 64;           // brackets, blocks
inline constexpr std::size_t kMaxRulesSteps = 200'000;   // tokens looked at, values made

struct RulesExample {
  std::vector<std::string> words;
  Place place;
  bool operator==(const RulesExample&) const = default;
};

struct PrefixRule {
  std::vector<std::vector<std::string>> pattern;  // each position: one word or several alternatives; never empty
  Decision decision = Decision::allow;            // "prompt" is ask, "forbidden" deny
  std::string justification;
  std::vector<RulesExample> match;
  std::vector<RulesExample> not_match;
  Place place;
  bool operator==(const PrefixRule&) const = default;
};

struct HostExecutable {
  std::string name;
  std::vector<std::string> paths;  // absolute, or from ~/
  Place place;
  bool operator==(const HostExecutable&) const = default;
};

struct NetworkRule {
  std::string host;      // normal: lower-case, without brackets, port and final dot
  std::string protocol;  // "http", "https", "socks5_tcp", "socks5_udp"
  Decision decision = Decision::ask;
  std::string justification;
  Place place;
  bool operator==(const NetworkRule&) const = default;
};

struct RulesFile {
  std::vector<PrefixRule> prefix_rules;
  std::vector<HostExecutable> host_executables;
  std::vector<NetworkRule> network_rules;
  bool operator==(const RulesFile&) const = default;
};

// Fails with `invalid` and "FILE:LINE:COLUMN: ..": what does not parse, wrong types, a rule that its own examples
// contradict (compared by tokens, with the host_executable() entries of the file, as the original does).
[[nodiscard]] Result<RulesFile> parse_rules(std::string_view text, std::string_view file);

// The original's comparison: token by token from the start; an absolute path also stands for its last component,
// unless the file lists the paths of that name and it is not among them.
[[nodiscard]] bool prefix_matches(const PrefixRule& rule, const std::vector<std::string>& words,
                                  const std::vector<HostExecutable>& executables);

// "GitHub.com:443", "[::1]", "x.example." in one form; empty: this is no host (a URL, a path, blanks, a wildcard).
[[nodiscard]] std::string codex_host(std::string_view host);

// A command line as the original splits its examples: POSIX quotes and comments, nothing is expanded. Empty where a
// quote stays open or there is no word.
[[nodiscard]] std::vector<std::string> split_words(std::string_view line);

}  // namespace bailiwick
