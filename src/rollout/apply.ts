import { CallError } from '../diagnostics/call-error.ts';
import { OperationError } from '../diagnostics/operation-error.ts';
import { createChannel } from './channel.ts';
import { carryOut } from './engine.ts';
import type { RolloutEvent } from './events.ts';
import { explainCall } from './explain-call.ts';
import { inParallel } from './in-parallel.ts';
import { openJournal } from './journal.ts';
import { type HeldLock, takeLock } from './lock.ts';
import type { Observed } from './observe.ts';
import type { Action, Plan } from './plan.ts';
import { preflight } from './preflight.ts';
import { retrying } from './retry.ts';
import type { RolloutOptions } from './rollout-options.ts';
import { settleUnproven } from './settle-unproven.ts';
import { createShared, once } from './shared.ts';
import type { Task } from './task.ts';
import { createWatch } from './watch.ts';
import type { World } from './world.ts';

/** They wait for the same looks at EC2, so many take no longer than one. */
const settledAtOnce = 100;

/**
 * Carries out a plan under the cluster’s lock: launches several at a time, then what disrupts one at a time, in the plan’s order.
 * At the first failure nothing more is begun, and what goes on is finished. Aborted, it stops after the calls that are under
 * way; whatever was begun is on record, and the same command goes on with it. Throws an OperationError where nothing was begun.
 */
export async function* apply(
  given: World,
  plan: Plan,
  options: RolloutOptions,
  signal: AbortSignal = new AbortController().signal,
): AsyncGenerator<RolloutEvent, void> {
  const world = retrying(given, options.run, signal);
  const { clock, cluster } = world;
  try {
    const held = yield* locking(world, options, signal);
    let stillHeld: string | undefined;
    try {
      yield { kind: 'lock', at: clock.now(), id: held.lock.id, resumed: held.resumed };
      const { plan: fresh, observed } = await options.look();
      if (fresh.basis !== plan.basis) throw moved(cluster.name);
      yield* carryOutAll(given, world, fresh, observed, options, signal);
    } finally {
      stillHeld = await letGo(held, retrying(given, options.run));
    }
    if (stillHeld !== undefined) yield { kind: 'warning', at: clock.now(), worker: null, message: stillHeld };
  } catch (error) {
    if (error instanceof CallError) throw explainCall(error, { aws: cluster.aws, server: world.kube?.server });
    throw error;
  }
}

/** Takes the lock, and tells meanwhile whose is waited for. It is given back when nobody listens any more. */
async function* locking(
  world: World,
  options: RolloutOptions,
  signal: AbortSignal,
): AsyncGenerator<RolloutEvent, HeldLock> {
  const waits = createChannel<RolloutEvent>();
  const leaving = new AbortController();
  const wish = { ...options, timeout: options.lockTimeout };
  const taking = takeLock(world, wish, AbortSignal.any([signal, leaving.signal]), lock =>
    waits.push({ kind: 'lock-held', at: world.clock.now(), lock }),
  );
  taking.then(
    () => waits.end(),
    cause => waits.end({ cause }),
  );
  let listening = false;
  try {
    yield* waits.items();
    listening = true;
    return await taking;
  } finally {
    if (!listening) {
      leaving.abort(new Error('nobody listens any more'));
      await taking.then(
        held => letGo(held, world),
        () => undefined,
      );
    }
  }
}

/** What was done is told all the same when the lock cannot be given back: then this says so. */
async function letGo({ lock, release }: HeldLock, { store, cluster }: World): Promise<string | undefined> {
  try {
    await release(store);
    return undefined;
  } catch (error) {
    if (!(error instanceof CallError)) throw error;
    const { message } = explainCall(error, { aws: cluster.aws });
    return `lock ${lock.id} could not be given back: ${message} The same run takes it up again; \`firstboot unlock ${lock.id}\` removes it.`;
  }
}

async function* carryOutAll(
  given: World,
  world: World,
  plan: Plan,
  observed: Observed,
  options: RolloutOptions,
  signal: AbortSignal,
): AsyncGenerator<RolloutEvent, void> {
  const channel = createChannel<RolloutEvent>();
  // Ends the work when whoever reads the events leaves.
  const controller = new AbortController();
  const stop = AbortSignal.any([signal, controller.signal]);
  const shared = createShared(world);
  const actions = plan.actions.filter(({ kind }) => kind !== 'keep');
  // Node lists are for people’s eyes and have a deadline of their own, so they are not tried again for minutes.
  const watch = createWatch({ ...world, kube: given.kube }, () => lookEvery(actions.length), stop);
  const taskOf = (name: string): Task => ({
    world,
    name,
    worker: world.cluster.workers.find(worker => worker.name === name),
    options,
    journal: openJournal(world.store, world.cluster, name, observed.records.get(name)),
    shared,
    watch,
    signal: stop,
    tell: channel.push,
    artifacts: once(() => world.artifactsOf(name)),
  });
  const work = async () => {
    for (const message of await preflight(world, shared, plan, options, observed.instances))
      channel.push({ kind: 'warning', at: world.clock.now(), worker: null, message });
    const kept = plan.actions.filter(({ kind }) => kind === 'keep');
    await inParallel(kept, settledAtOnce, ({ worker }) => settleUnproven(taskOf(worker)));
    const remaining = await inTurn(actions, options.concurrency, stop, action =>
      carryOut(taskOf(action.worker), action, observed.instances),
    );
    if (remaining.length > 0) channel.push({ kind: 'stopped', at: world.clock.now(), remaining });
  };
  const done = work().then(
    () => channel.end(),
    cause => channel.end({ cause }),
  );
  try {
    yield* channel.items();
  } finally {
    controller.abort(new Error('nobody listens any more'));
    await done;
  }
}

/** Launches first and side by side, the rest one after the other. Gives the workers that were not begun, or stopped. */
async function inTurn(
  actions: readonly Action[],
  most: number,
  stop: AbortSignal,
  perform: (action: Action) => ReturnType<typeof carryOut>,
): Promise<readonly string[]> {
  const isFree = ({ kind, after }: Action) => kind === 'launch' && after.length === 0;
  const free = actions.filter(isFree);
  const ordered = actions.filter(action => !isFree(action));
  const remaining = new Set(actions.map(({ worker }) => worker));
  const bugs: unknown[] = [];
  let failed = false;
  const begin = async (action: Action) => {
    try {
      const outcome = await perform(action);
      if (outcome !== 'stopped') remaining.delete(action.worker);
      if (outcome !== 'done') failed = true;
    } catch (error) {
      // What others are at is finished before it is thrown.
      bugs.push(error);
      failed = true;
    }
  };
  const lane = async (queue: Action[]) => {
    for (let next = queue.shift(); next && !failed && !stop.aborted; next = queue.shift()) await begin(next);
  };
  const launches = [...free];
  await Promise.all(Array.from({ length: Math.min(most, free.length) }, () => lane(launches)));
  await lane([...ordered]);
  if (bugs.length > 0) throw bugs[0];
  return [...remaining];
}

/** Milliseconds; a look at a large fleet takes several pages. */
function lookEvery(workers: number): number {
  return workers <= 20 ? 2_000 : 5_000;
}

function moved(cluster: string): OperationError {
  return new OperationError(
    'PLAN_MOVED',
    `${cluster} is no longer what the plan was made for.`,
    'make a new plan (`firstboot plan`) and look at it; nothing was done.',
  );
}
