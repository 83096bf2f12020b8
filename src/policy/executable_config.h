// Shipped data: files inside a workspace that OTHER programs execute or trust, so that writing one runs code later,
// outside the sandbox. Pure; any thread. docs/shipped-data.md is generated from it.
//
// Not in it, on purpose: code. package.json, Makefile, Dockerfile, build.rs, setup.py, tests: an agent's work is to
// write them, and a person runs them knowingly. In it is what runs, or widens trust, as a side effect of opening,
// entering or committing in a directory.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "policy/name_index.h"

namespace bailiwick {

// Who reads the file: for grouping in documents and, later, for choosing the judge of its content.
enum class ConfigReader : std::uint8_t {
  git,
  shell,
  editor,
  agent,
  toolchain,
  interpreter,
  hook_runner,
  container,
  bailiwick,
};
[[nodiscard]] std::string_view to_string(ConfigReader reader);

struct ExecutableConfig {
  std::string_view pattern;  // workspace-relative glob; one without `/` holds at any depth
  EntryKind kind;
  ConfigReader reader;
  std::string_view reason;  // what runs, and when
  std::string_view source;  // the program and the document that define it
};

// In the order of the document. Patterns are unique and each parses.
[[nodiscard]] std::span<const ExecutableConfig> executable_config();

// The table as patterns for a walk over workspace-relative paths; `tag` is the index into executable_config().
[[nodiscard]] Result<std::vector<NamePattern>> executable_config_patterns();

// A bare repository has no name of its own: a directory that holds all of these is a git directory, whatever it is
// called, and then these entries of it are protected. Git finds it when a command runs in it (safe.bareRepository is
// `all` by default).
[[nodiscard]] std::span<const std::string_view> git_directory_signs();
[[nodiscard]] std::span<const std::string_view> git_directory_config();

// What looks as if it belonged in the table and does not, for the document.
struct NotProtected {
  std::string_view what;
  std::string_view why;
};
[[nodiscard]] std::span<const NotProtected> not_executable_config();

}  // namespace bailiwick
