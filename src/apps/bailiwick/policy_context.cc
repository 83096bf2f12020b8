#include "policy_context.h"

#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <stdlib.h>
#include <unistd.h>

#include <chrono>

#include <fmt/format.h>

#include "base/text.h"
#include "kernel/fd.h"
#include "policy/import.h"
#include "referee/build.h"
#include "sandbox/workspace.h"

namespace bailiwick {
namespace {

std::string variable(const std::vector<std::string>& environment, std::string_view name) {
  for (const std::string& entry : environment)
    if (entry.size() > name.size() && entry.starts_with(name) && entry[name.size()] == '=')
      return entry.substr(name.size() + 1);
  return {};
}

std::string resolved(const std::string& path) {
  char out[PATH_MAX];
  return ::realpath(path.c_str(), out) == nullptr ? path : std::string(out);
}

std::string absolute_or(const std::string& value, const std::string& otherwise) {
  return value.starts_with('/') ? value : otherwise;
}

}  // namespace

Result<PolicyContext> find_context(const std::vector<std::string>& environment, const std::string& directory) {
  PolicyContext out;
  std::string home = variable(environment, "HOME");
  if (!home.starts_with('/')) {
    const ::passwd* user = ::getpwuid(::geteuid());
    home = user == nullptr ? "" : user->pw_dir;
  }
  out.places.home = resolved(home);
  out.places.config_home = variable(environment, "XDG_CONFIG_HOME");
  out.places.state_directory =
      resolved(absolute_or(variable(environment, "XDG_STATE_HOME"), out.places.home + "/.local/state")) + "/bailiwick";
  out.search = variable(environment, "PATH");
  char path[PATH_MAX];
  if (::realpath(directory.empty() ? "." : directory.c_str(), path) == nullptr)
    return fail(ErrorKind::invalid,
                fmt::format("the directory `{}` is not there or cannot be entered: check the path after -C or --cwd",
                            printable(directory)));
  out.directory = path;
  // A directory that could be no workspace still has a policy: then it stands for itself.
  const auto found = find_workspace({.directory = out.directory,
                                     .home = out.places.home,
                                     .state_directory = out.places.state_directory,
                                     .uid = ::geteuid(),
                                     .mode = Mode::read_only});
  out.workspace = found ? found->root : out.directory;
  out.places.workspace = found ? found->root : std::string();
  return out;
}

Result<std::string> load_text(const std::string& file) {
  if (file == "-") return read_all(STDIN_FILENO, kMaxDocument);
  auto text = load_file(file, kMaxDocument);
  if (!text) {
    Error error = std::move(text).error();
    error.kind = ErrorKind::invalid;
    return std::unexpected(std::move(error));
  }
  return text;
}

Result<std::pair<LayerKind, std::string>> parse_kind(const std::string& text) {
  for (const LayerKind kind :
       {LayerKind::system, LayerKind::mdm, LayerKind::cloud, LayerKind::project, LayerKind::user, LayerKind::flag}) {
    const std::string prefix = std::string(name_of(kind)) + "=";
    if (text.starts_with(prefix)) return std::pair{kind, text.substr(prefix.size())};
  }
  return std::pair{LayerKind::system, text};
}

Result<Layer> load_layer(const std::string& file, LayerKind kind) {
  TRY_ASSIGN(std::string text, load_text(file));
  return layer_from({.kind = kind,
                     .file = file,
                     .format = find_foreign_format(file),
                     .text = std::move(text),
                     .bundle = std::nullopt});
}

Result<LoadedPolicy> policy_for(const PolicyContext& context, const std::vector<std::string>& files) {
  if (files.empty()) {
    const auto now = std::chrono::time_point_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now());
    return load_policy(context.places, now);
  }
  std::vector<Layer> layers;
  for (const std::string& text : files) {
    TRY_ASSIGN(const auto named, parse_kind(text));
    TRY_ASSIGN(Layer layer, load_layer(named.second, named.first));
    layers.push_back(std::move(layer));
  }
  TRY_ASSIGN(auto policy, build_policy(std::move(layers), context.places.home));
  LoadedPolicy out{.policy = std::move(policy), .warnings = {}};
  out.warnings = out.policy->warnings();
  return out;
}

Node json_text(std::string_view text) {
  Node out{.kind = NodeKind::string};
  out.text = is_valid_utf8(text) ? std::string(text) : printable(text);
  return out;
}
Node json_bool(bool value) { return Node{.kind = NodeKind::boolean, .boolean = value}; }
Node json_number(std::int64_t value) { return Node{.kind = NodeKind::integer, .integer = value}; }
Node json_list(const std::vector<std::string>& texts) {
  Node out{.kind = NodeKind::array};
  for (const std::string& text : texts) out.items.push_back(json_text(text));
  return out;
}
void put(Node& table, std::string_view key, Node value) {
  table.members.push_back({std::string(key), {}, std::move(value)});
}

Status print_json(const Node& node) {
  TRY_ASSIGN(std::string text, canonical_json(node));
  text += '\n';
  return write_all(STDOUT_FILENO, text);
}
Status print_text(std::string_view text) { return write_all(STDOUT_FILENO, text); }

Status write_new_file(const std::string& file, std::string_view text, unsigned mode) {
  if (file == "-") return print_text(text);
  auto opened = open_file(file, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode);
  if (!opened) {
    if (opened.error().os_errno == EEXIST)
      return fail(ErrorKind::invalid,
                  fmt::format("`{}` is there already: move it away, or name another with -o", printable(file)));
    Error error = std::move(opened).error();
    error.kind = ErrorKind::invalid;
    return std::unexpected(std::move(error));
  }
  return write_all(opened->get(), text);
}

}  // namespace bailiwick
