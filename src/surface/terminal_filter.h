// Streaming filter of what a sandboxed program prints to the user's terminal: a full parser (ECMA-48, the DEC VT500
// state machine, UTF-8) in front of the rules of terminal_rules.h. Pure: bytes in, bytes out. One thread at a time.
//
// Holds for every input, however it is cut into feeds (property-tested and fuzzed):
// - the output is the same for every way of cutting, and filtering it again changes nothing;
// - the output is valid UTF-8 (in that encoding) without C1 characters; every ESC in it starts a complete, permitted
// sequence;
// - at most `string_limit` bytes are held back; a longer string is dropped to its end.
//
// C1 controls are understood as two bytes of UTF-8 and as raw bytes, and leave in 7-bit form. A raw byte that is
// neither UTF-8 nor C1 becomes U+FFFD, as terminals show it. A string opened by an 8-bit introducer ends at a newline:
// text in an older encoding then loses at most the rest of a line.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "surface/terminal_modes.h"
#include "surface/terminal_rules.h"

namespace bailiwick {

struct FilterOptions {
  Allow allow = Allow::nothing;
  Encoding encoding = Encoding::utf8;
  std::size_t string_limit = std::size_t{64} * 1024;  // bytes of one OSC, DCS, SOS, PM or APC string
};

struct DropCounts {
  std::array<std::uint64_t, kDroppedKinds> by_kind{};
  [[nodiscard]] std::uint64_t of(Dropped kind) const { return by_kind[static_cast<std::size_t>(kind)]; }
  [[nodiscard]] std::uint64_t total() const;
  bool operator==(const DropCounts&) const = default;
};

class TerminalFilter {
 public:
  explicit TerminalFilter(FilterOptions options = {}) : options_(options) {}

  // Appends to `out` what may be printed.
  void feed(std::string_view bytes, std::string& out);
  // The end of the output: drops what is incomplete.
  void finish(std::string& out);

  [[nodiscard]] const DropCounts& dropped() const { return dropped_; }
  // See TerminalModes: what puts the terminal back, and whether it may still send what nobody typed.
  [[nodiscard]] std::string restore() const { return modes_.restore(); }
  [[nodiscard]] bool may_type() const { return modes_.may_type(); }

 private:
  enum class State : std::uint8_t { ground, escape, csi, csi_ignore, string, string_escape };
  enum class StringKind : std::uint8_t { osc, dcs, apc, title, other };
  enum class Terminator : std::uint8_t { bell, string_terminator };

  void decode(unsigned char byte, std::string& out);
  void step(unsigned char c, std::string& out);     // one 7-bit character
  void step_c1(unsigned char c, std::string& out);  // 0x80 to 0x9F
  void step_text(std::string_view character, std::string& out);
  void control(unsigned char c, std::string& out);  // C0, in ground or inside a sequence
  void step_escape(unsigned char c, std::string& out);
  void step_csi(unsigned char c, std::string& out);
  void step_string(unsigned char c, std::string& out);
  void open_string(StringKind kind);
  void end_escape(char final, std::string& out);
  void end_csi(char final, std::string& out);
  void end_string(Terminator terminator, std::string& out);
  void end_osc(Terminator terminator, std::string& out);
  void abandon();                       // the sequence in progress, if any
  void append(std::string_view bytes);  // to the string in progress
  void drop(Dropped kind) { ++dropped_.by_kind[static_cast<std::size_t>(kind)]; }

  FilterOptions options_;
  TerminalModes modes_;
  DropCounts dropped_;
  State state_ = State::ground;
  StringKind string_kind_ = StringKind::other;
  bool eight_bit_introducer_ = false;
  bool oversize_ = false;
  char marker_ = 0;
  std::string parameters_;
  std::string intermediates_;
  std::string string_;
  std::array<char, 4> partial_{};  // an incomplete UTF-8 character
  std::size_t partial_size_ = 0;
  std::size_t partial_wanted_ = 0;
};

}  // namespace bailiwick
