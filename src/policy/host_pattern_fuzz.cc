// Hosts, addresses, blocks and patterns from one text each; what they promise each other is checked, addresses against
// inet_pton(3).
#include <arpa/inet.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>

#include "base/check.h"
#include "base/text.h"
#include "policy/host_pattern.h"

namespace bailiwick {
namespace {

void compare_address(std::string_view text) {
  if (text.size() >= 100 || text.contains('\0') || text.starts_with('[')) return;
  const std::string whole(text);
  Address wanted;
  bool is_good = false;
  if (whole.contains(':')) {
    is_good = inet_pton(AF_INET6, whole.c_str(), wanted.bytes.data()) == 1;
  } else {
    wanted.bytes[10] = wanted.bytes[11] = 0xff;
    is_good = inet_pton(AF_INET, whole.c_str(), wanted.bytes.data() + 12) == 1;
  }
  const auto got = parse_address(text);
  CHECK(got.has_value() == is_good);
  if (got) CHECK(*got == wanted);
}

// Labels of both, one by one; a star stays in its label.
bool label_matches(std::string_view pattern, std::string_view label) {
  if (pattern.empty()) return label.empty();
  if (pattern[0] == '*')
    return label_matches(pattern.substr(1), label) || (!label.empty() && label_matches(pattern, label.substr(1)));
  return !label.empty() && (pattern[0] == '?' || pattern[0] == label[0]) &&
         label_matches(pattern.substr(1), label.substr(1));
}
bool reference(const HostPattern& pattern, std::string_view host) {
  const auto wanted = split(pattern.name, '.');
  const auto given = split(host, '.');
  if (wanted.size() != given.size()) return false;
  for (std::size_t i = 0; i < wanted.size(); ++i)
    if (!label_matches(wanted[i], given[i])) return false;
  return true;
}

void check(std::string_view pattern_text, std::string_view host_text) {
  compare_address(host_text);
  const auto block = parse_block(pattern_text);
  if (block) CHECK(block->holds(block->address));
  const auto host = normal_host(host_text);
  if (host) {
    const auto again = normal_host(*host);
    CHECK(again && *again == *host);
    // a host is a pattern for itself, and is below every domain that it ends in
    const auto itself = parse_host_pattern(*host);
    CHECK(itself && matches(*itself, *host));
    if (const std::size_t dot = host->find('.'); dot != std::string::npos && !parse_address(*host)) {
      if (const auto below = parse_host_pattern("*" + host->substr(dot))) CHECK(matches(*below, *host));
    }
  }
  const auto pattern = parse_host_pattern(pattern_text);
  if (!pattern || !host) return;
  const bool is_match = matches(*pattern, *host);
  if (pattern->kind == HostPatternKind::wildcard && pattern->name.size() <= 24 && host->size() <= 24)
    CHECK(is_match == reference(*pattern, *host));
  if (pattern->kind == HostPatternKind::subdomains && is_match) {
    HostPattern wider = *pattern;
    wider.kind = HostPatternKind::domain;
    CHECK(matches(wider, *host));
  }
}

}  // namespace
}  // namespace bailiwick

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::size_t cut = text.find('\n');
  bailiwick::check(text.substr(0, cut), cut == std::string_view::npos ? text : text.substr(cut + 1));
  return 0;
}
