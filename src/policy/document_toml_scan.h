// The words of TOML 1.0: where the reader stands, keys, strings, numbers and dates. Private to document_toml*.cc.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "policy/document.h"

namespace bailiwick {

class TomlScanner {
 public:
  // `text` has passed check_text().
  TomlScanner(std::string_view text, std::string_view file);

  [[nodiscard]] bool is_at_end() const { return at_ == text_.size(); }
  [[nodiscard]] char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  [[nodiscard]] bool follows(std::string_view what) const { return text_.substr(at_, what.size()) == what; }
  void skip(std::size_t count) { at_ += count; }
  bool take(char c) {
    if (at_ == text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  [[nodiscard]] std::size_t offset() const { return at_; }
  // Where the next character stands. Each byte is looked at once, so that many places in a long file cost little.
  [[nodiscard]] Place place();

  void skip_blanks();                  // spaces and tabs
  [[nodiscard]] Status skip_lines();   // and comments, and ends of lines
  [[nodiscard]] Status finish_line();  // only blanks and a comment may follow here
  [[nodiscard]] Status read_key(std::string& key);
  // Anything but arrays and tables. What stands there decides the kind.
  [[nodiscard]] Status read_scalar(Node& to);

  [[nodiscard]] std::unexpected<Error> bad(std::size_t offset, std::string_view what) const;
  [[nodiscard]] std::unexpected<Error> bad(std::string_view what) const { return bad(at_, what); }
  // "`x`", "the end of the line", "the end of the file"
  [[nodiscard]] std::string what_is_here() const;

 private:
  [[nodiscard]] Status skip_comment();
  [[nodiscard]] bool take_line_end();
  [[nodiscard]] Status read_text(std::string& text);  // all four forms
  [[nodiscard]] Status read_short(char quote, std::string& text);
  [[nodiscard]] Status read_long(char quote, std::string& text);
  [[nodiscard]] Status read_backslash(char quote, std::string& text);
  [[nodiscard]] bool take_joined_lines();
  [[nodiscard]] Status read_escape(std::string& text);

  std::string_view text_;
  std::string_view file_;
  std::size_t at_ = 0;
  std::size_t told_ = 0;        // place() was here last
  std::size_t line_start_ = 0;  // of the line of told_
  std::size_t more_bytes_ = 0;  // than characters, between the two
  std::uint32_t line_ = 1;
  bool is_ascii_ = true;
};

// A word that is no string: a number, a date, true or false. Says why it is none of them.
[[nodiscard]] Result<Node> read_toml_word(std::string_view word);

}  // namespace bailiwick
