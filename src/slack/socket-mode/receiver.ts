/**
 * Bolt's Receiver over Socket Mode. It keeps two connections: Slack renews each of them every few hours, and the other takes
 * what people do while one is lost. A connection that Slack asks to renew is closed after the new one is open.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { App, Receiver } from '@slack/bolt';
import { WebAPIRateLimitedError, WebClient, type WebClientOptions } from '@slack/web-api';
import type { HttpClient } from '../../http-client.ts';
import type { Log, slackLog } from '../../observability/log.ts';
import { isTokenRefusal } from '../errors.ts';
import {
  type Acknowledge,
  type ConnectionTimings,
  type Envelope,
  openSocket,
  type SocketConnection,
} from './connection.ts';
import { connectionsPerReplica } from './connection-count.ts';

export type SocketModeReceiver = Receiver & {
  /** Opens the connections, and resolves when the first of them is open. Rejects where none can be had; may be called again. */
  start(): Promise<void>;
  isConnected(): boolean;
  /** The app of the app-level token; undefined where Slack has not said. */
  appId(): string | undefined;
};

/** In milliseconds. */
export type SocketModeTimings = ConnectionTimings & {
  minBackoff: number;
  maxBackoff: number;
  stableAfter: number;
  countDelay: number;
};

export const defaultTimings: SocketModeTimings = {
  // Slack may take so long to give an address, so long to accept the WebSocket, and then so long again to say hello.
  connectTimeout: 10_000,
  // A connection whose pings are not answered for so long is dead. A sound one may take five seconds (bolt-js#2496).
  pongTimeout: 10_000,
  // What Slack sent over a connection before it knew of the new one is on its way for no longer than this.
  drainDelay: 1_000,
  // The pauses between attempts double from the first of these to the second.
  minBackoff: 500,
  maxBackoff: 30_000,
  // A connection that was open for less did not work: the next attempt waits like one after a refusal.
  stableAfter: 30_000,
  // Replicas that start together are all in the database, and have their connections, after so long.
  countDelay: 10_000,
};

type Options = {
  appToken: string;
  api: WebClientOptions;
  agentFor: HttpClient['agentFor'];
  /** Called with the number of connections that the app has, each time that Slack says it. */
  onCount: (appConnections: number) => void;
  logger: ReturnType<typeof slackLog>;
  log: Log;
};

export function createSocketModeReceiver(
  { appToken, api, agentFor, onCount, logger, log }: Options,
  timings: SocketModeTimings,
): SocketModeReceiver {
  const client = new WebClient(appToken, {
    ...api,
    logger,
    timeout: timings.connectTimeout,
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
  });
  const stopping = new AbortController();
  const open = new Set<SocketConnection>();
  let app: App | undefined;
  /** In a row, of all connections: where Slack is in trouble, none hurries. */
  let failures = 0;

  async function openConnection(): Promise<SocketConnection> {
    const { url } = await client.apps.connections.open();
    if (!url) throw new Error('apps.connections.open did not return an address');
    const connection = await openSocket(url, { handle, agent: agentFor(url), log, timings });
    open.add(connection);
    // One that is being replaced is closed in a moment.
    const replaced = Math.max(0, open.size - connectionsPerReplica);
    if (connection.appConnections !== undefined) onCount(connection.appConnections - replaced);
    void connection.closed.then(() => open.delete(connection));
    if (stopping.signal.aborted) connection.close();
    return connection;
  }

  function handle({ payload, retry_attempt, retry_reason }: Envelope, acknowledge: Acknowledge): void {
    const retries = retry_attempt === undefined ? {} : { retryNum: retry_attempt, retryReason: retry_reason ?? '' };
    app
      ?.processEvent({ body: payload, ack: acknowledge, ...retries })
      .catch((error) => log.error({ err: error }, 'Socket Mode envelope could not be processed'));
  }

  /** Keeps one connection open: whenever it is lost or to be renewed, another takes its place. */
  async function keepOpen(first: Promise<SocketConnection>): Promise<void> {
    let connection = await first.catch((error) => reconnect(failed(error)));
    while (connection) {
      const openedAt = performance.now();
      await Promise.race([connection.closed, connection.reconnectRequested]);
      failures = performance.now() - openedAt < timings.stableAfter ? failures + 1 : 0;
      const next = await reconnect();
      void connection.drainAndClose();
      connection = next;
    }
  }

  /** Tries until a connection is open; undefined where the receiver is stopped meanwhile. */
  async function reconnect(wait = backoff()): Promise<SocketConnection | undefined> {
    await pause(wait, undefined, { signal: stopping.signal }).catch(() => {});
    if (stopping.signal.aborted) return undefined;
    return openConnection().catch((error) => reconnect(failed(error)));
  }

  /** Counts and logs a refusal, and returns the pause before the next attempt. */
  function failed(error: unknown): number {
    failures += 1;
    if (isTokenRefusal(error))
      log.error({ err: error }, 'Slack refuses SLACK_APP_TOKEN: only an operator can fix that; will retry');
    else if (!stopping.signal.aborted)
      log.warn({ err: error }, 'Socket Mode connection could not be opened, will retry');
    return Math.max(backoff(), error instanceof WebAPIRateLimitedError ? error.retryAfter * 1_000 : 0);
  }

  /** Returns the pause before a reconnect: none after a connection that was stable. The rest has jitter: replicas lose their connections together. */
  const backoff = (): number =>
    failures === 0
      ? 0
      : Math.min(timings.minBackoff * 2 ** (failures - 1), timings.maxBackoff) * (0.5 + Math.random() / 2);

  return {
    init(bolt) {
      app = bolt;
    },
    async start() {
      const attempts = Array.from({ length: connectionsPerReplica }, () => openConnection());
      try {
        await Promise.any(attempts);
      } catch (error) {
        throw error instanceof AggregateError ? error.errors[0] : error;
      }
      for (const attempt of attempts) void keepOpen(attempt);
    },
    async stop() {
      stopping.abort();
      for (const connection of open) connection.close();
    },
    isConnected: () => open.size > 0,
    appId: () => [...open].at(-1)?.appId,
  };
}
