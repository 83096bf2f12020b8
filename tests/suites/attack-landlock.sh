#!/usr/bin/env bash
# Attacks on files and system calls, and a spread of look-alikes, against the backend for machines that refuse user namespaces.
# What that backend cannot hold is listed with its reason in tests/attack/expectations-bailiwick-landlock.txt: any other result fails.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
if [ "$(id -u)" != 0 ]; then echo "skipped: needs root"; exit 77; fi
program=${BAILIWICK:-build/release/bin/bailiwick}
exec tests/attack/run.py --differential --launcher bailiwick-landlock --user bwtest --make-user --copy-program "$program" \
  --report-groups '' --jobs "${ATTACK_JOBS:-2}" --out build/attack-bailiwick-landlock.json \
  --only 'fs-read,fs-write,syscall,B01,B03,B05,B101,B102,B112,B120,B121,B25,B126,B127,B31,B33,B140,B143,B145,B147,B149,B155,B157,B158,B159,B43,B47,B170,B173,B175,B176,B51,B57,B191,B192,B193,B197,B198,B201'
