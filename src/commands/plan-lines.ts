import { clean } from '../report/clean.ts';
import type { Action, ActionKind, Plan } from '../rollout/plan.ts';

/** What is said first of each action; the sign is as in a diff. */
export const signs: Readonly<Record<ActionKind, string>> = { keep: '=', launch: '+', replace: '~', retire: '-' };

export type Counts = Readonly<Record<ActionKind, number>>;

export function countActions({ actions }: Plan): Counts {
  const of = (kind: ActionKind) => actions.filter(action => action.kind === kind).length;
  return { launch: of('launch'), replace: of('replace'), retire: of('retire'), keep: of('keep') };
}

export function closingLine(counts: Counts): string {
  const { launch, replace, retire, keep } = counts;
  if (launch + replace + retire === 0) return `No changes: ${keep} kept.`;
  return `Plan: ${launch} to launch, ${replace} to replace, ${retire} to retire, ${keep} kept.`;
}

/** Actions that say the same of what changes, told once. Those without anything to tell beyond their line are left out. */
export type Group = { readonly workers: readonly Action[]; readonly first: Action };

export function groupsOf({ actions }: Plan): readonly Group[] {
  const groups = new Map<string, Action[]>();
  for (const action of actions.filter(({ kind }) => kind !== 'keep')) {
    const { kind, reasons, changes } = action;
    const key = JSON.stringify([
      kind,
      reasons,
      changes.map(({ name, diff }) => [name, withoutNames(diff, action.worker)]),
    ]);
    groups.set(key, [...(groups.get(key) ?? []), action]);
  }
  return [...groups.values()].flatMap(workers => (workers[0] ? [{ workers, first: workers[0] }] : []));
}

/** Two workers’ diffs that differ in their names only are one. */
function withoutNames(diff: string, worker: string): string {
  return diff.replaceAll(worker, '\0');
}

const mostNamed = 3;

/** Where the pods were looked at: a sentence for each worker that has any, or something that forbids their eviction. */
export function disruptionLines({ worker, disruption }: Action): readonly string[] {
  if (!disruption) return [];
  const pods = disruption.evicted.map(({ namespace, name }) => `${namespace}/${name}`);
  return [
    ...(pods.length > 0 ? [`${worker}: evicts ${some(pods)}`] : []),
    ...together(disruption.blockers).map(blocker => `${worker}: blocked now: ${blocker}`),
  ].map(clean);
}

const blocked = / cannot be evicted: /;

/** Pods that the same budget protects, in one sentence. */
function together(blockers: readonly string[]): readonly string[] {
  const byReason = new Map<string, string[]>();
  for (const blocker of blockers) {
    const [pod = '', ...reason] = blocker.split(blocked);
    byReason.set(reason.join(''), [...(byReason.get(reason.join('')) ?? []), pod]);
  }
  return [...byReason].flatMap(([reason, pods]) =>
    reason === '' ? pods : [`${some(pods)} cannot be evicted: ${reason}`],
  );
}

function some(names: readonly string[]): string {
  const more = names.length - mostNamed;
  return more > 0 ? `${names.slice(0, mostNamed).join(', ')} and ${more} more` : names.join(', ');
}

/** A line of a diff without anything that steers a terminal or hides text. */
export function safeLine(line: string): string {
  return line
    .replaceAll('\t', '    ')
    .replace(/[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu, one => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** Cut to a width, with an ellipsis. */
export function cut(text: string, width: number): string {
  return text.length > width ? `${text.slice(0, width - 1)}…` : text;
}
