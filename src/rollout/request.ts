import { OperationError } from '../diagnostics/operation-error.ts';
import type { LaunchRequest, Tags } from '../ports/compute.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import { sha256 } from '../tree/digest.ts';
import { invariant } from '../tree/invariant.ts';
import type { Operation, RecordedRequest } from './record.ts';
import { stateKeys } from './state-keys.ts';
import type { Task } from './task.ts';
import { launchToken } from './token.ts';
import type { World } from './world.ts';
import { writeIf } from './written.ts';

type Place = Pick<World, 'cluster' | 'store'>;

/** The tags of formats.md; the user’s own beside them, and never in their place. */
export function tagsOf(task: Pick<Task, 'world' | 'name' | 'options'>, operation: Operation): Tags {
  return {
    ...operation.launch.tags,
    Name: task.name,
    'firstboot:cluster': task.world.cluster.name,
    'firstboot:worker': task.name,
    'firstboot:fingerprint': operation.fingerprint,
    'firstboot:generation': String(operation.generation),
    'firstboot:run': operation.run,
  };
}

/** RunInstances for the operation’s present attempt, all but its user-data, which is named by its SHA-256. */
export async function requestFor(
  task: Task,
  operation: Operation,
  instanceType: string,
  userData: Uint8Array,
): Promise<RecordedRequest> {
  const { launch, generation, attempt, interfaceId, reservationId } = operation;
  const { worker, shared, world } = task;
  invariant(worker && launch.image !== null && launch.subnet !== null, 'the spec says what to launch, and where');
  const image = await shared.image(launch.image);
  const { zone } = await shared.subnet(launch.subnet);
  const network =
    interfaceId === null
      ? ({ kind: 'address', privateIp: worker.privateIp, securityGroups: launch.securityGroups } as const)
      : ({ kind: 'interface', interfaceId } as const);
  return {
    clientToken: launchToken({ cluster: world.cluster.name, worker: task.name, generation, attempt, zone }),
    imageId: image.imageId,
    instanceType,
    subnetId: launch.subnet,
    network,
    instanceProfile: launch.instanceProfile,
    userData: sha256(userData),
    root: {
      device: image.rootDevice,
      size: Math.max(launch.volume.size, image.rootSize),
      kmsKey: launch.volume.kmsKey,
    },
    spot: launch.spot,
    terminationProtection: launch.terminationProtection,
    reservationId,
    tags: tagsOf(task, operation),
  };
}

/** Keeps a copy of the user-data, without which a launch could not be asked for again. */
export async function keepUserData({ store, cluster }: Place, userData: Uint8Array): Promise<void> {
  const key = stateKeys(cluster).userData(sha256(userData));
  const written = await writeIf(store, { key, bytes: userData, onlyIf: { kind: 'absent' } });
  if (written.kind === 'ours') return;
  throw new OperationError(
    'JOURNAL_FOREIGN',
    `the object ${key} is named by the SHA-256 of its content and has another content.`,
    'find out who wrote it, delete it and run the same command again.',
  );
}

/** The request as it was recorded, with its user-data. */
export async function recordedLaunch({ store, cluster }: Place, request: RecordedRequest): Promise<LaunchRequest> {
  return { ...request, userData: await keptUserData(store, stateKeys(cluster).userData(request.userData)) };
}

async function keptUserData(store: ObjectStore, key: string): Promise<Uint8Array> {
  const stored = await store.get(key);
  if (stored && key.endsWith(sha256(stored.bytes))) return stored.bytes;
  throw new OperationError(
    'JOURNAL_UNREADABLE',
    `the copy of the user-data ${key} is ${stored ? 'not what it was' : 'gone'}, so its launch cannot be asked for again.`,
    'put it back from an older version of the object; or terminate the worker’s instances by hand and remove its record.',
  );
}
