#!/bin/bash
# The baseline that firstboot is measured against: the tutorial's own steps, as one plain runcmd script in user-data.
# usage: tutorial-user-data.sh PKI WORKER MIRROR_URL >user-data
set -euo pipefail

pki=$1 worker=$2 mirror=$3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# entry FILE PATH [MODE]: one of write_files
entry() { printf -- '- {path: %s, permissions: "%s", encoding: gz+b64, content: %s}\n' "$2" "${3:-0644}" "$(gzip -9nc "$1" | base64 -w0)"; }

cat >"$work/kubelet-config.yaml" <<'Y'
kind: KubeletConfiguration
apiVersion: kubelet.config.k8s.io/v1beta1
authentication: {anonymous: {enabled: false}, webhook: {enabled: true}, x509: {clientCAFile: /var/lib/kubernetes/ca.pem}}
authorization: {mode: Webhook}
cgroupDriver: systemd
clusterDomain: cluster.local
clusterDNS: [10.32.0.10]
containerRuntimeEndpoint: unix:///run/containerd/containerd.sock
resolvConf: /run/systemd/resolve/resolv.conf
runtimeRequestTimeout: 15m
tlsCertFile: /var/lib/kubelet/kubelet.pem
tlsPrivateKeyFile: /var/lib/kubelet/kubelet-key.pem
registerNode: true
Y
cat >"$work/kubelet.service" <<'Y'
[Unit]
Description=Kubernetes Kubelet
After=containerd.service
Requires=containerd.service
[Service]
ExecStart=/usr/local/bin/kubelet --config=/var/lib/kubelet/kubelet-config.yaml --kubeconfig=/var/lib/kubelet/kubeconfig --v=2
Restart=on-failure
RestartSec=5
[Install]
WantedBy=multi-user.target
Y
cat >"$work/containerd.service" <<'Y'
[Unit]
Description=containerd
After=network.target
[Service]
ExecStart=/usr/local/bin/containerd
Type=notify
Delegate=yes
KillMode=process
Restart=always
OOMScoreAdjust=-999
[Install]
WantedBy=multi-user.target
Y
cat >"$work/config.toml" <<'Y'
version = 3
[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc]
  runtime_type = 'io.containerd.runc.v2'
  [plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc.options]
    SystemdCgroup = true
Y
cat >"$work/boot.sh" <<Y
#!/bin/sh
mark() { echo "MARK \$1 \$(cut -d' ' -f1 /proc/uptime)" > /dev/console; }
mark runcmd
modprobe overlay; modprobe br_netfilter; sysctl -q -w net.ipv4.ip_forward=1; mkdir -p /opt/cni/bin
for b in containerd containerd-shim-runc-v2 ctr runc crictl kubelet; do curl -fsSL -o /tmp/\$b $mirror/\$b && install -m 755 /tmp/\$b /usr/local/bin/\$b && rm /tmp/\$b; done
mark binaries
systemctl daemon-reload; systemctl enable --now containerd
mark containerd-\$(systemctl is-active containerd)
systemctl enable --now kubelet
mark kubelet-\$(systemctl is-active kubelet)
Y
cat <<Y
#cloud-config
hostname: $worker
preserve_hostname: false
write_files:
$(entry "$pki/ca.pem" /var/lib/kubernetes/ca.pem)
$(entry "$pki/$worker.pem" /var/lib/kubelet/kubelet.pem)
$(entry "$pki/$worker-key.pem" /var/lib/kubelet/kubelet-key.pem 0600)
$(entry "$pki/$worker.kubeconfig" /var/lib/kubelet/kubeconfig 0600)
$(entry "$work/kubelet-config.yaml" /var/lib/kubelet/kubelet-config.yaml)
$(entry "$work/kubelet.service" /etc/systemd/system/kubelet.service)
$(entry "$work/containerd.service" /etc/systemd/system/containerd.service)
$(entry "$work/config.toml" /etc/containerd/config.toml)
$(entry "$work/boot.sh" /usr/local/sbin/boot.sh 0755)
runcmd:
- [/usr/local/sbin/boot.sh]
Y
