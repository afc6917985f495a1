import type { RolloutEvent } from './events.ts';
import { inParallel } from './in-parallel.ts';
import { openJournal } from './journal.ts';
import { findLeftovers, type Leftover, removeLeftover } from './leftovers.ts';
import { type Lock, takeLock } from './lock.ts';
import { type Observed, observe } from './observe.ts';
import { createPacer } from './pace.ts';
import { retrying } from './retry.ts';
import type { RolloutOptions } from './rollout-options.ts';
import { settleUnproven } from './settle-unproven.ts';
import { createShared } from './shared.ts';
import { createWatch } from './watch.ts';
import type { World } from './world.ts';

export type GcOptions = Omit<RolloutOptions, 'look'>;

export type GcReport = {
  readonly removed: readonly Leftover[];
  /** Workers whose launch was not waited for and is proven by now. */
  readonly settled: readonly string[];
  readonly warnings: readonly string[];
};

/** Nothing but calls that take away is made here, so one pace fits all. */
const settledAtOnce = 100;
const removals = { burst: 20, perSecond: 5 };

/** Under the lock: settles launches that were not waited for, then removes what is left. `sure`: asked with what was found; `told`: whose lock is waited for. */
export async function collect(
  given: World,
  options: GcOptions,
  sure: (found: readonly Leftover[]) => Promise<boolean>,
  signal: AbortSignal = new AbortController().signal,
  told?: (theirs: Lock) => void,
): Promise<GcReport | undefined> {
  const world = retrying(given, options.run, signal);
  const held = await takeLock(world, { ...options, timeout: options.lockTimeout }, signal, told);
  try {
    return await collectHeld(given, world, options, sure, signal);
  } finally {
    await held.release(retrying(given, options.run).store);
  }
}

async function collectHeld(
  given: World,
  world: World,
  options: GcOptions,
  sure: (found: readonly Leftover[]) => Promise<boolean>,
  signal: AbortSignal,
): Promise<GcReport | undefined> {
  const look = () => observe(world, { nodesOptional: true, images: false });
  const warnings: string[] = [];
  const settled = await settleAll(given, world, await look(), options, warnings, signal);
  const found = await findLeftovers(world, await look());
  if (found.length > 0 && !(await sure(found))) return undefined;
  const pace = createPacer(world.clock, removals);
  for (const one of found) {
    await pace(signal);
    await removeLeftover(world, one);
  }
  return { removed: found, settled, warnings };
}

async function settleAll(
  given: World,
  world: World,
  observed: Observed,
  options: GcOptions,
  warnings: string[],
  signal: AbortSignal,
): Promise<readonly string[]> {
  const shared = createShared(world);
  const watch = createWatch({ ...world, kube: given.kube }, () => 1_000, signal);
  const tell = (event: RolloutEvent) => {
    if (event.kind === 'warning') warnings.push(event.message);
  };
  const unproven = [...observed.records].filter(([, { record }]) => record.current?.secretsDeleted === false);
  const settled = await inParallel(unproven, settledAtOnce, async ([name, stored]) => {
    const journal = openJournal(world.store, world.cluster, name, stored);
    const worker = world.cluster.workers.find(one => one.name === name);
    const artifacts = () => world.artifactsOf(name);
    await settleUnproven({ world, name, worker, options, journal, shared, watch, signal, tell, artifacts });
    return journal.record().current?.secretsDeleted ? [name] : [];
  });
  return settled.flat();
}
