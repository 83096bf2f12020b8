// Case files: what a policy must say about certain actions, as data. Run by `bailiwick policy test`, by the conformance
// tests and against the command line. Pure; any thread.
//
//   [[case]]
//   exec = ["git", "push"]          # or: shell = "..", net = "host:443", read = "path", write = "path", mcp =
//   ["server", "tool"] decision = "ask" complete = false                # optional, with shell and exec gate = false #
//   optional: as where only a hook decides risk = "high"                   # optional method = "GET", path = "/x"     #
//   optional, with net source = "system.toml:12"       # optional: what decides must come from a place that ends so
//
// Above the cases: `policy = ["file.toml", "user=mine.toml"]`, relative to the case file; `workspace`, `directory`,
// `home`.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "policy/document.h"
#include "referee/command.h"

namespace bailiwick {

enum class CaseKind : std::uint8_t { exec, shell, net, read, write, mcp };

struct Case {
  CaseKind kind = CaseKind::exec;
  std::vector<std::string> words;  // exec: the command; mcp: server and tool; else one
  Decision decision = Decision::allow;
  std::optional<bool> is_complete;
  std::optional<Risk> risk;
  std::string method, path, source;
  Gate gate = Gate::present;
  Place place;
};

struct CaseFile {
  std::string file;
  std::vector<std::string> policies;  // as written: "[KIND=]FILE"
  std::string workspace = "/home/dev/project";
  std::string directory;  // empty: the workspace
  std::string home = "/home/dev";
  std::vector<Case> cases;
};

// Whether a document is one of these and no policy.
[[nodiscard]] bool is_case_file(const Node& root);
[[nodiscard]] Result<CaseFile> read_cases(const Node& root, std::string_view file);

struct CaseResult {
  bool is_right = false;
  std::string text;     // what was tried: "shell `git push`"
  std::string problem;  // "wanted deny, got allow: .."
  Place place;
};
[[nodiscard]] std::vector<CaseResult> run_cases(const CaseFile& file, const Policy& policy);

// "host", "host:443", "[::1]:80", "https://host/path" is refused.
[[nodiscard]] Result<ConnectAction> parse_destination(std::string_view text);

}  // namespace bailiwick
