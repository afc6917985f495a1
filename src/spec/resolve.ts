import { invariant } from '../tree/invariant.ts';
import type { JsonMap } from '../tree/merge.ts';
import { formatIpv4, parseCidr } from './address.ts';
import type { Spec } from './schema.ts';

export type Arch = 'amd64' | 'arm64';
export type Taint = { readonly key: string; readonly value?: string | undefined; readonly effect: string };

/** Parameters of a launch, as specified; part of the fingerprint. */
export type Launch = {
  readonly image: string | null;
  readonly instanceTypes: readonly string[];
  readonly subnet: string | null;
  readonly securityGroups: readonly string[];
  readonly instanceProfile: string;
  readonly spot: boolean;
  readonly eni: 'launch' | 'keep';
  readonly volume: { readonly size: number; readonly kmsKey: string | null };
  readonly terminationProtection: boolean;
  readonly tags: Readonly<Record<string, string>>;
};

export type Worker = {
  readonly name: string;
  readonly privateIp: string;
  readonly arch: Arch;
  readonly labels: Readonly<Record<string, string>>;
  readonly taints: readonly Taint[];
  /** This worker's own KubeletConfiguration overrides; the cluster's are in Cluster. */
  readonly kubeletConfig: JsonMap;
  readonly launch: Launch;
};

/** A spec with every default filled in. Plain data: it crosses threads. */
export type Cluster = {
  /** Name of the spec file, relative to its own folder. */
  readonly file: string;
  readonly name: string;
  readonly server: string;
  readonly domain: string;
  readonly dns: readonly string[];
  readonly serviceCidr: string;
  readonly versions: Readonly<Record<string, string>>;
  readonly pki: Spec['pki'];
  readonly components: readonly string[];
  readonly kubeletConfig: JsonMap;
  readonly registries: Spec['registries'];
  readonly node: Spec['node'];
  readonly cloudInit: JsonMap;
  readonly aws: Spec['aws'];
  readonly workers: readonly Worker[];
};

/** Worker over cluster over default; maps merge, lists replace. Workers keep the order of the file. */
export function resolve(spec: Spec, file: string): Cluster {
  const { cluster, aws } = spec;
  return {
    file,
    name: cluster.name,
    server: cluster.server.replace(/\/$/, ''),
    domain: cluster.domain,
    dns: cluster.dns ?? [tenthAddress(cluster.serviceCidr)],
    serviceCidr: cluster.serviceCidr,
    versions: spec.versions,
    pki: spec.pki,
    components: spec.components,
    kubeletConfig: spec.kubelet.config,
    registries: spec.registries,
    node: spec.node,
    cloudInit: spec.cloudInit,
    aws,
    workers: Object.entries(spec.workers).map(([name, worker]) => resolveWorker(spec, name, worker)),
  };
}

function resolveWorker(spec: Spec, name: string, worker: Spec['workers'][string]): Worker {
  const { aws, kubelet } = spec;
  const { arch } = worker;
  return {
    name,
    privateIp: worker.privateIp,
    arch,
    labels: { ...kubelet.labels, ...worker.labels },
    taints: worker.taints ?? kubelet.taints,
    kubeletConfig: worker.kubelet.config,
    launch: {
      image: aws.image[arch] ?? null,
      instanceTypes: worker.instanceTypes ?? aws.instanceTypes ?? [arch === 'arm64' ? 't4g.medium' : 't3.medium'],
      subnet: worker.subnet ?? aws.subnet ?? null,
      securityGroups: aws.securityGroups,
      instanceProfile: aws.instanceProfile,
      spot: aws.spot,
      eni: aws.eni,
      volume: aws.volume,
      terminationProtection: aws.terminationProtection,
      tags: aws.tags,
    },
  };
}

/** The address that kubeadm gives the DNS service. */
function tenthAddress(serviceCidr: string): string {
  const range = parseCidr(serviceCidr);
  invariant(range, 'serviceCidr was validated by the schema');
  return formatIpv4(range.first + 10);
}

/** The version of a binary: its own entry, or Kubernetes' for what Kubernetes releases. */
export function versionOf(cluster: Cluster, binary: string): string | undefined {
  const own = cluster.versions[binary];
  if (own !== undefined) return own;
  return ['kubelet', 'kube-proxy', 'kubectl', 'kubeadm'].includes(binary) ? cluster.versions.kubernetes : undefined;
}
