#include "policy/glob.h"

#include <gtest/gtest.h>

namespace bailiwick {
namespace {

Glob glob(std::string_view pattern) {
  auto parsed = Glob::parse(pattern);
  EXPECT_TRUE(parsed.has_value()) << pattern << ": " << (parsed ? "" : parsed.error().message());
  return parsed ? std::move(*parsed) : *Glob::parse("never");
}

struct MatchCase {
  std::string_view pattern;
  std::string_view path;
  bool wanted;
};

TEST(GlobMatches, Table) {
  constexpr MatchCase kCases[] = {
      // a name at any depth
      {".env", ".env", true},
      {".env", "a/b/.env", true},
      {".env", "/home/u/.env", true},
      {".env", ".env/x", false},
      {".env", ".env.local", false},
      {".env", "x.env", false},
      {"*.pem", "k.pem", true},
      {"*.pem", "/a/b/.pem", true},
      {"*.pem", "k.pem.pub", false},
      // anchors
      {".vscode/tasks.json", ".vscode/tasks.json", true},
      {".vscode/tasks.json", "a/.vscode/tasks.json", false},
      {".vscode/tasks.json", "/.vscode/tasks.json", false},
      {"./x", "x", true},
      {"./x", "a/x", false},
      {"/etc/shadow", "/etc/shadow", true},
      {"/etc/shadow", "etc/shadow", false},
      {"/etc//shadow/", "/etc/shadow", true},
      {"/", "/", true},
      {"/", "/a", false},
      {"**/x", "x", true},
      {"**/x", "/x", true},
      {"**/x", "a/b/x", true},
      {"/**/x", "x", false},
      {"/**/x", "/a/x", true},
      // any depth
      {"a/**/b", "a/b", true},
      {"a/**/b", "a/x/y/b", true},
      {"a/**/b", "a/x/y/c", false},
      {"a/**/b", "x/a/b", false},
      {"a/**", "a", false},
      {"a/**", "a/b", true},
      {"a/**", "a/b/c", true},
      {"a/**/**/b", "a/b", true},
      {"**", "a", true},
      {"**", "/a/b", true},
      {"**/.git/hooks/**", "x/.git/hooks/pre-commit", true},
      {"**/.git/hooks/**", ".git/hooks", false},
      {"a/**/b/**/c", "a/b/b/x/c", true},
      {"a/**/b/**/c", "a/x/c", false},
      // wildcards stay within a component
      {"a/*/c", "a/b/c", true},
      {"a/*/c", "a/b/b/c", false},
      {"a/*", "a/", false},
      {"a?c", "abc", true},
      {"a?c", "ac", false},
      {"*", ".hidden", true},
      {"a*b*c", "aXbXbYc", true},
      {"a*b*c", "aXcXb", false},
      // sets
      {"[abc]", "b", true},
      {"[abc]", "d", false},
      {"[!abc]", "d", true},
      {"[^abc]", "a", false},
      {"[a-cx]", "x", true},
      {"[]a]", "]", true},
      {"[!]a]", "]", false},
      {"[a-]", "-", true},
      {"[\\]]", "]", true},
      {"[\\a-\\c]", "b", true},
      {"[[:digit:]]x", "7x", true},
      {"[[:digit:]]x", "ax", false},
      {"[![:alnum:]_]", "-", true},
      {"[![:alnum:]_]", "_", false},
      {"[[:upper:]{,}]", ",", true},
      {"[*]", "*", true},
      {"[*]", "a", false},
      // alternatives
      {"*.{pem,key}", "a.key", true},
      {"*.{pem,key}", "a.crt", false},
      {"{a,b/c}/d", "b/c/d", true},
      {"{a,b/c}/d", "a/d", true},
      {"{a,b/c}/d", "c/d", false},
      {".env{,.local}", ".env", true},
      {".env{,.local}", "x/.env.local", true},
      {"{a,{b,c}d}", "cd", true},
      {"{a,{b,c}d}", "c", false},
      {"{/etc/a,b}", "/etc/a", true},
      {"{/etc/a,b}", "x/b", true},
      // escapes and bytes
      {"\\*", "*", true},
      {"\\*", "a", false},
      {"a\\{b", "a{b", true},
      {"?", "\xff", true},
      {"[\x80-\xff]", "\xc3", true},
      {"caf\xc3\xa9", "x/caf\xc3\xa9", true},
      {"A", "a", false},
      // slashes in the path
      {"a/b", "a//b/", true},
      {"/a/b", "//a/b", true},
      // a directory pattern
      {"build/", "x/build", true},
  };
  for (const MatchCase& c : kCases) {
    EXPECT_EQ(glob(c.pattern).matches(c.path), c.wanted) << "`" << c.pattern << "` on `" << c.path << "`";
  }
}

TEST(GlobParse, Refuses) {
  struct Case {
    std::string pattern;
    std::string_view says;
  };
  const Case cases[] = {
      {"", "is empty"},
      {"a**", "`**` as part"},
      {"***", "`**` as part"},
      {"a/../b", "`..`"},
      {"a/\\../b", "spells `.` or `..`"},
      {"{a,b", "partner"},
      {"a}", "partner"},
      {"[a", "without its `]`"},
      {"[a/b]", "without its `]`"},
      {"[!]", "without its `]`"},
      {"[[:nonsense:]]", "class"},
      {"[z-a]", "backwards"},
      {"a\\", "ends a name"},
      {"a\\/b", "ends a name"},
      {"{,a}", "names nothing"},
      {".", "names nothing"},
      {std::string("a\0b", 3), "NUL"},
      {std::string(1025, 'a'), "longer than"},
      {"{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}", "alternatives"},
      {std::string(17, '{') + std::string(17, '}'), "too deeply"},
  };
  for (const Case& c : cases) {
    const auto parsed = Glob::parse(c.pattern);
    ASSERT_FALSE(parsed.has_value()) << c.pattern;
    EXPECT_EQ(parsed.error().kind, ErrorKind::invalid);
    EXPECT_NE(parsed.error().what.find(c.says), std::string::npos) << c.pattern << ": " << parsed.error().what;
  }
  std::string deep;
  for (int i = 0; i < 61; ++i) deep += "a/";
  EXPECT_FALSE(Glob::parse(deep + "b").has_value());
}

TEST(GlobParse, AnEmptyAlternativeNeverMatchesEverything) {
  // `.env{,.x}` is fine; an alternative that is empty as a whole would otherwise mean "any name".
  EXPECT_FALSE(Glob::parse("{,.env}").has_value());
  EXPECT_FALSE(Glob::parse("{./,.env}").has_value());
}

TEST(GlobParse, Expand) {
  using Texts = std::vector<std::string>;
  EXPECT_EQ(*Glob::expand_braces("a"), (Texts{"a"}));
  EXPECT_EQ(*Glob::expand_braces("/etc/{shadow,gshadow}{,-}"),
            (Texts{"/etc/shadow", "/etc/shadow-", "/etc/gshadow", "/etc/gshadow-"}));
  EXPECT_EQ(*Glob::expand_braces("{a,b{c,d}}"), (Texts{"a", "bc", "bd"}));
  EXPECT_EQ(*Glob::expand_braces("\\{a,b\\}"), (Texts{"\\{a,b\\}"}));
  EXPECT_EQ(*Glob::expand_braces("[{,}]x"), (Texts{"[{,}]x"}));
  EXPECT_FALSE(Glob::expand_braces("{a").has_value());
}

TEST(GlobWalk, MayMatchBelow) {
  constexpr MatchCase kCases[] = {
      {".env", "", true},
      {".env", "a/b", true},
      {".vscode/tasks.json", "", true},
      {".vscode/tasks.json", ".vscode", true},
      {".vscode/tasks.json", "src", false},
      {".vscode/tasks.json", ".vscode/tasks.json", false},
      {"/etc/shadow", "/", true},
      {"/etc/shadow", "/etc", true},
      {"/etc/shadow", "/usr", false},
      {"/etc/shadow", "", false},
      {"a/**", "a", true},
      {"a/**", "a/b", true},
      {"a/**", "b", false},
      {"a/**/z", "a/q/r", true},
      {"{a/b,c/d}", "c", true},
      {"{a/b,c/d}", "b", false},
      {"a/*/c", "a/x", true},
      {"a/*/c", "a/x/c", false},
      {"/", "/", false},
  };
  for (const MatchCase& c : kCases) {
    EXPECT_EQ(glob(c.pattern).may_match_below(c.path), c.wanted) << "`" << c.pattern << "` below `" << c.path << "`";
  }
}

TEST(GlobFacts, NamesHintsAndBases) {
  EXPECT_EQ(glob("**/.git/config").last_component(), "config");
  EXPECT_EQ(glob("*.pem").last_component(), "");
  EXPECT_EQ(glob("{a,b}/c").last_component(), "c");
  EXPECT_EQ(glob("{a,b}").last_component(), "");
  EXPECT_EQ(glob("x/{a,b}").last_names(), (std::vector<std::string>{"a", "b"}));
  EXPECT_TRUE(glob("{a,b*}").last_names().empty());
  EXPECT_EQ(glob("a\\*b").last_component(), "a*b");
  using Hints = std::vector<Glob::NameHint>;
  EXPECT_EQ(glob("id_*").name_hints(), (Hints{{"id_", ""}}));
  EXPECT_EQ(glob("*.{pem,p12}").name_hints(), (Hints{{"", ".pem"}, {"", ".p12"}}));
  EXPECT_EQ(glob("ssh_host_*_key").name_hints(), (Hints{{"ssh_host_", "_key"}}));
  EXPECT_EQ(glob("[ab]*").name_hints(), (Hints{{"", ""}}));
  EXPECT_EQ(glob("/etc/ssh/ssh_host_*").literal_base(), "/etc/ssh");
  EXPECT_EQ(glob("/**/x").literal_base(), "/");
  EXPECT_EQ(glob("a/b").literal_base(), "a/b");
  EXPECT_EQ(glob("x").literal_base(), "");
  EXPECT_EQ(glob("/etc/{shadow,gshadow}{,-}").literal_base(), "/etc");
  EXPECT_EQ(glob("/{etc,usr}/x").literal_base(), "/");
  EXPECT_EQ(glob("{a,b}/x").literal_base(), "");
  EXPECT_EQ(glob("/a/b{,c}").literal_base(), "/a");
  EXPECT_EQ(glob("{a/b,/a/b}").literal_base(), "");
  EXPECT_EQ(glob("/a/b{,/c}").literal_base(), "/a/b");
  EXPECT_EQ(glob("/a/\\*/b").literal_path(), "/a/*/b");
  EXPECT_EQ(glob("/etc/shadow").literal_path(), "/etc/shadow");
  EXPECT_EQ(glob("/etc/shadow*").literal_path(), "");
  EXPECT_EQ(glob("shadow").literal_path(), "");
  EXPECT_TRUE(glob("a/").directories_only());
  EXPECT_FALSE(glob("{a/,b}").directories_only());
}

TEST(GlobFacts, LiteralStart) {
  struct Case {
    std::string_view pattern;
    std::string_view path;
    bool is_whole;
  };
  constexpr Case kCases[] = {{"/etc/shadow", "/etc/shadow", true},
                             {"/etc/ssh/ssh_host_*_key", "/etc/ssh", false},
                             {"/a/\\*/b/", "/a/*/b", true},
                             {"/*", "", false},
                             {"a*", "", false},
                             {"x/y?", "x", false},
                             {"/a/[b]", "/a", false},
                             {"/", "/", true}};
  for (const Case& c : kCases) {
    const Glob::LiteralStart start = Glob::literal_start(c.pattern);
    EXPECT_EQ(start.path, c.path) << c.pattern;
    EXPECT_EQ(start.is_whole, c.is_whole) << c.pattern;
  }
}

TEST(GlobHome, ExpandsAndEscapes) {
  EXPECT_EQ(Glob::expand_home("~/.ssh", "/home/u"), "/home/u/.ssh");
  EXPECT_EQ(Glob::expand_home("~", "/home/u/"), "/home/u");
  EXPECT_EQ(Glob::expand_home("~/.ssh", "/"), "/.ssh");
  EXPECT_EQ(Glob::expand_home("~other/x", "/home/u"), "~other/x");
  EXPECT_EQ(Glob::expand_home("a/~", "/home/u"), "a/~");
  // A home whose name looks like a pattern still means itself.
  const Glob odd = glob(Glob::expand_home("~/.ssh/**", "/home/a[b]*{c}"));
  EXPECT_TRUE(odd.matches("/home/a[b]*{c}/.ssh/id"));
  EXPECT_FALSE(odd.matches("/home/abc/.ssh/id"));
  EXPECT_EQ(odd.literal_base(), "/home/a[b]*{c}/.ssh");
}

TEST(GlobCost, HostilePatternsStayLinear) {
  // Each would take longer than the age of the universe with naive backtracking.
  std::string stars;
  for (int i = 0; i < 300; ++i) stars += "*a";
  stars += "b";
  EXPECT_FALSE(glob(stars).matches(std::string(4000, 'a')));
  std::string depths;
  for (int i = 0; i < 29; ++i) depths += "**/a/";
  depths += "b";
  std::string path;
  for (int i = 0; i < 1000; ++i) path += "a/";
  EXPECT_FALSE(glob(depths).matches(path));
  EXPECT_TRUE(glob(depths).matches(path + "b"));
}

}  // namespace
}  // namespace bailiwick
