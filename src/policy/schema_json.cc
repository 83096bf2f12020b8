// The table as a JSON Schema, for editors and for other programs that write policy. What it accepts, read_layer() may
// still refuse (a host pattern, an empty glob): it is no check.
#include <fmt/format.h>

#include <initializer_list>
#include <utility>

#include "base/text.h"
#include "policy/document.h"
#include "policy/schema.h"

namespace bailiwick {
namespace {

Node text(std::string_view words) { return Node{.kind = NodeKind::string, .text = std::string(words)}; }
Node number(std::int64_t value) { return Node{.kind = NodeKind::integer, .integer = value}; }
Node yes(bool value) { return Node{.kind = NodeKind::boolean, .boolean = value}; }
Node list(std::vector<Node> items) { return Node{.kind = NodeKind::array, .items = std::move(items)}; }
void put(Node& table, std::string_view key, Node value) {
  table.members.push_back({std::string(key), {}, std::move(value)});
}
Node table(std::initializer_list<std::pair<std::string_view, Node>> members) {
  Node out;
  for (const auto& [key, value] : members) put(out, key, value);
  return out;
}
Node ref(std::string_view name) { return table({{"$ref", text(fmt::format("#/$defs/{}", name))}}); }
Node words_of(std::string_view values) {
  Node out{.kind = NodeKind::array};
  for (const std::string_view value : split(values, ' ')) out.items.push_back(text(value));
  return out;
}
Node one_of_words(std::string_view values) { return table({{"enum", words_of(values)}}); }
Node pattern(std::string_view regex) { return table({{"type", text("string")}, {"pattern", text(regex)}}); }
Node list_of(Node item) { return table({{"type", text("array")}, {"items", std::move(item)}}); }
Node some_of(Node item) {
  Node out = list_of(std::move(item));
  put(out, "minItems", number(1));
  return out;
}
// A table with these properties and no others.
Node closed(Node properties) {
  return table({{"type", text("object")}, {"additionalProperties", yes(false)}, {"properties", std::move(properties)}});
}

Node type_of(const SchemaKey& key) {
  if (key.path == "schema") return table({{"const", number(1)}});
  if (key.path == "sandbox.environment") return list_of(ref("variable"));
  if (key.path == "telemetry.endpoints") return list_of(pattern("^https?://"));
  if (key.path == "sha256") return some_of(ref("sha256"));
  if (key.path == "with" || key.path == "addresses") return some_of(ref("word"));
  if (key.path == "methods") return some_of(pattern("^[A-Za-z-]+$"));
  if (key.path == "paths") return some_of(pattern("^/"));
  switch (key.type) {
    case ValueType::text: return ref(key.path == "reason" ? "text" : "word");
    case ValueType::choice: return one_of_words(key.values);
    case ValueType::choices: {
      Node out = some_of(one_of_words(key.values));
      put(out, "uniqueItems", yes(true));
      return out;
    }
    case ValueType::boolean: return table({{"type", text("boolean")}});
    case ValueType::count: return table({{"type", text("integer")}, {"minimum", number(0)}});
    case ValueType::number: return ref("number");
    case ValueType::size: return ref("size");
    case ValueType::duration: return ref("duration");
    case ValueType::words: return list_of(ref("word"));
    case ValueType::paths: return list_of(ref("path"));
    case ValueType::globs: return list_of(ref("word"));
    case ValueType::decision: return ref("decision");
    case ValueType::risk: return ref("risk");
    case ValueType::commands: return list_of(ref("command"));
    case ValueType::hosts:
      return table({{"type", text("object")},
                    {"propertyNames", pattern("^[A-Za-z0-9_.:*?/\\[\\]-]+$")},
                    {"additionalProperties", table({{"anyOf", list({ref("decision"), ref("host")})}})}});
    case ValueType::servers:
      return table({{"type", text("object")},
                    {"propertyNames", table({{"minLength", number(1)}})},
                    {"additionalProperties", ref("server")}});
    case ValueType::ports:
      return some_of(table({{"type", text("integer")}, {"minimum", number(1)}, {"maximum", number(65535)}}));
    case ValueType::prefix: {
      Node choice = some_of(ref("word"));
      put(choice, "uniqueItems", yes(true));
      return some_of(table({{"anyOf", list({ref("word"), std::move(choice)})}}));
    }
    case ValueType::decisions:
      return table({{"type", text("object")},
                    {"propertyNames", table({{"pattern", text("^([^*]+\\*?|\\*)$")}})},
                    {"additionalProperties", ref("decision")}});
  }
  return {};
}

std::string description(const SchemaKey& key) {
  std::string out(key.summary);
  if (!key.builtin.empty()) out += fmt::format(" If nobody says: {}.", key.builtin);
  if ((key.layers & for_user) == 0) {
    out += " Only in admin layers.";
  } else if ((key.layers & for_project) == 0) {
    out += " Not in a project's file.";
  }
  return out;
}

Node property(const SchemaKey& key) {
  Node out = table({{"description", text(description(key))}});
  Node type = type_of(key);
  for (Member& member : type.members) out.members.push_back(std::move(member));
  return out;
}

Node properties_of(std::span<const SchemaKey> keys) {
  Node out;
  for (const SchemaKey& key : keys) put(out, key.path, property(key));
  return out;
}

// Sections hold sections: `path` is empty or ends with a dot.
Node section(const std::string& path) {
  Node properties;
  for (const SchemaKey& key : schema()) {
    if (!key.path.starts_with(path)) continue;
    const std::string_view rest = key.path.substr(path.size());
    const std::size_t dot = rest.find('.');
    const std::string_view name = rest.substr(0, dot);
    if (properties.find(name) != nullptr) continue;
    put(properties, name, dot == std::string_view::npos ? property(key) : section(fmt::format("{}{}.", path, name)));
  }
  Node out = closed(std::move(properties));
  const std::string_view summary = section_summary(path.empty() ? "" : path.substr(0, path.size() - 1));
  if (!path.empty() && !summary.empty())
    out.members.insert(out.members.begin(), {"description", {}, text(fmt::format("{}.", summary))});
  return out;
}

Node required(std::initializer_list<std::string_view> keys) {
  Node out{.kind = NodeKind::array};
  for (const std::string_view key : keys) out.items.push_back(text(key));
  return table({{"required", std::move(out)}});
}

Node command_table() {
  Node out = closed(properties_of(command_schema()));
  put(out, "required", words_of("decision"));
  put(out, "anyOf", list({required({"prefix"}), required({"sha256"})}));
  put(out, "dependentSchemas",
      table({{"sha256", table({{"properties", table({{"decision", one_of_words("ask deny")}})}})}}));
  return out;
}

Node host_table() {
  Node out = closed(properties_of(host_schema()));
  put(out, "required", words_of("decision"));
  return out;
}

Node server_table() {
  Node out = closed(properties_of(server_schema()));
  put(out, "anyOf", list({required({"decision"}), required({"tools"}), required({"command"}), required({"url"})}));
  put(out, "not", required({"command", "url"}));
  put(out, "dependentRequired", table({{"arguments", words_of("command")}}));
  return out;
}

Node definitions() {
  constexpr std::int64_t kLongest = 16 * 1024;
  Node word = table({{"type", text("string")}, {"minLength", number(1)}, {"maxLength", number(kLongest)}});
  Node path = pattern("^(~$|~/|/)");
  put(path, "not", table({{"pattern", text("[*?\\[]|(^|/)\\.\\.?(/|$)")}}));
  Node size = pattern("^[0-9]+(\\.[0-9]+)?([KMGTkmgt](i?B)?)?$");
  put(size, "not", table({{"pattern", text("^[0.]+([KMGTkmgt](i?B)?)?$")}}));
  Node whole = table({{"type", text("integer")}, {"minimum", number(1)}});
  Node above = table({{"type", text("number")}, {"exclusiveMinimum", number(0)}, {"maximum", number(1'000'000)}});
  return table({
      {"text", table({{"type", text("string")}, {"maxLength", number(kLongest)}})},
      {"word", std::move(word)},
      {"path", std::move(path)},
      {"variable", pattern("^[A-Za-z_][A-Za-z0-9_]*$")},
      {"sha256", pattern("^[0-9A-Fa-f]{64}$")},
      {"duration", pattern("^([1-9][0-9]{0,5}|1000000)[smhd]$")},
      {"size", table({{"anyOf", list({std::move(whole), std::move(size)})}})},
      // canonical JSON has no fractions: there a number is text
      {"number", table({{"anyOf", list({std::move(above), pattern("^[0-9]+(\\.[0-9]+)?(e[+-]?[0-9]+)?$")})}})},
      {"decision", one_of_words("allow ask deny")},
      {"risk", one_of_words("low medium high critical")},
      {"command", command_table()},
      {"host", host_table()},
      {"server", server_table()},
  });
}

std::string quoted(std::string_view words) {
  std::string out = "\"";
  for (const char c : words) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;  // the table holds no control characters
  }
  return out + "\"";
}

bool is_scalar(const Node& node) { return node.kind != NodeKind::table && node.kind != NodeKind::array; }

std::string print(const Node& node, std::size_t indent);

std::string one_line(const Node& node) {
  if (is_scalar(node)) return print(node, 0);
  std::string out;
  for (const Member& member : node.members)
    out += fmt::format("{}{}: {}", out.empty() ? "" : ", ", quoted(member.key), one_line(member.value));
  for (const Node& item : node.items) out += fmt::format("{}{}", out.empty() ? "" : ", ", one_line(item));
  return node.kind == NodeKind::table ? "{" + out + "}" : "[" + out + "]";
}

std::string print(const Node& node, std::size_t indent) {
  switch (node.kind) {
    case NodeKind::string: return quoted(node.text);
    case NodeKind::integer: return fmt::format("{}", node.integer);
    case NodeKind::boolean: return node.boolean ? "true" : "false";
    default: break;
  }
  if (std::string line = one_line(node); line.size() + indent <= 100) return line;
  const std::string blanks(indent + 2, ' ');
  std::string out;
  for (const Member& member : node.members)
    out += fmt::format("{}{}{}: {}", out.empty() ? "" : ",\n", blanks, quoted(member.key),
                       print(member.value, indent + 2));
  for (const Node& item : node.items)
    out += fmt::format("{}{}{}", out.empty() ? "" : ",\n", blanks, print(item, indent + 2));
  const std::string end = "\n" + std::string(indent, ' ');
  return node.kind == NodeKind::table ? "{\n" + out + end + "}" : "[\n" + out + end + "]";
}

}  // namespace

std::string render_json_schema() {
  Node root = table({{"$schema", text("https://json-schema.org/draft/2020-12/schema")},
                     {"title", text("Bailiwick policy")},
                     {"description", text("One layer of policy. Written from the table in src/policy/schema_table.cc: "
                                          "do not edit.")}});
  Node body = section("");
  for (Member& member : body.members) root.members.push_back(std::move(member));
  put(root, "required", words_of("schema"));
  put(root, "$defs", definitions());
  return print(root, 0) + "\n";
}

}  // namespace bailiwick
