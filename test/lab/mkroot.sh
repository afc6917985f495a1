#!/bin/bash
# A Debian release's own cloud-init, Python and systemd, unpacked into a folder (nothing is configured, nothing of it is started).
# usage: mkroot.sh bookworm|trixie|forky     -> LAB/cloud-init/<release>, which in-root.sh runs commands in; 6 s and 150 MB each
# Needs root and mmdebstrap. Packages are verified by Debian's signature as always; only the age of a mirror's index is not judged.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
release=$1
LAB=${LAB:-$HOME/.cache/firstboot-lab}
root=$LAB/cloud-init/$release
mkdir -p "$LAB/cloud-init"
exec 9>"$LAB/cloud-init/.lock"
flock 9

version() { chroot "$1" /usr/bin/cloud-init --version 2>&1 | awk '{ print $NF }'; }
packages=base-files,ca-certificates,cloud-init,libseccomp2,systemd
[ "$(cat "$root/.complete" 2>/dev/null)" != "$packages" ] || { echo "$release: cloud-init $(version "$root"): there already"; exit 0; }

start=$SECONDS
new=$root.new
rm -rf "$root" "$new"
mirror=$("$here/debian-mirror.sh")
nice -n 10 mmdebstrap --quiet --mode=root --variant=extract --aptopt='Acquire::Check-Valid-Until "false"' --aptopt='Acquire::Retries "3"' \
  --hook-dir=/usr/share/mmdebstrap/hooks/merged-usr --include="$packages" \
  "$release" "$new" "deb $mirror $release main" </dev/null >"$new.log" 2>&1 || { tail -5 "$new.log" >&2; exit 1; }

# What the packages' scripts, which an extracted root has not run, would have made of it.
mkdir -p "$new/proc" "$new/sys" "$new/dev" "$new/run" "$new/tmp" "$new/etc/ssl/certs"
cat "$new"/usr/share/ca-certificates/mozilla/*.crt >"$new/etc/ssl/certs/ca-certificates.crt"
echo 'root:x:0:0:root:/root:/bin/sh' >"$new/etc/passwd"
echo 'root:x:0:' >"$new/etc/group"
: >"$new/etc/machine-id"
printf '#cloud-config\nhostname: worker-0\n' >"$new/tmp/user-data" # compiles the modules once for every later run
chroot "$new" /usr/bin/cloud-init schema --config-file /tmp/user-data >/dev/null
echo "$release: cloud-init $(version "$new"): unpacked in $((SECONDS - start)) s"
echo "$packages" >"$new/.complete"
mv "$new" "$root"
rm -f "$new.log"
