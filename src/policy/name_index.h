// Classifies the entries of a directory walk against many patterns at once. Immutable once built; pure; any thread.
//
// Made for walks of 100,000 entries in which almost none matches: an ordinary name costs a few bit tests, at most one
// hash lookup, and allocates nothing. Building it costs well below a microsecond a pattern, because it happens at every
// start.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
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
  static constexpr std::uint32_t kEmpty = ~std::uint32_t{0};
  struct Candidate {
    std::uint32_t pattern = kEmpty;
    std::uint32_t alternative = 0;  // of its glob
  };
  // A literal name of a pattern, in an open-addressed table: a name that several patterns end in has several slots in a
  // row.
  struct Slot {
    std::uint32_t hash = 0;
    std::uint32_t name = 0;  // offset in names_
    std::uint32_t size = 0;
    Candidate candidate;
  };
  struct Hinted {
    Glob::NameHint hint;
    Candidate candidate;
  };
  void add_name(std::string_view name, Candidate candidate);
  void grow();
  void consider(Candidate candidate, std::string_view path, EntryKind kind, std::vector<Match>& out) const;

  std::vector<NamePattern> patterns_;
  std::string names_;
  std::vector<Slot> slots_;  // a power of two, at most half full
  std::size_t used_ = 0;
  // What rejects the ordinary name: a bit for the ends and length of each listed name, for the last two bytes of each
  // suffix, and for the first two of each prefix.
  std::vector<bool> ends_of_names_;
  std::vector<bool> tails_;
  std::vector<bool> heads_;
  // Patterns without a literal name: by their suffix, else by their prefix, else looked at every time.
  std::vector<Hinted> by_suffix_;
  std::vector<Hinted> by_prefix_;
  std::vector<Candidate> unhinted_;
};

}  // namespace bailiwick
