// Policies of others, carried over: Codex (requirements.toml of all generations, managed_config.toml, .rules) and
// Claude Code (managed-settings.json, settings.json). Pure; any thread.
//
// The result is a tree in our own schema whose places are those of the original file, so that a verdict names the line
// that its author wrote. It never allows more than the original: what cannot be said is left out and reported, or said
// more strictly and reported. What is not in the original's schema is reported by line, never an error.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "policy/document.h"

namespace bailiwick {

enum class ForeignFormat : std::uint8_t {
  codex_requirements,    // requirements.toml
  codex_managed_config,  // managed_config.toml, config.toml
  codex_rules,           // NAME.rules
  claude_settings,       // managed-settings.json, settings.json
};
[[nodiscard]] std::string_view name_of(ForeignFormat format);
// By the file's name; empty: it is none of these (then it is ours).
[[nodiscard]] std::optional<ForeignFormat> find_foreign_format(std::string_view path);

enum class ImportOutcome : std::uint8_t {
  carried,          // means the same here
  tightened,        // our verdict is stricter in some corner; the note says which
  not_expressible,  // left out; the note says what is lost and what to do
  unknown,          // not in the original's schema: left out
};
[[nodiscard]] std::string_view name_of(ImportOutcome outcome);

struct ImportRow {
  std::string key;  // as in the original: "rules.prefix_rules[2]", "permissions.deny[0] `Bash(curl:*)`"
  Place place;
  ImportOutcome outcome = ImportOutcome::carried;
  std::string note;  // to what it was carried, or why not; starts lower-case
  bool operator==(const ImportRow&) const = default;
};

struct Imported {
  Node policy;                    // a table in our schema, `schema = 1` included
  std::vector<ImportRow> report;  // in the file's order, each key of the original once
  bool operator==(const Imported&) const = default;
};

// `file` is for messages. Fails with `invalid` and a place where the text does not parse, or a rule contradicts its own
// examples in a `.rules` file.
[[nodiscard]] Result<Imported> import_policy(ForeignFormat format, std::string_view text, std::string_view file);

// TOML that parses back to `policy`, commented with where each setting comes from ("# FILE:LINE").
[[nodiscard]] std::string render_toml(const Node& policy, std::string_view file);
// One row a line, aligned; then counts.
[[nodiscard]] std::string render_report(const Imported& imported, std::string_view file);

}  // namespace bailiwick
