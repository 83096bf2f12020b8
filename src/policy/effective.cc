#include "policy/effective.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/text.h"
#include "policy/layer_values.h"

namespace bailiwick {
namespace {

using Words = std::vector<std::string>;

// Admin layers first, the most central before.
int rank(LayerKind kind) {
  switch (kind) {
    case LayerKind::cloud: return 0;
    case LayerKind::mdm: return 1;
    case LayerKind::system: return 2;
    case LayerKind::user: return 3;
    case LayerKind::flag: return 4;
    case LayerKind::project: return 5;
    case LayerKind::builtin: return 6;
  }
  return 7;
}

std::size_t index_in(const SchemaKey& key, const std::string& choice) {
  const auto known = split(key.values, ' ');
  return static_cast<std::size_t>(std::ranges::find(known, choice) - known.begin());
}

bool is_less(const SchemaKey& key, const SettingValue& a, const SettingValue& b) {
  if (const auto* text = std::get_if<std::string>(&a))
    return index_in(key, *text) < index_in(key, std::get<std::string>(b));
  return a < b;
}

Words meet_words(const Words& a, const Words& b) {
  Words out;
  for (const std::string& word : a)
    if (std::ranges::find(b, word) != b.end()) out.push_back(word);
  return out;
}

Words meet_lists(const SchemaKey& key, const Words& a, const Words& b) {
  return key.type == ValueType::paths ? meet_paths(a, b) : meet_words(a, b);
}

bool is_allowed(const SchemaKey& key, const std::string& entry, const Words& bound) {
  return std::ranges::any_of(bound, [&](const std::string& base) {
    return key.type == ValueType::paths ? is_within(entry, base) : entry == base;
  });
}

void join_into(Words& out, const Words& more) {
  for (const std::string& word : more)
    if (std::ranges::find(out, word) == out.end()) out.push_back(word);
}

std::string expand(const std::string& path, std::string_view home) {
  if (home.empty() || !path.starts_with('~')) return path;
  return std::string(home) + path.substr(1);
}

}  // namespace

std::vector<std::string> meet_paths(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  Words out;
  for (const std::string& x : a) {
    for (const std::string& y : b) {
      if (is_within(x, y)) {
        join_into(out, {x});
      } else if (is_within(y, x)) {
        join_into(out, {y});
      }
    }
  }
  return out;
}

class Combiner {
 public:
  // Keeps the order of files of one kind.
  static void order(std::vector<Layer>& layers) {
    std::vector<Layer> sorted;
    sorted.reserve(layers.size());
    for (int wanted = 0; wanted <= rank(LayerKind::builtin); ++wanted)
      for (Layer& layer : layers)
        if (rank(layer.kind) == wanted) sorted.push_back(std::move(layer));
    layers = std::move(sorted);
  }

  Combiner(std::vector<Layer> layers, std::string_view home) : policy_(new Policy), home_(home) {
    policy_->layers_ = std::move(layers);
  }

  Result<std::shared_ptr<const Policy>> run() {
    auto& layers = policy_->layers_;
    layers.push_back(builtin_layer());
    if (layers.size() > kMaxLayers)
      return fail(ErrorKind::invalid,
                  fmt::format("there are {} policy files: at most {} are read", layers.size() - 1, kMaxLayers - 1));
    order(layers);
    TRY(set_digest());
    for (Layer& layer : layers) {
      for (std::string& warning : layer.warnings) policy_->warnings_.push_back(warning);
      if (home_.empty()) continue;
      for (Setting& setting : layer.settings) {
        if (setting.key->type != ValueType::paths) continue;
        for (std::string& path : std::get<Words>(setting.value)) path = expand(path, home_);
      }
    }
    for (const SchemaKey& key : schema()) TRY(combine_key(key));
    TRY(keep_choices_in_bounds());
    fill_sections();
    TRY(fill_rules());
    return std::move(policy_);
  }

 private:
  struct Contribution {
    std::uint16_t layer;
    const Setting* setting;
    [[nodiscard]] Origin origin() const { return {layer, setting->place}; }
  };

  [[nodiscard]] LayerKind kind(const Contribution& c) const { return policy_->layers_[c.layer].kind; }

  [[nodiscard]] std::vector<Contribution> contributions(std::string_view path) const {
    std::vector<Contribution> out;
    for (std::size_t i = 0; i < policy_->layers_.size(); ++i)
      if (const Setting* setting = policy_->layers_[i].find(path))
        out.push_back({static_cast<std::uint16_t>(i), setting});
    return out;
  }

  Status combine_key(const SchemaKey& key) {
    if (key.combines == Combines::verdict || key.combines == Combines::own) return {};
    const std::vector<Contribution> all = contributions(key.path);
    if (all.empty()) return {};
    switch (key.combines) {
      case Combines::meet: {
        // What lists are of: places and variables that are let in, or what may be chosen.
        const bool lets_in = key.type == ValueType::paths || key.path == "sandbox.environment";
        return lets_in ? meet_bounded(key, all) : meet_choices(key, all);
      }
      case Combines::join: join(key, all); return {};
      case Combines::min:
      case Combines::max: extreme(key, all); return {};
      case Combines::choice: choose(key, all); return {};
      case Combines::verdict:
      case Combines::own: return {};
    }
    return {};
  }

  [[nodiscard]] std::unexpected<Error> contradiction(const SchemaKey& key, const Contribution& a,
                                                     const Contribution& b) const {
    return fail(ErrorKind::invalid,
                fmt::format("{}: `{}` = {} leaves nothing of {} in {}: one of the two files must change",
                            policy_->describe(a.origin()), key.path, format_value(key, a.setting->value),
                            format_value(key, b.setting->value), policy_->describe(b.origin())));
  }

  // What all of them allow, in the table's order.
  Status meet_choices(const SchemaKey& key, const std::vector<Contribution>& all) {
    EffectiveSetting out{.key = &key, .value = all.front().setting->value, .origins = {all.front().origin()}};
    for (std::size_t i = 1; i < all.size(); ++i) {
      const Words met = meet_words(std::get<Words>(out.value), std::get<Words>(all[i].setting->value));
      if (met.empty()) return contradiction(key, all[i], conflicting(key, all, i));
      if (met.size() < std::get<Words>(out.value).size()) {
        out.origins.insert(out.origins.begin(), all[i].origin());
      } else {
        out.origins.push_back(all[i].origin());
      }
      out.value = met;
    }
    policy_->settings_.push_back(std::move(out));
    return {};
  }

  // The one before `i` that shares nothing with it; else the one just before.
  [[nodiscard]] static const Contribution& conflicting(const SchemaKey& key, const std::vector<Contribution>& all,
                                                       std::size_t i) {
    for (std::size_t j = 0; j < i; ++j)
      if (meet_lists(key, std::get<Words>(all[j].setting->value), std::get<Words>(all[i].setting->value)).empty())
        return all[j];
    return all[i - 1];
  }

  // Lists of paths and names. Admin layers: what all of them list, and that is the bound. Users and flags: what any of
  // them lists, each inside the bound. A project narrows what then holds.
  Status meet_bounded(const SchemaKey& key, const std::vector<Contribution>& all) {
    std::optional<EffectiveSetting> bound;
    EffectiveSetting out{.key = &key, .value = Words{}, .origins = {}};
    for (std::size_t i = 0; i < all.size() && is_admin(kind(all[i])); ++i) {
      const Words& listed = std::get<Words>(all[i].setting->value);
      if (!bound) {
        bound = EffectiveSetting{.key = &key, .value = listed, .origins = {all[i].origin()}};
        continue;
      }
      const Words before = std::get<Words>(bound->value);
      Words met = meet_lists(key, before, listed);
      if (met.empty() && !before.empty() && !listed.empty())
        return contradiction(key, all[i], conflicting(key, all, i));
      bound->value = std::move(met);
      bound->origins.push_back(all[i].origin());
    }
    if (bound) {
      out.value = bound->value;
      out.origins = bound->origins;
      policy_->bounds_.push_back(*bound);
    }
    for (const Contribution& c : all) {
      if (kind(c) != LayerKind::user && kind(c) != LayerKind::flag) continue;
      const Words& listed = std::get<Words>(c.setting->value);
      for (const std::string& entry : listed) {
        if (!bound || is_allowed(key, entry, std::get<Words>(bound->value))) continue;
        return fail(ErrorKind::invalid,
                    fmt::format("{}: `{}` holds `{}`, which {} does not allow", policy_->describe(c.origin()), key.path,
                                printable(entry), policy_->describe(bound->origins.front())));
      }
      join_into(std::get<Words>(out.value), listed);
      out.origins.push_back(c.origin());
    }
    for (const Contribution& c : all) {
      if (kind(c) != LayerKind::project) continue;
      out.value = meet_lists(key, std::get<Words>(out.value), std::get<Words>(c.setting->value));
      out.origins.insert(out.origins.begin(), c.origin());
    }
    policy_->settings_.push_back(std::move(out));
    return {};
  }

  void join(const SchemaKey& key, const std::vector<Contribution>& all) {
    EffectiveSetting out{.key = &key, .value = Words{}, .origins = {}};
    for (const Contribution& c : all) {
      join_into(std::get<Words>(out.value), std::get<Words>(c.setting->value));
      out.origins.push_back(c.origin());
    }
    policy_->settings_.push_back(std::move(out));
  }

  // The built-in value is where nobody says anything: it bounds nobody but the project, which may only tighten.
  void extreme(const SchemaKey& key, const std::vector<Contribution>& all) {
    const Contribution* best = nullptr;
    const auto consider = [&](const Contribution& c) {
      if (best == nullptr || (key.combines == Combines::min ? is_less(key, c.setting->value, best->setting->value)
                                                            : is_less(key, best->setting->value, c.setting->value)))
        best = &c;
    };
    for (const Contribution& c : all)
      if (kind(c) != LayerKind::project && (kind(c) != LayerKind::builtin || best == nullptr)) consider(c);
    for (const Contribution& c : all)
      if (kind(c) == LayerKind::project) consider(c);
    policy_->settings_.push_back({&key, best->setting->value, {best->origin()}});
  }

  // Kinds are numbered by precedence; of one kind, the last file.
  void choose(const SchemaKey& key, const std::vector<Contribution>& all) {
    const Contribution* best = &all.front();
    for (const Contribution& c : all)
      if (kind(c) >= kind(*best)) best = &c;
    policy_->settings_.push_back({&key, best->setting->value, {best->origin()}});
  }

  // A starting value outside the bounds: an error where somebody asks for it now (a flag), else the strictest that may
  // be had, and a word about it.
  Status keep_choices_in_bounds() {
    struct Bounded {
      std::string_view start, bounds;
    };
    static constexpr Bounded kBounded[] = {{"defaults.sandbox.mode", "sandbox.modes"},
                                           {"defaults.sandbox.backend", "sandbox.backends"},
                                           {"defaults.network.mode", "network.modes"},
                                           {"defaults.approvals.reviewer", "approvals.reviewers"}};
    for (const Bounded& pair : kBounded) {
      const EffectiveSetting* bound = policy_->find(pair.bounds);
      const auto chosen = std::ranges::find_if(policy_->settings_,
                                               [&](const EffectiveSetting& s) { return s.key->path == pair.start; });
      if (bound == nullptr || chosen == policy_->settings_.end()) continue;
      const Words& allowed = std::get<Words>(bound->value);
      std::string& value = std::get<std::string>(chosen->value);
      if (std::ranges::find(allowed, value) != allowed.end() || value == "auto") continue;
      const Layer& from = policy_->layers_[chosen->origins.front().layer];
      if (from.kind == LayerKind::flag)
        return fail(ErrorKind::invalid,
                    fmt::format("{}: `{}` is not allowed by {}: choose {}", policy_->describe(chosen->origins.front()),
                                value, policy_->describe(bound->origins.front()), fmt::join(allowed, " or ")));
      policy_->warnings_.push_back(fmt::format("{}: `{}` is not allowed by {}: `{}` is taken",
                                               policy_->describe(chosen->origins.front()), value,
                                               policy_->describe(bound->origins.front()), allowed.front()));
      value = allowed.front();
      chosen->origins.insert(chosen->origins.begin(), bound->origins.front());
    }
    return {};
  }

  void fill_section(Section& section, const std::string& name) {
    for (std::size_t i = 0; i < policy_->layers_.size(); ++i) {
      const Layer& layer = policy_->layers_[i];
      const auto number = [&](const std::string& key, Origin* origin) -> std::optional<std::int64_t> {
        const Setting* setting = layer.find(name + key);
        if (setting == nullptr) return std::nullopt;
        if (origin != nullptr) *origin = {static_cast<std::uint16_t>(i), setting->place};
        return std::get<std::int64_t>(setting->value);
      };
      SectionStance stance;
      if (const auto set = number(".default", &stance.origin)) stance.fallback = static_cast<Decision>(*set);
      if (const auto set = number(".ask_from", &stance.ask_from_origin)) stance.ask_from = static_cast<Risk>(*set);
      if (const auto set = number(".private", nullptr)) stance.private_addresses = static_cast<Decision>(*set);
      if (const Setting* enforce = layer.find(name + ".enforce"))
        stance.observes = std::get<std::string>(enforce->value) == "observe";
      section.stances.push_back(stance);
    }
    if (const EffectiveSetting* closed = policy_->find(name + ".closed"))
      section.is_closed = std::get<bool>(closed->value);
    if (const EffectiveSetting* last = policy_->find("defaults." + name + ".default")) {
      section.last_word = static_cast<Decision>(std::get<std::int64_t>(last->value));
      section.last_word_origin = last->origins.front();
    }
    if (const EffectiveSetting* last = policy_->find("defaults." + name + ".ask_from")) {
      section.last_ask_from = static_cast<Risk>(std::get<std::int64_t>(last->value));
      section.last_ask_from_origin = last->origins.front();
    }
  }

  void fill_sections() {
    fill_section(policy_->command_section_, "commands");
    fill_section(policy_->network_section_, "network");
    fill_section(policy_->mcp_section_, "mcp");
  }

  Status fill_rules() {
    for (std::size_t i = 0; i < policy_->layers_.size(); ++i) {
      const Layer& layer = policy_->layers_[i];
      for (std::size_t r = 0; r < layer.commands.size(); ++r)
        policy_->commands_.add(layer.commands[r], static_cast<std::uint16_t>(i), static_cast<std::uint32_t>(r));
      for (std::size_t r = 0; r < layer.hosts.size(); ++r) {
        HostEntry entry{.layer = static_cast<std::uint16_t>(i), .rule = static_cast<std::uint32_t>(r)};
        TRY_ASSIGN(entry.pattern, parse_host_pattern(layer.hosts[r].pattern));
        for (const std::string& text : layer.hosts[r].addresses) {
          TRY_ASSIGN(const Block block, parse_block(text));
          entry.addresses.push_back(block);
        }
        policy_->hosts_.push_back(std::move(entry));
      }
    }
    policy_->commands_.seal();
    return {};
  }

  // Layers of one kind may come in any order.
  Status set_digest() {
    std::vector<std::pair<int, std::string>> parts;
    for (const Layer& layer : policy_->layers_) {
      TRY_ASSIGN(std::string json, canonical_json(to_node(layer)));
      parts.emplace_back(rank(layer.kind), std::move(json));
    }
    std::ranges::sort(parts);
    Sha256Stream stream;
    for (const auto& [kind, json] : parts) {
      stream.update(fmt::format("{} {}\n", kind, json.size()));
      stream.update(json);
    }
    policy_->digest_ = hex(stream.finish());
    return {};
  }

  std::unique_ptr<Policy> policy_;
  std::string_view home_;
};

Result<std::shared_ptr<const Policy>> combine(std::vector<Layer> layers, std::string_view home) {
  return Combiner(std::move(layers), home).run();
}

const EffectiveSetting* Policy::find(std::string_view path) const {
  const auto found = std::ranges::find_if(settings_, [&](const EffectiveSetting& s) { return s.key->path == path; });
  return found == settings_.end() ? nullptr : &*found;
}

const EffectiveSetting* Policy::bound(std::string_view path) const {
  const auto found = std::ranges::find_if(bounds_, [&](const EffectiveSetting& s) { return s.key->path == path; });
  return found == bounds_.end() ? nullptr : &*found;
}

std::string Policy::source(const Origin& origin) const {
  return format_place(layers_[origin.layer].file, origin.place);
}

std::string Policy::describe(const Origin& origin) const {
  const Layer& layer = layers_[origin.layer];
  if (layer.kind == LayerKind::builtin) return "built-in";
  return fmt::format("{} {}", name_of(layer.kind), source(origin));
}

std::string format_value(const SchemaKey& key, const SettingValue& value) {
  struct Format {
    const SchemaKey& key;
    std::string operator()(std::monostate) const { return "-"; }
    std::string operator()(bool b) const { return b ? "true" : "false"; }
    std::string operator()(double number) const { return fmt::format("{}", number); }
    std::string operator()(const std::string& text) const { return fmt::format("\"{}\"", printable(text)); }
    std::string operator()(const Words& words) const {
      std::string out = "[";
      for (const std::string& word : words) out += fmt::format("{}\"{}\"", out.size() > 1 ? ", " : "", printable(word));
      return out + "]";
    }
    std::string operator()(std::int64_t number) const {
      switch (key.type) {
        case ValueType::decision: return fmt::format("\"{}\"", name_of(static_cast<Decision>(number)));
        case ValueType::risk: return fmt::format("\"{}\"", name_of(static_cast<Risk>(number)));
        case ValueType::size: return fmt::format("\"{}\"", format_bytes(static_cast<std::uint64_t>(number)));
        case ValueType::duration: return fmt::format("\"{}\"", values::format_duration_setting(number));
        default: return fmt::format("{}", number);
      }
    }
  };
  return std::visit(Format{key}, value);
}

}  // namespace bailiwick
