import type { BuiltWorker } from '../fleet.ts';
import type { Cluster } from '../spec/resolve.ts';

type Entry = Pick<BuiltWorker, 'name' | 'fingerprint' | 'digest' | 'userDataSize' | 'notAfter'>;

/** manifest.json, and what `--json` prints. */
export type Manifest = { readonly version: 1; readonly cluster: string; readonly workers: readonly Entry[] };

/** The manifest of a whole build. */
export function newManifest({ name }: Cluster, built: readonly BuiltWorker[]): Manifest {
  return { version: 1, cluster: name, workers: built.map(toEntry) };
}

/** The manifest after some workers were built: the others keep their entries, as long as the spec has them. */
export function mergeManifest(cluster: Cluster, built: readonly BuiltWorker[], existing: string | undefined): Manifest {
  const entries = new Map(parseEntries(existing).map(entry => [entry.name, entry]));
  for (const worker of built) entries.set(worker.name, toEntry(worker));
  return { version: 1, cluster: cluster.name, workers: cluster.workers.flatMap(({ name }) => entries.get(name) ?? []) };
}

export function manifestText(manifest: Manifest): string {
  return `${JSON.stringify(manifest, null, 2)}\n`;
}

function toEntry({ name, fingerprint, digest, userDataSize, notAfter }: BuiltWorker): Entry {
  return { name, fingerprint, digest, userDataSize, notAfter };
}

/** A damaged manifest counts as none: every entry can be built again. */
function parseEntries(text: string | undefined): readonly Entry[] {
  if (text === undefined) return [];
  try {
    const { workers } = JSON.parse(text) as { readonly workers?: readonly Entry[] };
    return workers ?? [];
  } catch {
    return [];
  }
}
