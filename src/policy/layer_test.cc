#include "policy/layer.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "base/text.h"
#include "policy/effective.h"
#include "policy/layer_values.h"

namespace bailiwick {
namespace {

using enum LayerKind;

Result<Layer> read(std::string_view text, LayerKind kind) {
  TRY_ASSIGN(const Node root, parse_toml(text, "t"));
  return read_layer(root, kind, "t");
}

std::string answer(std::string_view text, LayerKind kind) {
  const auto layer = read(text, kind);
  return layer ? "accepted" : layer.error().what;
}

struct Row {
  std::string_view text;
  std::string_view wanted;
  LayerKind kind = system;
};
// Each text stands below `schema = 1`: its first line is line 2.
void check(const std::vector<Row>& rows) {
  for (const Row& row : rows)
    EXPECT_EQ(answer(fmt::format("schema = 1\n{}\n", row.text), row.kind), row.wanted)
        << row.text << "\n(" << name_of(row.kind) << ")";
}

TEST(Layer, RefusesOtherVersions) {
  for (const auto& [text, wanted] : std::vector<std::pair<std::string_view, std::string_view>>{
           {"", "t: there is no `schema`: begin the file with `schema = 1`"},
           {"name = \"x\"", "t: there is no `schema`: begin the file with `schema = 1`"},
           {"schema = 2", "t:1:10: `schema` must be 1: this program reads no other version"},
           {"schema = 0", "t:1:10: `schema` must be 1: this program reads no other version"},
           {"schema = \"1\"", "t:1:10: `schema` must be 1: this program reads no other version"},
           {"schema = 1.0", "t:1:10: `schema` must be 1: this program reads no other version"},
           // before anything else, so that a file for a later version is not picked apart
           {"later = true\nschema = 2", "t:2:10: `schema` must be 1: this program reads no other version"},
       })
    EXPECT_EQ(answer(text, system), wanted);
  Node list{.kind = NodeKind::array};
  EXPECT_EQ(read_layer(list, system, "t").error().what, "t: a policy is a table");
}

TEST(Layer, RefusesUnknownKeys) {
  check({
      {"nmae = \"x\"", "t:2:1: unknown key `nmae`: did you mean `name`?"},
      {"revison = 3", "t:2:1: unknown key `revison`: did you mean `revision`?"},
      {"something = 3", "t:2:1: unknown key `something`"},
      {"[sandbx]\nmodes = []", "t:2:2: unknown key `sandbx`: did you mean `sandbox`?"},
      {"[sandbox]\nmode = [\"read-only\"]", "t:3:1: unknown key `sandbox.mode`: did you mean `modes`?"},
      {"[sandbox]\n  deny-read = []", "t:3:3: unknown key `sandbox.deny-read`: did you mean `deny_read`?"},
      {"[commands]\naskfrom = \"high\"", "t:3:1: unknown key `commands.askfrom`: did you mean `ask_from`?"},
      {"[network]\nhost = {}", "t:3:1: unknown key `network.host`: did you mean `hosts`?"},
      {"[approvals]\nscope = []", "t:3:1: unknown key `approvals.scope`: did you mean `scopes`?"},
      {"[defaults.sandbox]\nmodes = []", "t:3:1: unknown key `defaults.sandbox.modes`: did you mean `mode`?"},
      {"[defaults]\nmode = \"off\"", "t:3:1: unknown key `defaults.mode`"},
      {"[defaults.limits]\nmemory = \"1G\"", "t:2:11: unknown key `defaults.limits`"},
      {"[limits]\npids = 3", "t:3:1: unknown key `limits.pids`"},
      {"[limits.memory]\nx = 3", "t:2:1: `limits.memory` is a table, and must be a size such as \"512M\", above 0"},
      {"[[command]]\nprefix = [\"x\"]\ndecison = \"ask\"",
       "t:4:1: unknown key `decison` in [[command]]: did you mean `decision`?"},
      {"[[command]]\nprefix = [\"x\"]\nwhen = \"always\"\ndecision = \"ask\"",
       "t:4:1: unknown key `when` in [[command]]"},
      {"[network.hosts]\n\"x.org\" = { decision = \"ask\", port = [1] }",
       "t:3:31: unknown key `port` in a host's table: did you mean `ports`?"},
      {"[network.hosts]\n\"x.org\" = { decison = \"ask\" }",
       "t:3:13: unknown key `decison` in a host's table: did you mean `decision`?"},
      {"[mcp.servers.docs]\ndecision = \"ask\"\nuri = \"x\"",
       "t:4:1: unknown key `uri` in an MCP server's table: did you mean `url`?"},
      // one way to say a thing
      {"\"sandbox.modes\" = [\"read-only\"]",
       "t:2:1: unknown key `sandbox.modes`: a key in quotes holds a dot, write it without quotes"},
      {"\"defaults.sandbox\" = { mode = \"read-only\" }",
       "t:2:1: unknown key `defaults.sandbox`: a key in quotes holds a dot, write it without quotes"},
      {"[network]\n\"hosts.x\" = 1",
       "t:3:1: unknown key `hosts.x`: a key in quotes holds a dot, write it without quotes"},
      {"\"a\xC2\x9B[31m\" = 1", "t:2:1: unknown key `a\\xc2\\x9b[31m`"},
      {"sandbox = 3", "t:2:11: `sandbox` is a whole number, and must be a table: write `[sandbox]`"},
      {"[[sandbox]]\nmodes = []", "t:2:1: `sandbox` is an array, and must be a table: write `[sandbox]`"},
      {"[defaults]\nsandbox = \"read-only\"",
       "t:3:11: `defaults.sandbox` is a string, and must be a table: write `[defaults.sandbox]`"},
  });
}

TEST(Layer, RefusesWrongTypesAndValues) {
  const std::string at_most = std::string(16 * 1024, 'a');
  const std::string too_long = at_most + "a";
  check({{"name = \"" + at_most + "\"", "accepted"},
         {"name = \"" + too_long + "\"", "t:2:8: `name` is longer than 16 KiB"}});
  check({
      {"name = 3", "t:2:8: `name` is a whole number, and must be a string"},
      {"name = \"\"", "t:2:8: `name` is empty"},
      {"revision = \"3\"", "t:2:12: `revision` is a string, and must be a whole number"},
      {"revision = -1", "t:2:12: `revision` must not be below 0"},
      {"revision = 1.5", "t:2:12: `revision` is a number with a fraction, and must be a whole number"},
      // choices
      {"[sandbox]\nmodes = \"read-only\"", "t:3:9: `sandbox.modes` is a string, and must be a list of strings"},
      {"[sandbox]\nmodes = []", "t:3:9: `sandbox.modes` is empty: nothing could be chosen"},
      {"[sandbox]\nmodes = [\"read-only\", \"write\"]",
       "t:3:23: `sandbox.modes`: \"write\" is none of read-only, workspace-write, full-access"},
      {"[sandbox]\nmodes = [\"read-only\", \"read-only\"]", "t:3:23: `sandbox.modes` names \"read-only\" twice"},
      {"[sandbox]\nmodes = [3]", "t:3:10: `sandbox.modes` is a whole number, and must be a list of strings"},
      {"[sandbox]\nbackends = [\"auto\"]", "t:3:13: `sandbox.backends`: \"auto\" is none of namespaces, landlock"},
      {"[network]\nmodes = [\"on\"]", "t:3:10: `network.modes`: \"on\" is none of off, managed, host"},
      // choice
      {"[telemetry]\nsync = \"often\"", "t:3:8: `telemetry.sync` is \"often\", and must be one of group, each"},
      {"[telemetry]\nsync = true", "t:3:8: `telemetry.sync` is true or false, and must be a string"},
      {"[commands]\nenforce = \"no\"", "t:3:11: `commands.enforce` is \"no\", and must be one of yes, observe"},
      {"[defaults.network]\nmode = \"full\"",
       "t:3:8: `defaults.network.mode` is \"full\", and must be one of off, managed, host"},
      // boolean
      {"[commands]\nclosed = \"true\"", "t:3:10: `commands.closed` is a string, and must be true or false"},
      {"[network]\nclosed = 1", "t:3:10: `network.closed` is a whole number, and must be true or false"},
      // count, number
      {"[limits]\nprocesses = \"many\"", "t:3:13: `limits.processes` is a string, and must be a whole number"},
      {"[limits]\nprocesses = -5", "t:3:13: `limits.processes` must not be below 0"},
      {"[limits]\ncpus = 0", "t:3:8: `limits.cpus` must be a number above 0, at most 1000000"},
      {"[limits]\ncpus = -1.5", "t:3:8: `limits.cpus` must be a number above 0, at most 1000000"},
      {"[limits]\ncpus = 2e6", "t:3:8: `limits.cpus` must be a number above 0, at most 1000000"},
      {"[limits]\ncpus = \"two\"", "t:3:8: `limits.cpus` must be a number above 0, at most 1000000"},
      {"[limits]\ncpus = []", "t:3:8: `limits.cpus` is an array, and must be a number above 0"},
      // size
      {"[limits]\nmemory = 0",
       "t:3:10: `limits.memory` is a whole number, and must be a size such as \"512M\", above 0"},
      {"[limits]\nmemory = -1",
       "t:3:10: `limits.memory` is a whole number, and must be a size such as \"512M\", above 0"},
      {"[limits]\nmemory = \"0M\"", "t:3:10: `limits.memory`: `0M` is no size above 0: write \"512M\", \"8G\""},
      {"[limits]\nmemory = \"lots\"", "t:3:10: `limits.memory`: `lots` is no size above 0: write \"512M\", \"8G\""},
      {"[limits]\nmemory = \"8 G\"", "t:3:10: `limits.memory`: `8 G` is no size above 0: write \"512M\", \"8G\""},
      {"[limits]\nmemory = \"9999999T\"",
       "t:3:10: `limits.memory`: `9999999T` is no size above 0: write \"512M\", \"8G\""},
      {"[limits]\nmemory = 1.5",
       "t:3:10: `limits.memory` is a number with a fraction, and must be a size such as \"512M\", above 0"},
      // duration
      {"[approvals]\ntimeout = 600",
       "t:3:11: `approvals.timeout` is a whole number, and must be a duration such as \"10m\""},
      {"[approvals]\ntimeout = \"10\"",
       "t:3:11: `approvals.timeout`: `10` is no duration: write \"90s\", \"10m\", \"2h\", \"30d\""},
      {"[approvals]\ntimeout = \"0s\"",
       "t:3:11: `approvals.timeout`: `0s` is no duration: write \"90s\", \"10m\", \"2h\", \"30d\""},
      {"[approvals]\ntimeout = \"10 m\"",
       "t:3:11: `approvals.timeout`: `10 m` is no duration: write \"90s\", \"10m\", \"2h\", \"30d\""},
      {"[approvals]\ntimeout = \"1h30m\"",
       "t:3:11: `approvals.timeout`: `1h30m` is no duration: write \"90s\", \"10m\", \"2h\", \"30d\""},
      {"[approvals]\ntimeout = \"-5m\"",
       "t:3:11: `approvals.timeout`: `-5m` is no duration: write \"90s\", \"10m\", \"2h\", \"30d\""},
      {"[telemetry]\nretention = \"9000000d\"",
       "t:3:13: `telemetry.retention`: `9000000d` is no duration: write \"90s\", \"10m\", \"2h\", \"30d\""},
      {"[approvals]\ntimeout = \"\"",
       "t:3:11: `approvals.timeout`: `` is no duration: write \"90s\", \"10m\", \"2h\", \"30d\""},
      // words
      {"[sandbox]\nenvironment = \"A\"", "t:3:15: `sandbox.environment` is a string, and must be a list of strings"},
      {"[sandbox]\nenvironment = [\"\"]", "t:3:16: `sandbox.environment` holds an empty string"},
      {"[sandbox]\nenvironment = [\"A=B\"]", "t:3:16: `sandbox.environment`: `A=B` is no name of a variable"},
      {"[sandbox]\nenvironment = [\"A\", \"1A\"]", "t:3:21: `sandbox.environment`: `1A` is no name of a variable"},
      {"[telemetry]\nendpoints = [\"otel:4318\"]",
       "t:3:14: `telemetry.endpoints`: `otel:4318` is no http:// or https:// address"},
      {"[agents]\nallowed = [3]", "t:3:12: `agents.allowed` is a whole number, and must be a list of strings"},
      // paths
      {"[sandbox]\nread = [\"tools\"]", "t:3:9: `sandbox.read`: `tools` must be absolute or start with ~/"},
      {"[sandbox]\nread = [\"./tools\"]", "t:3:9: `sandbox.read`: `./tools` must be absolute or start with ~/"},
      {"[sandbox]\nread = [\"~ada/tools\"]", "t:3:9: `sandbox.read`: `~ada/tools` must be absolute or start with ~/"},
      {"[sandbox]\nread = [\"$HOME/x\"]", "t:3:9: `sandbox.read`: `$HOME/x` must be absolute or start with ~/"},
      {"[sandbox]\nwrite = [\"/opt/../etc\"]", "t:3:10: `sandbox.write`: `/opt/../etc` must not hold `.` or `..`"},
      {"[sandbox]\nwrite = [\"~/..\"]", "t:3:10: `sandbox.write`: `~/..` must not hold `.` or `..`"},
      {"[sandbox]\nwrite = [\"/opt/./x\"]", "t:3:10: `sandbox.write`: `/opt/./x` must not hold `.` or `..`"},
      {"[sandbox]\nread = [\"/opt/*\"]", "t:3:9: `sandbox.read`: `/opt/*` is a pattern: this list takes paths only"},
      {"[sandbox]\nsockets = [\"/run/x?\"]",
       "t:3:12: `sandbox.sockets`: `/run/x?` is a pattern: this list takes paths only"},
      {"[sandbox]\nread = [\"/opt/[ab]\"]",
       "t:3:9: `sandbox.read`: `/opt/[ab]` is a pattern: this list takes paths only"},
      {"[sandbox]\nread = \"/opt\"", "t:3:8: `sandbox.read` is a string, and must be a list of strings"},
      // decision, risk
      {"[commands]\ndefault = \"maybe\"", "t:3:11: `commands.default` must be \"allow\", \"ask\" or \"deny\""},
      {"[commands]\ndefault = true", "t:3:11: `commands.default` must be \"allow\", \"ask\" or \"deny\""},
      {"[network]\nprivate = \"Deny\"", "t:3:11: `network.private` must be \"allow\", \"ask\" or \"deny\""},
      {"[commands]\nask_from = \"huge\"",
       "t:3:12: `commands.ask_from` must be \"low\", \"medium\", \"high\" or \"critical\""},
      {"[auto_review]\nceiling = 2",
       "t:3:11: `auto_review.ceiling` must be \"low\", \"medium\", \"high\" or \"critical\""},
  });
  // globs: the reason is the glob's own
  for (const std::string_view glob : {"a/../b", "a**b", "[z-a]", "{a", "[a"})
    EXPECT_TRUE(answer(fmt::format("schema = 1\n[sandbox]\ndeny_read = ['{}']", glob), system)
                    .starts_with("t:3:14: `sandbox.deny_read`: "))
        << glob;
  EXPECT_EQ(answer("schema = 1\n[sandbox]\ndeny_read = [\"\"]", system),
            "t:3:14: `sandbox.deny_read` holds an empty string");
}

TEST(Layer, RefusesCommandRules) {
  check({
      {"command = 3", "t:2:11: rules about commands are a list: write `[[command]]` above each"},
      {"[command]\nprefix = [\"x\"]", "t:2:1: rules about commands are a list: write `[[command]]` above each"},
      {"command = [3]", "t:2:12: a command rule is a table: write `[[command]]` above it"},
      {"[[command]]\ndecision = \"ask\"",
       "t:2:1: this command rule has neither `prefix` nor `sha256`: it would match nothing"},
      {"[[command]]\nprefix = [\"x\"]", "t:2:1: this command rule has no `decision`: allow, ask or deny"},
      {"[[command]]\nprefix = [\"x\"]\ndecision = \"warn\"",
       "t:4:12: `decision` is \"warn\", and must be \"allow\", \"ask\" or \"deny\""},
      {"[[command]]\nprefix = [\"x\"]\ndecision = false",
       "t:4:12: `decision` is true or false, and must be \"allow\", \"ask\" or \"deny\""},
      {"[[command]]\nprefix = \"x\"\ndecision = \"ask\"",
       "t:3:10: `prefix` is a string, and must be a list of words, or of lists of words"},
      {"[[command]]\nprefix = []\ndecision = \"ask\"", "t:3:10: `prefix` is empty: it would match every command"},
      {"[[command]]\nprefix = [\"x\", []]\ndecision = \"ask\"",
       "t:3:16: a place of `prefix` is an empty list: it would match nothing"},
      {"[[command]]\nprefix = [\"\"]\ndecision = \"ask\"", "t:3:11: `prefix` holds an empty word"},
      {"[[command]]\nprefix = [\"x\", [\"\"]]\ndecision = \"ask\"", "t:3:17: `prefix` holds an empty string"},
      {"[[command]]\nprefix = [3]\ndecision = \"ask\"", "t:3:11: `prefix` is a whole number, and must be a string"},
      {"[[command]]\nprefix = [\"x\", [[\"y\"]]]\ndecision = \"ask\"",
       "t:3:17: `prefix` is an array, and must be a list of strings"},
      {"[[command]]\nprefix = [\"x\", [\"a\", \"b\", \"a\"]]\ndecision = \"ask\"",
       "t:3:16: a place of `prefix` names \"a\" twice"},
      {"[[command]]\nprefix = [\"bin/x\"]\ndecision = \"ask\"",
       "t:3:10: `prefix`: the program `bin/x` must be a name or an absolute path"},
      {"[[command]]\nprefix = [\"./x\"]\ndecision = \"ask\"",
       "t:3:10: `prefix`: the program `./x` must be a name or an absolute path"},
      {"[[command]]\nprefix = [\"/opt/../bin/x\"]\ndecision = \"deny\"",
       "t:3:10: `prefix`: the path `/opt/../bin/x` must not hold `.`, `..` or `//`, nor end with `/`"},
      {"[[command]]\nprefix = [\"/usr//bin/x\"]\ndecision = \"deny\"",
       "t:3:10: `prefix`: the path `/usr//bin/x` must not hold `.`, `..` or `//`, nor end with `/`"},
      {"[[command]]\nprefix = [\"/usr/bin/\"]\ndecision = \"deny\"",
       "t:3:10: `prefix`: the path `/usr/bin/` must not hold `.`, `..` or `//`, nor end with `/`"},
      {"[[command]]\nprefix = [\"x\"]\nwith = []\ndecision = \"ask\"",
       "t:4:8: `with` is empty: leave it out, or name a word"},
      {"[[command]]\nprefix = [\"x\"]\nwith = \"-f\"\ndecision = \"ask\"",
       "t:4:8: `with` is a string, and must be a list of strings"},
      {"[[command]]\nsha256 = []\ndecision = \"deny\"", "t:3:10: `sha256` is empty: leave it out, or name a digest"},
      {"[[command]]\nsha256 = [\"abc\"]\ndecision = \"deny\"",
       "t:3:11: `sha256`: a digest is 64 hexadecimal digits, as sha256sum prints them"},
      {"[[command]]\nsha256 = [\"zf86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08\"]\ndecision = "
       "\"deny\"",
       "t:3:11: `sha256`: a digest is 64 hexadecimal digits, as sha256sum prints them"},
      {"[[command]]\nsha256 = [\"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08\"]\ndecision = "
       "\"allow\"",
       "t:3:10: `sha256` is for `deny` and `ask`: an `allow` holds for the trusted file of that name"},
      {"[[command]]\nprefix = [\"x\"]\ndecision = \"ask\"\nreason = 3",
       "t:5:10: `reason` is a whole number, and must be a string"},
      {"[[command]]\nprefix = [\"x\"]\ndecision = \"ask\"\nmatch = \"x\"",
       "t:5:9: `match` is a string, and must be a list of strings"},
      {"[[command]]\nprefix = [\"x\"]\ndecision = \"ask\"\nnot_match = [\"y\", 3]",
       "t:5:19: `not_match` is a whole number, and must be a list of strings"},
  });
  // a thousand spellings of one rule, and one more
  const auto spelled = [](int words) {
    std::string list;
    for (int i = 0; i < words; ++i) list += fmt::format("{}\"w{}\"", i == 0 ? "" : ", ", i);
    return fmt::format("schema = 1\n[[command]]\ndecision = \"ask\"\nprefix = [[{}],\n[{}],\n[{}]]\n", list, list,
                       list);
  };
  EXPECT_EQ(answer(spelled(10), system), "accepted");
  EXPECT_EQ(answer(spelled(11), system), "t:6:1: `prefix` has more than 1000 spellings: split the rule");
  std::string bomb = "schema = 1\n[[command]]\ndecision = \"ask\"\nprefix = [";
  for (int i = 0; i < 64; ++i) bomb += "[\"a\", \"b\"], ";
  EXPECT_TRUE(answer(bomb + "]\n", system).ends_with("`prefix` has more than 1000 spellings: split the rule"));
}

TEST(Layer, RefusesHostRules) {
  check({
      {"[network]\nhosts = [\"x.org\"]",
       "t:3:9: hosts are a table: write `[network.hosts]`, then `\"github.com\" = \"allow\"`"},
      {"[network.hosts]\n\"x.org\" = \"open\"",
       "t:3:11: `x.org` is \"open\", and must be \"allow\", \"ask\" or \"deny\""},
      {"[network.hosts]\n\"x.org\" = true",
       "t:3:11: `x.org` is true or false, and must be a decision, or a table with one"},
      {"[network.hosts]\nx.org = \"allow\"",
       "t:3:3: unknown key `org` in a host's table: write a host with dots in quotes, as in \"github.com\""},
      {"[network.hosts]\n\"x.org\" = {}", "t:3:11: the rule of `x.org` has no `decision`"},
      {"[network.hosts]\n\"\" = \"deny\"", "t:3:1: the host name is empty"},
      {"[network.hosts]\n\"https://x.org\" = \"deny\"",
       "t:3:1: `https://x.org` is no address block: write it as 10.0.0.0/8 or fd00::/8"},
      {"[network.hosts]\n\"x.org:443\" = \"deny\"",
       "t:3:1: `x.org:443` is no host name: write the name alone, without scheme, path or port, and other scripts as "
       "xn--"},
      {"[network.hosts]\n\"x.**.org\" = \"deny\"",
       "t:3:1: `x.**.org`: `**` stands only at the beginning, as in `**.example.org`"},
      {"[network.hosts]\n\"*.\" = \"deny\"", "t:3:1: `*.`: write `*` for every host"},
      {"[network.hosts]\n\"127.1\" = \"deny\"",
       "t:3:1: `127.1` is an address in a form that programs read differently: write four decimal numbers"},
      {"[network.hosts]\n\"10.0.0.1/8\" = \"deny\"",
       "t:3:1: `10.0.0.1/8` is no address block: bits after the block's length are set"},
      {"[network.hosts]\n\"10.0.0.0/40\" = \"deny\"",
       "t:3:1: `10.0.0.0/40` is no address block: the number after `/` is out of range"},
      {"[network.hosts]\n\"x.org\" = \"deny\"\n\"X.org\" = \"allow\"",
       "t:4:1: the host `x.org` stands here twice (first in line 3): remove one"},
      {"[network.hosts]\n\"x.org\" = \"deny\"\n\"x.org.\" = { decision = \"allow\" }",
       "t:4:1: the host `x.org` stands here twice (first in line 3): remove one"},
      {"[network.hosts]\n\"x.org\" = { decision = \"allow\", ports = 443 }",
       "t:3:41: `ports` is a whole number, and must be a list of whole numbers"},
      {"[network.hosts]\n\"x.org\" = { decision = \"allow\", ports = [] }",
       "t:3:41: `ports` is empty: leave it out for every port"},
      {"[network.hosts]\n\"x.org\" = { decision = \"allow\", ports = [443, 0] }",
       "t:3:47: `ports` holds what is no port: a whole number from 1 to 65535"},
      {"[network.hosts]\n\"x.org\" = { decision = \"allow\", ports = [65536] }",
       "t:3:42: `ports` holds what is no port: a whole number from 1 to 65535"},
      {"[network.hosts]\n\"x.org\" = { decision = \"allow\", ports = [\"443\"] }",
       "t:3:42: `ports` holds what is no port: a whole number from 1 to 65535"},
      {"[network.hosts]\n\"x.org\" = { decision = \"allow\", methods = [] }",
       "t:3:43: `methods` is empty: leave it out for every method"},
      {"[network.hosts]\n\"x.org\" = { decision = \"allow\", methods = [\"GET /\"] }",
       "t:3:44: `methods`: `GET /` is no HTTP method"},
      {"[network.hosts]\n\"x.org\" = { decision = \"allow\", paths = [] }",
       "t:3:41: `paths` is empty: leave it out for every path"},
      {"[network.hosts]\n\"x.org\" = { decision = \"allow\", paths = [\"acme/\"] }",
       "t:3:42: `paths`: a path starts with `/`"},
      {"[network.hosts]\n\"x.org\" = { decision = \"allow\", addresses = [] }",
       "t:3:45: `addresses` is empty: leave it out for public addresses"},
      {"[network.hosts]\n\"x.org\" = { decision = \"allow\", addresses = [\"10.0.0.0/33\"] }",
       "t:3:46: `10.0.0.0/33` is no address block: the number after `/` is out of range"},
      {"[network.hosts]\n\"x.org\" = { decision = \"allow\", addresses = [\"010.0.0.1\"] }",
       "t:3:46: `010.0.0.1` is no address block: write it as 10.0.0.0/8 or fd00::/8"},
      {"[network.hosts]\n\"x.org\" = { decision = \"allow\", addresses = [\"db.acme.example\"] }",
       "t:3:46: `db.acme.example` is no address block: write it as 10.0.0.0/8 or fd00::/8"},
      {"[network.hosts]\n\"x.org\" = { decision = \"allow\", reason = [] }",
       "t:3:42: `reason` is an array, and must be a string"},
  });
}

TEST(Layer, RefusesServerRules) {
  check({
      {"[mcp]\nservers = \"docs\"", "t:3:11: servers are tables: write `[mcp.servers.NAME]`"},
      {"[mcp.servers]\ndocs = \"allow\"",
       "t:3:8: the rule of MCP server `docs` is a table: write `[mcp.servers.docs]`"},
      {"[mcp.servers.docs]", "t:2:14: the rule of MCP server `docs` says nothing"},
      {"[mcp.servers.docs]\nreason = \"x\"", "t:2:14: the rule of MCP server `docs` says nothing"},
      {"[mcp.servers.\"\"]\ndecision = \"deny\"", "t:2:14: an MCP server has no name here"},
      {"[mcp.servers.docs]\ndecision = \"yes\"",
       "t:3:12: `decision` is \"yes\", and must be \"allow\", \"ask\" or \"deny\""},
      {"[mcp.servers.docs]\ncommand = \"\"", "t:3:11: `command` is empty"},
      {"[mcp.servers.docs]\nurl = \"\"", "t:3:7: `url` is empty"},
      {"[mcp.servers.docs]\ncommand = [\"x\"]", "t:3:11: `command` is an array, and must be a string"},
      {"[mcp.servers.docs]\ncommand = \"/x\"\nurl = \"https://x\"",
       "t:2:14: an MCP server has `command` or `url`, not both"},
      {"[mcp.servers.docs]\ndecision = \"allow\"\narguments = [\"x\"]", "t:4:13: `arguments` needs `command`"},
      {"[mcp.servers.docs]\ncommand = \"/x\"\narguments = \"x\"",
       "t:4:13: `arguments` is a string, and must be a list of strings"},
      {"[mcp.servers.docs]\ntools = [\"x\"]", "t:3:9: `tools` is a table of names and decisions"},
      {"[mcp.servers.docs]\ntools = { x = \"no\" }",
       "t:3:15: `x` is \"no\", and must be \"allow\", \"ask\" or \"deny\""},
      {"[mcp.servers.docs]\ntools = { \"*_x\" = \"deny\" }",
       "t:3:11: `tools`: `*_x` is no name: a `*` may stand at its end only"},
      {"[mcp.servers.docs]\ntools = { \"a**\" = \"deny\" }",
       "t:3:11: `tools`: `a**` is no name: a `*` may stand at its end only"},
      {"[mcp.servers.docs]\ntools = { \"\" = \"deny\" }",
       "t:3:11: `tools`: `` is no name: a `*` may stand at its end only"},
      {"[mcp.servers.docs]\ntools = { \"a\xC2\x9B\" = 3 }",
       "t:3:18: `a\\xc2\\x9b` is a whole number, and must be \"allow\", \"ask\" or \"deny\""},
  });
}

TEST(Layer, KeepsLayersInTheirPlaces) {
  constexpr std::string_view kAdminOnly = "` may not be set here: only an admin layer (cloud, mdm, system) may";
  constexpr std::string_view kTighten = "` may not be set here: a project's file may only tighten";
  for (const std::string_view key : {"commands.closed = true", "network.closed = false", "mcp.closed = true",
                                     "commands.enforce = \"observe\"", "network.enforce = \"yes\""}) {
    const std::string path(key.substr(0, key.find(' ')));
    for (const LayerKind kind : {user, flag})
      EXPECT_EQ(answer(fmt::format("schema = 1\n{}", key), kind), fmt::format("t:2:{}: `{}{}",
                                                                              key.starts_with("commands")  ? 10
                                                                              : key.starts_with("network") ? 9
                                                                                                           : 5,
                                                                              path, kAdminOnly));
    EXPECT_TRUE(answer(fmt::format("schema = 1\n{}", key), project).ends_with(kTighten)) << key;
    for (const LayerKind kind : {cloud, mdm, system})
      EXPECT_EQ(answer(fmt::format("schema = 1\n{}", key), kind), "accepted") << key;
  }
  for (const std::string_view key : {"defaults.sandbox.mode = \"read-only\"", "defaults.network.default = \"deny\"",
                                     "telemetry.prompts = \"off\"", "telemetry.endpoints = []", "agents.allowed = []",
                                     "identity.workspaces = []", "auto_review.instructions = [\"allow everything\"]"}) {
    EXPECT_TRUE(answer(fmt::format("schema = 1\n{}", key), project).ends_with(kTighten)) << key;
    EXPECT_EQ(answer(fmt::format("schema = 1\n{}", key), user), "accepted") << key;
  }
}

TEST(Layer, AProjectAllowsNothing) {
  constexpr std::string_view kNot = "a project's file may only tighten: `allow` is not for it";
  for (const auto& [text, place] : std::vector<std::pair<std::string_view, std::string_view>>{
           {"[commands]\ndefault = \"allow\"", "t:3:11: "},
           {"[network]\ndefault = \"allow\"", "t:3:11: "},
           {"[network]\nprivate = \"allow\"", "t:3:11: "},
           {"[mcp]\ndefault = \"allow\"", "t:3:11: "},
           {"[[command]]\nprefix = [\"x\"]\ndecision = \"allow\"", "t:4:12: "},
           {"[network.hosts]\n\"x.org\" = \"allow\"", "t:3:11: "},
           {"[network.hosts]\n\"x.org\" = { decision = \"allow\" }", "t:3:24: "},
           {"[mcp.servers.x]\ndecision = \"allow\"", "t:3:12: "},
           {"[mcp.servers.x]\ntools = { a = \"deny\", b = \"allow\" }", "t:3:27: "},
       }) {
    const std::string whole = fmt::format("schema = 1\n{}", text);
    EXPECT_EQ(answer(whole, project), std::string(place) + std::string(kNot));
    for (const LayerKind kind : {user, flag, system}) EXPECT_EQ(answer(whole, kind), "accepted") << text;
  }
  check({
      {"[commands]\ndefault = \"ask\"\nask_from = \"low\"", "accepted", project},
      {"[network.hosts]\n\"x.org\" = \"deny\"", "accepted", project},
      {"[mcp.servers.x]\ntools = { a = \"deny\", b = \"ask\" }", "accepted", project},
      {"[sandbox]\nread = []\nwrite = [\"~/x\"]\ndeny_read = [\"*.pem\"]", "accepted", project},
      {"[limits]\nmemory = \"1G\"", "accepted", project},
  });
}

// A list that leaves the strictest choice out would start the session in a looser one.
TEST(Layer, AProjectKeepsTheStricterChoices) {
  const auto refused = [](std::string_view key, std::string_view looser, std::string_view stricter,
                          std::string_view column) {
    return fmt::format("t:3:{}: a project's file may only tighten: `{}` with \"{}\" must name \"{}\", too", column, key,
                       looser, stricter);
  };
  for (const auto& [text, wanted] : std::vector<std::pair<std::string_view, std::string>>{
           {"[sandbox]\nmodes = [\"full-access\"]", refused("sandbox.modes", "full-access", "read-only", "9")},
           {"[sandbox]\nmodes = [\"workspace-write\", \"full-access\"]",
            refused("sandbox.modes", "workspace-write", "read-only", "9")},
           {"[sandbox]\nmodes = [\"read-only\", \"full-access\"]",
            refused("sandbox.modes", "full-access", "workspace-write", "9")},
           {"[sandbox]\nbackends = [\"landlock\"]", refused("sandbox.backends", "landlock", "namespaces", "12")},
           {"[network]\nmodes = [\"host\"]", refused("network.modes", "host", "off", "9")},
           {"[network]\nmodes = [\"managed\"]", refused("network.modes", "managed", "off", "9")},
           {"[approvals]\nreviewers = [\"auto\"]", refused("approvals.reviewers", "auto", "person", "13")},
           {"[approvals]\nscopes = [\"user\"]", refused("approvals.scopes", "user", "once", "10")},
           {"[sandbox]\nmodes = [\"read-only\"]", "accepted"},
           {"[sandbox]\nmodes = [\"workspace-write\", \"read-only\"]", "accepted"},
           {"[network]\nmodes = [\"off\"]", "accepted"},
           {"[approvals]\nreviewers = [\"person\"]\nscopes = [\"once\", \"session\"]", "accepted"},
       }) {
    EXPECT_EQ(answer(fmt::format("schema = 1\n{}", text), project), wanted) << text;
    EXPECT_EQ(answer(fmt::format("schema = 1\n{}", text), user), "accepted") << text;
  }
}

// The built-in value gives way to a user's, and not to a project's larger one.
TEST(Layer, AProjectRaisesNothing) {
  const auto ceiling = [](std::string_view of_user, std::string_view of_project) {
    std::vector<Layer> layers;
    for (const auto& [kind, risk] : {std::pair{user, of_user}, {project, of_project}}) {
      if (risk.empty()) continue;
      auto layer = read(fmt::format("schema = 1\nauto_review.ceiling = \"{}\"", risk), kind);
      EXPECT_TRUE(layer) << layer.error().message();
      if (layer) layers.push_back(*std::move(layer));
    }
    const auto policy = combine(std::move(layers), "/home/ada");
    EXPECT_TRUE(policy) << policy.error().message();
    if (!policy) return std::string();
    const EffectiveSetting* setting = (*policy)->find("auto_review.ceiling");
    return setting == nullptr ? std::string() : format_value(*setting->key, setting->value);
  };
  EXPECT_EQ(ceiling("", ""), "\"medium\"");
  EXPECT_EQ(ceiling("critical", ""), "\"critical\"");
  EXPECT_EQ(ceiling("", "critical"), "\"medium\"");
  EXPECT_EQ(ceiling("", "low"), "\"low\"");
  EXPECT_EQ(ceiling("high", "critical"), "\"high\"");
  EXPECT_EQ(ceiling("high", "low"), "\"low\"");
}

TEST(Layer, ReadsWhatStandsThere) {
  const auto layer = read(R"(schema = 1
revision = 42
name = "acme"
[limits]
memory = "1.5G"
data = 4096
cpus = 2
[sandbox]
modes = ["workspace-write", "read-only"]
read = ["~/.cargo/", "/opt//tools", "/", "~"]
[approvals]
timeout = "2h"
[commands]
ask_from = "critical"
default = "deny"
[[command]]
prefix = [["tofu", "terraform"], "apply"]
with = ["-f"]
decision = "deny"
reason = "no"
match = ["terraform apply -f"]
[[command]]
sha256 = ["9F86D081884C7D659A2FEAA0C55AD015A3BF4F1B2B0B822CD15D6C15B0F00A08"]
decision = "ask"
[network.hosts]
"**.Acme.Example." = { decision = "allow", ports = [443], methods = ["get"], paths = ["/a"], addresses = ["10.0.0.0/8"] }
[mcp.servers."*"]
decision = "ask"
)",
                          system);
  ASSERT_TRUE(layer) << layer.error().message();
  EXPECT_EQ(layer->name, "acme");
  EXPECT_EQ(layer->revision, 42);
  const auto value = [&](std::string_view path) {
    const Setting* setting = layer->find(path);
    return setting == nullptr ? SettingValue() : setting->value;
  };
  EXPECT_EQ(value("limits.memory"), SettingValue(std::int64_t{3} << 29));
  EXPECT_EQ(value("limits.data"), SettingValue(std::int64_t{4096}));
  EXPECT_EQ(value("limits.cpus"), SettingValue(2.0));
  EXPECT_EQ(value("sandbox.modes"), SettingValue(std::vector<std::string>{"read-only", "workspace-write"}));
  EXPECT_EQ(value("sandbox.read"), SettingValue(std::vector<std::string>{"~/.cargo", "/opt/tools", "/", "~"}));
  EXPECT_EQ(value("approvals.timeout"), SettingValue(std::int64_t{7200}));
  EXPECT_EQ(value("commands.default"), SettingValue(static_cast<std::int64_t>(Decision::deny)));
  EXPECT_EQ(value("commands.ask_from"), SettingValue(static_cast<std::int64_t>(Risk::critical)));
  EXPECT_EQ(value("sandbox.write"), SettingValue());
  EXPECT_EQ(layer->find("commands.ask_from")->place, (Place{14, 12}));
  // by the table, whatever the file's order
  for (std::size_t i = 1; i < layer->settings.size(); ++i)
    EXPECT_LT(layer->settings[i - 1].key, layer->settings[i].key);
  ASSERT_EQ(layer->commands.size(), 2U);
  EXPECT_EQ(format_prefix(layer->commands[0]), "terraform|tofu apply .. -f");
  EXPECT_EQ(format_prefix(layer->commands[1]), "sha256 9f86d081884c");
  EXPECT_EQ(layer->commands[0].match, (std::vector<Example>{{"terraform apply -f", {21, 10}}}));
  ASSERT_EQ(layer->hosts.size(), 1U);
  const HostRule host{.pattern = "**.acme.example",
                      .decision = Decision::allow,
                      .ports = {443},
                      .methods = {"GET"},
                      .paths = {"/a"},
                      .addresses = {"10.0.0.0/8"},
                      .reason = {},
                      .place = {26, 1}};
  EXPECT_EQ(layer->hosts[0], host);
  ASSERT_EQ(layer->servers.size(), 1U);
  EXPECT_EQ(layer->servers[0].name, "*");
  EXPECT_EQ(layer->servers[0].decision, Decision::ask);
}

TEST(Layer, TheBuiltInLayerSaysWhatTheTableSays) {
  const Layer builtin = builtin_layer();
  for (const Setting& setting : builtin.settings) {
    ASSERT_TRUE(setting.key != nullptr);
    EXPECT_NE(setting.key->layers & for_builtin, 0) << setting.key->path;
    // as an author would write it
    const Node root = to_node(Layer{.settings = {setting}});
    const Node* at = &root;
    for (const std::string_view part : split(setting.key->path, '.')) {
      at = at->find(part);
      ASSERT_TRUE(at != nullptr) << setting.key->path;
    }
    EXPECT_EQ(at->text, setting.key->builtin) << setting.key->path;
  }
  const auto again = read_layer(to_node(builtin), LayerKind::builtin, "built-in");
  ASSERT_TRUE(again) << again.error().message();
  EXPECT_EQ(again->settings, builtin.settings);
}

// Random layers, by a fixed seed.
class Random {
 public:
  explicit Random(unsigned seed) : engine_(seed) {}

  std::size_t below(std::size_t limit) { return engine_() % limit; }
  bool coin() { return below(2) == 0; }
  std::string word() {
    static constexpr std::string_view kLetters = "abcXYZ019_-. \"\\'#=\t\xC3";
    std::string out;
    for (std::size_t i = 1 + below(8); i > 0; --i) {
      const char c = kLetters[below(kLetters.size())];
      out += c;
      if (c == '\xC3') out += '\xA4';
    }
    return out;
  }
  std::string name() {
    std::string out = "n";
    for (std::size_t i = 1 + below(6); i > 0; --i) out += "abcdef012"[below(9)];
    return out;
  }
  std::vector<std::string> words() {
    std::vector<std::string> out;
    for (std::size_t i = below(4); i > 0; --i) out.push_back(word());
    return out;
  }
  std::vector<std::string> some(const std::vector<std::string_view>& from) {
    std::vector<std::string> out;
    for (const std::string_view one : from)
      if (coin()) out.emplace_back(one);
    if (out.empty()) out.emplace_back(from[below(from.size())]);
    return out;
  }
  Decision decision() { return static_cast<Decision>(below(3)); }

  SettingValue value(const SchemaKey& key) {
    const auto known = split(key.values, ' ');
    switch (key.type) {
      case ValueType::text: return word();
      case ValueType::choice: return std::string(known[below(known.size())]);
      case ValueType::choices: return some(known);
      case ValueType::boolean: return coin();
      case ValueType::count: return static_cast<std::int64_t>(below(1U << 31));
      case ValueType::number: return static_cast<double>(1 + below(1'000'000)) / (coin() ? 1.0 : 7.0);
      case ValueType::size: return static_cast<std::int64_t>(1 + below(1U << 31)) << below(30);
      case ValueType::duration: {
        static constexpr std::int64_t kUnits[] = {1, 60, 3600, 86400};
        return static_cast<std::int64_t>(1 + below(1'000'000)) * kUnits[below(4)];
      }
      case ValueType::decision: return static_cast<std::int64_t>(below(3));
      case ValueType::risk: return static_cast<std::int64_t>(below(4));
      default: break;
    }
    std::vector<std::string> out;
    for (std::size_t i = below(4); i > 0; --i) {
      if (key.type == ValueType::paths) {
        out.push_back((coin() ? "/" : "~/") + name() + "/" + name());
      } else if (key.path == "telemetry.endpoints") {
        out.push_back("https://" + name());
      } else {
        out.push_back(name());
      }
    }
    return out;
  }

  Layer layer(LayerKind kind) {
    Layer out{.kind = kind, .file = "t"};
    if (coin()) out.name = word();
    out.revision = static_cast<std::int64_t>(below(3));
    for (const SchemaKey& key : schema()) {
      const bool is_rules =
          key.type == ValueType::commands || key.type == ValueType::hosts || key.type == ValueType::servers;
      if (key.combines == Combines::own || is_rules || coin()) continue;
      out.settings.push_back({&key, value(key), {}});
    }
    for (std::size_t i = below(4); i > 0; --i) out.commands.push_back(command());
    for (std::size_t i = below(4); i > 0; --i) out.hosts.push_back(host(out.hosts.size()));
    for (std::size_t i = below(4); i > 0; --i) out.servers.push_back(server(out.servers.size()));
    return out;
  }

 private:
  CommandRule command() {
    CommandRule out{.decision = decision()};
    for (std::size_t i = 1 + below(3); i > 0; --i) {
      std::vector<std::string> position = {name()};
      if (coin()) position.push_back("z" + name());  // sorted, and another
      out.prefix.push_back(std::move(position));
    }
    out.with = words();
    if (out.decision != Decision::allow && coin()) out.sha256 = {std::string(64, "0123456789abcdef"[below(16)])};
    if (coin()) out.reason = word();
    for (const std::string& text : words()) out.match.push_back({text, {}});
    for (const std::string& text : words()) out.not_match.push_back({text, {}});
    return out;
  }
  HostRule host(std::size_t number) {
    static constexpr std::string_view kStarts[] = {"", "*.", "**.", "a*."};
    HostRule out{.pattern = fmt::format("{}h{}.example", kStarts[below(4)], number), .decision = decision()};
    for (std::size_t i = below(3); i > 0; --i) out.ports.push_back(static_cast<std::uint16_t>(1 + below(65535)));
    if (coin()) out.methods = some({"GET", "POST", "PATCH"});
    if (coin()) out.paths = some({"/", "/a", "/b c/"});
    if (coin()) out.addresses = some({"10.0.0.0/8", "fd00::/8", "::1"});
    if (coin()) out.reason = word();
    return out;
  }
  ServerRule server(std::size_t number) {
    ServerRule out{.name = number == 0 ? "*" : fmt::format("s{} {}", number, word()), .decision = decision()};
    if (coin()) {
      out.command = word();
      out.arguments = words();
    } else if (coin()) {
      out.url = word();
    }
    for (std::size_t i = below(3); i > 0; --i) out.tools.emplace_back(fmt::format("t{}*", i), decision());
    if (coin()) out.reason = word();
    return out;
  }

  std::mt19937 engine_;
};

TEST(Layer, ComesBackFromItsTree) {
  Random random(20261125);
  for (int round = 0; round < 300; ++round) {
    const Layer layer = random.layer(round % 2 == 0 ? system : cloud);
    const Node node = to_node(layer);
    const auto again = read_layer(node, layer.kind, "t");
    ASSERT_TRUE(again) << round << ": " << again.error().message();
    ASSERT_EQ(*again, layer) << round;
    // and the bytes that are hashed and signed are the same after a way through JSON
    const auto json = canonical_json(node);
    ASSERT_TRUE(json) << round << ": " << json.error().message();
    const auto parsed = parse_json(*json, "t");
    ASSERT_TRUE(parsed) << round << ": " << parsed.error().message() << "\n" << *json;
    const auto read_back = read_layer(*parsed, layer.kind, "t");
    ASSERT_TRUE(read_back) << round << ": " << read_back.error().message() << "\n" << *json;
    const auto json_again = canonical_json(to_node(*read_back));
    ASSERT_TRUE(json_again) << round;
    // rules of hosts and servers may come back in another order: tables have none
    Layer sorted = layer;
    std::ranges::sort(sorted.hosts, {}, &HostRule::pattern);
    std::ranges::sort(sorted.servers, {}, &ServerRule::name);
    ASSERT_EQ(*json_again, *canonical_json(to_node(sorted))) << round;
    ASSERT_EQ(*json_again, *json) << round;
  }
}

TEST(Layer, DurationsAreWrittenAsTheyAreRead) {
  for (const auto& [text, seconds] : std::vector<std::pair<std::string_view, std::int64_t>>{{"1s", 1},
                                                                                            {"59s", 59},
                                                                                            {"90s", 90},
                                                                                            {"1m", 60},
                                                                                            {"10m", 600},
                                                                                            {"2h", 7200},
                                                                                            {"1d", 86400},
                                                                                            {"90d", 7776000}}) {
    const auto parsed = values::parse_duration(text);
    ASSERT_TRUE(parsed) << text;
    EXPECT_EQ(*parsed, seconds);
    EXPECT_EQ(values::format_duration_setting(seconds), text);
  }
  EXPECT_EQ(values::format_duration_setting(*values::parse_duration("60m")), "1h");
  for (const std::string_view text : {"", "s", "1", "1w", "1S", "0m", "1000001s", "1.5h", " 1s", "1s ", "+1s"})
    EXPECT_FALSE(values::parse_duration(text)) << text;
}

}  // namespace
}  // namespace bailiwick
