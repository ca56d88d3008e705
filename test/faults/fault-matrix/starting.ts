/** The rows of starting: a connection to Slack is made though Slack is not well, or once it is. */
import { setImmediate as turn } from 'node:timers/promises';
import { expect } from 'vitest';
import { readConfig } from '../../../src/config.ts';
import { createHttpClient } from '../../../src/http-client.ts';
import { createLog } from '../../../src/observability/log.ts';
import { createMetrics } from '../../../src/observability/metrics.ts';
import { createSlack } from '../../../src/slack/slack.ts';
import { environment } from '../../support/bot.ts';
import type { Act } from './rows.ts';
import type { Story } from './story.ts';

/** In Socket Mode, next to a bot that receives everything over HTTP. A refused start may be retried. */
export async function startsSlack({ workspace }: Story): Promise<Act> {
  const read = readConfig(environment(workspace, 'socket', { DATABASE_URL: 'postgres://127.0.0.1/none' }));
  if (!read.ok) throw new Error(JSON.stringify(read.mistakes));
  const metrics = createMetrics(
    () => undefined,
    () => new Date(),
  );
  const slack = createSlack(read.config, createLog('silent'), metrics, createHttpClient(), async () => 1);
  let started: Promise<boolean>;
  return {
    act: async () => {
      started = slack.start().then(
        () => true,
        () => false,
      );
      await turn();
    },
    afterwards: async () => {
      if (!(await started)) await slack.start();
      expect(slack.connected()).toBe(true);
      await slack.stop(1);
    },
  };
}
