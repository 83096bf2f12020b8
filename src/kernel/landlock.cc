#include "kernel/landlock.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "kernel/abi/landlock.h"

namespace bailiwick {
namespace {

using namespace abi;

constexpr std::uint64_t kFileRights = kFsExecute | kFsWriteFile | kFsReadFile | kFsTruncate | kFsIoctlDev;
constexpr std::uint64_t kRead = kFsExecute | kFsReadFile | kFsReadDir;
constexpr std::uint64_t kWrite = kRead | kFsWriteFile | kFsRemoveDir | kFsRemoveFile | kFsMakeDir | kFsMakeReg |
                                 kFsMakeSock | kFsMakeFifo | kFsMakeSym | kFsRefer | kFsTruncate;

std::uint64_t filesystem_rights(int abi) {
  if (abi < 1) return 0;
  std::uint64_t rights = (1ULL << 13) - 1;
  if (abi >= 2) rights |= kFsRefer;
  if (abi >= 3) rights |= kFsTruncate;
  if (abi >= 5) rights |= kFsIoctlDev;
  return rights;
}

}  // namespace

LandlockHandled landlock_handled(int abi, TcpRule tcp, ReadRule reads) {
  LandlockHandled handled;
  handled.filesystem = filesystem_rights(abi);
  if (reads == ReadRule::unchecked) handled.filesystem &= ~(kFsReadFile | kFsReadDir | kFsTruncate);
  if (abi >= 4 && tcp == TcpRule::refused) handled.network = kNetBindTcp | kNetConnectTcp;
  if (abi >= 6) handled.scoped = kScopeAbstractUnixSocket | kScopeSignal;
  return handled;
}

std::uint64_t landlock_rights(TreeAccess access, const LandlockHandled& handled, bool is_directory) {
  std::uint64_t rights = 0;
  switch (access) {
    case TreeAccess::read: rights = kRead; break;
    case TreeAccess::write: rights = kWrite; break;
    case TreeAccess::device: rights = kFsReadFile | kFsWriteFile | kFsReadDir | kFsIoctlDev; break;
    case TreeAccess::read_file: rights = kFsReadFile; break;
    case TreeAccess::write_file: rights = kFsReadFile | kFsWriteFile | kFsTruncate; break;
  }
  if (!is_directory) rights &= kFileRights;
  return rights & handled.filesystem;
}

int landlock_create(const LandlockHandled& handled, int abi) {
  const abi::LandlockRulesetAttr attr{
      .handled_access_fs = handled.filesystem, .handled_access_net = handled.network, .scoped = handled.scoped};
  // An older kernel refuses a structure that is longer than the one it knows, even where the rest is zero.
  const std::size_t size = abi >= 6 ? 24 : abi >= 4 ? 16 : 8;
  return static_cast<int>(::syscall(SYS_landlock_create_ruleset, &attr, size, 0));
}

int landlock_allow(int ruleset, int path_fd, std::uint64_t rights) {
  const abi::LandlockPathBeneathAttr attr{.allowed_access = rights, .parent_fd = path_fd};
  return static_cast<int>(::syscall(SYS_landlock_add_rule, ruleset, abi::kLandlockRulePathBeneath, &attr, 0));
}

int landlock_restrict(int ruleset) { return static_cast<int>(::syscall(SYS_landlock_restrict_self, ruleset, 0)); }

int landlock_abi() {
  const long abi = ::syscall(SYS_landlock_create_ruleset, nullptr, 0, abi::kLandlockCreateRulesetVersion);
  return abi < 0 ? 0 : static_cast<int>(abi);
}

}  // namespace bailiwick
