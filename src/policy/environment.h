// Which environment variables enter a sandbox. Pure: the environment is an argument. Any thread.
//
// An allowlist: a name that is not on it stays out, and so does one on it whose value looks like a secret. Naming a
// variable
// (`--env NAME`) overrides both; is_injection() lets the caller warn.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace bailiwick {

struct EnvVar {
  std::string name;
  std::string value;
  bool operator==(const EnvVar&) const = default;
};

struct EnvironmentDecision {
  enum class Choice : std::uint8_t { keep, drop } choice = Choice::drop;
  std::string value;   // what enters, if kept: PATH without its empty and relative entries, others as given
  std::string reason;  // why it is dropped, or what was taken out of the value; else empty
  bool operator==(const EnvironmentDecision&) const = default;
};

[[nodiscard]] EnvironmentDecision decide_environment(std::string_view name, std::string_view value);

// A variable by which a loader, interpreter, pager or git runs or loads what its value names, or that opens a socket of
// the host: worth a warning when it is let in by name.
[[nodiscard]] bool is_injection(std::string_view name);

// The shipped tables, for documents. A name ending in `*` is a prefix.
struct EnvironmentName {
  std::string_view name;
  std::string_view reason;
};
[[nodiscard]] std::span<const EnvironmentName> allowed_environment();
// Never let in unless named, each with what it does: injection, and names that point at a host's sockets and sessions.
[[nodiscard]] std::span<const EnvironmentName> refused_environment();

struct EnvironmentRequest {
  std::span<const std::string> host;  // "NAME=VALUE", as in environ
  // of --env: "NAME" (the host's value, if it has one) or "NAME=VALUE"; in any case let in
  std::span<const std::string> named;
  std::span<const std::string> agent;  // names that the agent profile lets in
};
struct SandboxEnvironment {
  struct Left {
    std::string name;
    std::string reason;
    bool operator==(const Left&) const = default;
  };
  std::vector<EnvVar> variables;      // sorted by name, each once (the host's first wins, as for getenv)
  std::vector<Left> dropped;          // of the host's variables, sorted by name; names and reasons only, never values
  std::vector<std::string> warnings;  // about named ones: an injection variable, a NAME that the host does not have
};
[[nodiscard]] SandboxEnvironment sandbox_environment(const EnvironmentRequest& request);

// A name that a shell could export: [A-Za-z_][A-Za-z0-9_]*.
[[nodiscard]] bool is_environment_name(std::string_view name);

}  // namespace bailiwick
