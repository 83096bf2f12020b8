// Variables that name a program, or change which one a name means.
#include <algorithm>
#include <array>

#include "shell/seer.h"

namespace bailiwick::shell {
namespace {

// The value is a command, for whoever reads the variable.
constexpr std::string_view kCommands =
    "PAGER MANPAGER GIT_PAGER SYSTEMD_PAGER EDITOR VISUAL FCEDIT GIT_EDITOR GIT_SEQUENCE_EDITOR SUDO_EDITOR "
    "KUBE_EDITOR GIT_SSH GIT_SSH_COMMAND GIT_ASKPASS SSH_ASKPASS SUDO_ASKPASS GIT_EXTERNAL_DIFF GIT_PROXY_COMMAND "
    "BROWSER SHELL MAKE_SHELL CONFIG_SHELL CC CXX CPP LD AR AS NM RUSTC RUSTC_WRAPPER RUSTC_WORKSPACE_WRAPPER "
    "CARGO_BUILD_RUSTC_WRAPPER RSYNC_RSH CVS_RSH SVN_SSH TAR_RSH PROMPT_COMMAND LESSOPEN LESSCLOSE LESSEDIT "
    "npm_config_script_shell npm_config_shell npm_config_editor DIFFPROG MERGE TERMCMD VAGRANT_PREFERRED_PROVIDERS";

// What runs then cannot be told.
constexpr std::string_view kOpens =
    "PATH ENV BASH_ENV ZDOTDIR SHELLOPTS BASHOPTS PS0 PS4 GIT_EXEC_PATH GIT_CONFIG GIT_CONFIG_GLOBAL "
    "GIT_CONFIG_SYSTEM GIT_CONFIG_PARAMETERS GIT_CONFIG_COUNT GIT_TEMPLATE_DIR PERL5OPT PERL5DB PERL5LIB PERLLIB "
    "RUBYOPT RUBYLIB PYTHONSTARTUP PYTHONHOME PYTHONINSPECT PYTHONBREAKPOINT PYTHONWARNINGS MAKEFILES GNUMAKEFLAGS "
    "GCONV_PATH GIO_EXTRA_MODULES OPENSSL_CONF OPENSSL_ENGINES OPENSSL_MODULES TAR_OPTIONS "
    "BASH_ALIASES BASH_CMDS BASH_LOADABLES_PATH EXECIGNORE SUDO_PROMPT_COMMAND AWKPATH AWKLIBPATH GAWK_PERSIST_FILE "
    "VIMINIT EXINIT GVIMINIT "
    "LUA_INIT JAVA_HOME GOROOT RSYNC_CONNECT_PROG FZF_DEFAULT_COMMAND npm_config_node_options ANT_HOME MAVEN_HOME";

// Only values with one of these words.
struct Option {
  std::string_view name;
  std::string_view words;
};
constexpr auto kOptions = std::to_array<Option>({
    {.name = "NODE_OPTIONS", .words = "require import loader -r"},
    {.name = "JAVA_TOOL_OPTIONS", .words = "agent On"},
    {.name = "_JAVA_OPTIONS", .words = "agent On"},
    {.name = "JDK_JAVA_OPTIONS", .words = "agent On"},
    {.name = "MAVEN_OPTS", .words = "agent On"},
    {.name = "GRADLE_OPTS", .words = "agent On"},
    {.name = "GOFLAGS", .words = "exec tool"},
    {.name = "RUSTFLAGS", .words = "linker"},
    {.name = "CFLAGS", .words = "wrapper plugin specs -B"},
    {.name = "MAKEFLAGS", .words = "= eval E f"},
    {.name = "MFLAGS", .words = "= eval E f"},
    {.name = "LESS", .words = "!"},
});

bool has_word(std::string_view list, std::string_view value) {
  while (!list.empty()) {
    const std::size_t end = std::min(list.find(' '), list.size());
    if (value.contains(list.substr(0, end))) return true;
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  return false;
}

}  // namespace

void Seer::variable(std::string_view name, const ShellWord& value, std::size_t owner, const Via& via) {
  if (name.starts_with("LD_") || name.starts_with("DYLD_") || name.starts_with("GIT_CONFIG_") ||
      name.starts_with("BASH_FUNC_") || has_name(kOpens, name))
    return gap(owner, "a variable that changes what runs");
  if (has_name(kCommands, name)) {
    if (!value.is_literal) return gap(owner, "a variable that names a program");
    if (value.text.empty()) return;
    Via inner = via;
    inner.emplace_back(name);
    if (has_name("GIT_SSH GIT_SSH_COMMAND RSYNC_RSH CVS_RSH SVN_SSH", name))
      return text({.text = value.text + " host true", .is_literal = true}, inner, owner);
    return text(value, inner, owner);
  }
  for (const Option& each : kOptions) {
    if (each.name == name && (!value.is_literal || has_word(each.words, value.text)))
      return gap(owner, "a variable that changes what runs");
  }
}

void Seer::variable(const ShellWord& assignment, std::size_t owner, const Via& via) {
  std::string_view source = assignment.text;
  while (source.starts_with('"') || source.starts_with('\'')) source.remove_prefix(1);
  const std::size_t equals = std::min(source.find('='), source.size());
  std::string_view name = source.substr(0, equals);
  if (name.ends_with('+')) name.remove_suffix(1);
  const std::string_view value = equals < source.size() ? source.substr(equals + 1) : std::string_view();
  variable(name, {.text = std::string(value), .is_literal = assignment.is_literal}, owner, via);
}

void Seer::variables(const SimpleCommand& given, std::size_t owner, const Via& via) {
  for (const ShellAssignment& made : given.assignments) {
    const std::string_view name = std::string_view(made.name).substr(0, made.name.find('['));
    variable(name, made.value, owner, via);
  }
  if (given.words.empty() || !has_name("export declare typeset readonly local", given.words[0].text)) return;
  for (std::size_t i = 1; i < given.words.size(); ++i) variable(given.words[i], owner, via);
}

}  // namespace bailiwick::shell
