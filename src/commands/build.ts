import path from 'node:path';
import { commitBuild, discardStaging, openStaging, readManifest, refuseForeign } from '../adapters/output.ts';

import { runShards } from '../adapters/shard.ts';
import { checkFleet } from '../check/check.ts';
import { userDataLimit } from '../emit/user-data.ts';
import type { BuiltWorker } from '../fleet.ts';
import { withCommas } from '../tree/count.ts';
import { chooseWorkers } from './choose-workers.ts';
import { failed, openCluster, report } from './cluster-folder.ts';
import type { CommandIo } from './io.ts';
import { manifestText, mergeManifest, newManifest } from './manifest.ts';

export type BuildOptions = {
  readonly cluster: string;
  /** Default: `build/` beside the spec. */
  readonly out?: string | undefined;
  /** Default: all. */
  readonly workers: readonly string[];
  readonly strict: boolean;
};

/** Check, compile, emit. With errors nothing is written, and the last build stays as it was. */
export async function build(options: BuildOptions, io: CommandIo): Promise<number> {
  const loaded = openCluster(options.cluster, io, true, options.strict);
  if (!loaded) return 1;
  const { folder, cluster, prepared } = loaded;
  const workers = chooseWorkers(cluster, options.workers, io);
  if (!workers) return 2;
  const out = options.out === undefined ? path.join(folder.folder, 'build') : path.resolve(io.cwd, options.out);
  const place = path.join(out, cluster.name);
  refuseForeign(place, [
    folder.folder,
    path.resolve(folder.folder, cluster.pki.dir),
    path.join(folder.folder, 'bundles'),
  ]);
  const staging = openStaging(out, cluster.name);
  let committed = false;
  try {
    const purpose = { now: io.now(), keysRequired: true };
    const { packageFolder } = io;
    const setup = { cluster, clusterFolder: folder.folder, packageFolder, purpose, staging: staging.folder };
    const { summaries, findings, built } = await runShards(prepared, workers, setup, io.program);
    const diagnostics = folder.diagnostics(
      [...prepared.findings, ...findings, ...checkFleet({ cluster, workers: summaries })],
      options.strict,
    );
    report(diagnostics, io);
    if (failed(diagnostics)) return 1;
    const whole = options.workers.length === 0;
    const manifest = whole ? newManifest(cluster, built) : mergeManifest(cluster, built, readManifest(place));
    const kept = manifest.workers
      .map(worker => worker.name)
      .filter(name => !built.some(worker => worker.name === name));
    commitBuild(place, staging, manifestText(manifest), kept);
    committed = true;
    if (io.json) io.out(`${JSON.stringify({ ...manifest, ...(diagnostics.length > 0 ? { diagnostics } : {}) })}\n`);
    else io.out(table(built, path.relative(io.cwd, place) || place));
    return 0;
  } finally {
    if (!committed) discardStaging(staging);
  }
}

const mostLines = 50;

function table(built: readonly BuiltWorker[], place: string): string {
  const width = Math.max(...built.map(worker => worker.name.length), 0);
  const lines = built.slice(0, mostLines).map(worker => {
    const share = Math.round((worker.userDataSize * 100) / userDataLimit);
    const userData = `user-data ${withCommas(worker.userDataSize).padStart(6)} B (${String(share).padStart(2)} %)`;
    return `${worker.name.padEnd(width)}  ${userData}  archive ${worker.archiveSize} B sha256:${worker.digest.slice(0, 12)}  ${worker.files} files\n`;
  });
  if (built.length > mostLines) lines.push(`… and ${built.length - mostLines} more\n`);
  return `${lines.join('')}written to ${place}/\n`;
}
