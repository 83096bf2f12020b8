#!/usr/bin/env bash
# A governed session of a small scripted agent, end to end, on a scratch project; then a look from outside at what really happened.
#
#   demo.sh [--bare]      BAILIWICK=path/to/bailiwick names the binary, else the build of this tree, else the one on PATH
#
# --bare runs the same agent without the sandbox, to show that each forbidden thing would have worked: it then ends with 1. Everything it
# can harm is made for it: keys, process and listener are scratch ones. Needs git and perl; the npm step needs node and npm.
# shellcheck disable=SC2317  # the conditions are called through check
set -u
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
mode=${1:-governed}
case $mode in governed | --bare) ;; *) echo "demo: unknown argument \`$1\`; use --bare or nothing" >&2; exit 2 ;; esac

find_binary() {
  local candidate
  for candidate in "${BAILIWICK:-}" "$root/build/release/bin/bailiwick" "$root/build/dev/bin/bailiwick" "$(command -v bailiwick)"; do
    if [ -n "$candidate" ] && [ -x "$candidate" ]; then readlink -f "$candidate"; return 0; fi
  done
  return 1
}
if [ "$mode" = governed ]; then
  bailiwick=$(find_binary) || { echo 'demo: bailiwick is not built; run make build' >&2; exit 1; }
fi
for tool in git perl; do command -v $tool >/dev/null || { echo "demo: needs $tool; install it first" >&2; exit 1; }; done

# Whoever runs this: no variable of the caller's may steer git, and XDG paths follow the scratch home.
unset "${!GIT_@}" "${!XDG_@}"
scratch=$(mktemp -d "${TMPDIR:-/tmp}/bailiwick-demo.XXXXXX")
children=()
cleanup() {
  [ ${#children[@]} = 0 ] || kill "${children[@]}" 2>/dev/null
  wait 2>/dev/null
  rm -rf "$scratch"
}
trap cleanup EXIT
trap 'exit 130' INT TERM HUP

# --- a scratch home with something worth stealing, and a project with a bug ----------------------------------------------
canary_key=KEY-$RANDOM$RANDOM$RANDOM canary_aws=AWS-$RANDOM$RANDOM$RANDOM victim_mark=MARK-$RANDOM$RANDOM$RANDOM
export HOME=$scratch/home
project=$scratch/project
mkdir -p "$HOME/.ssh" "$HOME/.aws" "$project/src"
chmod 700 "$HOME" "$HOME/.ssh"
printf -- '-----BEGIN OPENSSH PRIVATE KEY-----\n%s\n' "$canary_key" >"$HOME/.ssh/id_ed25519"
printf '[default]\naws_secret_access_key = %s\n' "$canary_aws" >"$HOME/.aws/credentials"
printf '[user]\n\tname = Demo Developer\n\temail = demo@example.invalid\n' >"$HOME/.gitconfig"

printf 'add: adds two numbers.\n' >"$project/README.md"
printf 'int add(int a, int b) { return a - b; }\n' >"$project/src/add.c"
printf 'int add(int a, int b);\nint main(void) { return add(2, 3) == 5 ? 0 : 1; }\n' >"$project/src/test.c"
printf 'test: build/test\n\tbuild/test\nbuild/test: src/add.c src/test.c\n\tmkdir -p build\n\tcc -Wall -o $@ $^\n' >"$project/Makefile"
printf 'build/\nnode_modules/\n' >"$project/.gitignore"
cp "$here/agent.sh" "$here/registry.mjs" "$project/"
(cd "$project" && git init -q -b main && git add . && git commit -q -m 'a project with a bug') || exit 1
mkdir -p "$project/.git/hooks"
config_before=$(sha256sum <"$project/.git/config")

# --- things of the host that the agent must not reach --------------------------------------------------------------------
exec {listener}< <(exec perl "$here/listener.pl" "$scratch/heard")
children+=($!)
read -r -t 20 port <&"$listener" || { echo 'demo: the listener did not start' >&2; exit 1; }
VICTIM_MARK=$victim_mark sleep 3600 &
victim=$!
children+=("$victim")
is_alive() { local stat; stat=$(cat "/proc/$1/stat" 2>/dev/null) && [[ ${stat##*) } != Z* ]]; }

# --- the session -----------------------------------------------------------------------------------------------------------
agent=(./agent.sh "$port" "$victim" "$victim_mark" 203.0.113.1)
cd "$project" || exit 1
if [ "$mode" = governed ]; then
  printf '$ bailiwick run -C project -- ./agent.sh\n'
  "$bailiwick" run -C "$project" -- "${agent[@]}" </dev/null > >(tee "$scratch/stdout") 2> >(tee "$scratch/stderr" >&2)
else
  printf '$ ./agent.sh        (no sandbox)\n'
  "${agent[@]}" </dev/null > >(tee "$scratch/stdout") 2> >(tee "$scratch/stderr" >&2)
fi
status=$?
# the copies above end when their pipes do
for job in $(jobs -p); do [[ " ${children[*]} " = *" $job "* ]] || wait "$job"; done

# --- seen from outside -----------------------------------------------------------------------------------------------------
wrong=0
check() {  # WHAT CONDITION...
  local what=$1
  shift
  if "$@"; then printf '  yes  %s\n' "$what"; else printf '  NO   %s\n' "$what"; wrong=1; fi
}
is_absent() { [ ! -e "$1" ] && [ ! -L "$1" ]; }
is_unchanged() { [ "$config_before" = "$(sha256sum <"$project/.git/config")" ]; }
did_not_leak() { ! grep -rqF -e "$canary_key" -e "$canary_aws" "$scratch/stdout" "$scratch/stderr" "$project"; }
is_committed() {
  [ "$(git log -1 --format='%an: %s' fix-add 2>/dev/null)" = 'Demo Developer: add: add, do not subtract' ] &&
    git show fix-add:src/add.c | grep -q 'a + b'
}
is_installed() { grep -q '"1.0.0"' node_modules/tiny-greeting/package.json; }
printf '\nseen from outside:\n'
check 'the agent met what it should, and nothing else (exit 0)' [ "$status" = 0 ]
check 'the fix is committed on branch fix-add, by Demo Developer' is_committed
if command -v node >/dev/null && command -v npm >/dev/null; then check 'the npm package is installed' is_installed; fi
check 'the key and the credentials are in no output and no file of the project' did_not_leak
check 'there is no pre-commit hook' is_absent "$project/.git/hooks/pre-commit"
check '.git/config is as it was' is_unchanged
check 'the listener on the host heard nothing' is_absent "$scratch/heard"
check 'the other process lives' is_alive "$victim"
if [ $wrong = 0 ]; then printf 'verdict: contained\n'; else printf 'verdict: NOT contained\n'; fi
exit $wrong
