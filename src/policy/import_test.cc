#include "policy/import.h"

#include <gtest/gtest.h>

#include <fstream>
#include <functional>
#include <sstream>

#include "base/golden.h"
#include "policy/layer.h"

namespace bailiwick {
namespace {

constexpr const char* kData = TEST_SOURCE_DIR "/testdata/import/";

constexpr std::string_view kFiles[] = {"requirements_2026_05.toml",
                                       "requirements_2026_09.toml",
                                       "managed_config.toml",
                                       "never.managed_config.toml",
                                       "default.rules",
                                       "managed-settings.json",
                                       "settings.json"};

ForeignFormat format_of(std::string_view name) {
  if (name.starts_with("requirements")) return ForeignFormat::codex_requirements;
  if (name.ends_with("managed_config.toml")) return ForeignFormat::codex_managed_config;
  return name.ends_with(".rules") ? ForeignFormat::codex_rules : ForeignFormat::claude_settings;
}

std::string text_of(std::string_view name) {
  std::ifstream file(std::string(kData) + std::string(name), std::ios::binary);
  EXPECT_TRUE(file.good()) << name;
  std::ostringstream out;
  out << file.rdbuf();
  return out.str();
}

Imported imported(std::string_view name) {
  auto out = import_policy(format_of(name), text_of(name), name);
  EXPECT_TRUE(out.has_value()) << out.error().message();
  return out.has_value() ? *std::move(out) : Imported{};
}

void expect_layer(const Imported& got, std::string_view what) {
  const auto layer = read_layer(got.policy, LayerKind::system, "imported");
  EXPECT_TRUE(layer.has_value()) << layer.error().message() << "\n" << what << "\n" << render_toml(got.policy, "x");
}

class ImportGolden : public ::testing::TestWithParam<std::string_view> {};
TEST_P(ImportGolden, Policy) {
  const Imported got = imported(GetParam());
  expect_layer(got, GetParam());
  check_golden(std::string(kData) + std::string(GetParam()) + ".policy", render_toml(got.policy, GetParam()));
}
TEST_P(ImportGolden, Report) {
  check_golden(std::string(kData) + std::string(GetParam()) + ".report",
               render_report(imported(GetParam()), GetParam()));
}
INSTANTIATE_TEST_SUITE_P(Files, ImportGolden, ::testing::ValuesIn(kFiles), [](const auto& file) {
  std::string out(file.param);
  for (char& c : out) {
    if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))) c = '_';
  }
  return out;
});

TEST(Import, FindsFormatsByName) {
  EXPECT_EQ(find_foreign_format("/etc/codex/requirements.toml"), ForeignFormat::codex_requirements);
  EXPECT_EQ(find_foreign_format("managed_config.toml"), ForeignFormat::codex_managed_config);
  EXPECT_EQ(find_foreign_format("/home/u/.codex/config.toml"), ForeignFormat::codex_managed_config);
  EXPECT_EQ(find_foreign_format("rules/default.rules"), ForeignFormat::codex_rules);
  EXPECT_EQ(find_foreign_format("/etc/claude-code/managed-settings.json"), ForeignFormat::claude_settings);
  EXPECT_EQ(find_foreign_format("/etc/claude-code/managed-settings.d/10-net.json"), ForeignFormat::claude_settings);
  EXPECT_EQ(find_foreign_format("settings.local.json"), ForeignFormat::claude_settings);
  for (const auto* ours : {"policy.toml", ".rules", "a/.rules", "x.json", "requirements.txt", "", "settings.json/x"}) {
    EXPECT_EQ(find_foreign_format(ours), std::nullopt) << ours;
  }
}

TEST(Import, SaysWhereTextDoesNotParse) {
  const auto wanted = [](ForeignFormat format, std::string_view text, std::string_view start) {
    const auto got = import_policy(format, text, "f");
    ASSERT_FALSE(got.has_value());
    EXPECT_EQ(got.error().kind, ErrorKind::invalid);
    EXPECT_TRUE(got.error().what.starts_with(start)) << got.error().what;
  };
  wanted(ForeignFormat::codex_requirements, "a = [1\nb", "f:2");
  wanted(ForeignFormat::codex_managed_config, "a = 1\na = 2", "f:2");
  wanted(ForeignFormat::codex_rules, "prefix_rule()", "f:1:1: ");
  wanted(ForeignFormat::claude_settings, "{ \"a\": }", "f:1");
}

// Each leaf of the original is reported once: by its own key, or by the key of what holds it.
std::string join(const std::string& parent, const std::string& key) {
  const bool is_bare = !key.empty() && key.find_first_not_of(
                                           "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                           "0123456789_-") == std::string::npos;
  std::string quoted = "\"";
  for (const char c : key) quoted += c == '"' || c == '\\' ? std::string{'\\', c} : std::string(1, c);
  return parent + (parent.empty() ? "" : ".") + (is_bare ? key : quoted + "\"");
}

void expect_covered(const Node& node, const std::string& key, const std::vector<ImportRow>& report, bool is_covered) {
  std::size_t rows = 0;
  for (const ImportRow& row : report) {
    rows += static_cast<std::size_t>(row.key == key || row.key.starts_with(key + " `"));
  }
  if (key.empty()) rows = 0;
  EXPECT_LE(rows + static_cast<std::size_t>(is_covered), 1U) << "twice: " << key;
  is_covered = is_covered || rows > 0;
  const bool is_leaf = node.members.empty() && node.items.empty();
  EXPECT_TRUE(!is_leaf || key.empty() || is_covered) << "not reported: " << key;
  for (const Member& member : node.members) expect_covered(member.value, join(key, member.key), report, is_covered);
  for (std::size_t i = 0; i < node.items.size(); ++i) {
    expect_covered(node.items[i], key + "[" + std::to_string(i) + "]", report, is_covered);
  }
}

Result<Node> parsed(std::string_view name) {
  return name.ends_with(".json") ? parse_json(text_of(name), name) : parse_toml(text_of(name), name);
}

TEST(Import, ReportsEachKeyOnce) {
  for (const std::string_view name : kFiles) {
    if (name.ends_with(".rules")) continue;
    const auto root = parsed(name);
    ASSERT_TRUE(root.has_value()) << root.error().message();
    expect_covered(*root, "", imported(name).report, false);
  }
}

// Replaces one node after the other.
void each_node(Node& node, const std::function<void(Node&)>& change) {
  change(node);
  for (Member& member : node.members) each_node(member.value, change);
  for (Node& item : node.items) each_node(item, change);
}

TEST(Import, WrongTypesAreReportedNeverFatal) {
  std::vector<Node> wrong;
  for (const auto* text : {"x = 'text'", "x = 7", "x = 1.5", "x = true", "x = []", "x = {}", "x = ['a', 'b']", "x = ''",
                           "x = [{ a = 1 }]", "x = { deny = 'allow' }", "x = ['allow']", "x = 'allow'", "x = [[]]"}) {
    const auto root = parse_toml(text, "w");
    ASSERT_TRUE(root.has_value());
    wrong.push_back(root->members[0].value);
  }
  for (const std::string_view name : kFiles) {
    if (name.ends_with(".rules")) continue;
    auto root = parsed(name);
    ASSERT_TRUE(root.has_value());
    each_node(*root, [&](Node& node) {
      if (&node == &*root || ::testing::Test::HasFailure()) return;
      const Node before = node;
      for (const Node& value : wrong) {
        const Place place = node.place;
        node = value;
        node.place = place;
        const std::string text = name.ends_with(".json") ? "" : render_toml(*root, "w");
        if (text.empty()) {
          const auto json = canonical_json(*root);
          if (!json) continue;
          const auto got = import_policy(format_of(name), *json, name);
          ASSERT_TRUE(got.has_value()) << *json;
          expect_layer(*got, *json);
          expect_covered(*parse_json(*json, name), "", got->report, false);
        } else {
          const auto got = import_policy(format_of(name), text, name);
          ASSERT_TRUE(got.has_value()) << got.error().message() << text;
          expect_layer(*got, text);
          expect_covered(*parse_toml(text, name), "", got->report, false);
        }
        if (::testing::Test::HasFailure()) FAIL() << name << " " << text;
      }
      node = before;
    });
  }
}

TEST(Import, WrongTypesAreNamedByLine) {
  struct Row {
    ForeignFormat format;
    std::string_view text;
    std::string_view wanted;
  };
  using enum ForeignFormat;
  const Row rows[] = {
      {codex_requirements, "rules = 'x'", "f:1  unknown  rules  a string, where the original has a table: left out"},
      {codex_requirements, "\nallowed_sandbox_modes = 'read-only'",
       "f:2  unknown  allowed_sandbox_modes  a string, where the original has a list of strings: left out"},
      {codex_requirements, "[rules]\nprefix_rules = [3]",
       "f:2  unknown  rules.prefix_rules[0]  a whole number, where the original has a table: left out"},
      {codex_managed_config, "[otel]\nenvironment = 1",
       "f:2  unknown  otel.environment  a whole number, where the original has a string: left out"},
      {claude_settings, "{\"permissions\": []}",
       "f:1  unknown  permissions  an array, where the original has a table: left out"},
      {claude_settings, "{\"permissions\":\n{\"deny\": \"x\"}}",
       "f:2  unknown  permissions.deny  a string, where the original has a list: left out"},
      {claude_settings, "{\n\"who\": 1}", "f:2  unknown  who  not in the original's schema: left out"},
  };
  for (const Row& row : rows) {
    const auto got = import_policy(row.format, row.text, "f");
    ASSERT_TRUE(got.has_value()) << row.text;
    const std::string report = render_report(*got, "f");
    EXPECT_TRUE(report.starts_with(std::string(row.wanted) + "\n")) << report;
  }
}

}  // namespace
}  // namespace bailiwick
