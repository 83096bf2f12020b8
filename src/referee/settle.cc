#include "referee/verdict.h"

namespace bailiwick {

namespace {

Cause cause_at(CauseKind kind, const Origin& origin, std::string_view reason) {
  return {.kind = kind, .layer = origin.layer, .place = origin.place, .reason = reason};
}

}  // namespace

Opinion unnamed(const SectionStance& stance, const Section& section, Risk risk, std::string_view why) {
  if (!stance.fallback && !stance.ask_from) return {};
  if (risk >= stance.ask_from.value_or(section.last_ask_from) &&
      stance.fallback.value_or(Decision::allow) < Decision::ask)
    return {true, Decision::ask,
            cause_at(CauseKind::risk, stance.ask_from ? stance.ask_from_origin : stance.origin, why)};
  if (!stance.fallback) return {};
  return {true, *stance.fallback, cause_at(CauseKind::fallback, stance.origin, {})};
}

Opinion last_word(const Section& section, Risk risk, std::string_view why) {
  if (risk >= section.last_ask_from && section.last_word < Decision::ask)
    return {true, Decision::ask, cause_at(CauseKind::risk, section.last_ask_from_origin, why)};
  return {true, section.last_word, cause_at(CauseKind::last_word, section.last_word_origin, {})};
}

Verdict settle(const Policy& policy, const Section& section, std::span<const Opinion> opinions, const Opinion& last) {
  const auto& layers = policy.layers();
  const Opinion* admin = nullptr;
  const Opinion* lower = nullptr;
  Decision observed = Decision::allow;  // what observing layers would have said
  bool is_open = true;                  // every admin layer that asks does so by its default
  for (std::size_t i = 0; i < opinions.size(); ++i) {
    const Opinion& opinion = opinions[i];
    if (!opinion.speaks || layers[i].kind == LayerKind::builtin) continue;
    if (!is_admin(layers[i].kind)) {
      if (lower == nullptr || opinion.decision > lower->decision) lower = &opinion;
      continue;
    }
    if (section.stances[i].observes) {
      observed = std::max(observed, opinion.decision);
      continue;
    }
    if (opinion.decision == Decision::ask && (opinion.cause.kind == CauseKind::rule || section.is_closed))
      is_open = false;
    if (admin == nullptr || opinion.decision > admin->decision) admin = &opinion;
  }
  const Opinion* decided = &last;
  if (admin == nullptr) {
    if (lower != nullptr) decided = lower;
  } else if (lower == nullptr) {
    decided = admin;
  } else if (admin->decision == Decision::ask && lower->decision == Decision::allow) {
    decided = is_open ? lower : admin;
  } else {
    decided = lower->decision > admin->decision ? lower : admin;
  }
  return {.decision = decided->decision, .cause = decided->cause, .would = std::max(decided->decision, observed)};
}

}  // namespace bailiwick
