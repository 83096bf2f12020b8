#include "policy_commands.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>

#include "base/text.h"
#include "kernel/fd.h"
#include "policy/import.h"
#include "policy/starter.h"
#include "policy_context.h"
#include "policy_explain.h"
#include "policy_reports.h"
#include "referee/build.h"
#include "referee/cases.h"
#include "session/trusted_file.h"

namespace bailiwick {
namespace {

// Bundles count in seconds.
std::string shown(WallTime time) {
  std::string out = format_rfc3339(time);
  return out.substr(0, out.find('.')) + "Z";
}

std::string counted(std::size_t n, std::string_view one) { return fmt::format("{} {}{}", n, one, n == 1 ? "" : "s"); }

WallTime now() { return std::chrono::time_point_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now()); }

void warn(const std::vector<std::string>& warnings) {
  for (const std::string& warning : warnings)
    std::fprintf(stderr, "bailiwick: warning: %s\n", printable(warning).c_str());
}

// Every file, each with its first problem: 3 if one has any.
Result<int> run_check(const PolicyArguments& arguments) {
  bool is_good = true;
  Node list{.kind = NodeKind::array};
  for (const std::string& file : arguments.files) {
    auto layer = load_layer(file, arguments.is_user_file ? LayerKind::user : LayerKind::system);
    std::string problem;
    Layer kept;
    if (layer) {
      kept = *layer;
      if (const auto built = build_policy({std::move(*layer)}, {}); !built) problem = built.error().message();
    } else {
      problem = layer.error().message();
    }
    is_good = is_good && problem.empty();
    if (arguments.is_json) {
      Node row;
      put(row, "file", json_text(file));
      put(row, "ok", json_bool(problem.empty()));
      if (!problem.empty()) put(row, "problem", json_text(problem));
      put(row, "warnings", json_list(kept.warnings));
      list.items.push_back(std::move(row));
      continue;
    }
    warn(kept.warnings);
    if (problem.empty()) {
      TRY(print_text(fmt::format("{}: good: {}, {}, {}, {}\n", printable(file),
                                 counted(kept.settings.size(), "setting"),
                                 counted(kept.commands.size(), "command rule"), counted(kept.hosts.size(), "host"),
                                 counted(kept.servers.size(), "MCP server"))));
    } else {
      std::fprintf(stderr, "bailiwick: %s\n", problem.c_str());
    }
  }
  if (arguments.is_json) {
    Node out;
    put(out, "schema", json_number(1));
    put(out, "files", std::move(list));
    TRY(print_json(out));
  }
  return is_good ? 0 : exit_code(ErrorKind::invalid);
}

struct Tally {
  std::size_t good = 0, bad = 0;
  Node rows{.kind = NodeKind::array};
};

// A policy's own examples: build_policy() has tried them all, or says which is wrong.
void test_policy(const std::string& file, Tally& tally) {
  std::string problem;
  std::size_t examples = 0;
  if (auto layer = load_layer(file, LayerKind::system)) {
    for (const CommandRule& rule : layer->commands) examples += rule.match.size() + rule.not_match.size();
    if (const auto built = build_policy({std::move(*layer)}, {}); !built) problem = built.error().message();
  } else {
    problem = layer.error().message();
  }
  if (problem.empty()) {
    tally.good += examples;
  } else {
    ++tally.bad;
  }
  Node row;
  put(row, "file", json_text(file));
  put(row, "ok", json_bool(problem.empty()));
  put(row, "examples", json_number(static_cast<std::int64_t>(examples)));
  if (!problem.empty()) put(row, "problem", json_text(problem));
  tally.rows.items.push_back(std::move(row));
}

Status test_cases(const std::string& file, const Node& root, const PolicyArguments& arguments, Tally& tally) {
  TRY_ASSIGN(const CaseFile cases, read_cases(root, file));
  std::vector<std::string> policies = arguments.policies;
  const std::size_t slash = file.rfind('/');
  const std::string beside = slash == std::string::npos ? std::string() : file.substr(0, slash + 1);
  for (const std::string& text : cases.policies) {
    TRY_ASSIGN(const auto named, parse_kind(text));
    const std::string path = named.second.starts_with('/') ? named.second : beside + named.second;
    policies.push_back(fmt::format("{}={}", name_of(named.first), path));
  }
  PolicyContext context;
  context.places.home = cases.home;
  std::vector<Layer> layers;
  for (const std::string& text : policies) {
    TRY_ASSIGN(const auto named, parse_kind(text));
    TRY_ASSIGN(Layer layer, load_layer(named.second, named.first));
    layers.push_back(std::move(layer));
  }
  TRY_ASSIGN(const auto policy, build_policy(std::move(layers), cases.home));
  for (const CaseResult& result : run_cases(cases, *policy)) {
    ++(result.is_right ? tally.good : tally.bad);
    Node row;
    put(row, "file", json_text(file));
    put(row, "line", json_number(result.place.line));
    put(row, "case", json_text(result.text));
    put(row, "ok", json_bool(result.is_right));
    if (!result.is_right) put(row, "problem", json_text(result.problem));
    tally.rows.items.push_back(std::move(row));
  }
  return {};
}

Result<int> run_test(const PolicyArguments& arguments) {
  Tally tally;
  for (const std::string& file : arguments.files) {
    if (!find_foreign_format(file)) {
      TRY_ASSIGN(const std::string text, load_text(file));
      TRY_ASSIGN(const Node root, parse_toml(text, file));
      if (is_case_file(root)) {
        TRY(test_cases(file, root, arguments, tally));
        continue;
      }
    }
    test_policy(file, tally);
  }
  if (arguments.is_json) {
    Node out;
    put(out, "schema", json_number(1));
    put(out, "passed", json_number(static_cast<std::int64_t>(tally.good)));
    put(out, "failed", json_number(static_cast<std::int64_t>(tally.bad)));
    put(out, "results", std::move(tally.rows));
    TRY(print_json(out));
  } else {
    for (const Node& row : tally.rows.items) {
      const Node* problem = row.find("problem");
      if (problem == nullptr) continue;
      const Node* one = row.find("case");
      TRY(print_text(one == nullptr ? fmt::format("FAILED {}\n", problem->text)
                                    : fmt::format("FAILED {}:{}: {}: {}\n", row.find("file")->text,
                                                  row.find("line")->integer, printable(one->text), problem->text)));
    }
    TRY(print_text(fmt::format("{} passed, {} failed\n", tally.good, tally.bad)));
  }
  return tally.bad == 0 ? 0 : 1;
}

// One file to standard output or a file; several into a directory, as each is a layer that is judged alone.
Status write_import(const PolicyArguments& arguments, const std::string& file, const std::string& text) {
  if (arguments.files.size() == 1 && !arguments.output.ends_with('/'))
    return write_new_file(arguments.output.empty() ? "-" : arguments.output, text, 0644);
  std::string name = file.substr(file.rfind('/') + 1);
  name = name.substr(0, name.rfind('.')) + ".toml";
  return write_new_file(arguments.output + "/" + name, text, 0644);
}

Result<int> run_import(const PolicyArguments& arguments) {
  if (arguments.files.size() > 1 && (arguments.output.empty() || arguments.output == "-"))
    return fail(ErrorKind::usage, "several files become several policies, each judged alone: name a directory with -o");
  Node reports{.kind = NodeKind::array};
  for (const std::string& file : arguments.files) {
    const auto format = find_foreign_format(file);
    const bool is_claude = format == ForeignFormat::claude_settings;
    if (!format || is_claude != (arguments.from == "claude"))
      return fail(ErrorKind::usage,
                  fmt::format("`{}` has no name that {} gives its policies: see `bailiwick policy import --help`",
                              printable(file), arguments.from));
    TRY_ASSIGN(const std::string text, load_text(file));
    TRY_ASSIGN(const Imported imported, import_policy(*format, text, file));
    // what is written must be read again
    TRY_ASSIGN(Layer layer, read_layer(imported.policy, LayerKind::system, file));
    TRY_ASSIGN(const auto checked, build_policy({std::move(layer)}, {}));
    TRY(write_import(arguments, file, render_toml(imported.policy, file)));
    if (!arguments.is_json) std::fputs(render_report(imported, file).c_str(), stderr);
    for (const ImportRow& row : imported.report) {
      Node node;
      put(node, "file", json_text(file));
      put(node, "line", json_number(row.place.line));
      put(node, "key", json_text(row.key));
      put(node, "outcome", json_text(name_of(row.outcome)));
      put(node, "note", json_text(row.note));
      reports.items.push_back(std::move(node));
    }
  }
  if (arguments.is_json) {
    TRY_ASSIGN(const std::string text, canonical_json(reports));
    std::fprintf(stderr, "%s\n", text.c_str());
  }
  return 0;
}

Result<int> run_init(const PolicyArguments& arguments) {
  const std::string file = arguments.output.empty() ? "policy.toml" : arguments.output;
  TRY(write_new_file(file, arguments.is_user_file ? starter_policy() : admin_starter_policy(), 0644));
  if (file == "-") return 0;
  TRY(
      print_text(fmt::format("wrote {}\n"
                             "  try it     bailiwick policy test {}\n"
                             "  ask it     bailiwick policy explain --policy {} shell 'git push --force'\n"
                             "  install    {}\n",
                             file, file, file,
                             arguments.is_user_file ? "~/.config/bailiwick/policy.toml"
                                                    : "/etc/bailiwick/policy.toml, owned by root, mode 0644")));
  return 0;
}

Result<int> run_keygen(const PolicyArguments& arguments) {
  const std::string name = arguments.output.empty() ? "bailiwick" : arguments.output;
  const KeyPair pair = make_key_pair();
  TRY(write_new_file(name + ".key", format_secret_key(pair.secret_key), 0600));
  TRY(write_new_file(name + ".pub", format_public_key(pair.public_key), 0644));
  if (arguments.is_json) {
    Node out;
    put(out, "schema", json_number(1));
    put(out, "key_id", json_text(key_id(pair.public_key)));
    put(out, "public", json_text(name + ".pub"));
    put(out, "secret", json_text(name + ".key"));
    TRY(print_json(out));
    return 0;
  }
  TRY(print_text(fmt::format(
      "key {}\n  {}.key  keep it where bundles are signed\n  {}.pub  goes to each machine: /etc/bailiwick/keys/\n",
      key_id(pair.public_key), name, name)));
  return 0;
}

Result<int> run_sign(const PolicyArguments& arguments) {
  if (arguments.files.size() != 1) return fail(ErrorKind::usage, "sign one policy");
  TRY_ASSIGN(const std::string key_text, load_text(arguments.key));
  TRY_ASSIGN(const KeyPair key, parse_secret_key(key_text, arguments.key));
  TRY_ASSIGN(const Layer layer, load_layer(arguments.files.front(), LayerKind::cloud));
  TRY_ASSIGN(const auto checked, build_policy({layer}, {}));
  BundleTerms terms{.serial = arguments.serial};
  terms.not_before = std::chrono::floor<std::chrono::seconds>(now());
  if (!arguments.not_before.empty()) {
    TRY_ASSIGN(terms.not_before, parse_utc_time(arguments.not_before));
  }
  terms.expires = terms.not_before + std::chrono::days(arguments.days);
  if (!arguments.expires.empty()) {
    TRY_ASSIGN(terms.expires, parse_utc_time(arguments.expires));
  }
  TRY_ASSIGN(const std::string bundle, sign_bundle(to_node(layer), terms, key));
  const std::string file = arguments.output.empty() ? "bundle.json" : arguments.output;
  TRY(write_new_file(file, bundle, 0644));
  if (file != "-")
    TRY(print_text(fmt::format("wrote {}: serial {}, key {}, until {}\n", file, terms.serial, key_id(key.public_key),
                               shown(terms.expires))));
  return 0;
}

Result<int> run_verify(const PolicyArguments& arguments) {
  std::vector<std::string> files = arguments.keys;
  if (files.empty()) {
    TRY_ASSIGN(const auto names, list_trusted_directory("/etc/bailiwick/keys"));
    for (const std::string& name : names.value_or(std::vector<std::string>{}))
      if (name.ends_with(".pub")) files.push_back("/etc/bailiwick/keys/" + name);
    if (files.empty()) return fail(ErrorKind::invalid, "there is no key in /etc/bailiwick/keys: name one with --key");
  }
  std::vector<PublicKey> keys;
  for (const std::string& file : files) {
    TRY_ASSIGN(const std::string text, load_text(file));
    TRY_ASSIGN(const PublicKey key, parse_public_key(text, file));
    keys.push_back(key);
  }
  for (const std::string& file : arguments.files) {
    TRY_ASSIGN(const std::string bytes, load_text(file));
    TRY_ASSIGN(const Bundle bundle, open_bundle(bytes, file, keys, now()));
    if (arguments.last_serial) TRY(check_serial(bundle.terms.serial, *arguments.last_serial, file));
    TRY_ASSIGN(Layer layer, read_layer(bundle.policy, LayerKind::cloud, file));
    const std::string name = layer.name;
    TRY_ASSIGN(const auto built, build_policy({std::move(layer)}, {}));
    if (arguments.is_json) {
      Node out;
      put(out, "schema", json_number(1));
      put(out, "file", json_text(file));
      put(out, "name", json_text(name));
      put(out, "serial", json_number(bundle.terms.serial));
      put(out, "key_id", json_text(bundle.key_id));
      put(out, "not_before", json_text(shown(bundle.terms.not_before)));
      put(out, "expires", json_text(shown(bundle.terms.expires)));
      TRY(print_json(out));
    } else {
      TRY(print_text(fmt::format("{}: good: {}, serial {}, key {}, until {}\n", printable(file),
                                 name.empty() ? "no name" : printable(name), bundle.terms.serial, bundle.key_id,
                                 shown(bundle.terms.expires))));
    }
  }
  return 0;
}

}  // namespace

Result<int> run_policy_command(const PolicyArguments& arguments, const std::vector<std::string>& environment) {
  switch (arguments.verb) {
    case PolicyVerb::show: return run_show(arguments, environment);
    case PolicyVerb::check: return run_check(arguments);
    case PolicyVerb::explain: return run_explain(arguments, environment);
    case PolicyVerb::test: return run_test(arguments);
    case PolicyVerb::diff: return run_diff(arguments);
    case PolicyVerb::lint: return run_lint(arguments);
    case PolicyVerb::import: return run_import(arguments);
    case PolicyVerb::init: return run_init(arguments);
    case PolicyVerb::sign: return run_sign(arguments);
    case PolicyVerb::verify: return run_verify(arguments);
    case PolicyVerb::keygen: return run_keygen(arguments);
  }
  return 2;
}

}  // namespace bailiwick
