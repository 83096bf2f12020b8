#include "policy/policy.h"

#include <charconv>
#include <cmath>
#include <set>

#include "base/text.h"

namespace bailiwick {
namespace {

std::string quoted(std::string_view text) { return "`" + printable(shorten(text, 80)) + "`"; }

Result<double> parse_cpus(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value) || value < 0.05 ||
      value > 4096) {
    return fail(ErrorKind::invalid,
                "not a number of CPUs: " + quoted(text) + " (wanted 0.05 to 4096, for example 1.5)");
  }
  return value;
}

Result<std::uint64_t> parse_positive_bytes(std::string_view text, std::uint64_t least) {
  TRY_ASSIGN(const std::uint64_t bytes, parse_bytes(text));
  if (bytes < least)
    return fail(ErrorKind::invalid, "too small: " + quoted(text) + " (at least " + format_bytes(least) + ")");
  return bytes;
}

}  // namespace

Result<Mode> parse_mode(std::string_view text) {
  for (const Mode mode : {Mode::read_only, Mode::workspace_write, Mode::full_access}) {
    if (text == name_of(mode)) return mode;
  }
  return fail(ErrorKind::usage, "unknown mode " + quoted(text) + ": use read-only, workspace-write or full-access");
}

Result<NetworkMode> parse_network(std::string_view text) {
  for (const NetworkMode mode : {NetworkMode::off, NetworkMode::host}) {
    if (text == name_of(mode)) return mode;
  }
  return fail(ErrorKind::usage, "unknown network mode " + quoted(text) + ": use off or host");
}

Result<BackendChoice> parse_backend(std::string_view text) {
  for (const BackendChoice choice : {BackendChoice::namespaces, BackendChoice::landlock, BackendChoice::automatic}) {
    if (text == name_of(choice)) return choice;
  }
  return fail(ErrorKind::usage, "unknown backend " + quoted(text) + ": use namespaces, landlock or auto");
}

std::string_view name_of(Mode mode) {
  switch (mode) {
    case Mode::read_only: return "read-only";
    case Mode::workspace_write: return "workspace-write";
    case Mode::full_access: return "full-access";
  }
  return "";
}

std::string_view name_of(NetworkMode network) { return network == NetworkMode::off ? "off" : "host"; }

std::string_view name_of(BackendChoice backend) {
  switch (backend) {
    case BackendChoice::namespaces: return "namespaces";
    case BackendChoice::landlock: return "landlock";
    case BackendChoice::automatic: return "auto";
  }
  return "";
}

Status parse_limits(std::string_view text, Limits& limits) {
  Limits next = limits;
  std::set<std::string_view> seen;
  for (const std::string_view part : split(text, ',')) {
    const auto equals = part.find('=');
    const std::string_view key = part.substr(0, equals);
    if (equals == std::string_view::npos || !seen.insert(key).second) {
      return fail(
          ErrorKind::usage,
          "limit " + quoted(part) + " is not understood: write each once, as in memory=2G,pids=500,cpu=1.5,files=1024");
    }
    const std::string_view value = part.substr(equals + 1);
    const auto problem = [&](Error error) { return std::unexpected(std::move(error).in("limit " + quoted(part))); };
    if (key == "memory") {
      auto bytes = parse_positive_bytes(value, 16ULL << 20);
      if (!bytes) return problem(bytes.error());
      next.memory_bytes = *bytes;
    } else if (key == "pids") {
      auto number = parse_number(value, 1, 4'000'000);
      if (!number) return problem(number.error());
      next.processes = *number;
    } else if (key == "cpu") {
      auto number = parse_cpus(value);
      if (!number) return problem(number.error());
      next.cpus = *number;
    } else if (key == "files") {
      auto number = parse_number(value, 16, 1'048'576);
      if (!number) return problem(number.error());
      next.open_files = *number;
    } else if (key == "file-size") {
      auto bytes = parse_positive_bytes(value, 1);
      if (!bytes) return problem(bytes.error());
      next.file_bytes = *bytes;
    } else if (key == "data") {
      auto bytes = parse_positive_bytes(value, 16ULL << 20);
      if (!bytes) return problem(bytes.error());
      next.data_bytes = *bytes;
    } else if (key == "scratch") {
      auto bytes = parse_positive_bytes(value, 1ULL << 20);
      if (!bytes) return problem(bytes.error());
      next.scratch_bytes = *bytes;
    } else {
      return fail(ErrorKind::usage,
                  "unknown limit " + quoted(key) + ": use memory, pids, cpu, files, file-size, data or scratch");
    }
  }
  limits = next;
  return {};
}

Result<std::string> parse_environment(std::string_view text) {
  const std::string_view name = text.substr(0, text.find('='));
  const auto is_word = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  };
  bool good = !name.empty() && !(name[0] >= '0' && name[0] <= '9');
  for (const char c : name) good = good && is_word(c);
  if (!good)
    return fail(ErrorKind::usage,
                "not the name of a variable: " + quoted(name) + " (use --env NAME or --env NAME=VALUE)");
  return std::string(text);
}

}  // namespace bailiwick
