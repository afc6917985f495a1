#!/bin/bash
# Renews src/check/kubernetes/tables.json: what the kubelet of each Kubernetes release knows, told by upstream's own Go code.
# usage: generate.sh [MINOR…]   (default: all; a description that is there already is kept: remove CACHE to start afresh)
# Needs Go 1.26 and its module proxy. Each release is compiled in a module of its own below CACHE: 1 to 6 minutes on two cores.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
out=$here/../../../../src/check/kubernetes/tables.json
CACHE=${CACHE:-$HOME/.cache/firstboot-lab/kubelet-tables}
export GOFLAGS=-mod=mod GOTOOLCHAIN=local GOWORK=off CGO_ENABLED=0
# The newest patch of each minor (1.36: ours) whose k8s.io/kubernetes and libraries the module proxy has. The first line is for
# what was removed before; the tables are whole for the second.
versions=(1.23.17 1.24.17 1.25.16 1.26.15 1.27.16 1.28.15 1.29.15 1.30.14 1.31.13
          1.32.13 1.33.13 1.34.12 1.35.8 1.36.1)
# A library whose own patch is not to be had is taken from another patch of the same minor.
declare -A instead=([k8s.io/legacy-cloud-providers@v0.27.16]=v0.27.11)

describe() { # version
  local minor=${1#1.}; minor=${minor%.*}
  local dir=$CACHE/$minor
  [ -s "$dir/description.json" ] && return
  mkdir -p "$dir"; cp "$here"/describe/*.go "$dir"
  # Upstream's go.mod names its libraries with "replace X => ./staging/…"; as modules they are published as v0.MINOR.PATCH.
  local mod; mod=$(go mod download -json "k8s.io/kubernetes@v$1" | sed -n 's/^\t"GoMod": "\(.*\)",$/\1/p')
  { printf 'module firstboot.example/kubelet-tables\n\ngo 1.22\n\nrequire k8s.io/kubernetes v%s\n\n' "$1"
    sed -n "s|^\t\?\(replace \)\?\(k8s.io/[a-z-]*\) => ./staging/.*|replace \2 => \2 v0.${1#1.}|p" "$mod"; } > "$dir/go.mod"
  local m; for m in "${!instead[@]}"; do sed -i "s|=> ${m/@/ }\$|=> ${m%@*} ${instead[$m]}|" "$dir/go.mod"; done
  (cd "$dir" && rm -f go.sum && nice go run . > description.tmp && mv description.tmp description.json)
  echo "$1: described" >&2
}

for v in "${versions[@]}"; do
  minor=${v%.*}
  if [ $# = 0 ] || [[ " $* " = *" $minor "* ]]; then describe "$v"; fi
done
(cd "$here/merge" && GOFLAGS= go run main.go "$CACHE" "${versions[@]}") > "$out.tmp"
mv "$out.tmp" "$out"
wc -c "$(realpath "$out")"
