#!/bin/bash
# A whole-disk cloud image, as clouds have them, from what mkimage.sh made: a partition table, and a boot loader of its own.
# usage: mkdisk.sh IMAGE OUT     IMAGE is a folder that mkimage.sh wrote -> OUT (qcow2); 20 s
# Needs syslinux, syslinux-common, mtools, dosfstools, fdisk and qemu-utils; no root and no loop device.
# Partition 1 is FAT with syslinux, kernel and initrd; partition 2 is the image's file system, byte for byte.
set -euo pipefail

image=$1 out=$2
mebibyte=1048576
fat=$((64 * mebibyte)) # bytes of the first partition
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

disk=$work/disk.raw
root=$(stat -c %s "$image/disk.img")
truncate -s $((2 * mebibyte + fat + root)) "$disk"
sfdisk --quiet "$disk" <<EOF
label: dos
start=1MiB, size=$((fat / 512)), type=c, bootable
start=$((1 + fat / mebibyte))MiB, size=$((root / 512)), type=83
EOF

truncate -s "$fat" "$work/fat"
mkfs.vfat "$work/fat" >/dev/null
cat >"$work/syslinux.cfg" <<'EOF'
SERIAL 0 115200
DEFAULT linux
LABEL linux
  LINUX /vmlinuz
  INITRD /initrd.img
  APPEND root=LABEL=root rw console=ttyS0 quiet panic=-1
EOF
mcopy -i "$work/fat" "$image/vmlinuz" "$image/initrd.img" "$work/syslinux.cfg" ::/
dd if="$work/fat" of="$disk" bs=1M seek=1 conv=notrunc,sparse status=none
dd if="$image/disk.img" of="$disk" bs=1M seek=$((1 + fat / mebibyte)) conv=notrunc,sparse status=none
syslinux --install --offset "$mebibyte" "$disk"
dd if=/usr/lib/syslinux/mbr/mbr.bin of="$disk" bs=440 count=1 conv=notrunc status=none

mkdir -p "$(dirname "$out")"
qemu-img convert -O qcow2 "$disk" "$out.new"
mv "$out.new" "$out"
echo "whole disk: $(du -h "$out" | cut -f1), $out"
