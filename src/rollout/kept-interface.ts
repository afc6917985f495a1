import { CallError } from '../diagnostics/call-error.ts';
import type { InterfaceView } from '../ports/compute.ts';
import { invariant } from '../tree/invariant.ts';
import { awaitAddress } from './await-terminated.ts';
import type { Operation } from './record.ts';
import { tagsOf } from './request.ts';
import { record, type Task } from './task.ts';
import { interfaceToken } from './token.ts';

/** The worker’s own interface, which outlives its instances: found by its tags and address, or made. */
export async function ensureInterface(task: Task, operation: Operation): Promise<Operation> {
  const { world, worker } = task;
  const { compute, cluster } = world;
  const subnetId = operation.launch.subnet;
  invariant(worker && subnetId !== null, 'the spec says where');
  const isOurs = (one: { subnetId: string; privateIp: string; tags: Readonly<Record<string, string>> }) =>
    one.tags['firstboot:worker'] === task.name && one.subnetId === subnetId && one.privateIp === worker.privateIp;
  const found = (await compute.interfaces(cluster.name)).find(isOurs);
  if (found) {
    await giveGroups(task, found, operation.launch.securityGroups);
    return record(task, { interfaceId: found.interfaceId });
  }
  await awaitAddress(task, operation, 'launch');
  const create = () =>
    compute.createInterface({
      clientToken: interfaceToken(cluster.name, task.name, operation.generation, operation.attempt),
      subnetId,
      privateIp: worker.privateIp,
      securityGroups: operation.launch.securityGroups,
      description: `firstboot: ${task.name} of ${cluster.name}`,
      tags: tagsOf(task, operation),
    });
  try {
    return await record(task, { interfaceId: (await create()).interfaceId });
  } catch (error) {
    if (!(error instanceof CallError) || error.code !== 'InvalidIPAddress.InUse') throw error;
    // Ours, made by a run that was cut off, comes into sight; anybody else’s is named.
    await awaitAddress(task, operation, 'launch');
    const late = (await compute.interfaces(cluster.name)).find(isOurs);
    return record(task, { interfaceId: (late ?? (await create())).interfaceId });
  }
}

/** Groups belong to the interface, so those of a new spec do not come with a new instance. None in the spec: the VPC’s default. */
async function giveGroups(task: Task, found: InterfaceView, wanted: readonly string[]): Promise<void> {
  const sorted = (groups: readonly string[]) => [...new Set(groups)].sort().join();
  if (wanted.length === 0 || sorted(found.securityGroups) === sorted(wanted)) return;
  await task.world.compute.setInterfaceGroups(found.interfaceId, wanted);
}
