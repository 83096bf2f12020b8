#include "shell/launchers.h"

#include <algorithm>
#include <cctype>
#include <utility>

#include "shell/seer.h"

namespace bailiwick {
namespace shell {

bool is_assignment(const ShellWord& word) {
  const std::size_t equals = word.text.find('=');
  return equals != std::string::npos && equals > 0 &&
         std::ranges::all_of(std::string_view(word.text).substr(0, equals),
                             [](unsigned char c) { return std::isalnum(c) != 0 || c == '_'; });
}

bool may_be_option(const ShellWord& word) {
  if (word.is_literal) return false;
  std::string_view source = word.text;
  // -u"$x" is one option, -u$x may be many words
  if (source.starts_with('-')) {
    const std::size_t at = source.find_first_of("$`");
    if (at == std::string_view::npos) return false;
    const std::string_view before = source.substr(0, at);
    return std::ranges::count(before, '"') % 2 == 0;
  }
  while (source.starts_with('"')) source.remove_prefix(1);
  return source.empty() || std::string_view("$`*?[{").contains(source[0]);
}

void Seer::gap(std::size_t owner, std::string_view why) {
  if (owner >= out.size() || !out[owner].is_complete) return;
  out[owner].is_complete = false;
  out[owner].gap = why;
}

void Seer::text(const ShellWord& given, const Via& via, std::size_t owner) {
  if (!given.is_literal) return gap(owner, "a text made at run time");
  if (via.size() > kMaxVia) return gap(owner, "nested too deeply");
  const ShellReading inner = read_shell(given.text);
  if (inner.is_opaque) return gap(owner, "a text that is not understood");
  reading(inner, via, owner);
}

void Seer::reading(const ShellReading& given, const Via& via, std::size_t owner) {
  for (const SimpleCommand& each : given.commands) {
    const std::size_t before = out.size();
    if (before >= kMaxEffective) {
      gap(owner, "too many commands");
      return;
    }
    if (each.words.empty()) {
      if (each.assignments.empty()) continue;
      // a command without words stands for what the assignment does, if that cannot be told
      out.push_back({.argv = {}, .via = via, .is_complete = true, .gap = {}});
      variables(each, before, via);
      if (out[before].is_complete) out.erase(out.begin() + static_cast<std::ptrdiff_t>(before));
    } else {
      command(each.words, via);
      variables(each, before, via);
      input_of(each, before);
    }
    note_writes(each);
  }
}

// A shell that reads a here-document runs it.
void Seer::input_of(const SimpleCommand& given, std::size_t before) {
  // the innermost: in `sudo bash <<EOF` it is bash
  std::size_t reader = before;
  while (reader < out.size() && out[reader].gap != "standard input") ++reader;
  if (reader >= out.size() || out[reader].argv.empty()) return;
  const ShellRedirect* input = nullptr;
  for (const ShellRedirect& made : given.redirects) {
    const bool is_input = made.kind == RedirectKind::read || made.kind == RedirectKind::here_document ||
                          made.kind == RedirectKind::here_string ||
                          (made.kind == RedirectKind::duplicate && made.descriptor <= 0);
    if (is_input && made.descriptor <= 0) input = &made;
  }
  if (input == nullptr || (input->kind != RedirectKind::here_document && input->kind != RedirectKind::here_string) ||
      !input->target.is_literal)
    return;
  const std::string name(base_name(out[reader].argv[0].text));
  const Launcher* row = find_launcher(name);
  if (row == nullptr || row->kind != LauncherKind::shell) return;
  out[reader].is_complete = true;
  out[reader].gap.clear();
  Via inner = out[reader].via;
  inner.push_back(name);
  text(input->target, inner, reader);
}

// Programs that a text makes and then starts are not what their name says.
void Seer::note_writes(const SimpleCommand& given) {
  const auto note = [&](const ShellWord& word) {
    if (word.is_literal && written_.size() < 100 && !word.text.starts_with('-') && !word.text.starts_with("/dev/"))
      written_.emplace_back(base_name(word.text));
  };
  for (const ShellRedirect& made : given.redirects) {
    if (made.kind == RedirectKind::write || made.kind == RedirectKind::append) note(made.target);
  }
  if (given.words.empty() || !has_name("ln cp mv install tee dd rsync scp curl wget", base_name(given.words[0].text)))
    return;
  const bool is_dd = base_name(given.words[0].text) == "dd";
  for (ShellWord word : given.words) {
    // of=FILE
    if (is_dd) word.text.erase(0, word.text.find('=') + 1);
    note(word);
  }
}

bool Seer::is_written(std::string_view path) const {
  return !written_.empty() && std::ranges::find(written_, base_name(path)) != written_.end();
}

void Seer::command(const Words& argv, Via via) {
  if (argv.empty() || out.size() >= kMaxEffective) return;
  const std::size_t owner = out.size();
  out.push_back({.argv = argv, .via = via, .is_complete = true, .gap = {}});
  if (!argv[0].is_literal) return gap(owner, "a program chosen at run time");
  if (argv[0].text.contains('/') && is_written(argv[0].text)) gap(owner, "a program that this text writes");
  const std::string_view name = base_name(argv[0].text);
  const Launcher* row = find_launcher(name);
  if (row == nullptr) return;
  if (via.size() >= kMaxVia) return gap(owner, "nested too deeply");
  via.emplace_back(name);
  for (; row != nullptr; row = other_way(row, name)) start(*row, argv, owner, via);
}

void Seer::start(const Launcher& row, const Words& argv, std::size_t owner, const Via& via) {
  switch (row.kind) {
    case LauncherKind::shell: return shell(argv, owner, via);
    case LauncherKind::evaluates: return joined(argv, 1, owner, via);
    case LauncherKind::find: return find(argv, owner, via);
    case LauncherKind::git: return git(argv, owner, via);
    case LauncherKind::interpreter: return interpreter(row, argv, owner);
    case LauncherKind::awk: return awk(argv, owner);
    case LauncherKind::sed: return sed(argv, owner);
    case LauncherKind::make: return make(argv, owner, via);
    case LauncherKind::watched: return watched(row, argv, owner, via);
    case LauncherKind::content: return content(row, argv, owner, via);
    case LauncherKind::opener: return opener(row, argv, owner, via);
    case LauncherKind::sourcing: return gap(owner, "a script file");
    case LauncherKind::trap: {
      const std::size_t at = argv.size() > 1 && argv[1].text == "--" ? 2 : 1;
      if (argv.size() > at + 1 && argv[at].text != "-") text(argv[at], via, owner);
      return;
    }
    default: return prefix(row, argv, owner, via);
  }
}

}  // namespace shell

bool is_launcher(std::string_view base_name) { return shell::find_launcher(base_name) != nullptr; }

std::vector<EffectiveCommand> effective_commands(const std::vector<ShellWord>& argv) {
  shell::Seer seer;
  seer.command(argv, {});
  return std::move(seer.out);
}

std::vector<EffectiveCommand> effective_commands(const ShellReading& reading) {
  shell::Seer seer;
  if (reading.is_opaque) {
    seer.out.push_back({.argv = {}, .via = {}, .is_complete = false, .gap = reading.reason});
  } else {
    seer.reading(reading, {}, shell::Seer::kNobody);
  }
  return std::move(seer.out);
}

}  // namespace bailiwick
