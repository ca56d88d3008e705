/** Whether Slack accepts the tokens, and the app may do all that the bot does. */
import { readFileSync } from 'node:fs';
import type { WebClient } from '@slack/web-api';
import { z } from 'zod';
import type { HttpClient } from '../../http-client.ts';
import type { Log } from '../../observability/log.ts';
import { connect } from '../../slack/socket-mode/connection.ts';
import { type CheckResult, errorCodeIn, errorSummary, fail, networkFix, ok, warn } from './check-result.ts';

const manifest = z.object({ oauth_config: z.object({ scopes: z.object({ bot: z.array(z.string()) }) }) });

/** What the manifests ask for; both ask for the same. */
const needed = (): string[] =>
  manifest.parse(JSON.parse(readFileSync(new URL('../../../manifests/socket-mode.json', import.meta.url), 'utf8')))
    .oauth_config.scopes.bot;

export type SlackAccess = {
  findings: CheckResult[];
  /** The bot's own user ID; undefined where Slack does not accept the token, and nothing else can be asked. */
  bot: string | undefined;
};

/** `app` is a client with the app-level token. */
type SocketModeCheck = { app: WebClient; agentFor: HttpClient['agentFor']; log: Log };

/** In milliseconds: all of it ends before the doctor gives this half up. */
const timings = { connectTimeout: 2_000, pongTimeout: 10_000, drainDelay: 0 };

export async function checkSlackAccess(
  client: WebClient,
  socketMode: SocketModeCheck | undefined,
): Promise<SlackAccess> {
  const [token, mode] = await Promise.all([examineToken(client), socketMode ? examineSocketMode(socketMode) : [http]]);
  return { bot: token.bot, findings: [...token.findings, ...mode] };
}

const http = ok(
  'mode',
  "HTTP. Whether SLACK_SIGNING_SECRET is right shows when Slack's requests come to /slack/events.",
);

async function examineToken(client: WebClient): Promise<SlackAccess> {
  try {
    const { user, user_id, team, response_metadata } = await client.auth.test();
    const said = ok('token', `SLACK_BOT_TOKEN is ${user}'s (${user_id}) in ${team}.`);
    return { bot: user_id, findings: [said, scopes(response_metadata?.scopes)] };
  } catch (error) {
    const mend = 'Set SLACK_BOT_TOKEN to the bot token of your app, and see that this machine reaches SLACK_API_URL.';
    return { bot: undefined, findings: [fail('token', `${errorSummary(error)}. ${networkFix(error) ?? mend}`)] };
  }
}

function scopes(given: string[] | undefined): CheckResult {
  if (!given) return warn('scopes', 'Slack did not say which the token has.');
  const missing = needed().filter((scope) => !given.includes(scope));
  if (missing.length === 0) return ok('scopes', 'all that the manifests ask for.');
  return fail('scopes', `${missing.join(', ')} missing. Add them under OAuth & Permissions, and install the app anew.`);
}

async function examineSocketMode({ app, agentFor, log }: SocketModeCheck): Promise<CheckResult[]> {
  let url: string;
  try {
    url = (await app.apps.connections.open()).url ?? '';
  } catch (error) {
    const fix = 'Enable Socket Mode, and set SLACK_APP_TOKEN to an app-level token with the scope connections:write.';
    return [fail('mode', `Socket Mode: ${errorSummary(error)}. ${networkFix(error) ?? fix}`)];
  }
  try {
    const connection = await connect(url, { handle: () => {}, agent: agentFor(url), log, timings });
    connection.close();
    return [ok('mode', 'Socket Mode: Slack accepts SLACK_APP_TOKEN, and a connection opens.')];
  } catch (error) {
    const { host } = new URL(url);
    const fix = 'Let WebSockets to it pass, and to the other hosts that Slack may name: wss-*.slack.com, port 443.';
    return [fail('mode', `Socket Mode: no connection to ${host}${errorCodeIn(error)}. ${networkFix(error) ?? fix}`)];
  }
}
