#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>

#include "base/id.h"
#include "base/result.h"
#include "base/text.h"
#include "base/time.h"

namespace bailiwick {
namespace {

Result<int> half(int value) {
  if (value % 2 != 0) return fail(ErrorKind::invalid, "odd");
  return value / 2;
}
Result<int> quarter(int value) {
  TRY_ASSIGN(const int once, half(value));
  TRY_ASSIGN(const int twice, half(once));
  return twice;
}

TEST(Result, TryPassesTheErrorOn) {
  EXPECT_EQ(*quarter(8), 2);
  EXPECT_EQ(quarter(6).error().what, "odd");
}

TEST(Result, MessageHasContextOutermostFirst) {
  Error error{.kind = ErrorKind::sandbox, .what = "open `x`", .os_errno = EACCES, .context = {}};
  EXPECT_EQ(std::move(error).in("inner").in("outer").message(), "outer: inner: open `x`: Permission denied");
}

TEST(Result, ExitCodes) {
  EXPECT_EQ(exit_code(ErrorKind::usage), 2);
  EXPECT_EQ(exit_code(ErrorKind::invalid), 3);
  EXPECT_EQ(exit_code(ErrorKind::sandbox), 125);
  EXPECT_EQ(exit_code(ErrorKind::denied), 126);
  EXPECT_EQ(exit_code(ErrorKind::not_found), 127);
}

TEST(Id, VersionSevenFromKnownInput) {
  // RFC 9562 appendix A.6
  const auto when = std::chrono::system_clock::time_point(std::chrono::milliseconds(0x017F22E279B0));
  const auto bytes = uuid_v7_bytes(when, {0x0C, 0xC3, 0x18, 0xC4, 0xDC, 0x0C, 0x0C, 0x07, 0x39, 0x8F});
  EXPECT_EQ(format_uuid(bytes), "017f22e2-79b0-7cc3-98c4-dc0c0c07398f");
  EXPECT_EQ(*parse_uuid("017F22E2-79B0-7CC3-98C4-DC0C0C07398F"), bytes);
}

TEST(Id, RefusesWhatIsNoId) {
  for (const char* text : {"", "017f22e2", "017f22e2-79b0-7cc3-98c4-dc0c0c07398",
                           "017f22e2x79b0-7cc3-98c4-dc0c0c07398f", "017f22e2-79b0-7cc3-98c4-dc0c0c07398g"}) {
    EXPECT_FALSE(parse_uuid(text).has_value()) << text;
  }
  EXPECT_NE(*make_session_id(), *make_session_id());
}

TEST(Time, Formats) {
  EXPECT_EQ(format_rfc3339(WallTime(std::chrono::nanoseconds(1'795'530'628'000'000'007))),
            "2026-11-24T14:30:28.000000007Z");
  EXPECT_EQ(format_rfc3339(WallTime(std::chrono::nanoseconds(-1))), "1969-12-31T23:59:59.999999999Z");
  EXPECT_EQ(format_duration(std::chrono::microseconds(950)), "950us");
  EXPECT_EQ(format_duration(std::chrono::milliseconds(4560)), "4.56s");
  EXPECT_EQ(format_duration(std::chrono::seconds(187)), "3m07s");
  EXPECT_EQ(format_duration(std::chrono::minutes(125)), "2h05m");
}

TEST(Text, Printable) {
  EXPECT_EQ(printable("a\xe2\x80\xae"
                      "b\xe2\x81\xa6 \xe2\x80\x94"),
            "a\\xe2\\x80\\xae"
            "b\\xe2\\x81\\xa6 \xe2\x80\x94");
  EXPECT_EQ(printable("a\nb\x1b[2J\xff\xc3\xa9\xc2\x9b"), "a\\nb\\x1b[2J\\xff\xc3\xa9\\xc2\\x9b");
  EXPECT_TRUE(is_valid_utf8("\xf0\x9f\x98\x80"));
  for (const char* bad : {"\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe2\x82", "\x80"})
    EXPECT_FALSE(is_valid_utf8(bad));
}

TEST(Text, ShortenCutsBetweenCharacters) {
  EXPECT_EQ(shorten("abcdef", 6), "abcdef");
  EXPECT_EQ(shorten("abcdefg", 6), "abc...");
  EXPECT_EQ(shorten("ab\xc3\xa9zzzz", 6), "ab...");
}

TEST(Text, ShellQuote) { EXPECT_EQ(shell_join({"git", "commit", "-m", "it's", ""}), "git commit -m 'it'\\''s' ''"); }

TEST(Text, Sizes) {
  EXPECT_EQ(*parse_bytes("4096"), 4096U);
  EXPECT_EQ(*parse_bytes("2G"), 2ULL << 30);
  EXPECT_EQ(*parse_bytes("1.5m"), 3ULL << 19);
  EXPECT_EQ(*parse_bytes("64KiB"), 65536U);
  for (const char* bad : {"", "G", "-1", "1X", "1GG", "nan", "inf", "99999999999T"})
    EXPECT_FALSE(parse_bytes(bad).has_value()) << bad;
  EXPECT_EQ(format_bytes(3ULL << 29), "1.5 GiB");
  EXPECT_EQ(*parse_number("17", 1, 20), 17U);
  for (const char* bad : {"", "0", "21", "1 ", "+1", "1e1"}) EXPECT_FALSE(parse_number(bad, 1, 20).has_value()) << bad;
}

}  // namespace
}  // namespace bailiwick
