#!/usr/bin/env bash
# Installs the packages of packages.txt that are missing. Root, or sudo without a prompt; nothing to do costs 30 ms.
# Then the pinned sources of third_party/npm.
set -euo pipefail
cd "$(dirname "$0")/.."
mapfile -t wanted < <(grep -vE '^\s*(#|$)' packages.txt)
missing=()
have=$(dpkg-query -W -f '${db:Status-Abbrev} ${Package}\n' 2>/dev/null | awk '$1 == "ii" { print $2 }')
for package in "${wanted[@]}"; do
  if [ "$package" = nodejs ] && command -v node >/dev/null; then continue; fi # any node will do
  grep -qxF -- "$package" <<<"$have" || missing+=("$package")
done
# npm comes with some nodes and as a package of its own with Debian's
if ! command -v npm >/dev/null && ! grep -qxF npm <<<"$have"; then missing+=(npm); fi
if [ ${#missing[@]} -eq 0 ]; then exec tools/npm-sources.sh; fi
sudo=()
if [ "$(id -u)" != 0 ]; then
  command -v sudo >/dev/null || { echo "bailiwick: missing packages: ${missing[*]}: install them as root, or install sudo" >&2; exit 1; }
  sudo=(sudo -n)
fi
echo "installing ${#missing[@]} packages: ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
trap 'rm -f "$log"' EXIT
run() { "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive "$@" >"$log" 2>&1 || { tail -n 20 "$log" >&2; return 1; }; }
run apt-get update -qq
run apt-get install -y -qq --no-install-recommends "${missing[@]}"
tools/npm-sources.sh
