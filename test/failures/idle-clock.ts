import type { VirtualClock } from '../../src/local/cloud/clock.ts';

export type IdleClock = VirtualClock & {
  /** Something happens that a clock cannot see: a request on a socket, in either direction. */
  readonly stir: () => void;
};

/**
 * Virtual time for a command and a cloud that speak over sockets: it jumps to where the first sleeper wakes once nothing has
 * stirred for `quiet` real milliseconds. A jump that comes too early is a slow network, and no more.
 */
export function createIdleClock(start: number, quiet = 3): IdleClock {
  const sleepers: { readonly at: number; readonly wake: () => void }[] = [];
  let now = start;
  let held = 0;
  let stirred = 0;
  let running = false;

  const run = async () => {
    if (running) return;
    running = true;
    while (sleepers.length > 0) {
      await new Promise(resolve => setTimeout(resolve, quiet));
      if (held > 0 || performance.now() - stirred < quiet) continue;
      sleepers.sort((a, b) => a.at - b.at);
      const next = sleepers.shift();
      if (!next) break;
      now = Math.max(now, next.at);
      stirred = performance.now();
      next.wake();
    }
    running = false;
  };

  const sleep: VirtualClock['sleep'] = (milliseconds, signal) =>
    new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const sleeper = { at: now + Math.max(0, milliseconds), wake: () => settle(resolve) };
      const stop = () => {
        sleepers.splice(sleepers.indexOf(sleeper), 1);
        settle(() => reject(signal?.reason));
      };
      const settle = (end: () => void) => {
        signal?.removeEventListener('abort', stop);
        end();
      };
      signal?.addEventListener('abort', stop);
      sleepers.push(sleeper);
      void run();
    });

  return {
    now: () => now,
    sleep,
    advance: milliseconds => sleep(milliseconds),
    stir() {
      stirred = performance.now();
    },
    async during(work) {
      held++;
      try {
        return await work;
      } finally {
        held--;
        stirred = performance.now();
      }
    },
  };
}
