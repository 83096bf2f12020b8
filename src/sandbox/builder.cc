// Runs in the launcher, in init and in the program's process before its exec: no allocation, no locks, no exceptions.
#include "sandbox/builder.h"

#include <fcntl.h>
#include <linux/sched.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstring>

#include "kernel/credentials.h"
#include "kernel/seccomp.h"
#include "sandbox/cover_keeper.h"
#include "sandbox/init.h"
#include "sandbox/reporter.h"

namespace bailiwick {
namespace {

// The host's /proc is where the new root is put together: nothing below it is ever bound, and the fresh /proc replaces
// it in the end.
constexpr const char* kAssembly = "/proc";
constexpr std::size_t kMostScratch = 16;

}  // namespace

void Reporter::fail(LaunchStep step, std::size_t index, int code) const {
  SandboxEvent event{};
  event.kind = SandboxEvent::Kind::failed;
  event.step = step;
  event.index = static_cast<std::int32_t>(index);
  event.value = code;
  static_cast<void>(send(event, -1));
  ::_exit(125);
}

int Reporter::send(const SandboxEvent& event, int fd) const {
  ::iovec part{.iov_base = const_cast<SandboxEvent*>(&event), .iov_len = sizeof event};
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
  ssize_t n = 0;
  do {
    n = ::sendmsg(channel, &message, MSG_NOSIGNAL);
  } while (n < 0 && errno == EINTR);
  return n < 0 ? -1 : 0;
}

void Reporter::mark(LaunchStep step) const {
  if (timings == nullptr) return;
  ::timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  timings[static_cast<std::size_t>(step)] =
      static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<std::uint64_t>(now.tv_nsec);
}

namespace {

// Path of a step relative to the root's descriptor; "." for the root itself.
const char* below(const std::string& absolute) { return absolute.size() > 1 ? absolute.c_str() + 1 : "."; }

class RootMaker {
 public:
  RootMaker(const SandboxPlan& plan, const Reporter& report) : plan_(plan), report_(report) {}

  int make() {
    report_.mark(LaunchStep::root);
    make_filesystems();
    report_.mark(LaunchStep::build);
    for (std::size_t i = 0; i < plan_.root.size(); ++i) {
      if (apply(plan_.root[i]) != 0) report_.fail(LaunchStep::build, i, errno);
    }
    forget_parent();
    // The scratch filesystem's parts have their own mounts by now; the whole of it was only reachable while they were
    // made.
    if (::umount2("/proc/proc", MNT_DETACH) != 0) report_.fail(LaunchStep::root, 3, errno);
    report_.mark(LaunchStep::covers);
    for (std::size_t i = 0; i < plan_.covers.size(); ++i) {
      if (apply_cover(root_, plan_.covers[i]) != 0 && errno != ENOENT) report_.fail(LaunchStep::covers, i, errno);
    }
    return root_;
  }

 private:
  void make_filesystems() {
    host_ = ::open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (host_ < 0) report_.fail(LaunchStep::root, 6, errno);
    char size[32];
    format(size, plan_.scratch_bytes);
    root_ = make_tmpfs("16m", "0755", "65536");
    if (root_ < 0 || attach_mount(root_, AT_FDCWD, kAssembly) != 0) report_.fail(LaunchStep::root, 1, errno);
    scratch_ = make_tmpfs(size, "0755", "524288");
    if (scratch_ < 0 || ::mkdirat(root_, "proc", 0755) != 0 || attach_mount(scratch_, root_, "proc") != 0)
      report_.fail(LaunchStep::root, 2, errno);
    // What a hidden name shows: it lies in the root filesystem, which stays attached, so that the keeper can use it
    // again.
    if (::mkdirat(root_, "run", 0755) != 0 || ::mkdirat(root_, "run/bailiwick", 0755) != 0 ||
        ::mkdirat(root_, "run/bailiwick/no-directory", 0) != 0) {
      report_.fail(LaunchStep::root, 4, errno);
    }
    const int file = ::openat(root_, "run/bailiwick/no-file", O_WRONLY | O_CREAT | O_CLOEXEC | O_EXCL, 0);
    if (file < 0) report_.fail(LaunchStep::root, 5, errno);
    ::close(file);
  }

  static void format(char* out, std::uint64_t value) {
    char digits[24];
    int n = 0;
    do {
      digits[n++] = static_cast<char>('0' + value % 10);
      value /= 10;
    } while (value != 0);
    while (n > 0) *out++ = digits[--n];
    *out = '\0';
  }

  int apply(const RootStep& step) {
    switch (step.kind) {
      case RootStep::Kind::directory:
      case RootStep::Kind::symlink: return make_entry(step);
      case RootStep::Kind::copy: return copy(step);
      case RootStep::Kind::scratch: return scratch(step);
      case RootStep::Kind::bind: return bind(step, false);
      case RootStep::Kind::device: return bind(step, true);
      case RootStep::Kind::devpts: {
        const int mount = make_devpts();
        return mount < 0 ? -1 : attach(mount, step);
      }
    }
    return -1;
  }

  // The directory in which a step makes its entry, opened beneath our root without following a link: an absolute one
  // would lead to the host's. Kept for the next step, which often needs the same one; never closed by the caller.
  int open_parent(const RootStep& step, const char** name) {
    const char* path = below(step.target);
    const char* slash = std::strrchr(path, '/');
    *name = slash == nullptr ? path : slash + 1;
    if (slash == nullptr) return root_;
    const auto length = static_cast<std::size_t>(slash - path);
    if (length >= sizeof parent_path_) {
      errno = ENAMETOOLONG;
      return -1;
    }
    if (parent_ >= 0 && std::strncmp(parent_path_, path, length) == 0 && parent_path_[length] == '\0') return parent_;
    forget_parent();
    std::memcpy(parent_path_, path, length);
    parent_path_[length] = '\0';
    parent_ = open_beneath_raw(root_, parent_path_, O_PATH | O_DIRECTORY);
    return parent_;
  }

  void forget_parent() {
    if (parent_ >= 0) ::close(parent_);
    parent_ = -1;
  }

  int make_entry(const RootStep& step) {
    const char* name = nullptr;
    const int parent = open_parent(step, &name);
    if (parent < 0) return -1;
    if (step.kind == RootStep::Kind::symlink) return ::symlinkat(step.source.c_str(), parent, name);
    return ::mkdirat(parent, name, step.mode) == 0 || errno == EEXIST ? 0 : -1;
  }

  int copy(const RootStep& step) {
    const char* name = nullptr;
    const int parent = open_parent(step, &name);
    if (parent < 0) return -1;
    const int file = ::openat(parent, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, step.mode);
    if (file < 0) return -1;
    const ssize_t n = ::write(file, step.source.data(), step.source.size());
    const int saved = errno;
    ::close(file);
    errno = n < 0 ? saved : ENOSPC;
    return n == static_cast<ssize_t>(step.source.size()) ? 0 : -1;
  }

  int scratch(const RootStep& step) {
    if (scratch_count_ >= kMostScratch) {
      errno = E2BIG;
      return -1;
    }
    char name[2] = {static_cast<char>('a' + scratch_count_), '\0'};
    ++scratch_count_;
    if (::mkdirat(scratch_, name, 0700) != 0 || ::fchmodat(scratch_, name, step.mode, 0) != 0) return -1;
    const int mount = clone_mount(scratch_, name, 0);
    return mount < 0 ? -1 : attach(mount, step);
  }

  int bind(const RootStep& step, bool is_device) {
    // No symlink anywhere in the path: it was resolved when the plan was made, and somebody may have changed it since.
    const int source = open_beneath_raw(host_, step.source.c_str() + 1, O_PATH);
    if (source < 0) return -1;
    const int mount = clone_mount(source, "", AT_EMPTY_PATH);
    const int saved = errno;
    ::close(source);
    errno = saved;
    if (mount < 0) return -1;
    if (!is_device && set_mount_flags(mount, step.access, 0) != 0) return -1;
    return attach(mount, step);
  }

  // Makes the mount point if it is not there, and attaches, without following a link of that name. Closes `mount`.
  int attach(int mount, const RootStep& step) {
    const char* name = nullptr;
    const int parent = open_parent(step, &name);
    if (parent < 0) return -1;
    const int made = step.is_directory ? ::mkdirat(parent, name, 0755) : ::mknodat(parent, name, S_IFREG | 0600, 0);
    const int result = made == 0 || errno == EEXIST ? attach_mount(mount, parent, name) : -1;
    const int saved = errno;
    ::close(mount);
    const char* path = below(step.target);
    if (std::strncmp(parent_path_, path, std::strlen(path)) == 0) forget_parent();  // it may lie under the mount now
    errno = saved;
    return result;
  }

  const SandboxPlan& plan_;
  const Reporter& report_;
  int host_ = -1;  // the old root
  int root_ = -1;
  int scratch_ = -1;
  std::size_t scratch_count_ = 0;
  int parent_ = -1;  // where `parent_path_` is
  char parent_path_[PATH_MAX] = "";
};

int make_ruleset(const SandboxPlan& plan, const BuildInput& input, int root, const Reporter& report) {
  const int ruleset = landlock_create(plan.landlock, plan.landlock_abi);
  if (ruleset < 0) report.fail(LaunchStep::landlock_rules, plan.landlock_rules.size(), errno);
  for (std::size_t i = 0; i < plan.landlock_rules.size(); ++i) {
    const LandlockRule& rule = plan.landlock_rules[i];
    const int path =
        root >= 0 ? open_beneath_raw(root, below(rule.path), O_PATH) : ::open(rule.path.c_str(), O_PATH | O_CLOEXEC);
    if (path < 0 && errno == ENOENT && root < 0) continue;  // absent on the host: nothing to allow
    if (path < 0 ||
        landlock_allow(ruleset, path, landlock_rights(rule.access, plan.landlock, rule.is_directory)) != 0) {
      report.fail(LaunchStep::landlock_rules, i, errno);
    }
    ::close(path);
  }
  // mq_open(3) works on a filesystem that is mounted nowhere, but Landlock asks for a rule all the same: a detached
  // mount of the same one will do.
  const int queues = root >= 0 ? make_mqueue() : -1;  // a kernel without message queues has none to allow
  if (queues >= 0) {
    if (landlock_allow(ruleset, queues, landlock_rights(TreeAccess::write, plan.landlock, true)) != 0) {
      report.fail(LaunchStep::landlock_rules, plan.landlock_rules.size(), errno);
    }
    ::close(queues);
  }
  for (int fd = 0; fd < 3; ++fd) {
    const std::uint64_t rights = input.stdio_rights[static_cast<std::size_t>(fd)];
    // A file of an internal filesystem (a memfd) has no place that a rule could name, and needs none.
    if (rights != 0 && landlock_allow(ruleset, fd, rights) != 0 && errno != EBADFD)
      report.fail(LaunchStep::landlock_rules, plan.landlock_rules.size(), errno);
  }
  return ruleset;
}

Reporter reporter_of(const BuildInput& input) {
  return Reporter{.channel = input.channel, .timings = input.options->timings};
}

// The channel is the only descriptor beside the standard three that a child begins with.
int keep_only_channel(int channel) {
  if (channel != 3 && ::dup3(channel, 3, O_CLOEXEC) < 0) return -1;
  return ::close_range(4, ~0U, 0);
}

}  // namespace

void run_launcher(const BuildInput& given) {
  BuildInput input = given;
  const SandboxPlan& plan = *input.plan;
  Reporter report = reporter_of(input);
  report.mark(LaunchStep::begin);
  // A supervisor that is gone already will never send the signal: ask after arming it.
  if (die_with_parent() != 0 || ::getppid() != input.supervisor) ::_exit(125);
  const PreparedState prepared = input.prepared->join();
  if (prepared.step != LaunchStep::ready) {
    report.fail(prepared.step, prepared.index, prepared.os_errno);
  }
  report.mark(LaunchStep::join);
  // New credentials have disarmed it (prctl(2), PR_SET_PDEATHSIG).
  if (die_with_parent() != 0 || ::getppid() != input.supervisor) ::_exit(125);
  if (keep_only_channel(input.channel) != 0) report.fail(LaunchStep::begin, 0, errno);
  input.channel = report.channel = 3;
  ::setsid();
  // System V segments that nobody has attached are in no process's memory. Best effort: this file can be written in a
  // user namespace from 6.11.
  static_cast<void>(write_number("/proc/sys/kernel/shmall", plan.memory_bytes / 4096));
  if (set_not_dumpable() != 0) report.fail(LaunchStep::begin, 1, errno);
  wipe_arguments(input.options->arguments, input.options->environment, "bailiwick");
  report.mark(LaunchStep::keyring);
  if (join_new_session_keyring() != 0) report.fail(LaunchStep::keyring, 0, errno);
  const int root = RootMaker(plan, report).make();
  report.mark(LaunchStep::landlock_rules);
  const int ruleset = make_ruleset(plan, input, root, report);
  report.mark(LaunchStep::seal);
  ::mount_attr sealed{};
  sealed.attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV;
  if (::mount_setattr(root, "", AT_EMPTY_PATH, &sealed, sizeof sealed) != 0) report.fail(LaunchStep::seal, 0, errno);

  const int inotify = prepare_cover_keeper(plan, root);
  if (inotify < 0) report.fail(LaunchStep::covers, plan.covers.size(), errno);
  report.mark(LaunchStep::init);
  const pid_t init = fork_with_flags(CLONE_NEWPID | CLONE_PARENT);
  if (init < 0) report.fail(LaunchStep::init, 0, errno);
  if (init == 0) run_init(input, {.root = root, .ruleset = ruleset});
  SandboxEvent event{};
  event.kind = SandboxEvent::Kind::init;
  event.value = init;
  if (report.send(event, -1) != 0) ::_exit(125);
  run_cover_keeper(plan, root, inotify, report);
}

void run_plain_init(const BuildInput& given) {
  BuildInput input = given;
  Reporter report = reporter_of(input);
  report.mark(LaunchStep::begin);
  if (die_with_parent() != 0 || ::getppid() != input.supervisor) ::_exit(125);
  if (keep_only_channel(input.channel) != 0) report.fail(LaunchStep::begin, 0, errno);
  input.channel = report.channel = 3;
  if (set_not_dumpable() != 0) report.fail(LaunchStep::begin, 1, errno);
  wipe_arguments(input.options->arguments, input.options->environment, "bailiwick");
  if (join_new_session_keyring() != 0) report.fail(LaunchStep::keyring, 0, errno);
  if (::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0) report.fail(LaunchStep::init, 0, errno);
  const int ruleset = make_ruleset(*input.plan, input, -1, report);
  run_init(input, {.root = -1, .ruleset = ruleset});
}

}  // namespace bailiwick
