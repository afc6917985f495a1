#!/bin/bash
# A binary of the lab, packed as upstream releases it.
# usage: release.sh NAME FILE     NAME as in pins.yaml: containerd, cni-plugins and crictl are tar.gz, the others plain files
set -euo pipefail

LAB=${LAB:-$HOME/.cache/firstboot-lab}
pack() { tar --use-compress-program='gzip -1' -cf "$1" -C "${@:2}"; } # FILE FOLDER MEMBER…
case $1 in
  containerd) pack "$2" "$LAB" bin/containerd bin/containerd-shim-runc-v2 bin/ctr ;;
  cni-plugins) pack "$2" "$LAB/cni" . ;;
  crictl) pack "$2" "$LAB/bin" crictl ;;
  *) cp "$LAB/bin/$1" "$2" ;;
esac
