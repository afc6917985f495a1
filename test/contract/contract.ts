import { afterAll, describe, expect, type TestContext, test } from 'vitest';
import { CallError } from '../../src/diagnostics/call-error.ts';

/** Something that a port’s doc comment promises; throws where it does not hold. Worlds are shared: each keeps to names of its own. */
export type Behaviour<W> = { readonly name: string; readonly run: (world: W) => Promise<void> };

/** A server that stands for AWS, and where it does not do as AWS does: by the behaviour’s name, with the reason. */
export type Subject<W> = {
  readonly name: string;
  readonly create: () => Promise<W & { readonly close: () => Promise<void> }>;
  readonly deviations: Readonly<Record<string, string>>;
  /** Skips a test when what the server needs is not there. */
  readonly require?: (context: TestContext) => void;
};

/** One test for each behaviour. One that is said to deviate must do so: else its line in `deviations` is out of date. */
export function runContract<W>(behaviours: readonly Behaviour<W>[], subject: Subject<W>): void {
  const { name, create, deviations, require } = subject;
  describe(name, () => {
    let made: ReturnType<typeof create> | undefined;
    afterAll(async () => {
      const world = await made?.catch(() => undefined);
      await world?.close();
    });
    const inWorld = (run: Behaviour<W>['run']) => async (context: TestContext) => {
      require?.(context);
      made ??= create();
      await run(await made);
    };

    for (const { name: behaviour, run } of behaviours) {
      const reason = deviations[behaviour];
      if (reason === undefined) test(behaviour, inWorld(run));
      else test(`${behaviour} (deviates: ${reason})`, inWorld(deviating(behaviour, run)));
    }

    test('every deviation is one of a behaviour', () => {
      const known = behaviours.map(one => one.name);
      expect(Object.keys(deviations).filter(one => !known.includes(one))).toEqual([]);
    });
  });
}

function deviating<W>(behaviour: string, run: Behaviour<W>['run']): Behaviour<W>['run'] {
  return async world => {
    const held = await run(world).then(
      () => true,
      () => false,
    );
    expect(held, `no longer deviates: ${behaviour}`).toBe(false);
  };
}

/** The code and status with which a call was refused; fails when it was not. */
export async function refusal(work: Promise<unknown>): Promise<{ readonly code: string; readonly status: unknown }> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof CallError)) throw error ?? new Error('the call was not refused');
  return { code: error.code, status: error.status };
}

/** The same where several codes stand for one thing. */
export async function refusedWith(work: Promise<unknown>, ...codes: readonly string[]): Promise<void> {
  expect(codes).toContain((await refusal(work)).code);
}
