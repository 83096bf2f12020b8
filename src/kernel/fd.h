// Owner of one file descriptor. Every descriptor that we open is O_CLOEXEC. Any thread; usable after fork (allocates
// nothing).
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"

namespace bailiwick {

class [[nodiscard]] Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    if (this != &other) {
      close();
      fd_ = std::exchange(other.fd_, -1);
    }
    return *this;
  }
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  ~Fd() { close(); }

  [[nodiscard]] int get() const { return fd_; }
  [[nodiscard]] bool is_open() const { return fd_ >= 0; }
  [[nodiscard]] int release() { return std::exchange(fd_, -1); }
  void close();

 private:
  int fd_ = -1;
};

struct PipePair {
  Fd read;
  Fd write;
};
[[nodiscard]] Result<PipePair> open_pipe();
struct SocketPair {
  Fd ours;
  Fd theirs;
};
// A Unix SOCK_SEQPACKET pair: one send is one message, whole or not at all.
[[nodiscard]] Result<SocketPair> open_message_pair();

// Opens by plain path (for paths that are ours or the system's).
[[nodiscard]] Result<Fd> open_file(const std::string& path, int flags, unsigned mode = 0);
// openat2 with RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS: for trees that somebody else may write
// (law 1).
[[nodiscard]] Result<Fd> open_beneath(int directory, const std::string& relative, int flags, unsigned mode = 0);

[[nodiscard]] Status write_all(int fd, std::string_view bytes);
// The whole file, refused when longer than `limit` bytes.
[[nodiscard]] Result<std::string> read_all(int fd, std::size_t limit);
[[nodiscard]] Result<std::string> load_file(const std::string& path, std::size_t limit);

// One message with at most one descriptor, over a message pair. `fd` -1 sends none.
[[nodiscard]] Status send_message(int socket, std::string_view bytes, int fd = -1);
struct Message {
  std::string bytes;  // empty: the other end is closed
  Fd fd;
};
[[nodiscard]] Result<Message> receive_message(int socket, std::size_t limit);

}  // namespace bailiwick
