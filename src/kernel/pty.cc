#include "kernel/pty.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>

namespace bailiwick {

int open_pty_raw(int directory, unsigned* number) noexcept {
  const int master = ::openat(directory, "ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (master < 0) return -1;
  int unlocked = 0;
  if (::ioctl(master, TIOCGPTN, number) == 0 && ::ioctl(master, TIOCSPTLCK, &unlocked) == 0) return master;
  const int saved = errno;
  ::close(master);
  errno = saved;
  return -1;
}

int open_peer_raw(int master) noexcept { return ::ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC); }

int adopt_terminal_raw(int slave) noexcept {
  if (::setsid() < 0 && ::getsid(0) != ::getpid()) return -1;
  if (::ioctl(slave, TIOCSCTTY, 0) != 0) return -1;
  for (int fd = 0; fd <= 2; ++fd) {
    if (fd == slave) {
      // dup2 onto itself would leave it to be closed at exec
      if (::fcntl(fd, F_SETFD, 0) != 0) return -1;
    } else if (::dup2(slave, fd) < 0) {
      return -1;
    }
  }
  return 0;
}

Result<Pty> open_pty_in(int directory) {
  Pty pty;
  pty.master = Fd(open_pty_raw(directory, &pty.number));
  if (!pty.master.is_open()) return os_error("could not open a pseudo-terminal");
  return pty;
}

Result<Pty> open_pty_in(const std::string& directory) {
  TRY_ASSIGN(const Fd opened, open_file(directory, O_PATH | O_DIRECTORY));
  return open_pty_in(opened.get());
}

Result<Fd> open_peer(int master) {
  Fd slave(open_peer_raw(master));
  if (!slave.is_open()) return os_error("could not open the other end of a pseudo-terminal");
  return slave;
}

Result<WindowSize> window_size(int terminal) {
  ::winsize size{};
  if (::ioctl(terminal, TIOCGWINSZ, &size) != 0) return os_error("could not read the terminal's size");
  return WindowSize{.rows = size.ws_row, .columns = size.ws_col, .width = size.ws_xpixel, .height = size.ws_ypixel};
}

Status set_window_size(int terminal, WindowSize size) {
  const ::winsize wanted{
      .ws_row = size.rows, .ws_col = size.columns, .ws_xpixel = size.width, .ws_ypixel = size.height};
  if (::ioctl(terminal, TIOCSWINSZ, &wanted) != 0) return os_error("could not set the terminal's size");
  return {};
}

Status copy_line_settings(int from, int master) {
  ::termios settings{};
  if (::tcgetattr(from, &settings) != 0) return os_error("could not read the terminal's settings");
  // On Linux the master's settings are those of its slave.
  if (::tcsetattr(master, TCSANOW, &settings) != 0) return os_error("could not set the pseudo-terminal's settings");
  return {};
}

}  // namespace bailiwick
