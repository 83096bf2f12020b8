#include "shell/read.h"

#include "base/text.h"
#include "shell/plain.h"
#include "shell/syntax.h"
#include "shell/walker.h"

namespace bailiwick {
namespace {

ShellReading opaque(std::string reason, std::size_t offset) {
  ShellReading out;
  out.is_opaque = true;
  out.reason = std::move(reason);
  out.offset = offset;
  return out;
}

bool has_arithmetic(std::string_view text) {
  for (const std::string_view sign : {"((", "[[", "let ", "declare", "typeset", "local", "${", "]="}) {
    if (text.contains(sign)) return true;
  }
  return false;
}

}  // namespace

ShellReading read_shell(std::string_view text) {
  if (auto plain = shell::read_plain(text)) return *std::move(plain);
  return shell::read_with_grammar(text);
}

ShellReading shell::read_with_grammar(std::string_view text) {
  if (text.size() > kMaxShellText) return opaque("too long", kMaxShellText);
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if ((byte < 0x20 && byte != '\t' && byte != '\n') || byte == 0x7f) return opaque("a control character", i);
  }
  if (!is_valid_utf8(text)) return opaque("not UTF-8", 0);
  // SECURITY: arithmetic runs what stands in an index, also in the value of a variable that came from anywhere:
  // read x <<< 'a[$(id)]'; (( x )). Test: EffectiveCommands.Evasions
  for (const std::string_view index : {"[$(", "[`"}) {
    if (const std::size_t at = text.find(index); at != std::string_view::npos && has_arithmetic(text))
      return opaque("a command in an index", at);
  }
  shell::Failure failure;
  const shell::Tree tree = shell::parse_tree(text, failure);
  if (!tree) return opaque(failure.reason, failure.offset);
  const TSNode root = ts_tree_root_node(tree.get());
  failure = shell::check_tree(text, root);
  if (!failure.reason.empty()) return opaque(failure.reason, failure.offset);
  shell::Walker walker(text);
  walker.program(root);
  return std::move(walker).take();
}

}  // namespace bailiwick
