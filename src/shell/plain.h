// The way in front of tree-sitter, for what most lines are: literal words, '..' and "..", && || ; | and newlines,
// simple redirections. Private to the room.
#pragma once

#include <optional>
#include <string_view>

#include "shell/read.h"

namespace bailiwick::shell {

// Nothing if the text is, or may be, more than that. What it gives is what read_with_grammar() gives, if that is not
// opaque: the tests and the fuzzer hold the one against the other.
[[nodiscard]] std::optional<ShellReading> read_plain(std::string_view text);
[[nodiscard]] ShellReading read_with_grammar(std::string_view text);

}  // namespace bailiwick::shell
