// Reads any bytes: within bounds, the same each time, and opaque readings give a reason.
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "shell/launchers.h"
#include "shell/plain.h"
#include "shell/read.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace bailiwick;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const ShellReading reading = read_shell(text);
  const ShellReading slow = shell::read_with_grammar(text);
  CHECK(reading == slow || (slow.is_opaque && text.contains('\n')));
  CHECK(reading.is_opaque == !reading.reason.empty());
  CHECK(reading.commands.size() <= kMaxShellCommands);
  CHECK(reading.offset <= size);
  if (reading.is_opaque) CHECK(reading.commands.empty());
  for (const SimpleCommand& command : reading.commands) {
    CHECK(command.offset <= size);
    CHECK(!(command.words.empty() && command.assignments.empty() && command.redirects.empty()));
    for (const ShellWord& word : command.words) CHECK(!word.text.contains('\0'));
  }
  for (const EffectiveCommand& each : effective_commands(reading)) CHECK(each.is_complete == each.gap.empty());
  for (const SimpleCommand& command : reading.commands) {
    if (command.words.empty() || !command.words[0].is_literal) continue;
    const std::string_view path = command.words[0].text;
    if (is_launcher(path.substr(path.rfind('/') + 1))) continue;
    // what is no launcher need not be asked
    const auto seen = effective_commands(command.words);
    CHECK(seen.size() == 1 && seen[0].is_complete && seen[0].argv == command.words);
  }
  return 0;
}
