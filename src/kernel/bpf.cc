#include "kernel/bpf.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <unordered_map>

#include "base/check.h"

namespace bailiwick {
namespace {

// x86_64 and aarch64 are little-endian: the low half of an argument comes first.
constexpr std::uint32_t low_word(unsigned argument) { return offsetof(::seccomp_data, args) + argument * 8; }
constexpr std::uint32_t high_word(unsigned argument) { return low_word(argument) + 4; }
constexpr std::uint32_t kNumberWord = offsetof(::seccomp_data, nr);
constexpr std::uint32_t kArchWord = offsetof(::seccomp_data, arch);
constexpr std::uint32_t kFullMask = 0xffffffff;

// Beyond this many single numbers in a row it is shorter to split by range; the depth of the tree grows by as much.
constexpr int kMaxExceptions = 3;

using NodeId = std::uint32_t;

// One instruction with its successors. Equal nodes are the same node, so equal tails of decisions are stored once.
struct Node {
  std::uint16_t code = 0;
  std::uint32_t k = 0;
  NodeId on_true = 0;  // also the next one of an instruction that does not jump
  NodeId on_false = 0;
  bool operator==(const Node&) const = default;
};
struct NodeHash {
  std::size_t operator()(const Node& node) const {
    std::uint64_t h = node.code;
    for (const std::uint64_t part :
         {std::uint64_t{node.k}, std::uint64_t{node.on_true}, std::uint64_t{node.on_false}}) {
      h = (h ^ part) * 0x9e3779b97f4a7c15ULL;
      h ^= h >> 29;
    }
    return h;
  }
};

bool is_jump(const Node& node) { return BPF_CLASS(node.code) == BPF_JMP; }
bool is_return(const Node& node) { return BPF_CLASS(node.code) == BPF_RET; }

bool uses_accumulator(const Node& node) { return is_jump(node) || BPF_CLASS(node.code) == BPF_ALU; }

// What the accumulator holds: a word of seccomp_data under a mask.
struct Loaded {
  std::uint32_t word;
  std::uint32_t mask;
  bool operator==(const Loaded&) const = default;
};
using State = std::optional<Loaded>;

class Graph {
 public:
  [[nodiscard]] const Node& at(NodeId id) const { return nodes_[id]; }
  [[nodiscard]] std::size_t size() const { return nodes_.size(); }

  NodeId action(FilterAction value) { return intern({BPF_RET | BPF_K, encode(value), 0, 0}); }
  NodeId load(std::uint32_t word, NodeId next) { return intern({BPF_LD | BPF_W | BPF_ABS, word, next, 0}); }
  NodeId jump(std::uint16_t operation, std::uint32_t k, NodeId on_true, NodeId on_false) {
    if (on_true == on_false) return on_true;
    return intern({static_cast<std::uint16_t>(BPF_JMP | BPF_K | operation), k, on_true, on_false});
  }
  NodeId decision(const FilterDecision& decision, State state) { return from_case(decision, 0, state); }

 private:
  NodeId intern(const Node& node) {
    const auto [found, is_new] = ids_.try_emplace(node, static_cast<NodeId>(nodes_.size()));
    if (is_new) nodes_.push_back(node);
    return found->second;
  }

  NodeId from_case(const FilterDecision& decision, std::size_t index, State state) {
    if (index == decision.cases.size()) return action(decision.otherwise);
    const FilterCase& current = decision.cases[index];
    const ArgumentTest& test = current.test;
    if (test.width == ArgumentTest::Width::full) return full_test(decision, index);
    const State after = needed(test);
    const NodeId on_true = this->decision(current.then, after);
    const NodeId on_false = from_case(decision, index + 1, after);
    return prepared(low_word(test.argument), test, static_cast<std::uint32_t>(test.mask),
                    static_cast<std::uint32_t>(test.value), on_true, on_false, state);
  }

  // Two words. Both ways out are entered from either, so neither may count on what is loaded.
  NodeId full_test(const FilterDecision& decision, std::size_t index) {
    const FilterCase& current = decision.cases[index];
    const ArgumentTest& test = current.test;
    const NodeId on_true = this->decision(current.then, std::nullopt);
    const NodeId on_false = from_case(decision, index + 1, std::nullopt);
    const auto half = [&](std::uint32_t word, int shift, NodeId yes, NodeId no) {
      const auto mask = static_cast<std::uint32_t>(test.mask >> shift);
      if (mask == 0) return test.kind == ArgumentTest::Kind::equals ? yes : no;
      return prepared(word, test, mask, static_cast<std::uint32_t>(test.value >> shift), yes, no, std::nullopt);
    };
    const std::uint32_t low = low_word(test.argument);
    const std::uint32_t high = high_word(test.argument);
    if (test.kind == ArgumentTest::Kind::equals) return half(low, 0, half(high, 32, on_true, on_false), on_false);
    return half(low, 0, on_true, half(high, 32, on_true, on_false));
  }

  static Loaded needed(const ArgumentTest& test) {
    // JSET masks by itself and leaves the accumulator alone
    const bool is_masked = test.kind == ArgumentTest::Kind::equals;
    return {low_word(test.argument), is_masked ? static_cast<std::uint32_t>(test.mask) : kFullMask};
  }

  NodeId prepared(std::uint32_t word, const ArgumentTest& test, std::uint32_t mask, std::uint32_t value, NodeId on_true,
                  NodeId on_false, State state) {
    if (on_true == on_false && !uses_accumulator(at(on_true))) return on_true;
    const bool is_equals = test.kind == ArgumentTest::Kind::equals;
    const std::uint32_t kept = is_equals ? mask : kFullMask;
    NodeId node = is_equals ? intern({BPF_JMP | BPF_JEQ | BPF_K, value, on_true, on_false})
                            : intern({BPF_JMP | BPF_JSET | BPF_K, mask, on_true, on_false});
    if (state == Loaded{word, kept}) return node;
    if (kept != kFullMask) node = intern({BPF_ALU | BPF_AND | BPF_K, kept, node, 0});
    if (state == Loaded{word, kFullMask}) return node;
    return load(word, node);
  }

  std::vector<Node> nodes_;
  std::unordered_map<Node, NodeId, NodeHash> ids_;
};

// Numbers from `start` to the next segment's start (or to the end) have one outcome.
struct Segment {
  std::uint32_t start;
  NodeId outcome;
};

// A stretch of numbers with one outcome but for a few single numbers.
struct Stretch {
  std::uint32_t start;
  NodeId outcome;
};

const FilterRule* rule_for(const FilterSpec& spec, std::uint32_t number) {
  const auto found =
      std::ranges::find_if(spec.rules, [&](const FilterRule& r) { return r.first <= number && number <= r.last; });
  return found == spec.rules.end() ? nullptr : &*found;
}

std::vector<std::uint32_t> boundaries(const FilterSpec& spec) {
  std::vector<std::uint32_t> starts{0};
  for (const FilterRule& rule : spec.rules) {
    starts.push_back(rule.first);
    if (rule.last != kFullMask) starts.push_back(rule.last + 1);
  }
  std::ranges::sort(starts);
  starts.erase(std::unique(starts.begin(), starts.end()), starts.end());
  return starts;
}

Status check_test(const ArgumentTest& test) {
  if (test.argument > 5) return fail(ErrorKind::invalid, "a system call has arguments 0 to 5 only");
  const std::uint64_t allowed = test.width == ArgumentTest::Width::low ? kFullMask : ~std::uint64_t{0};
  if (test.mask == 0 || (test.mask & ~allowed) != 0)
    return fail(ErrorKind::invalid, "the mask is empty or wider than the argument");
  if (test.kind == ArgumentTest::Kind::equals && (test.value & ~test.mask) != 0) {
    return fail(ErrorKind::invalid, "the value has bits outside the mask, so the test can never hold");
  }
  return {};
}

Status check_decision(const FilterDecision& decision) {
  const auto is_errno = [](FilterAction action) {
    return action.error_number <= 4095;
  };  // MAX_ERRNO; the kernel caps silently
  if (!is_errno(decision.otherwise)) return fail(ErrorKind::invalid, "an error number is at most 4095");
  for (const FilterCase& each : decision.cases) {
    TRY(check_test(each.test));
    TRY(check_decision(each.then));
  }
  return {};
}

Status check_spec(const FilterSpec& spec) {
  TRY(check_decision(FilterDecision(spec.otherwise)));
  TRY(check_decision(FilterDecision(spec.foreign_arch)));
  std::vector<bool> is_used(spec.rules.size());
  for (const std::uint32_t start : boundaries(spec)) {
    if (const FilterRule* rule = rule_for(spec, start))
      is_used[static_cast<std::size_t>(rule - spec.rules.data())] = true;
  }
  for (std::size_t i = 0; i < spec.rules.size(); ++i) {
    const FilterRule& rule = spec.rules[i];
    const std::string name = fmt::format("rule `{}`", rule.name);
    if (rule.first > rule.last) return fail(ErrorKind::invalid, name + " ends before it starts");
    if (!is_used[i]) return fail(ErrorKind::invalid, name + " never applies: rules before it name all its numbers");
    if (auto status = check_decision(rule.decision); !status)
      return std::unexpected(std::move(status.error()).in(name));
  }
  return {};
}

std::vector<Segment> make_segments(const FilterSpec& spec, Graph& graph) {
  std::vector<Segment> segments;
  for (const std::uint32_t start : boundaries(spec)) {
    const FilterRule* rule = rule_for(spec, start);
    const NodeId outcome =
        rule != nullptr ? graph.decision(rule->decision, std::nullopt) : graph.action(spec.otherwise);
    if (segments.empty() || segments.back().outcome != outcome) segments.push_back({start, outcome});
  }
  return segments;
}

// Most entries are single numbers in a sea of `allow`. By ranges each costs two comparisons, as an exception one.
std::vector<Stretch> make_stretches(const std::vector<Segment>& segments, Graph& graph) {
  const auto is_single = [&](std::size_t i) {
    return i + 1 < segments.size() && segments[i + 1].start - segments[i].start == 1;
  };
  std::vector<Stretch> stretches;
  for (std::size_t i = 0; i < segments.size();) {
    std::size_t base = i;
    while (base - i < kMaxExceptions && is_single(base)) ++base;
    const NodeId outcome = segments[base].outcome;
    NodeId node = outcome;
    const std::size_t first = i;
    int exceptions = 0;
    for (; i < segments.size(); ++i) {
      if (segments[i].outcome == outcome) continue;
      if (!is_single(i) || exceptions == kMaxExceptions) break;
      node = graph.jump(BPF_JEQ, segments[i].start, segments[i].outcome, node);
      ++exceptions;
    }
    stretches.push_back({segments[first].start, node});
  }
  return stretches;
}

NodeId make_tree(const std::vector<Stretch>& stretches, std::size_t begin, std::size_t end, Graph& graph) {
  if (end - begin == 1) return stretches[begin].outcome;
  const std::size_t middle = begin + (end - begin) / 2;
  const NodeId above = make_tree(stretches, middle, end, graph);
  const NodeId below = make_tree(stretches, begin, middle, graph);
  return graph.jump(BPF_JGE, stretches[middle].start, above, below);
}

// Lays the graph out from its end, so that where an instruction jumps to is known when it is written. Conditional jumps
// reach 255 instructions ahead: what is further away is repeated (a return) or reached by a long jump.
class Layout {
 public:
  explicit Layout(const Graph& graph) : graph_(graph), place_(graph.size()) {}

  [[nodiscard]] std::vector<::sock_filter> emit(NodeId root) {
    visit(root);
    std::ranges::reverse(reversed_);
    return std::move(reversed_);
  }

 private:
  void visit(NodeId id) {
    if (place_[id]) return;
    const Node& node = graph_.at(id);
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
    const Node& node = graph_.at(id);
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

  const Graph& graph_;
  std::vector<::sock_filter> reversed_;
  std::vector<std::optional<std::size_t>> place_;  // the latest, which is the nearest
};

bool holds(const ArgumentTest& test, const ::seccomp_data& call) {
  const std::uint64_t argument = call.args[test.argument];
  const std::uint64_t seen = (test.width == ArgumentTest::Width::low ? argument & kFullMask : argument) & test.mask;
  return test.kind == ArgumentTest::Kind::equals ? seen == test.value : seen != 0;
}

FilterAction evaluate_decision(const FilterDecision& decision, const ::seccomp_data& call) {
  for (const FilterCase& each : decision.cases) {
    if (holds(each.test, call)) return evaluate_decision(each.then, call);
  }
  return decision.otherwise;
}

}  // namespace

ArgumentTest low_equals(unsigned argument, std::uint32_t value) { return low_masked(argument, kFullMask, value); }
ArgumentTest low_masked(unsigned argument, std::uint32_t mask, std::uint32_t value) {
  return {argument, ArgumentTest::Width::low, ArgumentTest::Kind::equals, mask, value};
}
ArgumentTest low_has(unsigned argument, std::uint32_t mask) {
  return {argument, ArgumentTest::Width::low, ArgumentTest::Kind::has_any, mask, 0};
}
ArgumentTest full_equals(unsigned argument, std::uint64_t value) {
  return {argument, ArgumentTest::Width::full, ArgumentTest::Kind::equals, ~std::uint64_t{0}, value};
}
ArgumentTest full_has(unsigned argument, std::uint64_t mask) {
  return {argument, ArgumentTest::Width::full, ArgumentTest::Kind::has_any, mask, 0};
}

FilterDecision::FilterDecision(FilterAction action) : otherwise(action) {}
FilterDecision::FilterDecision(std::vector<FilterCase> in_order, FilterAction last)
    : cases(std::move(in_order)), otherwise(last) {}
bool operator==(const FilterDecision& a, const FilterDecision& b) {
  return a.otherwise == b.otherwise && a.cases == b.cases;
}
bool operator==(const FilterCase& a, const FilterCase& b) { return a.test == b.test && a.then == b.then; }
bool operator==(const FilterProgram& a, const FilterProgram& b) {
  return std::ranges::equal(a.instructions, b.instructions, [](const ::sock_filter& x, const ::sock_filter& y) {
    return x.code == y.code && x.jt == y.jt && x.jf == y.jf && x.k == y.k;
  });
}

std::uint32_t encode(FilterAction action) {
  switch (action.kind) {
    case FilterAction::Kind::allow:
      return SECCOMP_RET_ALLOW;
    case FilterAction::Kind::error:
      return SECCOMP_RET_ERRNO | action.error_number;
    case FilterAction::Kind::kill_process:
      return SECCOMP_RET_KILL_PROCESS;
    case FilterAction::Kind::notify:
      return SECCOMP_RET_USER_NOTIF;
  }
  return SECCOMP_RET_KILL_PROCESS;
}

Result<FilterProgram> compile(const FilterSpec& spec) {
  TRY(check_spec(spec));
  Graph graph;
  const std::vector<Stretch> stretches = make_stretches(make_segments(spec, graph), graph);
  const NodeId numbers = graph.load(kNumberWord, make_tree(stretches, 0, stretches.size(), graph));
  const NodeId arch = graph.jump(BPF_JEQ, spec.arch, numbers, graph.action(spec.foreign_arch));
  const NodeId root = graph.load(kArchWord, arch);
  FilterProgram program{.instructions = Layout(graph).emit(root)};
  if (program.instructions.size() > BPF_MAXINSNS) {
    return fail(ErrorKind::invalid, fmt::format("the filter has {} instructions, the kernel takes {}: use fewer rules",
                                                program.instructions.size(), BPF_MAXINSNS));
  }
  return program;
}

FilterAction evaluate(const FilterSpec& spec, const ::seccomp_data& call) {
  if (call.arch != spec.arch) return spec.foreign_arch;
  const FilterRule* rule = rule_for(spec, static_cast<std::uint32_t>(call.nr));
  return rule != nullptr ? evaluate_decision(rule->decision, call) : spec.otherwise;
}

}  // namespace bailiwick
