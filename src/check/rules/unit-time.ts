/** Milliseconds of each unit that systemd.time(7) knows for a span. */
const units: readonly (readonly [RegExp, number])[] = [
  [/^(?:usec|us|µs|μs)$/, 0.001],
  [/^(?:msec|ms)$/, 1],
  [/^(?:seconds?|sec|s|)$/, 1000],
  [/^(?:minutes?|min|m)$/, 60_000],
  [/^(?:hours?|hr|h)$/, 3_600_000],
  [/^(?:days?|d)$/, 86_400_000],
  [/^(?:weeks?|w)$/, 604_800_000],
  [/^(?:months?|M)$/, 2_629_800_000],
  [/^(?:years?|y)$/, 31_557_600_000],
];

/** A span of systemd ("5", "1min 30s", "infinity") in milliseconds; undefined when it is none. */
export function parseSpan(text: string): number | undefined {
  if (text.trim() === 'infinity') return Number.POSITIVE_INFINITY;
  const part = /(\d+(?:\.\d+)?)\s*([a-zA-Zµμ]*)/g;
  if (!/\d/.test(text) || text.replaceAll(part, '').trim() !== '') return undefined;
  let sum = 0;
  for (const [, amount, unit = ''] of text.matchAll(part)) {
    const factor = units.find(([name]) => name.test(unit))?.[1];
    if (factor === undefined) return undefined;
    sum += Number(amount) * factor;
  }
  return sum;
}
