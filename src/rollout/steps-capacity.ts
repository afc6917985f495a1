import { OperationError } from '../diagnostics/operation-error.ts';
import type { ReservationView } from '../ports/compute.ts';
import { isCapacityError } from './capacity.ts';
import { goneFor } from './old-node.ts';
import type { Operation } from './record.ts';
import { tagsOf } from './request.ts';
import type { PerformStep, Task } from './task.ts';
import { reservationToken } from './token.ts';

/** Longer than the rest of the replacement may take, beside what the drain and the boot are given. */
const margin = 60 * 60_000;
/** A reservation is not the capacity yet as long as EC2 calls it pending. */
const patience = 5 * 60_000;
const pollEvery = 5_000;

/** Holds an instance’s worth of capacity for the new one before the old one is touched; types in the order of the spec. */
export const reserve: PerformStep = async (task, operation) => {
  if (await goneFor(task, operation)) return { detail: 'nothing is left to disrupt' };
  const { compute, cluster } = task.world;
  const known = (await compute.reservations(cluster.name)).find(
    one => isOf(task.name, operation, one) && (one.state === 'active' || one.state === 'pending'),
  );
  if (known && (await settledState(task, known)) === 'active')
    return { changes: { reservationId: known.reservationId }, detail: known.instanceType };
  const { reservationId, instanceType } = await firstToBeHad(task, operation);
  return { changes: { reservationId }, detail: instanceType };
};

async function firstToBeHad(task: Task, operation: Operation) {
  const { launch, generation, attempt } = operation;
  const { options, shared, world } = task;
  const { zone } = await shared.subnet(launch.subnet ?? '');
  const { platform } = await shared.image(launch.image ?? '');
  const ends = wholeMinute(world.clock.now() + options.drain.timeout + options.timeout + margin);
  const parts = { cluster: world.cluster.name, worker: task.name, generation, attempt, zone };
  const refusals: string[] = [];
  for (const instanceType of launch.instanceTypes) {
    try {
      const made = await world.compute.reserveCapacity({
        clientToken: reservationToken(parts, instanceType, ends),
        instanceType,
        platform,
        zone,
        ends,
        tags: tagsOf(task, operation),
      });
      const state = await settledState(task, made);
      if (state === 'active') return made;
      await world.compute.cancelReservation(made.reservationId);
      refusals.push(`${instanceType}: the reservation is ${state}`);
    } catch (error) {
      if (!isCapacityError(error)) throw error;
      refusals.push(`${instanceType}: ${error.code}`);
    }
  }
  throw new OperationError(
    'CAPACITY_NOT_RESERVED',
    `no capacity can be reserved for ${task.name} in ${zone} (${refusals.join(', ')}), so its old instance was not touched.`,
    'add instance types to the spec, try later, or give --accept-capacity-risk.',
  );
}

/** What a reservation comes to: active, or another state that gives no capacity. */
async function settledState({ world, signal }: Task, { reservationId, state }: ReservationView): Promise<string> {
  const { compute, clock, cluster } = world;
  const deadline = clock.now() + patience;
  let latest = state;
  while (latest === 'pending' && clock.now() < deadline) {
    await clock.sleep(pollEvery, signal);
    const all = await compute.reservations(cluster.name);
    latest = all.find(one => one.reservationId === reservationId)?.state ?? latest;
  }
  return latest;
}

function wholeMinute(time: number): number {
  return Math.ceil(time / 60_000) * 60_000;
}

/** Of another type it may be where the spec changed since. */
function isOf(worker: string, { generation, launch }: Operation, { tags, instanceType }: ReservationView): boolean {
  const isIts = tags['firstboot:worker'] === worker && tags['firstboot:generation'] === String(generation);
  return isIts && launch.instanceTypes.includes(instanceType);
}
