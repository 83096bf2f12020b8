#include "surface/terminal_rules.h"

#include <algorithm>
#include <charconv>

#include "base/text.h"
#include "surface/terminal_modes.h"

namespace bailiwick {
namespace {

constexpr std::size_t kTitleLimit = 256;
constexpr std::size_t kColoursLimit = 4096;
constexpr std::size_t kLinkLimit = 2083;
constexpr std::size_t kNotificationLimit = 512;
constexpr unsigned kNumberLimit = 65535;

Ruling pass(std::string_view text = {}) { return {.passes = true, .text = std::string(text)}; }
Ruling ask(std::string_view text = {}) { return {.passes = true, .text = std::string(text), .asks = true}; }
Ruling refuse(Dropped kind) { return {.dropped = kind}; }
Ruling pass_if(bool permitted, Dropped otherwise, std::string_view text) {
  return permitted ? pass(text) : refuse(otherwise);
}
Ruling ask_if(bool permitted, Dropped otherwise, std::string_view text) {
  return permitted ? ask(text) : refuse(otherwise);
}

bool consists_of(std::string_view text, std::string_view characters) {
  return text.find_first_not_of(characters) == std::string_view::npos;
}
bool is_number(std::string_view text) { return !text.empty() && consists_of(text, "0123456789"); }
constexpr std::string_view kAlphanumeric = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
bool is_made_of(std::string_view text, std::string_view more) {
  return std::all_of(text.begin(), text.end(), [&](char c) {
    return kAlphanumeric.find(c) != std::string_view::npos || more.find(c) != std::string_view::npos;
  });
}
bool is_ascii_text(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

// The modes of a CSI h or l that are on `known`; the others are dropped.
template <class Known>
Ruling rule_modes(std::string_view parameters, Known known) {
  Ruling ruling;
  for (const auto part : split(parameters, ';')) {
    if (is_number(part) && known(parameter(part, 0, 0))) {
      if (ruling.passes) ruling.text += ';';
      ruling.text += part;
      ruling.passes = true;
    } else {
      ruling.dropped = Dropped::mode;
    }
  }
  return ruling;
}

Ruling rule_window(std::string_view parameters, Allow allow) {
  const unsigned what = parameter(parameters, 0, 0);
  switch (what) {
    case 14:  // sizes of the text area and of a cell: image-capable programs need them, the program cannot choose them
    case 16:
    case 18: return ask(std::to_string(what));
    case 20:
    case 21: return ask_if(includes(allow, Allow::reports), Dropped::report, std::to_string(what));
    case 22:  // push and pop the title
    case 23: return pass(std::to_string(what) + ";" + std::to_string(std::min(parameter(parameters, 1, 0), 2U)));
    case 11:
    case 13:
    case 15:
    case 19: return refuse(Dropped::report);
    default: return refuse(Dropped::window);
  }
}

Ruling rule_plain_csi(const Csi& csi, Allow allow) {
  const std::string_view parameters = csi.parameters;
  const bool single = parameters.find(';') == std::string_view::npos;
  const bool is_default = parameters.empty() || parameters == "0";
  // Cursor movement, erasing, inserting, scrolling, tabs, SGR, margins, saved cursor.
  if (std::string_view("@ABCDEFGHIJKLMPSXZ^`abdefgmrs").find(csi.final) != std::string_view::npos)
    return pass(parameters);
  switch (csi.final) {
    case 'T': return pass_if(single, Dropped::mode, parameters);  // with more parameters it is mouse highlighting
    case 'u': return pass_if(parameters.empty(), Dropped::unknown, parameters);
    case 'h':
    case 'l': return rule_modes(parameters, [](unsigned mode) { return mode == 4 || mode == 20 || mode == 34; });
    case 'n': return ask_if(parameters == "5" || parameters == "6", Dropped::report, parameters);
    case 'c': return ask_if(is_default, Dropped::report, parameters);
    case 't': return rule_window(parameters, allow);
    case 'x': return refuse(Dropped::report);
    case 'i': return refuse(Dropped::printer);
    default: return refuse(Dropped::unknown);
  }
}

Ruling rule_marked_csi(const Csi& csi, std::string_view form) {
  const std::string_view parameters = csi.parameters;
  const bool is_default = parameters.empty() || parameters == "0";
  if (form == "?h" || form == "?l") {
    return rule_modes(parameters, [](unsigned mode) { return find_private_mode(mode) >= 0; });
  }
  if (form == "?J" || form == "?K" || form == "?c") return pass(parameters);  // ?c: cursor shape of the Linux console
  if (form == "?W") return pass_if(parameters == "5", Dropped::unknown, parameters);
  if (form == "?n") return ask_if(parameters == "6" || parameters == "996", Dropped::report, parameters);
  if (form == "?m" || form == "?u") return ask(parameters);  // keyboard state
  if (form == ">c" || form == "=c" || form == ">q") return ask_if(is_default, Dropped::report, parameters);
  if (form == ">m" || form == ">n") return pass_if(parameter(parameters, 0, 0) <= 7, Dropped::unknown, parameters);
  if (form == ">u" || form == "<u" || form == "=u") return pass(parameters);  // kitty keyboard
  if (form == "?i") return refuse(Dropped::printer);
  if (form == "?s" || form == "?r")
    return refuse(Dropped::mode);  // saved modes could bring back what is not on the list
  if (form == ">t" || form == ">T") return refuse(Dropped::report);  // how a title is reported
  if (form == "?S") return refuse(Dropped::image);
  return refuse(Dropped::unknown);
}

bool is_colour(std::string_view text) {
  return text == "?" || (!text.empty() && text.size() <= 64 && is_made_of(text, "#:/., -"));
}

// OSC 4 and 5: number;colour pairs. A number must be one: some terminals send it back as it came.
Ruling rule_palette(std::string_view payload) {
  if (payload.size() > kColoursLimit) return refuse(Dropped::oversize);
  const auto parts = split(payload, ';');
  if (parts.size() % 2 != 0) return refuse(Dropped::unknown);
  for (std::size_t i = 0; i < parts.size(); i += 2) {
    if (!is_number(parts[i]) || parts[i].size() > 4 || !is_colour(parts[i + 1])) return refuse(Dropped::unknown);
  }
  return payload.find('?') == std::string_view::npos ? pass(payload) : ask(payload);
}

Ruling rule_dynamic_colours(std::string_view payload) {
  if (payload.size() > kColoursLimit) return refuse(Dropped::oversize);
  for (const auto part : split(payload, ';')) {
    if (!is_colour(part)) return refuse(Dropped::unknown);
  }
  return payload.find('?') == std::string_view::npos ? pass(payload) : ask(payload);
}

// A link that is not permitted closes the one before it, or its text would seem to belong to that one.
Ruling rule_hyperlink(std::string_view payload, Allow allow) {
  const auto separator = payload.find(';');
  if (separator == std::string_view::npos) return refuse(Dropped::unknown);
  auto options = payload.substr(0, separator);
  const auto target = payload.substr(separator + 1);
  if (target.empty()) return pass(";");
  if (options.size() > 256 || !is_made_of(options, "=:_-.+/")) options = {};
  std::string scheme;
  const auto colon = target.find(':');
  if (colon != std::string_view::npos) {
    for (const char c : target.substr(0, colon)) scheme += (c >= 'A' && c <= 'Z') ? static_cast<char>(c | 0x20) : c;
  }
  const bool permitted =
      scheme == "http" || scheme == "https" || (scheme == "file" && includes(allow, Allow::file_links));
  const bool is_sound =
      target.size() <= kLinkLimit && is_ascii_text(target) && target.find(' ') == std::string_view::npos;
  if (permitted && is_sound) return pass(std::string(options) + ";" + std::string(target));
  Ruling closing = pass(";");
  closing.dropped = Dropped::hyperlink;
  return closing;
}

Ruling rule_clipboard(std::string_view payload, Allow allow) {
  const auto separator = payload.find(';');
  if (separator == std::string_view::npos) return refuse(Dropped::clipboard);
  const auto data = payload.substr(separator + 1);
  if (!consists_of(payload.substr(0, separator), "cpqs01234567")) return refuse(Dropped::clipboard);
  if (data == "?") return ask_if(includes(allow, Allow::clipboard_read), Dropped::clipboard, payload);
  return pass_if(includes(allow, Allow::clipboard_write) && is_made_of(data, "+/=!"), Dropped::clipboard, payload);
}

// OSC 9 is a progress bar (9;4;state;percent), a notification (iTerm2), or a command to ConEmu (9;number;…).
Ruling rule_osc_9(std::string_view payload, Allow allow) {
  const auto parts = split(payload, ';');
  if (is_number(parts[0])) {
    const bool is_progress = parts[0] == "4" && (parts.size() == 2 || parts.size() == 3) && parts[1].size() == 1 &&
                             parts[1][0] >= '0' && parts[1][0] <= '4' &&
                             (parts.size() == 2 || (parts[2].size() <= 3 && consists_of(parts[2], "0123456789")));
    return pass_if(is_progress, Dropped::unknown, payload);
  }
  return pass_if(includes(allow, Allow::notifications), Dropped::notification, shorten(payload, kNotificationLimit));
}

// iTerm2's own: key=value:data
Ruling rule_osc_1337(std::string_view payload, Allow allow) {
  const auto starts = [&](std::string_view prefix) { return payload.substr(0, prefix.size()) == prefix; };
  if (starts("Copy") || starts("EndCopy")) return refuse(Dropped::clipboard);
  if (starts("CurrentDir")) return refuse(Dropped::directory);
  if (starts("Report")) return refuse(Dropped::report);
  if (starts("SetMark") || starts("RemoteHost") || starts("ShellIntegration")) return refuse(Dropped::shell_mark);
  if (starts("File=")) {
    const auto options = payload.substr(5, payload.find(':') - 5);
    bool is_inline = false;
    for (const auto option : split(options, ';')) is_inline = is_inline || option == "inline=1";
    const bool is_sound = is_ascii_text(payload);
    return pass_if(is_sound && includes(allow, is_inline ? Allow::images : Allow::file_transfer),
                   Dropped::file_transfer, payload);
  }
  if (starts("MultipartFile") || starts("FilePart") || starts("FileEnd") || starts("RequestUpload")) {
    return pass_if(is_ascii_text(payload) && includes(allow, Allow::file_transfer), Dropped::file_transfer, payload);
  }
  return refuse(Dropped::unknown);
}

}  // namespace

Encoding terminal_encoding(std::string_view locale) {
  const auto dot = locale.find('.');
  if (dot == std::string_view::npos) return Encoding::utf8;
  std::string codeset;
  for (const char c : locale.substr(dot + 1, locale.find('@') - dot - 1)) {
    if (c != '-' && c != '_') codeset += (c >= 'A' && c <= 'Z') ? static_cast<char>(c | 0x20) : c;
  }
  return codeset.empty() || codeset == "utf8" ? Encoding::utf8 : Encoding::eight_bit;
}

std::string_view name(Dropped kind) {
  static constexpr std::array<std::string_view, kDroppedKinds> kNames = {
      "clipboard", "report",     "file transfer", "image",   "notification", "hyperlink",
      "directory", "shell mark", "passthrough",   "printer", "window",       "key program",
      "mode",      "encoding",   "control",       "unknown", "unfinished",   "oversize"};
  return kNames[static_cast<std::size_t>(kind)];
}

std::string canonical_parameters(std::string_view parameters) {
  std::string out;
  for (std::size_t i = 0; i < parameters.size();) {
    std::size_t end = parameters.find_first_not_of("0123456789", i);
    if (end == std::string_view::npos) end = parameters.size();
    if (end == i) {
      out += parameters[i++];
      continue;
    }
    unsigned value = 0;
    const auto [stop, error] = std::from_chars(parameters.data() + i, parameters.data() + end, value);
    out += std::to_string(error != std::errc() || value > kNumberLimit ? kNumberLimit : value);
    i = end;
  }
  return out;
}

unsigned parameter(std::string_view parameters, std::size_t index, unsigned missing) {
  const auto parts = split(parameters, ';');
  if (index >= parts.size()) return missing;
  unsigned value = missing;
  std::from_chars(parts[index].data(), parts[index].data() + parts[index].size(), value);
  return value;
}

Ruling rule_escape(std::string_view intermediates, char final) {
  const auto is_one_of = [&](std::string_view finals) { return finals.find(final) != std::string_view::npos; };
  if (intermediates.empty()) {
    // Cursor and index, application keypad, single and locking shifts, reset.
    if (is_one_of("6789=>DEHMNOcno|}~")) return pass();
    if (final == 'Z') return refuse(Dropped::report);
    return refuse(Dropped::unknown);
  }
  if (intermediates.size() > 1) return refuse(Dropped::unknown);
  switch (intermediates[0]) {
    case '#': return is_one_of("34568") ? pass() : refuse(Dropped::unknown);
    case '(':
    case ')':
    case '*':
    case '+':
    case '-':
    case '.':
    case '/': return pass();  // character sets; loading one's own is dropped with DCS
    case '%':
    case ' ': return refuse(Dropped::encoding);
    default: return refuse(Dropped::unknown);
  }
}

Ruling rule_csi(const Csi& csi, Allow allow) {
  std::string form;
  if (csi.marker != 0) form += csi.marker;
  form += csi.intermediates;
  form += csi.final;
  if (form.size() == 1) return rule_plain_csi(csi, allow);
  if (csi.intermediates.empty()) return rule_marked_csi(csi, form);

  // Scrolling sideways, cursor style, soft reset, protected characters, rectangles, columns, SGR and colour stacks.
  for (const std::string_view harmless : {" @", " A", " q", "!p", "\"q", "*x", "$r", "$t", "$v", "$x",
                                          "$z", "${", "'}", "'~", "#p",  "#q", "#{", "#}", "#P", "#Q"}) {
    if (form == harmless) return pass(csi.parameters);
  }
  if (form == "$p" || form == "?$p") return ask(csi.parameters);  // state of a mode: two numbers come back
  // Checksum of screen content, state reports, locator, stacks read back.
  for (const std::string_view report : {"*y", "$w", "$u", "&u", "#|", "#R", "#S", "'z", "'{", "'|", "'w"}) {
    if (form == report) return refuse(Dropped::report);
  }
  if (form == "*z") return refuse(Dropped::program);    // runs a macro
  if (form == "\"p") return refuse(Dropped::encoding);  // conformance level: 8-bit replies
  if (form == "$|" || form == "*|") return refuse(Dropped::window);
  return refuse(Dropped::unknown);
}

Ruling rule_osc(unsigned number, std::string_view payload, Allow allow) {
  if (number >= 10 && number <= 19) return rule_dynamic_colours(payload);
  if (number >= 110 && number <= 119) return pass_if(payload.empty(), Dropped::unknown, {});
  switch (number) {
    case 0:
    case 1:
    case 2: return pass(shorten(payload, kTitleLimit));
    case 4:
    case 5: return rule_palette(payload);
    case 104:
    case 105:
      return pass_if(payload.size() <= kColoursLimit && consists_of(payload, "0123456789;"), Dropped::unknown, payload);
    case 8: return rule_hyperlink(payload, allow);
    case 9: return rule_osc_9(payload, allow);
    case 777:
      return pass_if(includes(allow, Allow::notifications) && payload.substr(0, 7) == "notify;", Dropped::notification,
                     shorten(payload, kNotificationLimit));
    case 99:  // its answers repeat ids that the program chose
      return ask_if(includes(allow, Allow::notifications | Allow::reports), Dropped::notification, payload);
    case 7: return pass_if(includes(allow, Allow::directory), Dropped::directory, payload);
    case 50: return refuse(payload.find('?') != std::string_view::npos ? Dropped::report : Dropped::program);
    case 52: return rule_clipboard(payload, allow);
    case 5522:
      return ask_if(includes(allow, Allow::clipboard_read | Allow::clipboard_write) && is_ascii_text(payload),
                    Dropped::clipboard, payload);
    case 5113:
      return ask_if(includes(allow, Allow::file_transfer) && is_ascii_text(payload), Dropped::file_transfer, payload);
    case 133: return pass_if(includes(allow, Allow::shell_marks), Dropped::shell_mark, payload);
    case 633:  // VS Code's own marks name the command that it records
    case 3008:
    case 697: return refuse(Dropped::shell_mark);
    case 21: return refuse(Dropped::report);  // kitty answers with the keys that were asked for
    case 46: return refuse(Dropped::file_transfer);
    case 1337: return rule_osc_1337(payload, allow);
    default: return refuse(Dropped::unknown);
  }
}

Ruling rule_dcs(std::string_view content, Allow allow) {
  const auto first = content.find_first_not_of("0123456789;");
  if (first == std::string_view::npos) return refuse(Dropped::unknown);
  const auto rest = content.substr(first);
  const auto starts = [&](std::string_view prefix) { return rest.substr(0, prefix.size()) == prefix; };
  if (starts("q"))
    return pass_if(includes(allow, Allow::images) && is_ascii_text(rest), Dropped::image, content);  // sixel
  // DECRQSS, XTGETTCAP and their kin: name=value comes back. Their arguments are hexadecimal or at most three
  // characters.
  if (starts("$q") || starts("+q") || starts("+Q")) {
    return ask_if(includes(allow, Allow::reports) && is_ascii_text(rest) && rest.size() <= 1024, Dropped::report,
                  content);
  }
  if (starts("tmux;")) return refuse(Dropped::passthrough);
  if (starts("|") || starts("{") || starts("!z") || starts("+p")) return refuse(Dropped::program);
  if (starts("p")) return refuse(Dropped::image);  // ReGIS
  return refuse(Dropped::unknown);
}

Ruling rule_apc(std::string_view content, Allow allow) {
  if (content.substr(0, 1) != "G") return refuse(Dropped::unknown);
  const auto separator = content.find(';');
  const auto options = content.substr(1, separator == std::string_view::npos ? separator : separator - 1);
  const auto data = separator == std::string_view::npos ? std::string_view() : content.substr(separator + 1);
  if (!is_made_of(options, "=,+-") || !is_made_of(data, "+/=")) return refuse(Dropped::image);
  for (const auto option : split(options, ',')) {
    // SECURITY: t=f, t=t and t=s have the terminal read files and shared memory of the host (and remove them).
    if (option.substr(0, 2) == "t=" && option != "t=d") return refuse(Dropped::file_transfer);
  }
  return ask_if(includes(allow, Allow::images), Dropped::image, content);
}

}  // namespace bailiwick
