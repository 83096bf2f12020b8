#include "kernel/seccomp.h"

#include <linux/seccomp.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

namespace bailiwick {

int install_filter(std::span<const ::sock_filter> program) noexcept {
  if (program.empty() || program.size() > BPF_MAXINSNS) {  // sock_fprog::len is 16 bits wide: a longer one would be cut
    errno = EINVAL;
    return -1;
  }
  // The kernel only reads the program; sock_fprog has no const.
  ::sock_fprog what{.len = static_cast<unsigned short>(program.size()),
                    .filter = const_cast<::sock_filter*>(program.data())};
  // libc has no wrapper for seccomp(2), and prctl(PR_SET_SECCOMP) takes no flags. None is wanted here: TSYNC because
  // the launcher has one thread; not SPEC_ALLOW, since what runs below is not trusted and keeps the speculation
  // mitigations that old kernels tie to seccomp.
  return static_cast<int>(::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0U, &what));
}

}  // namespace bailiwick
