// Apple's binary property lists. Private to document_plist.cc.
#pragma once

#include <string_view>

#include "policy/document.h"

namespace bailiwick {

// `bytes` starts with "bplist00". Any root; document_plist.cc checks it.
[[nodiscard]] Result<Node> parse_bplist(std::string_view bytes, std::string_view file);

}  // namespace bailiwick
