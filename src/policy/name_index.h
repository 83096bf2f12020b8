// Classifies the entries of a directory walk against many patterns at once. Immutable once built; pure; any thread.
//
// Made for walks of 100,000 entries in which almost none matches: an ordinary name costs one hash lookup and a few byte
// comparisons, and allocates nothing.
#pragma once

#include <array>
#include <bitset>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "policy/glob.h"

namespace bailiwick {

// What an entry of a table may be on disk. A symbolic link counts as `file`: a link stands where the file would.
enum class EntryKind : std::uint8_t { file, directory, either };

struct NamePattern {
  Glob glob;
  EntryKind kind = EntryKind::either;
  std::optional<Glob> except;  // paths that match this are left out
  std::uint32_t tag = 0;       // the caller's own number, for example an index into its table
};

class NameIndex {
 public:
  struct Match {
    std::uint32_t pattern;  // index into patterns()
    std::uint32_t tag;
    bool operator==(const Match&) const = default;
  };

  NameIndex() = default;
  explicit NameIndex(std::vector<NamePattern> patterns);

  // `path` is the entry's path as the patterns are written (relative to the walk's root, or absolute), `name` its last
  // component, `kind` never `either`. All patterns that match, in the order given; empty (and nothing allocated) for
  // the ordinary entry.
  [[nodiscard]] std::vector<Match> match(std::string_view path, std::string_view name, EntryKind kind) const;
  // False where no pattern can match below `directory`. Costs one glob match per pattern: call it per directory, if at
  // all.
  [[nodiscard]] bool may_match_below(std::string_view directory) const;
  [[nodiscard]] const std::vector<NamePattern>& patterns() const { return patterns_; }

 private:
  struct NameHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view name) const { return std::hash<std::string_view>{}(name); }
  };
  struct Hinted {
    Glob::NameHint hint;
    std::uint32_t pattern;
  };

  void consider(std::uint32_t pattern, std::string_view path, EntryKind kind, std::vector<Match>& out) const;

  static std::size_t byte_of(char c) { return static_cast<unsigned char>(c); }

  std::vector<NamePattern> patterns_;
  std::unordered_map<std::string, std::vector<std::uint32_t>, NameHash, std::equal_to<>> by_name_;
  std::bitset<65> lengths_;  // of the names in by_name_; the last bit is for all longer ones
  // Patterns without a literal name: by the last byte of their suffix, else by the first of their prefix, else every
  // time.
  std::array<std::vector<Hinted>, 256> by_last_byte_;
  std::array<std::vector<Hinted>, 256> by_first_byte_;
  std::vector<Hinted> unhinted_;
};

}  // namespace bailiwick
