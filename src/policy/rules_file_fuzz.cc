// Reads a `.rules` file; what is read has the promised shape, and its import is a layer.
#include <cstdint>
#include <string>

#include "base/check.h"
#include "policy/import.h"
#include "policy/layer.h"
#include "policy/rules_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace bailiwick;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto file = parse_rules(text, "f");
  if (!file) {
    CHECK(file.error().kind == ErrorKind::invalid && file.error().what.starts_with("f:"));
    return 0;
  }
  for (const PrefixRule& rule : file->prefix_rules) {
    CHECK(!rule.pattern.empty());
    for (const auto& words : rule.pattern) CHECK(!words.empty());
    for (const RulesExample& example : rule.match) CHECK(prefix_matches(rule, example.words, file->host_executables));
    for (const RulesExample& example : rule.not_match) {
      CHECK(!prefix_matches(rule, example.words, file->host_executables));
    }
  }
  const auto imported = import_policy(ForeignFormat::codex_rules, text, "f");
  CHECK(imported.has_value());
  CHECK(imported->report.size() ==
        file->prefix_rules.size() + file->host_executables.size() + file->network_rules.size());
  CHECK(read_layer(imported->policy, LayerKind::system, "f").has_value());
  static_cast<void>(split_words(text));
  return 0;
}
