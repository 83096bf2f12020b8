#include "surface/terminal_modes.h"

#include <algorithm>

#include "base/text.h"

namespace bailiwick {
namespace {

constexpr unsigned kKeyDepthLimit = 64;    // more than any terminal keeps
constexpr unsigned kTitleDepthLimit = 10;  // xterm keeps ten

std::string csi(std::string_view rest) { return "\x1b[" + std::string(rest); }
std::string osc(std::string_view rest) { return "\x1b]" + std::string(rest) + "\x1b\\"; }

}  // namespace

int find_private_mode(unsigned number) {
  const auto at = std::find_if(kPrivateModes.begin(), kPrivateModes.end(),
                               [&](const PrivateMode& mode) { return mode.number == number; });
  return at == kPrivateModes.end() ? -1 : static_cast<int>(at - kPrivateModes.begin());
}

bool TerminalModes::is_changed(unsigned mode) const {
  return changed_.test(static_cast<std::size_t>(find_private_mode(mode)));
}

bool TerminalModes::in_alternate_screen() const { return is_changed(47) || is_changed(1047) || is_changed(1049); }

void TerminalModes::note_control(char c) {
  if (c == '\x0e') shifted_ = true;
  if (c == '\x0f') shifted_ = false;
}

void TerminalModes::note_escape(std::string_view intermediates, char final) {
  if (intermediates == "(") first_set_ = final != 'B';
  if (intermediates == "#") line_size_ = final == '3' || final == '4' || final == '6';
  if (!intermediates.empty()) return;
  switch (final) {
    case '=': keypad_ = true; break;
    case '>': keypad_ = false; break;
    case 'H': tabs_ = true; break;
    case 'n':
    case 'o':
    case '|':
    case '}':
    case '~': shifted_ = true; break;
    case 'c':
      // A reset leaves the alternate screen and empties the keyboard stacks. The other modes are still put back at the
      // end: that costs nothing where the terminal reset them, too.
      for (const unsigned mode : {47U, 1047U, 1049U}) changed_.reset(static_cast<std::size_t>(find_private_mode(mode)));
      key_depth_ = {};
      key_flags_ = {};
      break;
    default: break;
  }
}

void TerminalModes::note_private_modes(std::string_view parameters, char final) {
  for (const auto part : split(parameters, ';')) {
    const int index = find_private_mode(parameter(part, 0, 0));
    if (index < 0) continue;
    const auto& mode = kPrivateModes[static_cast<std::size_t>(index)];
    if (mode.initial != 0) changed_.set(static_cast<std::size_t>(index), final != mode.initial);
    if (mode.types_input == 'y' && final == 'h') may_type_ = true;
  }
}

void TerminalModes::note_csi(const Csi& seen) {
  const unsigned first = parameter(seen.parameters, 0, 0);
  const auto is = [&](char marker, std::string_view intermediates, char final) {
    return seen.marker == marker && seen.intermediates == intermediates && seen.final == final;
  };
  const auto screen = static_cast<std::size_t>(in_alternate_screen());
  if (is('?', "", 'h') || is('?', "", 'l')) {
    note_private_modes(seen.parameters, seen.final);
  } else if (is(0, "", 'm')) {
    style_ = seen.parameters.find_first_not_of("0;") != std::string_view::npos;
  } else if (is(0, "", 'h') || is(0, "", 'l')) {
    for (const auto part : split(seen.parameters, ';')) {
      if (part == "4") insert_ = seen.final == 'h';
      if (part == "20") newline_ = seen.final == 'h';
      if (part == "34") cursor_shape_ = seen.final == 'l';
    }
  } else if (is(0, "", 'r') || is(0, "", 's')) {
    if (!seen.parameters.empty()) margins_ = true;
    if (seen.final == 'r' && seen.parameters.empty()) margins_ = false;
  } else if (is(0, "", 'g')) {
    tabs_ = true;
  } else if (is('?', "", 'W')) {
    tabs_ = false;
  } else if (is(0, " ", 'q')) {
    cursor_style_ = first != 0;
  } else if (is(0, "", 't')) {
    if (first == 22) title_depth_ = std::min(title_depth_ + 1, kTitleDepthLimit);
    if (first == 23 && title_depth_ > 0) --title_depth_;
  } else if (is('>', "", 'u')) {
    key_depth_[screen] = std::min(key_depth_[screen] + 1, kKeyDepthLimit);
  } else if (is('<', "", 'u')) {
    key_depth_[screen] -= std::min(key_depth_[screen], std::max(first, 1U));
  } else if (is('=', "", 'u')) {
    key_flags_[screen] = first != 0;
  } else if (is('>', "", 'm') || is('>', "", 'n')) {
    const bool is_initial = seen.final == 'm' && parameter(seen.parameters, 1, 0) == 0;
    if (seen.parameters.empty() && is_initial)
      key_resources_.reset();
    else if (first < key_resources_.size())
      key_resources_.set(first, !is_initial);
  }
}

void TerminalModes::note_osc(unsigned number, std::string_view payload) {
  if (number == 8) link_ = payload != ";";
  if (number == 9 && payload.substr(0, 2) == "4;") progress_ = payload.substr(0, 3) != "4;0";
  const auto parts = split(payload, ';');
  if (number == 4 || number == 5) {
    for (std::size_t i = 1; i < parts.size(); i += 2) {
      if (parts[i] != "?") colours_.set(number);
    }
  }
  if (number >= 10 && number <= 19) {  // each further part is for the next number
    for (std::size_t i = 0; i < parts.size() && number + i < colours_.size(); ++i) {
      if (parts[i] != "?") colours_.set(number + i);
    }
  }
  if ((number == 104 || number == 105) && payload.empty()) colours_.reset(number - 100);
  if (number >= 110 && number <= 119) colours_.reset(number - 100);
}

void TerminalModes::restore_keyboard(std::string& out, int screen) const {
  const auto index = static_cast<std::size_t>(screen);
  if (key_depth_[index] > 0) out += csi("<" + std::to_string(key_depth_[index]) + "u");
  if (key_flags_[index]) out += csi("=0;1u");
}

// Margins and origin mode send the cursor home when they are put back, hence the saved cursor.
void TerminalModes::restore_page(std::string& out) const {
  if (is_changed(6)) {
    // A cursor saved now would bring origin mode back: go to the last line instead.
    out += csi("?6l") + csi("r") + csi("?69l") + csi("9999;1H");
    return;
  }
  if (!margins_ && !is_changed(69)) return;
  out += "\0337" + csi("r");
  if (is_changed(69)) out += csi("?69l");
  out += "\0338";
}

void TerminalModes::restore_colours(std::string& out) const {
  for (unsigned number = 0; number < colours_.size(); ++number) {
    if (colours_.test(number)) out += osc(std::to_string(100 + number));
  }
}

std::string TerminalModes::restore() const {
  std::string out;
  if (is_changed(2026)) out += csi("?2026l");  // first, so that the rest is drawn
  if (link_) out += osc("8;;");
  if (in_alternate_screen()) restore_keyboard(out, 1);
  for (std::size_t i = 0; i < kPrivateModes.size(); ++i) {
    const auto& mode = kPrivateModes[i];
    if (!changed_.test(i) || mode.number == 6 || mode.number == 69 || mode.number == 2026) continue;
    out += csi("?" + std::to_string(mode.number)) + mode.initial;
  }
  restore_keyboard(out, 0);
  for (std::size_t i = 0; i < key_resources_.size(); ++i) {
    if (key_resources_.test(i)) out += csi(">" + std::to_string(i) + "m");
  }
  if (keypad_) out += "\x1b>";
  if (insert_) out += csi("4l");
  if (newline_) out += csi("20l");
  if (cursor_shape_) out += csi("34h");
  restore_page(out);
  if (cursor_style_) out += csi("0 q");
  if (shifted_) out += '\x0f';
  if (first_set_) out += "\x1b(B";
  if (style_) out += csi("0m");
  if (line_size_) out += "\x1b#5";
  restore_colours(out);
  if (progress_) out += osc("9;4;0");
  if (tabs_) out += csi("?5W");
  for (unsigned i = 0; i < title_depth_; ++i) out += csi("23;0t");
  return out;
}

}  // namespace bailiwick
