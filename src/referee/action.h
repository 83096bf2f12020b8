// Something about to take effect, as a value. Whoever builds one (gate, egress, hooks, the command line) has looked at
// the machine; the referee looks at nothing but these. Pure values; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "policy/host_pattern.h"
#include "shell/read.h"

namespace bailiwick {

// The file that a command's first word means here.
struct Program {
  std::string found;               // the file that is started, as it is named to the kernel; empty: `path`
  std::string path;                // with all links resolved; empty: it was not looked up, and the name stands for it
  std::vector<std::string> names;  // names of guarded programs that this very file is (a link, a copy of its content)
  std::string sha256;              // of its content, where a rule asks for it; else empty
  bool is_trusted = true;          // false: it lies where the agent can write, so that no rule can allow it
  bool operator==(const Program&) const = default;
};

struct ExecAction {
  std::vector<ShellWord> argv;  // words made at run time are not literal: no rule can allow what depends on them
  Program program;
  std::uint16_t effects = 0;  // ToolEffect, beside the program's own: a redirection by the shell
};

struct ConnectAction {
  std::string host;  // as the program names it
  std::uint16_t port = 443;
  std::string method;              // of an HTTP request, upper-case; empty: not seen
  std::string path;                // of its URL, from `/`; empty: not seen
  std::optional<Address> address;  // that the name resolved to; empty: not resolved yet
};

enum class FileAccess : std::uint8_t { read, write };
struct FileAction {
  FileAccess access = FileAccess::read;
  std::string path;  // absolute or relative to the surroundings' directory, or ~/
};

struct McpAction {
  std::string server;
  std::string tool;
  std::optional<std::string> command;  // how it was started, if it was and we know
  std::vector<std::string> arguments;
  std::optional<std::string> url;
};

}  // namespace bailiwick
