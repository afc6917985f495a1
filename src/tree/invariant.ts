/** Throws when a thing holds not that this code relies on: a bug of firstboot, never bad input. */
export function invariant(condition: unknown, what: string): asserts condition {
  if (!condition) throw new Error(`invariant broken: ${what} (a bug in firstboot, please report it)`);
}
