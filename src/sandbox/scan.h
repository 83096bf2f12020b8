// Walks a tree for names that get less than the tree: protected configuration, secrets, and the host's sockets and
// FIFOs. Runs outside, as the caller, before the sandbox is built. Opens by descriptor, beneath the root, and follows
// no link; breadth first, so that a budget that runs out leaves the deepest names uncovered.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "policy/name_index.h"
#include "sandbox/facts.h"

namespace bailiwick {

struct ScanPatterns {
  NameIndex protect;        // over paths relative to the root
  NameIndex hide_relative;  // over paths relative to the root
  NameIndex hide;           // over absolute paths
};

struct ScanRequest {
  std::string root;          // absolute, resolved
  std::string match_prefix;  // put before relative paths when they are matched (".git/" for a git directory of its own)
  const ScanPatterns* patterns = nullptr;
  std::vector<std::string> skip;  // absolute paths that are not entered: they are scanned on their own
};

struct ScanResult {
  std::vector<ScanMatch> matches;
  std::vector<std::string> notes;  // what matched and cannot be covered
  std::uint64_t entries = 0;
  bool was_cut = false;  // the budget ran out
};

// More matches than this is an error: a pattern that names everything is a mistake.
inline constexpr std::size_t kMostMatches = 10'000;

[[nodiscard]] Result<ScanResult> scan_tree(const ScanRequest& request, std::uint64_t budget);

}  // namespace bailiwick
