/** Nanoseconds in Go's units of time; both signs of micro. */
const units: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1e3,
  µs: 1e3,
  μs: 1e3,
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  h: 3600e9,
};

export const second = 1e9;

/** Nanoseconds of a duration as Go's time.ParseDuration reads it: "1h30m", "-1.5s", "0"; undefined when it does not. */
export function parseDuration(text: string): number | undefined {
  const [, sign, rest] = /^([+-]?)(.*)$/s.exec(text) ?? [];
  if (rest === '0') return 0;
  if (!rest || !/^(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+$/.test(rest)) return undefined;
  let sum = 0;
  for (const [, number, unit] of rest.matchAll(/([\d.]+)([a-zµμ]+)/g))
    sum += Number(number) * (units[unit ?? ''] ?? Number.NaN);
  // More than an int64 holds is refused.
  return sum >= 2 ** 63 ? undefined : Math.trunc(sign === '-' ? -sum : sum);
}

const powers: Readonly<Record<string, number>> = {
  '': 1,
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

/** The number that a Kubernetes quantity stands for: "100Mi", "0.5", "2e3"; undefined when it is none. */
export function parseQuantity(text: string): number | undefined {
  const [, number, suffix = ''] = /^([+-]?(?:\d+\.?\d*|\.\d+))(.*)$/s.exec(text) ?? [];
  if (number === undefined) return undefined;
  if (/^[eE][+-]?\d+$/.test(suffix)) return Number(`${number}${suffix}`);
  const power = Object.hasOwn(powers, suffix) ? powers[suffix] : undefined;
  return power === undefined ? undefined : Number(number) * power;
}

/** A percentage as the eviction manager reads it ("10%", "7.5%"), as a number of percent. */
export function parsePercentage(text: string): number | undefined {
  const number = text.replace(/%+$/, '');
  return /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(number) ? Number(number) : undefined;
}

/** What strconv.ParseBool takes. */
export function isGoBool(text: string): boolean {
  return ['1', 't', 'T', 'true', 'TRUE', 'True', '0', 'f', 'F', 'false', 'FALSE', 'False'].includes(text);
}
