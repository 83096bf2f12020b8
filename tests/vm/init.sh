#!/bin/busybox sh
# shellcheck shell=dash
# Process 1 of the virtual machine until its root is there: run.sh.
export PATH=/bin
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
for module in virtio_pci virtio_blk 9pnet_virtio 9p overlay crc32c_generic ext4; do modprobe $module 2>/dev/null; done
die() { echo "VM $*"; poweroff -f; }
mount -t 9p -o trans=virtio,version=9p2000.L,ro,cache=loose,msize=262144 machine /lower || die "no root over 9p"
mount -t tmpfs -o mode=755 upper /upper
mkdir /upper/files /upper/work
mount -t overlay -o lowerdir=/lower,upperdir=/upper/files,workdir=/upper/work root /new || die "no overlay"
share=$(sed -n 's/.*vm_share=\([^ ]*\).*/\1/p' /proc/cmdline)
only=$(sed -n 's/.*vm_only=\([^ ]*\).*/\1/p' /proc/cmdline)
mkdir -p /new/opt/vm
cp -r "/lower$share/." /new/opt/vm/
umount /sys
mount --move /dev /new/dev
umount /proc
exec switch_root /new /bin/bash /opt/vm/inside.sh "$only"
