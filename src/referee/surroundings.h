// Where an action happens: what is inside, what is secret. A value made once a session. One thread at a time: its
// tables are made when they are first needed.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "policy/effective.h"
#include "policy/name_index.h"
#include "policy/tool_risk.h"
#include "shell/read.h"

namespace bailiwick {

struct Reach {
  Risk risk = Risk::low;
  std::string_view why;  // static: "reads a secret"; empty for low
};

class Surroundings {
 public:
  // Absolute directories. `workspace` may equal `directory`. `home` may be empty.
  Surroundings(std::string workspace, std::string directory, std::string home);

  // The same, seen from another directory.
  [[nodiscard]] Surroundings at(std::string directory) const;

  [[nodiscard]] const std::string& workspace() const { return workspace_; }
  [[nodiscard]] const std::string& directory() const { return directory_; }
  [[nodiscard]] const std::string& home() const { return home_; }

  // Absolute and without `.`, `..` and double slashes, by the words alone (links are not looked at).
  [[nodiscard]] std::string normal(std::string_view path) const;
  // The reason of the shipped entry that hides `path`; empty: none does.
  [[nodiscard]] std::string_view secret(const std::string& normal_path) const;
  // The reason of the shipped entry of executable configuration in the workspace; empty: none.
  [[nodiscard]] std::string_view executable_config(const std::string& normal_path) const;
  [[nodiscard]] bool is_scratch(std::string_view normal_path) const;  // /tmp, /var/tmp, /dev/shm, /dev/null ..

  // What a word of a command reaches, if it is a path at all.
  [[nodiscard]] Reach reach_of(const ToolWord& word, std::uint16_t effects) const;

 private:
  std::string workspace_, directory_, home_;
  // Made on first use: most commands name no path outside. Copies share them.
  struct Tables;
  const Tables& tables() const;
  std::shared_ptr<Tables> tables_;
};

}  // namespace bailiwick
