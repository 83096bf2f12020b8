// Values of single keys, checked. Private to the room: layer.cc reads files with it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "policy/layer.h"

namespace bailiwick::values {

// `path` is only for messages.
[[nodiscard]] Result<SettingValue> read_value(const SchemaKey& key, const Node& node, std::string_view path,
                                              std::string_view file);
[[nodiscard]] Result<std::string> read_text(const Node& node, std::string_view path, std::string_view file);
// Strings that are not empty.
[[nodiscard]] Result<std::vector<std::string>> read_words(const Node& node, std::string_view path,
                                                          std::string_view file);
[[nodiscard]] Result<std::vector<std::string>> read_hashes(const Node& node, std::string_view file);
[[nodiscard]] Result<std::vector<std::vector<std::string>>> read_prefix(const Node& node, std::string_view file);
// All but the decision.
[[nodiscard]] Result<HostRule> read_host(const Member& row, std::string_view file);
// All but the decisions.
[[nodiscard]] Result<ServerRule> read_server(const Member& row, std::string_view file);
[[nodiscard]] Status check_tool_pattern(const Member& tool, std::string_view file);

// "90s", "10m", "2h", "90d" in seconds.
[[nodiscard]] Result<std::int64_t> parse_duration(std::string_view text);
[[nodiscard]] std::string format_duration_setting(std::int64_t seconds);

}  // namespace bailiwick::values
