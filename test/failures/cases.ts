import { expect, test } from 'vitest';
import { codeIn, expectText } from './texts.ts';
import { type FailureWorld, failureWorld, type WorldOptions } from './world.ts';

export type FailureCase = {
  /** Of the list of failures in CONTRIBUTING, and what happens; the golden text has this name. */
  readonly name: string;
  readonly world?: WorldOptions;
  /** Brings it about, in a world where nothing was done yet. */
  readonly provoke: (world: FailureWorld) => unknown;
  /** Undefined: `apply --wait booted --yes`. */
  readonly argv?: readonly string[];
  /** More of the same command. */
  readonly options?: readonly string[];
  readonly code: string;
  /** Exit code (default 1). */
  readonly exit?: number;
  /** Instances that live after it (default 0). */
  readonly live?: number;
  /** What else must hold after the failure. */
  readonly check?: (world: FailureWorld) => unknown;
  /** Ends the cause; by default faults, meddling and strange boots end. */
  readonly mend?: (world: FailureWorld) => unknown;
  /** Diagnostics of files are as wide as they are. */
  readonly wide?: boolean;
  /** False: the same command again has nothing to do with it. */
  readonly rerun?: boolean;
};

const applying = ['apply', '--wait', 'booted', '--yes'];

/**
 * Each is told in words and, the second time, as one JSON document with the code; leaves no two instances, no lock and no
 * worker half done; and the same command does its work once the cause is mended.
 */
export function testFailures(cases: readonly FailureCase[]): void {
  for (const one of cases)
    test(one.name, async () => {
      const world = await failureWorld(one.world);
      const argv = [...(one.argv ?? applying), ...(one.options ?? [])];
      await one.provoke(world);
      const told = await world.run(...argv);
      expect(told.code, told.err).toBe(one.exit ?? 1);
      await expectText(one.name, argv, told, one.wide);
      await expectSound(world, one.live ?? 0);
      await one.check?.(world);
      const again = await world.run(...argv, '--json');
      expect([again.code, codeIn(again)], again.err).toEqual([one.exit ?? 1, one.code]);
      if (one.rerun === false) return;
      world.mend();
      await one.mend?.(world);
      const mended = await world.run(...argv, '--accept-capacity-risk');
      expect(mended.code, `${mended.err}${mended.out}`).toBe(0);
      await expectSound(world, 1);
      expect(await world.staged()).toBe(0);
    });
}

export async function expectSound(world: FailureWorld, live: number): Promise<void> {
  await world.clock.sleep(90_000);
  const { s3, ec2, violations } = world.cloud;
  expect(JSON.stringify(s3.snapshot()).includes('/lock.json'), 'the lock is not given back').toBe(false);
  expect(violations()).toEqual([]);
  expect(ec2.machines()).toHaveLength(live);
}
