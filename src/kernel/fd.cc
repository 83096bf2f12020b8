#include "kernel/fd.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "base/text.h"

namespace bailiwick {

void Fd::close() {
  if (fd_ >= 0) ::close(fd_);  // EINTR leaves it closed on Linux
  fd_ = -1;
}

Result<PipePair> open_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return os_error("could not make a pipe");
  return PipePair{.read = Fd(ends[0]), .write = Fd(ends[1])};
}

Result<SocketPair> open_message_pair() {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
    return os_error("could not make a socket pair");
  return SocketPair{.ours = Fd(ends[0]), .theirs = Fd(ends[1])};
}

Result<Fd> open_file(const std::string& path, int flags, unsigned mode) {
  const int fd = ::open(path.c_str(), flags | O_CLOEXEC, mode);
  if (fd < 0) return os_error("could not open `" + printable(path) + "`");
  return Fd(fd);
}

Result<Fd> open_beneath(int directory, const std::string& relative, int flags, unsigned mode) {
  // libc has no wrapper for openat2 in glibc 2.36.
  ::open_how how{};
  how.flags = static_cast<std::uint64_t>(flags | O_CLOEXEC);
  how.mode = (flags & O_CREAT) != 0 ? mode : 0;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
  // EAGAIN: somebody renamed or mounted something, anywhere, while a `..` was looked at, and the kernel cannot tell
  // whether the path was left. Nothing is open then, so that trying again is safe.
  constexpr int kTries = 100;
  long fd = -1;
  for (int i = 0; i < kTries; ++i) {
    fd = ::syscall(SYS_openat2, directory, relative.c_str(), &how, sizeof how);
    if (fd >= 0 || errno != EAGAIN) break;
  }
  if (fd < 0) return os_error("could not open `" + printable(relative) + "`");
  return Fd(static_cast<int>(fd));
}

Status write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd, bytes.data(), bytes.size());
    if (n < 0) {
      if (errno == EINTR) continue;
      return os_error("could not write");
    }
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return {};
}

Result<std::string> read_all(int fd, std::size_t limit) {
  std::string out;
  std::array<char, 16384> buffer;
  while (true) {
    const ssize_t n = ::read(fd, buffer.data(), buffer.size());
    if (n < 0) {
      if (errno == EINTR) continue;
      return os_error("could not read");
    }
    if (n == 0) return out;
    if (out.size() + static_cast<std::size_t>(n) > limit) {
      return fail(ErrorKind::invalid, "longer than " + format_bytes(limit));
    }
    out.append(buffer.data(), static_cast<std::size_t>(n));
  }
}

Result<std::string> load_file(const std::string& path, std::size_t limit) {
  TRY_ASSIGN(const Fd file, open_file(path, O_RDONLY | O_NOCTTY));
  auto text = read_all(file.get(), limit);
  if (!text) return std::unexpected(std::move(text.error()).in("`" + printable(path) + "`"));
  return text;
}

Status send_message(int socket, std::string_view bytes, int fd) {
  ::iovec part{.iov_base = const_cast<char*>(bytes.data()), .iov_len = bytes.size()};
  alignas(::cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  ::msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  if (fd >= 0) {
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    ::cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    std::memcpy(CMSG_DATA(header), &fd, sizeof fd);
  }
  while (::sendmsg(socket, &message, MSG_NOSIGNAL) < 0) {
    if (errno != EINTR) return os_error("could not send a message");
  }
  return {};
}

Result<Message> receive_message(int socket, std::size_t limit) {
  Message out;
  out.bytes.resize(limit);
  ::iovec part{.iov_base = out.bytes.data(), .iov_len = limit};
  alignas(::cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  ::msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  ssize_t n = 0;
  while ((n = ::recvmsg(socket, &message, MSG_CMSG_CLOEXEC)) < 0) {
    // A peer that closed with something of ours unread is said once, ahead of its own last words (unix(7) does not
    // tell).
    if (errno != EINTR && errno != ECONNRESET) return os_error("could not receive a message");
  }
  for (::cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr; header = CMSG_NXTHDR(&message, header)) {
    if (header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(header), sizeof fd);
      out.fd = Fd(fd);
    }
  }
  if ((message.msg_flags & MSG_TRUNC) != 0) return fail(ErrorKind::sandbox, "a message was longer than agreed");
  out.bytes.resize(static_cast<std::size_t>(n));
  return out;
}

}  // namespace bailiwick
