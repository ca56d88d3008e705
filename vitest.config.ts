import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: 'test/support/postgres.ts',
    pool: 'forks',
    // Stories mostly wait for the bot, the database and each other.
    isolate: false,
    maxWorkers: 4,
    maxConcurrency: 6,
    testTimeout: 20_000,
    hookTimeout: 30_000,
  },
});
