#include "policy/name_index.h"

#include <algorithm>
#include <utility>

namespace bailiwick {
namespace {

std::size_t byte_of(char c) { return static_cast<unsigned char>(c); }

// FNV-1a: names are short, and nobody gains by colliding with a table of ours.
std::uint32_t hash_of(std::string_view name) {
  std::uint32_t hash = 2166136261U;
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619U;
  return hash;
}

// Both ends and the length of a name, folded into 16 bits.
std::size_t ends_of(std::string_view name) {
  return (byte_of(name.front()) | byte_of(name.back()) << 8) ^ ((name.size() * 0x9E5) & 0xFFFF);
}

std::size_t pair_of(char first, char second) { return byte_of(first) << 8 | byte_of(second); }

// The last two bytes of a name, the first two; a name of one byte has a NUL beside it.
std::size_t tail_of(std::string_view name) {
  return pair_of(name.size() > 1 ? name[name.size() - 2] : '\0', name.back());
}
std::size_t head_of(std::string_view name) { return pair_of(name.front(), name.size() > 1 ? name[1] : '\0'); }

}  // namespace

NameIndex::NameIndex(std::vector<NamePattern> patterns) : patterns_(std::move(patterns)) {
  if (patterns_.empty()) return;
  for (auto* bits : {&ends_of_names_, &tails_, &heads_}) bits->resize(1 << 16);
  slots_.resize(512);
  for (std::uint32_t i = 0; i < patterns_.size(); ++i) {
    const Glob& glob = patterns_[i].glob;
    const std::vector<std::string> names = glob.last_names();
    for (std::uint32_t n = 0; n < names.size(); ++n) add_name(names[n], {.pattern = i, .alternative = n});
    if (!names.empty()) continue;
    Candidate candidate{.pattern = i, .alternative = 0};
    for (Glob::NameHint& hint : glob.name_hints()) {
      if (!hint.suffix.empty()) {
        for (unsigned c = 0; c < 256; ++c) {
          const bool fits = hint.suffix.size() == 1 || c == byte_of(hint.suffix[hint.suffix.size() - 2]);
          if (fits) tails_[pair_of(static_cast<char>(c), hint.suffix.back())] = true;
        }
        by_suffix_.push_back({.hint = std::move(hint), .candidate = candidate});
      } else if (!hint.prefix.empty()) {
        for (unsigned c = 0; c < 256; ++c) {
          const bool fits = hint.prefix.size() == 1 || c == byte_of(hint.prefix[1]);
          if (fits) heads_[pair_of(hint.prefix.front(), static_cast<char>(c))] = true;
        }
        by_prefix_.push_back({.hint = std::move(hint), .candidate = candidate});
      } else {
        unhinted_.push_back(candidate);
      }
      ++candidate.alternative;
    }
  }
  // So that the ones for a byte are found by a binary search.
  std::ranges::sort(by_suffix_, {}, [](const Hinted& h) { return byte_of(h.hint.suffix.back()); });
  std::ranges::sort(by_prefix_, {}, [](const Hinted& h) { return byte_of(h.hint.prefix.front()); });
}

void NameIndex::add_name(std::string_view name, Candidate candidate) {
  if ((used_ + 1) * 2 > slots_.size()) grow();
  const std::uint32_t hash = hash_of(name);
  std::size_t at = hash & (slots_.size() - 1);
  while (slots_[at].candidate.pattern != kEmpty) at = (at + 1) & (slots_.size() - 1);
  slots_[at] = {.hash = hash,
                .name = static_cast<std::uint32_t>(names_.size()),
                .size = static_cast<std::uint32_t>(name.size()),
                .candidate = candidate};
  names_ += name;
  ends_of_names_[ends_of(name)] = true;
  ++used_;
}

void NameIndex::grow() {
  std::vector<Slot> old(slots_.size() * 2);
  old.swap(slots_);
  for (const Slot& slot : old) {
    if (slot.candidate.pattern == kEmpty) continue;
    std::size_t at = slot.hash & (slots_.size() - 1);
    while (slots_[at].candidate.pattern != kEmpty) at = (at + 1) & (slots_.size() - 1);
    slots_[at] = slot;
  }
}

void NameIndex::consider(Candidate candidate, std::string_view path, EntryKind kind, std::vector<Match>& out) const {
  const NamePattern& pattern = patterns_[candidate.pattern];
  if (pattern.kind != EntryKind::either && pattern.kind != kind) return;
  if (pattern.glob.directories_only() && kind != EntryKind::directory) return;
  if (!pattern.glob.alternative_matches(candidate.alternative, path)) return;
  if (pattern.except && pattern.except->matches(path)) return;
  out.push_back({.pattern = candidate.pattern, .tag = pattern.tag});
}

std::vector<NameIndex::Match> NameIndex::match(std::string_view path, std::string_view name, EntryKind kind) const {
  std::vector<Match> out;
  if (name.empty() || patterns_.empty()) return out;
  if (ends_of_names_[ends_of(name)]) {
    const std::uint32_t hash = hash_of(name);
    for (std::size_t at = hash & (slots_.size() - 1); slots_[at].candidate.pattern != kEmpty;
         at = (at + 1) & (slots_.size() - 1)) {
      const Slot& slot = slots_[at];
      if (slot.hash == hash && std::string_view(names_).substr(slot.name, slot.size) == name)
        consider(slot.candidate, path, kind, out);
    }
  }
  const auto consider_hinted = [&](const std::vector<Hinted>& list, auto byte_of_hint, std::size_t byte) {
    for (auto at = std::ranges::lower_bound(list, byte, {}, byte_of_hint);
         at != list.end() && byte_of_hint(*at) == byte; ++at) {
      if (name.ends_with(at->hint.suffix) && name.starts_with(at->hint.prefix))
        consider(at->candidate, path, kind, out);
    }
  };
  if (tails_[tail_of(name)]) {
    consider_hinted(by_suffix_, [](const Hinted& h) { return byte_of(h.hint.suffix.back()); }, byte_of(name.back()));
  }
  if (heads_[head_of(name)]) {
    consider_hinted(by_prefix_, [](const Hinted& h) { return byte_of(h.hint.prefix.front()); }, byte_of(name.front()));
  }
  for (const Candidate candidate : unhinted_) consider(candidate, path, kind, out);
  if (out.size() > 1) {
    // A pattern with alternatives may be listed several times.
    std::ranges::sort(out, {}, &Match::pattern);
    const auto repeated = std::ranges::unique(out);
    out.erase(repeated.begin(), repeated.end());
  }
  return out;
}

bool NameIndex::may_match_below(std::string_view directory) const {
  return std::ranges::any_of(patterns_, [&](const NamePattern& p) { return p.glob.may_match_below(directory); });
}

}  // namespace bailiwick
