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

#include <bitset>
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
  // False only if nothing strictly below `directory` can match, so that a walk may skip it.
  [[nodiscard]] bool may_match_below(std::string_view directory) const;

  // The name that every match ends in, or empty where that is not one literal.
  [[nodiscard]] std::string_view last_component() const { return last_literal_; }
  // Like last_component() for patterns with alternatives: one entry per alternative, all of them literal, else empty.
  [[nodiscard]] const std::vector<std::string>& last_names() const { return last_names_; }
  // Bytes that every matching name starts or ends with, where the last component is not literal (`id_*`, `*.pem`);
  // empty if none.
  struct NameHint {
    std::string prefix;
    std::string suffix;
    bool operator==(const NameHint&) const = default;
  };
  // One entry per alternative.
  [[nodiscard]] std::vector<NameHint> name_hints() const;
  // Where a walk can start: the longest literal directory that every match lies in or is. Empty: the root of the walk.
  [[nodiscard]] const std::string& literal_base() const { return base_; }
  // The path itself where the pattern has no wildcard and no alternatives, else empty.
  [[nodiscard]] std::string_view literal_path() const { return literal_path_; }
  [[nodiscard]] bool directories_only() const { return directories_only_; }
  [[nodiscard]] const std::string& text() const { return text_; }
  bool operator==(const Glob& other) const { return text_ == other.text_; }

  // A pattern that matches exactly these bytes.
  [[nodiscard]] static std::string escape(std::string_view literal);
  // "~/x" and "~" with `home` (escaped) in place of the tilde; other patterns as they are.
  [[nodiscard]] static std::string expand_home(std::string_view pattern, std::string_view home);

 private:
  struct Token {
    enum class Kind : std::uint8_t { byte, any_byte, any_run, set } kind = Kind::byte;
    char byte = 0;
    std::uint16_t set = 0;  // index into sets_
  };
  struct Component {
    enum class Kind : std::uint8_t { literal, wildcard, any_depth } kind = Kind::literal;
    std::string literal;
    std::vector<Token> tokens;
  };
  enum class Anchor : std::uint8_t { relative, absolute, anywhere };
  struct Alternative {
    Anchor anchor = Anchor::relative;
    std::vector<Component> components;
  };

  [[nodiscard]] Status add_alternative(std::string_view pattern);
  [[nodiscard]] Result<Component> parse_component(std::string_view text);
  [[nodiscard]] Result<std::size_t> parse_set(std::string_view text, std::size_t at, std::bitset<256>& out) const;
  [[nodiscard]] bool component_matches(const Component& component, std::string_view name) const;
  // The set of pattern positions reachable after the components of `path`, one bit each; 0 where the anchor rules it
  // out.
  [[nodiscard]] std::uint64_t reach(const Alternative& alternative, std::string_view path) const;
  void derive_facts();

  std::string text_;
  std::string last_literal_;
  std::string base_;
  std::string literal_path_;
  std::vector<std::string> last_names_;
  std::vector<Alternative> alternatives_;
  std::vector<std::bitset<256>> sets_;
  bool directories_only_ = false;
};

}  // namespace bailiwick
