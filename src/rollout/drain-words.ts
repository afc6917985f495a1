import type { DisruptionBudgetView, NodeView, PodName, PodView } from '../ports/kube.ts';
import type { Refusal, RefusalKind } from './drain-sort.ts';

/** Names that a reason lists before it counts the rest. */
const mostNames = 3;

export const podName = ({ namespace, name }: Pick<PodName, 'namespace' | 'name'>): string => `${namespace}/${name}`;

/** One reason for each option that is missing, with the pods that need it. */
export function refusalWords(refused: readonly Refusal[]): readonly string[] {
  const kinds: readonly RefusalKind[] = ['daemon-set', 'bare', 'empty-dir'];
  return kinds.flatMap(kind => {
    const pods = refused.filter(one => one.kind === kind).map(({ pod }) => pod);
    return pods.length === 0 ? [] : [`${missingOption(kind, pods.length === 1)}: ${namesOf(pods)}`];
  });
}

function missingOption(kind: RefusalKind, one: boolean): string {
  switch (kind) {
    case 'daemon-set':
      return `${one ? 'a pod of a DaemonSet stays' : 'pods of DaemonSets stay'} only with --ignore-daemonsets`;
    case 'bare':
      return `${one ? 'a bare pod, which nothing starts again, goes' : 'bare pods, which nothing starts again, go'} only with --force`;
    case 'empty-dir':
      return `${one ? 'a pod whose emptyDir would be lost goes' : 'pods whose emptyDir would be lost go'} only with --delete-emptydir-data`;
  }
}

/** “default/a, default/b, default/c and 4 more”. */
export function namesOf(pods: readonly Pick<PodName, 'namespace' | 'name'>[]): string {
  const names = pods.slice(0, mostNames).map(podName).join(', ');
  return pods.length > mostNames ? `${names} and ${pods.length - mostNames} more` : names;
}

/** “PDB default/web (minAvailable 2) allows 0 disruptions: 2 healthy of 2 wanted, 2 expected”. */
export function budgetWords(budget: DisruptionBudgetView): string {
  const { disruptionsAllowed: allowed, currentHealthy, desiredHealthy, expectedPods } = budget;
  const disruptions = `${allowed} disruption${allowed === 1 ? '' : 's'}`;
  return `PDB ${podName(budget)} (${budget.rule}) allows ${disruptions}: ${currentHealthy} healthy of ${desiredHealthy} wanted, ${expectedPods} expected`;
}

/** Pods that cannot be evicted for now, one reason for all that the same holds. */
export function blockedWords(blocked: readonly { readonly pod: PodName; readonly why: string }[]): readonly string[] {
  const reasons = [...new Set(blocked.map(({ why }) => why))];
  return reasons.map(why => {
    const pods = blocked.filter(one => one.why === why).map(({ pod }) => pod);
    return `${namesOf(pods)} cannot be evicted: ${why}`;
  });
}

/** The Eviction API answers 500 for such a pod, now and later. */
export function severalBudgetsWords(pod: PodName, budgets: readonly DisruptionBudgetView[]): string {
  const which = budgets.length > 0 ? ` (${budgets.map(podName).join(', ')})` : '';
  return `${podName(pod)} has several PDBs${which}, and the Eviction API takes a pod with one at most`;
}

/** A pod that was told to end and does not. `seconds`: since then. */
export function endingWords(pod: PodView, seconds: number): string {
  return `${podName(pod)} still runs, told to end ${duration(seconds)} ago with ${pod.gracePeriod} s of grace (its kubelet or a finalizer holds it)`;
}

/** Pods of a node whose kubelet is silent stay as they are until the instance is gone. */
export function unreachableWords(node: NodeView, pods: readonly PodView[], now: number): string {
  const { reason, since } = node.ready;
  const silent = `the kubelet of ${node.name} is not heard of (Ready is Unknown for ${duration((now - since) / 1000)}: ${reason})`;
  return `${silent}, so its pods cannot end: ${namesOf(pods)} (--ignore-drain-failure goes on without)`;
}

export function comebackWords(node: string, pods: readonly PodName[]): string {
  const many = pods.length > 1;
  return `${many ? `${pods.length} pods` : 'a pod'} came to ${node} though it is cordoned, so ${many ? 'they tolerate' : 'it tolerates'} that: ${namesOf(pods)}`;
}

/** “evicted 3 of 7 pods, waiting for default/web-0 to end”. `total`: all that had to go; `waiting`: those that are still there. */
export function progressWords(
  total: number,
  waiting: readonly { readonly pod: PodName; readonly blocked: boolean }[],
): string {
  const evicted = total - waiting.filter(({ blocked }) => blocked).length;
  const first = waiting.find(({ blocked }) => blocked) ?? waiting[0];
  const count = `evicted ${evicted} of ${total} pod${total === 1 ? '' : 's'}`;
  if (first === undefined) return count;
  return first.blocked
    ? `${count}, a PDB holds ${podName(first.pod)}`
    : `${count}, waiting for ${podName(first.pod)} to end`;
}

/** Of seconds: “45s”, “4m 20s”, “2h 5m”. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole}s`;
  if (whole < 3600) return whole % 60 === 0 ? `${whole / 60}m` : `${Math.floor(whole / 60)}m ${whole % 60}s`;
  const minutes = Math.floor((whole % 3600) / 60);
  return minutes === 0 ? `${Math.floor(whole / 3600)}h` : `${Math.floor(whole / 3600)}h ${minutes}m`;
}
