#include "base/crypto.h"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace bailiwick {
namespace {

std::string from_hex(std::string_view digits) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < digits.size(); i += 2)
    bytes += static_cast<char>(std::stoi(std::string(digits.substr(i, 2)), nullptr, 16));
  return bytes;
}
template <std::size_t kSize>
std::array<std::uint8_t, kSize> array_from_hex(std::string_view digits) {
  std::array<std::uint8_t, kSize> out{};
  const std::string bytes = from_hex(digits);
  EXPECT_EQ(bytes.size(), kSize);
  for (std::size_t i = 0; i < kSize; ++i) out[i] = static_cast<std::uint8_t>(bytes[i]);
  return out;
}

TEST(Sha256, GivesTheKnownAnswers) {  // FIPS 180-4, examples
  struct Row {
    std::string text;
    std::string_view digest;
  };
  for (const Row& row : std::vector<Row>{
           {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
           {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
           {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
           {std::string(1'000'000, 'a'), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"},
       })
    EXPECT_EQ(hex(sha256(row.text)), row.digest);
}

TEST(Sha256, IsTheSameInPieces) {
  const std::string text(1000, 'x');
  for (const std::size_t size : {1U, 7U, 63U, 64U, 65U, 999U}) {
    Sha256Stream stream;
    for (std::size_t i = 0; i < text.size(); i += size) stream.update(std::string_view(text).substr(i, size));
    EXPECT_EQ(stream.finish(), sha256(text)) << size;
  }
}

struct Known {
  std::string_view seed, public_key, message, signature;
};
constexpr Known kKnown[] = {
    // RFC 8032, 7.1: TEST 1, 2, 3
    {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
     "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
     "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe246"
     "55141438e7a100b"},
    {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
     "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
     "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb"
     "0"
     "0d291612bb0c00"},
    {"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
     "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
     "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc"
     "0"
     "27beceea1ec40a"},
};

TEST(Ed25519, GivesTheKnownAnswers) {
  for (const Known& known : kKnown) {
    const KeyPair pair = make_key_pair(array_from_hex<32>(known.seed));
    const std::string message = from_hex(known.message);
    const auto signature = array_from_hex<64>(known.signature);
    EXPECT_EQ(pair.public_key.bytes, array_from_hex<32>(known.public_key));
    EXPECT_EQ(sign(message, pair.secret_key), signature);
    EXPECT_TRUE(is_signed_by(message, signature, pair.public_key));
  }
}

TEST(Ed25519, RefusesEveryFlippedBit) {
  const KeyPair pair = make_key_pair(array_from_hex<32>(kKnown[2].seed));
  const std::string message = from_hex(kKnown[2].message);
  const auto good = array_from_hex<64>(kKnown[2].signature);
  for (std::size_t i = 0; i < good.size() * 8; ++i) {
    Signature bad = good;
    bad[i / 8] = static_cast<std::uint8_t>(bad[i / 8] ^ (1U << (i % 8)));
    EXPECT_FALSE(is_signed_by(message, bad, pair.public_key)) << i;
  }
  for (std::size_t i = 0; i < message.size() * 8; ++i) {
    std::string other = message;
    other[i / 8] = static_cast<char>(other[i / 8] ^ (1U << (i % 8)));
    EXPECT_FALSE(is_signed_by(other, good, pair.public_key)) << i;
  }
  EXPECT_FALSE(is_signed_by(message, good, make_key_pair(array_from_hex<32>(kKnown[1].seed)).public_key));
  EXPECT_FALSE(is_signed_by(message, Signature{}, PublicKey{}));  // the neutral key fits each message elsewhere
}

TEST(Ed25519, MakesNewKeys) {
  const KeyPair a = make_key_pair();
  const KeyPair b = make_key_pair();
  EXPECT_NE(a.public_key, b.public_key);
  EXPECT_TRUE(is_signed_by("m", sign("m", a.secret_key), a.public_key));
  EXPECT_FALSE(is_signed_by("m", sign("m", a.secret_key), b.public_key));
  EXPECT_EQ(key_id(a.public_key).size(), 16U);
  EXPECT_NE(key_id(a.public_key), key_id(b.public_key));
}

TEST(Base64, GivesTheKnownAnswers) {  // RFC 4648, 10
  for (const auto& [text, encoded] : std::vector<std::pair<std::string_view, std::string_view>>{{"", ""},
                                                                                                {"f", "Zg=="},
                                                                                                {"fo", "Zm8="},
                                                                                                {"foo", "Zm9v"},
                                                                                                {"foob", "Zm9vYg=="},
                                                                                                {"fooba", "Zm9vYmE="},
                                                                                                {"foobar", "Zm9vYmFy"},
                                                                                                {"\xFB\xFF", "+/8="}}) {
    EXPECT_EQ(to_base64(text), encoded);
    EXPECT_EQ(*from_base64(encoded), text);
  }
  EXPECT_EQ(*from_base64(" Zm9v\r\n\tYmFy\n"), "foobar");
  EXPECT_EQ(*from_base64("\n"), "");
}

TEST(Base64, ForgivesNothingElse) {
  for (const std::string_view text :
       {std::string_view("Zg"), std::string_view("Zg="), std::string_view("Zg==="), std::string_view("Zh=="),
        std::string_view("Z"), std::string_view("Zm9v!"), std::string_view("Zm9-"), std::string_view("Zm_v"),
        std::string_view("=Zg=="), std::string_view("Zg==Zg=="), std::string_view("Zm9v\0", 5),
        std::string_view("\0Zm9v", 5), std::string_view("Zg==\0", 5), std::string_view("\xC3\xA4")})
    EXPECT_FALSE(from_base64(text)) << text;
}

TEST(Wipe, EmptiesTheText) {
  std::string secret = "a secret that is longer than what strings hold themselves";
  wipe(secret);
  EXPECT_TRUE(secret.empty());
}

}  // namespace
}  // namespace bailiwick
