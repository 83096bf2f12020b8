#include "shell/launchers.h"

#include <algorithm>
#include <cctype>
#include <utility>

#include "shell/launcher_table.h"

namespace bailiwick {
namespace {

using shell::has_name;
using shell::Launcher;
using shell::LauncherKind;
using Words = std::vector<ShellWord>;

constexpr std::size_t kMaxVia = 8;
constexpr std::size_t kMaxEffective = 2000;

std::string_view base_name(std::string_view path) { return path.substr(path.rfind('/') + 1); }

bool is_assignment(const ShellWord& word) {
  const std::size_t equals = word.text.find('=');
  return equals != std::string::npos && equals > 0 &&
         std::ranges::all_of(std::string_view(word.text).substr(0, equals),
                             [](unsigned char c) { return std::isalnum(c) != 0 || c == '_'; });
}

// Settings of git that name no program. All others may.
bool is_plain_git_setting(std::string_view key) {
  return key.starts_with("user.") || key.starts_with("color.") || key.starts_with("advice.") ||
         key.starts_with("log.") ||
         has_name(
             "core.quotepath core.quotePath core.autocrlf init.defaultBranch init.defaultbranch commit.gpgsign "
             "commit.gpgSign pull.rebase "
             "push.default merge.conflictStyle protocol.version gc.auto",
             key);
}

class Seer {
 public:
  void command(const Words& argv, std::vector<std::string> via);
  void reading(const ShellReading& given, const std::vector<std::string>& via, std::size_t owner);
  void text(const ShellWord& text, const std::vector<std::string>& via, std::size_t owner);
  std::vector<EffectiveCommand> out;
  static constexpr std::size_t kNobody = static_cast<std::size_t>(-1);

 private:
  void gap(std::size_t owner, std::string_view why) {
    if (owner >= out.size() || !out[owner].is_complete) return;
    out[owner].is_complete = false;
    out[owner].gap = why;
  }
  // Where the command starts; argv.size() if there is none. A gap if that cannot be told.
  std::size_t options(const Launcher& row, const Words& argv, std::size_t at, std::size_t owner,
                      const std::vector<std::string>& via);
  void prefix(const Launcher& row, const Words& argv, std::size_t owner, const std::vector<std::string>& via);
  void shell(const Words& argv, std::size_t owner, const std::vector<std::string>& via);
  void replaced(std::size_t before, std::string_view what);
  void find(const Words& argv, std::size_t owner, const std::vector<std::string>& via);
  void git(const Words& argv, std::size_t owner, const std::vector<std::string>& via);
  void interpreter(const Launcher& row, const Words& argv, std::size_t owner);
  void joined(const Words& argv, std::size_t from, std::size_t owner, const std::vector<std::string>& via);
};

void Seer::text(const ShellWord& given, const std::vector<std::string>& via, std::size_t owner) {
  if (!given.is_literal) return gap(owner, "a text made at run time");
  const ShellReading inner = read_shell(given.text);
  if (inner.is_opaque) return gap(owner, "a text that is not understood");
  reading(inner, via, owner);
}

void Seer::reading(const ShellReading& given, const std::vector<std::string>& via, std::size_t owner) {
  for (const SimpleCommand& each : given.commands) {
    if (each.words.empty()) continue;
    const std::size_t before = out.size();
    command(each.words, via);
    if (before >= out.size()) {
      gap(owner, "too many commands");
      continue;
    }
    // A shell that reads a here-document runs it.
    if (out[before].gap != "standard input") continue;
    const auto body = std::ranges::find_if(each.redirects, [](const ShellRedirect& made) {
      return made.kind == RedirectKind::here_document || made.kind == RedirectKind::here_string;
    });
    const shell::Launcher* row = shell::find_launcher(base_name(each.words[0].text));
    if (body == each.redirects.end() || !body->target.is_literal || row == nullptr || row->kind != LauncherKind::shell)
      continue;
    out[before].is_complete = true;
    out[before].gap.clear();
    std::vector<std::string> inner = via;
    inner.emplace_back(base_name(each.words[0].text));
    if (inner.size() > kMaxVia)
      gap(before, "nested too deeply");
    else
      text(body->target, inner, before);
  }
}

void Seer::command(const Words& argv, std::vector<std::string> via) {
  if (argv.empty() || out.size() >= kMaxEffective) return;
  const std::size_t owner = out.size();
  out.push_back({.argv = argv, .via = via, .is_complete = true, .gap = {}});
  if (!argv[0].is_literal) return gap(owner, "a program chosen at run time");
  const std::string_view name = base_name(argv[0].text);
  const Launcher* row = shell::find_launcher(name);
  if (row == nullptr) return;
  if (via.size() >= kMaxVia) return gap(owner, "nested too deeply");
  via.emplace_back(name);
  switch (row->kind) {
    case LauncherKind::shell: return shell(argv, owner, via);
    case LauncherKind::evaluates: return joined(argv, 1, owner, via);
    case LauncherKind::find: return find(argv, owner, via);
    case LauncherKind::git: return git(argv, owner, via);
    case LauncherKind::interpreter: return interpreter(*row, argv, owner);
    case LauncherKind::sourcing: return gap(owner, "a script file");
    case LauncherKind::trap:
      if (argv.size() > 2 && argv[1] != ShellWord{.text = "-", .is_literal = true}) text(argv[1], via, owner);
      return;
    default: return prefix(*row, argv, owner, via);
  }
}

// The words are joined by blanks and read by a shell.
void Seer::joined(const Words& argv, std::size_t from, std::size_t owner, const std::vector<std::string>& via) {
  ShellWord all;
  for (std::size_t i = from; i < argv.size(); ++i) {
    if (!argv[i].is_literal) return gap(owner, "a text made at run time");
    all.text += (i > from ? " " : "") + argv[i].text;
  }
  if (!all.text.empty()) text(all, via, owner);
}

std::size_t Seer::options(const Launcher& row, const Words& argv, std::size_t at, std::size_t owner,
                          const std::vector<std::string>& via) {
  // -c and -S of some take a text to run; -o of ssh may.
  const auto takes_text = [&](std::string_view option, const ShellWord& value) {
    if ((option == "c" || option == "call") && has_name("npx bunx npm pnpm", row.names.substr(0, row.names.find(' '))))
      text(value, via, owner);
    if ((option == "S" || option == "split-string") && row.names == "env") {
      // it has quoting of its own, and adds the words that follow
      if (value.text.contains('\\') || value != argv.back()) gap(owner, "words added to a text");
      text(value, via, owner);
    }
    std::string lower = value.text;
    std::ranges::transform(lower, lower.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    if (row.names == "ssh" && (option == "F" || (option == "o" && (!value.is_literal || lower.contains("command")))))
      gap(owner, "settings that may run a command");
    if (option == "entrypoint") gap(owner, "another entry point");
  };
  for (; at < argv.size(); ++at) {
    const std::string& word = argv[at].text;
    if (word.empty() || word[0] != '-' || word == "-") return at;
    if (!argv[at].is_literal) break;
    if (word == "--") return at + 1;
    if (word.starts_with("--")) {
      const std::size_t equals = word.find('=');
      const std::string option = word.substr(2, equals == std::string::npos ? equals : equals - 2);
      const bool has_value = has_name(row.longs, option + "=");
      if (!has_value && !has_name(row.longs, option)) break;
      ShellWord value{.text = equals == std::string::npos ? "" : word.substr(equals + 1), .is_literal = true};
      if (has_value && equals == std::string::npos) {
        if (++at == argv.size()) return at;
        value = argv[at];
      }
      if (has_value) takes_text(option, value);
      continue;
    }
    bool is_known = true;
    for (std::size_t i = 1; i < word.size() && is_known; ++i) {
      const std::size_t found = word[i] == ':' ? std::string_view::npos : row.shorts.find(word[i]);
      is_known = found != std::string_view::npos;
      if (!is_known || found + 1 >= row.shorts.size() || row.shorts[found + 1] != ':') continue;
      ShellWord value{.text = word.substr(i + 1), .is_literal = true};
      if (value.text.empty()) {
        if (++at == argv.size()) return at;
        value = argv[at];
      }
      takes_text(std::string_view(word).substr(i, 1), value);
      break;
    }
    if (!is_known) break;
  }
  if (at < argv.size()) gap(owner, "an option that is not known");
  return argv.size();
}

void Seer::prefix(const Launcher& row, const Words& argv, std::size_t owner, const std::vector<std::string>& via) {
  std::size_t at = 1;
  // asks only what it would run
  if (row.names == "command" && argv.size() > 1 && (argv[1].text == "-v" || argv[1].text == "-V")) return;
  if (!row.verbs.empty()) {
    if (argv.size() < 2) return;
    if (!argv[1].is_literal || argv[1].text.starts_with('-')) return gap(owner, "options before the verb");
    if (!has_name(row.verbs, argv[1].text)) return;
    at = 2;
  }
  at = options(row, argv, at, owner, via);
  for (; row.kind == LauncherKind::assigning && at < argv.size() && is_assignment(argv[at]); ++at) {
  }
  at += row.positionals;
  if (at >= argv.size()) {
    if (row.names == "sudo") gap(owner, "an interactive shell");
    return;
  }
  if (row.kind == LauncherKind::string) return joined(argv, at, owner, via);
  Words inner(argv.begin() + static_cast<std::ptrdiff_t>(at), argv.end());
  if (row.kind == LauncherKind::input) {
    gap(owner, "arguments from elsewhere");
    const auto inputs = std::ranges::find_if(inner, [](const ShellWord& word) { return word.text.starts_with(":::"); });
    inner.erase(inputs, inner.end());
    inner.push_back({.text = "...", .is_literal = false});
  }
  const std::size_t before = out.size();
  command(inner, via);
  if (row.kind != LauncherKind::input) return;
  replaced(before, "{}");
  for (std::size_t i = 1; i + 1 < argv.size(); ++i) {
    const std::string& word = argv[i].text;
    if (word.starts_with("-I"))
      replaced(before, word.size() > 2 ? std::string_view(word).substr(2) : std::string_view(argv[i + 1].text));
    if (word.starts_with("--replace=")) replaced(before, std::string_view(word).substr(10));
  }
}

void Seer::shell(const Words& argv, std::size_t owner, const std::vector<std::string>& via) {
  bool has_text = false;
  bool is_input = false;
  std::size_t at = 1;
  for (; at < argv.size(); ++at) {
    const std::string& word = argv[at].text;
    if (!argv[at].is_literal && has_text) break;
    if (!argv[at].is_literal) return gap(owner, "an option made at run time");
    if (word == "--" || word == "-") {
      ++at;
      break;
    }
    if (word.size() < 2 || (word[0] != '-' && word[0] != '+')) break;
    if (word.starts_with("--")) {
      if (!has_name("--login --norc --noprofile --posix --restricted --verbose", word))
        return gap(owner, "an option that is not known");
      continue;
    }
    has_text = has_text || (word[0] == '-' && word.contains('c'));
    is_input = is_input || (word[0] == '-' && word.contains('s'));
    if (word.contains('i')) gap(owner, "an interactive shell");
    if (word.contains('o') || word.contains('O')) ++at;
  }
  if (has_text) {
    if (at >= argv.size()) return gap(owner, "no text");
    return text(argv[at], via, owner);
  }
  gap(owner, is_input || at >= argv.size() ? "standard input" : "a script file");
}

// Words with `what` in them are made at run time, for all commands from `before` on.
void Seer::replaced(std::size_t before, std::string_view what) {
  for (std::size_t i = before; i < out.size(); ++i) {
    for (std::size_t k = 0; k < out[i].argv.size(); ++k) {
      ShellWord& word = out[i].argv[k];
      if (!word.text.contains(what)) continue;
      word.is_literal = false;
      const Launcher* row = shell::find_launcher(base_name(out[i].argv[0].text));
      // after a shell's text, it is only the text's $1
      const bool is_read =
          row != nullptr && ((row->kind == LauncherKind::shell && k <= 2) || row->kind == LauncherKind::evaluates ||
                             row->kind == LauncherKind::string);
      if (k == 0) {
        gap(i, "a program chosen at run time");
      } else if (is_read) {
        gap(i, "a text made at run time");
      }
    }
  }
}

void Seer::find(const Words& argv, std::size_t owner, const std::vector<std::string>& via) {
  for (std::size_t i = 1; i < argv.size(); ++i) {
    if (!argv[i].is_literal) {
      // it may become -exec
      const bool is_path = i == 1 && argv[i].text.starts_with('"');
      if (!is_path && argv[i].text.contains('$')) gap(owner, "arguments made at run time");
      continue;
    }
    if (!has_name("-exec -execdir -ok -okdir", argv[i].text)) continue;
    Words inner;
    for (++i; i < argv.size() && argv[i].text != ";"; ++i) {
      const bool is_end = argv[i].text == "+" && !inner.empty() && inner.back().text == "{}";
      if (is_end) break;
      inner.push_back(argv[i]);
    }
    const std::size_t before = out.size();
    command(inner, via);
    replaced(before, "{}");
  }
}

void Seer::git(const Words& argv, std::size_t owner, const std::vector<std::string>& via) {
  for (std::size_t i = 1; i < argv.size(); ++i) {
    const std::string& word = argv[i].text;
    if (!word.starts_with('-')) return;
    if (has_name("-C --git-dir --work-tree --namespace", word)) {
      ++i;
      continue;
    }
    if (word.starts_with("--config-env") || word.starts_with("--exec-path="))
      return gap(owner, "settings that may run a command");
    if (word != "-c") continue;
    if (++i == argv.size()) return;
    if (!argv[i].is_literal) return gap(owner, "settings made at run time");
    const std::string& setting = argv[i].text;
    const std::size_t equals = std::min(setting.find('='), setting.size());
    const std::string key = setting.substr(0, equals);
    const std::string value = equals < setting.size() ? setting.substr(equals + 1) : "";
    if (key.starts_with("alias.") && value.starts_with('!')) {
      // git adds the arguments to it
      text({.text = value.substr(1), .is_literal = true}, via, owner);
    } else if (!is_plain_git_setting(key)) {
      gap(owner, "settings that may run a command");
    }
  }
}

void Seer::interpreter(const Launcher& row, const Words& argv, std::size_t owner) {
  for (std::size_t i = 1; i < argv.size(); ++i) {
    const std::string& word = argv[i].text;
    if (!argv[i].is_literal) return gap(owner, "an argument made at run time");
    if (word == "-") return gap(owner, "standard input");
    if (!word.starts_with('-')) return;
    if (word.starts_with("--")) {
      const std::string_view option =
          std::string_view(word).substr(2, word.find('=') == std::string::npos ? word.npos : word.find('=') - 2);
      if (has_name(row.longs, option)) return gap(owner, "code of another language");
      continue;
    }
    if (word.find_first_of(row.shorts, 1) != std::string::npos) return gap(owner, "code of another language");
    if (word == "-m" || word == "--version" || word == "-V") return;
  }
  if (argv.size() == 1) gap(owner, "standard input");
}

}  // namespace

bool is_launcher(std::string_view base_name) { return shell::find_launcher(base_name) != nullptr; }

std::vector<EffectiveCommand> effective_commands(const std::vector<ShellWord>& argv) {
  Seer seer;
  seer.command(argv, {});
  return std::move(seer.out);
}

std::vector<EffectiveCommand> effective_commands(const ShellReading& reading) {
  Seer seer;
  if (reading.is_opaque) {
    seer.out.push_back({.argv = {}, .via = {}, .is_complete = false, .gap = reading.reason});
  } else {
    seer.reading(reading, {}, Seer::kNobody);
  }
  return std::move(seer.out);
}

}  // namespace bailiwick
