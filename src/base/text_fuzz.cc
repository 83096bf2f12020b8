// Text of others on its way to a terminal, a log or a shell.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "base/id.h"
#include "base/text.h"

namespace bailiwick {
namespace {

// What a POSIX shell makes of a line of plain and single-quoted pieces.
std::vector<std::string> shell_words(std::string_view line) {
  std::vector<std::string> words(1);
  bool is_quoted = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (c == '\'') {
      is_quoted = !is_quoted;
    } else if (is_quoted) {
      words.back() += c;
    } else if (c == '\\') {
      words.back() += line[++i];
    } else if (c == ' ') {
      words.emplace_back();
    } else {
      CHECK(!std::string_view("\t\n|&;<>()$`\"*?[]#~!{}").contains(c));
      words.back() += c;
    }
  }
  CHECK(!is_quoted);
  return words;
}

}  // namespace
}  // namespace bailiwick

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace bailiwick;
  const std::string text(reinterpret_cast<const char*>(data), size);

  const std::string shown = printable(text);
  CHECK(is_valid_utf8(shown));
  for (std::size_t i = 0; i < shown.size(); ++i) {
    const auto c = static_cast<unsigned char>(shown[i]);
    CHECK(c >= 0x20 && c != 0x7F);
    if (c == 0xC2) CHECK(static_cast<unsigned char>(shown[i + 1]) >= 0xA0);
  }
  CHECK(printable(shown) == shown);

  const std::size_t limit = size == 0 ? 0 : data[0];
  const std::string cut = shorten(text, limit);
  CHECK(cut.size() <= limit);
  if (is_valid_utf8(text)) CHECK(is_valid_utf8(cut));

  std::vector<std::string> words;
  for (const std::string_view word : split(text, '\n')) words.emplace_back(word);
  CHECK(shell_words(shell_join(words)) == words);

  if (const auto bytes = parse_bytes(text)) CHECK(*bytes < (1ULL << 63));
  if (const auto number = parse_number(text, 3, 4'000'000)) CHECK(*number >= 3 && *number <= 4'000'000);
  if (const auto id = parse_uuid(text)) CHECK(parse_uuid(format_uuid(*id)) == *id);
  return 0;
}
