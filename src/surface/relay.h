// Copies between the user's terminal and the session's pty: keys inward as they are, output outward through the
// TerminalFilter. Driven by an outer poll(2) loop; never blocks, never spins. One thread, outside the sandbox. The
// caller ignores SIGPIPE.
//
//   int n = relay.fill_poll(fds, TerminalRelay::kMaxPoll);
//   poll(fds, n, …);
//   relay.on_ready(fds, n);
//
// Both directions are bounded: who does not read stops who writes. The user's descriptors are not made non-blocking,
// because the shell shares them: a terminal is reopened by its descriptor instead, and where that is not permitted,
// small writes follow POLLOUT.
//
// A pty hangs up when its last slave descriptor closes, which a program may do for a moment. Keep one slave descriptor
// open while the session runs, and call end_output() when it has ended.
#pragma once

#include <poll.h>
#include <sys/types.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "kernel/pty.h"
#include "surface/terminal_filter.h"

namespace bailiwick {

class TerminalRelay {
 public:
  // None is owned; all stay open longer than the relay. `master` is made non-blocking. A `user_in` of -1 has nothing to
  // say.
  struct Ends {
    int user_in;
    int user_out;
    int master;
  };
  static constexpr int kMaxPoll = 3;

  [[nodiscard]] static Result<TerminalRelay> make(const Ends& ends, FilterOptions options);

  // Writes at most `max` (at least kMaxPoll) entries, returns how many.
  [[nodiscard]] int fill_poll(::pollfd* fds, int max);
  // The same entries, in the same order, after poll.
  void on_ready(const ::pollfd* fds, int count);

  // Gives the pty the size of the user's window: at the start and on SIGWINCH.
  [[nodiscard]] Status resize() const;
  // Nothing of the session runs any more: takes what the pty still holds; go on polling until is_output_done().
  void end_output();

  // All output has been written, or nobody takes it any more.
  [[nodiscard]] bool is_output_done() const { return is_user_gone_ || (is_master_ended_ && pending_output() == 0); }
  // The terminal hung up or its output was closed: the session should end as by SIGHUP.
  [[nodiscard]] bool is_user_gone() const { return is_user_gone_; }
  [[nodiscard]] const TerminalFilter& filter() const { return filter_; }

 private:
  enum class Role : std::uint8_t { input, master, output };

  TerminalRelay(const Ends& ends, FilterOptions options) : ends_(ends), filter_(options) {}
  [[nodiscard]] std::size_t pending_output() const { return output_.size() - written_; }
  [[nodiscard]] int in() const { return own_in_.is_open() ? own_in_.get() : ends_.user_in; }
  [[nodiscard]] int out() const { return own_out_.is_open() ? own_out_.get() : ends_.user_out; }
  void read_user();
  void end_input();
  void read_master(std::size_t limit);
  void end_master();
  void write_master();
  void write_user();
  [[nodiscard]] ssize_t write_some(std::string_view bytes) const;

  Ends ends_;
  Fd own_in_;  // the terminal reopened non-blocking, where that is permitted
  Fd own_out_;
  TerminalFilter filter_;
  std::string input_;
  std::string output_;
  std::size_t written_ = 0;  // of output_
  std::array<Role, kMaxPoll> roles_{};
  char last_input_ = '\n';
  bool is_terminal_in_ = false;
  bool is_input_ended_ = false;
  bool is_master_ended_ = false;
  bool is_user_gone_ = false;
};

}  // namespace bailiwick
