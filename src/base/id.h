// Distinct id types. A SessionId is a UUID version 7 (RFC 9562): it sorts by the time of its making.
#pragma once

#include <array>
#include <chrono>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace bailiwick {

template <class Tag>
class Uuid {
 public:
  using Bytes = std::array<std::uint8_t, 16>;
  constexpr Uuid() = default;
  constexpr explicit Uuid(const Bytes& bytes) : bytes_(bytes) {}
  [[nodiscard]] const Bytes& bytes() const { return bytes_; }
  auto operator<=>(const Uuid&) const = default;

 private:
  Bytes bytes_{};
};

using SessionId = Uuid<struct SessionTag>;

// RFC 9562 section 5.7: 48 bits of milliseconds, version 7, then `random` (10 bytes; version and variant bits are
// overwritten).
[[nodiscard]] std::array<std::uint8_t, 16> uuid_v7_bytes(std::chrono::system_clock::time_point now,
                                                         const std::array<std::uint8_t, 10>& random);
[[nodiscard]] std::string format_uuid(const std::array<std::uint8_t, 16>& bytes);
// Accepts the canonical 36 lower- or upper-case characters only.
[[nodiscard]] Result<std::array<std::uint8_t, 16>> parse_uuid(std::string_view text);

// A fresh session id from the clock and getrandom(2).
[[nodiscard]] Result<SessionId> make_session_id();
[[nodiscard]] inline std::string format(const SessionId& id) { return format_uuid(id.bytes()); }

}  // namespace bailiwick
