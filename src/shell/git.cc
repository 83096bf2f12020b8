// git starts what its settings, and some of its verbs, say.
#include <algorithm>

#include "shell/seer.h"

namespace bailiwick::shell {
namespace {

// Settings of git that name no program. All others may.
bool is_plain_setting(std::string_view key) {
  return key.starts_with("user.") || key.starts_with("color.") || key.starts_with("advice.") ||
         key.starts_with("log.") ||
         has_name(
             "core.quotepath core.quotePath core.autocrlf core.ignorecase core.filemode core.fileMode core.eol "
             "core.longpaths init.defaultBranch init.defaultbranch commit.gpgsign commit.gpgSign tag.gpgsign "
             "tag.gpgSign pull.rebase pull.ff push.default push.autoSetupRemote fetch.prune merge.conflictStyle "
             "merge.ff rebase.autoStash rerere.enabled protocol.version gc.auto safe.directory diff.renames "
             "http.postBuffer http.version core.compression pack.threads index.threads status.showUntrackedFiles",
             key);
}

// `given` is, or is short for, one of these.
bool means(std::string_view given, std::string_view list, std::size_t least) {
  given = given.substr(0, given.find('='));
  while (!list.empty()) {
    const std::size_t end = std::min(list.find(' '), list.size());
    if (given.size() >= least && list.substr(0, end).starts_with(given)) return true;
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  return false;
}

}  // namespace

void Seer::git_setting(std::string_view key, std::string_view value, std::size_t owner, const Via& via) {
  // git adds the arguments to it
  if (key.starts_with("alias.") && value.starts_with('!'))
    return text({.text = std::string(value.substr(1)), .is_literal = true}, via, owner);
  // an alias is a verb with options, and these may be settings
  const bool is_tame = key.starts_with("alias.") && !value.starts_with('-') && !value.contains('!');
  if (!is_tame && !is_plain_setting(key)) gap(owner, "settings that may run a command");
}

void Seer::git(const Words& argv, std::size_t owner, const Via& via) {
  for (const ShellWord& word : argv) {
    if (word.text.contains("ext::")) gap(owner, "an address that runs a command");
  }
  std::size_t at = 1;
  for (; at < argv.size(); ++at) {
    const std::string& word = argv[at].text;
    if (may_be_option(argv[at])) return gap(owner, "settings made at run time");
    if (!word.starts_with('-')) break;
    if (has_name("-C --git-dir --work-tree --namespace --super-prefix --attr-source --list-cmds", word)) {
      ++at;
      continue;
    }
    if (word.starts_with("--config-env") || word.starts_with("--exec-path="))
      return gap(owner, "settings that may run a command");
    if (word != "-c") continue;
    if (++at == argv.size()) return;
    if (!argv[at].is_literal) return gap(owner, "settings made at run time");
    const std::string_view setting = argv[at].text;
    const std::size_t equals = std::min(setting.find('='), setting.size());
    git_setting(setting.substr(0, equals), equals < setting.size() ? setting.substr(equals + 1) : "", owner, via);
  }
  if (at < argv.size()) git_verb(argv, at, owner, via);
}

void Seer::git_verb(const Words& argv, std::size_t at, std::size_t owner, const Via& via) {
  const std::string_view verb = argv[at].text;
  const auto word = [&](std::size_t i) {
    return i < argv.size() ? std::string_view(argv[i].text) : std::string_view();
  };
  if (verb == "config") {
    Words given;
    bool asks = false;
    for (std::size_t i = at + 1; i < argv.size(); ++i) {
      if (may_be_option(argv[i]) && given.empty()) return gap(owner, "settings made at run time");
      asks = asks || has_name("--get --get-all --get-regexp --list -l --unset --unset-all get list unset", word(i));
      if (word(i) == "-f" || word(i) == "--file" || word(i) == "--type" || word(i) == "--default")
        ++i;
      else if (!word(i).starts_with('-') && !(given.empty() && word(i) == "set"))
        given.push_back(argv[i]);
    }
    if (asks || given.size() < 2) return;
    if (!given[1].is_literal && !is_plain_setting(given[0].text)) return gap(owner, "settings made at run time");
    return git_setting(given[0].text, given[1].text, owner, via);
  }
  if (verb == "submodule") {
    std::size_t i = at + 1;
    while (i < argv.size() && (word(i).starts_with('-') || word(i) == "foreach")) ++i;
    const bool is_foreach =
        i > at + 1 && std::ranges::any_of(argv, [](const ShellWord& w) { return w.text == "foreach"; });
    if (is_foreach) joined(argv, i, owner, via);
    return;
  }
  if (verb == "bisect" && word(at + 1) == "run")
    return command({argv.begin() + static_cast<std::ptrdiff_t>(std::min(at + 2, argv.size())), argv.end()}, via);
  if (has_name("filter-branch difftool mergetool send-email instaweb web--browse svn p4 daemon shell credential", verb))
    return gap(owner, "a verb that starts programs");
  for (std::size_t i = at + 1; i < argv.size() && word(i) != "--"; ++i) {
    const std::string_view given = word(i);
    if (may_be_option(argv[i]) && has_name("rebase clone fetch pull push ls-remote archive grep init", verb) &&
        !argv[i].text.starts_with('"'))
      gap(owner, "an option made at run time");
    if (!given.starts_with('-')) continue;
    const std::size_t dashes = given.starts_with("--") ? 2 : 1;
    const std::string_view name = given.substr(dashes);
    if (verb == "rebase" && (given.starts_with("-x") || (dashes == 2 && means(name, "exec", 2)))) {
      const std::size_t equals = given.find('=');
      ShellWord value{
          .text = std::string(dashes == 2 ? given.substr(std::min(equals, given.size() - 1) + 1) : given.substr(2)),
          .is_literal = argv[i].is_literal};
      if (value.text.empty() && i + 1 < argv.size()) value = argv[++i];
      text(value, via, owner);
      continue;
    }
    const bool is_remote = has_name("clone fetch pull push ls-remote archive fetch-pack send-pack remote", verb);
    if (is_remote && dashes == 2 && means(name, "upload-pack receive-pack exec", 2))
      gap(owner, "a program on the other side");
    if (verb == "clone" && (name.starts_with('u') || name.starts_with('c') || name.starts_with("t")) &&
        !means(name, "checkout", 2))
      gap(owner, "settings that may run a command");
    if (verb == "init" && means(name, "template", 2)) gap(owner, "settings that may run a command");
    if (verb == "grep" && (name.starts_with('O') || (dashes == 2 && means(name, "open-files-in-pager", 2))))
      gap(owner, "a pager that is a program");
  }
}

}  // namespace bailiwick::shell
