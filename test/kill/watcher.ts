import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

export type Watched = {
  /** As on the node. */
  readonly path: string;
  readonly mode: number;
  readonly size: number | undefined;
  readonly secret: boolean;
};

export type Watcher = {
  /** How often it has looked at everything. */
  readonly rounds: () => number;
  /** What it has seen that must not be. */
  readonly stop: () => Promise<readonly string[]>;
};

/** Watches a root from another thread until it is stopped. */
export async function watch(root: string, watched: readonly Watched[]): Promise<Watcher> {
  const steer = new Int32Array(new SharedArrayBuffer(8));
  const worker = new Worker(new URL('./watch.mjs', import.meta.url), { workerData: { root, watched, steer } });
  await once(worker, 'message');
  return {
    rounds: () => Atomics.load(steer, 1),
    stop: async () => {
      const answer = once(worker, 'message') as Promise<[readonly string[]]>;
      Atomics.store(steer, 0, 1);
      const [found] = await answer;
      await worker.terminate();
      return found;
    },
  };
}
