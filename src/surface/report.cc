#include "surface/report.h"

#include <fmt/format.h>
#include <signal.h>
#include <string.h>

#include <string_view>

#include "base/text.h"
#include "base/time.h"

namespace bailiwick {
namespace {

constexpr std::size_t kValueLimit = 240;
constexpr std::string_view kBold = "\x1b[1m";
constexpr std::string_view kDim = "\x1b[2m";
constexpr std::string_view kYellow = "\x1b[33m";
constexpr std::string_view kRed = "\x1b[31m";

// Safe to print, in one line.
std::string shown(std::string_view untrusted) { return shorten(printable(untrusted), kValueLimit); }

class Report {
 public:
  explicit Report(Style style) : style_(style) {}

  void title(std::string_view text, std::string_view session) {
    out_ += paint(kBold, text);
    if (!session.empty()) out_ += " " + shown(session);
    out_ += '\n';
  }
  // `value` is safe already.
  void line(std::string_view label, std::string_view value) {
    out_ += "  " + paint(kDim, fmt::format("{:<10}", label)) + " " + std::string(value) + "\n";
  }
  void text_line(std::string_view label, std::string_view untrusted) {
    if (!untrusted.empty()) line(label, shown(untrusted));
  }
  void note(std::string_view color, std::string_view label, std::string_view untrusted) {
    out_ += "  " + paint(color, std::string(label) + ":") + " " + shown(untrusted) + "\n";
  }
  std::string paint(std::string_view color, std::string_view text) const {
    if (!style_.color) return std::string(text);
    return std::string(color) + std::string(text) + "\x1b[0m";
  }
  std::string take() { return std::move(out_); }

 private:
  Style style_;
  std::string out_;
};

std::string counted(std::uint64_t count, std::string_view one, std::string_view many) {
  return fmt::format("{} {}", count, count == 1 ? one : many);
}

std::string memory_line(const SessionHeader& header) {
  switch (header.memory_hold) {
    case MemoryHold::cgroup: return "at most " + format_bytes(header.memory_limit) + ", held by the kernel (cgroup)";
    case MemoryHold::watched: return "at most " + format_bytes(header.memory_limit) + ", watched";
    case MemoryHold::none: return "no limit";
  }
  return {};
}

std::string ending(const SessionSummary& summary) {
  if (summary.signal != 0) {
    const char* abbreviation = ::sigabbrev_np(summary.signal);
    const char* description = ::sigdescr_np(summary.signal);
    if (abbreviation == nullptr || description == nullptr) return fmt::format("by signal {}", summary.signal);
    return fmt::format("by SIG{} ({})", abbreviation, description);
  }
  return fmt::format("exit code {}", summary.exit_code);
}

std::string terminal_line(const DropCounts& dropped) {
  std::string kinds;
  for (std::size_t i = 0; i < kDroppedKinds; ++i) {
    const auto kind = static_cast<Dropped>(i);
    if (dropped.of(kind) == 0) continue;
    if (!kinds.empty()) kinds += ", ";
    kinds += fmt::format("{} {}", dropped.of(kind), name(kind));
  }
  return counted(dropped.total(), "sequence", "sequences") + " dropped: " + kinds;
}

}  // namespace

std::string render_header(const SessionHeader& header, Style style) {
  Report report(style);
  report.title("bailiwick: session", header.session);
  report.line("agent", header.agent.empty() ? "none" : shown(header.agent));
  report.text_line("command", shell_join(header.command));
  report.text_line("workspace", header.workspace);
  report.text_line("policy", header.policy);
  report.text_line("mode", header.mode);
  report.text_line("network", header.network);
  report.text_line("backend", header.backend);
  report.line("memory", memory_line(header));
  report.line("protected", counted(header.protected_paths, "path", "paths") + " in the workspace, " +
                               counted(header.secrets, "secret", "secrets") + " out of reach");
  for (const auto& credential : header.let_in) report.text_line("let in", credential);
  for (const auto& warning : header.warnings) report.note(kYellow, "warning", warning);
  for (const auto& what : header.weaker) report.note(kRed, "weaker", what);
  return report.take();
}

std::string render_summary(const SessionSummary& summary, Style style) {
  Report report(style);
  report.title("bailiwick: session ended", summary.session);
  const bool is_good = summary.signal == 0 && summary.exit_code == 0 && summary.stopped_by.empty();
  report.line("ended", is_good ? ending(summary) : report.paint(kRed, ending(summary)));
  report.text_line("stopped by", summary.stopped_by);
  report.line("time", format_duration(summary.wall) + ", cpu " + format_duration(summary.cpu));
  if (summary.peak_memory > 0) report.line("memory", "peak " + format_bytes(summary.peak_memory));
  if (summary.peak_processes > 0) report.line("processes", fmt::format("peak {}", summary.peak_processes));
  for (const auto& what : summary.limited) report.note(kYellow, "limit", what);
  if (summary.terminal.total() > 0) report.line("terminal", terminal_line(summary.terminal));
  if (summary.covers_restored > 0) {
    std::string covers =
        counted(summary.covers_restored, "cover", "covers") + " put back after a host program replaced the file";
    if (summary.longest_uncovered) covers += ", bare for at most " + format_duration(*summary.longest_uncovered);
    report.line("covers", covers);
  }
  report.text_line("record", summary.record);
  report.text_line("next", summary.next_step);
  return report.take();
}

}  // namespace bailiwick
