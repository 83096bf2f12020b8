// Keeps secrets out of logs, messages and environments. Pure; any thread; time linear in the text.
//
// A heuristic: it knows the formats of well-known tokens, names that say "secret", and random-looking words. It errs
// towards leaving ordinary identifiers (hashes of git, UUIDs, versions, paths) alone.
#pragma once

#include <string>
#include <string_view>

namespace bailiwick {

// NPM_TOKEN, AWS_SECRET_ACCESS_KEY, DB_PASSWORD, apiKey; not SSH_KEY_PATH, TOKENIZERS_PARALLELISM, KEYBOARD.
[[nodiscard]] bool looks_like_secret_name(std::string_view name);

// A known token format, a URL with a password, a PEM private key, a JWT, or one long random-looking word.
[[nodiscard]] bool looks_like_secret_value(std::string_view value);

// `text` with each secret in it replaced by `[redacted]`: known formats, the password of a URL, PEM blocks, credentials
// of HTTP headers, and the values of NAME=VALUE and "name": "value" where the name says secret.
[[nodiscard]] std::string redact(std::string_view text);

}  // namespace bailiwick
