/** Builds the Bolt app, with the receiver of either mode, and the Web API clients with their time limits. */
import type { RequestListener } from 'node:http';
import { App, HTTPReceiver } from '@slack/bolt';
import { WebClient, type WebClientOptions } from '@slack/web-api';
import type { Config } from '../config.ts';
import type { SlackIdentity } from '../db/workspace.ts';
import type { HttpClient } from '../http-client.ts';
import { type Log, slackLog } from '../observability/log.ts';
import type { Metrics } from '../observability/metrics.ts';
import { isTokenRefusal, slackErrorCode } from './errors.ts';
import { createInFlight } from './middleware/in-flight.ts';
import { maxBody, signedRequestsOnly } from './signed-requests.ts';
import { warnOfConnections } from './socket-mode/connection-count.ts';
import { createSocketModeReceiver, defaultTimings } from './socket-mode/receiver.ts';

export type Slack = {
  app: App;
  /** Responds to users: quickly or not at all. */
  client: WebClient;
  /** Posts what the outbox holds. */
  poster: WebClient;
  /** Handles `POST /slack/events`; undefined in Socket Mode. */
  listener: RequestListener | undefined;
  /** Asks Slack which workspace and app the token is of. Rejects where Slack does not accept it. */
  identity(): Promise<SlackIdentity>;
  /** Checks the token and, in Socket Mode, opens the connections. Can be retried. */
  start(): Promise<void>;
  /** Tells whether events can arrive: in HTTP mode always, in Socket Mode while a connection is open. */
  connected(): boolean;
  /** In Socket Mode, the app of the app-level token; undefined where Slack has not said. */
  socketApp(): string | undefined;
  /** Says in a few words that Slack does not accept the token any longer; null while it does. */
  tokenProblem(): Promise<string | null>;
  /** Waits until no interaction has just begun, for at most `milliseconds`. */
  yieldToInteractive(milliseconds: number): Promise<void>;
  /** Waits until no interaction is in flight, for at most `milliseconds`; more are accepted meanwhile. */
  drain(milliseconds: number): Promise<void>;
  /** Waits for the interactions in flight, for at most `milliseconds`, then closes the connections. */
  stop(milliseconds: number): Promise<void>;
};

export function createSlack(
  config: Config,
  log: Log,
  metrics: Pick<Metrics, 'fetch' | 'instrumentAcks' | 'socketModeConnections'>,
  httpClient: HttpClient,
  countReplicas: () => Promise<number | undefined>,
  timings = defaultTimings,
  now: () => Date = () => new Date(),
): Slack {
  const logger = slackLog(log);
  const { SLACK_BOT_TOKEN: token, SLACK_APP_TOKEN: appToken, SLACK_API_URL: slackApiUrl } = config;
  const fetch = metrics.fetch(slackApiUrl, httpClient.fetch);
  // Two attempts fit into the 3 seconds that a trigger_id is valid for.
  const interactiveOptions: WebClientOptions = {
    slackApiUrl,
    fetch,
    timeout: 1_300,
    retryConfig: { retries: 1, minTimeout: 50, maxTimeout: 100 },
    rejectRateLimitedCalls: true,
  };
  // The outbox is the one layer that retries: with a client that retries too, a message could be posted twice.
  const posterOptions: WebClientOptions = {
    slackApiUrl,
    fetch,
    timeout: 10_000,
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
  };

  const warn = warnOfConnections(countReplicas, log, timings.countDelay);
  const onCount = (connections: number): void => {
    metrics.socketModeConnections(connections);
    warn(connections);
  };
  const receiver = appToken
    ? createSocketModeReceiver(
        { appToken, api: { slackApiUrl, fetch }, agentFor: httpClient.agentFor, onCount, logger, log },
        timings,
      )
    : new HTTPReceiver({ signingSecret: config.SLACK_SIGNING_SECRET ?? '', logger, bodyLimit: maxBody });
  const socketMode = receiver instanceof HTTPReceiver ? undefined : receiver;
  const app = new App({
    token,
    receiver,
    logger,
    clientOptions: interactiveOptions,
    convoStore: false,
    deferInitialization: true,
    extendedErrorHandler: true,
  });
  metrics.instrumentAcks(app);

  let ready = false;
  const inFlight = createInFlight();
  app.use(({ next }) => inFlight.run(next));

  return {
    app,
    client: app.client,
    poster: new WebClient(token, { ...posterOptions, logger }),
    listener: receiver instanceof HTTPReceiver ? signedRequestsOnly(receiver.requestListener, () => ready) : undefined,
    async identity() {
      const { team_id = '', team, app_id } = await app.client.auth.test();
      return { teamId: team_id, teamName: team ?? team_id, appId: typeof app_id === 'string' ? app_id : null };
    },
    async start() {
      await app.init();
      ready = true;
      await socketMode?.start();
    },
    socketApp: () => socketMode?.appId(),
    connected: () => socketMode?.isConnected() ?? true,
    tokenProblem: watchToken(app.client, now),
    yieldToInteractive: inFlight.yieldToInteractive,
    drain: inFlight.drain,
    async stop(milliseconds) {
      await inFlight.drain(milliseconds);
      await socketMode?.stop();
    },
  };
}

/** How long Slack's answer about the token is kept, in milliseconds: readiness is asked every few seconds. */
const tokenTtl = 30_000;

/** Asks Slack about the token, at most once in a while. That Slack cannot be reached says nothing about the token. */
function watchToken(client: WebClient, now: () => Date): () => Promise<string | null> {
  let asked: { at: number; answer: Promise<string | null> } | undefined;
  return () => {
    const at = now().getTime();
    if (!asked || at - asked.at >= tokenTtl) {
      const answer = client.auth.test().then(
        () => null,
        (error: unknown) => (isTokenRefusal(error) ? `token not accepted any longer (${slackErrorCode(error)})` : null),
      );
      asked = { at, answer };
    }
    return asked.answer;
  };
}
