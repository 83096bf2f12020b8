// What a session may do, as far as the sandbox is concerned: a plain value. Today it is made of built-in defaults and
// flags. Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace bailiwick {

enum class Mode : std::uint8_t {
  read_only,        // the workspace can be read
  workspace_write,  // and written
  full_access,      // the caller's own view of files, less shipped secrets and our own state
};
enum class NetworkMode : std::uint8_t {
  off,   // an empty network namespace with loopback
  host,  // the host's network, as it is
};
enum class BackendChoice : std::uint8_t {
  namespaces,
  landlock,
  automatic,  // namespaces, else landlock: naming it is the acceptance of the weaker one
};
enum class Clipboard : std::uint8_t { refused, allowed };

struct Limits {
  std::optional<std::uint64_t> memory_bytes;  // unset: half of the machine's memory
  std::uint64_t processes = 1000;
  std::optional<double> cpus;              // unset: all
  std::uint64_t open_files = 4096;         // per process
  std::uint64_t file_bytes = 64ULL << 30;  // one file
  // private writable memory of one process (RLIMIT_DATA); unset: the memory limit alone holds
  std::optional<std::uint64_t> data_bytes;
  // /tmp, /var/tmp, /dev/shm and the private HOME together; unset: half of the memory limit
  std::optional<std::uint64_t> scratch_bytes;
  bool operator==(const Limits&) const = default;
};

struct SandboxPolicy {
  Mode mode = Mode::workspace_write;
  NetworkMode network = NetworkMode::off;
  BackendChoice backend = BackendChoice::namespaces;
  Clipboard clipboard = Clipboard::refused;
  std::vector<std::string> read;  // paths, "~/" allowed
  std::vector<std::string> write;
  std::vector<std::string> deny_read;  // globs
  std::vector<std::string> sockets;    // paths of the host's Unix sockets that are let in
  // NAME (the caller's value) or NAME=VALUE, let in whatever the shipped tables say
  std::vector<std::string> environment;
  std::optional<std::string> agent;  // profile by name, "none" for no profile
  Limits limits;
  // how many directory entries are looked at for protected names before we stop and say so
  std::uint64_t scan_entries = 200'000;
  bool operator==(const SandboxPolicy&) const = default;
};

[[nodiscard]] Result<Mode> parse_mode(std::string_view text);
[[nodiscard]] Result<NetworkMode> parse_network(std::string_view text);
[[nodiscard]] Result<BackendChoice> parse_backend(std::string_view text);
[[nodiscard]] std::string_view name_of(Mode mode);
[[nodiscard]] std::string_view name_of(NetworkMode network);
[[nodiscard]] std::string_view name_of(BackendChoice backend);

// "memory=2G,pids=500,cpu=1.5,files=1024,file-size=1G,data=4G,scratch=512M": changes what it names. Each key at most
// once per text.
[[nodiscard]] Status parse_limits(std::string_view text, Limits& limits);
// Checks "NAME" or "NAME=VALUE".
[[nodiscard]] Result<std::string> parse_environment(std::string_view text);

}  // namespace bailiwick
