#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "referee/lint_parts.h"

namespace bailiwick::lint_parts {
namespace {

using Kind = LintFinding::Kind;

bool is_below(std::string_view name, std::string_view domain) {
  return name.size() > domain.size() && name.ends_with(domain) && name[name.size() - domain.size() - 1] == '.';
}

// The labels behind the last one that has a wildcard.
std::string_view fixed_part(const HostPattern& pattern) {
  if (pattern.kind == HostPatternKind::subdomains || pattern.kind == HostPatternKind::domain) return pattern.name;
  const std::string_view name = pattern.name;
  const std::size_t star = name.find_last_of("*?");
  const std::size_t dot = star == std::string_view::npos ? star : name.find('.', star);
  return dot == std::string_view::npos ? std::string_view() : name.substr(dot + 1);
}

template <class T>
bool holds_all(const std::vector<T>& outer, const std::vector<T>& inner) {
  if (outer.empty()) return true;
  return !inner.empty() &&
         std::ranges::all_of(inner, [&](const T& item) { return std::ranges::find(outer, item) != outer.end(); });
}

// Whether `outer` speaks whenever `inner` does.
bool covers_rule(const HostRule& outer, const HostRule& inner) {
  return holds_all(outer.ports, inner.ports) && holds_all(outer.methods, inner.methods) &&
         holds_all(outer.paths, inner.paths);
}

// The widest block that is allowed and holds addresses that are not public; empty: none.
struct PrivateBlock {
  std::string text;
  std::string_view what;
  std::string_view advice = "list the `ports` that are meant";
  bool is_always_odd = false;
};
PrivateBlock private_block(std::string_view text) {
  const auto block = parse_block(text);
  if (!block) return {};
  PrivateBlock out{.text = std::string(text), .what = {}};
  const bool is_ipv4 =
      Block{.address = *parse_address("0.0.0.0"), .bits = 96}.holds(block->address) && block->bits >= 96;
  const auto& bytes = block->address.bytes;
  if (block->bits < (is_ipv4 ? 96U + 8U : 7U)) {
    out.what = "a block that large holds private networks";
    out.advice = "name the blocks that are meant";
    out.is_always_odd = true;
  } else if (is_public(block->address)) {
    return {};
  } else if (is_ipv4 && bytes[12] == 169 && bytes[13] == 254) {
    out.what = "credentials of the machine are served at link-local addresses";
    out.advice = "take it out, and give the agent credentials of its own where it needs any";
    out.is_always_odd = true;
  } else if ((is_ipv4 && bytes[12] == 127) || (!is_ipv4 && block->bits == 128 && bytes[15] == 1 && bytes[0] == 0)) {
    out.what = "these are services of the host itself";
  } else {
    out.what = "these are services of the private network";
  }
  return out;
}

class Hosts {
 public:
  Hosts(const Work& work, const PublicSuffixes& suffixes) : work_(work), suffixes_(suffixes) {
    for (const HostEntry& entry : work.policy.hosts())
      if (entry.layer == work.number) entries_.push_back(&entry);
  }

  void run() {
    for (const HostEntry* entry : entries_) {
      const HostRule& rule = rule_of(*entry);
      if (covered(*entry) || rule.decision != Decision::allow) continue;
      wide(*entry);
      private_addresses(*entry);
    }
    const Setting* guard = work_.layer().find("network.private");
    if (guard != nullptr && std::get<std::int64_t>(guard->value) == static_cast<std::int64_t>(Decision::allow))
      work_.add(Kind::private_address, guard->place, "network.private",
                "`private` = \"allow\" lets what is allowed by name reach the host itself and the private network",
                "leave it at \"deny\", and list the blocks that are meant in `addresses` of the rules that need them");
  }

 private:
  [[nodiscard]] const HostRule& rule_of(const HostEntry& entry) const { return work_.layer().hosts[entry.rule]; }

  void add(Kind kind, const HostRule& rule, const std::string& what, std::string advice) const {
    const std::string name = printable(rule.pattern);
    work_.add(kind, rule.place, name, fmt::format("the rule `{}` {}", name, what), std::move(advice));
  }

  [[nodiscard]] bool covered(const HostEntry& entry) const {
    const HostRule& rule = rule_of(entry);
    for (const HostEntry* other : entries_) {
      const HostRule& by = rule_of(*other);
      if (other == &entry || by.decision <= rule.decision || !covers(other->pattern, entry.pattern) ||
          !covers_rule(by, rule))
        continue;
      add(Kind::shadowed, rule,
          fmt::format("never decides: the strictest rule holds, and that is `{}` = {} ({})", printable(by.pattern),
                      name_of(by.decision), format_place(work_.layer().file, by.place)),
          "take it out, or make the other pattern narrower: a narrower pattern does not win over a stricter one");
      return true;
    }
    return false;
  }

  void wide(const HostEntry& entry) const {
    const HostRule& rule = rule_of(entry);
    const bool is_limited = !rule.methods.empty() || !rule.paths.empty();
    switch (entry.pattern.kind) {
      case HostPatternKind::exact:
      case HostPatternKind::block: return;
      case HostPatternKind::every:
        add(Kind::every_host, rule,
            is_limited ? "allows such requests to every host, and a request can carry anything away"
                       : "allows every host: whatever the agent can read may be sent anywhere",
            "name the hosts that are needed, and let `default` = \"ask\" answer for the rest");
        return;
      case HostPatternKind::subdomains:
      case HostPatternKind::domain:
      case HostPatternKind::wildcard: {
        const std::string_view fixed = fixed_part(entry.pattern);
        std::string what;
        if (fixed.empty()) {
          what = "ends in a wildcard, so that it allows names that anybody may register";
        } else if (suffixes_.is_suffix(fixed)) {
          what = fmt::format("allows names below `{}`, where anybody may register one", printable(fixed));
        } else if (entry.pattern.kind != HostPatternKind::wildcard && !suffixes_.suffix_below(fixed).empty()) {
          what = fmt::format("allows names below `{}`, where anybody may register one", suffixes_.suffix_below(fixed));
        } else {
          return;
        }
        add(Kind::public_suffix, rule, what, "name the hosts, or the domain that belongs to you");
        return;
      }
    }
  }

  void private_addresses(const HostEntry& entry) const {
    const HostRule& rule = rule_of(entry);
    std::vector<std::string> blocks = rule.addresses;
    if (entry.pattern.kind == HostPatternKind::block || entry.pattern.kind == HostPatternKind::exact)
      blocks.push_back(rule.pattern);
    for (const std::string& text : blocks) {
      const PrivateBlock found = private_block(text);
      // blocks behind a name with its ports are what `addresses` is for
      if (found.what.empty() || (!found.is_always_odd && !rule.ports.empty())) continue;
      add(Kind::private_address, rule,
          fmt::format("allows {} `{}`: {}", rule.ports.empty() ? "every port of" : "addresses of",
                      printable(found.text), found.what),
          std::string(found.advice));
      return;
    }
  }

  const Work& work_;
  const PublicSuffixes& suffixes_;
  std::vector<const HostEntry*> entries_;
};

}  // namespace

bool covers(const HostPattern& outer, const HostPattern& inner) {
  using enum HostPatternKind;
  if (outer.kind == every || outer == inner) return true;
  if (inner.kind == every) return false;
  switch (outer.kind) {
    case exact:
    case every: return false;
    case block: {
      if (inner.kind == block) return inner.block.bits >= outer.block.bits && outer.block.holds(inner.block.address);
      const auto address = inner.kind == exact ? parse_address(inner.name) : std::nullopt;
      return address && outer.block.holds(*address);
    }
    case subdomains:
      switch (inner.kind) {
        case exact:
        case domain: return is_below(inner.name, outer.name);
        case subdomains: return inner.name == outer.name || is_below(inner.name, outer.name);
        case wildcard: return is_below(inner.name, outer.name);
        default: return false;
      }
    case domain:
      if (inner.kind == exact || inner.kind == domain || inner.kind == subdomains || inner.kind == wildcard)
        return inner.name == outer.name || is_below(inner.name, outer.name);
      return false;
    case wildcard: return inner.kind == exact && matches(outer, inner.name);
  }
  return false;
}

void lint_hosts(const Work& work, const PublicSuffixes& suffixes) {
  Hosts(work, suffixes).run();
  const auto is_wild = [](const HostRule& rule) {
    const auto pattern = parse_host_pattern(rule.pattern);
    return rule.decision == Decision::allow && pattern &&
           (pattern->kind == HostPatternKind::subdomains || pattern->kind == HostPatternKind::domain ||
            pattern->kind == HostPatternKind::wildcard);
  };
  if (suffixes.has_list()) return;
  const auto first = std::ranges::find_if(work.layer().hosts, is_wild);
  if (first == work.layer().hosts.end()) return;
  const bool is_said =
      std::ranges::any_of(*work.findings, [](const LintFinding& f) { return f.kind == Kind::no_suffix_list; });
  if (!is_said)
    work.add(Kind::no_suffix_list, first->place, printable(first->pattern),
             "the public suffix list is not there, so only patterns such as `*.com` are seen, not `*.co.uk`",
             "install the package publicsuffix, which has /usr/share/publicsuffix/public_suffix_list.dat");
}

}  // namespace bailiwick::lint_parts
