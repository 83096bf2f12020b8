// What a program has changed on the user's terminal, and the bytes that put it back. A value; any thread; no I/O.
#pragma once

#include <array>
#include <bitset>
#include <cstdint>
#include <string>
#include <string_view>

#include "surface/terminal_rules.h"

namespace bailiwick {

// A DEC private mode that programs may set (CSI ? n h) and reset (CSI ? n l).
struct PrivateMode {
  std::uint16_t number;
  char initial;      // 'h' or 'l': how a terminal starts; 0: nothing to put back
  char types_input;  // 'y': while set, the terminal sends what nobody typed (mouse, focus, resize)
};
inline constexpr std::array<PrivateMode, 32> kPrivateModes = {{
    {1, 'l', 'n'},     // application cursor keys
    {4, 'l', 'n'},     // smooth scrolling
    {5, 'l', 'n'},     // reverse video
    {6, 'l', 'n'},     // origin
    {7, 'h', 'n'},     // autowrap
    {9, 'l', 'y'},     // X10 mouse
    {12, 'l', 'n'},    // blinking cursor
    {25, 'h', 'n'},    // cursor visible
    {45, 'l', 'n'},    // reverse wrap
    {47, 'l', 'n'},    // alternate screen
    {66, 'l', 'n'},    // application keypad
    {69, 'l', 'n'},    // left and right margins
    {1000, 'l', 'y'},  // mouse: 1000 to 1003, encodings 1005, 1006, 1015, 1016
    {1002, 'l', 'y'},
    {1003, 'l', 'y'},
    {1004, 'l', 'y'},  // focus
    {1005, 'l', 'y'},
    {1006, 'l', 'y'},
    {1007, 'l', 'n'},  // wheel sends cursor keys in the alternate screen: on by default in some terminals, so only `h`
                       // is undone
    {1015, 'l', 'y'},
    {1016, 'l', 'y'},
    {1034, 'l', 'n'},  // meta key sets the eighth bit: readline sets it
    {1047, 'l', 'n'},  // alternate screen
    {1048, 0, 'n'},    // save and restore the cursor
    {1049, 'l', 'n'},  // alternate screen
    {2004, 'l', 'n'},  // bracketed paste
    {2026, 'l', 'n'},  // synchronised output
    {2027, 'l', 'n'},  // grapheme clusters
    {2031, 'l', 'y'},  // reports of the colour scheme
    {2048, 'l', 'y'},  // resize reports
    {7727, 'l', 'n'},  // mintty's escape key: tmux resets it
    {8452, 'l', 'n'},  // cursor beside a sixel image
}};
// The index in kPrivateModes, or -1.
[[nodiscard]] int find_private_mode(unsigned number);

class TerminalModes {
 public:
  void note_control(char c);
  void note_escape(std::string_view intermediates, char final);
  void note_csi(const Csi& csi);
  void note_osc(unsigned number, std::string_view payload);
  void note_question() { may_type_ = true; }

  // Titles pushed and not popped (XTPUSHTITLE).
  [[nodiscard]] unsigned title_depth() const { return title_depth_; }
  // The terminal may still send what nobody typed: answers, mouse and focus events.
  [[nodiscard]] bool may_type() const { return may_type_; }
  // Exactly what is needed, in an order that leaves the cursor in place; empty when nothing is to be put back.
  [[nodiscard]] std::string restore() const;

 private:
  [[nodiscard]] bool is_changed(unsigned mode) const;
  [[nodiscard]] bool in_alternate_screen() const;
  void note_private_modes(std::string_view parameters, char final);
  void restore_keyboard(std::string& out, int screen) const;
  void restore_page(std::string& out) const;
  void restore_colours(std::string& out) const;

  std::bitset<kPrivateModes.size()> changed_;
  std::array<unsigned, 2> key_depth_{};  // kitty keyboard flags pushed: main, alternate screen
  std::array<bool, 2> key_flags_{};      // kitty keyboard flags set without a push
  std::bitset<8> key_resources_;         // XTMODKEYS
  std::bitset<20> colours_;              // 4, 5 and 10 to 19: OSC numbers of colours that were set
  unsigned title_depth_ = 0;
  bool may_type_ = false;
  bool keypad_ = false;
  bool insert_ = false;
  bool newline_ = false;
  bool cursor_shape_ = false;  // of GNU screen
  bool margins_ = false;
  bool style_ = false;  // SGR
  bool cursor_style_ = false;
  bool first_set_ = false;  // G0 is not ASCII
  bool shifted_ = false;    // another set than G0 in use
  bool line_size_ = false;
  bool tabs_ = false;
  bool link_ = false;
  bool progress_ = false;
};

}  // namespace bailiwick
