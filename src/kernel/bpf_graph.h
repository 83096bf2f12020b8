// The inside of the filter compiler: a program as a graph of instructions, and its layout. Only bpf.cc and its tests
// need it. Pure.
#pragma once

#include <linux/filter.h>

#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "kernel/bpf.h"

namespace bailiwick {

using NodeId = std::uint32_t;

// One instruction with its successors. Equal nodes are the same node, so equal tails of decisions are stored once.
struct FilterNode {
  std::uint16_t code = 0;
  std::uint32_t k = 0;
  NodeId on_true = 0;  // also the next one of an instruction that does not jump
  NodeId on_false = 0;
  bool operator==(const FilterNode&) const = default;
};

class FilterGraph {
 public:
  [[nodiscard]] NodeId action(FilterAction value);
  // Loads the word of seccomp_data at that offset.
  [[nodiscard]] NodeId load(std::uint32_t word, NodeId next);
  // `operation` is BPF_JEQ, BPF_JGE or BPF_JSET.
  [[nodiscard]] NodeId jump(std::uint16_t operation, std::uint32_t k, NodeId on_true, NodeId on_false);
  // May be entered whatever is loaded.
  [[nodiscard]] NodeId decision(const FilterDecision& decision);

  // Instructions in an order in which every jump goes forward, starting at `root`.
  [[nodiscard]] std::vector<::sock_filter> lay_out(NodeId root) const;

 private:
  struct NodeHash {
    std::size_t operator()(const FilterNode& node) const;
  };
  // What the accumulator holds: a word of seccomp_data under a mask.
  struct Loaded {
    std::uint32_t word;
    std::uint32_t mask;
    bool operator==(const Loaded&) const = default;
  };
  using State = std::optional<Loaded>;

  NodeId intern(const FilterNode& node);
  NodeId from_case(const FilterDecision& decision, std::size_t index, State state);
  NodeId full_test(const FilterDecision& decision, std::size_t index);
  NodeId prepared(Loaded what, const ArgumentTest& test, std::uint32_t value, NodeId on_true, NodeId on_false,
                  State state);

  std::vector<FilterNode> nodes_;
  std::unordered_map<FilterNode, NodeId, NodeHash> ids_;
};

}  // namespace bailiwick
