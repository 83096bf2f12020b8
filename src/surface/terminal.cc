#include "surface/terminal.h"

#include <poll.h>
#include <sys/random.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <string>

namespace bailiwick {
namespace {

using Clock = std::chrono::steady_clock;

Status apply(int fd, const ::termios& settings) {
  // Not TCSADRAIN: a terminal that takes no output would hold us here. Not TCSAFLUSH: it throws away what was typed
  // ahead.
  while (::tcsetattr(fd, TCSANOW, &settings) != 0) {
    if (errno != EINTR) return os_error("could not set the terminal");
  }
  return {};
}

int milliseconds_until(Clock::time_point end) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - Clock::now()).count();
  return static_cast<int>(std::clamp<std::int64_t>(left, 0, 60'000));
}

// True once `events` hold for `fd`, false at `end` or when the terminal is gone.
bool wait_for(int fd, short events, Clock::time_point end) {
  while (true) {
    ::pollfd ready{.fd = fd, .events = events, .revents = 0};
    const int left = milliseconds_until(end);
    const int n = ::poll(&ready, 1, left);
    if (n > 0) return (ready.revents & events) != 0;
    if (n == 0 || errno != EINTR) return false;
  }
}

bool write_before(int fd, std::string_view bytes, Clock::time_point end) {
  while (!bytes.empty()) {
    if (!wait_for(fd, POLLOUT, end)) return false;
    const ssize_t n = ::write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno != EINTR && errno != EAGAIN) return false;
    if (n > 0) bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

}  // namespace

bool is_foreground(int fd) {
  const pid_t group = ::tcgetpgrp(fd);
  return group < 0 || group == ::getpgrp();
}

Result<RawTerminal> RawTerminal::open(int fd) {
  RawTerminal terminal(fd);
  TRY(terminal.resume());
  return terminal;
}

RawTerminal::~RawTerminal() {
  if (fd_ < 0) return;
  [[maybe_unused]] const Status status = suspend();  // fails where the terminal is gone
}

Status RawTerminal::resume() {
  if (is_raw_) return {};
  if (::tcgetattr(fd_, &saved_) != 0) return os_error("could not read the terminal's settings");
  ::termios raw = saved_;
  // As cfmakeraw, but the character size and IUTF8 stay. Output processing is off: the session's pty has done it.
  raw.c_iflag &=
      ~static_cast<tcflag_t>(IGNBRK | BRKINT | PARMRK | ISTRIP | INLCR | IGNCR | ICRNL | IXON | IXOFF | INPCK);
  raw.c_oflag &= ~static_cast<tcflag_t>(OPOST);
  raw.c_lflag &= ~static_cast<tcflag_t>(ECHO | ECHONL | ICANON | ISIG | IEXTEN);
  raw.c_cc[VMIN] = 1;
  raw.c_cc[VTIME] = 0;
  TRY(apply(fd_, raw));
  is_raw_ = true;
  return {};
}

Status RawTerminal::suspend() {
  if (!is_raw_) return {};
  is_raw_ = false;
  if (!is_foreground(fd_)) return {};
  return apply(fd_, saved_);
}

Barrier make_barrier(WindowSize size) {
  std::array<std::uint16_t, 2> random{};
  // Without randomness the barrier still works; only forging it gets easier.
  if (::getrandom(random.data(), sizeof random, GRND_NONBLOCK) != sizeof random) random = {};
  // A terminal that does not tell its size is taken for one of the usual size: a fixed place could be forged.
  return {.row = 1U + random[0] % (size.rows > 1 ? size.rows : 24U),
          .column = 1U + random[1] % (size.columns > 1 ? size.columns : 80U)};
}

Drained drain_input(int in, int out, std::chrono::milliseconds limit, Barrier barrier) {
  Drained drained;
  if (::isatty(in) != 1 || ::isatty(out) != 1 || !is_foreground(in)) return drained;
  const auto end = Clock::now() + limit;
  const std::string place = std::to_string(barrier.row) + ";" + std::to_string(barrier.column);
  const std::string wanted = "\x1b[" + place + "R";
  if (!write_before(out, "\0337\x1b[" + place + "H\x1b[6n\0338", end)) return drained;
  std::string tail;
  while (wait_for(in, POLLIN, end)) {
    char byte = 0;
    const ssize_t n = ::read(in, &byte, 1);  // one by one: what follows the answer is the shell's
    if (n == 0 || (n < 0 && errno != EINTR && errno != EAGAIN)) break;
    if (n < 0) continue;
    ++drained.bytes;
    if (tail.size() == wanted.size()) tail.erase(0, 1);
    tail += byte;
    if (tail == wanted) {
      drained.answered = true;
      break;
    }
    if (Clock::now() >= end) break;  // input that never pauses
  }
  return drained;
}

Drained give_back(RawTerminal& terminal, int out, const TerminalFilter& filter, std::chrono::milliseconds limit) {
  Drained drained;
  if (terminal.is_raw() && is_foreground(terminal.fd())) {
    const bool is_written = write_before(out, filter.restore(), Clock::now() + limit);
    if (is_written && filter.may_type()) {
      const auto size = window_size(terminal.fd());
      drained = drain_input(terminal.fd(), out, limit, make_barrier(size ? *size : WindowSize{}));
    }
  }
  [[maybe_unused]] const Status status = terminal.suspend();  // fails where the terminal is gone
  return drained;
}

}  // namespace bailiwick
