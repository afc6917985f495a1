import { runShards } from '../adapters/shard.ts';
import { checkFleet } from '../check/check.ts';
import { OperationError } from '../diagnostics/operation-error.ts';
import type { WorkerArtifacts } from '../emit/emit-worker.ts';
import type { NodeDescription } from '../emit/node-description.ts';
import { hasErrors } from '../pipeline.ts';
import { desiredWorkers } from '../rollout/desired.ts';
import type { DesiredWorker } from '../rollout/plan.ts';
import type { Cluster } from '../spec/resolve.ts';
import { invariant } from '../tree/invariant.ts';
import { failed, type LoadedCluster, openCluster, report } from './cluster-folder.ts';
import type { CommandIo } from './io.ts';

/** A cluster as an AWS command wants it: checked, every worker with its fingerprint, without a private key. */
export type DesiredFleet = {
  readonly cluster: Cluster;
  /** Absolute folder of the spec. */
  readonly folder: string;
  /** In the order of the spec; workers that do not compile are missing (only when `lenient`). */
  readonly desired: readonly DesiredWorker[];
  /** What a worker’s node consists of, for a diff; compiled when asked for. */
  readonly describe: (worker: string) => NodeDescription | undefined;
  /**
   * Checks these workers again, with their keys. An exit code, after the diagnostics, when a key is missing or wrong: before
   * anything is done. The artifacts themselves are compiled one by one, when asked for.
   */
  readonly withKeys: (workers: readonly string[]) => Promise<ArtifactsOf | number>;
};

export type ArtifactsOf = (worker: string) => Promise<WorkerArtifacts>;

export type FleetOptions = {
  /** Warnings are not printed, and workers with errors are left out instead of ending the command. */
  readonly lenient?: boolean;
};

/** No news here: none is needed. */
const keyless = ['PKI_KEY_ABSENT', 'PKI_READ_SECRET_UNREAD'];

/** Reads and checks the spec and its folder. An exit code, after saying why, when there is nothing to go on with. */
export async function desiredFleet(
  spec: string,
  { lenient = false }: FleetOptions,
  io: CommandIo,
): Promise<DesiredFleet | number> {
  const loaded = openCluster(spec, io, false, false);
  if (!loaded) return 1;
  const { cluster, folder, prepared } = loaded;
  const checked = await checkWorkers(loaded, cluster.workers, false, io);
  if (!lenient) {
    report(
      checked.diagnostics.filter(one => !keyless.includes(one.code)),
      io,
    );
    if (failed(checked.diagnostics)) return 1;
  }
  const desired = desiredWorkers(cluster, checked.built);
  return {
    cluster,
    folder: folder.folder,
    desired,
    describe: remembered(name => {
      const worker = cluster.workers.find(one => one.name === name);
      return worker && prepared.worker(worker).describe();
    }),
    withKeys: names => openWithKeys(spec, names, desired, io),
  };
}

async function openWithKeys(
  spec: string,
  names: readonly string[],
  desired: readonly DesiredWorker[],
  io: CommandIo,
): Promise<ArtifactsOf | number> {
  const loaded = openCluster(spec, io, true, false);
  if (!loaded) return 1;
  const workers = loaded.cluster.workers.filter(worker => names.includes(worker.name));
  const { diagnostics } = await checkWorkers(loaded, workers, true, io);
  const errors = diagnostics.filter(one => one.severity === 'error');
  report(errors, io);
  if (failed(errors)) return 1;
  return async name => {
    const worker = workers.find(one => one.name === name);
    invariant(worker, `${name} was opened with its key`);
    const emitted = await loaded.prepared.worker(worker).emit();
    const artifacts = emitted && !hasErrors(emitted.findings) ? emitted.artifacts : undefined;
    const wanted = desired.find(one => one.worker.name === name)?.fingerprint;
    if (!artifacts || (wanted !== undefined && artifacts.fingerprint !== wanted))
      throw new OperationError(
        'PLAN_FOLDER_CHANGED',
        `the files of ${name} changed while this command ran.`,
        'run it again when the cluster’s folder is at rest.',
      );
    return artifacts;
  };
}

async function checkWorkers(
  { cluster, folder, prepared }: LoadedCluster,
  workers: Cluster['workers'],
  keysRequired: boolean,
  io: CommandIo,
) {
  const purpose = { now: io.now(), keysRequired };
  const { packageFolder } = io;
  const setup = { cluster, clusterFolder: folder.folder, packageFolder, purpose, staging: undefined };
  const { summaries, findings, built } = await runShards(prepared, workers, setup, io.program);
  const diagnostics = folder.diagnostics([
    ...prepared.findings,
    ...findings,
    ...checkFleet({ cluster, workers: summaries }),
  ]);
  return { diagnostics, built };
}

/** A plan asks twice of each worker: for the reasons, and for the diff. */
function remembered(describe: DesiredFleet['describe']): DesiredFleet['describe'] {
  const known = new Map<string, NodeDescription | undefined>();
  return name => {
    if (!known.has(name)) known.set(name, describe(name));
    return known.get(name);
  };
}
