#include "session/session_policy.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "base/text.h"
#include "kernel/links.h"

namespace bailiwick {
namespace {

using Words = std::vector<std::string>;

constexpr std::string_view kCommandLine = "command line";

std::string absolute(const std::string& path, std::string_view directory, std::string_view home) {
  if (path == "~" || path.starts_with("~/")) return home.empty() ? path : std::string(home) + path.substr(1);
  return path.starts_with('/') ? path : std::string(directory) + "/" + path;
}

// With links resolved; of what is not there, as far as it is.
std::string resolved(const std::string& path) {
  char out[PATH_MAX];
  for (std::size_t end = path.size(); end != std::string::npos && end != 0; end = path.rfind('/', end - 1)) {
    if (::realpath(path.substr(0, end).c_str(), out) != nullptr) {
      const std::string rest = path.substr(end);
      return std::string(out) == "/" && !rest.empty() ? rest : out + rest;
    }
  }
  return path;
}

// Nobody but root can have put this link here, nor put another in its place.
bool is_roots_link(const std::string& directory, const std::string& link) {
  struct ::stat info{};
  if (::lstat(link.c_str(), &info) != 0 || info.st_uid != 0) return false;
  return ::stat(directory.c_str(), &info) == 0 && info.st_uid == 0 && (info.st_mode & 0022) == 0;
}

bool is_in_bound(const EffectiveSetting& bound, const std::string& path) {
  return std::ranges::any_of(std::get<Words>(bound.value),
                             [&](const std::string& base) { return is_within(path, base); });
}

class FlagLayer {
 public:
  FlagLayer() {
    layer_.kind = LayerKind::flag;
    layer_.file = std::string(kCommandLine);
  }
  void set(std::string_view path, SettingValue value) {
    layer_.settings.push_back({find_key(path), std::move(value), {}});
  }
  void set_list(std::string_view path, Words value) {
    if (!value.empty()) set(path, std::move(value));
  }
  Layer take() {
    std::ranges::sort(layer_.settings, {}, [](const Setting& setting) { return setting.key; });
    return std::move(layer_);
  }

 private:
  Layer layer_;
};

const Words* list(const Policy& policy, std::string_view key) {
  const EffectiveSetting* setting = policy.find(key);
  return setting == nullptr ? nullptr : &std::get<Words>(setting->value);
}

std::string choice(const Policy& policy, std::string_view key) {
  const EffectiveSetting* setting = policy.find(key);
  return setting == nullptr ? std::string() : std::get<std::string>(setting->value);
}

// The entries that are there, and lead where the administrator's list says; what the command line named stays, so that
// its absence is said.
Words present(const Policy& policy, std::string_view key, std::vector<std::string>& warnings) {
  Words out;
  const EffectiveSetting* setting = policy.find(key);
  if (setting == nullptr) return out;
  Words named;
  for (const Layer& layer : policy.layers()) {
    const Setting* flag = layer.file == kCommandLine ? layer.find(key) : nullptr;
    if (flag != nullptr) named = std::get<Words>(flag->value);
  }
  const EffectiveSetting* bound = policy.bound(key);
  for (const std::string& path : std::get<Words>(setting->value)) {
    if (::access(path.c_str(), F_OK) != 0 && std::ranges::find(named, path) == named.end()) continue;
    if (bound != nullptr && !is_in_bound(*bound, resolved(path))) {
      warnings.push_back(fmt::format("`{}` leads to `{}` by a link, which {} does not allow: it is left out",
                                     printable(path), printable(resolved(path)),
                                     policy.describe(bound->origins.front())));
      continue;
    }
    out.push_back(path);
  }
  return out;
}

// NAME=VALUE and NAME of the command line, and the names that files let in.
Words environment_of(const Policy& policy, const SandboxPolicy& asked) {
  Words out = asked.environment;
  const Words* names = list(policy, "sandbox.environment");
  if (names == nullptr) return out;
  for (const std::string& name : *names) {
    const bool is_there = std::ranges::any_of(
        out, [&](const std::string& entry) { return entry == name || entry.starts_with(name + "="); });
    if (!is_there) out.push_back(name);
  }
  return out;
}

// A file's limit holds where it is smaller than what was asked for. `most`: what holds where nobody says anything.
template <class T>
void lower(const Policy& policy, std::string_view key, T& value, std::uint64_t most, bool was_asked,
           std::vector<std::string>& warnings) {
  const EffectiveSetting* setting = policy.find(key);
  if (setting == nullptr) return;
  auto limit = static_cast<std::uint64_t>(std::get<std::int64_t>(setting->value));
  // A project only tightens: above what holds without it, its limit is none.
  if (policy.layers()[setting->origins.front().layer].kind == LayerKind::project) limit = std::min(limit, most);
  if (was_asked && policy.layers()[setting->origins.front().layer].file != kCommandLine)
    warnings.push_back(fmt::format("{} is {}, not what the command line asks for ({})", key,
                                   format_value(*setting->key, setting->value),
                                   policy.describe(setting->origins.front())));
  value = limit;
}

// As the plan has it where no limit is given.
std::uint64_t half_of_memory() {
  const long pages = ::sysconf(_SC_PHYS_PAGES);
  const long size = ::sysconf(_SC_PAGESIZE);
  if (pages <= 0 || size <= 0) return UINT64_MAX;
  return static_cast<std::uint64_t>(pages) * static_cast<std::uint64_t>(size) / 2;
}

Status apply_limits(const Policy& policy, const Limits& asked, Limits& out, std::vector<std::string>& warnings) {
  const Limits untouched;
  const std::uint64_t memory = half_of_memory();
  lower(policy, "limits.memory", out.memory_bytes, memory, asked.memory_bytes.has_value(), warnings);
  lower(policy, "limits.processes", out.processes, untouched.processes, asked.processes != untouched.processes,
        warnings);
  lower(policy, "limits.open_files", out.open_files, untouched.open_files, asked.open_files != untouched.open_files,
        warnings);
  lower(policy, "limits.file_size", out.file_bytes, untouched.file_bytes, asked.file_bytes != untouched.file_bytes,
        warnings);
  lower(policy, "limits.data", out.data_bytes, UINT64_MAX, asked.data_bytes.has_value(), warnings);
  lower(policy, "limits.scratch", out.scratch_bytes, out.memory_bytes.value_or(memory) / 2,
        asked.scratch_bytes.has_value(), warnings);
  if (const EffectiveSetting* cpus = policy.find("limits.cpus")) out.cpus = std::get<double>(cpus->value);
  if (out.processes < 1 || out.open_files < 16)
    return fail(ErrorKind::invalid,
                "limits.processes must leave 1 and limits.open_files 16: nothing could start with less");
  return {};
}

}  // namespace

Layer flag_layer(const SandboxPolicy& asked, const SessionFlags& flags, std::string_view directory,
                 std::string_view home) {
  FlagLayer out;
  if (flags.mode) out.set("defaults.sandbox.mode", std::string(name_of(*flags.mode)));
  if (flags.backend) out.set("defaults.sandbox.backend", std::string(name_of(*flags.backend)));
  if (flags.network) out.set("defaults.network.mode", std::string(name_of(*flags.network)));
  const auto paths = [&](const Words& given) {
    Words full;
    for (const std::string& path : given) full.push_back(resolved(absolute(path, directory, home)));
    return full;
  };
  out.set_list("sandbox.read", paths(asked.read));
  out.set_list("sandbox.write", paths(asked.write));
  out.set_list("sandbox.sockets", paths(asked.sockets));
  out.set_list("sandbox.deny_read", asked.deny_read);
  Words names;
  for (const std::string& entry : asked.environment) names.push_back(entry.substr(0, entry.find('=')));
  out.set_list("sandbox.environment", names);
  const Limits untouched;
  const auto limit = [&](std::string_view key, std::uint64_t value, bool was_asked) {
    if (was_asked) out.set(key, static_cast<std::int64_t>(std::min<std::uint64_t>(value, INT64_MAX)));
  };
  limit("limits.memory", asked.limits.memory_bytes.value_or(0), asked.limits.memory_bytes.has_value());
  limit("limits.processes", asked.limits.processes, asked.limits.processes != untouched.processes);
  limit("limits.open_files", asked.limits.open_files, asked.limits.open_files != untouched.open_files);
  limit("limits.file_size", asked.limits.file_bytes, asked.limits.file_bytes != untouched.file_bytes);
  limit("limits.data", asked.limits.data_bytes.value_or(0), asked.limits.data_bytes.has_value());
  limit("limits.scratch", asked.limits.scratch_bytes.value_or(0), asked.limits.scratch_bytes.has_value());
  if (asked.limits.cpus) out.set("limits.cpus", *asked.limits.cpus);
  return out.take();
}

void resolve_paths(std::vector<Layer>& layers, std::string_view home) {
  for (Layer& layer : layers) {
    for (Setting& setting : layer.settings) {
      if (setting.key->type != ValueType::paths) continue;
      for (std::string& path : std::get<Words>(setting.value)) {
        const std::string full = absolute(path, "", home);
        // SECURITY: a user could make the bound `~/.cache/acme` a link to all of home.
        // policy_test.py test_a_bound_is_not_moved_by_a_link
        path = is_admin(layer.kind) ? walk_links(full, is_roots_link).path : resolved(full);
      }
    }
  }
}

Status check_places(const Policy& policy, const std::string& workspace, const Facts& facts) {
  if (facts.workspace.root != workspace)
    return fail(ErrorKind::invalid, fmt::format("the workspace is `{}`, and the policy was read for `{}`: start again",
                                                printable(facts.workspace.root), printable(workspace)));
  const std::pair<std::string_view, const std::vector<PathFact>*> places[] = {
      {"sandbox.read", &facts.read}, {"sandbox.write", &facts.write}, {"sandbox.sockets", &facts.sockets}};
  for (const auto& place : places) {
    const EffectiveSetting* bound = policy.bound(place.first);
    if (bound == nullptr) continue;
    for (const PathFact& fact : *place.second) {
      if (is_in_bound(*bound, fact.path)) continue;
      return fail(ErrorKind::invalid, fmt::format("`{}` leads to `{}`, which {} does not allow", printable(fact.asked),
                                                  printable(fact.path), policy.describe(bound->origins.front())));
    }
  }
  return {};
}

Result<SandboxPolicy> session_policy(const Policy& policy, const SandboxPolicy& asked,
                                     std::vector<std::string>& warnings) {
  SandboxPolicy out = asked;
  TRY_ASSIGN(out.mode, parse_mode(choice(policy, "defaults.sandbox.mode")));
  TRY_ASSIGN(out.backend, parse_backend(choice(policy, "defaults.sandbox.backend")));
  const Words* backends = list(policy, "sandbox.backends");
  if (out.backend == BackendChoice::automatic && backends != nullptr && backends->size() == 1) {
    TRY_ASSIGN(out.backend, parse_backend(backends->front()));
  }
  const std::string network = choice(policy, "defaults.network.mode");
  if (network == "managed") {
    return fail(ErrorKind::invalid,
                fmt::format("the network mode is `managed` ({}), which this version does not have: choose `off`",
                            policy.describe(policy.find("defaults.network.mode")->origins.front())));
  }
  TRY_ASSIGN(out.network, parse_network(network));
  if (const EffectiveSetting* clipboard = policy.find("sandbox.allow_clipboard");
      clipboard != nullptr && !std::get<bool>(clipboard->value) && out.clipboard == Clipboard::allowed)
    return fail(ErrorKind::invalid,
                fmt::format("--allow-clipboard is not allowed by {}", policy.describe(clipboard->origins.front())));
  out.read = present(policy, "sandbox.read", warnings);
  out.write = present(policy, "sandbox.write", warnings);
  out.sockets = present(policy, "sandbox.sockets", warnings);
  const Words* hidden = list(policy, "sandbox.deny_read");
  out.deny_read = hidden == nullptr ? Words{} : *hidden;
  out.environment = environment_of(policy, asked);
  TRY(apply_limits(policy, asked.limits, out.limits, warnings));
  return out;
}

Status check_agent(const Policy& policy, std::string_view agent) {
  const Words* allowed = list(policy, "agents.allowed");
  const std::string_view name = agent.empty() ? "none" : agent;
  if (allowed == nullptr || std::ranges::find(*allowed, name) != allowed->end()) return {};
  return fail(ErrorKind::denied, fmt::format("the agent profile `{}` is not allowed by {}: use {}", printable(name),
                                             policy.describe(policy.find("agents.allowed")->origins.front()),
                                             fmt::join(*allowed, " or ")));
}

}  // namespace bailiwick
