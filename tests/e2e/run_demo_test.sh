#!/usr/bin/env bash
# The demo of `make run`: as the caller and, when that is root, as an ordinary user too; then without the sandbox, where it must fail,
# or the demo could not tell.
#
#   run_demo_test.sh [BAILIWICK-BINARY]
set -u
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
# shellcheck source=tests/e2e/lib.sh
. "$here/lib.sh"
bailiwick=$(find_bailiwick "${1:-}") || exit 1
extra_env=("BAILIWICK=$bailiwick")
scratch=$(mktemp -d "${BAILIWICK_TEST_SCRATCH:-/var/tmp}/bailiwick-run-demo.XXXXXX")
chmod 755 "$scratch"
trap 'rm -rf "$scratch"' EXIT
trap 'exit 130' INT TERM HUP

# A copy, so that an ordinary user can read it wherever this tree lives.
cp -r "$root/examples" "$scratch/examples"
chmod -R go+rX "$scratch/examples"

run_demo() {  # USER ARGUMENTS...: sets `output` and `status`
  local user=$1
  shift
  output=$(cd / && as_user "$user" /nonexistent timeout -k 5 120 "$scratch/examples/scripted-agent/demo.sh" "$@" 2>&1 </dev/null)
  status=$?
}
governed() {
  run_demo "$1"
  local summary
  summary=$(grep -Ec '^(allowed|refused) ' <<<"$output")
  if [ $status = 0 ] && [ "$(tail -1 <<<"$output")" = 'verdict: contained' ] && [ "$summary" -ge 12 ]; then ok "demo as $1: $summary steps, contained"
  else not_ok "demo as $1" "exit $status" "$output"; fi
}

governed "$(id -un)"
if [ "$(id -u)" = 0 ]; then
  other=$(ordinary_user)
  if as_user "$other" /nonexistent test -x "$bailiwick"; then governed "$other"
  else skip "demo as $other" "that user cannot run $bailiwick"; fi
fi

run_demo "$(id -un)" --bare
happened=$(grep -c '^HAPPENED ' <<<"$output")
if [ $status = 1 ] && [ "$happened" -ge 7 ] && [ "$(tail -1 <<<"$output")" = 'verdict: NOT contained' ]; then ok "control: without the sandbox $happened forbidden things happened"
else not_ok 'control: without the sandbox' "exit $status" "$output"; fi
finish
