import type { CodeEntry } from '../codes.ts';

type Entries = Record<`KUBELET_${string}`, CodeEntry>;

/** What a KubeletConfiguration, the labels and the taints mean for the node: the kubelet starts, or seems to, and harm is done. */
export const nodeCodes = {
  KUBELET_ANONYMOUS: {
    severity: 'warning',
    title: 'The kubelet answers anyone',
    message: () => 'authentication.anonymous.enabled is true: the kubelet answers requests without credentials.',
    hint: 'remove it: the default is false.',
    explain:
      'Whoever reaches port 10250 becomes system:anonymous. With authorization.mode Webhook the api-server decides what that may do; with AlwaysAllow it runs commands in every pod. CIS 4.2.1.',
  },
  KUBELET_AUTHORIZATION: {
    severity: 'error',
    title: 'The kubelet allows everything',
    message: () =>
      'authorization.mode is AlwaysAllow: whoever authenticates may run commands in every pod of the node.',
    hint: 'write `mode: Webhook`: the kubelet then asks the api-server.',
    explain:
      'Any certificate of the cluster’s CA, also that of another node, would be root on this one: exec into a privileged pod is enough. CIS 4.2.2.',
  },
  KUBELET_ADDRESS: {
    severity: 'error',
    title: 'The kubelet listens where the api-server cannot reach it',
    message: (a: { address: string }) =>
      `address ${a.address} is the node’s own loopback, but the api-server calls from outside.`,
    hint: 'remove it: the default, 0.0.0.0, listens on all addresses; who may ask is for authentication and authorization.',
    explain:
      'The node registers and is Ready, but `kubectl logs`, `exec` and `port-forward` and the metrics are dead: the api-server opens those connections to the node’s address, port 10250.',
  },
  KUBELET_READ_ONLY_PORT: {
    severity: 'warning',
    title: 'The kubelet’s read-only port is open',
    message: (a: { port: number }) =>
      `readOnlyPort ${a.port} serves pods and metrics without TLS and without credentials.`,
    hint: 'remove it: 0, the default, closes it; port 10250 serves the same with authentication.',
    explain:
      'The port tells everyone in the network the pods of the node with their specs, environment variables among them. CIS 4.2.4.',
  },
  KUBELET_CLIENT_CA: {
    severity: 'error',
    title: 'The kubelet has not the CA of those who call it',
    message: (a: { field: string; found: string; expected: string }) =>
      `${a.field} is ${a.found}, but the bundle brings the CA as ${a.expected}.`,
    hint: (a: { expected: string }) => `write ${a.expected}, or bring the other file with a component.`,
    explain:
      'A file that is not there stops the kubelet (“unable to load client CA file”). Without any the kubelet cannot recognise the api-server’s certificate: kubectl logs and exec fail with Unauthorized. CIS 4.2.3.',
  },
  KUBELET_TLS_FILES: {
    severity: 'error',
    title: 'The kubelet’s serving certificate is not the one that was issued',
    message: (a: { field: string; found: string; expected: string }) =>
      `${a.field} is ${a.found}, but the bundle brings the ${a.field === 'tlsCertFile' ? 'certificate' : 'key'} as ${a.expected}.`,
    hint: (a: { field: string; expected: string }) =>
      `write \`${a.field}: ${a.expected}\`, or bring the other file with a component.`,
    explain:
      'A path that nothing provides stops the kubelet; only one of the two leaves it without a certificate, so every TLS handshake fails; without both it signs one for itself, which an api-server with --kubelet-certificate-authority refuses. CIS 4.2.9.',
  },
  KUBELET_CERTIFICATE_ROTATION: {
    severity: 'warning',
    title: 'The kubelet would replace the issued certificate',
    message: (a: { field: string }) =>
      `${a.field} is true: the kubelet asks for a certificate of its own beside the one that was issued for it.`,
    hint: 'remove it; certificates are renewed by issuing and replacing the worker.',
    explain:
      'rotateCertificates copies the private key into the kubelet’s certificate folder and files a CertificateSigningRequest soon after the start; serverTLSBootstrap serves no TLS at all until someone approves one, and tlsCertFile is ignored.',
  },
  KUBELET_HARDENING: {
    severity: 'warning',
    title: 'A value of the CIS benchmark is weakened',
    message: (a: { check: string; field: string; value: string; expected: string }) =>
      `${a.field} is ${a.value}; ${a.check} expects ${a.expected}.`,
    hint: 'remove the override: the base has the value that the check expects.',
    explain:
      'firstboot’s base lets every worker-node check of the CIS Kubernetes Benchmark pass. An override that weakens one may be meant; this is so that it is not overlooked.',
  },
  KUBELET_DNS: {
    severity: 'warning',
    title: 'Pods would use another DNS than the cluster’s',
    message: (a: { field: string; value: string; spec: string; expected: string }) =>
      `${a.field} is ${a.value}, but ${a.spec} is ${a.expected}.`,
    hint: (a: { field: string; spec: string }) => `change ${a.spec} instead, and remove kubelet.config.${a.field}.`,
    explain:
      'Pods get clusterDNS and clusterDomain in resolv.conf. When they differ from what the DNS service has, names of services do not resolve. (A link-local address, as node-local DNS has it, is not reported.)',
  },
  KUBELET_RESOLV_CONF: {
    severity: 'warning',
    title: 'resolvConf is decided elsewhere, or loops',
    message: (a: { value: string; overridden: boolean }) =>
      a.overridden
        ? `resolvConf ${a.value} has no effect: the node’s own drop-in sets it at boot.`
        : `resolvConf is ${a.value}, where systemd-resolved puts its own stub.`,
    hint: 'remove it: at boot the node takes /run/systemd/resolve/resolv.conf where there is one, /etc/resolv.conf otherwise.',
    explain:
      'With systemd-resolved /etc/resolv.conf names 127.0.0.53. CoreDNS would get it as its upstream, forward to itself and exit (“Loop detected”). Which file is right is known only on the machine, so the boot program writes it into the folder of --config-dir.',
  },
  KUBELET_PROVIDER_ID: {
    severity: 'warning',
    title: 'A providerID cannot be known yet',
    message: (a: { value: string }) => `providerID is ${a.value}, but the instance is not launched yet.`,
    hint: 'remove it: the boot program writes aws:///<zone>/<instance> into the node’s own drop-in.',
    explain:
      'The instance’s ID is known at its launch. A fixed one would be that of another machine, of all machines: cloud controllers delete the nodes of instances that are gone, and a providerID cannot be changed after registration.',
  },
  KUBELET_EVICTION_PARTIAL: {
    severity: 'warning',
    title: 'evictionHard replaces the defaults',
    message: (a: { merge: boolean; missing: readonly string[] }) =>
      `evictionHard leaves out ${a.missing.join(', ')}, and the kubelet then has no threshold for ${a.missing.length > 1 ? 'them' : 'it'}.`,
    hint: (a: { merge: boolean; missing: readonly string[] }) =>
      a.merge ? 'add them, or set `mergeDefaultEvictionSettings: true`.' : 'add them.',
    explain:
      'The defaults (memory.available 100Mi, nodefs.available 10%, nodefs.inodesFree 5%, imagefs.available 15%, imagefs.inodesFree 5%) hold only where evictionHard is not set at all. A node without a disk threshold fills up until the kubelet and containerd fail.',
  },
  KUBELET_UNREGISTERED: {
    severity: 'error',
    title: 'The node would not register',
    message: () => 'registerNode is false: the kubelet makes no Node object, and the first boot waits for one.',
    hint: 'remove it: the default is true.',
    explain:
      'Labels, taints and providerID are set at registration. The boot report would end with a failure of the phase “registered”.',
  },
  KUBELET_SERVER_OFF: {
    severity: 'error',
    title: 'The kubelet’s health cannot be asked',
    message: (a: { field: string; value: string; wanted: string }) =>
      `${a.field} is ${a.value}, but the first boot asks ${a.wanted}.`,
    hint: (a: { field: string }) => `remove ${a.field}.`,
    explain:
      'The boot program asks http://127.0.0.1:10248/healthz (or the healthzPort of the spec) before it reports the node as healthy; without enableServer there are no logs, exec or metrics either.',
  },
  KUBELET_KERNEL_DEFAULTS: {
    severity: 'error',
    title: 'protectKernelDefaults without its sysctls',
    message: (a: { sysctls: readonly string[] }) =>
      `protectKernelDefaults is true, but the components do not set ${a.sysctls.join(', ')}.`,
    hint: 'add them to kernel.sysctls of a component’s bundle.yaml, or set protectKernelDefaults to false.',
    explain:
      'With protectKernelDefaults the kubelet exits (“invalid kernel flag”) instead of setting these itself. firstboot’s kubelet component sets all of them; a component of your own must, too.',
  },
  KUBELET_CGROUP_V1: {
    severity: 'warning',
    title: 'Cgroup v1 is let in',
    message: () =>
      'failCgroupV1 is false: the kubelet would start on a machine with cgroup v1, whose support is going away.',
    hint: 'remove it: the images of Ubuntu 22.04 and Debian 12 and later have cgroup v2.',
    explain:
      'Since 1.35 the kubelet refuses cgroup v1 unless told otherwise. With the systemd driver and cgroup v1 memory accounting differs, and several features are silently off.',
  },
  KUBELET_SWAP: {
    severity: 'warning',
    title: 'Swap behaviour without swap',
    message: (a: { behavior: string }) =>
      `memorySwap.swapBehavior is ${a.behavior}, but with failSwapOn the kubelet does not start where there is swap.`,
    hint: 'set `failSwapOn: false`, or remove swapBehavior.',
    explain:
      'failSwapOn is true by default. On a machine without swap the behaviour says nothing; on one with swap the kubelet exits (“running with swap on is not supported”).',
  },
  KUBELET_STATIC_PODS: {
    severity: 'warning',
    title: 'Static pods over plain http',
    message: (a: { url: string }) =>
      `staticPodURL ${a.url} is not https: whoever is on the path can run any pod on the node.`,
    hint: 'use https, or bring the pods as files with a component and staticPodPath.',
    explain: 'The kubelet runs what the URL returns, also privileged pods, without asking the api-server.',
  },
  KUBELET_SECRET_FIELD: {
    severity: 'warning',
    title: 'What looks like a credential in the KubeletConfiguration',
    message: (a: { field: string }) =>
      `${a.field} looks like a credential, and the KubeletConfiguration travels in user-data, which is not secret.`,
    hint: 'remove it; secrets travel in the archive, as files of the PKI folder.',
    explain:
      'User-data can be read by every process on the node and by whoever may call DescribeInstanceAttribute. The value is not printed.',
  },
  KUBELET_LABEL_FORBIDDEN: {
    severity: 'error',
    title: 'A label that a kubelet may not set on itself',
    message: (a: { label: string; instead: string }) => `a kubelet may not set the label ${a.label} on its own node.`,
    hint: (a: { instead: string }) => a.instead,
    explain:
      'The kubelet exits (“unknown kubernetes.io or k8s.io labels specified with --node-labels”), and the admission plugin NodeRestriction forbids node-restriction.kubernetes.io/ besides: a node that could label itself could draw workloads with secrets to itself. ' +
      'Allowed of kubernetes.io and k8s.io are below kubelet.kubernetes.io/ and node.kubernetes.io/, and hostname, os, arch, instance-type, zone and region.',
  },
  KUBELET_LABEL_INVALID: {
    severity: 'error',
    title: 'A label that is not one',
    message: (a: { label: string; reason: string }) => `the label ${a.label} is not valid: ${a.reason}.`,
    hint: 'a key is [DNS name/]name, a value at most 63 letters, digits, `-`, `_` and `.`, with a letter or digit at both ends.',
    explain:
      'Labels become the argument --node-labels=key=value,key=value. The kubelet exits with “invalid node labels”, or takes a value with a comma for two labels.',
  },
  KUBELET_TAINT_INVALID: {
    severity: 'error',
    title: 'A taint that is not one',
    message: (a: { taint: string; reason: string }) => `the taint ${a.taint} is not valid: ${a.reason}.`,
    hint: 'a key is [DNS name/]name, a value at most 63 letters, digits, `-`, `_` and `.`; one taint for each key and effect.',
    explain:
      'The kubelet exits with “invalid taint”, or the api-server refuses the Node (“taints must be unique by key and effect pair”) each time the kubelet tries to register.',
  },
  KUBELET_TAINT_RESERVED: {
    severity: 'warning',
    title: 'A taint that the cluster itself manages',
    message: (a: { taint: string }) =>
      `the taint ${a.taint} belongs to the node lifecycle controller, which removes it as soon as the node is well.`,
    hint: 'use a key of your own, such as example.com/dedicated.',
    explain:
      'node.kubernetes.io/not-ready, unreachable, memory-pressure and their like say how the node is. A controller sets and removes them, so one given at registration does not stay.',
  },
} satisfies Entries;
