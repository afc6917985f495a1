import { defineConfig } from 'vitest/config';

/** The proof on machines (a part of `make test-real`): one after the other, and nothing beside them; test/lab/README.md says what they need. */
export default defineConfig({
  test: {
    include: ['test/machines/*.test.ts'],
    globalSetup: ['test/real/set-up.ts'],
    reporters: ['verbose'],
    fileParallelism: false,
    testTimeout: 900_000,
    hookTimeout: 120_000,
  },
});
