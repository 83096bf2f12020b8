#include "base/redact.h"

#include <gtest/gtest.h>

#include <string>

namespace bailiwick {
namespace {

// Spelled in two parts, so that no scanner of this repository takes a sample for a leak.
std::string join(std::string_view a, std::string_view b) { return std::string(a) + std::string(b); }

TEST(RedactNames, Table) {
  constexpr std::string_view kSecret[] = {"GITHUB_TOKEN",
                                          "NPM_TOKEN",
                                          "AWS_SECRET_ACCESS_KEY",
                                          "DB_PASSWORD",
                                          "PGPASSWORD",
                                          "MYSQL_PWD",
                                          "apiKey",
                                          "api-key",
                                          "OPENAI_API_KEY",
                                          "ANTHROPIC_API_KEY",
                                          "SECRET_KEY_BASE",
                                          "client_secret",
                                          "CLIENT_SECRET_2",
                                          "authToken",
                                          "_authToken",
                                          "_auth",
                                          "NPM_CONFIG__AUTH",
                                          "GITHUB_PAT",
                                          "SMTP_PASS",
                                          "SSH_KEY_PASSPHRASE",
                                          "Authorization",
                                          "Proxy-Authorization",
                                          "Cookie",
                                          "Set-Cookie",
                                          "X-Api-Key",
                                          "GOOGLE_APPLICATION_CREDENTIALS",
                                          "APIKEY",
                                          "sessionToken",
                                          "HTTPKey",
                                          "passwd",
                                          "secrets",
                                          "PRIVATE_KEY",
                                          "encryptionKey",
                                          "VAULT_TOKEN",
                                          "ANSIBLE_VAULT_PASSWORD",
                                          "TF_TOKEN_app_terraform_io"};
  constexpr std::string_view kOrdinary[] = {"",
                                            "PATH",
                                            "HOME",
                                            "PWD",
                                            "OLDPWD",
                                            "KEY",
                                            "KEYBOARD",
                                            "MONKEY",
                                            "TOKENIZERS_PARALLELISM",
                                            "MAX_TOKENS",
                                            "TOKEN_LIMIT",
                                            "SSH_AUTH_SOCK",
                                            "SSH_KEY_PATH",
                                            "PGPASSFILE",
                                            "AWS_SHARED_CREDENTIALS_FILE",
                                            "PASSWORD_STORE_DIR",
                                            "GIT_ASKPASS",
                                            "BYPASS",
                                            "COMPASS",
                                            "PUBLIC_KEY",
                                            "primaryKey",
                                            "cacheKey",
                                            "AUTHOR",
                                            "GIT_AUTHOR_NAME",
                                            "XAUTHORITY",
                                            "auth",
                                            "LS_COLORS",
                                            "sort_key",
                                            "credential.helper",
                                            "token_endpoint",
                                            "SECRET_NAME",
                                            "PATTERN",
                                            "COMPAT"};
  for (const auto name : kSecret) EXPECT_TRUE(looks_like_secret_name(name)) << name;
  for (const auto name : kOrdinary) EXPECT_FALSE(looks_like_secret_name(name)) << name;
}

TEST(RedactValues, Table) {
  const std::string secret[] = {
      join("ghp_", "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"),
      join("github_pat_", "11AAAAAAA0abcdefghijkl_0123456789abcdefghijklmnopqrstuvwxyz"),
      join("glpat-", "ABCdef123_ghiJKL4567"),
      join("sk-", "proj-abcDEF123456ghiJKL7890mno"),
      join("sk-ant-", "api03-abcdefGHIJKL0123456789"),
      join("AKIA", "IOSFODNN7EXAMPLE"),
      join("xoxb-", "123456789012-abcdefGHIJ"),
      join("AIza", "SyA1234567890abcdefghijklmnopqrstuv"),
      join("npm_", "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"),
      join("pypi-", "AgEIcHlwaS5vcmcCJDAwMDAwMDAwLTAwMDAtMDAwMC0wMDAw"),
      join("hf_", "abcdefghijABCDEFGHIJ0123456789abcd"),
      join("dop_v1_", "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"),
      join("eyJ", "hbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N"),
      join("-----BEGIN OPENSSH ", "PRIVATE KEY-----\nb3BlbnNzaC1rZXk\n-----END OPENSSH PRIVATE KEY-----"),
      join("-----BEGIN ", "PRIVATE KEY-----\ncut short"),
      "https://user:hunter2@example.com/x",
      "postgres://app:s3cret@db:5432/app",
      "http://proxy-user:p%40ss@10.0.0.1:3128",
      join("https://", "aB3dE5fG7hI9jK1lM3nO5pQ7@git.example.com"),
      "Xq7Rt2Lm9Bv4Nc8Zk1Wd6Hs3Jp5Fy0Ga",
      "password=y",
      "Authorization: Bearer abc",
  };
  constexpr std::string_view kOrdinary[] = {
      "",
      "hello world",
      "/usr/local/bin:/usr/bin:/bin",
      "06cefb2a1d4f5e6b7c8d9e0f1a2b3c4d5e6f7a8b",                          // git
      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",  // sha256
      "0192d4e0-7c3a-7b2e-9f10-3a5b6c7d8e9f",
      "1.92.0-nightly+20261101",
      "x86_64-pc-linux-gnu",
      "/nix/store/0c5b4l2ljh6rs1w6j1q2p6yzm6qw1q3f-gcc-12.2.0/lib",
      "/home/user/Projects/FooBar2/src/MainWindowController.cpp",
      "sha512-z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg/SpIdNs6c5H0NE8XYXysP+DGNKHfuwvY7kxvUdBeoGlODJ6+SfaPg==",
      "SHA256:nThbg6kXUpJWGl7E1IGOCspRomTxdCARLviKw6E5SY8",
      "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl u@h",
      "TestGlobMatchesEveryPatternOfTheTable2AndMore",
      "_ZN9bailiwick4Glob5parseESt17basic_string_viewIcSt11char_traitsIcEE",
      "https://registry.npmjs.org/@openai/codex/-/codex-0.169.0.tgz",
      "ssh://git@github.com/acme/app.git",
      "git@github.com:acme/app.git",
      "https://user@example.com/path",
      "https://user:${PASSWORD}@example.com",
      "http://localhost:8080/a@b",
      "sk-learn-based-classifiers-for-everyone",
      "AKIA",
      "xterm-256color",
      "en_US.UTF-8",
      "-O2 -g -fstack-protector-strong -D_FORTIFY_SOURCE=2",
      "rs=0:di=01;34:ln=01;36:mh=00:pi=40;33:so=01;35:do=01;35",
      "unexpected token: end of file",
      "TOKEN=$GITHUB_TOKEN",
      "password=***",
      "npm_config_registry",
      "npm_lifecycle_event",
  };
  for (const auto& value : secret) EXPECT_TRUE(looks_like_secret_value(value)) << value;
  for (const auto value : kOrdinary) EXPECT_FALSE(looks_like_secret_value(value)) << value << " -> " << redact(value);
}

TEST(Redact, KeepsTheRest) {
  struct Case {
    std::string text;
    std::string wanted;
  };
  const Case cases[] = {
      {"plain", "plain"},
      {"clone https://u:pw@h/x failed", "clone https://u:[redacted]@h/x failed"},
      {"GITHUB_TOKEN=abc make", "GITHUB_TOKEN=[redacted] make"},
      {"DB_PASSWORD='a b c' run", "DB_PASSWORD='[redacted]' run"},
      {R"({"apiKey": "abc\"def", "n": 1})", R"({"apiKey": "[redacted]", "n": 1})"},
      {"curl -H 'Authorization: Bearer abc.def' x", "curl -H 'Authorization: Bearer [redacted]' x"},
      {"Authorization: Basic dTpw\nHost: x", "Authorization: Basic [redacted]\nHost: x"},
      {"mysql --password hunter2 --host db", "mysql --password [redacted] --host db"},
      {"login --password --host db", "login --password --host db"},
      {"?token=abc&x=1", "?token=[redacted]&x=1"},
      {"password: hunter2", "password: [redacted]"},
      {"unexpected token: semicolon", "unexpected token: semicolon"},
      {"std::token::value", "std::token::value"},
      {join("a ghp_", "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8, b"), "a [redacted], b"},
      {join("not_ghp_", "a1b2c3d4e5f6g7h8i9j0k1l2m3n4o5p6q7r8"),
       join("not_ghp_", "a1b2c3d4e5f6g7h8i9j0k1l2m3n4o5p6q7r8")},
      {join("x\n-----BEGIN RSA ", "PRIVATE KEY-----\nMII\n-----END RSA PRIVATE KEY-----\ny"), "x\n[redacted]\ny"},
      {"-----BEGIN CERTIFICATE-----\nabc\n-----END CERTIFICATE-----",
       "-----BEGIN CERTIFICATE-----\nabc\n-----END CERTIFICATE-----"},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(redact(c.text), c.wanted) << c.text;
    EXPECT_EQ(redact(redact(c.text)), redact(c.text)) << c.text;
  }
}

TEST(Redact, HostileTextStaysLinear) {
  // Each of these made a scanner that looks ahead without bound take minutes.
  for (const std::string_view piece :
       {"sk-", "eyJ", "://", "-----BEGIN RSA PRIVATE KEY", "token=", "a:", "=", "--password ", "\"", "://a:@", "ghp_",
        "Aa1", "token: Bearer ", "xoxb-", "token=$", "token: <", "token='$\"", "token:"}) {
    std::string text;
    while (text.size() < 200'000) text += piece;
    EXPECT_LE(redact(text).size(), text.size() * 12) << piece;
  }
}

}  // namespace
}  // namespace bailiwick
