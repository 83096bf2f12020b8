#include "referee/public_suffix.h"

#include <algorithm>
#include <cstdint>
#include <vector>

#include "base/text.h"

namespace bailiwick {
namespace {

// The code points of valid UTF-8.
std::vector<std::uint32_t> code_points(std::string_view text) {
  std::vector<std::uint32_t> out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte & 0xC0U) == 0x80U) {
      if (!out.empty()) out.back() = (out.back() << 6U) | (byte & 0x3FU);
    } else {
      out.push_back(byte < 0x80U ? byte : byte < 0xE0U ? byte & 0x1FU : byte < 0xF0U ? byte & 0x0FU : byte & 0x07U);
    }
  }
  return out;
}

// RFC 3492, 6.1 and 6.3 with the parameters of IDNA.
constexpr std::uint32_t kBase = 36, kMin = 1, kMax = 26, kSkew = 38, kDamp = 700;

std::uint32_t adapt(std::uint32_t delta, std::uint32_t points, bool is_first) {
  delta = is_first ? delta / kDamp : delta / 2;
  delta += delta / points;
  std::uint32_t k = 0;
  for (; delta > ((kBase - kMin) * kMax) / 2; k += kBase) delta /= kBase - kMin;
  return k + (kBase * delta) / (delta + kSkew);
}

char digit(std::uint32_t value) { return static_cast<char>(value < 26 ? 'a' + value : '0' + (value - 26)); }

std::string ascii_name(std::string_view name) {
  std::string out;
  for (const std::string_view label : split(name, '.')) {
    if (!out.empty()) out += '.';
    out += ascii_label(label);
  }
  return out;
}

}  // namespace

std::string ascii_label(std::string_view label) {
  if (std::ranges::all_of(label, [](char c) { return static_cast<unsigned char>(c) < 0x80; }))
    return std::string(label);
  if (!is_valid_utf8(label) || label.size() > 255) return {};
  const std::vector<std::uint32_t> points = code_points(label);
  std::string out = "xn--";
  std::uint32_t done = 0;
  for (const std::uint32_t point : points) {
    if (point >= 0x80) continue;
    out += static_cast<char>(point);
    ++done;
  }
  const std::uint32_t basic = done;
  if (basic > 0) out += '-';
  std::uint32_t n = 128, delta = 0, bias = 72;
  while (done < points.size()) {
    std::uint32_t next = UINT32_MAX;
    for (const std::uint32_t point : points)
      if (point >= n) next = std::min(next, point);
    delta += (next - n) * (done + 1);
    n = next;
    for (const std::uint32_t point : points) {
      if (point < n) ++delta;
      if (point != n) continue;
      std::uint32_t q = delta;
      for (std::uint32_t k = kBase;; k += kBase) {
        const std::uint32_t t = k <= bias ? kMin : k >= bias + kMax ? kMax : k - bias;
        if (q < t) break;
        out += digit(t + (q - t) % (kBase - t));
        q = (q - t) / (kBase - t);
      }
      out += digit(q);
      bias = adapt(delta, done + 1, done == basic);
      delta = 0;
      ++done;
    }
    ++delta;
    ++n;
  }
  return out;
}

PublicSuffixes::PublicSuffixes(std::string_view list) {
  const std::vector<std::string_view> lines = split(list, '\n');
  for (std::string_view line : lines) {
    line = trim(line);
    line = line.substr(0, line.find_first_of(" \t"));  // a rule ends at the first blank
    if (line.empty() || line.starts_with("//")) continue;
    if (line.starts_with('!')) {
      except_.insert(ascii_name(line.substr(1)));
    } else if (line.starts_with("*.")) {
      const std::string name = ascii_name(line.substr(2));
      add_parents("*." + name, "*." + name);
      below_.insert(name);
    } else {
      const std::string name = ascii_name(line);
      add_parents(name, name);
      exact_.insert(name);
    }
  }
}

void PublicSuffixes::add_parents(std::string_view name, std::string_view rule) {
  for (std::size_t dot = name.find('.'); dot != std::string_view::npos; dot = name.find('.', dot + 1))
    parents_.try_emplace(std::string(name.substr(dot + 1)), rule);
}

std::string_view PublicSuffixes::suffix_below(std::string_view name) const {
  const auto found = parents_.find(std::string(name));
  return found == parents_.end() ? std::string_view() : found->second;
}

bool PublicSuffixes::is_suffix(std::string_view name) const {
  const std::string whole(name);
  if (except_.contains(whole)) return false;
  if (exact_.contains(whole)) return true;
  const std::size_t dot = whole.find('.');
  if (dot == std::string::npos) return true;  // the list's own default rule, `*`
  return below_.contains(whole.substr(dot + 1));
}

}  // namespace bailiwick
