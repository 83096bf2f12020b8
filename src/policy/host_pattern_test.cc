#include "policy/host_pattern.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace bailiwick {
namespace {

std::string show(const std::optional<Address>& address) {
  if (!address) return "-";
  std::string out;
  for (const std::uint8_t byte : address->bytes) out += fmt::format("{:02x}", byte);
  return out;
}

constexpr std::string_view kV4 = "00000000000000000000ffff";

TEST(HostPattern, ReadsAddresses) {
  struct Row {
    std::string_view text, wanted;
  };
  for (const Row& row : std::to_array<Row>({
           {"0.0.0.0", "00000000"},
           {"10.0.0.1", "0a000001"},
           {"127.0.0.1", "7f000001"},
           {"192.168.100.200", "c0a864c8"},
           {"255.255.255.255", "ffffffff"},
       }))
    EXPECT_EQ(show(parse_address(row.text)), std::string(kV4) + std::string(row.wanted)) << row.text;
  for (const Row& row : std::to_array<Row>({
           {"::", "00000000000000000000000000000000"},
           {"::1", "00000000000000000000000000000001"},
           {"[::1]", "00000000000000000000000000000001"},
           {"1::", "00010000000000000000000000000000"},
           {"2001:db8::1", "20010db8000000000000000000000001"},
           {"2001:DB8::AB", "20010db80000000000000000000000ab"},
           {"1:2:3:4:5:6:7:8", "00010002000300040005000600070008"},
           {"1:2:3:4:5:6:7::", "00010002000300040005000600070000"},
           {"::2:3:4:5:6:7:8", "00000002000300040005000600070008"},
           {"::ffff:10.0.0.1", "00000000000000000000ffff0a000001"},
           {"::10.0.0.1", "0000000000000000000000000a000001"},
           {"1:2:3:4:5:6:10.0.0.1", "0001000200030004000500060a000001"},
           {"64:ff9b::1.2.3.4", "0064ff9b000000000000000001020304"},
           {"fe80::1", "fe800000000000000000000000000001"},
       }))
    EXPECT_EQ(show(parse_address(row.text)), row.wanted) << row.text;
}

TEST(HostPattern, RefusesWhatProgramsReadDifferently) {
  for (const std::string_view text :
       {// short forms, octal, hexadecimal, one number: inet_aton(3) takes them all
        "127.1", "127.0.1", "2130706433", "0x7f000001", "0x7f.0.0.1", "0177.0.0.1", "127.0.0.01", "010.0.0.1",
        "00.0.0.0", "127.0.0.0x1",
        // out of range, too many, too few, empty parts, signs, blanks
        "256.0.0.1", "1.2.3.4.5", "1.2.3", "1.2.3.", ".1.2.3", "1..2.3", "-1.2.3.4", "+1.2.3.4", "1.2.3.4 ", " 1.2.3.4",
        "1.2.3.4\n", "1.2.3.1000", "", ".", "1", "a.b.c.d", "1.2.3.4/8", "1.2.3.4:80", "[1.2.3.4]",
        // IPv6
        ":", ":::", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1::2::3", "1:2:3:4:5:6:7:8::", "::1:2:3:4:5:6:7:8",
        "12345::", "g::", "1:", ":1", "::1:", "fe80::1%eth0", "[::1", "::1]", "[]", "[::1]:80", "::0x1", "::-1", "::+1",
        "1.2.3.4::", "::1.2.3.4:5", "1:2.3.4.5::6", "::1.2.3", "::01.2.3.4", "::256.1.1.1", "1:2:3:4:5:6:7:1.2.3.4",
        "::1:2:3:4:5:6:1.2.3.4", "[[::1]]", "::1 "})
    EXPECT_EQ(show(parse_address(text)), "-") << text;
}

TEST(HostPattern, TellsPublicAddresses) {
  struct Row {
    std::string_view before, first, last, after;  // neighbours are public where they are named
  };
  for (const Row& row : std::to_array<Row>({
           {"", "0.0.0.0", "0.255.255.255", "1.0.0.0"},
           {"9.255.255.255", "10.0.0.0", "10.255.255.255", "11.0.0.0"},
           {"100.63.255.255", "100.64.0.0", "100.127.255.255", "100.128.0.0"},
           {"126.255.255.255", "127.0.0.0", "127.255.255.255", "128.0.0.0"},
           {"169.253.255.255", "169.254.0.0", "169.254.255.255", "169.255.0.0"},
           {"172.15.255.255", "172.16.0.0", "172.31.255.255", "172.32.0.0"},
           {"191.255.255.255", "192.0.0.0", "192.0.0.255", "192.0.1.0"},
           {"192.0.1.255", "192.0.2.0", "192.0.2.255", "192.0.3.0"},
           {"192.88.98.255", "192.88.99.0", "192.88.99.255", "192.88.100.0"},
           {"192.167.255.255", "192.168.0.0", "192.168.255.255", "192.169.0.0"},
           {"198.17.255.255", "198.18.0.0", "198.19.255.255", "198.20.0.0"},
           {"198.51.99.255", "198.51.100.0", "198.51.100.255", "198.51.101.0"},
           {"203.0.112.255", "203.0.113.0", "203.0.113.255", "203.0.114.0"},
           {"223.255.255.255", "224.0.0.0", "239.255.255.255", ""},
           {"", "240.0.0.0", "255.255.255.255", ""},
           // the same, as an IPv6 socket names them
           {"::ffff:9.255.255.255", "::ffff:10.0.0.0", "::ffff:10.255.255.255", "::ffff:11.0.0.0"},
           {"::ffff:126.255.255.255", "::ffff:127.0.0.1", "::ffff:127.255.255.255", "::ffff:128.0.0.0"},
           // everything below 2000::/3: unspecified, loopback, old compatible forms, NAT64, discard, dummy
           {"", "::", "::1", ""},
           {"", "::127.0.0.1", "::8.8.8.8", ""},
           {"", "::ffff:0:127.0.0.1", "::ffff:0:8.8.8.8", ""},
           {"", "64:ff9b::", "64:ff9b::ffff:ffff", ""},
           {"", "64:ff9b:1::", "64:ff9b:1:ffff:ffff:ffff:ffff:ffff", ""},
           {"", "100::", "100::ffff:ffff:ffff:ffff", ""},
           {"", "100:0:0:1::", "100:0:0:1:ffff:ffff:ffff:ffff", ""},
           {"", "1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "1fff::", "2000::"},
           {"2000:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "2001::", "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff",
            "2001:200::"},
           {"2001:db7:ffff:ffff:ffff:ffff:ffff:ffff", "2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff",
            "2001:db9::"},
           {"2001:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "2002::", "2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "2003::"},
           {"3ffe:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "3fff::", "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff",
            "3fff:1000::"},
           {"3fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "4000::", "5f00::1", ""},
           {"", "fc00::", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", ""},
           {"", "fe80::", "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff", ""},
           {"", "fec0::", "feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", ""},
           {"", "ff00::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", ""},
       })) {
    for (const std::string_view text : {row.first, row.last}) {
      const auto address = parse_address(text);
      ASSERT_TRUE(address) << text;
      EXPECT_FALSE(is_public(*address)) << text;
    }
    for (const std::string_view text : {row.before, row.after}) {
      if (text.empty()) continue;
      const auto address = parse_address(text);
      ASSERT_TRUE(address) << text;
      EXPECT_TRUE(is_public(*address)) << text;
    }
  }
  for (const std::string_view text : {"1.1.1.1", "8.8.8.8", "140.82.112.3", "2606:4700::1111", "2a00:1450:4001::8a"})
    EXPECT_TRUE(is_public(*parse_address(text))) << text;
}

TEST(HostPattern, ReadsBlocks) {
  struct Row {
    std::string_view text;
    unsigned bits;
    std::string_view inside, outside;
  };
  for (const Row& row : std::to_array<Row>({
           {"10.0.0.0/8", 104, "10.255.255.255", "11.0.0.0"},
           {"0.0.0.0/0", 96, "255.1.2.3", "::1"},
           {"192.168.4.0/22", 118, "192.168.7.255", "192.168.8.0"},
           {"192.168.4.4/31", 127, "192.168.4.5", "192.168.4.6"},
           {"10.1.2.3", 128, "10.1.2.3", "10.1.2.4"},
           {"10.1.2.3/32", 128, "10.1.2.3", "10.1.2.2"},
           {"::ffff:10.0.0.0/104", 104, "10.9.9.9", "11.0.0.0"},
           {"fd00::/8", 8, "fdff::1", "fe00::"},
           {"::/0", 0, "10.0.0.1", ""},
           {"::1", 128, "::1", "::2"},
           {"[fd00::]/8", 8, "fd12::", "fc00::"},
           {"2001:db8::/33", 33, "2001:db8:7fff::", "2001:db8:8000::"},
       })) {
    const auto block = parse_block(row.text);
    ASSERT_TRUE(block) << row.text << ": " << block.error().message();
    EXPECT_EQ(block->bits, row.bits) << row.text;
    EXPECT_TRUE(block->holds(*parse_address(row.inside))) << row.text;
    if (!row.outside.empty()) {
      EXPECT_FALSE(block->holds(*parse_address(row.outside))) << row.text;
    }
  }
}

TEST(HostPattern, RefusesBlocks) {
  struct Row {
    std::string_view text, message;
  };
  constexpr std::string_view kHow = ": write it as 10.0.0.0/8 or fd00::/8";
  constexpr std::string_view kRange = ": the number after `/` is out of range";
  constexpr std::string_view kBits = ": bits after the block's length are set";
  for (const Row& row : std::to_array<Row>({
           {"", kHow},
           {"/8", kHow},
           {"10/8", kHow},
           {"10.0.0/8", kHow},
           {"10.0.0.0/8/8", kHow},
           {"010.0.0.0/8", kHow},
           {"acme.example/8", kHow},
           {"acme.example", kHow},
           {"10.0.0.0/", kRange},
           {"10.0.0.0/33", kRange},
           {"10.0.0.0/-1", kRange},
           {"10.0.0.0/+8", kRange},
           {"10.0.0.0/8 ", kRange},
           {"10.0.0.0/255.0.0.0", kRange},
           {"fd00::/129", kRange},
           {"10.0.0.1/8", kBits},
           {"10.0.0.0/4", kBits},
           {"192.168.4.1/31", kBits},
           {"fd00::1/8", kBits},
           {"::1/0", kBits},
       })) {
    const auto block = parse_block(row.text);
    ASSERT_FALSE(block) << row.text;
    EXPECT_EQ(block.error().what, fmt::format("`{}` is no address block{}", row.text, row.message));
    EXPECT_EQ(block.error().kind, ErrorKind::invalid);
  }
}

TEST(HostPattern, BringsHostsToOneForm) {
  struct Row {
    std::string_view text, wanted;
  };
  const std::string label(63, 'a');
  const std::string longest = label + "." + label + "." + label + "." + std::string(61, 'b');
  for (const Row& row : std::vector<Row>({
           {"github.com", "github.com"},
           {"GitHub.COM", "github.com"},
           {"github.com.", "github.com"},
           {"localhost", "localhost"},
           {"xn--bcher-kva.example", "xn--bcher-kva.example"},
           {"_dmarc.acme.example", "_dmarc.acme.example"},
           {"3com.com", "3com.com"},
           {"1.2.3.4.example", "1.2.3.4.example"},
           {"10.0.0.1", "10.0.0.1"},
           {"10.0.0.1.", "10.0.0.1"},
           {"[2001:DB8::1]", "2001:db8::1"},
           {"::1", "::1"},
           {longest, longest},
       })) {
    const auto host = normal_host(row.text);
    ASSERT_TRUE(host) << row.text << ": " << host.error().message();
    EXPECT_EQ(*host, row.wanted);
  }
}

TEST(HostPattern, RefusesWhatIsNoHost) {
  struct Row {
    std::string_view text, message;
  };
  constexpr std::string_view kEmptyPart = "` is no host name: a part is empty or longer than 63 characters";
  constexpr std::string_view kName =
      "` is no host name: write the name alone, without scheme, path or port, and other scripts as xn--";
  constexpr std::string_view kNumeric =
      "` is an address in a form that programs read differently: write four decimal numbers";
  const std::string long_label(64, 'a');
  for (const Row& row : std::vector<Row>({
           {".", kEmptyPart},
           {"..", kEmptyPart},
           {".github.com", kEmptyPart},
           {"github..com", kEmptyPart},
           {"github.com..", kEmptyPart},
           {long_label, kEmptyPart},
           {"https://github.com", kName},
           {"github.com/x", kName},
           {"github.com:443", kName},
           {"git hub.com", kName},
           {"user@github.com", kName},
           {"*.github.com", kName},
           {"b\xC3\xBC"
            "cher.example",
            kName},
           {"[::1]:80", kName},
           {"fe80::1%eth0", kName},
           {"github.com?x", kName},
           {"127.1", kNumeric},
           {"0x7f.1", kNumeric},
           {"0X7F000001", kNumeric},
           {"2130706433", kNumeric},
           {"0177.0.0.1", kNumeric},
           {"1.2.3.4.5", kNumeric},
           {"256.0.0.1", kNumeric},
           {"acme.1", kNumeric},
           {"127.0.0.0x1", kNumeric},
           {"127.1.", kNumeric},
       })) {
    const auto host = normal_host(row.text);
    ASSERT_FALSE(host) << row.text;
    EXPECT_EQ(host.error().what, fmt::format("`{}{}", row.text, row.message));
  }
  EXPECT_EQ(normal_host("").error().what, "the host name is empty");
  EXPECT_EQ(normal_host(std::string(300, 'a')).error().what, "the host name is longer than 253 characters");
  // what is shown cannot drive a terminal
  EXPECT_EQ(normal_host("a\x1b[31m").error().what, "`a\\x1b[31m" + std::string(kName));
}

TEST(HostPattern, ReadsPatterns) {
  struct Row {
    std::string_view text;
    HostPatternKind kind;
    std::string_view name;
  };
  for (const Row& row : std::to_array<Row>({
           {"*", HostPatternKind::every, ""},
           {"GitHub.com", HostPatternKind::exact, "github.com"},
           {"github.com.", HostPatternKind::exact, "github.com"},
           {"*.Example.org", HostPatternKind::subdomains, "example.org"},
           {"*.example.org.", HostPatternKind::subdomains, "example.org"},
           {"**.example.org", HostPatternKind::domain, "example.org"},
           {"**.org", HostPatternKind::domain, "org"},
           {"api-*.example.org", HostPatternKind::wildcard, "api-*.example.org"},
           {"api?.example.org", HostPatternKind::wildcard, "api?.example.org"},
           {"10.1.2.3", HostPatternKind::exact, "10.1.2.3"},
           {"[::1]", HostPatternKind::exact, "::1"},
           {"10.0.0.0/8", HostPatternKind::block, "10.0.0.0/8"},
           {"FD00::/8", HostPatternKind::block, "FD00::/8"},
       })) {
    const auto pattern = parse_host_pattern(row.text);
    ASSERT_TRUE(pattern) << row.text << ": " << pattern.error().message();
    EXPECT_EQ(pattern->kind, row.kind) << row.text;
    EXPECT_EQ(pattern->name, row.name) << row.text;
  }
  for (
      const std::string_view text :
      {"",           ".",        "*.",       "**",     "**.",        "***",           "***.x.org",        "*.*.x.org",
       "**.*.x.org", "x.**.org", "a**b.org", "*..org", "*.x..org",   "https://x.org", "x.org:443",        "*.x.org:443",
       "*.x.org/a",  "x.org/8",  "127.1",    "0x7f.1", "10.0.0.1/8", "x y.org",       "*.bücher.example", "[*]"})
    EXPECT_FALSE(parse_host_pattern(text)) << text;
  EXPECT_EQ(parse_host_pattern("*.").error().what, "`*.`: write `*` for every host");
  EXPECT_EQ(parse_host_pattern("x.**.org").error().what,
            "`x.**.org`: `**` stands only at the beginning, as in `**.example.org`");
}

TEST(HostPattern, Matches) {
  struct Row {
    std::string_view pattern, host;
    bool wanted;
  };
  for (const Row& row : std::to_array<Row>({
           {"*", "github.com", true},
           {"*", "10.0.0.1", true},
           {"github.com", "github.com", true},
           {"github.com", "api.github.com", false},
           {"github.com", "github.com.evil.example", false},
           {"github.com", "notgithub.com", false},
           {"*.example.org", "a.example.org", true},
           {"*.example.org", "a.b.example.org", true},
           {"*.example.org", "example.org", false},
           {"*.example.org", "badexample.org", false},
           {"*.example.org", ".example.org", false},
           {"*.example.org", "a.example.org.evil.example", false},
           {"**.example.org", "example.org", true},
           {"**.example.org", "a.b.example.org", true},
           {"**.example.org", "badexample.org", false},
           {"**.example.org", "org", false},
           {"api-*.example.org", "api-1.example.org", true},
           {"api-*.example.org", "api-.example.org", true},
           {"api-*.example.org", "api-1.2.example.org", false},
           {"api-*.example.org", "api.example.org", false},
           {"api-*.example.org", "api-1.example.org.evil.example", false},
           {"a*b*c.example.org", "axbxbc.example.org", true},
           {"a*b*c.example.org", "axb.c.example.org", false},
           {"api?.example.org", "api1.example.org", true},
           {"api?.example.org", "api.example.org", false},
           {"api?.example.org", "api12.example.org", false},
           {"api?example.org", "api.example.org", false},
           {"a.*.org", "a.b.org", true},
           {"a.*.org", "a.b.c.org", false},
           {"10.1.2.3", "10.1.2.3", true},
           {"10.1.2.3", "::ffff:10.1.2.3", true},
           {"10.1.2.3", "10.1.2.4", false},
           {"[::1]", "0:0:0:0:0:0:0:1", true},
           {"[::1]", "::1", true},
           {"[::1]", "::2", false},
           {"10.0.0.0/8", "10.9.8.7", true},
           {"10.0.0.0/8", "11.0.0.0", false},
           {"10.0.0.0/8", "::ffff:10.0.0.1", true},
           {"10.0.0.0/8", "acme.example", false},
           {"fd00::/8", "fd12::1", true},
           {"fd00::/8", "fe12::1", false},
           {"0.0.0.0/0", "::1", false},
       })) {
    const auto pattern = parse_host_pattern(row.pattern);
    ASSERT_TRUE(pattern) << row.pattern;
    EXPECT_EQ(matches(*pattern, row.host), row.wanted) << row.pattern << " " << row.host;
  }
}

}  // namespace
}  // namespace bailiwick
