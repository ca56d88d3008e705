/** The usual scenario of stories: a workspace with its people, a bot in it, and a small catalog. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, inject } from 'vitest';
import type { Running } from '../../src/main.ts';
import { type Seed, seed } from '../local-slack/seed.ts';
import { openWorkspace, type Workspace } from '../local-slack/workspace.ts';
import { type BotOptions, type Mode, startBot } from './bot.ts';
import { createDatabase, type TestDatabase } from './database.ts';
import { watchChannels } from './private-channels.ts';

export const catalog = `services:
  - slug: payments
    name: Payments API
    description: Charges, refunds and payouts
    docs: https://docs.acme.example/payments
  - slug: ledger
    name: Ledger API
    description: Double-entry bookkeeping
  - slug: search
    name: Search API
    description: Finds products
    approval: auto
  - slug: mainframe
    name: Mainframe Gateway
    registration: disabled
`;

export type Scenario = AsyncDisposable & {
  workspace: Workspace;
  database: TestDatabase;
  bot: Running;
  /** The catalog file of its bots. */
  catalogFile: string;
  /** Lists who has read of a private channel that they cannot see, since this was asked last. */
  channelsRead(): string[];
  /** Starts another bot in the same scenario: a replica, or the one after a restart. */
  startAnother(env?: Record<string, string>): Promise<Running>;
};

/** `bots: 0` opens it without a bot, for tests that start the bot as a process. */
export type Setting = BotOptions & {
  bots?: 0;
  mode?: Mode;
  env?: Record<string, string>;
  catalog?: string;
  seed?: Seed;
  /** How long Slack waits for an acknowledgement, in milliseconds, if not for three seconds. */
  ackWithin?: number;
  /** Whether Slack enforces its rate limits. */
  limited?: boolean;
  /** How Slack limits the reading of histories, if it does (slack-server.ts). */
  historyLimit?: { messages: number; seconds: number };
  /** Returns the URL that the bots reach the database at, such as a proxy's. */
  reach?: (url: string) => Promise<string>;
  /** What the bots find; an empty one if not said. */
  database?: () => Promise<TestDatabase>;
};

/**
 * Opens a scenario. Disposing it expects that the bot did not violate Slack's protocol, and that no one has read of a private
 * channel that they cannot see.
 */
export async function openScenario(setting: Setting = {}): Promise<Scenario> {
  const { mode = 'socket', env = {}, now, machineTime, reconcileAt, socketMode, gatewayTimeout, log } = setting;
  const folder = await mkdtemp(join(inject('scratch'), 'scenario-'));
  const file = join(folder, 'catalog.yaml');
  await writeFile(file, setting.catalog ?? catalog);
  const database = await (setting.database ?? createDatabase)();
  const url = (await setting.reach?.(database.url)) ?? database.url;
  const workspace = await openWorkspace({
    seed: setting.seed ?? seed(),
    rateLimits: setting.limited ?? false,
    ...(setting.historyLimit ? { historyLimit: setting.historyLimit } : {}),
    ...(setting.ackWithin ? { ackWithin: setting.ackWithin } : {}),
    ...(now ? { now: () => now().getTime() } : {}),
  });
  const channelsRead = watchChannels(workspace);
  const bots: Running[] = [];
  const startAnother = async (more: Record<string, string> = {}): Promise<Running> => {
    const bot = await startBot(
      workspace,
      mode,
      { DATABASE_URL: url, CATALOG_FILE: file, ...env, ...more },
      { now, machineTime, reconcileAt, socketMode, gatewayTimeout, log },
    );
    bots.push(bot);
    return bot;
  };
  if (setting.bots === undefined) await startAnother();
  return {
    workspace,
    database,
    get bot() {
      const [first] = bots;
      if (!first) throw new Error('this scenario has no bot');
      return first;
    },
    catalogFile: file,
    channelsRead,
    startAnother,
    async [Symbol.asyncDispose]() {
      const unseen = channelsRead();
      for (const one of bots) await one.stop();
      await workspace[Symbol.asyncDispose]();
      await database[Symbol.asyncDispose]();
      await rm(folder, { recursive: true });
      expect(workspace.protocolViolations).toEqual([]);
      expect(unseen).toEqual([]);
    },
  };
}
