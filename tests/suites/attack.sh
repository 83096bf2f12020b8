#!/usr/bin/env bash
# The attacks and look-alikes against the release program, each first without a sandbox: tests/attack/README.md.
# Needs root (it makes namespaces); the launcher and the attacks run as the ordinary user `bwtest`.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
if [ "$(id -u)" != 0 ]; then echo "skipped: needs root"; exit 77; fi
program=${BAILIWICK:-build/release/bin/bailiwick}
exec tests/attack/run.py --differential --launcher bailiwick --user bwtest --make-user --copy-program "$program" \
  --report-groups '' --jobs "${ATTACK_JOBS:-2}" --out build/attack-bailiwick.json
