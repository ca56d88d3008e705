/**
 * One connection of Socket Mode. It does not come back by itself: the SDK's own reconnecting (@slack/socket-mode 3.1)
 * pauses for five seconds after each renewal, and waits for ever where one refusal follows another, so it is off.
 */
import { type EventEmitter, once } from 'node:events';
import { setImmediate as immediate, setTimeout as pause } from 'node:timers/promises';
import { SocketModeReceiver } from '@slack/bolt';
import type { WebClientOptions } from '@slack/web-api';
import type { Log, slackLog } from '../../observability/log.ts';

export type Socket = {
  receiver: SocketModeReceiver;
  /** Whether clicks come over it, and go on to. */
  standing(): boolean;
  /** Connects. `lost` resolves when the connection does not stand any more. */
  open(): Promise<{ lost: Promise<void> }>;
  /** Has `renew` called each time that Slack asks for a new connection in place of this one. */
  asked(renew: () => void): void;
  /**
   * Gives up the connection that stands now: once nothing that came over it waits for an answer, and `others` stand. Slack
   * ends it anyway after some seconds; until then it is better than none.
   */
  leave(others: () => boolean): Promise<void>;
  close(): void;
};

/** In milliseconds. */
export type SocketLimits = {
  /** A connection that leaves our pings unanswered for so long is dead. */
  silence: number;
  /** How long Slack may take to say where to connect to, and how long then to say hello. */
  hello: number;
  /** What Slack sent over a connection before it knew of another one is under way for no longer than this. */
  linger: number;
};

type Options = {
  appToken: string;
  api: WebClientOptions;
  logger: ReturnType<typeof slackLog>;
  log: Log;
  /** Anything of any connection's, which others may wait for. */
  changes: EventEmitter;
};

export function createSocket({ appToken, api, logger, log, changes }: Options, limits: SocketLimits): Socket {
  const receiver = new SocketModeReceiver({
    appToken,
    logger,
    clientPingTimeout: limits.silence,
    autoReconnectEnabled: false,
    // Its own object, for the SDK writes into what it is given.
    installerOptions: {
      clientOptions: { ...api, timeout: limits.hello, retryConfig: { retries: 0 }, rejectRateLimitedCalls: true },
    },
  });
  const { client } = receiver;
  let connected = false;
  let leaving = false;
  let closed = false;
  let life = Promise.withResolvers<void>();
  /** What came over the connection that stands, and is not acknowledged. */
  const unanswered = new Set<string>();
  const change = (): boolean => changes.emit('change');

  client.on('connected', () => {
    connected = true;
    change();
  });
  client.on('disconnected', () => {
    connected = false;
    unanswered.clear();
    life.resolve();
    change();
  });
  client.on('slack_event', ({ envelope_id }: { envelope_id: string }) => unanswered.add(envelope_id));
  client.on('outgoing_message', ({ envelope_id }: { envelope_id: string }) => {
    unanswered.delete(envelope_id);
    change();
  });

  const [hear] = client.listeners('ws_message');
  let goodbye: () => void = () => {};
  let renew: () => void = () => {};
  client.off('ws_message', hear);
  client.on('ws_message', async (data: unknown, binary: boolean) => {
    try {
      if (!asksToLeave(data)) return await hear?.(data, binary);
      // The SDK would leave at once, and whoever is just being answered would hear that nothing worked.
      goodbye = () => void hear?.(data, binary);
      renew();
    } catch (error) {
      log.error({ err: error }, 'what Slack sent could not be read');
    }
  });

  return {
    receiver,
    standing: () => connected && !leaving,
    async open() {
      life = Promise.withResolvers();
      const late = setTimeout(() => void client.disconnect(), limits.hello * 2);
      try {
        await client.start();
      } catch (error) {
        // The SDK rejects with nothing where the connection ends before it stands.
        throw error ?? new Error('Slack ended the connection before it stood');
      } finally {
        clearTimeout(late);
      }
      if (closed) void client.disconnect();
      return { lost: life.promise };
    },
    asked(listener) {
      renew = listener;
    },
    async leave(others) {
      const mine = life;
      const gone = (): boolean => closed || !connected || life !== mine;
      const free = (): boolean => unanswered.size === 0 && others();
      while (!gone()) {
        if (!free()) {
          await once(changes, 'change');
          continue;
        }
        leaving = true;
        await pause(limits.linger);
        // After a pause of the whole process its timers come first: what has arrived meanwhile is heard before it leaves.
        await immediate();
        leaving = false;
        if (gone() || !free()) continue;
        connected = false;
        return goodbye();
      }
    },
    close() {
      closed = true;
      change();
      void client.disconnect();
    },
  };
}

/** `warning`, `refresh_requested` and `link_disabled` come in such a frame (docs.slack.dev/apis/events-api/using-socket-mode). */
function asksToLeave(data: unknown): boolean {
  if (typeof data !== 'string' || !/"type"\s*:\s*"disconnect"/.test(data)) return false;
  const { type } = Object(JSON.parse(data));
  return type === 'disconnect';
}
