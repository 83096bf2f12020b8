// XML property lists, as Apple's tools write them: elements without attributes, no entities of the file's own. Strict,
// because a policy of which the end is missing is a different policy (docs/adr/0014).
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "base/crypto.h"
#include "base/text.h"
#include "policy/document.h"
#include "policy/document_bplist.h"
#include "policy/document_check.h"

namespace bailiwick {
namespace {

constexpr std::string_view kCutOff = "the file ends too early; is something cut off?";

bool is_date(std::string_view text) {
  constexpr std::string_view kForm = "dddd-dd-ddTdd:dd:ddZ";
  if (text.size() != kForm.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i)
    if (kForm[i] == 'd' ? text[i] < '0' || text[i] > '9' : text[i] != kForm[i]) return false;
  return true;
}

class Reader {
 public:
  Reader(std::string_view text, std::string_view file) : text_(text), file_(file) {}

  [[nodiscard]] Result<Node> read() {
    if (text_.starts_with("\xEF\xBB\xBF")) at_ = 3;
    if (text_.substr(at_).starts_with("<?xml ")) TRY(skip_declaration());
    TRY(skip_blanks());
    if (text_.substr(at_).starts_with("<!DOCTYPE ")) TRY(skip_doctype());
    TRY(skip_blanks());
    TRY_ASSIGN(const Tag tag, read_tag());
    if (tag.name != "plist" || tag.form != Form::open) return bad(tag.at, "here must be <plist version=\"1.0\">");
    Node root;
    TRY_ASSIGN(const Tag first, read_tag());
    TRY(read_value(first, root, 1));
    TRY(read_end("plist"));
    if (const auto rest = text_.find_first_not_of(" \t\r\n", at_); rest != std::string_view::npos)
      return bad(rest, "nothing may follow </plist>; remove it");
    return root;
  }

 private:
  enum class Form : std::uint8_t { open, close, empty };
  struct Tag {
    std::string_view name;
    Form form = Form::open;
    std::size_t at = 0;
  };

  [[nodiscard]] std::unexpected<Error> bad(std::size_t at, std::string_view what) const {
    return fail_at(file_, place_at(text_, at), what);
  }
  // Offsets that are asked for only grow, so that each byte is looked at once.
  [[nodiscard]] Place place(std::size_t at) {
    const Place more = place_at(text_.substr(told_), at - told_);
    place_ = {.line = place_.line + more.line - 1,
              .column = more.line == 1 ? place_.column + more.column - 1 : more.column};
    told_ = at;
    return place_;
  }

  [[nodiscard]] Status skip_declaration() {
    const std::size_t start = at_;
    const auto end = text_.find("?>", at_);
    if (end == std::string_view::npos) return bad(text_.size(), kCutOff);
    std::string declaration(text_.substr(at_, end - at_));
    at_ = end + 2;
    std::transform(declaration.begin(), declaration.end(), declaration.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    const bool is_utf8 = declaration.find("utf-8") != std::string::npos;
    if (!is_utf8 && declaration.find("encoding") != std::string::npos)
      return bad(start, "only UTF-8 is read; save the file as UTF-8");
    return {};
  }

  [[nodiscard]] Status skip_doctype() {
    const auto end = text_.find_first_of(">[", at_);
    if (end == std::string_view::npos) return bad(text_.size(), kCutOff);
    if (text_[end] == '[') return bad(end, "definitions of the file's own are not read; remove them");
    at_ = end + 1;
    return {};
  }

  // Blanks and comments.
  [[nodiscard]] Status skip_blanks() {
    while (true) {
      at_ = std::min(text_.find_first_not_of(" \t\r\n", at_), text_.size());
      if (!text_.substr(at_).starts_with("<!--")) return {};
      const auto end = text_.find("-->", at_ + 4);
      if (end == std::string_view::npos) return bad(text_.size(), kCutOff);
      at_ = end + 3;
    }
  }

  [[nodiscard]] Result<Tag> read_tag() {
    TRY(skip_blanks());
    if (at_ == text_.size()) return bad(at_, kCutOff);
    Tag tag{.at = at_};
    if (text_[at_] != '<') return bad(at_, "text outside of <string>; remove it");
    const auto end = text_.find('>', at_);
    if (end == std::string_view::npos) return bad(text_.size(), kCutOff);
    std::string_view inside = text_.substr(at_ + 1, end - at_ - 1);
    at_ = end + 1;
    if (inside.starts_with('/')) {
      tag.form = Form::close;
      inside.remove_prefix(1);
    } else if (inside.ends_with('/')) {
      tag.form = Form::empty;
      inside.remove_suffix(1);
    }
    const auto name_end = std::min(inside.find_first_of(" \t\r\n"), inside.size());
    tag.name = inside.substr(0, name_end);
    const bool is_plist = tag.name == "plist" && tag.form == Form::open;
    if (!is_plist && !trim(inside.substr(name_end)).empty()) return bad(tag.at, "attributes are not read; remove them");
    return tag;
  }

  [[nodiscard]] Status read_end(std::string_view name) {
    TRY_ASSIGN(const Tag tag, read_tag());
    if (tag.form == Form::close && tag.name == name) return {};
    return bad(tag.at, fmt::format("here must be </{}>", name));
  }

  // Text up to the end of the element, decoded.
  [[nodiscard]] Result<std::string> read_text(const Tag& tag) {
    std::string out;
    if (tag.form == Form::empty) return out;
    constexpr std::string_view kRaw = "<![CDATA[";
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '&') {
        TRY(read_entity(out));
      } else if (c == '<' && text_.substr(at_).starts_with(kRaw)) {
        const auto end = text_.find("]]>", at_);
        if (end == std::string_view::npos) break;
        out += text_.substr(at_ + kRaw.size(), end - at_ - kRaw.size());
        at_ = end + 3;
      } else if (c == '<') {
        TRY(read_end(tag.name));
        return out;
      } else if (c == '\r') {  // XML knows one end of line
        out += '\n';
        at_ += text_.substr(at_).starts_with("\r\n") ? 2 : 1;
      } else {
        const auto end = std::min(text_.find_first_of("&<\r", at_), text_.size());
        out += text_.substr(at_, end - at_);
        at_ = end;
      }
    }
    return bad(text_.size(), kCutOff);
  }

  [[nodiscard]] Status read_entity(std::string& out) {
    const std::size_t start = at_++;
    const auto end = text_.find(';', at_);
    const std::string_view name =
        end == std::string_view::npos || end - at_ > 10 ? std::string_view() : text_.substr(at_, end - at_);
    constexpr std::pair<std::string_view, char> kNames[] = {
        {"lt", '<'}, {"gt", '>'}, {"amp", '&'}, {"quot", '"'}, {"apos", '\''}};
    for (const auto& [known, c] : kNames) {
      if (name != known) continue;
      out += c;
      at_ = end + 1;
      return {};
    }
    if (!name.starts_with('#')) return bad(start, "an unknown entity; write &amp; for the character &");
    const bool is_hex = name.starts_with("#x");
    const std::string_view digits = name.substr(is_hex ? 2 : 1);
    std::uint32_t c = 0;
    const auto [rest, error] = std::from_chars(digits.data(), digits.data() + digits.size(), c, is_hex ? 16 : 10);
    if (error != std::errc() || rest != digits.data() + digits.size() || c > 0x10FFFF || (c >= 0xD800 && c < 0xE000))
      return bad(start, "no character has this number");
    const std::size_t before = out.size();
    append_utf8(out, c);
    if (has_control_characters(std::string_view(out).substr(before))) return bad(start, kControlCharacters);
    at_ = end + 1;
    return {};
  }

  [[nodiscard]] Status read_value(const Tag& tag, Node& to, unsigned depth) {
    to.place = place(tag.at);
    if (++values_ > kMaxDocumentValues) return bad(tag.at, kTooMany);
    if (tag.form == Form::close) return bad(tag.at, "here must be a value");
    if (tag.name == "dict") return read_dict(tag, to, depth);
    if (tag.name == "array") return read_array(tag, to, depth);
    if (tag.name == "true" || tag.name == "false") {
      to.kind = NodeKind::boolean;
      to.boolean = tag.name == "true";
      return tag.form == Form::empty ? Status{} : read_end(tag.name);
    }
    for (const auto& [name, kind] :
         {std::pair("string", NodeKind::string), std::pair("integer", NodeKind::integer),
          std::pair("real", NodeKind::real), std::pair("date", NodeKind::date), std::pair("data", NodeKind::data)}) {
      if (tag.name != name) continue;
      to.kind = kind;
      TRY_ASSIGN(std::string text, read_text(tag));
      return read_scalar(tag, std::move(text), to);
    }
    return bad(tag.at, fmt::format("the unknown element <{}>", printable(shorten(tag.name, 40))));
  }

  [[nodiscard]] Status read_dict(const Tag& tag, Node& to, unsigned depth) {
    to.kind = NodeKind::table;
    if (depth > kMaxDocumentDepth) return bad(tag.at, kTooDeep);
    if (tag.form == Form::empty) return {};
    while (true) {
      TRY_ASSIGN(const Tag key, read_tag());
      if (key.form == Form::close && key.name == "dict") break;
      if (key.name != "key" || key.form == Form::close) return bad(key.at, "here must be <key> or </dict>");
      Member& member = to.members.emplace_back();
      member.place = place(key.at);
      TRY_ASSIGN(member.key, read_text(key));
      TRY_ASSIGN(const Tag value, read_tag());
      TRY(read_value(value, member.value, depth + 1));
    }
    if (const Member* second = find_duplicate(to); second != nullptr) return fail_duplicate(file_, to, *second);
    return {};
  }

  [[nodiscard]] Status read_array(const Tag& tag, Node& to, unsigned depth) {
    to.kind = NodeKind::array;
    if (depth > kMaxDocumentDepth) return bad(tag.at, kTooDeep);
    if (tag.form == Form::empty) return {};
    while (true) {
      TRY_ASSIGN(const Tag item, read_tag());
      if (item.form == Form::close && item.name == "array") return {};
      TRY(read_value(item, to.items.emplace_back(), depth + 1));
    }
  }

  [[nodiscard]] Status read_scalar(const Tag& tag, std::string text, Node& to) const {
    const std::string_view inside = trim(text);
    switch (to.kind) {
      case NodeKind::integer: {
        const std::optional<std::int64_t> value = whole_number(inside);
        if (!value) return bad(tag.at, "not a whole number of 64 bits");
        to.integer = *value;
        return {};
      }
      case NodeKind::real: {
        const std::string_view digits = inside.substr(inside.starts_with('+') ? 1 : 0);
        const auto [rest, error] = std::from_chars(digits.data(), digits.data() + digits.size(), to.real);
        if (error != std::errc() || rest != digits.data() + digits.size()) return bad(tag.at, "not a number");
        return std::isfinite(to.real) ? Status{} : bad(tag.at, kNotFinite);
      }
      case NodeKind::date:
        if (!is_date(inside)) return bad(tag.at, "not a date; write 2026-11-25T14:00:00Z");
        to.text = inside;
        return {};
      case NodeKind::data: {
        Result<std::string> bytes = from_base64(inside);
        if (!bytes) return bad(tag.at, bytes.error().what);
        to.text = *std::move(bytes);
        return {};
      }
      default: to.text = std::move(text); return {};
    }
  }

  // Apple reads a sign and 0x as well.
  static std::optional<std::int64_t> whole_number(std::string_view text) {
    const bool is_negative = text.starts_with('-');
    if (is_negative || text.starts_with('+')) text.remove_prefix(1);
    const bool is_hex = text.starts_with("0x") || text.starts_with("0X");
    if (is_hex) text.remove_prefix(2);
    std::uint64_t value = 0;
    const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), value, is_hex ? 16 : 10);
    if (error != std::errc() || rest != text.data() + text.size()) return std::nullopt;
    if (value > static_cast<std::uint64_t>(INT64_MAX) + (is_negative ? 1 : 0)) return std::nullopt;
    return static_cast<std::int64_t>(is_negative ? 0 - value : value);
  }

  std::string_view text_;
  std::string_view file_;
  std::size_t at_ = 0;
  std::size_t values_ = 0;
  std::size_t told_ = 0;  // place_ is of this offset
  Place place_{.line = 1, .column = 1};
};

}  // namespace

Result<Node> parse_plist(std::string_view bytes, std::string_view file) {
  const bool is_binary = bytes.starts_with("bplist00");
  if (!is_binary) TRY(check_text(bytes, file));
  TRY_ASSIGN(Node root, is_binary ? parse_bplist(bytes, file) : Reader(bytes, file).read());
  if (root.kind != NodeKind::table)
    return fail_at(file, root.place, fmt::format("here must be a table (<dict>), not {}", name_of(root.kind)));
  return root;
}

}  // namespace bailiwick
