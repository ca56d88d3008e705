/** Socket Mode: several connections, of which one stands at any time. Each that is lost is made anew, without haste. */
import { EventEmitter } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import type { SocketModeReceiver } from '@slack/bolt';
import { WebAPIRateLimitedError, type WebClientOptions } from '@slack/web-api';
import type { Log, slackLog } from '../../observability/log.ts';
import { createSocket, type Socket, type SocketLimits } from './connection.ts';

export type Sockets = {
  receivers: SocketModeReceiver[];
  /** Resolves once one connection stands, and looks after all of them from then on. Rejects where none can be had. */
  open(): Promise<void>;
  standing(): boolean;
  close(): void;
};

/** Slack renews each connection every few hours, and another one takes the clicks meanwhile. */
const count = 2;

export type SocketTimes = SocketLimits & {
  /** The pauses between tries double from the first of these to the longest. */
  firstPause: number;
  longestPause: number;
  /** A connection that stood for less did not work: what follows is the next try, and not a first one. */
  proven: number;
};

/** In milliseconds. A sound link may leave a ping unanswered for five seconds (bolt-js#2496). */
export const usualTimes: SocketTimes = {
  silence: 10_000,
  hello: 10_000,
  linger: 1_000,
  firstPause: 500,
  longestPause: 30_000,
  proven: 30_000,
};

type Options = { appToken: string; api: WebClientOptions; logger: ReturnType<typeof slackLog>; log: Log };

export function createSockets(options: Options, times: SocketTimes): Sockets {
  const { log } = options;
  const changes = new EventEmitter();
  const sockets = Array.from({ length: count }, () => createSocket({ ...options, changes }, times));
  const closing = new AbortController();
  /** In a row, of all of them: where Slack is in trouble, none is hasty. */
  let failures = 0;
  let renewals = Promise.resolve();

  for (const socket of sockets) {
    const another = () => sockets.some((other) => other !== socket && other.standing());
    socket.asked(() => {
      // In the order that Slack asks in: of two, the second takes what comes until the first is back.
      renewals = renewals.then(() => socket.leave(another));
    });
  }

  async function keep(socket: Socket, first: ReturnType<Socket['open']>): Promise<void> {
    for (let attempt = first; ; attempt = socket.open()) {
      let wait = 0;
      try {
        const { lost } = await attempt;
        const since = Date.now();
        await lost;
        failures = Date.now() - since < times.proven ? failures + 1 : 0;
      } catch (error) {
        failures += 1;
        if (error instanceof WebAPIRateLimitedError) wait = error.retryAfter * 1_000;
        if (!closing.signal.aborted) log.warn({ err: error }, 'a connection to Slack was refused; it is tried again');
      }
      await pause(Math.max(wait, pauseAfter(failures)), undefined, { signal: closing.signal }).catch(() => {});
      if (closing.signal.aborted) return;
    }
  }

  /** None where a connection was good until now. Chance is in the others: replicas lose their connections together. */
  const pauseAfter = (failed: number): number =>
    failed === 0 ? 0 : Math.min(times.firstPause * 2 ** (failed - 1), times.longestPause) * (0.5 + Math.random() / 2);

  return {
    receivers: sockets.map(({ receiver }) => receiver),
    async open() {
      const attempts = sockets.map((socket) => ({ socket, attempt: socket.open() }));
      try {
        await Promise.any(attempts.map(({ attempt }) => attempt));
      } catch (error) {
        throw error instanceof AggregateError ? error.errors[0] : error;
      }
      for (const { socket, attempt } of attempts) void keep(socket, attempt);
    },
    standing: () => sockets.some((socket) => socket.standing()),
    close() {
      closing.abort();
      for (const socket of sockets) socket.close();
    },
  };
}
