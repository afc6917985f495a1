import { OperationError } from '../diagnostics/operation-error.ts';
import type { InstanceView } from '../ports/compute.ts';
import type { Observed } from './observe.ts';
import type { WorkerView } from './plan-worker.ts';

/** Instances and records put together by worker. */
export type WorkerViews = {
  /** All that are neither terminated nor on the way to it. */
  readonly live: readonly InstanceView[];
  readonly of: (worker: string) => WorkerView;
  /** Names in instances and records, sorted. */
  readonly names: readonly string[];
  /** Live instances with the cluster’s tag and no worker’s. */
  readonly nameless: readonly InstanceView[];
};

export function isLive({ state }: InstanceView): boolean {
  return state !== 'terminated' && state !== 'shutting-down';
}

export function workerViews({ instances, records }: Observed): WorkerViews {
  const byWorker = new Map<string, InstanceView[]>();
  for (const instance of instances) {
    const name = instance.tags['firstboot:worker'];
    if (name !== undefined) byWorker.set(name, [...(byWorker.get(name) ?? []), instance]);
  }
  return {
    live: instances.filter(isLive),
    of: worker => {
      const own = byWorker.get(worker) ?? [];
      return {
        live: own.filter(isLive),
        ended: own.filter(one => !isLive(one)).sort((a, b) => b.launchTime - a.launchTime),
        record: records.get(worker)?.record,
      };
    },
    names: [...new Set([...byWorker.keys(), ...records.keys()])].sort(),
    nameless: instances.filter(one => isLive(one) && one.tags['firstboot:worker'] === undefined),
  };
}

/** For minutes after a launch EC2 may not show its instance; what has ended it shows for an hour. Milliseconds. */
export const mayBeHidden = 10 * 60_000;

/** The instance that a record says runs, where EC2 shows nothing of it and it is young enough not to be shown yet. */
export function hiddenInstance({ live, ended, record }: WorkerView, now: number): string | undefined {
  const { current } = record ?? {};
  if (!current || live.length > 0 || now - Date.parse(current.verifiedAt) >= mayBeHidden) return undefined;
  return ended.some(({ instanceId }) => instanceId === current.instanceId) ? undefined : current.instanceId;
}

/**
 * Live instances of a worker that should not be: all when there are several. While an operation goes on, the instance that it
 * terminated may be shown as alive for a while, and its own new one beside it.
 */
export function rivals({ live, record }: WorkerView): readonly InstanceView[] {
  const ending = record?.operation?.old?.instanceId;
  const counted = live.filter(({ instanceId }) => instanceId !== ending || live.length === 1);
  return counted.length > 1 ? counted : [];
}

export function twoInstances(worker: string, instances: readonly InstanceView[]): OperationError {
  const names = instances.map(one => `${one.instanceId} (${one.state}, ${new Date(one.launchTime).toISOString()})`);
  return new OperationError(
    'PLAN_TWO_INSTANCES',
    `${worker} has ${instances.length} live instances: ${names.join(', ')}.`,
    'look which of them is Ready (`firstboot status`, kubectl get node -o wide) and terminate the other: aws ec2 terminate-instances --instance-ids ID.',
  );
}
