#!/bin/bash
# bubblewrap as agents commonly call it: read-only root, workspace writable, everything unshared
ws=$1; shift 2
w=(); [ -n "$RT_WRITE" ] && w=(--bind "$RT_WRITE" "$RT_WRITE")
exec bwrap --ro-bind / / --dev /dev --proc /proc --tmpfs /tmp --bind "$ws" "$ws" "${w[@]}" \
  --unshare-all --die-with-parent --new-session --chdir "$ws" -- "$@"
