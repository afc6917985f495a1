import { CallError } from '../diagnostics/call-error.ts';
import type { ImageView, InstanceView, InterfaceView, ReservationView } from '../ports/compute.ts';
import type { NodeView } from '../ports/kube.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import { readRecords } from './read-records.ts';
import type { WorkerRecord } from './record.ts';
import { withoutNames } from './staged-names.ts';
import { stateKeys } from './state-keys.ts';
import type { World } from './world.ts';

/** The world as it was seen at one moment. */
export type Observed = {
  /** Milliseconds since 1970. */
  readonly at: number;
  /** With our cluster’s tag, terminated ones too. */
  readonly instances: readonly InstanceView[];
  readonly interfaces: readonly InterfaceView[];
  readonly reservations: readonly ReservationView[];
  /** Undefined: the api-server was not asked, or did not answer. */
  readonly nodes: readonly NodeView[] | undefined;
  /** Why the api-server’s answer is missing, where it was asked and need not answer. */
  readonly nodesProblem?: CallError | undefined;
  readonly records: ReadonlyMap<string, StoredRecord>;
  /**
   * Workers (or, instance-scoped, instances by their ID) for which secrets lie in the bucket: number of versions that are no
   * delete markers, by the first name below `secrets/<cluster>/`.
   */
  readonly staged: ReadonlyMap<string, number>;
  /** By the reference in the spec; those that were asked for. */
  readonly images: ReadonlyMap<string, ImageView>;
};

/** A record and the ETag that its next write is conditional on. */
export type StoredRecord = { readonly record: WorkerRecord; readonly etag: string };

export type ObserveOptions = {
  /** True: an api-server that does not answer is told in `nodesProblem` instead of thrown. */
  readonly nodesOptional?: boolean;
  /** False: image references are not resolved. */
  readonly images?: boolean;
};

/** Asks EC2, the bucket and the api-server, all at once. Throws CallError as they do, and JOURNAL_UNREADABLE. */
export async function observe(
  { cluster, compute, store, kube, clock }: Omit<World, 'artifactsOf'>,
  { nodesOptional = false, images: withImages = true }: ObserveOptions = {},
): Promise<Observed> {
  const keys = stateKeys(cluster);
  const references = [...new Set(cluster.workers.flatMap(({ launch: { image } }) => image ?? []))];
  const [instances, interfaces, reservations, nodes, records, staged, images] = await Promise.all([
    compute.instances(cluster.name),
    compute.interfaces(cluster.name),
    compute.reservations(cluster.name),
    kube && (nodesOptional ? orProblem(kube.nodes()) : kube.nodes()),
    readRecords(store, keys),
    stagedSecrets(store, keys.secrets),
    Promise.all(
      (withImages ? references : []).map(async reference => [reference, await compute.image(reference)] as const),
    ),
  ]);
  return {
    at: clock.now(),
    instances,
    interfaces,
    reservations,
    nodes: nodes instanceof CallError ? undefined : nodes,
    ...(nodes instanceof CallError ? { nodesProblem: nodes } : {}),
    records,
    staged,
    images: new Map(images),
  };
}

async function orProblem<R>(answer: Promise<R>): Promise<R | CallError> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof CallError) return error;
    throw error;
  }
}

/** The rest of a key, with the object’s id, goes no further than this. */
async function stagedSecrets(store: ObjectStore, prefix: string): Promise<ReadonlyMap<string, number>> {
  const versions = await withoutNames(store.versions(prefix));
  const owners = versions.filter(one => !one.isDeleteMarker).map(({ key }) => ownerOf(key.slice(prefix.length)));
  return owners.reduce((counts, owner) => counts.set(owner, (counts.get(owner) ?? 0) + 1), new Map<string, number>());
}

/** `<worker>/…`, or `arn:aws:ec2:…:instance/<instance ID>/…`. */
function ownerOf(name: string): string {
  const [first = '', second = ''] = name.split('/');
  return first.startsWith('arn:') ? second : first;
}
