#include "kernel/netlink.h"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace bailiwick {

int bring_loopback_up() {
  const int socket = ::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
  if (socket < 0) return -1;
  struct {
    ::nlmsghdr header;
    ::ifinfomsg link;
  } request{};
  request.header.nlmsg_len = sizeof request;
  request.header.nlmsg_type = RTM_NEWLINK;
  request.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
  request.link.ifi_family = AF_UNSPEC;
  request.link.ifi_index = 1;
  request.link.ifi_flags = IFF_UP;
  request.link.ifi_change = IFF_UP;
  int result = -1;
  alignas(::nlmsghdr) char answer[256];
  if (::send(socket, &request, sizeof request, 0) == static_cast<ssize_t>(sizeof request)) {
    const ssize_t n = ::recv(socket, answer, sizeof answer, 0);
    if (n >= static_cast<ssize_t>(sizeof(::nlmsghdr) + sizeof(int))) {
      int error = 0;
      std::memcpy(&error, answer + sizeof(::nlmsghdr),
                  sizeof error);  // nlmsgerr: a negative errno, 0 for an acknowledgement
      errno = -error;
      result = error == 0 ? 0 : -1;
    }
  }
  const int saved = errno;
  ::close(socket);
  errno = saved;
  return result;
}

}  // namespace bailiwick
