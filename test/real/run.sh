#!/bin/bash
# The checks against real programs (`make test-real`): prepares the lab as far as this machine allows, runs them, says what was left out.
# usage: run.sh [VITEST_ARGUMENT…]     for example: run.sh kubelet, or run.sh -t 'an unknown field'
# What could not be prepared is skipped with the reason; with CI=true it is a failure, unless LEFT_OUT names it (LEFT_OUT="root forky").
set -uo pipefail

cd "$(dirname "$0")/../.." || exit 1
lab=test/lab
prepare() { "$@" || echo "not prepared: $*" >&2; }

start=$SECONDS
prepare $lab/install-packages.sh checks
prepare $lab/build.sh verify containerd kubelet
for release in bookworm trixie forky; do prepare $lab/mkroot.sh $release; done
here=$(node --print 'process.versions.node.split(".")[0]')
for major in 20 22 24; do [ "$major" = "$here" ] || prepare $lab/nodes.sh $major; done
echo "lab: ready after $((SECONDS - start)) s"

code=0
# The boot program's own tests, on this machine's Python; not when some of the checks are asked for by name.
[ $# != 0 ] || python3 -m unittest discover -s test/boot </dev/null || code=1
node_modules/.bin/vitest run -c vitest.real.config.ts "$@" </dev/null || code=1
echo
cat test/real/left-out.txt
exit $code
