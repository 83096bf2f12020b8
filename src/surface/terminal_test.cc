#include "surface/terminal.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <set>
#include <string>
#include <thread>

#include "base/text.h"

namespace bailiwick {
namespace {

using std::chrono::milliseconds;

// The terminal emulator's end and the program's end of a real terminal.
struct Terminal {
  Pty pty;
  Fd slave;
  Terminal() {
    auto opened = open_pty_in("/dev");
    if (!opened) return;
    pty = std::move(*opened);
    auto peer = open_peer(pty.master.get());
    if (peer) slave = std::move(*peer);
  }
  void type(std::string_view keys) const { EXPECT_TRUE(write_all(pty.master.get(), keys)); }
};

std::string read_available(int fd) {
  std::string text;
  while (true) {
    ::pollfd ready{.fd = fd, .events = POLLIN, .revents = 0};
    if (::poll(&ready, 1, 0) != 1 || (ready.revents & POLLIN) == 0) return text;
    std::array<char, 512> buffer;
    const ssize_t n = ::read(fd, buffer.data(), buffer.size());
    if (n <= 0) return text;
    text.append(buffer.data(), static_cast<std::size_t>(n));
  }
}

::termios settings_of(int fd) {
  ::termios settings{};
  EXPECT_EQ(::tcgetattr(fd, &settings), 0);
  return settings;
}

bool is_same(const ::termios& a, const ::termios& b) {
  return a.c_iflag == b.c_iflag && a.c_oflag == b.c_oflag && a.c_cflag == b.c_cflag && a.c_lflag == b.c_lflag &&
         std::equal(std::begin(a.c_cc), std::end(a.c_cc), std::begin(b.c_cc));
}

// Answers as a terminal would: plays `before`, then the position asked for, then `after`. Ends when the master has no
// more to say.
std::thread emulate(const Terminal& terminal, std::string before, std::string after) {
  return std::thread([fd = terminal.pty.master.get(), before = std::move(before), after = std::move(after)] {
    std::string seen;
    while (seen.find("\x1b[6n") == std::string::npos) {
      std::array<char, 256> buffer;
      const ssize_t n = ::read(fd, buffer.data(), buffer.size());
      if (n <= 0) return;
      seen.append(buffer.data(), static_cast<std::size_t>(n));
    }
    const auto start = seen.rfind("\x1b[", seen.find("H\x1b[6n")) + 2;
    const std::string place = seen.substr(start, seen.find("H\x1b[6n") - start);
    EXPECT_TRUE(write_all(fd, before + "\x1b[" + place + "R" + after));
  });
}

TEST(raw_terminal, gives_back_what_it_found) {
  const Terminal terminal;
  const auto before = settings_of(terminal.slave.get());
  {
    auto raw = RawTerminal::open(terminal.slave.get());
    ASSERT_TRUE(raw) << raw.error().message();
    const auto now = settings_of(terminal.slave.get());
    EXPECT_EQ(now.c_lflag & (ECHO | ICANON | ISIG | IEXTEN), 0U);
    EXPECT_EQ(now.c_oflag & OPOST, 0U);
    EXPECT_EQ(now.c_iflag & (ICRNL | IXON), 0U);
    EXPECT_EQ(now.c_iflag & IUTF8, before.c_iflag & IUTF8);
    EXPECT_TRUE(is_same(raw->saved(), before));
    terminal.type(
        "\x03\x1a\x04\x11\r");  // keys arrive as bytes: no signal, no end of file, no flow control, no newline
    EXPECT_EQ(read_available(terminal.slave.get()), "\x03\x1a\x04\x11\r");
  }
  EXPECT_TRUE(is_same(settings_of(terminal.slave.get()), before));
}

TEST(raw_terminal, suspends_and_resumes) {
  const Terminal terminal;
  const auto before = settings_of(terminal.slave.get());
  auto raw = RawTerminal::open(terminal.slave.get());
  ASSERT_TRUE(raw);
  ASSERT_TRUE(raw->suspend());
  EXPECT_FALSE(raw->is_raw());
  EXPECT_TRUE(is_same(settings_of(terminal.slave.get()), before));
  ASSERT_TRUE(raw->suspend());

  // While it is stopped, the user changes a key.
  auto changed = before;
  changed.c_cc[VERASE] = 'x';
  ASSERT_EQ(::tcsetattr(terminal.slave.get(), TCSANOW, &changed), 0);
  ASSERT_TRUE(raw->resume());
  EXPECT_TRUE(raw->is_raw());
  EXPECT_EQ(settings_of(terminal.slave.get()).c_lflag & ECHO, 0U);
  ASSERT_TRUE(raw->suspend());
  EXPECT_TRUE(is_same(settings_of(terminal.slave.get()), changed));
}

TEST(raw_terminal, moved_from_does_nothing) {
  const Terminal terminal;
  const auto before = settings_of(terminal.slave.get());
  auto raw = RawTerminal::open(terminal.slave.get());
  ASSERT_TRUE(raw);
  {
    const RawTerminal moved(std::move(*raw));
    EXPECT_TRUE(moved.is_raw());
  }
  EXPECT_TRUE(is_same(settings_of(terminal.slave.get()), before));
}

TEST(raw_terminal, what_is_no_terminal_is_an_error) {
  auto pipe = open_pipe();
  ASSERT_TRUE(pipe);
  const auto raw = RawTerminal::open(pipe->read.get());
  ASSERT_FALSE(raw);
  EXPECT_EQ(raw.error().os_errno, ENOTTY);
}

// In a process that is in the background of its terminal, giving back must not touch (nor stop at) the settings of the
// shell.
TEST(raw_terminal, leaves_the_terminal_alone_in_the_background) {
  const Terminal terminal;
  const pid_t shell = ::fork();
  ASSERT_GE(shell, 0);
  if (shell == 0) {
    ::alarm(10);
    if (adopt_terminal_raw(terminal.slave.get()) != 0) ::_exit(1);
    auto raw = RawTerminal::open(0);
    if (!raw || !is_foreground(0)) ::_exit(2);
    const pid_t job = ::fork();
    if (job == 0) {
      ::setpgid(0, 0);  // now in the background
      if (is_foreground(0)) ::_exit(3);
      if (!raw->suspend()) ::_exit(4);
      if (drain_input(0, 1, milliseconds(1000), {}).bytes != 0) ::_exit(5);
      ::_exit((settings_of(0).c_lflag & ECHO) == 0 ? 0 : 6);
    }
    int status = 0;
    if (::waitpid(job, &status, WUNTRACED) != job) ::_exit(7);
    ::_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 8);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(shell, &status, 0), shell);
  EXPECT_EQ(status, 0) << WEXITSTATUS(status);
}

TEST(drain_input, discards_up_to_the_answer_and_no_further) {
  const Terminal terminal;
  auto raw = RawTerminal::open(terminal.slave.get());
  ASSERT_TRUE(raw);
  terminal.type("\x1b[?62;1;4c\x1b]11;rgb:0/0/0\x1b\\");
  // An answer for another place is not the one that is waited for.
  auto emulator = emulate(terminal, "\x1b[<0;1;1M\x1b[3;5R\x1b[3;4", "ls\r");
  const auto drained =
      drain_input(terminal.slave.get(), terminal.slave.get(), milliseconds(10'000), {.row = 3, .column = 4});
  emulator.join();
  EXPECT_TRUE(drained.answered);
  EXPECT_GT(drained.bytes, 40U);
  EXPECT_EQ(read_available(terminal.slave.get()), "ls\r");
}

TEST(drain_input, a_silent_terminal_costs_only_the_limit) {
  const Terminal terminal;
  auto raw = RawTerminal::open(terminal.slave.get());
  ASSERT_TRUE(raw);
  terminal.type("typed");
  const auto drained = drain_input(terminal.slave.get(), terminal.slave.get(), milliseconds(20), {});
  EXPECT_FALSE(drained.answered);
  EXPECT_EQ(drained.bytes, 5U);
  EXPECT_EQ(printable(read_available(terminal.pty.master.get())), printable("\0337\x1b[1;1H\x1b[6n\0338"));
}

TEST(drain_input, ends_when_the_terminal_is_gone) {
  Terminal terminal;
  auto raw = RawTerminal::open(terminal.slave.get());
  ASSERT_TRUE(raw);
  terminal.pty.master = Fd();
  const auto drained = drain_input(terminal.slave.get(), terminal.slave.get(), milliseconds(60'000), {});
  EXPECT_FALSE(drained.answered);
}

TEST(drain_input, asks_nothing_of_a_pipe) {
  auto pipe = open_pipe();
  ASSERT_TRUE(pipe);
  EXPECT_EQ(drain_input(pipe->read.get(), pipe->write.get(), milliseconds(60'000), {}).bytes, 0U);
  EXPECT_EQ(read_available(pipe->read.get()), "");
}

TEST(barrier, lies_within_the_window) {
  for (int i = 0; i < 200; ++i) {
    const auto barrier = make_barrier({.rows = 5, .columns = 7});
    EXPECT_TRUE(barrier.row >= 1 && barrier.row <= 5 && barrier.column >= 1 && barrier.column <= 7);
  }
}

TEST(barrier, is_not_at_a_fixed_place_where_the_terminal_tells_no_size) {
  std::set<unsigned> columns;
  for (int i = 0; i < 200; ++i) columns.insert(make_barrier({}).column);
  EXPECT_GT(columns.size(), 20U);
  EXPECT_LE(*columns.rbegin(), 80U);
}

TEST(give_back, restores_modes_drains_and_restores_settings) {
  const Terminal terminal;
  ASSERT_TRUE(set_window_size(terminal.pty.master.get(), {.rows = 24, .columns = 80}));
  const auto before = settings_of(terminal.slave.get());
  auto raw = RawTerminal::open(terminal.slave.get());
  ASSERT_TRUE(raw);
  TerminalFilter filter;
  std::string out;
  filter.feed("\x1b[?1049h\x1b[?1000h\x1b[c", out);
  auto emulator = emulate(terminal, "\x1b[?62c", "");
  const auto drained = give_back(*raw, terminal.slave.get(), filter, milliseconds(10'000));
  emulator.join();
  EXPECT_TRUE(drained.answered);
  EXPECT_TRUE(is_same(settings_of(terminal.slave.get()), before));
  EXPECT_EQ(read_available(terminal.slave.get()), "");
}

TEST(give_back, keeps_what_was_typed_ahead_when_nothing_was_asked) {
  const Terminal terminal;
  auto raw = RawTerminal::open(terminal.slave.get());
  ASSERT_TRUE(raw);
  TerminalFilter filter;
  std::string out;
  filter.feed("plain \x1b[1mtext", out);
  terminal.type("ls\n");
  EXPECT_EQ(give_back(*raw, terminal.slave.get(), filter, milliseconds(10'000)).bytes, 0U);
  EXPECT_EQ(printable(read_available(terminal.pty.master.get())), printable("\x1b[0m"));
  EXPECT_EQ(read_available(terminal.slave.get()), "ls\n");
}

}  // namespace
}  // namespace bailiwick
