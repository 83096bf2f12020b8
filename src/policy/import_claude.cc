// Claude Code's managed-settings.json and settings.json.
#include "policy/import_claude.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"

namespace bailiwick {
namespace {

constexpr std::string_view kOwnFile = "a setting of the agent: set it in the agent's own file";
constexpr std::string_view kHelper = "a program that the agent starts: it runs inside the sandbox";

constexpr std::array kLeftOut{
    LeftOutKey{"$schema", "names the schema of the file"},
    LeftOutKey{"apiKeyHelper", kHelper},
    LeftOutKey{"awsAuthRefresh", kHelper},
    LeftOutKey{"awsCredentialExport", kHelper},
    LeftOutKey{"gcpAuthRefresh", kHelper},
    LeftOutKey{"otelHeadersHelper", kHelper},
    LeftOutKey{"proxyAuthHelper", kHelper},
    LeftOutKey{"statusLine", kHelper},
    LeftOutKey{"subagentStatusLine", kHelper},
    LeftOutKey{"fileSuggestion", kHelper},
    LeftOutKey{"policyHelper", kHelper},
    LeftOutKey{"model", kOwnFile},
    LeftOutKey{"availableModels", kOwnFile},
    LeftOutKey{"enforceAvailableModels", kOwnFile},
    LeftOutKey{"modelOverrides", kOwnFile},
    LeftOutKey{"fallbackModel", kOwnFile},
    LeftOutKey{"effortLevel", kOwnFile},
    LeftOutKey{"alwaysThinkingEnabled", kOwnFile},
    LeftOutKey{"fastMode", kOwnFile},
    LeftOutKey{"fastModePerSessionOptIn", kOwnFile},
    LeftOutKey{"advisorModel", kOwnFile},
    LeftOutKey{"outputStyle", kOwnFile},
    LeftOutKey{"language", kOwnFile},
    LeftOutKey{"cleanupPeriodDays", kOwnFile},
    LeftOutKey{"companyAnnouncements", kOwnFile},
    LeftOutKey{"includeCoAuthoredBy", kOwnFile},
    LeftOutKey{"includeGitInstructions", kOwnFile},
    LeftOutKey{"attribution", kOwnFile},
    LeftOutKey{"autoUpdatesChannel", kOwnFile},
    LeftOutKey{"minimumVersion", kOwnFile},
    LeftOutKey{"plansDirectory", kOwnFile},
    LeftOutKey{"autoMemoryEnabled", kOwnFile},
    LeftOutKey{"autoMemoryDirectory", kOwnFile},
    LeftOutKey{"autoMode",
               "which actions the agent's own classifier lets pass: our rules are [[command]] and [network.hosts]"},
    LeftOutKey{"disableAutoMode", "the agent's own classifier decides nothing here"},
    LeftOutKey{"useAutoModeDuringPlan", "the agent's own classifier decides nothing here"},
    LeftOutKey{"spinnerTipsEnabled", kOwnFile},
    LeftOutKey{"spinnerTipsOverride", kOwnFile},
    LeftOutKey{"spinnerVerbs", kOwnFile},
    LeftOutKey{"terminalProgressBarEnabled", kOwnFile},
    LeftOutKey{"prefersReducedMotion", kOwnFile},
    LeftOutKey{"showThinkingSummaries", kOwnFile},
    LeftOutKey{"showTurnDuration", kOwnFile},
    LeftOutKey{"respectGitignore", kOwnFile},
    LeftOutKey{"respondToBashCommands", kOwnFile},
    LeftOutKey{"defaultShell", kOwnFile},
    LeftOutKey{"agent", kOwnFile},
    LeftOutKey{"teammateMode", kOwnFile},
    LeftOutKey{"worktree", kOwnFile},
    LeftOutKey{"voiceEnabled", kOwnFile},
    LeftOutKey{"voice", kOwnFile},
    LeftOutKey{"feedbackSurveyRate", kOwnFile},
    LeftOutKey{"forceRemoteSettingsRefresh", kOwnFile},
    LeftOutKey{"parentSettingsBehavior", kOwnFile},
    LeftOutKey{"sshConfigs", kOwnFile},
    LeftOutKey{"tui", kOwnFile},
    LeftOutKey{"viewMode", kOwnFile},
    LeftOutKey{"editorMode", kOwnFile},
    LeftOutKey{"theme", kOwnFile},
    LeftOutKey{"skipDangerousModePermissionPrompt", "the sandbox holds in every mode of the agent"},
    LeftOutKey{"skipWebFetchPreflight", kOwnFile},
    LeftOutKey{"claudeMd", kOwnFile},
    LeftOutKey{"claudeMdExcludes", kOwnFile},
    LeftOutKey{"disableAllHooks", "hooks of the agent run inside the sandbox, and decide nothing here"},
    LeftOutKey{"allowManagedHooksOnly", "hooks of the agent run inside the sandbox, and decide nothing here"},
    LeftOutKey{"allowedHttpHookUrls", "hooks reach what [network.hosts] allows"},
    LeftOutKey{"httpHookAllowedEnvVars", "hooks see the variables that enter the sandbox"},
    LeftOutKey{"disableSkillShellExecution", "commands of skills are judged like all others"},
    LeftOutKey{"disableDeepLinkRegistration", kOwnFile},
    LeftOutKey{"disableRemoteControl", kOwnFile},
    LeftOutKey{"channelsEnabled", kOwnFile},
    LeftOutKey{"allowedChannelPlugins", kOwnFile},
    LeftOutKey{"enabledPlugins", "what plugins do is judged action by action"},
    LeftOutKey{"pluginConfigs", kOwnFile},
    LeftOutKey{"pluginTrustMessage", kOwnFile},
    LeftOutKey{"strictPluginOnlyCustomization", "what plugins do is judged action by action"},
    LeftOutKey{"extraKnownMarketplaces", "where plugins come from: limit the hosts in [network.hosts]"},
    LeftOutKey{"strictKnownMarketplaces", "where plugins come from: limit the hosts in [network.hosts]"},
    LeftOutKey{"blockedMarketplaces", "where plugins come from: limit the hosts in [network.hosts]"},
    LeftOutKey{"enableAllProjectMcpServers", "which servers may be used is said in [mcp.servers]"},
    LeftOutKey{"enabledMcpjsonServers", "which servers may be used is said in [mcp.servers]"},
    LeftOutKey{"allowManagedMcpServersOnly", "a lower layer cannot lift [mcp] default = \"deny\""},
    LeftOutKey{"mcpServers", "servers that are started; which ones may be used is said in [mcp.servers]"},
    LeftOutKey{"wslInheritsWindowsSettings", "about Windows only"},
};

void read_mode(ClaudeImport& in, const std::string& key, const Member& member) {
  const std::string* text = read_text(in.policy, key, member);
  if (text == nullptr) return;
  PolicyBuilder& policy = in.policy;
  if (*text == "default" || *text == "acceptEdits" || *text == "plan" || *text == "manual") {
    policy.set_decision("defaults.commands.default", Decision::ask, member.place);
    if (*text == "plan") policy.set_text("defaults.sandbox.mode", "read-only", member.place);
    policy.carried(key, member.place,
                   *text == "plan" ? "[defaults.sandbox] mode = \"read-only\", [defaults.commands] default = \"ask\""
                                   : "[defaults.commands] default = \"ask\"; edits in the workspace do not ask");
  } else if (*text == "dontAsk") {
    policy.set_decision("defaults.commands.default", Decision::deny, member.place);
    policy.carried(key, member.place, "[defaults.commands] default = \"deny\"");
  } else if (*text == "bypassPermissions" || *text == "auto" || *text == "delegate") {
    policy.left_out(key, member.place, "no mode of the agent lifts our rules: choose [defaults.commands] default");
  } else {
    policy.unknown(key, member.place, quoted(*text) + " is no mode of the original: left out");
  }
}

void read_directories(ClaudeImport& in, const std::string& key, const Member& member) {
  for_each_item(in.policy, key, member, [&](const std::string& at, const Node& item) {
    if (item.kind != NodeKind::string) return in.policy.unknown(at, item.place, wrong_kind_note(item, "a string"));
    if (!is_plain_path(item.text)) {
      return in.policy.left_out(at, item.place,
                                quoted(item.text) + " is not below the root or ~/: write it so in [sandbox] read");
    }
    in.policy.add_word("sandbox.read", item.text, item.place);
    in.policy.tightened(
        at, item.place,
        "[sandbox] read; where it is to be written, too, name it in [sandbox] write" + std::string(kWholeList));
  });
}

void read_permissions(ClaudeImport& in, const std::string& key, const Member& member) {
  if (member.value.kind != NodeKind::table || member.value.members.empty()) {
    return for_each_member(in.policy, key, member, [](const auto&, const auto&) {});
  }
  // The strictest first: what allows looks at what they say for all commands.
  for (const auto& [name, decision] :
       {std::pair{"deny", Decision::deny}, std::pair{"ask", Decision::ask}, std::pair{"allow", Decision::allow}}) {
    for (const Member& each : member.value.members) {
      if (each.key != name) continue;
      for_each_item(in.policy, join_key(key, each.key), each,
                    [&](const std::string& at, const Node& item) { read_claude_rule(in, at, item, decision); });
    }
  }
  for (const Member& each : member.value.members) {
    const std::string at = join_key(key, each.key);
    if (each.key == "allow" || each.key == "ask" || each.key == "deny") continue;
    if (each.key == "defaultMode") {
      read_mode(in, at, each);
    } else if (each.key == "additionalDirectories") {
      read_directories(in, at, each);
    } else if (each.key == "disableBypassPermissionsMode") {
      const std::string* text = read_text(in.policy, at, each);
      if (text == nullptr) continue;
      if (*text != "disable") {
        in.policy.unknown(at, each.place, quoted(*text) + " is no value of the original: left out");
        continue;
      }
      in.no_bypass = true;
      in.no_bypass_place = each.place;
      in.policy.carried(at, each.place, "[commands] and [mcp] default = \"ask\", unless a rule or the sandbox answers");
    } else {
      static constexpr std::array kRows{
          LeftOutKey{"disableAutoMode", "the agent's own classifier decides nothing here"},
          LeftOutKey{"skipDangerousModePermissionPrompt", "the sandbox holds in every mode of the agent"}};
      read_other(in.policy, at, each, kRows);
    }
  }
}

// Values may be secret: they are not shown.
void read_env(ClaudeImport& in, const std::string& key, const Member& member) {
  for_each_member(in.policy, key, member, [&](const std::string& at, const Member& each) {
    const std::string text = each.value.kind == NodeKind::string ? each.value.text : std::string();
    if (each.key == "OTEL_EXPORTER_OTLP_ENDPOINT" || each.key == "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT") {
      // Without credentials in it.
      if ((text.starts_with("https://") || text.starts_with("http://")) && !text.contains('@')) {
        in.policy.add_word("telemetry.endpoints", text, each.place);
        return in.policy.carried(at, each.place, "[telemetry] endpoints");
      }
    } else if (each.key == "OTEL_LOG_USER_PROMPTS" && (text == "1" || text == "0")) {
      in.policy.set_text("telemetry.prompts", text == "1" ? "text" : "off", each.place);
      return in.policy.carried(at, each.place, "[telemetry] prompts");
    }
    in.policy.left_out(at, each.place, "variables are not set: name those that may enter in [sandbox] environment");
  });
}

void read_hooks(ClaudeImport& in, const std::string& key, const Member& member) {
  for_each_member(in.policy, key, member, [&](const std::string& at, const Member& each) {
    in.policy.left_out(at, each.place, "a hook of the agent: it runs inside the sandbox, and decides nothing here");
  });
}

// allowedMcpServers, deniedMcpServers: tables with serverName, serverCommand or serverUrl.
void read_server_list(ClaudeImport& in, const std::string& key, const Member& member) {
  const bool is_allow = member.key == "allowedMcpServers";
  if (member.value.kind != NodeKind::array) {
    return in.policy.unknown(key, member.place, wrong_kind_note(member.value, "a list"));
  }
  if (is_allow) {
    in.has_server_list = true;
    in.server_list_place = member.place;
    if (member.value.items.empty()) return in.policy.carried(key, member.place, "[mcp] default = \"deny\": none");
  }
  // A list with commands or URLs lets no server in by its name alone.
  const bool names_count = std::ranges::none_of(member.value.items, [](const Node& item) {
    return item.find("serverCommand") != nullptr || item.find("serverUrl") != nullptr;
  });
  for_each_item(in.policy, key, member, [&](const std::string& at, const Node& item) {
    const Node* name = item.find("serverName");
    const bool is_name = name != nullptr && name->kind == NodeKind::string && item.members.size() == 1 &&
                         !name->text.empty() && !name->text.contains('*');
    if (is_name && !is_allow) {
      in.denied_servers.push_back(name->text);
      static_cast<void>(in.policy.server(name->text, item.place));
      return in.policy.carried(at, item.place, fmt::format("[mcp.servers] {} = \"deny\"", quoted(name->text)));
    }
    if (is_name && names_count) {
      in.allowed_servers.push_back(name->text);
      static_cast<void>(in.policy.server(name->text, item.place));
      return in.policy.carried(at, item.place, fmt::format("[mcp.servers] {}, others are denied", quoted(name->text)));
    }
    in.policy.left_out(at, item.place,
                       is_allow ? "a server is known by name here: it stays denied; write [mcp.servers] NAME with "
                                  "`command` and `arguments`, or `url`"
                                : "a server is known by name here: write [mcp.servers] NAME with decision = \"deny\"");
  });
}

void read_organisation(ClaudeImport& in, const std::string& key, const Member& member) {
  std::vector<std::string> ids;
  std::string wrong;
  if (member.value.kind == NodeKind::string) {
    ids = {member.value.text};
  } else if (auto words = read_words(in.policy, key, member)) {
    ids = std::move(words->words);
    wrong = std::move(words->wrong);
  } else {
    return;
  }
  std::erase(ids, std::string());
  if (ids.empty()) return in.policy.unknown(key, member.place, "no organisation is named: left out" + wrong);
  in.policy.keep_words("identity.workspaces", ids, member.place);
  in.policy.carried(key, member.place, "[identity] workspaces" + wrong);
}

void read_key(ClaudeImport& in, const std::string& key, const Member& member) {
  if (member.key == "permissions") return read_permissions(in, key, member);
  if (member.key == "sandbox") return read_claude_sandbox(in, key, member);
  if (member.key == "env") return read_env(in, key, member);
  if (member.key == "hooks") return read_hooks(in, key, member);
  if (member.key == "allowedMcpServers" || member.key == "deniedMcpServers") return read_server_list(in, key, member);
  if (member.key == "forceLoginOrgUUID") return read_organisation(in, key, member);
  if (member.key == "forceLoginMethod") {
    if (const std::string* text = read_text(in.policy, key, member)) {
      const bool is_plan = *text == "claudeai";
      if (!is_plan && *text != "console") {
        in.policy.unknown(key, member.place, quoted(*text) + " is no login method of the original: left out");
        return;
      }
      in.policy.set("identity.login_methods", is_plan ? words_node({"company", "personal"}, member.place)
                                                      : words_node({"api_key"}, member.place));
      in.policy.carried(key, member.place, "[identity] login_methods");
    }
    return;
  }
  if (member.key == "allowManagedPermissionRulesOnly") {
    if (const auto flag = read_flag(in.policy, key, member)) {
      in.only_managed_rules = *flag;
      in.only_managed_place = member.place;
      in.policy.carried(key, member.place,
                        *flag ? "[commands], [network] and [mcp]: default = \"ask\" at least, closed = true"
                              : "lower layers may answer");
    }
    return;
  }
  if (member.key == "disabledMcpjsonServers") {
    const auto words = read_words(in.policy, key, member);
    if (!words) return;
    for (const std::string& name : words->words) {
      if (name.empty() || name.contains('*')) continue;
      in.denied_servers.push_back(name);
      static_cast<void>(in.policy.server(name, member.place));
    }
    return in.policy.carried(key, member.place, "[mcp.servers] with decision = \"deny\"" + words->wrong);
  }
  read_other(in.policy, key, member, kLeftOut);
}

bool covers(std::string_view pattern, std::string_view name) {
  if (pattern.ends_with('*')) return name.starts_with(pattern.substr(0, pattern.size() - 1));
  return pattern == name;
}

// The original lets the strictest of all rules that match hold; ours the one that names the tool.
void settle_servers(ClaudeImport& in) {
  auto& servers = in.policy.servers();
  const auto all = std::ranges::find(servers, "*", &ServerRule::name);
  const std::optional<Decision> for_all = all == servers.end() ? std::nullopt : all->decision;
  for (ServerRule& server : servers) {
    if (for_all) server.decision = std::max(server.decision.value_or(*for_all), *for_all);
    const auto tools = server.tools;
    for (auto& [name, decision] : server.tools) {
      if (server.decision) decision = std::max(decision, *server.decision);
      for (const auto& [pattern, other] : tools) {
        if (covers(pattern, name)) decision = std::max(decision, other);
      }
    }
  }
  const auto is_listed = [](const std::vector<std::string>& list, const std::string& name) {
    return std::ranges::find(list, name) != list.end();
  };
  for (ServerRule& server : servers) {
    const bool is_denied = is_listed(in.denied_servers, server.name) ||
                           (in.has_server_list && !is_listed(in.allowed_servers, server.name));
    if (is_denied) {
      server.decision = Decision::deny;
      server.tools.clear();
    } else if (in.has_server_list && !server.decision) {
      server.decision = Decision::ask;
    }
  }
  if (in.has_server_list) in.policy.set_decision("mcp.default", Decision::deny, in.server_list_place);
}

void settle_defaults(ClaudeImport& in) {
  PolicyBuilder& policy = in.policy;
  const bool sandbox_answers = in.has_sandbox && !in.asks_in_sandbox;
  if (in.all_commands) {
    policy.set_decision("commands.default", *in.all_commands, in.all_commands_place);
    // A rule that asks for everything is not answered by another one.
    if (*in.all_commands == Decision::ask) policy.set("commands.closed", flag_node(true, in.all_commands_place));
  }
  if (in.no_bypass) {
    if (!in.all_commands && !sandbox_answers)
      policy.set_decision("commands.default", Decision::ask, in.no_bypass_place);
    policy.set_decision("mcp.default", Decision::ask, in.no_bypass_place);
  }
  if (in.only_managed_rules) {
    if (!in.all_commands && !sandbox_answers) {
      policy.set_decision("commands.default", Decision::ask, in.only_managed_place);
    }
    for (const std::string section : {"commands", "network", "mcp"}) {
      if (section != "commands") policy.set_decision(section + ".default", Decision::ask, in.only_managed_place);
      policy.set(section + ".closed", flag_node(true, in.only_managed_place));
    }
  }
  // Without a mode the original asks about every command.
  if (!sandbox_answers && !in.all_commands && policy.find("commands.default") == nullptr) {
    policy.set_decision("defaults.commands.default", Decision::ask, {});
  }
  const auto modes = policy.words("sandbox.modes");
  const Node* start = policy.find("defaults.sandbox.mode");
  if (start != nullptr && !modes.empty() && std::ranges::find(modes, start->text) == modes.end()) {
    const Place place = start->place;
    policy.set_text("defaults.sandbox.mode", modes[0], place);
  }
}

}  // namespace

Imported import_claude_settings(const Node& root) {
  ClaudeImport in;
  for (const Member& member : root.members) read_key(in, join_key("", member.key), member);
  settle_servers(in);
  settle_defaults(in);
  return std::move(in.policy).finish();
}

}  // namespace bailiwick
