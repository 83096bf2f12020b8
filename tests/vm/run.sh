#!/usr/bin/env bash
# `make vm-test`: Bailiwick on Debian 12's own kernel (6.1, Landlock ABI 2), with cgroup v2 delegated to an ordinary user as systemd does it.
# Boots that kernel in qemu, on the machine's own files: read-only over 9p, with a layer in memory for changes and a small ext4 for /home.
# What runs inside is inside.sh. The last line is `N passed, N failed, N skipped`.
#
# Needs root (to install qemu and to read the machine's files) and 3 GB of memory; software emulation, so it takes some minutes.
#   VM_PACKAGE=linux-image-amd64   the kernel package; it is unpacked, not installed
#   VM_ACCEL=tcg                   or kvm, where that works
#   VM_SECONDS=2400                after which the machine is stopped
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
if [ "$(id -u)" != 0 ]; then echo "skipped: needs root"; exit 77; fi
tree=$PWD here=$PWD/tests/vm work=$PWD/build/vm
program=${BAILIWICK:-$tree/build/release/bin/bailiwick}
[ -x "$program" ] || { echo "no program at $program: make build"; exit 1; }
mkdir -p "$work"

need=()
command -v qemu-system-x86_64 >/dev/null || need+=(qemu-system-x86)
[ -x /bin/busybox ] || need+=(busybox-static)
command -v cpio >/dev/null || need+=(cpio)
if [ ${#need[@]} != 0 ]; then
  echo "installing ${need[*]}"
  { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${need[@]}"; } >"$work/apt.log" 2>&1 ||
    { tail "$work/apt.log"; exit 1; }
fi
[ -d /usr/share/doc/busybox-static ] || { echo "busybox is not the static one: install busybox-static"; exit 1; }

# The kernel: the package that the metapackage names today, unpacked once.
meta=${VM_PACKAGE:-linux-image-amd64}
package=$(apt-cache depends "$meta" | sed -n 's/.*Depends: \(linux-image-[0-9][^ ]*\)$/\1/p' | head -n 1)
kernel=$work/${package:?no kernel package behind $meta}
if [ ! -e "$kernel/complete" ]; then
  rm -rf "$kernel" && mkdir -p "$kernel/deb" && chmod 777 "$kernel/deb"
  (cd "$kernel/deb" && apt-get download -qq "$package") >"$work/apt.log" 2>&1 || { tail "$work/apt.log"; exit 1; }
  dpkg -x "$kernel"/deb/*.deb "$kernel" && rm -rf "$kernel/deb" && touch "$kernel/complete"
fi
release=$(ls "$kernel/lib/modules")

# The initial file system: busybox, the modules that the root needs, init.sh.
root=$work/initramfs
rm -rf "$root" && mkdir -p "$root"/{bin,proc,sys,dev,lower,upper,new}
cp /bin/busybox "$root/bin/busybox" && cp "$here/init.sh" "$root/init" && chmod 755 "$root/init"
modules=$kernel/lib/modules/$release
[ -e "$modules/modules.dep" ] || busybox depmod -b "$kernel" "$release" || exit 1
wanted=(virtio_pci virtio_blk 9pnet_virtio 9p overlay ext4 crc32c_generic)
copy_module() { # with what it depends on; what is built in has no line
  local line file
  line=$(grep -E "(^|/)$1\.ko:" "$modules/modules.dep" || grep -E "(^|/)${1//_/-}\.ko:" "$modules/modules.dep") || return 0
  for file in ${line/:/ }; do mkdir -p "$root/lib/modules/$release/$(dirname "$file")" && cp "$modules/$file" "$root/lib/modules/$release/$file"; done
}
for module in "${wanted[@]}"; do copy_module "$module"; done
busybox depmod -b "$root" "$release"
(cd "$root" && find . | cpio -o -H newc --quiet) | gzip -1 >"$work/initramfs.gz"

# What inside.sh works with, where the user of the tests can read it.
share=$work/share
rm -rf "$share" && mkdir -p "$share"
cp -r tests/integration tests/attack "$here/inside.sh" "$share/" && cp "$program" "$share/bailiwick" && chmod -R a+rX "$share"
rm -f "$work/home.img" && truncate -s 2G "$work/home.img" && mke2fs -q -t ext4 -F "$work/home.img" || exit 1

accel=${VM_ACCEL:-tcg}
timeout --foreground "${VM_SECONDS:-2400}" qemu-system-x86_64 -machine q35 -accel "$accel" -cpu "$([ "$accel" = kvm ] && echo host || echo max,la57=off)" \
  -smp 2 -m 2560 -display none -monitor none -serial stdio -no-reboot -nic none \
  -kernel "$kernel/boot/vmlinuz-$release" -initrd "$work/initramfs.gz" \
  -append "console=ttyS0 quiet loglevel=3 panic=-1 vm_share=$share vm_only=${VM_ONLY:-}" \
  -virtfs local,path=/,mount_tag=machine,security_model=none,readonly=on,multidevs=remap \
  -drive "file=$work/home.img,format=raw,if=virtio,cache=unsafe" </dev/null 2>&1 | tr -d '\r' | tee "$work/console.log" | sed -un 's/^VM //p'
result=$(grep -oE '^VM [0-9]+ passed, [0-9]+ failed, [0-9]+ skipped' "$work/console.log" | tail -n 1)
if [ -z "$result" ]; then
  tail -n 30 "$work/console.log"
  echo "the machine ended without a result; all it said is in $work/console.log"
  echo "0 passed, 1 failed, 0 skipped"
  exit 1
fi
[[ $result == *" 0 failed"* ]]
