// The way back: a layer as a tree in the schema, for its digest, for bundles and for printing.
#include <fmt/format.h>

#include "base/text.h"
#include "policy/layer.h"
#include "policy/layer_values.h"

namespace bailiwick {
namespace {

Node text_node(std::string text) {
  Node out{.kind = NodeKind::string};
  out.text = std::move(text);
  return out;
}
Node number_node(std::int64_t number) { return Node{.kind = NodeKind::integer, .integer = number}; }
Node words_node(const std::vector<std::string>& words) {
  Node out{.kind = NodeKind::array};
  for (const std::string& word : words) out.items.push_back(text_node(word));
  return out;
}
void put(Node& table, std::string_view key, Node value) {
  table.members.push_back({std::string(key), {}, std::move(value)});
}

// The table at `path`, made where it is missing.
Node& table_at(Node& root, std::string_view path) {
  Node* at = &root;
  for (const std::string_view part : split(path, '.')) {
    Node* next = nullptr;
    for (Member& member : at->members)
      if (member.key == part) next = &member.value;
    if (next == nullptr) {
      put(*at, part, {});
      next = &at->members.back().value;
    }
    at = next;
  }
  return *at;
}

// Reals are no part of canonical JSON: a number is written as text where it is not whole. read_layer() takes both.
Node value_node(const SchemaKey& key, const SettingValue& value) {
  if (const auto* b = std::get_if<bool>(&value)) return Node{.kind = NodeKind::boolean, .boolean = *b};
  if (const auto* text = std::get_if<std::string>(&value)) return text_node(*text);
  if (const auto* words = std::get_if<std::vector<std::string>>(&value)) return words_node(*words);
  if (const auto* real = std::get_if<double>(&value)) return text_node(fmt::format("{}", *real));
  const std::int64_t number = std::get<std::int64_t>(value);
  switch (key.type) {
    case ValueType::decision: return text_node(std::string(name_of(static_cast<Decision>(number))));
    case ValueType::risk: return text_node(std::string(name_of(static_cast<Risk>(number))));
    case ValueType::duration: return text_node(values::format_duration_setting(number));
    default: return number_node(number);
  }
}

Node command_node(const CommandRule& rule) {
  Node out;
  if (!rule.prefix.empty()) {
    Node prefix{.kind = NodeKind::array};
    for (const auto& position : rule.prefix)
      prefix.items.push_back(position.size() == 1 ? text_node(position.front()) : words_node(position));
    put(out, "prefix", std::move(prefix));
  }
  if (!rule.with.empty()) put(out, "with", words_node(rule.with));
  if (!rule.sha256.empty()) put(out, "sha256", words_node(rule.sha256));
  put(out, "decision", text_node(std::string(name_of(rule.decision))));
  if (!rule.reason.empty()) put(out, "reason", text_node(rule.reason));
  const auto examples = [&](std::string_view key, const std::vector<Example>& list) {
    if (list.empty()) return;
    Node node{.kind = NodeKind::array};
    for (const Example& example : list) node.items.push_back(text_node(example.text));
    put(out, key, std::move(node));
  };
  examples("match", rule.match);
  examples("not_match", rule.not_match);
  return out;
}

Node host_node(const HostRule& rule) {
  Node decided = text_node(std::string(name_of(rule.decision)));
  if (rule.ports.empty() && rule.methods.empty() && rule.paths.empty() && rule.addresses.empty() && rule.reason.empty())
    return decided;
  Node out;
  put(out, "decision", std::move(decided));
  if (!rule.ports.empty()) {
    Node ports{.kind = NodeKind::array};
    for (const std::uint16_t port : rule.ports) ports.items.push_back(number_node(port));
    put(out, "ports", std::move(ports));
  }
  if (!rule.methods.empty()) put(out, "methods", words_node(rule.methods));
  if (!rule.paths.empty()) put(out, "paths", words_node(rule.paths));
  if (!rule.addresses.empty()) put(out, "addresses", words_node(rule.addresses));
  if (!rule.reason.empty()) put(out, "reason", text_node(rule.reason));
  return out;
}

Node server_node(const ServerRule& rule) {
  Node out;
  if (rule.decision) put(out, "decision", text_node(std::string(name_of(*rule.decision))));
  if (!rule.command.empty()) put(out, "command", text_node(rule.command));
  if (!rule.arguments.empty()) put(out, "arguments", words_node(rule.arguments));
  if (!rule.url.empty()) put(out, "url", text_node(rule.url));
  if (!rule.tools.empty()) {
    Node tools;
    for (const auto& [name, decided] : rule.tools) put(tools, name, text_node(std::string(name_of(decided))));
    put(out, "tools", std::move(tools));
  }
  if (!rule.reason.empty()) put(out, "reason", text_node(rule.reason));
  return out;
}

}  // namespace

Node to_node(const Layer& layer) {
  Node root;
  put(root, "schema", number_node(1));
  if (!layer.name.empty()) put(root, "name", text_node(layer.name));
  if (layer.revision != 0) put(root, "revision", number_node(layer.revision));
  for (const Setting& setting : layer.settings) {
    const std::string_view path = setting.key->path;
    const std::size_t dot = path.rfind('.');
    put(table_at(root, path.substr(0, dot)), path.substr(dot + 1), value_node(*setting.key, setting.value));
  }
  if (!layer.commands.empty()) {
    Node list{.kind = NodeKind::array};
    list.items.reserve(layer.commands.size());
    for (const CommandRule& rule : layer.commands) list.items.push_back(command_node(rule));
    put(root, "command", std::move(list));
  }
  if (!layer.hosts.empty()) {
    Node& hosts = table_at(root, "network.hosts");
    for (const HostRule& rule : layer.hosts) put(hosts, rule.pattern, host_node(rule));
  }
  if (!layer.servers.empty()) {
    Node& servers = table_at(root, "mcp.servers");
    for (const ServerRule& rule : layer.servers) put(servers, rule.name, server_node(rule));
  }
  return root;
}

}  // namespace bailiwick
