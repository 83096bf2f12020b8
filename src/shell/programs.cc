// Launchers that no row of the table can describe.
#include <algorithm>
#include <cctype>

#include "shell/foreign.h"
#include "shell/seer.h"

namespace bailiwick::shell {

void Seer::shell(const Words& argv, std::size_t owner, const Via& via) {
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

// The words before `:::` are a text for a shell, {} in it comes from elsewhere.
void Seer::parallel(const Words& argv, std::size_t from, std::size_t owner, const Via& via) {
  gap(owner, "arguments from elsewhere");
  Words given(argv.begin() + static_cast<std::ptrdiff_t>(from), argv.end());
  const auto inputs = std::ranges::find_if(given, [](const ShellWord& word) { return word.text.starts_with(":::"); });
  given.erase(inputs, given.end());
  if (given.empty()) return;
  const bool has_place = std::ranges::any_of(given, [](const ShellWord& word) { return word.text.contains('{'); });
  if (!has_place) given.push_back({.text = "{}", .is_literal = true});
  const std::size_t before = out.size();
  joined(given, 0, owner, via);
  replaced(before, "{");
}

void Seer::find(const Words& argv, std::size_t owner, const Via& via) {
  constexpr std::string_view kTests =
      "-name -iname -path -ipath -wholename -iwholename -regex -iregex -newer -anewer -cnewer -samefile -type -xtype "
      "-maxdepth -mindepth -mtime -mmin -atime -amin -ctime -cmin -size -user -group -uid -gid -perm -newermt -fstype "
      "-lname -ilname -links -inum -printf -fprint -fls";
  for (std::size_t i = 1; i < argv.size(); ++i) {
    if (!argv[i].is_literal) {
      // It may become -exec. Not where a test has its value; and what -exec takes is a program.
      const bool is_quoted = argv[i].text.starts_with('"') && argv[i].text.ends_with('"');
      const bool is_value = is_quoted && has_name(kTests, argv[i - 1].text);
      const bool is_harmless = i + 1 == argv.size() || argv[i + 1].text.starts_with('-');
      if (!is_value && !(is_quoted && is_harmless) && may_be_option(argv[i])) gap(owner, "arguments made at run time");
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

void Seer::interpreter(const Launcher& row, const Words& argv, std::size_t owner) {
  for (std::size_t i = 1; i < argv.size(); ++i) {
    const std::string& word = argv[i].text;
    if (!argv[i].is_literal) return gap(owner, "an argument made at run time");
    if (word == "-") return gap(owner, "standard input");
    if (!word.starts_with('-')) {
      if (word.starts_with("/dev/") || word.starts_with("/proc/")) return gap(owner, "standard input");
      if (is_written(word)) return gap(owner, "a script that this text writes");
      return;
    }
    if (word == "--") continue;
    if (word.starts_with("--")) {
      const std::string_view option =
          std::string_view(word).substr(2, word.find('=') == std::string::npos ? word.npos : word.find('=') - 2);
      if (has_name(row.longs, option)) return gap(owner, "code of another language");
      if (has_name("version help test check", option)) return;
      continue;
    }
    if (word == "-version" || word == "-V") return;
    // python's is another
    if (word == "-v" && argv.size() == 2 && !has_name(row.names, "python")) return;
    if (word.find_first_of(row.shorts, 1) != std::string::npos) return gap(owner, "code of another language");
    if (word == "-m") {
      const bool runs_code = i + 1 < argv.size() && has_name("code timeit pdb runpy trace idlelib", argv[i + 1].text);
      if (runs_code || (i + 1 < argv.size() && !argv[i + 1].is_literal)) gap(owner, "code of another language");
      return;
    }
  }
  gap(owner, "standard input");
}

void Seer::awk(const Words& argv, std::size_t owner) {
  std::size_t at = 1;
  for (; at < argv.size(); ++at) {
    const std::string& word = argv[at].text;
    if (may_be_option(argv[at])) return gap(owner, "a program made at run time");
    if (word == "--") {
      ++at;
      break;
    }
    if (word.size() < 2 || word[0] != '-') break;
    // -F and -v; all other options may bring another program
    if (word[1] != 'F' && word[1] != 'v') return gap(owner, "an option that is not known");
    if (word.size() == 2) ++at;
  }
  if (at >= argv.size()) return;
  if (!argv[at].is_literal) return gap(owner, "a program made at run time");
  if (!starts_nothing_awk(argv[at].text)) gap(owner, "a program that may start others");
}

void Seer::sed(const Words& argv, std::size_t owner) {
  std::string program;
  std::size_t first = 0;
  bool has_program = false;
  const auto add = [&](const ShellWord& piece) {
    if (!piece.is_literal) gap(owner, "a program made at run time");
    program += piece.text + "\n";
    has_program = true;
  };
  for (std::size_t i = 1; i < argv.size(); ++i) {
    const std::string& word = argv[i].text;
    const ShellWord next = i + 1 < argv.size() ? argv[i + 1] : ShellWord{};
    if (may_be_option(argv[i])) return gap(owner, "an option made at run time");
    if (word == "--") {
      if (first == 0) first = i + 1;
      break;
    }
    if (word.size() < 2 || word[0] != '-') {
      if (first == 0) first = i;
      continue;
    }
    if (word == "--sandbox") return;
    if (word.starts_with("--expression")) {
      const bool is_apart = word == "--expression";
      if (!is_apart && word[12] != '=') return gap(owner, "an option that is not known");
      add(is_apart ? next : ShellWord{.text = word.substr(13), .is_literal = argv[i].is_literal});
      if (is_apart) ++i;
      continue;
    }
    if (word.starts_with("--")) {
      if (!has_name("--posix --debug --quiet --silent --regexp-extended --separate --unbuffered --null-data "
                    "--zero-terminated --in-place --follow-symlinks --version --help",
                    std::string_view(word).substr(0, word.find('='))))
        return gap(owner, "an option that is not known");
      continue;
    }
    for (std::size_t k = 1; k < word.size(); ++k) {
      // -i takes the rest as a suffix
      if (word[k] == 'i') break;
      if (word[k] == 'e') {
        const bool is_apart = k + 1 == word.size();
        add(is_apart ? next : ShellWord{.text = word.substr(k + 1), .is_literal = argv[i].is_literal});
        if (is_apart) ++i;
        break;
      }
      if (!std::string_view("nrEsuz").contains(word[k])) return gap(owner, "an option that is not known");
    }
  }
  if (!has_program && first > 0 && first < argv.size()) add(argv[first]);
  if (!starts_nothing_sed(program)) gap(owner, "a program that may start others");
}

// What a makefile says is not ours to know; what is said beside it is.
void Seer::make(const Words& argv, std::size_t owner, const Via& via) {
  for (std::size_t i = 1; i < argv.size(); ++i) {
    const std::string& word = argv[i].text;
    if (word == "-j$(nproc)" || word == "-j`nproc`") continue;
    if (may_be_option(argv[i])) return gap(owner, "an option made at run time");
    if (is_assignment(argv[i]) || (word.contains('=') && !word.starts_with('-'))) {
      variable(argv[i], owner, via);
      if (word.contains("$(shell") || word.contains("!=")) gap(owner, "a variable that may start a program");
      continue;
    }
    const bool is_long_eval = word.starts_with("--ev");
    const bool is_short = word.size() > 1 && word[0] == '-' && word[1] != '-';
    if (is_long_eval || (is_short && word.contains('E'))) gap(owner, "rules that are not in a file");
    std::string_view file;
    if (word.starts_with("--file=") || word.starts_with("--makefile="))
      file = std::string_view(word).substr(word.find('=') + 1);
    else if (word == "--file" || word == "--makefile" || (is_short && word.ends_with('f')))
      file = i + 1 < argv.size() ? std::string_view(argv[++i].text) : std::string_view();
    else if (word.starts_with("-f"))
      file = std::string_view(word).substr(2);
    if (!file.empty() && (file == "-" || file.starts_with("/dev/") || file.starts_with("/proc/") || is_written(file)))
      gap(owner, "rules that are not in a file");
  }
  for (const std::string_view name : {"Makefile", "makefile", "GNUmakefile"}) {
    if (is_written(name)) gap(owner, "rules that this text writes");
  }
}

}  // namespace bailiwick::shell
