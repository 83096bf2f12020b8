// Shipped data: where credentials and private records lie. Pure; any thread. docs/shipped-data.md is generated from it.
//
// Most of HOME is not in a sandbox at all, so these entries matter where a readable tree (system directories, `--read
// PATH`, full-access) holds one of them. A secret wins over the reading of a parent; only naming that very file opens
// it.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "policy/name_index.h"

namespace bailiwick {

enum class SecretPlace : std::uint8_t {
  home,      // pattern relative to the user's home
  system,    // absolute pattern
  anywhere,  // in every readable tree that is neither the workspace nor the system's (whose certificates end in .pem,
             // too)
};
[[nodiscard]] std::string_view to_string(SecretPlace place);

struct Secret {
  std::string_view pattern;
  SecretPlace place;
  EntryKind kind;
  std::string_view reason;       // what it gives away
  std::string_view source;       // the program that keeps it there
  std::string_view except = {};  // paths that match this glob are not secret (`.env.example`)
};

// In the order of the document. Patterns are unique within a place and each parses.
[[nodiscard]] std::span<const Secret> secrets();

// Absolute directories; empty ones are left out. A home entry below `.config`, `.local/share`, `.local/state` or
// `.cache` also holds below the XDG directory where that is another one. Our own state lies below state_home.
struct SecretRoots {
  std::string home;
  std::string config_home;  // $XDG_CONFIG_HOME
  std::string data_home;    // $XDG_DATA_HOME
  std::string state_home;   // $XDG_STATE_HOME
  std::string cache_home;   // $XDG_CACHE_HOME
};

// The entries of fixed places (home and system) over absolute paths, braces expanded, not yet parsed: most of them lie
// outside what a sandbox shows, and then cost next to nothing.
struct FixedSecret {
  std::string pattern;
  std::uint32_t tag;  // index into secrets()
};
// Of home only what lies in one of these entries of it: "" for all, else first components such as ".config".
[[nodiscard]] Result<std::vector<FixedSecret>> fixed_secrets(const SecretRoots& roots,
                                                             std::span<const std::string> home_entries);

// The table as patterns over absolute paths, home expanded; `tag` is the index into secrets().
enum class SecretScope : std::uint8_t {
  fixed,  // home and system: hold everywhere, the workspace included
  all,    // and those of `anywhere`: for a walk of a tree that they hold for
};
[[nodiscard]] Result<std::vector<NamePattern>> secret_patterns(const SecretRoots& roots, SecretScope scope);

}  // namespace bailiwick
