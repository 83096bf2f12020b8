// Pseudo-terminals by raw ioctl. glibc's openpty and ptsname look at /dev/pts of the caller and allocate; a session's
// devpts is a mount of its own, and its terminal is made between clone and exec. The functions that end in _raw
// allocate nothing.
#pragma once

#include <cstdint>
#include <string>

#include "kernel/fd.h"

namespace bailiwick {

struct WindowSize {
  std::uint16_t rows = 0;
  std::uint16_t columns = 0;
  std::uint16_t width = 0;  // pixels, 0 where not known
  std::uint16_t height = 0;
  bool operator==(const WindowSize&) const = default;
};

struct Pty {
  Fd master;
  unsigned number = 0;
  // As seen where its devpts is mounted on /dev/pts.
  [[nodiscard]] std::string name() const { return "/dev/pts/" + std::to_string(number); }
};

// Opens a new terminal in the devpts instance whose root is `directory` (or in the caller's, given a descriptor of
// /dev); the slave is unlocked. The instance must be mounted with ptmxmode=0666 unless the caller may override
// permissions.
[[nodiscard]] Result<Pty> open_pty_in(int directory);
[[nodiscard]] Result<Pty> open_pty_in(const std::string& directory);
// The slave of `master`, by descriptor (TIOCGPTPEER, Linux 4.13): no path is resolved. Does not become the controlling
// terminal.
[[nodiscard]] Result<Fd> open_peer(int master);

// Between clone and exec: a descriptor or 0, or -1 with errno.
[[nodiscard]] int open_pty_raw(int directory, unsigned* number) noexcept;
[[nodiscard]] int open_peer_raw(int master) noexcept;
// Starts a session (setsid; already leading one is fine), makes `slave` its controlling terminal and descriptors 0, 1
// and 2.
[[nodiscard]] int adopt_terminal_raw(int slave) noexcept;

[[nodiscard]] Result<WindowSize> window_size(int terminal);
// On either end of a pty. Sends SIGWINCH to the foreground processes if it is a change.
[[nodiscard]] Status set_window_size(int terminal, WindowSize size);
// Gives the pty the line settings (control characters, UTF-8 editing, output processing) that `from`, a terminal, has
// now.
[[nodiscard]] Status copy_line_settings(int from, int master);

}  // namespace bailiwick
