// Parses a pattern, matches a path, and compares with a slow reference on the pattern's text.
#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "base/check.h"
#include "base/text.h"
#include "policy/glob.h"

namespace bailiwick {
namespace {

// The reference knows literals, `*`, `?` and `**`, by plain recursion; inputs are kept short because it is exponential.
bool name_matches(std::string_view pattern, std::string_view name) {
  if (pattern.empty()) return name.empty();
  if (pattern[0] == '*') {
    return name_matches(pattern.substr(1), name) || (!name.empty() && name_matches(pattern, name.substr(1)));
  }
  return !name.empty() && (pattern[0] == '?' || pattern[0] == name[0]) &&
         name_matches(pattern.substr(1), name.substr(1));
}

using Parts = std::vector<std::string_view>;

bool parts_match(const Parts& pattern, std::size_t p, const Parts& path, std::size_t n) {
  if (p == pattern.size()) return n == path.size();
  if (pattern[p] == "**") {
    if (p + 1 == pattern.size()) return n < path.size();
    return parts_match(pattern, p + 1, path, n) || (n < path.size() && parts_match(pattern, p, path, n + 1));
  }
  return n < path.size() && name_matches(pattern[p], path[n]) && parts_match(pattern, p + 1, path, n + 1);
}

Parts parts_of(std::string_view text) {
  Parts out;
  for (const std::string_view part : split(text, '/')) {
    if (!part.empty() && part != ".") out.push_back(part);
  }
  return out;
}

void compare(const Glob& glob, std::string_view pattern, std::string_view path) {
  Parts wanted = parts_of(pattern);
  std::string_view trimmed = pattern;
  while (trimmed.size() > 1 && trimmed.ends_with('/')) trimmed.remove_suffix(1);
  if (!trimmed.contains('/')) wanted.insert(wanted.begin(), "**");
  const bool is_absolute = path.starts_with('/');
  const bool both = !trimmed.starts_with('/') && !wanted.empty() && wanted[0] == "**";
  const bool anchored = both || is_absolute == trimmed.starts_with('/');
  Parts given;
  for (const std::string_view part : split(path, '/')) {
    if (!part.empty()) given.push_back(part);
  }
  CHECK(glob.matches(path) == (anchored && parts_match(wanted, 0, given, 0)));
}

}  // namespace
}  // namespace bailiwick

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace bailiwick;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::size_t cut = text.find('\n');
  if (cut == std::string_view::npos) return 0;
  const std::string_view pattern = text.substr(0, cut);
  const std::string_view path = text.substr(cut + 1);
  const auto glob = Glob::parse(pattern);
  if (!glob) return 0;
  const bool matches = glob->matches(path);
  static_cast<void>(glob->may_match_below(path));
  // A path, escaped, is a pattern for itself.
  const auto dots = [](std::string_view part) { return part == "." || part == ".."; };
  if (path.starts_with('/') && path.size() < 200 && std::ranges::none_of(split(path, '/'), dots)) {
    if (const auto itself = Glob::parse(Glob::escape(path))) CHECK(itself->matches(path));
  }
  // What matches is below each of its parents, and ends in one of the promised names.
  if (matches) {
    const auto parts = split(path, '/');
    std::string parent = path.starts_with('/') ? "/" : "";
    for (std::size_t i = 0; i + 1 < parts.size(); ++i) {
      if (parts[i].empty()) continue;
      parent += parts[i];
      bool more = false;
      for (std::size_t j = i + 1; j < parts.size(); ++j) more = more || !parts[j].empty();
      if (more) CHECK(glob->may_match_below(parent));
      parent += '/';
    }
  }
  if (pattern.size() <= 24 && path.size() <= 24 && !pattern.contains('[') && !pattern.contains('{') &&
      !pattern.contains('}') && !pattern.contains('\\') && !pattern.contains(']')) {
    compare(*glob, pattern, path);
  }
  return 0;
}
