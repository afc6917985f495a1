#!/bin/bash
# Prints the Debian mirror that images and roots are made from: DEBIAN_MIRROR, else the one that this machine's apt uses.
set -euo pipefail
shopt -s nullglob

if [ -z "${DEBIAN_MIRROR:-}" ]; then
  sources=(/etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources)
  DEBIAN_MIRROR=$(grep -shoE '^(URIs: +|deb +(\[[^]]*\] +)?)[^ ]+/debian/?( |$)' "${sources[@]}" | grep -oE '[a-z+]+://[^ ]+' | head -1 || true)
fi
[ -n "$DEBIAN_MIRROR" ] || { echo "debian-mirror.sh: apt here knows no Debian mirror; set DEBIAN_MIRROR" >&2; exit 1; }
echo "$DEBIAN_MIRROR"
