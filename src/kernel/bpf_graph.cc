#include "kernel/bpf_graph.h"

#include <algorithm>
#include <cstddef>

namespace bailiwick {
namespace {

// x86_64 and aarch64 are little-endian: the low half of an argument comes first.
constexpr std::uint32_t low_word(unsigned argument) { return offsetof(::seccomp_data, args) + argument * 8; }
constexpr std::uint32_t high_word(unsigned argument) { return low_word(argument) + 4; }
constexpr std::uint32_t kFullMask = 0xffffffff;

bool is_jump(const FilterNode& node) { return BPF_CLASS(node.code) == BPF_JMP; }
bool is_return(const FilterNode& node) { return BPF_CLASS(node.code) == BPF_RET; }
bool uses_accumulator(const FilterNode& node) { return is_jump(node) || BPF_CLASS(node.code) == BPF_ALU; }

// Lays the graph out from its end, so that where an instruction jumps to is known when it is written. Conditional jumps
// reach 255 instructions ahead: what is further away is repeated (a return) or reached by a long jump.
class Layout {
 public:
  explicit Layout(const std::vector<FilterNode>& nodes) : nodes_(nodes), place_(nodes.size()) {}

  [[nodiscard]] std::vector<::sock_filter> emit(NodeId root) {
    visit(root);
    std::ranges::reverse(reversed_);
    return std::move(reversed_);
  }

 private:
  void visit(NodeId id) {
    if (place_[id]) return;
    const FilterNode& node = nodes_[id];
    if (is_return(node)) {
      put(id, {node.code, 0, 0, node.k});
    } else if (is_jump(node)) {
      visit(node.on_true);
      visit(node.on_false);
      bring_near(node.on_true);
      bring_near(node.on_false);
      if (distance(node.on_true) > 255) bring_near(node.on_true);  // pushed out of reach by the other
      put(id, {node.code, static_cast<std::uint8_t>(distance(node.on_true)),
               static_cast<std::uint8_t>(distance(node.on_false)), node.k});
    } else {
      visit(node.on_true);
      if (distance(node.on_true) != 0) put_bridge(node.on_true);
      put(id, {node.code, 0, 0, node.k});
    }
  }
  // Instructions between the one to be written next and `id`.
  [[nodiscard]] std::size_t distance(NodeId id) const { return reversed_.size() - *place_[id] - 1; }
  void bring_near(NodeId id) {
    if (distance(id) > 255) put_bridge(id);
  }
  void put_bridge(NodeId id) {
    const FilterNode& node = nodes_[id];
    if (is_return(node)) {
      put(id, {node.code, 0, 0, node.k});
    } else {
      put(id, {BPF_JMP | BPF_JA, 0, 0, static_cast<std::uint32_t>(distance(id))});
    }
  }
  void put(NodeId id, const ::sock_filter& instruction) {
    reversed_.push_back(instruction);
    place_[id] = reversed_.size() - 1;
  }

  const std::vector<FilterNode>& nodes_;
  std::vector<::sock_filter> reversed_;
  std::vector<std::optional<std::size_t>> place_;  // the latest, which is the nearest
};

}  // namespace

std::size_t FilterGraph::NodeHash::operator()(const FilterNode& node) const {
  std::uint64_t h = node.code;
  for (const std::uint64_t part : {std::uint64_t{node.k}, std::uint64_t{node.on_true}, std::uint64_t{node.on_false}}) {
    h = (h ^ part) * 0x9e3779b97f4a7c15ULL;
    h ^= h >> 29;
  }
  return h;
}

NodeId FilterGraph::intern(const FilterNode& node) {
  const auto [found, is_new] = ids_.try_emplace(node, static_cast<NodeId>(nodes_.size()));
  if (is_new) nodes_.push_back(node);
  return found->second;
}

NodeId FilterGraph::action(FilterAction value) { return intern({BPF_RET | BPF_K, encode(value), 0, 0}); }
NodeId FilterGraph::load(std::uint32_t word, NodeId next) { return intern({BPF_LD | BPF_W | BPF_ABS, word, next, 0}); }
NodeId FilterGraph::jump(std::uint16_t operation, std::uint32_t k, NodeId on_true, NodeId on_false) {
  if (on_true == on_false) return on_true;
  return intern({static_cast<std::uint16_t>(BPF_JMP | BPF_K | operation), k, on_true, on_false});
}
NodeId FilterGraph::decision(const FilterDecision& decision) { return from_case(decision, 0, std::nullopt); }

NodeId FilterGraph::from_case(const FilterDecision& decision, std::size_t index, State state) {
  if (index == decision.cases.size()) return action(decision.otherwise);
  const FilterCase& current = decision.cases[index];
  const ArgumentTest& test = current.test;
  if (test.width == ArgumentTest::Width::full) return full_test(decision, index);
  const auto mask = static_cast<std::uint32_t>(test.mask);
  // JSET masks by itself and leaves the accumulator alone
  const bool is_masked = test.kind == ArgumentTest::Kind::equals;
  const Loaded after{low_word(test.argument), is_masked ? mask : kFullMask};
  const NodeId on_true = from_case(current.then, 0, after);
  const NodeId on_false = from_case(decision, index + 1, after);
  return prepared({after.word, mask}, test, static_cast<std::uint32_t>(test.value), on_true, on_false, state);
}

// Two words. Both ways out are entered from either, so neither may count on what is loaded.
NodeId FilterGraph::full_test(const FilterDecision& decision, std::size_t index) {
  const FilterCase& current = decision.cases[index];
  const ArgumentTest& test = current.test;
  const NodeId on_true = from_case(current.then, 0, std::nullopt);
  const NodeId on_false = from_case(decision, index + 1, std::nullopt);
  const bool is_equals = test.kind == ArgumentTest::Kind::equals;
  const auto half = [&](std::uint32_t word, int shift, NodeId yes, NodeId no) {
    const auto mask = static_cast<std::uint32_t>(test.mask >> shift);
    if (mask == 0) return is_equals ? yes : no;
    return prepared({word, mask}, test, static_cast<std::uint32_t>(test.value >> shift), yes, no, std::nullopt);
  };
  const std::uint32_t low = low_word(test.argument);
  const std::uint32_t high = high_word(test.argument);
  if (is_equals) return half(low, 0, half(high, 32, on_true, on_false), on_false);
  return half(low, 0, on_true, half(high, 32, on_true, on_false));
}

// One comparison of the word under the mask, after what loading it takes.
NodeId FilterGraph::prepared(Loaded what, const ArgumentTest& test, std::uint32_t value, NodeId on_true,
                             NodeId on_false, State state) {
  if (on_true == on_false && !uses_accumulator(nodes_[on_true])) return on_true;
  const bool is_equals = test.kind == ArgumentTest::Kind::equals;
  const std::uint32_t kept = is_equals ? what.mask : kFullMask;
  NodeId node = is_equals ? intern({BPF_JMP | BPF_JEQ | BPF_K, value, on_true, on_false})
                          : intern({BPF_JMP | BPF_JSET | BPF_K, what.mask, on_true, on_false});
  if (state == Loaded{what.word, kept}) return node;
  if (kept != kFullMask) node = intern({BPF_ALU | BPF_AND | BPF_K, kept, node, 0});
  if (state == Loaded{what.word, kFullMask}) return node;
  return load(what.word, node);
}

std::vector<::sock_filter> FilterGraph::lay_out(NodeId root) const { return Layout(nodes_).emit(root); }

}  // namespace bailiwick
