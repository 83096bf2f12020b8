#include "policy/bundle.h"

#include <gtest/gtest.h>

#include <array>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace bailiwick {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

KeyPair key(std::uint8_t number) {
  std::array<std::uint8_t, 32> seed{};
  seed[0] = number;
  return make_key_pair(seed);
}

WallTime at(std::string_view text) { return *parse_utc_time(text); }

BundleTerms terms() {
  return {.serial = 7, .not_before = at("2026-11-01T00:00:00Z"), .expires = at("2026-12-01T00:00:00Z")};
}
WallTime now() { return at("2026-11-25T14:00:00Z"); }

Node policy() {
  return *parse_json(R"({"schema":1,"name":"acme","command":[{"prefix":["git","push"],"decision":"deny"}]})", "p");
}

std::string bundle(const BundleTerms& with = terms()) { return *sign_bundle(policy(), with, key(1)); }

std::string error_of(const auto& result) { return result ? "none" : result.error().message(); }

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  const auto place = text.find(from);
  EXPECT_NE(place, std::string::npos) << from;
  return place == std::string::npos ? text : text.replace(place, from.size(), to);
}

// Signs what sign_bundle() would not.
std::string signed_by_hand(std::string_view payload, const KeyPair& with = key(1)) {
  const Signature signature = sign("bailiwick policy bundle 1\n" + std::string(payload), with.secret_key);
  return "{\"key_id\":\"" + key_id(with.public_key) + "\",\"payload\":" + std::string(payload) + ",\"signature\":\"" +
         to_base64({reinterpret_cast<const char*>(signature.data()), signature.size()}) + "\"}";
}

TEST(Bundle, LooksAsTheHeaderSays) {
  EXPECT_EQ(replaced(bundle(), bundle().substr(bundle().find("signature")), ""),
            "{\"key_id\":\"" + key_id(key(1).public_key) +
                "\",\"payload\":{\"expires\":\"2026-12-01T00:00:00Z\",\"not_before\":\"2026-11-01T00:00:00Z\","
                "\"policy\":{\"command\":[{\"decision\":\"deny\",\"prefix\":[\"git\",\"push\"]}],\"name\":\"acme\","
                "\"schema\":1},\"schema\":1,\"serial\":7},\"");
}

TEST(Bundle, IsReadBack) {
  const std::vector<PublicKey> keys{key(2).public_key, key(1).public_key};
  for (const std::string& bytes : {bundle(), bundle().substr(0, bundle().size() - 1)}) {
    const Result<Bundle> opened = open_bundle(bytes, "f", keys, now());
    ASSERT_TRUE(opened) << opened.error().message();
    EXPECT_EQ(opened->terms, terms());
    EXPECT_EQ(opened->key_id, key_id(key(1).public_key));
    EXPECT_EQ(*canonical_json(opened->policy), *canonical_json(policy()));
    EXPECT_EQ(opened->policy.place.line, 1U);
  }
}

TEST(Bundle, RefusesEveryFlippedBit) {
  std::string bytes = bundle();
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    for (unsigned bit = 0; bit < 8; ++bit) {
      bytes[i] = static_cast<char>(bytes[i] ^ (1U << bit));
      const Result<Bundle> opened = open_bundle(bytes, "f", {key(1).public_key}, now());
      ASSERT_FALSE(opened) << "byte " << i << " bit " << bit;
      ASSERT_EQ(opened.error().kind, ErrorKind::invalid);
      bytes[i] = static_cast<char>(bytes[i] ^ (1U << bit));
    }
  }
}

TEST(Bundle, RefusesEveryBeginning) {
  const std::string bytes = bundle();
  for (std::size_t size = 0; size + 1 < bytes.size(); ++size)
    ASSERT_FALSE(open_bundle(std::string_view(bytes).substr(0, size), "f", {key(1).public_key}, now())) << size;
}

TEST(Bundle, RefusesWhatIsNotInForce) {
  struct Row {
    std::string_view time;
    std::string error;
  };
  for (const Row& row : std::vector<Row>{
           {"2026-10-31T23:59:59Z", "not valid before 2026-11-01T00:00:00Z; check the clock or wait"},
           {"2026-11-01T00:00:00Z", "none"},
           {"2026-11-30T23:59:59Z", "none"},
           {"2026-12-01T00:00:00Z", "expired 2026-12-01T00:00:00Z; fetch a newer one"},
       })
    EXPECT_TRUE(error_of(open_bundle(bundle(), "f", {key(1).public_key}, at(row.time))).ends_with(row.error))
        << row.time;
}

TEST(Bundle, RefusesOtherKeys) {
  const std::string id = key_id(key(1).public_key);
  EXPECT_EQ(error_of(open_bundle(bundle(), "f", {key(2).public_key}, now())),
            "f:1:11: signed with the key `" + id +
                "`, which is not trusted here; install that public key, or have the policy signed with a trusted one");
  EXPECT_FALSE(open_bundle(bundle(), "f", {}, now()));
  // another key's bundle under a trusted name
  const std::string forged =
      replaced(*sign_bundle(policy(), terms(), key(2)), key_id(key(2).public_key), key_id(key(1).public_key));
  EXPECT_TRUE(error_of(open_bundle(forged, "f", {key(1).public_key}, now()))
                  .ends_with("the signature does not fit; fetch the file again"));
}

TEST(Bundle, RefusesWhatIsNotCanonical) {
  const std::string good = bundle();
  const std::string_view wanted = "f: not canonical JSON; the file was changed after it was signed, fetch it again";
  for (const std::string& bytes : {
           " " + good,
           good + "\n",
           good + " ",
           replaced(good, ":7", ": 7"),
           replaced(good, ",\"schema\":1,\"serial\":7", ",\"serial\":7,\"schema\":1"),
           replaced(good, "acme", "\\u0061cme"),
           replaced(good, ":7", ":7.0"),
           replaced(good, ":7", ":7e0"),
           replaced(good, "\n", "\r\n"),
           "\xEF\xBB\xBF" + good,
       })
    EXPECT_EQ(error_of(open_bundle(bytes, "f", {key(1).public_key}, now())), wanted) << bytes;
  EXPECT_TRUE(error_of(open_bundle(replaced(good, "\"serial\":7", "\"serial\":7,\"serial\":7"), "f",
                                   {key(1).public_key}, now()))
                  .contains("stands here twice"));
  EXPECT_FALSE(open_bundle(good + good, "f", {key(1).public_key}, now()));
}

TEST(Bundle, RefusesOtherFields) {
  const std::string head = R"({"expires":"2026-12-01T00:00:00Z",)";
  const std::string begin = R"("not_before":"2026-11-01T00:00:00Z",)";
  struct Row {
    std::string bytes;
    std::string error;
  };
  for (const Row& row : std::vector<Row>{
           {signed_by_hand(head + begin + R"("policy":{},"schema":1,"serial":1})"), "none"},
           {signed_by_hand(head + begin + R"("policy":{},"schema":2,"serial":1})"),
            "f:1:131: schema 2 is not known; update bailiwick"},
           {signed_by_hand(head + begin + R"("policy":{},"schema":1,"serial":0})"),
            "f:1:142: `serial` must be 1 or more"},
           {signed_by_hand(head + begin + R"("policy":[],"schema":1,"serial":1})"),
            "f:1:119: `policy` must be a table"},
           {signed_by_hand(head + begin + R"("policy":{},"schema":1,"serial":"1"})"),
            "f:1:142: `serial` must be a whole number"},
           {signed_by_hand(head + begin + R"("policy":{},"schema":1})"), "f:1:40: `serial` is missing; sign it anew"},
           {signed_by_hand(head + begin + R"("policy":{},"schema":1,"serial":1,"z":1})"),
            "f:1:144: the unknown key `z`; a newer bailiwick may know it"},
           {signed_by_hand(head + R"("not_before":"2026-12-01T00:00:00Z","policy":{},"schema":1,"serial":1})"),
            "f:1:51: it expires before it begins; sign it anew"},
           {signed_by_hand(head + R"("not_before":"yesterday","policy":{},"schema":1,"serial":1})"),
            "f:1:87: `not_before`: a time must look like 2026-11-25T14:00:00Z"},
           {"{}", "f:1:1: `key_id` is missing; sign it anew"},
           {"[]", "f:1:1: here must be a table, not an array"},
           {replaced(signed_by_hand("{}"), "}", "},\"z\":1"),
            "f:1:43: the unknown key `z`; a newer bailiwick may know it"},
           {replaced(signed_by_hand("{}"), "==", ""),
            "f:1:55: `signature` must be 64 bytes as base64; is something cut off?"},
           {replaced(signed_by_hand("{}"), "==", "== "),
            "f:1:55: `signature` must be 64 bytes as base64; is something cut off?"},
       })
    EXPECT_EQ(error_of(open_bundle(row.bytes, "f", {key(1).public_key}, now())), row.error) << row.bytes;
}

TEST(Bundle, IsNotSignedIfItCannotBeOpened) {
  const auto with = [](const std::function<void(Node&, BundleTerms&)>& change) {
    Node node = policy();
    BundleTerms changed = terms();
    change(node, changed);
    return error_of(sign_bundle(node, changed, key(1)));
  };
  EXPECT_EQ(with([](Node&, BundleTerms& t) { t.serial = 0; }), "the serial must be 1 or more");
  EXPECT_EQ(with([](Node&, BundleTerms& t) { t.expires = t.not_before + std::chrono::milliseconds(999); }),
            "it would expire (2026-11-01T00:00:00Z) before it begins (2026-11-01T00:00:00Z)");
  EXPECT_EQ(with([](Node& n, BundleTerms&) { n.kind = NodeKind::array; }), "a policy must be a table, not an array");
  EXPECT_EQ(with([](Node& n, BundleTerms&) { n.members[0].value = {.kind = NodeKind::real, .real = 1.5}; }),
            "canonical JSON: a number with a fraction cannot be signed; write a string or a whole number");
}

TEST(Bundle, SerialsDoNotGoBack) {
  EXPECT_TRUE(check_serial(7, 7, "f"));
  EXPECT_TRUE(check_serial(8, 7, "f"));
  EXPECT_TRUE(check_serial(1, 0, "f"));
  EXPECT_EQ(error_of(check_serial(6, 7, "f")),
            "f: serial 6 is older than 7, which was in force here; fetch the newest");
}

TEST(BundleKeys, AreReadBack) {
  const KeyPair pair = key(3);
  EXPECT_TRUE(format_public_key(pair.public_key).starts_with("bailiwick-public-key 1 "));
  EXPECT_EQ(*parse_public_key(format_public_key(pair.public_key), "f"), pair.public_key);
  const Result<KeyPair> read = parse_secret_key(format_secret_key(pair.secret_key), "f");
  ASSERT_TRUE(read) << read.error().message();
  EXPECT_EQ(read->public_key, pair.public_key);
  EXPECT_EQ(read->secret_key.bytes, pair.secret_key.bytes);
}

TEST(BundleKeys, RefusesOtherFiles) {
  const std::string good = format_public_key(key(3).public_key);
  SecretKey halves = key(3).secret_key;
  halves.bytes[63] ^= 1;
  EXPECT_EQ(error_of(parse_public_key(format_secret_key(key(3).secret_key), "f")),
            "f: here must be `bailiwick-public-key 1` and base64; is this the right file?");
  EXPECT_FALSE(parse_public_key("", "f"));
  EXPECT_FALSE(parse_public_key(good + good, "f"));
  EXPECT_FALSE(parse_public_key(replaced(good, " 1 ", " 2 "), "f"));
  EXPECT_EQ(error_of(parse_public_key(good.substr(0, good.size() - 5), "f")),
            "f: the key must be 32 bytes as base64; is something cut off?");
  EXPECT_EQ(error_of(parse_secret_key(format_secret_key(halves), "f")),
            "f: the two halves of the key do not belong together; take the original file");
}

TEST(BundleTimes, ReadsOneFormOnly) {
  EXPECT_EQ(at("1970-01-01T00:00:00Z"), WallTime());
  EXPECT_EQ(at("1970-01-02T01:00:01Z"), WallTime(hours(25) + seconds(1)));
  EXPECT_TRUE(parse_utc_time("2028-02-29T23:59:59Z"));
  EXPECT_TRUE(parse_utc_time("2261-12-31T23:59:59Z"));
  for (const std::string_view text :
       {"", "2026-11-25", "2026-11-25T14:00:00", "2026-11-25T14:00:00z", "2026-11-25 14:00:00Z",
        "2026-11-25T14:00:00.0Z", "2026-11-25T14:00:00+00:00", "2026-02-29T00:00:00Z", "2026-13-01T00:00:00Z",
        "2026-00-01T00:00:00Z", "2026-01-00T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T00:60:00Z",
        "2026-01-01T00:00:60Z", "1969-12-31T23:59:59Z", "2262-01-01T00:00:00Z", "0000-01-01T00:00:00Z",
        "2026-01-01T-1:00:00Z"})
    EXPECT_FALSE(parse_utc_time(text)) << text;
}

}  // namespace
}  // namespace bailiwick
