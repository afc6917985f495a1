import { OperationError } from '../diagnostics/operation-error.ts';
import { secretsPrefix } from '../emit/secrets-url.ts';
import type { ObjectStore, ObjectVersion } from '../ports/object-store.ts';
import type { Cluster } from '../spec/resolve.ts';
import { withoutNames } from './staged-names.ts';
import { stateKeys } from './state-keys.ts';

type Place = Pick<Cluster, 'name' | 'aws'>;

const mostRounds = 3;

/**
 * Removes every version and delete marker of an owner’s archives (`owner`: a worker, or the ARN of an instance) and proves it
 * by listing again. How many were removed. STAGE_SECRETS_LEFT: some would not go.
 */
export async function unstageWorker(store: ObjectStore, cluster: Place, owner: string): Promise<number> {
  const prefix = secretsPrefix(cluster, owner);
  return (await removeAll(store, prefix, () => true)).length;
}

/** Number of versions (delete markers too) by owner: what is staged now, whoever staged it. */
export async function stagedOwners(store: ObjectStore, cluster: Place): Promise<ReadonlyMap<string, number>> {
  const prefix = stateKeys(cluster).secrets;
  const counts = new Map<string, number>();
  for (const version of await withoutNames(store.versions(prefix))) {
    const owner = ownerOf(version, prefix);
    counts.set(owner, (counts.get(owner) ?? 0) + 1);
  }
  return counts;
}

/** Removes the archives of every owner but those to be kept; whose they were. */
export async function sweepSecrets(
  store: ObjectStore,
  cluster: Place,
  keep: (owner: string) => boolean,
): Promise<readonly string[]> {
  const prefix = stateKeys(cluster).secrets;
  const removed = await removeAll(store, prefix, version => !keep(ownerOf(version, prefix)));
  return [...new Set(removed.map(version => ownerOf(version, prefix)))];
}

async function removeAll(
  store: ObjectStore,
  prefix: string,
  wanted: (version: ObjectVersion) => boolean,
): Promise<readonly ObjectVersion[]> {
  const removed: ObjectVersion[] = [];
  for (let round = 0; round <= mostRounds; round++) {
    const versions = (await withoutNames(store.versions(prefix))).filter(wanted);
    if (versions.length === 0) return removed;
    if (round === mostRounds) throw left(versions.length, prefix);
    await withoutNames(store.remove(versions.map(({ key, versionId }) => ({ key, versionId }))));
    removed.push(...versions);
  }
  return removed;
}

function left(count: number, prefix: string): OperationError {
  return new OperationError(
    'STAGE_SECRETS_LEFT',
    `${count} versions are still below ${prefix} after ${mostRounds} deletions.`,
    'see whether Object Lock, a legal hold or another program keeps them; then `firstboot gc`.',
  );
}

/** All between the prefix and the last slash: the ARN of an instance has a slash of its own. */
function ownerOf({ key }: ObjectVersion, prefix: string): string {
  const rest = key.slice(prefix.length);
  return rest.slice(0, Math.max(0, rest.lastIndexOf('/')));
}
