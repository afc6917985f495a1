import { CallError } from '../diagnostics/call-error.ts';
import { OperationError } from '../diagnostics/operation-error.ts';
import type { InstanceView } from '../ports/compute.ts';
import { isOver } from './old-node.ts';
import type { Task } from './task.ts';

/** How long EC2 may not show what it made. */
export const sightPatience = 5 * 60_000;
const shownFor = 3_600_000;
const pollEvery = 5_000;

/** Terminates an instance of this worker, whatever state it is in; says what there was to do. Undefined: EC2 does not know it (yet). */
export async function terminateOurs(task: Task, instanceId: string): Promise<string | undefined> {
  const { compute } = task.world;
  const view = await compute.instance(instanceId);
  if (view && isOver(view)) return `${instanceId} is ${view.state}`;
  if (view && !isOf(view, task)) throw foreign(view, task);
  try {
    await compute.terminate(instanceId);
  } catch (error) {
    const code = error instanceof CallError ? error.code : undefined;
    if (code === 'InvalidInstanceID.NotFound') return undefined;
    if (code !== 'OperationNotPermitted') throw error;
    await compute.setTerminationProtection(instanceId, false);
    await compute.terminate(instanceId);
  }
  return instanceId;
}

/** By its tags. */
export function isOf({ tags }: InstanceView, { world, name }: Pick<Task, 'world' | 'name'>): boolean {
  return tags['firstboot:cluster'] === world.cluster.name && tags['firstboot:worker'] === name;
}

function foreign({ instanceId }: InstanceView, { world, name }: Pick<Task, 'world' | 'name'>): OperationError {
  return new OperationError(
    'INSTANCE_FOREIGN',
    `${instanceId} has not the tags of ${name} of ${world.cluster.name}, so it is not terminated.`,
    'see `firstboot status`, and who changed its tags firstboot:cluster and firstboot:worker.',
  );
}

/**
 * EC2 shows what ended for an hour, so what it does not know after that time is long gone; what is young may come into sight, and
 * may be shown as alive for a while though it was told to end: its Node would be taken for a live one’s.
 * `launchedAt`: milliseconds since 1970, at the earliest.
 */
export async function endInstance(task: Task, instanceId: string, launchedAt: number): Promise<void> {
  const { clock, compute } = task.world;
  const patience = clock.now() - launchedAt < shownFor ? sightPatience : 0;
  const told = await until(task, patience, async () => (await terminateOurs(task, instanceId)) !== undefined);
  if (!told) return;
  await until(task, sightPatience, async () => {
    const view = await compute.instance(instanceId);
    return view !== undefined && isOver(view);
  });
}

/** Asks until it is so, for some milliseconds; once at least. */
export async function until({ world, signal }: Task, patience: number, isSo: () => Promise<boolean>): Promise<boolean> {
  const deadline = world.clock.now() + patience;
  for (;;) {
    if (await isSo()) return true;
    if (world.clock.now() >= deadline) return false;
    await world.clock.sleep(pollEvery, signal);
  }
}
