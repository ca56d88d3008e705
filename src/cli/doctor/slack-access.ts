/** Checks that Slack accepts the tokens, and that the app has every scope that the bot needs. */
import { readFileSync } from 'node:fs';
import type { WebClient } from '@slack/web-api';
import { z } from 'zod';
import { mixedTokens, type SlackIdentity } from '../../db/workspace.ts';
import type { HttpClient } from '../../http-client.ts';
import type { Log } from '../../observability/log.ts';
import { openSocket } from '../../slack/socket-mode/connection.ts';
import { type CheckResult, errorCodeIn, errorSummary, fail, networkFix, ok, warn } from './check-result.ts';

const manifest = z.object({ oauth_config: z.object({ scopes: z.object({ bot: z.array(z.string()) }) }) });

/** Reads the bot scopes from a manifest; both manifests have the same. */
const requiredScopes = (): string[] =>
  manifest.parse(JSON.parse(readFileSync(new URL('../../../manifests/socket-mode.json', import.meta.url), 'utf8')))
    .oauth_config.scopes.bot;

export type SlackAccess = {
  findings: CheckResult[];
  /** The workspace and app of the token; undefined where Slack does not accept it. */
  identity: SlackIdentity | undefined;
  /** The bot's own user ID; undefined where Slack does not accept the token, and nothing else can be checked. */
  bot: string | undefined;
  /** How many Socket Mode connections the app has, without the doctor's own; undefined where Slack did not say. */
  connections: number | undefined;
};

/** `app` is a client with the app-level token. */
type SocketModeCheck = { app: WebClient; agentFor: HttpClient['agentFor']; log: Log };

/** In milliseconds. Together they are shorter than the time limit of the whole check. */
const timings = { connectTimeout: 2_000, pongTimeout: 10_000, drainDelay: 0 };

/** Checks the bot token, its scopes and, in Socket Mode, the app-level token and a connection. */
export async function checkSlackAccess(
  client: WebClient,
  socketMode: SocketModeCheck | undefined,
): Promise<SlackAccess> {
  const [token, mode] = await Promise.all([
    checkBotToken(client),
    socketMode ? checkSocketMode(socketMode) : { findings: [httpMode], connections: undefined, app: undefined },
  ]);
  const mixed = token.identity && mixedTokens(token.identity, mode.app);
  return {
    bot: token.bot,
    identity: token.identity,
    findings: [...token.findings, ...mode.findings, ...(mixed ? [fail('tokens', `${mixed}.`)] : [])],
    connections: mode.connections,
  };
}

const httpMode = ok(
  'mode',
  'HTTP. SLACK_SIGNING_SECRET cannot be checked before Slack sends a request to /slack/events.',
);

async function checkBotToken(client: WebClient): Promise<Pick<SlackAccess, 'findings' | 'bot' | 'identity'>> {
  try {
    const { user, user_id, team, team_id = '', app_id, response_metadata } = await client.auth.test();
    const appId = typeof app_id === 'string' ? app_id : null;
    const identity = { teamId: team_id, teamName: team ?? team_id, appId };
    const accepted = ok('token', `SLACK_BOT_TOKEN is ${user}'s (${user_id}) in ${team}.`);
    return { bot: user_id, identity, findings: [accepted, checkScopes(response_metadata?.scopes)] };
  } catch (error) {
    const fix = 'Set SLACK_BOT_TOKEN to the bot token of your app, and see that this machine reaches SLACK_API_URL.';
    return {
      bot: undefined,
      identity: undefined,
      findings: [fail('token', `${errorSummary(error)}. ${networkFix(error) ?? fix}`)],
    };
  }
}

function checkScopes(given: string[] | undefined): CheckResult {
  if (!given) return warn('scopes', 'Slack did not say which scopes the token has.');
  const missing = requiredScopes().filter((scope) => !given.includes(scope));
  if (missing.length === 0) return ok('scopes', 'all that the manifest requests.');
  return fail('scopes', `${missing.join(', ')} missing. Add them under OAuth & Permissions, and reinstall the app.`);
}

async function checkSocketMode({
  app,
  agentFor,
  log,
}: SocketModeCheck): Promise<Pick<SlackAccess, 'findings' | 'connections'> & { app: string | undefined }> {
  const failed = (why: string) => ({
    findings: [fail('mode', `Socket Mode: ${why}`)],
    connections: undefined,
    app: undefined,
  });
  let url: string;
  try {
    url = (await app.apps.connections.open()).url ?? '';
  } catch (error) {
    const fix = 'Enable Socket Mode, and set SLACK_APP_TOKEN to an app-level token with the scope connections:write.';
    return failed(`${errorSummary(error)}. ${networkFix(error) ?? fix}`);
  }
  try {
    const connection = await openSocket(url, { handle: () => {}, agent: agentFor(url), log, timings });
    connection.close();
    const said = ok('mode', 'Socket Mode: Slack accepts SLACK_APP_TOKEN, and a connection opens.');
    const { appConnections: counted } = connection;
    return { findings: [said], connections: counted === undefined ? undefined : counted - 1, app: connection.appId };
  } catch (error) {
    const host = URL.parse(url)?.host ?? 'the address that Slack gave';
    const why = errorCodeIn(error) || (error instanceof Error ? ` (${error.message})` : '');
    const fix = 'Let WebSockets to it pass, and to the other hosts that Slack can name: wss-*.slack.com, port 443.';
    return failed(`no connection to ${host}${why}. ${networkFix(error) ?? fix}`);
  }
}
