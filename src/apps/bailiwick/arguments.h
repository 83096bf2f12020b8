// What the command line asks for. The only place that knows CLI11.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "policy_arguments.h"
#include "sandbox/facts.h"
#include "session/session_policy.h"

namespace bailiwick {

enum class Verb : std::uint8_t { run, exec, sandbox_plan, doctor, completion, policy };
enum class Format : std::uint8_t { text, json };

struct Arguments {
  Verb verb = Verb::run;
  Request request;     // run, exec, sandbox plan
  SessionFlags flags;  // of the same
  Format format = Format::text;
  bool show_timings = false;  // --timings
  std::string shell;          // completion
  PolicyArguments policy;     // policy
};

// What to print and exit with instead of doing anything: help, version, or an error in the command line.
struct EarlyEnd {
  int code = 0;
  std::string out;
  std::string err;
};

[[nodiscard]] std::variant<Arguments, EarlyEnd> parse_arguments(int argc, const char* const* argv);

}  // namespace bailiwick
