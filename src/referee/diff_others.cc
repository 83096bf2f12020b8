#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <map>

#include "base/text.h"
#include "referee/diff_parts.h"

namespace bailiwick::diff_parts {
namespace {

using Subject = Difference::Subject;
using Words = std::vector<std::string>;

constexpr std::size_t kMaxOfEach = 4;  // ports, methods, paths, blocks of one rule
constexpr std::array<std::uint16_t, 2> kPorts{443, 22};
constexpr std::string_view kPublic = "93.184.216.34";
constexpr std::string_view kPrivate = "10.0.0.1";

template <class T>
void add_once(std::vector<T>& out, T item) {
  if (std::ranges::find(out, item) == out.end()) out.push_back(std::move(item));
}

template <class T>
std::vector<T> first_of(const std::vector<T>& all) {
  return {all.begin(), all.begin() + static_cast<std::ptrdiff_t>(std::min(all.size(), kMaxOfEach))};
}

std::string block_start(const std::string& block) { return block.substr(0, block.rfind('/')); }

// Hosts that the pattern is about, then some beside it.
Words sample_hosts(const HostPattern& pattern, const std::string& text) {
  switch (pattern.kind) {
    case HostPatternKind::exact: {
      if (parse_address(pattern.name)) return {pattern.name};
      Words out{pattern.name, "sub." + pattern.name};
      const std::size_t dot = pattern.name.find('.');
      if (dot != std::string::npos && pattern.name.find('.', dot + 1) != std::string::npos)
        out.push_back("beside" + pattern.name.substr(dot));
      return out;
    }
    case HostPatternKind::subdomains: return {"sub." + pattern.name, pattern.name};
    case HostPatternKind::domain: return {pattern.name, "sub." + pattern.name};
    case HostPatternKind::every: return {"unknown.example"};
    case HostPatternKind::wildcard: {
      std::string name = pattern.name;
      std::ranges::replace_if(name, [](char c) { return c == '*' || c == '?'; }, 'x');
      const std::size_t dot = name.find('.');
      return dot == std::string::npos ? Words{name} : Words{name, "beside" + name.substr(dot)};
    }
    case HostPatternKind::block: return {block_start(text)};
  }
  return {};
}

struct Request {
  std::string method, path;
};

void add_host(const std::string& host, std::uint16_t port, const Request& request, std::string_view address, Rank rank,
              std::vector<Candidate>& out) {
  ConnectAction action{.host = host, .port = port, .method = request.method, .path = request.path, .address = {}};
  std::string shown = fmt::format("{}:{}", host.contains(':') ? "[" + host + "]" : host, port);
  if (!request.method.empty()) shown = fmt::format("{} {}{}", request.method, shown, request.path);
  if (!address.empty()) {
    action.address = parse_address(address);
    if (!action.address) return;
    shown += fmt::format(" at {}", address);
  }
  out.push_back({std::move(action), Subject::host, printable(shown), rank});
}

void add_rule(const HostRule& rule, const HostPattern& pattern, std::vector<Candidate>& out) {
  std::vector<std::uint16_t> ports = first_of(rule.ports);
  add_once<std::uint16_t>(ports, 443);
  if (!rule.ports.empty()) add_once<std::uint16_t>(ports, 22);
  std::vector<Request> requests{{}};
  if (!rule.methods.empty() || !rule.paths.empty()) {
    Words methods = first_of(rule.methods);
    for (const std::string other : {"GET", "POST"}) add_once(methods, other);
    Words paths = first_of(rule.paths);
    add_once<std::string>(paths, "/other");
    for (const std::string& method : methods)
      for (const std::string& path : paths) requests.push_back({method, path});
  }
  Words addresses{""};
  for (const std::string& block : first_of(rule.addresses)) addresses.push_back(block_start(block));
  for (const std::string_view other : {kPublic, kPrivate}) add_once(addresses, std::string(other));
  const Words hosts = sample_hosts(pattern, rule.pattern);
  for (std::size_t i = 0; i < hosts.size(); ++i) {
    const bool is_address = parse_address(hosts[i]).has_value();
    for (const std::uint16_t port : ports)
      for (const Request& request : requests) {
        const bool is_plain = i == 0 && request.method.empty() && port == ports.front();
        for (const std::string& address : addresses)
          if (!is_address || address.empty())
            add_host(hosts[i], port, request, address, is_plain && address.empty() ? Rank::spelled : Rank::varied, out);
      }
  }
}

// A path that the pattern would match: not always, and then it is one more path beside it.
std::string sample_path(std::string_view glob) {
  std::string out;
  for (std::size_t i = 0; i < glob.size(); ++i) {
    const char c = glob[i];
    if (c == '*' && glob.substr(i).starts_with("**/")) {
      i += 2;
    } else if (c == '*') {
      if (!out.ends_with('x')) out += 'x';
    } else if (c == '?') {
      out += 'x';
    } else if (c == '{') {
      const std::size_t end = std::min(glob.find('}', i), glob.size());
      const std::string_view all = glob.substr(i + 1, end - i - 1);
      out += all.substr(0, all.find(','));
      i = end;
    } else {
      out += c;
    }
  }
  return out;
}

void add_path(const std::string& path, const Surroundings& around, Rank rank, std::vector<Candidate>& out) {
  const std::string normal = around.normal(path);
  std::string shown = normal;
  if (is_within(normal, around.workspace()) && normal.size() > around.workspace().size()) {
    shown = normal.substr(around.workspace().size() + 1);
  } else if (!around.home().empty() && is_within(normal, around.home())) {
    shown = "~" + normal.substr(around.home().size());
  }
  for (const FileAccess access : {FileAccess::read, FileAccess::write})
    out.push_back({FileAction{access, normal}, access == FileAccess::read ? Subject::read : Subject::write,
                   printable(shorten(shown, 120)), rank});
}

void add_around(const std::string& path, const Surroundings& around, std::vector<Candidate>& out) {
  add_path(path, around, Rank::spelled, out);
  add_path(path + "/x", around, Rank::varied, out);
  add_path(path.substr(0, path.rfind('/') + 1) + "beside", around, Rank::varied, out);
}

}  // namespace

void add_host_candidates(const Policy& policy, std::vector<Candidate>& out) {
  for (const HostEntry& entry : policy.hosts())
    add_rule(policy.layers()[entry.layer].hosts[entry.rule], entry.pattern, out);
  for (const std::string host : {"unknown.example", "10.0.0.1", "127.0.0.1", "localhost", "169.254.169.254"})
    for (const std::uint16_t port : kPorts) add_host(host, port, {}, "", Rank::general, out);
  add_host("unknown.example", 443, {}, kPrivate, Rank::general, out);
  add_host("unknown.example", 443, {}, kPublic, Rank::general, out);
}

void add_server_candidates(const Policy& before, const Policy& after, std::vector<Candidate>& out) {
  struct Known {
    Words tools;
    std::vector<McpAction> identities;
  };
  std::map<std::string, Known> servers{{"*", {}}};
  for (const Policy* policy : {&before, &after}) {
    for (const Layer& layer : policy->layers()) {
      for (const ServerRule& rule : layer.servers) {
        Known& known = servers[rule.name];
        for (const auto& [pattern, decision] : rule.tools) add_once(known.tools, sample_path(pattern));
        if (rule.command.empty() && rule.url.empty()) continue;
        McpAction identity{.server = {}, .tool = {}, .command = {}, .arguments = rule.arguments, .url = {}};
        if (!rule.command.empty()) identity.command = rule.command;
        if (!rule.url.empty()) identity.url = rule.url;
        known.identities.push_back(std::move(identity));
      }
    }
  }
  const Known general = servers["*"];
  for (auto& [name, known] : servers) {
    for (const std::string& tool : general.tools) add_once(known.tools, tool);
    add_once<std::string>(known.tools, "some-tool");
    if (name != "*")
      known.identities.insert(known.identities.end(), general.identities.begin(), general.identities.end());
    known.identities.push_back({});
    for (const std::string& tool : known.tools) {
      for (McpAction action : known.identities) {
        action.server = name == "*" ? "some-server" : name;
        action.tool = tool;
        std::string shown = action.server + " " + tool;
        if (action.command)
          shown += fmt::format(" (started as {}{}{})", *action.command, action.arguments.empty() ? "" : " ",
                               shell_join(action.arguments));
        if (action.url) shown += fmt::format(" (at {})", *action.url);
        const bool is_named = tool != "some-tool" && name != "*";
        out.push_back(
            {std::move(action), Subject::mcp, printable(shorten(shown, 160)), is_named ? Rank::spelled : Rank::varied});
      }
    }
  }
}

void add_file_candidates(const Policy& policy, const Surroundings& around, std::vector<Candidate>& out) {
  for (const std::string_view key : {"sandbox.read", "sandbox.write"}) {
    if (const EffectiveSetting* setting = policy.find(key))
      for (const std::string& path : std::get<Words>(setting->value)) add_around(path, around, out);
  }
  if (const EffectiveSetting* setting = policy.find("sandbox.deny_read")) {
    for (const std::string& glob : std::get<Words>(setting->value)) {
      const std::string path = sample_path(glob);
      const bool is_fixed = path.starts_with('/') || path.starts_with('~');
      add_around(is_fixed ? path : around.workspace() + "/" + path, around, out);
      if (!is_fixed) add_path(around.workspace() + "/sub/" + path, around, Rank::varied, out);
    }
  }
  const std::string& workspace = around.workspace();
  for (const std::string& path :
       {workspace + "/src/main.c", workspace + "/.git/hooks/pre-commit", std::string("~/Documents/letter"),
        std::string("~/.ssh/id_ed25519"), std::string("~/.cache/x"), std::string("/etc/hosts"),
        std::string("/usr/bin/env"), std::string("/srv/data"), std::string("/tmp/x")})
    add_path(path, around, Rank::general, out);
}

}  // namespace bailiwick::diff_parts
