// Codex's requirements.toml, all generations.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "policy/glob.h"
#include "policy/import_codex.h"

namespace bailiwick {
namespace {

constexpr std::string_view kSurface = "a switch of the agent's own surface: set it in the agent's own file";
constexpr std::string_view kOwnFile = "a setting of the agent: set it in the agent's own file";

constexpr std::array kLeftOut{
    LeftOutKey{"allowed_web_search_modes", "the provider searches, not this machine: set it in the agent's own file"},
    LeftOutKey{"enforce_residency", "where the provider keeps data: set it in the agent's own file"},
    LeftOutKey{"auto_review", "which models must have the reviewer on: our reviewer does not depend on the model"},
    LeftOutKey{"allow_guardian_fail_open", "a reviewer that fails denies"},
    LeftOutKey{"allow_managed_hooks_only", "the agent's hooks are bounded by the sandbox, and are not the gate"},
    LeftOutKey{"plugins", "an identity counts for a server by name: name it in [mcp.servers]"},
    LeftOutKey{"marketplaces", "where plugins come from: limit the hosts in [network.hosts]"},
    LeftOutKey{"apps", "connectors run at the provider: switch them off there"},
    LeftOutKey{"features", kSurface},
    LeftOutKey{"feature_requirements", kSurface},
    LeftOutKey{"allow_browser_and_computer_use", kSurface},
    LeftOutKey{"allow_appshots", kSurface},
    LeftOutKey{"allow_remote_control", kSurface},
    LeftOutKey{"computer_use", kSurface},
    LeftOutKey{"browser_use", kSurface},
    LeftOutKey{"in_app_browser", kSurface},
    LeftOutKey{"windows", "about Windows only"},
    LeftOutKey{"additional_developer_instructions", kOwnFile},
    LeftOutKey{"models", kOwnFile},
    LeftOutKey{"application", kOwnFile},
    LeftOutKey{"chatgpt_base_url", "the agent's endpoint: allow only that host in [network.hosts]"},
    LeftOutKey{"sqlite_home", kOwnFile},
    LeftOutKey{"log_dir", kOwnFile},
    LeftOutKey{"model_catalog_json", kOwnFile},
    LeftOutKey{"check_for_update_on_startup", kOwnFile},
    LeftOutKey{"allow_login_shell", "commands are judged inside login shells, too"},
    LeftOutKey{"feedback", kOwnFile},
    LeftOutKey{"otel", "telemetry is not pinned by the original: say it under [telemetry]"},
    LeftOutKey{"shell_environment_policy", "only known harmless variables enter: name others in [sandbox] environment"},
};

// The alternatives of one element of a pattern; empty: it cannot be read.
std::vector<std::string> read_element(const Node& element) {
  std::vector<std::string> out;
  if (element.kind == NodeKind::string) return {element.text};
  const Node* token = element.find("token");
  const Node* any_of = element.find("any_of");
  if (element.members.size() == 1 && token != nullptr && token->kind == NodeKind::string) return {token->text};
  const Node& list = any_of != nullptr && element.members.size() == 1 ? *any_of : element;
  if (list.kind != NodeKind::array) return {};
  for (const Node& word : list.items) {
    if (word.kind != NodeKind::string) return {};
    out.push_back(word.text);
  }
  return out;
}

void read_prefix_rule(CodexImport& in, const std::string& at, const Node& item) {
  const Node* pattern = item.find("pattern");
  const Node* decision = item.find("decision");
  const Node* justification = item.find("justification");
  std::string note;
  for (const Member& member : item.members) {
    if (member.key != "pattern" && member.key != "decision" && member.key != "justification") {
      note += fmt::format("; {} is not in the original's schema", quoted(member.key));
    }
  }
  CommandRule rule{.prefix = {}, .place = item.place};
  if (pattern != nullptr && pattern->kind == NodeKind::array) {
    for (const Node& element : pattern->items) {
      rule.prefix.push_back(read_element(element));
      const auto& words = rule.prefix.back();
      if (!words.empty() && std::ranges::find(words, std::string()) == words.end()) continue;
      rule.prefix.clear();
      break;
    }
  }
  if (rule.prefix.empty()) {
    in.policy.unknown(
        at, item.place,
        "no `pattern` of words, as in [{ token = \"git\" }, { any_of = [\"push\", \"fetch\"] }]: left out, "
        "the original does not start" +
            note);
    return;
  }
  if (justification != nullptr && justification->kind == NodeKind::string) rule.reason = trim(justification->text);
  const std::string_view word =
      decision != nullptr && decision->kind == NodeKind::string ? std::string_view(decision->text) : std::string_view();
  if (word == "allow") {
    in.policy.left_out(at, item.place, "a requirement allows nothing: the original does not start" + note);
    return;
  }
  rule.decision = word == "prompt" ? Decision::ask : Decision::deny;
  const std::string shown = quoted(prefix_text(rule.prefix));
  const CommandFit fit = in.policy.command(std::move(rule));
  if (fit == CommandFit::lost) {
    in.policy.left_out(at, item.place,
                       fmt::format("{} cannot be said: a program is a name or an absolute path", shown));
  } else if (word != "prompt" && word != "forbidden") {
    in.policy.tightened(
        at, item.place,
        fmt::format("[[command]] {}: without \"prompt\" or \"forbidden\" it is denied; the original does "
                    "not start{}",
                    shown, note));
  } else if (fit == CommandFit::wider) {
    in.policy.tightened(at, item.place,
                        fmt::format("[[command]] {}: all that starts so, by every path{}", shown, note));
  } else {
    in.policy.carried(at, item.place, fmt::format("[[command]] {}{}", shown, note));
  }
}

void read_rules(CodexImport& in, const std::string& key, const Member& member) {
  for_each_member(in.policy, key, member, [&](const std::string& at, const Member& each) {
    if (each.key != "prefix_rules") return read_other(in.policy, at, each, {});
    for_each_item(in.policy, at, each, [&](const std::string& item_at, const Node& item) {
      if (item.kind != NodeKind::table) {
        in.policy.unknown(item_at, item.place, wrong_kind_note(item, "a table"));
      } else {
        read_prefix_rule(in, item_at, item);
      }
    });
  });
}

void read_deny_read(CodexImport& in, const std::string& key, const Member& member) {
  for_each_item(in.policy, key, member, [&](const std::string& at, const Node& item) {
    if (item.kind != NodeKind::string) return in.policy.unknown(at, item.place, wrong_kind_note(item, "a string"));
    // The original has neither alternatives nor escapes.
    std::string pattern;
    for (const char c : item.text) {
      if (c == '{' || c == '}' || c == '\\') pattern += '\\';
      pattern += c;
    }
    if (!is_rooted(item.text) || !Glob::parse(pattern)) {
      return in.policy.left_out(at, item.place,
                                quoted(item.text) +
                                    " cannot be said as a pattern: write it in [sandbox] deny_read, `**` as a whole "
                                    "component only");
    }
    in.policy.add_word("sandbox.deny_read", pattern, item.place);
    in.policy.carried(at, item.place, "[sandbox] deny_read");
  });
  if (member.value.kind != NodeKind::array) return;
  // With it the original refuses full access.
  const std::vector<std::string> modes{"read-only", "workspace-write"};
  if (in.policy.words("sandbox.modes").empty()) {
    in.policy.set("sandbox.modes", words_node(modes, member.place));
  } else {
    in.policy.remove_word("sandbox.modes", "full-access");
    if (in.policy.words("sandbox.modes").empty())
      in.policy.set("sandbox.modes", words_node({"read-only"}, member.place));
  }
}

void read_permissions(CodexImport& in, const std::string& key, const Member& member) {
  for_each_member(in.policy, key, member, [&](const std::string& at, const Member& each) {
    if (each.key != "filesystem") {
      in.policy.left_out(at, each.place,
                         "a permission profile: say under [sandbox] and [network] what it lets in, and choose the mode "
                         "in [defaults.sandbox]");
      return;
    }
    for_each_member(in.policy, at, each, [&](const std::string& below, const Member& file_key) {
      if (file_key.key == "deny_read") {
        read_deny_read(in, below, file_key);
      } else {
        read_other(in.policy, below, file_key, {});
      }
    });
  });
}

void read_allowed_profiles(CodexImport& in, const std::string& key, const Member& member) {
  if (member.value.kind != NodeKind::table) {
    return in.policy.unknown(key, member.place, wrong_kind_note(member.value, "a table"));
  }
  static constexpr std::array<std::array<std::string_view, 2>, 3> kBuiltin{
      {{":read-only", "read-only"}, {":workspace", "workspace-write"}, {":danger-full-access", "danger-full-access"}}};
  std::vector<std::string> modes;
  std::string others;
  for (const Member& profile : member.value.members) {
    const auto* row = std::ranges::find(kBuiltin, profile.key, [](const auto& each) { return each[0]; });
    if (row == kBuiltin.end()) {
      others += fmt::format("; profile {} is left out", quoted(profile.key));
    } else if (profile.value.kind == NodeKind::boolean && profile.value.boolean) {
      modes.emplace_back((*row)[1]);
    }
  }
  read_sandbox_modes(in, key, member.place, modes, others);
}

// On some hosts other modes are allowed; the host's name is not looked at here, so the narrowest holds everywhere.
void read_remote_config(CodexImport& in, const std::string& key, const Member& member) {
  for_each_item(in.policy, key, member, [&](const std::string& at, const Node& item) {
    const Node* list = item.find("allowed_sandbox_modes");
    if (list == nullptr || list->kind != NodeKind::array) {
      return in.policy.unknown(at, item.place, "no `allowed_sandbox_modes` in it: left out");
    }
    std::vector<std::string> modes;
    for (const Node& mode : list->items) {
      if (mode.kind == NodeKind::string) modes.push_back(mode.text);
    }
    read_sandbox_modes(in, at, item.place, modes, "; host names are not looked at, so it holds on every host");
  });
}

void read_hooks(CodexImport& in, const std::string& key, const Member& member) {
  for_each_member(in.policy, key, member, [&](const std::string& at, const Member& each) {
    in.policy.left_out(at, each.place,
                       "a hook of the agent: it runs inside the sandbox, as the agent's own file says, and decides "
                       "nothing here");
  });
}

void read_key(CodexImport& in, const std::string& key, const Member& member) {
  using ReadList = void (*)(CodexImport&, const std::string&, Place, const std::vector<std::string>&, std::string_view);
  using ReadNode = void (*)(CodexImport&, const std::string&, const Member&);
  struct ListRow {
    std::string_view key;
    ReadList read;
  };
  struct NodeRow {
    std::string_view key;
    ReadNode read;
  };
  static constexpr std::array kLists{
      ListRow{"allowed_approval_policies", read_approval_policies},
      ListRow{"allowed_approvals_reviewers", read_reviewers}, ListRow{"allowed_sandbox_modes", read_sandbox_modes},
      ListRow{"allowed_login_methods", read_login_methods}, ListRow{"allowed_chatgpt_workspaces", read_workspaces}};
  static constexpr std::array kNodes{NodeRow{"rules", read_rules},
                                     NodeRow{"permissions", read_permissions},
                                     NodeRow{"allowed_permission_profiles", read_allowed_profiles},
                                     NodeRow{"default_permissions", read_default_permissions},
                                     NodeRow{"remote_sandbox_config", read_remote_config},
                                     NodeRow{"guardian_policy_config", read_instructions},
                                     NodeRow{"hooks", read_hooks},
                                     NodeRow{"mcp_servers", read_mcp_allowlist},
                                     NodeRow{"experimental_network", read_experimental_network},
                                     NodeRow{"cli_auth_credentials_store", read_credentials_store},
                                     NodeRow{"mcp_oauth_credentials_store", read_credentials_store}};
  if (const auto* row = std::ranges::find(kLists, member.key, &ListRow::key); row != kLists.end()) {
    const auto words = read_words(in.policy, key, member);
    if (words) row->read(in, key, member.place, words->words, words->wrong);
    return;
  }
  if (const auto* row = std::ranges::find(kNodes, member.key, &NodeRow::key); row != kNodes.end()) {
    return row->read(in, key, member);
  }
  read_other(in.policy, key, member, kLeftOut);
}

}  // namespace

Imported import_codex_requirements(const Node& root) {
  CodexImport in;
  // What narrows the modes comes last, wherever it stands in the file.
  const auto narrows = [](const Member& member) {
    return member.key == "permissions" || member.key == "remote_sandbox_config" ||
           member.key == "allowed_permission_profiles";
  };
  for (const bool later : {false, true}) {
    for (const Member& member : root.members) {
      if (narrows(member) == later) read_key(in, join_key("", member.key), member);
    }
  }
  return finish_codex(std::move(in));
}

}  // namespace bailiwick
