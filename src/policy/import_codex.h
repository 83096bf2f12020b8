// What Codex's two kinds of managed file have in common. Internal to the importers. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "policy/import_builder.h"

namespace bailiwick {

struct CodexImport {
  PolicyBuilder policy;
  bool never_asks = false;            // no approval policy but `never` may be chosen: what asks is denied
  Place never_place;                  // where that is said
  bool has_network = false;           // [experimental_network] is on
  bool holds_servers = false;         // an allowlist of MCP servers is there
  std::vector<std::string> profiles;  // modes that the allowed permission profiles leave
};

// The approval policies that may be chosen.
void read_approval_policies(CodexImport& in, const std::string& key, Place place, const std::vector<std::string>& words,
                            std::string_view wrong);
// The sandbox modes that may be chosen; what is there already is narrowed.
void read_sandbox_modes(CodexImport& in, const std::string& key, Place place, const std::vector<std::string>& words,
                        std::string_view wrong);
void read_reviewers(CodexImport& in, const std::string& key, Place place, const std::vector<std::string>& words,
                    std::string_view wrong);
void read_credentials_store(CodexImport& in, const std::string& key, const Member& member);
void read_login_methods(CodexImport& in, const std::string& key, Place place, const std::vector<std::string>& words,
                        std::string_view wrong);
void read_workspaces(CodexImport& in, const std::string& key, Place place, const std::vector<std::string>& words,
                     std::string_view wrong);
void read_default_permissions(CodexImport& in, const std::string& key, const Member& member);
void read_instructions(CodexImport& in, const std::string& key, const Member& member);
void read_experimental_network(CodexImport& in, const std::string& key, const Member& member);
void read_mcp_allowlist(CodexImport& in, const std::string& key, const Member& member);

// What follows from the whole: asks become denials where nobody may be asked, starting values lie inside the modes.
[[nodiscard]] Imported finish_codex(CodexImport&& in);

}  // namespace bailiwick
