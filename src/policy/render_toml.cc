#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "policy/import.h"

namespace bailiwick {
namespace {

constexpr std::size_t kWidth = 100;  // longer lists get a line for each item

bool is_bare_key(std::string_view key) {
  return !key.empty() && std::ranges::all_of(key, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
}

void escape(std::string& out, std::string_view text, bool keeps_lines) {
  for (const char c : text) {
    switch (c) {
      case '"': out += "\\\""; break;
      case '\\': out += "\\\\"; break;
      case '\t': out += "\\t"; break;
      case '\r': out += "\\r"; break;
      case '\n': out += keeps_lines ? "\n" : "\\n"; break;
      default:
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
          out += fmt::format("\\u{:04X}", static_cast<unsigned>(static_cast<unsigned char>(c)));
        } else {
          out += c;
        }
    }
  }
}

std::string render_string(std::string_view text) {
  // A line break at the start of a long string is not part of it.
  const bool is_long = text.contains('\n');
  std::string out = is_long ? "\"\"\"\n" : "\"";
  escape(out, text, is_long);
  return out + (is_long ? "\"\"\"" : "\"");
}

std::string render_key(std::string_view key) {
  if (is_bare_key(key)) return std::string(key);
  std::string out = "\"";
  escape(out, key, false);
  return out + "\"";
}

std::string render_real(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value < 0 ? "-inf" : "inf";
  std::string out = fmt::format("{}", value);
  if (out.find_first_of(".e") == std::string::npos) out += ".0";
  return out;
}

// TOML has no null, and no bytes.
bool is_sayable(const Node& node) { return node.kind != NodeKind::null && node.kind != NodeKind::data; }

std::string render_value(const Node& node, std::size_t column);

std::string render_list(const Node& node, std::size_t column) {
  std::string line = "[";
  for (const Node& item : node.items) {
    if (is_sayable(item)) line += (line.size() > 1 ? ", " : "") + render_value(item, 0);
  }
  line += ']';
  if (column == 0 || column + line.size() <= kWidth || node.items.size() < 2) return line;
  std::string out = "[\n";
  for (const Node& item : node.items) {
    if (is_sayable(item)) out += "  " + render_value(item, 0) + ",\n";
  }
  return out + "]";
}

std::string render_inline_table(const Node& node) {
  std::string out = "{";
  for (const Member& member : node.members) {
    if (!is_sayable(member.value)) continue;
    out += (out.size() > 1 ? ", " : " ") + render_key(member.key) + " = " + render_value(member.value, 0);
  }
  return out + (out.size() > 1 ? " }" : "}");
}

// `column`: where it starts; 0 where it must stay on its line.
std::string render_value(const Node& node, std::size_t column) {
  switch (node.kind) {
    case NodeKind::string:
      if (column == 0) {
        std::string out = "\"";
        escape(out, node.text, false);
        return out + "\"";
      }
      return render_string(node.text);
    case NodeKind::integer: return fmt::format("{}", node.integer);
    case NodeKind::real: return render_real(node.real);
    case NodeKind::boolean: return node.boolean ? "true" : "false";
    case NodeKind::date: return node.text;
    case NodeKind::array: return render_list(node, column);
    case NodeKind::table: return render_inline_table(node);
    case NodeKind::null:
    case NodeKind::data: break;
  }
  return "\"\"";
}

class Renderer {
 public:
  explicit Renderer(std::string_view file) : file_(printable(file)) {}

  std::string run(const Node& root) {
    table("", root, 0);
    return std::move(out_);
  }

 private:
  [[nodiscard]] std::string comment(Place place) const {
    return place.line == 0 ? std::string() : "  # " + format_place(file_, place);
  }

  void assign(const Member& member, bool is_commented) {
    const std::string key = render_key(member.key) + " = ";
    out_ += key + render_value(member.value, key.size()) + (is_commented ? comment(member.value.place) : "") + "\n";
  }

  // Tables get a header down to the second level, and below [mcp.servers]; deeper ones stand on a line.
  static bool has_header(std::string_view path, const Node& value, unsigned depth) {
    return value.kind == NodeKind::table && (depth < 2 || (depth == 2 && path == "mcp.servers"));
  }
  static bool is_list_of_tables(const Node& value, unsigned depth) {
    return depth == 0 && value.kind == NodeKind::array && !value.items.empty() &&
           std::ranges::all_of(value.items, [](const Node& item) { return item.kind == NodeKind::table; });
  }

  void table(const std::string& path, const Node& node, unsigned depth) {
    for (const Member& member : node.members) {
      if (is_sayable(member.value) && !has_header(path, member.value, depth) &&
          !is_list_of_tables(member.value, depth)) {
        assign(member, true);
      }
    }
    for (const Member& member : node.members) {
      const std::string key = (path.empty() ? "" : path + ".") + render_key(member.key);
      if (has_header(path, member.value, depth)) {
        // A table that only holds others needs no header of its own.
        const bool is_needed =
            member.value.members.empty() || std::ranges::any_of(member.value.members, [&](const Member& each) {
              return !has_header(key, each.value, depth + 1);
            });
        if (is_needed) header("[" + key + "]", member.value.place);
        table(key, member.value, depth + 1);
      } else if (is_list_of_tables(member.value, depth)) {
        for (const Node& item : member.value.items) {
          header("[[" + key + "]]", item.place);
          for (const Member& each : item.members) {
            if (is_sayable(each.value)) assign(each, false);
          }
        }
      }
    }
  }

  void header(const std::string& text, Place place) {
    if (!out_.empty()) out_ += '\n';
    out_ += text + comment(place) + "\n";
  }

  std::string file_;
  std::string out_;
};

}  // namespace

std::string render_toml(const Node& policy, std::string_view file) { return Renderer(file).run(policy); }

}  // namespace bailiwick
