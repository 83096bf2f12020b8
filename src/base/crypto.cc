#include "base/crypto.h"

#include <sodium.h>

#include <new>
#include <type_traits>

#include "base/check.h"

namespace bailiwick {
namespace {

static_assert(sizeof(crypto_hash_sha256_state) <= 128 && alignof(crypto_hash_sha256_state) <= 8);
static_assert(std::is_trivially_copyable_v<crypto_hash_sha256_state>);

const unsigned char* bytes_of(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

crypto_hash_sha256_state* state_of(std::array<std::uint8_t, 128>& bytes) {
  return std::launder(reinterpret_cast<crypto_hash_sha256_state*>(bytes.data()));
}

// Digests and base64 do without: it looks at the processor and seeds the random numbers.
void initialise() {
  static const bool is_ready = ::sodium_init() >= 0;
  CHECK(is_ready);
}

}  // namespace

Sha256Stream::Sha256Stream() : state_{} { ::crypto_hash_sha256_init(new (state_.data()) crypto_hash_sha256_state); }

void Sha256Stream::update(std::string_view bytes) {
  ::crypto_hash_sha256_update(state_of(state_), bytes_of(bytes), bytes.size());
}

Sha256 Sha256Stream::finish() {
  Sha256 digest{};
  ::crypto_hash_sha256_final(state_of(state_), digest.data());
  return digest;
}

Sha256 sha256(std::string_view bytes) {
  Sha256 digest{};
  ::crypto_hash_sha256(digest.data(), bytes_of(bytes), bytes.size());
  return digest;
}

std::string hex(const Sha256& digest) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  text.reserve(2 * digest.size());
  for (const std::uint8_t byte : digest) {
    text += kDigits[byte >> 4U];
    text += kDigits[byte & 0xFU];
  }
  return text;
}

SecretKey::~SecretKey() { ::sodium_memzero(bytes.data(), bytes.size()); }

KeyPair make_key_pair() {
  initialise();
  KeyPair pair;
  CHECK(::crypto_sign_keypair(pair.public_key.bytes.data(), pair.secret_key.bytes.data()) == 0);
  return pair;
}

KeyPair make_key_pair(std::span<const std::uint8_t, 32> seed) {
  initialise();
  KeyPair pair;
  CHECK(::crypto_sign_seed_keypair(pair.public_key.bytes.data(), pair.secret_key.bytes.data(), seed.data()) == 0);
  return pair;
}

std::string key_id(const PublicKey& key) {
  return hex(sha256({reinterpret_cast<const char*>(key.bytes.data()), key.bytes.size()})).substr(0, 16);
}

Signature sign(std::string_view message, const SecretKey& key) {
  initialise();
  Signature signature{};
  CHECK(::crypto_sign_detached(signature.data(), nullptr, bytes_of(message), message.size(), key.bytes.data()) == 0);
  return signature;
}

bool is_signed_by(std::string_view message, const Signature& signature, const PublicKey& key) {
  initialise();
  return ::crypto_sign_verify_detached(signature.data(), bytes_of(message), message.size(), key.bytes.data()) == 0;
}

void wipe(std::string& secret) {
  secret.resize(secret.capacity());
  ::sodium_memzero(secret.data(), secret.size());
  secret.clear();
}

std::string to_base64(std::string_view bytes) {
  std::string text(sodium_base64_ENCODED_LEN(bytes.size(), sodium_base64_VARIANT_ORIGINAL), '\0');
  ::sodium_bin2base64(text.data(), text.size(), bytes_of(bytes), bytes.size(), sodium_base64_VARIANT_ORIGINAL);
  text.pop_back();  // the library counts the NUL at the end
  return text;
}

Result<std::string> from_base64(std::string_view text) {
  std::string bytes((text.size() / 4 * 3) + 3, '\0');
  std::size_t size = 0;
  // the library looks characters up in " \t\r\n" with strchr, which finds NUL in each string
  if (text.contains('\0') ||
      ::sodium_base642bin(reinterpret_cast<unsigned char*>(bytes.data()), bytes.size(), text.data(), text.size(),
                          " \t\r\n", &size, nullptr, sodium_base64_VARIANT_ORIGINAL) != 0)
    return fail(ErrorKind::invalid, "not base64; is something cut off?");
  bytes.resize(size);
  return bytes;
}

}  // namespace bailiwick
