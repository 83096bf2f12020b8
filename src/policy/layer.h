// One source of policy, read: every setting with its place. Values; pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "policy/decision.h"
#include "policy/document.h"
#include "policy/schema.h"

namespace bailiwick {

// In order of precedence for starting values, the weakest first.
enum class LayerKind : std::uint8_t { builtin, system, mdm, cloud, project, user, flag };
[[nodiscard]] std::string_view name_of(LayerKind kind);
[[nodiscard]] bool is_admin(LayerKind kind);

// boolean; count, size in bytes, duration in seconds, risk and decision as their numbers; number; text and choice;
// lists. monostate: nobody says anything.
using SettingValue = std::variant<std::monostate, bool, std::int64_t, double, std::string, std::vector<std::string>>;

struct Setting {
  const SchemaKey* key = nullptr;
  SettingValue value;
  Place place;
  bool operator==(const Setting&) const = default;
};

struct Example {
  std::string text;
  Place place;
  bool operator==(const Example&) const = default;
};

// What a command starts with: each position has one word or several alternatives.
struct CommandRule {
  std::vector<std::vector<std::string>> prefix;  // empty only where `sha256` is given
  std::vector<std::string> with;                 // if any: one of these must be among the words after the prefix
  std::vector<std::string> sha256;               // of the program's content, 64 lower-case hexadecimal digits
  Decision decision = Decision::ask;
  std::string reason;
  std::vector<Example> match;
  std::vector<Example> not_match;
  Place place;
  bool operator==(const CommandRule&) const = default;
};
// "git push", "kubectl delete|drain"
[[nodiscard]] std::string format_prefix(const CommandRule& rule);

// Every way to write the prefix, the first alternatives first; at most `most`.
[[nodiscard]] std::vector<std::vector<std::string>> spellings(const CommandRule& rule, std::size_t most);

struct HostRule {
  std::string pattern;  // lower-case: "github.com", "*.example.org", "**.acme.example", "*", an address
  Decision decision = Decision::ask;
  std::vector<std::uint16_t> ports;    // empty: every one
  std::vector<std::string> methods;    // upper-case; empty: every one
  std::vector<std::string> paths;      // prefixes that start with `/`; empty: every one
  std::vector<std::string> addresses;  // CIDR blocks that the name must resolve into; empty: public addresses
  std::string reason;
  Place place;
  bool operator==(const HostRule&) const = default;
};

struct ServerRule {
  std::string name;                                     // of the MCP server, or "*"
  std::optional<Decision> decision;                     // of tools that are not named
  std::string command;                                  // if any: the program that it must be started with
  std::vector<std::string> arguments;                   // if any: exactly these
  std::string url;                                      // if any: exactly this
  std::vector<std::pair<std::string, Decision>> tools;  // names, `*` at an end allowed
  std::string reason;
  Place place;
  bool operator==(const ServerRule&) const = default;
};

struct Layer {
  LayerKind kind = LayerKind::user;
  std::string file;  // as shown in messages
  std::string name;
  std::int64_t revision = 0;
  std::vector<Setting> settings;  // in the table's order, each key once, without the three below
  std::vector<CommandRule> commands;
  std::vector<HostRule> hosts;
  std::vector<ServerRule> servers;
  std::vector<std::string> warnings;  // of an import: "FILE:LINE: KEY: .."
  bool operator==(const Layer&) const = default;

  [[nodiscard]] const Setting* find(std::string_view path) const;
};

// Checks the tree against the schema. Refuses, with `invalid` and the place: unknown keys, wrong types, what this kind
// of layer may not set (a project's `allow`), empty patterns, values out of their range. Finds the first wrong place
// only.
[[nodiscard]] Result<Layer> read_layer(const Node& root, LayerKind kind, std::string_view file);
// The defaults that hold where nobody says anything.
[[nodiscard]] Layer builtin_layer();

// A tree that read_layer() reads back to the same layer (places aside).
[[nodiscard]] Node to_node(const Layer& layer);

}  // namespace bailiwick
