// Test-only: prints what load_policy_sources() finds, one JSON object a line, or the error on stderr and its exit code.
// tests/integration/policy_sources_test.py runs it where the administrator's places are its own.
//
//   policy_sources_probe [--home D] [--config D] [--state D] [--workspace D] [--flag FILE].. [--now UTC] [--repeat N]
//   policy_sources_probe key FILE                          writes FILE.pub and FILE.secret
//   policy_sources_probe bundle FILE SERIAL FROM EXPIRES   prints a bundle signed with FILE.secret
#include <fcntl.h>

#include <chrono>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "kernel/fd.h"
#include "session/policy_sources.h"

namespace bailiwick {
namespace {

using Json = nlohmann::json;

void print(const Json& json) { std::puts(json.dump(-1, ' ', false, Json::error_handler_t::replace).c_str()); }

Status save(const std::string& path, const std::string& text) {
  TRY_ASSIGN(const Fd file, open_file(path, O_WRONLY | O_CREAT | O_TRUNC, 0644));
  return write_all(file.get(), text);
}

Status make_key(const std::string& file) {
  const KeyPair pair = make_key_pair();
  TRY(save(file + ".pub", format_public_key(pair.public_key)));
  return save(file + ".secret", format_secret_key(pair.secret_key));
}

Status make_bundle(const std::vector<std::string>& words) {
  TRY_ASSIGN(const std::string secret, load_file(words[1] + ".secret", 4096));
  TRY_ASSIGN(const KeyPair pair, parse_secret_key(secret, words[1]));
  TRY_ASSIGN(const Node policy, parse_toml("schema = 1\nname = \"cloud\"\n", "policy"));
  BundleTerms terms;
  TRY_ASSIGN(const std::uint64_t serial, parse_number(words[2], 0, 1ULL << 60));
  terms.serial = static_cast<std::int64_t>(serial);
  TRY_ASSIGN(terms.not_before, parse_utc_time(words[3]));
  TRY_ASSIGN(terms.expires, parse_utc_time(words[4]));
  TRY_ASSIGN(const std::string bytes, sign_bundle(policy, terms, pair));
  return write_all(1, bytes);
}

Status show(const std::vector<std::string>& words) {
  SourcePlaces places;
  auto now = std::chrono::time_point_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now());
  std::uint64_t repeat = 0;
  for (std::size_t i = 0; i + 1 < words.size(); i += 2) {
    const std::string& value = words[i + 1];
    if (words[i] == "--home") places.home = value;
    if (words[i] == "--config") places.config_home = value;
    if (words[i] == "--state") places.state_directory = value;
    if (words[i] == "--workspace") places.workspace = value;
    if (words[i] == "--flag") places.flags.push_back(value);
    if (words[i] == "--now") {
      TRY_ASSIGN(now, parse_utc_time(value));
    }
    if (words[i] == "--repeat") {
      TRY_ASSIGN(repeat, parse_number(value, 1, 1'000'000));
    }
  }
  TRY_ASSIGN(const PolicySources found, load_policy_sources(places, now));
  for (const PolicySource& source : found.sources) {
    Json json{{"kind", name_of(source.kind)}, {"file", source.file}, {"text", source.text}};
    if (source.format) json["format"] = name_of(*source.format);
    if (source.bundle) {
      json["serial"] = source.bundle->terms.serial;
      json["key_id"] = source.bundle->key_id;
      TRY_ASSIGN(json["policy"], canonical_json(source.bundle->policy));
    }
    print(json);
  }
  for (const std::string& warning : found.warnings) print({{"warning", warning}});
  if (repeat == 0) return {};
  const auto start = std::chrono::steady_clock::now();
  for (std::uint64_t i = 0; i < repeat; ++i) TRY(load_policy_sources(places, now));
  print({{"ns", (std::chrono::steady_clock::now() - start).count() / static_cast<std::int64_t>(repeat)}});
  return {};
}

Status run(const std::vector<std::string>& words) {
  if (words.size() == 2 && words[0] == "key") return make_key(words[1]);
  if (words.size() == 5 && words[0] == "bundle") return make_bundle(words);
  return show(words);
}

}  // namespace
}  // namespace bailiwick

int main(int count, char** words) {
  const auto status = bailiwick::run({words + 1, words + count});
  if (status) return 0;
  std::fprintf(stderr, "%s\n", status.error().message().c_str());
  return bailiwick::exit_code(status.error().kind);
}
