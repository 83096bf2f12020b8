#include "policy/host_pattern.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/text.h"

namespace bailiwick {
namespace {

constexpr std::size_t kMaxName = 253;  // RFC 1035
constexpr std::size_t kMaxLabel = 63;

bool is_label_byte(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_'; }

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

// Four decimal numbers without leading zeros: what every resolver reads alike.
std::optional<Address> parse_ipv4(std::string_view text) {
  Address out;
  out.bytes[10] = out.bytes[11] = 0xff;
  std::size_t at = 12;
  for (const std::string_view part : split(text, '.')) {
    unsigned value = 0;
    if (at == 16 || part.empty() || part.size() > 3 || (part.size() > 1 && part.front() == '0')) return std::nullopt;
    const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), value);
    if (error != std::errc() || end != part.data() + part.size() || value > 255) return std::nullopt;
    out.bytes[at++] = static_cast<std::uint8_t>(value);
  }
  if (at != 16) return std::nullopt;
  return out;
}

// Groups of one side of `::`; the last of the address may be an IPv4 address.
enum class Side : std::uint8_t { head, tail };
bool parse_groups(std::string_view text, Side side, std::array<std::uint8_t, 16>& out, std::size_t& size) {
  size = 0;
  if (text.empty()) return true;
  const auto parts = split(text, ':');
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const std::string_view part = parts[i];
    if (side == Side::tail && i + 1 == parts.size() && part.contains('.')) {
      const auto ipv4 = parse_ipv4(part);
      if (!ipv4 || size > 12) return false;
      std::copy_n(ipv4->bytes.begin() + 12, 4, out.begin() + static_cast<std::ptrdiff_t>(size));
      size += 4;
      continue;
    }
    unsigned value = 0;
    if (part.empty() || part.size() > 4 || size > 14) return false;
    const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), value, 16);
    if (error != std::errc() || end != part.data() + part.size()) return false;
    out[size++] = static_cast<std::uint8_t>(value >> 8);
    out[size++] = static_cast<std::uint8_t>(value & 0xff);
  }
  return true;
}

std::optional<Address> parse_ipv6(std::string_view text) {
  Address out;
  const std::size_t gap = text.find("::");
  std::size_t size = 0;
  if (gap == std::string_view::npos) {
    if (!parse_groups(text, Side::tail, out.bytes, size) || size != 16) return std::nullopt;
    return out;
  }
  std::array<std::uint8_t, 16> tail{};
  std::size_t tail_size = 0;
  if (!parse_groups(text.substr(0, gap), Side::head, out.bytes, size) ||
      !parse_groups(text.substr(gap + 2), Side::tail, tail, tail_size))
    return std::nullopt;
  if (size + tail_size > 14) return std::nullopt;
  std::copy_n(tail.begin(), tail_size, out.bytes.end() - static_cast<std::ptrdiff_t>(tail_size));
  return out;
}

// What inet_aton(3) takes for an address and we do not: 127.1, 0x7f000001, 2130706433, 010.0.0.1.
bool looks_numeric(std::string_view name) {
  const std::string_view last = name.substr(name.rfind('.') == std::string_view::npos ? 0 : name.rfind('.') + 1);
  if (last.starts_with("0x")) return true;
  return !last.empty() && std::ranges::all_of(last, [](char c) { return c >= '0' && c <= '9'; });
}

Status check_labels(std::string_view name, std::string_view shown, bool stars) {
  if (name.size() > kMaxName) return fail(ErrorKind::invalid, "the host name is longer than 253 characters");
  for (const std::string_view label : split(name, '.')) {
    if (label.empty() || label.size() > kMaxLabel)
      return fail(ErrorKind::invalid,
                  fmt::format("`{}` is no host name: a part is empty or longer than 63 characters", printable(shown)));
    for (const char c : label) {
      if (is_label_byte(c) || (stars && (c == '*' || c == '?'))) continue;
      return fail(ErrorKind::invalid,
                  fmt::format("`{}` is no host name: write the name alone, without scheme, path or port, and other "
                              "scripts as xn--",
                              printable(shown)));
    }
  }
  return {};
}

constexpr Block v4(unsigned a, unsigned b, unsigned c, unsigned bits) {
  Block out;
  out.address.bytes = {0,
                       0,
                       0,
                       0,
                       0,
                       0,
                       0,
                       0,
                       0,
                       0,
                       0xff,
                       0xff,
                       static_cast<std::uint8_t>(a),
                       static_cast<std::uint8_t>(b),
                       static_cast<std::uint8_t>(c),
                       0};
  out.bits = 96 + bits;
  return out;
}
constexpr Block v6(unsigned a, unsigned b, unsigned bits) {
  Block out;
  out.address.bytes[0] = static_cast<std::uint8_t>(a >> 8);
  out.address.bytes[1] = static_cast<std::uint8_t>(a & 0xff);
  out.address.bytes[2] = static_cast<std::uint8_t>(b >> 8);
  out.address.bytes[3] = static_cast<std::uint8_t>(b & 0xff);
  out.bits = bits;
  return out;
}

// iana-ipv4-special-registry and iana-ipv6-special-registry, what is not globally reachable, and multicast. Of IPv6
// only 2000::/3 is given out for the public network (iana-ipv6-address-space): what lies outside needs no row, also
// 64:ff9b::/96, behind which private IPv4 addresses may be.
constexpr Block kNotPublic[] = {
    v4(0, 0, 0, 8),     v4(10, 0, 0, 8),        v4(100, 64, 0, 10),  v4(127, 0, 0, 8),    v4(169, 254, 0, 16),
    v4(172, 16, 0, 12), v4(192, 0, 0, 24),      v4(192, 0, 2, 24),   v4(192, 88, 99, 24), v4(192, 168, 0, 16),
    v4(198, 18, 0, 15), v4(198, 51, 100, 24),   v4(203, 0, 113, 24), v4(224, 0, 0, 4),    v4(240, 0, 0, 4),
    v6(0x2001, 0, 23),  v6(0x2001, 0x0db8, 32), v6(0x2002, 0, 16),   v6(0x3fff, 0, 20),
};
constexpr Block kUnicast = v6(0x2000, 0, 3);

bool wildcard_matches(std::string_view pattern, std::string_view text) {
  std::size_t p = 0, t = 0, star = std::string_view::npos, mark = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      mark = t;
    } else if (p < pattern.size() && (pattern[p] == text[t] || (pattern[p] == '?' && text[t] != '.'))) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos && text[mark] != '.') {
      p = star + 1;
      t = ++mark;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

}  // namespace

std::optional<Address> parse_address(std::string_view text) {
  if (text.size() > 2 && text.front() == '[' && text.back() == ']') return parse_ipv6(text.substr(1, text.size() - 2));
  if (text.contains(':')) return parse_ipv6(text);
  return parse_ipv4(text);
}

bool Block::holds(const Address& other) const {
  const unsigned whole = bits / 8;
  if (!std::equal(other.bytes.begin(), other.bytes.begin() + whole, address.bytes.begin())) return false;
  const unsigned rest = bits % 8;
  if (rest == 0) return true;
  const unsigned mask = 0xffU << (8 - rest) & 0xffU;
  return (other.bytes[whole] & mask) == (address.bytes[whole] & mask);
}

bool is_public(const Address& address) {
  if (!v4(0, 0, 0, 0).holds(address) && !kUnicast.holds(address)) return false;
  return std::ranges::none_of(kNotPublic, [&](const Block& block) { return block.holds(address); });
}

Result<Block> parse_block(std::string_view text) {
  const std::size_t slash = text.rfind('/');
  const auto address = parse_address(text.substr(0, slash));
  const auto wrong = [&](std::string_view why) {
    return fail(ErrorKind::invalid, fmt::format("`{}` is no address block: {}", printable(text), why));
  };
  if (!address) return wrong("write it as 10.0.0.0/8 or fd00::/8");
  Block out{.address = *address, .bits = 128};
  if (slash == std::string_view::npos) return out;
  const bool is_v4 = !text.substr(0, slash).contains(':');
  const auto bits = parse_number(text.substr(slash + 1), 0, is_v4 ? 32 : 128);
  if (!bits) return wrong("the number after `/` is out of range");
  out.bits = static_cast<unsigned>(*bits) + (is_v4 ? 96 : 0);
  for (unsigned bit = out.bits; bit < 128; ++bit)
    if ((out.address.bytes[bit / 8] >> (7 - bit % 8) & 1) != 0) return wrong("bits after the block's length are set");
  return out;
}

Result<std::string> normal_host(std::string_view text) {
  std::string name = lower(text);
  if (name.size() > 1 && name.back() == '.') name.pop_back();
  if (const auto address = parse_address(name)) {
    if (name.front() == '[') return name.substr(1, name.size() - 2);
    return name;
  }
  if (name.empty()) return fail(ErrorKind::invalid, "the host name is empty");
  TRY(check_labels(name, text, false));
  if (looks_numeric(name))
    return fail(ErrorKind::invalid, fmt::format("`{}` is an address in a form that programs read differently: write "
                                                "four decimal numbers",
                                                printable(text)));
  return name;
}

Result<HostPattern> parse_host_pattern(std::string_view text) {
  if (text == "*") return HostPattern{.kind = HostPatternKind::every, .name = {}, .block = {}};
  if (text.contains('/')) {
    TRY_ASSIGN(const Block block, parse_block(text));
    return HostPattern{.kind = HostPatternKind::block, .name = std::string(text), .block = block};
  }
  std::string name = lower(text);
  if (name.size() > 1 && name.back() == '.') name.pop_back();
  if (name == "*") return fail(ErrorKind::invalid, fmt::format("`{}`: write `*` for every host", printable(text)));
  HostPattern out;
  if (name.starts_with("**.")) {
    out.kind = HostPatternKind::domain;
    out.name = name.substr(3);
  } else if (name.starts_with("*.")) {
    out.kind = HostPatternKind::subdomains;
    out.name = name.substr(2);
  } else if (name.find_first_of("*?") != std::string::npos) {
    out.kind = HostPatternKind::wildcard;
    out.name = name;
    TRY(check_labels(name, text, true));
    if (name.contains("**"))
      return fail(ErrorKind::invalid,
                  fmt::format("`{}`: `**` stands only at the beginning, as in `**.example.org`", printable(text)));
    return out;
  } else {
    TRY_ASSIGN(out.name, normal_host(text));
    return out;
  }
  TRY(check_labels(out.name, text, false));
  return out;
}

bool matches(const HostPattern& pattern, std::string_view host) {
  const auto is_below = [&] {
    return host.size() > pattern.name.size() + 1 && host.ends_with(pattern.name) &&
           host[host.size() - pattern.name.size() - 1] == '.';
  };
  switch (pattern.kind) {
    case HostPatternKind::exact: {
      if (host == pattern.name) return true;
      const auto a = parse_address(host);
      return a.has_value() && a == parse_address(pattern.name);
    }
    case HostPatternKind::subdomains: return is_below();
    case HostPatternKind::domain: return host == pattern.name || is_below();
    case HostPatternKind::every: return true;
    case HostPatternKind::wildcard: return wildcard_matches(pattern.name, host);
    case HostPatternKind::block: {
      const auto address = parse_address(host);
      return address.has_value() && pattern.block.holds(*address);
    }
  }
  return false;
}

}  // namespace bailiwick
