#include "base/redact.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <vector>

namespace bailiwick {
namespace {

constexpr std::string_view kMark = "[redacted]";

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_alnum(char c) { return is_digit(c) || is_lower(c) || is_upper(c); }
bool is_name(char c) { return is_alnum(c) || c == '_'; }
bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }
bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
bool is_url_safe(char c) { return is_alnum(c) || c == '_' || c == '-'; }

// --- names ---------------------------------------------------------------------------------------------------------

// Lower-case words of NAME_OF_THING, name-of-thing, nameOfThing, HTTPKey.
std::vector<std::string> words_of(std::string_view name) {
  std::vector<std::string> words(1);
  for (std::size_t i = 0; i < name.size(); ++i) {
    const char c = name[i];
    if (!is_alnum(c)) {
      if (!words.back().empty()) words.emplace_back();
      continue;
    }
    const bool starts_word =
        is_upper(c) && i > 0 &&
        (is_lower(name[i - 1]) || (is_upper(name[i - 1]) && i + 1 < name.size() && is_lower(name[i + 1])));
    if (starts_word && !words.back().empty()) words.emplace_back();
    words.back() += is_upper(c) ? static_cast<char>(c - 'A' + 'a') : c;
  }
  if (words.back().empty()) words.pop_back();
  while (!words.empty() && std::ranges::all_of(words.back(), is_digit)) words.pop_back();
  return words;
}

template <std::size_t N>
bool is_one_of(std::string_view word, const std::array<std::string_view, N>& list) {
  return std::ranges::find(list, word) != list.end();
}

// A name that ends in one of these says where a secret is, or how long, not what it is.
constexpr auto kAboutIt = std::to_array<std::string_view>(
    {"path",        "file",   "filename", "dir",      "directory", "name",     "type",     "length", "len",
     "size",        "count",  "limit",    "max",      "min",       "ttl",      "age",      "expiry", "expires",
     "timeout",     "url",    "uri",      "endpoint", "host",      "port",     "provider", "helper", "prompt",
     "parallelism", "format", "version",  "enabled",  "disabled",  "required", "policy",   "sock",   "socket",
     "store",       "ids",    "manager",  "usage",    "budget",    "hash"});
constexpr auto kSecretEndings =
    std::to_array<std::string_view>({"password", "passwd", "passphrase", "passcode", "secret", "secrets", "token",
                                     "credential", "credentials", "apikey", "secretkey", "privatekey", "accesskey",
                                     "authkey", "signingkey", "encryptionkey", "masterkey", "authorization"});
constexpr auto kSecretLastWords = std::to_array<std::string_view>({"pass", "pwd", "pat", "auth", "cookie", "key"});
// What stands before `key` where it is not a secret.
constexpr auto kHarmlessKeys = std::to_array<std::string_view>(
    {"public", "pub",   "primary", "foreign", "sort",     "partition", "cache", "hot", "host",   "known",      "map",
     "object", "index", "group",   "compose", "shortcut", "registry",  "json",  "row", "unique", "translation"});

}  // namespace

bool looks_like_secret_name(std::string_view name) {
  if (name.size() > 256) name = name.substr(name.size() - 256);
  const std::vector<std::string> words = words_of(name);
  if (words.empty() || is_one_of(words.back(), kAboutIt)) return false;
  for (const std::string& word : words) {
    for (const std::string_view ending : kSecretEndings) {
      if (word.ends_with(ending)) return true;
    }
  }
  if (words.back() == "cookie") return true;
  if (words.back() == "auth") return words.size() > 1 || name.starts_with('_');
  if (words.size() < 2 || !is_one_of(words.back(), kSecretLastWords)) return false;
  return words.back() != "key" || !is_one_of(words[words.size() - 2], kHarmlessKeys);
}

namespace {

// --- values --------------------------------------------------------------------------------------------------------

struct Span {
  std::size_t begin;
  std::size_t end;
};

enum class Tail : std::uint8_t { alnum, url_safe, upper_alnum, hex, dotted };

struct TokenFormat {
  std::string_view prefix;
  Tail tail;
  std::size_t shortest;  // bytes after the prefix
  std::size_t longest;   // a longer run is something else
};

constexpr std::size_t kAnyLength = ~std::size_t{0};
constexpr TokenFormat kFormats[] = {
    {"github_pat_", Tail::url_safe, 30, kAnyLength},
    {"ghp_", Tail::alnum, 30, kAnyLength},
    {"gho_", Tail::alnum, 30, kAnyLength},
    {"ghu_", Tail::alnum, 30, kAnyLength},
    {"ghs_", Tail::alnum, 30, kAnyLength},
    {"ghr_", Tail::alnum, 30, kAnyLength},
    {"glpat-", Tail::url_safe, 16, kAnyLength},
    {"gldt-", Tail::url_safe, 16, kAnyLength},
    {"glrt-", Tail::url_safe, 16, kAnyLength},
    {"glcbt-", Tail::url_safe, 16, kAnyLength},
    {"glptt-", Tail::url_safe, 16, kAnyLength},
    {"glsoat-", Tail::url_safe, 16, kAnyLength},
    {"sk-ant-", Tail::url_safe, 16, kAnyLength},
    {"sk-", Tail::url_safe, 20, kAnyLength},
    {"xai-", Tail::alnum, 32, kAnyLength},
    {"gsk_", Tail::alnum, 32, kAnyLength},
    {"pplx-", Tail::alnum, 32, kAnyLength},
    {"nvapi-", Tail::url_safe, 32, kAnyLength},
    {"hf_", Tail::alnum, 30, kAnyLength},
    {"r8_", Tail::alnum, 32, kAnyLength},
    {"AKIA", Tail::upper_alnum, 16, 16},
    {"ASIA", Tail::upper_alnum, 16, 16},
    {"ABIA", Tail::upper_alnum, 16, 16},
    {"AIza", Tail::url_safe, 35, 35},
    {"ya29.", Tail::url_safe, 20, kAnyLength},
    {"GOCSPX-", Tail::url_safe, 20, kAnyLength},
    {"xoxb-", Tail::url_safe, 10, kAnyLength},
    {"xoxp-", Tail::url_safe, 10, kAnyLength},
    {"xoxa-", Tail::url_safe, 10, kAnyLength},
    {"xoxr-", Tail::url_safe, 10, kAnyLength},
    {"xoxs-", Tail::url_safe, 10, kAnyLength},
    {"xoxe-", Tail::url_safe, 10, kAnyLength},
    {"xoxe.", Tail::dotted, 10, kAnyLength},
    {"xapp-", Tail::url_safe, 10, kAnyLength},
    {"npm_", Tail::alnum, 30, kAnyLength},
    {"pypi-", Tail::url_safe, 40, kAnyLength},
    {"rubygems_", Tail::hex, 32, kAnyLength},
    {"cio", Tail::alnum, 32, 32},
    {"dckr_pat_", Tail::url_safe, 20, kAnyLength},
    {"dop_v1_", Tail::hex, 32, kAnyLength},
    {"doo_v1_", Tail::hex, 32, kAnyLength},
    {"dapi", Tail::hex, 32, 34},
    {"hvs.", Tail::url_safe, 20, kAnyLength},
    {"hvb.", Tail::url_safe, 20, kAnyLength},
    {"sk_live_", Tail::alnum, 16, kAnyLength},
    {"sk_test_", Tail::alnum, 16, kAnyLength},
    {"rk_live_", Tail::alnum, 16, kAnyLength},
    {"whsec_", Tail::alnum, 16, kAnyLength},
    {"SG.", Tail::dotted, 50, kAnyLength},
    {"shpat_", Tail::hex, 32, kAnyLength},
    {"shpss_", Tail::hex, 32, kAnyLength},
    {"glsa_", Tail::url_safe, 32, kAnyLength},
    {"lin_api_", Tail::alnum, 32, kAnyLength},
    {"ntn_", Tail::alnum, 32, kAnyLength},
    {"figd_", Tail::url_safe, 32, kAnyLength},
    {"pul-", Tail::hex, 40, kAnyLength},
    {"tskey-", Tail::url_safe, 20, kAnyLength},
    {"ATATT3", Tail::url_safe, 40, kAnyLength},
    {"NRAK-", Tail::alnum, 24, kAnyLength},
    {"PMAK-", Tail::url_safe, 40, kAnyLength},
    {"sntrys_", Tail::url_safe, 40, kAnyLength},
    {"sntryu_", Tail::hex, 40, kAnyLength},
    {"AGE-SECRET-KEY-1", Tail::upper_alnum, 40, kAnyLength},
};

bool fits(Tail tail, char c) {
  switch (tail) {
    case Tail::alnum: return is_alnum(c);
    case Tail::url_safe: return is_url_safe(c);
    case Tail::upper_alnum: return is_upper(c) || is_digit(c);
    case Tail::hex: return is_hex(c);
    case Tail::dotted: return is_url_safe(c) || c == '.';
  }
  return false;
}

// INVARIANT: a failed look at one place reads at most this far, so that the whole scan stays linear.
constexpr std::size_t kLook = 512;

std::size_t run_end(std::string_view text, std::size_t at, Tail tail, std::size_t most) {
  const std::size_t stop = most > text.size() - at ? text.size() : at + most;
  while (at < stop && fits(tail, text[at])) ++at;
  return at;
}

std::optional<Span> find_format(std::string_view text, std::size_t at) {
  for (const TokenFormat& format : kFormats) {
    if (text[at] != format.prefix[0] || !text.substr(at).starts_with(format.prefix)) continue;
    const std::size_t begin = at + format.prefix.size();
    const std::size_t looked = run_end(text, begin, format.tail, kLook);
    const std::string_view tail = text.substr(begin, looked - begin);
    // Words of a sentence-like name (sk-learn-based-classifiers) have no digit.
    if (tail.size() < format.shortest || tail.size() > format.longest || std::ranges::none_of(tail, is_digit)) continue;
    return Span{at, run_end(text, looked, format.tail, kAnyLength)};
  }
  return std::nullopt;
}

// header.payload.signature, each base64url; the header of a JSON object starts with "eyJ".
std::optional<Span> find_jwt(std::string_view text, std::size_t at) {
  if (!text.substr(at).starts_with("eyJ")) return std::nullopt;
  const std::size_t header = run_end(text, at, Tail::url_safe, kLook);
  if (header - at < 12 || header >= text.size() || text[header] != '.') return std::nullopt;
  const std::size_t payload = run_end(text, header + 1, Tail::url_safe, kLook);
  if (payload - header < 12) return std::nullopt;
  return Span{at, run_end(text, payload, Tail::dotted, kAnyLength)};
}

std::optional<Span> find_pem(std::string_view text, std::size_t at) {
  if (!text.substr(at).starts_with("-----BEGIN ")) return std::nullopt;
  const std::string_view label = text.substr(at + 11, 64);
  const std::size_t dashes = label.find("-----");
  if (dashes == std::string_view::npos || !label.substr(0, dashes).contains("PRIVATE KEY")) return std::nullopt;
  const std::size_t end = text.find("-----END ", at);
  if (end == std::string_view::npos) return Span{at, text.size()};
  const std::size_t close = text.substr(0, std::min(text.size(), end + 80)).find("-----", end + 9);
  return Span{at, close == std::string_view::npos ? std::min(text.size(), end + 9) : close + 5};
}

// A stand-in for a secret, such as $TOKEN, {{ token }}, <token>, ***, or what we put there ourselves.
bool is_placeholder(std::string_view value) {
  return value.empty() || value[0] == '$' || value[0] == '<' || value[0] == '{' || value[0] == '%' ||
         value.starts_with("[redacted") ||
         std::ranges::all_of(value, [](char c) { return c == '*' || c == 'x' || c == '.'; });
}

bool is_random(std::string_view word);

// at: the "://" of scheme://user:password@host
std::optional<Span> find_url_password(std::string_view text, std::size_t at) {
  const std::size_t begin = at + 3;
  const std::string_view look = text.substr(begin, kLook);
  const std::size_t stop = look.find_first_of("/?#\"'`<> \t\r\n\\");
  const std::string_view authority = look.substr(0, stop);
  const std::size_t host = authority.rfind('@');
  if (host == std::string_view::npos) return std::nullopt;
  const std::string_view user = authority.substr(0, host);
  const std::size_t colon = user.find(':');
  if (colon == std::string_view::npos) {
    if (user.size() >= 20 && is_random(user)) return Span{begin, begin + host};
    return std::nullopt;
  }
  if (is_placeholder(user.substr(colon + 1))) return std::nullopt;
  return Span{begin + colon + 1, begin + host};
}

// --- random-looking words --------------------------------------------------------------------------------------------

bool is_base64(char c) { return is_url_safe(c) || c == '+' || c == '/'; }

// Long, of all three classes, and changing class as often as chance does. CamelCase, paths, hashes and UUIDs do not.
bool is_random(std::string_view word) {
  constexpr std::size_t kShortest = 24;
  if (word.size() < kShortest) return false;
  // Public by their nature: checksums, SSH public keys; and C++ symbols.
  for (const std::string_view known :
       {"sha1-", "sha256-", "sha384-", "sha512-", "AAAAB3Nza", "AAAAC3Nza", "AAAAE2Vj", "_Z"}) {
    if (word.starts_with(known)) return false;
  }
  const auto class_of = [](char c) { return is_lower(c) ? 0 : is_upper(c) ? 1 : is_digit(c) ? 2 : 3; };
  std::array<std::size_t, 4> of_class{};
  std::size_t changes = 0;
  int last = 3;
  for (const char c : word) {
    const int now = class_of(c);
    ++of_class[static_cast<std::size_t>(now)];
    if (now != 3 && last != 3 && now != last) ++changes;
    last = now;
  }
  const std::size_t letters_and_digits = word.size() - of_class[3];
  return of_class[0] >= 3 && of_class[1] >= 3 && of_class[2] >= 2 && of_class[3] * 6 <= word.size() &&
         changes * 5 >= letters_and_digits * 2;
}

std::optional<Span> find_random(std::string_view text, std::size_t at) {
  std::size_t end = at;
  while (end < text.size() && is_base64(text[end])) ++end;
  const std::string_view word = text.substr(at, end - at);
  if (!is_random(word)) return std::nullopt;
  if (at >= 7 && text.substr(at - 7, 7) == "SHA256:") return std::nullopt;  // the fingerprint of a key
  while (end < text.size() && text[end] == '=') ++end;
  return Span{at, end};
}

// --- NAME=VALUE and its kin
// --------------------------------------------------------------------------------------------

// The name that ends right before `at`, a closing quote allowed.
std::string_view name_before(std::string_view text, std::size_t at) {
  std::size_t end = at;
  while (end > 0 && at - end < 2 && text[end - 1] == ' ') --end;
  if (end > 0 && (text[end - 1] == '"' || text[end - 1] == '\'')) --end;
  std::size_t begin = end;
  while (begin > 0 && end - begin < 128 && (is_url_safe(text[begin - 1]) || text[begin - 1] == '.')) --begin;
  return text.substr(begin, end - begin);
}

struct Value {
  Span span;
  bool is_quoted;
};

Value value_after(std::string_view text, std::size_t at) {
  while (at < text.size() && (text[at] == ' ' || text[at] == '\t')) ++at;
  if (at < text.size() && (text[at] == '"' || text[at] == '\'')) {
    const char quote = text[at];
    std::size_t end = at + 1;
    while (end < text.size() && text[end] != quote && text[end] != '\n') end += text[end] == '\\' ? 2 : 1;
    return {.span = {at + 1, std::min(end, text.size())}, .is_quoted = true};
  }
  std::size_t end = at;
  // A stand-in is not read to its end: a text of nothing but `token=$token=$` would be read once for each.
  if (end < text.size() && std::string_view("$<{%").contains(text[end])) return {.span = {at, at}, .is_quoted = false};
  while (end < text.size() && !is_space(text[end]) && !std::string_view(",;&|)}]\"'`").contains(text[end])) ++end;
  return {.span = {at, end}, .is_quoted = false};
}

bool is_header_scheme(std::string_view word) {
  return word == "Bearer" || word == "bearer" || word == "Basic" || word == "basic" || word == "token" ||
         word == "Token";
}

// `at` is at the separator. After "=" every value of a secret name counts; after ":" an unquoted one must look the
// part, or every message that says "token: unexpected" would lose its end.
std::optional<Span> find_assigned(std::string_view text, std::size_t at) {
  if (text[at] == ':' && at + 1 < text.size() && (text[at + 1] == '/' || text[at + 1] == ':')) return std::nullopt;
  const std::string_view name = name_before(text, at);
  if (name.empty() || !looks_like_secret_name(name)) return std::nullopt;
  Value value = value_after(text, at + 1);
  std::string_view found = text.substr(value.span.begin, value.span.end - value.span.begin);
  if (is_header_scheme(found) && !value.is_quoted) {
    value = value_after(text, value.span.end);
    found = text.substr(value.span.begin, value.span.end - value.span.begin);
    return is_placeholder(found) ? std::nullopt : std::optional(value.span);
  }
  if (is_placeholder(found)) return std::nullopt;
  if (text[at] == '=' || value.is_quoted) return value.span;
  const bool has_digit = std::ranges::any_of(found, is_digit);
  const bool looks_the_part = found.size() >= 6 && (has_digit || !std::ranges::all_of(found, is_lower));
  return looks_the_part ? std::optional(value.span) : std::nullopt;
}

// "--password VALUE"; `at` is at the first dash.
std::optional<Span> find_flag_value(std::string_view text, std::size_t at) {
  std::size_t end = at + 2;
  while (end < text.size() && end - at < 64 && is_url_safe(text[end])) ++end;
  if (end >= text.size() || text[end] != ' ' || !looks_like_secret_name(text.substr(at + 2, end - at - 2)))
    return std::nullopt;
  const Value value = value_after(text, end);
  const std::string_view found = text.substr(value.span.begin, value.span.end - value.span.begin);
  if (is_placeholder(found) || found[0] == '-') return std::nullopt;
  return value.span;
}

// Calls `found` with each secret, in order, none overlapping; stops when it says so.
template <class Found>
void scan(std::string_view text, Found found) {
  for (std::size_t i = 0; i < text.size();) {
    const char before = i == 0 ? ' ' : text[i - 1];
    const char c = text[i];
    std::optional<Span> span;
    if (c == '-') {
      span = find_pem(text, i);
      if (!span && text.substr(i).starts_with("--") && (is_space(before) || before == '\'' || before == '"')) {
        span = find_flag_value(text, i);
      }
    } else if (c == ':' && text.substr(i).starts_with("://")) {
      span = find_url_password(text, i);
    } else if (c == '=' || c == ':') {
      span = find_assigned(text, i);
    } else if (is_alnum(c) && !is_name(before)) {
      span = find_format(text, i);
      if (!span) span = find_jwt(text, i);
    }
    if (!span && is_base64(c) && !is_base64(before)) span = find_random(text, i);
    if (!span) {
      ++i;
      continue;
    }
    if (!found(*span)) return;
    // An empty span is impossible: every finder demands at least one byte.
    i = span->end;
  }
}

}  // namespace

bool looks_like_secret_value(std::string_view value) {
  bool any = false;
  scan(value, [&](Span) {
    any = true;
    return false;
  });
  return any;
}

std::string redact(std::string_view text) {
  std::string out;
  std::size_t copied = 0;
  scan(text, [&](Span span) {
    out += text.substr(copied, span.begin - copied);
    out += kMark;
    copied = span.end;
    return true;
  });
  out += text.substr(copied);
  return out;
}

}  // namespace bailiwick
