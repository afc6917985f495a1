#!/bin/bash
# What `firstboot build` writes, byte for byte, on a machine: the example's workers, up to Nodes of an api-server, and how they lie on the disk.
# usage: first-boot.sh IMAGE [WORKERS=1]     needs dist/ (make build), LAB/bin and LAB/cni (build.sh), an image (mkimage.sh);
#        KEEP=FOLDER keeps logs, build and PKI (private keys: outside the checkout)
# 0 when every worker is done within 400 s. Only where the bytes are fetched from is changed, by an SMBIOS string (firstboot.redirect).
set -euo pipefail

cd "$(dirname "$0")"
image=$1 workers=${2:-1}
LAB=${LAB:-$HOME/.cache/firstboot-lab}
bin=$LAB/bin
firstboot() { node ../../dist/firstboot.cjs "$@"; }
run=$(mktemp -d)
ns=fb$$
www=http://10.0.1.1:8000
pids=()
machines=()
all=$(seq 0 $((workers - 1)))

end() { # PID…
  kill "$@" 2>/dev/null || true
  wait "$@" 2>/dev/null || true
}
# shellcheck disable=SC2317 # called by the trap
down() {
  [ ${#machines[@]} = 0 ] || end "${machines[@]}"
  [ ${#pids[@]} = 0 ] || end "${pids[@]}"
  ./control-plane.sh down "$run/control-plane"
  ./net.sh down "$ns" || true
  rm -rf "$run"/{machine*,mirror,www}
  [ -z "${KEEP:-}" ] || cp -r "$run" "$KEEP"
  rm -rf "$run"
}
trap down EXIT
inside() { ip netns exec "$ns" "$@"; }
kubectl() { inside "$bin/kubectl" --kubeconfig "$run/pki/admin.kubeconfig" "$@"; }
console() { tr -d '\r' <"$run/console$1.log" | grep -a "^firstboot: {" || true; } # WORKER

# The example, with pins of the lab's binaries where upstream's releases stand.
cluster=$run/cluster/cluster.yaml
mkdir "$run/cluster" "$run/www"
cp ../../examples/from-scratch/*.yaml "$run/cluster"
awk '/^      [^ ]/ { arch = $1 } arch != "amd64:" || $1 != "sha256:"' ../../examples/from-scratch/pins.yaml >"$run/cluster/pins.yaml"

# binary FILE NAME: FILE as upstream releases it
binary() {
  case $2 in
    containerd) tar -C "$LAB" -cf - bin/containerd bin/containerd-shim-runc-v2 bin/ctr | gzip -1 >"$1" ;;
    cni-plugins) tar -C "$LAB/cni" -cf - . | gzip -1 >"$1" ;;
    crictl) tar -C "$bin" -cf - crictl | gzip -1 >"$1" ;;
    *) cp "$bin/$2" "$1" ;;
  esac
}
while read -r name version url; do
  served=$run/www/${url#https://}
  mirrored=$run/mirror/$name/$version/amd64
  mkdir -p "$(dirname "$served")" "$mirrored"
  binary "$served" "$name"
  ln "$served" "$mirrored/"
done < <(awk '/^  [^ ]/ { name = $1 } /^    [^ ]/ { version = $1 } /^      [^ ]/ { arch = $1 }
  arch == "amd64:" && $1 == "url:" { sub(":", "", name); sub(":", "", version); print name, version, $2 }' "$run/cluster/pins.yaml")

firstboot pin --cluster "$cluster" --mirror "$run/mirror"
firstboot pki issue --cluster "$cluster" >"$run/issue.log" 2>&1
mkdir "$run/pki"
cp "$run"/cluster/pki/ca{,-key}.pem "$run/pki"
./pki.sh "$run/pki"
firstboot build --cluster "$cluster" --out "$run/build"

for n in $all; do
  built=$run/build/from-scratch/worker-$n
  secrets=$(grep -ao 's3+https://[^"]*' "$built/user-data.yaml")
  secrets=$run/www/${secrets#s3+https://}
  mkdir -p "$(dirname "$secrets")" "$run/imds/10.0.1.2$n" "$run/machine$n"
  cp "$built/secrets.tar" "$secrets"
  cp "$built/user-data" "$run/imds/10.0.1.2$n/user-data"
  cp --sparse=always "$image"/{disk.img,vmlinuz,initrd.img} "$run/machine$n"
done
redirects=$(cd "$run/www" && for host in *; do printf '"https://%s/":"%s/%s/",' "$host" "$www" "$host"; done)
redirects="firstboot.redirect={${redirects%,}}"

./net.sh up "$ns"
./control-plane.sh up "$ns" "$bin" "$run/control-plane" "$run/pki"
ip netns exec "$ns" dnsmasq --no-daemon --conf-file=/dev/null --port=0 --interface=br0 --bind-interfaces --leasefile-ro \
  --dhcp-range=10.0.1.20,static --dhcp-option=3,10.0.1.1 \
  --dhcp-host=02:00:0a:00:01:14,10.0.1.20 --dhcp-host=02:00:0a:00:01:15,10.0.1.21 >"$run/dhcp.log" 2>&1 </dev/null &
pids+=($!)
ip netns exec "$ns" python3 -m http.server --directory "$run/www" --bind 10.0.1.1 8000 >"$run/www.log" 2>&1 </dev/null &
pids+=($!)
ip netns exec "$ns" node imds.mjs 169.254.169.254 80 "$run/imds" >"$run/imds.log" 2>&1 </dev/null &
pids+=($!)

start=$SECONDS
for n in $all; do
  : >"$run/console$n.log"
  SNAPSHOT=off ./machine.sh "$ns" "$n" "$run/machine$n" "$run/console$n.log" "$redirects" 2>"$run/machine$n.log" &
  machines+=($!)
done
code=0
for n in $all; do
  until console "$n" | grep -q '"phase": "done".*"status": "ok"'; do
    if [ $((SECONDS - start)) -gt 400 ] || ! kill -0 "${machines[n]}" 2>/dev/null; then
      echo "worker-$n: not done after $((SECONDS - start)) s; the end of its console:" >&2
      tail -30 "$run/console$n.log" "$run/machine$n.log" >&2
      code=1
      break
    fi
    sleep 1
  done
  echo "worker-$n: done seen after $((SECONDS - start)) s"
done

sleep 6 # ext4 writes its journal every 5 s
kubectl get nodes -o wide || code=1
for n in $all; do
  echo "--- worker-$n"
  kubectl get node "worker-$n" -o jsonpath='providerID {.spec.providerID}{"\n"}{range .status.conditions[?(@.type=="Ready")]}Ready={.status} {.reason}: {.message}{"\n"}{end}' || code=1
  health=$(kubectl get --raw "/api/v1/nodes/worker-$n/proxy/healthz" || true)
  anonymous=$(inside curl -sk -o /dev/null -m 10 -w '%{http_code}' "https://10.0.1.2$n:10250/pods" || true)
  echo "healthz through the api-server: $health"
  echo "anonymous to the kubelet: $anonymous"
  [ "$health $anonymous" = "ok 401" ] || code=1
  console "$n"
done

# How it all lies on the disk.
end "${machines[@]}"
machines=()
for n in $all; do
  disk=$run/machine$n/disk.img
  on_disk() { debugfs -R "$*" "$disk" 2>/dev/null; }
  e2fsck -fy "$disk" >"$run/e2fsck$n.log" 2>&1 || true # replays the journal
  echo "--- worker-$n: /etc/hostname $(on_disk cat /etc/hostname)"
  on_disk cat /var/lib/firstboot/report.json >"$run/report$n.json"
  on_disk cat /var/lib/cloud/data/status.json >"$run/cloud-init$n.json"
  python3 -c 'import json, sys
for stage, one in json.load(sys.stdin)["v1"].items():
    print("cloud-init", stage, one if not isinstance(one, dict) else [*one["errors"], *one.get("recoverable_errors", {}).items()] or "ok")
' <"$run/cloud-init$n.json" || true
  on_disk cat "/var/lib/cloud/instances/i-0123456789abcdef$n/user-data.txt" >"$run/user-data$n"
  cmp "$run/user-data$n" "$run/build/from-scratch/worker-$n/user-data" && echo "user-data: the bytes that build wrote" || code=1
  for folder in /var/lib/kubelet /var/lib/kubernetes /var/lib/firstboot /usr/local/bin /opt/cni/bin; do
    echo "--- worker-$n: $folder"
    on_disk ls -l "$folder" | awk 'NF && $NF != ".." { print $2, $4 ":" $5, $6, $NF }'
  done
done
exit $code
