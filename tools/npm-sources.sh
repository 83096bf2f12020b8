#!/usr/bin/env bash
# Unpacks the pinned sources of third_party/npm into build/npm, where CMake finds them. Any user who may write build/. Nothing to do costs 5 ms.
set -euo pipefail
cd "$(dirname "$0")/.."
from=third_party/npm to=build/npm
[ -d "$to/node_modules/tree-sitter-bash/src" ] && cmp -s "$from/package-lock.json" "$to/package-lock.json" && exit 0
command -v npm >/dev/null || { echo "bailiwick: npm is not installed: run make deps" >&2; exit 1; }
mkdir -p build
stage=$(mktemp -d build/npm.XXXXXX)
trap 'rm -rf "$stage"' EXIT
cp "$from/package.json" "$from/package-lock.json" "$stage/"
# npm checks every package against the hash in the lock file; no script of a package is run
(cd "$stage" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >npm.log 2>&1) ||
  { tail -n 20 "$stage/npm.log" >&2; echo "bailiwick: could not get the sources of $from from npm" >&2; exit 1; }
rm -rf "$to"
mv "$stage" "$to"
chmod 755 "$to"
