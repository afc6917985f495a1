import type { Launch, Worker } from '../spec/resolve.ts';
import { basisOf } from './basis.ts';
import { drainPreview } from './drain-preview.ts';
import type { Observed } from './observe.ts';
import { changesOf } from './plan-changes.ts';
import type { PlanDetails } from './plan-details.ts';
import { inOrder } from './plan-order.ts';
import { type Decision, decide, decideRetired, type WorkerView } from './plan-worker.ts';
import { rivals, twoInstances, type WorkerViews, workerViews } from './worker-views.ts';

/** A worker as the spec and the PKI folder want it. No key is needed to know this. */
export type DesiredWorker = {
  readonly worker: Worker;
  readonly fingerprint: string;
  readonly notAfter: string | null;
  /** SHA-256 of the archive, where the keys are there. */
  readonly digest: string | null;
};

export type ActionKind = 'keep' | 'launch' | 'replace' | 'retire';

/** Why something is to be done, in words and for machines. */
export type Reason = {
  readonly kind:
    | 'absent'
    | 'interrupted'
    | 'failed'
    | 'fingerprint'
    | 'image'
    | 'instance-type'
    | 'launch'
    | 'certificate'
    | 'ended'
    | 'asked'
    | 'not-in-spec';
  /** A clause without capital and full stop: “kubelet configuration changed”. */
  readonly text: string;
};

export type Action = {
  readonly worker: string;
  readonly kind: ActionKind;
  readonly reasons: readonly Reason[];
  /** The instance that is kept, replaced or retired. */
  readonly instanceId: string | null;
  /** Of the spec; null when it is retired. */
  readonly fingerprint: string | null;
  readonly launch: Launch | null;
  /** What would be evicted and what would forbid it; undefined where the api-server was not asked. */
  readonly disruption?: Disruption | undefined;
  /** Changed files and launch parameters, redacted, as unified diffs; where the last launch is known. */
  readonly changes: readonly Change[];
  /** Workers that hold the address which this one wants: they must be terminated before it is launched. */
  readonly after: readonly string[];
};

export type Change = { readonly name: string; readonly diff: string };

export type Disruption = {
  readonly evicted: readonly { readonly namespace: string; readonly name: string }[];
  readonly blockers: readonly string[];
};

/** What `plan --out` writes and `apply FILE` takes. */
export type Plan = {
  readonly version: 1;
  readonly cluster: string;
  /** ISO 8601. */
  readonly at: string;
  /** In the order of the spec, retired workers last; but a worker whose address another one wants comes before that one. */
  readonly actions: readonly Action[];
  /** SHA-256 of everything observed that the plan depends on: apply refuses when it is another by then. */
  readonly basis: string;
  readonly warnings: readonly string[];
};

/** Workers that are named on the command line: of the others nothing is planned. */
export type Asked = { readonly kind: 'replace' | 'retire'; readonly workers: ReadonlySet<string> };

export type PlanOptions = { readonly details?: PlanDetails | undefined; readonly asked?: Asked | undefined };

type Draft = Decision & { readonly worker: string; readonly desired: DesiredWorker | undefined };

/**
 * What is to be done so that the workers are as desired. Pure; `now` in milliseconds. With `details` it says more (what changed,
 * which pods), and decides the same. Throws PLAN_TWO_INSTANCES and PLAN_ADDRESS_RING.
 */
export function planOf(
  cluster: { readonly name: string },
  desired: readonly DesiredWorker[],
  observed: Observed,
  now: number,
  { details, asked }: PlanOptions = {},
): Plan {
  const views = workerViews(observed);
  const drafts = asked ? askedDrafts(desired, views, now, details, asked) : allDrafts(desired, views, now, details);
  for (const { worker } of drafts) {
    const alive = rivals(views.of(worker));
    if (alive.length > 0) throw twoInstances(worker, alive);
  }
  const holders = addressHolders(views);
  const actions = inOrder(drafts.map(draft => actionOf(draft, views, details, holders)));
  return {
    version: 1,
    cluster: cluster.name,
    at: new Date(now).toISOString(),
    actions,
    basis: basisOf(cluster.name, desired, observed, views, actions),
    warnings: [
      ...drafts.flatMap(draft => draft.warnings),
      ...views.nameless.map(
        ({ instanceId }) => `${instanceId} has the tag firstboot:cluster and no firstboot:worker; it is left alone.`,
      ),
      ...occupied(actions, details),
    ],
  };
}

function allDrafts(
  desired: readonly DesiredWorker[],
  views: WorkerViews,
  now: number,
  details: PlanDetails | undefined,
): readonly Draft[] {
  const wanted = new Set(desired.map(({ worker }) => worker.name));
  return [
    ...desired.map(one => ({
      ...decide(one, views.of(one.worker.name), now, details),
      worker: one.worker.name,
      desired: one,
    })),
    ...views.names
      .filter(name => !wanted.has(name))
      .flatMap(name => {
        const decision = decideRetired(views.of(name));
        return decision ? [{ ...decision, worker: name, desired: undefined }] : [];
      }),
  ];
}

function askedDrafts(
  desired: readonly DesiredWorker[],
  views: WorkerViews,
  now: number,
  details: PlanDetails | undefined,
  { kind, workers }: Asked,
): readonly Draft[] {
  return allDrafts(desired, views, now, details)
    .filter(({ worker }) => workers.has(worker))
    .map(draft => {
      const view = views.of(draft.worker);
      if (kind === 'retire') return { ...retireAsked(draft, view), worker: draft.worker, desired: undefined };
      const reason = { kind: 'asked' as const, text: 'asked for' };
      const becomes = draft.kind === 'keep' ? 'replace' : draft.kind;
      return { ...draft, kind: becomes, reasons: [...draft.reasons, reason] };
    });
}

function retireAsked(draft: Draft, view: WorkerView): Decision {
  const nothing = view.live.length === 0 && !view.record?.current && !view.record?.operation;
  return {
    kind: nothing ? 'keep' : 'retire',
    reasons: [nothing ? { kind: 'absent', text: 'it has no instance' } : { kind: 'asked', text: 'asked for' }],
    instanceId: view.live[0]?.instanceId ?? view.record?.operation?.instanceId ?? draft.instanceId,
    warnings: [],
  };
}

/** Worker by the address that its live instance has. */
function addressHolders(views: WorkerViews): ReadonlyMap<string, string> {
  return new Map(
    views.live.flatMap(({ subnetId, privateIp, tags }) => {
      const worker = tags['firstboot:worker'];
      return privateIp === undefined || worker === undefined ? [] : [[`${subnetId} ${privateIp}`, worker] as const];
    }),
  );
}

function actionOf(
  { worker, kind, reasons, instanceId, desired }: Draft,
  views: WorkerViews,
  details: PlanDetails | undefined,
  holders: ReadonlyMap<string, string>,
): Action {
  const launches = kind === 'launch' || kind === 'replace';
  const launch = desired?.worker.launch ?? null;
  const holder = launches && desired ? holders.get(`${launch?.subnet} ${desired.worker.privateIp}`) : undefined;
  const disrupts = kind === 'replace' || kind === 'retire';
  const current = views.of(worker).record?.current;
  const before = details?.previous.get(worker);
  const after = kind === 'replace' ? details?.describe(worker) : undefined;
  return {
    worker,
    kind,
    reasons,
    instanceId,
    fingerprint: desired?.fingerprint ?? null,
    launch,
    disruption: disrupts && details?.pods ? disruptionOf(worker, details, details.pods) : undefined,
    changes:
      after && current && launch ? changesOf({ before, after, launchBefore: current.launch, launchAfter: launch }) : [],
    after: holder !== undefined && holder !== worker ? [holder] : [],
  };
}

/** As `apply` drains without any of the drain options, where none are said. */
function disruptionOf(
  worker: string,
  { budgets, drain }: PlanDetails,
  pods: NonNullable<PlanDetails['pods']>,
): Disruption {
  const options = { timeout: 0, deleteEmptyDirData: false, ignoreDaemonSets: false, force: false };
  return drainPreview(pods.get(worker) ?? [], budgets, drain ?? options);
}

/** Addresses that somebody else has. */
function occupied(actions: readonly Action[], details: PlanDetails | undefined): readonly string[] {
  const planned = new Set(actions.map(({ worker }) => worker));
  return actions.flatMap(({ worker, kind, after }) => {
    const [holder] = after;
    if (holder !== undefined && !planned.has(holder))
      return [`${worker}: ${holder} has its address, and nothing is planned for ${holder}; a launch would fail.`];
    const found = kind === 'launch' && holder === undefined ? details?.occupants.get(worker) : undefined;
    if (!found || found.tags['firstboot:worker'] === worker) return [];
    const { interfaceId, instanceId, privateIp, tags, description } = found;
    const whose = tags['firstboot:cluster'];
    const owner = instanceId ? ` of ${instanceId}` : description ? ` (${description})` : '';
    return [
      `${worker}: its address ${privateIp} is taken by ${interfaceId}${owner}${whose ? `, cluster ${whose}` : ''}; a launch would fail.`,
    ];
  });
}
