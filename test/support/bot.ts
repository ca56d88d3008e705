/** Starts the bot under test: the real one, against the local Slack and a real PostgreSQL. */
import { readConfig } from '../../src/config.ts';
import { type Running, startRegistrar } from '../../src/main.ts';
import { createLog, type Log } from '../../src/observability/log.ts';
import type { SocketModeTimings } from '../../src/slack/socket-mode/receiver.ts';
import type { Workspace } from '../local-slack/workspace.ts';

export type Mode = 'socket' | 'http';

export const modes = ['socket', 'http'] as const satisfies Mode[];

/**
 * The modes that most stories are told in: what people see is the same in both. `npm test` tells them over Socket Mode, and the
 * main ones over both; `npm run test:http` tells them over HTTP (vitest.config.ts).
 */
export const storyModes = modes.filter((mode) => mode === (process.env.STORIES_OVER ?? mode));

/** Returns the environment of a bot that is the app of a workspace. */
export function environment(
  workspace: Workspace,
  mode: Mode,
  more: Record<string, string> = {},
): Record<string, string> {
  return {
    SLACK_BOT_TOKEN: workspace.botToken,
    ...(mode === 'socket'
      ? { SLACK_APP_TOKEN: workspace.appToken }
      : { SLACK_SIGNING_SECRET: workspace.signingSecret }),
    SLACK_API_URL: workspace.apiUrl,
    ADMIN_CHANNEL: workspace.channel('api-requests').id,
    HOST: '127.0.0.1',
    PORT: '0',
    // People in tests are faster than the rate limit allows.
    MAX_ACTS_PER_PERSON: '100000',
    MAX_REQUESTS_PER_HOUR: '100000',
    MAX_APPLICATIONS_PER_PERSON: '100000',
    LOG_LEVEL: process.env.LOG_LEVEL ?? 'silent',
    ...more,
  };
}

/** What a test can replace: the clock, the schedule of reconciliation, the timings of connections, and the log. */
export type BotOptions = {
  now?: (() => Date) | undefined;
  /** The machine's clock, in milliseconds. */
  machineTime?: (() => number) | undefined;
  reconcileAt?: string | undefined;
  socketMode?: SocketModeTimings | undefined;
  /** How long a gateway may take to answer, in milliseconds. */
  gatewayTimeout?: number | undefined;
  /** Where it logs, if not to standard output. */
  log?: Log | undefined;
};

/** Starts a bot, and makes the workspace deliver to it. */
export async function startBot(
  workspace: Workspace,
  mode: Mode,
  env: Record<string, string>,
  { now, machineTime, reconcileAt, socketMode, gatewayTimeout, log }: BotOptions = {},
): Promise<Running> {
  const read = readConfig(environment(workspace, mode, env));
  if (!read.ok) throw new Error(JSON.stringify(read.mistakes));
  const running = await startRegistrar(read.config, log ?? createLog(read.config.LOG_LEVEL), {
    // Where the clock is in the hand of a test, the world's does nothing: it may strike while a story goes on.
    ...(now ? { now, wallClock: false } : {}),
    ...(machineTime ? { machineTime } : {}),
    // Every five minutes of the world's clock it would also strike while a story goes on.
    reconciliation: { at: reconcileAt ?? '0 0 1 1 *', jitter: 0 },
    ...(socketMode ? { socketMode } : {}),
    ...(gatewayTimeout ? { gatewayTimeout } : {}),
  });
  workspace.deliverOver(mode === 'socket' ? 'socket' : `http://127.0.0.1:${running.port}/slack/events`);
  return running;
}
