#include <algorithm>

#include "base/text.h"
#include "policy/glob.h"
#include "policy/home.h"
#include "referee/judge.h"

namespace bailiwick {
namespace {

using Words = std::vector<std::string>;

const Words* list(const Policy& policy, std::string_view key, Origin* origin) {
  const EffectiveSetting* setting = policy.find(key);
  if (setting == nullptr) return nullptr;
  *origin = setting->origins.front();
  return &std::get<Words>(setting->value);
}

Verdict by_sandbox(const Policy& policy, Decision decision, std::string_view reason) {
  return {.decision = decision,
          .cause = {.kind = CauseKind::sandbox,
                    .layer = static_cast<std::uint16_t>(policy.layers().size() - 1),
                    .reason = reason},
          .would = decision};
}

Verdict by_setting(Decision decision, const Origin& origin, std::string_view reason) {
  return {.decision = decision,
          .cause = {.kind = CauseKind::rule,
                    .layer = origin.layer,
                    .rule = UINT32_MAX,
                    .place = origin.place,
                    .reason = reason},
          .would = decision};
}

// The layer that wrote this pattern, for its place.
Origin origin_of(const Policy& policy, std::string_view key, const std::string& entry) {
  for (std::size_t i = 0; i < policy.layers().size(); ++i) {
    const Setting* setting = policy.layers()[i].find(key);
    if (setting != nullptr &&
        std::ranges::find(std::get<Words>(setting->value), entry) != std::get<Words>(setting->value).end())
      return {static_cast<std::uint16_t>(i), setting->place};
  }
  return {};
}

bool is_system(std::string_view path) {
  return std::ranges::any_of(system_entries(), [&](const SystemEntry& entry) { return is_within(path, entry.path); });
}

std::string mode_of(const Policy& policy) {
  const EffectiveSetting* mode = policy.find("defaults.sandbox.mode");
  return mode == nullptr ? "workspace-write" : std::get<std::string>(mode->value);
}

}  // namespace

Verdict judge(const FileAction& action, const Policy& policy, const Surroundings& around,
              std::vector<MatchedCause>* matched) {
  const std::string path = around.normal(action.path);
  const auto note = [&](Verdict verdict, std::string rule) {
    if (matched != nullptr) matched->push_back({verdict.decision, verdict.cause, std::move(rule)});
    return verdict;
  };
  Origin origin;
  if (const Words* globs = list(policy, "sandbox.deny_read", &origin)) {
    const bool inside = is_within(path, around.workspace());
    const std::string relative =
        inside && path.size() > around.workspace().size() ? path.substr(around.workspace().size() + 1) : std::string();
    for (const std::string& text : *globs) {
      const auto glob = Glob::parse(text.starts_with("~/") ? around.home() + text.substr(1) : text);
      if (!glob) continue;
      // a hidden directory hides what is below it
      for (std::size_t end = path.size(); end != 0 && end != std::string::npos; end = path.rfind('/', end - 1)) {
        const std::string_view prefix = std::string_view(path).substr(0, end);
        const std::size_t cut = around.workspace().size() + 1;
        if (glob->matches(prefix) || (!relative.empty() && prefix.size() > cut && glob->matches(prefix.substr(cut))))
          return note(by_setting(Decision::deny, origin_of(policy, "sandbox.deny_read", text), "hidden by `deny_read`"),
                      "deny_read " + text);
      }
    }
  }
  if (const std::string_view secret = around.secret(path); !secret.empty()) {
    const Words* read = list(policy, "sandbox.read", &origin);
    const bool is_named = read != nullptr && std::ranges::find(*read, path) != read->end();
    if (!is_named || action.access == FileAccess::write)
      return note(by_sandbox(policy, Decision::deny, secret), "shipped secret");
  }
  const bool in_workspace = is_within(path, around.workspace());
  const std::string mode = mode_of(policy);
  if (action.access == FileAccess::read) {
    if (in_workspace || around.is_scratch(path))
      return note(by_sandbox(policy, Decision::allow, "in the workspace or scratch"), "workspace");
    for (const std::string_view key : {"sandbox.read", "sandbox.write"}) {
      const Words* paths = list(policy, key, &origin);
      if (paths == nullptr) continue;
      for (const std::string& base : *paths)
        if (is_within(path, base))
          return note(by_setting(Decision::allow, origin_of(policy, key, base), "listed"),
                      std::string(key) + " " + base);
    }
    if (mode == "full-access" || is_system(path))
      return note(by_sandbox(policy, Decision::allow, "part of the system"), "system");
    for (const HomeEntry& entry : home_entries())
      if (!around.home().empty() && is_within(path, around.home() + "/" + std::string(entry.path)))
        return note(by_sandbox(policy, Decision::allow, "a toolchain or setting of the home that is shown"), "home");
    return note(by_sandbox(policy, Decision::deny,
                           "not in the sandbox: it shows the system, the workspace and what policy lists"),
                "sandbox");
  }
  if (mode == "read-only" && !around.is_scratch(path))
    return note(by_sandbox(policy, Decision::deny, "the mode is read-only"), "mode");
  if (in_workspace) {
    if (const std::string_view config = around.executable_config(path); !config.empty())
      return note(by_sandbox(policy, Decision::deny, config), "executable configuration");
    return note(by_sandbox(policy, Decision::allow, "in the workspace"), "workspace");
  }
  if (around.is_scratch(path)) return note(by_sandbox(policy, Decision::allow, "scratch: gone at the end"), "scratch");
  if (const Words* paths = list(policy, "sandbox.write", &origin)) {
    for (const std::string& base : *paths)
      if (is_within(path, base))
        return note(by_setting(Decision::allow, origin_of(policy, "sandbox.write", base), "listed"),
                    "sandbox.write " + base);
  }
  if (mode == "full-access") return note(by_sandbox(policy, Decision::allow, "the mode is full-access"), "mode");
  return note(by_sandbox(policy, Decision::deny, "outside the workspace, and no `write` lists it"), "sandbox");
}

}  // namespace bailiwick
