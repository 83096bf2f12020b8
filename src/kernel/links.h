// Symbolic links on the way to a file, one by one: realpath(3) says where a path leads, not through whose hands.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace bailiwick {

struct WalkedPath {
  std::string path;                // where it leads: absolute and normal, followed links resolved
  std::vector<std::string> links;  // the links that were followed, each where it really lies
  // False: something is not there, cannot be looked at, or there are more than 40 links (path_resolution(7)); what then
  // is left of `path` is its text.
  bool is_there = true;
};

// `follow` is asked for each link, with the directory that holds it; one that is not followed stays a part of the path.
// Empty: all are followed. `path` is absolute. What it says is true for the moment of each look.
[[nodiscard]] WalkedPath walk_links(
    const std::string& path,
    const std::function<bool(const std::string& directory, const std::string& link)>& follow = {});

}  // namespace bailiwick
