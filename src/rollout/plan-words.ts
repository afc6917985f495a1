const day = 86_400_000;

/** Whole days until an ISO 8601 moment; negative once it has passed. */
export function daysUntil(moment: string, now: number): number {
  return Math.floor((Date.parse(moment) - now) / day);
}

/** `2026-11-25` of an ISO 8601 moment. */
export function dayOf(moment: string): string {
  return moment.slice(0, 10);
}

/** `a, b and 3 more`. */
export function listed(names: readonly string[], most: number): string {
  if (names.length <= most)
    return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
  return `${names.slice(0, most).join(', ')} and ${names.length - most} more`;
}

/** How long ago, in one unit: `40 s`, `12 m`, `5 h`, `3 d`. */
export function agoOf(then: number, now: number): string {
  const seconds = Math.max(0, Math.floor((now - then) / 1000));
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7200) return `${Math.floor(seconds / 60)} m`;
  if (seconds < 172_800) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86_400)} d`;
}
