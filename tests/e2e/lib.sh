# What the end-to-end scripts share: counting, scratch directories, running as somebody else. Sourced by bash scripts.
# shellcheck shell=bash

passed=0 failed=0 skipped=0
ok() { passed=$((passed + 1)); printf 'ok    %s\n' "$1"; }
not_ok() { failed=$((failed + 1)); printf 'FAIL  %s\n' "$1"; shift; [ $# = 0 ] || printf '        %s\n' "$@"; }
skip() { skipped=$((skipped + 1)); printf 'skip  %s: %s\n' "$1" "$2"; }
finish() {
  printf '%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
  [ "$failed" = 0 ]
}

# The binary under test, absolute: the argument, else BAILIWICK, else the newest build of this tree.
find_bailiwick() {
  local root candidate
  root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
  for candidate in "${1:-}" "${BAILIWICK:-}" "$root/build/release/bin/bailiwick" "$root/build/dev/bin/bailiwick"; do
    if [ -n "$candidate" ] && [ -x "$candidate" ]; then readlink -f "$candidate"; return 0; fi
  done
  echo 'bailiwick is not built; run make build, or name the binary' >&2
  return 1
}

# An ordinary user to run as when we are root: BAILIWICK_TEST_USER, else the first human account, else nobody.
ordinary_user() {
  if [ -n "${BAILIWICK_TEST_USER:-}" ]; then printf '%s\n' "$BAILIWICK_TEST_USER"; return; fi
  getent passwd | awk -F: '$3 >= 1000 && $3 < 60000 { print $1; found = 1; exit } END { if (!found) print "nobody" }'
}

# as_user USER HOME COMMAND...: with that user's ids and an environment of only PATH, HOME, USER, LANG and what `extra_env` holds.
extra_env=()
as_user() {
  local user=$1 home=$2
  shift 2
  local clean=(env -i "PATH=$PATH" "HOME=$home" "USER=$user" "LOGNAME=$user" LANG=C.UTF-8 "${extra_env[@]}")
  if [ "$user" = "$(id -un)" ]; then "${clean[@]}" "$@"
  else setpriv --reuid="$(id -u "$user")" --regid="$(id -g "$user")" --clear-groups "${clean[@]}" "$@"; fi
}
