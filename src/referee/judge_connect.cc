#include <algorithm>
#include <array>

#include "referee/judge.h"

namespace bailiwick {
namespace {

// Whole components: `/acme` is about /acme and /acme/x, not about /acmex.
bool is_below(std::string_view path, std::string_view prefix) {
  if (!path.starts_with(prefix)) return false;
  return prefix.ends_with('/') || path.size() == prefix.size() || path[prefix.size()] == '/' ||
         path[prefix.size()] == '?';
}

enum class Fit : std::uint8_t { no, perhaps, yes };

// Methods and paths that were not seen: an `allow` may rest on them no more than a `deny` may be escaped by them.
Fit fits(const HostRule& rule, const ConnectAction& action) {
  if (!rule.ports.empty() && std::ranges::find(rule.ports, action.port) == rule.ports.end()) return Fit::no;
  Fit out = Fit::yes;
  if (!rule.methods.empty()) {
    if (action.method.empty()) {
      out = Fit::perhaps;
    } else if (std::ranges::find(rule.methods, action.method) == rule.methods.end()) {
      return Fit::no;
    }
  }
  if (!rule.paths.empty()) {
    if (action.path.empty()) {
      out = Fit::perhaps;
    } else if (std::ranges::none_of(rule.paths, [&](const std::string& p) { return is_below(action.path, p); })) {
      return Fit::no;
    }
  }
  return out;
}

// An address or block is also about what a name resolves to: else any name would be a way around it. To allow an
// address so would let a name stand for it.
bool is_about_address(const HostEntry& entry, Decision decision, const std::optional<Address>& address) {
  if (decision == Decision::allow || !address) return false;
  if (entry.pattern.kind == HostPatternKind::block) return entry.pattern.block.holds(*address);
  return entry.pattern.kind == HostPatternKind::exact && parse_address(entry.pattern.name) == address;
}

// What a layer says about a name or by a default is not about addresses that are not public. A layer that sets
// `private` and says nothing else has said that.
void guard_private(Opinion& opinion, const Layer& layer, const SectionStance& stance, std::size_t number,
                   std::vector<MatchedCause>* matched) {
  if (!opinion.speaks && !stance.private_addresses) return;
  const Decision guard = stance.private_addresses.value_or(Decision::deny);
  if (guard <= (opinion.speaks ? opinion.decision : Decision::allow)) return;
  const Setting* set = layer.find("network.private");
  opinion = {true,
             guard,
             {.kind = CauseKind::rule,
              .layer = static_cast<std::uint16_t>(number),
              .rule = UINT32_MAX,
              .place = set != nullptr ? set->place : opinion.cause.place,
              .reason = "the address is not public: name it, or list it in `addresses`"}};
  if (matched != nullptr) matched->push_back({guard, opinion.cause, "private"});
}

}  // namespace

Verdict judge(const ConnectAction& action, const Policy& policy, std::vector<MatchedCause>* matched) {
  const auto host = normal_host(action.host);
  if (!host) return {.decision = Decision::deny, .cause = {.kind = CauseKind::input, .reason = "this is no host name"}};
  const std::optional<Address> literal = parse_address(*host);
  const std::optional<Address> address = literal ? literal : action.address;
  const Section& section = policy.network_section();
  const auto& layers = policy.layers();
  std::vector<Opinion> opinions(layers.size());
  bool is_complete = true;
  std::vector<bool> opens_private(layers.size());  // a rule of this layer names the private address
  std::vector<Opinion> perhaps(layers.size());     // what was not seen decides whether these hold
  for (const HostEntry& entry : policy.hosts()) {
    const HostRule& rule = layers[entry.layer].hosts[entry.rule];
    if (!matches(entry.pattern, *host) && !is_about_address(entry, rule.decision, address)) continue;
    Decision decision = rule.decision;
    const Fit fit = fits(rule, action);
    if (fit == Fit::no) continue;
    if (fit == Fit::perhaps) {
      is_complete = false;
      // Not knowing is not being allowed; and what only might be denied is a question.
      if (decision == Decision::allow) continue;
      if (decision == Decision::deny) decision = Decision::ask;
    }
    const bool is_listed =
        address && std::ranges::any_of(entry.addresses, [&](const Block& b) { return b.holds(*address); });
    if (!entry.addresses.empty() && address && !is_listed && decision == Decision::allow)
      continue;  // resolves elsewhere
    if (!entry.addresses.empty() && !address && decision == Decision::allow) is_complete = false;
    const bool names_it =
        literal && (entry.pattern.kind == HostPatternKind::exact || entry.pattern.kind == HostPatternKind::block);
    if (fit == Fit::yes && (is_listed || names_it)) opens_private[entry.layer] = true;
    const Cause cause{.kind = CauseKind::rule,
                      .layer = entry.layer,
                      .rule = entry.rule,
                      .place = rule.place,
                      .reason = rule.reason,
                      .subject = rule.pattern};
    if (matched != nullptr) matched->push_back({decision, cause, rule.pattern});
    Opinion& opinion = fit == Fit::yes ? opinions[entry.layer] : perhaps[entry.layer];
    if (!opinion.speaks || decision > opinion.decision) opinion = {true, decision, cause};
  }
  const bool is_private = (address && !is_public(*address)) || *host == "localhost" || host->ends_with(".localhost");
  bool is_settled = false;  // somebody speaks for certain
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const SectionStance& stance = section.stances[i];
    if (!opinions[i].speaks && stance.fallback) {
      opinions[i] = {true,
                     *stance.fallback,
                     {.kind = CauseKind::fallback, .layer = stance.origin.layer, .place = stance.origin.place}};
      if (matched != nullptr) matched->push_back({*stance.fallback, opinions[i].cause, "default"});
    }
    if (is_private && !opens_private[i]) guard_private(opinions[i], layers[i], stance, i, matched);
    const bool counts = layers[i].kind != LayerKind::builtin && !(is_admin(layers[i].kind) && stance.observes);
    if (opinions[i].speaks && counts) is_settled = true;
    // A rule that perhaps matches is no way around what holds if it does not.
    if (perhaps[i].speaks && (!opinions[i].speaks || perhaps[i].decision > opinions[i].decision))
      opinions[i] = perhaps[i];
  }
  Opinion last{
      true,
      section.last_word,
      {.kind = CauseKind::last_word, .layer = section.last_word_origin.layer, .place = section.last_word_origin.place}};
  if (is_private)
    last = {true,
            Decision::deny,
            {.kind = CauseKind::last_word,
             .layer = section.last_word_origin.layer,
             .place = section.last_word_origin.place,
             .reason = "the address is not public"}};
  Verdict out = settle(policy, section, opinions, last);
  if (!is_settled && last.decision > out.decision) {
    out.decision = last.decision;
    out.cause = last.cause;
    out.would = std::max(out.would, out.decision);
  }
  out.is_complete = is_complete;
  return out;
}

}  // namespace bailiwick
