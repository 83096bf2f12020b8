#include "session/policy_sources.h"

#include <unistd.h>

#include <algorithm>

#include "base/crypto.h"
#include "base/text.h"
#include "policy/document.h"
#include "session/cloud_serial.h"
#include "session/trusted_file.h"

namespace bailiwick {
namespace {

constexpr const char* kSystemDirectory = "/etc/bailiwick";
constexpr const char* kManagedDirectory = "/Library/Managed Preferences";
constexpr const char* kManagedName = "dev.bailiwick.plist";
constexpr const char* kManagedKey = "policy_toml_base64";
constexpr const char* kUsers = "/etc/passwd";
constexpr const char* kProjectName = ".bailiwick.toml";

std::string quoted(std::string_view path) { return "`" + printable(path) + "`"; }

// Names of the caller in the passwd file: never from the environment, and not by NSS, which a static program cannot
// load.
Result<std::vector<std::string>> names_of_caller() {
  TRY_ASSIGN(const auto users, load_trusted_file(kUsers, kMaxDocument));
  const std::string uid = std::to_string(::geteuid());
  std::vector<std::string> names;
  const std::string text = users.value_or("");
  for (const std::string_view line : split(text, '\n')) {
    const auto fields = split(line, ':');
    if (fields.size() < 3 || fields[2] != uid) continue;
    const std::string name(fields[0]);
    if (name.empty() || name.starts_with('.') || name.find('/') != std::string::npos) continue;
    if (std::ranges::find(names, name) == names.end()) names.push_back(name);
  }
  return names;
}

class Loader {
 public:
  Loader(const SourcePlaces& places, WallTime now) : places_(places), now_(now) {}

  Result<PolicySources> load() {
    TRY(load_system());
    TRY(load_managed());
    TRY(load_cloud());
    TRY(load_project());
    TRY(load_user());
    TRY(load_flags());
    return std::move(found_);
  }

 private:
  void add(LayerKind kind, std::string file, std::string text, std::optional<ForeignFormat> format = {}) {
    found_.sources.push_back(
        {.kind = kind, .file = std::move(file), .format = format, .text = std::move(text), .bundle = {}});
  }
  void warn(std::string text) { found_.warnings.push_back(std::move(text)); }

  Status load_system() {
    const std::string directory = kSystemDirectory;
    if (is_missing(directory)) return {};
    const std::string first = directory + "/policy.toml";
    TRY_ASSIGN(auto text, load_trusted_file(first, kMaxDocument));
    if (text) add(LayerKind::system, first, std::move(*text));
    TRY_ASSIGN(const auto names, list_trusted_directory(directory + "/policy.d"));
    if (!names) return {};
    for (const std::string& name : *names) {
      const std::string path = directory + "/policy.d/" + name;
      const auto format = find_foreign_format(path);
      if (name.starts_with('.') || (!format && !name.ends_with(".toml"))) {
        warn(quoted(path) + " is no policy by its name, and is not read: policies end with .toml");
        continue;
      }
      TRY_ASSIGN(auto one, load_trusted_file(path, kMaxDocument));
      if (one) add(LayerKind::system, path, std::move(*one), format);
    }
    return {};
  }

  Status load_managed() {
    const std::string directory = kManagedDirectory;
    if (is_missing(directory)) return {};
    TRY(load_property_list(directory + "/" + kManagedName));
    TRY_ASSIGN(const auto names, names_of_caller());
    for (const std::string& name : names) TRY(load_property_list(directory + "/" + name + "/" + kManagedName));
    if (!names.empty()) return {};
    // One of the directories may be the caller's.
    TRY_ASSIGN(const auto entries, list_trusted_directory(directory));
    for (const std::string& entry : entries.value_or(std::vector<std::string>{})) {
      if (entry.ends_with(".plist")) continue;
      return fail(ErrorKind::invalid, quoted(directory + "/" + entry) + " may be yours or not: uid " +
                                          std::to_string(::geteuid()) + " has no name in " + quoted(kUsers) +
                                          ": add it there");
    }
    return {};
  }

  Status load_property_list(const std::string& path) {
    TRY_ASSIGN(const auto bytes, load_trusted_file(path, kMaxDocument));
    if (!bytes) return {};
    TRY_ASSIGN(const Node root, parse_plist(*bytes, path));
    const Node* value = root.find(kManagedKey);
    if (value == nullptr || (value->kind != NodeKind::string && value->kind != NodeKind::data)) {
      return fail(ErrorKind::invalid, quoted(path) + " has no key `" + kManagedKey +
                                          "` with a policy in base64 (a string or data): add it, or remove the file");
    }
    // Lines and columns are those of the policy inside.
    const std::string file = path + " (" + kManagedKey + ")";
    if (value->kind == NodeKind::data) {
      add(LayerKind::mdm, file, value->text);
      return {};
    }
    auto text = from_base64(value->text);
    if (!text) return fail(ErrorKind::invalid, quoted(path) + ": `" + kManagedKey + "`: " + text.error().message());
    add(LayerKind::mdm, file, std::move(*text));
    return {};
  }

  Result<std::vector<PublicKey>> load_keys(const std::string& directory) {
    std::vector<PublicKey> keys;
    TRY_ASSIGN(const auto names, list_trusted_directory(directory));
    for (const std::string& name : names.value_or(std::vector<std::string>{})) {
      const std::string path = directory + "/" + name;
      if (name.starts_with('.') || !name.ends_with(".pub")) {
        warn(quoted(path) + " is no key by its name, and is not read: keys end with .pub");
        continue;
      }
      TRY_ASSIGN(const auto text, load_trusted_file(path, kMaxDocument));
      if (!text) continue;
      TRY_ASSIGN(const PublicKey key, parse_public_key(*text, path));
      keys.push_back(key);
    }
    return keys;
  }

  Status load_cloud() {
    if (is_missing(kCloudDirectory)) return {};
    const std::string path = std::string(kCloudDirectory) + "/bundle.json";
    TRY_ASSIGN(const auto bytes, load_trusted_file(path, kMaxDocument));
    if (!bytes) {
      TRY_ASSIGN(const std::int64_t last, load_last_serial(places_.state_directory));
      if (last > 0) {
        warn(quoted(path) + " is not there, though serial " + std::to_string(last) +
             " was: the company's policy does not hold");
      }
      return {};
    }
    const std::string key_directory = std::string(kSystemDirectory) + "/keys";
    TRY_ASSIGN(const std::vector<PublicKey> keys, load_keys(key_directory));
    if (keys.empty()) {
      return fail(ErrorKind::invalid, quoted(path) + " cannot be checked, because there is no key: put the company's " +
                                          "public key into " + quoted(key_directory + "/NAME.pub"));
    }
    TRY_ASSIGN(Bundle bundle, open_bundle(*bytes, path, keys, now_));
    TRY_ASSIGN(const std::int64_t last, load_last_serial(places_.state_directory));
    const std::int64_t serial = bundle.terms.serial;
    TRY(check_serial(serial, last, path));
    if (serial > last) TRY(save_last_serial(serial, places_.state_directory));
    add(LayerKind::cloud, path, {});
    found_.sources.back().bundle = std::move(bundle);
    return {};
  }

  Status load_project() {
    if (places_.workspace.empty()) return {};
    TRY_ASSIGN(auto text, load_untrusted_file(places_.workspace, kProjectName, kMaxDocument));
    if (text) add(LayerKind::project, places_.workspace + "/" + kProjectName, std::move(*text));
    return {};
  }

  // What the agent can write, it can loosen for the next time (law 1).
  Status add_own(LayerKind kind, const std::string& file, OwnFile own, std::optional<ForeignFormat> format) {
    if (!places_.workspace.empty() && is_within(own.path, places_.workspace)) {
      return fail(ErrorKind::invalid,
                  quoted(file) +
                      " lies in the workspace, where an agent can change it: move it to another place; what a "
                      "project may say stands in its .bailiwick.toml");
    }
    add(kind, file, std::move(own.text), format);
    return {};
  }

  Status load_user() {
    std::string directory = places_.config_home;
    if (!directory.starts_with('/') && !places_.home.starts_with('/')) return {};
    if (!directory.starts_with('/')) directory = places_.home + "/.config";
    const std::string path = directory + "/bailiwick/policy.toml";
    TRY_ASSIGN(auto own, load_own_file(path, kMaxDocument));
    if (own) TRY(add_own(LayerKind::user, path, std::move(*own), {}));
    return {};
  }

  Status load_flags() {
    for (const std::string& path : places_.flags) {
      TRY_ASSIGN(auto own, load_own_file(path, kMaxDocument));
      if (!own) return fail(ErrorKind::invalid, quoted(path) + " is not there: check the path after --policy");
      // with a slash, so that it is not taken for the layer of the command line's own settings
      TRY(add_own(LayerKind::flag, path.contains('/') ? path : "./" + path, std::move(*own),
                  find_foreign_format(path)));
    }
    return {};
  }

  const SourcePlaces& places_;
  WallTime now_;
  PolicySources found_;
};

}  // namespace

Result<PolicySources> load_policy_sources(const SourcePlaces& places, WallTime now) {
  return Loader(places, now).load();
}

}  // namespace bailiwick
