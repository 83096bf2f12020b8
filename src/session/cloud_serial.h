// The highest serial of a signed bundle that was accepted here, against an older bundle in its place. It is kept twice:
// beside the bundle, written when we run as root, and in the user's own state directory. The larger one counts.
// Runs outside, as the caller.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"

namespace bailiwick {

inline constexpr const char* kCloudDirectory = "/var/lib/bailiwick/cloud";

// 0: none was accepted yet. A damaged file is an error (`invalid`), never a new beginning.
[[nodiscard]] Result<std::int64_t> load_last_serial(const std::string& state_directory);
// Only ever raises it. Root's goes beside the bundle, or, where that file system is read-only, to the state directory
// as everybody else's.
[[nodiscard]] Status save_last_serial(std::int64_t serial, const std::string& state_directory);

}  // namespace bailiwick
