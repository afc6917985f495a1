#!/bin/bash
# A throwaway PKI as the tutorial leaves it: the CA, the api-server's own, admin, and worker-0 and worker-1 with kubeconfigs.
# usage: pki.sh OUT     (outside the checkout: what it writes holds private keys); a CA that is in OUT already is used as it is
set -euo pipefail

mkdir -p "$1"
cd "$1"
umask 077
server=https://10.0.1.10:6443
quietly() { "$@" 2>/dev/null; }

# certificate NAME SUBJECT SANS EXTENDED_KEY_USAGE
certificate() {
  {
    [ -z "$3" ] || echo "subjectAltName=$3"
    echo "extendedKeyUsage=$4"
    echo "keyUsage=critical,digitalSignature,keyEncipherment"
    echo "basicConstraints=CA:FALSE"
  } >"$1.ext"
  quietly openssl req -newkey rsa:2048 -nodes -keyout "$1-key.pem" -out "$1.csr" -subj "$2"
  quietly openssl x509 -req -in "$1.csr" -CA ca.pem -CAkey ca-key.pem -CAcreateserial -days 365 -out "$1.pem" -extfile "$1.ext"
  rm "$1.csr" "$1.ext"
}

# kubeconfig FILE USER CERTIFICATE
kubeconfig() {
  cat >"$1" <<Y
apiVersion: v1
kind: Config
clusters: [{name: kubernetes, cluster: {certificate-authority-data: $(base64 -w0 ca.pem), server: "$server"}}]
users: [{name: "$2", user: {client-certificate-data: $(base64 -w0 "$3.pem"), client-key-data: $(base64 -w0 "$3-key.pem")}}]
contexts: [{name: default, context: {cluster: kubernetes, user: "$2"}}]
current-context: default
Y
}

[ -f ca-key.pem ] || quietly openssl req -x509 -newkey rsa:2048 -nodes -keyout ca-key.pem -out ca.pem -days 365 -subj /CN=Kubernetes \
  -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign
certificate apiserver /CN=kubernetes \
  "DNS:kubernetes,DNS:kubernetes.default,DNS:kubernetes.default.svc,DNS:localhost,IP:127.0.0.1,IP:10.0.1.10,IP:10.32.0.1" serverAuth
certificate apiserver-kubelet-client /O=system:masters/CN=kube-apiserver-kubelet-client "" clientAuth
certificate admin /O=system:masters/CN=admin "" clientAuth
kubeconfig admin.kubeconfig admin admin
for n in 0 1; do
  certificate "worker-$n" "/O=system:nodes/CN=system:node:worker-$n" "DNS:worker-$n,IP:10.0.1.2$n" serverAuth,clientAuth
  kubeconfig "worker-$n.kubeconfig" "system:node:worker-$n" "worker-$n"
done
quietly openssl genrsa -out sa.key 2048
quietly openssl rsa -in sa.key -pubout -out sa.pub
