// The case files of tests/conformance, through the engine; tests/integration/policy_test.py runs them through the
// program.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "policy/document.h"
#include "referee/build.h"
#include "referee/cases.h"

namespace bailiwick {
namespace {

constexpr const char* kDirectory = TEST_SOURCE_DIR "/../../tests/conformance/";

std::string text_of(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream out;
  out << file.rdbuf();
  return out.str();
}

Result<Layer> layer_of(const std::string& named) {
  std::string file = named;
  LayerKind kind = LayerKind::system;
  for (const LayerKind one : {LayerKind::user, LayerKind::project, LayerKind::cloud, LayerKind::mdm, LayerKind::flag}) {
    const std::string prefix = std::string(name_of(one)) + "=";
    if (named.starts_with(prefix)) {
      kind = one;
      file = named.substr(prefix.size());
    }
  }
  TRY_ASSIGN(const Node root, parse_toml(text_of(std::string(kDirectory) + file), file));
  return read_layer(root, kind, file);
}

void run(const CaseFile& cases) {
  std::vector<Layer> layers;
  for (const std::string& named : cases.policies) {
    auto layer = layer_of(named);
    ASSERT_TRUE(layer) << layer.error().message();
    layers.push_back(std::move(*layer));
  }
  // in any order of the layers
  for (int turn = 0; turn < 2; ++turn) {
    std::reverse(layers.begin(), layers.end());
    const auto policy = build_policy(layers, cases.home);
    ASSERT_TRUE(policy) << policy.error().message();
    for (const CaseResult& result : run_cases(cases, **policy))
      EXPECT_TRUE(result.is_right) << cases.file << ":" << result.place.line << ": " << result.text << ": "
                                   << result.problem;
  }
}

TEST(Conformance, EveryCaseFile) {
  std::size_t files = 0;
  std::size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(kDirectory)) {
    const std::string name = entry.path().filename();
    if (!name.ends_with(".toml")) continue;
    const auto root = parse_toml(text_of(entry.path()), name);
    ASSERT_TRUE(root) << root.error().message();
    if (!is_case_file(*root)) continue;
    const auto cases = read_cases(*root, name);
    ASSERT_TRUE(cases) << cases.error().message();
    run(*cases);
    ++files;
    count += cases->cases.size();
  }
  EXPECT_GE(files, 5U);
  EXPECT_GE(count, 130U);
}

TEST(Cases, WhatIsNoCaseIsRefusedByPlace) {
  struct Row {
    const char* text;
    const char* message;
  };
  for (const Row& row :
       {Row{"case = 1", "c:1:8: cases are a list: write `[[case]]` above each"},
        Row{"[[case]]\nshell = \"x\"", "c:1:1: this case has no `decision`"},
        Row{"[[case]]\ndecision = \"ask\"", "c:1:1: this case has no action: exec, shell, net, read, write or mcp"},
        Row{"[[case]]\nshell = \"x\"\nnet = \"y\"\ndecision = \"ask\"", "c:3:1: a case has one action"},
        Row{"[[case]]\nshell = \"x\"\ndecision = \"no\"", "c:3:12: `decision` must be \"allow\", \"ask\" or \"deny\""},
        Row{"[[case]]\nmcp = [\"x\"]\ndecision = \"ask\"", "c:2:1: `mcp` is a server and a tool"},
        Row{"[[case]]\nshell = \"x\"\ndecision = \"ask\"\nfoo = 1", "c:4:1: unknown key `foo` in a case"},
        Row{"bar = 1\n[[case]]\nshell = \"x\"\ndecision = \"ask\"", "c:1:1: unknown key `bar` in a case file"}}) {
    const auto cases = read_cases(*parse_toml(row.text, "c"), "c");
    ASSERT_FALSE(cases) << row.text;
    EXPECT_EQ(cases.error().message(), row.message);
  }
}

TEST(Cases, DestinationsAreHostsAndPorts) {
  const auto shown = [](const char* text) {
    const auto action = parse_destination(text);
    return action ? action->host + " " + std::to_string(action->port) : action.error().message();
  };
  EXPECT_EQ(shown("GitHub.com"), "github.com 443");
  EXPECT_EQ(shown("github.com:22"), "github.com 22");
  EXPECT_EQ(shown("[::1]:80"), "::1 80");
  EXPECT_EQ(shown("::1"), "::1 443");
  EXPECT_EQ(shown("[::1]"), "::1 443");
  EXPECT_NE(shown("https://github.com/x").find("no host name"), std::string::npos);
  EXPECT_NE(shown("github.com:0").find("the port is no whole number"), std::string::npos);
  EXPECT_NE(shown("").find("empty"), std::string::npos);
}

}  // namespace
}  // namespace bailiwick
