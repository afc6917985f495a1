import type { WorkerArtifacts } from '../emit/emit-worker.ts';
import type { Worker } from '../spec/resolve.ts';
import type { RolloutEvent } from './events.ts';
import type { Journal } from './journal.ts';
import type { Operation, Step } from './record.ts';
import type { RolloutOptions } from './rollout-options.ts';
import type { Shared } from './shared.ts';
import type { Watch } from './watch.ts';
import type { World } from './world.ts';

/** The work on one worker: what every step gets beside its operation. */
export type Task = {
  readonly world: World;
  readonly name: string;
  /** Undefined: the spec does not have it any more. */
  readonly worker: Worker | undefined;
  readonly options: Omit<RolloutOptions, 'look'>;
  readonly journal: Journal;
  readonly shared: Shared;
  readonly watch: Watch;
  readonly signal: AbortSignal;
  readonly tell: (event: RolloutEvent) => void;
  /** Compiled once. */
  readonly artifacts: () => Promise<WorkerArtifacts>;
};

/** What a step found or did, for the operation and for whoever watches. */
export type StepResult = { readonly changes?: Partial<Operation> | undefined; readonly detail?: string | undefined };

/** Idempotent: it may have been done, half or whole, by a run that was cut off. Throws an OperationError or a CallError. */
export type PerformStep = (task: Task, operation: Operation) => Promise<StepResult>;

/** Writes fields of the operation while its step goes on. */
export async function record(task: Task, changes: Partial<Operation>): Promise<Operation> {
  const before = task.journal.record();
  if (!before.operation) throw new Error('invariant broken: an operation goes on');
  const operation = { ...before.operation, ...changes };
  await task.journal.write({ ...before, operation });
  return operation;
}

/** Tells what is waited for, once per change. */
export function waitingTeller(task: Task, step: Step): (detail: string) => void {
  let last: string | undefined;
  return detail => {
    if (detail !== last) task.tell({ kind: 'waiting', at: task.world.clock.now(), worker: task.name, step, detail });
    last = detail;
  };
}

export function warn(task: Task, message: string): void {
  task.tell({ kind: 'warning', at: task.world.clock.now(), worker: task.name, message });
}
