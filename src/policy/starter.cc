#include "policy/starter.h"

namespace bailiwick {

std::string_view starter_policy() {
  return R"toml(# Policy for coding agents. Every key: docs/policy.md. `bailiwick policy check FILE` tries this file out.
# What is not said here is as Bailiwick ships it; what an administrator's file says holds in any case.

schema = 1             # version of this language
name = "starter"       # shown in the header of a session

# What the sandbox may be. Without `full-access`, no flag turns it on: each file can only take away.
[sandbox]
modes = ["read-only", "workspace-write"]

# Names that stay unreadable, in the project too. SSH keys, cloud logins and the like are out of reach already.
deny_read = ["**/.env.production", "**/*.tfstate"]

# Readable or writable beside the project and the system; both lists are empty by default.
# read = ["~/src/shared"]
# write = ["~/.cache/acme"]

# Commands that no rule below names run without a question, up to a risk: reading a secret, destroying or writing
# outside the project, publishing are "high". With "medium" you are asked more often, with "critical" hardly ever.
[commands]
default = "allow"
ask_from = "high"

# A rule is about everything that starts with these words. The strictest rule that matches holds, wherever it stands.
# It sees through `bash -c`, `env`, `sudo`, `xargs` and flags before the verb (`git -C sub push`). `match` and
# `not_match` are its tests: they are tried whenever the file is read.
[[command]]
prefix = ["git", "push"]
decision = "ask"
reason = "publishes work"
match = ["git push origin main", "git -C sub push", "bash -lc 'make && git push'"]
not_match = ["git pull", "git stash push"]

# `with`: only where one of these words follows. `-f` also means a cluster such as `-uf`.
[[command]]
prefix = ["git", "push"]
with = ["--force", "-f", "--mirror", "--delete", "-d"]
decision = "deny"
reason = "rewrites or removes what others have: do this yourself, outside"
match = ["git push --force", "git push -uf origin main", "git push origin --delete topic"]
not_match = ["git push origin main", "git push --tags"]

# A list at one place is a choice of words.
[[command]]
prefix = ["kubectl", ["delete", "drain", "scale"]]
decision = "ask"
reason = "changes a running cluster"
match = ["kubectl delete pod web-0", "kubectl -n prod drain node-1"]
not_match = ["kubectl get pods", "kubectl logs web-0"]

[[command]]
prefix = [["terraform", "tofu"], ["apply", "destroy", "import"]]
decision = "ask"
reason = "changes infrastructure"
match = ["terraform apply -auto-approve", "tofu destroy"]
not_match = ["terraform plan", "terraform fmt"]

# Releases: what is out cannot be taken back.
[[command]]
prefix = [["npm", "pnpm", "yarn", "cargo"], "publish"]
decision = "ask"
reason = "releases a package"
match = ["npm publish --access public", "cargo publish"]
not_match = ["npm install", "cargo build"]

[[command]]
prefix = [["docker", "podman"], "push"]
decision = "ask"
reason = "releases an image"
match = ["docker push registry.acme.example/web:1"]
not_match = ["docker build ."]

[[command]]
prefix = ["gh", ["pr", "release"], ["merge", "create", "delete"]]
decision = "ask"
reason = "acts on the shared repository in your name"
match = ["gh pr merge 7 --squash", "gh release create v1"]
not_match = ["gh pr view 7", "gh pr checkout 7"]

[[command]]
prefix = ["gh", "repo", "delete"]
decision = "deny"
reason = "a repository is deleted by a person"
match = ["gh repo delete acme/web --yes"]

# `curl .. | sh` needs no rule: each part is judged for itself, and every program that the script then starts is judged
# when it starts. What the script can reach is what the sandbox and [network] leave to it.

# Hosts. `x.org` is that host, `*.x.org` its subdomains, `**.x.org` both. A host that no line names is asked about.
# Addresses of your own machine and network are denied unless a line names them.
[network]
default = "ask"

[network.hosts]
"github.com" = "allow"
"api.github.com" = "allow"
"codeload.github.com" = "allow"
"raw.githubusercontent.com" = "allow"
"objects.githubusercontent.com" = "allow"
"registry.npmjs.org" = "allow"
"registry.yarnpkg.com" = "allow"
"pypi.org" = "allow"
"files.pythonhosted.org" = "allow"
"**.crates.io" = "allow"
"static.rust-lang.org" = "allow"
"proxy.golang.org" = "allow"
"sum.golang.org" = "allow"
"deb.debian.org" = "allow"
# Places to which anybody can send anything.
"pastebin.com" = { decision = "deny", reason = "paste sites take data out" }
"**.ngrok.io" = { decision = "deny", reason = "a tunnel to anywhere" }

# How questions are answered. One that nobody answers in time is a no.
[approvals]
scopes = ["once", "session", "project"]
timeout = "10m"

# Tools of MCP servers that no table names are asked about. A server gets a table of its own:
# [mcp.servers.docs]
# decision = "allow"
# url = "https://mcp.acme.example/docs"     # another address under this name is denied
# tools = { "delete_*" = "ask" }
[mcp]
default = "ask"

# Budgets of one session: what is beyond them is ended or refused.
[limits]
processes = 1000
file_size = "16G"

# Where a session starts until somebody chooses otherwise, inside the bounds above.
[defaults.sandbox]
mode = "workspace-write"
)toml";
}

std::string_view admin_starter_policy() {
  return R"toml(# Policy for every coding agent on this machine. Every key: docs/policy.md.
# Owned by root, writable by nobody else, or it is refused. What stands here binds everybody: users' files, flags and
# projects can tighten it and cannot loosen it. Only [defaults] is a matter of taste.

schema = 1
name = "machine"
revision = 1           # count it up with each change: records name it

# What may be chosen at all. Naming the backend `landlock` would accept the weaker one.
[sandbox]
modes = ["read-only", "workspace-write"]
backends = ["namespaces"]
deny_read = ["**/.env.production"]

# In a file of root's, these lists are the whole: a user may list what lies below, and nothing else.
# read = ["~/.cargo", "/opt/tools"]
# write = ["~/.cache"]

# What this file does not name is allowed, and asked about from this risk on. To leave the choice to users, take both
# lines out: a default that is set here speaks for every command.
# To try a policy out, add `enforce = "observe"`: what it would have said is recorded, and nothing is stopped.
[commands]
default = "allow"
ask_from = "high"

# No user's rule, no answer and no later file lifts a `deny`. An `ask` by a rule stays a question, too.
[[command]]
prefix = ["kubectl", ["delete", "drain"]]
decision = "deny"
reason = "production changes go through the pipeline"
match = ["kubectl delete pod web-0", "kubectl -n prod drain node-1"]
not_match = ["kubectl get pods"]

[[command]]
prefix = [["terraform", "tofu"], ["apply", "destroy"]]
decision = "deny"
reason = "infrastructure changes go through the pipeline"
match = ["terraform apply", "tofu destroy -auto-approve"]
not_match = ["terraform plan"]

[[command]]
prefix = ["git", "push"]
decision = "ask"
reason = "publishes work"
match = ["git push origin main", "git -C sub push"]
not_match = ["git pull"]

[[command]]
prefix = ["git", "push"]
with = ["--force", "-f", "--mirror"]
decision = "deny"
reason = "rewrites what others have"
match = ["git push --force", "git push -uf origin main"]
not_match = ["git push origin main"]

[[command]]
prefix = [["npm", "pnpm", "yarn", "cargo"], "publish"]
decision = "deny"
reason = "releases are made by the pipeline"
match = ["npm publish"]
not_match = ["npm install"]

[[command]]
prefix = ["gh", "pr", "merge"]
decision = "ask"
reason = "merging is a person's decision"
match = ["gh pr merge 7"]
not_match = ["gh pr view 7"]

# `closed`: what no line names stays a question, and no user's `allow` answers it beforehand. Without it, a user's own
# lines may.
[network]
modes = ["off", "managed"]
default = "ask"
closed = true

[network.hosts]
"github.com" = "allow"
"api.github.com" = "allow"
"raw.githubusercontent.com" = "allow"
"objects.githubusercontent.com" = "allow"
"registry.npmjs.org" = "allow"
"pypi.org" = "allow"
"files.pythonhosted.org" = "allow"
"**.crates.io" = "allow"
"proxy.golang.org" = "allow"
"deb.debian.org" = "allow"
# A company's own hosts have private addresses: say which, and the name may lead there and nowhere else.
# "**.acme.example" = { decision = "allow", ports = [443], addresses = ["10.0.0.0/8"] }
"pastebin.com" = { decision = "deny", reason = "paste sites take data out" }

# Who may answer, and how far an answer may be remembered.
[approvals]
reviewers = ["person", "auto"]
scopes = ["once", "session"]
timeout = "10m"

[auto_review]
ceiling = "medium"

[mcp]
default = "ask"

# What is kept at least, and where copies go.
[telemetry]
retention = "90d"
# endpoints = ["https://otel.acme.example/v1/logs"]

[limits]
processes = 1000
file_size = "16G"

[defaults.sandbox]
mode = "workspace-write"
)toml";
}

}  // namespace bailiwick
