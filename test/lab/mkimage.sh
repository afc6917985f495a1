#!/bin/bash
# A stock Debian cloud image from Debian's packages: kernel, systemd, cloud-init; nothing of firstboot in it.
# usage: mkimage.sh bookworm|trixie [OUT]     -> OUT/{disk.img,vmlinuz,initrd.img}     OUT defaults to LAB/<release>
# Needs root, mmdebstrap and e2fsprogs; 2 min. An image that this very recipe made is left as it is.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
LAB=${LAB:-$HOME/.cache/firstboot-lab}
release=$1 out=${2:-$LAB/$release}
recipe=$(sha256sum <"$here/mkimage.sh")
[ "$(cat "$out/.recipe" 2>/dev/null)" != "$recipe" ] || { echo "image of $release: there already"; exit 0; }
case $release in # what cloud-init of that release asks for an address with
  bookworm) dhcp=isc-dhcp-client ;;
  *) dhcp=dhcpcd-base ;;
esac
packages=(
  systemd systemd-sysv systemd-resolved udev dbus kmod procps chrony linux-image-cloud-amd64 initramfs-tools zstd e2fsprogs
  iproute2 iptables netplan.io "$dhcp" ca-certificates curl locales openssh-server cloud-init cloud-guest-utils
)
mirror=$("$here/debian-mirror.sh")
mkdir -p "$out"
rm -f "$out/.recipe"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# shellcheck disable=SC2016 # $1 is the hook's own
mmdebstrap --quiet --variant=minbase --include="$(IFS=, && echo "${packages[*]}")" \
  --customize-hook='echo "LABEL=root / ext4 defaults 0 1" > "$1/etc/fstab"' \
  --customize-hook='rm -f "$1"/etc/ssh/ssh_host_*; : > "$1/etc/machine-id"' \
  --customize-hook='printf "datasource_list: [ Ec2, NoCloud, None ]\n" > "$1/etc/cloud/cloud.cfg.d/90_dpkg.cfg"' \
  --customize-hook='echo LANG=C.UTF-8 >"$1/etc/default/locale"' \
  --customize-hook='chroot "$1" systemctl enable systemd-networkd systemd-resolved' \
  "$release" "$work/root.tar" "deb $mirror $release main" </dev/null >"$work/log" 2>&1 || { tail -5 "$work/log" >&2; exit 1; }

mkdir "$work/root"
tar -C "$work/root" -xf "$work/root.tar"
cp -L "$work/root"/boot/vmlinuz-* "$out/vmlinuz"
cp -L "$work/root"/boot/initrd.img-* "$out/initrd.img"
rm -f "$out/disk.img"
truncate -s 6G "$out/disk.img"
mkfs.ext4 -q -L root -d "$work/root" "$out/disk.img"
echo "$recipe" >"$out/.recipe"
echo "image of $release: $(du -h "$out/disk.img" | cut -f1) in $out, made in $SECONDS s"
