// A file is a header, objects, a table of their offsets and a trailer of 32 bytes; containers name their parts by
// number in that table. Each number is a claim of the file: it is held against the file's size before it is used.
#include "policy/document_bplist.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "policy/document_check.h"

namespace bailiwick {
namespace {

constexpr std::size_t kHeader = 8;  // "bplist00"
constexpr std::size_t kTrailer = 32;

class Reader {
 public:
  Reader(std::string_view bytes, std::string_view file) : bytes_(bytes), file_(file) {}

  [[nodiscard]] Result<Node> read() {
    TRY(read_trailer());
    Node root;
    TRY(read_object(top_, root));
    return root;
  }

 private:
  [[nodiscard]] std::unexpected<Error> bad(std::size_t offset, std::string_view what) const {
    return fail_at(file_, {}, fmt::format("offset {}: {}", offset, what));
  }

  // Big-endian; the caller has checked that the bytes are there. `size` is at most 8.
  [[nodiscard]] std::uint64_t number(std::size_t offset, std::size_t size) const {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < size; ++i) value = value << 8U | static_cast<unsigned char>(bytes_[offset + i]);
    return value;
  }

  [[nodiscard]] Status read_trailer() {
    if (bytes_.size() < kHeader + 2 + kTrailer) return bad(bytes_.size(), "the file ends too early");
    const std::size_t trailer = bytes_.size() - kTrailer;
    offset_size_ = number(trailer + 6, 1);
    reference_size_ = number(trailer + 7, 1);
    count_ = number(trailer + 8, 8);
    top_ = number(trailer + 16, 8);
    table_ = number(trailer + 24, 8);
    if (offset_size_ < 1 || offset_size_ > 8 || reference_size_ < 1 || reference_size_ > 8)
      return bad(trailer + 6, "numbers of an impossible size; is something cut off?");
    if (table_ <= kHeader || table_ >= trailer || count_ == 0 || count_ > trailer ||
        count_ * offset_size_ != trailer - table_)
      return bad(trailer + 8, "the table of objects does not fit into the file; is something cut off?");
    if (top_ >= count_) return bad(trailer + 16, "the first object is none");
    return {};
  }

  // `size` bytes of the object at `at`, which ends before the table.
  [[nodiscard]] bool fits(std::size_t at, std::uint64_t size) const { return at <= table_ && size <= table_ - at; }

  // The size that the marker at `at` gives, and where its content begins.
  [[nodiscard]] Status read_size(std::size_t& at, std::uint64_t& size) const {
    size = number(at, 1) & 0xFU;
    const std::size_t start = at++;
    if (size != 0xF) return {};
    if (!fits(at, 1) || (number(at, 1) & 0xF0U) != 0x10) return bad(start, "a size that is no number");
    const std::uint64_t width = 1ULL << (number(at, 1) & 0xFU);
    if (width > 8 || !fits(++at, width)) return bad(start, "a size that is no number");
    size = number(at, width);
    at += width;
    return {};
  }

  [[nodiscard]] Status read_object(std::uint64_t id, Node& to) {
    const std::size_t entry = table_ + id * offset_size_;
    const std::uint64_t at = number(entry, offset_size_);
    if (at < kHeader || at >= table_) return bad(entry, "an object outside the objects' part of the file");
    const std::uint64_t marker = number(at, 1);
    const std::size_t width = 1ULL << (marker & 0xFU);
    switch (marker >> 4U) {
      case 0x0: return read_boolean(at, marker, to);
      case 0x1: return read_integer(at, width, to);
      case 0x2: return read_real(at, width, to);
      case 0x3:
        if (width != 8) return bad(at, "a date of an unknown size");
        return read_date(at, to);
      case 0x4:
      case 0x5:
      case 0x6: return read_text(at, marker >> 4U, to);
      case 0xA: to.kind = NodeKind::array; return read_container(id, at, to);
      case 0xD: to.kind = NodeKind::table; return read_container(id, at, to);
      default: return bad(at, fmt::format("an object of the unknown type 0x{:02x}", marker));
    }
  }

  [[nodiscard]] Status read_boolean(std::size_t at, std::uint64_t marker, Node& to) const {
    if (marker != 8 && marker != 9) return bad(at, fmt::format("an object of the unknown type 0x{:02x}", marker));
    to.kind = NodeKind::boolean;
    to.boolean = marker == 9;
    return {};
  }

  [[nodiscard]] Status read_integer(std::size_t at, std::size_t width, Node& to) const {
    if (width > 16 || !fits(at + 1, width)) return bad(at, "a number of an unknown size");
    std::size_t start = at + 1;
    if (width == 16) {  // how numbers from 2^63 on are written
      if (number(start, 8) != 0 || number(start + 8, 8) > INT64_MAX)
        return bad(at, "a number that does not fit into 64 bits; make it smaller");
      start += 8;
    }
    to.kind = NodeKind::integer;
    to.integer = static_cast<std::int64_t>(number(start, std::min<std::size_t>(width, 8)));
    return {};
  }

  [[nodiscard]] Status read_real(std::size_t at, std::size_t width, Node& to) const {
    if ((width != 4 && width != 8) || !fits(at + 1, width)) return bad(at, "a number of an unknown size");
    to.kind = NodeKind::real;
    to.real = width == 4 ? static_cast<double>(std::bit_cast<float>(static_cast<std::uint32_t>(number(at + 1, 4))))
                         : std::bit_cast<double>(number(at + 1, 8));
    return std::isfinite(to.real) ? Status{} : bad(at, kNotFinite);
  }

  [[nodiscard]] Status read_date(std::size_t at, Node& to) const {
    if (!fits(at + 1, 8)) return bad(at, "a date of an unknown size");
    const double since = std::bit_cast<double>(number(at + 1, 8));  // seconds since 2001
    if (!(std::abs(since) < 6e10)) return bad(at, "a date outside the years 100 to 3900");
    const std::chrono::sys_seconds moment = std::chrono::sys_days(std::chrono::January / 1 / 2001) +
                                            std::chrono::seconds(static_cast<std::int64_t>(std::floor(since)));
    const auto day = std::chrono::floor<std::chrono::days>(moment);
    const std::chrono::year_month_day date(day);
    const std::chrono::hh_mm_ss time(moment - day);
    to.kind = NodeKind::date;
    to.text = fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", static_cast<int>(date.year()),
                          static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), time.hours().count(),
                          time.minutes().count(), time.seconds().count());
    return {};
  }

  [[nodiscard]] Status read_text(std::size_t at, std::uint64_t type, Node& to) {
    const std::size_t start = at;
    std::uint64_t size = 0;
    TRY(read_size(at, size));
    const std::uint64_t width = type == 6 ? 2 : 1;
    if (size > bytes_.size() || !fits(at, size * width)) return bad(start, "longer than the file");
    // one object may be named many times
    if (text_ += size * width; text_ > 2 * kMaxDocument) return bad(start, "too much text; split the file");
    to.kind = type == 4 ? NodeKind::data : NodeKind::string;
    if (type == 6) {
      TRY(read_utf16(at, size, to.text));
    } else {
      to.text = bytes_.substr(at, size);
    }
    if (type == 5 && std::any_of(to.text.begin(), to.text.end(), [](char c) { return (c & 0x80) != 0; }))
      return bad(start, "a byte that is not ASCII in an ASCII string");
    if (type != 4 && has_control_characters(to.text)) return bad(start, kControlCharacters);
    return {};
  }

  [[nodiscard]] Status read_utf16(std::size_t at, std::uint64_t units, std::string& text) const {
    text.reserve(units);
    for (std::uint64_t i = 0; i < units; ++i) {
      std::uint64_t c = number(at + 2 * i, 2);
      if (c >= 0xD800 && c < 0xE000) {
        const std::uint64_t low = i + 1 < units ? number(at + 2 * (i + 1), 2) : 0;
        if (c >= 0xDC00 || low < 0xDC00 || low >= 0xE000) return bad(at + 2 * i, "half a character (UTF-16)");
        c = 0x10000 + ((c - 0xD800) << 10U) + (low - 0xDC00);
        ++i;
      }
      append_utf8(text, static_cast<char32_t>(c));
    }
    return {};
  }

  [[nodiscard]] Status read_container(std::uint64_t id, std::size_t at, Node& to) {
    const std::size_t start = at;
    if (std::find(open_.begin(), open_.end(), id) != open_.end()) return bad(start, "an object that contains itself");
    if (open_.size() == kMaxDocumentDepth) return bad(start, kTooDeep);
    open_.push_back(id);
    std::uint64_t size = 0;
    TRY(read_size(at, size));
    const bool is_table = to.kind == NodeKind::table;
    if (size > bytes_.size() || !fits(at, size * reference_size_ * (is_table ? 2 : 1)))
      return bad(start, "longer than the file");
    // before room is made: lists of parts may lie over each other in the file
    if (size > kMaxDocumentValues - values_) return bad(start, kTooMany);
    values_ += size;
    if (is_table) {
      to.members.resize(size);
    } else {
      to.items.resize(size);
    }
    for (std::uint64_t i = 0; i < size; ++i) {
      if (is_table) TRY(read_key(at + i * reference_size_, to.members[i].key));
      const std::size_t place = at + (is_table ? size + i : i) * reference_size_;
      const std::uint64_t part = number(place, reference_size_);
      if (part >= count_) return bad(place, "an object that there is not");
      TRY(read_object(part, is_table ? to.members[i].value : to.items[i]));
    }
    if (const Member* second = find_duplicate(to); second != nullptr) return fail_duplicate(file_, to, *second);
    open_.pop_back();
    return {};
  }

  [[nodiscard]] Status read_key(std::size_t place, std::string& key) {
    const std::uint64_t id = number(place, reference_size_);
    if (id >= count_) return bad(place, "an object that there is not");
    const std::uint64_t at = number(table_ + id * offset_size_, offset_size_);
    if (at < kHeader || at >= table_) return bad(place, "an object outside the objects' part of the file");
    const std::uint64_t type = number(at, 1) >> 4U;
    if (type != 5 && type != 6) return bad(at, "a key that is no string");
    Node text;
    TRY(read_text(at, type, text));
    key = std::move(text.text);
    return {};
  }

  std::string_view bytes_;
  std::string_view file_;
  std::size_t offset_size_ = 0;
  std::size_t reference_size_ = 0;
  std::uint64_t count_ = 0;
  std::uint64_t top_ = 0;
  std::uint64_t table_ = 0;
  std::size_t values_ = 1;  // the root, and the parts of what was opened so far
  std::uint64_t text_ = 0;
  std::vector<std::uint64_t> open_;  // the containers around
};

}  // namespace

Result<Node> parse_bplist(std::string_view bytes, std::string_view file) {
  TRY(check_size(bytes, file));
  return Reader(bytes, file).read();
}

}  // namespace bailiwick
