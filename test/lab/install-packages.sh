#!/bin/bash
# Installs the Debian packages that the lab needs and that are not there yet: as root by apt-get, else it names them and fails.
# usage: install-packages.sh [build|checks|machines]…     (default: all three)
#   build     what build.sh compiles with
#   checks    what test/real needs
#   machines  what an image and a machine need
set -euo pipefail

declare -A SETS=(
  [build]="gcc libc6-dev libseccomp-dev make"
  [checks]="mmdebstrap debian-archive-keyring ca-certificates iproute2 openssl python3-venv util-linux"
  [machines]="mmdebstrap debian-archive-keyring qemu-system-x86 qemu-utils iproute2 dnsmasq-base e2fsprogs openssl curl bc"
)

[ $# -gt 0 ] || set -- build checks machines
wanted=()
for name in "$@"; do
  [ -n "${SETS[$name]:-}" ] || { echo "install-packages.sh: no such set: $name (there are: build, checks, machines)" >&2; exit 2; }
  read -ra packages <<<"${SETS[$name]}"
  wanted+=("${packages[@]}")
done

installed() { [ "$(dpkg-query --show --showformat='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }
missing=()
while read -r package; do
  installed "$package" || missing+=("$package")
done < <(printf '%s\n' "${wanted[@]}" | sort -u)

[ ${#missing[@]} -gt 0 ] || { echo "packages: all there"; exit 0; }
if ! command -v apt-get >/dev/null; then
  echo "install-packages.sh: no apt-get here; on Debian the packages are: ${missing[*]}" >&2
  exit 1
fi
if [ "$(id -u)" != 0 ]; then
  echo "install-packages.sh: not root; run: apt-get install --no-install-recommends ${missing[*]}" >&2
  exit 1
fi

echo "packages: installing ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
apt=(apt-get --quiet --quiet --option DPkg::Lock::Timeout=300 --option Acquire::Retries=3)
"${apt[@]}" update </dev/null
"${apt[@]}" install --yes --no-install-recommends "${missing[@]}" </dev/null >/dev/null
