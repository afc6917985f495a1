/** How many requests at once, and how many a second after that. */
export type Rate = { readonly size: number; readonly perSecond: number };

/** Fills up with time; `take` says whether there was a token (or `count` of them). */
export type TokenBuckets = { readonly take: (name: string, count?: number) => boolean };

/**
 * Amazon EC2 Developer Guide, “Request throttling for the Amazon EC2 API”: request token buckets of one account in one
 * region, each call with its own.
 */
const requests: Readonly<Record<string, Rate>> = {
  RunInstances: { size: 5, perSecond: 2 },
  TerminateInstances: { size: 100, perSecond: 5 },
  CreateTags: { size: 100, perSecond: 10 },
  DeleteTags: { size: 100, perSecond: 10 },
  CreateNetworkInterface: { size: 100, perSecond: 5 },
  ModifyNetworkInterfaceAttribute: { size: 100, perSecond: 5 },
  DeleteNetworkInterface: { size: 100, perSecond: 5 },
};
const nonMutating: Rate = { size: 100, perSecond: 20 };
const mutating: Rate = { size: 50, perSecond: 5 };

/** The same page, “Resource rate limiting”: what RunInstances and TerminateInstances bring about, by instances. */
const resources: Readonly<Record<string, Rate>> = {
  RunInstances: { size: 1000, perSecond: 2 },
  TerminateInstances: { size: 1000, perSecond: 20 },
};

/** The request rate of a call of EC2. */
export function requestRate(call: string): Rate {
  return requests[call] ?? (/^(Describe|Get|List|Search)/.test(call) ? nonMutating : mutating);
}

/** The rate of instances that a call starts or ends; undefined: it does neither. */
export function resourceRate(call: string): Rate | undefined {
  return resources[call];
}

/** Buckets by name, full at first. `now`: milliseconds. */
export function createTokenBuckets(rateOf: (name: string) => Rate, now: () => number): TokenBuckets {
  const buckets = new Map<string, { tokens: number; at: number }>();
  return {
    take(name, count = 1) {
      const { size, perSecond } = rateOf(name);
      const at = now();
      const before = buckets.get(name) ?? { tokens: size, at };
      const tokens = Math.min(size, before.tokens + ((at - before.at) / 1000) * perSecond);
      // A hair’s breadth for what fractions of seconds lose.
      const enough = tokens + 1e-9 >= count;
      buckets.set(name, { tokens: enough ? tokens - count : tokens, at });
      return enough;
    },
  };
}
