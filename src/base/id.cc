#include "base/id.h"

#include <sys/random.h>

namespace bailiwick {

std::array<std::uint8_t, 16> uuid_v7_bytes(std::chrono::system_clock::time_point now,
                                           const std::array<std::uint8_t, 10>& random) {
  std::array<std::uint8_t, 16> out{};
  const auto ms =
      static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count());
  for (unsigned i = 0; i < 6; ++i) out[i] = static_cast<std::uint8_t>(ms >> (8 * (5 - i)));
  for (unsigned i = 0; i < 10; ++i) out[6 + i] = random[i];
  out[6] = static_cast<std::uint8_t>((out[6] & 0x0F) | 0x70);
  out[8] = static_cast<std::uint8_t>((out[8] & 0x3F) | 0x80);
  return out;
}

std::string format_uuid(const std::array<std::uint8_t, 16>& bytes) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string text;
  text.reserve(36);
  for (unsigned i = 0; i < 16; ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
    text += kHex[bytes[i] >> 4];
    text += kHex[bytes[i] & 15];
  }
  return text;
}

Result<std::array<std::uint8_t, 16>> parse_uuid(std::string_view text) {
  const auto bad = [&] {
    return fail(ErrorKind::invalid,
                "not an id: `" + std::string(text.substr(0, 64)) + "` (wanted 8-4-4-4-12 hex digits)");
  };
  if (text.size() != 36) return bad();
  std::array<std::uint8_t, 16> out{};
  unsigned nibble = 0;
  for (unsigned i = 0; i < 36; ++i) {
    const char c = text[i];
    if (i == 8 || i == 13 || i == 18 || i == 23) {
      if (c != '-') return bad();
      continue;
    }
    unsigned value = 0;
    if (c >= '0' && c <= '9') {
      value = static_cast<unsigned>(c - '0');
    } else if (c >= 'a' && c <= 'f') {
      value = static_cast<unsigned>(c - 'a') + 10;
    } else if (c >= 'A' && c <= 'F') {
      value = static_cast<unsigned>(c - 'A') + 10;
    } else {
      return bad();
    }
    out[nibble / 2] = static_cast<std::uint8_t>(out[nibble / 2] << 4 | value);
    ++nibble;
  }
  return out;
}

Result<SessionId> make_session_id() {
  std::array<std::uint8_t, 10> random{};
  if (::getrandom(random.data(), random.size(), 0) != static_cast<ssize_t>(random.size())) {
    return os_error("could not read random bytes");
  }
  return SessionId(uuid_v7_bytes(std::chrono::system_clock::now(), random));
}

}  // namespace bailiwick
