#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "policy/document.h"

namespace bailiwick {
namespace {

std::string fixture(const std::string& name) {
  std::ifstream file(std::string(TEST_SOURCE_DIR "/testdata/") + name, std::ios::binary);
  EXPECT_TRUE(file.good()) << name;
  return {std::istreambuf_iterator<char>(file), {}};
}

Node without_places(Node node) {
  node.place = {};
  for (Member& member : node.members) {
    member.place = {};
    member.value = without_places(std::move(member.value));
  }
  for (Node& item : node.items) item = without_places(std::move(item));
  return node;
}

Node tree(const Result<Node>& node) {
  EXPECT_TRUE(node) << (node ? "" : node.error().message());
  return node ? without_places(*node) : Node{.kind = NodeKind::null};
}

std::string error_of(const Result<Node>& node) { return node ? "none" : node.error().message(); }

std::string xml(std::string_view body) {
  return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
         "<!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" \"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n"
         "<plist version=\"1.0\"><dict>\n" +
         std::string(body) + "</dict></plist>\n";
}

TEST(Plist, ReadsWhatPlistlibWrites) {
  const Node wanted = tree(parse_json(fixture("plain.json"), "plain.json"));
  EXPECT_EQ(tree(parse_plist(fixture("plain.xml.plist"), "x")), wanted);
  EXPECT_EQ(tree(parse_plist(fixture("plain.binary.plist"), "b")), wanted);
}

TEST(Plist, ReadsDatesAndData) {
  const Node apple = tree(parse_plist(fixture("apple.xml.plist"), "x"));
  EXPECT_EQ(tree(parse_plist(fixture("apple.binary.plist"), "b")), apple);
  ASSERT_EQ(apple.members.size(), 4U);
  EXPECT_EQ(apple.find("date")->kind, NodeKind::date);
  EXPECT_EQ(apple.find("date")->text, "2026-11-25T14:00:07Z");
  EXPECT_EQ(apple.find("old")->text, "1969-07-20T20:17:40Z");
  std::string all;
  for (int i = 0; i < 256; ++i) all += static_cast<char>(i);
  EXPECT_EQ(apple.find("data")->kind, NodeKind::data);
  EXPECT_EQ(apple.find("data")->text, all);
  EXPECT_EQ(apple.find("none")->text, "");
}

// A policy of which the end is missing is a different policy.
TEST(Plist, RefusesEveryBeginning) {
  for (const char* name : {"plain.xml.plist", "plain.binary.plist", "apple.xml.plist", "apple.binary.plist"}) {
    std::string bytes = fixture(name);
    if (bytes.ends_with('\n')) bytes.pop_back();
    for (std::size_t size = 0; size < bytes.size(); ++size)
      ASSERT_FALSE(parse_plist(std::string_view(bytes).substr(0, size), name)) << name << " cut to " << size;
  }
}

TEST(Plist, SurvivesEveryFlippedBit) {
  for (const char* name : {"plain.xml.plist", "plain.binary.plist", "apple.xml.plist", "apple.binary.plist"}) {
    std::string bytes = fixture(name);
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      for (unsigned bit = 0; bit < 8; ++bit) {
        bytes[i] = static_cast<char>(bytes[i] ^ (1U << bit));
        const Result<Node> node = parse_plist(bytes, name);
        if (node) {
          ASSERT_EQ(node->kind, NodeKind::table);
        } else {
          ASSERT_TRUE(node.error().message().starts_with(std::string(name) + ":"));
        }
        bytes[i] = static_cast<char>(bytes[i] ^ (1U << bit));
      }
    }
  }
}

TEST(Plist, GivesPlacesOfXml) {
  const Result<Node> node = parse_plist("<plist>\n<dict>\n <key>a</key>\n <string>x</string>\n</dict></plist>", "f");
  ASSERT_TRUE(node) << node.error().message();
  EXPECT_EQ(node->place, (Place{.line = 2, .column = 1}));
  EXPECT_EQ(node->members.at(0).place, (Place{.line = 3, .column = 2}));
  EXPECT_EQ(node->members.at(0).value.place, (Place{.line = 4, .column = 2}));
}

TEST(Plist, ReadsFormsThatOthersWrite) {
  struct Row {
    std::string body;
    Node value;
  };
  const Node yes{.kind = NodeKind::boolean, .boolean = true};
  for (const Row& row : std::vector<Row>{
           {"<true></true>", yes},
           {"<true />", yes},
           {"<!-- c --><true/><!-- <false/> -->", yes},
           {"<integer> 12 </integer>", {.kind = NodeKind::integer, .integer = 12}},
           {"<integer>+12</integer>", {.kind = NodeKind::integer, .integer = 12}},
           {"<integer>-0x10</integer>", {.kind = NodeKind::integer, .integer = -16}},
           {"<integer>-9223372036854775808</integer>", {.kind = NodeKind::integer, .integer = INT64_MIN}},
           {"<real>+1.5e3</real>", {.kind = NodeKind::real, .real = 1500}},
           {"<string/>", {.kind = NodeKind::string}},
           {"<string> a\r\nb\rc </string>", {.kind = NodeKind::string, .text = " a\nb\nc "}},
           {"<string>&lt;&gt;&amp;&quot;&apos;&#65;&#x1F600;</string>",
            {.kind = NodeKind::string, .text = "<>&\"'A\xF0\x9F\x98\x80"}},
           {"<string>a<![CDATA[<&amp;>]]>b</string>", {.kind = NodeKind::string, .text = "a<&amp;>b"}},
           {"<data>\n\tAAEC\n\tAw==\n</data>", {.kind = NodeKind::data, .text = std::string("\0\1\2\3", 4)}},
       }) {
    const Node root = tree(parse_plist(xml("<key>k</key>" + row.body), "f"));
    ASSERT_NE(root.find("k"), nullptr) << row.body;
    EXPECT_EQ(*root.find("k"), row.value) << row.body;
  }
}

TEST(Plist, RefusesBadXml) {
  const auto with = [](std::string_view value) { return xml("<key>k</key>" + std::string(value)); };
  struct Row {
    std::string text;
    std::string error;
  };
  std::string deep;
  for (int i = 0; i < 64; ++i) deep += "<array>";
  for (const Row& row : std::vector<Row>{
           {"", "f:1:1: the file ends too early; is something cut off?"},
           {"{}", "f:1:1: text outside of <string>; remove it"},
           {"<plist/>", "f:1:1: here must be <plist version=\"1.0\">"},
           {"<plist><true/></plist>", "f:1:8: here must be a table (<dict>), not true or false"},
           {"<plist><dict/><dict/></plist>", "f:1:15: here must be </plist>"},
           {xml("") + "x", "f:5:1: nothing may follow </plist>; remove it"},
           {xml("") + "<!-- -->", "f:5:1: nothing may follow </plist>; remove it"},
           {"<!DOCTYPE plist [<!ENTITY a \"b\">]>", "f:1:17: definitions of the file's own are not read; remove them"},
           {"<?xml version=\"1.0\" encoding=\"latin1\"?>", "f:1:1: only UTF-8 is read; save the file as UTF-8"},
           {xml("<true/>"), "f:4:1: here must be <key> or </dict>"},
           {xml("<key>k</key>"), "f:4:13: here must be a value"},
           {xml("<key>k</key><key>l</key>"), "f:4:13: the unknown element <key>"},
           {xml("<key>k</key><true/><key>k</key><true/>"),
            "f:4:20: the key `k` stands here twice (first in line 4); remove one"},
           {xml("junk"), "f:4:1: text outside of <string>; remove it"},
           {with("<string a=\"b\">x</string>"), "f:4:13: attributes are not read; remove them"},
           {with("<string>&nbsp;</string>"), "f:4:21: an unknown entity; write &amp; for the character &"},
           {with("<string>a & b</string>"), "f:4:23: an unknown entity; write &amp; for the character &"},
           {with("<string>&#0;</string>"), "f:4:21: control characters are not allowed here, not even escaped"},
           {with("<string>&#xD800;</string>"), "f:4:21: no character has this number"},
           {with("<string>&#x110000;</string>"), "f:4:21: no character has this number"},
           {with("<string>&#;</string>"), "f:4:21: no character has this number"},
           {with("<string>a<b/></string>"), "f:4:22: here must be </string>"},
           {with("<string>a\x01</string>"), "f:4:22: the control character \\x01; remove it"},
           {with("<string>\xFF</string>"), "f:4:21: this is not UTF-8; save the file as UTF-8"},
           {with("<integer></integer>"), "f:4:13: not a whole number of 64 bits"},
           {with("<integer>1.5</integer>"), "f:4:13: not a whole number of 64 bits"},
           {with("<integer>9223372036854775808</integer>"), "f:4:13: not a whole number of 64 bits"},
           {with("<integer>--1</integer>"), "f:4:13: not a whole number of 64 bits"},
           {with("<real>nan</real>"), "f:4:13: infinity and nan are no values here"},
           {with("<real>1,5</real>"), "f:4:13: not a number"},
           {with("<date>yesterday</date>"), "f:4:13: not a date; write 2026-11-25T14:00:00Z"},
           {with("<data>AAE</data>"), "f:4:13: not base64; is something cut off?"},
           {with("<true>x</true>"), "f:4:19: text outside of <string>; remove it"},
           {with("<set/>"), "f:4:13: the unknown element <set>"},
           {with(deep), "f:4:454: more than 64 levels of tables and arrays; make it flatter"},
       })
    EXPECT_EQ(error_of(parse_plist(row.text, "f")), row.error) << row.text;
}

// Objects by hand, so that the traps of the format can be built: each object's bytes, numbers of one byte.
std::string binary(const std::vector<std::string>& objects, int top = 0) {
  std::string out = "bplist00";
  std::string table;
  for (const std::string& object : objects) {
    table += static_cast<char>(out.size());
    out += object;
  }
  const auto number = [](std::size_t n) { return std::string(7, '\0') + static_cast<char>(n); };
  const std::size_t start = out.size();
  return out + table + std::string(6, '\0') + "\1\1" + number(objects.size()) + number(static_cast<std::size_t>(top)) +
         number(start);
}

TEST(Plist, RefusesBadBinary) {
  struct Row {
    std::string bytes;
    std::string error;
  };
  const std::string dict("\xD1\x01\x02", 3);
  EXPECT_TRUE(parse_plist(binary({dict, "\x51k", "\x09"}), "f"));
  for (const Row& row : std::vector<Row>{
           {"bplist00", "f: offset 8: the file ends too early"},
           {binary({"\x09"}), "f: here must be a table (<dict>), not true or false"},
           {binary({dict, "\x51k", std::string("\xA1\x00", 2)}), "f: offset 8: an object that contains itself"},
           {binary({dict, "\x51k", "\xA1\x09"}), "f: offset 14: an object that there is not"},
           {binary({dict, "\x51k", "\x10"}), "f: offset 13: a number of an unknown size"},
           {binary({dict, "\x51k", "\x1F"}), "f: offset 13: a number of an unknown size"},
           {binary({dict, "\x51k", "\x5F\x10"}), "f: offset 13: a size that is no number"},
           {binary({dict, "\x51k", "\x5F\x10\x30"}), "f: offset 13: longer than the file"},
           {binary({dict, "\x51k", "\x5F\x13\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF"}), "f: offset 13: longer than the file"},
           {binary({dict, "\x51k", "\xAF\x13\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF"}), "f: offset 13: longer than the file"},
           {binary({dict, "\x51k", "\x51\x80"}), "f: offset 13: a byte that is not ASCII in an ASCII string"},
           {binary({dict, "\x51k", std::string("\x51\0", 2)}),
            "f: offset 13: control characters are not allowed here, not even escaped"},
           {binary({dict, "\x51k", std::string("\x61\xD8\0", 3)}), "f: offset 14: half a character (UTF-16)"},
           {binary({dict, "\x51k", std::string("\x61\xDC\0", 3)}), "f: offset 14: half a character (UTF-16)"},
           {binary({dict, "\x51k", std::string("\0", 1)}), "f: offset 13: an object of the unknown type 0x00"},
           {binary({dict, "\x51k", "\x80"}), "f: offset 13: an object of the unknown type 0x80"},
           {binary({dict, "\x51k", std::string("\x22\x7F\x80\0\0", 5)}),
            "f: offset 13: infinity and nan are no values here"},
           {binary({dict, "\x51k", std::string("\x33\x7F\xF0\0\0\0\0\0\0", 9)}),
            "f: offset 13: a date outside the years 100 to 3900"},
           {binary({dict, "\x51k", std::string("\x14\0\0\0\0\0\0\0\0\x80\0\0\0\0\0\0\0", 17)}),
            "f: offset 13: a number that does not fit into 64 bits; make it smaller"},
           {binary({dict, "\x09", "\x09"}), "f: offset 11: a key that is no string"},
           {binary({"\xD2\x01\x01\x02\x02", "\x51k", "\x09"}), "f: the key `k` stands here twice; remove one"},
           {binary({dict, "\x51k", "\x09"}, 3), "f: offset 33: the first object is none"},
       })
    EXPECT_EQ(error_of(parse_plist(row.bytes, "f")), row.error);
}

// Each level names the next one 14 times: 14^20 values from a file of 400 bytes.
TEST(Plist, RefusesManyValuesFromFewBytes) {
  std::vector<std::string> objects{std::string("\xD1\x01\x02", 3), "\x51k"};
  for (int i = 0; i < 9; ++i) objects.push_back("\xAE" + std::string(14, static_cast<char>(3 + i)));
  objects.emplace_back("\x09");
  EXPECT_TRUE(error_of(parse_plist(binary(objects), "f")).ends_with("more than 500,000 values; split the file"));
}

}  // namespace
}  // namespace bailiwick
