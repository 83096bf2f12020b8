// Runs in the launcher after the sandbox was built: no allocation, no locks, no exceptions.
#include "sandbox/cover_keeper.h"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace bailiwick {
namespace {

const char* below(const std::string& absolute) { return absolute.size() > 1 ? absolute.c_str() + 1 : "."; }

bool is_mount_root(int fd) {
  struct ::statx info{};
  if (::statx(fd, "", AT_EMPTY_PATH | AT_NO_AUTOMOUNT, STATX_BASIC_STATS, &info) != 0) return false;
  return (info.stx_attributes_mask & STATX_ATTR_MOUNT_ROOT) != 0 && (info.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0;
}

constexpr std::uint32_t kEvents = IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_ONLYDIR;

// Watches the directory that holds the cover; -1 with errno.
int watch_parent(int inotify, int root, const std::string& target) {
  const std::size_t slash = target.rfind('/');
  char directory[PATH_MAX];
  if (slash >= sizeof directory) {
    errno = ENAMETOOLONG;
    return -1;
  }
  if (slash <= 1) {
    directory[0] = '.';
    directory[1] = '\0';
  } else {
    std::memcpy(directory, target.c_str() + 1, slash - 1);
    directory[slash - 1] = '\0';
  }
  const int fd = open_beneath_raw(root, directory, O_RDONLY | O_DIRECTORY);
  if (fd < 0) return -1;
  // inotify knows paths only; /proc is not ours to use, so the directory is entered.
  const int result = ::fchdir(fd) == 0 ? ::inotify_add_watch(inotify, ".", kEvents) : -1;
  const int saved = errno;
  ::close(fd);
  errno = saved;
  return result;
}

std::int64_t now_us() {
  ::timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<std::int64_t>(now.tv_sec) * 1'000'000 + now.tv_nsec / 1000;
}

// True if one of the events is about a name that a cover has, or tells that events were lost. Others, such as the
// temporary file that is about to be renamed, are let pass: looking then would meet the rename half way, and the kernel
// takes milliseconds to clean up a mount that fails.
bool names_a_cover(const SandboxPlan& plan, const char* events, ssize_t size) {
  for (ssize_t at = 0; at < size;) {
    const auto* event = reinterpret_cast<const ::inotify_event*>(events + at);
    at += static_cast<ssize_t>(sizeof(::inotify_event) + event->len);
    if (event->len == 0) return true;
    const std::size_t length = std::strlen(event->name);
    for (const Cover& cover : plan.covers) {
      const std::string& target = cover.target;
      if (target.size() > length && target[target.size() - length - 1] == '/' &&
          target.compare(target.size() - length, length, event->name) == 0)
        return true;
    }
  }
  return false;
}

}  // namespace

int apply_cover(int root, const Cover& cover) {
  const int target = open_beneath_raw(root, below(cover.target), O_PATH);
  if (target < 0) return -1;
  int mount = -1;
  if (cover.kind == Cover::Kind::hide) {
    struct ::stat info{};
    const bool is_directory = ::fstat(target, &info) == 0 && S_ISDIR(info.st_mode);
    mount = clone_mount(root, is_directory ? "run/bailiwick/no-directory" : "run/bailiwick/no-file", 0);
  } else {
    mount = clone_mount(target, "", AT_EMPTY_PATH);
  }
  int result = -1;
  const MountAccess access = cover.kind == Cover::Kind::pin ? MountAccess::read_write : MountAccess::read_only;
  if (mount >= 0 && set_mount_flags(mount, access, 0) == 0) result = attach_mount_on(mount, target);
  const int saved = errno;
  if (mount >= 0) ::close(mount);
  ::close(target);
  errno = saved;
  return result;
}

int prepare_cover_keeper(const SandboxPlan& plan, int root) {
  const int inotify = ::inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
  if (inotify < 0) return -1;
  const int here = ::open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
  for (const Cover& cover : plan.covers) {
    if (watch_parent(inotify, root, cover.target) < 0 && errno != ENOENT && errno != ENOTDIR) {
      ::close(inotify);
      return -1;
    }
  }
  static_cast<void>(::fchdir(here));
  ::close(here);
  return inotify;
}

void run_cover_keeper(const SandboxPlan& plan, int root, int inotify, const Reporter& report) {
  for (int fd = 0; fd < 3; ++fd) ::close(fd);
  ::pollfd wait[2] = {{.fd = inotify, .events = POLLIN, .revents = 0},
                      {.fd = report.channel, .events = 0, .revents = 0}};
  alignas(::inotify_event) char events[16384];
  while (true) {
    if (::poll(wait, 2, -1) < 0) continue;
    if ((wait[1].revents & (POLLHUP | POLLERR)) != 0) ::_exit(0);
    const std::int64_t noticed = now_us();
    bool concerns_us = false;
    for (ssize_t n = 0; (n = ::read(inotify, events, sizeof events)) > 0;)
      concerns_us = names_a_cover(plan, events, n) || concerns_us;
    if (!concerns_us) continue;
    for (std::size_t i = 0; i < plan.covers.size(); ++i) {
      const Cover& cover = plan.covers[i];
      const int there = open_beneath_raw(root, below(cover.target), O_PATH);
      if (there < 0) continue;  // gone; its directory stays watched
      const bool is_covered = is_mount_root(there);
      ::close(there);
      if (is_covered) continue;
      SandboxEvent event{};
      event.index = static_cast<std::int32_t>(i);
      const bool restored = apply_cover(root, cover) == 0;
      if (!restored && errno == ENOENT) continue;
      event.kind = restored ? SandboxEvent::Kind::cover_restored : SandboxEvent::Kind::cover_lost;
      event.value = restored ? now_us() - noticed : errno;
      static_cast<void>(report.send(event, -1));
      // A directory that came in place of another one has to be watched anew.
      static_cast<void>(watch_parent(inotify, root, cover.target));
      for (std::size_t below_it = i + 1; cover.is_directory && below_it < plan.covers.size(); ++below_it) {
        const std::string& other = plan.covers[below_it].target;
        if (other.size() > cover.target.size() && other.compare(0, cover.target.size(), cover.target) == 0) {
          static_cast<void>(watch_parent(inotify, root, other));
        }
      }
    }
  }
}

}  // namespace bailiwick
