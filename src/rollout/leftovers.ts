import type { Observed } from './observe.ts';
import type { WorkerRecord } from './record.ts';
import { readStagedManifest, type StagedEntry } from './staged-manifest.ts';
import { stateKeys } from './state-keys.ts';
import { whyUnkept } from './unkept-interface.ts';
import { stagedOwners, unstageWorker } from './unstage.ts';
import type { World } from './world.ts';

/** What a finished or broken run left, that nothing needs any more. */
export type Leftover = {
  readonly kind: 'secrets' | 'reservation' | 'interface' | 'user-data';
  /** Whose secrets; ID; key. */
  readonly name: string;
  /** Why it is one, a clause. */
  readonly why: string;
};

type Place = Pick<World, 'cluster' | 'compute' | 'store'>;

/** A copy of user-data that no record names is of use for this long, to whoever looks what ran. */
const userDataKept = 7 * 24 * 3_600_000;

/** Looks for all that is left; changes nothing. */
export async function findLeftovers(place: Place, observed: Observed): Promise<readonly Leftover[]> {
  const records = [...observed.records.values()].map(({ record }) => record);
  return [
    ...(await leftSecrets(place, records)),
    ...leftReservations(observed, records),
    ...leftInterfaces(place, observed, records),
    ...(await leftUserData(place, observed, records)),
  ];
}

export async function removeLeftover({ cluster, compute, store }: Place, { kind, name }: Leftover): Promise<void> {
  switch (kind) {
    case 'secrets':
      await unstageWorker(store, cluster, name);
      return;
    case 'reservation':
      return compute.cancelReservation(name);
    case 'interface':
      return compute.deleteInterface(name);
    case 'user-data': {
      const versions = await store.versions(name);
      return store.remove(versions.map(({ key, versionId }) => ({ key, versionId })));
    }
  }
}

async function leftSecrets({ cluster, store }: Place, records: readonly WorkerRecord[]): Promise<readonly Leftover[]> {
  const owners = await stagedOwners(store, cluster);
  const manifest = await readStagedManifest(store, cluster);
  const entries = new Map(manifest?.manifest.workers.map(entry => [entry.name, entry]));
  const scoped = cluster.aws.delivery === 'instance-scoped';
  // Whichever way they were staged: the spec may have changed it while an operation goes on.
  const byOwner = new Map(
    records.flatMap(record => [record.worker, ...instancesOf(record)].map(owner => [owner, record] as const)),
  );
  const inSpec = new Set(scoped ? [] : cluster.workers.map(({ name }) => name));
  return [...owners].flatMap(([name, versions]): readonly Leftover[] => {
    const why = whyLeft(byOwner.get(name.split('/').at(-1) ?? ''), inSpec.has(name), entries.get(name));
    return why === undefined
      ? []
      : [{ kind: 'secrets', name, why: `${versions} ${versions === 1 ? 'version' : 'versions'}, ${why}` }];
  });
}

function instancesOf({ current, operation }: WorkerRecord): readonly string[] {
  return [current?.instanceId, operation?.instanceId].flatMap(id => id ?? []);
}

/** Undefined: somebody needs them, or will. */
function whyLeft(
  record: WorkerRecord | undefined,
  inSpec: boolean,
  entry: StagedEntry | undefined,
): string | undefined {
  if (record?.operation) return record.operation.failure ? 'the launch that they were for failed' : undefined;
  if (record?.current?.secretsDeleted === false) return undefined;
  // What `stage` put for a launch to come.
  if (inSpec && entry && entry.digest !== record?.current?.digest) return undefined;
  return record?.current ? 'the worker is proven' : 'no such worker is in the spec';
}

function leftReservations({ reservations }: Observed, records: readonly WorkerRecord[]): readonly Leftover[] {
  const needed = new Set(
    records.flatMap(({ operation }) => (operation?.failure ? [] : (operation?.reservationId ?? []))),
  );
  return reservations
    .filter(({ state, reservationId }) => (state === 'active' || state === 'pending') && !needed.has(reservationId))
    .map(({ reservationId, instanceType }) => ({
      kind: 'reservation',
      name: reservationId,
      why: `${instanceType}: no replacement is going on`,
    }));
}

function leftInterfaces(
  { cluster }: Place,
  { interfaces }: Observed,
  records: readonly WorkerRecord[],
): readonly Leftover[] {
  const busy = new Set(records.flatMap(({ operation, worker }) => (operation && !operation.failure ? [worker] : [])));
  return interfaces.flatMap((one): readonly Leftover[] => {
    const why = whyUnkept(cluster, one);
    const isFree = one.status === 'available' && !busy.has(one.tags['firstboot:worker'] ?? '');
    if (!isFree || why === undefined) return [];
    return [{ kind: 'interface', name: one.interfaceId, why: `${one.privateIp}: ${why}` }];
  });
}

async function leftUserData(
  { cluster, store }: Place,
  { at }: Observed,
  records: readonly WorkerRecord[],
): Promise<readonly Leftover[]> {
  const keys = stateKeys(cluster);
  const needed = new Set(
    records.flatMap(({ current, operation }) =>
      [current?.userData, operation?.request?.userData].flatMap(sha256 => (sha256 ? [keys.userData(sha256)] : [])),
    ),
  );
  const copies = await store.list(keys.userData(''));
  return copies
    .filter(({ key, lastModified }) => !needed.has(key) && at - lastModified > userDataKept)
    .map(({ key }) => ({ kind: 'user-data', name: key, why: 'no record names it' }));
}
