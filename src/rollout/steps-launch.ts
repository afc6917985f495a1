import { CallError } from '../diagnostics/call-error.ts';
import { OperationError } from '../diagnostics/operation-error.ts';
import type { InstanceView } from '../ports/compute.ts';
import { sha256 } from '../tree/digest.ts';
import { invariant } from '../tree/invariant.ts';
import { awaitAddress } from './await-terminated.ts';
import { isCapacityError } from './capacity.ts';
import { ensureInterface } from './kept-interface.ts';
import { isOver } from './old-node.ts';
import type { Operation, RecordedRequest } from './record.ts';
import { recordedLaunch, requestFor } from './request.ts';
import { settleToken } from './settle.ts';
import { type PerformStep, record, type Task, waitingTeller } from './task.ts';

/** Tokens that may be spent beside one for each instance type: by launches that ended at once, or that a lost journal made. */
const mostSpent = 10;
/** How often an address or an interface may turn out not to be free, or not to be known yet; five minutes at least. */
const mostWaits = 60;
const pauseBetween = 5_000;

/** Request and token are on record before the call; the same call, made again by whatever process, gives the same instance. */
export const launch: PerformStep = async (task, operation) => {
  const refusals: string[] = [];
  let current = await withRequest(task, operation);
  let waits = 0;
  for (let tries = 0; tries < operation.launch.instanceTypes.length + mostSpent; tries += 1) {
    const { request } = current;
    invariant(request, 'the request is on record');
    const outcome = await tryLaunch(task, current, request, waits < mostWaits);
    switch (outcome.kind) {
      case 'launched': {
        const { instanceId } = outcome.view;
        const launchedAt = new Date(task.world.clock.now()).toISOString();
        return { changes: { instanceId, launchedAt }, detail: `${instanceId}, ${request.instanceType}` };
      }
      case 'held':
        waits += 1;
        tries -= 1;
        break;
      case 'spent':
        current = await nextAttempt(task, current, request.instanceType, request.reservationId);
        break;
      case 'no-capacity': {
        refusals.push(`${request.instanceType}: ${outcome.code}`);
        const { instanceTypes } = operation.launch;
        // What a reservation was for may be had without it.
        const next =
          request.reservationId === null
            ? instanceTypes[instanceTypes.indexOf(request.instanceType) + 1]
            : request.instanceType;
        if (next === undefined) throw noCapacity(task, current, refusals);
        current = await nextAttempt(task, current, next, null);
      }
    }
  }
  throw noCapacity(task, current, [...refusals, `${mostSpent} launches ended at once`]);
};

type Outcome =
  | { readonly kind: 'launched'; readonly view: InstanceView }
  /** Its address was held and is free now. */
  | { readonly kind: 'held' }
  /** The token stands for an instance that has ended. */
  | { readonly kind: 'spent' }
  | { readonly kind: 'no-capacity'; readonly code: string };

/** `patient`: what stands in the way may still go away. */
async function tryLaunch(
  task: Task,
  operation: Operation,
  request: RecordedRequest,
  patient: boolean,
): Promise<Outcome> {
  const { compute, clock } = task.world;
  const full = await fullRequest(task, request);
  try {
    await task.shared.launchPace(task.signal);
    const view = await compute.launch(full);
    return isOver(view) ? { kind: 'spent' } : { kind: 'launched', view };
  } catch (error) {
    if (isCapacityError(error)) return { kind: 'no-capacity', code: error.code };
    const code = error instanceof CallError ? error.code : undefined;
    if (code === 'IdempotentParameterMismatch') {
      await settleToken(task, request.clientToken);
      return { kind: 'spent' };
    }
    // Gone, ended, or not one for this launch: whichever, the launch is tried without it.
    if (request.reservationId !== null && code?.includes('CapacityReservation')) return { kind: 'no-capacity', code };
    if (!patient || !passingInterface.has(code ?? '')) throw error;
    await awaitAddress(task, operation, 'launch');
    await clock.sleep(pauseBetween, task.signal);
    return { kind: 'held' };
  }
}

/** The interface that was just made is not known everywhere yet; or its address is held a moment longer than EC2 shows. */
const passingInterface = new Set([
  'InvalidIPAddress.InUse',
  'InvalidNetworkInterface.InUse',
  'InvalidNetworkInterfaceID.NotFound',
]);

/** The bytes that were just compiled, where they are the recorded ones; else the copy below state/. */
async function fullRequest(task: Task, request: RecordedRequest) {
  const { userData } = await task.artifacts();
  return sha256(userData) === request.userData ? { ...request, userData } : recordedLaunch(task.world, request);
}

async function withRequest(task: Task, operation: Operation): Promise<Operation> {
  if (operation.request) return operation;
  const kept = operation.launch.eni === 'keep';
  const withInterface = kept ? await ensureInterface(task, operation) : { ...operation, interfaceId: null };
  const reserved = await reservedType(task, operation);
  const instanceType = reserved ?? operation.launch.instanceTypes[0];
  invariant(instanceType, 'the schema asks for one instance type at least');
  const { userData } = await task.artifacts();
  const reservationId = reserved === undefined ? null : operation.reservationId;
  const request = await requestFor(task, { ...withInterface, reservationId }, instanceType, userData);
  return record(task, { request, interfaceId: withInterface.interfaceId });
}

async function nextAttempt(
  task: Task,
  operation: Operation,
  instanceType: string,
  reservationId: string | null,
): Promise<Operation> {
  const attempt = operation.attempt + 1;
  const { userData } = await task.artifacts();
  const request = await requestFor(task, { ...operation, attempt, reservationId }, instanceType, userData);
  waitingTeller(task, 'launch')(`attempt ${attempt}: ${instanceType}`);
  return record(task, { attempt, request });
}

/** Undefined: nothing is reserved, or not any more. */
async function reservedType({ world }: Task, { reservationId }: Operation): Promise<string | undefined> {
  if (reservationId === null) return undefined;
  const reservations = await world.compute.reservations(world.cluster.name);
  return reservations.find(one => one.reservationId === reservationId && one.state === 'active')?.instanceType;
}

function noCapacity(task: Task, { launch }: Operation, refusals: readonly string[]): OperationError {
  return new OperationError(
    'LAUNCH_NO_CAPACITY',
    `RunInstances gave no instance for ${task.name} in ${launch.subnet} (${refusals.join(', ')}).`,
    'add instance types to `instanceTypes`, raise the quota that is named, or try later; the same command goes on here.',
  );
}
