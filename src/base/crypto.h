// SHA-256 and Ed25519, by libsodium: the only user of that library. Pure; any thread (initialises itself once).
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace bailiwick {

using Sha256 = std::array<std::uint8_t, 32>;

class Sha256Stream {
 public:
  Sha256Stream();
  void update(std::string_view bytes);
  [[nodiscard]] Sha256 finish();  // once

 private:
  alignas(8) std::array<std::uint8_t, 128> state_;  // libsodium's, kept out of this header
};
[[nodiscard]] Sha256 sha256(std::string_view bytes);
[[nodiscard]] std::string hex(const Sha256& digest);  // 64 lower-case digits

struct PublicKey {
  std::array<std::uint8_t, 32> bytes{};
  bool operator==(const PublicKey&) const = default;
};
struct SecretKey {  // wiped when it goes
  std::array<std::uint8_t, 64> bytes{};
  SecretKey() = default;
  SecretKey(const SecretKey&) = default;
  SecretKey& operator=(const SecretKey&) = default;
  ~SecretKey();
};
struct KeyPair {
  PublicKey public_key;
  SecretKey secret_key;
};
[[nodiscard]] KeyPair make_key_pair();
// The secret key's first half is the seed, its second one the public key.
[[nodiscard]] KeyPair make_key_pair(std::span<const std::uint8_t, 32> seed);
// The first 16 hexadecimal digits of the SHA-256 of the 32 bytes: how keys are named.
[[nodiscard]] std::string key_id(const PublicKey& key);
using Signature = std::array<std::uint8_t, 64>;
[[nodiscard]] Signature sign(std::string_view message, const SecretKey& key);
[[nodiscard]] bool is_signed_by(std::string_view message, const Signature& signature, const PublicKey& key);

void wipe(std::string& secret);  // also what its capacity holds; leaves it empty

[[nodiscard]] std::string to_base64(std::string_view bytes);
// RFC 4648, padded; blanks and line ends are skipped, nothing else is forgiven.
[[nodiscard]] Result<std::string> from_base64(std::string_view text);

}  // namespace bailiwick
