#!/bin/bash
# The boot program's own tests: on this machine's Python, then what a node gets (the compiled script), then the Pythons of the lab's roots.
# usage: run.sh     the roots need root rights and mkroot.sh; those that are not there are named
set -uo pipefail

cd "$(dirname "$0")/../.." || exit 1
LAB=${LAB:-$HOME/.cache/firstboot-lab}
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
code=0
tests() { # LABEL COMMAND…
  echo "boot program: $1"
  "${@:2}" </dev/null || code=1
}

tests "$(python3 --version)" python3 -m unittest discover -s test/boot

# As a node gets it: from the user-data of the example.
mkdir "$copy/cluster" "$copy/compiled"
cp examples/from-scratch/*.yaml "$copy/cluster"
node dist/firstboot.cjs pki issue --key-type ec --cluster "$copy/cluster/cluster.yaml" >"$copy/log" 2>&1 &&
  node dist/firstboot.cjs build --cluster "$copy/cluster/cluster.yaml" >"$copy/log" 2>&1 || { cat "$copy/log" && exit 1; }
awk '/^- path: / { inside = $3 ~ /__main__/ } inside && /^    / { print substr($0, 5) }' \
  "$copy/cluster/build/from-scratch/worker-0/user-data.yaml" >"$copy/compiled/__main__.py"
tests "as compiled" env FIRSTBOOT_PROGRAM="$copy/compiled" python3 -m unittest discover -s test/boot -p 'test_[bfk]*.py'

mkdir -p "$copy/root/opt/firstboot/test"
cp -r cloud-init "$copy/root/opt/firstboot"
cp -r test/boot "$copy/root/opt/firstboot/test"
for release in bookworm trixie forky; do
  if [ "$(id -u)" = 0 ] && [ -d "$LAB/cloud-init/$release" ]; then
    tests "$release" test/lab/in-root.sh --root "$LAB/cloud-init/$release" "$copy/root" \
      python3 -B -m unittest discover -s /opt/firstboot/test/boot
  else
    echo "boot program: $release is left out: no root rights, or no root made by test/lab/mkroot.sh"
    [ "${CI:-}" != true ] || [[ " ${LEFT_OUT:-} " == *" $release "* ]] || [[ " ${LEFT_OUT:-} " == *" root "* ]] || code=1
  fi
done
exit $code
