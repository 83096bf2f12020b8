#include "policy/layer_values.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/text.h"
#include "policy/glob.h"
#include "policy/host_pattern.h"
#include "policy/policy.h"

namespace bailiwick::values {
namespace {

constexpr std::size_t kMaxText = 16 * 1024;
constexpr std::size_t kMaxSpellings = 1000;  // of one prefix, all alternatives multiplied

std::unexpected<Error> wrong_type(const Node& node, std::string_view path, std::string_view wanted,
                                  std::string_view file) {
  return fail_at(file, node.place, fmt::format("`{}` is {}, and must be {}", path, name_of(node.kind), wanted));
}

std::string shown(const std::string& text) { return printable(shorten(text, 80)); }

Status check_path(const Node& node, std::string_view path, std::string_view file) {
  const std::string& text = node.text;
  const auto wrong = [&](std::string_view why) {
    return fail_at(file, node.place, fmt::format("`{}`: `{}` {}", path, shown(text), why));
  };
  if (!text.starts_with('/') && !text.starts_with("~/") && text != "~")
    return wrong("must be absolute or start with ~/");
  for (const std::string_view part : split(text, '/')) {
    if (part == ".." || part == ".") return wrong("must not hold `.` or `..`");
  }
  if (text.find_first_of("*?[") != std::string::npos) return wrong("is a pattern: this list takes paths only");
  return {};
}

bool is_resolved(std::string_view path) {
  const auto parts = split(path.substr(1), '/');
  return std::ranges::none_of(parts, [](std::string_view part) { return part.empty() || part == "." || part == ".."; });
}

// Without a slash at the end nor two in a row, so that paths can be compared.
std::string normal_path(const std::string& text) {
  std::string out;
  for (const char c : text)
    if (c != '/' || out.empty() || out.back() != '/') out += c;
  if (out.size() > 1 && out.back() == '/') out.pop_back();
  return out;
}

Result<std::vector<std::string>> read_choices(const SchemaKey& key, const Node& node, std::string_view path,
                                              std::string_view file) {
  TRY_ASSIGN(std::vector<std::string> words, read_words(node, path, file));
  if (words.empty()) return fail_at(file, node.place, fmt::format("`{}` is empty: nothing could be chosen", path));
  const auto known = split(key.values, ' ');
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (std::ranges::find(known, words[i]) == known.end())
      return fail_at(file, node.items[i].place,
                     fmt::format("`{}`: \"{}\" is none of {}", path, shown(words[i]), fmt::join(known, ", ")));
    if (std::find(words.begin(), words.begin() + static_cast<std::ptrdiff_t>(i), words[i]) !=
        words.begin() + static_cast<std::ptrdiff_t>(i))
      return fail_at(file, node.items[i].place, fmt::format("`{}` names \"{}\" twice", path, words[i]));
  }
  // in the table's order, so that equal sets are equal
  std::ranges::sort(words, {}, [&](const std::string& word) { return std::ranges::find(known, word); });
  return words;
}

Status check_endpoint(const Node& item, std::string_view path, std::string_view file) {
  if (item.text.starts_with("https://") || item.text.starts_with("http://")) return {};
  return fail_at(file, item.place, fmt::format("`{}`: `{}` is no http:// or https:// address", path, shown(item.text)));
}

Status check_name(const Node& item, std::string_view path, std::string_view file) {
  if (parse_environment(item.text) && !item.text.contains('=')) return {};
  return fail_at(file, item.place, fmt::format("`{}`: `{}` is no name of a variable", path, shown(item.text)));
}

Result<std::vector<std::string>> read_list(const SchemaKey& key, const Node& node, std::string_view path,
                                           std::string_view file) {
  TRY_ASSIGN(std::vector<std::string> out, read_words(node, path, file));
  for (std::size_t i = 0; i < out.size(); ++i) {
    const Node& item = node.items[i];
    if (key.type == ValueType::paths) {
      TRY(check_path(item, path, file));
      out[i] = normal_path(out[i]);
    } else if (key.type == ValueType::globs) {
      if (const auto glob = Glob::parse(out[i]); !glob)
        return fail_at(file, item.place, fmt::format("`{}`: {}", path, glob.error().what));
    } else if (key.path == "telemetry.endpoints") {
      TRY(check_endpoint(item, path, file));
    } else if (key.path == "sandbox.environment") {
      TRY(check_name(item, path, file));
    }
  }
  return out;
}

Result<SettingValue> read_count(const Node& node, std::string_view path, std::string_view file) {
  if (node.kind != NodeKind::integer) return wrong_type(node, path, "a whole number", file);
  if (node.integer < 0) return fail_at(file, node.place, fmt::format("`{}` must not be below 0", path));
  return SettingValue(node.integer);
}

Result<SettingValue> read_size(const Node& node, std::string_view path, std::string_view file) {
  if (node.kind == NodeKind::integer && node.integer > 0) return SettingValue(node.integer);
  if (node.kind != NodeKind::string) return wrong_type(node, path, "a size such as \"512M\", above 0", file);
  const auto bytes = parse_bytes(node.text);
  if (!bytes || *bytes == 0 || *bytes > static_cast<std::uint64_t>(INT64_MAX))
    return fail_at(file, node.place,
                   fmt::format("`{}`: `{}` is no size above 0: write \"512M\", \"8G\"", path, shown(node.text)));
  return SettingValue(static_cast<std::int64_t>(*bytes));
}

}  // namespace

Result<std::int64_t> parse_duration(std::string_view text) {
  const auto wrong = [&] {
    return fail(ErrorKind::invalid, fmt::format("`{}` is no duration: write \"90s\", \"10m\", \"2h\", \"30d\"",
                                                printable(shorten(text, 40))));
  };
  if (text.size() < 2) return wrong();
  std::int64_t unit = 0;
  switch (text.back()) {
    case 's': unit = 1; break;
    case 'm': unit = 60; break;
    case 'h': unit = 3600; break;
    case 'd': unit = 86400; break;
    default: return wrong();
  }
  const auto number = parse_number(text.substr(0, text.size() - 1), 1, 1'000'000);
  if (!number) return wrong();
  return static_cast<std::int64_t>(*number) * unit;
}

std::string format_duration_setting(std::int64_t seconds) {
  for (const auto& [unit, letter] : {std::pair{86400, 'd'}, {3600, 'h'}, {60, 'm'}})
    if (seconds >= unit && seconds % unit == 0) return fmt::format("{}{}", seconds / unit, letter);
  return fmt::format("{}s", seconds);
}

Result<std::string> read_text(const Node& node, std::string_view path, std::string_view file) {
  if (node.kind != NodeKind::string) return wrong_type(node, path, "a string", file);
  if (node.text.size() > kMaxText) return fail_at(file, node.place, fmt::format("`{}` is longer than 16 KiB", path));
  return node.text;
}

Result<std::vector<std::string>> read_words(const Node& node, std::string_view path, std::string_view file) {
  if (node.kind != NodeKind::array) return wrong_type(node, path, "a list of strings", file);
  std::vector<std::string> out;
  out.reserve(node.items.size());
  for (const Node& item : node.items) {
    if (item.kind != NodeKind::string) return wrong_type(item, path, "a list of strings", file);
    if (item.text.empty()) return fail_at(file, item.place, fmt::format("`{}` holds an empty string", path));
    if (item.text.size() > kMaxText)
      return fail_at(file, item.place, fmt::format("a string of `{}` is longer than 16 KiB", path));
    out.push_back(item.text);
  }
  return out;
}

Result<std::vector<std::string>> read_hashes(const Node& node, std::string_view file) {
  TRY_ASSIGN(std::vector<std::string> out, read_words(node, "sha256", file));
  if (out.empty()) return fail_at(file, node.place, "`sha256` is empty: leave it out, or name a digest");
  for (std::size_t i = 0; i < out.size(); ++i) {
    std::ranges::transform(out[i], out[i].begin(),
                           [](char c) { return c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c; });
    if (out[i].size() != 64 || out[i].find_first_not_of("0123456789abcdef") != std::string::npos)
      return fail_at(file, node.items[i].place,
                     "`sha256`: a digest is 64 hexadecimal digits, as sha256sum prints them");
  }
  return out;
}

Result<std::vector<std::vector<std::string>>> read_prefix(const Node& node, std::string_view file) {
  if (node.kind != NodeKind::array) return wrong_type(node, "prefix", "a list of words, or of lists of words", file);
  if (node.items.empty()) return fail_at(file, node.place, "`prefix` is empty: it would match every command");
  std::vector<std::vector<std::string>> out;
  std::size_t spellings = 1;
  for (const Node& item : node.items) {
    std::vector<std::string> position;
    if (item.kind == NodeKind::array) {
      TRY_ASSIGN(position, read_words(item, "prefix", file));
      if (position.empty())
        return fail_at(file, item.place, "a place of `prefix` is an empty list: it would match nothing");
    } else {
      TRY_ASSIGN(std::string word, read_text(item, "prefix", file));
      if (word.empty()) return fail_at(file, item.place, "`prefix` holds an empty word");
      position.push_back(std::move(word));
    }
    std::ranges::sort(position);
    if (std::ranges::adjacent_find(position) != position.end())
      return fail_at(
          file, item.place,
          fmt::format("a place of `prefix` names \"{}\" twice", shown(*std::ranges::adjacent_find(position))));
    spellings *= position.size();
    if (spellings > kMaxSpellings)
      return fail_at(file, item.place, "`prefix` has more than 1000 spellings: split the rule");
    out.push_back(std::move(position));
  }
  for (const std::string& program : out.front()) {
    if (program.contains('/') && !program.starts_with('/'))
      return fail_at(file, node.place,
                     fmt::format("`prefix`: the program `{}` must be a name or an absolute path", shown(program)));
    // programs are compared by their paths as the kernel resolves them
    if (program.contains('/') && !is_resolved(program))
      return fail_at(
          file, node.place,
          fmt::format("`prefix`: the path `{}` must not hold `.`, `..` or `//`, nor end with `/`", shown(program)));
  }
  return out;
}

Result<HostRule> read_host(const Member& row, std::string_view file) {
  HostRule rule;
  rule.place = row.place;
  if (const auto pattern = parse_host_pattern(row.key); !pattern) return fail_at(file, row.place, pattern.error().what);
  rule.pattern = row.key;
  std::ranges::transform(rule.pattern, rule.pattern.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  if (rule.pattern.ends_with('.')) rule.pattern.pop_back();
  const Node& node = row.value;
  if (node.kind == NodeKind::string) return rule;
  if (node.kind != NodeKind::table) return wrong_type(node, row.key, "a decision, or a table with one", file);
  if (const Node* ports = node.find("ports")) {
    if (ports->kind != NodeKind::array) return wrong_type(*ports, "ports", "a list of whole numbers", file);
    if (ports->items.empty()) return fail_at(file, ports->place, "`ports` is empty: leave it out for every port");
    for (const Node& port : ports->items) {
      if (port.kind != NodeKind::integer || port.integer < 1 || port.integer > 65535)
        return fail_at(file, port.place, "`ports` holds what is no port: a whole number from 1 to 65535");
      rule.ports.push_back(static_cast<std::uint16_t>(port.integer));
    }
  }
  if (const Node* methods = node.find("methods")) {
    TRY_ASSIGN(rule.methods, read_words(*methods, "methods", file));
    if (rule.methods.empty()) return fail_at(file, methods->place, "`methods` is empty: leave it out for every method");
    for (std::size_t i = 0; i < rule.methods.size(); ++i) {
      std::string& method = rule.methods[i];
      std::ranges::transform(method, method.begin(),
                             [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
      if (method.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ-") != std::string::npos)
        return fail_at(file, methods->items[i].place, fmt::format("`methods`: `{}` is no HTTP method", shown(method)));
    }
  }
  if (const Node* paths = node.find("paths")) {
    TRY_ASSIGN(rule.paths, read_words(*paths, "paths", file));
    if (rule.paths.empty()) return fail_at(file, paths->place, "`paths` is empty: leave it out for every path");
    for (std::size_t i = 0; i < rule.paths.size(); ++i)
      if (!rule.paths[i].starts_with('/'))
        return fail_at(file, paths->items[i].place, "`paths`: a path starts with `/`");
  }
  if (const Node* addresses = node.find("addresses")) {
    TRY_ASSIGN(rule.addresses, read_words(*addresses, "addresses", file));
    if (rule.addresses.empty())
      return fail_at(file, addresses->place, "`addresses` is empty: leave it out for public addresses");
    for (std::size_t i = 0; i < rule.addresses.size(); ++i) {
      if (const auto block = parse_block(rule.addresses[i]); !block)
        return fail_at(file, addresses->items[i].place, block.error().what);
    }
  }
  if (const Node* reason = node.find("reason")) {
    TRY_ASSIGN(rule.reason, read_text(*reason, "reason", file));
  }
  return rule;
}

Result<ServerRule> read_server(const Member& row, std::string_view file) {
  ServerRule rule;
  rule.name = row.key;
  rule.place = row.place;
  for (const auto& [key, out] : {std::pair<std::string_view, std::string*>{"command", &rule.command},
                                 {"url", &rule.url},
                                 {"reason", &rule.reason}}) {
    const Node* node = row.value.find(key);
    if (node == nullptr) continue;
    TRY_ASSIGN(*out, read_text(*node, key, file));
    if (out->empty()) return fail_at(file, node->place, fmt::format("`{}` is empty", key));
  }
  if (const Node* arguments = row.value.find("arguments")) {
    if (rule.command.empty()) return fail_at(file, arguments->place, "`arguments` needs `command`");
    if (arguments->kind != NodeKind::array) return wrong_type(*arguments, "arguments", "a list of strings", file);
    TRY_ASSIGN(rule.arguments, read_words(*arguments, "arguments", file));
  }
  if (!rule.command.empty() && !rule.url.empty())
    return fail_at(file, row.place, "an MCP server has `command` or `url`, not both");
  return rule;
}

Status check_tool_pattern(const Member& tool, std::string_view file) {
  const std::size_t star = tool.key.find('*');
  if (tool.key.empty() || (star != std::string::npos && star + 1 != tool.key.size()))
    return fail_at(file, tool.place,
                   fmt::format("`tools`: `{}` is no name: a `*` may stand at its end only", shown(tool.key)));
  return {};
}

Result<SettingValue> read_value(const SchemaKey& key, const Node& node, std::string_view path, std::string_view file) {
  switch (key.type) {
    case ValueType::text: {
      TRY_ASSIGN(std::string text, read_text(node, path, file));
      if (text.empty()) return fail_at(file, node.place, fmt::format("`{}` is empty", path));
      return SettingValue(std::move(text));
    }
    case ValueType::choice: {
      TRY_ASSIGN(std::string text, read_text(node, path, file));
      const auto known = split(key.values, ' ');
      if (std::ranges::find(known, text) == known.end())
        return fail_at(file, node.place,
                       fmt::format("`{}` is \"{}\", and must be one of {}", path, shown(text), fmt::join(known, ", ")));
      return SettingValue(std::move(text));
    }
    case ValueType::choices: {
      TRY_ASSIGN(std::vector<std::string> words, read_choices(key, node, path, file));
      return SettingValue(std::move(words));
    }
    case ValueType::boolean:
      if (node.kind != NodeKind::boolean) return wrong_type(node, path, "true or false", file);
      return SettingValue(node.boolean);
    case ValueType::count: return read_count(node, path, file);
    case ValueType::number: {
      double number = node.kind == NodeKind::integer ? static_cast<double>(node.integer) : node.real;
      // canonical JSON has no reals: there it is text
      if (node.kind == NodeKind::string) {
        const auto [end, error] = std::from_chars(node.text.data(), node.text.data() + node.text.size(), number);
        if (error != std::errc() || end != node.text.data() + node.text.size()) number = 0;
      } else if (node.kind != NodeKind::integer && node.kind != NodeKind::real) {
        return wrong_type(node, path, "a number above 0", file);
      }
      if (!std::isfinite(number) || number <= 0 || number > 1e6)
        return fail_at(file, node.place, fmt::format("`{}` must be a number above 0, at most 1000000", path));
      return SettingValue(number);
    }
    case ValueType::size: return read_size(node, path, file);
    case ValueType::duration: {
      if (node.kind != NodeKind::string) return wrong_type(node, path, "a duration such as \"10m\"", file);
      const auto seconds = parse_duration(node.text);
      if (!seconds) return fail_at(file, node.place, fmt::format("`{}`: {}", path, seconds.error().what));
      return SettingValue(*seconds);
    }
    case ValueType::decision: {
      const auto found = node.kind == NodeKind::string ? find_decision(node.text) : std::nullopt;
      if (!found) return fail_at(file, node.place, fmt::format("`{}` must be \"allow\", \"ask\" or \"deny\"", path));
      return SettingValue(static_cast<std::int64_t>(*found));
    }
    case ValueType::risk: {
      const auto found = node.kind == NodeKind::string ? find_risk(node.text) : std::nullopt;
      if (!found)
        return fail_at(file, node.place,
                       fmt::format("`{}` must be \"low\", \"medium\", \"high\" or \"critical\"", path));
      return SettingValue(static_cast<std::int64_t>(*found));
    }
    case ValueType::words:
    case ValueType::paths:
    case ValueType::globs: {
      TRY_ASSIGN(std::vector<std::string> words, read_list(key, node, path, file));
      return SettingValue(std::move(words));
    }
    default: return wrong_type(node, path, "something else", file);
  }
}

}  // namespace bailiwick::values
