#!/usr/bin/env bash
# The window of a torn-off cover: a host program replaces a protected file (.git/config) by rename, N times, while an attacker inside tries
# to open it for writing without pause. How often it could, and for how long; once as git renames, once 20 ms after the new file was written.
#
#   bench/cover_window.sh [--rounds R] [N=100] [BAILIWICK-BINARY]
#
# Run it as an ordinary user; the workspace is made below HOME. Needs cc and git.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
rounds=1
if [ "${1:-}" = --rounds ]; then rounds=$2; shift 2; fi
n=${1:-100}
program=${2:-$here/../build/release/bin/bailiwick}
scratch=$(mktemp -d "$HOME/bailiwick-window.XXXXXX")
trap 'rm -rf "$scratch"' EXIT
trap 'exit 130' INT TERM HUP
mkdir "$scratch/app"
cc -O2 -static -o "$scratch/app/cover_window" "$here/cover_window.c"
cd "$scratch/app"
git init -q .
echo "load $(cut -d' ' -f1-3 /proc/loadavg), $(nproc) CPUs, $(uname -r), uid $(id -u)"
for ((round = 0; round < rounds; round++)); do
  for wait in 0 20; do
    ./cover_window replace .git/config "$n" "$wait" "$program" exec -- ./cover_window attack .git/config
    end=$(find "${XDG_STATE_HOME:-$HOME/.local/state}/bailiwick/sessions" -name end.json -newer "$scratch/app/.git/config" | tail -n 1)
    [ -z "$end" ] || echo "  the session's record: $(grep -oE '"(covers_restored|longest_restore_us)":[0-9]+' "$end" | paste -sd' ')"
  done
done
