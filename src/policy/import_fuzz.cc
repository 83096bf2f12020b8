// The first byte chooses a format. Whatever parses is imported into a layer that our schema takes, and its TOML reads
// back to the same.
#include <algorithm>
#include <cstdint>
#include <string>

#include "base/check.h"
#include "base/text.h"
#include "policy/import.h"
#include "policy/layer.h"

namespace bailiwick {
namespace {

void normalise(Node& node) {
  node.place = {};
  for (Member& member : node.members) {
    member.place = {};
    normalise(member.value);
  }
  std::ranges::sort(node.members, {}, &Member::key);
  for (Node& item : node.items) normalise(item);
}

}  // namespace
}  // namespace bailiwick

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace bailiwick;
  if (size == 0) return 0;
  const auto format = static_cast<ForeignFormat>(data[0] % 4);
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  auto imported = import_policy(format, text, "f");
  if (!imported) return 0;
  const auto layer = read_layer(imported->policy, LayerKind::system, "f");
  if (!layer) {
    std::string what = layer.error().message();
    CHECK(what.empty());
  }
  const std::string report = render_report(*imported, "f");
  CHECK(is_valid_utf8(report));
  CHECK(static_cast<std::size_t>(std::ranges::count(report, '\n')) == imported->report.size() + 1);
  auto back = parse_toml(render_toml(imported->policy, "f"), "back");
  CHECK(back.has_value());
  normalise(*back);
  normalise(imported->policy);
  CHECK(*back == imported->policy);
  return 0;
}
