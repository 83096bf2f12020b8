// Codex's managed_config.toml, and its ordinary config.toml. Approval policy, reviewer and sandbox mode are read as
// requirements with one value, as the original reads them; the rest are starting values.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "policy/import_codex.h"

namespace bailiwick {
namespace {

constexpr std::string_view kOwnFile = "a setting of the agent: set it in the agent's own file";
constexpr std::string_view kSurface = "a switch of the agent's own surface: set it in the agent's own file";

constexpr std::array kLeftOut{
    LeftOutKey{"model", kOwnFile},
    LeftOutKey{"model_provider", "the agent's endpoint: allow only its host in [network.hosts]"},
    LeftOutKey{"model_providers", "the agent's endpoints: allow only their hosts in [network.hosts]"},
    LeftOutKey{"model_reasoning_effort", kOwnFile},
    LeftOutKey{"model_reasoning_summary", kOwnFile},
    LeftOutKey{"model_verbosity", kOwnFile},
    LeftOutKey{"model_context_window", kOwnFile},
    LeftOutKey{"model_max_output_tokens", kOwnFile},
    LeftOutKey{"model_auto_compact_token_limit", kOwnFile},
    LeftOutKey{"model_supports_reasoning_summaries", kOwnFile},
    LeftOutKey{"model_instructions_file", kOwnFile},
    LeftOutKey{"model_catalog_json", kOwnFile},
    LeftOutKey{"plan_mode_reasoning_effort", kOwnFile},
    LeftOutKey{"review_model", kOwnFile},
    LeftOutKey{"service_tier", kOwnFile},
    LeftOutKey{"personality", kOwnFile},
    LeftOutKey{"instructions", kOwnFile},
    LeftOutKey{"developer_instructions", kOwnFile},
    LeftOutKey{"compact_prompt", kOwnFile},
    LeftOutKey{"commit_attribution", kOwnFile},
    LeftOutKey{"notify", "a program that the agent starts: it runs inside the sandbox"},
    LeftOutKey{"profile", kOwnFile},
    LeftOutKey{"profiles", "profiles of the agent: choose starting values in [defaults]"},
    LeftOutKey{"projects", "trust in folders is the agent's own: a project's policy may only tighten here"},
    LeftOutKey{"mcp_servers", "servers that are started; which ones may be used is said in [mcp.servers]"},
    LeftOutKey{"mcp_oauth_callback_port", kOwnFile},
    LeftOutKey{"mcp_oauth_callback_url", kOwnFile},
    LeftOutKey{"features", "switches of the agent; for `network_proxy` write [network] and [network.hosts]"},
    LeftOutKey{"network", "a proxy of the agent: write [network] and [network.hosts]"},
    LeftOutKey{"permissions", "permission profiles: say under [sandbox] and [network] what they let in"},
    LeftOutKey{"tools", kSurface},
    LeftOutKey{"tui", kSurface},
    LeftOutKey{"history", kSurface},
    LeftOutKey{"hide_agent_reasoning", kSurface},
    LeftOutKey{"show_raw_agent_reasoning", kSurface},
    LeftOutKey{"hide_full_access_warning", kSurface},
    LeftOutKey{"notice", kSurface},
    LeftOutKey{"file_opener", kSurface},
    LeftOutKey{"disable_paste_burst", kSurface},
    LeftOutKey{"suppress_unstable_features_warning", kSurface},
    LeftOutKey{"check_for_update_on_startup", kSurface},
    LeftOutKey{"project_doc_max_bytes", kOwnFile},
    LeftOutKey{"project_doc_fallback_filenames", kOwnFile},
    LeftOutKey{"project_root_markers", kOwnFile},
    LeftOutKey{"tool_output_token_limit", kOwnFile},
    LeftOutKey{"background_terminal_max_timeout", kOwnFile},
    LeftOutKey{"chatgpt_base_url", "the agent's endpoint: allow only that host in [network.hosts]"},
    LeftOutKey{"openai_base_url", "the agent's endpoint: allow only that host in [network.hosts]"},
    LeftOutKey{"oss_provider", kOwnFile},
    LeftOutKey{"web_search", "the provider searches, not this machine: set it in the agent's own file"},
    LeftOutKey{"shell_environment_policy", "only known harmless variables enter: name others in [sandbox] environment"},
    LeftOutKey{"allow_login_shell", "commands are judged inside login shells, too"},
    LeftOutKey{"hooks", "hooks of the agent run inside the sandbox, and decide nothing here"},
    LeftOutKey{"plugins", kSurface},
    LeftOutKey{"marketplaces", "where plugins come from: limit the hosts in [network.hosts]"},
    LeftOutKey{"apps", "connectors run at the provider: switch them off there"},
    LeftOutKey{"skills", kOwnFile},
    LeftOutKey{"agents", kOwnFile},
    LeftOutKey{"memories", kOwnFile},
    LeftOutKey{"analytics", kOwnFile},
    LeftOutKey{"feedback", kOwnFile},
    LeftOutKey{"log_dir", kOwnFile},
    LeftOutKey{"sqlite_home", kOwnFile},
    LeftOutKey{"ghost_snapshot", kOwnFile},
    LeftOutKey{"zsh_path", kOwnFile},
    LeftOutKey{"windows", "about Windows only"},
};

constexpr std::array kOtelLeftOut{
    LeftOutKey{"span_attributes", "records have attributes of their own"},
    LeftOutKey{"tracestate", "records have attributes of their own"},
};
constexpr std::array kExporterLeftOut{
    LeftOutKey{"protocol", "records are sent as OTLP over HTTP"},
    LeftOutKey{"headers", "they may hold a credential, so they are not copied: give it where telemetry is set up"},
    LeftOutKey{"tls", "the system's certificates are used"},
};

void read_exporter(CodexImport& in, const std::string& key, const Member& member) {
  PolicyBuilder& policy = in.policy;
  if (member.value.kind == NodeKind::string) {
    if (member.value.text == "none") {
      policy.carried(key, member.place, "nothing is sent unless [telemetry] endpoints names where");
    } else {
      policy.left_out(key, member.place,
                      quoted(member.value.text) + " has no endpoint here: name one in [telemetry] endpoints");
    }
    return;
  }
  for_each_member(policy, key, member, [&](const std::string& at, const Member& kind) {
    if (kind.key != "otlp-http" && kind.key != "otlp-grpc") return read_other(policy, at, kind, {});
    for_each_member(policy, at, kind, [&](const std::string& below, const Member& each) {
      if (each.key != "endpoint") return read_other(policy, below, each, kExporterLeftOut);
      const std::string* url = read_text(policy, below, each);
      if (url == nullptr) return;
      if (kind.key == "otlp-grpc") {
        policy.left_out(below, each.place, "records are sent as OTLP over HTTP: name such an endpoint in [telemetry]");
      } else if (!url->starts_with("https://") && !url->starts_with("http://")) {
        policy.left_out(below, each.place, quoted(*url) + " is no URL: name one in [telemetry] endpoints");
      } else {
        policy.add_word("telemetry.endpoints", *url, each.place);
        policy.carried(below, each.place, "[telemetry] endpoints");
      }
    });
  });
}

void read_otel(CodexImport& in, const std::string& key, const Member& member) {
  for_each_member(in.policy, key, member, [&](const std::string& at, const Member& each) {
    if (each.key == "environment") {
      if (const std::string* text = read_text(in.policy, at, each)) {
        if (text->empty() || text->size() > kMaxImportedText) {
          return in.policy.unknown(at, each.place, "empty or too long: left out");
        }
        in.policy.set_text("telemetry.environment", *text, each.place);
        in.policy.carried(at, each.place, "[telemetry] environment");
      }
    } else if (each.key == "log_user_prompt") {
      if (const auto flag = read_flag(in.policy, at, each)) {
        in.policy.set_text("telemetry.prompts", *flag ? "text" : "off", each.place);
        in.policy.carried(at, each.place, fmt::format("[telemetry] prompts = \"{}\"", *flag ? "text" : "off"));
      }
    } else if (each.key == "exporter" || each.key == "trace_exporter" || each.key == "metrics_exporter") {
      read_exporter(in, at, each);
    } else {
      read_other(in.policy, at, each, kOtelLeftOut);
    }
  });
}

void read_workspace_write(CodexImport& in, const std::string& key, const Member& member) {
  static constexpr std::array kKeys{
      LeftOutKey{"exclude_tmpdir_env_var", "temporary files are private to a session"},
      LeftOutKey{"exclude_slash_tmp", "temporary files are private to a session"},
  };
  for_each_member(in.policy, key, member, [&](const std::string& at, const Member& each) {
    if (each.key == "writable_roots") {
      for_each_item(in.policy, at, each, [&](const std::string& item_at, const Node& item) {
        if (item.kind != NodeKind::string) {
          return in.policy.unknown(item_at, item.place, wrong_kind_note(item, "a string"));
        }
        if (!is_plain_path(item.text)) {
          return in.policy.left_out(item_at, item.place,
                                    quoted(item.text) + " is no absolute path: write one in [sandbox] write");
        }
        in.policy.add_word("sandbox.write", item.text, item.place);
        in.policy.tightened(item_at, item.place, "[sandbox] write" + std::string(kWholeList));
      });
    } else if (each.key == "network_access") {
      const auto flag = read_flag(in.policy, at, each);
      if (!flag) return;
      if (!*flag) {
        in.policy.set_text("defaults.network.mode", "off", each.place);
        in.policy.carried(at, each.place, "[defaults.network] mode = \"off\"");
        return;
      }
      const Node* mode = in.policy.find("defaults.sandbox.mode");
      if (mode != nullptr && mode->text == "read-only") {
        return in.policy.carried(at, each.place, "without effect, as in the original: read-only has no network");
      }
      in.policy.set_text("defaults.network.mode", "managed", each.place);
      in.policy.tightened(at, each.place,
                          "[defaults.network] mode = \"managed\": each host is judged; the original opens all of them");
    } else {
      read_other(in.policy, at, each, kKeys);
    }
  });
}

void read_workspace_id(CodexImport& in, const std::string& key, const Member& member) {
  if (member.value.kind == NodeKind::string) {
    return read_workspaces(in, key, member.place, {member.value.text}, "");
  }
  if (const auto words = read_words(in.policy, key, member)) {
    read_workspaces(in, key, member.place, words->words, words->wrong);
  }
}

void read_sandbox_mode(CodexImport& in, const std::string& key, const Member& member) {
  const std::string* text = read_text(in.policy, key, member);
  if (text == nullptr) return;
  std::vector<std::string> modes{"read-only"};
  if (*text != "read-only") modes.push_back(*text);
  read_sandbox_modes(in, key, member.place, modes, "");
  const auto kept = in.policy.words("sandbox.modes");
  in.policy.set_text("defaults.sandbox.mode", kept.back(), member.place);
}

void read_approval_policy(CodexImport& in, const std::string& key, const Member& member) {
  if (member.value.kind == NodeKind::table && member.value.find("granular") != nullptr) {
    return read_approval_policies(in, key, member.place, {"granular"}, "; its switches are left out");
  }
  if (const std::string* text = read_text(in.policy, key, member)) {
    read_approval_policies(in, key, member.place, {*text}, "");
  }
}

void read_reviewer(CodexImport& in, const std::string& key, const Member& member) {
  const std::string* text = read_text(in.policy, key, member);
  if (text == nullptr) return;
  std::vector<std::string> reviewers{*text};
  if (*text != "user") reviewers.emplace_back("user");
  read_reviewers(in, key, member.place, reviewers, "");
}

void read_auto_review(CodexImport& in, const std::string& key, const Member& member) {
  for_each_member(in.policy, key, member, [&](const std::string& at, const Member& each) {
    if (each.key == "policy") {
      read_instructions(in, at, each);
    } else {
      read_other(in.policy, at, each, {});
    }
  });
}

void read_key(CodexImport& in, const std::string& key, const Member& member) {
  using Read = void (*)(CodexImport&, const std::string&, const Member&);
  struct Row {
    std::string_view key;
    Read read;
  };
  static constexpr std::array kRows{Row{"sandbox_mode", read_sandbox_mode},
                                    Row{"approval_policy", read_approval_policy},
                                    Row{"approvals_reviewer", read_reviewer},
                                    Row{"auto_review", read_auto_review},
                                    Row{"default_permissions", read_default_permissions},
                                    Row{"sandbox_workspace_write", read_workspace_write},
                                    Row{"cli_auth_credentials_store", read_credentials_store},
                                    Row{"mcp_oauth_credentials_store", read_credentials_store},
                                    Row{"forced_chatgpt_workspace_id", read_workspace_id},
                                    Row{"otel", read_otel}};
  if (const auto* row = std::ranges::find(kRows, member.key, &Row::key); row != kRows.end()) {
    return row->read(in, key, member);
  }
  if (member.key == "forced_login_method") {
    if (const std::string* text = read_text(in.policy, key, member)) {
      read_login_methods(in, key, member.place, {*text}, "");
    }
    return;
  }
  if (member.key.starts_with("experimental_")) return in.policy.left_out(key, member.place, std::string(kOwnFile));
  read_other(in.policy, key, member, kLeftOut);
}

}  // namespace

Imported import_codex_managed_config(const Node& root) {
  CodexImport in;
  // The mode first: what its table says depends on it.
  for (const bool later : {false, true}) {
    for (const Member& member : root.members) {
      if ((member.key == "sandbox_workspace_write") == later) read_key(in, join_key("", member.key), member);
    }
  }
  // Its other modes have the network off, unless it is opened.
  const Node* mode = in.policy.find("defaults.sandbox.mode");
  if (mode != nullptr && mode->text != "full-access") {
    const Place place = mode->place;
    if (mode->text == "read-only" || in.policy.find("defaults.network.mode") == nullptr) {
      in.policy.set_text("defaults.network.mode", "off", place);
    }
  }
  return finish_codex(std::move(in));
}

}  // namespace bailiwick
