#!/bin/bash
# One worker as a QEMU machine (software emulation) on net.sh's bridge, seen by cloud-init as EC2.
# usage: machine.sh NS N IMAGE CONSOLE_LOG [OEM_STRING]     runs until the machine is off or the process is ended
# The disk is a snapshot, unless SNAPSHOT=off. OEM_STRING stands in the SMBIOS tables, for example firstboot.redirect={…}.
# IMAGE is a folder that mkimage.sh wrote. The SMBIOS uuid begins with ec2, which is what cloud-init knows EC2 by.
set -euo pipefail

ns=$1 n=$2 image=$3 log=$4 oem=${5:-}
uuid=ec2e1916-9099-7caf-fd21-01234567890$n
mac=02:00:0a:00:01:$(printf %02x $((20 + n)))
more=()
[ -z "$oem" ] || more=(-smbios "type=11,value=${oem//,/,,}")
exec ip netns exec "$ns" qemu-system-x86_64 -accel tcg,thread=multi -cpu max -smp 2 -m 2048 \
  -kernel "$image/vmlinuz" -initrd "$image/initrd.img" -append "root=LABEL=root rw console=ttyS0 quiet panic=-1" \
  -drive "file=$image/disk.img,if=virtio,format=raw,snapshot=${SNAPSHOT:-on}" \
  -netdev "tap,id=n0,ifname=w$n,script=no,downscript=no" -device "virtio-net-pci,netdev=n0,mac=$mac" -device virtio-rng-pci \
  -smbios "type=1,manufacturer=Amazon EC2,product=t3.medium,uuid=$uuid,serial=$uuid" "${more[@]}" \
  -display none -monitor none -serial "file:$log" </dev/null
