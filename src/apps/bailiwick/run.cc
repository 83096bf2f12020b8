#include "run.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>

#include "base/id.h"
#include "base/text.h"
#include "base/time.h"
#include "kernel/credentials.h"
#include "policy_context.h"
#include "session/record.h"
#include "session/session_policy.h"
#include "session/supervisor.h"
#include "surface/report.h"

namespace bailiwick {
namespace {

// Shared with the children, so that their marks are seen here.
std::uint64_t* make_timings() {
  void* memory =
      ::mmap(nullptr, kTimingSlots * sizeof(std::uint64_t), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  return memory == MAP_FAILED ? nullptr : static_cast<std::uint64_t*>(memory);
}

std::uint64_t now_ns() {
  ::timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<std::uint64_t>(now.tv_nsec);
}

struct OwnTimes {
  std::uint64_t start = 0, begun = 0, policy = 0, planned = 0, ended = 0;
};

void print_timings(const std::uint64_t* marks, const OwnTimes& own) {
  const auto micros = [](std::uint64_t from, std::uint64_t to) { return static_cast<double>(to - from) / 1e3; };
  std::string out =
      fmt::format("{{\"begin_namespaces_us\":{:.1f},\"policy_us\":{:.1f},\"facts_and_plan_us\":{:.1f}",
                  micros(own.start, own.begun), micros(own.begun, own.policy), micros(own.policy, own.planned));
  constexpr auto kPrepared = static_cast<std::size_t>(LaunchStep::prepared);
  for (std::size_t i = 0; i < kPrepared; ++i) {
    if (marks[i] != 0 && marks[i + 1] != 0) {
      out += fmt::format(",\"meanwhile: {}_us\":{:.1f}", name_of(static_cast<LaunchStep>(i)),
                         micros(marks[i], marks[i + 1]));
    }
  }
  // A step lasts until the next one that was marked; steps of init and of the program follow the launcher's.
  std::uint64_t last = own.planned;
  std::string last_name = "fork";
  for (std::size_t i = kPrepared + 1; i < kTimingSlots; ++i) {
    if (marks[i] == 0) continue;
    out += fmt::format(",\"{}_us\":{:.1f}", last_name, static_cast<double>(marks[i] - last) / 1e3);
    last = marks[i];
    last_name = name_of(static_cast<LaunchStep>(i));
  }
  out += fmt::format(",\"program_and_teardown_us\":{:.1f},\"total_us\":{:.1f}}}\n",
                     static_cast<double>(own.ended - last) / 1e3, static_cast<double>(own.ended - own.start) / 1e3);
  std::fputs(out.c_str(), stderr);
}

std::string policy_line(const SandboxPlan& plan) {
  const std::string digest = plan.policy_digest.substr(0, 12);
  if (plan.policy_layers.empty()) return "built-in defaults, " + digest;
  return fmt::format("{}, {}", fmt::join(plan.policy_layers, "; "), digest);
}

SessionHeader header_of(const SessionId& id, const SandboxPlan& plan) {
  SessionHeader header{
      .session = format(id),
      .agent = plan.agent,
      .command = plan.command,
      .policy = policy_line(plan),
      .workspace = plan.workspace,
      .mode = std::string(name_of(plan.mode)),
      .network = std::string(name_of(plan.network)),
      .backend = std::string(name_of(plan.backend)),
      .memory_hold = plan.memory_keeper == MemoryKeeper::cgroup ? MemoryHold::cgroup : MemoryHold::watched,
      .memory_limit = plan.memory_bytes,
      .let_in = plan.credentials,
      .warnings = plan.warnings,
      .weaker = plan.weaker};
  for (const Cover& cover : plan.covers) ++(cover.kind == Cover::Kind::hide ? header.secrets : header.protected_paths);
  return header;
}

SessionSummary summary_of(const SessionId& id, const SessionEnd& end, const std::string& record) {
  SessionSummary summary{.session = format(id),
                         .exit_code = end.exit_code,
                         .signal = WIFSIGNALED(end.wait_status) ? WTERMSIG(end.wait_status) : 0,
                         .stopped_by = end.stopped_by,
                         .wall = end.wall,
                         .cpu = end.cpu,
                         .peak_memory = std::max(end.peak_memory_bytes, end.peak_process_bytes),
                         .peak_processes = end.peak_processes,
                         .limited = end.limited,
                         .terminal = end.dropped,
                         .covers_restored = end.covers_restored,
                         .record = record};
  if (end.covers_restored > 0) summary.longest_uncovered = std::chrono::microseconds(end.longest_restore_us);
  return summary;
}

Style style() { return {.color = ::isatty(STDERR_FILENO) != 0 && ::getenv("NO_COLOR") == nullptr}; }

}  // namespace

namespace {

// "system /etc/bailiwick/policy.toml (acme-baseline 42)"
std::string name_of_layer(const Layer& layer) {
  std::string out = fmt::format("{} {}", name_of(layer.kind), layer.file);
  if (layer.name.empty()) return out;
  return out +
         (layer.revision == 0 ? fmt::format(" ({})", layer.name) : fmt::format(" ({} {})", layer.name, layer.revision));
}

void say_what_only_observes(const Policy& policy, std::vector<std::string>& warnings) {
  for (const auto& [name, section] :
       {std::pair{"commands", &policy.command_section()}, {"network", &policy.network_section()}}) {
    for (std::size_t i = 0; i < section->stances.size(); ++i)
      if (section->stances[i].observes)
        warnings.push_back(
            fmt::format("what {} says about {} is observed, not enforced", name_of_layer(policy.layers()[i]), name));
  }
}

// What rules say about the session's own command. A question needs no asking: the person at the terminal typed it.
Status judge_own_command(const std::shared_ptr<const Policy>& policy, const PolicyContext& context,
                         const SandboxPlan& plan, std::vector<std::string>& warnings) {
  ProgramFinder finder(policy, context.search, writable_places(*policy, plan.workspace, plan.directory));
  const LookUp look_up = finder.look_up();
  std::vector<ShellWord> argv;
  for (const std::string& word : plan.command) argv.push_back({word, true});
  const Surroundings around(plan.workspace, plan.directory, context.places.home);
  const JudgedCommand judged = judge_command(argv, *policy, around, Gate::present, look_up, Detail::verdict);
  if (!judged.is_complete && !policy->commands().empty())
    warnings.push_back("rules do not see all that this command will run, and nothing judges it later: " + judged.gap);
  if (judged.decision == Decision::allow || judged.parts.empty()) return {};
  const JudgedPart& part = judged.parts[judged.decided_by];
  const std::string reason = explain(*policy, part.verdict);
  if (judged.decision == Decision::deny)
    return fail(ErrorKind::denied,
                fmt::format("denied: {}: {}", printable(shorten(shell_join(plan.command), 120)), reason));
  warnings.push_back("policy would ask about this command, and you typed it yourself: " + reason);
  return {};
}

}  // namespace

Result<Planned> make_plan(const Arguments& arguments, const std::vector<std::string>& environment) {
  Request request = arguments.request;
  TRY_ASSIGN(PolicyContext context, find_context(environment, request.directory));
  context.places.flags = arguments.flags.policy_files;
  std::vector<Layer> flags;
  flags.push_back(flag_layer(request.policy, arguments.flags, context.directory, context.places.home));
  if (flags.front().settings.empty()) flags.clear();
  const auto now = std::chrono::time_point_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now());
  TRY_ASSIGN(LoadedPolicy loaded, load_policy(context.places, now, std::move(flags)));
  TRY_ASSIGN(request.policy, session_policy(*loaded.policy, request.policy, loaded.warnings));
  const std::uint64_t policy_known = now_ns();
  // `auto` chooses by what really works here; the others fail at the step that does not.
  const HostFeatures host =
      probe(request.policy.backend == BackendChoice::automatic ? ProbeDepth::full : ProbeDepth::quick);
  TRY_ASSIGN(Facts facts, gather_facts(request, environment));
  TRY(check_places(*loaded.policy, context.workspace, facts));
  TRY(check_agent(*loaded.policy, facts.agent));
  TRY_ASSIGN(SandboxPlan made, plan(request.policy, facts, host));
  TRY(judge_own_command(loaded.policy, context, made, loaded.warnings));
  say_what_only_observes(*loaded.policy, loaded.warnings);
  for (const std::string& warning : loaded.warnings) made.warnings.push_back(warning);
  made.policy_digest = loaded.policy->digest();
  for (const Layer& layer : loaded.policy->layers())
    if (layer.kind != LayerKind::builtin && layer.file != "command line")
      made.policy_layers.push_back(name_of_layer(layer));
  return Planned{.plan = std::move(made),
                 .facts = std::move(facts),
                 .policy = std::move(loaded.policy),
                 .policy_warnings = std::move(loaded.warnings),
                 .policy_known_ns = policy_known};
}

Result<int> run_session(const Arguments& arguments, const std::vector<std::string>& environment, char** argv,
                        char** environ_block) {
  OwnTimes own{.start = now_ns()};
  if (::geteuid() == 0) TRY(give_up_groups());
  SupervisorOptions options{
      .arguments = argv, .environment = environ_block, .clipboard = arguments.request.policy.clipboard};
  if (arguments.show_timings) options.timings = make_timings();
  std::optional<PreparedNamespaces> prepared;
  // Begun before the policy is read, for what was asked for; begun again if policy has another network.
  if (arguments.request.policy.backend == BackendChoice::namespaces) {
    TRY_ASSIGN(prepared, PreparedNamespaces::begin(arguments.request.policy.network, options.timings));
  }
  own.begun = now_ns();
  TRY_ASSIGN(const Planned planned, make_plan(arguments, environment));
  if (planned.plan.backend != Backend::namespaces) {
    prepared.reset();
  } else if (!prepared || prepared->network() != planned.plan.network) {
    TRY_ASSIGN(prepared, PreparedNamespaces::begin(planned.plan.network, options.timings));
  }
  own.policy = planned.policy_known_ns;
  own.planned = now_ns();
  TRY_ASSIGN(const SessionId id, make_session_id());
  const bool is_run = arguments.verb == Verb::run;
  std::optional<SessionRecord> record;
  options.before_program = [&]() -> Status {
    TRY_ASSIGN(record, SessionRecord::open(planned.facts.state_directory, id, planned.plan));
    if (is_run) {
      std::fputs(render_header(header_of(id, planned.plan), style()).c_str(), stderr);
    } else {
      for (const std::string& line : planned.plan.weaker) std::fprintf(stderr, "bailiwick: weaker: %s\n", line.c_str());
      for (const std::string& line : planned.policy_warnings)
        std::fprintf(stderr, "bailiwick: warning: %s\n", printable(line).c_str());
    }
    return {};
  };
  auto end = supervise(planned.plan, options, std::move(prepared));
  own.ended = now_ns();
  if (!end) {
    if (record) static_cast<void>(record->write_failure(end.error()));
    return std::unexpected(std::move(end).error());
  }
  if (const Status written = record->write_end(*end); !written)
    std::fprintf(stderr, "bailiwick: %s\n", written.error().message().c_str());
  if (is_run) {
    std::fputs(render_summary(summary_of(id, *end, record->path()), style()).c_str(), stderr);
  } else if (!end->stopped_by.empty()) {
    std::fprintf(stderr, "bailiwick: ended by us: %s\n", end->stopped_by.c_str());
  }
  if (options.timings != nullptr) print_timings(options.timings, own);
  return end->exit_code;
}

}  // namespace bailiwick
