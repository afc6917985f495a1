import type { WorkerArtifacts } from '../emit/emit-worker.ts';
import type { Clock } from '../ports/clock.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import type { Cluster } from '../spec/resolve.ts';
import { inParallel } from './in-parallel.ts';
import type { StoredRecord } from './observe.ts';
import { type StageOutcome, stageWorker } from './stage.ts';
import { type StagedEntry, writeStagedManifest } from './staged-manifest.ts';

export type StagedWorker = {
  readonly worker: string;
  readonly digest: string;
  /** `later`: instance-scoped, so once its instance is launched. `running`: its instance has these secrets, and needs them no more. */
  readonly outcome: StageOutcome | 'later' | 'running';
};

export type StageReport = {
  /** In the order given. */
  readonly workers: readonly StagedWorker[];
  readonly manifest: 'written' | 'unchanged';
};

type Options = {
  /** The journal, so that secrets of workers that run with them are not staged again; empty to stage them all the same. */
  readonly records: ReadonlyMap<string, StoredRecord>;
  readonly told: (worker: StagedWorker) => void;
};

/** S3 takes far more; each put waits for one answer. */
const mostPuts = 8;

/** Stages the archives of some workers, and then, when all of them are there, the manifest. A second run puts nothing. */
export async function stageFleet(
  { store, clock }: { readonly store: ObjectStore; readonly clock: Clock },
  cluster: Cluster,
  artifacts: readonly WorkerArtifacts[],
  { records, told }: Options,
): Promise<StageReport> {
  const staged = await inParallel(artifacts, mostPuts, async one => {
    const outcome = await stageOne(store, cluster, one, records.get(one.worker), clock.now());
    const worker: StagedWorker = { worker: one.worker, digest: one.digest, outcome };
    told(worker);
    return worker;
  });
  const now = new Date(clock.now()).toISOString();
  const entries = artifacts.map((one, index) => stagedEntry(one, staged[index]?.outcome === 'put' ? now : undefined));
  const written = await writeStagedManifest(store, cluster, entries);
  return { workers: staged, manifest: written ? 'written' : 'unchanged' };
}

/** `stagedAt`: ISO 8601, when the archive was put just now. */
export function stagedEntry(
  { worker, fingerprint, digest, userData, notAfter }: WorkerArtifacts,
  stagedAt?: string,
): StagedEntry {
  const entry = { name: worker, fingerprint, digest, userDataSize: userData.length, notAfter };
  return stagedAt === undefined ? entry : { ...entry, stagedAt };
}

async function stageOne(
  store: ObjectStore,
  cluster: Cluster,
  artifacts: WorkerArtifacts,
  stored: StoredRecord | undefined,
  now: number,
): Promise<StagedWorker['outcome']> {
  if (cluster.aws.delivery === 'instance-scoped') return 'later';
  const { current, operation } = stored?.record ?? {};
  if (!operation && current?.secretsDeleted && current.digest === artifacts.digest) return 'running';
  return stageWorker(store, cluster, artifacts, undefined, now);
}
