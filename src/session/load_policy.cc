#include "session/load_policy.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "kernel/links.h"
#include "policy/import.h"
#include "referee/build.h"
#include "session/session_policy.h"

namespace bailiwick {

Result<Layer> layer_from(const PolicySource& source) {
  if (source.bundle) return read_layer(source.bundle->policy, source.kind, source.file);
  if (!source.format) {
    TRY_ASSIGN(const Node root, parse_toml(source.text, source.file));
    return read_layer(root, source.kind, source.file);
  }
  TRY_ASSIGN(Imported imported, import_policy(*source.format, source.text, source.file));
  TRY_ASSIGN(Layer layer, read_layer(imported.policy, source.kind, source.file));
  for (const ImportRow& row : imported.report) {
    if (row.outcome == ImportOutcome::carried) continue;
    layer.warnings.push_back(
        fmt::format("{}: {}: {}: {}", format_place(source.file, row.place), row.key, name_of(row.outcome), row.note));
  }
  return layer;
}

Result<LoadedPolicy> load_policy(const SourcePlaces& places, WallTime now, std::vector<Layer> extra) {
  TRY_ASSIGN(PolicySources found, load_policy_sources(places, now));
  std::vector<Layer> layers;
  for (const PolicySource& source : found.sources) {
    TRY_ASSIGN(Layer layer, layer_from(source));
    layers.push_back(std::move(layer));
  }
  for (Layer& layer : extra) layers.push_back(std::move(layer));
  resolve_paths(layers, places.home);
  TRY_ASSIGN(auto policy, build_policy(std::move(layers), places.home));
  LoadedPolicy out{.policy = std::move(policy), .warnings = std::move(found.warnings)};
  for (const std::string& warning : out.policy->warnings()) out.warnings.push_back(warning);
  return out;
}

std::vector<std::string> writable_places(const Policy& policy, const std::string& workspace,
                                         const std::string& directory) {
  std::vector<std::string> out{workspace, directory, "/tmp", "/var/tmp", "/dev/shm"};
  if (const EffectiveSetting* write = policy.find("sandbox.write"))
    for (const std::string& path : std::get<std::vector<std::string>>(write->value)) out.push_back(path);
  return out;
}

ProgramFinder::ProgramFinder(std::shared_ptr<const Policy> policy, std::string search,
                             std::vector<std::string> writable)
    : policy_(std::move(policy)), search_(std::move(search)), writable_(std::move(writable)) {}

LookUp ProgramFinder::look_up() {
  return [this](const std::vector<ShellWord>& argv, const std::string& directory) {
    return find(argv.front().text, directory);
  };
}

Program ProgramFinder::find(const std::string& name, const std::string& directory) {
  Program out;
  const auto program = resolve_program(name, search_, directory);
  if (!program) return out;
  out.found = program->found;
  out.path = program->path;
  const auto is_writable = [&](const std::string& path) {
    return std::ranges::any_of(writable_, [&](const std::string& base) { return is_within(path, base); });
  };
  // SECURITY: a link in the workspace that is called like an allowed program would allow whatever it leads to.
  // policy_test.py test_a_link_that_is_called_like_an_allowed_program
  const WalkedPath way = walk_links(program->found);
  out.is_trusted = way.is_there && way.path == program->path && !is_writable(way.path) &&
                   std::ranges::none_of(way.links, is_writable);
  if (!known_) known_ = KnownPrograms::find(policy_->commands().guarded_programs(), search_);
  out.names = known_->names_of(*program, digests_);
  if (!policy_->commands().by_content().empty()) {
    if (const auto digest = digests_.digest_of(program->path, program->file)) out.sha256 = hex(*digest);
  }
  return out;
}

}  // namespace bailiwick
