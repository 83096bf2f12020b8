#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "policy/decision.h"
#include "referee/lint_parts.h"

namespace bailiwick::lint_parts {
namespace {

using Kind = LintFinding::Kind;
using Words = std::vector<std::string>;

bool has_component(std::string_view path, std::string_view name) {
  const std::vector<std::string_view> parts = split(path, '/');
  return std::ranges::find(parts, name) != parts.end();
}

class Settings {
 public:
  explicit Settings(const Work& work) : work_(work), home_(work.context.around.home()) {}

  void run() {
    for (const Setting& setting : work_.layer().settings) {
      const std::string_view path = setting.key->path;
      if (path == "sandbox.write") each(setting, [&](const std::string& entry) { written(setting, entry); });
      if (path == "sandbox.read") each(setting, [&](const std::string& entry) { read(setting, entry); });
      if (path == "sandbox.sockets") each(setting, [&](const std::string& entry) { socket(setting, entry); });
      if (path.ends_with(".enforce") && std::get<std::string>(setting.value) == "observe")
        add(Kind::observing, setting,
            "`enforce` = \"observe\" lets everything pass that this file would ask about or deny",
            "take it out when the trial is over");
      limit(setting);
    }
    for (const std::string section : {"commands", "network", "mcp"}) stance(section);
    if (const Setting* from = work_.layer().find("defaults.commands.ask_from")) late(*from);
  }

 private:
  template <class F>
  void each(const Setting& setting, F&& look) const {
    for (const std::string& entry : std::get<Words>(setting.value)) look(entry);
  }
  void add(Kind kind, const Setting& setting, std::string what, std::string advice) const {
    work_.add(kind, setting.place, std::string(setting.key->path), std::move(what), std::move(advice));
  }
  // As people write it.
  [[nodiscard]] std::string shown(const std::string& path) const {
    if (!home_.empty() && is_within(path, home_)) return printable("~" + path.substr(home_.size()));
    return printable(path);
  }
  // Below the home; unset: it is not.
  [[nodiscard]] std::optional<std::string> in_home(const std::string& path) const {
    for (const std::string& home : {home_, std::string("~")}) {
      if (home.empty() || !is_within(path, home)) continue;
      return path.size() > home.size() ? path.substr(home.size() + 1) : std::string();
    }
    return std::nullopt;
  }
  [[nodiscard]] bool holds_home(const std::string& path) const {
    return path == "~" || path == "/" || path == "/home" || path == "/Users" || path == "/root" ||
           (!home_.empty() && is_within(home_, path));
  }

  void written(const Setting& setting, const std::string& entry) const {
    if (holds_home(entry)) {
      add(Kind::broad_path, setting,
          fmt::format("`write` lists `{}`, so that the agent can change what the user runs later, outside",
                      shown(entry)),
          "list the directories that are meant; the workspace is writable already");
      return;
    }
    const auto below = in_home(entry);
    if (below) {
      for (const HostExecuted& place : host_executed_in_home())
        if (is_within(*below, place.path) || is_within(place.path, *below)) return executed(setting, entry, place);
    }
    for (const HostExecuted& place : host_executed_anywhere())
      if (place.path.starts_with('/') ? is_within(entry, place.path) : has_component(entry, place.path))
        return executed(setting, entry, place);
  }
  void executed(const Setting& setting, const std::string& entry, const HostExecuted& place) const {
    add(Kind::host_executed, setting,
        fmt::format("`write` lists `{}`, which holds {}: what the agent leaves there acts outside the sandbox",
                    shown(entry), place.reason),
        place.path.starts_with('/')
            ? "take it out: what the agent installs belongs into the workspace or the private HOME of the session"
            : "let the agent have a cache of its own (for example below ~/.cache/bailiwick), or list it in `read`");
  }

  void read(const Setting& setting, const std::string& entry) const {
    if (const std::string_view secret = work_.context.around.secret(work_.context.around.normal(entry));
        !secret.empty()) {
      add(Kind::secret_read, setting, fmt::format("`read` lists `{}`, which is a secret: {}", shown(entry), secret),
          "take it out: the agent's own login is let in by its profile, and a broker can use other credentials for it");
    } else if (holds_home(entry)) {
      add(Kind::broad_path, setting,
          fmt::format("`read` lists `{}`: all private files but the shipped secrets are shown", shown(entry)),
          "list the directories that are meant, and add what must stay hidden to `deny_read`");
    }
  }

  void socket(const Setting& setting, const std::string& entry) const {
    if (entry == "/" || entry == "/run" || entry == "/var/run" || entry == "/tmp" || entry == "/run/user" ||
        entry == "~") {
      add(Kind::open_socket, setting,
          fmt::format("`sockets` lists `{}`, where most services of the host listen", entry),
          "name the one socket that is meant");
      return;
    }
    for (const KnownSocket& known : known_sockets()) {
      if (!entry.contains(known.part)) continue;
      add(Kind::open_socket, setting, fmt::format("`sockets` lists `{}`: {}", shown(entry), known.reason),
          "take it out; what is behind a socket is not held by the sandbox");
      return;
    }
  }

  void limit(const Setting& setting) const {
    for (const SaneLimit& sane : sane_limits()) {
      if (sane.key != setting.key->path) continue;
      double value = 0;
      if (const auto* whole = std::get_if<std::int64_t>(&setting.value)) {
        value = static_cast<double>(*whole);
      } else if (const auto* real = std::get_if<double>(&setting.value)) {
        value = *real;
      }
      if (value >= sane.least && value <= sane.most) return;
      const std::string_view name = sane.key.substr(sane.key.rfind('.') + 1);
      add(Kind::odd_limit, setting,
          fmt::format("`{}` = {} is {}: {}", name, format_value(*setting.key, setting.value),
                      value < sane.least ? "too small" : "too large", value < sane.least ? sane.below : sane.above),
          value < sane.least ? "raise it, or leave it out for the value that is built in"
                             : "choose a value that a session could reach, or leave it out");
    }
  }

  void stance(const std::string& section) const {
    const Layer& layer = work_.layer();
    const Setting* fallback = layer.find(section + ".default");
    const Setting* from = layer.find(section + ".ask_from");
    const Setting* closed = layer.find(section + ".closed");
    const auto decision = [&] { return static_cast<Decision>(std::get<std::int64_t>(fallback->value)); };
    if (closed != nullptr && std::get<bool>(closed->value)) {
      if (fallback == nullptr) {
        add(Kind::idle_setting, *closed,
            "`closed` has no `default` beside it in this file: only a `default` of \"ask\" is closed by it",
            fmt::format("add `default` = \"ask\" to [{}], or take `closed` out", section));
      } else if (decision() != Decision::ask) {
        add(Kind::idle_setting, *closed,
            fmt::format("`closed` has no effect beside `default` = \"{}\", which users cannot lift in any case",
                        name_of(decision())),
            "take it out, unless another file's `default` is \"ask\"");
      }
    }
    if (from == nullptr) return;
    if (fallback != nullptr && decision() != Decision::allow) {
      add(Kind::idle_setting, *from,
          fmt::format("`ask_from` has no effect beside `default` = \"{}\", which is as strict already",
                      name_of(decision())),
          "take it out, or make `default` \"allow\"");
      return;
    }
    late(*from);
  }
  void late(const Setting& from) const {
    if (std::get<std::int64_t>(from.value) < static_cast<std::int64_t>(Risk::critical)) return;
    add(Kind::late_ask, from, "`ask_from` = \"critical\" lets calls of high risk pass without a question",
        "choose \"high\", and allow the calls that are asked about too often by rules");
  }

  const Work& work_;
  const std::string home_;
};

}  // namespace

void lint_settings(const Work& work) { Settings(work).run(); }

void lint_servers(const Work& work) {
  for (const ServerRule& rule : work.layer().servers) {
    const bool allows = rule.decision == Decision::allow || std::ranges::any_of(rule.tools, [](const auto& tool) {
                          return tool.second == Decision::allow;
                        });
    if (!allows || !rule.command.empty() || !rule.url.empty()) continue;
    const std::string name = printable(rule.name);
    if (rule.name == "*") {
      work.add(Kind::unnamed_server, rule.place, name,
               "the rule of MCP server `*` allows tools of servers that nobody named",
               "name the servers that are meant, each with its `command` or `url`");
      continue;
    }
    work.add(
        Kind::unnamed_server, rule.place, name,
        fmt::format("the rule of MCP server `{}` allows by the name alone, and a project may give that name to any "
                    "program",
                    name),
        "add the `command` (with `arguments`) or the `url` that it must have");
  }
}

}  // namespace bailiwick::lint_parts
