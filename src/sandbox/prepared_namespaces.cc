// `begin` runs in the supervisor, `prepare` in the preparer, `join` in the launcher. The last two allocate nothing.
#include "sandbox/prepared_namespaces.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>

#include "kernel/credentials.h"
#include "kernel/mount.h"
#include "kernel/netlink.h"
#include "sandbox/launch.h"
#include "sandbox/reporter.h"

namespace bailiwick {
namespace {

struct Preparation {
  unsigned long flags;
  int say;  // the writing end
  pid_t supervisor;
  uid_t uid;
  gid_t gid;
  bool has_own_network;
  Reporter report;  // for its marks only
};

[[noreturn]] void fail(const Preparation& how, LaunchStep step, std::uint8_t index) {
  const PreparedState state{.step = step, .index = index, .os_errno = errno};
  static_cast<void>(!::write(how.say, &state, sizeof state));
  ::_exit(125);
}

void set_ceilings(const Preparation& how) {
  // INVARIANT: also seccomp denies new namespaces; this is the second lock. The namespace's own ceilings count beside
  // the user's.
  if (write_number("/proc/sys/user/max_user_namespaces", 0) != 0) fail(how, LaunchStep::ceilings, 0);
  // Half of what the user has on the host stays the host's. The sysctls show this namespace's ceilings, which begin as
  // "no limit"; the initial namespace's are what counts in the end, so a fixed part of its defaults is what we can
  // give.
  if (write_number("/proc/sys/user/max_inotify_instances", 64) != 0) fail(how, LaunchStep::ceilings, 1);
  if (write_number("/proc/sys/user/max_inotify_watches", 32768) != 0) fail(how, LaunchStep::ceilings, 2);
}

// Stays dumpable: joining by its pidfd needs that (setns(2)), and nothing of the sandbox runs beside it.
[[noreturn]] void prepare(const Preparation& how) {
  // A supervisor that is gone already will never send the signal: ask after arming it.
  if (die_with_parent() != 0 || ::getppid() != how.supervisor) ::_exit(125);
  if (::close_range(0, static_cast<unsigned>(how.say) - 1, 0) != 0 ||
      ::close_range(static_cast<unsigned>(how.say) + 1, ~0U, 0) != 0) {
    fail(how, LaunchStep::namespaces, 1);
  }
  how.report.mark(LaunchStep::namespaces);
  if (::unshare(static_cast<int>(how.flags)) != 0) fail(how, LaunchStep::namespaces, 0);
  how.report.mark(LaunchStep::user_namespace);
  if (write_identity_maps(how.uid, how.gid) != 0) fail(how, LaunchStep::user_namespace, 0);
  how.report.mark(LaunchStep::ceilings);
  set_ceilings(how);
  how.report.mark(LaunchStep::loopback);
  if (how.has_own_network && bring_loopback_up() != 0) fail(how, LaunchStep::loopback, 0);
  if (make_all_private() != 0) fail(how, LaunchStep::root, 0);
  how.report.mark(LaunchStep::prepared);
  const PreparedState state{.step = LaunchStep::ready};
  if (::write(how.say, &state, sizeof state) != static_cast<ssize_t>(sizeof state)) ::_exit(125);
  while (true) ::pause();
}

}  // namespace

Result<PreparedNamespaces> PreparedNamespaces::begin(NetworkMode network, std::uint64_t* timings) {
  PreparedNamespaces out;
  out.network_ = network;
  out.flags_ = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS;
  if (network == NetworkMode::off) out.flags_ |= CLONE_NEWNET;
  TRY_ASSIGN(PipePair pipe, open_pipe());
  const Preparation how{.flags = out.flags_,
                        .say = pipe.write.get(),
                        .supervisor = ::getpid(),
                        .uid = ::geteuid(),
                        .gid = ::getegid(),
                        .has_own_network = network == NetworkMode::off,
                        .report = {.channel = -1, .timings = timings}};
  ::sigset_t all;
  ::sigset_t before;
  ::sigfillset(&all);
  ::sigprocmask(SIG_SETMASK, &all, &before);
  const pid_t child = fork_with_flags(0);
  if (child == 0) prepare(how);
  const int saved = errno;
  ::sigprocmask(SIG_SETMASK, &before, nullptr);
  if (child < 0) return os_error("could not start a process", saved);
  TRY_ASSIGN(out.preparer_, Process::adopt(child));
  out.said_ = std::move(pipe.read);
  return out;
}

PreparedState PreparedNamespaces::join() const {
  PreparedState state{.step = LaunchStep::namespaces};
  ssize_t n = 0;
  do {
    n = ::read(said_.get(), &state, sizeof state);
  } while (n < 0 && errno == EINTR);
  if (n != static_cast<ssize_t>(sizeof state))
    return {.step = LaunchStep::namespaces, .index = 2, .os_errno = n < 0 ? errno : ECHILD};
  if (state.step != LaunchStep::ready) return state;
  // The user namespace comes first in the kernel, whatever the order of the flags, and gives the rights for the others.
  if (::setns(preparer_.pidfd(), static_cast<int>(flags_)) != 0)
    return {.step = LaunchStep::namespaces, .index = 3, .os_errno = errno};
  // Last of the namespaces and by the launcher itself, whose cgroup is the one that should look like the root.
  if (::unshare(CLONE_NEWCGROUP) != 0) return {.step = LaunchStep::namespaces, .index = 4, .os_errno = errno};
  if (!preparer_.send_signal(SIGKILL)) return {.step = LaunchStep::namespaces, .index = 5, .os_errno = errno};
  return state;
}

}  // namespace bailiwick
