/** Numbers that follow from a seed alone. */
export type Dice = {
  /** A whole number from 0 on; 0 when there is no other. */
  readonly below: (end: number) => number;
  readonly flip: () => boolean;
  readonly pick: <T>(from: readonly T[]) => T;
  readonly some: <T>(from: readonly T[], most: number) => readonly T[];
};

/** mulberry32. */
export function diceOf(seed: number): Dice {
  let state = Math.imul(seed, 0x9e3779b1) >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t;
    return (t ^ (t >>> 14)) >>> 0;
  };
  const below = (end: number) => (end < 1 ? 0 : next() % end);
  const pick = <T>(from: readonly T[]) => from[below(from.length)] as T;
  return {
    below,
    flip: () => below(2) === 0,
    pick,
    some: (from, most) => Array.from({ length: below(most + 1) }, () => pick(from)),
  };
}
