import { OperationError } from '../diagnostics/operation-error.ts';
import type { InstanceView } from '../ports/compute.ts';
import type { Launch } from '../spec/resolve.ts';
import { sightPatience } from './end-instance.ts';
import { isOver } from './old-node.ts';
import type { Action } from './plan.ts';
import { isProvenAt } from './proven.ts';
import type { Operation, WorkerRecord } from './record.ts';
import { settle } from './settle.ts';
import { stepFrom, steps } from './steps.ts';
import type { Task } from './task.ts';

/**
 * Begins the operation that an action asks for, or goes on with the one on record where it still leads to what is wanted. What
 * a failed or outdated attempt may have left is settled before another one.
 */
export async function openOperation(
  task: Task,
  action: Action,
  instances: readonly InstanceView[],
): Promise<{ readonly operation: Operation; readonly resumed: boolean }> {
  const before = task.journal.record();
  const pending = before.operation;
  const wanted = await wantedBy(task, action, before);
  if (pending && goesOn(task, pending, wanted)) {
    const step = resumeAt(pending);
    // What is proven already was proven as far as it was waited for then.
    const wait = isProvenAt(pending.step) ? pending.wait : task.options.wait;
    return { operation: await write(task, before, { ...pending, step, wait }), resumed: true };
  }
  if (pending) await settle(task, pending);
  else if (wanted.kind === 'launch') await refuseHidden(task, before);
  const fresh = pending?.kind === wanted.kind ? again(pending, wanted) : begin(task, action, wanted, before, instances);
  return { operation: await write(task, before, fresh), resumed: false };
}

/** EC2 may not show for minutes what was launched just now: that it is not seen does not mean that it is gone. */
async function refuseHidden({ world, name, signal }: Task, { current }: WorkerRecord): Promise<void> {
  if (!current) return;
  const { compute, clock } = world;
  const shown = Date.parse(current.verifiedAt) + sightPatience;
  for (;;) {
    const view = await compute.instance(current.instanceId);
    if (view && isOver(view)) return;
    if (view)
      throw new OperationError(
        'PLAN_MOVED',
        `${name} has the instance ${view.instanceId}, ${view.state}, which EC2 did not show when the plan was made.`,
        'run the same command again: it plans anew.',
      );
    if (clock.now() > shown) return;
    await clock.sleep(pollEvery, signal);
  }
}

const pollEvery = 5_000;

type Wanted = Pick<Operation, 'kind' | 'fingerprint' | 'digest' | 'notAfter' | 'launch'>;

async function wantedBy(task: Task, action: Action, { current, operation }: WorkerRecord): Promise<Wanted> {
  if (action.kind === 'retire') {
    const { fingerprint, digest, notAfter, launch } = operation ?? current ?? nothingKnown;
    return { kind: 'retire', fingerprint, digest, notAfter, launch };
  }
  const { fingerprint, digest, notAfter } = await task.artifacts();
  // What was begun as a replacement stays one, though its old instance may be gone by now.
  const replaces = action.kind === 'replace' || operation?.kind === 'replace';
  const launch = task.worker?.launch ?? nothingKnown.launch;
  return { kind: replaces ? 'replace' : 'launch', fingerprint, digest, notAfter, launch };
}

function goesOn({ world }: Task, pending: Operation, wanted: Wanted): boolean {
  if (pending.failure || pending.kind !== wanted.kind) return false;
  if (pending.kind === 'retire') return true;
  if (pending.fingerprint !== wanted.fingerprint) return false;
  // An instance that fetched its archive, or can, needs no other one.
  const launched = pending.instanceId !== null && world.cluster.aws.delivery === 'content-addressed';
  return launched || pending.digest === wanted.digest;
}

const disrupting: readonly Operation['step'][] = ['cordon', 'drain', 'terminate'];

/**
 * While the operation lay still its archive may have met its lifecycle, its reservation its end, and the old node may have been
 * given pods again.
 */
function resumeAt({ step, kind, instanceId }: Operation): Operation['step'] {
  if (disrupting.includes(step)) return firstStep(kind);
  return step === 'launch' && instanceId === null ? 'stage' : step;
}

/** The next attempt of the same operation. Whatever of its way is done already, its steps find so. */
function again(pending: Operation, wanted: Wanted): Operation {
  return {
    ...pending,
    ...wanted,
    step: firstStep(wanted.kind),
    attempt: pending.attempt + 1,
    reservationId: null,
    request: null,
    instanceId: null,
    failure: null,
  };
}

function begin(
  { name, options, world }: Task,
  { instanceId, reasons }: Action,
  wanted: Wanted,
  { generation, current, operation }: WorkerRecord,
  instances: readonly InstanceView[],
): Operation {
  const launches = wanted.kind !== 'retire';
  const nodeUid = current && current.instanceId === instanceId ? current.nodeUid : null;
  return {
    ...wanted,
    generation: launches ? Math.max(generation, lastTagged(name, instances)) + 1 : generation,
    run: options.run,
    startedAt: new Date(world.clock.now()).toISOString(),
    reasons: reasons.map(({ text }) => text),
    step: firstStep(wanted.kind),
    attempt: 1,
    old: wanted.kind === 'launch' || instanceId === null ? null : { instanceId, nodeUid },
    cordoned: operation?.cordoned ?? false,
    reservationId: null,
    wait: options.wait,
    request: null,
    instanceId: null,
    interfaceId: current?.interfaceId ?? null,
    failure: null,
  };
}

/** Where the journal was lost, the tags of instances still say which generations, and so which tokens, were used. */
function lastTagged(worker: string, instances: readonly InstanceView[]): number {
  const tagged = instances.filter(({ tags }) => tags['firstboot:worker'] === worker);
  return Math.max(0, ...tagged.map(({ tags }) => Number(tags['firstboot:generation']) || 0));
}

function firstStep(kind: Operation['kind']): Operation['step'] {
  return steps.find(one => one.kinds.includes(kind))?.step ?? 'close';
}

async function write(task: Task, before: WorkerRecord, begun: Operation): Promise<Operation> {
  const operation = { ...begun, step: stepFrom(begun.step, task, begun).step };
  const generation = Math.max(before.generation, operation.generation);
  await task.journal.write({ ...before, generation, operation });
  return operation;
}

const nothingKnown: Wanted & { readonly launch: Launch } = {
  kind: 'retire',
  fingerprint: '',
  digest: '',
  notAfter: null,
  launch: {
    image: null,
    instanceTypes: [],
    subnet: null,
    securityGroups: [],
    instanceProfile: '',
    spot: false,
    eni: 'launch',
    volume: { size: 0, kmsKey: null },
    terminationProtection: false,
    tags: {},
  },
};
