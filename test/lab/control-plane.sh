#!/bin/bash
# etcd and kube-apiserver v1.36.1 in the namespace NS that net.sh made; returns when /readyz says ok.
# usage: control-plane.sh up NS BIN STATE PKI | down STATE
# PKI is a folder that pki.sh wrote, BIN is build.sh's LAB/bin, STATE any folder (logs, process ids, etcd's data).
set -euo pipefail

if [ "$1" = down ]; then
  for name in apiserver etcd; do
    [ -f "$2/$name.pid" ] || continue
    pid=$(cat "$2/$name.pid")
    kill "$pid" 2>/dev/null || continue
    for _ in $(seq 40); do kill -0 "$pid" 2>/dev/null || continue 2; sleep 0.25; done
    kill -9 "$pid" 2>/dev/null || true # an api-server waits up to a minute for its watches
  done
  exit 0
fi

ns=$2 bin=$3 state=$4 pki=$5
mkdir -p "$state"
start=$(date +%s.%N)

ip netns exec "$ns" "$bin/etcd" --name e0 --data-dir "$state/etcd" --unsafe-no-fsync \
  --listen-client-urls http://127.0.0.1:2379 --advertise-client-urls http://127.0.0.1:2379 \
  --listen-peer-urls http://127.0.0.1:2380 --initial-advertise-peer-urls http://127.0.0.1:2380 --initial-cluster e0=http://127.0.0.1:2380 \
  >"$state/etcd.log" 2>&1 </dev/null &
echo $! >"$state/etcd.pid"

ip netns exec "$ns" "$bin/kube-apiserver" --bind-address=0.0.0.0 --secure-port=6443 --advertise-address=10.0.1.10 --etcd-servers=http://127.0.0.1:2379 \
  --client-ca-file="$pki/ca.pem" --tls-cert-file="$pki/apiserver.pem" --tls-private-key-file="$pki/apiserver-key.pem" \
  --authorization-mode=Node,RBAC --enable-admission-plugins=NodeRestriction --allow-privileged=true \
  --kubelet-certificate-authority="$pki/ca.pem" --kubelet-client-certificate="$pki/apiserver-kubelet-client.pem" \
  --kubelet-client-key="$pki/apiserver-kubelet-client-key.pem" --kubelet-preferred-address-types=InternalIP \
  --service-account-key-file="$pki/sa.pub" --service-account-signing-key-file="$pki/sa.key" \
  --service-account-issuer=https://kubernetes.default.svc --service-cluster-ip-range=10.32.0.0/24 \
  >"$state/apiserver.log" 2>&1 </dev/null &
echo $! >"$state/apiserver.pid"

ready() { ip netns exec "$ns" curl -s --cacert "$pki/ca.pem" --cert "$pki/admin.pem" --key "$pki/admin-key.pem" https://10.0.1.10:6443/readyz; }
for _ in $(seq 240); do
  if ! kill -0 "$(cat "$state/apiserver.pid")" 2>/dev/null; then
    tail -5 "$state/apiserver.log" >&2
    exit 1
  fi
  if [ "$(ready)" = ok ]; then
    echo "api-server ready after $(echo "$(date +%s.%N) - $start" | bc) s"
    exit 0
  fi
  sleep 0.25
done
echo 'control-plane.sh: the api-server is not ready' >&2
exit 1
