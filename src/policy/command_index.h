// All command rules of a policy, found by the words of a command in time that does not grow with their number. Built
// once, then immutable: any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "policy/layer.h"
#include "policy/tool_risk.h"

namespace bailiwick {

struct RuleRef {
  std::uint16_t layer = 0;  // in Policy::layers()
  std::uint32_t rule = 0;   // in that layer's commands
  Decision decision = Decision::ask;
  bool has_with = false;
  bool operator==(const RuleRef&) const = default;
};

class CommandIndex {
 public:
  void add(const CommandRule& rule, std::uint16_t layer, std::uint32_t number);
  // After the last one.
  void seal();

  // Calls `found` for each rule whose prefix `program` and the words after it begin with; `rest` is what follows the
  // prefix. True if a word made at run time stands where a longer prefix goes on: more rules may match then.
  template <class F>
  bool find(std::string_view program, std::span<const ToolWord> words, F&& found) const {
    std::uint32_t node = child(0, program);
    for (std::size_t i = 0; node != 0; ++i) {
      const Node& here = nodes_[node];
      for (std::uint32_t at = here.first_rule; at != kEnd; at = ends_[at].next) found(ends_[at].rule, words.subspan(i));
      if (i == words.size() || !here.has_children) return false;
      if (!words[i].is_literal) return true;
      node = child(node, words[i].text);
    }
    return false;
  }
  // Whether any rule begins with this program.
  [[nodiscard]] bool knows(std::string_view program) const { return child(0, program) != 0; }
  // Rules that name a program by its content: they have to be looked at one by one.
  [[nodiscard]] const std::vector<RuleRef>& by_content() const { return by_content_; }
  // The programs that ask and deny rules begin with.
  [[nodiscard]] const std::vector<std::string>& guarded_programs() const { return guarded_; }
  [[nodiscard]] bool empty() const { return ends_.empty() && by_content_.empty(); }

 private:
  static constexpr std::uint32_t kEnd = UINT32_MAX;
  struct Node {
    std::uint32_t first_rule = kEnd;
    bool has_children = false;
  };
  struct End {
    RuleRef rule;
    std::uint32_t next;
  };
  struct Slot {  // child 0: free
    std::uint64_t hash = 0;
    std::uint32_t parent = 0;
    std::uint32_t child = 0;
    std::uint32_t word = 0;  // in arena_
    std::uint32_t size = 0;
  };

  [[nodiscard]] std::uint32_t child(std::uint32_t parent, std::string_view word) const;
  std::uint32_t make_child(std::uint32_t parent, std::string_view word);
  void insert(Slot slot);
  void add_from(const CommandRule& rule, std::size_t position, std::uint32_t node, const RuleRef& ref);

  std::vector<Node> nodes_{Node{}};  // 0 is the root
  std::vector<End> ends_;
  std::vector<Slot> slots_;  // open addressing, a power of two
  std::size_t used_ = 0;
  std::string arena_;
  std::vector<RuleRef> by_content_;
  std::vector<std::string> guarded_;  // sorted, each once
};

}  // namespace bailiwick
