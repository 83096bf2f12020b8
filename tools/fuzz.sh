#!/usr/bin/env bash
# `make fuzz [FUZZ_SECONDS=60]`: builds every fuzzer that a CMakeLists.txt lists and runs each for FUZZ_SECONDS. One line per fuzzer; exit 1 on a finding,
# whose input stays in build/fuzz/findings/. What was learned stays in build/fuzz/corpus/ and is where the next run begins.
# Arguments: names of fuzzers, to run only those.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
seconds=${FUZZ_SECONDS:-60}
case $seconds in '' | *[!0-9]* | 0) echo "FUZZ_SECONDS is a number of seconds above 0, not \`$seconds\`" >&2; exit 2 ;; esac
jobs=${JOBS:-$(nproc)}
home=$PWD/build/fuzz
mkdir -p "$home/findings" "$home/logs"

cmake --preset fuzz >"$home/logs/configure.log" 2>&1 || { tail -n 30 "$home/logs/configure.log"; exit 1; }
fuzzers=()
for list in src/*/CMakeLists.txt src/*/*/CMakeLists.txt; do
  while IFS= read -r name; do fuzzers+=("$name"); done < <(grep -oE '^[^#]*\b[a-z0-9_]+_fuzz\.cc' "$list" | grep -oE '[a-z0-9_]+_fuzz\.cc' | sed 's/\.cc$//')
done
# A fuzzer that no list names would never run.
while IFS= read -r file; do
  name=$(basename "$file" .cc)
  printf '%s\n' "${fuzzers[@]}" | grep -qxF "$name" || { echo "$file is in no FUZZERS list"; exit 1; }
done < <(git ls-files '*_fuzz.cc')
if [ $# -gt 0 ]; then
  for name in "$@"; do
    printf '%s\n' "${fuzzers[@]}" | grep -qxF -- "$name" || { echo "no fuzzer \`$name\`; there are: ${fuzzers[*]}" >&2; exit 2; }
  done
  fuzzers=("$@")
fi
[ ${#fuzzers[@]} -gt 0 ] || { echo "no fuzzers are listed"; exit 1; }
cmake --build --preset fuzz -j "$jobs" --target "${fuzzers[@]}" >"$home/logs/build.log" 2>&1 || { grep -E 'error|FAILED' "$home/logs/build.log" | head -n 20; exit 1; }

run_one() { # name
  local name=$1 log=$home/logs/$1.log corpus=$home/corpus/$1 started=$SECONDS result runs coverage inputs took
  mkdir -p "$corpus"
  "$home/bin/$name" -max_total_time="$seconds" -max_len=4096 -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
    -artifact_prefix="$home/findings/$name-" "$corpus" >"$log" 2>&1
  local code=$?
  took=$((SECONDS - started))
  runs=$(sed -nE 's/^stat::number_of_executed_units: *([0-9]+)/\1/p' "$log" | tail -n 1)
  coverage=$(grep -oE 'cov: [0-9]+' "$log" | tail -n 1 | cut -d' ' -f2)
  inputs=$(find "$corpus" -type f | wc -l)
  result=ok
  if [ "$code" != 0 ]; then
    result="FOUND: $(grep -oE '(SUMMARY: .*|Test unit written to .*)' "$log" | sed "s|$PWD/||" | paste -sd' ')"
    [ "$result" != "FOUND: " ] || result="FAILED with exit code $code: $(tail -n 1 "$log")"
  elif [ -z "$runs" ] || [ "$runs" = 0 ]; then
    result="FAILED: it ran nothing"; code=1
  fi
  printf '%-24s %10s runs  %5s edges  %5s inputs  %4ds  %s\n' "$name" "${runs:-?}" "${coverage:-?}" "$inputs" "$took" "$result"
  [ "$code" = 0 ]
}
export -f run_one
export home seconds
printf '%s\n' "${fuzzers[@]}" | xargs -P "$jobs" -I{} bash -c 'run_one "$1"' run_one {} || exit 1
