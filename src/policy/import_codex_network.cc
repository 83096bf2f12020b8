// [experimental_network] and [mcp_servers] of Codex's requirements.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "policy/import_codex.h"

namespace bailiwick {
namespace {

constexpr std::array kLeftOut{
    LeftOutKey{"http_port", "the relay chooses its own ports"},
    LeftOutKey{"socks_port", "the relay chooses its own ports"},
    LeftOutKey{"allow_upstream_proxy", "the relay connects by itself"},
    LeftOutKey{"dangerously_allow_non_loopback_proxy", "the relay listens inside the sandbox only"},
    LeftOutKey{"dangerously_allow_all_unix_sockets",
               "no socket of the host is let in: name those that are needed in "
               "[sandbox] sockets"},
    LeftOutKey{"header_injections", "headers are not added to requests: let the program have a credential of its own"},
    LeftOutKey{"danger_full_access_denylist_only", "the hosts that are not allowed stay denied in every mode"},
};

void add_host(CodexImport& in, const std::string& key, Place place, std::string_view text, Decision decision,
              std::string_view why) {
  const ImportedHost host = read_foreign_host(text, decision);
  if (host.pattern.empty()) {
    in.policy.left_out(key, place,
                       fmt::format("{} cannot be said as a pattern: {} its hosts by name, or with `*.x` or `**.x`",
                                   quoted(text), name_of(decision)));
    return;
  }
  HostRule rule{.pattern = host.pattern, .decision = decision, .place = place};
  // What is not public has to be named, here by its address.
  if (host.is_private && decision == Decision::allow && host.pattern.ends_with("localhost")) {
    rule.addresses = {"127.0.0.0/8", "::1/128"};
  }
  in.policy.host(std::move(rule));
  std::string note = fmt::format("[network.hosts] {} = \"{}\"", quoted(host.pattern), name_of(decision));
  if (!why.empty()) {
    in.policy.tightened(key, place, fmt::format("{}: {}", note, why));
  } else if (host.is_less) {
    in.policy.left_out(key, place, note + ", and no name with more labels: deny the whole domain, with `**.x`");
  } else if (!host.is_exact) {
    in.policy.tightened(key, place,
                        note + (decision == Decision::allow ? ": a wildcard stays inside its label" : ": all of them"));
  } else {
    in.policy.carried(key, place, std::move(note));
  }
}

void read_domains(CodexImport& in, const std::string& key, const Member& member) {
  for_each_member(in.policy, key, member, [&](const std::string& at, const Member& domain) {
    const bool is_text = domain.value.kind == NodeKind::string;
    if (is_text && domain.value.text == "allow") return add_host(in, at, domain.place, domain.key, Decision::allow, "");
    const bool is_deny = is_text && (domain.value.text == "deny" || domain.value.text == "none");
    add_host(in, at, domain.place, domain.key, Decision::deny,
             is_deny ? "" : "neither \"allow\" nor \"deny\", so denied; the original does not start");
  });
}

void read_domain_list(CodexImport& in, const std::string& key, const Member& member, Decision decision) {
  for_each_item(in.policy, key, member, [&](const std::string& at, const Node& item) {
    if (item.kind != NodeKind::string) {
      in.policy.unknown(at, item.place, wrong_kind_note(item, "a string"));
    } else {
      add_host(in, at, item.place, item.text, decision, "");
    }
  });
}

void read_sockets(CodexImport& in, const std::string& key, const Member& member) {
  in.policy.left_out(key, member.place,
                     "no socket of the host is let in: name those that are needed in [sandbox] sockets");
}

void read_network_key(CodexImport& in, const std::string& at, const Member& member) {
  PolicyBuilder& policy = in.policy;
  if (member.key == "enabled") {
    const std::string note = "[network] modes without \"host\", default = \"ask\" at least";
    if (member.value.kind == NodeKind::boolean) {
      policy.carried(at, member.place, note);
    } else {
      policy.tightened(at, member.place,
                       fmt::format("{}, where the original has true or false, counts as true: {}",
                                   name_of(member.value.kind), note));
    }
  } else if (member.key == "domains") {
    read_domains(in, at, member);
  } else if (member.key == "allowed_domains" || member.key == "denied_domains") {
    read_domain_list(in, at, member, member.key == "allowed_domains" ? Decision::allow : Decision::deny);
  } else if (member.key == "unix_sockets" || member.key == "allow_unix_sockets") {
    read_sockets(in, at, member);
  } else if (member.key == "allow_local_binding") {
    const auto flag = read_flag(policy, at, member);
    if (!flag) return;
    if (*flag) {
      policy.set("network.private", text_node("ask", member.place));
      policy.tightened(at, member.place,
                       "[network] private = \"ask\"; the original lets allowed names reach private addresses unasked: "
                       "give such hosts `addresses`");
    } else {
      policy.carried(at, member.place, "[network] private = \"deny\"");
    }
  } else if (member.key == "managed_allowed_domains_only") {
    const auto flag = read_flag(policy, at, member);
    if (!flag || *flag) {
      policy.set_decision("network.default", Decision::deny, member.place);
      policy.set("network.closed", flag_node(true, member.place));
    }
    if (flag) {
      policy.carried(at, member.place,
                     *flag ? "[network] default = \"deny\", closed = true" : "lower layers may answer for other hosts");
    }
  } else {
    read_other(policy, at, member, kLeftOut);
  }
}

// Null: it cannot be said.
const Node* value_of(const Node& matcher) {
  const Node* match = matcher.find("match");
  const Node* value = matcher.kind == NodeKind::string ? &matcher : matcher.find("value");
  if (value == nullptr || value->kind != NodeKind::string) return nullptr;
  if (value->text.empty() || value->text.size() > kMaxImportedText) return nullptr;
  if (match != nullptr && (match->kind != NodeKind::string || match->text != "exact")) return nullptr;
  return value;
}

// False: its identity cannot be said here, or is none.
bool read_identity(ServerRule& server, const Node& identity) {
  const Node* command = identity.find("command");
  const Node* url = identity.find("url");
  if (identity.members.size() != 1 || (command == nullptr) == (url == nullptr)) return false;
  if (url != nullptr) {
    const Node* value = value_of(*url);
    if (value == nullptr) return false;
    server.url = value->text;
    return true;
  }
  if (command->kind == NodeKind::string) {
    const Node* value = value_of(*command);
    if (value != nullptr) server.command = value->text;
    return value != nullptr;
  }
  const Node* executable = command->find("executable");
  const Node* args = command->find("args");
  const Node* program = executable == nullptr ? nullptr : value_of(*executable);
  if (program == nullptr) return false;
  // An empty list would be read as "any arguments".
  if (args == nullptr || args->kind != NodeKind::array || args->items.empty()) return false;
  server.command = program->text;
  for (const Node& arg : args->items) {
    const Node* value = value_of(arg);
    if (value == nullptr) return false;
    server.arguments.push_back(value->text);
  }
  return true;
}

}  // namespace

void read_experimental_network(CodexImport& in, const std::string& key, const Member& member) {
  const Node* enabled = member.value.find("enabled");
  if (member.value.kind == NodeKind::table &&
      (enabled == nullptr || (enabled->kind == NodeKind::boolean && !enabled->boolean))) {
    for_each_member(in.policy, key, member, [&](const std::string& at, const Member& each) {
      in.policy.carried(at, each.place, "without effect, as in the original: `enabled` is not true");
    });
    return;
  }
  for_each_member(in.policy, key, member,
                  [&](const std::string& at, const Member& each) { read_network_key(in, at, each); });
  if (member.value.kind != NodeKind::table) return;
  in.policy.set("network.modes", words_node({"off", "managed"}, enabled != nullptr ? enabled->place : member.place));
  in.policy.set_decision("network.default", Decision::ask, member.place);
  if (in.policy.find("network.private") == nullptr) in.policy.set_text("network.private", "deny", member.place);
}

void read_mcp_allowlist(CodexImport& in, const std::string& key, const Member& member) {
  in.policy.set_text("mcp.default", "deny", member.place);
  if (member.value.kind == NodeKind::table && member.value.members.empty()) {
    in.policy.carried(key, member.place, "[mcp] default = \"deny\": no server may be used");
    return;
  }
  for_each_member(in.policy, key, member, [&](const std::string& at, const Member& each) {
    const Node* identity = each.value.find("identity");
    ServerRule server{.name = each.key, .decision = Decision::ask, .place = each.place};
    // SECURITY: `*` is every server in our language, and a name in the original's.
    if (each.key.empty() || each.key.contains('*') || identity == nullptr || each.value.members.size() != 1 ||
        !read_identity(server, *identity)) {
      in.policy.left_out(at, each.place,
                         "its identity cannot be said here (a prefix, an expression, no arguments): the server stays "
                         "denied; write [mcp.servers] with `command` and `arguments`, or `url`");
      return;
    }
    const bool any_arguments = !server.command.empty() && server.arguments.empty();
    in.policy.servers().push_back(std::move(server));
    in.policy.tightened(at, each.place,
                        std::string("its tools ask: name those that may be used unasked under `tools`") +
                            (any_arguments ? "; any arguments of the command are accepted, as in the original: better "
                                             "list them"
                                           : ""));
  });
}

}  // namespace bailiwick
