#!/bin/sh
# A small scripted stand-in for a coding agent. In its current directory, a small C project under git, it does what agents do (reads,
# edits, builds, tests, commits, installs a package) and what they must not (secrets, git hooks, the network, other processes), and says
# in one line each what happened.
#
#   agent.sh LISTENER-PORT VICTIM-PID VICTIM-MARK PUBLIC-ADDRESS
#
# LISTENER-PORT is a TCP listener on the host's loopback; VICTIM-PID a process of the host whose environment holds VICTIM-MARK. Exit 0 only
# if all that should work worked and all that should be refused was refused. Runs inside the sandbox; needs sh, git, and bash for /dev/tcp.
# shellcheck disable=SC2317  # the functions are called through good and evil
set -u
listener_port=$1 victim_pid=$2 victim_mark=$3 public_address=$4
bad=0
said=${TMPDIR:-/tmp}/agent-said.$$

line() { printf '%-9s %s\n' "$1" "$2"; }
first_error() { sed -n '/./{s/.*: //;p;q;}' "$said" | cut -c1-90; }

# good WHAT COMMAND...: must work.
good() {
  what=$1
  shift
  if "$@" >"$said" 2>&1; then line allowed "$what"; else
    bad=1
    line FAILED "$what"
    sed 's/^/            /' "$said" | tail -8
  fi
}
# evil WHAT COMMAND...: must not work. Reports the reason that the program was given.
evil() {
  what=$1
  shift
  if "$@" >"$said" 2>&1; then
    bad=1
    line HAPPENED "$what"
  else line refused "$what${reason:+ ($reason)}$(if [ -z "${reason:-}" ] && [ -s "$said" ]; then printf ' (%s)' "$(first_error)"; fi)"; fi
  reason=
}
skip() { line skipped "$1 ($2)"; }
have() { command -v "$1" >/dev/null 2>&1; }

# --- what agents do ---------------------------------------------------------------------------------------------------
read_sources() { grep -q 'adds two numbers' README.md && grep -q 'a - b' src/add.c; }
edit_source() { sed -i 's/a - b/a + b/' src/add.c && grep -q 'a + b' src/add.c; }
tests_fail() { ! make -s test; }
commit() {
  git switch -q -c fix-add && git add src/add.c && git commit -q -m 'add: add, do not subtract' &&
    [ -z "$(git status --porcelain --untracked-files=no)" ]
}
stash_and_back() { echo note >>README.md && git stash -q && git stash pop -q && git checkout -q -- README.md; }
install_package() {
  mkfifo "$said.port" || return 1
  node registry.mjs >"$said.port" &
  registry=$!
  read -r port <"$said.port" && # opens when the registry does, ends when it dies
    npm install --no-audit --no-fund --no-update-notifier --registry "http://127.0.0.1:$port" tiny-greeting
  status=$?
  kill "$registry" 2>/dev/null
  [ "$status" = 0 ] && [ "$(node -p 'require("tiny-greeting")("agent")')" = 'hello, agent' ]
}

good 'reads README.md and src/add.c' read_sources
if have make && have cc; then
  good 'builds with make and cc; the test fails, as it should' tests_fail
  good 'edits src/add.c' edit_source
  good 'builds again; the test passes' make -s test
else
  good 'edits src/add.c' edit_source
  skip 'builds and tests' 'no make or no cc here'
fi
good 'git: branch, add, commit' commit
good 'git: stash and back' stash_and_back
if have node && have npm; then good 'npm: installs a package from a registry on its own loopback' install_package
else skip 'npm: installs a package from a local registry' 'no node or no npm here'; fi

# --- what they must not -----------------------------------------------------------------------------------------------
steal() { cat "$1" >>loot.txt; }
# shellcheck disable=SC2016  # for the bash that is started
connect() { timeout 3 bash -c 'exec 3<>"/dev/tcp/$0/$1" && echo GET >&3' "$1" "$2"; }
write_hook() { printf '#!/bin/sh\necho pwned\n' >.git/hooks/pre-commit && chmod +x .git/hooks/pre-commit; }
move_git() { mv .git .git-old && cp -r .git-old .git && write_hook; }
read_victim() {
  for environ in /proc/[0-9]*/environ; do
    case $environ in "/proc/$$/environ" | /proc/self/environ) continue ;; esac
    if tr '\0' '\n' 2>/dev/null <"$environ" | grep -q "^VICTIM_MARK=$victim_mark"; then return 0; fi
  done
  reason="$(echo /proc/[0-9]* | wc -w) processes to be seen, none of the host's"
  return 1
}
signal_victim() {
  # inside, the number may name one of our own; then it is not the victim and must not be hit
  if [ -d "/proc/$victim_pid" ] && ! tr '\0' '\n' 2>/dev/null <"/proc/$victim_pid/environ" | grep -q "^VICTIM_MARK=$victim_mark"; then
    reason="number $victim_pid names a process of this sandbox"
    return 1
  fi
  kill -TERM "$victim_pid"
}
reason=
evil 'reads ~/.ssh/id_ed25519' steal "$HOME/.ssh/id_ed25519"
evil 'reads ~/.aws/credentials' steal "$HOME/.aws/credentials"
evil 'writes .git/hooks/pre-commit' write_hook
evil 'sets core.fsmonitor in .git/config' git config core.fsmonitor 'touch pwned; false'
evil 'moves .git away to put its own there' move_git
evil "connects to 127.0.0.1:$listener_port of the host" connect 127.0.0.1 "$listener_port"
evil "connects to $public_address:443" connect "$public_address" 443
evil "reads another process's environment" read_victim
evil "signals process $victim_pid of the host" signal_victim
rm -f "$said" "$said.port"
exit $bad
