#include "surface/relay.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

#include <string>

#include "base/text.h"

namespace bailiwick {
namespace {

void make_raw(int fd) {
  ::termios settings{};
  ASSERT_EQ(::tcgetattr(fd, &settings), 0);
  ::cfmakeraw(&settings);
  ASSERT_EQ(::tcsetattr(fd, TCSANOW, &settings), 0);
}

void make_nonblocking(int fd) { ASSERT_EQ(::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK), 0); }

std::string read_available(int fd) {
  std::string text;
  while (true) {
    ::pollfd ready{.fd = fd, .events = POLLIN, .revents = 0};
    if (::poll(&ready, 1, 0) != 1 || (ready.revents & POLLIN) == 0) return text;
    std::array<char, 4096> buffer;
    const ssize_t n = ::read(fd, buffer.data(), buffer.size());
    if (n <= 0) return text;
    text.append(buffer.data(), static_cast<std::size_t>(n));
  }
}

std::size_t write_until_full(int fd, std::string_view chunk) {
  std::size_t written = 0;
  while (true) {
    const ssize_t n = ::write(fd, chunk.data(), chunk.size());
    if (n <= 0) return written;
    written += static_cast<std::size_t>(n);
  }
}

struct Ends {
  Pty pty;
  Fd slave;
  Ends() {
    auto opened = open_pty_in("/dev");
    if (!opened) return;
    pty = std::move(*opened);
    auto peer = open_peer(pty.master.get());
    if (peer) slave = std::move(*peer);
  }
};

class Relay : public ::testing::Test {
 protected:
  void SetUp() override {
    ::signal(SIGPIPE, SIG_IGN);
    make_raw(user_.slave.get());
    make_nonblocking(user_.pty.master.get());
    make_nonblocking(inner_.slave.get());
  }

  TerminalRelay relay_between(int in, int out) {
    auto relay = TerminalRelay::make({.user_in = in, .user_out = out, .master = inner_.pty.master.get()}, {});
    EXPECT_TRUE(relay) << relay.error().message();
    return std::move(*relay);
  }
  TerminalRelay relay_on_terminal() { return relay_between(user_.slave.get(), user_.slave.get()); }

  // Until nothing is ready any more. More rounds than any test needs mean that it spins.
  static void settle(TerminalRelay& relay) {
    for (int round = 0; round < 100'000; ++round) {
      std::array<::pollfd, TerminalRelay::kMaxPoll> fds{};
      const int count = relay.fill_poll(fds.data(), fds.size());
      if (count == 0 || ::poll(fds.data(), static_cast<nfds_t>(count), 0) == 0) return;
      relay.on_ready(fds.data(), count);
    }
    ADD_FAILURE() << "the relay spins";
  }

  void print(std::string_view text) { ASSERT_TRUE(write_all(inner_.slave.get(), text)); }
  void type(std::string_view text) { ASSERT_TRUE(write_all(user_.pty.master.get(), text)); }
  std::string on_screen() { return read_available(user_.pty.master.get()); }
  std::string arrived() { return read_available(inner_.slave.get()); }

  Ends user_;
  Ends inner_;
};

TEST_F(Relay, copies_both_ways_and_filters_outward_only) {
  make_raw(inner_.slave.get());
  auto relay = relay_on_terminal();
  type("keys\x1b]52;c;x\x07\x03");
  settle(relay);
  EXPECT_EQ(arrived(), "keys\x1b]52;c;x\x07\x03");
  print("hello\x1b]52;c;aGk=\x07\x1b[1m");
  settle(relay);
  EXPECT_EQ(on_screen(), "hello\x1b[1m");
  EXPECT_EQ(relay.filter().dropped().of(Dropped::clipboard), 1U);
  EXPECT_FALSE(relay.is_output_done());
}

TEST_F(Relay, leaves_the_shared_descriptors_blocking) {
  auto relay = relay_on_terminal();
  settle(relay);
  EXPECT_EQ(::fcntl(user_.slave.get(), F_GETFL) & O_NONBLOCK, 0);
}

TEST_F(Relay, ends_when_the_pty_hangs_up_after_all_output) {
  auto relay = relay_on_terminal();
  print("last words\x1b]0;unfinished");
  inner_.slave = Fd();
  settle(relay);
  EXPECT_TRUE(relay.is_output_done());
  EXPECT_FALSE(relay.is_user_gone());
  EXPECT_EQ(on_screen(), "last words");
}

TEST_F(Relay, end_output_takes_what_is_left) {
  auto relay = relay_on_terminal();
  print("last words");
  relay.end_output();  // a slave descriptor is still open: no hang-up comes
  settle(relay);
  EXPECT_TRUE(relay.is_output_done());
  EXPECT_EQ(on_screen(), "last words");
  relay.end_output();
  EXPECT_TRUE(relay.is_output_done());
}

TEST_F(Relay, a_slow_reader_stops_the_writer_and_loses_nothing) {
  make_raw(inner_.slave.get());
  auto relay = relay_on_terminal();
  const std::string chunk(1000, 'x');
  std::size_t printed = 0;
  for (int i = 0; i < 1000; ++i) {
    const std::size_t n = write_until_full(inner_.slave.get(), chunk);
    printed += n;
    settle(relay);
    if (n == 0) break;
  }
  EXPECT_GT(printed, 64U * 1024);
  EXPECT_LT(printed, 1024U * 1024);
  std::array<::pollfd, TerminalRelay::kMaxPoll> fds{};
  const int count = relay.fill_poll(fds.data(), fds.size());
  EXPECT_EQ(::poll(fds.data(), static_cast<nfds_t>(count), 0), 0) << "it would spin";

  std::size_t seen = 0;
  for (std::string text = on_screen(); !text.empty(); text = on_screen()) {
    seen += text.size();
    settle(relay);
  }
  EXPECT_EQ(seen, printed);
}

TEST_F(Relay, a_hang_up_behind_unread_output_does_not_spin) {
  make_raw(inner_.slave.get());
  auto relay = relay_on_terminal();
  std::size_t printed = 0;
  for (std::size_t n = 1; n > 0; settle(relay))
    printed += n = write_until_full(inner_.slave.get(), std::string(1000, 'x'));
  inner_.slave = Fd();
  settle(relay);
  EXPECT_FALSE(relay.is_output_done());
  std::size_t seen = 0;
  for (std::string text = on_screen(); !text.empty(); text = on_screen()) {
    seen += text.size();
    settle(relay);
  }
  EXPECT_EQ(seen, printed);
  EXPECT_TRUE(relay.is_output_done());
}

TEST_F(Relay, a_program_that_does_not_read_stops_the_typist) {
  make_raw(inner_.slave.get());
  auto relay = relay_on_terminal();
  std::size_t typed = 0;
  for (std::size_t n = 1; n > 0; settle(relay))
    typed += n = write_until_full(user_.pty.master.get(), std::string(1000, 'k'));
  EXPECT_LT(typed, 1024U * 1024);
  std::size_t seen = 0;
  for (std::string text = arrived(); !text.empty(); text = arrived()) {
    seen += text.size();
    settle(relay);
  }
  EXPECT_EQ(seen, typed);
}

TEST_F(Relay, typing_goes_on_while_the_screen_is_stuck) {
  make_raw(inner_.slave.get());
  auto relay = relay_on_terminal();
  for (std::size_t n = 1; n > 0; settle(relay)) n = write_until_full(inner_.slave.get(), std::string(1000, 'x'));
  type("\x03");
  settle(relay);
  EXPECT_EQ(arrived(), "\x03");
}

TEST_F(Relay, a_closed_terminal_is_noticed) {
  auto relay = relay_on_terminal();
  user_.pty.master = Fd();
  settle(relay);
  EXPECT_TRUE(relay.is_user_gone());
  EXPECT_TRUE(relay.is_output_done());
}

TEST_F(Relay, a_closed_output_is_noticed) {
  auto pipe = open_pipe();
  ASSERT_TRUE(pipe);
  auto relay = relay_between(user_.slave.get(), pipe->write.get());
  pipe->read = Fd();
  print("hello");
  settle(relay);
  EXPECT_TRUE(relay.is_user_gone());
  EXPECT_TRUE(relay.is_output_done());
}

TEST_F(Relay, an_output_that_was_never_open_is_noticed) {
  for (const int out : {-1, 999}) {
    auto relay = relay_between(user_.slave.get(), out);
    print("hello");
    settle(relay);
    EXPECT_TRUE(relay.is_user_gone()) << out;
  }
}

TEST_F(Relay, pipes_and_sockets_take_output_without_blocking) {
  make_raw(inner_.slave.get());
  auto pipe = open_pipe();
  int sockets[2];
  ASSERT_TRUE(pipe);
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets), 0);
  const Fd near(sockets[0]);
  const Fd far(sockets[1]);
  const struct {
    int write;
    int read;
  } rows[] = {{pipe->write.get(), pipe->read.get()}, {near.get(), far.get()}};
  for (const auto& row : rows) {
    auto relay = relay_between(user_.slave.get(), row.write);
    std::size_t printed = 0;
    for (std::size_t n = 1; n > 0; settle(relay))
      printed += n = write_until_full(inner_.slave.get(), std::string(1000, 'x'));
    std::size_t seen = 0;
    for (std::string text = read_available(row.read); !text.empty(); text = read_available(row.read)) {
      seen += text.size();
      settle(relay);
    }
    EXPECT_EQ(seen, printed);
    EXPECT_EQ(::fcntl(row.write, F_GETFL) & O_NONBLOCK, 0);
  }
}

// What is fed from a file ends in Ctrl-D, so that a program that reads lines sees the end.
TEST_F(Relay, the_end_of_a_file_arrives) {
  const struct {
    const char* fed;
    const char* lines;
  } rows[] = {{"one\ntwo\n", "one\ntwo\n"}, {"no newline", "no newline"}, {"", ""}};
  for (const auto& row : rows) {
    SCOPED_TRACE(row.fed);
    auto pipe = open_pipe();
    ASSERT_TRUE(pipe && write_all(pipe->write.get(), row.fed));
    pipe->write = Fd();
    auto relay = relay_between(pipe->read.get(), user_.slave.get());
    settle(relay);
    std::string seen;
    std::array<char, 64> buffer;
    ssize_t n = 0;
    while ((n = ::read(inner_.slave.get(), buffer.data(), buffer.size())) > 0)
      seen.append(buffer.data(), static_cast<std::size_t>(n));
    EXPECT_EQ(n, 0) << "no end of file";
    EXPECT_EQ(seen, row.lines);
    EXPECT_FALSE(relay.is_user_gone());
  }
}

TEST_F(Relay, no_input_at_all) {
  auto relay = relay_between(-1, user_.slave.get());
  settle(relay);
  char byte = 0;
  EXPECT_EQ(::read(inner_.slave.get(), &byte, 1), 0);
  print("out\n");
  settle(relay);
  EXPECT_NE(on_screen().find("out"), std::string::npos);
}

TEST_F(Relay, hands_the_window_size_on) {
  auto relay = relay_on_terminal();
  const WindowSize size{.rows = 40, .columns = 132};
  ASSERT_TRUE(set_window_size(user_.pty.master.get(), size));
  ASSERT_TRUE(relay.resize());
  EXPECT_EQ(window_size(inner_.slave.get()).value(), size);

  auto pipe = open_pipe();
  ASSERT_TRUE(pipe);
  EXPECT_TRUE(relay_between(user_.slave.get(), pipe->write.get()).resize());
  EXPECT_FALSE(relay_between(pipe->read.get(), pipe->write.get()).resize());
}

TEST_F(Relay, a_master_that_is_none_is_an_error) {
  EXPECT_FALSE(TerminalRelay::make({.user_in = 0, .user_out = 1, .master = -1}, {}));
}

}  // namespace
}  // namespace bailiwick
