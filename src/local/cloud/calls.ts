import { CallError, type CalledService } from '../../diagnostics/call-error.ts';
import type { CloudOptions } from './cloud.ts';
import { faultsOf, statusOf } from './fault-rules.ts';
import { createTokenBuckets, requestRate, resourceRate } from './token-buckets.ts';

/** A call as AWS names it; what is only tried has a name of its own, so that a fault for the real thing spares it. */
export type Call = { readonly service: CalledService; readonly name: string };

/** The one place through which every call to the embedded cloud goes. */
export type Calls = {
  /**
   * Watched, throttled, hit by faults, carried out, watched again. `resources`: how many instances it starts or ends, for
   * the second kind of EC2’s limits.
   */
  readonly perform: <T>(call: Call, operation: () => T | Promise<T>, resources?: number) => Promise<T>;
  /** How often each call was made, those that failed included. */
  readonly counts: () => Readonly<Record<string, number>>;
};

/** Faults count the calls since the cloud began. */
export function createCalls(options: Pick<CloudOptions, 'clock' | 'throttled' | 'faults' | 'watch'>): Calls {
  const { clock, faults, watch } = options;
  const requests = createTokenBuckets(requestRate, clock.now);
  const resources = createTokenBuckets(name => resourceRate(name) ?? requestRate(name), clock.now);
  const counts: Record<string, number> = {};

  const throttle = (call: Call, count: number) => {
    if (!options.throttled || call.service !== 'EC2') return;
    const name = call.name.replace(/:.*/, '');
    const within = requests.take(name) && (count === 0 || !resourceRate(name) || resources.take(name, count));
    if (!within) throw failure(call, 'RequestLimitExceeded', 'Request limit exceeded.');
  };

  const carryOut = async <T>(call: Call, operation: () => T | Promise<T>, count: number): Promise<T> => {
    throttle(call, count);
    const effects = faultsOf(faults, call.name, counts[call.name] ?? 0);
    for (const effect of effects) {
      if (effect.kind === 'delay') await clock.sleep(effect.milliseconds);
      if (effect.kind === 'error')
        throw failure(call, effect.code, effect.message ?? 'A fault that was asked for.', effect.status);
    }
    const result = await operation();
    if (effects.some(({ kind }) => kind === 'lost'))
      throw failure(call, 'NoResponse', 'The connection was closed before an answer came.');
    return result;
  };

  return {
    async perform(call, operation, count = 0) {
      counts[call.name] = (counts[call.name] ?? 0) + 1;
      await watch?.before?.(call.name);
      const outcome = await settle(carryOut(call, operation, count));
      await watch?.after?.(call.name);
      if ('failed' in outcome) throw outcome.failed;
      return outcome.result;
    },
    counts: () => ({ ...counts }),
  };
}

async function settle<T>(work: Promise<T>): Promise<{ readonly result: T } | { readonly failed: unknown }> {
  try {
    return { result: await work };
  } catch (failed) {
    return { failed };
  }
}

/** What the service answers, with the HTTP status that goes with the code. */
export function failure(call: Call, code: string, message: string, status = statusOf(code)): CallError {
  return new CallError(call.service, call.name.replace(/:.*/, ''), code, message, status);
}
