import { defineConfig } from 'vitest/config';

/** The long storms, which are no part of `npm test`: `npm run test:storm`. */
export default defineConfig({
  test: {
    include: ['test/storm/*.storm.ts'],
    globalSetup: 'test/support/postgres.ts',
    pool: 'forks',
    testTimeout: 280_000,
    hookTimeout: 30_000,
  },
});
