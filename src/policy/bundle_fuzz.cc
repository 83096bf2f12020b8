// Bundles: whatever bytes arrive, only what the key signed is opened. The fuzzer has the key, too: the second half of
// the run signs its text as a policy, which must come back the same.
#include "policy/bundle.h"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"

namespace {

using namespace bailiwick;

const KeyPair& key() {
  static const KeyPair pair = make_key_pair(std::array<std::uint8_t, 32>{1});
  return pair;
}
WallTime now() { return *parse_utc_time("2026-11-25T14:00:00Z"); }

std::string good_bundle() {
  const BundleTerms terms{.serial = 1, .not_before = now(), .expires = now() + std::chrono::hours(1)};
  return *sign_bundle(*parse_json(R"({"schema":1,"command":[{"prefix":["git"]}]})", "good"), terms, key());
}

// A good bundle with a piece of the input in it: random bytes alone never get past the first brace.
std::string spliced(std::string_view input) {
  static const std::string good = good_bundle();
  if (input.size() < 3) return good;
  const std::size_t at = static_cast<std::size_t>(static_cast<unsigned char>(input[0])) * 2 % good.size();
  const std::size_t drop = static_cast<unsigned char>(input[1]) % 16;
  std::string bytes = good;
  return bytes.replace(at, drop, input.substr(2));
}

void check_refused_or_good(std::string_view bytes) {
  const Result<Bundle> bundle = open_bundle(bytes, "fuzz", {key().public_key}, now());
  if (!bundle) {
    CHECK(bundle.error().kind == ErrorKind::invalid && bundle.error().what.starts_with("fuzz:"));
    return;
  }
  // what is opened is what was signed, byte for byte
  static const std::string good = good_bundle();
  CHECK(bytes == good || std::string(bytes) + "\n" == good);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  check_refused_or_good(input);
  check_refused_or_good(spliced(input));
  static_cast<void>(parse_utc_time(input));
  if (const auto read = parse_public_key(input, "fuzz"))
    CHECK(*parse_public_key(format_public_key(*read), "f") == *read);
  static_cast<void>(parse_secret_key(input, "fuzz"));

  const Result<Node> policy = parse_json(input, "policy");
  if (!policy) return 0;
  const BundleTerms terms{.serial = 3, .not_before = now(), .expires = now() + std::chrono::seconds(1)};
  const Result<std::string> bytes = sign_bundle(*policy, terms, key());
  if (!bytes) return 0;
  const Result<Bundle> opened = open_bundle(*bytes, "signed", {key().public_key}, now());
  CHECK(opened);
  CHECK(opened->terms == terms && *canonical_json(opened->policy) == *canonical_json(*policy));
  return 0;
}
