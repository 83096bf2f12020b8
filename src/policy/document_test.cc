#include "policy/document.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace bailiwick {
namespace {

// A tree as one line, with the place of each value: enough to compare whole documents.
std::string show(const Node& node) {
  std::string out = fmt::format("{}:{} ", node.place.line, node.place.column);
  switch (node.kind) {
    case NodeKind::table:
      out += "{";
      for (const Member& member : node.members)
        out += fmt::format("{}@{}:{}={} ", member.key, member.place.line, member.place.column, show(member.value));
      return out + "}";
    case NodeKind::array:
      out += "[";
      for (const Node& item : node.items) out += show(item) + " ";
      return out + "]";
    case NodeKind::string: return out + "'" + node.text + "'";
    case NodeKind::integer: return out + fmt::format("{}", node.integer);
    case NodeKind::real: return out + fmt::format("r{}", node.real);
    case NodeKind::boolean: return out + (node.boolean ? "true" : "false");
    case NodeKind::null: return out + "null";
    case NodeKind::date: return out + "date " + node.text;
    case NodeKind::data: return out + "data " + node.text;
  }
  return out;
}

std::string shown(const Result<Node>& node) { return node ? show(*node) : node.error().message(); }

TEST(Toml, GivesTheTreeWithPlaces) {
  EXPECT_EQ(shown(parse_toml("z = 1\na = \"x\"\n[t]\nk = [true, 1.5]\n[[c]]\nd = 1979-05-27 07:32:00.50-07:00\n", "f")),
            "1:1 {z@1:1=1:5 1 a@2:1=2:5 'x' t@3:2=3:1 {k@4:1=4:5 [4:6 true 4:12 r1.5 ] } c@5:3=5:1 [5:1 {d@6:1=6:5 "
            "date 1979-05-27T07:32:00.5-07:00 } ] }");
  EXPECT_EQ(shown(parse_toml("", "f")), "1:1 {}");
}

TEST(Json, GivesTheTreeWithPlaces) {
  EXPECT_EQ(shown(parse_json("{\"z\": 1,\n \"a\":[true,-2,1.5e0,null, \"\\u00e4\"] ,\"o\":{ }}\n", "f")),
            "1:1 {z@1:2=1:7 1 a@2:2=2:6 [2:7 true 2:12 -2 2:15 r1.5 2:21 null 2:27 '\xC3\xA4' ] o@2:38=2:42 {} }");
}

}  // namespace
}  // namespace bailiwick
