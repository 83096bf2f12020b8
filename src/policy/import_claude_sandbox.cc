// The `sandbox` table of Claude Code's settings.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "policy/glob.h"
#include "policy/import_claude.h"

namespace bailiwick {
namespace {

constexpr std::string_view kSockets =
    "no socket of the host is let in: name those that are needed in [sandbox] sockets";
constexpr std::string_view kPorts = "the relay chooses its own ports";

constexpr std::array kLeftOut{
    LeftOutKey{"failIfUnavailable", "without a sandbox nothing runs"},
    LeftOutKey{"excludedCommands", "no command runs outside the sandbox unasked: leaving it is an action of its own"},
    LeftOutKey{"ignoreViolations", "what is denied is always recorded"},
    LeftOutKey{"enableWeakerNestedSandbox", "the sandbox is not weakened: `bailiwick doctor` says what it needs"},
    LeftOutKey{"enableWeakerNetworkIsolation", "the sandbox is not weakened: `bailiwick doctor` says what it needs"},
    LeftOutKey{"ripgrep", "a program of the agent's: set it in the agent's own file"},
    LeftOutKey{"bwrapPath", "another program's sandbox: ours is built in"},
    LeftOutKey{"socatPath", "another program's relay: ours is built in"},
};
constexpr std::array kNetworkLeftOut{
    LeftOutKey{"allowUnixSockets", kSockets},
    LeftOutKey{"allowAllUnixSockets", kSockets},
    LeftOutKey{"allowLocalBinding", "a session has a loopback of its own, on which every port can be bound"},
    LeftOutKey{"allowMachLookup", "about macOS only"},
    LeftOutKey{"httpProxyPort", kPorts},
    LeftOutKey{"socksProxyPort", kPorts},
    LeftOutKey{"mitmProxy", "the relay connects by itself"},
};
constexpr std::array kFileLeftOut{
    LeftOutKey{
        "denyWrite",
        "single places below the workspace cannot be made read-only: forbid reading them in [sandbox] deny_read, "
        "or make the workspace read-only with [sandbox] modes"},
    LeftOutKey{"allowRead", "it opens parts of what `denyRead` closes: nothing is opened again here"},
    LeftOutKey{"allowManagedReadPathsOnly", "lower layers cannot open what [sandbox] deny_read closes"},
};

void read_domains(ClaudeImport& in, const std::string& key, const Member& member, Decision decision) {
  for_each_item(in.policy, key, member, [&](const std::string& at, const Node& item) {
    if (item.kind != NodeKind::string) return in.policy.unknown(at, item.place, wrong_kind_note(item, "a string"));
    const ImportedHost host = read_foreign_host(item.text, decision);
    if (host.pattern.empty()) {
      return in.policy.left_out(at, item.place,
                                quoted(item.text) + " cannot be said as a pattern: name the hosts, or write `*.x`");
    }
    in.policy.host({.pattern = host.pattern, .decision = decision, .place = item.place});
    const std::string note = fmt::format("[network.hosts] {} = \"{}\"", quoted(host.pattern), name_of(decision));
    if (host.is_less) {
      in.policy.left_out(at, item.place, note + ", and no name with more labels: deny the whole domain, with `**.x`");
    } else if (host.is_exact && !(host.is_private && decision == Decision::allow)) {
      in.policy.carried(at, item.place, note);
    } else {
      in.policy.tightened(at, item.place, note);
    }
  });
}

void read_network(ClaudeImport& in, const std::string& key, const Member& member) {
  for_each_member(in.policy, key, member, [&](const std::string& at, const Member& each) {
    if (each.key == "allowedDomains" || each.key == "deniedDomains") {
      in.policy.set_decision("network.default", Decision::ask, each.place);
      read_domains(in, at, each, each.key == "allowedDomains" ? Decision::allow : Decision::deny);
    } else if (each.key == "allowManagedDomainsOnly") {
      const auto flag = read_flag(in.policy, at, each);
      if (!flag) return;
      if (*flag) {
        in.policy.set_decision("network.default", Decision::deny, each.place);
        in.policy.set("network.closed", flag_node(true, each.place));
      }
      in.policy.carried(
          at, each.place,
          *flag ? "[network] default = \"deny\", closed = true" : "lower layers may answer for other hosts");
    } else {
      read_other(in.policy, at, each, kNetworkLeftOut);
    }
  });
}

// Here a path that starts with `/` is absolute.
void read_files(ClaudeImport& in, const std::string& key, const Member& member) {
  for_each_member(in.policy, key, member, [&](const std::string& at, const Member& each) {
    if (each.key != "denyRead" && each.key != "allowWrite") return read_other(in.policy, at, each, kFileLeftOut);
    const bool is_deny = each.key == "denyRead";
    for_each_item(in.policy, at, each, [&](const std::string& item_at, const Node& item) {
      if (item.kind != NodeKind::string)
        return in.policy.unknown(item_at, item.place, wrong_kind_note(item, "a string"));
      std::string_view path = item.text;
      if (path.starts_with("//")) path.remove_prefix(1);
      if (is_deny) {
        // As an absolute path; claude_deny_patterns() takes that with two slashes.
        const auto patterns = claude_deny_patterns(path.starts_with('/') ? "/" + std::string(path) : std::string(path));
        for (const std::string& pattern : patterns) in.policy.add_word("sandbox.deny_read", pattern, item.place);
        if (!patterns.empty()) return in.policy.carried(item_at, item.place, "[sandbox] deny_read");
      } else if (is_plain_path(path)) {
        in.policy.add_word("sandbox.write", std::string(path), item.place);
        return in.policy.tightened(item_at, item.place, "[sandbox] write" + std::string(kWholeList));
      } else if (path == "." || path == "./" || path.starts_with("./")) {
        return in.policy.carried(item_at, item.place, "the workspace can be written");
      }
      in.policy.left_out(item_at, item.place,
                         quoted(item.text) + " cannot be said: name the places in [sandbox] " +
                             (is_deny ? "deny_read" : "write, absolute or from ~/"));
    });
  });
}

}  // namespace

void read_claude_sandbox(ClaudeImport& in, const std::string& key, const Member& member) {
  for_each_member(in.policy, key, member, [&](const std::string& at, const Member& each) {
    if (each.key == "network") return read_network(in, at, each);
    if (each.key == "filesystem") return read_files(in, at, each);
    const bool is_ours =
        each.key == "enabled" || each.key == "autoAllowBashIfSandboxed" || each.key == "allowUnsandboxedCommands";
    if (!is_ours) return read_other(in.policy, at, each, kLeftOut);
    const auto flag = read_flag(in.policy, at, each);
    if (!flag) return;
    if (each.key == "enabled") {
      in.has_sandbox = *flag;
      if (*flag && in.policy.find("sandbox.modes") == nullptr) {
        in.policy.set("sandbox.modes", words_node({"read-only", "workspace-write"}, each.place));
      }
      *flag ? in.policy.carried(at, each.place, "[sandbox] modes without \"full-access\"")
            : in.policy.tightened(at, each.place, "commands run in the sandbox all the same");
    } else if (each.key == "autoAllowBashIfSandboxed") {
      in.asks_in_sandbox = !*flag;
      in.policy.carried(at, each.place,
                        *flag ? "what no rule names may run in the sandbox unasked" : "[commands] default = \"ask\"");
    } else {
      *flag ? in.policy.carried(at, each.place, "leaving the sandbox always asks")
            : in.policy.left_out(at, each.place,
                                 "leaving the sandbox always asks: keep those out of [approvals] reviewers who should "
                                 "not allow it");
    }
  });
}

}  // namespace bailiwick
