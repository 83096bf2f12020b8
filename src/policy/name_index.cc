#include "policy/name_index.h"

#include <algorithm>
#include <utility>

namespace bailiwick {

NameIndex::NameIndex(std::vector<NamePattern> patterns) : patterns_(std::move(patterns)) {
  for (std::uint32_t i = 0; i < patterns_.size(); ++i) {
    const Glob& glob = patterns_[i].glob;
    if (!glob.last_names().empty()) {
      for (const std::string& name : glob.last_names()) {
        auto& listed = by_name_[name];
        if (listed.empty() || listed.back() != i) listed.push_back(i);
      }
      continue;
    }
    for (Glob::NameHint& hint : glob.name_hints()) {
      auto& list = !hint.suffix.empty()   ? by_last_byte_[byte_of(hint.suffix.back())]
                   : !hint.prefix.empty() ? by_first_byte_[byte_of(hint.prefix.front())]
                                          : unhinted_;
      list.push_back({.hint = std::move(hint), .pattern = i});
    }
  }
  for (const auto& [name, listed] : by_name_) lengths_.set(std::min(name.size(), lengths_.size() - 1));
}

void NameIndex::consider(std::uint32_t pattern, std::string_view path, EntryKind kind, std::vector<Match>& out) const {
  const NamePattern& candidate = patterns_[pattern];
  if (candidate.kind != EntryKind::either && candidate.kind != kind) return;
  if (candidate.glob.directories_only() && kind != EntryKind::directory) return;
  if (!candidate.glob.matches(path)) return;
  if (candidate.except && candidate.except->matches(path)) return;
  out.push_back({.pattern = pattern, .tag = candidate.tag});
}

std::vector<NameIndex::Match> NameIndex::match(std::string_view path, std::string_view name, EntryKind kind) const {
  std::vector<Match> out;
  if (name.empty()) return out;
  // A length that no listed name has saves the hashing.
  if (lengths_.test(std::min(name.size(), lengths_.size() - 1))) {
    if (const auto listed = by_name_.find(name); listed != by_name_.end()) {
      for (const std::uint32_t pattern : listed->second) consider(pattern, path, kind, out);
    }
  }
  const auto consider_hinted = [&](const std::vector<Hinted>& list) {
    for (const Hinted& entry : list) {
      if (name.ends_with(entry.hint.suffix) && name.starts_with(entry.hint.prefix)) {
        consider(entry.pattern, path, kind, out);
      }
    }
  };
  consider_hinted(by_last_byte_[byte_of(name.back())]);
  consider_hinted(by_first_byte_[byte_of(name.front())]);
  consider_hinted(unhinted_);
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
