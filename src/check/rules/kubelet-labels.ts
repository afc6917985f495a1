import { type Finding, finding } from '../../diagnostics/diagnostic.ts';
import type { Path } from '../../diagnostics/origin.ts';
import type { Worker } from '../../spec/resolve.ts';
import type { ClusterRule } from '../context.ts';
import { isBelow, labelValueProblem, qualifiedNameProblem } from './kubelet-names.ts';

/** Of kubernetes.io and k8s.io only these, and what is below the two namespaces: k8s.io/kubelet/pkg/apis/well_known_labels.go. */
const allowed = new Set([
  'kubernetes.io/hostname',
  'kubernetes.io/os',
  'kubernetes.io/arch',
  'topology.kubernetes.io/zone',
  'topology.kubernetes.io/region',
  'failure-domain.beta.kubernetes.io/zone',
  'failure-domain.beta.kubernetes.io/region',
  'node.kubernetes.io/instance-type',
  'beta.kubernetes.io/instance-type',
  'beta.kubernetes.io/os',
  'beta.kubernetes.io/arch',
]);
const allowedNamespaces = ['kubelet.kubernetes.io', 'node.kubernetes.io'];

/** Labels that the kubelet refuses to start with, or the api-server to register. Each is judged once, however many workers have it. */
export const kubeletLabels: ClusterRule = ({ cluster }) => {
  const owners = new Map<
    string,
    { readonly label: readonly [string, string]; readonly first: Worker; count: number }
  >();
  for (const worker of cluster.workers) {
    for (const label of Object.entries(worker.labels)) {
      const known = owners.get(label.join('=')) ?? { label, first: worker, count: 0 };
      known.count++;
      owners.set(label.join('='), known);
    }
  }
  return [...owners.values()].flatMap(({ label, first, count }) => {
    // What all workers have is taken for the cluster's own.
    const above: Path = count === cluster.workers.length ? ['kubelet', 'labels'] : ['workers', first.name, 'labels'];
    return labelFindings(label, { file: cluster.file, path: [...above, label[0]] });
  });
};

function labelFindings(
  [key, value]: readonly [string, string],
  origin: { readonly file: string; readonly path: Path },
): readonly Finding[] {
  const atKey = { ...origin, atKey: true };
  const keyProblem = qualifiedNameProblem(key);
  if (keyProblem !== undefined) return [finding('KUBELET_LABEL_INVALID', atKey, { label: key, reason: keyProblem })];
  const valueProblem = labelValueProblem(value);
  return [
    ...(isForbidden(key) ? [finding('KUBELET_LABEL_FORBIDDEN', atKey, { label: key, instead: insteadOf(key) })] : []),
    ...(valueProblem === undefined
      ? []
      : [finding('KUBELET_LABEL_INVALID', origin, { label: key, reason: valueProblem })]),
  ];
}

function isForbidden(key: string): boolean {
  const [namespace = ''] = key.includes('/') ? key.split('/') : [];
  if (isBelow(namespace, 'node-restriction.kubernetes.io')) return true;
  const reserved = isBelow(namespace, 'kubernetes.io') || isBelow(namespace, 'k8s.io');
  return reserved && !allowed.has(key) && !allowedNamespaces.some(domain => isBelow(namespace, domain));
}

function insteadOf(key: string): string {
  const [namespace = '', name = ''] = key.split('/');
  if (namespace === 'node-role.kubernetes.io')
    return `use node.kubernetes.io/role, or set it from outside: kubectl label node … ${key}=`;
  if (isBelow(namespace, 'node-restriction.kubernetes.io'))
    return `an administrator sets it: kubectl label node … ${key}=…; that nodes cannot is its purpose.`;
  return `use node.kubernetes.io/${name}, or a domain of your own.`;
}
