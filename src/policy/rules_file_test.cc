#include "policy/rules_file.h"

#include <gtest/gtest.h>

#include "base/text.h"

namespace bailiwick {
namespace {

RulesFile parsed(std::string_view text) {
  auto file = parse_rules(text, "a.rules");
  EXPECT_TRUE(file.has_value()) << file.error().message() << "\n" << text;
  return file.has_value() ? *std::move(file) : RulesFile{};
}

std::string pattern_of(const PrefixRule& rule) {
  std::string out;
  for (const auto& words : rule.pattern) {
    if (!out.empty()) out += ' ';
    for (std::size_t i = 0; i < words.size(); ++i) out += (i == 0 ? "" : "|") + shell_quote(words[i]);
  }
  return out;
}

TEST(RulesFile, ReadsWhatIsInTheWild) {
  const RulesFile file = parsed(R"(# publishing asks
prefix_rule(
    pattern = ["gh", "pr", ["view", "list"]],  # alternatives
    decision = "allow",
    justification = "reads only",
    match = ["gh pr view 7888", ["gh", "pr", "list", "--json", "a b"]],
    not_match = ["gh pr --repo x view 7888", "gh auth 'pr' view"],
)
prefix_rule(["rm"], "forbidden")
host_executable(name = "git", paths = ["/usr/bin/git", "/opt/git/bin/git"])
network_rule(host = "API.GitHub.com:443", protocol = "http-connect", decision = "deny", justification = 'no')
)");
  ASSERT_EQ(file.prefix_rules.size(), 2U);
  EXPECT_EQ(file.prefix_rules[0],
            (PrefixRule{.pattern = {{"gh"}, {"pr"}, {"view", "list"}},
                        .decision = Decision::allow,
                        .justification = "reads only",
                        .match = {{.words = {"gh", "pr", "view", "7888"}, .place = {.line = 6, .column = 14}},
                                  {.words = {"gh", "pr", "list", "--json", "a b"}, .place = {.line = 6, .column = 33}}},
                        .not_match = {{.words = {"gh", "pr", "--repo", "x", "view", "7888"},
                                       .place = {.line = 7, .column = 18}},
                                      {.words = {"gh", "auth", "pr", "view"}, .place = {.line = 7, .column = 46}}},
                        .place = {.line = 2, .column = 1}}));
  EXPECT_EQ(file.prefix_rules[1].decision, Decision::deny);
  ASSERT_EQ(file.host_executables.size(), 1U);
  EXPECT_EQ(file.host_executables[0].paths.size(), 2U);
  ASSERT_EQ(file.network_rules.size(), 1U);
  EXPECT_EQ(file.network_rules[0], (NetworkRule{.host = "api.github.com",
                                                .protocol = "https",
                                                .decision = Decision::deny,
                                                .justification = "no",
                                                .place = {.line = 11, .column = 1}}));
}

TEST(RulesFile, ReadsTheLanguage) {
  struct Row {
    std::string_view text;
    std::string_view wanted;  // patterns, apart by a semicolon
  };
  const Row rows[] = {
      {"", ""},
      {"# only a comment", ""},
      {"\"\"\"What this\nfile is for.\"\"\"\n", ""},
      {"\xEF\xBB\xBFprefix_rule(['a'])", "a"},
      {"prefix_rule(pattern=['a'],)\r\nprefix_rule(('b', ('c', 'd')))\r\n", "a;b c|d"},
      {"prefix_rule(['a']); prefix_rule(['b'])", "a;b"},
      {"prefix_rule(\\\n  ['a'])", "a"},
      {R"(prefix_rule(["\x41\u00e4\101\n\t\"\\", '''it's''', r"\n\"", """a"b"""]))",
       "'AäA\n\t\"\\' 'it'\\''s' '\\n\\\"' 'a\"b'"},
      {"prefix_rule(['''a\nb''', 'c\\\nd'])", "'a\nb' cd"},
      {"tool = 'git'\nprefix_rule([f\"{tool}-x{{}}\", tool, fr'\\{tool}'])", "'git-x{}' git '\\git'"},
      {"n = 3\nprefix_rule([f'a{n}'])", "a3"},
      {"base = ['git']\nbase += ['push']\nprefix_rule(base + ['-' + 'f', ['x'] + ['y']])", "git push -f x|y"},
      {"for verb in ['push', 'pull']:\n    prefix_rule(['git', verb])\nprefix_rule(['z'])", "git push;git pull;z"},
      {"for a, b in [('x', 'y'), ['z', 'w']]: prefix_rule([a, b])\n", "x y;z w"},
      {"for a in ['x', 'y']:\n  # both\n\n  for b in ('1',):\n    prefix_rule([a, b])\n  pass\n", "x 1;y 1"},
      {"for a in []:\n  for b in ['1']:\n    prefix_rule([a])\n  prefix_rule([b])\nprefix_rule(['k'])", "k"},
      {"for a in []: prefix_rule([a])\nprefix_rule(['k'])", "k"},
      {"x = 'a', 'b'\nprefix_rule(x)", "a b"},
      {"x = ('a')\ny = ('b',)\nprefix_rule([x, y])", "a b"},
      {"ok = True\nprefix_rule(['a'], match = None, justification = None)", "a"},
  };
  for (const Row& row : rows) {
    std::string got;
    for (const PrefixRule& rule : parsed(row.text).prefix_rules) got += (got.empty() ? "" : ";") + pattern_of(rule);
    EXPECT_EQ(got, row.wanted) << row.text;
  }
}

TEST(RulesFile, SaysWhereAndWhatToDo) {
  struct Row {
    std::string_view text;
    std::string_view wanted;
  };
  const Row rows[] = {
      {"prefix_rule(", "1:12: `(` is never closed: add `)`"},
      {"prefix_rule(['a')", "1:17: `)` where the `[` of line 1 wants `]`"},
      {"x = ]", "1:5: `]` closes nothing: remove it"},
      {"prefix_rule(['a])\n", "1:14: this string is never closed: add a quote at its end"},
      {"x = '''a\n\n", "1:5: this string is never closed: add three quotes at its end"},
      {"prefix_rule(['\\d'])",
       "1:15: this escape is not known: write a backslash of the text twice, or the string as r\"..\""},
      {"x = '\\0'", "1:6: this escape names no character that a command can hold"},
      {"x = '\\ud800'", "1:6: this escape names no character that a command can hold"},
      {"x = '\\x4'", "1:6: this escape takes 2 digits and names a character"},
      {"x = f'{a.b}'", "1:7: an f-string takes names in braces, as in {name}; write a brace of the text twice"},
      {"x = f'{a}'", "1:5: `a` is not set: set it above, or put it in quotes"},
      {"x = []\ny = f'{x}'", "2:5: `x` is a list: an f-string takes names of strings"},
      {"  prefix_rule(['a'])", "1:3: an indented line without a `for` before it"},
      {"for a in ['x']:\n  x = 1\n y = 2", "3:2: this line is indented like none before it: align it with its block"},
      {"for a in ['x']:\n\tx = 1", "2:2: a tab before a statement: indent with blanks"},
      {"for a in ['x']:\nx = 1", "1:16: a loop without a block: indent what is repeated"},
      {"for a in 'x': pass", "1:10: a loop runs over a list, this is a string"},
      {"for a, b in ['x']: pass", "1:14: the loop sets 2 names: this must be a list of as many values"},
      {"def f():\n  pass",
       "1:1: `def` where a value is expected: functions are not read here: write the rules out, or use "
       "a `for` loop"},
      {"load('a', 'b')",
       "1:1: `load` where a rule is expected: other files are not loaded: put the rules into this one"},
      {"if True:\n  pass", "1:1: `if` where a value is expected: conditions are not read here: write the rules out"},
      {"x = ['a' for b in c]",
       "1:10: `for` where `,` or `]` is expected: comprehensions are not read here: write the list "
       "out, or use a `for` loop with a block"},
      {"x = {}", "1:5: `{` where a value is expected: dictionaries are not read here: use lists"},
      {"x = 'a' % 'b'",
       "1:9: `%` where the end of the statement is expected: formatting is not read here: use `+` or an "
       "f-string"},
      {"x = 'a'.format()",
       "1:8: `.` where the end of the statement is expected: methods are not called here: use `+` or an "
       "f-string"},
      {"x = 'a' 'b'", "1:9: two strings in a row: put a comma or `+` between them"},
      {"x = 'a' + 1", "1:9: a string and a number cannot be joined: `+` takes two strings or two lists"},
      {"x = y", "1:5: `y` is not set: set it above, or put it in quotes"},
      {"a = b = 'c'", "1:5: `b` is not set: set it above, or put it in quotes"},
      {"prefix_rules(['a'])",
       "1:1: `prefix_rules` is not known: rules are prefix_rule(), host_executable() and network_rule()"},
      {"prefix_rule()", "1:1: prefix_rule() needs `pattern`"},
      {"prefix_rule([])", "1:13: `pattern` must be a list of at least one word"},
      {"prefix_rule('git')", "1:13: `pattern` must be a list of at least one word"},
      {"prefix_rule(['a', []])", "1:19: an empty list in `pattern`: each element is a word or a list of alternatives"},
      {"prefix_rule(['a', 1])", "1:19: a number in `pattern`: each element is a word or a list of alternatives"},
      {"prefix_rule(['a', ['b', ['c']]])", "1:25: an alternative of `pattern` is a list: it must be a string"},
      {"prefix_rule([''])", "1:14: an empty word in `pattern`: remove it"},
      {"prefix_rule(['a'], 'deny')", "1:20: `deny` is no decision: write one of `allow`, `prompt`, `forbidden`"},
      {"prefix_rule(['a'], None)", "1:1: prefix_rule() needs `decision`"},
      {"prefix_rule(['a'], decision = True)", "1:31: `decision` is a truth value: it must be a string"},
      {"prefix_rule(['a'], why = 'x')",
       "1:20: `why` is no argument: prefix_rule() takes pattern, decision, match, not_match, justification"},
      {"prefix_rule(['a'], pattern = ['b'])", "1:20: `pattern` is given twice: keep one"},
      {"prefix_rule(pattern = ['a'], 'allow')", "1:30: an argument without a name after named ones: name it"},
      {"host_executable('a', [], [])", "1:26: host_executable() takes name, paths"},
      {"prefix_rule(*['a'])", "1:13: `*` where a value is expected: lists are not spread here: join them with `+`"},
      {"prefix_rule(['a'] ['b'])",
       "1:19: `[` where `,` or `)` is expected: items are not picked out of lists here: write the "
       "value out"},
      {"prefix_rule(['a'], justification = ' ')", "1:36: `justification` is empty: leave it out"},
      {"prefix_rule(['a'], match = 'a')", "1:28: `match` is a string: it must be a list of command lines"},
      {"prefix_rule(['a'], match = [\"a 'b\"])",
       "1:29: an example of `match` has no words: is it empty, or is a quote open?"},
      {"prefix_rule(['git', 'push'],\n  match = ['git push', 'git pull'])",
       "2:24: `git pull` is to match, and the rule of line 1 does not: correct one of them"},
      {"prefix_rule(['git'], not_match = [['git', 'push it']])",
       "1:35: `git 'push it'` is not to match, and the rule of line 1 does: correct one of them"},
      {"host_executable('/usr/bin/git', [])", "1:17: `name` is a program's name, without a directory"},
      {"host_executable('git', ['git'])", "1:25: `git` is no absolute path"},
      {"host_executable('git', ['/usr/bin/got'])",
       "1:25: `/usr/bin/got` does not end in `git`: each path is of this program"},
      {"network_rule('https://x/', 'http', 'deny')",
       "1:14: `https://x/` is no host: write one name or address, without scheme, path or wildcard"},
      {"network_rule('*.x', 'http', 'deny')",
       "1:14: `*.x` is no host: write one name or address, without scheme, path or wildcard"},
      {"network_rule('x', 'ftp', 'deny')",
       "1:19: `ftp` is no protocol: write one of `http`, `https`, `socks5_tcp`, `socks5_udp`"},
      {"network_rule('x', 'http', 'maybe')",
       "1:27: `maybe` is no decision: write one of `allow`, `prompt`, `ask`, `deny`, `forbidden`"},
      {"x = 'a'\x01", "1:8: a control character (\\x01): remove it"},
      {"x = \xC3\xA4", "1:5: a character that stands only in strings and comments: put it in quotes"},
      {"x = @", "1:5: `@` where a value is expected"},
  };
  for (const Row& row : rows) {
    const auto file = parse_rules(row.text, "a.rules");
    ASSERT_FALSE(file.has_value()) << row.text;
    EXPECT_EQ(file.error().message(), "a.rules:" + std::string(row.wanted)) << row.text;
    EXPECT_EQ(file.error().kind, ErrorKind::invalid);
  }
  EXPECT_FALSE(parse_rules("x = '\xFF'", "a.rules").has_value());
  EXPECT_FALSE(parse_rules(std::string(kMaxRulesFile + 1, ' '), "a.rules").has_value());
  EXPECT_FALSE(parse_rules(std::string_view("x = '\0'", 7), "a.rules").has_value());
}

TEST(RulesFile, IsBounded) {
  std::string doubling = "x = ['aaaaaaaaaaaaaaaaaaaa']\ny = 'aaaaaaaaaaaaaaaaaaaaaaaaaaa'\n";
  for (int i = 0; i < 64; ++i) doubling += "x = x + x\ny = y + y\n";
  EXPECT_FALSE(parse_rules(doubling, "a").has_value());
  std::string nesting = "x = []\n";
  for (int i = 0; i < 5000; ++i) nesting += "x = [x]\n";
  EXPECT_FALSE(parse_rules(nesting, "a").has_value());
  std::string loops = "l = ['a','b','c','d','e','f','g','h','i','j']\n";
  for (int i = 0; i < 12; ++i) loops += std::string(static_cast<std::size_t>(i), ' ') + "for v in l:\n";
  EXPECT_FALSE(parse_rules(loops + std::string(13, ' ') + "pass\n", "a").has_value());
  EXPECT_FALSE(parse_rules(std::string(100'000, '('), "a").has_value());
  EXPECT_FALSE(parse_rules(std::string(100'000, '['), "a").has_value());
}

TEST(RulesFile, MatchesLikeTheOriginal) {
  const RulesFile file =
      parsed("host_executable('git', ['/usr/bin/git'])\nprefix_rule(['git', ['push', 'pull']])\nprefix_rule(['ls'])");
  const auto matches = [&](std::size_t rule, std::string_view line) {
    return prefix_matches(file.prefix_rules[rule], split_words(line), file.host_executables);
  };
  EXPECT_TRUE(matches(0, "git push"));
  EXPECT_TRUE(matches(0, "git pull --all"));
  EXPECT_TRUE(matches(0, "/usr/bin/git push"));
  EXPECT_FALSE(matches(0, "/tmp/git push"));
  EXPECT_FALSE(matches(0, "git -C x push"));
  EXPECT_FALSE(matches(0, "git"));
  EXPECT_TRUE(matches(1, "/tmp/ls -l"));
  EXPECT_FALSE(matches(1, "./ls -l"));
}

TEST(RulesFile, NormalHosts) {
  EXPECT_EQ(codex_host("Example.COM."), "example.com");
  EXPECT_EQ(codex_host("[::1]:443"), "::1");
  EXPECT_EQ(codex_host("fe80::1"), "fe80::1");
  EXPECT_EQ(codex_host(" x:80 "), "x");
  for (const auto bad : {"", "x:y", "[::1", "a b", "a/b", "*.x", "http://x", "x:99999", "[::1]x", "a@b"}) {
    EXPECT_EQ(codex_host(bad), "") << bad;
  }
}

}  // namespace
}  // namespace bailiwick
