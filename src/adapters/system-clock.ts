import { setTimeout as pass } from 'node:timers/promises';
import type { Clock } from '../ports/clock.ts';

/** The machine’s own clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  sleep: async (milliseconds, signal) => {
    try {
      await pass(milliseconds, undefined, signal && { signal });
    } catch (error) {
      throw signal?.aborted ? signal.reason : error;
    }
  },
};
