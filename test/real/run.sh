#!/bin/bash
# The checks against real programs (`make test-real`): prepares the lab as far as this machine allows, runs them, says what was left out.
# The machines come last: nothing is built or run beside them.
# usage: run.sh [VITEST_ARGUMENT…]     for example: run.sh kubelet, or run.sh -t 'an unknown field'
#        run.sh machines [VITEST_ARGUMENT…]     the machines alone, for example: run.sh machines power-cuts
# What could not be prepared is skipped with the reason; with CI=true it is a failure, unless LEFT_OUT names it (LEFT_OUT="root forky").
set -uo pipefail

cd "$(dirname "$0")/../.." || exit 1
lab=test/lab
prepare() { "$@" || echo "not prepared: $*" >&2; }

checks=yes machines=yes
if [ "${1:-}" = machines ]; then
  checks=
  shift
elif [ $# != 0 ]; then
  machines=
fi

start=$SECONDS
if [ -n "$checks" ]; then
  prepare $lab/install-packages.sh checks
  prepare $lab/build.sh verify containerd kubelet etcd kube-apiserver versitygw
  prepare $lab/moto.sh
  for release in bookworm trixie forky; do prepare $lab/mkroot.sh $release; done
  here=$(node --print 'process.versions.node.split(".")[0]')
  for major in 20 22 24; do [ "$major" = "$here" ] || prepare $lab/nodes.sh $major; done
fi
if [ -n "$machines" ]; then
  prepare $lab/install-packages.sh build machines
  prepare $lab/build.sh containerd runc cni crictl etcd kubelet kube-apiserver kube-proxy kubectl
  prepare $lab/busybox.sh
  for release in bookworm trixie; do prepare $lab/mkimage.sh $release; done
fi
echo "lab: ready after $((SECONDS - start)) s"

code=0
if [ -n "$checks" ]; then
  # The boot program's own tests, on every Python there is; not when some of the checks are asked for by name.
  [ $# != 0 ] || bash test/boot/run.sh || code=1
  node_modules/.bin/vitest run -c vitest.real.config.ts "$@" </dev/null || code=1
fi
if [ -n "$machines" ]; then
  # Nothing of a machine outlives this script, however it ends: all of it runs in this namespace.
  export LAB_NAMESPACE=firstboot-lab-$$
  trap '$lab/net.sh down $LAB_NAMESPACE 2>/dev/null' EXIT
  node_modules/.bin/vitest run -c vitest.machines.config.ts "$@" </dev/null || code=1
fi
echo
cat test/real/left-out.txt
exit $code
