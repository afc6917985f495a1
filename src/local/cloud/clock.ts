import { setMaxListeners } from 'node:events';
import type { Clock } from '../../ports/clock.ts';

/** A clock whose time passes only by sleeping. */
export type VirtualClock = Clock & {
  /** Lets this much time pass, and everything happen that is due in it. */
  readonly advance: (milliseconds: number) => Promise<void>;
  /** Time stands still until this work, which takes real time (a process, a connection), is done. */
  readonly during: <T>(work: Promise<T>) => Promise<T>;
};

type Sleeper = { readonly at: number; readonly wake: () => void };

/** Rounds of the event loop in which nothing may happen before time passes: file reads and streams take one or two. */
const quietRounds = 3;

/**
 * Virtual time from `start` on, in milliseconds since 1970. When nothing else can run (promises are settled, callbacks have
 * been called), time jumps to where the first sleeper wakes, so that hours pass in milliseconds; sleepers of one moment
 * wake in the order in which they fell asleep.
 */
export function createVirtualClock(start: number): VirtualClock {
  const sleepers: Sleeper[] = [];
  let now = start;
  let running = false;
  let held = 0;

  const run = async () => {
    if (running) return;
    running = true;
    for (;;) {
      for (let round = 0; round < quietRounds; round++) await new Promise(resolve => setImmediate(resolve));
      const next = sleepers[0];
      if (!next || held > 0) break;
      sleepers.shift();
      now = Math.max(now, next.at);
      next.wake();
    }
    running = false;
  };

  const sleep: Clock['sleep'] = (milliseconds, signal) =>
    new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const sleeper = {
        at: now + Math.max(0, milliseconds),
        wake() {
          signal?.removeEventListener('abort', stop);
          resolve();
        },
      };
      const stop = () => {
        sleepers.splice(sleepers.indexOf(sleeper), 1);
        reject(signal?.reason);
      };
      // Any number of sleepers may hang on one signal.
      if (signal) setMaxListeners(0, signal);
      signal?.addEventListener('abort', stop, { once: true });
      insert(sleepers, sleeper);
      void run();
    });

  return {
    now: () => now,
    sleep,
    advance: milliseconds => sleep(milliseconds),
    async during(work) {
      held++;
      try {
        return await work;
      } finally {
        held--;
        void run();
      }
    },
  };
}

/** Behind those that wake earlier or at the same moment; found by halving, as there may be thousands. */
function insert(sleepers: Sleeper[], sleeper: Sleeper): void {
  let low = 0;
  let high = sleepers.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sleepers[middle] as Sleeper).at <= sleeper.at) low = middle + 1;
    else high = middle;
  }
  sleepers.splice(low, 0, sleeper);
}
