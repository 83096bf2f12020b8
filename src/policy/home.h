// Shipped data: what of HOME and of the system enters a sandbox. Pure; any thread. docs/shipped-data.md is generated
// from it.
//
// HOME is not in a sandbox but for these names. Directories are bound read-only; small configuration files enter as
// copies, so that locks, rotation and later edits do not reach either side. What is not there on the host is skipped.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace bailiwick {

enum class HomeUse : std::uint8_t {
  bind_read_only,  // a toolchain directory (or file)
  copy,            // a file, through copy_for_sandbox()
};
[[nodiscard]] std::string_view to_string(HomeUse use);

struct HomeEntry {
  std::string_view path;  // relative to HOME; no wildcard
  HomeUse use;
  std::string_view reason;
  // Where a variable moves the place: the entry is then at "$variable/below" as well (`CARGO_HOME`, `bin`).
  std::string_view variable = {};
  std::string_view below = {};
};

// No entry lies below another one, and none holds or lies in a shipped secret of HOME (tested).
[[nodiscard]] std::span<const HomeEntry> home_entries();

struct SystemEntry {
  std::string_view path;  // absolute; no wildcard; a symbolic link (merged /usr: /bin -> usr/bin) is repeated as one
  std::string_view reason;
};

// Bound read-only where they exist. Not in it: /run, /sys, /home, /root, /mnt, /media, /srv, /boot, /proc, /dev, /tmp
// and the rest of /var.
[[nodiscard]] std::span<const SystemEntry> system_entries();

// The largest file that enters as a copy; larger ones are left out.
inline constexpr std::size_t kLargestCopy = 256 * 1024;

// The text of a configuration file without its credentials: a line that holds one (a URL with a password, an
// Authorization header, a token) is replaced by a comment that says so; where it opens a section, the section
// goes with it. Lines continued by a backslash fall together. Git's request to sign goes too: the key is not there, and
// every commit would fail.
[[nodiscard]] std::string copy_for_sandbox(std::string_view file_text);

// The text of ~/.profile in the sandbox, for `bash -lc`: on many systems /etc/profile drops the toolchains from PATH.
[[nodiscard]] std::string login_profile(std::string_view path);

}  // namespace bailiwick
