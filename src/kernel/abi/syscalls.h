// System call numbers that the headers installed here may not have. x86_64 and aarch64 share all numbers from 424 on.
// Source: scripts/syscall.tbl and arch/x86/entry/syscalls/syscall_64.tbl of Linux 6.18,
// include/uapi/asm-generic/unistd.h.
#pragma once

#include <cstdint>

namespace bailiwick::abi {

inline constexpr std::uint32_t kSysIoUringSetup = 425;
inline constexpr std::uint32_t kSysIoUringEnter = 426;
inline constexpr std::uint32_t kSysIoUringRegister = 427;
inline constexpr std::uint32_t kSysOpenTree = 428;
inline constexpr std::uint32_t kSysMoveMount = 429;
inline constexpr std::uint32_t kSysFsopen = 430;
inline constexpr std::uint32_t kSysFsconfig = 431;
inline constexpr std::uint32_t kSysFsmount = 432;
inline constexpr std::uint32_t kSysFspick = 433;
inline constexpr std::uint32_t kSysClone3 = 435;
inline constexpr std::uint32_t kSysPidfdGetfd = 438;
inline constexpr std::uint32_t kSysProcessMadvise = 440;
inline constexpr std::uint32_t kSysMountSetattr = 442;
inline constexpr std::uint32_t kSysQuotactlFd = 443;
inline constexpr std::uint32_t kSysMemfdSecret = 447;
inline constexpr std::uint32_t kSysFchmodat2 = 452;
inline constexpr std::uint32_t kSysLsmSetSelfAttr = 460;
inline constexpr std::uint32_t kSysOpenTreeAttr = 467;

// The numbers in use. What a later kernel adds is unknown to us, and so absent inside, until somebody has looked at it:
// 470 (listns, 6.19) and 471 (rseq_slice_yield, 7.0) are the first of these.
inline constexpr std::uint32_t kFirstSharedSyscall = 424;  // pidfd_send_signal
inline constexpr std::uint32_t kLastSharedSyscall = 469;   // file_setattr, 6.17
#if defined(__x86_64__)
inline constexpr std::uint32_t kLastOwnSyscall = 336;  // uprobe, 6.18; uretprobe is 335
#else
inline constexpr std::uint32_t kLastOwnSyscall = 294;  // kexec_file_load; 244 to 259 are not in use
#endif

}  // namespace bailiwick::abi
