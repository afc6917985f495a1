import { instanceArn } from '../emit/secrets-url.ts';
import type { ImageView, SubnetView } from '../ports/compute.ts';
import { createPacer, launchPace, type Pacer } from './pace.ts';
import { type StagedEntry, writeStagedManifest } from './staged-manifest.ts';
import type { World } from './world.ts';

/** What all workers of a rollout share: facts asked for once, the pace of calls, the manifest. */
export type Shared = {
  readonly image: (reference: string) => Promise<ImageView>;
  readonly subnet: (subnetId: string) => Promise<SubnetView>;
  readonly arnOf: (instanceId: string) => Promise<string>;
  readonly launchPace: Pacer;
  readonly consolePace: Pacer;
  /** Returns when the manifest has the entry. Entries that come while it is being written go together. */
  readonly staged: (entry: StagedEntry) => Promise<void>;
};

/** Console output is asked for one instance at a time, within what EC2 allows of such calls (20 a second). */
const consoleRate = { burst: 20, perSecond: 10 };

export function createShared(world: World): Shared {
  const { cluster, compute, clock } = world;
  const caller = once(() => compute.caller());
  return {
    image: memo(reference => compute.image(reference)),
    subnet: memo(subnetId => compute.subnet(subnetId)),
    arnOf: async instanceId => instanceArn(cluster, (await caller()).accountId, instanceId),
    launchPace: createPacer(clock, launchPace),
    consolePace: createPacer(clock, consoleRate),
    staged: batched(entries => writeStagedManifest(world.store, cluster, entries)),
  };
}

/** One call a key; what failed is asked again. */
function memo<R>(call: (key: string) => Promise<R>): (key: string) => Promise<R> {
  const known = new Map<string, Promise<R>>();
  return key => {
    const found = known.get(key) ?? call(key);
    known.set(key, found);
    found.catch(() => known.delete(key));
    return found;
  };
}

/** Asked for at most once, as long as it does not fail. */
export function once<R>(call: () => Promise<R>): () => Promise<R> {
  const asked = memo(call);
  return () => asked('');
}

/** Calls with everything that came since the last call began; one call at a time. */
function batched<T>(call: (items: readonly T[]) => Promise<unknown>): (item: T) => Promise<void> {
  let running: Promise<unknown> = Promise.resolve();
  let next: { readonly items: T[]; readonly done: Promise<void> } | undefined;
  return item => {
    if (next) {
      next.items.push(item);
      return next.done;
    }
    const items = [item];
    const start = async () => {
      next = undefined;
      await call(items);
    };
    const done = running.then(start, start);
    running = done.catch(() => undefined);
    next = { items, done };
    return done;
  };
}
