// From this machine's files to the policy of a session, and from a program's name to what a rule may know of it. Runs
// outside, as the caller; what is decided is decided in referee and policy.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "kernel/program.h"
#include "policy/effective.h"
#include "referee/command.h"
#include "session/policy_sources.h"

namespace bailiwick {

struct LoadedPolicy {
  std::shared_ptr<const Policy> policy;
  std::vector<std::string> warnings;  // files left alone; what an import could not carry over
};

// One file's text as a layer; of another's format by import.
[[nodiscard]] Result<Layer> layer_from(const PolicySource& source);

// `extra` are layers that are no files: the command line's own settings. One that does not parse ends it: none is
// dropped.
[[nodiscard]] Result<LoadedPolicy> load_policy(const SourcePlaces& places, WallTime now, std::vector<Layer> extra = {});

// Where a session's commands can write: below these nothing is trusted.
[[nodiscard]] std::vector<std::string> writable_places(const Policy& policy, const std::string& workspace,
                                                       const std::string& directory);

// Looks programs up as the session's commands would, along `search` (PATH's text). A program is trusted only if neither
// it nor any link on the way to it lies below `writable`: what an agent can make a link, it can make lead anywhere.
// Keeps digests; not for several threads.
class ProgramFinder {
 public:
  ProgramFinder(std::shared_ptr<const Policy> policy, std::string search, std::vector<std::string> writable);
  // Empty path: there is no such program.
  [[nodiscard]] Program find(const std::string& name, const std::string& directory);
  // For judge_command(); lives no longer than this.
  [[nodiscard]] LookUp look_up();

 private:
  std::shared_ptr<const Policy> policy_;
  std::string search_;
  std::vector<std::string> writable_;
  std::optional<KnownPrograms> known_;
  DigestCache digests_;
};

}  // namespace bailiwick
