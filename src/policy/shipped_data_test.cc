// docs/shipped-data.md is written from the tables. BAILIWICK_ACCEPT=1 rewrites it; the test is then reported as
// skipped, so that accepting cannot pass for agreeing.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

#include "policy/agent_profiles.h"
#include "policy/environment.h"
#include "policy/executable_config.h"
#include "policy/home.h"
#include "policy/secrets.h"

namespace bailiwick {
namespace {

std::string cell(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '|') out += '\\';
    out += c;
  }
  return out;
}
std::string code(std::string_view text) { return "`" + cell(text) + "`"; }

std::string kind_of(EntryKind kind) {
  return kind == EntryKind::file ? "file" : kind == EntryKind::directory ? "directory" : "file or directory";
}

void executable_config_section(std::ostream& out) {
  out << "## Executable configuration\n\n"
         "Files inside a workspace that other programs execute or trust. What is there when a session starts is "
         "read-only in the sandbox.\n"
         "A pattern without `/` holds at any depth, `**/` stands for any number of directories.\n";
  ConfigReader last{};
  bool is_first = true;
  for (const ExecutableConfig& entry : executable_config()) {
    if (is_first || entry.reader != last) {
      out << "\n### Read by " << to_string(entry.reader)
          << "\n\n| pattern | kind | what runs | source |\n| --- | --- | --- | --- |\n";
      last = entry.reader;
      is_first = false;
    }
    out << "| " << code(entry.pattern) << " | " << kind_of(entry.kind) << " | " << cell(entry.reason) << " | "
        << cell(entry.source) << " |\n";
  }
  out << "\nA directory that holds";
  for (const auto sign : git_directory_signs()) out << " `" << sign << "`";
  out << " is a git directory whatever its name; of it are protected";
  for (const auto name : git_directory_config()) out << " `" << name << "`";
  out << ".\n\n### Not protected, on purpose\n\n| what | why |\n| --- | --- |\n";
  for (const NotProtected& entry : not_executable_config())
    out << "| " << cell(entry.what) << " | " << cell(entry.why) << " |\n";
}

void secrets_section(std::ostream& out) {
  out << "\n## Secrets\n\n"
         "Never readable, unless that very file is named. *home*: relative to the home directory, or to the XDG "
         "directory that took its place.\n"
         "*anywhere*: by name, in readable trees that are neither the workspace nor the system's.\n";
  for (const SecretPlace place : {SecretPlace::home, SecretPlace::system, SecretPlace::anywhere}) {
    out << "\n### " << to_string(place)
        << "\n\n| pattern | kind | what it gives away | kept by |\n| --- | --- | --- | --- |\n";
    for (const Secret& entry : secrets()) {
      if (entry.place != place) continue;
      out << "| " << code(entry.pattern);
      if (!entry.except.empty()) out << " but not " << code(entry.except);
      out << " | " << kind_of(entry.kind) << " | " << cell(entry.reason) << " | " << cell(entry.source) << " |\n";
    }
  }
}

void home_section(std::ostream& out) {
  out << "\n## What of HOME enters\n\nNothing else of HOME is in the sandbox. A copy leaves out lines that hold a "
         "credential.\n\n"
         "| path | how | what | moved by |\n| --- | --- | --- | --- |\n";
  for (const HomeEntry& entry : home_entries()) {
    out << "| " << code("~/" + std::string(entry.path)) << " | " << to_string(entry.use) << " | " << cell(entry.reason)
        << " | " << (entry.variable.empty() ? "" : code("$" + std::string(entry.variable))) << " |\n";
  }
  out << "\n## What of the system enters\n\nRead-only. Not there: `/run`, `/sys`, other homes, and the rest of "
         "`/var`.\n\n"
         "| path | what |\n| --- | --- |\n";
  for (const SystemEntry& entry : system_entries())
    out << "| " << code(entry.path) << " | " << cell(entry.reason) << " |\n";
}

void environment_section(std::ostream& out) {
  out << "\n## Environment\n\nOnly these variables enter, and only where their values do not look like a secret. "
         "`--env NAME` lets in any other.\n\n"
         "| variable | what |\n| --- | --- |\n";
  for (const EnvironmentName& entry : allowed_environment())
    out << "| " << code(entry.name) << " | " << cell(entry.reason) << " |\n";
  out << "\n### Refused, and what they would do\n\nVariables that are on neither list stay out as well.\n\n| variable "
         "| what |\n| --- | --- |\n";
  for (const EnvironmentName& entry : refused_environment())
    out << "| " << code(entry.name) << " | " << cell(entry.reason) << " |\n";
}

void paths(std::ostream& out, std::string_view title, std::span<const AgentPath> list) {
  out << "\n" << title << "\n\n";
  for (const AgentPath& path : list) {
    out << "- `~/" << path.path << "`: " << path.reason;
    if (!path.variable.empty()) out << " (`$" << path.variable << "` moves it)";
    out << "\n";
  }
}

void agents_section(std::ostream& out) {
  out << "\n## Agent profiles\n";
  for (const AgentProfile& profile : agent_profiles()) {
    out << "\n### " << profile.title << " (`--agent " << profile.name << "`)\n\nKnown by the program";
    for (const auto name : profile.programs) out << " `" << name << "`";
    out << ", the npm package";
    for (const auto name : profile.packages) out << " `" << name << "`";
    out << ".\n";
    if (!profile.sandbox_off_hint.empty())
      out << "Its own sandbox, where it is on: " << profile.sandbox_off_hint << ".\n";
    paths(out, "Writable:", profile.state);
    paths(out, "Read-only inside that:", profile.guarded);
    paths(out, "Its own login, let in for it alone:", profile.credentials);
    out << "\nVariables let in:";
    for (const auto name : profile.variables) out << " `" << name << "`";
    out << "\n\nHosts:";
    for (const auto name : profile.hosts) out << " `" << name << "`";
    out << "\n";
  }
}

std::string document() {
  std::ostringstream out;
  out << "# Shipped data\n\n"
         "What Bailiwick knows without being told. This page is written from the tables in `src/policy/`; do not edit "
         "it.\n"
         "`BAILIWICK_ACCEPT=1 shipped_data_test` writes it anew.\n\n";
  executable_config_section(out);
  secrets_section(out);
  home_section(out);
  environment_section(out);
  agents_section(out);
  return out.str();
}

TEST(ShippedData, TheDocumentSaysWhatTheTablesSay) {
  const std::string path = std::string(TEST_SOURCE_DIR) + "/../../docs/shipped-data.md";
  const std::string wanted = document();
  if (std::getenv("BAILIWICK_ACCEPT") != nullptr) {
    std::ofstream(path, std::ios::binary) << wanted;
    GTEST_SKIP() << "docs/shipped-data.md was rewritten";
  }
  std::ifstream file(path, std::ios::binary);
  ASSERT_TRUE(file) << path;
  std::ostringstream got;
  got << file.rdbuf();
  // Not EXPECT_EQ: a page of difference helps nobody.
  EXPECT_TRUE(got.str() == wanted)
      << "docs/shipped-data.md is not what the tables say: run BAILIWICK_ACCEPT=1 shipped_data_test";
}

}  // namespace
}  // namespace bailiwick
