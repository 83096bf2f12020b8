// What `bailiwick policy ..` asks for.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace bailiwick {

enum class PolicyVerb : std::uint8_t { show, check, explain, test, diff, lint, import, init, sign, verify, keygen };

struct PolicyArguments {
  PolicyVerb verb = PolicyVerb::show;
  bool is_json = false;
  bool with_layers = false;                 // show
  std::vector<std::string> files;           // check, test, lint, import; diff: two; sign, verify: one
  std::vector<std::string> policies;        // --policy [KIND=]FILE, in place of this machine's layers
  std::string action;                       // explain: exec, shell, net, read, write, mcp
  std::vector<std::string> words;           // of the action
  std::string directory;                    // --cwd
  std::string method, path;                 // explain net
  bool without_gate = false;                // explain
  std::string from;                         // import
  std::string output;                       // -o; empty: see each command; "-": standard output
  bool is_user_file = false;                // init, check
  std::string key;                          // sign
  std::vector<std::string> keys;            // verify
  std::int64_t serial = 0;                  // sign
  std::optional<std::int64_t> last_serial;  // verify
  std::string not_before, expires;          // sign: RFC 3339; empty: now, and --days later
  std::int64_t days = 30;                   // sign
};

// Adds the group with all its commands; `chosen` is set when one of them was called.
void add_policy_commands(CLI::App& app, PolicyArguments& arguments, bool& chosen, const char* footer);

}  // namespace bailiwick
