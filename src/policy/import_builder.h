// Where an importer puts what it has read: settings of our schema with the places of the original, and the report.
// Internal to the importers. Values; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "policy/import.h"
#include "policy/layer.h"

namespace bailiwick {

[[nodiscard]] Node text_node(std::string text, Place place);
[[nodiscard]] Node flag_node(bool value, Place place);
[[nodiscard]] Node words_node(const std::vector<std::string>& words, Place place);

// "a.b", `a."*.x"`: how reports name what is in a table; "a[2]": in a list, counted from 0.
[[nodiscard]] std::string join_key(std::string_view parent, std::string_view key);
[[nodiscard]] std::string join_key(std::string_view parent, std::size_t index);
// For messages: short, printable, in backticks.
[[nodiscard]] std::string quoted(std::string_view text);
// "a string", "a truth value" ..: what stands there, and that it is left out.
[[nodiscard]] std::string wrong_kind_note(const Node& value, std::string_view wanted);

// "git push|fetch"
[[nodiscard]] std::string prefix_text(const std::vector<std::vector<std::string>>& prefix);

// How [sandbox] read and write differ from lists to which everybody may add.
inline constexpr std::string_view kWholeList =
    "; in an admin layer that is the whole list: users may name places below it";
inline constexpr std::size_t kMaxImportedText = 16 * 1024;  // of one string of ours

// Absolute, or starts with `~/`; no `..`, not too long.
[[nodiscard]] bool is_rooted(std::string_view path);
// The same, without wildcards, and more than the root or the home.
[[nodiscard]] bool is_plain_path(std::string_view path);

// How a pattern of hosts can be said here.
struct ImportedHost {
  std::string pattern;      // empty: not at all
  bool is_exact = true;     // false: what is denied covers more than the original, what is allowed less
  bool is_less = false;     // what is denied covers less
  bool is_private = false;  // a literal address that is not public
};
// Normalised as the original does: lower-case, without brackets, port and final dot. What is denied by a wildcard
// inside a label is widened to all names below its fixed labels.
[[nodiscard]] ImportedHost read_foreign_host(std::string_view text, Decision decision);

enum class CommandFit : std::uint8_t {
  same,
  wider,  // an ask or deny that covers more than its words; an allow that covers less
  lost,   // nothing was added
};

class PolicyBuilder {
 public:
  // The report. `note` starts lower-case and has no full stop.
  void carried(std::string key, Place place, std::string note);
  void tightened(std::string key, Place place, std::string note);
  void left_out(std::string key, Place place, std::string note);
  void unknown(std::string key, Place place, std::string note);

  // Settings, by path: "sandbox.modes".
  void set(std::string_view path, Node value);
  void set_text(std::string_view path, std::string_view text, Place place);
  // The stricter one of what is there and `decision`.
  void set_decision(std::string_view path, Decision decision, Place place);
  void add_word(std::string_view path, std::string word, Place place);
  // What is in both; where nothing is left, what was there stays.
  void keep_words(std::string_view path, const std::vector<std::string>& words, Place place);
  void remove_word(std::string_view path, std::string_view word);
  [[nodiscard]] const Node* find(std::string_view path) const;
  [[nodiscard]] std::vector<std::string> words(std::string_view path) const;

  // Fits it into the bounds of our schema: each word once, programs by name or absolute path, no more than 1000
  // spellings.
  CommandFit command(CommandRule rule);
  // A pattern that is there already keeps the stricter decision.
  void host(HostRule rule);
  [[nodiscard]] ServerRule& server(std::string_view name, Place place);
  [[nodiscard]] std::vector<CommandRule>& commands() { return commands_; }
  [[nodiscard]] std::vector<HostRule>& hosts() { return hosts_; }
  [[nodiscard]] std::vector<ServerRule>& servers() { return servers_; }

  // The report in the order of the file.
  [[nodiscard]] Imported finish() &&;

 private:
  void row(ImportOutcome outcome, std::string key, Place place, std::string note);

  std::vector<std::pair<std::string, Node>> settings_;
  std::vector<CommandRule> commands_;
  std::vector<HostRule> hosts_;
  std::vector<ServerRule> servers_;
  std::vector<ImportRow> report_;
};

// Calls `read(key, member)` for each member of a table; reports what is no table, and an empty one.
using ReadMember = std::function<void(const std::string& key, const Member& member)>;
void for_each_member(PolicyBuilder& policy, const std::string& key, const Member& table, const ReadMember& read);
// The same for the items of a list.
using ReadItem = std::function<void(const std::string& key, const Node& item)>;
void for_each_item(PolicyBuilder& policy, const std::string& key, const Member& list, const ReadItem& read);
// The strings of a list; null where it is none (reported, with `unknown`). Items that are no strings go into `wrong`.
struct Words {
  std::vector<std::string> words;
  std::string wrong;  // "; item 2 is a number" ..: to append to a note
};
[[nodiscard]] std::optional<Words> read_words(PolicyBuilder& policy, const std::string& key, const Member& member);
// Null where it is no string (no truth value): reported.
[[nodiscard]] const std::string* read_text(PolicyBuilder& policy, const std::string& key, const Member& member);
[[nodiscard]] std::optional<bool> read_flag(PolicyBuilder& policy, const std::string& key, const Member& member);

// What a key of the original that cannot be carried is about.
struct LeftOutKey {
  std::string_view key;
  std::string_view note;
};

// A key that none of the importer's own readers took: left out with its note if it is in `rows`, else unknown.
void read_other(PolicyBuilder& policy, const std::string& key, const Member& member, std::span<const LeftOutKey> rows);

// The formats. Each takes a tree that parsed, and never fails.
[[nodiscard]] Imported import_codex_requirements(const Node& root);
[[nodiscard]] Imported import_codex_managed_config(const Node& root);
[[nodiscard]] Imported import_claude_settings(const Node& root);
[[nodiscard]] Result<Imported> import_codex_rules(std::string_view text, std::string_view file);

}  // namespace bailiwick
