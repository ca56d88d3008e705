import { defineConfig } from 'vitest/config';
import { isCutConnection } from './src/db/driver-patches.ts';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: 'test/support/postgres.ts',
    pool: 'forks',
    // Stories make much that is soon forgotten: with the usual room for it, a tenth of the time went into clearing up.
    execArgv: ['--max-semi-space-size=32'],
    // Stories mostly wait for the bot, the database and each other.
    isolate: false,
    maxWorkers: 4,
    maxConcurrency: 6,
    // What the program survives (src/main.ts) is no failure of a bot that runs inside the tests; everything else is.
    onUnhandledError: (error) => !isCutConnection(error),
    testTimeout: 20_000,
    hookTimeout: 30_000,
  },
});
