// How the patterns of other proxies are said in ours.
#include <algorithm>

#include "base/text.h"
#include "policy/host_pattern.h"
#include "policy/import_builder.h"
#include "policy/rules_file.h"

namespace bailiwick {
namespace {

bool is_host_name(std::string_view text) {
  return text.find_first_of("*?") == std::string_view::npos && normal_host(text).has_value();
}

// The fixed labels at the end, if there are two or more: `a*.x.org` lies in `**.x.org`.
std::string fixed_tail(std::string_view pattern) {
  while (pattern.ends_with('.')) pattern.remove_suffix(1);
  const auto labels = split(pattern, '.');
  std::string tail;
  std::size_t count = 0;
  for (auto label = labels.rbegin(); label != labels.rend(); ++label, ++count) {
    if (label->find_first_of("*?[]{}:/") != std::string_view::npos || label->empty()) break;
    tail = count == 0 ? std::string(*label) : std::string(*label) + "." + tail;
  }
  return count >= 2 && is_host_name(tail) ? tail : std::string();
}

}  // namespace

ImportedHost read_foreign_host(std::string_view text, Decision decision) {
  std::string lower;
  for (const char c : trim(text)) lower += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  if (lower == "*") return {.pattern = lower};
  if (lower.find_first_of("*?{") == std::string::npos) {
    const auto host = normal_host(codex_host(lower));
    if (!host) return {};
    const auto address = parse_address(*host);
    const bool is_private = address ? !is_public(*address) : *host == "localhost" || host->ends_with(".localhost");
    return {.pattern = *host, .is_private = is_private};
  }
  for (const std::string_view stars : {"**.", "*."}) {
    if (!lower.starts_with(stars)) continue;
    const std::string rest = codex_host(std::string_view(lower).substr(stars.size()));
    if (is_host_name(rest) && parse_host_pattern(std::string(stars) + rest))
      return {.pattern = std::string(stars) + rest};
  }
  // Here a wildcard stays inside its label; in the original it may not. So what is denied is widened where that says
  // something, and what is allowed may be narrower.
  const std::string tail = decision == Decision::allow ? std::string() : fixed_tail(lower);
  if (!tail.empty()) return {.pattern = "**." + tail, .is_exact = false};
  while (lower.ends_with('.')) lower.pop_back();
  const auto pattern = parse_host_pattern(lower);
  if (!pattern || pattern->kind != HostPatternKind::wildcard) return {};
  return {.pattern = lower, .is_exact = false, .is_less = decision != Decision::allow};
}

}  // namespace bailiwick
