// The wiring diagram of the command line program: arguments -> facts -> plan -> supervisor -> exit code.
#include <fcntl.h>
#include <unistd.h>

#include <cstdio>

#include "arguments.h"
#include "base/text.h"
#include "completions.h"
#include "policy_commands.h"
#include "run.h"
#include "sandbox/doctor.h"
#include "sandbox/plan.h"

namespace bailiwick {
namespace {

int report(const Error& error) {
  std::fprintf(stderr, "bailiwick: %s\n", error.message().c_str());
  return exit_code(error.kind);
}

int print(std::string_view text) {
  const Status written = write_all(STDOUT_FILENO, text);
  if (!written) return report(written.error());
  return 0;
}

int show_plan(const Arguments& arguments, const std::vector<std::string>& environment) {
  const auto planned = make_plan(arguments, environment);
  if (!planned) return report(planned.error());
  return print(arguments.format == Format::json ? render_json(planned->plan) : render_text(planned->plan));
}

int show_doctor(Format format) {
  const HostFeatures host = probe(ProbeDepth::full);
  const std::vector<Finding> findings = assess(host);
  const Colour colour = ::isatty(STDOUT_FILENO) != 0 ? Colour::ansi : Colour::plain;
  const int code = print(format == Format::json ? render_doctor_json(host) : render_doctor_text(host, colour));
  if (code != 0) return code;
  return can_enforce_default(findings) ? 0 : 1;
}

}  // namespace
}  // namespace bailiwick

int main(int argc, char** argv, char** environ_block) {
  using namespace bailiwick;
  // A closed standard stream would be the number of the next descriptor that we open.
  for (int fd = 0; fd < 3; ++fd) {
    if (::fcntl(fd, F_GETFD) < 0 && ::open("/dev/null", O_RDWR) != fd) return 125;
  }
  const auto parsed = parse_arguments(argc, argv);
  if (const auto* end = std::get_if<EarlyEnd>(&parsed)) {
    std::fputs(end->out.c_str(), stdout);
    std::fputs(end->err.c_str(), stderr);
    return end->code;
  }
  const Arguments& arguments = std::get<Arguments>(parsed);
  std::vector<std::string> environment;
  for (char** entry = environ_block; *entry != nullptr; ++entry) environment.emplace_back(*entry);
  switch (arguments.verb) {
    case Verb::run:
    case Verb::exec: {
      const auto code = run_session(arguments, environment, argv, environ_block);
      return code ? *code : report(code.error());
    }
    case Verb::sandbox_plan: return show_plan(arguments, environment);
    case Verb::doctor: return show_doctor(arguments.format);
    case Verb::policy: {
      const auto code = run_policy_command(arguments.policy, environment);
      return code ? *code : report(code.error());
    }
    case Verb::completion: return print(completion_script(arguments.shell));
  }
  return 2;
}
