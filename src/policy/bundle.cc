#include "policy/bundle.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <span>
#include <string>
#include <utility>

#include "base/text.h"

namespace bailiwick {
namespace {

constexpr std::string_view kDomain = "bailiwick policy bundle 1\n";
constexpr std::string_view kPublic = "bailiwick-public-key 1 ";
constexpr std::string_view kSecret = "bailiwick-secret-key 1 ";
constexpr std::int64_t kSchema = 1;

template <class T>
std::string_view view(const T& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
template <class T>
void copy_into(std::string_view from, T& bytes) {  // of the same size
  std::transform(from.begin(), from.end(), bytes.begin(), [](char c) { return static_cast<std::uint8_t>(c); });
}

std::string format_utc_time(WallTime time) { return format_rfc3339(time).substr(0, 19) + "Z"; }

Node text_node(std::string text) { return {.kind = NodeKind::string, .text = std::move(text)}; }
Node number_node(std::int64_t value) { return {.kind = NodeKind::integer, .integer = value}; }
void add(Node& table, std::string key, Node value) {
  table.members.push_back({.key = std::move(key), .place = {}, .value = std::move(value)});
}

struct Field {
  std::string_view key;
  NodeKind kind;
};
// Exactly these fields, in canonical order.
Status check_fields(const Node& table, std::initializer_list<Field> fields, std::string_view file) {
  for (const Field& field : fields) {
    const Node* node = table.find(field.key);
    if (node == nullptr) return fail_at(file, table.place, fmt::format("`{}` is missing; sign it anew", field.key));
    if (node->kind != field.kind)
      return fail_at(file, node->place, fmt::format("`{}` must be {}", field.key, name_of(field.kind)));
  }
  for (const Member& member : table.members) {
    if (std::none_of(fields.begin(), fields.end(), [&](const Field& field) { return field.key == member.key; }))
      return fail_at(file, member.place,
                     fmt::format("the unknown key `{}`; a newer bailiwick may know it", printable(member.key)));
  }
  return {};
}

Status check_signature(const Node& root, std::string_view payload, const std::vector<PublicKey>& keys,
                       std::string_view file) {
  const std::string& id = root.find("key_id")->text;
  const Node& node = *root.find("signature");
  const Result<std::string> bytes = from_base64(node.text);
  Signature signature{};
  // one way only to write it: otherwise two files would be the same bundle
  if (!bytes || bytes->size() != signature.size() || to_base64(*bytes) != node.text)
    return fail_at(file, node.place, "`signature` must be 64 bytes as base64; is something cut off?");
  copy_into(*bytes, signature);
  const std::string message = std::string(kDomain) + std::string(payload);
  bool is_known = false;
  for (const PublicKey& key : keys) {
    if (key_id(key) != id) continue;
    is_known = true;
    if (is_signed_by(message, signature, key)) return {};
  }
  if (is_known) return fail_at(file, node.place, "the signature does not fit; fetch the file again");
  return fail_at(file, root.find("key_id")->place,
                 fmt::format("signed with the key `{}`, which is not trusted here; install that public key, or have "
                             "the policy signed with a trusted one",
                             printable(shorten(id, 40))));
}

Result<WallTime> read_time(const Node& payload, std::string_view key, std::string_view file) {
  const Node& node = *payload.find(key);
  Result<WallTime> time = parse_utc_time(node.text);
  if (!time) return fail_at(file, node.place, fmt::format("`{}`: {}", key, time.error().what));
  return time;
}

Result<BundleTerms> read_terms(const Node& payload, std::string_view file, WallTime now) {
  const Node& schema = *payload.find("schema");
  if (schema.integer != kSchema)
    return fail_at(file, schema.place, fmt::format("schema {} is not known; update bailiwick", schema.integer));
  BundleTerms terms;
  terms.serial = payload.find("serial")->integer;
  if (terms.serial < 1) return fail_at(file, payload.find("serial")->place, "`serial` must be 1 or more");
  TRY_ASSIGN(terms.not_before, read_time(payload, "not_before", file));
  TRY_ASSIGN(terms.expires, read_time(payload, "expires", file));
  const Place place = payload.find("expires")->place;
  if (terms.expires <= terms.not_before) return fail_at(file, place, "it expires before it begins; sign it anew");
  if (now < terms.not_before)
    return fail_at(file, payload.find("not_before")->place,
                   fmt::format("not valid before {}; check the clock or wait", format_utc_time(terms.not_before)));
  if (now >= terms.expires)
    return fail_at(file, place, fmt::format("expired {}; fetch a newer one", format_utc_time(terms.expires)));
  return terms;
}

// The bytes after `prefix`, which must be `size`.
Result<std::string> parse_key(std::string_view text, std::string_view prefix, std::size_t size, std::string_view file) {
  const std::string_view line = trim(text);
  if (!line.starts_with(prefix))
    return fail_at(file, {}, fmt::format("here must be `{}` and base64; is this the right file?", trim(prefix)));
  Result<std::string> bytes = from_base64(line.substr(prefix.size()));
  if (!bytes || bytes->size() != size)
    return fail_at(file, {}, fmt::format("the key must be {} bytes as base64; is something cut off?", size));
  return bytes;
}

}  // namespace

Result<std::string> sign_bundle(const Node& policy, const BundleTerms& terms, const KeyPair& key) {
  if (policy.kind != NodeKind::table)
    return fail(ErrorKind::invalid, fmt::format("a policy must be a table, not {}", name_of(policy.kind)));
  if (terms.serial < 1) return fail(ErrorKind::invalid, "the serial must be 1 or more");
  const std::string not_before = format_utc_time(terms.not_before);
  const std::string expires = format_utc_time(terms.expires);
  if (expires <= not_before)
    return fail(ErrorKind::invalid, fmt::format("it would expire ({}) before it begins ({})", expires, not_before));
  Node payload;
  add(payload, "expires", text_node(expires));
  add(payload, "not_before", text_node(not_before));
  add(payload, "policy", policy);
  add(payload, "schema", number_node(kSchema));
  add(payload, "serial", number_node(terms.serial));
  TRY_ASSIGN(const std::string canonical, canonical_json(payload));
  Node root;
  add(root, "key_id", text_node(key_id(key.public_key)));
  add(root, "payload", std::move(payload));
  add(root, "signature", text_node(to_base64(view(sign(std::string(kDomain) + canonical, key.secret_key)))));
  TRY_ASSIGN(std::string bytes, canonical_json(root));
  return bytes + "\n";
}

Result<Bundle> open_bundle(std::string_view bytes, std::string_view file, const std::vector<PublicKey>& keys,
                           WallTime now) {
  TRY_ASSIGN(Node root, parse_json(bytes, file));
  TRY(check_fields(root, {{"key_id", NodeKind::string}, {"payload", NodeKind::table}, {"signature", NodeKind::string}},
                   file));
  const Result<std::string> canonical = canonical_json(root);
  if (!canonical || *canonical != bytes.substr(0, bytes.size() - (bytes.ends_with('\n') ? 1 : 0)))
    return fail_at(file, {}, "not canonical JSON; the file was changed after it was signed, fetch it again");
  const auto payload = std::find_if(root.members.begin(), root.members.end(),
                                    [](const Member& member) { return member.key == "payload"; });
  TRY_ASSIGN(const std::string signed_bytes, canonical_json(payload->value));
  TRY(check_signature(root, signed_bytes, keys, file));
  TRY(check_fields(payload->value,
                   {{"expires", NodeKind::string},
                    {"not_before", NodeKind::string},
                    {"policy", NodeKind::table},
                    {"schema", NodeKind::integer},
                    {"serial", NodeKind::integer}},
                   file));
  Bundle bundle;
  TRY_ASSIGN(bundle.terms, read_terms(payload->value, file, now));
  bundle.key_id = root.find("key_id")->text;
  for (Member& member : payload->value.members)
    if (member.key == "policy") bundle.policy = std::move(member.value);
  return bundle;
}

Status check_serial(std::int64_t serial, std::int64_t last_seen, std::string_view file) {
  if (serial >= last_seen) return {};
  return fail_at(
      file, {},
      fmt::format("serial {} is older than {}, which was in force here; fetch the newest", serial, last_seen));
}

std::string format_public_key(const PublicKey& key) { return std::string(kPublic) + to_base64(view(key.bytes)) + "\n"; }
std::string format_secret_key(const SecretKey& key) { return std::string(kSecret) + to_base64(view(key.bytes)) + "\n"; }

Result<PublicKey> parse_public_key(std::string_view text, std::string_view file) {
  PublicKey key;
  TRY_ASSIGN(const std::string bytes, parse_key(text, kPublic, key.bytes.size(), file));
  copy_into(bytes, key.bytes);
  return key;
}

Result<KeyPair> parse_secret_key(std::string_view text, std::string_view file) {
  SecretKey key;
  TRY_ASSIGN(std::string bytes, parse_key(text, kSecret, key.bytes.size(), file));
  copy_into(bytes, key.bytes);
  wipe(bytes);
  KeyPair pair = make_key_pair(std::span(key.bytes).first<32>());
  // SECURITY: signing with a public half that does not belong to the seed gives the seed away
  if (pair.secret_key.bytes != key.bytes)
    return fail_at(file, {}, "the two halves of the key do not belong together; take the original file");
  return pair;
}

Result<WallTime> parse_utc_time(std::string_view text) {
  constexpr std::string_view kForm = "dddd-dd-ddTdd:dd:ddZ";
  constexpr std::string_view kHint = "a time must look like 2026-11-25T14:00:00Z";
  if (text.size() != kForm.size()) return fail(ErrorKind::invalid, std::string(kHint));
  for (std::size_t i = 0; i < text.size(); ++i)
    if (kForm[i] == 'd' ? text[i] < '0' || text[i] > '9' : text[i] != kForm[i])
      return fail(ErrorKind::invalid, std::string(kHint));
  const auto number = [&](std::size_t at, std::size_t size) {
    int value = 0;
    for (const char c : text.substr(at, size)) value = value * 10 + (c - '0');
    return value;
  };
  const std::chrono::year_month_day date(std::chrono::year(number(0, 4)),
                                         std::chrono::month(static_cast<unsigned>(number(5, 2))),
                                         std::chrono::day(static_cast<unsigned>(number(8, 2))));
  const int hour = number(11, 2);
  const int minute = number(14, 2);
  const int second = number(17, 2);
  if (!date.ok() || hour > 23 || minute > 59 || second > 59)
    return fail(ErrorKind::invalid, fmt::format("there is no time `{}`", text));
  // what 64 bits of nanoseconds hold
  if (date.year() < std::chrono::year(1970) || date.year() > std::chrono::year(2261))
    return fail(ErrorKind::invalid, "a time must lie between 1970 and 2261");
  return WallTime(std::chrono::sys_days(date) + std::chrono::hours(hour) + std::chrono::minutes(minute) +
                  std::chrono::seconds(second));
}

}  // namespace bailiwick
