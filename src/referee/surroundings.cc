#include "referee/surroundings.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "policy/executable_config.h"
#include "policy/home.h"
#include "policy/secrets.h"

namespace bailiwick {
namespace {

constexpr auto kScratch = std::to_array<std::string_view>({"/tmp", "/var/tmp", "/dev/shm"});
constexpr auto kDevices =
    std::to_array<std::string_view>({"/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty",
                                     "/dev/stdin", "/dev/stdout", "/dev/stderr"});

// A path, or a flag's value that is one: `--file=/etc/x`, `-I/usr/include`, `@~/body`.
std::string_view path_in(std::string_view word) {
  if (word.starts_with('-')) {
    const std::size_t equals = word.find('=');
    if (equals != std::string_view::npos) return path_in(word.substr(equals + 1));
    const std::size_t slash = word.find('/');
    return slash == std::string_view::npos || slash != 2 ? std::string_view() : word.substr(2);
  }
  if (word.starts_with('@')) return word.substr(1);
  return word;
}

bool leaves(std::string_view path) {
  return path.starts_with('/') || path.starts_with('~') || path == ".." || path.starts_with("../") ||
         path.contains("/../") || path.ends_with("/..");
}

// Whether the name alone may say that it is a secret (.env, id_rsa, credentials.json): these have a dot or a word that
// the tables know, so that only such names need a look.
bool may_be_secret_name(std::string_view path) {
  return path.contains('.') || path.contains("id_") || path.contains("secret") || path.contains("credential");
}

}  // namespace

struct Surroundings::Tables {
  bool is_made = false;
  NameIndex fixed;     // secrets at fixed places: hold in the workspace, too
  NameIndex anywhere;  // and those of any readable tree but the workspace
  NameIndex config;
};

Surroundings::Surroundings(std::string workspace, std::string directory, std::string home)
    : workspace_(std::move(workspace)),
      directory_(std::move(directory)),
      home_(std::move(home)),
      tables_(std::make_shared<Tables>()) {}

Surroundings Surroundings::at(std::string directory) const {
  Surroundings out = *this;
  out.directory_ = std::move(directory);
  return out;
}

const Surroundings::Tables& Surroundings::tables() const {
  if (tables_->is_made) return *tables_;
  tables_->is_made = true;
  const SecretRoots roots{.home = home_.empty() ? "/nonexistent" : home_};
  if (auto patterns = secret_patterns(roots, SecretScope::fixed)) tables_->fixed = NameIndex(std::move(*patterns));
  if (auto patterns = secret_patterns(roots, SecretScope::all)) tables_->anywhere = NameIndex(std::move(*patterns));
  if (auto patterns = executable_config_patterns()) tables_->config = NameIndex(std::move(*patterns));
  return *tables_;
}

std::string Surroundings::normal(std::string_view path) const {
  std::string whole;
  if (path == "~" || path.starts_with("~/")) {
    whole = home_ + std::string(path.substr(1));
  } else if (path.starts_with('/')) {
    whole = std::string(path);
  } else {
    whole = directory_ + "/" + std::string(path);
  }
  std::vector<std::string_view> parts;
  for (const std::string_view part : split(whole, '/')) {
    if (part.empty() || part == ".") continue;
    if (part != "..") {
      parts.push_back(part);
    } else if (!parts.empty()) {
      parts.pop_back();
    }
  }
  std::string out;
  for (const std::string_view part : parts) out.append("/").append(part);
  return out.empty() ? "/" : out;
}

std::string_view Surroundings::secret(const std::string& path) const {
  const NameIndex& index = is_within(path, workspace_) ? tables().fixed : tables().anywhere;
  // a secret directory holds all that is below it
  for (std::size_t end = path.size(); end != 0 && end != std::string::npos; end = path.rfind('/', end - 1)) {
    const std::string_view prefix = std::string_view(path).substr(0, end);
    const std::string_view name = prefix.substr(prefix.rfind('/') + 1);
    for (const EntryKind kind : {EntryKind::file, EntryKind::directory}) {
      if (kind == EntryKind::file && end != path.size()) continue;
      if (const auto found = index.match(prefix, name, kind); !found.empty())
        return secrets()[found.front().tag].reason;
    }
  }
  return {};
}

std::string_view Surroundings::executable_config(const std::string& path) const {
  if (!is_within(path, workspace_) || path.size() <= workspace_.size() + 1) return {};
  const std::string_view relative = std::string_view(path).substr(workspace_.size() + 1);
  for (std::size_t end = relative.size(); end != 0 && end != std::string_view::npos;
       end = relative.rfind('/', end - 1)) {
    const std::string_view prefix = relative.substr(0, end);
    const std::string_view name = prefix.substr(prefix.rfind('/') + 1);
    for (const EntryKind kind : {EntryKind::file, EntryKind::directory}) {
      if (kind == EntryKind::file && end != relative.size()) continue;
      if (const auto found = tables().config.match(prefix, name, kind); !found.empty())
        return bailiwick::executable_config()[found.front().tag].reason;
    }
  }
  return {};
}

bool Surroundings::is_scratch(std::string_view path) const {
  return std::ranges::any_of(kScratch, [&](std::string_view base) { return is_within(path, base); }) ||
         std::ranges::find(kDevices, path) != kDevices.end();
}

Reach Surroundings::reach_of(const ToolWord& word, std::uint16_t effects) const {
  std::string_view text = word.text;
  std::string at_home;
  if (!word.is_literal) {
    // What the shell makes of the home is known well enough to judge a risk by.
    for (const std::string_view home : {"~/", "$HOME/", "${HOME}/", "\"$HOME\"/", "\"${HOME}\"/"}) {
      if (!text.starts_with(home)) continue;
      at_home = "~/" + std::string(text.substr(home.size()));
      break;
    }
    if (text == "~" || text == "$HOME") at_home = "~";
    if (at_home.empty()) return {};
    text = at_home;
  }
  text = path_in(text);
  if (text.empty() || text.contains("://")) return {};
  const bool outside_by_words = leaves(text);
  if (!outside_by_words && !may_be_secret_name(text)) return {};
  const std::string path = normal(text);
  if (!secret(path).empty()) return {Risk::high, "names a secret"};
  if (!outside_by_words || is_within(path, workspace_) || is_scratch(path)) return {};
  if ((effects & tool_destroys) != 0) return {Risk::high, "destroys outside the workspace"};
  if ((effects & tool_writes) != 0) return {Risk::high, "writes outside the workspace"};
  const bool is_system =
      std::ranges::any_of(system_entries(), [&](const SystemEntry& entry) { return is_within(path, entry.path); });
  if (effects == 0 && !is_system) return {Risk::medium, "names a place outside the workspace"};
  return {};
}

}  // namespace bailiwick
