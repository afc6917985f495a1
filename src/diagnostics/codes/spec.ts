import { masked } from '../../tree/shown.ts';
import type { CodeEntry } from '../codes.ts';
import { specFileCodes } from './spec-file.ts';

type Entries = Readonly<Record<string, CodeEntry>>;

/** cluster.yaml: what its values say. */
export const specCodes = {
  ...specFileCodes,
  SPEC_PRIVATE_IP_TAKEN: {
    severity: 'error',
    title: 'Two workers have one address',
    message: (a: { worker: string; other: string; address: string }) =>
      `${a.worker} has the private address of ${a.other}, ${a.address}.`,
    hint: 'each worker needs its own address in the subnet, and a certificate for it.',
    explain: 'EC2 refuses the second launch with InvalidIPAddress.InUse, after the first worker is up.',
  },
  SPEC_PRIVATE_IP_RESERVED: {
    severity: 'error',
    title: 'An address that AWS reserves',
    message: (a: { worker: string; address: string; range: string }) =>
      `${a.worker} has ${a.address}, which AWS reserves in ${a.range}.`,
    hint: 'take another: the first four addresses of a subnet and the last are AWS’s.',
    explain:
      'In every subnet AWS keeps network, router, DNS, a spare and the broadcast address: RunInstances fails with InvalidParameterValue.',
  },
  SPEC_PRIVATE_IP_OUTSIDE_SUBNET: {
    severity: 'error',
    title: 'An address outside the subnet',
    message: (a: { worker: string; address: string; range: string }) =>
      `${a.worker} has ${a.address}, which is not in aws.subnetCidr ${a.range}.`,
    hint: 'take an address of the subnet, or correct aws.subnetCidr.',
    explain: 'RunInstances accepts only an address of the subnet that the instance is launched into.',
  },
  SPEC_PRIVATE_IP_UNUSABLE: {
    severity: 'error',
    title: 'An address that no worker can have',
    message: (a: { worker: string; address: string; reason: string }) =>
      `${a.worker} cannot have ${a.address}: ${a.reason}.`,
    hint: 'take an address of the subnet, for example 10.0.1.20.',
    explain:
      'Loopback, link-local (instance metadata), multicast and unspecified addresses are never a private address of an instance, and the api-server’s and the services’ are taken.',
  },
  SPEC_SERVICE_CIDR_OVERLAP: {
    severity: 'error',
    title: 'Service range and subnet overlap',
    message: (a: { services: string; subnet: string }) =>
      `the service range ${a.services} overlaps the subnet ${a.subnet}.`,
    hint: 'services need a range of their own: correct cluster.serviceCidr or aws.subnetCidr.',
    explain: 'kube-proxy would send what is meant for a machine of the subnet to a service, or the reverse.',
  },
  SPEC_DNS_OUTSIDE_SERVICES: {
    severity: 'error',
    title: 'The DNS address is not in the service range',
    message: (a: { address: string; range: string }) =>
      `the cluster DNS ${a.address} is not in the service range ${a.range}.`,
    hint: 'give the cluster IP of the DNS service; the tutorial’s is the tenth address of the range.',
    explain:
      'Pods get this address in resolv.conf. An address outside the range is no service, so no name would resolve. (For node-local DNS set kubelet.config.clusterDNS.)',
  },
  SPEC_DNS_IS_API: {
    severity: 'error',
    title: 'The DNS address is the api-server’s service',
    message: (a: { address: string; range: string }) =>
      `the cluster DNS ${a.address} is the first address of ${a.range}, which the service “kubernetes” has.`,
    hint: 'give the cluster IP of the DNS service; the tutorial’s is the tenth address of the range.',
    explain:
      'The api-server claims the first address of the service range for itself, so the DNS service can never have it.',
  },
  SPEC_KUBERNETES_VERSION: {
    severity: 'warning',
    title: 'A Kubernetes version whose fields are not known here',
    message: (a: { version: string; first: string; last: string }) =>
      `Kubernetes ${a.version} is outside what this firstboot knows, ${a.first} to ${a.last}: its KubeletConfiguration is checked against the nearest.`,
    hint: 'update firstboot, or choose a version in that range.',
    explain: 'Fields, feature gates and flags are taken from upstream’s source for each minor version.',
  },
  SPEC_CONTAINERD_VERSION: {
    severity: 'error',
    title: 'containerd does not suit Kubernetes',
    message: (a: { containerd: string; kubernetes: string; needs: string }) =>
      `Kubernetes ${a.kubernetes} needs containerd ${a.needs}, not ${a.containerd}.`,
    hint: 'raise versions.containerd; `config.toml` of firstboot is of version 3, which containerd 2.0 and later read.',
    explain:
      'Kubernetes 1.36 is tested with containerd 2.2 and 2.3. containerd 1.x cannot read configuration version 3 and would start with its defaults or not at all.',
  },
  SPEC_VERSION_MISSING: {
    severity: 'error',
    title: 'A binary without a version',
    message: (a: { binary: string; component: string }) =>
      `the component ${a.component} installs ${a.binary}, but versions has no ${a.binary}.`,
    hint: (a: { binary: string }) => `add \`${a.binary}: …\` to versions, and its digest to pins.yaml.`,
    explain: 'Every binary is of a stated version, so that the same spec makes the same machine next year.',
  },
  SPEC_VERSION_UNUSED: {
    severity: 'warning',
    title: 'A version that nothing uses',
    message: (a: { binary: string; meant: string | undefined }) =>
      `versions has ${a.binary}, but no component installs a binary of that name.`,
    hint: (a: { meant: string | undefined }) =>
      a.meant ? `did you mean ${a.meant}?` : 'remove it, or add the component that installs it to components.',
    explain:
      'A version counts under the name of a binary, as a component’s bundle.yaml has it. Under any other name it has no effect, in silence: the machine would get another version than the one that seems to be set.',
  },
  SPEC_SPOT_PROTECTED: {
    severity: 'error',
    title: 'A spot instance cannot be protected',
    message: () => 'aws.terminationProtection and aws.spot are both set, and EC2 protects no spot instance.',
    hint: 'leave out one of the two.',
    explain:
      'EC2 has no termination protection for spot instances: it may take them back at any time, so a launch that asks for both is refused.',
  },
  SPEC_INSTANCE_TYPE_ARCH: {
    severity: 'error',
    title: 'An instance type of the other architecture',
    message: (a: { worker: string; type: string; typeArch: string; arch: string }) =>
      `${a.worker} is ${a.arch}, but ${a.type} is ${a.typeArch}.`,
    hint: 'set the worker’s arch, or give it instance types of its architecture.',
    explain:
      'The image and the binaries are of the worker’s architecture: RunInstances refuses the pair, or the kubelet cannot be executed.',
  },
  SPEC_IMAGE_MISSING: {
    severity: 'error',
    title: 'No image for a worker’s architecture',
    message: (a: { worker: string; arch: string }) => `${a.worker} is ${a.arch}, but aws.image has no ${a.arch}.`,
    hint: (a: { arch: string }) => `add aws.image.${a.arch}, or correct the worker’s arch.`,
    explain: 'Setting aws.image replaces the default images of both architectures.',
  },
  SPEC_TAG_RESERVED: {
    severity: 'error',
    title: 'A tag that is not yours to set',
    message: (a: { tag: string; owner: string }) => `the tag ${a.tag} is ${a.owner}.`,
    hint: 'choose another name.',
    explain: 'EC2 refuses tags that begin with aws:, and firstboot recognises its instances by Name and firstboot:….',
  },
  SPEC_MIRROR_HTTP: {
    severity: 'warning',
    title: 'A registry mirror without TLS',
    message: (a: { registry: string; url: string }) => `the mirror ${masked(a.url)} of ${a.registry} is plain http.`,
    hint: 'use https, with `ca` for a private CA.',
    explain: 'Whoever is on the path can replace an image that is named by tag.',
  },
  SPEC_NO_PROXY: {
    severity: 'warning',
    title: 'The proxy would get what is meant for the cluster',
    message: (a: { what: string; address: string }) =>
      `node.proxy.noProxy does not cover ${a.what} (${a.address}), so requests there would go through the proxy.`,
    hint: (a: { address: string }) => `add ${a.address}, or a range that holds it, to noProxy.`,
    explain:
      'The kubelet and containerd take the proxy from their environment. Requests to the api-server and to services must be direct; instance metadata always is.',
  },
  SPEC_CA_FILE: {
    severity: 'error',
    title: 'A CA file of the spec cannot be used',
    message: (a: { field: string; file: string; reason: string }) =>
      `${a.field} names ${a.file}, which cannot be used: ${a.reason}.`,
    hint: 'give a PEM file that holds certificates and nothing else, relative to cluster.yaml.',
    explain:
      'Extra CAs of the node and of registries are packed into user-data; a private key among them would become public.',
  },
  SPEC_SERVER_UNREACHABLE: {
    severity: 'error',
    title: 'An api-server that no worker can reach',
    message: (a: { server: string; reason: string }) => `the workers cannot reach ${a.server}: ${a.reason}.`,
    hint: 'give the address of the load balancer, or of the control plane, as the workers’ subnet reaches it.',
    explain:
      'An administrator often reaches the api-server by a tunnel (127.0.0.1) or from inside the cluster. A worker that boots has neither.',
  },
  SPEC_SERVICE_CIDR_SIZE: {
    severity: 'error',
    title: 'A service range of a size that no api-server takes',
    message: (a: { range: string; reason: string }) => `the service range cannot be ${a.range}: ${a.reason}.`,
    hint: 'write it as the api-server’s --service-cluster-ip-range has it, for example 10.32.0.0/24.',
    explain:
      'The api-server refuses IPv4 ranges of more than 20 host bits (“the mask must be >= 12”) and of fewer than 8 addresses.',
  },
  SPEC_SUBNET_SIZE: {
    severity: 'error',
    title: 'A subnet of a size that AWS does not have',
    message: (a: { range: string }) =>
      `aws.subnetCidr ${a.range} is no subnet of AWS: those have a prefix of 16 to 28.`,
    hint: 'give the range of the subnet itself, not of its VPC’s supernet or of one machine.',
    explain: 'DescribeSubnets shows the range as CidrBlock. Addresses of workers are checked against it.',
  },
  SPEC_PKI_PATTERN: {
    severity: 'error',
    title: 'All workers would have one file',
    message: (a: { field: string; value: string; workers: number }) =>
      `${a.field} “${a.value}” names the same file for all ${a.workers} workers.`,
    hint: 'put {worker} into the pattern, for example "{worker}.pem".',
    explain: 'Each worker has its own certificate, key and kubeconfig; a shared key would let each act as all of them.',
  },
  SPEC_READ_SECRET_FILE: {
    severity: 'warning',
    title: 'A command that is not told the file',
    message: (a: { command: string }) =>
      `pki.readSecret runs ${a.command} without {file}, so it returns the same for every file.`,
    hint: 'add "{file}" as a word, for example [sops, --decrypt, "{file}"].',
    explain: 'The command is run once for each private file, and its stdout is taken for that file.',
  },
  SPEC_IMAGE_ARCH: {
    severity: 'error',
    title: 'An image of the other architecture',
    message: (a: { arch: string; image: string; found: string }) =>
      `aws.image.${a.arch} is ${a.image}, which names ${a.found}.`,
    hint: (a: { arch: string }) => `name the image of ${a.arch}.`,
    explain: 'RunInstances refuses an image of another architecture than the instance type’s.',
  },
} satisfies Entries;
