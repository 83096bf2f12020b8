// The table as a page for people: docs/policy.md between its marks.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

#include "base/text.h"
#include "policy/schema.h"

namespace bailiwick {
namespace {

constexpr std::size_t kColumns = 120;

std::string wrap(std::string_view text) {
  std::string out;
  std::size_t width = 0;
  for (const std::string_view word : split(text, ' ')) {
    if (width != 0 && width + 1 + word.size() > kColumns) {
      out += '\n';
      width = 0;
    } else if (width != 0) {
      out += ' ';
      ++width;
    }
    out += word;
    width += word.size();
  }
  return out;
}

std::string cell(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '|') out += '\\';
    out += c;
  }
  return out;
}

std::string listed(std::string_view values) {
  std::string out;
  for (const std::string_view value : split(values, ' ')) out += fmt::format("{}`{}`", out.empty() ? "" : ", ", value);
  return out;
}

std::string type_in_words(const SchemaKey& key) {
  switch (key.type) {
    case ValueType::choice: return "one of " + listed(key.values);
    case ValueType::choices: return "list of some of " + listed(key.values);
    case ValueType::decision: return "`allow`, `ask` or `deny`";
    case ValueType::risk: return "`low`, `medium`, `high` or `critical`";
    case ValueType::duration: return "duration: `90s`, `10m`, `2h`, `30d`";
    case ValueType::size: return "size: `512M`, `8G`, or a count of bytes";
    case ValueType::paths: return "list of paths, absolute or from `~/`";
    case ValueType::count: return "whole number from 0";
    case ValueType::number: return "number above 0";
    default: return std::string(name_of(key.type));
  }
}

std::string_view combining(const SchemaKey& key) {
  const bool is_choice = key.type == ValueType::choice;
  switch (key.combines) {
    case Combines::meet:
      return key.type == ValueType::choices
                 ? "only what all of them name; nothing left is an error that names two files"
                 : "admin layers: only what all of them list, which then is the bound. Users and flags: what any of "
                   "them lists, inside the bound. A project narrows that";
    case Combines::join: return "all that any of them names";
    case Combines::min:
      if (key.type == ValueType::boolean) return "false where any of them says false";
      return is_choice ? "the first of these that any of them names" : "the smallest";
    case Combines::max:
      if (key.type == ValueType::boolean) return "true where any of them says true";
      return is_choice ? "the last of these that any of them names" : "the largest";
    case Combines::verdict: return "each judges alone, and the strictest verdict holds";
    case Combines::choice: return "the first that speaks: flag, user, cloud, mdm, system";
    case Combines::own: return "about its own file only";
  }
  return {};
}

std::string_view set_by(const SchemaKey& key) {
  if (key.path == "command" || key.type == ValueType::hosts || key.type == ValueType::servers ||
      key.type == ValueType::decision)
    if ((key.layers & for_project) != 0) return "every layer; a project's file no `allow`";
  if ((key.layers & for_user) == 0) return "admin layers only: cloud, mdm, system";
  if ((key.layers & for_project) == 0) return "every layer but the project's";
  if (key.combines == Combines::meet && key.type == ValueType::choices)
    return "every layer; a project's file must name all that is stricter, too";
  return "every layer";
}

std::string_view section_of(const SchemaKey& key) {
  if (key.path == "command") return "command";
  const std::size_t dot = key.path.find('.');
  return dot == std::string_view::npos ? std::string_view() : key.path.substr(0, dot);
}

std::string heading(std::string_view section) {
  if (section.empty()) return "At the top";
  return section == "command" ? "`[[command]]`" : fmt::format("`[{}]`", section);
}

// The rows of a table that stands inside a key.
std::string rows(std::span<const SchemaKey> keys) {
  std::string out = "| key | value | what it says | example |\n|---|---|---|---|\n";
  for (const SchemaKey& key : keys)
    out += fmt::format("| `{}` | {} | {} | `{}` |\n", key.path, cell(type_in_words(key)), cell(key.summary),
                       cell(key.example));
  return out + "\n";
}

std::string entry(const SchemaKey& key) {
  std::string out = fmt::format("#### `{}`\n\n{}\n\n| | |\n|---|---|\n", key.path, wrap(key.summary));
  out += fmt::format("| value | {} |\n", cell(type_in_words(key)));
  out += fmt::format("| layers combine | {} |\n", combining(key));
  out += fmt::format("| may be set by | {} |\n", set_by(key));
  if (!key.builtin.empty()) out += fmt::format("| if nobody says | {} |\n", cell(key.builtin));
  out += fmt::format("\n```toml\n{}\n```\n\n", example_in_section(key));
  switch (key.type) {
    case ValueType::commands: return out + "Each table holds:\n\n" + rows(command_schema());
    case ValueType::hosts: return out + "A host's table holds:\n\n" + rows(host_schema());
    case ValueType::servers: return out + "A server's table holds:\n\n" + rows(server_schema());
    default: return out;
  }
}

}  // namespace

std::string_view name_of(ValueType type) {
  switch (type) {
    case ValueType::text: return "text";
    case ValueType::choice: return "one of some words";
    case ValueType::choices: return "list of some words";
    case ValueType::boolean: return "`true` or `false`";
    case ValueType::count: return "whole number";
    case ValueType::number: return "number";
    case ValueType::size: return "size";
    case ValueType::duration: return "duration";
    case ValueType::words: return "list of texts";
    case ValueType::paths: return "list of paths";
    case ValueType::globs: return "list of path patterns";
    case ValueType::decision: return "decision";
    case ValueType::risk: return "risk";
    case ValueType::commands: return "list of tables";
    case ValueType::hosts: return "table: host and decision, or host and table";
    case ValueType::servers: return "table: server and table";
    case ValueType::ports: return "list of ports";
    case ValueType::prefix: return "list of words, or of lists of words";
    case ValueType::decisions: return "table: name and decision";
  }
  return {};
}

std::string_view name_of(Combines combines) {
  switch (combines) {
    case Combines::meet: return "meet";
    case Combines::join: return "join";
    case Combines::min: return "min";
    case Combines::max: return "max";
    case Combines::verdict: return "verdict";
    case Combines::choice: return "choice";
    case Combines::own: return "own";
  }
  return {};
}

std::string example_in_section(const SchemaKey& key) {
  const std::size_t dot = key.path.rfind('.');
  if (dot == std::string_view::npos || key.example.starts_with('[')) return std::string(key.example);
  return fmt::format("[{}]\n{}", key.path.substr(0, dot), key.example);
}

std::string render_reference() {
  std::string out;
  std::vector<std::string_view> done;
  for (const SchemaKey& first : schema()) {
    const std::string_view section = section_of(first);
    if (std::ranges::find(done, section) != done.end()) continue;
    done.push_back(section);
    out += fmt::format("### {}\n\n{}.\n\n", heading(section), section_summary(section));
    for (const SchemaKey& key : schema())
      if (section_of(key) == section) out += entry(key);
  }
  while (out.ends_with("\n\n")) out.pop_back();
  return out;
}

}  // namespace bailiwick
