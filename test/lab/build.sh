#!/bin/bash
# Builds the real servers and node binaries that the tests use, from their Go modules, into LAB/bin and LAB/cni.
# usage: build.sh [COMPONENT…]     (default: all)     LAB defaults to ~/.cache/firstboot-lab
# Components: verify (ours, go/verify), versitygw containerd runc cni crictl etcd kubernetes; and each binary of kubernetes by its name.
# A binary of the version in its go.mod is left as it is. Two builds take turns. Needs Go 1.26.8, gcc and libseccomp-dev.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
LAB=${LAB:-$HOME/.cache/firstboot-lab}
mkdir -p "$LAB/bin" "$LAB/cni"
export GOFLAGS=-buildvcs=false GOTOOLCHAIN=local

K=k8s.io/component-base/version
KUBERNETES_FLAGS="-X $K.gitVersion=v1.36.1 -X $K.gitMajor=1 -X $K.gitMinor=36 -X $K.gitTreeState=clean -X $K.gitCommit=unknown -X $K.buildDate=1970-01-01T00:00:00Z"
C=github.com/containerd/containerd/v2/version
CONTAINERD_FLAGS="-X $C.Version=v2.3.1 -X $C.Package=github.com/containerd/containerd/v2"

# The version of MODULE that go/FOLDER/go.mod asks for.
asked() { awk -v module="$2" '$1 == "require" { $1 = ""; $0 = $0 } $1 == module { print $2; exit }' "$here/go/$1/go.mod"; }
# The version of MODULE that BINARY was built from.
built() { go version -m "$1" 2>/dev/null | awk -v module="$2" '$1 == "mod" && $2 == module { print $3 }'; }

# compile FOLDER MODULE OUT CGO TAGS LDFLAGS PACKAGE…
compile() {
  local folder=$1 module=$2 out=$3 cgo=$4 tags=$5 flags=$6 package name version
  version=$(asked "$folder" "$module")
  shift 6
  for package in "$@"; do
    name=$(basename "${package%/server/v3}")
    if [ -n "$version" ] && [ "$(built "$out/$name" "$module")" = "$version" ]; then
      echo "$name $version: there already"
      continue
    fi
    local start=$SECONDS
    (cd "$here/go/$folder" && CGO_ENABLED=$cgo nice -n 10 go build -trimpath -ldflags "-s -w $flags" -tags "$tags" -o "$out/.$name.new" "$package")
    mv -f "$out/.$name.new" "$out/$name"
    echo "$name $version: built in $((SECONDS - start)) s"
  done
}

component() {
  local P=github.com/containernetworking/plugins S=k8s.io/kubernetes/cmd
  case $1 in
    verify) (cd "$here/go/verify" && CGO_ENABLED=0 go build -trimpath -o "$LAB/bin/.verify.new" . && mv -f "$LAB/bin/.verify.new" "$LAB/bin/verify") ;;
    kubelet | kube-apiserver | kube-controller-manager | kube-proxy | kubectl)
      compile kubernetes k8s.io/kubernetes "$LAB/bin" 0 "" "$KUBERNETES_FLAGS" "$S/$1"
      ;;
    kubernetes) for binary in kubelet kube-{apiserver,controller-manager,proxy} kubectl; do component "$binary"; done ;;
    containerd)
      compile containerd github.com/containerd/containerd/v2 "$LAB/bin" 0 no_btrfs,no_devmapper,no_zfs "$CONTAINERD_FLAGS" \
        github.com/containerd/containerd/v2/cmd/{containerd,containerd-shim-runc-v2,ctr}
      ;;
    runc) compile runc github.com/opencontainers/runc "$LAB/bin" 1 seccomp "-extldflags -static -X main.version=1.4.0" github.com/opencontainers/runc ;;
    cni) compile cni $P "$LAB/cni" 0 "" "" $P/plugins/main/{bridge,loopback} $P/plugins/ipam/host-local $P/plugins/meta/portmap ;;
    crictl) compile crictl sigs.k8s.io/cri-tools "$LAB/bin" 0 "" "-X sigs.k8s.io/cri-tools/pkg/version.Version=v1.36.0" sigs.k8s.io/cri-tools/cmd/crictl ;;
    etcd) compile etcd go.etcd.io/etcd/server/v3 "$LAB/bin" 0 "" "" go.etcd.io/etcd/server/v3 ;;
    versitygw) compile versitygw github.com/versity/versitygw "$LAB/bin" 0 "" "" github.com/versity/versitygw/cmd/versitygw ;;
    *)
      echo "build.sh: no such component: $1" >&2
      exit 2
      ;;
  esac
}

command -v go >/dev/null || { echo "build.sh: Go 1.26.8 or later is needed" >&2; exit 1; }
exec 9>"$LAB/.build.lock"
flock --nonblock 9 || { echo "build.sh: waiting for another build in $LAB"; flock 9; }
[ $# -gt 0 ] || set -- verify versitygw containerd runc cni crictl etcd kubernetes
for name in "$@"; do component "$name"; done
