import { CallError } from '../diagnostics/call-error.ts';
import type { InstanceView } from '../ports/compute.ts';
import { isCapacityError } from './capacity.ts';
import { endInstance, sightPatience, terminateOurs, until } from './end-instance.ts';
import { explainCall } from './explain-call.ts';
import { isOver } from './old-node.ts';
import type { Operation } from './record.ts';
import { recordedLaunch } from './request.ts';
import { isPassing, isThrottling } from './retry.ts';
import { secretsOwners } from './steps-end.ts';
import type { Task } from './task.ts';
import { unstageWorker } from './unstage.ts';

/** Ends what an attempt may have left, before another token is used: its instance, its archive, its reservation. */
export async function settle(task: Task, operation: Operation): Promise<void> {
  const { compute, store, cluster } = task.world;
  const instanceId = operation.instanceId ?? (await unansweredInstance(task, operation))?.instanceId ?? null;
  if (instanceId !== null) await endInstance(task, instanceId, Date.parse(operation.startedAt));
  for (const owner of await secretsOwners(task, { ...operation, instanceId }))
    await unstageWorker(store, cluster, owner);
  if (operation.reservationId !== null) await compute.cancelReservation(operation.reservationId);
}

/**
 * The instance of a launch whose answer is not on record. The one sure way to know it is to ask for it again by its token: it is
 * given, or made now, to be ended at once.
 */
async function unansweredInstance(task: Task, operation: Operation): Promise<InstanceView | undefined> {
  const { request, failure } = operation;
  const { compute, cluster } = task.world;
  if (!request) return undefined;
  const seen = (await compute.instances(cluster.name)).find(one => one.clientToken === request.clientToken);
  if (seen || failure?.step === 'launch') return seen;
  try {
    await task.shared.launchPace(task.signal);
    return await compute.launch(await recordedLaunch(task.world, request));
  } catch (error) {
    if (!(error instanceof CallError) || isPassing(error) || isThrottling(error)) throw error;
    if (error.code === 'IdempotentParameterMismatch') return instanceOf(task, request.clientToken);
    // EC2 refused the request for good, so it made none then either; that somebody may not ask says nothing.
    const { status } = error;
    const refused = (status !== undefined && status < 500) || isCapacityError(error);
    if (!refused || unheard.has(explainCall(error, cluster).code)) throw error;
    return undefined;
  }
}

const unheard = new Set(['CALL_DENIED', 'CALL_CREDENTIALS', 'CALL_CLOCK']);

/** Ends the instance that a token stands for, as soon as EC2 shows it. */
export async function settleToken(task: Task, clientToken: string): Promise<void> {
  const found = await instanceOf(task, clientToken);
  if (found && !isOver(found)) await terminateOurs(task, found.instanceId);
}

async function instanceOf(task: Task, clientToken: string): Promise<InstanceView | undefined> {
  const { compute, cluster } = task.world;
  let found: InstanceView | undefined;
  await until(task, sightPatience, async () => {
    found = (await compute.instances(cluster.name)).find(one => one.clientToken === clientToken);
    return found !== undefined;
  });
  return found;
}
