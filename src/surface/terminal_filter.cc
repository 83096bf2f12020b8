#include "surface/terminal_filter.h"

#include <algorithm>
#include <numeric>

namespace bailiwick {
namespace {

constexpr unsigned char kBell = 0x07;
constexpr unsigned char kCancel = 0x18;
constexpr unsigned char kSubstitute = 0x1A;
constexpr unsigned char kEscape = 0x1B;
constexpr unsigned char kDelete = 0x7F;
constexpr std::size_t kSequenceLimit = 256;  // parameters and intermediates of one CSI
constexpr std::string_view kReplacement = "\xEF\xBF\xBD";
constexpr unsigned kNoNumber = ~0U;

bool is_hex(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

// Bytes of the UTF-8 character that starts with `lead`, 0 if none does.
std::size_t utf8_size(unsigned char lead) {
  if (lead >= 0xC2 && lead <= 0xDF) return 2;
  if (lead >= 0xE0 && lead <= 0xEF) return 3;
  if (lead >= 0xF0 && lead <= 0xF4) return 4;
  return 0;
}

// RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF.
bool continues(unsigned char lead, std::size_t position, unsigned char byte) {
  if ((byte & 0xC0) != 0x80) return false;
  if (position != 1) return true;
  switch (lead) {
    case 0xE0: return byte >= 0xA0;
    case 0xED: return byte <= 0x9F;
    case 0xF0: return byte >= 0x90;
    case 0xF4: return byte <= 0x8F;
    default: return true;
  }
}

// `1;rest` to 1 and rest.
unsigned osc_number(std::string_view content, std::string_view& payload) {
  const auto end = std::min(content.find(';'), content.size());
  unsigned number = 0;
  if (end == 0 || end > 9) return kNoNumber;
  for (const char c : content.substr(0, end)) {
    if (c < '0' || c > '9') return kNoNumber;
    number = number * 10 + static_cast<unsigned>(c - '0');
  }
  payload = content.substr(std::min(end + 1, content.size()));
  return number;
}

}  // namespace

std::uint64_t DropCounts::total() const { return std::accumulate(by_kind.begin(), by_kind.end(), std::uint64_t{0}); }

void TerminalFilter::feed(std::string_view bytes, std::string& out) {
  while (!bytes.empty()) {
    if (state_ == State::ground && partial_size_ == 0) {
      // Most of all output: printable ASCII and line ends outside any sequence.
      const auto plain = std::find_if(bytes.begin(), bytes.end(), [](char c) {
        return (c < ' ' && c != '\n' && c != '\r' && c != '\t') || c == '\x7f' ||
               static_cast<unsigned char>(c) > '\x7f';
      });
      const auto size = static_cast<std::size_t>(plain - bytes.begin());
      out += bytes.substr(0, size);
      bytes.remove_prefix(size);
      if (bytes.empty()) return;
    }
    decode(static_cast<unsigned char>(bytes[0]), out);
    bytes.remove_prefix(1);
  }
}

void TerminalFilter::finish(std::string& out) {
  if (partial_size_ > 0) {
    partial_size_ = 0;
    step_text(kReplacement, out);
  }
  abandon();
  state_ = State::ground;
}

void TerminalFilter::decode(unsigned char byte, std::string& out) {
  if (partial_size_ > 0) {
    if (continues(static_cast<unsigned char>(partial_[0]), partial_size_, byte)) {
      partial_[partial_size_++] = static_cast<char>(byte);
      if (partial_size_ < partial_wanted_) return;
      const std::string_view character(partial_.data(), partial_size_);
      partial_size_ = 0;
      if (character.size() == 2 && partial_[0] == '\xC2' && byte < 0xA0) return step_c1(byte, out);
      return step_text(character, out);
    }
    partial_size_ = 0;
    step_text(kReplacement, out);
  }
  if (byte < 0x80) return step(byte, out);
  if (byte < 0xA0) return step_c1(byte, out);
  if (options_.encoding == Encoding::eight_bit) {
    const char character = static_cast<char>(byte);
    return step_text({&character, 1}, out);
  }
  partial_wanted_ = utf8_size(byte);
  if (partial_wanted_ == 0) return step_text(kReplacement, out);
  partial_[0] = static_cast<char>(byte);
  partial_size_ = 1;
}

void TerminalFilter::step(unsigned char c, std::string& out) {
  switch (state_) {
    case State::ground:
      if (c < 0x20 || c == kDelete) return control(c, out);
      out += static_cast<char>(c);
      return;
    case State::escape: return step_escape(c, out);
    case State::csi:
    case State::csi_ignore: return step_csi(c, out);
    case State::string: return step_string(c, out);
    case State::string_escape:
      if (c == '\\') return end_string(Terminator::string_terminator, out);
      abandon();
      state_ = State::escape;
      return step_escape(c, out);
  }
}

// A C1 control is ESC and the character 0x40 below it. Each but ST cuts off what is in progress.
void TerminalFilter::step_c1(unsigned char c, std::string& out) {
  const bool ends_string = c == 0x9C && (state_ == State::string || state_ == State::string_escape);
  if (ends_string) return end_string(Terminator::string_terminator, out);
  abandon();
  state_ = State::escape;
  step_escape(static_cast<unsigned char>(c - 0x40), out);
  eight_bit_introducer_ = state_ == State::string;
}

void TerminalFilter::step_text(std::string_view character, std::string& out) {
  if (state_ == State::string) return append(character);
  abandon();  // no sequence holds such a character outside a string
  state_ = State::ground;
  out += character;
}

void TerminalFilter::control(unsigned char c, std::string& out) {
  switch (c) {
    case kEscape:
      abandon();
      state_ = State::escape;
      return;
    case kCancel:  // also what starts a ZMODEM transfer
    case kSubstitute:
      if (state_ == State::ground) return drop(Dropped::control);
      abandon();
      state_ = State::ground;
      return;
    case kBell:
    case '\b':
    case '\t':
    case '\n':
    case '\v':
    case '\f':
    case '\r':
    case 0x0E:
    case 0x0F: out += static_cast<char>(c); return modes_.note_control(static_cast<char>(c));
    case 0x05: return drop(Dropped::report);  // ENQ: the answerback message
    case 0x00:                                // padding: terminals ignore both
    case kDelete: return;
    default: return drop(Dropped::control);
  }
}

void TerminalFilter::step_escape(unsigned char c, std::string& out) {
  if (c < 0x20 || c == kDelete) return control(c, out);
  if (c < 0x30) {
    if (intermediates_.size() >= kSequenceLimit)
      oversize_ = true;
    else
      intermediates_ += static_cast<char>(c);
    return;
  }
  if (!intermediates_.empty()) return end_escape(static_cast<char>(c), out);
  switch (c) {
    case '[': state_ = State::csi; return;
    case ']': return open_string(StringKind::osc);
    case 'P': return open_string(StringKind::dcs);
    case '_': return open_string(StringKind::apc);
    case 'k': return open_string(StringKind::title);  // window name of screen and tmux
    case 'X':
    case '^': return open_string(StringKind::other);
    default: return end_escape(static_cast<char>(c), out);
  }
}

void TerminalFilter::step_csi(unsigned char c, std::string& out) {
  if (c < 0x20 || c == kDelete) return control(c, out);
  if (c >= 0x40) return end_csi(static_cast<char>(c), out);
  if (state_ == State::csi_ignore) return;
  const char byte = static_cast<char>(c);
  const bool is_intermediate = c < 0x30;
  const bool is_marker = c >= 0x3C;  // only as the first
  if (parameters_.size() + intermediates_.size() >= kSequenceLimit) {
    oversize_ = true;
    state_ = State::csi_ignore;
  } else if (is_intermediate) {
    intermediates_ += byte;
  } else if (!intermediates_.empty() || (is_marker && (marker_ != 0 || !parameters_.empty()))) {
    state_ = State::csi_ignore;
  } else if (is_marker) {
    marker_ = byte;
  } else {
    parameters_ += byte;
  }
}

void TerminalFilter::step_string(unsigned char c, std::string& out) {
  if (c == kEscape) {
    state_ = State::string_escape;
  } else if (c == kBell && string_kind_ == StringKind::osc) {
    end_string(Terminator::bell, out);
  } else if (c == kCancel || c == kSubstitute) {
    control(c, out);
  } else if ((c == '\n' || c == '\r') && eight_bit_introducer_) {
    abandon();
    state_ = State::ground;
    control(c, out);
  } else if (c >= 0x20 && c != kDelete) {
    const char byte = static_cast<char>(c);
    append({&byte, 1});
    // The Linux console's palette: OSC R, and OSC P with seven digits, end without a terminator.
    const bool is_palette = string_ == "R" || (string_.size() == 8 && string_[0] == 'P' &&
                                               std::all_of(string_.begin() + 1, string_.end(), is_hex));
    if (string_kind_ == StringKind::osc && is_palette) end_string(Terminator::string_terminator, out);
  }
}

void TerminalFilter::open_string(StringKind kind) {
  state_ = State::string;
  string_kind_ = kind;
}

void TerminalFilter::append(std::string_view bytes) {
  if (oversize_) return;
  if (string_.size() + bytes.size() > options_.string_limit) {
    oversize_ = true;
    string_ = {};
  } else {
    string_ += bytes;
  }
}

void TerminalFilter::abandon() {
  if (state_ != State::ground) drop(Dropped::unfinished);
  intermediates_.clear();
  parameters_.clear();
  string_.clear();
  marker_ = 0;
  oversize_ = false;
  eight_bit_introducer_ = false;
}

void TerminalFilter::end_escape(char final, std::string& out) {
  state_ = State::ground;
  const bool is_lone_terminator = intermediates_.empty() && final == '\\';  // the end of a string that was cut off
  const Ruling ruling = is_lone_terminator ? Ruling{} : rule_escape(intermediates_, final);
  if (ruling.dropped) drop(*ruling.dropped);
  if (ruling.passes) {
    out += "\x1b" + intermediates_ + final;
    modes_.note_escape(intermediates_, final);
  }
  abandon();
}

void TerminalFilter::end_csi(char final, std::string& out) {
  const bool is_malformed = state_ == State::csi_ignore;
  state_ = State::ground;
  Csi csi{.marker = marker_, .parameters = {}, .intermediates = intermediates_, .final = final};
  const std::string parameters = canonical_parameters(parameters_);
  csi.parameters = parameters;
  Ruling ruling{.dropped = oversize_ ? Dropped::oversize : Dropped::unknown};
  if (!is_malformed) ruling = rule_csi(csi, options_.allow);
  csi.parameters = ruling.text;
  // SECURITY: a title pushed by someone else is not the program's to pop.
  const bool is_foreign_pop =
      final == 't' && parameter(ruling.text, 0, 0) == 23 && ruling.passes && modes_.title_depth() == 0;
  if (is_foreign_pop) ruling = {.dropped = Dropped::window};
  if (ruling.dropped) drop(*ruling.dropped);
  if (ruling.passes) {
    out += "\x1b[";
    if (marker_ != 0) out += marker_;
    out += ruling.text;
    out += intermediates_;
    out += final;
    modes_.note_csi(csi);
    if (ruling.asks) modes_.note_question();
  }
  abandon();
}

void TerminalFilter::end_string(Terminator terminator, std::string& out) {
  state_ = State::ground;
  if (oversize_) {
    drop(Dropped::oversize);
  } else if (string_kind_ == StringKind::osc) {
    end_osc(terminator, out);
  } else if (string_kind_ == StringKind::title) {
    drop(Dropped::passthrough);
  } else if (string_kind_ == StringKind::other) {
    drop(Dropped::unknown);
  } else {
    const bool is_dcs = string_kind_ == StringKind::dcs;
    const Ruling ruling = is_dcs ? rule_dcs(string_, options_.allow) : rule_apc(string_, options_.allow);
    if (ruling.dropped) drop(*ruling.dropped);
    if (ruling.passes) out += (is_dcs ? "\x1bP" : "\x1b_") + ruling.text + "\x1b\\";
    if (ruling.asks) modes_.note_question();
  }
  abandon();
}

void TerminalFilter::end_osc(Terminator terminator, std::string& out) {
  std::string_view payload;
  const unsigned number = osc_number(string_, payload);
  const Ruling ruling =
      number == kNoNumber ? Ruling{.dropped = Dropped::unknown} : rule_osc(number, payload, options_.allow);
  if (ruling.dropped) drop(*ruling.dropped);
  if (!ruling.passes) return;
  if (number <= 2 && modes_.title_depth() == 0) {
    // The user's title is saved before the first change, so that the end can bring it back.
    out += "\x1b[22;0t";
    modes_.note_csi({.marker = 0, .parameters = "22;0", .intermediates = {}, .final = 't'});
  }
  out += "\x1b]" + std::to_string(number);
  // Resets have no payload: `OSC 110 ;` would be read as one with an empty colour.
  if (!ruling.text.empty() || number < 100) out += ";" + ruling.text;
  out += terminator == Terminator::bell ? "\x07" : "\x1b\\";
  modes_.note_osc(number, ruling.text);
  if (ruling.asks) modes_.note_question();
}

}  // namespace bailiwick
