// Files of others, in three forms: the first byte says which. What is read is within the bounds, has each key once, and
// its canonical JSON is the same tree again.
#include <cmath>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>

#include "base/check.h"
#include "base/text.h"
#include "policy/document.h"

namespace bailiwick {
namespace {

bool has_control(std::string_view text) {
  for (const char c : text)
    if ((static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t' && c != '\r') || c == 0x7F) return true;
  return false;
}

// Whether canonical JSON can say it.
bool check_tree(const Node& node, unsigned depth) {
  bool is_plain = node.kind != NodeKind::real && node.kind != NodeKind::date && node.kind != NodeKind::data;
  CHECK(node.kind == NodeKind::table || node.members.empty());
  CHECK(node.kind == NodeKind::array || node.items.empty());
  CHECK(node.kind == NodeKind::integer || node.integer == 0);
  CHECK(std::isfinite(node.real));
  if (node.kind != NodeKind::data) CHECK(is_valid_utf8(node.text) && !has_control(node.text));
  if (node.kind == NodeKind::table || node.kind == NodeKind::array) CHECK(depth <= kMaxDocumentDepth);
  std::set<std::string_view> keys;
  Place last;
  for (const Member& member : node.members) {
    CHECK(is_valid_utf8(member.key) && !has_control(member.key));
    CHECK(keys.insert(member.key).second);
    CHECK(member.place.line > last.line || (member.place.line == last.line && member.place.column >= last.column));
    last = member.place;
    is_plain = check_tree(member.value, depth + 1) && is_plain;
  }
  for (const Node& item : node.items) is_plain = check_tree(item, depth + 1) && is_plain;
  return is_plain;
}

Result<Node> parse(std::uint8_t form, std::string_view bytes) {
  switch (form % 3) {
    case 0: return parse_toml(bytes, "fuzz");
    case 1: return parse_json(bytes, "fuzz");
    default: return parse_plist(bytes, "fuzz");
  }
}

}  // namespace
}  // namespace bailiwick

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace bailiwick;
  if (size == 0) return 0;
  const Result<Node> node = parse(data[0], {reinterpret_cast<const char*>(data) + 1, size - 1});
  if (!node) {
    CHECK(node.error().kind == ErrorKind::invalid && node.error().what.starts_with("fuzz:"));
    CHECK(is_valid_utf8(node.error().what) && printable(node.error().what) == node.error().what);
    return 0;
  }
  CHECK(node->kind == NodeKind::table);
  const bool is_plain = check_tree(*node, 1);
  const Result<std::string> canonical = canonical_json(*node);
  CHECK(canonical.has_value() == is_plain);
  if (!canonical) return 0;
  const Result<Node> again = parse_json(*canonical, "again");
  CHECK(again);
  CHECK(*canonical_json(*again) == *canonical);
  return 0;
}
