import { OperationError } from '../diagnostics/operation-error.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import type { Cluster } from '../spec/resolve.ts';
import { isConditional } from './stage.ts';
import { stateKeys } from './state-keys.ts';

/** What state/<cluster>/manifest.json says of a worker. Nothing secret: the digest opens nothing. */
export type StagedEntry = {
  readonly name: string;
  readonly fingerprint: string;
  readonly digest: string;
  /** In bytes. */
  readonly userDataSize: number;
  readonly notAfter: string | null;
  /** ISO 8601; when the archive was put last. Missing: it cannot be staged before its instance is there. */
  readonly stagedAt?: string;
};

export type StagedManifest = {
  readonly version: 1;
  readonly cluster: string;
  readonly workers: readonly StagedEntry[];
};

const mostTries = 8;

/** Undefined: nothing was staged yet. STAGE_MANIFEST_DAMAGED: what lies there is no manifest of this cluster. */
export async function readStagedManifest(
  store: ObjectStore,
  cluster: Pick<Cluster, 'name' | 'aws'>,
): Promise<{ readonly manifest: StagedManifest; readonly etag: string } | undefined> {
  const key = stateKeys(cluster).manifest;
  const stored = await store.get(key);
  if (!stored) return undefined;
  const manifest = parse(new TextDecoder().decode(stored.bytes));
  if (manifest?.cluster !== cluster.name) throw damaged(key, store.bucket);
  return { manifest, etag: stored.etag };
}

/**
 * Writes the manifest after everything it names was put: the entries of these workers, and those that others wrote, as long as
 * the spec has their worker. On the condition that nobody wrote meanwhile; then it is read and merged again. False: it said
 * all this already, and nothing was put.
 */
export async function writeStagedManifest(
  store: ObjectStore,
  cluster: Pick<Cluster, 'name' | 'aws' | 'workers'>,
  entries: readonly StagedEntry[],
): Promise<boolean> {
  const key = stateKeys(cluster).manifest;
  for (let tries = 0; tries < mostTries; tries++) {
    const found = await readStagedManifest(store, cluster);
    const text = textOf(merge(cluster, found?.manifest, entries));
    if (found && textOf(found.manifest) === text) return false;
    try {
      const onlyIf = found ? ({ kind: 'etag', etag: found.etag } as const) : ({ kind: 'absent' } as const);
      await store.put({ key, bytes: new TextEncoder().encode(text), onlyIf });
      return true;
    } catch (error) {
      if (!isConditional(error)) throw error;
    }
  }
  throw new OperationError(
    'STAGE_CONFLICT',
    `PutObject of ${key} was refused ${mostTries} times: others write it, too.`,
    'run the same command again when the other run has ended.',
  );
}

/** In the order of the spec. An entry that was put earlier keeps its time. */
function merge(
  cluster: Pick<Cluster, 'name' | 'workers'>,
  existing: StagedManifest | undefined,
  entries: readonly StagedEntry[],
): StagedManifest {
  const known = new Map(existing?.workers.map(entry => [entry.name, entry]));
  for (const entry of entries) {
    const before = known.get(entry.name);
    const stagedAt = entry.stagedAt ?? (before?.digest === entry.digest ? before.stagedAt : undefined);
    known.set(entry.name, { ...entry, ...(stagedAt === undefined ? {} : { stagedAt }) });
  }
  return { version: 1, cluster: cluster.name, workers: cluster.workers.flatMap(({ name }) => known.get(name) ?? []) };
}

function textOf({ version, cluster, workers }: StagedManifest): string {
  const entries = workers.map(({ name, fingerprint, digest, userDataSize, notAfter, stagedAt }) => ({
    name,
    fingerprint,
    digest,
    userDataSize,
    notAfter,
    stagedAt,
  }));
  return `${JSON.stringify({ version, cluster, workers: entries }, null, 2)}\n`;
}

function parse(text: string): StagedManifest | undefined {
  try {
    const parsed = JSON.parse(text) as Partial<StagedManifest> | null;
    return parsed?.version === 1 && Array.isArray(parsed.workers) ? (parsed as StagedManifest) : undefined;
  } catch {
    return undefined;
  }
}

function damaged(key: string, bucket: string): OperationError {
  return new OperationError(
    'STAGE_MANIFEST_DAMAGED',
    `${key} in ${bucket} is no manifest that firstboot wrote for this cluster.`,
    'look at it; when it is of no use, delete it and run `firstboot stage` again.',
  );
}
