// Held against shfmt, which reads bash too: the same simple commands, words, assignments and redirections, in the same
// order, wherever our reading is not opaque. Many texts a process: shfmt starts slowly.
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "shell/read.h"
#include "shell/render.h"

namespace bailiwick {
namespace {

using Json = nlohmann::json;

// std::stable_sort of libstdc++ 12 uses what clang calls deprecated.
template <typename List, typename Key>
void sort_by(List& list, Key key) {
  for (auto it = list.begin(); it != list.end(); ++it)
    std::rotate(std::upper_bound(list.begin(), it, *it, [&](const auto& a, const auto& b) { return key(a) < key(b); }),
                it, it + 1);
}

// Ours come with here-documents last.
void sort_redirects(std::vector<std::string>& list) {
  sort_by(list, [](const std::string& each) { return each.ends_with("<<") ? 1 : 0; });
}

// What shfmt prints for a script; empty if it refuses it, or is not there.
std::string shfmt(const std::string& script) {
  char path[] = "/tmp/bailiwick-shfmt-XXXXXX";
  const int file = mkstemp(path);
  int ends[2];
  if (file < 0 || pipe(ends) != 0) return "";
  std::ofstream(path) << script;
  const pid_t child = fork();
  if (child == 0) {
    dup2(file, 0);
    dup2(ends[1], 1);
    close(2);
    execlp("shfmt", "shfmt", "--to-json", "-ln", "bash", nullptr);
    _exit(127);
  }
  close(file);
  close(ends[1]);
  std::string out;
  char bytes[65536];
  for (ssize_t got = 0; (got = read(ends[0], bytes, sizeof bytes)) > 0;)
    out.append(bytes, static_cast<std::size_t>(got));
  close(ends[0]);
  unlink(path);
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? out : "";
}

// A word as shfmt sees it. `is_any`: what it means is not told by shfmt; then ours may be either.
struct Theirs {
  std::string text;
  bool is_literal = true;
  bool is_any = false;
};

struct TheirCommand {
  std::vector<Theirs> words;
  std::vector<std::string> assignments;  // names
  std::vector<std::string> redirects;    // sorted, as descriptor and kind
  std::size_t offset = 0;
};

// Collects the commands of a statement in the order in which read_shell() lists them.
class Collector {
 public:
  std::vector<TheirCommand> out;
  bool is_beyond = false;  // something that ours takes for opaque: a function, coproc

  void statement(const Json& given) {
    const Json& cmd = given.value("Cmd", Json());
    const std::size_t offset = given["Pos"]["Offset"];
    const bool has_redirects = given.contains("Redirs") && given["Redirs"].is_array() && !given["Redirs"].empty();
    const std::string type = cmd.is_object() ? cmd.value("Type", "") : "";
    const bool is_simple =
        cmd.is_null() || type == "CallExpr" || type == "DeclClause" || type == "LetClause" || type == "TestClause";
    if (type == "FuncDecl" || type == "CoprocClause" || given.value("Coprocess", false)) is_beyond = true;
    TheirCommand made;
    made.offset = offset;
    if (type == "CallExpr") {
      call(cmd, made);
    } else if (type == "DeclClause" || type == "LetClause" || type == "TestClause") {
      made.words.push_back({.text = type == "DeclClause"  ? cmd["Variant"].value("Value", "")
                                    : type == "LetClause" ? "let"
                                                          : "[["});
      const Json& args = cmd.value(type == "LetClause" ? "Exprs" : "Args", Json::array());
      for (std::size_t i = 0; i < args.size(); ++i) made.words.push_back({.is_any = true});
      if (type == "TestClause") made.words.push_back({.is_any = true});
      inside(cmd);
    } else if (type == "TimeClause") {
      time_ = Time{.offset = offset, .is_posix = cmd.value("PosixFormat", false)};
      if (cmd.contains("Stmt") && cmd["Stmt"].is_object()) statement(cmd["Stmt"]);
    } else if (!cmd.is_null()) {
      inside(cmd);
    }
    // the redirections of [[ ]] we list as those of a group
    if (has_redirects && type == "TestClause") out.push_back(std::exchange(made, TheirCommand{.offset = offset}));
    if (has_redirects) {
      for (const Json& each : given["Redirs"]) redirect(each, made);
      sort_redirects(made.redirects);
    }
    const bool is_empty = made.words.empty() && made.assignments.empty() && made.redirects.empty();
    if ((is_simple || has_redirects) && !is_empty) out.push_back(std::move(made));
  }

  // Whatever it is: the statements in it.
  void inside(const Json& given) {
    if (given.is_array()) {
      for (const Json& each : given) inside(each);
    } else if (given.is_object()) {
      if (given.contains("Pos") && (given.contains("Cmd") || given.contains("Redirs"))) return statement(given);
      // the test of an if comes before what depends on it; other members are in order of their places
      for (const char* name : {"X", "Cond", "Then", "Else"}) {
        if (given.contains(name)) inside(given[name]);
      }
      std::vector<std::pair<std::size_t, const Json*>> rest;
      for (const auto& [name, value] : given.items()) {
        if (name == "X" || name == "Cond" || name == "Then" || name == "Else" || !value.is_structured()) continue;
        rest.emplace_back(place(value), &value);
      }
      sort_by(rest, [](const auto& each) { return each.first; });
      for (const auto& [at, value] : rest) inside(*value);
    }
  }

 private:
  static std::size_t place(const Json& value) {
    const Json& first = value.is_array() && !value.empty() ? value[0] : value;
    return first.is_object() && first.contains("Pos") ? first["Pos"].value("Offset", std::size_t{0}) : 0;
  }

  // `time` is a word of ours
  void call(const Json& cmd, TheirCommand& made) {
    if (time_.has_value()) {
      made.offset = time_->offset;
      made.words.push_back({.text = "time"});
      if (time_->is_posix) made.words.push_back({.text = "-p"});
      time_.reset();
    }
    const bool is_timed = !made.words.empty();
    for (const Json& each : cmd.value("Assigns", Json::array())) {
      if (is_timed) made.words.push_back({.is_any = true});
      if (!is_timed) made.assignments.push_back(each["Name"].value("Value", ""));
      inside(each);
    }
    const Json args = cmd.value("Args", Json::array());
    for (const Json& each : args) {
      inside(each);
      made.words.push_back(word(each));
    }
  }

  static Theirs word(const Json& given) {
    Theirs made;
    for (const Json& part : given.value("Parts", Json::array())) add(part, made, false);
    return made;
  }

  static void add(const Json& part, Theirs& made, bool is_quoted) {
    const std::string type = part.value("Type", "");
    const std::string value =
        part.contains("Value") && part["Value"].is_string() ? part["Value"].get<std::string>() : "";
    if (type == "SglQuoted") {
      if (part.value("Dollar", false))
        made.is_any = true;
      else
        made.text += value;
    } else if (type == "DblQuoted") {
      if (part.value("Dollar", false)) made.is_any = true;
      for (const Json& each : part.value("Parts", Json::array())) add(each, made, true);
    } else if (type == "Lit") {
      // what is a pattern, shfmt does not tell
      if (!is_quoted && value.find_first_of("*?[~{") != std::string::npos) made.is_any = true;
      for (std::size_t i = 0; i < value.size(); ++i) {
        const bool is_escape = value[i] == '\\' && i + 1 < value.size() &&
                               (!is_quoted || std::string_view("$`\"\\\n").contains(value[i + 1]));
        if (is_escape) ++i;
        if (!(is_escape && value[i] == '\n')) made.text += value[i];
      }
    } else if (type == "CmdSubst" && is_quoted) {
      made.is_any = true;  // a here-document through cat is as good as a literal
    } else {
      made.is_literal = false;
    }
  }

  void redirect(const Json& given, TheirCommand& made) {
    static const std::map<int, std::string> kKinds = {{54, ">"},   {55, ">>"},  {56, "<"}, {57, "<>"},
                                                      {58, "dup"}, {59, "dup"}, {60, ">"}, {61, "<<"},
                                                      {62, "<<"},  {63, "<<<"}, {64, ">"}, {65, ">>"}};
    const auto found = kKinds.find(given.value("Op", 0));
    std::string text = given.contains("N") && given["N"].is_object() ? given["N"].value("Value", "") : "";
    std::string kind = found == kKinds.end() ? "?" : found->second;
    inside(given);
    const Theirs target = given.contains("Word") ? word(given["Word"]) : Theirs{};
    const bool is_number = !target.text.empty() && target.text.find_first_not_of("0123456789-") == std::string::npos;
    if (kind == "dup" && !is_number) kind = given.value("Op", 0) == 59 ? ">" : "<";
    text += kind;
    if (kind != "<<" && target.is_literal) text += target.is_any ? "*" : target.text == "-" ? "" : target.text;
    made.redirects.push_back(text);
  }

  struct Time {
    std::size_t offset;
    bool is_posix;
  };
  std::optional<Time> time_;
};

std::vector<std::string> redirects_of(const SimpleCommand& command) {
  constexpr const char* kKinds[] = {"<", ">", ">>", "dup", "<<", "<<<"};
  std::vector<std::string> out;
  for (const ShellRedirect& made : command.redirects) {
    std::string text = made.descriptor < 0 ? "" : std::to_string(made.descriptor);
    text += kKinds[static_cast<int>(made.kind)];
    if (made.kind != RedirectKind::here_document && made.target.is_literal && made.target.text != "-")
      text += made.target.text;
    out.push_back(text);
  }
  sort_redirects(out);
  return out;
}

std::string difference(const ShellReading& ours, const std::vector<TheirCommand>& theirs) {
  std::vector<SimpleCommand> sorted = ours.commands;
  std::vector<TheirCommand> wanted = theirs;
  sort_by(sorted, [](const auto& each) { return each.offset; });
  sort_by(wanted, [](const auto& each) { return each.offset; });
  if (sorted.size() != wanted.size())
    return std::to_string(sorted.size()) + " commands, theirs " + std::to_string(wanted.size());
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    const std::string where = "command " + std::to_string(i) + ": ";
    // what is in [ ] we do not list
    const bool is_test = std::ranges::any_of(wanted[i].words, [](const Theirs& word) { return word.text == "["; });
    if (is_test) continue;
    if (sorted[i].words.size() != wanted[i].words.size())
      return where + std::to_string(sorted[i].words.size()) + " words, theirs " +
             std::to_string(wanted[i].words.size());
    for (std::size_t k = 0; k < sorted[i].words.size(); ++k) {
      const ShellWord& word = sorted[i].words[k];
      const Theirs& their = wanted[i].words[k];
      if (their.is_any) continue;
      if (word.is_literal != their.is_literal) return where + "unknown or not: " + word.text + ", theirs " + their.text;
      if (word.is_literal && word.text != their.text) return where + "`" + word.text + "`, theirs `" + their.text + "`";
    }
    if (sorted[i].assignments.size() != wanted[i].assignments.size()) return where + "assignments";
    for (std::size_t k = 0; k < wanted[i].assignments.size(); ++k) {
      if (sorted[i].assignments[k].name.substr(0, sorted[i].assignments[k].name.find('[')) != wanted[i].assignments[k])
        return where + "names";
    }
    const std::vector<std::string> made = redirects_of(sorted[i]);
    const auto is_same = [](const std::string& ours_is, const std::string& their_is) {
      return their_is.ends_with('*') ? ours_is.starts_with(their_is.substr(0, their_is.size() - 1))
                                     : ours_is == their_is;
    };
    if (!std::ranges::equal(made, wanted[i].redirects, is_same))
      return where + "redirections: " + (wanted[i].redirects.empty() ? "none" : wanted[i].redirects[0]) + " theirs";
  }
  return "";
}

// What shfmt refuses, or reads otherwise than bash. Looked at only where there is a difference.
struct Quirk {
  std::string_view needle;
  std::string_view reason;
};
constexpr Quirk kQuirks[] = {
    {"#", "takes # in a word for a comment, after a quote or an expansion"},
    {"\\\n", "goes on with a comment where a line ends in a backslash"},
    {"=(", "refuses a command after an array"},
    {"export ", "refuses operands that are no names"},
    {"declare", "the same"},
    {"readonly ", "the same"},
    {"local ", "the same"},
    {"time time", "takes the second for a word"},
    {"[[", "refuses some patterns"},
    {"((", "reads arithmetic more strictly"},
    {"${", "reads expansions more strictly"},
    {">&", "takes 2>&-x for a descriptor"},
};

bool is_quirk(std::string_view text) {
  return std::ranges::any_of(kQuirks, [&](const Quirk& each) { return text.contains(each.needle); });
}

struct Tally {
  std::size_t compared = 0;
  std::size_t refused = 0;
};

// What shfmt makes of the texts, each ended by a statement of ours.
void compare(const std::vector<std::string>& texts, std::size_t from, std::size_t to, Tally& tally) {
  constexpr std::string_view kMark = "bailiwick-mark";
  std::string script;
  for (std::size_t i = from; i < to; ++i) script += texts[i] + "\n" + std::string(kMark) + "\n";
  const Json parsed = Json::parse(shfmt(script), nullptr, false);
  if (parsed.is_discarded() || !parsed.contains("Stmts")) {
    if (to - from == 1) {
      ++tally.refused;
      EXPECT_TRUE(is_quirk(texts[from])) << "shfmt refuses: " << texts[from] << "\n    "
                                         << render_reading(read_shell(texts[from]));
      return;
    }
    compare(texts, from, from + (to - from) / 2, tally);
    compare(texts, from + (to - from) / 2, to, tally);
    return;
  }
  Collector collector;
  std::size_t at = from;
  for (const Json& each : parsed["Stmts"]) {
    Collector one;
    one.statement(each);
    const bool is_mark = one.out.size() == 1 && one.out[0].words.size() == 1 && one.out[0].words[0].text == kMark;
    if (!is_mark) {
      collector.is_beyond = collector.is_beyond || one.is_beyond;
      collector.out.insert(collector.out.end(), one.out.begin(), one.out.end());
      continue;
    }
    ASSERT_LT(at, to);
    const std::string& text = texts[at++];
    const ShellReading ours = read_shell(text);
    const std::string found = collector.is_beyond ? "a function or coproc" : difference(ours, collector.out);
    if (!found.empty()) {
      EXPECT_TRUE(is_quirk(text)) << text << "\n    " << render_reading(ours) << "\n    " << found;
    }
    ++tally.compared;
    collector = {};
  }
  EXPECT_EQ(at, to) << "a text that took the mark in: " << texts[at];
}

class Shfmt : public ::testing::Test {
 protected:
  void SetUp() override {
    if (shfmt("ls").empty()) GTEST_SKIP() << "shfmt is not installed (apt-get install shfmt)";
  }
};

TEST_F(Shfmt, ReadsLinesAsWeDo) {
  std::vector<std::string> texts;
  for (const char* file : {"/testdata/lines.txt", "/testdata/launched.txt", "/testdata/evasions.txt"}) {
    for (const Line& line : lines_of((std::string(TEST_SOURCE_DIR) + file).c_str())) {
      std::string text = line.text;
      if (std::string_view(file) == "/testdata/evasions.txt")
        text = text.substr(std::min(text.find(' ') + 1, text.size()));
      if (!read_shell(text).is_opaque) texts.push_back(text);
    }
  }
  Tally tally;
  compare(texts, 0, texts.size(), tally);
  EXPECT_GT(tally.compared, 500U);
  EXPECT_LT(tally.refused, 30U);
}

// Lines cut and spliced, as in ReadShell.WhatIsReadOfMutationsIsAcceptedByBash.
TEST_F(Shfmt, ReadsMutationsAsWeDo) {
  const auto all = lines_of(TEST_SOURCE_DIR "/testdata/lines.txt");
  constexpr std::string_view kBytes = "\n\n ;&|<>()'\"`$\\{}[]#-=~!*ax2";
  const char* rounds = std::getenv("BAILIWICK_SHELL_MUTATIONS");
  std::mt19937 random(rounds == nullptr ? 7 : static_cast<unsigned>(std::time(nullptr)));
  std::vector<std::string> texts;
  for (int tried = 0; texts.size() < 300 && tried < 20000; ++tried) {
    const std::string& first = all[random() % all.size()].text;
    const std::string& second = all[random() % all.size()].text;
    std::string text = first.substr(0, random() % (first.size() + 1)) + second.substr(random() % (second.size() + 1));
    for (auto i = static_cast<unsigned>(random() % 3); i > 0; --i)
      text.insert(random() % (text.size() + 1), 1, kBytes[random() % kBytes.size()]);
    if (!read_shell(text).is_opaque) texts.push_back(text);
  }
  Tally tally;
  compare(texts, 0, texts.size(), tally);
  EXPECT_GT(tally.compared, 250U);
}

// Words, operators and structure put together at random; the seed is fixed.
TEST_F(Shfmt, ReadsMixesAsWeDo) {
  constexpr std::string_view kWords[] = {
      "ls",       "-la",       "'a b'", "\"c $x\"", "$y",    "a\\ b",   "x=1", "\"\"",           "$(id)",
      "`pwd`",    "a'b'\"c\"", "2",     "*.c",      "{a,b}", "${z:-w}", "a#b", "\"$(ls | wc)\"", "<(sort)",
      "$((1+2))", "~/x",       "-",     "a\"$b\"c", "[",     "!"};
  constexpr std::string_view kJoins[] = {" && ", " || ", " | ", "; ", "\n", " & ", " |& ", " &&\n", " |\n"};
  constexpr std::string_view kRedirects[] = {" >f",  " 2>&1", " >>f", " <f",     " 2>/dev/null", " <<<x",
                                             " &>f", " 3>f",  " >&2", " >'a b'", " 2>&-"};
  constexpr std::pair<std::string_view, std::string_view> kFrames[] = {{"", ""},
                                                                       {"(", ")"},
                                                                       {"{ ", "; }"},
                                                                       {"if ", "; then b; fi"},
                                                                       {"while ", "; do c; done"},
                                                                       {"for i in 1 2; do ", "; done"},
                                                                       {"! ", ""},
                                                                       {"A=1 B=\"$c\" ", ""},
                                                                       {"case $x in a) ", ";; esac"},
                                                                       {"time ", ""},
                                                                       {"x=$(", ")"},
                                                                       {"echo \"$(", ")\""},
                                                                       {"[[ -f x ]] && ", ""},
                                                                       {"cat <<EOF\n$x hi\nEOF\n", ""}};
  const char* rounds = std::getenv("BAILIWICK_SHELL_MUTATIONS");
  std::mt19937 random(rounds == nullptr ? 11 : static_cast<unsigned>(std::time(nullptr)));
  const auto any = [&](const auto& list) { return list[random() % std::size(list)]; };
  std::vector<std::string> texts;
  for (int tried = 0; texts.size() < 500 && tried < 20000; ++tried) {
    std::string text;
    for (auto commands = 1 + random() % 3; commands > 0; --commands) {
      const auto frame = random() % 2 == 0 ? kFrames[0] : any(kFrames);
      text += frame.first;
      text += random() % 4 == 0 ? any(kWords) : "cmd";
      for (auto words = random() % 4; words > 0; --words) text += " " + std::string(any(kWords));
      if (random() % 3 == 0) text += any(kRedirects);
      text += frame.second;
      if (random() % 8 == 0) text += any(kRedirects);
      if (commands > 1) text += any(kJoins);
    }
    if (!read_shell(text).is_opaque) texts.push_back(text);
  }
  Tally tally;
  compare(texts, 0, texts.size(), tally);
  EXPECT_GT(tally.compared, 450U);
}

}  // namespace
}  // namespace bailiwick
