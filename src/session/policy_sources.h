// What the layers of this machine say, as bytes: which files there are, who may have written them, what they hold. Runs
// outside, as the caller, once for each start; reads files only, never a network. Nothing is parsed here but what wraps
// a policy: property lists and signed bundles.
//
//   system   /etc/bailiwick/policy.toml, then /etc/bailiwick/policy.d/* sorted: NAME.toml and foreign formats
//
//   mdm      /Library/Managed Preferences/dev.bailiwick.plist, then the one in the user's directory there
//
//   cloud    /var/lib/bailiwick/cloud/bundle.json, signed by one of /etc/bailiwick/keys/*.pub
//
//   project  .bailiwick.toml in the workspace's root
//
//   user     bailiwick/policy.toml below the configuration directory
//
//   flag     files named on the command line, in order
//
// The first three must be root's alone (trusted_file.h), and no option and no variable moves them. A missing file is
// none; any other trouble ends the start with `invalid` and the file's name.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "policy/bundle.h"
#include "policy/import.h"
#include "policy/layer.h"

namespace bailiwick {

struct SourcePlaces {
  std::string home;
  std::string config_home;      // XDG_CONFIG_HOME; empty or relative: ~/.config
  std::string state_directory;  // as in record.h: remembers the serial of the last bundle
  std::string workspace;        // resolved; empty: no project layer
  std::vector<std::string> flags;
};

struct PolicySource {
  LayerKind kind = LayerKind::user;
  std::string file;                     // as shown in messages
  std::optional<ForeignFormat> format;  // of others; only system and flag
  std::string text;                     // the file's bytes; of a property list the TOML in it; of a bundle nothing
  std::optional<Bundle> bundle;         // cloud only: checked, and its serial remembered
};

struct PolicySources {
  std::vector<PolicySource> sources;  // in the order above
  std::vector<std::string> warnings;  // files that were left alone, and why
};

// `now` is for a bundle's terms.
[[nodiscard]] Result<PolicySources> load_policy_sources(const SourcePlaces& places, WallTime now);

}  // namespace bailiwick
