/** Slack, in either mode: the Bolt app with its receivers, and the clients with their time limits. */
import type { RequestListener } from 'node:http';
import { App, HTTPReceiver } from '@slack/bolt';
import { WebClient, type WebClientOptions } from '@slack/web-api';
import type { Config } from '../config.ts';
import type { HttpClient } from '../http-client.ts';
import { type Log, slackLog } from '../observability/log.ts';
import type { Metrics } from '../observability/metrics.ts';
import { createInFlight } from './middleware/in-flight.ts';
import { maxBody, signedRequestsOnly } from './signed-requests.ts';
import { createSocketModeReceiver, defaultTimings } from './socket-mode/receiver.ts';

export type Slack = {
  app: App;
  /** Answers the person who acts: quickly or not at all. */
  client: WebClient;
  /** Posts what the outbox holds. */
  poster: WebClient;
  /** What takes `POST /slack/events`, in HTTP mode. */
  listener: RequestListener | undefined;
  /** Checks the token and, in Socket Mode, opens the connections. May be tried again. */
  start(): Promise<void>;
  /** Whether events can arrive: always so in HTTP mode, else while a connection stands. */
  connected(): boolean;
  /** Resolves when nobody has acted just now, after at most `milliseconds`. */
  yieldToInteractive(milliseconds: number): Promise<void>;
  /** Takes nothing new and resolves when what runs is finished, after at most `milliseconds`. */
  stop(milliseconds: number): Promise<void>;
};

export function createSlack(
  config: Config,
  log: Log,
  metrics: Pick<Metrics, 'fetch' | 'watch'>,
  httpClient: HttpClient,
  timings = defaultTimings,
): Slack {
  const logger = slackLog(log);
  const { SLACK_BOT_TOKEN: token, SLACK_APP_TOKEN: appToken, SLACK_API_URL: slackApiUrl } = config;
  const fetch = metrics.fetch(slackApiUrl, httpClient.fetch);
  // Two tries within the 3 seconds that a trigger_id lives; a third would come too late.
  const quick: WebClientOptions = {
    slackApiUrl,
    fetch,
    timeout: 1_300,
    retryConfig: { retries: 1, minTimeout: 50, maxTimeout: 100 },
    rejectRateLimitedCalls: true,
  };
  // The outbox is the one layer that tries again: a client that did so too could post twice.
  const posting: WebClientOptions = {
    slackApiUrl,
    fetch,
    timeout: 10_000,
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
  };

  const receiver = appToken
    ? createSocketModeReceiver(
        { appToken, api: { slackApiUrl, fetch }, agentFor: httpClient.agentFor, logger, log },
        timings,
      )
    : new HTTPReceiver({ signingSecret: config.SLACK_SIGNING_SECRET ?? '', logger, bodyLimit: maxBody });
  const socketMode = receiver instanceof HTTPReceiver ? undefined : receiver;
  const app = new App({
    token,
    receiver,
    logger,
    clientOptions: quick,
    convoStore: false,
    deferInitialization: true,
    extendedErrorHandler: true,
  });
  metrics.watch(app);

  const inFlight = createInFlight();
  app.use(({ next }) => inFlight.run(next));

  return {
    app,
    client: app.client,
    poster: new WebClient(token, { ...posting, logger }),
    listener: receiver instanceof HTTPReceiver ? signedRequestsOnly(receiver.requestListener) : undefined,
    async start() {
      await app.init();
      await socketMode?.start();
    },
    connected: () => socketMode?.isConnected() ?? true,
    yieldToInteractive: inFlight.yieldToInteractive,
    async stop(milliseconds) {
      await inFlight.drain(milliseconds);
      await socketMode?.stop();
    },
  };
}
