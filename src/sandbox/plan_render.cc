#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/text.h"
#include "sandbox/plan.h"

namespace bailiwick {
namespace {

using Json = nlohmann::ordered_json;

// JSON strings are UTF-8; a path need not be. What is not is shown as \xNN, and then only for reading.
std::string text(const std::string& bytes) { return is_valid_utf8(bytes) ? bytes : printable(bytes); }

std::string_view name_of_access(MountAccess access) {
  return access == MountAccess::read_only ? "read-only" : "read-write";
}

std::string_view name_of_rule(TreeAccess access) {
  switch (access) {
    case TreeAccess::read: return "read";
    case TreeAccess::write: return "write";
    case TreeAccess::device: return "device";
    case TreeAccess::read_file: return "read-file";
    case TreeAccess::write_file: return "write-file";
  }
  return "";
}

Json list(const std::vector<std::string>& items) {
  Json out = Json::array();
  for (const std::string& item : items) out.push_back(text(item));
  return out;
}

// Values of variables may be private; the names are what a reader needs.
std::vector<std::string> names_of(const std::vector<std::string>& environment) {
  std::vector<std::string> names;
  for (const std::string& entry : environment) names.push_back(entry.substr(0, entry.find('=')));
  return names;
}

}  // namespace

std::string render_text(const SandboxPlan& plan) {
  std::string out;
  const auto line = [&](std::string_view key, std::string_view value) {
    out += fmt::format("{:<12} {}\n", key, value);
  };
  line("backend", name_of(plan.backend));
  line("mode", name_of(plan.mode));
  line("network", name_of(plan.network));
  line("workspace", printable(plan.workspace));
  line("directory", printable(plan.directory));
  line("command", printable(shell_join(plan.command)));
  for (const std::string& candidate : plan.candidates) line("program", printable(candidate));
  line("agent", plan.agent.empty() ? "none" : plan.agent);
  line("identity", fmt::format("uid {} gid {}, no capabilities, no_new_privs", plan.uid, plan.gid));
  line("memory", fmt::format("{} ({})", format_bytes(plan.memory_bytes),
                             plan.memory_keeper == MemoryKeeper::cgroup ? "cgroup" : "watched"));
  line("processes", std::to_string(plan.processes));
  if (plan.cpus > 0) line("cpus", fmt::format("{:g}", plan.cpus));
  line("scratch", format_bytes(plan.scratch_bytes));
  for (const ResourceLimit& limit : plan.limits) line("limit", fmt::format("{} {}", limit.name, limit.value));
  line("landlock", fmt::format("ABI {}, {} rules", plan.landlock_abi, plan.landlock_rules.size()));
  line("seccomp", fmt::format("{} instructions", plan.seccomp.instructions.size()));
  line("scanned", fmt::format("{} of at most {} entries", plan.scanned_entries, plan.scan_budget));
  if (!plan.root.empty()) out += fmt::format("\nroot ({} steps)\n", plan.root.size());
  for (const RootStep& step : plan.root) {
    std::string detail;
    if (step.kind == RootStep::Kind::bind) detail = name_of_access(step.access);
    if (step.kind == RootStep::Kind::symlink) detail = "-> " + printable(step.source);
    if (step.kind == RootStep::Kind::copy) detail = fmt::format("{} bytes", step.source.size());
    out += fmt::format("  {:<10} {:<11} {}\n", name_of(step.kind),
                       detail.empty()                         ? ""
                       : step.kind == RootStep::Kind::symlink ? ""
                                                              : detail,
                       printable(step.target) + (step.kind == RootStep::Kind::symlink ? " " + detail : ""));
  }
  if (!plan.covers.empty()) out += fmt::format("\ncovers ({})\n", plan.covers.size());
  for (const Cover& cover : plan.covers)
    out += fmt::format("  {:<10} {}  ({})\n", name_of(cover.kind), printable(cover.target), printable(cover.reason));
  out += fmt::format("\nlandlock rules ({})\n", plan.landlock_rules.size());
  for (const LandlockRule& rule : plan.landlock_rules)
    out += fmt::format("  {:<10} {}\n", name_of_rule(rule.access), printable(rule.path));
  out += fmt::format("\nenvironment ({})\n  ", plan.environment.size());
  for (const std::string& name : names_of(plan.environment)) out += printable(name) + " ";
  out += "\n";
  for (const std::string& credential : plan.credentials) out += "\nlet in       " + printable(credential);
  for (const std::string& warning : plan.warnings) out += "\nnote         " + warning;
  for (const std::string& weaker : plan.weaker) out += "\nweaker       " + weaker;
  if (!plan.credentials.empty() || !plan.warnings.empty() || !plan.weaker.empty()) out += "\n";
  return out;
}

std::string render_json(const SandboxPlan& plan) {
  Json out;
  out["schema"] = 1;
  out["backend"] = name_of(plan.backend);
  out["mode"] = name_of(plan.mode);
  out["network"] = name_of(plan.network);
  out["uid"] = plan.uid;
  out["gid"] = plan.gid;
  out["workspace"] = text(plan.workspace);
  out["directory"] = text(plan.directory);
  out["command"] = list(plan.command);
  out["candidates"] = list(plan.candidates);
  out["agent"] = plan.agent;
  out["policy_digest"] = plan.policy_digest;
  out["policy_layers"] = list(plan.policy_layers);
  out["credentials"] = list(plan.credentials);
  out["environment"] = list(names_of(plan.environment));
  out["sockets"] = list(plan.sockets);
  out["root"] = Json::array();
  for (const RootStep& step : plan.root) {
    Json item{{"kind", name_of(step.kind)}, {"target", text(step.target)}};
    if (step.kind == RootStep::Kind::bind) item["access"] = name_of_access(step.access);
    if (step.kind == RootStep::Kind::symlink) item["to"] = text(step.source);
    if (step.kind == RootStep::Kind::copy) item["bytes"] = step.source.size();
    out["root"].push_back(std::move(item));
  }
  out["covers"] = Json::array();
  for (const Cover& cover : plan.covers) {
    out["covers"].push_back({{"kind", name_of(cover.kind)},
                             {"target", text(cover.target)},
                             {"is_directory", cover.is_directory},
                             {"reason", text(cover.reason)}});
  }
  out["landlock"] = {{"abi", plan.landlock_abi},
                     {"filesystem", plan.landlock.filesystem},
                     {"network", plan.landlock.network},
                     {"scoped", plan.landlock.scoped}};
  out["landlock"]["rules"] = Json::array();
  for (const LandlockRule& rule : plan.landlock_rules)
    out["landlock"]["rules"].push_back({{"path", text(rule.path)}, {"access", name_of_rule(rule.access)}});
  out["seccomp"]["instructions"] = plan.seccomp.instructions.size();
  out["seccomp"]["program"] = Json::array();
  for (const ::sock_filter& one : plan.seccomp.instructions)
    out["seccomp"]["program"].push_back(Json::array({one.code, one.jt, one.jf, one.k}));
  out["limits"] = Json::object();
  for (const ResourceLimit& limit : plan.limits) out["limits"][limit.name] = limit.value;
  out["budgets"] = {{"memory_bytes", plan.memory_bytes},
                    {"memory_keeper", plan.memory_keeper == MemoryKeeper::cgroup ? "cgroup" : "watched"},
                    {"processes", plan.processes},
                    {"cpus", plan.cpus},
                    {"scratch_bytes", plan.scratch_bytes}};
  out["scan"] = {{"entries", plan.scanned_entries}, {"budget", plan.scan_budget}};
  out["warnings"] = list(plan.warnings);
  out["weaker"] = list(plan.weaker);
  return out.dump(2) + "\n";
}

}  // namespace bailiwick
