import type { WorkerArtifacts } from '../emit/emit-worker.ts';
import { runShard, type ShardResult } from '../fleet.ts';
import type { Prepared, Purpose } from '../pipeline.ts';
import type { Cluster, Worker } from '../spec/resolve.ts';
import { writeWorkerFiles } from './output.ts';

export type ShardSetup = {
  readonly cluster: Cluster;
  readonly clusterFolder: string;
  readonly packageFolder: string;
  readonly purpose: Purpose;
  /** Folder to write workers to; undefined for `check`. */
  readonly staging: string | undefined;
};

/** Below this many workers a thread costs more to start than it saves. */
const fewWorkers = 200;

/** Runs all workers: here when they are few, else on all cores. Results are in the order of the workers. */
export async function runShards(
  prepared: Prepared,
  workers: readonly Worker[],
  setup: ShardSetup,
  program: URL,
): Promise<ShardResult> {
  if (workers.length < fewWorkers) return runShard(prepared, workers, writerTo(setup.staging));
  const { runThreads } = await import('./threads.ts');
  return runThreads(prepared, workers, setup, program);
}

/** Writes a worker's files to the staging folder; undefined when nothing is to be written. */
export function writerTo(staging: string | undefined): ((artifacts: WorkerArtifacts) => void) | undefined {
  return staging === undefined ? undefined : artifacts => writeWorkerFiles(`${staging}/${artifacts.worker}`, artifacts);
}
