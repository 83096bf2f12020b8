#include "policy/document.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
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

struct Row {
  std::string text;
  std::string wanted;
};

// Each value's text without its place: what stands after `k = `.
std::string value_of(const Result<Node>& node) {
  if (!node) return node.error().message();
  const Node* value = node->find("k");
  if (value == nullptr) return "no k";
  const std::string text = show(*value);
  return text.substr(text.find(' ') + 1);
}

TEST(Node, IsFoundByKey) {
  const Node node = *parse_json(R"({"a":1,"b":{"c":2}})", "f");
  EXPECT_EQ(node.find("a")->integer, 1);
  EXPECT_EQ(node.find("b")->find("c")->integer, 2);
  EXPECT_EQ(node.find("c"), nullptr);
  EXPECT_EQ(node.find("a")->find("c"), nullptr);
  EXPECT_EQ(node, *parse_json(R"({"a":1,"b":{"c":2}})", "g"));
  EXPECT_NE(node, *parse_json(R"({"a":1,"b":{"c":3}})", "f"));
}

TEST(Node, PlacesAreShown) {
  EXPECT_EQ(format_place("f", {.line = 3, .column = 4}), "f:3");
  EXPECT_EQ(format_place("f", {}), "f");
  EXPECT_EQ(fail_at("f", {.line = 3, .column = 4}, "what").error().message(), "f:3:4: what");
  EXPECT_EQ(fail_at("f", {}, "what").error().message(), "f: what");
  EXPECT_EQ(fail_at("f", {}, "what").error().kind, ErrorKind::invalid);
}

TEST(Toml, GivesTheTreeWithPlaces) {
  for (const Row& row : std::vector<Row>{
           {"", "1:1 {}"},
           {"\n # nothing\n", "1:1 {}"},
           {"z = 1\na = \"x\"\n[t]\nk = [true, 1.5]\n[[c]]\nd = 1979-05-27 07:32:00.50-07:00\n",
            "1:1 {z@1:1=1:5 1 a@2:1=2:5 'x' t@3:2=3:1 {k@4:1=4:5 [4:6 true 4:12 r1.5 ] } c@5:3=5:1 [5:1 {d@6:1=6:5 "
            "date 1979-05-27T07:32:00.5-07:00 } ] }"},
           {"\xEF\xBB\xBF"
            "a=1\r\nb=2",
            "1:1 {a@1:1=1:3 1 b@2:1=2:3 2 }"},
           {"\"\xC3\xA4\" = '\xC3\xB6' #\xC3\xB6\n\"\xC3\xA4\xC3\xA4\" = {k = 1}\n",
            "1:1 {\xC3\xA4@1:1=1:7 '\xC3\xB6' \xC3\xA4\xC3\xA4@2:1=2:8 {k@2:9=2:13 1 } }"},
           {"a.b.c = 1\na.b.d = 2\na.\"x.y\" = 3",
            "1:1 {a@1:1=1:1 {b@1:3=1:3 {c@1:5=1:9 1 d@2:5=2:9 2 } x.y@3:3=3:11 3 } }"},
           {"[a.b]\nk=1\n[a]\nl=2", "1:1 {a@1:2=3:1 {b@1:4=1:1 {k@2:1=2:3 1 } l@4:1=4:3 2 } }"},
           {"[[a]]\n[a.b]\nk=1\n[[a]]\n[[a.c]]\n",
            "1:1 {a@1:3=1:1 [1:1 {b@2:4=2:1 {k@3:1=3:3 1 } } 4:1 {c@5:5=5:1 [5:1 {} ] } ] }"},
           {"[a]\nb.c=1\n[a.b.d]\n", "1:1 {a@1:2=1:1 {b@2:1=2:1 {c@2:3=2:5 1 d@3:6=3:1 {} } } }"},
           {"k = [ # one\n 1,\n # two\n 2, ]", "1:1 {k@1:1=1:5 [2:2 1 4:2 2 ] }"},
           {"k = {a.b = 1, a.c = [\n2], 'd' = {}}",
            "1:1 {k@1:1=1:5 {a@1:6=1:6 {b@1:8=1:12 1 c@1:17=1:21 [2:1 2 ] } d@2:5=2:11 {} } }"},
           {"[ a . 'b' ]", "1:1 {a@1:3=1:1 {b@1:7=1:1 {} } }"},
           {"1234 = 1\n-_ = 2\n\"\" = 3", "1:1 {1234@1:1=1:8 1 -_@2:1=2:6 2 @3:1=3:6 3 }"},
       })
    EXPECT_EQ(shown(parse_toml(row.text, "f")), row.wanted) << row.text;
}

TEST(Toml, ReadsValues) {
  for (const Row& row : std::vector<Row>{
           {"0", "0"},
           {"+1", "1"},
           {"-0", "0"},
           {"1_000", "1000"},
           {"0xDEAD_beef", "3735928559"},
           {"0o17", "15"},
           {"0b101", "5"},
           {"0x00", "0"},
           {"9223372036854775807", "9223372036854775807"},
           {"-9223372036854775808", "-9223372036854775808"},
           {"1.0", "r1"},
           {"-2.5E-3", "r-0.0025"},
           {"5e+2_2", "r5e+22"},
           {"1e06", "r1000000"},
           {"true", "true"},
           {"false", "false"},
           {"1979-05-27", "date 1979-05-27"},
           {"07:32:00", "date 07:32:00"},
           {"07:32:00.120", "date 07:32:00.12"},
           {"1979-05-27T07:32:00", "date 1979-05-27T07:32:00"},
           {"1979-05-27t07:32:00z", "date 1979-05-27T07:32:00Z"},
           {"1979-05-27 07:32:00+00:00", "date 1979-05-27T07:32:00Z"},
           {"1979-05-27 # day", "date 1979-05-27"},
           {"1979-05-27T07:32:00.000000000999-12:59", "date 1979-05-27T07:32:00-12:59"},
           {R"("a\tb\"\\\n\u00e4\U0001F600")", "'a\tb\"\\\n\xC3\xA4\xF0\x9F\x98\x80'"},
           {R"('a\b"')", "'a\\b\"'"},
           {"\"\"\"\na\\  \n \n  b\"\"\"", "'ab'"},
           {"\"\"\"a\"\"b\"\"\"\"\"", "'a\"\"b\"\"'"},
           {"'''\r\na\r\nb'''''", "'a\nb'''"},
           {"''", "''"},
           {"\"\"", "''"},
           {"\"\"\"\"\"\"", "''"},
       })
    EXPECT_EQ(value_of(parse_toml("k = " + row.text + "\n", "f")), row.wanted) << row.text;
}

TEST(Toml, RefusesBadValues) {
  for (const Row& row : std::vector<Row>{
           {"", "here must be a value, not the end of the line"},
           {"yes", "put the text in quotes: \"yes\""},
           {"True", "put the text in quotes: \"True\""},
           {"git push", "put the text in quotes: \"git\""},
           {"1 2", "here must be the end of the line, not `2`"},
           {"\"a\" \"b\"", "here must be the end of the line, not `\"`"},
           {"~/x", "here must be a value, not `~`"},
           {"512M", "`512M` is no number; put texts in quotes"},
           {"1.2.3.4", "`1.2.3.4` is no number; put texts in quotes"},
           {"01", "`01` is no number; remove the 0 at its beginning"},
           {"00.5", "`00.5` is no number; put texts in quotes"},
           {"1.", "`1.` is no number; put texts in quotes"},
           {".5", "put the text in quotes: \".5\""},
           {"1e", "`1e` is no number; put texts in quotes"},
           {"1__0", "`1__0` is no number; underscores stand between digits"},
           {"1e_5", "`1e_5` is no number; underscores stand between digits"},
           {"0b_0", "`0b_0` is no number; underscores stand between digits"},
           {"-0x1", "`-0x1` is no number; put texts in quotes"},
           {"0x", "`0x` is no number; put texts in quotes"},
           {"0b2", "`0b2` is no number; put texts in quotes"},
           {"9223372036854775808", "`9223372036854775808` is no number; it does not fit into 64 bits"},
           {"-9223372036854775809", "`-9223372036854775809` is no number; it does not fit into 64 bits"},
           {"99999999999999999999999", "`99999999999999999999999` is no number; it does not fit into 64 bits"},
           {"1e999", "`1e999` is no number; it is too large or too small"},
           {"inf", "infinity and nan are no values here"},
           {"-nan", "infinity and nan are no values here"},
           {"1979-02-29", "`1979-02-29` is no date; write 2026-11-25, 14:00:00 or 2026-11-25T14:00:00Z"},
           {"24:00:00", "`24:00:00` is no date; write 2026-11-25, 14:00:00 or 2026-11-25T14:00:00Z"},
           {"07:32", "`07:32` is no date; write 2026-11-25, 14:00:00 or 2026-11-25T14:00:00Z"},
           {"07:32:00Z", "`07:32:00Z` is no date; write 2026-11-25, 14:00:00 or 2026-11-25T14:00:00Z"},
           {"\"a", "this string has no end; is a quote missing?"},
           {"\"\"\"a", "this string has no end; is a quote missing?"},
           {"'''a''", "this string has no end; is a quote missing?"},
           {"'", "this string has no end; is a quote missing?"},
           {"{a = 1, }", "a comma before this bracket; remove the comma"},
           {"{a = 1\n}", "here must be `,` or `}` in the same line, not the end of the line"},
           {"{a 1}", "here must be `=` and a value, not `1`"},
           {"[1 2]", "here must be `,` or `]`, not `2`"},
           {"[1,,2]", "here must be a value, not `,`"},
           {"[", "here must be a value, not the end of the file"},
       }) {
    const std::string error = value_of(parse_toml("k = " + row.text + "\n", "f"));
    EXPECT_TRUE(error.ends_with(": " + row.wanted)) << row.text << "\n" << error;
  }
}

TEST(Toml, RefusesBadDocumentsWithThePlace) {
  for (const Row& row : std::vector<Row>{
           {"a = 1\nb = 2\na = 3\n", "f:3:1: the key `a` stands here twice (first in line 1); remove one"},
           {"[a]\n[b]\n[a]\n", "f:3:2: the key `a` stands here twice (first in line 1); remove one"},
           {"[a]\n[[a]]\n", "f:2:3: the key `a` stands here twice (first in line 1); remove one"},
           {"[[a]]\n[a]\n", "f:2:2: `a` is a list of tables; write [[a]]"},
           {"a = 1\n[a.b]\n", "f:2:2: `a` is a whole number of line 1 already, which nothing can be added to"},
           {"a = {}\n[a.b]\n", "f:2:2: `a` is a table of line 1 already, which nothing can be added to"},
           {"a = []\n[[a]]\n", "f:2:3: the key `a` stands here twice (first in line 1); remove one"},
           {"a = [{}]\n[a.b]\n", "f:2:2: `a` is an array of line 1 already, which nothing can be added to"},
           {"a = {}\na.b = 1\n", "f:2:1: the key `a` stands here twice (first in line 1); remove one"},
           {"[a.b]\n[a]\nb.c = 1\n[a.b]", "f:3:1: the key `b` stands here twice (first in line 1); remove one"},
           {"[a.b.c]\n[a]\nb.d = 1\n[a.b]\n", "f:4:4: the key `b` stands here twice (first in line 1); remove one"},
           {"[[a.b]]\n[a]\nb.c = 1\n", "f:3:1: the key `b` stands here twice (first in line 1); remove one"},
           {"[a]\nb.c = 1\n[a.b]\n", "f:3:4: the key `b` stands here twice (first in line 2); remove one"},
           {"k = {a = 1, a = 2}", "f:1:13: the key `a` stands here twice (first in line 1); remove one"},
           {"k = {a.b = 1, a = 2}", "f:1:15: the key `a` stands here twice (first in line 1); remove one"},
           {"k", "f:1:2: here must be `=` and a value, not the end of the file"},
           {"k =", "f:1:4: here must be a value, not the end of the file"},
           {"= 1", "f:1:1: here must be a key, not `=`"},
           {"a. = 1", "f:1:4: here must be a key, not `=`"},
           {"my/key = 1", "f:1:3: here must be `=` and a value, not `/`"},
           {"/key = 1", "f:1:1: `/` in a key; put the key in quotes"},
           {"\xC3\xA4 = 1", "f:1:1: `\xC3\xA4` in a key; put the key in quotes"},
           {"\"\"\"a\"\"\" = 1", "f:1:1: a key has one quote on each side"},
           {"[=", "f:1:2: here must be a key, not `=`"},
           {"a=\xC3\xA4", "f:1:3: here must be a value, not `\xC3\xA4`"},
           {"[a", "f:1:3: here must be `]`, not the end of the file"},
           {"[]", "f:1:2: here must be a key, not `]`"},
           {"[[a]", "f:1:5: here must be `]]`, not the end of the file"},
           {"[ [a] ]", "f:1:3: `[` in a key; put the key in quotes"},
           {"[a] b = 1", "f:1:5: here must be the end of the line, not `b`"},
           {"a = \"x\\\ny\"", "f:1:7: an unknown escape; write \\\\ for a backslash, or the text in single quotes"},
           {"a = \"\\x41\"", "f:1:6: an unknown escape; write \\\\ for a backslash, or the text in single quotes"},
           {"a = \"\\u12\"", "f:1:6: \\u needs 4 hexadecimal digits, \\U needs 8"},
           {"a = \"\\uD800\"", "f:1:6: no character has this number"},
           {"a = \"\\U00110000\"", "f:1:6: no character has this number"},
           {"a = \"\\u0000\"", "f:1:5: control characters are not allowed here, not even escaped"},
           {"\"\\u001b\" = 1", "f:1:1: control characters are not allowed here, not even escaped"},
           {"a = 1 # \r b", "f:1:9: a carriage return alone; lines end with a line feed"},
           {"a = '''\r'''", "f:1:8: a carriage return alone; lines end with a line feed"},
           {"a = \"\"\"\"\"\"\"\"\"", "f:1:13: too many quotes at the end of this string"},
           {std::string("a = 1\n\0", 7), "f:2:1: the control character \\x00; remove it"},
           {"a = '\x1B'", "f:1:6: the control character \\x1b; remove it"},
           {"a = '\x7F'", "f:1:6: the control character \\x7f; remove it"},
           {"b = '\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80x\xC3\xA4\xE2\x82'",
            "f:1:11: this is not UTF-8; save the file as UTF-8"},
           {"a = 1\nb = '\xC3\xA4\xFF'", "f:2:7: this is not UTF-8; save the file as UTF-8"},
           {"\xFF\xFE"
            "a",
            "f:1:1: this is not UTF-8; save the file as UTF-8"},
       })
    EXPECT_EQ(shown(parse_toml(row.text, "f")), row.wanted) << row.text;
}

// A large table is looked up by an index: the same answers.
TEST(Toml, FindsKeysOfLargeTables) {
  std::string text;
  for (int i = 0; i < 100; ++i) text += fmt::format("k{}.a = 1\nk{}.b = 1\n", i, i);
  const Result<Node> node = parse_toml(text, "f");
  ASSERT_TRUE(node) << node.error().message();
  ASSERT_EQ(node->members.size(), 100U);
  for (const Member& member : node->members) EXPECT_EQ(member.value.members.size(), 2U);
  EXPECT_EQ(node->integer, 0);
  EXPECT_EQ(shown(parse_toml(text + "k50.a = 2\n", "f")),
            "f:201:5: the key `a` stands here twice (first in line 101); remove one");
  EXPECT_EQ(shown(parse_toml(text + "k99 = 2\n", "f")),
            "f:201:1: the key `k99` stands here twice (first in line 199); remove one");
}

TEST(Json, GivesTheTreeWithPlaces) {
  for (const Row& row : std::vector<Row>{
           {"{}", "1:1 {}"},
           {"{\"z\": 1,\n \"a\":[true,-2,1.5e0,null, \"\\u00e4\"] ,\"o\":{ }}\n",
            "1:1 {z@1:2=1:7 1 a@2:2=2:6 [2:7 true 2:12 -2 2:15 r1.5 2:21 null 2:27 '\xC3\xA4' ] o@2:38=2:42 {} }"},
           {"\r\n{\"\xC3\xA4\":\t\"\xC3\xA4\",\"b\":[]}", "2:1 {\xC3\xA4@2:2=2:7 '\xC3\xA4' b@2:11=2:15 [] }"},
           {R"({"a":"\"\\\/\b"})", "f:1:6: control characters are not allowed here, not even escaped"},
           {R"({"a\"}":"{[\\","b":1})", "1:1 {a\"}@1:2=1:9 '{[\\' b@1:16=1:20 1 }"},
           {R"({"a":[[1],[2 ],3,{"b":4}]})",
            "1:1 {a@1:2=1:6 [1:7 [1:8 1 ] 1:11 [1:12 2 ] 1:16 3 1:18 {b@1:19=1:23 4 } ] }"},
           {"{\"a\":9223372036854775807,\"b\":-9223372036854775808}",
            "1:1 {a@1:2=1:6 9223372036854775807 b@1:26=1:30 -9223372036854775808 }"},
           {R"({"a":"\ud83d\ude00"})", "1:1 {a@1:2=1:6 '\xF0\x9F\x98\x80' }"},
       })
    EXPECT_EQ(shown(parse_json(row.text, "f")), row.wanted) << row.text;
}

TEST(Json, RefusesBadDocumentsWithThePlace) {
  const std::string ends = "the file ends too early; is something cut off?";
  for (const Row& row : std::vector<Row>{
           {"", "f:1:1: " + ends},
           {"{", "f:1:2: " + ends},
           {"{\"a\":1,\n\"b", "f:2:1: this string has no end; is a quote missing?"},
           {"[]", "f:1:1: here must be a table, not an array"},
           {"\n \"a\"", "f:2:2: here must be a table, not a string"},
           {"{\"a\":1,\"b\":2,\"a\":3}", "f:1:14: the key `a` stands here twice (first in line 1); remove one"},
           {"{\"a\":1,}", "f:1:8: a comma before this bracket; remove the comma"},
           {"{\"a\":[1,\n]}", "f:2:1: a comma before this bracket; remove the comma"},
           {"{\"a\":1 // c\n}", "f:1:8: JSON has no comments; remove this one"},
           {"/* c */{}", "f:1:1: JSON has no comments; remove this one"},
           {"{\"a\":1}# c", "f:1:8: JSON has no comments; remove this one"},
           {"{}{}", "f:1:3: nothing may follow the last bracket; remove it"},
           {"{} x", "f:1:4: nothing may follow the last bracket; remove it"},
           {"{a:1}", "f:1:2: syntax error while parsing object key - invalid literal"},
           {"{\"a\" 1}",
            "f:1:6: syntax error while parsing object separator - unexpected number literal; expected `:`"},
           {"{\"a\":1e999}", "f:1:6: number overflow parsing `1e999`"},
           {"{\"a\":\"\\u0000\"}", "f:1:6: control characters are not allowed here, not even escaped"},
           {"{\"\\u0000\":1}", "f:1:2: control characters are not allowed here, not even escaped"},
           {"{\"a\":9223372036854775808}", "f:1:6: a number that does not fit into 64 bits; make it smaller"},
           {"{\"a\":-9223372036854775809}", "f:1:6: a number that does not fit into 64 bits; make it smaller"},
           {"{\"a\":99999999999999999999999}", "f:1:6: a number that does not fit into 64 bits; make it smaller"},
           {std::string("{\"a\":1}\0", 8), "f:1:8: the control character \\x00; remove it"},
           {"{\"a\":\"\xC3\"}", "f:1:7: this is not UTF-8; save the file as UTF-8"},
       })
    EXPECT_EQ(shown(parse_json(row.text, "f")), row.wanted) << row.text;
  for (const std::string_view text : {"{\"a\":01}",
                                      "{\"a\":+1}",
                                      "{\"a\":.5}",
                                      "{\"a\":1.}",
                                      "{\"a\":NaN}",
                                      "{\"a\":Infinity}",
                                      "{\"a\":1e999}",
                                      "{a:1}",
                                      "{'a':1}",
                                      "{\"a\" 1}",
                                      "{\"a\":1 \"b\":2}",
                                      "{\"a\":tru}",
                                      "{\"a\":\"\\x\"}",
                                      "{\"a\":\"\\ud800\"}",
                                      "{\"a\":\"\n\"}",
                                      "{\"a\":\"\t\"}",
                                      "{\"a\":[1}",
                                      "{1:2}",
                                      "{,}",
                                      "\xEF\xBB"})
    EXPECT_FALSE(parse_json(text, "f")) << text;
}

TEST(Document, HasBoundsOfSizeAndDepth) {
  const std::string fifty(50UL << 20, ' ');
  for (const auto parse : {parse_toml, parse_json, parse_plist})
    EXPECT_TRUE(shown(parse(fifty, "f")).starts_with("f: larger than ")) << shown(parse(fifty, "f"));
  EXPECT_TRUE(shown(parse_plist("bplist00" + fifty, "f")).starts_with("f: larger than "));

  const auto times = [](int count, std::string_view text) {
    std::string out;
    for (int i = 0; i < count; ++i) out += text;
    return out;
  };
  const std::string deep = "more than 64 levels of tables and arrays; make it flatter";
  struct Depth {
    Result<Node> (*parse)(std::string_view, std::string_view);
    std::string before, open, middle, close, after;
  };
  for (const Depth& row : std::vector<Depth>{
           {parse_toml, "k = ", "[", "", "]", ""},
           {parse_toml, "k = ", "{a = ", "1", "}", ""},
           {parse_toml, "", "a.", "a = 1", "", ""},
           {parse_toml, "[", "a.", "a]\nk = 1", "", ""},
           {parse_json, "{\"k\":", "[", "", "]", "}"},
           {parse_json, "{\"k\":", "{\"a\":", "1", "}", "}"},
           {parse_plist, "<plist><dict><key>k</key>", "<array>", "<true/>", "</array>", "</dict></plist>"},
       }) {
    const bool is_header = row.before == "[";
    const int most = is_header ? 62 : 63;  // the root and, of a header, the last key are levels as well
    const auto text = [&](int count) {
      return row.before + times(count, row.open) + row.middle + times(count, row.close) + row.after;
    };
    EXPECT_TRUE(row.parse(text(most), "f")) << shown(row.parse(text(most), "f"));
    EXPECT_TRUE(shown(row.parse(text(most + 1), "f")).ends_with(deep)) << row.open;
    EXPECT_TRUE(shown(row.parse(text(200'000), "f")).ends_with(deep)) << row.open;
  }
}

TEST(Document, HasABoundOfValues) {
  std::string list;
  for (int i = 0; i < 500'000; ++i) list += "0,";
  list += "0";
  EXPECT_TRUE(shown(parse_toml("k=[" + list + "]", "f")).ends_with("more than 500,000 values; split the file"));
  EXPECT_TRUE(shown(parse_json("{\"k\":[" + list + "]}", "f")).ends_with("more than 500,000 values; split the file"));
}

// What looked through all tables for each key would take minutes here.
TEST(Document, ReadsManyTablesInOneGo) {
  std::string headers;
  std::string dots;
  std::string members;
  for (int i = 0; i < 100'000; ++i) {
    headers += fmt::format("[a{}.b]\n", i);
    dots += fmt::format("a{}.b=1\n", i);
    members += fmt::format("{}\"a{}\":1", i == 0 ? "{" : ",", i);
  }
  for (int i = 99'999; i >= 0; --i) headers += fmt::format("[a{}]\n", i);
  EXPECT_TRUE(parse_toml(headers, "f"));
  EXPECT_TRUE(parse_toml(dots, "f"));
  EXPECT_TRUE(parse_json(members + "}", "f"));
}

TEST(CanonicalJson, IsWhatRfc8785Says) {
  for (const Row& row : std::vector<Row>{
           {"{}", "{}"},
           {"{ \"b\" : [ 1 , -2 , true , false , null , \"x\" ] , \"a\" : { } }",
            "{\"a\":{},\"b\":[1,-2,true,false,null,\"x\"]}"},
           {R"({"a":"\u002f\/\u20ac\"\\\n\t\r"})", "{\"a\":\"//\xE2\x82\xAC\\\"\\\\\\n\\t\\r\"}"},
           // RFC 8785, 3.2.3, without the control character that we refuse: sorted by UTF-16 code units
           {R"({"\u20ac":1,"\r":2,"\ufb33":3,"1":4,"\ud83d\ude00":5,"\u00f6":6})",
            "{\"\\r\":2,\"1\":4,\"\xC3\xB6\":6,\"\xE2\x82\xAC\":1,\"\xF0\x9F\x98\x80\":5,\"\xEF\xAC\xB3\":3}"},
           {R"({"aa":1,"a":2,"":3})", R"({"":3,"a":2,"aa":1})"},
       })
    EXPECT_EQ(*canonical_json(*parse_json(row.text, "f")), row.wanted) << row.text;
  EXPECT_EQ(*canonical_json({.kind = NodeKind::string, .text = "\b\f\x01\x1F\x7F"}), "\"\\b\\f\\u0001\\u001f\x7F\"");
}

TEST(CanonicalJson, RefusesWhatItCannotSay) {
  const auto error_of = [](const Node& node) {
    const Result<std::string> text = canonical_json(node);
    return text ? "none" : text.error().message();
  };
  EXPECT_EQ(error_of({.kind = NodeKind::real, .real = 1}),
            "canonical JSON: a number with a fraction cannot be signed; write a string or a whole number");
  EXPECT_EQ(error_of({.kind = NodeKind::date, .place = {.line = 2, .column = 3}}),
            "canonical JSON:2:3: a date cannot be signed; write a string or a whole number");
  EXPECT_EQ(error_of({.kind = NodeKind::data}),
            "canonical JSON: binary data cannot be signed; write a string or a whole number");
  EXPECT_EQ(error_of({.kind = NodeKind::string, .text = "\xFF"}), "canonical JSON: a string that is not UTF-8");
  Node twice;
  twice.members.resize(2);
  EXPECT_EQ(error_of(twice), "canonical JSON: the key `` stands here twice; remove one");
}

}  // namespace
}  // namespace bailiwick
