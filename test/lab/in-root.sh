#!/bin/bash
# Runs a command in a root of its own: FOLDER's files over ROOT's, a namespace each for mounts, processes and the network (loopback only).
# What the command writes lies in memory and is gone with it; ROOT and FOLDER stay as they are. Every process ends with the command.
# usage: in-root.sh [--root ROOT] [--bind FILE:PATH]… FOLDER COMMAND…     needs root
#   --root  a folder that mkroot.sh made; without it there is nothing but FOLDER (enough for a static binary)
#   --bind  FILE of this machine, read-only at PATH; only below folders that FOLDER or ROOT has
set -euo pipefail

if [ "${IN_ROOT:-}" != inside ]; then
  exec env IN_ROOT=inside unshare --mount --net --pid --cgroup --fork --kill-child --propagation private "$0" "$@"
fi
unset IN_ROOT

lower='' binds=()
while :; do
  case $1 in
    --root) lower=:$2 && shift 2 ;;
    --bind) binds+=("$2") && shift 2 ;;
    *) break ;;
  esac
done
folder=$1
shift

base=/mnt # any folder that is there; what lies in it stays hidden in this namespace only
mount -t tmpfs -o mode=0755 tmpfs "$base"
mkdir "$base"/{upper,work,empty,root}
[ -n "$lower" ] || lower=:$base/empty
mount -t overlay overlay -o "lowerdir=$folder$lower,upperdir=$base/upper,workdir=$base/work" "$base/root"
root=$base/root
mkdir -p "$root"/{proc,sys,dev,run,tmp}
mount -t proc proc "$root/proc"
mount -t sysfs sysfs "$root/sys"
mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
mount --rbind /dev "$root/dev"
for bind in "${binds[@]}"; do
  : >"$root/${bind#*:}"
  mount --bind "${bind%%:*}" "$root/${bind#*:}"
  mount -o remount,bind,ro "$root/${bind#*:}"
done
ip link set lo up 2>/dev/null || true
exec chroot "$root" "$@"
