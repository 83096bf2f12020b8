// The policy of a session: all layers combined by the algebra of DESIGN's law 2 into one immutable value with a digest.
// Every setting remembers which layer, file and line it comes from. Pure; any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/crypto.h"
#include "base/result.h"
#include "policy/command_index.h"
#include "policy/host_pattern.h"
#include "policy/layer.h"

namespace bailiwick {

inline constexpr std::size_t kMaxLayers = 64;

struct Origin {
  std::uint16_t layer = 0;  // in Policy::layers()
  Place place;
  bool operator==(const Origin&) const = default;
};

struct EffectiveSetting {
  const SchemaKey* key = nullptr;
  SettingValue value;
  std::vector<Origin> origins;  // whose values it is made of; the deciding one first
  bool operator==(const EffectiveSetting&) const = default;
};

struct HostEntry {
  HostPattern pattern;
  std::vector<Block> addresses;
  std::uint16_t layer = 0;
  std::uint32_t rule = 0;  // in that layer's hosts
};

// What one layer says where none of its rules matches, and how much its word weighs.
struct SectionStance {
  std::optional<Decision> fallback;           // its `default`
  std::optional<Risk> ask_from;               // commands only
  std::optional<Decision> private_addresses;  // network only
  bool observes = false;
  Origin origin;  // of the default
  Origin ask_from_origin;
};
struct Section {
  std::vector<SectionStance> stances;  // one a layer
  bool is_closed = false;
  Decision last_word = Decision::allow;  // where nobody speaks: from [defaults]
  Risk last_ask_from = Risk::critical;
  Origin last_word_origin;
  Origin last_ask_from_origin;
};

class Policy {
 public:
  // Admin layers first (cloud, mdm, system), then user, flag, project, built-in.
  [[nodiscard]] const std::vector<Layer>& layers() const { return layers_; }
  // What holds for a key whose values combine to one; null: nobody says anything, and nothing is fixed. Keys that are
  // judged layer by layer are not here.
  [[nodiscard]] const EffectiveSetting* find(std::string_view path) const;
  [[nodiscard]] const std::vector<EffectiveSetting>& settings() const { return settings_; }
  // What admin layers bound, for lists of paths and words; null: no bound.
  [[nodiscard]] const EffectiveSetting* bound(std::string_view path) const;

  [[nodiscard]] const CommandIndex& commands() const { return commands_; }
  [[nodiscard]] const std::vector<HostEntry>& hosts() const { return hosts_; }
  [[nodiscard]] const Section& command_section() const { return command_section_; }
  [[nodiscard]] const Section& network_section() const { return network_section_; }
  [[nodiscard]] const Section& mcp_section() const { return mcp_section_; }
  // SHA-256 over the canonical JSON of all layers: files and lines are no part of it.
  [[nodiscard]] const std::string& digest() const { return digest_; }
  [[nodiscard]] const std::vector<std::string>& warnings() const { return warnings_; }
  // "system /etc/bailiwick/policy.toml:12"
  [[nodiscard]] std::string describe(const Origin& origin) const;
  [[nodiscard]] std::string source(const Origin& origin) const;  // "/etc/bailiwick/policy.toml:12"

  Policy(const Policy&) = delete;
  Policy& operator=(const Policy&) = delete;

 private:
  friend class Combiner;
  Policy() = default;

  std::vector<Layer> layers_;
  std::vector<EffectiveSetting> settings_;
  std::vector<EffectiveSetting> bounds_;
  CommandIndex commands_;
  std::vector<HostEntry> hosts_;
  Section command_section_, network_section_, mcp_section_;
  std::string digest_;
  std::vector<std::string> warnings_;
};

// Adds the built-in layer. Refuses, with `invalid`: bounds that leave nothing (naming both layers), a user's path or
// choice outside a bound, more than kMaxLayers layers. Does not try the rules' examples: referee/build.h does. `~` in
// paths becomes `home`, where that is not empty.
[[nodiscard]] Result<std::shared_ptr<const Policy>> combine(std::vector<Layer> layers, std::string_view home);

// What lies in both: the deeper one of each pair of which one holds the other.
[[nodiscard]] std::vector<std::string> meet_paths(const std::vector<std::string>& a, const std::vector<std::string>& b);

[[nodiscard]] std::string format_value(const SchemaKey& key, const SettingValue& value);

}  // namespace bailiwick
