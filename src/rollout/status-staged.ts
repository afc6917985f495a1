import type { Cluster } from '../spec/resolve.ts';
import type { Observed } from './observe.ts';
import type { StatusRow } from './status.ts';

/** Secrets that lie in the bucket, by whom they are for; never how their objects are called. */
export type StagedFor = {
  /** A worker, or with instance-scoped delivery an instance. */
  readonly owner: string;
  readonly versions: number;
  /** Null: they are where they should be, for a launch that is to come or goes on. Else why they should not be there. */
  readonly left: string | null;
};

export function stagedFor(
  { workers }: Cluster,
  rows: readonly StatusRow[],
  { staged, instances, records }: Observed,
): readonly StagedFor[] {
  const byWorker = new Map(rows.map(row => [row.worker, row]));
  // EC2 may not show for minutes what a record knows already.
  const recorded = [...records.values()].flatMap(({ record: { worker, current, operation } }) =>
    [current?.instanceId, operation?.instanceId].flatMap(id => (id ? [[id, worker] as const] : [])),
  );
  const workerOf = new Map([
    ...recorded,
    ...instances.map(({ instanceId, tags }) => [instanceId, tags['firstboot:worker']] as const),
  ]);
  const inSpec = new Set(workers.map(({ name }) => name));
  return [...staged]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([owner, versions]) => {
      const worker = owner.startsWith('i-') && !inSpec.has(owner) ? workerOf.get(owner) : owner;
      return {
        owner,
        versions,
        left: whyLeft(worker, inSpec, worker === undefined ? undefined : byWorker.get(worker)),
      };
    });
}

function whyLeft(worker: string | undefined, inSpec: ReadonlySet<string>, row: StatusRow | undefined): string | null {
  if (row?.operation) return null;
  if (worker === undefined) return 'its instance is gone';
  if (!inSpec.has(worker)) return 'the spec has no such worker';
  if (row === undefined || row.instanceId === null || row.state === 'terminated') return null;
  if (row.secretsDeleted === false) return 'its launch was not waited for';
  // Staged ahead of a replacement.
  return row.fingerprint === 'drifted' ? null : 'its instance runs';
}
