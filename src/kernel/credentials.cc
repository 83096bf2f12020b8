#include "kernel/credentials.h"

#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/keyctl.h>
#include <linux/securebits.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace bailiwick {
namespace {

int write_file(const char* path, const char* text, std::size_t length) {
  const int fd = ::open(path, O_WRONLY | O_CLOEXEC);
  if (fd < 0) return -1;
  const ssize_t n = ::write(fd, text, length);
  const int saved = errno;
  ::close(fd);
  errno = saved;
  if (n == static_cast<ssize_t>(length)) return 0;
  if (n >= 0) errno = EIO;
  return -1;
}

std::size_t put_number(char* out, unsigned long long value) {
  char digits[24];
  std::size_t n = 0;
  do {
    digits[n++] = static_cast<char>('0' + value % 10);
    value /= 10;
  } while (value != 0);
  for (std::size_t i = 0; i < n; ++i) out[i] = digits[n - 1 - i];
  return n;
}

// "ID ID 1"
std::size_t put_map(char* out, unsigned id) {
  std::size_t n = put_number(out, id);
  out[n++] = ' ';
  n += put_number(out + n, id);
  out[n++] = ' ';
  out[n++] = '1';
  return n;
}

}  // namespace

int write_identity_maps(uid_t uid, gid_t gid) {
  char map[64];
  if (write_file("/proc/self/setgroups", "deny", 4) != 0) return -1;
  if (write_file("/proc/self/gid_map", map, put_map(map, gid)) != 0) return -1;
  return write_file("/proc/self/uid_map", map, put_map(map, uid));
}

int write_number(const char* path, unsigned long long value) {
  char text[24];
  return write_file(path, text, put_number(text, value));
}

unsigned long long read_number(const char* path, unsigned long long otherwise) {
  const int fd = ::open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return otherwise;
  char text[32];
  const ssize_t n = ::read(fd, text, sizeof text);
  ::close(fd);
  if (n <= 0 || text[0] < '0' || text[0] > '9') return otherwise;
  unsigned long long value = 0;
  for (ssize_t i = 0; i < n && text[i] >= '0' && text[i] <= '9'; ++i)
    value = value * 10 + static_cast<unsigned>(text[i] - '0');
  return value;
}

int drop_all_capabilities() {
  for (unsigned long capability = 0; capability < 64; ++capability) {
    if (::prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) != 0) {
      if (errno == EINVAL) break;  // past the last one this kernel knows
      return -1;
    }
  }
  if (::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0) return -1;
  constexpr unsigned long kBits = SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_NO_SETUID_FIXUP |
                                  SECBIT_NO_SETUID_FIXUP_LOCKED | SECBIT_KEEP_CAPS_LOCKED |
                                  SECBIT_NO_CAP_AMBIENT_RAISE | SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED;
  if (::prctl(PR_SET_SECUREBITS, kBits, 0, 0, 0) != 0) return -1;
  ::__user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  const ::__user_cap_data_struct none[2] = {};
  return static_cast<int>(::syscall(SYS_capset, &header, &none));  // libc declares capset in libcap only
}

int set_no_new_privileges() { return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); }
int set_not_dumpable() { return ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); }
int join_new_session_keyring() {
  const long keyring = ::syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, nullptr);
  if (keyring < 0 && errno == ENOSYS) return 0;  // a kernel without keyrings has none to leak
  return keyring < 0 ? -1 : 0;
}
int die_with_parent() { return ::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0); }

Status give_up_groups() {
  // EPERM: root of a user namespace that was made without the right to; its groups then are what they are for an
  // ordinary user.
  if (::setgroups(0, nullptr) != 0 && errno != EPERM) return os_error("could not give up supplementary groups");
  return {};
}

void wipe_arguments(char** argv, char** environment, const char* name) {
  const auto wipe = [](char** strings) {
    for (char** s = strings; s != nullptr && *s != nullptr; ++s) std::memset(*s, 0, std::strlen(*s));
  };
  char* first = argv != nullptr ? argv[0] : nullptr;
  const std::size_t room = first != nullptr ? std::strlen(first) : 0;
  wipe(argv);
  wipe(environment);
  if (first != nullptr) {
    for (std::size_t i = 0; i < room && name[i] != '\0'; ++i) first[i] = name[i];
  }
  ::prctl(PR_SET_NAME, name, 0, 0, 0);
}

}  // namespace bailiwick
