#!/usr/bin/env bash
# as-user.sh USER SCRATCH COMMAND...: runs COMMAND as USER in this tree, as root finds it, though USER may not be able to reach it: a private
# mount namespace in which an overlay of the tree, writable and owned by USER, lies at the tree's own path.
set -euo pipefail
user=$1 scratch=$2
shift 2
tree=$(cd "$(dirname "$0")/.." && pwd)
mkdir -p "$scratch/tree"
tar -C "$tree" --exclude=./.git --exclude=./build/release --exclude="./build/test-logs" --exclude="*.o" --exclude="*.a" -cf - . | tar -C "$scratch/tree" -xf -
chown -R "$user:" "$scratch/tree"
chmod 755 "$scratch" "$scratch/tree"
home=$(getent passwd "$user" | cut -d: -f6)
# every directory on the way must be searchable for the user: a tmpfs over the first one that is not
exec unshare --mount --propagation private bash -c '
  set -euo pipefail
  tree=$1 scratch=$2 user=$3 home=$4
  shift 4
  top=/$(cut -d/ -f2 <<<"$tree")
  if ! setpriv --reuid "$user" --regid "$user" --init-groups test -x "$(dirname "$tree")" 2>/dev/null; then
    mount -t tmpfs -o mode=755 tmpfs "$top"
    mkdir -p "$tree"
  fi
  mount --bind "$scratch/tree" "$tree"
  cd "$tree"
  exec setpriv --reuid "$user" --regid "$user" --init-groups env -i HOME="$home" USER="$user" LOGNAME="$user" PATH=/usr/local/bin:/usr/bin:/bin LANG=C.UTF-8 ${CI:+CI=$CI} "$@"
' bash "$tree" "$scratch" "$user" "$home" "$@"
