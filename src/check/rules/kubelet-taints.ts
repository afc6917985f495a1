import { type Finding, finding } from '../../diagnostics/diagnostic.ts';
import type { Origin, Path } from '../../diagnostics/origin.ts';
import type { Worker } from '../../spec/resolve.ts';
import { isJsonMap } from '../../tree/merge.ts';
import type { ClusterRule } from '../context.ts';
import { labelValueProblem, qualifiedNameProblem } from './kubelet-names.ts';
import { layerOf, originOf } from './kubelet-origin.ts';
import { type KubeletConcern, list } from './kubelet-subject.ts';

/** Taints of the spec. Each list is judged once, however many workers have it. */
export const kubeletTaints: ClusterRule = ({ cluster }) => {
  const lists = new Map<string, { readonly first: Worker; count: number }>();
  for (const worker of cluster.workers) {
    const key = JSON.stringify(worker.taints);
    const known = lists.get(key) ?? { first: worker, count: 0 };
    known.count++;
    lists.set(key, known);
  }
  return [...lists.values()].flatMap(({ first, count }) => {
    const above: Path = count === cluster.workers.length ? ['kubelet', 'taints'] : ['workers', first.name, 'taints'];
    return judge(first.taints, index => ({ file: cluster.file, path: [...above, index] }));
  });
};

/** registerWithTaints as an override; that of the spec's own taints is judged above. */
export const kubeletTaintOverrides: KubeletConcern = ({ kubelet, config }) => {
  if (layerOf(kubelet, ['registerWithTaints']) === 1) return [];
  return judge(list(config, 'registerWithTaints'), index => originOf(kubelet, [['registerWithTaints', index]]));
};

const effects = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'];
const reserved = [
  'not-ready',
  'unreachable',
  'unschedulable',
  'memory-pressure',
  'disk-pressure',
  'pid-pressure',
  'network-unavailable',
].map(name => `node.kubernetes.io/${name}`);

/** As CheckTaintValidation of the kubelet and ValidateNode of the api-server judge them. */
function judge(taints: readonly unknown[], at: (index: number) => Origin): readonly Finding[] {
  const seen = new Set<string>();
  return taints.flatMap((taint, index) => {
    if (!isJsonMap(taint)) return [];
    const [key, value, effect] = [taint.key ?? '', taint.value ?? '', taint.effect ?? ''].map(String) as [
      string,
      string,
      string,
    ];
    const name = `${key}${value === '' ? '' : `=${value}`}:${effect}`;
    const pair = `${key}:${effect}`;
    const reason =
      qualifiedNameProblem(key) ??
      (value === '' ? undefined : labelValueProblem(value)) ??
      (effects.includes(effect) ? undefined : `the effect is none of ${effects.join(', ')}`) ??
      (taint.timeAdded === undefined || taint.timeAdded === null
        ? undefined
        : 'timeAdded is not the kubelet’s to set') ??
      (seen.has(pair) ? `${pair} is there twice` : undefined);
    seen.add(pair);
    if (reason !== undefined) return [finding('KUBELET_TAINT_INVALID', at(index), { taint: name, reason })];
    return reserved.includes(key) ? [finding('KUBELET_TAINT_RESERVED', at(index), { taint: name })] : [];
  });
}
