/** Slack, in either mode: the Bolt app with its receivers, and the clients with their time limits. */
import type { RequestListener } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { App, HTTPReceiver, SocketModeReceiver } from '@slack/bolt';
import { WebClient, type WebClientOptions } from '@slack/web-api';
import type { Config } from './config.ts';
import { type Log, slackLog } from './log.ts';
import type { Metrics } from './metrics.ts';

export type Slack = {
  app: App;
  /** Answers whoever acts: quickly or not at all. */
  client: WebClient;
  /** Posts what the outbox holds. */
  poster: WebClient;
  /** What takes `POST /slack/events`, in HTTP mode. */
  listener: RequestListener | undefined;
  /** Checks the token and, in Socket Mode, opens the connections that are not. May be tried again. */
  start(): Promise<void>;
  /** Whether events can arrive: always so in HTTP mode, else while a connection stands. */
  connected(): boolean;
  /** Takes nothing new and resolves when what runs is finished, after at most `milliseconds`. */
  stop(milliseconds: number): Promise<void>;
};

/** Connections in Socket Mode: Slack renews each every few hours, and the other takes the clicks meanwhile. */
const connections = 2;

export function createSlack(config: Config, log: Log, metrics: Pick<Metrics, 'fetch' | 'watch'>): Slack {
  const logger = slackLog(log);
  const { SLACK_BOT_TOKEN: token, SLACK_APP_TOKEN: appToken, SLACK_API_URL: slackApiUrl } = config;
  const fetch = metrics.fetch(slackApiUrl);
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

  const sockets = appToken
    ? Array.from({ length: connections }, () => createSocket(appToken, { slackApiUrl, fetch }, logger))
    : [];
  const http = appToken
    ? undefined
    : new HTTPReceiver({ signingSecret: config.SLACK_SIGNING_SECRET ?? '', logger, bodyLimit: 1_000_000 });
  const receiver = sockets[0] ?? http;
  if (!receiver) throw new Error('neither Socket Mode nor HTTP mode is configured');

  const app = new App({
    token,
    receiver,
    logger,
    clientOptions: quick,
    convoStore: false,
    deferInitialization: true,
    extendedErrorHandler: true,
  });
  for (const socket of sockets.slice(1)) socket.init(app);
  metrics.watch(app);

  const running = new Set<Promise<void>>();
  app.use(async ({ next }) => {
    const work = next();
    running.add(work);
    try {
      await work;
    } finally {
      running.delete(work);
    }
  });

  const open = new Set<SocketModeReceiver>();
  for (const socket of sockets) {
    persist(socket, log);
    socket.client.on('connected', () => open.add(socket));
    for (const lost of ['close', 'disconnecting', 'disconnected', 'reconnecting']) {
      socket.client.on(lost, () => open.delete(socket));
    }
  }

  return {
    app,
    client: app.client,
    poster: new WebClient(token, { ...posting, logger }),
    listener: http?.requestListener,
    async start() {
      await app.init();
      await Promise.all(sockets.filter((socket) => !open.has(socket)).map((socket) => socket.start()));
    },
    connected: () => sockets.length === 0 || open.size > 0,
    async stop(milliseconds) {
      const deadline = Date.now() + milliseconds;
      while (running.size > 0 && Date.now() < deadline) {
        const late = Promise.withResolvers<void>();
        const timer = setTimeout(late.resolve, deadline - Date.now());
        await Promise.race([Promise.allSettled(running), late.promise]);
        clearTimeout(timer);
      }
      for (const socket of sockets) await socket.stop();
    },
  };
}

/**
 * Has a connection go on reconnecting also where Slack refuses it once, such as with `invalid_auth` while it is being
 * looked after: the SDK rejects where nobody listens, and that connection would never come back. The first start may fail.
 */
function persist({ client }: SocketModeReceiver, log: Log): void {
  const start = client.start.bind(client);
  let begun = false;
  let stopped = false;
  client.on('disconnecting', () => {
    stopped = true;
  });
  client.start = async () => {
    for (;;) {
      try {
        const response = await start();
        begun = true;
        return response;
      } catch (error) {
        if (!begun || stopped) throw error;
        log.error({ err: error }, 'a connection to Slack was refused; it is tried again');
        await pause(retryRefused);
      }
    }
  };
}

/** The pause before a refused connection is tried again, in milliseconds. */
const retryRefused = 5_000;

/**
 * A Socket Mode connection. Its options are its own, for the SDK writes into what it is given; and it never gives up
 * reconnecting, for the SDK ends the process when it does (both seen in @slack/socket-mode 3.1).
 */
const createSocket = (appToken: string, api: WebClientOptions, logger: ReturnType<typeof slackLog>) =>
  new SocketModeReceiver({
    appToken,
    logger,
    installerOptions: {
      clientOptions: {
        ...api,
        timeout: 10_000,
        retryConfig: { forever: true, minTimeout: 500, maxTimeout: 15_000, factor: 2, randomize: true },
      },
    },
  });
