#include "kernel/mount.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

namespace bailiwick {
namespace {

// The common end of the three filesystems that we make ourselves.
int finish(int context, unsigned attributes) {
  if (::fsconfig(context, FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) != 0) {
    const int saved = errno;
    ::close(context);
    errno = saved;
    return -1;
  }
  const int mount = ::fsmount(context, FSMOUNT_CLOEXEC, attributes);
  const int saved = errno;
  ::close(context);
  errno = saved;
  return mount;
}

bool set_option(int context, const char* key, const char* value) {
  return ::fsconfig(context, FSCONFIG_SET_STRING, key, value, 0) == 0;
}

}  // namespace

int clone_mount(int directory, const char* path, int extra_flags) {
  // AT_RECURSIVE: a single mount may not be copied out of a tree whose lower mounts are locked, which in a user
  // namespace all are.
  return ::open_tree(directory, path,
                     static_cast<unsigned>(OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE | extra_flags));
}

int set_mount_flags(int mount, MountAccess access, unsigned long long extra_attributes) {
  ::mount_attr attr{};
  attr.attr_set = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | extra_attributes;
  if (access == MountAccess::read_only) attr.attr_set |= MOUNT_ATTR_RDONLY;
  return ::mount_setattr(mount, "", AT_EMPTY_PATH | AT_RECURSIVE, &attr, sizeof attr);
}

int make_tmpfs(const char* size, const char* mode, const char* inodes) {
  const int context = ::fsopen("tmpfs", FSOPEN_CLOEXEC);
  if (context < 0) return -1;
  if (!set_option(context, "mode", mode) || !set_option(context, "size", size) ||
      !set_option(context, "nr_inodes", inodes)) {
    const int saved = errno;
    ::close(context);
    errno = saved;
    return -1;
  }
  return finish(context, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);
}

int make_proc() {
  const int context = ::fsopen("proc", FSOPEN_CLOEXEC);
  if (context < 0) return -1;
  return finish(context, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
}

int make_mqueue() {
  const int context = ::fsopen("mqueue", FSOPEN_CLOEXEC);
  if (context < 0) return -1;
  return finish(context, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
}

int make_devpts() {
  const int context = ::fsopen("devpts", FSOPEN_CLOEXEC);
  if (context < 0) return -1;
  if (!set_option(context, "mode", "0620") || !set_option(context, "ptmxmode", "0666")) {
    const int saved = errno;
    ::close(context);
    errno = saved;
    return -1;
  }
  return finish(context, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC);
}

int attach_mount(int mount, int directory, const char* path) {
  return ::move_mount(mount, "", directory, path, MOVE_MOUNT_F_EMPTY_PATH);
}

int attach_mount_on(int mount, int target) {
  return ::move_mount(mount, "", target, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);
}

int make_all_private() { return ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr); }

int enter_root(int root) {
  // pivot_root(".", "."): the old root ends up on top of the new one, where it can be detached (pivot_root(2), NOTES).
  if (::fchdir(root) != 0) return -1;
  if (::syscall(SYS_pivot_root, ".", ".") != 0) return -1;
  if (::umount2(".", MNT_DETACH) != 0) return -1;
  return ::chdir("/");
}

int open_beneath_raw(int directory, const char* relative, int flags) {
  ::open_how how{};
  how.flags = static_cast<std::uint64_t>(flags | O_CLOEXEC);
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
  return static_cast<int>(::syscall(SYS_openat2, directory, relative, &how, sizeof how));
}

}  // namespace bailiwick
