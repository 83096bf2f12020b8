// How the patterns of other proxies are said in ours.
#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cstdint>

#include "base/text.h"
#include "policy/import_builder.h"
#include "policy/rules_file.h"

namespace bailiwick {
namespace {

// Names as DNS has them, `_` too. No wildcard.
bool is_host_name(std::string_view text) {
  if (text.empty() || text.size() > 253) return false;
  return std::ranges::all_of(split(text, '.'), [](std::string_view label) {
    return !label.empty() && label.size() <= 63 && std::ranges::all_of(label, [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    });
  });
}

bool is_public(std::uint32_t address) {
  struct Block {
    std::uint32_t start;
    unsigned bits;
  };
  static constexpr std::array kBlocks{
      Block{0x00000000, 8},  Block{0x0A000000, 8},  Block{0x64400000, 10}, Block{0x7F000000, 8},  Block{0xA9FE0000, 16},
      Block{0xAC100000, 12}, Block{0xC0000000, 24}, Block{0xC0000200, 24}, Block{0xC0A80000, 16}, Block{0xC6120000, 15},
      Block{0xC6336400, 24}, Block{0xCB007100, 24}, Block{0xE0000000, 4},  Block{0xF0000000, 4}};
  return std::ranges::none_of(kBlocks,
                              [&](const Block& block) { return ((address ^ block.start) >> (32 - block.bits)) == 0; });
}

enum class AddressKind : std::uint8_t { none, public_address, private_address };
AddressKind address_kind(const std::string& text) {
  std::array<unsigned char, 16> bytes{};
  if (inet_pton(AF_INET, text.c_str(), bytes.data()) == 1) {
    const std::uint32_t address =
        (std::uint32_t{bytes[0]} << 24) | (std::uint32_t{bytes[1]} << 16) | (std::uint32_t{bytes[2]} << 8) | bytes[3];
    return is_public(address) ? AddressKind::public_address : AddressKind::private_address;
  }
  if (inet_pton(AF_INET6, text.c_str(), bytes.data()) != 1) return AddressKind::none;
  // Global unicast is 2000::/3; mapped and every other form counts as private.
  return (bytes[0] >> 5) == 1 ? AddressKind::public_address : AddressKind::private_address;
}

}  // namespace

HostPattern read_host_pattern(std::string_view text) {
  std::string lower;
  for (const char c : trim(text)) lower += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  if (lower == "*") return {.pattern = lower};
  if (lower.find_first_of("*?[{") == std::string::npos || lower.starts_with('[')) {
    const std::string host = codex_host(lower);
    const AddressKind kind = address_kind(host);
    if (kind != AddressKind::none) return {.pattern = host, .is_private = kind == AddressKind::private_address};
    if (!is_host_name(host)) return {};
    // "localhost" resolves to what is not public.
    return {.pattern = host, .is_private = host == "localhost" || host.ends_with(".localhost")};
  }
  for (const std::string_view stars : {"**.", "*."}) {
    if (!lower.starts_with(stars)) continue;
    const std::string rest = codex_host(std::string_view(lower).substr(stars.size()));
    if (is_host_name(rest)) return {.pattern = std::string(stars) + rest};
  }
  // The fixed labels at the end.
  lower.erase(lower.find_last_not_of('.') + 1);
  const auto labels = split(lower, '.');
  std::string tail;
  std::size_t count = 0;
  for (auto label = labels.rbegin(); label != labels.rend() && is_host_name(*label); ++label, ++count) {
    tail = count == 0 ? std::string(*label) : std::string(*label) + "." + tail;
  }
  if (count < 2) return {};
  return {.pattern = "**." + tail, .is_exact = false};
}

}  // namespace bailiwick
