// What stands behind --limit, --env and in the caller's environment.
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "base/redact.h"
#include "policy/environment.h"
#include "policy/policy.h"

namespace bailiwick {
namespace {

void check_limits(std::string_view text) {
  Limits limits;
  if (!parse_limits(text, limits)) {
    CHECK(limits == Limits{});
    return;
  }
  CHECK(!text.empty());
  CHECK(limits.processes >= 1 && limits.processes <= 4'000'000);
  CHECK(limits.open_files >= 16 && limits.open_files <= 1'048'576);
  CHECK(limits.file_bytes >= 1);
  if (limits.cpus) CHECK(*limits.cpus >= 0.05 && *limits.cpus <= 4096);
  if (limits.memory_bytes) CHECK(*limits.memory_bytes >= (16ULL << 20) && *limits.memory_bytes < (1ULL << 63));
  if (limits.data_bytes) CHECK(*limits.data_bytes >= (16ULL << 20));
  if (limits.scratch_bytes) CHECK(*limits.scratch_bytes >= (1ULL << 20));
  Limits again = limits;
  CHECK(parse_limits(text, again) && again == limits);
}

void check_environment(const std::string& text) {
  const auto named = parse_environment(text);
  const std::string name = text.substr(0, text.find('='));
  CHECK(named.has_value() == is_environment_name(name));
  const std::string value = text.size() > name.size() ? text.substr(name.size() + 1) : "";
  const auto decision = decide_environment(name, value);
  if (decision.choice == EnvironmentDecision::Choice::keep) {
    CHECK(is_environment_name(name));
    CHECK(!looks_like_secret_value(decision.value));
    CHECK(!is_injection(name));
  }
  const std::string host[] = {text, "HOME=/home/someone"};
  const auto environment = sandbox_environment({.host = host, .named = {}, .agent = {}});
  for (const EnvVar& variable : environment.variables) {
    CHECK(variable.name == name || variable.name == "HOME");
    CHECK(!variable.value.contains('\0') || text.contains('\0'));
  }
}

}  // namespace
}  // namespace bailiwick

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  bailiwick::check_limits(text);
  bailiwick::check_environment(text);
  return 0;
}
