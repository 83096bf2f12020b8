#include "surface/terminal_filter.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

#include "base/text.h"

namespace bailiwick {
namespace {

using namespace std::string_literals;

struct Filtered {
  std::string out;
  DropCounts dropped;
  bool operator==(const Filtered&) const = default;
};

// Feeds `input` cut at the given places.
Filtered filter_cut(std::string_view input, const std::vector<std::size_t>& cuts, FilterOptions options = {}) {
  TerminalFilter filter(options);
  Filtered result;
  std::size_t from = 0;
  for (const std::size_t cut : cuts) {
    filter.feed(input.substr(from, cut - from), result.out);
    from = cut;
  }
  filter.feed(input.substr(from), result.out);
  filter.finish(result.out);
  result.dropped = filter.dropped();
  return result;
}

std::string restored_after(std::string_view input) {
  TerminalFilter filter;
  std::string out;
  filter.feed(input, out);
  filter.finish(out);
  return filter.restore();
}

std::vector<std::size_t> every_byte(std::string_view input) {
  std::vector<std::size_t> cuts;
  for (std::size_t i = 1; i < input.size(); ++i) cuts.push_back(i);
  return cuts;
}

struct Row {
  std::string name;
  std::string in;
  std::string out;
  std::vector<Dropped> dropped;  // each once
  FilterOptions options;
};

DropCounts counts(const std::vector<Dropped>& kinds) {
  DropCounts result;
  for (const Dropped kind : kinds) ++result.by_kind[static_cast<std::size_t>(kind)];
  return result;
}

void check(const Row& row) {
  SCOPED_TRACE(row.name + ": " + printable(row.in));
  const Filtered whole = filter_cut(row.in, {}, row.options);
  EXPECT_EQ(printable(whole.out), printable(row.out));
  EXPECT_EQ(whole.dropped, counts(row.dropped));
  for (std::size_t cut = 0; cut <= row.in.size(); ++cut) {
    ASSERT_EQ(filter_cut(row.in, {cut}, row.options), whole) << "cut at " << cut;
  }
  EXPECT_EQ(filter_cut(row.in, every_byte(row.in), row.options), whole);
  EXPECT_EQ(printable(filter_cut(whole.out, {}, row.options).out), printable(whole.out)) << "not idempotent";
}

Row kept(std::string name, const std::string& in, FilterOptions options = {}) {
  return {std::move(name), in, in, {}, options};
}
Row gone(std::string name, const std::string& in, Dropped kind, FilterOptions options = {}) {
  return {std::move(name), "a" + in + "b", "ab", {kind}, options};
}
FilterOptions allowing(Allow allow) { return {.allow = allow}; }

TEST(terminal_filter, text_passes) {
  for (const auto& row : {
           kept("plain", "hello, world\r\n\ttab\b\a\v\f"),
           kept("utf-8", "h\xC3\xA9llo \xE2\x86\x92 \xF0\x9F\x98\x80 \xED\x9F\xBF \xEE\x80\x80 \xF4\x8F\xBF\xBF"),
           kept("no-break space is not C1", "\xC2\xA0"),
           kept("shifts", "\x0e\x0f"),
           {.name = "padding", .in = "a\0b\x7f"s, .out = "ab"},
           {.name = "stray continuation", .in = "\xBF!", .out = "\xEF\xBF\xBD!"},
           {.name = "overlong escape",
            .in = "\xC1\x9B[0m",
            .out = "\xEF\xBF\xBD"
                   "0m",
            .dropped = {Dropped::unknown}},
           {.name = "surrogate", .in = "\xED\xA0!", .out = "\xEF\xBF\xBD\xEF\xBF\xBD!"},
           {.name = "above U+10FFFF", .in = "\xF4\xBF!", .out = "\xEF\xBF\xBD\xEF\xBF\xBD!"},
           {.name = "cut character", .in = "\xE2\x86", .out = "\xEF\xBF\xBD"},
           {.name = "character cut by a sequence", .in = "\xE2\x86\x1b[m", .out = "\xEF\xBF\xBD\x1b[m"},
           {.name = "latin-1 text", .in = "caf\xE9\n", .out = "caf\xEF\xBF\xBD\n"},
           {.name = "cancel alone",
            .in = "**\x18"
                  "B00",
            .out = "**B00",
            .dropped = {Dropped::control}},
           {.name = "device control", .in = "\x11\x13", .out = "", .dropped = {Dropped::control, Dropped::control}},
       }) {
    check(row);
  }
}

TEST(terminal_filter, what_programs_need_passes) {
  for (const std::string in : {
           "\x1b[H",
           "\x1b[2J",
           "\x1b[10;20H",
           "\x1b[1;31m",
           "\x1b[38;2;1;2;3m",
           "\x1b[4:3m",
           "\x1b[58:2::1:2:3m",
           "\x1b[K",
           "\x1b[3P",
           "\x1b[?25l",
           "\x1b[?1049h",
           "\x1b[?1000;1002;1006h",
           "\x1b[?2004h",
           "\x1b[?2026h",
           "\x1b[1;24r",
           "\x1b[4h",
           "\x1b[2 q",
           "\x1b[!p",
           "\x1b[>1u",
           "\x1b[<u",
           "\x1b[=1;1u",
           "\x1b[?u",
           "\x1b[>4;2m",
           "\x1b[?4m",
           "\x1b[s",
           "\x1b[u",
           "\x1b[5n",
           "\x1b[6n",
           "\x1b[?6n",
           "\x1b[?996n",
           "\x1b[c",
           "\x1b[0c",
           "\x1b[>c",
           "\x1b[=c",
           "\x1b[>0q",
           "\x1b[?2026$p",
           "\x1b[4$p",
           "\x1b[14t",
           "\x1b[16t",
           "\x1b[18t",
           "\x1b[3b",
           "\x1b[2S",
           "\x1b[2T",
           "\x1b[?5W",
           "\x1b[1;2;3;4;5$r",
           "\x1b[2'}",
           "\x1b[#{",
           "\x1b[#}",
           "\0337",
           "\0338",
           "\x1b=",
           "\x1b>",
           "\033D",
           "\x1bM",
           "\033E",
           "\x1bH",
           "\033c",
           "\x1b(0",
           "\x1b(B",
           "\x1b)0",
           "\x1b#8",
           "\x1b[?1034h",
           "\x1b[?7l",
           "\x1b[?12l",
           "\x1b[?0c",
           "\x1b[34h",
           "\x1b[?7727l",
           "\x1b[22;0t",
           "\x1b[22;1t\x1b[23;1t",
           "\x1b[3g",
           "\x1b]10;?\x07",
           "\x1b]11;?\x1b\\",
           "\x1b]4;1;?;2;?\x07",
           "\x1b]4;1;rgb:ff/00/00\x1b\\",
           "\x1b]10;#fff;#000\x07",
           "\x1b]12;red\x07",
           "\x1b]104\x07",
           "\x1b]104;1;2\x07",
           "\x1b]110\x1b\\",
           "\x1b]8;;https://example.com/a?b=c\x1b\\",
           "\x1b]8;id=1;http://x/\x07",
           "\x1b]8;;\x1b\\",
           "\x1b]9;4;1;50\x07",
           "\x1b]9;4;0\x07",
           "\x1b]9;4;3;\x1b\\",
           "\x1b]9;4;0;\x1b\\",
       }) {
    check(kept("kept", in));
  }
}

TEST(terminal_filter, dangerous_sequences_go) {
  using D = Dropped;
  for (const auto& row : {
           gone("clipboard", "\x1b]52;c;aGk=\x07", D::clipboard),
           gone("clipboard, ST", "\x1b]52;c;aGk=\x1b\\", D::clipboard),
           gone("clipboard, leading zeros", "\x1b]0052;c;aGk=\x07", D::clipboard),
           gone("clipboard, default selection", "\x1b]52;;aGk=\x07", D::clipboard),
           gone("clipboard, read", "\x1b]52;c;?\x07", D::clipboard),
           gone("clipboard, clear", "\x1b]52;c;!\x07", D::clipboard),
           gone("clipboard, no payload", "\x1b]52\x07", D::clipboard),
           gone("clipboard, UTF-8 C1",
                "\xC2\x9D"
                "52;c;aGk=\xC2\x9C",
                D::clipboard),
           gone("clipboard, raw C1",
                "\x9D"
                "52;c;aGk=\x9C",
                D::clipboard),
           gone("clipboard, raw C1 and BEL",
                "\x9D"
                "52;c;aGk=\x07",
                D::clipboard),
           gone("clipboard, mixed", "\x1b]52;c;aGk=\x9C", D::clipboard),
           gone("clipboard, control characters within", "\x1b]5\x00\x01\n2;c;aGk=\x07"s, D::clipboard),
           gone("clipboard, DEL within",
                "\x1b]5\x7f"
                "2;c;aGk=\x07",
                D::clipboard),
           gone("clipboard, kitty", "\x1b]5522;type=write\x1b\\", D::clipboard),
           gone("clipboard, iTerm2", "\x1b]1337;Copy=:aGk=\x07", D::clipboard),
           gone("clipboard, iTerm2 captured", "\x1b]1337;CopyToClipboard=\x07", D::clipboard),
           gone("title report", "\x1b[21t", D::report),
           gone("icon report", "\x1b[20t", D::report),
           gone("title report, leading zeros", "\x1b[0021t", D::report),
           gone("title report, C1",
                "\xC2\x9B"
                "21t",
                D::report),
           gone("title report, raw C1",
                "\x9B"
                "21t",
                D::report),
           gone("window state", "\x1b[11t", D::report),
           gone("window position", "\x1b[13t", D::report),
           gone("how titles are reported", "\x1b[>2t", D::report),
           gone("answerback", "\x05", D::report),
           gone("DECRQSS", "\x1bP$qm\x1b\\", D::report),
           gone("DECRQSS, C1", "\xC2\x90$qm\xC2\x9C", D::report),
           gone("XTGETTCAP", "\x1bP+q544e\x1b\\", D::report),
           gone("checksum of the screen", "\x1b[1;1;1;1;10;10*y", D::report),
           gone("presentation state", "\x1b[1$w", D::report),
           gone("terminal state", "\x1b[1$u", D::report),
           gone("terminal parameters", "\x1b[x", D::report),
           gone("printer status", "\x1b[?15n", D::report),
           gone("identify", "\x1bZ", D::report),
           gone("locator", "\x1b[1;2'z", D::report),
           gone("device attributes with a number", "\x1b[1c", D::report),
           gone("kitty colours answer with the key", "\x1b]21;evil=?\x1b\\", D::report),
           gone("font query", "\x1b]50;?\x07", D::report),
           gone("font", "\x1b]50;x\x07", D::program),
           gone("iTerm2 report", "\x1b]1337;ReportVariable=dXNlci5mb28=\x07", D::report),
           gone("file, iTerm2", "\x1b]1337;File=name=eA==;inline=0:aGk=\x07", D::file_transfer),
           gone("file, iTerm2 in parts", "\x1b]1337;MultipartFile=name=eA==\x07", D::file_transfer),
           gone("upload, iTerm2", "\x1b]1337;RequestUpload=format=tgz\x07", D::file_transfer),
           gone("file, kitty", "\x1b]5113;ac=send\x1b\\", D::file_transfer),
           gone("log file", "\x1b]46;/home/u/.bashrc\x07", D::file_transfer),
           gone("log mode", "\x1b[?46h", D::mode),
           gone("image from a file", "\x1b_Gt=f,a=T;L2V0Yy9wYXNzd2Q=\x1b\\", D::file_transfer),
           gone("image from a file that is removed", "\x1b_Ga=T,t=t;L3RtcC94\x1b\\", D::file_transfer),
           gone("image from shared memory", "\x1b_Ga=q,t=s;L3g=\x1b\\", D::file_transfer),
           gone("image, direct", "\x1b_Ga=T,f=100;aGk=\x1b\\", D::image),
           gone("sixel", "\x1bP0;1;q#0;2;0;0;0~-\x1b\\", D::image),
           gone("ReGIS", "\x1bPpS(E)\x1b\\", D::image),
           gone("notification", "\x1b]9;hello\x07", D::notification),
           gone("notification, rxvt", "\x1b]777;notify;t;b\x07", D::notification),
           gone("notification, kitty", "\x1b]99;i=1;hello\x1b\\", D::notification),
           gone("ConEmu runs a process", "\x1b]9;7;cmd\x07", D::unknown),
           gone("ConEmu, progress with more", "\x1b]9;4;1;50;7\x07", D::unknown),
           gone("directory", "\x1b]7;file:///tmp/evil\x07", D::directory),
           gone("shell mark", "\x1b]133;A\x07", D::shell_mark),
           gone("VS Code command line", "\x1b]633;E;rm -rf /\x07", D::shell_mark),
           gone("tmux passthrough, inner without escape", "\x1bPtmux;x\x1b\\", D::passthrough),
           gone("screen title", "\x1bkevil\x1b\\", D::passthrough),
           gone("printer", "\x1b[5i", D::printer),
           gone("printer, print screen", "\x1b[i", D::printer),
           gone("printer, private", "\x1b[?5i", D::printer),
           gone("iconify", "\x1b[2t", D::window),
           gone("move", "\x1b[3;0;0t", D::window),
           gone("resize", "\x1b[8;1;1t", D::window),
           gone("lines", "\x1b[48t", D::window),
           gone("columns", "\x1b[132$|", D::window),
           gone("someone else's title", "\x1b[23;0t", D::window),
           gone("function keys", "\x1bP0;1|17/6c730d\x1b\\", D::program),
           gone("soft font", "\x1bP1;1;1{ @x\x1b\\", D::program),
           gone("macro", "\x1bP1;0;0!zx\x1b\\", D::program),
           gone("run a macro", "\x1b[1*z", D::program),
           gone("Tektronix", "\x1b[?38h", D::mode),
           gone("132 columns", "\x1b[?3h", D::mode),
           gone("keyboard lock", "\x1b[2h", D::mode),
           gone("saved modes", "\x1b[?1049r", D::mode),
           gone("mouse highlighting", "\x1b[1;1;1;1;1T", D::mode),
           gone("leave UTF-8", "\x1b%@", D::encoding),
           gone("8-bit replies", "\x1b G", D::encoding),
           gone("conformance level", "\x1b[62;0\"p", D::encoding),
           gone("X property", "\x1b]3;X=y\x07", D::unknown),
           gone("Vim's terminal calls", "\x1b]51;[\"call\",\"F\",[]]\x07", D::unknown),
           gone("Sun title", "\x1b]lx\x1b\\", D::unknown),
           gone("SOS", "\x1bX\x1b\\", D::unknown),
           gone("PM", "\x1b^x\x1b\\", D::unknown),
           gone("APC", "\x1b_x\x1b\\", D::unknown),
           gone("memory lock", "\x1bl", D::unknown),
           gone("kitty keys are input", "\x1b[97;5u", D::unknown),
           gone("marker in the middle", "\x1b[1?25h", D::unknown),
           gone("parameter after intermediate", "\x1b[1 1q", D::unknown),
           gone("font as character set", "\x1b( @", D::unknown),
           gone("Linux palette", "\x1b]P1ff0000", D::unknown),
           gone("Linux palette reset", "\x1b]R", D::unknown),
           gone("colour with text", "\x1b]10;$(id)\x07", D::unknown),
           gone("palette number with text", "\x1b]4;x;?\x07", D::unknown),
           gone("palette number without colour", "\x1b]4;1\x07", D::unknown),
       }) {
    check(row);
  }
}

TEST(terminal_filter, sequences_are_rewritten) {
  using D = Dropped;
  for (const auto& row : std::vector<Row>{
           {.name = "C1 to seven bits",
            .in = "\xC2\x9B"
                  "1m\x9B"
                  "2m",
            .out = "\x1b[1m\x1b[2m"},
           {.name = "C1 index", .in = "\xC2\x84\x85\x8D", .out = "\033D\033E\x1bM"},
           {.name = "controls act inside a sequence", .in = "\x1b[1\n;2H", .out = "\n\x1b[1;2H"},
           {.name = "cancelled",
            .in = "\x1b[1\x18"
                  "A",
            .out = "A",
            .dropped = {D::unfinished}},
           {.name = "cut by ESC", .in = "\x1b]0;x\x1b[1m", .out = "\x1b[1m", .dropped = {D::unfinished}},
           {.name = "cut by a C1",
            .in = "\x1b]0;x\xC2\x9B"
                  "1m",
            .out = "\x1b[1m",
            .dropped = {D::unfinished}},
           {.name = "cut by a character", .in = "\x1b[1\xC3\xA9", .out = "\xC3\xA9", .dropped = {D::unfinished}},
           {.name = "cut by the end", .in = "a\x1b]52;c;", .out = "a", .dropped = {D::unfinished}},
           {.name = "lone terminator",
            .in = "a\x1b\\b\x9C"
                  "c",
            .out = "abc"},
           {.name = "8-bit string ends with its line",
            .in = "\x9Dtext\r\nmore",
            .out = "\r\nmore",
            .dropped = {D::unfinished}},
           {.name = "other string does not", .in = "\x1b]8;;htt\r\np://x\x07", .out = "\x1b]8;;http://x\x07"},
           {.name = "huge number", .in = "\x1b[99999999999b", .out = "\x1b[65535b"},
           {.name = "leading zeros", .in = "\x1b[001;0m", .out = "\x1b[1;0m"},
           {.name = "some modes", .in = "\x1b[?3;25;38l", .out = "\x1b[?25l", .dropped = {D::mode}},
           {.name = "text area with more", .in = "\x1b[14;2t", .out = "\x1b[14t"},
           {.name = "title is saved first",
            .in = "\x1b]0;hi\x07\x1b]2;ho\x1b\\",
            .out = "\x1b[22;0t\x1b]0;hi\x07\x1b]2;ho\x1b\\"},
           {.name = "title saved by the program",
            .in = "\x1b[22;2t\x1b]2;hi\x07\x1b[23;2t",
            .out = "\x1b[22;2t\x1b]2;hi\x07\x1b[23;2t"},
           {.name = "controls in a title",
            .in = "\x1b]2;a\x01\n\x7f"
                  "b\x07",
            .out = "\x1b[22;0t\x1b]2;ab\x07"},
           {.name = "long title",
            .in = "\x1b]2;" + std::string(300, 'x') + "\x07",
            .out = "\x1b[22;0t\x1b]2;" + std::string(253, 'x') + "...\x07"},
           {.name = "file link closes the one before",
            .in = "\x1b]8;;http://x\x07"
                  "a\x1b]8;;file:///x\x07"
                  "b",
            .out = "\x1b]8;;http://x\x07"
                   "a\x1b]8;;\x07"
                   "b",
            .dropped = {D::hyperlink}},
           {.name = "javascript link",
            .in = "\x1b]8;;JavaScript:x\x07",
            .out = "\x1b]8;;\x07",
            .dropped = {D::hyperlink}},
           {.name = "link without a scheme", .in = "\x1b]8;;x\x07", .out = "\x1b]8;;\x07", .dropped = {D::hyperlink}},
           {.name = "link with a space",
            .in = "\x1b]8;;http://x y\x07",
            .out = "\x1b]8;;\x07",
            .dropped = {D::hyperlink}},
           {.name = "link options", .in = "\x1b]8;id=$(x);http://x\x07", .out = "\x1b]8;;http://x\x07"},
           {.name = "tmux passthrough of a clipboard write",
            .in = "\x1bPtmux;\x1b\x1b]52;c;aGk=\x07\x1b\\",
            .out = "",
            .dropped = {D::unfinished, D::unfinished, D::clipboard}},
           {.name = "screen passthrough of a clipboard write",
            .in = "\x1bP\x1b]52;c;aGk=\x07\x1b\\",
            .out = "",
            .dropped = {D::unfinished, D::clipboard}},
           {.name = "clipboard in the middle of a sequence",
            .in = "\x1b[1\x1b]52;c;aGk=\x07m",
            .out = "m",
            .dropped = {D::unfinished, D::clipboard}},
           {.name = "nested introducers",
            .in = "\x1b]\x1b]\x1b]52;c;aGk=\x07",
            .out = "",
            .dropped = {D::unfinished, D::unfinished, D::clipboard}},
       }) {
    check(row);
  }
}

TEST(terminal_filter, options_permit_by_name) {
  const auto all_reports = allowing(Allow::notifications | Allow::reports);
  for (const auto& row : {
           kept("clipboard write", "\x1b]52;c;aGk=\x07", allowing(Allow::clipboard_write)),
           gone("but not read", "\x1b]52;c;?\x07", Dropped::clipboard, allowing(Allow::clipboard_write)),
           gone("nor what is not base64", "\x1b]52;c;$(x)\x07", Dropped::clipboard, allowing(Allow::clipboard_write)),
           kept("clipboard read", "\x1b]52;c;?\x07", allowing(Allow::clipboard_read)),
           gone("but not write", "\x1b]52;c;aGk=\x07", Dropped::clipboard, allowing(Allow::clipboard_read)),
           kept("notification", "\x1b]9;hello\x07", allowing(Allow::notifications)),
           kept("notification, rxvt", "\x1b]777;notify;a;b\x07", allowing(Allow::notifications)),
           gone("but no command to ConEmu", "\x1b]9;7;cmd\x07", Dropped::unknown, allowing(Allow::notifications)),
           gone("nor another extension of rxvt", "\x1b]777;x;a\x07", Dropped::notification,
                allowing(Allow::notifications)),
           gone("kitty's answer repeats ids", "\x1b]99;i=1;x\x1b\\", Dropped::notification,
                allowing(Allow::notifications)),
           kept("kitty's with reports", "\x1b]99;i=1;x\x1b\\", all_reports),
           kept("sixel", "\x1bP0;1q#0~-\x1b\\", allowing(Allow::images)),
           kept("kitty image", "\x1b_Ga=T,t=d,f=100;aGk=\x1b\\", allowing(Allow::images)),
           gone("kitty image from a file", "\x1b_Gt=d,t=f;aGk=\x1b\\", Dropped::file_transfer, allowing(Allow::images)),
           kept("iTerm2 image", "\x1b]1337;File=inline=1:aGk=\x07", allowing(Allow::images)),
           gone("iTerm2 file", "\x1b]1337;File=:aGk=\x07", Dropped::file_transfer, allowing(Allow::images)),
           kept("iTerm2 file permitted", "\x1b]1337;File=:aGk=\x07", allowing(Allow::file_transfer)),
           kept("file link", "\x1b]8;;file:///x\x07", allowing(Allow::file_links)),
           kept("directory", "\x1b]7;file:///x\x07", allowing(Allow::directory)),
           kept("shell mark", "\x1b]133;A\x07", allowing(Allow::shell_marks)),
           gone("VS Code's stay out", "\x1b]633;E;x\x07", Dropped::shell_mark, allowing(Allow::shell_marks)),
           kept("title report", "\x1b[21t", allowing(Allow::reports)),
           kept("DECRQSS", "\x1bP$q q\x1b\\", allowing(Allow::reports)),
           kept("XTGETTCAP", "\x1bP+q544e\x1b\\", allowing(Allow::reports)),
       }) {
    check(row);
  }
}

TEST(terminal_filter, eight_bit_terminals) {
  const FilterOptions latin{.encoding = Encoding::eight_bit};
  for (const auto& row : std::vector<Row>{
           kept("latin-1", "caf\xE9 \xA0\xFF", latin),
           // SECURITY: valid UTF-8, whose second byte such a terminal takes for OSC.
           {.name = "clipboard behind a letter",
            .in = "\xC3\x9D"
                  "52;c;aGk=\x07",
            .out = "\xC3",
            .dropped = {Dropped::clipboard},
            .options = latin},
           {.name = "CSI",
            .in = "\x9B"
                  "1m",
            .out = "\x1b[1m",
            .options = latin},
       }) {
    check(row);
  }
}

TEST(terminal_filter, bounded) {
  for (const std::string opening : {"\x1b]0;", "\x1b]52;c;", "\x1bP", "\x1b_", "\x1bX", "\x1bk"}) {
    SCOPED_TRACE(printable(opening));
    TerminalFilter filter({.string_limit = 64});
    std::string out;
    filter.feed(opening + std::string(1000, 'x'), out);
    filter.feed(std::string(1000, 'y') + "\x1b\\after", out);
    EXPECT_EQ(out, "after");
    EXPECT_EQ(filter.dropped(), counts({Dropped::oversize}));
  }
  EXPECT_EQ(filter_cut("\x1b[" + std::string(5000, '1') + "mx", {}), (Filtered{"x", counts({Dropped::oversize})}));
  EXPECT_EQ(filter_cut("\x1b" + std::string(5000, '(') + "Bx", {}), (Filtered{"x", counts({Dropped::unknown})}));
  // The limit itself is not over it.
  EXPECT_EQ(filter_cut("\x1b]8;;http://x\x07", {}, {.string_limit = 11}).out, "\x1b]8;;http://x\x07");
  EXPECT_EQ(filter_cut("\x1b]8;;http://xy\x07", {}, {.string_limit = 11}).out, "");
}

TEST(terminal_filter, restore_gives_back_what_was_changed) {
  const std::vector<std::pair<std::string, std::string>> rows = {
      {"plain text", ""},
      {"\x1b[?1049h\x1b[?1049l", ""},
      {"\x1b[?1049h", "\x1b[?1049l"},
      {"\x1b[?1049h\033c", ""},
      {"\x1b[?1000;1006;2004h", "\x1b[?1000l\x1b[?1006l\x1b[?2004l"},
      {"\x1b[?25l", "\x1b[?25h"},
      {"\x1b[?7l", "\x1b[?7h"},
      {"\x1b[?25l\x1b[?25h", ""},
      {"\x1b[?1048h", ""},
      {"\x1b[?2026h\x1b[?1h", "\x1b[?2026l\x1b[?1l"},
      {"\x1b[1;31m", "\x1b[0m"},
      {"\x1b[1m\x1b[0m", ""},
      {"\x1b[1m\x1b[m", ""},
      {"\x1b=", "\x1b>"},
      {"\x1b=\x1b>", ""},
      {"\x1b(0", "\x1b(B"},
      {"\x1b(0\x1b(B", ""},
      {"\x0e", "\x0f"},
      {"\x0e\x0f", ""},
      {"\x1b[>1u\x1b[>3u", "\x1b[<2u"},
      {"\x1b[>1u\x1b[<u", ""},
      {"\x1b[>1u\x1b[?1049h\x1b[>3u", "\x1b[<1u\x1b[?1049l\x1b[<1u"},
      {"\x1b[=1;1u", "\x1b[=0;1u"},
      {"\x1b[>4;2m", "\x1b[>4m"},
      {"\x1b[>4;2m\x1b[>4m", ""},
      {"\x1b[>4;2m\x1b[>m", ""},
      {"\x1b[>4;2m\x1b[>4;m", ""},  // as Vim writes it
      {"\x1b[34l", "\x1b[34h"},
      {"\x1b[34l\x1b[34h", ""},
      {"\x1b[1;10r", "\0337\x1b[r\0338"},
      {"\x1b[1;10r\x1b[r", ""},
      {"\x1b[?69h\x1b[5;10s", "\0337\x1b[r\x1b[?69l\0338"},
      {"\x1b[?6h", "\x1b[?6l\x1b[r\x1b[?69l\x1b[9999;1H"},
      {"\x1b[4h", "\x1b[4l"},
      {"\x1b[20h", "\x1b[20l"},
      {"\x1b[2h", ""},  // dropped, so nothing to put back
      {"\x1b[4 q", "\x1b[0 q"},
      {"\x1b[4 q\x1b[ q", ""},
      {"\x1b]8;;http://x\x07", "\x1b]8;;\x1b\\"},
      {"\x1b]8;;http://x\x07\x1b]8;;\x07", ""},
      {"\x1b]4;1;red\x07\x1b]11;red\x07", "\x1b]104\x1b\\\x1b]111\x1b\\"},
      {"\x1b]11;red\x07\x1b]111\x07", ""},
      {"\x1b]11;?\x07\x1b]4;1;?\x07", ""},
      {"\x1b]10;?;red\x07", "\x1b]111\x1b\\"},
      {"\x1b]9;4;1;50\x07", "\x1b]9;4;0\x1b\\"},
      {"\x1b]9;4;1;50\x07\x1b]9;4;0\x07", ""},
      {"\x1b]0;title\x07", "\x1b[23;0t"},
      {"\x1b[22;2t\x1b[22;1t\x1b]0;t\x07\x1b[23;2t\x1b[23;1t", ""},
      {"\x1b[3g", "\x1b[?5W"},
      {"\x1b#6", "\x1b#5"},
  };
  for (const auto& [in, wanted] : rows) {
    SCOPED_TRACE(printable(in));
    EXPECT_EQ(printable(restored_after(in)), printable(wanted));
    // What puts back is itself permitted, and leaves nothing to put back.
    const std::string passed = filter_cut(wanted, {}).out;
    const bool is_title = wanted.find("23;0t") != std::string::npos;  // only what was pushed may be popped
    EXPECT_EQ(printable(passed), is_title ? "" : printable(wanted));
    EXPECT_EQ(printable(restored_after(in + wanted)), "");
  }
}

TEST(terminal_filter, restore_is_bounded) {
  std::string hostile;
  for (int i = 0; i < 10000; ++i) hostile += "\x1b[>1u\x1b[22;0t\x1b]0;x\x07";
  EXPECT_LT(restored_after(hostile).size(), 256U);
}

TEST(terminal_filter, knows_when_the_terminal_may_type) {
  const std::vector<std::pair<std::string, bool>> rows = {
      {"plain\x1b[1mtext\x1b]0;x\x07", false},
      {"\x1b[6n", true},
      {"\x1b[c", true},
      {"\x1b]11;?\x07", true},
      {"\x1b[?1003h\x1b[?1003l", true},
      {"\x1b[?1004h", true},
      {"\x1b[?2004h", false},
      {"\x1b[21t", false},
      {"\x1b[?2026$p", true},
      {"\x05", false},
      {"\x1b]52;c;?\x07", false},
  };
  for (const auto& [in, wanted] : rows) {
    SCOPED_TRACE(printable(in));
    TerminalFilter filter;
    std::string out;
    filter.feed(in, out);
    EXPECT_EQ(filter.may_type(), wanted);
  }
}

// Pieces of sequences in random order: more hostile than random bytes.
TEST(terminal_filter, random_streams_hold_the_invariants) {
  const std::vector<std::string> pieces = {
      "\x1b",   "[",    "]",    "P",     "_",     "\\",       "\x07",  "52;c;aGk=", "0;t",  "8;;http://x", "8;;file:x",
      "?1049h", "1;2H", "21t",  "22;0t", "23;0t", "\xC2\x9D", "\x9D",  "\xC2\x9C",  "\x9B", "\x18",        "\xE2\x86",
      "\x92",   "\xC3", "\n",   "x",     "tmux;", "$qm",      "4;1;?", "\x0e",      ">1u",  "<u",          "Gt=f;eA==",
      "k",      "m",    "\x7f", " q",    "R",     "P1234567"};
  std::mt19937 random(7);
  for (int round = 0; round < 3000; ++round) {
    std::string in;
    const std::size_t length = random() % 24;
    for (std::size_t i = 0; i < length; ++i) in += pieces[random() % pieces.size()];
    SCOPED_TRACE(printable(in));
    const Filtered whole = filter_cut(in, {});
    ASSERT_EQ(filter_cut(in, every_byte(in)), whole);
    ASSERT_EQ(filter_cut(whole.out, {}).out, whole.out);
    ASSERT_TRUE(is_valid_utf8(whole.out));
    for (const std::string banned :
         {"\x1b]52", "\x1bP", "\x1b_", "\x1bk", "\xC2\x9D", "\xC2\x9B", "\x1b[21t", "\x18"}) {
      ASSERT_EQ(whole.out.find(banned), std::string::npos) << printable(banned);
    }
  }
}

TEST(terminal_encoding, from_locale) {
  for (const auto* const locale : {"", "C", "POSIX", "C.UTF-8", "en_GB.utf8", "de_DE.UTF-8@euro", "de_DE"}) {
    EXPECT_EQ(terminal_encoding(locale), Encoding::utf8) << locale;
  }
  for (const auto* const locale : {"de_DE.ISO-8859-1", "ru_RU.KOI8-R", "de_DE.ISO-8859-15@euro", "ja_JP.eucJP"}) {
    EXPECT_EQ(terminal_encoding(locale), Encoding::eight_bit) << locale;
  }
}

TEST(dropped, every_kind_has_its_name) {
  std::vector<std::string_view> seen;
  for (std::size_t i = 0; i < kDroppedKinds; ++i) {
    const auto text = name(static_cast<Dropped>(i));
    EXPECT_FALSE(text.empty());
    EXPECT_EQ(std::count(seen.begin(), seen.end(), text), 0) << text;
    seen.push_back(text);
  }
  EXPECT_EQ(static_cast<std::size_t>(Dropped::oversize) + 1, kDroppedKinds);
}

}  // namespace
}  // namespace bailiwick
