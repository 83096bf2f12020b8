// Files of policy, read from disk by who may have written them. Runs outside, as the caller. Never blocks on what lies
// in a file's place, and never passes over what it cannot read: only a file that is not there is none.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "kernel/fd.h"

namespace bailiwick {

// The administrator's: the file, every directory on its way from `/`, and every link on that way belong to root, and
// nobody else can write them. Anything else is refused, with `invalid`, the owner or mode, and what to do. In a user
// namespace that does not map root every file of root's shows as nobody's: refused as well, because a file of anybody
// else's shows the same. Empty: it is not there; a link to what is not there is refused.
[[nodiscard]] Result<std::optional<std::string>> load_trusted_file(const std::string& path, std::size_t limit);
// Names in such a directory, sorted by bytes.
[[nodiscard]] Result<std::optional<std::vector<std::string>>> list_trusted_directory(const std::string& path);
// Such a directory, to write in. Not there is an error.
[[nodiscard]] Result<Fd> open_trusted_directory(const std::string& path);
// One call, and nothing is opened.
[[nodiscard]] bool is_missing(const std::string& path);

// The user's: owned by the caller or by root, and nobody else can write it. Links are followed.
struct OwnFile {
  std::string text;
  std::string path;  // with links resolved
};
[[nodiscard]] Result<std::optional<OwnFile>> load_own_file(const std::string& path, std::size_t limit);

// Anybody's, the agent's too: `name` in `directory`, no link, a regular file.
[[nodiscard]] Result<std::optional<std::string>> load_untrusted_file(const std::string& directory,
                                                                     const std::string& name, std::size_t limit);

}  // namespace bailiwick
