import { globSync, readFileSync } from 'node:fs';
import { defineConfig } from 'vitest/config';

/** What takes long by its nature has a script of its own. Everything else, also a new folder, is part of `npm test`. */
const long = {
  faults: ['test/faults/**/*.test.ts'],
  operations: ['test/operations/**/*.test.ts', 'test/property/**/*.test.ts'],
  browser: ['test/browser/**/*.test.ts'],
  storm: ['test/storm/*.storm.ts'],
};

/** Stories that are told in both modes: over Socket Mode with each change, over HTTP by a script of its own. */
const toldInBothModes = globSync('test/stories/*.test.ts').filter((file) =>
  readFileSync(file, 'utf8').includes('each(storyModes)'),
);

const common = {
  pool: 'forks',
  // Stories mostly wait for the bot, the database and each other, and the modules are loaded once a worker.
  isolate: false,
  // Limits end what hangs; they judge no speed. The longest test takes less than a quarter of it.
  testTimeout: 120_000,
  hookTimeout: 120_000,
} as const;

export default defineConfig({
  test: {
    // One PostgreSQL for all projects.
    globalSetup: 'test/support/postgres.ts',
    // Stories make much that is soon forgotten: with the usual room for it, a tenth of the time went into clearing up.
    execArgv: ['--max-semi-space-size=32'],
    maxWorkers: 4,
    maxConcurrency: 3,
    projects: [
      {
        test: {
          ...common,
          name: 'change',
          include: ['test/**/*.test.ts'],
          exclude: Object.values(long).flat(),
          env: { STORIES_OVER: 'socket' },
        },
      },
      { test: { ...common, name: 'http', include: toldInBothModes, env: { STORIES_OVER: 'http' } } },
      { test: { ...common, name: 'faults', include: long.faults } },
      { test: { ...common, name: 'operations', include: long.operations } },
      { test: { ...common, name: 'browser', include: long.browser } },
      // Alone, after all others: twenty people keep a machine busy.
      {
        test: { ...common, name: 'storm', include: long.storm, testTimeout: 280_000, sequence: { groupOrder: 1 } },
      },
    ],
  },
});
