const units = { s: 1_000, m: 60_000, h: 3_600_000 } as const;

/** `900s`, `15m` or `1h` in milliseconds; undefined for anything else, and for nothing. */
export function parseDuration(text: string): number | undefined {
  const [, count, unit] = /^([1-9]\d{0,5})([smh])$/.exec(text) ?? [];
  return count === undefined ? undefined : Number(count) * units[unit as keyof typeof units];
}
