// The table against what reads it, and against the documents that are written from it. BAILIWICK_ACCEPT=1 rewrites
// docs/policy.schema.json, and of docs/policy.md what lies between its marks.
#include "policy/schema.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "base/golden.h"
#include "base/text.h"
#include "policy/layer.h"
#include "policy/starter.h"

namespace bailiwick {
namespace {

constexpr std::string_view kBegin =
    "<!-- What follows is written from src/policy/schema_table.cc: BAILIWICK_ACCEPT=1 schema_test -->\n\n";
constexpr std::string_view kEnd = "\n<!-- Here it ends. -->\n";

std::string doc(std::string_view name) { return fmt::format("{}/../../docs/{}", TEST_SOURCE_DIR, name); }

std::string contents(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream out;
  out << file.rdbuf();
  return out.str();
}

// A whole file around the example of one key.
std::string file_of(const SchemaKey& key) {
  return key.path == "schema" ? std::string(key.example) : "schema = 1\n" + example_in_section(key);
}
std::string rule_with(const SchemaKey& key) {
  std::string out = fmt::format("schema = 1\n[[command]]\n{}\n", key.example);
  if (key.path != "prefix" && key.path != "sha256") out += "prefix = [\"kubectl\"]\n";
  if (key.path != "decision") out += "decision = \"ask\"\n";
  return out;
}
std::string host_with(const SchemaKey& key) {
  std::string out = fmt::format("schema = 1\n[network.hosts.\"acme.example\"]\n{}\n", key.example);
  if (key.path != "decision") out += "decision = \"allow\"\n";
  return out;
}
std::string server_with(const SchemaKey& key) {
  std::string out = fmt::format("schema = 1\n[mcp.servers.docs]\n{}\n", key.example);
  if (key.path != "decision") out += "decision = \"allow\"\n";
  if (key.path == "arguments") out += "command = \"/opt/acme/bin/mcp-docs\"\n";
  return out;
}

Result<Layer> read(const std::string& text) {
  TRY_ASSIGN(const Node root, parse_toml(text, "t"));
  return read_layer(root, LayerKind::system, "t");
}

// "sandbox.", "defaults.sandbox." ..; "" is the top.
std::set<std::string> sections() {
  std::set<std::string> out = {""};
  for (const SchemaKey& key : schema())
    for (std::size_t dot = key.path.find('.'); dot != std::string_view::npos; dot = key.path.find('.', dot + 1))
      out.emplace(key.path.substr(0, dot + 1));
  return out;
}
// `line` in that section, on the file's last line.
std::string in_section(const std::string& section, std::string_view line) {
  if (section.empty()) return fmt::format("schema = 1\n{}\n", line);
  return fmt::format("schema = 1\n[{}]\n{}\n", section.substr(0, section.size() - 1), line);
}

TEST(Schema, TheTableIsWhole) {
  std::set<std::string_view> seen;
  for (const auto keys : {schema(), command_schema(), host_schema(), server_schema()}) {
    seen.clear();
    for (const SchemaKey& key : keys) {
      EXPECT_TRUE(seen.insert(key.path).second) << key.path;
      const std::string_view last = key.path.substr(key.path.rfind('.') + 1);
      const bool is_table = key.example.starts_with('[');
      EXPECT_TRUE(is_table || key.example.starts_with(fmt::format("{} = ", last))) << key.path;
      EXPECT_TRUE(key.summary.ends_with('.')) << key.path;
      EXPECT_EQ(key.values.empty(), key.type != ValueType::choice && key.type != ValueType::choices) << key.path;
      EXPECT_FALSE(name_of(key.type).empty()) << key.path;
      EXPECT_FALSE(name_of(key.combines).empty()) << key.path;
    }
  }
  for (const SchemaKey& key : schema()) {
    EXPECT_EQ(find_key(key.path), &key);
    if (key.path.contains('.')) {
      EXPECT_FALSE(section_summary(key.path.substr(0, key.path.find('.'))).empty()) << key.path;
    }
    // `closed` and `enforce` are words about other layers: an admin's
    if (key.path.ends_with(".closed") || key.path.ends_with(".enforce")) {
      EXPECT_EQ(key.layers, for_admin) << key.path;
    }
    // the starting values are no bounds, and a project chooses nothing
    if (key.path.starts_with("defaults.")) {
      EXPECT_EQ(key.combines, Combines::choice) << key.path;
      EXPECT_EQ(key.layers & for_project, 0) << key.path;
    }
  }
  EXPECT_EQ(find_key("sandbox"), nullptr);
  EXPECT_EQ(find_key(""), nullptr);
}

TEST(Schema, ExamplesAreAccepted) {
  for (const SchemaKey& key : schema()) {
    const auto layer = read(file_of(key));
    ASSERT_TRUE(layer) << key.path << ": " << layer.error().message();
    switch (key.type) {
      case ValueType::commands: EXPECT_FALSE(layer->commands.empty()); break;
      case ValueType::hosts: EXPECT_FALSE(layer->hosts.empty()); break;
      case ValueType::servers: EXPECT_FALSE(layer->servers.empty()); break;
      default: EXPECT_EQ(layer->find(key.path) == nullptr, key.combines == Combines::own) << key.path;
    }
  }
  const auto accepts = [](std::span<const SchemaKey> keys, std::string (*whole)(const SchemaKey&)) {
    for (const SchemaKey& key : keys) {
      const auto layer = read(whole(key));
      EXPECT_TRUE(layer) << key.path << ": " << layer.error().message();
    }
  };
  accepts(command_schema(), rule_with);
  accepts(host_schema(), host_with);
  accepts(server_schema(), server_with);
}

TEST(Schema, EveryOtherKeyIsRefused) {
  for (const std::string& section : sections()) {
    const auto layer = read(in_section(section, "zzzzzzzz = 1"));
    ASSERT_FALSE(layer) << section;
    EXPECT_EQ(layer.error().what, fmt::format("t:{}:1: unknown key `{}zzzzzzzz`", section.empty() ? 2 : 3, section));
  }
  for (const SchemaKey& key : schema()) {
    if (key.path == "schema") continue;
    const std::size_t start = key.path.rfind('.') + 1;  // 0 at the top
    const std::string section(key.path.substr(0, start));
    const auto layer = read(in_section(section, fmt::format("{}q = 1", key.path.substr(start))));
    ASSERT_FALSE(layer) << key.path;
    // `commandq` is as near to `command` as to `commands`
    const std::string_view meant = key.path == "command" ? "commands" : key.path.substr(start);
    EXPECT_EQ(layer.error().what,
              fmt::format("t:{}:1: unknown key `{}q`: did you mean `{}`?", section.empty() ? 2 : 3, key.path, meant));
  }
  for (const auto& [header, what] : std::vector<std::pair<std::string_view, std::string_view>>{
           {"[[command]]", "[[command]]"},
           {"[network.hosts.\"acme.example\"]", "a host's table"},
           {"[mcp.servers.docs]", "an MCP server's table"}}) {
    const auto layer = read(fmt::format("schema = 1\n{}\ndecision = \"ask\"\nreasons = 1\n", header));
    ASSERT_FALSE(layer) << header;
    EXPECT_EQ(layer.error().what, fmt::format("t:4:1: unknown key `reasons` in {}: did you mean `reason`?", what));
  }
}

TEST(Schema, TheReferenceSaysWhatTheTableSays) {
  const std::string path = doc("policy.md");
  const std::string page = contents(path);
  const std::size_t begin = page.find(kBegin);
  const std::size_t end = page.find(kEnd);
  ASSERT_TRUE(begin != std::string::npos && end != std::string::npos && begin < end)
      << path << " must hold these two marks once:\n"
      << kBegin << kEnd;
  const std::size_t from = begin + kBegin.size();
  const std::string reference = render_reference();
  if (const char* accept = std::getenv("BAILIWICK_ACCEPT"); accept != nullptr && std::string_view(accept) == "1") {
    std::ofstream file(path, std::ios::binary | std::ios::trunc);
    file << page.substr(0, from) << reference << page.substr(end);
    file.close();
    ASSERT_TRUE(file.good()) << path;
    GTEST_SKIP() << "rewrote the reference in " << path;
  }
  // Not EXPECT_EQ: a page of difference helps nobody.
  EXPECT_TRUE(page.substr(from, end - from) == reference)
      << "docs/policy.md is not what the table says: run BAILIWICK_ACCEPT=1 schema_test";
  for (const SchemaKey& key : schema())
    EXPECT_TRUE(reference.contains(fmt::format("#### `{}`\n", key.path))) << key.path;
}

TEST(Schema, TheJsonSchemaSaysWhatTheTableSays) { check_golden(doc("policy.schema.json"), render_json_schema()); }

// No table without a list of its keys that is whole.
void check_closed(const Node& node) {
  if (const Node* properties = node.find("properties"); properties != nullptr && node.find("type") != nullptr) {
    const Node* more = node.find("additionalProperties");
    ASSERT_TRUE(more != nullptr);
    EXPECT_TRUE(more->kind == NodeKind::boolean && !more->boolean);
  }
  for (const Member& member : node.members) check_closed(member.value);
  for (const Node& item : node.items) check_closed(item);
}

TEST(Schema, TheJsonSchemaIsStrict) {
  const auto root = parse_json(render_json_schema(), "policy.schema.json");
  ASSERT_TRUE(root) << root.error().message();
  check_closed(*root);
  for (const SchemaKey& key : schema()) {
    const Node* at = &*root;
    for (const std::string_view part : split(key.path, '.')) {
      const Node* properties = at->find("properties");
      ASSERT_TRUE(properties != nullptr) << key.path;
      at = properties->find(part);
      ASSERT_TRUE(at != nullptr) << key.path;
    }
    const Node* description = at->find("description");
    ASSERT_TRUE(description != nullptr) << key.path;
    EXPECT_TRUE(description->text.starts_with(key.summary)) << key.path;
  }
}

class Cases {
 public:
  void add(std::string name, std::string toml, bool is_good) {
    Node one;
    one.members.push_back({"name", {}, text_node(std::move(name))});
    one.members.push_back({"toml", {}, text_node(std::move(toml))});
    one.members.push_back({"is_good", {}, Node{.kind = NodeKind::boolean, .boolean = is_good}});
    list_.items.push_back(std::move(one));
  }
  [[nodiscard]] const Node& list() const { return list_; }

 private:
  static Node text_node(std::string text) { return Node{.kind = NodeKind::string, .text = std::move(text)}; }
  Node list_{.kind = NodeKind::array};
};

Cases cases() {
  Cases out;
  for (const SchemaKey& key : schema()) out.add(std::string(key.path), file_of(key), true);
  for (const SchemaKey& key : command_schema()) out.add("command " + std::string(key.path), rule_with(key), true);
  for (const SchemaKey& key : host_schema()) out.add("host " + std::string(key.path), host_with(key), true);
  for (const SchemaKey& key : server_schema()) out.add("server " + std::string(key.path), server_with(key), true);
  out.add("starter", std::string(starter_policy()), true);
  out.add("starter of admins", std::string(admin_starter_policy()), true);

  // broken: what read_layer() refuses, too
  for (const std::string& section : sections()) out.add("unknown key", in_section(section, "zzz = 1"), false);
  const auto broken_values = [](const SchemaKey& key) -> std::vector<std::string_view> {
    switch (key.type) {
      case ValueType::text: return {"3", "\"\""};
      case ValueType::choice: return {"\"x\"", "true"};
      case ValueType::choices: return {"\"x\"", "[]", "[\"x\"]"};
      case ValueType::boolean: return {"1", "\"true\""};
      case ValueType::count: return {"-1", "1.5", "\"1\""};
      case ValueType::number: return {"0", "-1", "\"x\"", "2e6"};
      case ValueType::size: return {"0", "1.5", "\"8 G\"", "\"0\"", "\"0M\"", "\"0.0G\"", "\"G\"", "\"8X\""};
      case ValueType::duration: return {"600", "\"10\"", "\"0s\"", "\"1h30m\"", "\"1.5h\"", "\"1000001s\"", "\"\""};
      case ValueType::words: return {"\"x\"", "[3]", "[\"\"]"};
      case ValueType::paths: return {"\"/x\"", "[\"x\"]", "[\"/x/..\"]", "[\"/./x\"]", "[\"/x*\"]", "[\"~x/y\"]"};
      case ValueType::globs: return {"\"x\"", "[\"\"]"};
      case ValueType::decision: return {"\"maybe\"", "true", "\"Allow\""};
      case ValueType::risk: return {"\"huge\"", "1"};
      default: return {"3", "\"x\"", "[3]"};
    }
  };
  for (const SchemaKey& key : schema()) {
    if (key.path == "schema") continue;
    const std::size_t start = key.path.rfind('.') + 1;
    for (const std::string_view value : broken_values(key))
      out.add(std::string(key.path),
              in_section(std::string(key.path.substr(0, start)), fmt::format("{} = {}", key.path.substr(start), value)),
              false);
  }
  for (const std::string_view text :
       {"",
        "schema = 2",
        "schema = \"1\"",
        "schema = 1\n[sandbox]\nenvironment = [\"A=B\"]",
        "schema = 1\n[sandbox]\nmodes = [\"read-only\", \"read-only\"]",
        "schema = 1\n[telemetry]\nendpoints = [\"otel:4318\"]",
        "schema = 1\n[[command]]\ndecision = \"ask\"",
        "schema = 1\n[[command]]\nprefix = [\"x\"]",
        "schema = 1\n[[command]]\nprefix = []\ndecision = \"ask\"",
        "schema = 1\n[[command]]\nprefix = [\"\"]\ndecision = \"ask\"",
        "schema = 1\n[[command]]\nprefix = [\"x\", []]\ndecision = \"ask\"",
        "schema = 1\n[[command]]\nprefix = [\"x\", [\"a\", \"a\"]]\ndecision = \"ask\"",
        "schema = 1\n[[command]]\nprefix = [\"x\"]\nwith = []\ndecision = \"ask\"",
        "schema = 1\n[[command]]\nprefix = [\"x\"]\ndecision = \"ask\"\nzzz = 1",
        "schema = 1\n[[command]]\nsha256 = [\"abc\"]\ndecision = \"deny\"",
        R"(schema = 1
[[command]]
sha256 = ["9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"]
decision = "allow")",
        "schema = 1\n[network.hosts]\n\"x.org\" = \"open\"",
        "schema = 1\n[network.hosts]\n\"x org\" = \"deny\"",
        "schema = 1\n[network.hosts]\nx.org = \"allow\"",
        "schema = 1\n[network.hosts]\n\"x.org\" = { ports = [443] }",
        "schema = 1\n[network.hosts]\n\"x.org\" = { decision = \"allow\", ports = [0] }",
        "schema = 1\n[network.hosts]\n\"x.org\" = { decision = \"allow\", ports = [65536] }",
        "schema = 1\n[network.hosts]\n\"x.org\" = { decision = \"allow\", ports = [] }",
        "schema = 1\n[network.hosts]\n\"x.org\" = { decision = \"allow\", methods = [\"GET /\"] }",
        "schema = 1\n[network.hosts]\n\"x.org\" = { decision = \"allow\", paths = [\"a\"] }",
        "schema = 1\n[network.hosts]\n\"x.org\" = { decision = \"allow\", addresses = [] }",
        "schema = 1\n[network.hosts]\n\"x.org\" = { decision = \"allow\", zzz = 1 }",
        "schema = 1\n[mcp.servers.docs]",
        "schema = 1\n[mcp.servers.docs]\ndecision = \"yes\"",
        "schema = 1\n[mcp.servers.docs]\ncommand = \"/x\"\nurl = \"https://x\"",
        "schema = 1\n[mcp.servers.docs]\ndecision = \"allow\"\narguments = [\"x\"]",
        "schema = 1\n[mcp.servers.docs]\ntools = { \"*x\" = \"deny\" }",
        "schema = 1\n[mcp.servers.docs]\ndecision = \"allow\"\nzzz = 1"})
    out.add("broken", std::string(text), false);
  return out;
}

TEST(Schema, TheJsonSchemaJudgesAsTheReaderDoes) {
  const Cases all = cases();
  for (const Node& one : all.list().items) {
    const auto layer = read(one.find("toml")->text);
    EXPECT_EQ(layer.has_value(), one.find("is_good")->boolean) << one.find("name")->text << "\n"
                                                               << one.find("toml")->text << "\n"
                                                               << (layer ? "" : layer.error().message());
  }
  Node root;
  root.members.push_back({"cases", {}, all.list()});
  const auto json = canonical_json(root);
  ASSERT_TRUE(json) << json.error().message();
  const std::string directory = testing::TempDir();
  const std::string list = fmt::format("{}/policy-cases-{}.json", directory, ::getpid());
  const std::string schema_file = fmt::format("{}/policy-schema-{}.json", directory, ::getpid());
  const std::string report = fmt::format("{}/policy-report-{}.txt", directory, ::getpid());
  std::ofstream(list, std::ios::binary) << json->substr(std::string_view("{\"cases\":").size(),
                                                        json->size() - std::string_view("{\"cases\":}").size());
  std::ofstream(schema_file, std::ios::binary) << render_json_schema();
  const int status = std::system(
      fmt::format("python3 {}/testdata/check_schema.py {} {} > {} 2>&1", TEST_SOURCE_DIR, schema_file, list, report)
          .c_str());
  const std::string said = contents(report);
  for (const std::string& file : {list, schema_file, report}) std::remove(file.c_str());
  ASSERT_TRUE(WIFEXITED(status));
  if (WEXITSTATUS(status) == 77) GTEST_SKIP() << "python3-jsonschema is not installed: " << said;
  EXPECT_EQ(WEXITSTATUS(status), 0) << said;
}

}  // namespace
}  // namespace bailiwick
