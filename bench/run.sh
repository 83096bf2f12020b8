#!/usr/bin/env bash
# The benchmark of a whole session: start-up against a bare spawn and bubblewrap with the same sandbox, its steps, and work inside.
#
#   bench/run.sh [--quick] [--json FILE] [--only calibration,startup,steps,work,judging,linking] [--rounds N] [BAILIWICK-BINARY]
#
# Prints ratios taken in this one run, on this machine; lines "must reach" say ok or missed. Ends with 0 whatever was measured, so that a
# busy machine never breaks a build; with 2 for a command line that it does not understand. Needs cc and python3; git, g++ and bwrap for
# the parts that use them, which are otherwise left out by name.
set -u
here=$(cd "$(dirname "$0")" && pwd)
for tool in cc python3; do
  command -v $tool >/dev/null || { echo "bench: needs $tool; nothing was measured"; exit 0; }
done
scratch=$(mktemp -d "${BAILIWICK_BENCH_SCRATCH:-/var/tmp}/bailiwick-bench.XXXXXX")
trap 'rm -rf "$scratch"' EXIT
trap 'exit 130' INT TERM HUP
if ! cc -O2 -o "$scratch/spawnbench" "$here/spawnbench.c" || ! cc -O2 -static -o "$scratch/true_static" "$here/true_static.c"; then
  echo 'bench: the measuring programs do not compile; nothing was measured'
  exit 0
fi
python3 -B "$here/bench.py" --scratch "$scratch" "$@"
status=$?
[ $status = 2 ] && exit 2
[ $status = 0 ] || echo "bench: ended early (python exit $status); what is above was measured"
exit 0
