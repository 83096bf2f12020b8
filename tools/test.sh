#!/usr/bin/env bash
# `make test`: builds and runs every test. As root, the parts that ordinary users run are run as one as well (user `bwtest`, made if missing).
# The last line is `N passed, N failed, N skipped`; exit 1 if anything failed, or if something was skipped and BAILIWICK_NO_SKIPS is set.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
jobs=${JOBS:-$(nproc)}
passed=0 failed=0 skipped=0
step() { printf '\n== %s (%(%H:%M:%S)T)\n' "$1" -1; }
count() { # a log whose last matching line is `N passed, N failed, N skipped`
  local line
  line=$(grep -E '^[0-9]+ passed, [0-9]+ failed' "$1" | tail -n 1)
  if [ -z "$line" ]; then failed=$((failed + 1)); echo "no result line in $1"; return; fi
  passed=$((passed + $(sed -E 's/^([0-9]+) passed.*/\1/' <<<"$line")))
  failed=$((failed + $(sed -E 's/.* ([0-9]+) failed.*/\1/' <<<"$line")))
  case $line in *skipped*) skipped=$((skipped + $(sed -E 's/.* ([0-9]+) skipped.*/\1/' <<<"$line"))) ;; esac
}
logs=build/test-logs
mkdir -p "$logs"

step "build"
cmake --preset dev >"$logs/configure.log" 2>&1 || { tail -n 30 "$logs/configure.log"; exit 1; }
cmake --build --preset dev -j "$jobs" || exit 1
cmake --preset release >"$logs/configure-release.log" 2>&1 && cmake --build --preset release -j "$jobs" || exit 1

run_ctest() { # name, tests to leave out, command prefix...
  local name=$1 without=$2
  shift 2
  step "tests as $name"
  "$@" ctest --test-dir build/dev --output-on-failure -j "$jobs" --timeout 300 --repeat until-pass:2 -E "^fuzz\\.|$without" >"$logs/ctest-$name.log" 2>&1
  local summary good bad permitted
  grep -E '\*\*\*(Failed|Skipped|Timeout|Exception|Not Run)' "$logs/ctest-$name.log" | sed -E 's/\.{4,}/ /'
  summary=$(grep -E 'tests passed, [0-9]+ tests failed out of [0-9]+' "$logs/ctest-$name.log")
  if [ -z "$summary" ]; then failed=$((failed + 1)); tail -n 20 "$logs/ctest-$name.log"; return; fi
  echo "$summary"
  bad=$(sed -E 's/.* ([0-9]+) tests failed.*/\1/' <<<"$summary")
  local total skips
  total=$(sed -E 's/.* out of ([0-9]+)/\1/' <<<"$summary")
  # what tests/permitted-skips.txt names was not possible on this machine, and is not counted
  permitted=$(grep -vE '^(#|$)' tests/permitted-skips.txt | sed -E 's/ +.*//' | paste -sd'|')
  skips=$(grep -E '\*\*\*Skipped' "$logs/ctest-$name.log" | grep -cvE "($permitted)")
  good=$((total - bad - $(grep -cE '\*\*\*Skipped' "$logs/ctest-$name.log")))
  passed=$((passed + good)) failed=$((failed + bad)) skipped=$((skipped + skips))
  [ "$bad" = 0 ] || sed -n '/Start\|FAILED\|Failure\|error/p' "$logs/ctest-$name.log" | grep -A8 -E 'Failure' | head -n 60
}

if [ "$(id -u)" = 0 ]; then
  user=bwtest
  id -u "$user" >/dev/null 2>&1 || useradd --create-home --shell /bin/bash "$user"
  run_ctest root none env
  # The ordinary user works on a copy: the tree may lie where only root can look.
  copy=$(mktemp -d /tmp/bailiwick-test-XXXXXX)
  trap 'rm -rf "$copy"' EXIT
  # The agents are tested by root, as root and as an ordinary user.
  # Tests know their sources and each other by absolute path: the copy is mounted at the same place in a private mount namespace.
  run_ctest "$user" "^e2e\\.agents" tools/as-user.sh "$user" "$copy"
else
  run_ctest "$(id -un)" none env
fi

for suite in tests/suites/*.sh; do
  [ -e "$suite" ] || continue
  name=$(basename "$suite" .sh)
  step "$name"
  if "$suite" >"$logs/$name.log" 2>&1; then :; elif [ $? = 77 ]; then echo "skipped: $(tail -n 1 "$logs/$name.log")"; skipped=$((skipped + 1)); continue; fi
  tail -n 12 "$logs/$name.log"
  count "$logs/$name.log"
done

printf '\n%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
[ "$failed" = 0 ] || exit 1
if [ -n "${BAILIWICK_NO_SKIPS:-}" ] && [ "$skipped" != 0 ]; then echo "a skip that this machine need not have is a failure here"; exit 1; fi
