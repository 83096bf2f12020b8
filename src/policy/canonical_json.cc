#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "base/text.h"
#include "policy/document.h"
#include "policy/document_check.h"

namespace bailiwick {
namespace {

// By UTF-16 code units: as the bytes of UTF-8, but what needs two units stands before U+E000 to U+FFFF.
bool is_before(std::string_view a, std::string_view b) {
  const auto [at_a, at_b] = std::mismatch(a.begin(), a.end(), b.begin(), b.end());
  if (at_a == a.end() || at_b == b.end()) return a.size() < b.size();
  const auto rank = [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte == 0xEE || byte == 0xEF ? byte + 0x100U : byte;
  };
  return rank(*at_a) < rank(*at_b);
}

class Writer {
 public:
  [[nodiscard]] Status write(const Node& node, unsigned depth) {
    const bool is_level = node.kind == NodeKind::array || node.kind == NodeKind::table;
    if (is_level && depth > kMaxDocumentDepth)
      return fail(ErrorKind::invalid, "canonical JSON: " + std::string(kTooDeep));
    switch (node.kind) {
      case NodeKind::null: out_ += "null"; return {};
      case NodeKind::boolean: out_ += node.boolean ? "true" : "false"; return {};
      case NodeKind::integer: out_ += fmt::format_int(node.integer).c_str(); return {};
      case NodeKind::string: return write_string(node.text);
      case NodeKind::array: return write_array(node, depth);
      case NodeKind::table: return write_table(node, depth);
      case NodeKind::real:
      case NodeKind::date:
      case NodeKind::data: break;
    }
    return fail_at("canonical JSON", node.place,
                   fmt::format("{} cannot be signed; write a string or a whole number", name_of(node.kind)));
  }
  [[nodiscard]] std::string take() { return std::move(out_); }

 private:
  [[nodiscard]] Status write_array(const Node& node, unsigned depth) {
    out_ += '[';
    for (const Node& item : node.items) {
      if (&item != &node.items.front()) out_ += ',';
      TRY(write(item, depth + 1));
    }
    out_ += ']';
    return {};
  }

  [[nodiscard]] Status write_table(const Node& node, unsigned depth) {
    std::vector<const Member*> members;
    members.reserve(node.members.size());
    for (const Member& member : node.members) members.push_back(&member);
    std::sort(members.begin(), members.end(),
              [](const Member* a, const Member* b) { return is_before(a->key, b->key); });
    out_ += '{';
    for (std::size_t i = 0; i < members.size(); ++i) {
      if (i > 0 && members[i]->key == members[i - 1]->key) return fail_duplicate("canonical JSON", node, *members[i]);
      if (i > 0) out_ += ',';
      TRY(write_string(members[i]->key));
      out_ += ':';
      TRY(write(members[i]->value, depth + 1));
    }
    out_ += '}';
    return {};
  }

  [[nodiscard]] Status write_string(std::string_view text) {
    if (!is_valid_utf8(text)) return fail(ErrorKind::invalid, "canonical JSON: a string that is not UTF-8");
    out_ += '"';
    for (const char c : text) {
      switch (c) {
        case '"': out_ += "\\\""; break;
        case '\\': out_ += "\\\\"; break;
        case '\b': out_ += "\\b"; break;
        case '\f': out_ += "\\f"; break;
        case '\n': out_ += "\\n"; break;
        case '\r': out_ += "\\r"; break;
        case '\t': out_ += "\\t"; break;
        default:
          if (static_cast<unsigned char>(c) < 0x20) {
            out_ += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
          } else {
            out_ += c;
          }
      }
    }
    out_ += '"';
    return {};
  }

  std::string out_;
};

}  // namespace

Result<std::string> canonical_json(const Node& node) {
  Writer writer;
  TRY(writer.write(node, 1));
  return writer.take();
}

}  // namespace bailiwick
