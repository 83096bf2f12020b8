#include "kernel/probe_try.h"

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>

#include "kernel/credentials.h"
#include "kernel/fd.h"
#include "kernel/landlock.h"
#include "kernel/mount.h"

namespace bailiwick {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr int kLater = 10;  // a step after the namespaces are there

TryResult works() { return {.has_worked = true}; }
TryResult refused(int step) { return {.step = step, .os_errno = errno}; }

void wait_for(pid_t child, int* status) {
  while (::waitpid(child, status, 0) < 0 && errno == EINTR) {
  }
}

// A new user namespace with the same ids, and what `more` names.
TryResult enter_namespaces(int more) {
  const uid_t uid = ::geteuid();
  const gid_t gid = ::getegid();
  if (::unshare(CLONE_NEWUSER | more) != 0) return refused(kStepUnshare);
  if (write_identity_maps(uid, gid) != 0) return refused(kStepMaps);
  return works();
}

// Runs `body` in a grandchild and returns what it returned, as far as an exit code can say.
TryResult in_grandchild(TryBody body) {
  const pid_t child = ::fork();
  if (child < 0) return refused(kLater);
  if (child == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    const TryResult result = body();
    ::_exit(result.has_worked ? 0 : result.os_errno > 0 && result.os_errno < 255 ? result.os_errno : 255);
  }
  int status = 0;
  wait_for(child, &status);
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return works();
  return {.step = kLater, .os_errno = WIFEXITED(status) ? WEXITSTATUS(status) : EIO};
}

TryResult in_pid_namespace(TryBody body) {
  if (const TryResult entered = enter_namespaces(CLONE_NEWPID | CLONE_NEWNS); !entered.has_worked) return entered;
  return in_grandchild(body);
}

template <int kFlag>
TryResult enter_one() {
  if (const TryResult entered = enter_namespaces(0); !entered.has_worked) return entered;
  return ::unshare(kFlag) == 0 ? works() : refused(kLater);
}

// A filter that answers the one system call `number` with `action`.
int install_filter(unsigned number, unsigned action, unsigned flags) {
  std::array<::sock_filter, 4> program{{
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(::seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, action),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  }};
  const ::sock_fprog filter{.len = program.size(), .filter = program.data()};
  if (set_no_new_privileges() != 0) return -1;
  return static_cast<int>(::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &filter));
}

// A private tmpfs on /tmp, current directory in it.
TryResult enter_private_tmpfs() {
  if (const TryResult entered = enter_namespaces(CLONE_NEWNS); !entered.has_worked) return entered;
  if (make_all_private() != 0) return refused(kLater);
  const Fd tmpfs(make_tmpfs("1m", "0755", "64"));
  if (!tmpfs.is_open() || attach_mount(tmpfs.get(), AT_FDCWD, "/tmp") != 0 || ::chdir("/tmp") != 0)
    return refused(kLater + 1);
  return works();
}

}  // namespace

TryResult try_in_child(TryBody body, milliseconds deadline) {
  auto pipe = open_pipe();
  if (!pipe) return {.os_errno = pipe.error().os_errno};
  const pid_t child = ::fork();
  if (child < 0) return {.os_errno = errno};
  if (child == 0) {
    ::setpgid(0, 0);  // so that one kill reaches what the child starts
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    const TryResult result = body();
    static_cast<void>(!::write(pipe->write.get(), &result, sizeof result));
    ::_exit(0);  // no handler of the parent's runs here
  }
  ::setpgid(child, child);  // whichever of the two comes first
  pipe->write.close();
  const auto end = steady_clock::now() + deadline;
  TryResult result{.has_hung = true};
  while (true) {
    const auto left = std::chrono::ceil<milliseconds>(end - steady_clock::now());
    ::pollfd wait{.fd = pipe->read.get(), .events = POLLIN, .revents = 0};
    const int ready = left.count() > 0 ? ::poll(&wait, 1, static_cast<int>(left.count())) : 0;
    if (ready < 0 && errno == EINTR) continue;
    TryResult answer;
    if (ready > 0 && ::read(pipe->read.get(), &answer, sizeof answer) == sizeof answer) result = answer;
    break;
  }
  ::kill(-child, SIGKILL);
  wait_for(child, nullptr);
  return result;
}

TryResult try_user_namespace() { return enter_namespaces(0); }
TryResult try_mount_namespace() { return enter_one<CLONE_NEWNS>(); }
TryResult try_ipc_namespace() { return enter_one<CLONE_NEWIPC>(); }
TryResult try_uts_namespace() { return enter_one<CLONE_NEWUTS>(); }
TryResult try_net_namespace() { return enter_one<CLONE_NEWNET>(); }
TryResult try_cgroup_namespace() { return enter_one<CLONE_NEWCGROUP>(); }
TryResult try_pid_namespace() {
  return in_pid_namespace([] { return ::getpid() == 1 ? works() : refused(kLater); });
}

TryResult try_fresh_proc() {
  // fsmount refuses where the /proc that is visible has covers on it: masked paths of a container would show.
  return in_pid_namespace([] {
    const Fd proc(make_proc());
    if (!proc.is_open()) return refused(kLater);
    const Fd self(::openat(proc.get(), "1/stat", O_RDONLY | O_CLOEXEC));
    return self.is_open() ? works() : refused(kLater);
  });
}

TryResult try_tmpfs() { return enter_private_tmpfs(); }

TryResult try_devpts() {
  if (const TryResult entered = enter_namespaces(CLONE_NEWNS); !entered.has_worked) return entered;
  const Fd devpts(make_devpts());
  if (!devpts.is_open()) return refused(kLater);
  const Fd terminal(::openat(devpts.get(), "ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC));
  return terminal.is_open() ? works() : refused(kLater + 1);
}

TryResult try_overlayfs() {
  if (const TryResult entered = enter_private_tmpfs(); !entered.has_worked) return entered;
  for (const char* name : {"lower", "upper", "work", "merged"}) {
    if (::mkdir(name, 0755) != 0) return refused(kLater + 2);
  }
  if (::mount("overlay", "merged", "overlay", 0, "lowerdir=lower,upperdir=upper,workdir=work,userxattr") != 0)
    return refused(kLater + 3);
  const Fd file(::open("merged/probe", O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
  return file.is_open() && ::access("upper/probe", F_OK) == 0 ? works() : refused(kLater + 4);
}

TryResult try_mount_setattr() {
  if (const TryResult entered = enter_namespaces(CLONE_NEWNS); !entered.has_worked) return entered;
  const Fd copy(clone_mount(AT_FDCWD, "/", 0));
  if (!copy.is_open()) return refused(kLater);
  return set_mount_flags(copy.get(), MountAccess::read_only, 0) == 0 ? works() : refused(kLater + 1);
}

TryResult try_pid_max() {
  return in_pid_namespace([] {
    constexpr const char* kPidMax = "/proc/sys/kernel/pid_max";
    constexpr unsigned kOwn = 4321;
    const Fd proc(make_proc());
    if (!proc.is_open() || make_all_private() != 0 || attach_mount(proc.get(), AT_FDCWD, "/proc") != 0)
      return refused(kLater);
    if (write_number(kPidMax, kOwn) != 0) return refused(kLater);
    return read_number(kPidMax, 0) == kOwn ? works() : TryResult{.step = kLater, .os_errno = ENOSYS};
  });
}

TryResult try_landlock() {
  const int abi = landlock_abi();
  const Fd rules(landlock_create(landlock_handled(abi, TcpRule::refused, ReadRule::checked), abi));
  if (!rules.is_open() || set_no_new_privileges() != 0 || landlock_restrict(rules.get()) != 0) return refused(kLater);
  const Fd root(::open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  return !root.is_open() && errno == EACCES ? works() : TryResult{.step = kLater + 1};
}

TryResult try_seccomp_filter() {
  if (install_filter(SYS_times, SECCOMP_RET_ERRNO | EXDEV, 0) != 0) return refused(kLater);
  return ::syscall(SYS_times, nullptr) == -1 && errno == EXDEV ? works() : TryResult{.step = kLater + 1};
}

TryResult try_seccomp_notify() {
  const Fd listener(install_filter(SYS_times, SECCOMP_RET_USER_NOTIF, SECCOMP_FILTER_FLAG_NEW_LISTENER));
  if (!listener.is_open()) return refused(kLater);
  const pid_t child = ::fork();
  if (child < 0) return refused(kLater);
  if (child == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    const long fd = ::syscall(SYS_times, nullptr);  // answered with a descriptor
    ::_exit(fd > 2 && ::fcntl(static_cast<int>(fd), F_GETFD) >= 0 ? 0 : 1);
  }
  ::seccomp_notif request{};
  if (::ioctl(listener.get(), SECCOMP_IOCTL_NOTIF_RECV, &request) != 0) return refused(kLater + 1);
  const Fd given(::open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC));  // O_PATH cannot be passed
  ::seccomp_notif_addfd add{};
  add.id = request.id;
  add.flags = SECCOMP_ADDFD_FLAG_SEND;
  add.srcfd = static_cast<std::uint32_t>(given.get());
  if (::ioctl(listener.get(), SECCOMP_IOCTL_NOTIF_ADDFD, &add) < 0) return refused(kLater + 2);
  int status = 0;
  wait_for(child, &status);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? works() : TryResult{.step = kLater + 3};
}

TryResult try_pidfd() {
  const Fd self(static_cast<int>(::syscall(SYS_pidfd_open, ::getpid(), 0)));
  if (!self.is_open()) return refused(kLater);
  return ::syscall(SYS_pidfd_send_signal, self.get(), 0, nullptr, 0) == 0 ? works() : refused(kLater + 1);
}

TryResult try_process_vm() {
  volatile unsigned long token = 0x6261696c69776963UL;
  const pid_t child = ::fork();
  if (child < 0) return refused(kLater);
  if (child == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    token = token + 1;  // the child's own copy differs from ours
    while (true) ::pause();
  }
  // The child may not have written yet: what counts is that the read is allowed.
  unsigned long seen = 0;
  ::iovec local{.iov_base = &seen, .iov_len = sizeof seen};
  ::iovec remote{.iov_base = const_cast<unsigned long*>(&token), .iov_len = sizeof token};
  const ssize_t n = ::process_vm_readv(child, &local, 1, &remote, 1, 0);
  const int saved = errno;
  ::kill(child, SIGKILL);
  wait_for(child, nullptr);
  if (n == sizeof seen) return works();
  return {.step = kLater, .os_errno = saved};
}

TryResult try_memfd_noexec() {
  constexpr unsigned kNoexecSeal = 0x0008;  // MFD_NOEXEC_SEAL, 6.3
  const Fd memory(static_cast<int>(::syscall(SYS_memfd_create, "probe", kNoexecSeal | 1U)));
  return memory.is_open() ? works() : refused(kLater);
}

}  // namespace bailiwick
