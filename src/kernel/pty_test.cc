#include "kernel/pty.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string>

namespace bailiwick {
namespace {

// What arrives on `fd` until it holds `wanted` or ends. Ends at once when it is there; the deadline is only for a
// failing test.
std::string read_until(int fd, const std::string& wanted) {
  std::string text;
  while (text.find(wanted) == std::string::npos) {
    ::pollfd ready{.fd = fd, .events = POLLIN, .revents = 0};
    if (::poll(&ready, 1, 10'000) != 1) break;
    std::array<char, 512> buffer;
    const ssize_t n = ::read(fd, buffer.data(), buffer.size());
    if (n <= 0) break;
    text.append(buffer.data(), static_cast<std::size_t>(n));
  }
  return text;
}

TEST(pty, opens_in_a_directory) {
  auto pty = open_pty_in("/dev");
  ASSERT_TRUE(pty) << pty.error().message();
  EXPECT_EQ(pty->name(), "/dev/pts/" + std::to_string(pty->number));
  EXPECT_TRUE((::fcntl(pty->master.get(), F_GETFD) & FD_CLOEXEC) != 0);

  auto slave = open_peer(pty->master.get());
  ASSERT_TRUE(slave) << slave.error().message();
  EXPECT_TRUE((::fcntl(slave->get(), F_GETFD) & FD_CLOEXEC) != 0);
  struct ::stat by_name{};
  struct ::stat by_fd{};
  ASSERT_EQ(::stat(pty->name().c_str(), &by_name), 0);
  ASSERT_EQ(::fstat(slave->get(), &by_fd), 0);
  EXPECT_EQ(by_name.st_rdev, by_fd.st_rdev);

  ASSERT_TRUE(write_all(pty->master.get(), "ping\n"));
  EXPECT_EQ(read_until(slave->get(), "\n"), "ping\n");
  ASSERT_TRUE(write_all(slave->get(), "pong\n"));
  EXPECT_EQ(read_until(pty->master.get(), "pong\r\n"), "ping\r\npong\r\n");
}

TEST(pty, errors_are_values) {
  const auto missing = open_pty_in("/nonexistent");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().os_errno, ENOENT);
  const auto not_devpts = open_pty_in("/proc");
  ASSERT_FALSE(not_devpts);
  EXPECT_EQ(not_devpts.error().os_errno, ENOENT);
  auto pipe = open_pipe();
  ASSERT_TRUE(pipe);
  EXPECT_EQ(open_peer(pipe->read.get()).error().os_errno, ENOTTY);
  EXPECT_EQ(window_size(pipe->read.get()).error().os_errno, ENOTTY);
  EXPECT_EQ(set_window_size(pipe->read.get(), {}).error().os_errno, ENOTTY);
  EXPECT_EQ(copy_line_settings(pipe->read.get(), pipe->read.get()).error().os_errno, ENOTTY);
  unsigned number = 0;
  EXPECT_EQ(open_pty_raw(-1, &number), -1);
  EXPECT_EQ(errno, EBADF);
}

TEST(pty, window_size_is_of_both_ends) {
  auto pty = open_pty_in("/dev");
  ASSERT_TRUE(pty);
  auto slave = open_peer(pty->master.get());
  ASSERT_TRUE(slave);
  const WindowSize size{.rows = 31, .columns = 97, .width = 970, .height = 620};
  ASSERT_TRUE(set_window_size(pty->master.get(), size));
  EXPECT_EQ(window_size(pty->master.get()).value(), size);
  EXPECT_EQ(window_size(slave->get()).value(), size);
}

TEST(pty, line_settings_are_copied_to_the_slave) {
  auto from = open_pty_in("/dev");
  auto to = open_pty_in("/dev");
  ASSERT_TRUE(from && to);
  auto from_slave = open_peer(from->master.get());
  auto to_slave = open_peer(to->master.get());
  ASSERT_TRUE(from_slave && to_slave);
  ::termios settings{};
  ASSERT_EQ(::tcgetattr(from_slave->get(), &settings), 0);
  settings.c_cc[VINTR] = 'X' & 0x1f;
  settings.c_iflag |= IUTF8;
  settings.c_lflag &= ~static_cast<tcflag_t>(ECHO);
  ASSERT_EQ(::tcsetattr(from_slave->get(), TCSANOW, &settings), 0);
  ASSERT_TRUE(copy_line_settings(from_slave->get(), to->master.get()));
  ::termios seen{};
  ASSERT_EQ(::tcgetattr(to_slave->get(), &seen), 0);
  EXPECT_EQ(seen.c_cc[VINTR], 'X' & 0x1f);
  EXPECT_NE(seen.c_iflag & IUTF8, 0U);
  EXPECT_EQ(seen.c_lflag & ECHO, 0U);
}

// A child that adopts the slave has it as its controlling terminal: Ctrl-C reaches it as a signal.
TEST(pty, adopted_terminal_controls_the_session) {
  for (const bool already_leads : {false, true}) {
    auto pty = open_pty_in("/dev");
    ASSERT_TRUE(pty);
    auto slave = open_peer(pty->master.get());
    ASSERT_TRUE(slave);
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      ::signal(SIGINT, SIG_DFL);
      if (already_leads) ::setsid();
      if (adopt_terminal_raw(slave->get()) != 0) ::_exit(1);
      if (::isatty(0) != 1 || ::isatty(2) != 1 || ::tcgetpgrp(0) != ::getpid()) ::_exit(2);
      if (::open("/dev/tty", O_RDWR) < 0) ::_exit(3);
      if (::write(1, "ready", 5) != 5) ::_exit(4);
      ::alarm(10);
      while (true) ::pause();
    }
    slave = Fd();
    EXPECT_EQ(read_until(pty->master.get(), "ready"), "ready");
    ASSERT_TRUE(write_all(pty->master.get(), "\x03"));
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFSIGNALED(status)) << status;
    EXPECT_EQ(WTERMSIG(status), SIGINT);
  }
}

TEST(pty, adopting_what_is_no_terminal_fails) {
  auto pipe = open_pipe();
  ASSERT_TRUE(pipe);
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) ::_exit(adopt_terminal_raw(pipe->read.get()) == -1 && errno == ENOTTY ? 0 : 1);
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace bailiwick
