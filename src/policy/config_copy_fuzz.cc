// Configuration files of HOME on their way into a sandbox. Any file may stand around a credential.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "base/redact.h"
#include "base/text.h"
#include "policy/home.h"

namespace bailiwick {
namespace {

// As the programs read them that the files are for: a backslash at the end joins the next line.
std::vector<std::string> logical_lines(std::string_view text) {
  std::vector<std::string> lines;
  bool is_joined = false;
  for (const std::string_view line : split(text, '\n')) {
    if (!is_joined) lines.emplace_back();
    lines.back() += line;
    const std::size_t slashes = line.size() - (line.find_last_not_of('\\') + 1);
    is_joined = slashes % 2 == 1;
    if (is_joined) lines.back().pop_back();
  }
  return lines;
}

}  // namespace
}  // namespace bailiwick

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace bailiwick;
  const std::string text(reinterpret_cast<const char*>(data), size);
  const std::string copy = copy_for_sandbox(text);
  for (const std::string& line : logical_lines(copy)) CHECK(!looks_like_secret_value(line));
  // A copy holds nothing more to take out: what enters is the same however often it is copied.
  CHECK(copy_for_sandbox(copy) == copy);

  constexpr std::string_view kToken = "glpat-x4Zk92LmQ8vT1sYd7RbN";
  // Glued to other letters it is no token: that is for the text to say, not for us.
  if (text.contains(kToken)) return 0;
  const std::string with_token = text + "\npassword = " + std::string(kToken) + "\n" + text;
  CHECK(!copy_for_sandbox(with_token).contains(kToken));
  return 0;
}
