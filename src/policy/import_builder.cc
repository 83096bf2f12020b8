#include "policy/import_builder.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <tuple>

#include "base/text.h"

namespace bailiwick {
namespace {

Member member_of(std::string key, Node value) {
  const Place place = value.place;
  return {.key = std::move(key), .place = place, .value = std::move(value)};
}

Node table_node(Place place) {
  Node out;
  out.place = place;
  return out;
}

Node array_node(Place place) {
  Node out;
  out.kind = NodeKind::array;
  out.place = place;
  return out;
}

Node decision_node(Decision decision, Place place) { return text_node(std::string(name_of(decision)), place); }

Node to_node(const CommandRule& rule) {
  Node out = table_node(rule.place);
  Node prefix = array_node(rule.place);
  for (const auto& words : rule.prefix) {
    prefix.items.push_back(words.size() == 1 ? text_node(words[0], rule.place) : words_node(words, rule.place));
  }
  if (!rule.prefix.empty()) out.members.push_back(member_of("prefix", std::move(prefix)));
  if (!rule.with.empty()) out.members.push_back(member_of("with", words_node(rule.with, rule.place)));
  out.members.push_back(member_of("decision", decision_node(rule.decision, rule.place)));
  if (!rule.reason.empty()) out.members.push_back(member_of("reason", text_node(rule.reason, rule.place)));
  for (const auto& [name, examples] : {std::pair{"match", &rule.match}, std::pair{"not_match", &rule.not_match}}) {
    if (examples->empty()) continue;
    Node list = array_node(examples->front().place);
    for (const Example& example : *examples) list.items.push_back(text_node(example.text, example.place));
    out.members.push_back(member_of(name, std::move(list)));
  }
  return out;
}

Node to_node(const HostRule& rule) {
  if (rule.addresses.empty() && rule.reason.empty()) return decision_node(rule.decision, rule.place);
  Node out = table_node(rule.place);
  out.members.push_back(member_of("decision", decision_node(rule.decision, rule.place)));
  if (!rule.addresses.empty()) out.members.push_back(member_of("addresses", words_node(rule.addresses, rule.place)));
  if (!rule.reason.empty()) out.members.push_back(member_of("reason", text_node(rule.reason, rule.place)));
  return out;
}

Node to_node(const ServerRule& rule) {
  Node out = table_node(rule.place);
  if (rule.decision) out.members.push_back(member_of("decision", decision_node(*rule.decision, rule.place)));
  if (!rule.command.empty()) out.members.push_back(member_of("command", text_node(rule.command, rule.place)));
  if (!rule.arguments.empty()) out.members.push_back(member_of("arguments", words_node(rule.arguments, rule.place)));
  if (!rule.url.empty()) out.members.push_back(member_of("url", text_node(rule.url, rule.place)));
  if (!rule.tools.empty()) {
    Node tools = table_node(rule.place);
    for (const auto& [name, decision] : rule.tools) {
      tools.members.push_back(member_of(name, decision_node(decision, rule.place)));
    }
    out.members.push_back(member_of("tools", std::move(tools)));
  }
  return out;
}

// The table at `path` below `root`, made where it is missing.
Node& table_at(Node& root, std::string_view path) {
  Node* table = &root;
  for (const std::string_view part : split(path, '.')) {
    auto found = std::ranges::find(table->members, part, &Member::key);
    if (found == table->members.end()) {
      table->members.push_back(member_of(std::string(part), table_node({})));
      found = std::prev(table->members.end());
    }
    table = &found->value;
  }
  return *table;
}

// In the order in which the reference lists them.
constexpr std::array<std::string_view, 8> kSections{"sandbox",     "commands", "network",  "approvals",
                                                    "auto_review", "mcp",      "identity", "telemetry"};

}  // namespace

Node text_node(std::string text, Place place) {
  Node out;
  out.kind = NodeKind::string;
  out.text = std::move(text);
  out.place = place;
  return out;
}

Node flag_node(bool value, Place place) {
  Node out;
  out.kind = NodeKind::boolean;
  out.boolean = value;
  out.place = place;
  return out;
}

Node words_node(const std::vector<std::string>& words, Place place) {
  Node out = array_node(place);
  for (const std::string& word : words) out.items.push_back(text_node(word, place));
  return out;
}

std::string join_key(std::string_view parent, std::string_view key) {
  const bool is_bare = !key.empty() && std::ranges::all_of(key, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
  std::string out(parent);
  if (!out.empty()) out += '.';
  if (is_bare) return out.append(key);
  out += '"';
  for (const char c : key) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

std::string join_key(std::string_view parent, std::size_t index) { return fmt::format("{}[{}]", parent, index); }

std::string quoted(std::string_view text) { return "`" + printable(shorten(text, 80)) + "`"; }

std::string wrong_kind_note(const Node& value, std::string_view wanted) {
  return fmt::format("{}, where the original has {}: left out", name_of(value.kind), wanted);
}

std::string prefix_text(const std::vector<std::vector<std::string>>& prefix) {
  std::string out;
  for (const auto& words : prefix) {
    for (std::size_t i = 0; i < words.size(); ++i) {
      if (i > 0 || !out.empty()) out += i == 0 ? ' ' : '|';
      out += shell_quote(words[i]);
    }
  }
  return out;
}

bool is_rooted(std::string_view path) {
  if (!path.starts_with('/') && !path.starts_with("~/")) return false;
  return path.size() < 4096 &&
         std::ranges::none_of(split(path, '/'), [](std::string_view part) { return part == ".."; });
}

bool is_plain_path(std::string_view path) {
  if (!is_rooted(path) || path.find_first_not_of("~/") == std::string_view::npos) return false;
  return path.find_first_of("*?[{\\") == std::string_view::npos &&
         std::ranges::none_of(split(path, '/'), [](std::string_view part) { return part == "."; });
}

void PolicyBuilder::carried(std::string key, Place place, std::string note) {
  row(ImportOutcome::carried, std::move(key), place, std::move(note));
}
void PolicyBuilder::tightened(std::string key, Place place, std::string note) {
  row(ImportOutcome::tightened, std::move(key), place, std::move(note));
}
void PolicyBuilder::left_out(std::string key, Place place, std::string note) {
  row(ImportOutcome::not_expressible, std::move(key), place, std::move(note));
}
void PolicyBuilder::unknown(std::string key, Place place, std::string note) {
  row(ImportOutcome::unknown, std::move(key), place, std::move(note));
}
void PolicyBuilder::row(ImportOutcome outcome, std::string key, Place place, std::string note) {
  report_.push_back({.key = std::move(key), .place = place, .outcome = outcome, .note = std::move(note)});
}

void PolicyBuilder::set(std::string_view path, Node value) {
  const auto found = std::ranges::find(settings_, path, &std::pair<std::string, Node>::first);
  if (found != settings_.end()) {
    found->second = std::move(value);
  } else {
    settings_.emplace_back(path, std::move(value));
  }
}
void PolicyBuilder::set_text(std::string_view path, std::string_view text, Place place) {
  set(path, text_node(std::string(text), place));
}
void PolicyBuilder::set_decision(std::string_view path, Decision decision, Place place) {
  const Node* before = find(path);
  if (before != nullptr && find_decision(before->text).value_or(Decision::allow) >= decision) return;
  set(path, decision_node(decision, place));
}
void PolicyBuilder::add_word(std::string_view path, std::string word, Place place) {
  auto found = std::ranges::find(settings_, path, &std::pair<std::string, Node>::first);
  if (found == settings_.end()) found = settings_.emplace(settings_.end(), path, array_node(place));
  if (std::ranges::find(found->second.items, word, &Node::text) != found->second.items.end()) return;
  found->second.items.push_back(text_node(std::move(word), place));
}
void PolicyBuilder::keep_words(std::string_view path, const std::vector<std::string>& kept, Place place) {
  const auto found = std::ranges::find(settings_, path, &std::pair<std::string, Node>::first);
  if (found == settings_.end()) {
    set(path, words_node(kept, place));
    return;
  }
  std::vector<Node> both;
  for (const Node& item : found->second.items) {
    if (std::ranges::find(kept, item.text) != kept.end()) both.push_back(item);
  }
  if (!both.empty()) found->second.items = std::move(both);
}
void PolicyBuilder::remove_word(std::string_view path, std::string_view word) {
  const auto found = std::ranges::find(settings_, path, &std::pair<std::string, Node>::first);
  if (found == settings_.end()) return;
  std::erase_if(found->second.items, [&](const Node& item) { return item.text == word; });
}
const Node* PolicyBuilder::find(std::string_view path) const {
  const auto found = std::ranges::find(settings_, path, &std::pair<std::string, Node>::first);
  return found == settings_.end() ? nullptr : &found->second;
}
std::vector<std::string> PolicyBuilder::words(std::string_view path) const {
  std::vector<std::string> out;
  if (const Node* list = find(path)) {
    for (const Node& item : list->items) out.push_back(item.text);
  }
  return out;
}

CommandFit PolicyBuilder::command(CommandRule rule) {
  constexpr std::size_t kMaxWord = 4096;
  constexpr std::size_t kMaxSpellings = 1000;
  const bool is_allow = rule.decision == Decision::allow;
  CommandFit fit = CommandFit::same;
  std::size_t spellings = 1;
  for (std::size_t i = 0; i < rule.prefix.size(); ++i) {
    std::vector<std::string> words;
    bool is_cut = false;
    for (std::string& word : rule.prefix[i]) {
      const bool is_relative = i == 0 && word.contains('/') && !word.starts_with('/');
      if (is_relative && !is_allow) word.erase(0, word.rfind('/') + 1);
      if (is_relative) fit = CommandFit::wider;
      if (word.empty() || word.size() > kMaxWord || (is_relative && is_allow)) {
        is_cut = true;
      } else if (std::ranges::find(words, word) == words.end()) {
        words.push_back(std::move(word));
      }
    }
    // Of what is allowed the rest is left, of what is not the words before.
    const bool is_too_much = i > 0 && spellings * words.size() > kMaxSpellings;
    if (words.empty() || (is_cut && !is_allow) || is_too_much) {
      if (is_allow || i == 0) return CommandFit::lost;
      fit = CommandFit::wider;
      rule.prefix.resize(i);
      break;
    }
    if (is_cut) fit = CommandFit::wider;
    spellings *= words.size();
    rule.prefix[i] = std::move(words);
  }
  if (rule.prefix.empty()) return CommandFit::lost;
  rule.reason = shorten(rule.reason, kMaxWord);
  while (rule.prefix[0].size() > kMaxSpellings) {
    CommandRule part = rule;
    part.prefix[0].resize(kMaxSpellings);
    part.match.clear();
    rule.prefix[0].erase(rule.prefix[0].begin(), rule.prefix[0].begin() + kMaxSpellings);
    commands_.push_back(std::move(part));
    rule.match.clear();
  }
  commands_.push_back(std::move(rule));
  return fit;
}
void PolicyBuilder::host(HostRule rule) {
  rule.reason = shorten(rule.reason, 4096);
  const auto found = std::ranges::find(hosts_, rule.pattern, &HostRule::pattern);
  if (found == hosts_.end()) {
    hosts_.push_back(std::move(rule));
  } else if (found->decision < rule.decision) {
    *found = std::move(rule);
  }
}
ServerRule& PolicyBuilder::server(std::string_view name, Place place) {
  const auto found = std::ranges::find(servers_, name, &ServerRule::name);
  if (found != servers_.end()) return *found;
  servers_.push_back({.name = std::string(name), .decision = {}, .place = place});
  return servers_.back();
}

Imported PolicyBuilder::finish() && {
  Imported out;
  Node schema;
  schema.kind = NodeKind::integer;
  schema.integer = 1;
  out.policy.members.push_back(member_of("schema", std::move(schema)));
  for (const std::string_view section : kSections) {
    for (auto& [path, value] : settings_) {
      if (!path.starts_with(section) || path[section.size()] != '.') continue;
      const std::string key = path.substr(section.size() + 1);
      table_at(out.policy, section).members.push_back(member_of(key, std::move(value)));
    }
    if (section == "commands" && !commands_.empty()) {
      Node list = array_node(commands_.front().place);
      for (const CommandRule& rule : commands_) list.items.push_back(to_node(rule));
      out.policy.members.push_back(member_of("command", std::move(list)));
    }
    if (section == "network") {
      for (const HostRule& rule : hosts_) {
        table_at(out.policy, "network.hosts").members.push_back(member_of(rule.pattern, to_node(rule)));
      }
    }
    if (section == "mcp") {
      for (const ServerRule& rule : servers_) {
        table_at(out.policy, "mcp.servers").members.push_back(member_of(rule.name, to_node(rule)));
      }
    }
  }
  for (auto& [path, value] : settings_) {
    if (!path.starts_with("defaults.")) continue;
    const auto dot = path.rfind('.');
    table_at(out.policy, path.substr(0, dot)).members.push_back(member_of(path.substr(dot + 1), std::move(value)));
  }
  // Not stable_sort(): clang calls it deprecated with this library.
  std::vector<std::size_t> order(report_.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::ranges::sort(order, {},
                    [&](std::size_t i) { return std::tuple(report_[i].place.line, report_[i].place.column, i); });
  for (const std::size_t i : order) out.report.push_back(std::move(report_[i]));
  return out;
}

void for_each_member(PolicyBuilder& policy, const std::string& key, const Member& table, const ReadMember& read) {
  if (table.value.kind != NodeKind::table) {
    policy.unknown(key, table.place, wrong_kind_note(table.value, "a table"));
    return;
  }
  if (table.value.members.empty()) policy.carried(key, table.place, "empty");
  for (const Member& member : table.value.members) read(join_key(key, member.key), member);
}

void for_each_item(PolicyBuilder& policy, const std::string& key, const Member& list, const ReadItem& read) {
  if (list.value.kind != NodeKind::array) {
    policy.unknown(key, list.place, wrong_kind_note(list.value, "a list"));
    return;
  }
  if (list.value.items.empty()) policy.carried(key, list.place, "empty");
  for (std::size_t i = 0; i < list.value.items.size(); ++i) read(join_key(key, i), list.value.items[i]);
}

std::optional<Words> read_words(PolicyBuilder& policy, const std::string& key, const Member& member) {
  if (member.value.kind != NodeKind::array) {
    policy.unknown(key, member.place, wrong_kind_note(member.value, "a list of strings"));
    return std::nullopt;
  }
  Words out;
  for (std::size_t i = 0; i < member.value.items.size(); ++i) {
    const Node& item = member.value.items[i];
    if (item.kind == NodeKind::string) {
      out.words.push_back(item.text);
    } else {
      out.wrong += fmt::format("; item {} is {}: left out", i, name_of(item.kind));
    }
  }
  return out;
}

const std::string* read_text(PolicyBuilder& policy, const std::string& key, const Member& member) {
  if (member.value.kind == NodeKind::string) return &member.value.text;
  policy.unknown(key, member.place, wrong_kind_note(member.value, "a string"));
  return nullptr;
}

std::optional<bool> read_flag(PolicyBuilder& policy, const std::string& key, const Member& member) {
  if (member.value.kind == NodeKind::boolean) return member.value.boolean;
  policy.unknown(key, member.place, wrong_kind_note(member.value, "true or false"));
  return std::nullopt;
}

void read_other(PolicyBuilder& policy, const std::string& key, const Member& member, std::span<const LeftOutKey> rows) {
  const auto row = std::ranges::find(rows, member.key, &LeftOutKey::key);
  if (row == rows.end()) {
    policy.unknown(key, member.place, "not in the original's schema: left out");
  } else {
    policy.left_out(key, member.place, std::string(row->note));
  }
}

}  // namespace bailiwick
