#include "base/time.h"

#include <fmt/format.h>

#include <ctime>

namespace bailiwick {

std::string format_rfc3339(WallTime time) {
  const auto nanos = time.time_since_epoch().count();
  auto seconds = nanos / 1'000'000'000;
  auto rest = nanos % 1'000'000'000;
  if (rest < 0) {
    rest += 1'000'000'000;
    --seconds;
  }
  const std::time_t clock = seconds;
  std::tm tm{};
  ::gmtime_r(&clock, &tm);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:09}Z", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday,
                     tm.tm_hour, tm.tm_min, tm.tm_sec, rest);
}

std::string format_duration(std::chrono::nanoseconds duration) {
  const double us = static_cast<double>(duration.count()) / 1e3;
  if (us < 1000) return fmt::format("{:.0f}us", us);
  if (us < 1e6) return fmt::format("{:.1f}ms", us / 1e3);
  if (us < 60e6) return fmt::format("{:.2f}s", us / 1e6);
  const auto seconds = duration.count() / 1'000'000'000;
  if (seconds < 3600) return fmt::format("{}m{:02}s", seconds / 60, seconds % 60);
  return fmt::format("{}h{:02}m", seconds / 3600, seconds / 60 % 60);
}

}  // namespace bailiwick
