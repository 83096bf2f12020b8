// For tests of this room: policies from TOML, commands from words.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "policy/document.h"
#include "referee/build.h"
#include "referee/command.h"

namespace bailiwick {

struct Source {
  LayerKind kind;
  std::string text;  // without `schema = 1`
};

inline Result<std::shared_ptr<const Policy>> try_policy(const std::vector<Source>& sources) {
  std::vector<Layer> layers;
  std::size_t number = 0;
  for (const Source& source : sources) {
    const std::string file = std::string(name_of(source.kind)) + std::to_string(++number) + ".toml";
    auto node = parse_toml("schema = 1\n" + source.text, file);
    if (!node) return std::unexpected(node.error());
    auto layer = read_layer(*node, source.kind, file);
    if (!layer) return std::unexpected(layer.error());
    layers.push_back(std::move(*layer));
  }
  return build_policy(std::move(layers), "/home/dev");
}

inline std::shared_ptr<const Policy> policy_of(const std::vector<Source>& sources) {
  auto made = try_policy(sources);
  if (!made) {
    ADD_FAILURE() << made.error().message();
    made = build_policy({}, "/home/dev");
  }
  return *made;
}

inline Surroundings sample_surroundings() { return {"/home/dev/project", "/home/dev/project", "/home/dev"}; }

inline std::vector<ShellWord> words_of(const std::vector<std::string>& words) {
  std::vector<ShellWord> out;
  for (const std::string& word : words) out.push_back({word, true});
  return out;
}

inline Verdict judge_words(const Policy& policy, const std::vector<std::string>& words, Program program = {}) {
  return judge(ExecAction{.argv = words_of(words), .program = std::move(program)}, policy, sample_surroundings());
}

inline JudgedCommand judge_line(const Policy& policy, std::string_view line, Gate gate = Gate::present) {
  return judge_shell(line, policy, sample_surroundings(), gate, {}, Detail::explanation);
}

}  // namespace bailiwick
