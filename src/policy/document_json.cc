#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/text.h"
#include "policy/document.h"
#include "policy/document_check.h"

namespace bailiwick {
namespace {

using Json = nlohmann::json;

// Follows the library's reading, byte by byte: it tells values, but not where they stand.
class Cursor {
 public:
  explicit Cursor(std::string_view text) : text_(text) {}

  [[nodiscard]] char current() const { return text_[offset_]; }
  [[nodiscard]] bool is_at_end() const { return offset_ == text_.size(); }
  // Where the token that was read last began. The library has read at most one byte after it, a separator.
  [[nodiscard]] Place token() const { return token_; }
  [[nodiscard]] std::size_t token_offset() const { return token_offset_; }
  [[nodiscard]] Place here() const { return here_; }

  void advance() {
    const char c = text_[offset_];
    if (is_in_string_) {
      if (is_escaped_) {
        is_escaped_ = false;
      } else if (c == '\\') {
        is_escaped_ = true;
      } else if (c == '"') {
        is_in_string_ = is_in_word_ = false;
      }
    } else if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
      is_in_word_ = false;
    } else if (const bool is_mark = std::string_view("{}[],:\"").contains(c); is_mark || !is_in_word_) {
      // `1,` has been read to its comma when the number is told, so marks that follow values are no beginnings
      if (!std::string_view("}],").contains(c) || !is_in_word_) {
        token_ = here_;
        token_offset_ = offset_;
      }
      is_in_string_ = c == '"';
      is_in_word_ = !is_mark;
    }
    if (c == '\n') {
      ++here_.line;
      here_.column = 1;
    } else if ((static_cast<unsigned char>(c) & 0xC0) != 0x80) {
      ++here_.column;
    }
    ++offset_;
  }

 private:
  std::string_view text_;
  std::size_t offset_ = 0;
  std::size_t token_offset_ = 0;
  Place here_{.line = 1, .column = 1};
  Place token_{.line = 1, .column = 1};
  bool is_in_string_ = false;
  bool is_escaped_ = false;
  bool is_in_word_ = false;
};

class Bytes {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = char;

  explicit Bytes(Cursor* cursor) : cursor_(cursor) {}
  char operator*() const { return cursor_->current(); }
  Bytes& operator++() {
    cursor_->advance();
    return *this;
  }
  Bytes operator++(int) {  // NOLINT(cert-dcl21-cpp)
    cursor_->advance();
    return *this;
  }
  friend bool operator==(const Bytes& a, const Bytes& b) { return a.is_at_end() == b.is_at_end(); }
  friend bool operator!=(const Bytes& a, const Bytes& b) { return !(a == b); }

 private:
  [[nodiscard]] bool is_at_end() const { return cursor_ == nullptr || cursor_->is_at_end(); }
  Cursor* cursor_;
};

class Builder {
 public:
  Builder(std::string_view text, std::string_view file, const Cursor& cursor)
      : text_(text), file_(file), cursor_(cursor) {}

  bool null() { return add({.kind = NodeKind::null}) != nullptr; }
  bool boolean(bool value) { return add({.kind = NodeKind::boolean, .boolean = value}) != nullptr; }
  bool number_integer(std::int64_t value) { return add({.kind = NodeKind::integer, .integer = value}) != nullptr; }
  bool number_unsigned(std::uint64_t value) {
    if (value > INT64_MAX) return refuse(kTooLarge);
    return number_integer(static_cast<std::int64_t>(value));
  }
  bool number_float(double value, const std::string& written) {
    if (written.find_first_of(".eE") == std::string::npos) return refuse(kTooLarge);
    return add({.kind = NodeKind::real, .real = value}) != nullptr;
  }
  bool string(std::string& value) {
    if (has_control_characters(value)) return refuse(kControlCharacters);
    return add({.kind = NodeKind::string, .text = std::move(value)}) != nullptr;
  }
  bool binary(Json::binary_t& /*value*/) { return refuse("binary data has no place in JSON"); }

  bool start_object(std::size_t /*size*/) { return open(NodeKind::table); }
  bool key(std::string& value) {
    if (has_control_characters(value)) return refuse(kControlCharacters);
    open_.back()->members.push_back({.key = std::move(value), .place = cursor_.token(), .value = {}});
    return true;
  }
  bool end_object() {
    const Node& table = *open_.back();
    if (const Member* second = find_duplicate(table); second != nullptr) {
      error_ = fail_duplicate(file_, table, *second).error();
      return false;
    }
    open_.pop_back();
    return true;
  }
  bool start_array(std::size_t /*size*/) { return open(NodeKind::array); }
  bool end_array() {
    open_.pop_back();
    return true;
  }

  bool parse_error(std::size_t /*position*/, const std::string& /*last*/, const Json::exception& exception) {
    const std::string_view what = exception.what();
    const char first = cursor_.token_offset() < text_.size() ? text_[cursor_.token_offset()] : '\0';
    if (first == '/' || first == '#') return refuse("JSON has no comments; remove this one");
    if (what.contains("missing closing quote")) return refuse("this string has no end; is a quote missing?");
    if (what.contains("unexpected end of input")) {
      error_ = fail_at(file_, cursor_.here(), "the file ends too early; is something cut off?").error();
      return false;
    }
    if (open_.empty() && values_ > 0) return refuse("nothing may follow the last bracket; remove it");
    if (is_after_comma()) return refuse("a comma before this bracket; remove the comma");
    return refuse(reword(what));
  }

  [[nodiscard]] Result<Node> finish(bool is_good) {
    if (error_) return std::unexpected(*std::move(error_));
    if (!is_good) return fail_at(file_, cursor_.here(), "this is not JSON");
    if (root_.kind != NodeKind::table)
      return fail_at(file_, root_.place, fmt::format("here must be a table, not {}", name_of(root_.kind)));
    return std::move(root_);
  }

 private:
  static constexpr std::string_view kTooLarge = "a number that does not fit into 64 bits; make it smaller";

  // "[json.exception.parse_error.101] parse error at line 1, column 2: syntax error while parsing value - invalid
  // literal; last read: 'x'" without what the place says
  static std::string reword(std::string_view what) {
    if (const auto at = what.find("] "); at != std::string_view::npos) what.remove_prefix(at + 2);
    if (what.starts_with("parse error"))
      if (const auto colon = what.find(": "); colon != std::string_view::npos) what.remove_prefix(colon + 2);
    what = what.substr(0, what.find("; last read"));
    std::string text = printable(what);
    std::replace(text.begin(), text.end(), '\'', '`');
    return text;
  }

  bool refuse(std::string_view what) {
    error_ = fail_at(file_, cursor_.token(), what).error();
    return false;
  }
  [[nodiscard]] bool is_after_comma() const {
    const std::size_t at = cursor_.token_offset();
    if (at >= text_.size() || (text_[at] != ']' && text_[at] != '}')) return false;
    const std::string_view before = trim(text_.substr(0, at));
    return before.ends_with(',');
  }
  // INVARIANT: only the innermost open container grows, so the pointers in open_ stay good.
  Node* add(Node&& node) {
    if (++values_ > kMaxDocumentValues) {
      refuse(kTooMany);
      return nullptr;
    }
    node.place = cursor_.token();
    Node* slot = &root_;
    if (!open_.empty()) {
      Node& parent = *open_.back();
      slot = parent.kind == NodeKind::array ? &parent.items.emplace_back() : &parent.members.back().value;
    }
    *slot = std::move(node);
    return slot;
  }
  bool open(NodeKind kind) {
    if (open_.size() == kMaxDocumentDepth) return refuse(kTooDeep);
    Node* node = add({.kind = kind});
    if (node == nullptr) return false;
    open_.push_back(node);
    return true;
  }

  std::string_view text_;
  std::string_view file_;
  const Cursor& cursor_;
  Node root_;
  std::vector<Node*> open_;
  std::size_t values_ = 0;
  std::optional<Error> error_;
};

}  // namespace

Result<Node> parse_json(std::string_view text, std::string_view file) {
  TRY(check_text(text, file));
  Cursor cursor(text);
  Builder builder(text, file, cursor);
  const bool is_good = Json::sax_parse(Bytes(&cursor), Bytes(nullptr), &builder);
  return builder.finish(is_good);
}

}  // namespace bailiwick
