#!/bin/bash
# The tutorial end to end on this machine, without firstboot: how long its own steps take, and that the lab works.
# usage: baseline.sh IMAGE [WORKERS=1]     needs LAB/bin (build.sh) and an image (mkimage.sh); KEEP=FOLDER keeps logs and PKI
# UNTIL=kubelet: without an api-server, until worker-0's kubelet runs (scripts/bench-boot.mjs)
set -euo pipefail

cd "$(dirname "$0")"
image=$1 workers=${2:-1}
LAB=${LAB:-$HOME/.cache/firstboot-lab}
run=$(mktemp -d)
ns=fb$$
pids=()
all=$(seq 0 $((workers - 1)))

down() {
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
  ./control-plane.sh down "$run/control-plane"
  ./net.sh down "$ns" || true
  rm -rf "$run"
}
trap down EXIT
inside() { ip netns exec "$ns" "$@"; }

./net.sh up "$ns"
./pki.sh "$run/pki"
[ "${UNTIL:-}" = kubelet ] || ./control-plane.sh up "$ns" "$LAB/bin" "$run/control-plane" "$run/pki"
./dhcp.sh "$ns" >"$run/dhcp.log" 2>&1 &
pids+=($!)
ip netns exec "$ns" python3 -m http.server --directory "$LAB/bin" --bind 10.0.1.1 8000 >"$run/www.log" 2>&1 </dev/null &
pids+=($!)
for n in $all; do
  mkdir -p "$run/imds/10.0.1.2$n"
  ./tutorial-user-data.sh "$run/pki" "worker-$n" http://10.0.1.1:8000 >"$run/imds/10.0.1.2$n/user-data"
  echo "worker-$n: user-data $(wc -c <"$run/imds/10.0.1.2$n/user-data") bytes"
done
ip netns exec "$ns" node imds.mjs 169.254.169.254 80 "$run/imds" >"$run/imds.log" 2>&1 </dev/null &
pids+=($!)

start=$SECONDS
for n in $all; do
  ./machine.sh "$ns" "$n" "$image" "$run/console$n.log" &
  pids+=($!)
done
if [ "${UNTIL:-}" = kubelet ]; then
  for _ in $(seq 400); do
    grep -qa 'MARK kubelet-active' "$run/console0.log" 2>/dev/null && break
    sleep 1
  done
  [ -z "${KEEP:-}" ] || cp -r "$run" "$KEEP"
  exit
fi
kubectl() { inside "$LAB/bin/kubectl" --kubeconfig "$run/pki/admin.kubeconfig" "$@"; }
for n in $all; do
  for _ in $(seq 400); do
    if kubectl get node "worker-$n" >/dev/null 2>&1; then
      echo "worker-$n registered after $((SECONDS - start)) s"
      break
    fi
    sleep 1
  done
done

sleep 5
kubectl get nodes -o wide
kubectl get node worker-0 -o jsonpath='{range .status.conditions[*]}{.type}={.status} -> {.message}{"\n"}{end}'
echo "healthz through the api-server: $(kubectl get --raw /api/v1/nodes/worker-0/proxy/healthz)"
echo "anonymous to the kubelet: $(inside curl -sk -o /dev/null -m 10 -w '%{http_code}' https://10.0.1.20:10250/pods)"
grep -ah MARK "$run"/console*.log
[ -z "${KEEP:-}" ] || cp -r "$run" "$KEEP"
