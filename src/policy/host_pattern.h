// Names and addresses of hosts, and the patterns that rules write. Pure; any thread.
//
//   github.com      that host          *.example.org    its subdomains, at any depth
//   **.example.org  itself and these   *                every host
//   10.1.2.3  [::1]  an address; 10.0.0.0/8 as a pattern: every address in the block
//   also `*` and `?` inside a label: `api-*.example.org` (one label)
//
// Compared in lower case, without a dot at the end; names are ASCII (xn-- for others).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace bailiwick {

struct Address {
  std::array<std::uint8_t, 16> bytes{};  // IPv4 in ::ffff:0:0/96
  bool operator==(const Address&) const = default;
};
[[nodiscard]] std::optional<Address> parse_address(std::string_view text);  // "10.0.0.1", "::1", "[::1]", no zone
[[nodiscard]] bool is_public(const Address& address);                       // by the IANA special-purpose registries

struct Block {
  Address address;
  unsigned bits = 128;  // of the 128
  bool operator==(const Block&) const = default;
  [[nodiscard]] bool holds(const Address& other) const;
};
// "10.0.0.0/8", "fd00::/8", a bare address. Refuses host bits that are set.
[[nodiscard]] Result<Block> parse_block(std::string_view text);

// Lower case, dot at the end and brackets off. Fails for what is no host name or address: empty, a scheme, a path, a
// port, blanks, over-long labels, bytes that are not ASCII, numbers that inet_aton reads as an address (0x7f.1, 127.1).
[[nodiscard]] Result<std::string> normal_host(std::string_view text);

enum class HostPatternKind : std::uint8_t { exact, subdomains, domain, every, wildcard, block };
struct HostPattern {
  HostPatternKind kind = HostPatternKind::exact;
  std::string name;  // exact: the host; subdomains, domain: what follows the stars; wildcard: as written
  Block block;
  bool operator==(const HostPattern&) const = default;
};
[[nodiscard]] Result<HostPattern> parse_host_pattern(std::string_view text);
// `host` as normal_host() gives it.
[[nodiscard]] bool matches(const HostPattern& pattern, std::string_view host);

}  // namespace bailiwick
