#include "policy/secrets.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "policy/name_index.h"

namespace bailiwick {
namespace {

std::vector<std::string> all_of_home() { return {""}; }

SecretRoots sample_roots() {
  return {.home = "/home/u",
          .config_home = "/home/u/.config",
          .data_home = "/data/u",
          .state_home = "/home/u/.local/state",
          .cache_home = ""};
}

NameIndex index_of(const SecretRoots& roots, SecretScope scope) {
  auto patterns = secret_patterns(roots, scope);
  EXPECT_TRUE(patterns.has_value()) << patterns.error().message();
  return NameIndex(std::move(*patterns));
}

bool is_secret(const NameIndex& index, std::string_view path, EntryKind kind = EntryKind::file) {
  return !index.match(path, path.substr(path.rfind('/') + 1), kind).empty();
}

TEST(Secrets, TableIsWhole) {
  std::set<std::pair<SecretPlace, std::string_view>> seen;
  for (const Secret& entry : secrets()) {
    EXPECT_TRUE(seen.insert({entry.place, entry.pattern}).second) << "twice: " << entry.pattern;
    EXPECT_FALSE(entry.reason.empty() || entry.source.empty()) << entry.pattern;
    EXPECT_TRUE(Glob::parse(entry.pattern).has_value()) << entry.pattern;
    EXPECT_TRUE(entry.except.empty() || Glob::parse(entry.except).has_value()) << entry.except;
    EXPECT_EQ(entry.place == SecretPlace::system, entry.pattern.starts_with('/')) << entry.pattern;
    EXPECT_FALSE(entry.pattern.starts_with('~')) << entry.pattern;
    if (entry.place != SecretPlace::home) continue;
    // Or it would not move with the XDG directories.
    const std::string_view first = entry.pattern.substr(0, entry.pattern.find('/'));
    EXPECT_EQ(std::ranges::count(first, '{'), std::ranges::count(first, '}')) << entry.pattern;
    EXPECT_TRUE(!entry.pattern.starts_with(".local/") || entry.pattern.starts_with(".local/share/") ||
                entry.pattern.starts_with(".local/state/"))
        << entry.pattern;
  }
  EXPECT_GE(secrets().size(), 150U);
}

TEST(Secrets, AreCheapToLookFor) {
  // A pattern that neither starts nor ends in bytes of its own is matched in full against every entry of a walk.
  auto patterns = secret_patterns(sample_roots(), SecretScope::all);
  ASSERT_TRUE(patterns.has_value());
  for (const NamePattern& pattern : *patterns) {
    for (const Glob::NameHint& hint : pattern.glob.name_hints()) {
      EXPECT_FALSE(hint.prefix.empty() && hint.suffix.empty()) << pattern.glob.text();
    }
  }
}

TEST(Secrets, FixedSecretsAreTheFixedPatternsWrittenOut) {
  const auto fixed = fixed_secrets(sample_roots(), all_of_home());
  ASSERT_TRUE(fixed.has_value());
  std::set<std::string> texts;
  for (const FixedSecret& secret : *fixed) {
    EXPECT_FALSE(secret.pattern.contains('{')) << secret.pattern;
    EXPECT_TRUE(secret.pattern.starts_with('/')) << secret.pattern;
    EXPECT_NE(secrets()[secret.tag].place, SecretPlace::anywhere);
    texts.insert(secret.pattern);
  }
  for (const auto wanted : {"/etc/shadow", "/etc/gshadow-", "/etc/sudoers.d", "/home/u/.cargo/credentials.toml",
                            "/data/u/keyrings", "/home/u/.local/share/keyrings", "/etc/ssh/ssh_host_*_key"}) {
    EXPECT_TRUE(texts.contains(wanted)) << wanted;
  }
}

TEST(Secrets, FixedPlaces) {
  const NameIndex index = index_of(sample_roots(), SecretScope::fixed);
  constexpr std::string_view kDirectories[] = {"/home/u/.ssh",
                                               "/home/u/.aws",
                                               "/home/u/.azure",
                                               "/home/u/.config/gcloud",
                                               "/home/u/.kube",
                                               "/home/u/.config/gh",
                                               "/home/u/.gnupg",
                                               "/home/u/.password-store",
                                               "/home/u/.mozilla",
                                               "/home/u/.config/google-chrome",
                                               "/home/u/.config/chromium",
                                               "/home/u/.config/BraveSoftware",
                                               "/home/u/.config/microsoft-edge",
                                               "/home/u/.config/op",
                                               "/home/u/.terraform.d",
                                               "/home/u/.config/rclone",
                                               "/home/u/.local/state/bailiwick",
                                               "/home/u/.local/share/keyrings",
                                               "/data/u/keyrings",
                                               "/etc/ssl/private",
                                               "/etc/sudoers.d",
                                               "/etc/wireguard",
                                               "/etc/letsencrypt",
                                               "/etc/NetworkManager/system-connections",
                                               "/etc/bailiwick/keys",
                                               "/etc/apt/auth.conf.d"};
  constexpr std::string_view kFiles[] = {"/home/u/.docker/config.json",
                                         "/home/u/.netrc",
                                         "/home/u/.pgpass",
                                         "/home/u/.my.cnf",
                                         "/home/u/.npmrc",
                                         "/home/u/.pypirc",
                                         "/home/u/.git-credentials",
                                         "/home/u/.config/git/credentials",
                                         "/home/u/.bash_history",
                                         "/home/u/.zsh_history",
                                         "/home/u/.python_history",
                                         "/home/u/.local/share/fish/fish_history",
                                         "/data/u/fish/fish_history",
                                         "/home/u/.cargo/credentials",
                                         "/home/u/.cargo/credentials.toml",
                                         "/home/u/.gem/credentials",
                                         "/home/u/.vault-token",
                                         "/home/u/.s3cfg",
                                         "/home/u/.codex/auth.json",
                                         "/home/u/.claude/.credentials.json",
                                         "/home/u/.claude.json",
                                         "/home/u/.gemini/oauth_creds.json",
                                         "/home/u/.local/share/opencode/auth.json",
                                         "/home/u/.m2/settings.xml",
                                         "/home/u/.gradle/gradle.properties",
                                         "/etc/shadow",
                                         "/etc/shadow-",
                                         "/etc/gshadow",
                                         "/etc/gshadow-",
                                         "/etc/ssh/ssh_host_ed25519_key",
                                         "/etc/sudoers",
                                         "/etc/krb5.keytab",
                                         "/etc/ppp/chap-secrets",
                                         "/etc/security/opasswd",
                                         "/etc/mysql/debian.cnf",
                                         "/home/u/.Xauthority"};
  for (const auto path : kDirectories) EXPECT_TRUE(is_secret(index, path, EntryKind::directory)) << path;
  for (const auto path : kFiles) EXPECT_TRUE(is_secret(index, path)) << path;

  constexpr std::string_view kOrdinary[] = {"/home/u/.gitconfig",
                                            "/home/u/.config/git/config",
                                            "/home/u/.cargo/config.toml",
                                            "/home/u/.codex/config.toml",
                                            "/home/u/.claude/settings.json",
                                            "/home/u/.bashrc",
                                            "/etc/passwd",
                                            "/etc/group",
                                            "/etc/hosts",
                                            "/etc/resolv.conf",
                                            "/etc/ssl/certs/ca-certificates.crt",
                                            "/etc/ssl/certs/Amazon_Root_CA_1.pem",
                                            "/etc/ssh/ssh_config",
                                            "/etc/machine-id",
                                            "/etc/ssh/ssh_host_ed25519_key.pub",
                                            "/etc/shadowsocks",
                                            "/home/other/.netrc",
                                            "/src/app/.env",
                                            "/home/u/app/id_rsa",
                                            "/home/u/app/.npmrc"};
  for (const auto path : kOrdinary) EXPECT_FALSE(is_secret(index, path)) << path;
}

TEST(Secrets, AnywhereByName) {
  const NameIndex index = index_of(sample_roots(), SecretScope::all);
  constexpr std::string_view kSecret[] = {"/src/other/.env",
                                          "/src/other/.env.local",
                                          "/src/other/.env.production",
                                          "/src/.env-prod",
                                          "/src/.envrc",
                                          "/k/id_rsa",
                                          "/k/id_ed25519",
                                          "/k/deploy_rsa",
                                          "/k/github.ed25519",
                                          "/k/server.pem",
                                          "/k/ca-key.pem",
                                          "/k/privkey.pem",
                                          "/k/tls.key",
                                          "/k/x.p12",
                                          "/k/x.pfx",
                                          "/k/upload.jks",
                                          "/k/pass.kdbx",
                                          "/k/client.ovpn",
                                          "/k/kubeconfig",
                                          "/k/prod.kubeconfig",
                                          "/k/terraform.tfstate",
                                          "/k/terraform.tfstate.backup",
                                          "/k/terraform.tfstate.1700000000.backup",
                                          "/k/prod.tfvars",
                                          "/k/.netrc",
                                          "/k/.npmrc",
                                          "/k/credentials.json",
                                          "/k/client_secret_123.json",
                                          "/k/secrets.yaml",
                                          "/home/other/.bash_history",
                                          "/backup/.docker/config.json",
                                          "/home/u/.bash_history"};
  constexpr std::string_view kOrdinary[] = {
      "/src/.env.example",   "/src/.env.sample",    "/src/.env.template", "/src/.env.local.example",
      "/src/.envrc.example", "/k/id_rsa.pub",       "/k/id_card.png",     "/site-packages/certifi/cacert.pem",
      "/k/fullchain.pem",    "/k/cert.pem",         "/k/server.crt",      "/k/public_key.pem",
      "/k/pub.key",          "/src/environment.ts", "/src/env",           "/src/monkey.py",
      "/src/secrets.py",     "/src/keys.go",        "/src/package.json",  "/src/main.tf",
      "/src/rsa.go"};
  for (const auto path : kSecret) EXPECT_TRUE(is_secret(index, path)) << path;
  for (const auto path : kOrdinary) EXPECT_FALSE(is_secret(index, path)) << path;
  EXPECT_TRUE(is_secret(index, "/home/other/.ssh", EntryKind::directory));
}

TEST(Secrets, RootsAreTakenLiterally) {
  // A home with pattern characters, one at the top, and none at all.
  EXPECT_TRUE(is_secret(index_of({.home = "/home/[u]*"}, SecretScope::fixed), "/home/[u]*/.netrc"));
  EXPECT_FALSE(is_secret(index_of({.home = "/home/[u]*"}, SecretScope::fixed), "/home/u/.netrc"));
  EXPECT_TRUE(is_secret(index_of({.home = "/"}, SecretScope::fixed), "/.netrc"));
  EXPECT_TRUE(is_secret(index_of({.home = "/root/"}, SecretScope::fixed), "/root/.netrc"));
  const NameIndex none = index_of({}, SecretScope::fixed);
  EXPECT_TRUE(is_secret(none, "/etc/shadow"));
  EXPECT_FALSE(is_secret(none, "/.netrc"));
  EXPECT_TRUE(is_secret(index_of({.state_home = "/s"}, SecretScope::fixed), "/s/bailiwick", EntryKind::directory));
}

TEST(Secrets, OfHomeOnlyWhatIsShownIsWrittenOut) {
  const SecretRoots roots{.home = "/home/u"};
  const auto has = [&](const std::vector<std::string>& shown, std::string_view pattern) {
    const auto all = fixed_secrets(roots, shown);
    return all && std::any_of(all->begin(), all->end(), [&](const FixedSecret& one) { return one.pattern == pattern; });
  };
  EXPECT_TRUE(has(all_of_home(), "/home/u/.ssh"));
  EXPECT_TRUE(has({".ssh"}, "/home/u/.ssh"));
  EXPECT_FALSE(has({"src", ".cargo"}, "/home/u/.ssh"));
  EXPECT_TRUE(has({}, "/etc/shadow"));
}

}  // namespace
}  // namespace bailiwick
