import type { PodView } from '../ports/kube.ts';

export type DrainOptions = {
  /** Milliseconds, for the whole drain. */
  readonly timeout: number;
  /** Evict pods whose emptyDir is lost with the node. */
  readonly deleteEmptyDirData: boolean;
  /** Leave DaemonSet pods where they are. */
  readonly ignoreDaemonSets: boolean;
  /** Evict bare pods, which nothing starts again. */
  readonly force: boolean;
};

export type RefusalKind = 'daemon-set' | 'bare' | 'empty-dir';
export type Refusal = { readonly kind: RefusalKind; readonly pod: PodView };

/** What a drain makes of the pods on a node. */
export type SortedPods = {
  readonly evict: readonly PodView[];
  /** On their way out already: only waited for. */
  readonly ending: readonly PodView[];
  /** Mirror pods and, where it was asked for, DaemonSet pods: they end with the node. */
  readonly left: readonly PodView[];
  /** Needs an option that was not given. A pod can be here twice. */
  readonly refused: readonly Refusal[];
};

/** As `kubectl drain` decides, in its order (kubectl’s pkg/drain/filters.go): a finished pod goes without any option. */
export function sortPods(pods: readonly PodView[], options: DrainOptions): SortedPods {
  const sorted = pods.map(pod => ({ pod, fate: fateOf(pod, options) }));
  const having = (fate: Fate) => sorted.filter(one => one.fate === fate).map(({ pod }) => pod);
  const refused = having('refused').flatMap(pod => refusalsOf(pod, options).map(kind => ({ kind, pod })));
  return { evict: having('evict'), ending: having('ending'), left: having('left'), refused };
}

type Fate = 'evict' | 'ending' | 'left' | 'refused';

function fateOf(pod: PodView, options: DrainOptions): Fate {
  if (pod.mirror) return 'left';
  if (isFinished(pod)) return pod.deleting ? 'ending' : 'evict';
  if (ofDaemonSet(pod)) return options.ignoreDaemonSets ? 'left' : 'refused';
  if (pod.deleting) return 'ending';
  return refusalsOf(pod, options).length > 0 ? 'refused' : 'evict';
}

function refusalsOf(pod: PodView, options: DrainOptions): readonly RefusalKind[] {
  if (ofDaemonSet(pod)) return ['daemon-set'];
  const bare = pod.controller === undefined && !options.force;
  const emptyDir = pod.emptyDir && !options.deleteEmptyDirData;
  return [...(bare ? (['bare'] as const) : []), ...(emptyDir ? (['empty-dir'] as const) : [])];
}

/** Nothing of it runs any more: no budget protects it, and its volumes are of no use to anyone. */
export const isFinished = ({ phase }: PodView): boolean => phase === 'Succeeded' || phase === 'Failed';

const ofDaemonSet = ({ controller }: PodView): boolean => controller === 'DaemonSet';
