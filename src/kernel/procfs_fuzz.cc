// Text of /proc: names of processes, files and mounts in it are the choice of whoever made them.
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "kernel/cgroup.h"
#include "kernel/procfs.h"

namespace bailiwick {
namespace {

void check_cgroup(std::string_view text) {
  const std::size_t cut = text.find('\0');
  const std::string_view mountinfo = text.substr(0, cut);
  const std::string_view self = cut == std::string_view::npos ? "0::/user.slice/x\n" : text.substr(cut + 1);
  const auto path = unified_path(self);
  if (path) CHECK(path->starts_with('/') && !path->contains('\n'));
  const auto place = find_own_cgroup(mountinfo, self);
  if (!place) return;
  CHECK(path.has_value());
  CHECK(place->own.starts_with(place->mount_point));
  // What lies below the mount is the end of our own path: a mount table cannot lead elsewhere.
  CHECK(path->ends_with(std::string_view(place->own).substr(place->mount_point.size())));
}

void check_shares(std::string_view text, std::size_t step) {
  SharedMappings whole(1);
  whole.feed(text);
  SharedMappings pieces(1);
  for (std::size_t i = 0; i < text.size(); i += step) pieces.feed(text.substr(i, step));
  CHECK(whole.shares().size() == pieces.shares().size());
  for (std::size_t i = 0; i < whole.shares().size(); ++i) {
    CHECK(whole.shares()[i].inode != 0);
    CHECK(whole.shares()[i].inode == pieces.shares()[i].inode);
    CHECK(whole.shares()[i].bytes == pieces.shares()[i].bytes);
  }
}

}  // namespace
}  // namespace bailiwick

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace bailiwick;
  if (size == 0) return 0;
  const std::string text(reinterpret_cast<const char*>(data) + 1, size - 1);
  check_cgroup(text);
  check_shares(text, data[0] % 32 + 1U);
  static_cast<void>(parse_meminfo(text));
  static_cast<void>(parse_statm(text, 4096));
  static_cast<void>(parse_memory_status(text));
  static_cast<void>(parse_rollup(text));
  // The state comes after the name, whatever that says.
  if (const auto state = parse_stat(text)) {
    CHECK((state->state | 0x20) >= 'a' && (state->state | 0x20) <= 'z');
    CHECK(text.find(state->state, text.rfind(')')) != std::string::npos);
  }
  return 0;
}
