// The language of policy, as one table: every key with its type, how layers combine it, who may set it, and what it
// means. The parser, docs/policy.md, the JSON Schema and `policy show` all read this table. Shipped data; pure.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace bailiwick {

enum class ValueType : std::uint8_t {
  text,
  choice,   // one of `values`
  choices,  // a list of some of `values`
  boolean,
  count,      // a whole number from 0
  number,     // a decimal number above 0
  size,       // "512M", or a count of bytes
  duration,   // "90s", "10m", "2h"
  words,      // a list of strings
  paths,      // a list of absolute paths, or ones that start with ~/
  globs,      // a list of patterns as in policy/glob.h
  decision,   // allow, ask, deny
  risk,       // low, medium, high, critical
  commands,   // the list of [[command]] tables
  hosts,      // the table [network.hosts]
  servers,    // the table [mcp.servers]
  ports,      // a list of whole numbers from 1 to 65535
  prefix,     // a list of words, or of lists of words
  decisions,  // a table of names and decisions
};

// How the values of several layers become one (DESIGN, law 2).
enum class Combines : std::uint8_t {
  meet,     // what all allow; nothing left is an error that names two of them
  join,     // what any names
  min,      // the smallest; false before true
  max,      // the largest; true before false
  verdict,  // judged layer by layer, the strictest verdict holds
  choice,   // a starting value: flag before user before cloud before mdm before system before built-in
  own,      // says something about its own file only
};

// Who may set a key; bits.
enum LayerSet : std::uint8_t {
  for_admin = 1,  // cloud, mdm, system
  for_user = 2,   // user, flag
  for_project = 4,
  for_builtin = 8,
};

struct SchemaKey {
  std::string_view path;  // "sandbox.modes"; "" as first part: at the top
  ValueType type = ValueType::text;
  Combines combines = Combines::own;
  std::uint8_t layers = for_admin | for_user | for_project | for_builtin;
  std::string_view values = {};   // of choice and choices, apart by blanks, the strictest first
  std::string_view summary = {};  // one or two sentences, plain text
  std::string_view example = {};  // TOML of the whole assignment
  std::string_view builtin = {};  // what holds if nobody says anything, in words; empty: nothing is fixed
};

[[nodiscard]] std::span<const SchemaKey> schema();
[[nodiscard]] const SchemaKey* find_key(std::string_view path);
// Keys of one [[command]] table, of a host's table and of an MCP server's table.
[[nodiscard]] std::span<const SchemaKey> command_schema();
[[nodiscard]] std::span<const SchemaKey> host_schema();
[[nodiscard]] std::span<const SchemaKey> server_schema();
// What a section is for, one sentence; empty for what is none.
[[nodiscard]] std::string_view section_summary(std::string_view section);

[[nodiscard]] std::string_view name_of(ValueType type);
[[nodiscard]] std::string_view name_of(Combines combines);

// `example` below its section's header; complete but for `schema = 1`.
[[nodiscard]] std::string example_in_section(const SchemaKey& key);
// docs/policy.md's reference part and docs/policy.schema.json (JSON Schema, draft 2020-12), made from the table.
[[nodiscard]] std::string render_reference();
[[nodiscard]] std::string render_json_schema();

}  // namespace bailiwick
