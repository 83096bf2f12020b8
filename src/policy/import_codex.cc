#include "policy/import_codex.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include "base/text.h"

namespace bailiwick {
namespace {

struct Pair {
  std::string_view theirs;
  std::string_view ours;
};
constexpr std::array kModes{Pair{"read-only", "read-only"}, Pair{"workspace-write", "workspace-write"},
                            Pair{"danger-full-access", "full-access"}};
constexpr std::array kProfiles{Pair{":read-only", "read-only"}, Pair{":workspace", "workspace-write"},
                               Pair{":danger-full-access", "full-access"}};
constexpr std::array kReviewers{Pair{"user", "person"}, Pair{"auto_review", "auto"}, Pair{"guardian_subagent", "auto"}};

std::string_view ours_for(std::span<const Pair> table, std::string_view theirs) {
  const auto row = std::ranges::find(table, theirs, &Pair::theirs);
  return row == table.end() ? std::string_view() : row->ours;
}

// The words that are known, in ours; the others are named in `note`.
std::vector<std::string> known_words(std::span<const Pair> table, const std::vector<std::string>& words,
                                     std::string& note) {
  std::vector<std::string> out;
  for (const std::string& word : words) {
    const std::string_view ours = ours_for(table, word);
    if (ours.empty()) {
      note += fmt::format("; {} is left out", quoted(word));
    } else if (std::ranges::find(out, ours) == out.end()) {
      out.emplace_back(ours);
    }
  }
  return out;
}

}  // namespace

void read_approval_policies(CodexImport& in, const std::string& key, Place place, const std::vector<std::string>& words,
                            std::string_view wrong) {
  static constexpr std::array<std::string_view, 5> kKnown{"untrusted", "on-request", "on-failure", "granular", "never"};
  std::vector<std::string> known;
  std::string note(wrong);
  for (const std::string& word : words) {
    if (std::ranges::find(kKnown, word) == kKnown.end()) {
      note += fmt::format("; {} is left out", quoted(word));
    } else {
      known.push_back(word);
    }
  }
  const auto is_only = [&](std::string_view word) {
    return std::ranges::all_of(known, [&](const std::string& each) { return each == word; });
  };
  if (known.empty() || is_only("untrusted")) {
    in.policy.set_decision("commands.default", Decision::ask, place);
    in.policy.tightened(key, place,
                        known.empty() ? "[commands] default = \"ask\", since nothing may be chosen; the original does "
                                        "not start" +
                                            note
                                      : "[commands] default = \"ask\"; the commands that the original holds known safe "
                                        "ask, too" +
                                            note);
    return;
  }
  if (is_only("never")) {
    in.never_asks = true;
    in.never_place = place;
    in.policy.set_decision("network.default", Decision::deny, place);
    in.policy.tightened(key, place, "nobody may be asked: what would ask is denied here, and `rm` with force" + note);
    return;
  }
  // The first one is where a session starts.
  if (known[0] == "untrusted") in.policy.set_decision("defaults.commands.default", Decision::ask, place);
  in.policy.carried(key, place,
                    (known[0] == "untrusted" ? "[defaults.commands] default = \"ask\"; " : "nothing to require: ") +
                        std::string("inside the sandbox one of these policies asks for nothing") + note);
}

void read_sandbox_modes(CodexImport& in, const std::string& key, Place place, const std::vector<std::string>& words,
                        std::string_view wrong) {
  std::string note(wrong);
  std::vector<std::string> modes = known_words(kModes, words, note);
  const bool is_narrower = !note.empty();
  if (modes.empty()) modes.emplace_back("read-only");
  const auto before = in.policy.words("sandbox.modes");
  if (before.empty()) {
    in.policy.set("sandbox.modes", words_node(modes, place));
  } else if (std::ranges::none_of(before,
                                  [&](const auto& mode) { return std::ranges::find(modes, mode) != modes.end(); })) {
    in.policy.set("sandbox.modes", words_node({"read-only"}, place));
  } else {
    in.policy.keep_words("sandbox.modes", modes, place);
  }
  if (is_narrower || words.empty()) {
    in.policy.tightened(key, place, "[sandbox] modes" + note);
  } else {
    in.policy.carried(key, place, "[sandbox] modes");
  }
}

void read_reviewers(CodexImport& in, const std::string& key, Place place, const std::vector<std::string>& words,
                    std::string_view wrong) {
  std::string note(wrong);
  std::vector<std::string> reviewers = known_words(kReviewers, words, note);
  if (reviewers.empty()) {
    reviewers.emplace_back("person");
    note += "; nothing known is left: a person reviews";
  }
  in.policy.set("approvals.reviewers", words_node(reviewers, place));
  in.policy.set_text("defaults.approvals.reviewer", reviewers[0], place);
  if (note.empty()) {
    in.policy.carried(key, place, "[approvals] reviewers, the first one as starting value");
  } else {
    in.policy.tightened(key, place, "[approvals] reviewers" + note);
  }
}

void read_credentials_store(CodexImport& in, const std::string& key, const Member& member) {
  const std::string* text = read_text(in.policy, key, member);
  if (text == nullptr) return;
  std::vector<std::string> stores;
  if (*text == "keyring" || *text == "file") stores = {*text};
  if (*text == "auto") stores = {"keyring", "file"};
  if (*text == "ephemeral") stores = {"memory"};
  if (stores.empty()) {
    in.policy.keep_words("identity.credential_stores", {"memory"}, member.place);
    in.policy.tightened(key, member.place, quoted(*text) + " is no store of the original: memory only");
    return;
  }
  in.policy.keep_words("identity.credential_stores", stores, member.place);
  in.policy.carried(key, member.place, "[identity] credential_stores");
}

void read_login_methods(CodexImport& in, const std::string& key, Place place, const std::vector<std::string>& words,
                        std::string_view wrong) {
  std::string note(wrong);
  std::vector<std::string> methods;
  for (const std::string& word : words) {
    if (word == "chatgpt") {
      methods.insert(methods.end(), {"company", "personal"});
    } else if (word == "api") {
      methods.emplace_back("api_key");
    } else {
      note += fmt::format("; {} is left out", quoted(word));
    }
  }
  if (methods.empty()) {
    in.policy.set("identity.login_methods", words_node({"company"}, place));
    in.policy.tightened(key, place, "no known method is named: [identity] login_methods = [\"company\"]" + note);
    return;
  }
  for (const std::string& method : methods) in.policy.add_word("identity.login_methods", method, place);
  in.policy.carried(key, place, "[identity] login_methods" + note);
}

void read_workspaces(CodexImport& in, const std::string& key, Place place, const std::vector<std::string>& words,
                     std::string_view wrong) {
  std::vector<std::string> ids;
  for (const std::string& word : words) {
    if (!word.empty() && word.size() <= kMaxImportedText) ids.push_back(word);
  }
  if (ids.empty()) {
    in.policy.unknown(key, place, "no workspace is named: left out" + std::string(wrong));
    return;
  }
  in.policy.keep_words("identity.workspaces", ids, place);
  in.policy.carried(key, place, "[identity] workspaces" + std::string(wrong));
}

void read_default_permissions(CodexImport& in, const std::string& key, const Member& member) {
  const std::string* text = read_text(in.policy, key, member);
  if (text == nullptr) return;
  const std::string_view mode = ours_for(kProfiles, *text);
  if (mode.empty()) {
    in.policy.left_out(
        key, member.place,
        "a permission profile: say under [sandbox] and [network] what it lets in, and choose the mode in "
        "[defaults.sandbox]");
    return;
  }
  in.policy.set_text("defaults.sandbox.mode", mode, member.place);
  in.policy.carried(key, member.place, "[defaults.sandbox] mode");
}

void read_instructions(CodexImport& in, const std::string& key, const Member& member) {
  const std::string* text = read_text(in.policy, key, member);
  if (text == nullptr) return;
  if (trim(*text).empty()) {
    in.policy.carried(key, member.place, "blank: counts as not set");
    return;
  }
  // In pieces that one string of ours can hold, cut between lines where there are any.
  std::string_view rest = *text;
  while (!rest.empty()) {
    std::size_t size = rest.size();
    if (size > kMaxImportedText) {
      const auto line_end = rest.rfind('\n', kMaxImportedText - 1);
      size = line_end == std::string_view::npos || line_end == 0 ? kMaxImportedText : line_end + 1;
      while ((static_cast<unsigned char>(rest[size]) & 0xC0) == 0x80) --size;
    }
    in.policy.add_word("auto_review.instructions", std::string(rest.substr(0, size)), member.place);
    rest.remove_prefix(size);
  }
  in.policy.carried(key, member.place, "[auto_review] instructions");
}

Imported finish_codex(CodexImport&& in) {
  PolicyBuilder& policy = in.policy;
  if (in.never_asks) {
    for (CommandRule& rule : policy.commands()) {
      if (rule.decision == Decision::ask) rule.decision = Decision::deny;
    }
    for (ServerRule& server : policy.servers()) {
      if (server.decision == Decision::ask) server.decision = Decision::deny;
    }
    policy.command({.prefix = {{"rm"}},
                    .with = {"-f", "--force"},
                    .decision = Decision::deny,
                    .reason = "nobody may be asked about it (approval policy `never`)",
                    .place = in.never_place});
    if (policy.find("network.private") != nullptr) {
      policy.set_decision("network.private", Decision::deny, in.never_place);
    }
  }
  const auto modes = policy.words("sandbox.modes");
  const Node* start = policy.find("defaults.sandbox.mode");
  if (start != nullptr && !modes.empty() && std::ranges::find(modes, start->text) == modes.end()) {
    const Place place = start->place;
    policy.set_text("defaults.sandbox.mode", modes[0], place);
  }
  return std::move(policy).finish();
}

}  // namespace bailiwick
