// The user's own terminal: raw while a session uses it, given back as it was. One thread; outside the sandbox.
//
// Giving back takes three steps, in this order, once nothing of the session runs any more (see give_back): put the
// modes back (TerminalFilter::restore), discard what the terminal still sends, restore the line settings.
#pragma once

#include <termios.h>

#include <chrono>
#include <cstddef>
#include <utility>

#include "base/result.h"
#include "kernel/pty.h"
#include "surface/terminal_filter.h"

namespace bailiwick {

// Holds a terminal in raw mode: every key goes to the session's own pty, whose line discipline makes signals of Ctrl-C
// and Ctrl-Z. Does not own the descriptor, which must stay open longer.
class [[nodiscard]] RawTerminal {
 public:
  // Saves the settings of `fd` and makes it raw. In the background this stops the process (SIGTTOU), as it stops any
  // program that takes the terminal.
  [[nodiscard]] static Result<RawTerminal> open(int fd);
  RawTerminal(RawTerminal&& other) noexcept
      : fd_(std::exchange(other.fd_, -1)), saved_(other.saved_), is_raw_(other.is_raw_) {}
  RawTerminal& operator=(RawTerminal&&) = delete;
  ~RawTerminal();

  // Gives back: before stopping for Ctrl-Z, or at the end. Nothing to do when not raw; in the background the shell has
  // its own settings in force, which are left alone.
  Status suspend();
  // After SIGCONT: what the shell or the user set meanwhile is what will be given back.
  Status resume();

  [[nodiscard]] int fd() const { return fd_; }
  [[nodiscard]] bool is_raw() const { return is_raw_; }
  // The settings from before: for the session's own pty.
  [[nodiscard]] const ::termios& saved() const { return saved_; }

 private:
  explicit RawTerminal(int fd) : fd_(fd) {}
  int fd_ = -1;
  ::termios saved_{};
  bool is_raw_ = false;
};

// True where reading and setting would not stop us: our process group is in the foreground of `fd`, or `fd` is not our
// controlling terminal.
[[nodiscard]] bool is_foreground(int fd);

// A place on the screen. The terminal is asked for the position of the cursor there; its answer comes after all that
// was asked before.
struct Barrier {
  unsigned row = 1;
  unsigned column = 1;
};
// A random place within `size`, so that a program cannot have forged the answer beforehand.
[[nodiscard]] Barrier make_barrier(WindowSize size);

struct Drained {
  std::size_t bytes = 0;
  bool answered = false;  // the barrier's answer came; else `limit` ran out
};
// Reads and discards what `in` (raw) delivers until the barrier's answer, or for `limit`. Reads nothing past the
// answer, so what is typed later stays for the shell. What the user typed before it cannot be told from answers and is
// discarded, too.
[[nodiscard]] Drained drain_input(int in, int out, std::chrono::milliseconds limit, Barrier barrier);

// All three steps. Drains only if something was passed that may make the terminal type: otherwise nothing typed ahead
// is lost.
Drained give_back(RawTerminal& terminal, int out, const TerminalFilter& filter,
                  std::chrono::milliseconds limit = std::chrono::milliseconds(200));

}  // namespace bailiwick
