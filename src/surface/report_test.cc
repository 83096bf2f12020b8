#include "surface/report.h"

#include <gtest/gtest.h>
#include <signal.h>

#include <string>

#include "base/golden.h"

namespace bailiwick {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

std::string testdata(const std::string& name) { return std::string(TEST_SOURCE_DIR) + "/testdata/" + name; }

SessionHeader full_header() {
  return {.session = "0199c2d1-7a10-7c3e-9d55-0f1f2e3d4c5b",
          .agent = "codex",
          .command = {"codex", "exec", "fix the bug"},
          .workspace = "/home/ada/engine",
          .mode = "workspace-write",
          .network = "off",
          .backend = "namespaces",
          .memory_hold = MemoryHold::watched,
          .memory_limit = 12ULL << 30,
          .protected_paths = 23,
          .secrets = 1,
          .let_in = {"~/.codex/auth.json", "OPENAI_API_KEY"},
          .warnings = {"codex runs its own sandbox: add `--sandbox danger-full-access`, this one contains it"},
          .weaker = {"no Landlock signal scope (needs Linux 6.12): signals are held by the pid namespace alone"}};
}

SessionSummary full_summary() {
  SessionSummary summary{.session = "0199c2d1-7a10-7c3e-9d55-0f1f2e3d4c5b",
                         .signal = SIGKILL,
                         .stopped_by = "memory: more than 12 GiB",
                         .wall = seconds(187),
                         .cpu = milliseconds(61'500),
                         .peak_memory = 13ULL << 30,
                         .peak_processes = 42,
                         .limited = {"memory: ended `node` (pid 17), 9.1 GiB"},
                         .covers_restored = 2,
                         .longest_uncovered = microseconds(730),
                         .record = "/home/ada/.local/state/bailiwick/sessions/0199c2d1-7a10-7c3e-9d55-0f1f2e3d4c5b",
                         .next_step = "give it more with --limit memory=16G"};
  summary.terminal.by_kind[static_cast<std::size_t>(Dropped::clipboard)] = 2;
  summary.terminal.by_kind[static_cast<std::size_t>(Dropped::report)] = 1;
  return summary;
}

TEST(report, header_full) { check_golden(testdata("header_full.txt"), render_header(full_header(), {})); }
TEST(report, header_in_color) {
  check_golden(testdata("header_color.txt"), render_header(full_header(), {.color = true}));
}
TEST(report, header_least) {
  const SessionHeader least{.session = "x",
                            .command = {"true"},
                            .workspace = "/w",
                            .mode = "read-only",
                            .network = "off",
                            .backend = "landlock"};
  check_golden(testdata("header_least.txt"), render_header(least, {}));
}
TEST(report, summary_full) { check_golden(testdata("summary_full.txt"), render_summary(full_summary(), {})); }
TEST(report, summary_in_color) {
  check_golden(testdata("summary_color.txt"), render_summary(full_summary(), {.color = true}));
}
TEST(report, summary_least) {
  check_golden(testdata("summary_least.txt"),
               render_summary({.session = "x", .wall = milliseconds(12), .cpu = milliseconds(3)}, {}));
}

TEST(report, endings) {
  const struct {
    int exit_code;
    int signal;
    const char* wanted;
  } rows[] = {{0, 0, "exit code 0"},
              {3, 0, "exit code 3"},
              {0, SIGSEGV, "by SIGSEGV (Segmentation fault)"},
              {0, 40, "by signal 40"}};
  for (const auto& row : rows) {
    const auto text = render_summary({.exit_code = row.exit_code, .signal = row.signal}, {});
    EXPECT_NE(text.find(std::string("ended      ") + row.wanted + "\n"), std::string::npos) << text;
  }
}

// Nothing that comes from outside can start a line, a sequence or a run of reversed text.
TEST(report, untrusted_text_stays_in_its_place) {
  const std::string hostile =
      "a\n  weaker: no\r\x1b]52;c;x\x07\xC2\x9B"
      "2J\xE2\x80\xAE"
      "evil\xE2\x81\xA6\xFF" +
      std::string(1000, 'x');
  SessionHeader header{.session = hostile,
                       .agent = hostile,
                       .command = {hostile, hostile},
                       .workspace = hostile,
                       .mode = hostile,
                       .network = hostile,
                       .backend = hostile,
                       .let_in = {hostile},
                       .warnings = {hostile},
                       .weaker = {hostile}};
  SessionSummary summary{
      .session = hostile, .stopped_by = hostile, .limited = {hostile}, .record = hostile, .next_step = hostile};
  const auto count_lines = [](const std::string& text) { return std::count(text.begin(), text.end(), '\n'); };
  const std::string texts[] = {render_header(header, {}), render_summary(summary, {})};
  EXPECT_EQ(count_lines(texts[0]), 12);
  EXPECT_EQ(count_lines(texts[1]), 7);
  for (const auto& text : texts) {
    for (const std::string banned :
         {"\x1b", "\r", "\x07", "\xC2\x9B", "\xE2\x80\xAE", "\xE2\x81\xA6", "\xFF", "\n  weaker: no"}) {
      EXPECT_EQ(text.find(banned), std::string::npos) << text;
    }
    EXPECT_LT(text.size(), 12U * 300);
  }
}

}  // namespace
}  // namespace bailiwick
