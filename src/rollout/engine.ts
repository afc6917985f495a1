import type { InstanceView } from '../ports/compute.ts';
import { invariant } from '../tree/invariant.ts';
import { endsOperation, recordFailure, told } from './fail.ts';
import { openOperation } from './open-operation.ts';
import type { Action } from './plan.ts';
import { isProvenAt } from './proven.ts';
import type { Operation, Step } from './record.ts';
import { after, stepFrom } from './steps.ts';
import { closed } from './steps-end.ts';
import { type Task, warn } from './task.ts';

/** `stopped`: told to end; the operation is on record and is gone on with by the next run. */
export type Outcome = 'done' | 'failed' | 'stopped';

/** Carries out what is planned for one worker, from wherever an earlier run left it. Tells how it went; throws only bugs. */
export async function carryOut(task: Task, action: Action, instances: readonly InstanceView[]): Promise<Outcome> {
  const { clock } = task.world;
  const start = clock.now();
  let opened = false;
  try {
    await closeProven(task, action);
    const { operation } = await openOperation(task, action, instances);
    opened = true;
    const last = await runSteps(task, operation);
    tellFinished(task, last, clock.now() - start);
    return 'done';
  } catch (error) {
    if (task.signal.aborted) return 'stopped';
    const said = told(error, task);
    if (!said) throw error;
    const step = task.journal.record().operation?.step ?? 'close';
    if (opened && endsOperation(error, said, step)) await recorded(task, () => recordFailure(task, step, said));
    const { code, message, hint } = said;
    task.tell({ kind: 'failed', at: clock.now(), worker: task.name, step, code, message, hint });
    return 'failed';
  }
}

/** A launch that was proven before its run was cut off is a node like any other: it is closed, and then cared for. */
async function closeProven(task: Task, { fingerprint }: Action): Promise<void> {
  const { operation } = task.journal.record();
  if (!operation || operation.failure || operation.kind === 'retire' || !isProvenAt(operation.step)) return;
  if (operation.fingerprint !== fingerprint) await runSteps(task, operation);
}

/** A failure that cannot be recorded is told all the same; the next run finds the operation as it was. */
async function recorded(task: Task, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    const said = told(error, task);
    if (!said) throw error;
    warn(task, `the failure could not be recorded: ${said.message}`);
  }
}

/** One step after the other; what one found and that the next begins is one write. */
async function runSteps(task: Task, first: Operation): Promise<Operation> {
  let operation = first;
  for (let step = first.step; step !== 'close'; step = operation.step) {
    task.signal.throwIfAborted();
    const entry = stepFrom(step, task, operation);
    tellStep(task, entry.step, 'start');
    const { changes, detail } = await entry.perform(task, operation);
    const { operation: recorded } = task.journal.record();
    invariant(recorded, 'an operation goes on');
    operation = { ...recorded, ...changes };
    operation = { ...operation, step: stepFrom(after(entry.step), task, operation).step };
    if (operation.step !== 'close') await task.journal.write({ ...task.journal.record(), operation });
    tellStep(task, entry.step, 'done', detail);
  }
  await task.journal.write(closed(task.journal.record(), operation, task.world.clock.now()));
  return operation;
}

function tellStep(task: Task, step: Step, status: 'start' | 'done', detail?: string): void {
  const at = task.world.clock.now();
  task.tell({ kind: 'step', at, worker: task.name, step, status, ...(detail ? { detail } : {}) });
}

const outcomes = { launch: 'launched', replace: 'replaced', retire: 'retired' } as const;

function tellFinished(task: Task, { kind, instanceId, wait }: Operation, milliseconds: number): void {
  task.tell({
    kind: 'finished',
    at: task.world.clock.now(),
    worker: task.name,
    outcome: outcomes[kind],
    instanceId: kind === 'retire' ? null : instanceId,
    verified: wait,
    seconds: Math.round(milliseconds / 1000),
  });
}
