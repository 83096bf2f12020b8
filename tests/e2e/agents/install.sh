#!/usr/bin/env bash
# Installs the real agents that the end-to-end tests start: pinned by package-lock.json, outside the tree, once per lock file.
#
#   install.sh            install if not there yet; progress on stderr, the directory on stdout
#   install.sh --where    only print where they are or would be; installs nothing
#
# The directory is BAILIWICK_AGENTS_DIR, else <cache>/bailiwick-agents/<hash of the lock>, where <cache> is XDG_CACHE_HOME,
# else /var/cache for root (other users must be able to run them, and root's home is closed to them), else ~/.cache.
# The agents' licences differ and one is proprietary: they are fetched on demand and never redistributed.
set -eu
umask 022
here=$(cd "$(dirname "$0")" && pwd)
say() { printf 'agents: %s\n' "$*" >&2; }

hash=$(cat "$here/package.json" "$here/package-lock.json" | sha256sum | cut -c1-16)
if [ "$(id -u)" = 0 ]; then cache=${XDG_CACHE_HOME:-/var/cache}; else cache=${XDG_CACHE_HOME:-$HOME/.cache}; fi
dir=${BAILIWICK_AGENTS_DIR:-$cache/bailiwick-agents/$hash}
case ${1:-} in
  --where) printf '%s\n' "$dir"; exit 0 ;;
  '') ;;
  *) say "unknown argument \`$1\`; use --where or nothing"; exit 2 ;;
esac

command -v npm >/dev/null || { say 'npm is not installed; install nodejs and npm'; exit 1; }
[ "$(uname -s)-$(uname -m)" = Linux-x86_64 ] || [ "$(uname -m)" = aarch64 ] || { say "no agents for $(uname -m)"; exit 1; }
mkdir -p "$(dirname "$dir")"
exec 9>"$dir.lock"
flock -n 9 || { say "another install is at work in $dir; waiting"; flock 9; }
if [ -e "$dir/.complete" ]; then
  say "already there: $dir"
  printf '%s\n' "$dir"
  exit 0
fi

# Built aside and renamed, so that a run that was cut off leaves nothing that looks complete.
stage=$(mktemp -d "$dir.XXXXXX")
npm_pid=
cleanup() {
  if [ -n "$npm_pid" ]; then kill "$npm_pid" 2>/dev/null || true; fi
  rm -rf "$stage"
}
trap cleanup EXIT
trap 'exit 1' INT TERM HUP
chmod 755 "$stage"
cp "$here/package.json" "$here/package-lock.json" "$stage/"

say 'fetching codex, claude, gemini, opencode and node (about 0.5 GB to fetch, 1.4 GB on disk)'
# `npm install`, not `npm ci`: ci insists that every platform's optional package be in the lock, and some were never published.
# What is in the lock is still taken at that version and checked against its hash. No install script of a package is run ...
(cd "$stage" && exec npm install --ignore-scripts --no-save --no-audit --no-fund --loglevel=error --omit-lockfile-registry-resolved) \
  >"$stage/npm.log" 2>&1 9>&- &
npm_pid=$!
while kill -0 "$npm_pid" 2>/dev/null; do
  say "$(du -sm "$stage" 2>/dev/null | cut -f1) MB on disk"
  for _ in 1 2 3 4 5 6 7 8; do kill -0 "$npm_pid" 2>/dev/null && sleep 0.5; done
done
if ! wait "$npm_pid"; then
  npm_pid=
  cat "$stage/npm.log" >&2
  say 'npm failed; its output is above'
  exit 1
fi
npm_pid=
cmp -s "$here/package-lock.json" "$stage/package-lock.json" || { say 'npm changed the lock file: run npm install --package-lock-only'; exit 1; }

# ... but for the two that put a native program in place of a placeholder, under the pinned node.
bin=$stage/node_modules/.bin
for script in @anthropic-ai/claude-code/install.cjs opencode-ai/postinstall.mjs; do
  say "running $script"
  (cd "$stage/node_modules/${script%/*}" && HOME=$stage PATH=$bin:$PATH node "${script##*/}" >>"$stage/npm.log" 2>&1) ||
    { tail -20 "$stage/npm.log" >&2; say "$script failed"; exit 1; }
done
for agent in codex claude gemini opencode; do
  [ -x "$bin/$agent" ] || { say "$agent was not installed"; exit 1; }
done
chmod -R go+rX "$stage"
: >"$stage/.complete"
rm -rf "$dir"
mv "$stage" "$dir"
trap - EXIT
say "installed: $dir"
printf '%s\n' "$dir"
