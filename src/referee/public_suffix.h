// The public suffix list: under which names anybody may register one. Pure; any thread.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

namespace bailiwick {

class PublicSuffixes {
 public:
  // Without a list: single labels only.
  PublicSuffixes() = default;
  // The text of public_suffix_list.dat. Lines that are no rule are left out.
  explicit PublicSuffixes(std::string_view list);

  [[nodiscard]] bool has_list() const { return !exact_.empty(); }
  // Whether `name` itself (lower case, ASCII, no dot at an end) is a suffix: "com", "co.uk", "github.io".
  [[nodiscard]] bool is_suffix(std::string_view name) const;
  // A suffix below `name` at any depth, as the list writes it: "s3.amazonaws.com" for "amazonaws.com". Empty: none.
  [[nodiscard]] std::string_view suffix_below(std::string_view name) const;

 private:
  void add_parents(std::string_view name, std::string_view rule);

  std::unordered_set<std::string> exact_, below_, except_;  // `x`, `*.x` and `!x`
  std::unordered_map<std::string, std::string> parents_;    // of suffixes, with the first one
};

// A label in the form that host names are written in: "xn--bcher-kva" for "bücher". Empty: it is not UTF-8.
[[nodiscard]] std::string ascii_label(std::string_view label);

}  // namespace bailiwick
