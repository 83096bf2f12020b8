#include "policy/layer.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <map>

#include "base/text.h"
#include "policy/layer_values.h"

namespace bailiwick {
namespace {

std::uint8_t set_of(LayerKind kind) {
  switch (kind) {
    case LayerKind::builtin: return for_builtin;
    case LayerKind::system:
    case LayerKind::mdm:
    case LayerKind::cloud: return for_admin;
    case LayerKind::project: return for_project;
    case LayerKind::user:
    case LayerKind::flag: return for_user;
  }
  return 0;
}

std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t corner = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t next = std::min({row[j] + 1, row[j - 1] + 1, corner + (a[i - 1] == b[j - 1] ? 0 : 1)});
      corner = row[j];
      row[j] = next;
    }
  }
  return row[b.size()];
}

// ": did you mean `x`?" for the nearest of `keys`, or nothing.
std::string suggestion(std::string_view key, const std::vector<std::string_view>& keys) {
  std::string_view best;
  std::size_t best_distance = 3;
  if (key.size() > 40) return {};
  for (const std::string_view candidate : keys) {
    const std::size_t d = distance(key, candidate);
    if (d < best_distance && d < candidate.size()) {
      best = candidate;
      best_distance = d;
    }
  }
  return best.empty() ? std::string() : fmt::format(": did you mean `{}`?", best);
}

class Reader {
 public:
  Reader(LayerKind kind, std::string_view file) : file_(file) {
    layer_.kind = kind;
    layer_.file = std::string(file);
  }

  Result<Layer> read(const Node& root) {
    if (root.kind != NodeKind::table) return fail_at(file_, root.place, "a policy is a table");
    const Node* version = root.find("schema");
    if (version == nullptr) return fail_at(file_, {}, "there is no `schema`: begin the file with `schema = 1`");
    if (version->kind != NodeKind::integer || version->integer != 1)
      return fail_at(file_, version->place, "`schema` must be 1: this program reads no other version");
    TRY(section(root, ""));
    // by the table, whatever the file's order
    std::ranges::sort(layer_.settings, {}, [](const Setting& setting) { return setting.key; });
    return std::move(layer_);
  }

 private:
  // `path` is empty or ends with a dot.
  Status section(const Node& table, const std::string& path) {
    for (const Member& member : table.members) {
      // `"sandbox.modes"` in quotes would be a second way to say a thing, and a second value for it.
      if (member.key.contains('.'))
        return fail_at(file_, member.place,
                       fmt::format("unknown key `{}`: a key in quotes holds a dot, write it without quotes",
                                   printable(shorten(member.key, 80))));
      const std::string full = path + member.key;
      if (const SchemaKey* key = find_key(full)) {
        TRY(value(*key, member));
        continue;
      }
      const std::string inner = full + ".";
      const bool is_section =
          std::ranges::any_of(schema(), [&](const SchemaKey& key) { return key.path.starts_with(inner); });
      if (!is_section) return unknown(member, path);
      if (member.value.kind != NodeKind::table)
        return fail_at(
            file_, member.value.place,
            fmt::format("`{}` is {}, and must be a table: write `[{}]`", full, name_of(member.value.kind), full));
      TRY(section(member.value, inner));
    }
    return {};
  }

  [[nodiscard]] std::unexpected<Error> unknown(const Member& member, const std::string& path) const {
    std::vector<std::string_view> keys;
    for (const SchemaKey& key : schema()) {
      if (!key.path.starts_with(path)) continue;
      std::string_view rest = key.path.substr(path.size());
      rest = rest.substr(0, rest.find('.'));
      if (keys.empty() || keys.back() != rest) keys.push_back(rest);
    }
    return fail_at(
        file_, member.place,
        fmt::format("unknown key `{}{}`{}", path, printable(shorten(member.key, 80)), suggestion(member.key, keys)));
  }

  Status value(const SchemaKey& key, const Member& member) {
    if ((key.layers & set_of(layer_.kind)) == 0) {
      const std::string_view why = layer_.kind == LayerKind::project ? "a project's file may only tighten"
                                                                     : "only an admin layer (cloud, mdm, system) may";
      return fail_at(file_, member.place, fmt::format("`{}` may not be set here: {}", key.path, why));
    }
    switch (key.type) {
      case ValueType::commands: return commands(member);
      case ValueType::hosts: return hosts(member);
      case ValueType::servers: return servers(member);
      default: break;
    }
    TRY_ASSIGN(SettingValue read, values::read_value(key, member.value, key.path, file_));
    if (key.path == "name") layer_.name = std::get<std::string>(read);
    if (key.path == "revision") layer_.revision = std::get<std::int64_t>(read);
    if (key.combines == Combines::own) return {};
    if (key.type == ValueType::decision)
      TRY(check_allow(member.value, static_cast<Decision>(std::get<std::int64_t>(read))));
    if (key.type == ValueType::choices) TRY(check_choices(key, member.value, std::get<std::vector<std::string>>(read)));
    layer_.settings.push_back({&key, std::move(read), member.value.place});
    return {};
  }

  // A project lies where the agent writes.
  [[nodiscard]] Status check_allow(const Node& node, Decision decision) const {
    if (layer_.kind != LayerKind::project || decision != Decision::allow) return {};
    return fail_at(file_, node.place, "a project's file may only tighten: `allow` is not for it");
  }

  // SECURITY: a list without the strictest choice would leave only a looser one to start in (full-access, landlock, the
  // auto-review agent), so that naming fewer loosens: Layer.AProjectKeepsTheStricterChoices.
  [[nodiscard]] Status check_choices(const SchemaKey& key, const Node& node,
                                     const std::vector<std::string>& words) const {
    if (layer_.kind != LayerKind::project || key.combines != Combines::meet) return {};
    const auto known = split(key.values, ' ');
    for (std::size_t i = 0; i < words.size(); ++i)
      if (words[i] != known[i])
        return fail_at(file_, node.place,
                       fmt::format("a project's file may only tighten: `{}` with \"{}\" must name \"{}\", too",
                                   key.path, words[i], known[i]));
    return {};
  }

  // Refuses keys that are not in `keys`.
  [[nodiscard]] Status known(const Node& table, std::span<const SchemaKey> keys, std::string_view what) const {
    for (const Member& member : table.members) {
      if (std::ranges::find(keys, member.key, &SchemaKey::path) != keys.end()) continue;
      std::vector<std::string_view> names;
      for (const SchemaKey& key : keys) names.push_back(key.path);
      return fail_at(file_, member.place,
                     fmt::format("unknown key `{}` in {}{}", printable(shorten(member.key, 80)), what,
                                 suggestion(member.key, names)));
    }
    return {};
  }

  [[nodiscard]] Result<Decision> decision(const Node& node, std::string_view path) const {
    if (node.kind != NodeKind::string)
      return fail_at(file_, node.place,
                     fmt::format("`{}` is {}, and must be \"allow\", \"ask\" or \"deny\"", path, name_of(node.kind)));
    const auto found = find_decision(node.text);
    if (!found)
      return fail_at(file_, node.place,
                     fmt::format("`{}` is \"{}\", and must be \"allow\", \"ask\" or \"deny\"", path,
                                 printable(shorten(node.text, 80))));
    TRY(check_allow(node, *found));
    return *found;
  }

  Status commands(const Member& member) {
    if (member.value.kind != NodeKind::array)
      return fail_at(file_, member.value.place, "rules about commands are a list: write `[[command]]` above each");
    layer_.commands.reserve(member.value.items.size());
    for (const Node& item : member.value.items) TRY(command(item));
    return {};
  }

  Status command(const Node& node) {
    if (node.kind != NodeKind::table)
      return fail_at(file_, node.place, "a command rule is a table: write `[[command]]` above it");
    TRY(known(node, command_schema(), "[[command]]"));
    CommandRule rule;
    rule.place = node.place;
    if (const Node* prefix = node.find("prefix")) {
      TRY_ASSIGN(rule.prefix, values::read_prefix(*prefix, file_));
    }
    if (const Node* with = node.find("with")) {
      TRY_ASSIGN(rule.with, values::read_words(*with, "with", file_));
      if (rule.with.empty()) return fail_at(file_, with->place, "`with` is empty: leave it out, or name a word");
    }
    if (const Node* hashes = node.find("sha256")) {
      TRY_ASSIGN(rule.sha256, values::read_hashes(*hashes, file_));
    }
    if (rule.prefix.empty() && rule.sha256.empty())
      return fail_at(file_, node.place, "this command rule has neither `prefix` nor `sha256`: it would match nothing");
    const Node* decided = node.find("decision");
    if (decided == nullptr)
      return fail_at(file_, node.place, "this command rule has no `decision`: allow, ask or deny");
    TRY_ASSIGN(rule.decision, decision(*decided, "decision"));
    if (rule.decision == Decision::allow && !rule.sha256.empty())
      return fail_at(file_, node.find("sha256")->place,
                     "`sha256` is for `deny` and `ask`: an `allow` holds for the trusted file of that name");
    if (const Node* reason = node.find("reason")) {
      TRY_ASSIGN(rule.reason, values::read_text(*reason, "reason", file_));
    }
    if (const Node* match = node.find("match")) TRY(examples(*match, "match", rule.match));
    if (const Node* match = node.find("not_match")) TRY(examples(*match, "not_match", rule.not_match));
    layer_.commands.push_back(std::move(rule));
    return {};
  }

  Status examples(const Node& node, std::string_view key, std::vector<Example>& out) const {
    TRY_ASSIGN(std::vector<std::string> texts, values::read_words(node, key, file_));
    for (std::size_t i = 0; i < texts.size(); ++i) out.push_back({std::move(texts[i]), node.items[i].place});
    return {};
  }

  // `github.com = "allow"` without quotes is a table `github` in TOML.
  [[nodiscard]] Status check_quotes(const Node& table) const {
    if (table.members.size() != 1) return {};
    const Member& only = table.members.front();
    std::vector<std::string_view> names;
    for (const SchemaKey& key : host_schema()) names.push_back(key.path);
    if (std::ranges::find(names, only.key) != names.end() || !suggestion(only.key, names).empty()) return {};
    return fail_at(file_, only.place,
                   fmt::format("unknown key `{}` in a host's table: write a host with dots in quotes, as in "
                               "\"github.com\"",
                               printable(shorten(only.key, 80))));
  }

  Status hosts(const Member& member) {
    if (member.value.kind != NodeKind::table)
      return fail_at(file_, member.value.place,
                     "hosts are a table: write `[network.hosts]`, then `\"github.com\" = \"allow\"`");
    std::map<std::string, Place> places;
    for (const Member& row : member.value.members) {
      TRY_ASSIGN(HostRule rule, values::read_host(row, file_));
      if (row.value.kind == NodeKind::table) {
        TRY(check_quotes(row.value));
        TRY(known(row.value, host_schema(), "a host's table"));
      }
      const Node* decided = row.value.kind == NodeKind::table ? row.value.find("decision") : &row.value;
      if (decided == nullptr)
        return fail_at(file_, row.value.place, fmt::format("the rule of `{}` has no `decision`", row.key));
      TRY_ASSIGN(rule.decision, decision(*decided, row.key));
      if (const auto [first, is_new] = places.emplace(rule.pattern, rule.place); !is_new) {
        const Place place = first->second;
        const std::string where = place.line == 0 ? "" : fmt::format(" (first in line {})", place.line);
        return fail_at(file_, row.place,
                       fmt::format("the host `{}` stands here twice{}: remove one", rule.pattern, where));
      }
      layer_.hosts.push_back(std::move(rule));
    }
    return {};
  }

  Status servers(const Member& member) {
    if (member.value.kind != NodeKind::table)
      return fail_at(file_, member.value.place, "servers are tables: write `[mcp.servers.NAME]`");
    for (const Member& row : member.value.members) TRY(server(row));
    return {};
  }

  Status server(const Member& row) {
    if (row.value.kind != NodeKind::table)
      return fail_at(file_, row.value.place,
                     fmt::format("the rule of MCP server `{}` is a table: write `[mcp.servers.{}]`", printable(row.key),
                                 printable(row.key)));
    TRY(known(row.value, server_schema(), "an MCP server's table"));
    if (row.key.empty()) return fail_at(file_, row.place, "an MCP server has no name here");
    TRY_ASSIGN(ServerRule rule, values::read_server(row, file_));
    if (const Node* decided = row.value.find("decision")) {
      TRY_ASSIGN(rule.decision, decision(*decided, "decision"));
    }
    if (const Node* tools = row.value.find("tools")) {
      if (tools->kind != NodeKind::table)
        return fail_at(file_, tools->place, "`tools` is a table of names and decisions");
      for (const Member& tool : tools->members) {
        TRY_ASSIGN(const Decision decided, decision(tool.value, printable(shorten(tool.key, 80))));
        TRY(values::check_tool_pattern(tool, file_));
        rule.tools.emplace_back(tool.key, decided);
      }
    }
    if (!rule.decision && rule.tools.empty() && rule.command.empty() && rule.url.empty())
      return fail_at(file_, row.place, fmt::format("the rule of MCP server `{}` says nothing", printable(row.key)));
    layer_.servers.push_back(std::move(rule));
    return {};
  }

  std::string_view file_;
  Layer layer_;
};

}  // namespace

std::string_view name_of(LayerKind kind) {
  constexpr auto kNames =
      std::to_array<std::string_view>({"builtin", "system", "mdm", "cloud", "project", "user", "flag"});
  return kNames[static_cast<std::size_t>(kind)];
}

bool is_admin(LayerKind kind) {
  return kind == LayerKind::system || kind == LayerKind::mdm || kind == LayerKind::cloud;
}

std::string format_prefix(const CommandRule& rule) {
  std::string out;
  for (const auto& position : rule.prefix) {
    if (!out.empty()) out += ' ';
    std::string words;
    for (const std::string& word : position) {
      if (!words.empty()) words += '|';
      words += shell_quote(word);
    }
    out += words;
  }
  if (!rule.with.empty()) out += fmt::format(" .. {}", fmt::join(rule.with, "|"));
  if (out.empty() && !rule.sha256.empty()) out = "sha256 " + rule.sha256.front().substr(0, 12);
  return out;
}

std::vector<std::vector<std::string>> spellings(const CommandRule& rule, std::size_t most) {
  if (rule.prefix.empty()) return {};
  std::vector<std::vector<std::string>> out{{}};
  for (const auto& position : rule.prefix) {
    std::vector<std::vector<std::string>> longer;
    for (const auto& words : out) {
      for (const std::string& word : position) {
        if (longer.size() == most) break;
        longer.push_back(words);
        longer.back().push_back(word);
      }
    }
    out = std::move(longer);
  }
  return out;
}

const Setting* Layer::find(std::string_view path) const {
  const auto found = std::ranges::find_if(settings, [&](const Setting& setting) { return setting.key->path == path; });
  return found == settings.end() ? nullptr : &*found;
}

Result<Layer> read_layer(const Node& root, LayerKind kind, std::string_view file) {
  return Reader(kind, file).read(root);
}

Layer builtin_layer() {
  Layer out{.kind = LayerKind::builtin, .file = "built-in", .name = "built-in defaults"};
  const auto set = [&](std::string_view path, SettingValue value) {
    out.settings.push_back({find_key(path), std::move(value), {}});
  };
  set("approvals.timeout", std::int64_t{600});
  set("auto_review.ceiling", static_cast<std::int64_t>(Risk::medium));
  set("auto_review.timeout", std::int64_t{30});
  set("defaults.sandbox.mode", "workspace-write");
  set("defaults.sandbox.backend", "namespaces");
  set("defaults.network.mode", "off");
  set("defaults.commands.default", static_cast<std::int64_t>(Decision::allow));
  set("defaults.commands.ask_from", static_cast<std::int64_t>(Risk::high));
  set("defaults.network.default", static_cast<std::int64_t>(Decision::ask));
  set("defaults.mcp.default", static_cast<std::int64_t>(Decision::ask));
  set("defaults.approvals.reviewer", "person");
  std::ranges::sort(out.settings, {}, [](const Setting& setting) { return setting.key; });
  return out;
}

}  // namespace bailiwick
