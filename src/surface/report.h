// What people read on stderr before and after a session. Pure: values in, text out; any thread.
//
// Everything that comes from outside (paths, commands, names) is shown without control characters and without
// characters that reorder text, so that it cannot write lines of its own into the report.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "surface/terminal_filter.h"

namespace bailiwick {

struct Style {
  bool color = false;
};

// How the memory limit is held.
enum class MemoryHold : std::uint8_t { cgroup, watched, none };

struct SessionHeader {
  std::string session;  // id
  std::string agent;    // the profile; empty: none
  std::vector<std::string> command;
  std::string policy;  // its layers and digest
  std::string workspace;
  std::string mode;
  std::string network;
  std::string backend;
  MemoryHold memory_hold = MemoryHold::none;
  std::uint64_t memory_limit = 0;  // bytes
  std::uint64_t protected_paths = 0;
  std::uint64_t secrets = 0;        // hidden or covered
  std::vector<std::string> let_in;  // credentials that the agent gets: paths and names, never values
  std::vector<std::string> warnings;
  std::vector<std::string> weaker;  // what does not hold here and why, without the word itself
};

struct SessionSummary {
  std::string session;
  int exit_code = 0;       // used if `signal` is 0
  int signal = 0;          // that ended the program
  std::string stopped_by;  // why we ended the session; empty: it ended by itself
  std::chrono::nanoseconds wall{};
  std::chrono::nanoseconds cpu{};
  std::uint64_t peak_memory = 0;     // bytes, 0: not known
  std::uint64_t peak_processes = 0;  // 0: not known
  std::vector<std::string> limited;  // what limits stopped, one line each
  DropCounts terminal;
  std::uint64_t covers_restored = 0;
  std::optional<std::chrono::nanoseconds> longest_uncovered;
  std::string record;     // path of the session's record
  std::string next_step;  // a hint, for example a command; empty: none
};

// Whole lines, each ending in a newline.
[[nodiscard]] std::string render_header(const SessionHeader& header, Style style);
[[nodiscard]] std::string render_summary(const SessionSummary& summary, Style style);

}  // namespace bailiwick
