#include "arguments.h"

#include <CLI/CLI.hpp>
#include <functional>
#include <sstream>
#include <string_view>

#include "base/text.h"

namespace bailiwick {
namespace {

constexpr const char* kAbout =
    "Runs coding agents and their commands inside what your security team allows.\n"
    "\n"
    "  bailiwick run -- codex            a session with a header and a summary\n"
    "  bailiwick exec -- make test       one command, quiet, its exit code\n"
    "  bailiwick sandbox plan -- codex   what the sandbox would be\n"
    "  bailiwick policy explain shell 'git push'\n"
    "                                    what would be decided about it, and why\n"
    "  bailiwick doctor                  what this machine can enforce";
constexpr const char* kExitCodes =
    "Exit codes: 0 done; 1 a check found something; the command's own code, 128+n for a signal; 2 usage; 3 invalid "
    "policy or input;\n"
    "125 the sandbox could not be built; 126 denied or not executable; 127 program not found.";

struct Raw {
  std::string mode, network, backend, agent;
  std::vector<std::string> limits, environment;
  std::vector<std::string> policies;
};

// Turns our parsers' errors into CLI11's, so that one place reports both.
template <class T>
T value_or_throw(Result<T> result) {
  if (!result) throw CLI::ValidationError(result.error().message());
  return std::move(*result);
}

// CLI11 takes a word `[a,b]` apart into `a` and `b`, wherever it stands. A byte in front keeps it whole, and is taken
// off again before the value is stored.
constexpr char kWhole = '\x01';

std::vector<std::string> keep_whole(int argc, const char* const* argv) {
  std::vector<std::string> out;
  for (int i = 0; i < argc; ++i) {
    std::string word = argv[i];
    if (i > 0 && !word.empty() && (word.front() == '[' || word.front() == kWhole)) word.insert(word.begin(), kWhole);
    out.push_back(std::move(word));
  }
  return out;
}

void take_marks_off(CLI::App& app) {
  for (CLI::Option* option : app.get_options()) {
    option->transform([](std::string word) {
      if (!word.empty() && word.front() == kWhole) word.erase(0, 1);
      return word;
    });
  }
  for (CLI::App* group : app.get_subcommands([](const CLI::App*) { return true; })) take_marks_off(*group);
}

void add_sandbox_options(CLI::App& app, Request& request, Raw& raw) {
  SandboxPolicy& policy = request.policy;
  app.add_option("-C,--directory", request.directory,
                 "Work in DIR instead of the current directory; the workspace is the git top level that holds it")
      ->type_name("DIR");
  app.add_option("--policy", raw.policies, "Read FILE as one more policy, with a user's rights (repeat for more)")
      ->type_name("FILE")
      ->allow_extra_args(false);
  app.add_option("--mode", raw.mode, "What may be changed: read-only, workspace-write (default) or full-access")
      ->type_name("MODE");
  app.add_option("--read", policy.read, "Let PATH be read (repeat for more)")
      ->type_name("PATH")
      ->allow_extra_args(false);
  app.add_option("--write", policy.write, "Let PATH be read and written")->type_name("PATH")->allow_extra_args(false);
  app.add_option("--deny-read", policy.deny_read, "Hide what matches GLOB, also in the workspace; quote it")
      ->type_name("GLOB")
      ->allow_extra_args(false);
  app.add_option("--socket", policy.sockets,
                 "Let a Unix socket of the host be reached: what is behind it acts outside the sandbox")
      ->type_name("PATH")
      ->allow_extra_args(false);
  app.add_option("--network", raw.network, "off (default: loopback only) or host")->type_name("off|host");
  app.add_option("--env", raw.environment, "Let the variable NAME in, or set it")
      ->type_name("NAME[=VALUE]")
      ->allow_extra_args(false);
  app.add_option("--limit", raw.limits, "memory=2G,pids=500,cpu=1.5,files=1024,file-size=1G,data=4G,scratch=512M")
      ->type_name("KEY=VALUE,...")
      ->allow_extra_args(false);
  app.add_option("--backend", raw.backend,
                 "namespaces (default), landlock (weaker: see doctor) or auto (accepts the weaker one)")
      ->type_name("BACKEND");
  app.add_option("--agent", raw.agent,
                 "Use the profile of codex, claude, gemini or opencode, or none; default: by the program")
      ->type_name("NAME");
  app.add_option("--scan-entries", policy.scan_entries, "How many directory entries are searched for protected names")
      ->type_name("N")
      ->capture_default_str();
  app.add_flag_callback(
      "--allow-clipboard", [&policy] { policy.clipboard = Clipboard::allowed; },
      "Let the program write the terminal's clipboard");
  app.add_option("command", request.command, "The command and its arguments, after --")
      ->type_name("COMMAND")
      ->required();
  app.positionals_at_end(true);
  app.footer(kExitCodes);
}

void finish(Arguments& out, const Raw& raw) {
  SandboxPolicy& policy = out.request.policy;
  out.flags.policy_files = raw.policies;
  if (!raw.mode.empty()) out.flags.mode = policy.mode = value_or_throw(parse_mode(raw.mode));
  if (!raw.network.empty()) out.flags.network = policy.network = value_or_throw(parse_network(raw.network));
  if (!raw.backend.empty()) out.flags.backend = policy.backend = value_or_throw(parse_backend(raw.backend));
  if (!raw.agent.empty()) policy.agent = raw.agent;
  for (const std::string& limit : raw.limits) {
    const Status status = parse_limits(limit, policy.limits);
    if (!status) throw CLI::ValidationError(status.error().message());
  }
  for (const std::string& variable : raw.environment)
    policy.environment.push_back(value_or_throw(parse_environment(variable)));
}

}  // namespace

std::variant<Arguments, EarlyEnd> parse_arguments(int argc, const char* const* argv) {
  Arguments out;
  Raw raw;
  CLI::App app(kAbout, "bailiwick");
  app.set_version_flag("--version", "bailiwick " BAILIWICK_VERSION);
  app.require_subcommand(1);
  app.footer(kExitCodes);
  // Only the options of the subcommand that is called are built: the start of a session is counted in microseconds.
  const std::string_view called = argc > 1 ? argv[1] : "";
  const bool all = called != "exec" && called != "run" && called != "sandbox" && called != "doctor" &&
                   called != "completion" && called != "policy";
  const auto wants = [&](std::string_view name) { return all || called == name; };
  if (wants("run")) {
    CLI::App& verb =
        *app.add_subcommand("run", "Run an agent or command as a session: header, summary, its own terminal");
    verb.final_callback([&] { out.verb = Verb::run; });
    verb.add_flag("--timings", out.show_timings,
                  "Print how long each step of the start took, as JSON on standard error");
    add_sandbox_options(verb, out.request, raw);
  }
  Request exec_request;
  Raw exec_raw;
  if (wants("exec")) {
    CLI::App& verb =
        *app.add_subcommand("exec", "Run one command in the same sandbox, quietly; its exit code comes through");
    verb.final_callback([&] {
      out.verb = Verb::exec;
      out.request = std::move(exec_request);
      raw = std::move(exec_raw);
    });
    verb.add_flag("--timings", out.show_timings,
                  "Print how long each step of the start took, as JSON on standard error");
    add_sandbox_options(verb, exec_request, exec_raw);
  }
  Request plan_request;
  Raw plan_raw;
  if (wants("sandbox")) {
    CLI::App& group = *app.add_subcommand("sandbox", "Look at the sandbox without starting it");
    group.require_subcommand(1);
    CLI::App& verb = *group.add_subcommand("plan", "Print what the sandbox for COMMAND would be");
    verb.final_callback([&] {
      out.verb = Verb::sandbox_plan;
      out.request = std::move(plan_request);
      raw = std::move(plan_raw);
    });
    verb.add_flag_callback("--json", [&] { out.format = Format::json; }, "JSON, as described in docs/json.md");
    add_sandbox_options(verb, plan_request, plan_raw);
  }
  if (wants("doctor")) {
    CLI::App& verb =
        *app.add_subcommand("doctor", "Say what this machine can enforce, what is missing and how to get it");
    verb.final_callback([&] { out.verb = Verb::doctor; });
    verb.add_flag_callback("--json", [&] { out.format = Format::json; }, "JSON, as described in docs/json.md");
    verb.footer(kExitCodes);
  }
  bool is_policy = false;
  if (wants("policy")) add_policy_commands(app, out.policy, is_policy, kExitCodes);
  if (wants("completion")) {
    CLI::App& verb = *app.add_subcommand("completion", "Print the completion script for a shell");
    verb.final_callback([&] { out.verb = Verb::completion; });
    verb.add_option("shell", out.shell, "bash, zsh or fish")->required()->check(CLI::IsMember({"bash", "zsh", "fish"}));
    verb.footer(kExitCodes);
  }
  try {
    take_marks_off(app);
    const std::vector<std::string> words = keep_whole(argc, argv);
    std::vector<const char*> pointers;
    for (const std::string& word : words) pointers.push_back(word.c_str());
    app.parse(argc, pointers.data());
    if (is_policy) {
      out.verb = Verb::policy;
      return out;
    }
    finish(out, raw);
  } catch (const CLI::ParseError& error) {
    std::ostringstream help;
    std::ostringstream problem;
    const int code = app.exit(error, help, problem);
    if (code == 0) return EarlyEnd{.code = 0, .out = help.str(), .err = {}};
    std::string text(trim(error.what()));
    if (text.find("COMMAND") != std::string::npos || text == "command is required") {
      text = "there is no command to run: write it after --, as in `bailiwick run -- codex`";
    } else if (all && !called.empty() && called.front() != '-') {
      text = "unknown command `" + std::string(called) + "`: use run, exec, sandbox, policy, doctor or completion";
    }
    return EarlyEnd{.code = 2, .out = {}, .err = "bailiwick: " + printable(text) + "\nTry `bailiwick --help`.\n"};
  }
  return out;
}

}  // namespace bailiwick
