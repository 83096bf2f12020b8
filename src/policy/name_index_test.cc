#include "policy/name_index.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <new>
#include <random>

// ThreadSanitizer's runtime has operators of its own that cannot be replaced.
#ifdef __has_feature
#if __has_feature(thread_sanitizer)
#define OPERATORS_ARE_TAKEN
#endif
#endif

#ifndef OPERATORS_ARE_TAKEN
namespace {
// Counts what the miss path must not do.
std::size_t allocations = 0;
}  // namespace

[[gnu::noinline]] void* operator new(std::size_t size) {
  ++allocations;
  if (void* at = std::malloc(size)) return at;
  std::abort();
}
// Inlined, g++ takes the pair for a mismatch.
[[gnu::noinline]] void operator delete(void* at) noexcept { std::free(at); }
// NOLINTNEXTLINE(clang-analyzer-cplusplus.NewDelete): takes this free for a second one, after the delete that it is
[[gnu::noinline]] void operator delete(void* at, std::size_t) noexcept { std::free(at); }
#endif

namespace bailiwick {
namespace {

NamePattern pattern(std::string_view glob, std::uint32_t tag, EntryKind kind = EntryKind::either,
                    std::string_view except = {}) {
  NamePattern out{.glob = *Glob::parse(glob), .kind = kind, .except = std::nullopt, .tag = tag};
  if (!except.empty()) out.except = *Glob::parse(except);
  return out;
}

NameIndex sample() {
  std::vector<NamePattern> all;
  all.push_back(pattern("**/.git/config", 10, EntryKind::file));
  all.push_back(pattern("**/.git/hooks", 11, EntryKind::directory));
  all.push_back(pattern(".env*", 12, EntryKind::file, "*.{example,sample,template}"));
  all.push_back(pattern("*.{pem,p12}", 13));
  all.push_back(pattern("id_*", 14));
  all.push_back(pattern("{.claude,.codex}", 15));
  all.push_back(pattern("config", 16));
  all.push_back(pattern("ssh_host_*_key", 17));
  all.push_back(pattern("[xX]*[yY]", 18));
  all.push_back(pattern("cache/", 19));
  all.push_back(pattern("/etc/shadow{,-}", 20));
  all.push_back(pattern("*~", 21));
  all.push_back(pattern("#*", 22));
  return NameIndex(std::move(all));
}

std::vector<std::uint32_t> tags(const NameIndex& index, std::string_view path, EntryKind kind) {
  const std::size_t slash = path.rfind('/');
  std::vector<std::uint32_t> out;
  for (const auto& match : index.match(path, slash == std::string_view::npos ? path : path.substr(slash + 1), kind)) {
    out.push_back(match.tag);
  }
  return out;
}

TEST(NameIndex, Table) {
  using Tags = std::vector<std::uint32_t>;
  struct Case {
    std::string_view path;
    EntryKind kind;
    Tags wanted;
  };
  const Case cases[] = {
      {"src/main.cc", EntryKind::file, {}},
      {".git/config", EntryKind::file, {10, 16}},
      {".git/config", EntryKind::directory, {16}},
      {"a/.git/hooks", EntryKind::directory, {11}},
      {"a/hooks", EntryKind::directory, {}},
      {"a/.git/hooks", EntryKind::file, {}},
      {".env", EntryKind::file, {12}},
      {"x/.env.local", EntryKind::file, {12}},
      {".env.example", EntryKind::file, {}},
      {".envrc", EntryKind::file, {12}},
      {"k/server.pem", EntryKind::file, {13}},
      {"k/id_rsa.pem", EntryKind::file, {13, 14}},
      {".codex", EntryKind::directory, {15}},
      {".claude", EntryKind::file, {15}},
      {"ssh_host_rsa_key", EntryKind::file, {17}},
      {"ssh_host_key", EntryKind::file, {}},
      {"Xy", EntryKind::file, {18}},
      {"cache", EntryKind::directory, {19}},
      {"cache", EntryKind::file, {}},
      {"/etc/shadow-", EntryKind::file, {20}},
      {"etc/shadow", EntryKind::file, {}},
      {"", EntryKind::directory, {}},
      {"~", EntryKind::file, {21}},
      {"a~", EntryKind::file, {21}},
      {"#", EntryKind::file, {22}},
      {"d/#a~", EntryKind::file, {21, 22}},
      {std::string_view("\xff\xfe"), EntryKind::file, {}},
  };
  const NameIndex index = sample();
  for (const Case& c : cases) EXPECT_EQ(tags(index, c.path, c.kind), c.wanted) << c.path;
  EXPECT_TRUE(NameIndex().match("a", "a", EntryKind::file).empty());
}

TEST(NameIndex, AgreesWithEveryGlobAskedInTurn) {
  // The index is a filter in front of the globs: it may never lose one.
  const NameIndex index = sample();
  std::mt19937 random(7);
  const std::vector<std::string> parts = {
      ".git", "config",  "hooks", ".env", ".env.sample",    "x.pem", "id_",    "id_rsa.pem",
      "Xy",   ".claude", "cache", "a",    "ssh_host_a_key", "etc",   "shadow", "shadow-"};
  for (int round = 0; round < 5000; ++round) {
    std::string path = random() % 2 == 0 ? "/" : "";
    std::string name;
    for (std::size_t depth = 1 + random() % 3; depth > 0; --depth) {
      name = parts[random() % parts.size()];
      path += name + (depth > 1 ? "/" : "");
    }
    const EntryKind kind = random() % 2 == 0 ? EntryKind::file : EntryKind::directory;
    std::vector<NameIndex::Match> wanted;
    for (std::uint32_t i = 0; i < index.patterns().size(); ++i) {
      const NamePattern& p = index.patterns()[i];
      if ((p.kind == EntryKind::either || p.kind == kind) && p.glob.matches(path) &&
          !(p.except && p.except->matches(path)) && !(p.glob.directories_only() && kind == EntryKind::file)) {
        wanted.push_back({.pattern = i, .tag = p.tag});
      }
    }
    EXPECT_EQ(index.match(path, name, kind), wanted) << path;
  }
}

TEST(NameIndex, AMissAllocatesNothing) {
#ifdef OPERATORS_ARE_TAKEN
  GTEST_SKIP() << "ThreadSanitizer brings its own operator new";
#else
  const NameIndex index = sample();
  constexpr std::string_view kNames[] = {"main.cc", "a", "configs", "package-lock.json", "x.pe", "idx", "hook", "Xz"};
  const std::size_t before = allocations;
  std::size_t found = 0;
  for (const std::string_view name : kNames) found += index.match(name, name, EntryKind::file).size();
  EXPECT_EQ(allocations, before);
  EXPECT_EQ(found, 0U);
#endif
}

TEST(NameIndex, PrunesWhatNothingCanMatch) {
  std::vector<NamePattern> all;
  all.push_back(pattern("/etc/shadow", 0));
  all.push_back(pattern("/root/.ssh", 1));
  const NameIndex index(std::move(all));
  EXPECT_TRUE(index.may_match_below("/etc"));
  EXPECT_FALSE(index.may_match_below("/usr"));
}

}  // namespace
}  // namespace bailiwick
