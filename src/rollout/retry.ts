import { CallError } from '../diagnostics/call-error.ts';
import type { Clock } from '../ports/clock.ts';
import { sha256 } from '../tree/digest.ts';
import type { World } from './world.ts';

/** How long a call is tried again, in milliseconds. */
export type RetryLimits = { readonly throttled: number; readonly unanswered: number };

export const retryLimits: RetryLimits = { throttled: 300_000, unanswered: 90_000 };

const throttling = new Set([
  'RequestLimitExceeded',
  'Throttling',
  'ThrottlingException',
  'ThrottledException',
  'RequestThrottled',
  'TooManyRequests',
  'TooManyRequestsException',
  'SlowDown',
  'EC2ThrottledException',
  'BandwidthLimitExceeded',
  'PriorRequestNotComplete',
]);
/** Nothing was done, or what was done is found by the same token or condition when it is asked for again. */
const passing = new Set([
  'NoResponse',
  'InternalError',
  'InternalFailure',
  'InternalServerError',
  'ServiceUnavailable',
  'Unavailable',
  'RequestTimeout',
  'ConditionalRequestConflict',
  'OperationAborted',
  'ServerTimeout',
  'Timeout',
]);
const nameless = new Set(['', 'Unknown']);
const firstPause = 200;
const longestPause = 20_000;

export function isThrottling(error: CallError): boolean {
  return throttling.has(error.code);
}

/** Capacity errors have status 500 too and are for the caller to decide. What has no code of a service is of something in between. */
export function isPassing(error: CallError): boolean {
  return passing.has(error.code) || (nameless.has(error.code) && (error.status ?? 0) >= 500);
}

/**
 * Calls until it answers: throttled and unanswered calls again, with growing pauses of which a half is jitter (by hash, so that
 * a run can be repeated), until the limit; then the last error is thrown.
 */
export async function retried<R>(
  call: () => Promise<R>,
  clock: Clock,
  seed: string,
  signal?: AbortSignal,
  limits: RetryLimits = retryLimits,
): Promise<R> {
  const start = clock.now();
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof CallError)) throw error;
      const limit = isThrottling(error) ? limits.throttled : isPassing(error) ? limits.unanswered : 0;
      const pause = pauseAfter(attempt, seed);
      if (clock.now() + pause - start > limit) throw error;
      await clock.sleep(pause, signal);
    }
  }
}

function pauseAfter(attempt: number, seed: string): number {
  const full = Math.min(firstPause * 2 ** attempt, longestPause);
  const share = Number.parseInt(sha256(`${seed}\0${attempt}`).slice(0, 8), 16) / 0xffff_ffff;
  return Math.round(full / 2 + (full / 2) * share);
}

/** The same world whose every call is tried again as above. `seed`: the run, so that two runs do not beat in step. */
export function retrying<W extends Pick<World, 'compute' | 'store' | 'kube' | 'clock'>>(
  world: W,
  seed: string,
  signal?: AbortSignal,
): W {
  let calls = 0;
  const wrap = <P extends object>(port: P): P =>
    Object.fromEntries(
      Object.entries(port).map(([name, method]) => [
        name,
        typeof method !== 'function'
          ? method
          : (...parameters: readonly unknown[]) => {
              calls += 1;
              const one = `${seed} ${name} ${calls}`;
              return retried(() => method.apply(port, parameters), world.clock, one, signal);
            },
      ]),
    ) as P;
  return {
    ...world,
    compute: wrap(world.compute),
    store: wrap(world.store),
    kube: world.kube && wrap(world.kube),
  };
}
