import { CallError } from '../diagnostics/call-error.ts';
import { OperationError } from '../diagnostics/operation-error.ts';
import type { InterfaceView } from '../ports/compute.ts';
import type { Operation } from './record.ts';
import { type PerformStep, type Task, waitingTeller } from './task.ts';
import { whyUnkept } from './unkept-interface.ts';
import type { World } from './world.ts';

/** EC2 takes a minute or two; an instance store or a hibernation a few more. */
const patience = 15 * 60_000;
const pollEvery = 3_000;

/** The old instance is terminated and what comes after it can have its address: NotFound alone proves nothing. */
export const awaitTerminated: PerformStep = async (task, operation) => {
  const { compute, clock } = task.world;
  const waiting = waitingTeller(task, 'await-terminated');
  const deadline = clock.now() + patience;
  const oldId = operation.old?.instanceId ?? '';
  while (oldId !== '') {
    const view = await compute.instance(oldId);
    if (view === undefined || view.state === 'terminated') break;
    waiting(`${oldId} is ${view.state}`);
    if (clock.now() > deadline) throw notTerminated(oldId, view.state);
    await clock.sleep(pollEvery, task.signal);
  }
  if (operation.kind !== 'retire') await awaitAddress(task, operation, 'await-terminated');
  return {};
};

/** Waits until the worker’s address is free, or its own interface is. Throws ADDRESS_HELD, which names the owner. */
export async function awaitAddress(
  task: Task,
  operation: Operation,
  step: 'await-terminated' | 'launch',
): Promise<void> {
  const { compute, clock, cluster } = task.world;
  const { worker } = task;
  const { subnet, eni } = operation.launch;
  if (!worker || subnet === null) return;
  const waiting = waitingTeller(task, step);
  const deadline = clock.now() + patience;
  for (;;) {
    const holder = await compute.interfaceAt(subnet, worker.privateIp);
    if (!holder) return;
    const { tags, status } = holder;
    const ours = tags['firstboot:cluster'] === cluster.name && tags['firstboot:worker'] === task.name;
    if (eni === 'keep' && ours && status === 'available') return;
    waiting(`${worker.privateIp} is held by ${ownerOf(holder)}`);
    if (isForsaken(task.world, holder)) await removeForsaken(task.world, holder.interfaceId);
    // What will not go away by itself is said at once.
    else if (!ours && holder.instanceId === undefined && status === 'available')
      throw addressHeld(worker.privateIp, holder, 0);
    if (clock.now() > deadline) throw addressHeld(worker.privateIp, holder, patience);
    await clock.sleep(pollEvery, task.signal);
  }
}

/** An interface that a worker of ours had, and that no worker of the spec has any more: nothing else will remove it. */
export function isForsaken({ cluster }: Pick<World, 'cluster'>, one: InterfaceView): boolean {
  const ours = one.tags['firstboot:cluster'] === cluster.name && one.tags['firstboot:worker'] !== undefined;
  return ours && one.status === 'available' && whyUnkept(cluster, one) !== undefined;
}

/** EC2 may show one as free a moment before it is. */
async function removeForsaken({ compute }: World, interfaceId: string): Promise<void> {
  try {
    await compute.deleteInterface(interfaceId);
  } catch (error) {
    if (!(error instanceof CallError) || error.code !== 'InvalidNetworkInterface.InUse') throw error;
  }
}

function ownerOf({ interfaceId, instanceId, tags, description }: InterfaceView): string {
  const name = tags['firstboot:worker'] ?? tags.Name ?? description;
  const who = instanceId === undefined ? 'no instance' : instanceId;
  return `${interfaceId} of ${who}${name === '' ? '' : ` (${name})`}`;
}

/** `waited`: milliseconds. */
export function addressHeld(address: string, holder: InterfaceView, waited: number): OperationError {
  const after = waited > 0 ? ` after ${waited / 60_000} minutes` : '';
  return new OperationError(
    'ADDRESS_HELD',
    `the address ${address} is held${after} by ${ownerOf(holder)}, status ${holder.status}.`,
    'free it (terminate that instance, delete that interface), or give the worker another privateIp; then run the same command again.',
  );
}

function notTerminated(instanceId: string, state: string): OperationError {
  return new OperationError(
    'INSTANCE_NOT_TERMINATED',
    `${instanceId} is still ${state} ${patience / 60_000} minutes after it was told to end.`,
    'look at the instance in EC2; then run the same command again: it goes on here.',
  );
}
