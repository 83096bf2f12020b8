#include "policy_arguments.h"

#include <CLI/CLI.hpp>

namespace bailiwick {
namespace {

class Group {
 public:
  Group(CLI::App& group, PolicyArguments& arguments, bool& chosen, const char* footer)
      : group_(group), out_(arguments), chosen_(chosen), footer_(footer) {}

  CLI::App& add(PolicyVerb verb, const char* name, const char* what) {
    CLI::App& made = *group_.add_subcommand(name, what);
    made.final_callback([this, verb] {
      out_.verb = verb;
      chosen_ = true;
    });
    made.footer(footer_);
    return made;
  }
  void add_json(CLI::App& app) { app.add_flag("--json", out_.is_json, "JSON, as described in docs/json.md"); }
  void add_policies(CLI::App& app) {
    app.add_option("--policy", out_.policies,
                   "Use these files in place of this machine's layers, as system layers; user=FILE, project=FILE, "
                   "mdm=FILE, cloud=FILE or flag=FILE says another kind (repeat)")
        ->type_name("[KIND=]FILE")
        ->allow_extra_args(false);
  }
  void add_files(CLI::App& app, const char* what) {
    app.add_option("files", out_.files, what)->type_name("FILE")->required();
  }
  void add_output(CLI::App& app, const char* what) {
    app.add_option("-o,--output", out_.output, what)->type_name("FILE");
  }

 private:
  CLI::App& group_;
  PolicyArguments& out_;
  bool& chosen_;
  const char* footer_;
};

void add_explain(Group& group, CLI::App& app, PolicyArguments& out) {
  app.require_subcommand(1);
  group.add_policies(app);
  group.add_json(app);
  app.add_flag("--without-gate", out.without_gate,
               "Judge as where only a hook decides: what cannot be read for certain is asked about");
  const auto action = [&](const char* name, const char* what, const char* type, bool several) {
    CLI::App& made = *app.add_subcommand(name, what);
    made.callback([&out, name = std::string(name)] { out.action = name; });
    made.add_option("--cwd", out.directory, "As if in this directory")->type_name("DIR");
    CLI::Option* words = made.add_option("words", out.words, type)->required();
    if (several) {
      made.positionals_at_end(true);
    } else {
      words->expected(1);
    }
    made.fallthrough();
    return &made;
  };
  action("exec", "One program start: exec -- kubectl delete pod x", "The command and its arguments, after --", true);
  action("shell", "A string that is given to a shell: shell 'cd x && git push'", "The string, as one word", false);
  CLI::App* net =
      action("net", "A connection: net github.com:443", "HOST[:PORT]; the port is 443 if none is given", false);
  net->add_option("--method", out.method, "HTTP method of the request")->type_name("METHOD");
  net->add_option("--path", out.path, "Path of the request's URL")->type_name("PATH");
  action("read", "Reading a file", "The path", false);
  action("write", "Writing a file", "The path", false);
  action("mcp", "An MCP tool: mcp SERVER TOOL", "Server and tool", true);
}

}  // namespace

void add_policy_commands(CLI::App& app, PolicyArguments& out, bool& chosen, const char* footer) {
  CLI::App& policy = *app.add_subcommand("policy", "Show, write, test and explain policy");
  policy.require_subcommand(1);
  policy.footer(footer);
  // lives as long as the callbacks that point to it
  auto group = std::make_shared<Group>(policy, out, chosen, footer);
  CLI::App& show = group->add(PolicyVerb::show, "show", "What holds on this machine, here, and who says so");
  show.add_flag("--layers", out.with_layers, "Each layer by itself, with all its rules");
  group->add_policies(show);
  group->add_json(show);
  CLI::App& check = group->add(PolicyVerb::check, "check",
                               "Read files as policy (ours, or another's format) and report the first problem of each");
  check.add_flag("--user", out.is_user_file,
                 "Read them as a user's files: what only administrators may set is refused");
  group->add_json(check);
  group->add_files(check, "Policies");
  add_explain(*group, group->add(PolicyVerb::explain, "explain", "What would be decided about an action, and why"),
              out);
  CLI::App& test =
      group->add(PolicyVerb::test, "test", "Run the examples of policies, and case files (docs/policy.md)");
  group->add_json(test);
  group->add_policies(test);
  group->add_files(test, "Policies and case files");
  CLI::App& diff =
      group->add(PolicyVerb::diff, "diff",
                 "What became stricter and what looser, with an example for each; exit code 1 if anything did");
  group->add_json(diff);
  group->add_files(diff, "Two policies: before and after");
  CLI::App& lint = group->add(PolicyVerb::lint, "lint",
                              "Rules that do nothing, or more than was meant; exit code 1 if there are any");
  group->add_json(lint);
  group->add_files(lint, "Policies");
  CLI::App& import = group->add(PolicyVerb::import, "import",
                                "Carry over policies of Codex or Claude Code; the report goes to standard error");
  import.add_option("--from", out.from, "Whose format: codex or claude")
      ->required()
      ->check(CLI::IsMember({"codex", "claude"}));
  group->add_output(import, "Where the policy is written (default: standard output)");
  group->add_json(import);
  group->add_files(import, "requirements.toml, managed_config.toml, NAME.rules, managed-settings.json, settings.json");
  CLI::App& init = group->add(PolicyVerb::init, "init", "Write a commented policy to begin with");
  init.add_flag("--user", out.is_user_file, "For one user (~/.config/bailiwick/policy.toml) and not for a machine");
  group->add_output(init, "Where to (default: policy.toml; - is standard output). A file that exists is not touched");
  CLI::App& sign = group->add(PolicyVerb::sign, "sign", "Make the signed bundle of the cloud layer from a policy");
  sign.add_option("--key", out.key, "The secret key that `keygen` made")->type_name("FILE")->required();
  sign.add_option("--serial", out.serial, "Number of this bundle: machines refuse a lower one than they have seen")
      ->type_name("N")
      ->required()
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{1} << 53));
  sign.add_option("--not-before", out.not_before, "When it begins to hold (default: now)")->type_name("RFC3339");
  sign.add_option("--expires", out.expires, "When it ends (default: --days after its beginning)")->type_name("RFC3339");
  sign.add_option("--days", out.days, "How long it holds")
      ->type_name("N")
      ->capture_default_str()
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{3650}));
  group->add_output(sign, "Where to (default: bundle.json; - is standard output)");
  group->add_files(sign, "The policy");
  CLI::App& verify =
      group->add(PolicyVerb::verify, "verify", "Check a signed bundle: signature, dates, serial, policy");
  verify.add_option("--key", out.keys, "Public key (repeat; default: /etc/bailiwick/keys/*.pub)")
      ->type_name("FILE")
      ->allow_extra_args(false);
  verify.add_option("--last-serial", out.last_serial, "Refuse a lower serial than this")->type_name("N");
  group->add_json(verify);
  group->add_files(verify, "The bundle");
  CLI::App& keygen =
      group->add(PolicyVerb::keygen, "keygen", "Make a key pair: NAME.pub for the machines, NAME.key to sign with");
  group->add_output(keygen, "NAME (default: bailiwick)");
  group->add_json(keygen);
  policy.final_callback([group] {});
}

}  // namespace bailiwick
