import fc from 'fast-check';
import { expect, test } from 'vitest';
import { leastMoved, tooLarge } from '../src/emit/overflow.ts';
import { userDataLimit } from '../src/emit/user-data.ts';

test('the least number of files moves, found in a handful of tries', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(4000), { maxLength: 60 }), fc.nat(20_000), async (sizes, fixed) => {
      const sorted = sizes.sort((a, b) => b - a);
      const sizeWith = (moved: number) => fixed + sorted.slice(moved).reduce((sum, size) => sum + size, 0);
      let tries = 0;
      const found = await leastMoved(sorted.length, async moved => {
        tries += 1;
        return sizeWith(moved);
      });
      const expected = sorted.findIndex((_, moved) => sizeWith(moved) <= userDataLimit);
      expect(found).toBe(expected === -1 ? sorted.length : expected);
      expect(tries).toBeLessThanOrEqual(8);
    }),
  );
});

test('the sizes are in bytes, and readable', () => {
  const sizes = { whole: 20_000, keys: 27_467, bootProgram: 15_283, manifest: 999, files: 0 };
  const { message } = tooLarge({ file: 'cluster.yaml' } as never, 'worker-0', sizes);
  expect(message).toContain(
    'before it: 27,467 bytes of cloud-config with your cloudInit, 15,283 bytes of the boot program',
  );
  expect(message).toContain('999 bytes of its manifest');
});
