#include "policy/command_index.h"

#include <algorithm>

namespace bailiwick {
namespace {

std::uint64_t hash_of(std::uint32_t parent, std::string_view word) {
  std::uint64_t h = 0x9e3779b97f4a7c15ULL * (parent + 1);
  for (const char c : word) h = (h ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  return h ^ (h >> 29);
}

}  // namespace

std::uint32_t CommandIndex::child(std::uint32_t parent, std::string_view word) const {
  if (slots_.empty()) return 0;
  const std::uint64_t hash = hash_of(parent, word);
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t at = hash & mask; slots_[at].child != 0; at = (at + 1) & mask) {
    const Slot& slot = slots_[at];
    if (slot.hash == hash && slot.parent == parent && std::string_view(arena_).substr(slot.word, slot.size) == word)
      return slot.child;
  }
  return 0;
}

void CommandIndex::insert(Slot slot) {
  const std::size_t mask = slots_.size() - 1;
  std::size_t at = slot.hash & mask;
  while (slots_[at].child != 0) at = (at + 1) & mask;
  slots_[at] = slot;
}

std::uint32_t CommandIndex::make_child(std::uint32_t parent, std::string_view word) {
  if (const std::uint32_t there = child(parent, word); there != 0) return there;
  if ((used_ + 1) * 2 > slots_.size()) {
    std::vector<Slot> old(std::max<std::size_t>(64, slots_.size() * 2));
    std::swap(old, slots_);
    for (const Slot& slot : old)
      if (slot.child != 0) insert(slot);
  }
  ++used_;
  const auto made = static_cast<std::uint32_t>(nodes_.size());
  nodes_.emplace_back();
  nodes_[parent].has_children = true;
  insert({.hash = hash_of(parent, word),
          .parent = parent,
          .child = made,
          .word = static_cast<std::uint32_t>(arena_.size()),
          .size = static_cast<std::uint32_t>(word.size())});
  arena_ += word;
  return made;
}

void CommandIndex::add_from(const CommandRule& rule, std::size_t position, std::uint32_t node, const RuleRef& ref) {
  if (position == rule.prefix.size()) {
    ends_.push_back({ref, nodes_[node].first_rule});
    nodes_[node].first_rule = static_cast<std::uint32_t>(ends_.size() - 1);
    return;
  }
  for (const std::string& word : rule.prefix[position]) add_from(rule, position + 1, make_child(node, word), ref);
}

void CommandIndex::add(const CommandRule& rule, std::uint16_t layer, std::uint32_t number) {
  const RuleRef ref{.layer = layer, .rule = number, .decision = rule.decision, .has_with = !rule.with.empty()};
  if (!rule.sha256.empty()) by_content_.push_back(ref);
  if (rule.prefix.empty()) return;
  add_from(rule, 0, 0, ref);
  if (rule.decision == Decision::allow) return;
  guarded_.insert(guarded_.end(), rule.prefix.front().begin(), rule.prefix.front().end());
}

void CommandIndex::seal() {
  std::ranges::sort(guarded_);
  guarded_.erase(std::ranges::unique(guarded_).begin(), guarded_.end());
}

}  // namespace bailiwick
