import { checkFleet } from '../check/check.ts';
import type { WorkerArtifacts } from '../emit/emit-worker.ts';
import { hasErrors } from '../pipeline.ts';
import type { Cluster, Worker } from '../spec/resolve.ts';
import { chooseWorkers } from './choose-workers.ts';
import { failed, openCluster, report } from './cluster-folder.ts';
import type { CommandIo } from './io.ts';

/** A worker with the very bytes that `build` writes for it. */
export type CompiledWorker = {
  readonly cluster: Cluster;
  readonly worker: Worker;
  /** Absolute folder of the spec. */
  readonly folder: string;
  readonly artifacts: WorkerArtifacts;
};

/** Check and compile some workers, in memory. An exit code, after saying why, when there is nothing to go on with. */
export async function compileWorkers(
  spec: string,
  names: readonly string[],
  io: CommandIo,
): Promise<readonly CompiledWorker[] | number> {
  const loaded = openCluster(spec, io, true, false);
  if (!loaded) return 1;
  const { folder, cluster, prepared } = loaded;
  const workers = chooseWorkers(cluster, names, io);
  if (!workers) return 2;
  const findings = [...prepared.findings];
  const summaries = [];
  const compiled: CompiledWorker[] = [];
  for (const worker of workers) {
    const checked = prepared.worker(worker);
    summaries.push(checked.summary);
    findings.push(...checked.findings);
    const emitted = await checked.emit();
    findings.push(...(emitted?.findings ?? []));
    if (emitted && !hasErrors(emitted.findings))
      compiled.push({ cluster, worker, folder: folder.folder, artifacts: emitted.artifacts });
  }
  const diagnostics = folder.diagnostics([...findings, ...checkFleet({ cluster, workers: summaries })]);
  report(diagnostics, io);
  return failed(diagnostics) ? 1 : compiled;
}
