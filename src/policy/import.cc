#include "policy/import.h"

#include "policy/import_builder.h"

namespace bailiwick {

std::string_view name_of(ForeignFormat format) {
  switch (format) {
    case ForeignFormat::codex_requirements: return "Codex requirements";
    case ForeignFormat::codex_managed_config: return "Codex configuration";
    case ForeignFormat::codex_rules: return "Codex rules";
    case ForeignFormat::claude_settings: return "Claude Code settings";
  }
  return "unknown";
}

std::optional<ForeignFormat> find_foreign_format(std::string_view path) {
  const std::string_view name = path.substr(path.rfind('/') + 1);
  if (name == "requirements.toml") return ForeignFormat::codex_requirements;
  if (name == "managed_config.toml" || name == "config.toml") return ForeignFormat::codex_managed_config;
  if (name.size() > 6 && name.ends_with(".rules")) return ForeignFormat::codex_rules;
  if (name == "managed-settings.json" || name == "settings.json" || name == "settings.local.json") {
    return ForeignFormat::claude_settings;
  }
  // Parts of managed settings: managed-settings.d/NAME.json.
  if (name.ends_with(".json") && path.ends_with("managed-settings.d/" + std::string(name))) {
    return ForeignFormat::claude_settings;
  }
  return std::nullopt;
}

std::string_view name_of(ImportOutcome outcome) {
  switch (outcome) {
    case ImportOutcome::carried: return "carried";
    case ImportOutcome::tightened: return "tightened";
    case ImportOutcome::not_expressible: return "left out";
    case ImportOutcome::unknown: return "unknown";
  }
  return "unknown";
}

Result<Imported> import_policy(ForeignFormat format, std::string_view text, std::string_view file) {
  if (format == ForeignFormat::codex_rules) return import_codex_rules(text, file);
  if (format == ForeignFormat::claude_settings) {
    TRY_ASSIGN(const Node root, parse_json(text, file));
    return import_claude_settings(root);
  }
  TRY_ASSIGN(const Node root, parse_toml(text, file));
  return format == ForeignFormat::codex_requirements ? import_codex_requirements(root)
                                                     : import_codex_managed_config(root);
}

}  // namespace bailiwick
