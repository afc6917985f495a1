import type { InstanceState, InstanceView } from '../ports/compute.ts';
import type { NodeView } from '../ports/kube.ts';
import type { Cluster } from '../spec/resolve.ts';
import type { Lock } from './lock.ts';
import type { Observed } from './observe.ts';
import type { DesiredWorker } from './plan.ts';
import type { Operation } from './record.ts';
import { type Problem, problemsOf } from './status-problems.ts';
import { type StagedFor, stagedFor } from './status-staged.ts';
import { workerViews } from './worker-views.ts';

/** One worker, or an instance too many of one. */
export type StatusRow = {
  readonly worker: string;
  readonly inSpec: boolean;
  readonly instanceId: string | null;
  readonly state: InstanceState | 'none';
  readonly instanceType: string | null;
  readonly imageId: string | null;
  readonly privateIp: string | null;
  /** Milliseconds since 1970. */
  readonly launchTime: number | null;
  /** Null: there is no Node; undefined: the api-server was not asked. */
  readonly node: StatusNode | null | undefined;
  /** `unknown`: the worker does not compile, or the instance has no tag. */
  readonly fingerprint: 'current' | 'drifted' | 'unknown' | null;
  /** ISO 8601: of the certificate that runs. */
  readonly notAfter: string | null;
  readonly verified: string | null;
  /** False: nobody waited for its launch, so its secrets were not deleted; null: no launch is recorded. */
  readonly secretsDeleted: boolean | null;
  readonly generation: number | null;
  readonly operation: Pick<Operation, 'kind' | 'step' | 'startedAt' | 'run' | 'failure' | 'attempt'> | null;
};

export type StatusNode = Pick<NodeView, 'uid' | 'kubeletVersion' | 'ready' | 'unschedulable' | 'providerId'> & {
  /** Its providerID is this instance’s. */
  readonly isOurs: boolean;
};

export type Status = {
  readonly cluster: string;
  /** ISO 8601. */
  readonly at: string;
  readonly lock: Lock | null;
  /** In the order of the spec; what the spec does not have, last. */
  readonly workers: readonly StatusRow[];
  readonly staged: readonly StagedFor[];
  /** Errors first. */
  readonly problems: readonly Problem[];
};

export type StatusInput = {
  readonly cluster: Cluster;
  /** Without the workers that do not compile. */
  readonly desired: readonly DesiredWorker[];
  readonly observed: Observed;
  readonly lock: Lock | undefined;
};

/** Where everything stands. Pure; `now` is the time of the observation. */
export function statusOf({ cluster, desired, observed, lock }: StatusInput): Status {
  const views = workerViews(observed);
  const wanted = new Map(desired.map(one => [one.worker.name, one]));
  const nodes = observed.nodes && new Map(observed.nodes.map(node => [node.name, node]));
  const inSpec = new Set(cluster.workers.map(({ name }) => name));
  const strangers = views.names.filter(name => !inSpec.has(name));
  const rows = [...inSpec, ...strangers].flatMap(name => {
    const { live, ended, record } = views.of(name);
    const last = ended.find(one => one.instanceId === record?.current?.instanceId);
    const shown: readonly (InstanceView | undefined)[] = live.length > 0 ? live : [last];
    if (!inSpec.has(name) && live.length === 0 && !record?.current && !record?.operation) return [];
    return shown.map((instance): StatusRow => {
      const current = record?.current?.instanceId === instance?.instanceId ? record?.current : undefined;
      return {
        worker: name,
        inSpec: inSpec.has(name),
        instanceId: instance?.instanceId ?? null,
        state: instance?.state ?? 'none',
        instanceType: instance?.instanceType ?? null,
        imageId: instance?.imageId ?? null,
        privateIp: instance?.privateIp ?? null,
        launchTime: instance?.launchTime ?? null,
        node: nodes && nodeOf(nodes.get(name), instance),
        fingerprint: instance ? fingerprintOf(wanted.get(name)?.fingerprint, instance) : null,
        notAfter: current?.notAfter ?? null,
        verified: current?.verified ?? null,
        secretsDeleted: current?.secretsDeleted ?? null,
        generation: current?.generation ?? null,
        operation: record?.operation ? operationOf(record.operation) : null,
      };
    });
  });
  const staged = stagedFor(cluster, rows, observed);
  return {
    cluster: cluster.name,
    at: new Date(observed.at).toISOString(),
    lock: lock ?? null,
    workers: rows,
    staged,
    problems: problemsOf({ cluster, desired, observed, rows, staged, nameless: views.nameless, lock }),
  };
}

function nodeOf(node: NodeView | undefined, instance: InstanceView | undefined): StatusNode | null {
  if (!node) return null;
  const { uid, kubeletVersion, ready, unschedulable, providerId } = node;
  const isOurs = instance !== undefined && providerId?.endsWith(`/${instance.instanceId}`) === true;
  return { uid, kubeletVersion, ready, unschedulable, providerId, isOurs };
}

function fingerprintOf(wanted: string | undefined, { tags }: InstanceView): StatusRow['fingerprint'] {
  const tag = tags['firstboot:fingerprint'];
  if (wanted === undefined || tag === undefined) return 'unknown';
  return tag === wanted ? 'current' : 'drifted';
}

function operationOf({ kind, step, startedAt, run, failure, attempt }: Operation): StatusRow['operation'] {
  return { kind, step, startedAt, run, failure, attempt };
}
