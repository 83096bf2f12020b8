#include "kernel/bpf.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <random>

#include "kernel/bpf_graph.h"

namespace bailiwick {
namespace {

constexpr FilterAction kAllow = FilterAction::allow();
constexpr FilterAction kAbsent = FilterAction::error(ENOSYS);
constexpr FilterAction kRefuse = FilterAction::error(EPERM);

::seccomp_data call_of(std::uint32_t number, std::array<std::uint64_t, 6> arguments = {},
                       std::uint32_t arch = kNativeArch) {
  ::seccomp_data call{};
  call.nr = static_cast<int>(number);
  call.arch = arch;
  std::ranges::copy(arguments, call.args);
  return call;
}

FilterSpec spec_of(std::vector<FilterRule> rules) { return {.rules = std::move(rules), .otherwise = kAbsent}; }

FilterProgram compiled(const FilterSpec& spec) {
  auto program = compile(spec);
  EXPECT_TRUE(program.has_value()) << program.error().message();
  return program ? *std::move(program) : FilterProgram{};
}

void expect_same(const FilterSpec& spec, const FilterProgram& program, const ::seccomp_data& call) {
  ASSERT_EQ(emulate(program, call), encode(evaluate(spec, call)))
      << "number " << static_cast<std::uint32_t>(call.nr) << " arguments " << std::hex << call.args[0] << ' '
      << call.args[1] << ' ' << call.args[2] << '\n'
      << describe(spec) << listing(program);
}

TEST(FilterAction, IsEncodedAsTheKernelWantsIt) {
  EXPECT_EQ(encode(kAllow), 0x7fff0000U);
  EXPECT_EQ(encode(kRefuse), 0x00050001U);
  EXPECT_EQ(encode(FilterAction::error(0)), 0x00050000U);
  EXPECT_EQ(encode(FilterAction::kill_process()), 0x80000000U);
  EXPECT_EQ(encode(FilterAction::notify()), 0x7fc00000U);
}

TEST(FilterSpec, MeansTheFirstRuleThatNamesTheNumber) {
  const FilterSpec spec =
      spec_of({{"five", 5, 5, kRefuse}, {"low", 0, 9, kAllow}, {"watched", 20, 20, FilterAction::notify()}});
  const FilterProgram program = compiled(spec);
  struct Row {
    std::uint32_t number;
    FilterAction want;
  };
  for (const Row& row : {Row{0, kAllow},
                         {4, kAllow},
                         {5, kRefuse},
                         {6, kAllow},
                         {9, kAllow},
                         {10, kAbsent},
                         {19, kAbsent},
                         {20, FilterAction::notify()},
                         {21, kAbsent},
                         {0x40000000, kAbsent},
                         {0x40000005, kAbsent},
                         {0xffffffff, kAbsent}}) {
    EXPECT_EQ(evaluate(spec, call_of(row.number)), row.want) << row.number;
    EXPECT_EQ(emulate(program, call_of(row.number)), encode(row.want)) << row.number;
  }
}

TEST(FilterSpec, AForeignArchitectureIsJudgedBeforeTheNumber) {
  const FilterSpec spec = spec_of({{"all", 0, 0xffffffff, kAllow}});
  const FilterProgram program = compiled(spec);
  for (const std::uint32_t arch : {0U, 0x40000003U /* i386 */, 0x80000000U, 0xffffffffU,
                                   kNativeArch == kArchX86_64 ? kArchAarch64 : kArchX86_64}) {
    EXPECT_EQ(emulate(program, call_of(0, {}, arch)), SECCOMP_RET_KILL_PROCESS) << arch;
    EXPECT_EQ(evaluate(spec, call_of(0, {}, arch)), FilterAction::kill_process()) << arch;
  }
  EXPECT_EQ(emulate(program, call_of(0)), SECCOMP_RET_ALLOW);
}

TEST(ArgumentTests, LookAtTheirHalfOnly) {
  constexpr std::uint64_t kHigh = 0xdeadbeef00000000;
  struct Row {
    const char* name;
    ArgumentTest test;
    std::uint64_t argument;
    bool want;
  };
  const Row rows[] = {
      {"low equals", low_equals(1, 7), 7, true},
      {"low equals ignores the high half", low_equals(1, 7), kHigh | 7, true},
      {"low equals another", low_equals(1, 7), 8, false},
      {"low equals zero", low_equals(1, 0), kHigh, true},
      {"masked", low_masked(1, 0xf, 3), 0x80803, true},
      {"masked ignores the high half", low_masked(1, 0xf, 3), kHigh | 0x13, true},
      {"masked another", low_masked(1, 0xf, 3), 0x32, false},
      {"low has", low_has(1, 0x10020000), 0x20000, true},
      {"low has not", low_has(1, 0x10020000), 0x1001ffff & ~0x10000000U, false},
      {"low has ignores the high half", low_has(1, 0x10020000), 0x1002000000000000, false},
      {"full equals", full_equals(1, kHigh | 7), kHigh | 7, true},
      {"full equals low only", full_equals(1, kHigh | 7), 7, false},
      {"full equals high only", full_equals(1, kHigh | 7), kHigh, false},
      {"full equals zero", full_equals(1, 0), 0, true},
      {"full equals zero, high set", full_equals(1, 0), kHigh, false},
      {"full has, low", full_has(1, ~0ULL), 1, true},
      {"full has, high", full_has(1, ~0ULL), 1ULL << 63, true},
      {"full has nothing", full_has(1, ~0ULL), 0, false},
      {"full has, mask in the high half", full_has(1, 1ULL << 33), 1ULL << 33, true},
      {"full has, mask in the high half, only low set", full_has(1, 1ULL << 33), 0xffffffff, false},
  };
  for (const Row& row : rows) {
    const FilterSpec spec = spec_of({{"call", 3, 3, FilterDecision({{row.test, kRefuse}}, kAllow)}});
    const FilterProgram program = compiled(spec);
    const FilterAction want = row.want ? kRefuse : kAllow;
    EXPECT_EQ(evaluate(spec, call_of(3, {0, row.argument})), want) << row.name;
    EXPECT_EQ(emulate(program, call_of(3, {0, row.argument})), encode(want)) << row.name << '\n' << listing(program);
    EXPECT_EQ(emulate(program, call_of(3, {row.argument, row.want ? ~row.argument : 0, 0, 0, 0, 0})),
              encode(evaluate(spec, call_of(3, {row.argument, row.want ? ~row.argument : 0}))))
        << row.name;
  }
}

TEST(Compile, RefusesWhatCannotBeMeant) {
  struct Row {
    const char* name;
    FilterSpec spec;
    const char* want;
  };
  const auto with_test = [](ArgumentTest test) {
    return spec_of({{"x", 1, 1, FilterDecision({{test, kRefuse}}, kAllow)}});
  };
  const Row rows[] = {
      {"hidden", spec_of({{"a", 0, 9, kAllow}, {"b", 5, 5, kRefuse}}), "rule `b`: never applies"},
      {"hidden by two", spec_of({{"a", 0, 4, kAllow}, {"b", 5, 9, kAllow}, {"c", 3, 7, kRefuse}}),
       "rule `c`: never applies"},
      {"twice", spec_of({{"a", 5, 5, kAllow}, {"a", 5, 5, kAllow}}), "never applies"},
      {"backwards", spec_of({{"a", 9, 5, kAllow}}), "ends before it starts"},
      {"argument", with_test(low_equals(6, 1)), "arguments 0 to 5"},
      {"empty mask", with_test(low_has(0, 0)), "mask is empty"},
      {"wide mask", with_test({0, ArgumentTest::Width::low, ArgumentTest::Kind::has_any, 1ULL << 32, 0}), "wider"},
      {"value outside mask", with_test(low_masked(0, 0xf, 0x10)), "can never hold"},
      {"errno", spec_of({{"a", 1, 1, FilterAction::error(4096)}}), "at most 4095"},
      {"nested",
       spec_of({{"a", 1, 1,
                 FilterDecision({{low_equals(0, 1), FilterDecision({{low_has(9, 1), kAllow}}, kAllow)}}, kAllow)}}),
       "arguments 0 to 5"},
  };
  for (const Row& row : rows) {
    const auto program = compile(row.spec);
    ASSERT_FALSE(program.has_value()) << row.name;
    EXPECT_EQ(program.error().kind, ErrorKind::invalid) << row.name;
    EXPECT_NE(program.error().message().find(row.want), std::string::npos)
        << row.name << ": " << program.error().message();
  }
}

TEST(Compile, RefusesMoreThanTheKernelTakes) {
  std::vector<FilterRule> rules;
  rules.reserve(5000);
  for (std::uint32_t i = 0; i < 5000; ++i)
    rules.push_back({"n", i * 2, i * 2, FilterAction::error(static_cast<int>(1 + i % 4000))});
  const auto program = compile(spec_of(std::move(rules)));
  ASSERT_FALSE(program.has_value());
  EXPECT_NE(program.error().message().find("the kernel takes 4096"), std::string::npos);
}

TEST(Compile, MergesNeighboursAndSharesTails) {
  // load arch, compare, load number, compare, two returns, and the return for a foreign architecture
  EXPECT_EQ(compiled(spec_of({{"a", 0, 4, kAllow}, {"b", 5, 5, kAllow}, {"c", 6, 99, kAllow}})).instructions.size(),
            7U);
  const FilterDecision flags({{low_has(0, 0x10), kRefuse}}, kAllow);
  const std::size_t one = compiled(spec_of({{"a", 10, 10, flags}, {"rest", 0, 99, kAllow}})).instructions.size();
  const std::size_t two =
      compiled(spec_of({{"a", 10, 10, flags}, {"b", 20, 20, flags}, {"rest", 0, 99, kAllow}})).instructions.size();
  EXPECT_EQ(two, one + 1);  // one more comparison of the number, no second copy of the test
}

TEST(Compile, LoadsAnArgumentOnce) {
  const FilterDecision decision({{low_equals(0, 1), kAllow}, {low_equals(0, 2), kAllow}, {low_equals(0, 3), kAllow}},
                                kRefuse);
  const FilterProgram program = compiled(spec_of({{"a", 0, 0, decision}}));
  EXPECT_EQ(
      std::ranges::count_if(program.instructions, [](const ::sock_filter& i) { return BPF_CLASS(i.code) == BPF_LD; }),
      3);
}

TEST(Compile, DoesNotSkipATestWhoseWaysOutCountOnWhatItLoads) {
  const FilterDecision inner({{low_masked(0, 0xf, 2), kRefuse}}, kAllow);
  const FilterDecision outer({{low_masked(0, 0xf, 1), inner}, {low_masked(0, 0xf, 2), kRefuse}}, kAllow);
  const FilterProgram program = compiled(spec_of({{"a", 2, 2, outer}}));
  EXPECT_EQ(emulate(program, call_of(2, {0})), encode(kAllow));  // the number 2 is still loaded if the test is left out
  EXPECT_EQ(emulate(program, call_of(2, {1})), encode(kAllow));
  EXPECT_EQ(emulate(program, call_of(2, {2})), encode(kRefuse));
}

// The bridge to one way out can push the other out of the reach of one byte. The filler passes through every distance.
TEST(FilterGraph, BothWaysOutStayInReach) {
  for (std::uint32_t length = 200; length < 300; ++length) {
    FilterGraph graph;
    const NodeId near = graph.load(16, graph.action(FilterAction::error(1)));
    const NodeId far = graph.load(24, graph.action(FilterAction::error(2)));
    const NodeId placed_first = graph.jump(BPF_JEQ, 77, far, near);
    NodeId filler = graph.action(kAllow);
    for (std::uint32_t i = 0; i < length; ++i) filler = graph.jump(BPF_JEQ, 1000 + i, graph.action(kAbsent), filler);
    const NodeId last = graph.jump(BPF_JEQ, 2, near, far);
    const NodeId root = graph.jump(BPF_JEQ, 0, placed_first, graph.jump(BPF_JEQ, 1, filler, last));
    const FilterProgram program{.instructions = graph.lay_out(graph.load(0, root))};
    ASSERT_EQ(emulate(program, call_of(0)), encode(FilterAction::error(1))) << length;
    ASSERT_EQ(emulate(program, call_of(1)), encode(kAllow)) << length;
    ASSERT_EQ(emulate(program, call_of(2)), encode(FilterAction::error(1))) << length;
    ASSERT_EQ(emulate(program, call_of(3)), encode(FilterAction::error(2))) << length;
  }
}

TEST(Emulate, KillsWhatTheKernelWouldNotLoad) {
  const auto run = [](std::vector<::sock_filter> code) {
    return emulate({.instructions = std::move(code)}, call_of(0));
  };
  EXPECT_EQ(run({}), SECCOMP_RET_KILL_PROCESS);
  EXPECT_EQ(run({{BPF_LD | BPF_W | BPF_ABS, 0, 0, 0}}), SECCOMP_RET_KILL_PROCESS);  // runs off the end
  EXPECT_EQ(run({{BPF_JMP | BPF_JA, 0, 0, 7}, {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW}}),
            SECCOMP_RET_KILL_PROCESS);  // jumps past it
  EXPECT_EQ(run({{BPF_LD | BPF_W | BPF_ABS, 0, 0, 2}, {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW}}),
            SECCOMP_RET_KILL_PROCESS);
  EXPECT_EQ(run({{BPF_LD | BPF_W | BPF_ABS, 0, 0, 64}, {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW}}),
            SECCOMP_RET_KILL_PROCESS);
  EXPECT_EQ(run({{BPF_MISC | BPF_TAX, 0, 0, 0}, {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW}}), SECCOMP_RET_KILL_PROCESS);
}

TEST(Listing, SaysWhatEachInstructionDoes) {
  const FilterSpec spec = {.arch = kArchX86_64,
                           .rules = {{"memfd_create", 319, 319, FilterDecision({{low_has(1, 0x10), kRefuse}}, kAllow)},
                                     {"core limit", 160, 160, FilterAction::error(0)},
                                     {"known", 0, 334, kAllow}},
                           .otherwise = kAbsent};
  EXPECT_EQ(describe(spec), R"(architecture 0xc000003e, any other: kill the process
memfd_create (319):
  if argument 1 low has any of 0x10: fail with EPERM
  else: allow
core limit (160): succeed without effect
known (0-334): allow
everything else: fail with ENOSYS
)");
  EXPECT_EQ(listing(compiled(spec)), R"(   0  load arch
   1  if == 0xc000003e: 3 else 2
   2  kill the process
   3  load number
   4  if >= 335: 12 else 5
   5  if == 319: 8 else 6
   6  if == 160: 7 else 10
   7  succeed without effect
   8  load argument 1 low
   9  if has any of 0x10: 11 else 10
  10  allow
  11  fail with EPERM
  12  fail with ENOSYS
)");
}

// Random specifications, with numbers and arguments drawn from the few values near which mistakes live.
class RandomSpecs {
 public:
  explicit RandomSpecs(std::uint64_t seed) : random_(seed) {}

  FilterSpec make(std::size_t rules, std::uint32_t numbers) {
    FilterSpec spec = spec_of({});
    for (std::size_t i = 0; i < rules; ++i) {
      const std::uint32_t first = below(numbers);
      const std::uint32_t last = below(3) == 0 ? std::min(first + below(20), numbers) : first;
      const auto is_named = [&](std::uint32_t number) {
        return std::ranges::any_of(spec.rules,
                                   [&](const FilterRule& r) { return r.first <= number && number <= r.last; });
      };
      if (is_named(first)) continue;  // it might be hidden by the others
      spec.rules.push_back({"random", first, last, below(3) == 0 ? decision(3) : FilterDecision(action())});
    }
    return spec;
  }
  std::uint64_t argument() {
    constexpr std::uint64_t kValues[] = {0,          1,          2,          3,          16,         0x5412,
                                         0x10000000, 0x80000000, 0xffffffff, 1ULL << 32, 1ULL << 63, ~0ULL};
    return kValues[below(std::size(kValues))] ^ (below(3) == 0 ? 1ULL << below(64) : 0);
  }
  std::uint32_t below(std::size_t limit) { return static_cast<std::uint32_t>(random_() % limit); }

 private:
  FilterAction action() {
    constexpr std::array kActions = {FilterAction::allow(),       FilterAction::error(EPERM),   FilterAction::error(0),
                                     FilterAction::error(ENOSYS), FilterAction::kill_process(), FilterAction::notify()};
    return kActions[below(kActions.size())];
  }
  FilterDecision decision(int depth) {
    FilterDecision made(action());
    for (std::uint32_t i = below(4); i > 0; --i)
      made.cases.push_back({test(), depth > 0 && below(3) == 0 ? decision(depth - 1) : FilterDecision(action())});
    return made;
  }
  ArgumentTest test() {
    const unsigned which = below(3);
    const std::uint64_t value = argument();
    const auto low = static_cast<std::uint32_t>(value);
    switch (below(5)) {
      case 0: return low_equals(which, low);
      case 1: return low_masked(which, 0xf, low & 0xf);
      case 2: return low_has(which, low == 0 ? 1 : low);
      case 3: return full_equals(which, value);
      default: return full_has(which, value == 0 ? 1 : value);
    }
  }
  std::mt19937_64 random_;
};

void expect_same_everywhere(RandomSpecs& random, const FilterSpec& spec, std::uint32_t numbers) {
  const FilterProgram program = compiled(spec);
  for (std::uint32_t number = 0; number <= numbers + 30; ++number) {
    for (int i = 0; i < 8; ++i) {
      expect_same(spec, program, call_of(number, {random.argument(), random.argument(), random.argument()}));
      if (::testing::Test::HasFatalFailure()) return;
    }
  }
  for (const std::uint32_t number : {0x3fffffffU, 0x40000000U, 0x40000001U, 0x7fffffffU, 0x80000000U, 0xffffffffU}) {
    expect_same(spec, program, call_of(number));
    expect_same(spec, program, call_of(number, {}, 0x40000003));
  }
}

TEST(Compile, MeansWhatTheSpecificationMeans) {
  RandomSpecs random(20261124);
  for (int round = 0; round < 300; ++round) {
    const FilterSpec spec = random.make(1 + random.below(20), 60);
    expect_same_everywhere(random, spec, 60);
    if (HasFatalFailure()) FAIL() << "round " << round;
  }
}

TEST(Compile, MeansTheSameWhenJumpsAreTooLongForOneByte) {
  RandomSpecs random(7);
  bool has_long_jump = false;
  for (int round = 0; round < 6; ++round) {
    const FilterSpec spec = random.make(500, 900);
    const FilterProgram program = compiled(spec);
    has_long_jump = has_long_jump || std::ranges::any_of(program.instructions, [](const ::sock_filter& i) {
                      return i.code == (BPF_JMP | BPF_JA) && i.k > 255;
                    });
    EXPECT_GT(program.instructions.size(), 600U);
    expect_same_everywhere(random, spec, 900);
    if (HasFatalFailure()) FAIL() << "round " << round;
  }
  EXPECT_TRUE(has_long_jump);
}

}  // namespace
}  // namespace bailiwick
