#!/usr/bin/env bash
# Attacks and look-alikes with root as the caller, against the release program, each first without a sandbox: tests/attack/README.md.
# The harness makes the machine read-only for the run; `/etc` and `/usr/local` get a writable layer that only the run sees.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
if [ "$(id -u)" != 0 ]; then echo "skipped: needs root, who is the caller here"; exit 77; fi
program=${BAILIWICK:-build/release/bin/bailiwick}
exec tests/attack/run.py --differential --launcher bailiwick --user root --copy-program "$program" \
  --report-groups '' --jobs "${ATTACK_JOBS:-2}" --out build/attack-bailiwick-root.json
