#include "policy/home.h"

#include <gtest/gtest.h>

#include <set>

#include "policy/name_index.h"
#include "policy/secrets.h"

namespace bailiwick {
namespace {

std::string join(std::string_view a, std::string_view b) { return std::string(a) + std::string(b); }

TEST(HomeEntries, TableIsWhole) {
  std::set<std::string_view> seen;
  for (const HomeEntry& entry : home_entries()) {
    EXPECT_TRUE(seen.insert(entry.path).second) << "twice: " << entry.path;
    EXPECT_FALSE(entry.path.starts_with('/') || entry.path.ends_with('/') || entry.path.contains("..")) << entry.path;
    EXPECT_FALSE(entry.reason.empty()) << entry.path;
    EXPECT_TRUE(entry.below.empty() || !entry.variable.empty()) << entry.path;
    // Where the variable moves it, the name below must be the same one.
    EXPECT_TRUE(entry.below.empty() || entry.path.ends_with(entry.below)) << entry.path;
  }
  for (const HomeEntry& outer : home_entries()) {
    for (const HomeEntry& inner : home_entries()) {
      EXPECT_FALSE(inner.path.starts_with(std::string(outer.path) + "/")) << inner.path << " in " << outer.path;
    }
  }
}

TEST(HomeEntries, HoldNoSecretAndLieInNone) {
  auto patterns = secret_patterns({.home = "/h"}, SecretScope::fixed);
  ASSERT_TRUE(patterns.has_value());
  const NameIndex secrets(std::move(*patterns));
  for (const HomeEntry& entry : home_entries()) {
    const std::string full = "/h/" + std::string(entry.path);
    for (std::size_t slash = full.find('/', 3); slash != std::string::npos; slash = full.find('/', slash + 1)) {
      const std::string parent = full.substr(0, slash);
      EXPECT_TRUE(secrets.match(parent, parent.substr(parent.rfind('/') + 1), EntryKind::directory).empty())
          << full << " in " << parent;
    }
    for (const EntryKind kind : {EntryKind::file, EntryKind::directory}) {
      EXPECT_TRUE(secrets.match(full, full.substr(full.rfind('/') + 1), kind).empty()) << full;
    }
    EXPECT_FALSE(entry.use == HomeUse::bind_read_only && secrets.may_match_below(full)) << full << " holds a secret";
  }
}

TEST(SystemEntries, HoldTheSystemOnly) {
  std::set<std::string_view> seen;
  for (const SystemEntry& entry : system_entries()) {
    EXPECT_TRUE(seen.insert(entry.path).second) << entry.path;
    EXPECT_TRUE(entry.path.starts_with('/') && !entry.path.ends_with('/')) << entry.path;
    EXPECT_FALSE(entry.reason.empty()) << entry.path;
    for (const std::string_view never :
         {"/run", "/sys", "/proc", "/dev", "/tmp", "/root", "/mnt", "/media", "/srv", "/boot"}) {
      EXPECT_FALSE(entry.path == never || entry.path.starts_with(std::string(never) + "/")) << entry.path;
    }
    EXPECT_NE(entry.path, "/home");
    EXPECT_NE(entry.path, "/var");
  }
  for (const std::string_view needed : {"/usr", "/bin", "/lib64", "/etc", "/var/lib/dpkg"})
    EXPECT_TRUE(seen.contains(needed)) << needed;
}

constexpr std::string_view kNote = "# bailiwick: what stood here holds a credential and stays outside\n";
constexpr std::string_view kUnsigned = "# bailiwick: the signing key stays outside, so nothing is signed\n";

TEST(CopyForSandbox, Table) {
  struct Case {
    std::string_view name;
    std::string text;
    std::string wanted;
  };
  const std::string note(kNote);
  const std::string signing(kUnsigned);
  const Case cases[] = {
      {"empty", "", ""},
      {"ordinary", "[user]\n\tname = A B\n\temail = a@b.example\n", "[user]\n\tname = A B\n\temail = a@b.example\n"},
      {"no newline at the end", "[a]\nx = 1", "[a]\nx = 1"},
      {"remote with a password", "[remote \"o\"]\n\turl = https://u:pw@h/x\n\tfetch = a\n",
       "[remote \"o\"]\n" + note + "\tfetch = a\n"},
      {"header", "[http]\n\textraheader = AUTHORIZATION: basic dTpw\n", "[http]\n" + note},
      {"header with a bearer", "[http \"https://h/\"]\n\textraHeader = \"Authorization: Bearer abc123\"\n",
       "[http \"https://h/\"]\n" + note},
      {"section with a password",
       "[core]\n\tpager = less\n[url \"https://u:pw@h/\"]\n\tinsteadOf = https://h/\n[alias]\n\ts = status\n",
       "[core]\n\tpager = less\n" + note + "[alias]\n\ts = status\n"},
      {"continued line", "[alias]\n\tx = !curl \\\n\t  --token abcdef \\\n\t  h\n\ty = z\n",
       "[alias]\n" + note + "\ty = z\n"},
      {"split token", join("a = gh", "p_a1B2c3D4e5F6g7H8i9\\\nJ0k1L2m3N4o5P6q7R8\nb = 1\n"), note + "b = 1\n"},
      {"two backslashes end a line", "a = \\\\\npassword = y\n", "a = \\\\\n" + note},
      {"token by name", "[github]\n\ttoken = 0123456789abcdef\n\tuser = me\n", "[github]\n" + note + "\tuser = me\n"},
      {"cargo", "[registries.acme]\nindex = \"sparse+https://x/\"\ntoken = \"abc\"\n",
       "[registries.acme]\nindex = \"sparse+https://x/\"\n" + note},
      {"key over lines",
       join("a = 1\n-----BEGIN RSA ", "PRIVATE KEY-----\nMII\nabc\n-----END RSA PRIVATE KEY-----\nb = 2\n"),
       "a = 1\n" + note + "b = 2\n"},
      {"key without end", join("a = 1\n-----BEGIN ", "PRIVATE KEY-----\nMII\n"), "a = 1\n" + note},
      {"signing", "[commit]\n\tgpgsign = true\n[tag]\n\tgpgSign\n", "[commit]\n" + signing + "[tag]\n" + signing},
      {"signing behind its section", "[commit] gpgSign = 1\n", "[commit]\n" + signing},
      {"signing that is off", "[commit]\n\tgpgsign = false\n", "[commit]\n\tgpgsign = false\n"},
      {"helper", "[credential]\n\thelper = store\n", "[credential]\n\thelper = store\n"},
      {"placeholder", "[a]\n\turl = https://u:${PW}@h/\n", "[a]\n\turl = https://u:${PW}@h/\n"},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(copy_for_sandbox(c.text), c.wanted) << c.name;
    EXPECT_EQ(copy_for_sandbox(copy_for_sandbox(c.text)), copy_for_sandbox(c.text)) << c.name;
  }
}

TEST(LoginProfile, QuotesThePath) {
  EXPECT_NE(login_profile("/a:/b c/'d").find("PATH="), std::string::npos);
  EXPECT_EQ(login_profile("/a:/b").find('`'), std::string::npos);
  EXPECT_NE(login_profile("/$(x)").find("'/$(x)'"), std::string::npos);
}

}  // namespace
}  // namespace bailiwick
