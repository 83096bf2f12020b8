// A small language for system call filters, compiled to the classic BPF that seccomp(2) takes. Pure: values in, values
// out. Any thread.
//
// A FilterSpec is a list of rules; `evaluate` is its meaning. `compile` makes the shortest program it knows how to with
// the same meaning: a balanced tree over ranges of system call numbers, since the kernel runs a new filter once for
// every number and checks every instruction. `emulate` runs a program as the kernel would, so that tests can compare
// the two.
#pragma once

#include <linux/filter.h>
#include <linux/seccomp.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace bailiwick {

// What the kernel answers to a system call.
struct FilterAction {
  enum class Kind : std::uint8_t {
    allow,
    error,         // fails with `error_number`; 0 is a success for which nothing was done
    kill_process,  // SIGSYS, whatever the process says
    notify,        // asks the holder of the listener (SECCOMP_RET_USER_NOTIF)
  };
  Kind kind = Kind::allow;
  std::uint16_t error_number = 0;

  static constexpr FilterAction allow() { return {}; }
  static constexpr FilterAction error(int number) { return {Kind::error, static_cast<std::uint16_t>(number)}; }
  static constexpr FilterAction kill_process() { return {Kind::kill_process, 0}; }
  static constexpr FilterAction notify() { return {Kind::notify, 0}; }
  bool operator==(const FilterAction&) const = default;
};

// A claim about one argument. The low half is what the kernel looks at where it declares the argument as int or
// unsigned int: there a test of all 64 bits is a hole, because the upper half is ignored and free to choose.
struct ArgumentTest {
  enum class Width : std::uint8_t { low, full };
  enum class Kind : std::uint8_t { equals, has_any };
  unsigned argument = 0;  // 0 to 5
  Width width = Width::low;
  Kind kind = Kind::equals;
  std::uint64_t mask = 0;
  std::uint64_t value = 0;  // `equals`: (argument & mask) == value
  bool operator==(const ArgumentTest&) const = default;
};
[[nodiscard]] ArgumentTest low_equals(unsigned argument, std::uint32_t value);
[[nodiscard]] ArgumentTest low_masked(unsigned argument, std::uint32_t mask, std::uint32_t value);
[[nodiscard]] ArgumentTest low_has(unsigned argument, std::uint32_t mask);
[[nodiscard]] ArgumentTest full_equals(unsigned argument, std::uint64_t value);
[[nodiscard]] ArgumentTest full_has(unsigned argument, std::uint64_t mask);

// Cases are tried in order; the first whose test holds decides. Without cases it is just an action.
struct FilterCase;
struct FilterDecision {
  std::vector<FilterCase> cases;
  FilterAction otherwise;

  FilterDecision(FilterAction action = {});  // NOLINT(google-explicit-constructor): an action is a decision
  FilterDecision(std::vector<FilterCase> in_order, FilterAction last);
};
struct FilterCase {
  ArgumentTest test;
  FilterDecision then;
};
[[nodiscard]] bool operator==(const FilterDecision& a, const FilterDecision& b);
[[nodiscard]] bool operator==(const FilterCase& a, const FilterCase& b);

struct FilterRule {
  std::string_view name;  // for people; of static lifetime
  std::uint32_t first = 0;
  std::uint32_t last = 0;  // inclusive
  FilterDecision decision;
  bool operator==(const FilterRule&) const = default;
};

inline constexpr std::uint32_t kArchX86_64 = 0xc000003e;   // AUDIT_ARCH_X86_64
inline constexpr std::uint32_t kArchAarch64 = 0xc00000b7;  // AUDIT_ARCH_AARCH64
#if defined(__x86_64__)
inline constexpr std::uint32_t kNativeArch = kArchX86_64;
#elif defined(__aarch64__)
inline constexpr std::uint32_t kNativeArch = kArchAarch64;
#else
#error "no system call filter for this architecture"
#endif

struct FilterSpec {
  std::uint32_t arch = kNativeArch;
  FilterAction foreign_arch = FilterAction::kill_process();  // int 0x80 in a 64-bit program comes with another arch
  // The first rule that names a number decides. Numbers that no rule names, x32's (bit 30 set) and -1 among them, get
  // `otherwise`.
  std::vector<FilterRule> rules;
  FilterAction otherwise;
  bool operator==(const FilterSpec&) const = default;
};

struct FilterProgram {
  std::vector<::sock_filter> instructions;
};
[[nodiscard]] bool operator==(const FilterProgram& a, const FilterProgram& b);

// An error of kind `invalid` for a rule that can never apply, a test that can never hold, and what does not fit into
// BPF_MAXINSNS.
[[nodiscard]] Result<FilterProgram> compile(const FilterSpec& spec);

[[nodiscard]] FilterAction evaluate(const FilterSpec& spec, const ::seccomp_data& call);
// The SECCOMP_RET_* value. Whatever the kernel would refuse to load (unknown instruction, running off the end) is
// SECCOMP_RET_KILL_PROCESS.
[[nodiscard]] std::uint32_t emulate(const FilterProgram& program, const ::seccomp_data& call);
// The action as the kernel's return value.
[[nodiscard]] std::uint32_t encode(FilterAction action);

// One line per instruction, jumps by line number.
[[nodiscard]] std::string listing(const FilterProgram& program);
// One line per rule, in the words of the language.
[[nodiscard]] std::string describe(const FilterSpec& spec);

}  // namespace bailiwick
