import type { Clock } from '../ports/clock.ts';

/** Waits until one more call may be made. */
export type Pacer = (signal?: AbortSignal) => Promise<void>;

/** RunInstances: five at once, then two a second, as EC2 refills its request tokens. */
export const launchPace = { burst: 5, perSecond: 2 };

/** First come, first served. `burst` calls at once, then `perSecond`. */
export function createPacer(clock: Clock, { burst, perSecond }: { burst: number; perSecond: number }): Pacer {
  const every = 1000 / perSecond;
  // The time at which the bucket would be full again; a call moves it on by one refill.
  let full = clock.now();
  return async signal => {
    const now = clock.now();
    full = Math.max(full, now) + every;
    const wait = full - now - burst * every;
    if (wait > 0) await clock.sleep(Math.ceil(wait), signal);
  };
}
