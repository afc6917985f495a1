import { runShards } from '../adapters/shard.ts';
import { checkFleet } from '../check/check.ts';
import { failed, openCluster, report } from './cluster-folder.ts';
import type { CommandIo } from './io.ts';

export type CheckOptions = { readonly cluster: string; readonly strict: boolean };

/** Every diagnostic of a cluster; writes nothing. Absent private keys are warnings. */
export async function check({ cluster: spec, strict }: CheckOptions, io: CommandIo): Promise<number> {
  const loaded = openCluster(spec, io, false, strict);
  if (!loaded) return 1;
  const { folder, cluster, prepared } = loaded;
  const setup = {
    cluster,
    clusterFolder: folder.folder,
    packageFolder: io.packageFolder,
    purpose: { now: io.now(), keysRequired: false },
    staging: undefined,
  };
  const { summaries, findings } = await runShards(prepared, cluster.workers, setup, io.program);
  const diagnostics = folder.diagnostics(
    [...prepared.findings, ...findings, ...checkFleet({ cluster, workers: summaries })],
    strict,
  );
  report(diagnostics, io);
  if (failed(diagnostics)) return 1;
  if (io.json) io.out(`${JSON.stringify({ diagnostics })}\n`);
  else io.out(`${cluster.name}: ${cluster.workers.length} workers checked, no errors\n`);
  return 0;
}
