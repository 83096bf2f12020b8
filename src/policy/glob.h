// Path patterns as policy and the shipped tables write them. Immutable values; pure; any thread.
//
//   *  ?  [a-z]  [!a-z]   within one component (a leading dot is not special: a rule about `*` means every name)
//   **                    any number of components, as a whole component only; at the end: at least one
//   {a,b}                 alternatives, may nest and may hold `/`; at most 256 after expansion
//   \c                    the byte c itself
//
// A pattern without `/` matches a name at any depth. One that starts with `/` matches absolute paths only, one that
// starts with `**` both kinds, every other one relative paths only. A trailing `/` says "directories" and is otherwise
// ignored. Bytes, not characters: names need not be UTF-8. Matching costs at most pattern length times path length,
// never more.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace bailiwick {

class Glob {
 public:
  // Refuses (kind `invalid`): an empty pattern, more than 1024 bytes, NUL, `..`, a `**` that is only part of a
  // component, an open `[` or `{`, a range that runs backwards, more than 60 components or 256 alternatives.
  [[nodiscard]] static Result<Glob> parse(std::string_view pattern);

  // `path` is normal: no `.` or `..`; repeated and trailing slashes are ignored.
  [[nodiscard]] bool matches(std::string_view path) const;
  // Only the alternative that last_names() and name_hints() list at `i`.
  [[nodiscard]] bool alternative_matches(std::size_t i, std::string_view path) const;
  // False only if nothing strictly below `directory` can match, so that a walk may skip it.
  [[nodiscard]] bool may_match_below(std::string_view directory) const;

  // The name that every match ends in, or empty where that is not one literal.
  [[nodiscard]] std::string last_component() const;
  // Like last_component() for patterns with alternatives: one entry per alternative, all of them literal, else empty.
  [[nodiscard]] std::vector<std::string> last_names() const;
  // Bytes that every matching name starts or ends with, where the last component is not literal (`id_*`, `*.pem`);
  // empty if none.
  struct NameHint {
    std::string prefix;
    std::string suffix;
    bool operator==(const NameHint&) const = default;
  };
  // One entry per alternative.
  [[nodiscard]] std::vector<NameHint> name_hints() const;
  // Where a walk can start: the longest literal directory or file that every match lies in or is. Empty: the root of
  // the walk.
  [[nodiscard]] std::string literal_base() const;
  // The path itself where the pattern has no wildcard and no alternatives, else empty.
  [[nodiscard]] std::string literal_path() const;
  [[nodiscard]] bool directories_only() const { return directories_only_; }
  [[nodiscard]] const std::string& text() const { return text_; }
  bool operator==(const Glob& other) const { return text_ == other.text_; }

  // `a{b,c}` as `ab` and `ac`: at most 256, in order; nothing else is looked at.
  [[nodiscard]] static Result<std::vector<std::string>> expand_braces(std::string_view pattern);
  // The literal path that a pattern without braces starts with, escapes undone, up to its last `/` before a wildcard;
  // `is_whole` if there is none.
  struct LiteralStart {
    std::string path;
    bool is_whole = false;
  };
  [[nodiscard]] static LiteralStart literal_start(std::string_view pattern);
  // A pattern that matches exactly these bytes.
  [[nodiscard]] static std::string escape(std::string_view literal);
  // "~/x" and "~" with `home` (escaped) in place of the tilde; other patterns as they are.
  [[nodiscard]] static std::string expand_home(std::string_view pattern, std::string_view home);

 private:
  // A pattern is matched as it is written: most are looked at once, if at all, and a compiled form would cost more to
  // build than it saves. Alternatives are the exception: they are written out, where there are braces.
  [[nodiscard]] std::size_t count() const { return alternatives_.empty() ? 1 : alternatives_.size(); }
  [[nodiscard]] std::string_view alternative(std::size_t i) const {
    return alternatives_.empty() ? std::string_view(text_) : alternatives_[i];
  }

  std::string text_;
  std::vector<std::string> alternatives_;
  bool directories_only_ = false;
};

}  // namespace bailiwick
