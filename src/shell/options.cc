// Launchers that a row of the table describes: options, perhaps a verb, then a command.
#include <algorithm>
#include <cctype>

#include "shell/seer.h"

namespace bailiwick::shell {
namespace {

ShellWord rest_of(const ShellWord& word, std::size_t from) {
  return {.text = word.text.substr(std::min(from, word.text.size())), .is_literal = word.is_literal};
}

bool takes_value(std::string_view shorts, char letter) {
  const std::size_t found = letter == ':' ? std::string_view::npos : shorts.find(letter);
  return found != std::string_view::npos && found + 1 < shorts.size() && shorts[found + 1] == ':';
}

// The name in a list that an option means: itself, or what it is short for. Empty: none.
std::string_view meant(std::string_view list, std::string_view given) {
  while (!list.empty()) {
    const std::size_t end = std::min(list.find(' '), list.size());
    const std::string_view name = list.substr(0, end);
    if (name == given || (name.size() > 1 && given.size() > 1 && name.starts_with(given))) return name;
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  return {};
}

bool has_needle(std::string_view list, std::string_view text) {
  while (!list.empty()) {
    const std::size_t end = std::min(list.find(' '), list.size());
    const std::string_view needle = list.substr(0, end);
    // one with a dot is a command at the start of the word
    if (needle.starts_with('.') || needle.starts_with('-') ? text.starts_with(needle) : text.contains(needle))
      return true;
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  return false;
}

std::string lower_case(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

}  // namespace

// What an option that is there means.
void Seer::option(const Launcher& row, std::string_view name, const ShellWord& value, bool is_last, std::size_t owner,
                  const Via& via) {
  if (has_name(row.opens, name)) gap(owner, "an option that may start anything: `" + std::string(name) + "`");
  if (has_name(row.texts, name)) {
    // what is reached that way is told what to run
    if (row.names == "rsync")
      return text({.text = value.text + " host rsync", .is_literal = value.is_literal}, via, owner);
    if (name != "checkpoint-action") return text(value, via, owner);
    if (value.text.starts_with("exec=") || !value.is_literal) text(rest_of(value, 5), via, owner);
    return;
  }
  if (row.names == "env" && (name == "S" || name == "split-string")) {
    // it has quoting of its own, and adds the words that follow
    if (value.text.contains('\\') || !is_last) gap(owner, "words added to a text");
    return text(value, via, owner);
  }
  const bool is_remote = row.names.starts_with("ssh") || row.names.starts_with("scp");
  if (is_remote && name == "o") {
    const std::string lower = lower_case(value.text);
    for (const std::string_view word : {"command", "provider", "xauth", "include", "exec"}) {
      if (!value.is_literal || lower.contains(word)) gap(owner, "settings that may run a command");
    }
  }
  if (row.names.starts_with("strace") || row.names.starts_with("ltrace")) {
    // -o '|command'
    const bool is_output = name == "o" || name == "output";
    if (is_output && (!value.is_literal || value.text.starts_with('|') || value.text.starts_with('!')))
      text(rest_of(value, 1), via, owner);
    if (name == "E" || name == "env") variable(value, owner, via);
  }
  if ((name == "E" || name == "setenv") && row.names.starts_with("systemd-run")) variable(value, owner, via);
  if ((name == "setenv" || name == "argv0") && row.names == "bwrap") gap(owner, "a variable that changes what runs");
}

std::optional<std::size_t> Seer::options(const Launcher& row, const Words& argv, std::size_t at, std::size_t owner,
                                         const Via& via) {
  for (; at < argv.size(); ++at) {
    const std::string& word = argv[at].text;
    if (may_be_option(argv[at])) {
      // perhaps options, perhaps the command: what follows is listed, too
      if (at + 1 == argv.size()) return at;
      gap(owner, "an option made at run time");
      continue;
    }
    // for env it is -i
    if (word == "-" && row.names == "env") continue;
    if (word.empty() || word[0] != '-' || word == "-") return at;
    if (word == "--") return at + 1;
    const bool is_long = word.starts_with("--");
    if (is_long) {
      const std::size_t equals = word.find('=');
      const std::string name = word.substr(2, equals == std::string::npos ? equals : equals - 2);
      if (has_name(row.quits, name)) return {};
      const bool takes_two = has_name(row.longs, name + "==");
      const bool takes_one = takes_two || has_name(row.longs, name + "=");
      const bool is_loose = (row.flags & any_longs) != 0 || (equals != std::string::npos && !row.verbs.empty());
      if (!takes_one && !has_name(row.longs, name) && !is_loose) gap(owner, "an option that is not known");
      ShellWord value = equals == std::string::npos ? ShellWord{} : rest_of(argv[at], equals + 1);
      if (takes_one && equals == std::string::npos) {
        at += takes_two ? 2 : 1;
        if (at >= argv.size()) return {};
        value = argv[at];
      }
      option(row, name, value, at + 1 == argv.size(), owner, via);
      continue;
    }
    bool is_known = true;
    for (std::size_t i = 1; i < word.size() && is_known; ++i) {
      const std::string_view name = std::string_view(word).substr(i, 1);
      if (has_name(row.quits, name)) return {};
      is_known = word[i] != ':' && row.shorts.contains(word[i]);
      if (!is_known) break;
      if (!takes_value(row.shorts, word[i])) {
        option(row, name, {}, at + 1 == argv.size(), owner, via);
        continue;
      }
      ShellWord value = rest_of(argv[at], i + 1);
      if (value.text.empty()) {
        if (++at >= argv.size()) return {};
        value = argv[at];
      }
      option(row, name, value, at + 1 == argv.size(), owner, via);
      break;
    }
    // gone on with as if it took no word
    if (!is_known) gap(owner, "an option that is not known");
  }
  return at;
}

// Over options and groups to the word after the verb. Nothing if it is another verb.
std::optional<std::size_t> Seer::verb(const Launcher& row, const Words& argv, std::size_t owner, const Via& via) {
  // Whatever its options mean: a verb that is not there does not stand after them.
  const bool may_have = std::ranges::any_of(argv.begin() + 1, argv.end(), [&](const ShellWord& word) {
    return may_be_option(word) || has_name(row.verbs, word.text);
  });
  if (!may_have) return {};
  std::optional<std::size_t> at = options(row, argv, 1, owner, via);
  while (at.has_value() && *at < argv.size() && has_name(row.groups, argv[*at].text)) {
    at = options(row, argv, *at + 1, owner, via);
    if (row.groups == "workspace" && at.has_value()) ++*at;
  }
  if (!at.has_value() || *at >= argv.size() || !has_name(row.verbs, argv[*at].text)) return {};
  return *at + 1;
}

void Seer::prefix(const Launcher& row, const Words& argv, std::size_t owner, const Via& via) {
  std::optional<std::size_t> found = row.verbs.empty() ? std::optional<std::size_t>(1) : verb(row, argv, owner, via);
  if (!found.has_value()) return;
  std::size_t at = *found;
  const auto mark = row.after.empty()
                        ? argv.end()
                        : std::ranges::find_if(argv.begin() + static_cast<std::ptrdiff_t>(at), argv.end(),
                                               [&](const ShellWord& word) { return word.text == row.after; });
  if (mark != argv.end()) {
    at = static_cast<std::size_t>(mark - argv.begin()) + 1;
  } else {
    found = options(row, argv, at, owner, via);
    if (!found.has_value()) return;
    at = *found;
    for (; row.kind == LauncherKind::assigning && at < argv.size() && is_assignment(argv[at]); ++at)
      variable(argv[at], owner, via);
    if (at < argv.size() && has_name(row.optional, argv[at].text)) ++at;
    for (unsigned i = 0; i < row.positionals; ++i) {
      if (at < argv.size() && may_be_option(argv[at])) gap(owner, "an option made at run time");
      ++at;
    }
    if ((row.flags & again) != 0 && at < argv.size()) {
      found = options(row, argv, at, owner, via);
      if (!found.has_value()) return;
      at = *found;
    }
  }
  if (at >= argv.size()) {
    const bool has_started = out.size() > owner + 1;
    if ((row.flags & else_shell) != 0 && !has_started) gap(owner, "an interactive shell");
    return;
  }
  if (row.kind == LauncherKind::string) return joined(argv, at, owner, via);
  if (row.kind == LauncherKind::parallel) return parallel(argv, at, owner, via);
  if (row.kind == LauncherKind::texts) {
    for (; at < argv.size(); ++at) text(argv[at], via, owner);
    return;
  }
  Words inner(argv.begin() + static_cast<std::ptrdiff_t>(at), argv.end());
  if (row.kind == LauncherKind::input) {
    gap(owner, "arguments from elsewhere");
    inner.push_back({.text = "...", .is_literal = false});
  }
  const std::size_t before = out.size();
  command(inner, via);
  if (row.kind != LauncherKind::input) return;
  replaced(before, "{}");
  for (std::size_t i = 1; i + 1 < argv.size(); ++i) {
    const std::string& word = argv[i].text;
    if (word.starts_with("-I") || word.starts_with("-J"))
      replaced(before, word.size() > 2 ? std::string_view(word).substr(2) : std::string_view(argv[i + 1].text));
    if (word.starts_with("--replace=")) replaced(before, std::string_view(word).substr(10));
  }
}

// All words are looked at: options may stand anywhere, and be cut short.
void Seer::watched(const Launcher& row, const Words& argv, std::size_t owner, const Via& via) {
  const std::size_t before = out.size();
  unsigned operands = 0;
  for (std::size_t i = 1; i < argv.size(); ++i) {
    const std::string& word = argv[i].text;
    if (may_be_option(argv[i])) gap(owner, "an option made at run time");
    const bool is_bundle = i == 1 && (row.flags & bundles) != 0 && !word.starts_with('-');
    if (word == "--") {
      // su hands what follows to the shell
      if (i + 1 < argv.size() && (row.flags & else_shell) != 0) gap(owner, "arguments for a shell");
      break;
    }
    if (!is_bundle && (word.size() < 2 || word[0] != '-')) {
      if (word != "-" && ++operands > row.positionals && (row.flags & else_shell) != 0)
        gap(owner, "arguments for a shell");
      continue;
    }
    const ShellWord next = i + 1 < argv.size() ? argv[i + 1] : ShellWord{};
    const bool is_long = word.starts_with("--");
    const std::size_t equals = word.find('=');
    const std::string_view long_name = std::string_view(word).substr(
        is_long ? 2 : 1, (equals == std::string::npos ? word.size() : equals) - (is_long ? 2 : 1));
    std::string_view name = meant(row.texts, long_name);
    if (name.empty()) name = meant(row.opens, long_name);
    // -exec of some is written with one dash
    const bool is_name = is_long || (long_name.size() > 1 && name == long_name);
    if (is_name) {
      if (!name.empty())
        option(row, name, equals == std::string::npos ? next : rest_of(argv[i], equals + 1), true, owner, via);
      if (equals == std::string::npos && has_name(row.longs, std::string(long_name) + "=")) ++i;
      continue;
    }
    for (std::size_t k = is_bundle ? 0 : 1; k < word.size(); ++k) {
      const std::string_view letter = std::string_view(word).substr(k, 1);
      const bool has_value = takes_value(row.shorts, word[k]);
      const bool is_taken = has_name(row.texts, letter) || has_name(row.opens, letter);
      if (!is_taken && !has_value) continue;
      const bool is_apart = k + 1 == word.size() || is_bundle;
      option(row, letter, is_apart ? next : rest_of(argv[i], k + 1), true, owner, via);
      if (is_bundle) continue;
      if (is_apart) ++i;
      break;
    }
  }
  if ((row.flags & else_shell) != 0 && out.size() == before) gap(owner, "an interactive shell");
}

void Seer::content(const Launcher& row, const Words& argv, std::size_t owner, const Via& via) {
  unsigned operands = 0;
  bool has_text = false;
  for (std::size_t i = 1; i < argv.size(); ++i) {
    const ShellWord& word = argv[i];
    if ((row.flags & names_variables) != 0) {
      if (may_be_option(word)) gap(owner, "a name made at run time");
      // a name for another name: then what is set cannot be told
      if (word.text.starts_with('-') && word.text.contains('n') && has_name("declare typeset local", argv[0].text))
        gap(owner, "a name for a variable");
      variable(word, owner, via);
    }
    if (i > 1 && argv[i - 1].text == "-v" && argv[0].text == "printf") {
      if (!word.is_literal) gap(owner, "a name made at run time");
      variable(word, owner, via);
    }
    if (word.is_literal && has_needle(row.needles, word.text)) gap(owner, "a word that may start a program");
    if (!word.text.starts_with('-')) ++operands;
    const std::string_view name =
        std::string_view(word.text).substr(std::min(word.text.find_first_not_of('-'), word.text.size()));
    const std::string_view before_value = name.substr(0, name.find('='));
    if (word.text.starts_with('-') && (has_name(row.quits, before_value) || has_name(row.quits, name.substr(0, 1))))
      has_text = true;
  }
  if ((row.flags & reads_input) != 0 && !has_text && (row.positionals == 0 || operands < row.positionals))
    gap(owner, "commands on its standard input");
}

void Seer::opener(const Launcher& row, const Words& argv, std::size_t owner, const Via& via) {
  if (!row.verbs.empty() && std::ranges::none_of(argv, [&](const ShellWord& word) {
        return may_be_option(word) || has_name(row.verbs, word.text);
      }))
    return;
  gap(owner, "what it starts cannot be told");
  for (std::size_t i = 1; i + 1 < argv.size() && !row.after.empty(); ++i) {
    if (has_name(row.after, argv[i].text))
      return command({argv.begin() + static_cast<std::ptrdiff_t>(i) + 1, argv.end()}, via);
  }
}

// The words are joined by blanks and read by a shell.
void Seer::joined(const Words& argv, std::size_t from, std::size_t owner, const Via& via) {
  ShellWord all;
  for (std::size_t i = from; i < argv.size(); ++i) {
    if (!argv[i].is_literal) return gap(owner, "a text made at run time");
    if (i == from && argv[i].text == "--") continue;
    all.text += (all.text.empty() ? "" : " ") + argv[i].text;
  }
  if (!all.text.empty()) text(all, via, owner);
}

// Words with `what` in them are made at run time, for all commands from `before` on.
void Seer::replaced(std::size_t before, std::string_view what) {
  for (std::size_t i = before; i < out.size(); ++i) {
    for (std::size_t k = 0; k < out[i].argv.size(); ++k) {
      ShellWord& word = out[i].argv[k];
      if (!word.text.contains(what)) continue;
      word.is_literal = false;
      if (k == 0) {
        gap(i, "a program chosen at run time");
        continue;
      }
      const Launcher* row = find_launcher(base_name(out[i].argv[0].text));
      if (row == nullptr) continue;
      // after a shell's text, it is only the text's $1
      const bool is_read = (row->kind == LauncherKind::shell && k <= 2) || row->kind == LauncherKind::evaluates ||
                           row->kind == LauncherKind::string || row->kind == LauncherKind::parallel ||
                           row->kind == LauncherKind::texts || !row->texts.empty();
      if (is_read) gap(i, "a text made at run time");
    }
  }
}

}  // namespace bailiwick::shell
