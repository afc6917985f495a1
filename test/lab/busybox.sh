#!/bin/bash
# Debian's static busybox, taken out of its package: what an image for a pod is made of, where there is no registry.
# usage: busybox.sh     -> LAB/bin/busybox; needs apt and tar
set -euo pipefail

LAB=${LAB:-$HOME/.cache/firstboot-lab}
[ ! -x "$LAB/bin/busybox" ] || { echo "busybox: there already"; exit 0; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$LAB/bin"
cd "$work"
download() { apt-get --quiet --quiet download busybox-static; }
download 2>/dev/null || { apt-get --quiet --quiet update && download; }
dpkg-deb --fsys-tarfile busybox-static_*.deb | tar -xf - --wildcards '*bin/busybox'
find . -name busybox -type f -exec mv {} "$LAB/bin/busybox" \;
"$LAB/bin/busybox" true
echo "busybox: $("$LAB/bin/busybox" | head -1)"
