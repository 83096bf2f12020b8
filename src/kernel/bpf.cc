#include "kernel/bpf.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>

#include "kernel/bpf_graph.h"

namespace bailiwick {
namespace {

constexpr std::uint32_t kNumberWord = offsetof(::seccomp_data, nr);
constexpr std::uint32_t kArchWord = offsetof(::seccomp_data, arch);
constexpr std::uint32_t kFullMask = 0xffffffff;

// Beyond this many single numbers in a row it is shorter to split by range; the depth of the tree grows by as much.
constexpr int kMaxExceptions = 3;

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

// A stretch of numbers for which the same rule is the first; `rule` is null where none is.
struct Span {
  std::uint32_t start;
  const FilterRule* rule;
};

std::vector<Span> make_spans(const FilterSpec& spec) {
  std::vector<std::uint32_t> starts{0};
  for (const FilterRule& rule : spec.rules) {
    starts.push_back(rule.first);
    if (rule.last != kFullMask) starts.push_back(rule.last + 1);
  }
  std::ranges::sort(starts);
  starts.erase(std::unique(starts.begin(), starts.end()), starts.end());
  std::vector<Span> spans;
  spans.reserve(starts.size());
  for (const std::uint32_t start : starts) spans.push_back({start, rule_for(spec, start)});
  return spans;
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

Status check_rule(const FilterRule& rule, bool is_used) {
  if (rule.first > rule.last) return fail(ErrorKind::invalid, "ends before it starts");
  if (!is_used) return fail(ErrorKind::invalid, "never applies: rules before it name all its numbers");
  return check_decision(rule.decision);
}

Status check_spec(const FilterSpec& spec, const std::vector<Span>& spans) {
  TRY(check_decision(FilterDecision(spec.otherwise)));
  TRY(check_decision(FilterDecision(spec.foreign_arch)));
  std::vector<bool> is_used(spec.rules.size());
  for (const Span& span : spans) {
    if (span.rule != nullptr) is_used[static_cast<std::size_t>(span.rule - spec.rules.data())] = true;
  }
  for (std::size_t i = 0; i < spec.rules.size(); ++i) {
    auto status = check_rule(spec.rules[i], is_used[i]);
    if (!status) return std::unexpected(std::move(status.error()).in(fmt::format("rule `{}`", spec.rules[i].name)));
  }
  return {};
}

std::vector<Segment> make_segments(const FilterSpec& spec, const std::vector<Span>& spans, FilterGraph& graph) {
  std::vector<Segment> segments;
  segments.reserve(spans.size());
  for (const Span& span : spans) {
    const NodeId outcome = span.rule != nullptr ? graph.decision(span.rule->decision) : graph.action(spec.otherwise);
    if (segments.empty() || segments.back().outcome != outcome) segments.push_back({span.start, outcome});
  }
  return segments;
}

// Most entries are single numbers in a sea of `allow`. By ranges each costs two comparisons, as an exception one.
std::vector<Stretch> make_stretches(const std::vector<Segment>& segments, FilterGraph& graph) {
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

NodeId make_tree(const std::vector<Stretch>& stretches, std::size_t begin, std::size_t end, FilterGraph& graph) {
  if (end - begin == 1) return stretches[begin].outcome;
  const std::size_t middle = begin + (end - begin) / 2;
  const NodeId above = make_tree(stretches, middle, end, graph);
  const NodeId below = make_tree(stretches, begin, middle, graph);
  return graph.jump(BPF_JGE, stretches[middle].start, above, below);
}

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
    case FilterAction::Kind::allow: return SECCOMP_RET_ALLOW;
    case FilterAction::Kind::error: return SECCOMP_RET_ERRNO | action.error_number;
    case FilterAction::Kind::kill_process: return SECCOMP_RET_KILL_PROCESS;
    case FilterAction::Kind::notify: return SECCOMP_RET_USER_NOTIF;
  }
  return SECCOMP_RET_KILL_PROCESS;
}

Result<FilterProgram> compile(const FilterSpec& spec) {
  const std::vector<Span> spans = make_spans(spec);
  TRY(check_spec(spec, spans));
  FilterGraph graph;
  const std::vector<Stretch> stretches = make_stretches(make_segments(spec, spans, graph), graph);
  const NodeId numbers = graph.load(kNumberWord, make_tree(stretches, 0, stretches.size(), graph));
  const NodeId arch = graph.jump(BPF_JEQ, spec.arch, numbers, graph.action(spec.foreign_arch));
  const NodeId root = graph.load(kArchWord, arch);
  FilterProgram program{.instructions = graph.lay_out(root)};
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
