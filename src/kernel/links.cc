#include "kernel/links.h"

#include <unistd.h>

#include <cerrno>
#include <climits>

namespace bailiwick {

WalkedPath walk_links(const std::string& path,
                      const std::function<bool(const std::string& directory, const std::string& link)>& follow) {
  constexpr std::size_t kMaxLinks = 40;
  WalkedPath out;
  std::string at;  // without a slash at its end: empty for the root
  std::string rest = path;
  while (!rest.empty()) {
    const std::size_t slash = rest.find('/');
    const std::string name = rest.substr(0, slash);
    rest = slash == std::string::npos ? std::string() : rest.substr(slash + 1);
    if (name.empty() || name == ".") continue;
    if (name == "..") {
      at.resize(at.empty() ? 0 : at.rfind('/'));
      continue;
    }
    std::string next = at + "/" + name;
    char target[PATH_MAX];
    const ssize_t n = ::readlink(next.c_str(), target, sizeof target);
    const bool is_link = n > 0 && n < static_cast<ssize_t>(sizeof target);
    if (!is_link && (n >= 0 || errno != EINVAL)) out.is_there = false;  // EINVAL: it is there, and no link
    if (is_link && out.links.size() == kMaxLinks) out.is_there = false;
    if (!is_link || !out.is_there || (follow && !follow(at.empty() ? "/" : at, next))) {
      at = std::move(next);
      continue;
    }
    out.links.push_back(std::move(next));
    if (target[0] == '/') at.clear();
    rest = std::string(target, static_cast<std::size_t>(n)) + (rest.empty() ? "" : "/" + rest);
  }
  out.path = at.empty() ? "/" : at;
  return out;
}

}  // namespace bailiwick
