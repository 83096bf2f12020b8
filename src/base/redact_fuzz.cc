// Any text may stand around a secret: in front of it nothing may hide it, and what is no secret comes out as it went
// in.
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "base/redact.h"

namespace bailiwick {
namespace {

constexpr std::string_view kMark = "[redacted]";

// Whether `out` is `text` with parts of it, none of them empty, each replaced by one mark. Greedy, with one way back: a
// mark that stands in the text itself.
bool is_text_with_marks(std::string_view text, std::string_view out) {
  std::size_t at = 0;
  while (true) {
    const std::size_t mark = out.find(kMark);
    const std::string_view kept = out.substr(0, mark);
    const std::size_t found = text.find(kept, at);
    if (found == std::string_view::npos) return false;
    at = found + kept.size();
    if (mark == std::string_view::npos) return true;
    out.remove_prefix(mark + kMark.size());
  }
}

}  // namespace
}  // namespace bailiwick

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace bailiwick;
  const std::string text(reinterpret_cast<const char*>(data), size);
  static_cast<void>(looks_like_secret_name(text));
  const std::string out = redact(text);
  CHECK(is_text_with_marks(text, out));
  CHECK(out.size() <= text.size() * kMark.size());
  CHECK(looks_like_secret_value(text) == (out != text) || text.contains(kMark));

  // A token on a line of its own is found whatever stands before and after it.
  constexpr std::string_view kToken = "ghp_16C7e42F292c6912E7710c838347Ae178B4a";
  // Glued to other letters it is no token: that is for the text to say, not for us.
  if (text.contains(kToken)) return 0;
  CHECK(!redact(text + "\n" + std::string(kToken) + "\n" + text).contains(kToken));
  CHECK(looks_like_secret_value(text + "\n" + std::string(kToken)));
  return 0;
}
