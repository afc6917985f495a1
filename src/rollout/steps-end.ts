import { invariant } from '../tree/invariant.ts';
import type { Operation, WorkerRecord } from './record.ts';
import type { PerformStep, Task } from './task.ts';
import { unstageWorker } from './unstage.ts';

/** Whose archives are staged for this operation: the worker’s, or each of its instances’. */
export async function secretsOwners({ world, shared, name }: Task, operation: Operation): Promise<readonly string[]> {
  if (world.cluster.aws.delivery === 'content-addressed') return [name];
  const ids = [operation.instanceId, operation.old?.instanceId].flatMap(id => id || []);
  return Promise.all(ids.map(shared.arnOf));
}

/** Every version, and a listing that proves it. */
export const deleteSecrets: PerformStep = async (task, operation) => {
  const { store, cluster } = task.world;
  let removed = 0;
  for (const owner of await secretsOwners(task, operation)) removed += await unstageWorker(store, cluster, owner);
  return { detail: `${removed} ${removed === 1 ? 'version' : 'versions'}` };
};

/** What was held for the operation alone; of a retired worker its interface too. */
export const release: PerformStep = async (task, operation) => {
  const { compute } = task.world;
  if (operation.reservationId !== null) await compute.cancelReservation(operation.reservationId);
  if (operation.kind === 'retire') await deleteInterfaces(task);
  return { changes: { reservationId: null } };
};

const mostLooks = 24;
const pollEvery = 5_000;

/** An interface is let go a moment after its instance ended; what is held longer is left to `gc`. */
async function deleteInterfaces({ world, name, signal }: Task): Promise<void> {
  const { compute, clock, cluster } = world;
  for (let looks = 0; looks < mostLooks; looks += 1) {
    const ours = (await compute.interfaces(cluster.name)).filter(({ tags }) => tags['firstboot:worker'] === name);
    const free = ours.filter(({ status }) => status === 'available');
    for (const { interfaceId } of free) await compute.deleteInterface(interfaceId);
    if (ours.length === free.length) return;
    await clock.sleep(pollEvery, signal);
  }
}

/** The record as it stays once the operation is over. */
export function closed(record: WorkerRecord, operation: Operation, now: number): WorkerRecord {
  const current = operation.kind === 'retire' ? null : generationOf(operation, now);
  return { ...record, current, operation: null };
}

function generationOf(operation: Operation, now: number): NonNullable<WorkerRecord['current']> {
  const { request, instanceId, generation, fingerprint, digest, notAfter, launch, interfaceId, wait, run } = operation;
  invariant(request && instanceId, 'a launch that is over has an instance');
  return {
    generation,
    instanceId,
    nodeUid: operation.nodeUid ?? null,
    fingerprint,
    digest,
    userData: request.userData,
    notAfter,
    imageId: request.imageId,
    launch,
    instanceType: request.instanceType,
    interfaceId,
    verified: wait,
    verifiedAt: new Date(now).toISOString(),
    run,
    secretsDeleted: wait !== 'none',
  };
}
