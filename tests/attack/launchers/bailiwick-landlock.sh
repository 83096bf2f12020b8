#!/bin/bash
# Bailiwick where user namespaces are refused
# features: modes
ws=$1; shift 2
bin=${BAILIWICK:-$(dirname "$0")/../../../build/release/bin/bailiwick}
o=(); [ -n "$RT_WRITE" ] && o=(--write "$RT_WRITE")
exec "$bin" exec --backend landlock -C "$ws" --mode "${RT_MODE:-workspace-write}" --read "$RT_OPT" --read "$RT_READ" "${o[@]}" --limit memory=1G -- "$@"
