// Reading programs and specifications: the emulator, and both as text.
#include <fmt/format.h>

#include <cstddef>
#include <cstring>
#include <iterator>

#include "kernel/bpf.h"

namespace bailiwick {
namespace {

std::string words_of(FilterAction action) {
  switch (action.kind) {
    case FilterAction::Kind::allow: return "allow";
    case FilterAction::Kind::kill_process: return "kill the process";
    case FilterAction::Kind::notify: return "notify";
    case FilterAction::Kind::error: break;
  }
  if (action.error_number == 0) return "succeed without effect";
  const char* name = ::strerrorname_np(action.error_number);
  return name != nullptr ? fmt::format("fail with {}", name) : fmt::format("fail with error {}", action.error_number);
}

std::string words_of_return(std::uint32_t value) {
  switch (value & SECCOMP_RET_ACTION_FULL) {
    case SECCOMP_RET_ALLOW: return words_of(FilterAction::allow());
    case SECCOMP_RET_KILL_PROCESS: return words_of(FilterAction::kill_process());
    case SECCOMP_RET_USER_NOTIF: return words_of(FilterAction::notify());
    case SECCOMP_RET_ERRNO: return words_of(FilterAction::error(static_cast<int>(value & SECCOMP_RET_DATA)));
    default: return fmt::format("{:#x}", value);
  }
}

std::string words_of_word(std::uint32_t offset) {
  if (offset == offsetof(::seccomp_data, nr)) return "number";
  if (offset == offsetof(::seccomp_data, arch)) return "arch";
  constexpr std::uint32_t kArguments = offsetof(::seccomp_data, args);
  if (offset < kArguments || offset >= sizeof(::seccomp_data)) return fmt::format("word at {}", offset);
  return fmt::format("argument {} {}", (offset - kArguments) / 8, (offset - kArguments) % 8 == 0 ? "low" : "high");
}

std::string words_of_number(std::uint64_t value) {
  return value < 1024 ? fmt::format("{}", value) : fmt::format("{:#x}", value);
}

std::string words_of(const ArgumentTest& test) {
  const bool is_low = test.width == ArgumentTest::Width::low;
  const std::string argument = fmt::format("argument {}{}", test.argument, is_low ? " low" : "");
  const bool is_whole = test.mask == (is_low ? 0xffffffffULL : ~0ULL);
  if (test.kind == ArgumentTest::Kind::equals) {
    const std::string masked = is_whole ? argument : fmt::format("{} & {:#x}", argument, test.mask);
    return fmt::format("{} == {}", masked, words_of_number(test.value));
  }
  return is_whole ? argument + " != 0" : fmt::format("{} has any of {:#x}", argument, test.mask);
}

void append_cases(std::string& out, const FilterDecision& decision, std::size_t depth) {
  const std::string indent(depth * 2, ' ');
  for (const FilterCase& each : decision.cases) {
    if (each.then.cases.empty()) {
      fmt::format_to(std::back_inserter(out), "{}if {}: {}\n", indent, words_of(each.test),
                     words_of(each.then.otherwise));
    } else {
      fmt::format_to(std::back_inserter(out), "{}if {}:\n", indent, words_of(each.test));
      append_cases(out, each.then, depth + 1);
    }
  }
  fmt::format_to(std::back_inserter(out), "{}else: {}\n", indent, words_of(decision.otherwise));
}

}  // namespace

std::uint32_t emulate(const FilterProgram& program, const ::seccomp_data& call) {
  const auto& code = program.instructions;
  std::uint32_t accumulator = 0;
  for (std::size_t at = 0; at < code.size(); ++at) {
    const ::sock_filter& now = code[at];
    const auto branch = [&](bool is_taken) { at += is_taken ? now.jt : now.jf; };
    switch (now.code) {
      case BPF_LD | BPF_W | BPF_ABS:
        if (now.k % 4 != 0 || now.k > sizeof call - 4) return SECCOMP_RET_KILL_PROCESS;
        std::memcpy(&accumulator, reinterpret_cast<const char*>(&call) + now.k, sizeof accumulator);
        break;
      case BPF_ALU | BPF_AND | BPF_K: accumulator &= now.k; break;
      case BPF_JMP | BPF_JA: at += now.k; break;
      case BPF_JMP | BPF_JEQ | BPF_K: branch(accumulator == now.k); break;
      case BPF_JMP | BPF_JGE | BPF_K: branch(accumulator >= now.k); break;
      case BPF_JMP | BPF_JSET | BPF_K: branch((accumulator & now.k) != 0); break;
      case BPF_RET | BPF_K: return now.k;
      default: return SECCOMP_RET_KILL_PROCESS;
    }
  }
  return SECCOMP_RET_KILL_PROCESS;
}

std::string listing(const FilterProgram& program) {
  std::string out;
  for (std::size_t at = 0; at < program.instructions.size(); ++at) {
    const ::sock_filter& now = program.instructions[at];
    const auto branch = [&](std::string_view comparison, const std::string& operand) {
      return fmt::format("if {} {}: {} else {}", comparison, operand, at + 1 + now.jt, at + 1 + now.jf);
    };
    std::string text;
    switch (now.code) {
      case BPF_LD | BPF_W | BPF_ABS: text = "load " + words_of_word(now.k); break;
      case BPF_ALU | BPF_AND | BPF_K: text = fmt::format("and {:#x}", now.k); break;
      case BPF_JMP | BPF_JA: text = fmt::format("go to {}", at + 1 + now.k); break;
      case BPF_JMP | BPF_JEQ | BPF_K: text = branch("==", words_of_number(now.k)); break;
      case BPF_JMP | BPF_JGE | BPF_K: text = branch(">=", words_of_number(now.k)); break;
      case BPF_JMP | BPF_JSET | BPF_K: text = branch("has any of", fmt::format("{:#x}", now.k)); break;
      case BPF_RET | BPF_K: text = words_of_return(now.k); break;
      default: text = fmt::format("unknown {:#x} {:#x}", now.code, now.k); break;
    }
    fmt::format_to(std::back_inserter(out), "{:4}  {}\n", at, text);
  }
  return out;
}

std::string describe(const FilterSpec& spec) {
  std::string out = fmt::format("architecture {:#x}, any other: {}\n", spec.arch, words_of(spec.foreign_arch));
  for (const FilterRule& rule : spec.rules) {
    const std::string numbers =
        rule.first == rule.last ? fmt::format("{}", rule.first) : fmt::format("{}-{}", rule.first, rule.last);
    fmt::format_to(std::back_inserter(out), "{} ({}):", rule.name, numbers);
    if (rule.decision.cases.empty()) {
      fmt::format_to(std::back_inserter(out), " {}\n", words_of(rule.decision.otherwise));
    } else {
      out += '\n';
      append_cases(out, rule.decision, 1);
    }
  }
  fmt::format_to(std::back_inserter(out), "everything else: {}\n", words_of(spec.otherwise));
  return out;
}

}  // namespace bailiwick
