#include "kernel/netlink.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "kernel/credentials.h"
#include "kernel/fd.h"
#include "kernel/forked.h"

namespace bailiwick {
namespace {

bool is_loopback_up() {
  const Fd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ::ifreq request{};
  std::strcpy(request.ifr_name, "lo");
  return ::ioctl(socket.get(), SIOCGIFFLAGS, &request) == 0 && (request.ifr_flags & IFF_UP) != 0;
}

// 0 if a connection to ourselves over 127.0.0.1 carries a byte, else errno.
int speak_to_ourselves() {
  const Fd listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const Fd client(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!listener.is_open() || !client.is_open()) return errno;
  ::sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ::socklen_t size = sizeof address;
  auto* any = reinterpret_cast<::sockaddr*>(&address);
  if (::bind(listener.get(), any, size) != 0 || ::listen(listener.get(), 1) != 0 ||
      ::getsockname(listener.get(), any, &size) != 0)
    return errno;
  if (::connect(client.get(), any, size) != 0) return errno;
  const Fd server(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
  char byte = 'x';
  return ::send(client.get(), &byte, 1, 0) == 1 && ::recv(server.get(), &byte, 1, 0) == 1 ? 0 : errno;
}

TEST(Netlink, LoopbackComesUpInANewNamespace) {
  EXPECT_SATISFIED(
      []() -> int {
        if (::unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0) return kNotPossibleHere;
        if (is_loopback_up() || speak_to_ourselves() == 0) return 1;  // it begins down
        if (bring_loopback_up() != 0) return 2;
        if (!is_loopback_up()) return 3;
        if (speak_to_ourselves() != 0) return 4;
        return bring_loopback_up() == 0 ? 0 : 5;  // again is no error
      },
      "user or network namespaces are refused here");
}

TEST(Netlink, WithoutTheRightToItIsAnError) {
  EXPECT_SATISFIED(
      []() -> int {
        // the namespace's owner is another user namespace than ours: no right over it
        const uid_t uid = ::geteuid();
        const gid_t gid = ::getegid();
        if (::unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0) return kNotPossibleHere;
        if (write_identity_maps(uid, gid) != 0 || ::unshare(CLONE_NEWUSER) != 0) return kNotPossibleHere;
        errno = 0;
        return bring_loopback_up() == -1 && errno == EPERM && !is_loopback_up() ? 0 : 1;
      },
      "user or network namespaces are refused here");
}

}  // namespace
}  // namespace bailiwick
