// Hostile terminal output. The first two bytes choose the encoding and where the input is cut.
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "base/text.h"
#include "surface/terminal_filter.h"

namespace bailiwick {
namespace {

std::string filter_all(std::string_view input, std::size_t step, FilterOptions options,
                       TerminalFilter** used = nullptr) {
  static TerminalFilter filter;
  filter = TerminalFilter(options);
  std::string out;
  for (std::size_t i = 0; i < input.size(); i += step) filter.feed(input.substr(i, step), out);
  filter.finish(out);
  if (used != nullptr) *used = &filter;
  return out;
}

bool starts(std::string_view text, std::string_view prefix) { return text.substr(0, prefix.size()) == prefix; }

// Knows nothing of the filter's parser: looks at what follows each ESC.
void scan(std::string_view out, Encoding encoding) {
  if (encoding == Encoding::utf8) CHECK(is_valid_utf8(out));
  for (std::size_t i = 0; i < out.size(); ++i) {
    const auto c = static_cast<unsigned char>(out[i]);
    const auto rest = out.substr(i + 1);
    CHECK(c != 0x05 && c != 0x18 && c != 0x1A && c != 0x00 && c != 0x7F);
    if (encoding == Encoding::eight_bit) CHECK(c < 0x80 || c > 0x9F);
    if (encoding == Encoding::utf8 && c == 0xC2) CHECK(static_cast<unsigned char>(rest[0]) >= 0xA0);
    if (c != 0x1B) continue;
    CHECK(!rest.empty());
    for (const std::string_view banned : {"]52", "]5522", "]50", "]7;", "]133", "]633", "]777", "]99;", "]1337", "]21;",
                                          "]3;", "]46",   "P",   "_",   "^",    "X",    "k",    "Z",    "%",     " "}) {
      CHECK(!starts(rest, banned));
    }
    if (rest[0] == ']')
      CHECK(rest.find('\x07') != std::string_view::npos || rest.find("\x1b\\") != std::string_view::npos);
    if (rest[0] != '[') continue;
    const auto final = rest.find_first_not_of("0123456789;:<=>? !\"#$%&'()*+,-./", 1);
    CHECK(final < 512);  // also not npos
    const auto body = rest.substr(1, final - 1);
    const bool is_rectangle = body.find_first_of("$*") != std::string_view::npos;  // DECFRA, DECSACE, DECRARA
    CHECK(rest[final] != 'i' && rest[final] != '|' && rest[final] != 'w' && (rest[final] != 'x' || is_rectangle));
    if (rest[final] == 't' && !is_rectangle) {
      CHECK(body == "14" || body == "16" || body == "18" || starts(body, "22;") || starts(body, "23;"));
    }
  }
}

}  // namespace
}  // namespace bailiwick

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace bailiwick;
  if (size < 2) return 0;
  const FilterOptions options{.encoding = (data[0] & 1) != 0 ? Encoding::eight_bit : Encoding::utf8,
                              .string_limit = 256};
  const std::size_t step = data[1] % 16 + 1U;
  const std::string input(data + 2, data + size);

  TerminalFilter* used = nullptr;
  const std::string whole = filter_all(input, input.size() + 1, options, &used);
  const std::string restore = used->restore();
  const auto dropped = used->dropped();
  const std::string cut = filter_all(input, step, options, &used);
  CHECK(cut == whole);
  CHECK(used->dropped() == dropped);
  CHECK(filter_all(whole, whole.size() + 1, options) == whole);
  CHECK(whole.size() <= input.size() * 11);  // U+FFFD for a byte; a saved title for a title
  scan(whole, options.encoding);
  CHECK(restore.size() < 1024);
  // What puts the terminal back leaves nothing to be put back.
  static_cast<void>(filter_all(input + "\x18" + restore, 4096, options, &used));
  CHECK(used->restore().empty());
  return 0;
}
