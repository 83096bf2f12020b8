// The cloud layer's file: a policy that the company's key signed. Pure: bytes, keys and the clock are arguments.
//
//   {"key_id":"<16 hex>","payload":{"expires":"<RFC 3339>","not_before":"<RFC
//   3339>","policy":{..},"schema":1,"serial":7},
//    "signature":"<base64>"}
//
// Canonical JSON (document.h) from the first byte to the last, one line feed at the end allowed. The signature is
// Ed25519 over "bailiwick policy bundle 1\n" and the canonical bytes of `payload`. Times are in UTC, with seconds.
//
// Key files: "bailiwick-public-key 1 <base64 of 32 bytes>\n" and "bailiwick-secret-key 1 <base64 of 64 bytes>\n".
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/crypto.h"
#include "base/result.h"
#include "base/time.h"
#include "policy/document.h"

namespace bailiwick {

struct BundleTerms {
  std::int64_t serial = 0;  // from 1
  WallTime not_before{};
  WallTime expires{};
  bool operator==(const BundleTerms&) const = default;
};
struct Bundle {
  BundleTerms terms;
  std::string key_id;
  Node policy;  // in our schema; places are those of the bundle file
};

// The file's bytes, ready to be written.
[[nodiscard]] Result<std::string> sign_bundle(const Node& policy, const BundleTerms& terms, const KeyPair& key);

// Every check but the serial against the last one seen. `invalid`, with the file and what to do, for: bytes that are
// not canonical, unknown or missing keys, a key id that is not among `keys`, a signature that does not fit, a time
// before not_before or from `expires` on, an expiry before its beginning.
[[nodiscard]] Result<Bundle> open_bundle(std::string_view bytes, std::string_view file,
                                         const std::vector<PublicKey>& keys, WallTime now);
// `invalid` where `serial` is lower than `last_seen`.
[[nodiscard]] Status check_serial(std::int64_t serial, std::int64_t last_seen, std::string_view file);

[[nodiscard]] std::string format_public_key(const PublicKey& key);
[[nodiscard]] std::string format_secret_key(const SecretKey& key);
[[nodiscard]] Result<PublicKey> parse_public_key(std::string_view text, std::string_view file);
[[nodiscard]] Result<KeyPair> parse_secret_key(std::string_view text, std::string_view file);
// "2026-11-25T14:00:00Z" only.
[[nodiscard]] Result<WallTime> parse_utc_time(std::string_view text);

}  // namespace bailiwick
