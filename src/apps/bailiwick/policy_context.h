// What the policy commands share: where this machine keeps its files, and JSON in the shape of docs/json.md.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "policy/document.h"
#include "policy_arguments.h"
#include "referee/surroundings.h"
#include "session/load_policy.h"

namespace bailiwick {

struct PolicyContext {
  SourcePlaces places;
  std::string search;     // PATH
  std::string directory;  // resolved
  std::string workspace;  // the git top level that holds it, else itself
};
// `directory` empty: the current one.
[[nodiscard]] Result<PolicyContext> find_context(const std::vector<std::string>& environment,
                                                 const std::string& directory);

// This machine's layers, or those of the files: "[KIND=]FILE".
[[nodiscard]] Result<LoadedPolicy> policy_for(const PolicyContext& context, const std::vector<std::string>& files);
// One file as a layer, by its kind and format.
[[nodiscard]] Result<Layer> load_layer(const std::string& file, LayerKind kind);
// "user=a.toml" or "a.toml"
[[nodiscard]] Result<std::pair<LayerKind, std::string>> parse_kind(const std::string& text);
// Standard input for "-".
[[nodiscard]] Result<std::string> load_text(const std::string& file);

[[nodiscard]] Node json_text(std::string_view text);
[[nodiscard]] Node json_bool(bool value);
[[nodiscard]] Node json_number(std::int64_t value);
[[nodiscard]] Node json_list(const std::vector<std::string>& texts);
void put(Node& table, std::string_view key, Node value);
// Prints it with a line feed.
[[nodiscard]] Status print_json(const Node& node);
[[nodiscard]] Status print_text(std::string_view text);
// Refuses a file that is there. "-": standard output.
[[nodiscard]] Status write_new_file(const std::string& file, std::string_view text, unsigned mode);

}  // namespace bailiwick
