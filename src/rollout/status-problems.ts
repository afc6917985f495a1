import type { InstanceView } from '../ports/compute.ts';
import type { Cluster } from '../spec/resolve.ts';
import type { Lock } from './lock.ts';
import type { Observed } from './observe.ts';
import type { DesiredWorker } from './plan.ts';
import { agoOf, dayOf, daysUntil } from './plan-words.ts';
import type { WorkerView } from './plan-worker.ts';
import type { StatusRow } from './status.ts';
import type { StagedFor } from './status-staged.ts';
import { hiddenInstance, rivals, workerViews } from './worker-views.ts';

/** `error`: something is wrong that no command of firstboot makes. `note`: what a person may want to know. */
export type Problem = {
  readonly severity: 'error' | 'warning' | 'note';
  readonly worker: string | null;
  /** A sentence without the worker’s name. */
  readonly text: string;
};

export type ProblemInput = {
  readonly cluster: Cluster;
  readonly desired: readonly DesiredWorker[];
  readonly observed: Observed;
  readonly rows: readonly StatusRow[];
  readonly staged: readonly StagedFor[];
  readonly nameless: readonly InstanceView[];
  readonly lock: Lock | undefined;
};

const order = { error: 0, warning: 1, note: 2 } as const;
const renewalDays = 30;

/** What does not stand as it should, errors first, else in the order of the workers. */
export function problemsOf(input: ProblemInput): readonly Problem[] {
  const { cluster, desired, observed, rows, staged, nameless } = input;
  const compiled = new Set(desired.map(({ worker }) => worker.name));
  const views = workerViews(observed);
  const names = [...new Set(rows.map(({ worker }) => worker))];
  const problems: readonly Problem[] = [
    ...names.flatMap(worker => twoInstances(worker, rivals(views.of(worker)))),
    ...rows.flatMap(row => rowProblems(row, input)),
    ...rows.flatMap(row => absence(row, views.of(row.worker), observed.at)),
    ...cluster.workers
      .filter(({ name }) => !compiled.has(name))
      .map(({ name }) => warning(name, 'does not compile, so its drift is not known; `firstboot check` says why.')),
    ...nameless.map(({ instanceId }) =>
      warning(null, `${instanceId} has the tag firstboot:cluster and no firstboot:worker.`),
    ),
    ...staged.flatMap(({ owner, versions, left }) =>
      left === null
        ? []
        : [
            warning(
              null,
              `secrets of ${owner} are still staged (${versions} ${versions === 1 ? 'version' : 'versions'}), and ${left}; \`firstboot gc\` removes them.`,
            ),
          ],
    ),
    ...(observed.nodesProblem
      ? [warning(null, `the api-server did not say which nodes there are (${observed.nodesProblem.code}).`)]
      : []),
  ];
  return [...problems].sort((a, b) => order[a.severity] - order[b.severity]);
}

function warning(worker: string | null, text: string): Problem {
  return { severity: 'warning', worker, text };
}

function twoInstances(worker: string, alive: readonly InstanceView[]): readonly Problem[] {
  if (alive.length === 0) return [];
  const names = alive.map(({ instanceId }) => instanceId).join(', ');
  return [
    {
      severity: 'error',
      worker,
      text: `${alive.length} instances are alive: ${names}. Terminate all but the right one.`,
    },
  ];
}

function absence({ worker, state, inSpec, operation }: StatusRow, view: WorkerView, now: number): readonly Problem[] {
  const { current } = view.record ?? {};
  if (state !== 'none' || !inSpec || operation || !current) return [];
  const hidden = hiddenInstance(view, now);
  if (hidden === undefined) return [warning(worker, `its instance ${current.instanceId} is gone.`)];
  return [{ severity: 'note', worker, text: `EC2 does not show ${hidden} yet, which was launched just now.` }];
}

function rowProblems(row: StatusRow, { cluster, observed, lock }: ProblemInput): readonly Problem[] {
  const { worker, inSpec, instanceId } = row;
  const say = (text: string, severity: Problem['severity'] = 'warning'): Problem => ({ severity, worker, text });
  return [
    ...(inSpec ? [] : [say(`the spec has no such worker${instanceId ? `, and ${instanceId} runs for it` : ''}.`)]),
    ...operationProblems(row, observed.at, lock).map(([text, severity]) => say(text, severity)),
    ...nodeProblems(row, cluster, observed.at).map(text => say(text)),
    ...(row.state === 'stopped' || row.state === 'stopping' || row.state === 'terminated'
      ? [say(`its instance is ${row.state}${stateReason(instanceId, observed)}.`)]
      : []),
    ...certificateProblems(row, observed.at).map(text => say(text)),
    ...(row.fingerprint === 'drifted' ? [say('drifted from the spec; `firstboot plan` says how.', 'note')] : []),
  ];
}

function operationProblems(
  { operation }: StatusRow,
  now: number,
  lock: Lock | undefined,
): readonly (readonly [string, Problem['severity']])[] {
  if (!operation) return [];
  const { kind, step, startedAt, run, failure } = operation;
  const since = `${agoOf(Date.parse(startedAt), now)} ago, run ${run}`;
  if (failure) return [[failedText(kind, since, failure), 'warning']];
  if (lock?.run === run) return [[`${kind} is going on, at ${step} (begun ${since}).`, 'note']];
  const next = lock ? `run ${lock.run}, which has the lock, may go on with it.` : '`firstboot apply` goes on with it.';
  return [[`${kind} was cut off at ${step} (begun ${since}); ${next}`, 'warning']];
}

function failedText(
  kind: string,
  since: string,
  { step, code, message }: NonNullable<NonNullable<StatusRow['operation']>['failure']>,
): string {
  return `${kind} (begun ${since}) failed at ${step}: ${code}: ${message} \`firstboot apply\` tries it again.`;
}

function nodeProblems(
  { node, state, instanceId, inSpec, operation }: StatusRow,
  { versions }: Cluster,
  now: number,
): readonly string[] {
  // What a launch that goes on has not come to yet is no news.
  if (node === undefined || (operation && !operation.failure)) return [];
  if (node === null) return state === 'running' ? ['it runs and has no Node: its kubelet did not register.'] : [];
  const { ready, kubeletVersion, unschedulable, providerId, isOurs } = node;
  const { kubernetes } = versions;
  const version = kubernetes === undefined || kubeletVersion === `v${kubernetes}`;
  return [
    ...(isOurs
      ? []
      : [
          `its Node is another instance’s (${providerId ?? 'no providerID'})${instanceId ? `, not ${instanceId}’s` : ''}.`,
        ]),
    ...(ready.status === 'True'
      ? []
      : [`not Ready for ${agoOf(ready.since, now)} (${ready.status}): ${ready.reason}: ${ready.message}`]),
    ...(unschedulable ? ['its Node is cordoned.'] : []),
    ...(version || !inSpec ? [] : [`its kubelet is ${kubeletVersion}, and the spec says v${kubernetes}.`]),
  ];
}

function stateReason(instanceId: string | null, { instances }: Observed): string {
  const reason = instances.find(one => one.instanceId === instanceId)?.stateReason;
  return reason?.message ? ` (${reason.message.replace(/\.$/, '')})` : '';
}

function certificateProblems({ notAfter, state }: StatusRow, now: number): readonly string[] {
  if (notAfter === null || state === 'terminated') return [];
  const left = daysUntil(notAfter, now);
  if (left >= renewalDays) return [];
  return [
    left < 0
      ? `its certificate expired on ${dayOf(notAfter)}.`
      : `its certificate expires on ${dayOf(notAfter)}, in ${left} d.`,
  ];
}
