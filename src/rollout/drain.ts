import { CallError } from '../diagnostics/call-error.ts';
import type { Clock } from '../ports/clock.ts';
import type { DisruptionBudgetView, Eviction, Kube, NodeName, PodView } from '../ports/kube.ts';
import { budgetsOf } from './drain-preview.ts';
import { type DrainOptions, type SortedPods, sortPods } from './drain-sort.ts';
import {
  blockedWords,
  budgetWords,
  comebackWords,
  endingWords,
  progressWords,
  refusalWords,
  severalBudgetsWords,
  unreachableWords,
} from './drain-words.ts';
import { isPassing, isThrottling } from './retry.ts';

export type { DrainOptions } from './drain-sort.ts';

export type DrainOutcome =
  | { readonly kind: 'done'; readonly evicted: number }
  /** Nothing is uncordoned here. Each reason is a clause without capital and full stop. */
  | { readonly kind: 'failed'; readonly reasons: readonly string[] };

/** As kubectl: a blocked eviction is tried again after this time, unless the api-server names a longer one. */
const retryAfter = 5_000;
/** How often the pods are looked at while some of them end. */
const glance = 2_000;
/** What a kubelet may take beyond a pod’s grace period before we ask whether it lives. */
const patience = 30_000;
const mostReasons = 10;

type Drain = {
  readonly kube: Kube;
  readonly clock: Clock;
  readonly node: NodeName;
  readonly options: DrainOptions;
  readonly told: (detail: string) => void;
  readonly signal: AbortSignal | undefined;
  readonly deadline: number;
  /** Pods by UID: when each was first seen, is to be tried next, was seen to end, and why it was refused last. */
  readonly seen: Map<string, PodView>;
  readonly next: Map<string, number>;
  readonly endingSince: Map<string, number>;
  readonly blocked: Map<string, string>;
  /** Seen after the first look: the node is cordoned, so they tolerate that. */
  readonly late: Map<string, PodView>;
};

/**
 * Empties a cordoned node by the Eviction API alone, and waits until its pods are gone. `told`: what it waits for, once per
 * change. A call that fails for good, as for a missing right, throws its CallError.
 */
export async function drain(
  kube: Kube,
  clock: Clock,
  node: NodeName,
  options: DrainOptions,
  told: (detail: string) => void,
  signal?: AbortSignal,
): Promise<DrainOutcome> {
  const run: Drain = {
    ...{ kube, clock, node, options, signal, told: onChange(told), deadline: clock.now() + options.timeout },
    ...{ seen: new Map(), next: new Map(), endingSince: new Map(), blocked: new Map(), late: new Map() },
  };
  for (;;) {
    signal?.throwIfAborted();
    const settled = await patiently(run, () => round(run));
    if (settled !== undefined) return settled;
    await clock.sleep(pause(run), signal);
  }
}

/** One look at the node, and what is to be done at once. Undefined: not yet at its end. */
async function round(run: Drain): Promise<DrainOutcome | undefined> {
  const sorted = sortPods(await run.kube.podsOn(run.node.name), run.options);
  if (sorted.refused.length > 0) return failed(refusalWords(sorted.refused));
  const first = run.seen.size === 0;
  remember(run, sorted);
  if (sorted.evict.length + sorted.ending.length === 0) return { kind: 'done', evicted: run.seen.size };
  const silent = await silence(run, sorted.ending);
  if (silent !== undefined) return failed([silent]);
  // However short the time, each pod is tried once.
  if (!first && run.clock.now() >= run.deadline) return failed(await stuck(run, sorted));
  for (const pod of sorted.evict) {
    const never = await tryEviction(run, pod);
    if (never !== undefined) return failed([never]);
  }
  const waiting = [
    ...sorted.evict.map(pod => ({ pod, blocked: run.blocked.has(pod.uid) })),
    ...sorted.ending.map(pod => ({ pod, blocked: false })),
  ];
  run.told(progressWords(run.seen.size, waiting));
  return undefined;
}

function remember({ seen, late, endingSince, clock }: Drain, { evict, ending }: SortedPods): void {
  const first = seen.size === 0;
  for (const pod of [...evict, ...ending]) {
    if (!first && !seen.has(pod.uid)) late.set(pod.uid, pod);
    seen.set(pod.uid, pod);
  }
  for (const { uid } of ending) if (!endingSince.has(uid)) endingSince.set(uid, clock.now());
}

/** Evicts a pod whose turn it is; returns why it can never be evicted. */
async function tryEviction(run: Drain, pod: PodView): Promise<string | undefined> {
  run.signal?.throwIfAborted();
  if (run.clock.now() < (run.next.get(pod.uid) ?? 0)) return undefined;
  const answer = await run.kube.evict(pod);
  run.next.set(pod.uid, run.clock.now() + waitOf(answer));
  if (typeof answer === 'object' && 'refused' in answer)
    return severalBudgetsWords(pod, budgetsOf(pod, await readBudgets(run)));
  if (typeof answer === 'object') run.blocked.set(pod.uid, answer.blocked);
  else run.blocked.delete(pod.uid);
  return undefined;
}

function waitOf(answer: Eviction): number {
  const asked = typeof answer === 'object' && 'blocked' in answer ? (answer.retryAfter ?? 0) * 1000 : 0;
  return Math.max(retryAfter, asked);
}

/** Says so as soon as pods outstay their grace period on a node that is not heard of: they would stay for ever. */
async function silence(run: Drain, ending: readonly PodView[]): Promise<string | undefined> {
  const now = run.clock.now();
  const overdue = ending.filter(
    ({ uid, gracePeriod }) => now > (run.endingSince.get(uid) ?? now) + gracePeriod * 1000 + patience,
  );
  if (overdue.length === 0) return undefined;
  const node = await run.kube.node(run.node.name);
  if (node?.uid !== run.node.uid || node.ready.status !== 'Unknown') return undefined;
  return unreachableWords(node, overdue, now);
}

/** Time is up: every pod that is still there, with what holds it. */
async function stuck(run: Drain, { evict, ending }: SortedPods): Promise<readonly string[]> {
  const budgets = evict.length > 0 ? await readBudgets(run) : [];
  const now = run.clock.now();
  const reasons = [
    ...blockedWords(evict.map(pod => ({ pod, why: whyBlocked(run, pod, budgetsOf(pod, budgets)) }))),
    ...ending.map(pod => endingWords(pod, (now - (run.endingSince.get(pod.uid) ?? now)) / 1000)),
  ];
  const more = reasons.length - mostReasons;
  const late = [...run.late.values()];
  return [
    ...reasons.slice(0, mostReasons),
    ...(more > 0 ? [`and ${more} more pod${more === 1 ? '' : 's'}`] : []),
    ...(late.length > 0 ? [comebackWords(run.node.name, late)] : []),
  ];
}

/** The arithmetic, or where budgets may not be read, the api-server’s own words. */
function whyBlocked({ blocked }: Drain, pod: PodView, budgets: readonly DisruptionBudgetView[]): string {
  const said = blocked.get(pod.uid);
  if (said === undefined) return 'time was up before its turn';
  return budgets.length > 0 ? budgets.map(budgetWords).join(', ') : said;
}

/** They make a reason clearer; a drain does not fail for want of the right to read them. */
async function readBudgets({ kube }: Drain): Promise<readonly DisruptionBudgetView[]> {
  try {
    return await kube.disruptionBudgets();
  } catch (error) {
    if (error instanceof CallError) return [];
    throw error;
  }
}

/** Without an answer, or with one that says “later”, the next round tries again; every call here may be made twice. */
async function patiently<T>(run: Drain, work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof CallError) || !(isPassing(error) || isThrottling(error))) throw error;
    if (run.clock.now() >= run.deadline) throw error;
    run.told(`the api-server did not answer “${error.call}” (${error.code}), trying again`);
    return undefined;
  }
}

/** Until the next eviction is due, at most a glance, and not beyond the deadline. */
function pause({ clock, next, deadline }: Drain): number {
  const now = clock.now();
  const due = Math.min(...[...next.values()].filter(time => time > now), now + glance, Math.max(deadline, now + 100));
  return Math.max(100, due - now);
}

function onChange(told: (detail: string) => void): (detail: string) => void {
  let last: string | undefined;
  return detail => {
    if (detail !== last) told(detail);
    last = detail;
  };
}

const failed = (reasons: readonly string[]): DrainOutcome => ({ kind: 'failed', reasons });
