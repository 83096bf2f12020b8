#include "surface/relay.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/check.h"

namespace bailiwick {
namespace {

constexpr std::size_t kInputLimit = std::size_t{16} * 1024;
constexpr std::size_t kOutputLimit = std::size_t{64} * 1024;
constexpr std::size_t kLeftoverLimit = std::size_t{1024} * 1024;  // a pty holds far less
constexpr std::size_t kSmallWrite = 512;                          // fits into a pipe or terminal that polls writable

// An open file description of our own on the terminal `fd`; closed if it is no terminal or not ours to open (after
// `su`).
Fd reopen_terminal(int fd, int access) {
  if (::isatty(fd) != 1) return {};
  const std::string path = "/proc/self/fd/" + std::to_string(fd);
  return Fd(::open(path.c_str(), access | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
}

bool is_temporary(int error) { return error == EAGAIN || error == EWOULDBLOCK || error == EINTR; }

}  // namespace

Result<TerminalRelay> TerminalRelay::make(const Ends& ends, FilterOptions options) {
  const int flags = ::fcntl(ends.master, F_GETFL);
  if (flags < 0 || ::fcntl(ends.master, F_SETFL, flags | O_NONBLOCK) != 0) {
    return os_error("could not make the pseudo-terminal non-blocking");
  }
  TerminalRelay relay(ends, options);
  relay.is_terminal_in_ = ::isatty(ends.user_in) == 1;
  relay.own_in_ = reopen_terminal(ends.user_in, O_RDONLY);
  relay.own_out_ = reopen_terminal(ends.user_out, O_WRONLY);
  if (ends.user_in < 0) relay.end_input();
  return relay;
}

int TerminalRelay::fill_poll(::pollfd* fds, int max) {
  CHECK(max >= kMaxPoll);
  int count = 0;
  const auto add = [&](Role role, int fd, int events) {
    roles_[static_cast<std::size_t>(count)] = role;
    fds[count++] = {.fd = fd, .events = static_cast<short>(events), .revents = 0};
  };
  if (is_user_gone_) return 0;
  // poll reports a hang-up whether asked or not: an end that may have hung up is listed only if on_ready would act on
  // it.
  if (!is_input_ended_ && !is_master_ended_) {
    const bool has_room = input_.size() < kInputLimit;
    if (has_room || is_terminal_in_) add(Role::input, in(), has_room ? POLLIN : 0);
  }
  if (!is_master_ended_) {
    const bool has_room = pending_output() < kOutputLimit;
    if (has_room) add(Role::master, ends_.master, POLLIN | (input_.empty() ? 0 : POLLOUT));
  }
  add(Role::output, out(), pending_output() > 0 ? POLLOUT : 0);
  return count;
}

void TerminalRelay::on_ready(const ::pollfd* fds, int count) {
  for (int i = 0; i < count; ++i) {
    const int events = fds[i].revents;
    if (events == 0) continue;
    const bool is_broken = (events & (POLLHUP | POLLERR | POLLNVAL)) != 0;
    switch (roles_[static_cast<std::size_t>(i)]) {
      case Role::input:
        if (is_terminal_in_ && is_broken)
          is_user_gone_ = true;
        else
          read_user();
        break;
      case Role::master:
        if ((events & POLLIN) != 0 || is_broken) read_master(kOutputLimit);
        break;
      case Role::output:
        if (is_broken) is_user_gone_ = true;
        break;
    }
  }
  // At once, not after another poll: a key's echo should not wait for one.
  write_master();
  write_user();
}

void TerminalRelay::read_user() {
  std::array<char, 4096> buffer;
  const std::size_t room = std::min(buffer.size(), kInputLimit - std::min(input_.size(), kInputLimit));
  if (room == 0 || is_input_ended_) return;
  const ssize_t n = ::read(in(), buffer.data(), room);
  if (n > 0) {
    input_.append(buffer.data(), static_cast<std::size_t>(n));
    last_input_ = input_.back();
  } else if (n == 0 || !is_temporary(errno)) {
    // A raw terminal has no end of file but a hang-up.
    if (is_terminal_in_)
      is_user_gone_ = true;
    else
      end_input();
  }
}

// The end of a file that is typed into a terminal is Ctrl-D, and twice where a line is not finished.
void TerminalRelay::end_input() {
  is_input_ended_ = true;
  ::termios settings{};
  if (::tcgetattr(ends_.master, &settings) != 0) return;
  const char end_of_file = static_cast<char>(settings.c_cc[VEOF]);
  if (end_of_file == _POSIX_VDISABLE) return;
  const bool is_line_open = last_input_ != '\n' && (settings.c_lflag & ICANON) != 0;
  input_.append(is_line_open ? 2 : 1, end_of_file);
}

void TerminalRelay::read_master(std::size_t limit) {
  std::array<char, 16384> buffer;
  while (!is_master_ended_ && pending_output() < limit) {
    const ssize_t n = ::read(ends_.master, buffer.data(), buffer.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && is_temporary(errno)) return;
    if (n <= 0) return end_master();  // EIO: the last slave descriptor is closed
    filter_.feed({buffer.data(), static_cast<std::size_t>(n)}, output_);
  }
}

void TerminalRelay::end_master() {
  is_master_ended_ = true;
  input_.clear();
  filter_.finish(output_);
}

void TerminalRelay::end_output() {
  if (is_master_ended_) return;
  read_master(kLeftoverLimit);
  if (!is_master_ended_) end_master();
}

void TerminalRelay::write_master() {
  while (!input_.empty() && !is_master_ended_) {
    const ssize_t n = ::write(ends_.master, input_.data(), input_.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && !is_temporary(errno)) input_.clear();  // nobody is there to read it
    if (n <= 0) return;
    input_.erase(0, static_cast<std::size_t>(n));
  }
}

// As write(2), with EAGAIN where it would block.
ssize_t TerminalRelay::write_some(std::string_view bytes) const {
  if (own_out_.is_open()) return ::write(own_out_.get(), bytes.data(), bytes.size());
  const ssize_t sent = ::send(ends_.user_out, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  if (sent >= 0 || errno != ENOTSOCK) return sent;
  ::pollfd ready{.fd = ends_.user_out, .events = POLLOUT, .revents = 0};
  if (::poll(&ready, 1, 0) == 0) {
    errno = EAGAIN;
    return -1;
  }
  return ::write(ends_.user_out, bytes.data(), std::min(bytes.size(), kSmallWrite));
}

void TerminalRelay::write_user() {
  while (pending_output() > 0 && !is_user_gone_) {
    const ssize_t n = write_some(std::string_view(output_).substr(written_));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && is_temporary(errno)) break;
    if (n < 0) {
      is_user_gone_ = true;
      break;
    }
    written_ += static_cast<std::size_t>(n);
  }
  output_.erase(0, written_);
  written_ = 0;
}

Status TerminalRelay::resize() const {
  auto size = window_size(ends_.user_out);
  if (!size) size = window_size(ends_.user_in);
  if (!size) return std::unexpected(std::move(size).error());
  return set_window_size(ends_.master, *size);
}

}  // namespace bailiwick
