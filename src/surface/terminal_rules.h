// Which control functions a sandboxed program may send to the user's terminal. Pure; any thread.
//
// Allow-lists throughout: what is not known is dropped (law 3). What passes is written anew in one canonical 7-bit
// form, so that the terminal and this filter cannot read the same bytes differently.
//
// How it was decided:
// - A terminal answers some requests by "typing". Where the answer can hold text that the program chose (title,
// DECRQSS, XTGETTCAP,
//   answerback, clipboard, notification ids, file names in errors), the program could type into whatever reads the
//   terminal next, which is the user's shell. Those are dropped. Answers made of numbers, or of the terminal's own name
//   (cursor position, device attributes, modes, colours, sizes of the text area, XTVERSION), are needed by editors and
//   agents; they pass, and what arrives late is drained at the end (surface/terminal.h).
// - What reaches beyond the screen is dropped: clipboard, files, printer, window position and size, key and font
// programming,
//   desktop notifications, the directory of new tabs, marks that make an IDE record a command.
// - Multiplexer passthrough would carry anything past this filter, so that there is no option for it.
// - Images are dropped by default: their decoders are large, kitty's protocol can name files and shared memory of the
// host (never
//   permitted), and its error replies have typed file names into shells.
// - Hyperlinks pass for http and https. `file:` opens local files with their default program, by a click.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace bailiwick {

// Each loosening by its name; combine with |.
enum class Allow : std::uint16_t {
  nothing = 0,
  clipboard_write = 1 << 0,
  clipboard_read = 1 << 1,
  notifications = 1 << 2,
  images = 1 << 3,         // sixel, kitty graphics with the data in the sequence, iTerm2 inline images
  file_links = 1 << 4,     // OSC 8 with file:
  file_transfer = 1 << 5,  // OSC 1337 File=, OSC 5113
  shell_marks = 1 << 6,    // OSC 133
  directory = 1 << 7,      // OSC 7
  reports = 1 << 8,        // requests whose answer can hold text that the program chose
};
[[nodiscard]] constexpr Allow operator|(Allow a, Allow b) {
  // NOLINTNEXTLINE(clang-analyzer-optin.core.EnumCastOutOfRange): a set of flags
  return static_cast<Allow>(static_cast<unsigned>(a) | static_cast<unsigned>(b));
}
[[nodiscard]] constexpr bool includes(Allow set, Allow wanted) {
  return (static_cast<unsigned>(set) & static_cast<unsigned>(wanted)) == static_cast<unsigned>(wanted);
}

// How the terminal reads bytes from 0x80. The filter drops what would switch it.
enum class Encoding : std::uint8_t { utf8, eight_bit };
// From a locale's name (LC_ALL, LC_CTYPE or LANG): eight_bit only where another character set is named, such as
// `de_DE.ISO-8859-1`.
[[nodiscard]] Encoding terminal_encoding(std::string_view locale);

enum class Dropped : std::uint8_t {
  clipboard,
  report,         // a request whose answer types into the terminal
  file_transfer,  // files of the host
  image,
  notification,
  hyperlink,    // a scheme that is not http or https
  directory,    // working directory for new tabs
  shell_mark,   // shell integration: forged commands and prompts
  passthrough,  // meant for a multiplexer or for what lies behind it
  printer,      // media copy
  window,       // move, resize, iconify, raise
  program,      // programming of keys, fonts, macros
  mode,         // a mode that is not on the list
  encoding,     // character encoding, 8-bit replies
  control,      // single control characters
  unknown,      // a control function that is not on the list
  unfinished,   // cut off by another sequence or by the end
  oversize,     // longer than the limit
};
inline constexpr std::size_t kDroppedKinds = 18;
// "clipboard", "file transfer", ...
[[nodiscard]] std::string_view name(Dropped kind);

struct Ruling {
  bool passes = false;
  std::string text;                // the canonical parameters or payload
  std::optional<Dropped> dropped;  // why it, or a part of it, does not pass
  bool asks = false;               // the terminal will answer
};

struct Csi {
  char marker = 0;                 // < = > ? or 0
  std::string_view parameters;     // digits, ; and :
  std::string_view intermediates;  // 0x20 to 0x2F
  char final = 0;
};

// Numbers above 65,535 become 65,535, leading zeros go.
[[nodiscard]] std::string canonical_parameters(std::string_view parameters);
// The number at `index` (from 0) among the parameters; `missing` where there is none.
[[nodiscard]] unsigned parameter(std::string_view parameters, std::size_t index, unsigned missing);

// Payloads hold no control characters. `text` of a ruling is empty for rule_escape.
[[nodiscard]] Ruling rule_escape(std::string_view intermediates, char final);
[[nodiscard]] Ruling rule_csi(const Csi& csi, Allow allow);  // csi.parameters are canonical
[[nodiscard]] Ruling rule_osc(unsigned number, std::string_view payload, Allow allow);
[[nodiscard]] Ruling rule_dcs(std::string_view content, Allow allow);
[[nodiscard]] Ruling rule_apc(std::string_view content, Allow allow);

}  // namespace bailiwick
