import { OperationError } from '../diagnostics/operation-error.ts';
import type { Clock } from '../ports/clock.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import type { Cluster } from '../spec/resolve.ts';
import { sha256 } from '../tree/digest.ts';
import { stateKeys } from './state-keys.ts';
import { writeIf } from './written.ts';

/** What state/<cluster>/lock.json says while a run changes the cluster. */
export type Lock = {
  readonly version: 1;
  /** What `unlock` takes. */
  readonly id: string;
  readonly run: string;
  /** user@host. */
  readonly holder: string;
  /** ISO 8601. */
  readonly since: string;
  readonly command: string;
};

export type LockWish = {
  readonly run: string;
  readonly holder: string;
  readonly command: string;
  /** Milliseconds to wait for another’s lock. */
  readonly timeout: number;
};

export type HeldLock = {
  readonly lock: Lock;
  readonly resumed: boolean;
  /** `store`: one that still answers when the run was aborted. */
  readonly release: (store: ObjectStore) => Promise<void>;
};

type Place = { readonly store: ObjectStore; readonly clock: Clock; readonly cluster: Pick<Cluster, 'name' | 'aws'> };

const pollEvery = 2_000;
const mostAtOnce = 3;

/**
 * Takes the cluster’s lock. One of the same run is taken over; another’s is waited for, and never taken by its age. `told`: whose
 * is waited for, once. Throws LOCK_HELD, which says whose it is.
 */
export async function takeLock(
  place: Place,
  wish: LockWish,
  signal?: AbortSignal,
  told?: (theirs: Lock) => void,
): Promise<HeldLock> {
  const { store, clock, cluster } = place;
  const key = stateKeys(cluster).lock;
  const start = clock.now();
  const since = new Date(start).toISOString();
  const { run, holder, command } = wish;
  const id = sha256(JSON.stringify(['firstboot lock v1', cluster.name, run, holder, since])).slice(0, 12);
  const mine: Lock = { version: 1, id, run, holder, since, command };
  let last: string | undefined;
  for (let tries = 0; ; tries += 1) {
    const written = await writeIf(store, { key, bytes: bytesOf(mine), onlyIf: { kind: 'absent' } });
    if (written.kind === 'ours') return held(place, mine, false);
    const theirs = written.bytes && parseLock(written.bytes, key);
    if (theirs?.run === run) return held(place, theirs, true);
    // Let go between our two calls, so it is to be had now.
    if (!theirs && tries < mostAtOnce) continue;
    if (clock.now() - start >= wish.timeout) {
      if (theirs) throw lockHeld(theirs, cluster.name, wish.timeout);
      throw new OperationError(
        'LOCK_HELD',
        `the lock of ${cluster.name} changed hands while it was asked for.`,
        'another run ended just now; run the same command again.',
      );
    }
    if (theirs && theirs.id !== last) told?.(theirs);
    last = theirs?.id;
    await clock.sleep(Math.min(pollEvery, wish.timeout), signal);
  }
}

function held(place: Place, lock: Lock, resumed: boolean): HeldLock {
  return {
    lock,
    resumed,
    release: async store => {
      await removeLock({ ...place, store }, lock.id);
    },
  };
}

/** Removes the lock with this ID by its exact version; false: there is none, or it is another. */
export async function removeLock({ store, cluster }: Pick<Place, 'store' | 'cluster'>, id: string): Promise<boolean> {
  const key = stateKeys(cluster).lock;
  const stored = await store.get(key);
  if (!stored || parseLock(stored.bytes, key)?.id !== id) return false;
  await store.remove([{ key, versionId: stored.versionId }]);
  return true;
}

/** Undefined: nobody holds it. */
export async function readLock({ store, cluster }: Pick<Place, 'store' | 'cluster'>): Promise<Lock | undefined> {
  const key = stateKeys(cluster).lock;
  const stored = await store.get(key);
  return stored && parseLock(stored.bytes, key);
}

function bytesOf(lock: Lock): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify(lock, null, 2)}\n`);
}

function parseLock(bytes: Uint8Array, key: string): Lock {
  try {
    const parsed = JSON.parse(new TextDecoder().decode(bytes)) as Partial<Lock> | null;
    const { id, run, holder, since, command } = parsed ?? {};
    if ([id, run, holder, since, command].every(one => typeof one === 'string')) return parsed as Lock;
  } catch {
    // Said below.
  }
  throw new OperationError(
    'LOCK_UNREADABLE',
    `the lock ${key} is not one that firstboot wrote.`,
    'look at the object; when no run is going on, delete it and run the command again.',
  );
}

/** Who has it, since when, for what. */
export function lockWords({ holder, since, command, run }: Lock): string {
  return `${holder} since ${since}: \`firstboot ${command}\`, run ${run}`;
}

function lockHeld(lock: Lock, cluster: string, waited: number): OperationError {
  const after = waited > 0 ? ` after ${Math.round(waited / 1000)} s of waiting` : '';
  return new OperationError(
    'LOCK_HELD',
    `the lock of ${cluster} is held${after} by ${lockWords(lock)}.`,
    `wait for it (--lock-timeout), or resume that run with --run-id ${lock.run}; when it is dead: \`firstboot unlock ${lock.id}\`.`,
  );
}
