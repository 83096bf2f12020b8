#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <random>

#include "policy/import.h"
#include "policy/layer.h"

namespace bailiwick {
namespace {

// Without places, members in one order.
void normalise(Node& node) {
  node.place = {};
  for (Member& member : node.members) {
    member.place = {};
    normalise(member.value);
  }
  std::ranges::sort(node.members, {}, &Member::key);
  for (Node& item : node.items) normalise(item);
}

class RandomTree {
 public:
  Node table(unsigned depth) {
    Node out;
    for (std::size_t i = pick(5); i > 0; --i) {
      const std::string key = text(pick(3) == 0);
      if (out.find(key) == nullptr) out.members.push_back({.key = key, .place = {}, .value = value(depth + 1)});
    }
    return out;
  }

 private:
  std::size_t pick(std::size_t count) { return std::uniform_int_distribution<std::size_t>(0, count - 1)(random_); }

  std::string text(bool is_odd) {
    static constexpr std::array kPlain{"a", "modes", "git", "network", "x-y_z", "hosts", "command", "mcp", "servers"};
    static constexpr std::array kOdd{"",       "\n",      "\"",    "\\",      "a b",        "\t",
                                     "ä€",     "*.x.org", "\n\na", "\"\"\"",  "a\nb\"\"\"", "\r\n",
                                     "'''\n#", "# no",    "a.b.c", "\\u00e4", "\"\n"};
    std::string out;
    for (std::size_t i = pick(3); i < 3; ++i) out += is_odd ? kOdd[pick(kOdd.size())] : kPlain[pick(kPlain.size())];
    return out;
  }

  Node value(unsigned depth) {
    Node out;
    switch (pick(depth > 5 ? 4 : 7)) {
      case 0:
        out.kind = NodeKind::string;
        out.text = text(pick(2) == 0);
        break;
      case 1:
        out.kind = NodeKind::integer;
        out.integer = static_cast<std::int64_t>(random_()) - static_cast<std::int64_t>(random_()) * 65536;
        break;
      case 2:
        out.kind = NodeKind::boolean;
        out.boolean = pick(2) == 0;
        break;
      case 3:
        out.kind = NodeKind::real;
        out.real = std::uniform_real_distribution<double>(-1e6, 1e6)(random_) * (pick(2) == 0 ? 1e-20 : 1e20);
        if (pick(3) == 0) out.real = static_cast<double>(pick(1000));
        break;
      case 4: return table(depth);
      default: {
        out.kind = NodeKind::array;
        const bool are_tables = pick(2) == 0;
        for (std::size_t i = pick(4); i > 0; --i) out.items.push_back(are_tables ? table(depth) : value(depth + 1));
      }
    }
    return out;
  }

  std::mt19937 random_{7};
};

TEST(RenderToml, ReadsBackToTheSame) {
  RandomTree random;
  for (int round = 0; round < 5000; ++round) {
    Node tree = random.table(0);
    const std::string text = render_toml(tree, "a file\nof mine.toml");
    auto back = parse_toml(text, "back");
    ASSERT_TRUE(back.has_value()) << back.error().message() << "\n" << text;
    // And with places, which become comments.
    auto again = parse_toml(render_toml(*back, "x"), "again");
    ASSERT_TRUE(again.has_value()) << again.error().message() << "\n" << text;
    normalise(tree);
    normalise(*back);
    normalise(*again);
    ASSERT_EQ(*back, tree) << text;
    ASSERT_EQ(*again, tree) << text;
  }
}

TEST(RenderToml, ReadsBackOurSchema) {
  for (const SchemaKey& key : schema()) {
    if (key.example.empty() || key.path == "schema") continue;
    // The example is the assignment below its section.
    const auto dot = key.path.rfind('.');
    const std::string section(dot == std::string_view::npos ? "" : key.path.substr(0, dot));
    const bool has_header = key.example.starts_with('[');
    const std::string text =
        "schema = 1\n" + (section.empty() || has_header ? "" : "[" + section + "]\n") + std::string(key.example) + "\n";
    const auto root = parse_toml(text, "example");
    ASSERT_TRUE(root.has_value()) << root.error().message() << "\n" << text;
    const auto layer = read_layer(*root, LayerKind::system, "example");
    if (!layer.has_value()) continue;
    auto back = parse_toml(render_toml(*root, "example"), "back");
    ASSERT_TRUE(back.has_value()) << back.error().message() << "\n" << render_toml(*root, "example");
    Node wanted = *root;
    normalise(wanted);
    normalise(*back);
    EXPECT_EQ(*back, wanted) << text;
  }
}

TEST(RenderToml, Looks) {
  const auto root = parse_toml(R"(schema = 1
[sandbox]
modes = ["read-only"]
deny_read = ["/a/very/long/path/that/goes/on/and/on/a.key", "/a/very/long/path/that/goes/on/and/on/b.key", "x"]
[[command]]
prefix = ["kubectl", ["delete", "drain"]]
decision = "deny"
[network.hosts]
"*.x.org" = { decision = "allow", ports = [443] }
"y.org" = "deny"
[mcp.servers.docs]
decision = "ask"
tools = { "get_*" = "allow" }
[defaults.sandbox]
mode = "read-only"
)",
                               "f.toml");
  ASSERT_TRUE(root.has_value()) << root.error().message();
  EXPECT_EQ(render_toml(*root, "f.toml"), R"(schema = 1  # f.toml:1

[sandbox]  # f.toml:2
modes = ["read-only"]  # f.toml:3
deny_read = [
  "/a/very/long/path/that/goes/on/and/on/a.key",
  "/a/very/long/path/that/goes/on/and/on/b.key",
  "x",
]  # f.toml:4

[[command]]  # f.toml:5
prefix = ["kubectl", ["delete", "drain"]]
decision = "deny"

[network.hosts]  # f.toml:8
"*.x.org" = { decision = "allow", ports = [443] }  # f.toml:9
"y.org" = "deny"  # f.toml:10

[mcp.servers.docs]  # f.toml:11
decision = "ask"  # f.toml:12
tools = { "get_*" = "allow" }  # f.toml:13

[defaults.sandbox]  # f.toml:14
mode = "read-only"  # f.toml:15
)");
}

}  // namespace
}  // namespace bailiwick
