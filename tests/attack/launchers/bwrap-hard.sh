#!/bin/bash
# bubblewrap with more care: system directories only, empty HOME, clean environment, git configuration read-only, no nested namespaces
ws=$1; home=$2; shift 2
a=(); for d in /usr /bin /sbin /lib /lib64 /etc /opt; do [ -e "$d" ] && a+=(--ro-bind "$d" "$d"); done
g=(); for f in hooks config; do [ -e "$ws/.git/$f" ] && g+=(--ro-bind "$ws/.git/$f" "$ws/.git/$f"); done
r=(); [ -n "$RT_READ" ] && r+=(--ro-bind "$RT_READ" "$RT_READ"); [ -n "$RT_WRITE" ] && r+=(--bind "$RT_WRITE" "$RT_WRITE")
exec bwrap "${a[@]}" --ro-bind "$RT_OPT" "$RT_OPT" --dev /dev --proc /proc --tmpfs /tmp --tmpfs "$home" --ro-bind "$home/.gitconfig" "$home/.gitconfig" \
  "${r[@]}" --bind "$ws" "$ws" "${g[@]}" --clearenv --setenv PATH "$PATH" --setenv HOME "$home" --setenv LANG C.UTF-8 --setenv TERM xterm --setenv USER "$USER" \
  --unshare-all --unshare-user --disable-userns --die-with-parent --new-session --chdir "$ws" -- "$@"
