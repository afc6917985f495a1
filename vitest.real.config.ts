import { defineConfig } from 'vitest/config';

/** The checks against real programs (`make test-real`): they need root, Go and Debian packages, as test/lab/README.md says. */
export default defineConfig({
  test: {
    // On AWS itself only when asked to: it costs money.
    include: ['test/real/*.test.ts', ...(process.env.TEST_AWS === '1' ? ['test/real/aws/*.test.ts'] : [])],
    globalSetup: ['test/real/set-up.ts'],
    reporters: ['verbose'],
    testTimeout: 300_000,
    hookTimeout: 300_000,
    maxWorkers: 2,
  },
});
