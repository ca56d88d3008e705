/**
 * One Socket Mode connection (https://docs.slack.dev/apis/events-api/using-socket-mode): Slack greets with `hello`, sends
 * envelopes that are acknowledged by their id, and asks with `disconnect` to be connected to again, some seconds before it
 * ends this connection.
 */
import type { Agent } from 'node:http';
import { setImmediate as immediate, setTimeout as pause } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { z } from 'zod';
import type { Log } from '../../observability/log.ts';

export type SocketConnection = {
  /** How many connections the app has, as Slack counted them at `hello`; undefined where Slack did not say. */
  appConnections: number | undefined;
  /** The app of the app-level token; undefined where Slack did not say. */
  appId: string | undefined;
  /** Resolves when Slack asks for another connection in place of this one. */
  reconnectRequested: Promise<void>;
  /** Resolves when nothing comes over this connection any longer. */
  closed: Promise<void>;
  /** Closes it when everything that came over it is acknowledged. To be called once another connection is open. */
  drainAndClose(): Promise<void>;
  close(): void;
};

export type Envelope = z.infer<typeof envelope>;

/** Acknowledges an envelope. Rejects where its connection is closed: then the user has seen Slack's own error. */
export type Acknowledge = (response?: unknown) => Promise<void>;

/** In milliseconds. */
export type ConnectionTimings = { connectTimeout: number; pongTimeout: number; drainDelay: number };

type Options = {
  handle: (envelope: Envelope, acknowledge: Acknowledge) => void;
  agent: Agent;
  log: Log;
  timings: ConnectionTimings;
};

/** Of a whole message, in bytes: as much as Bolt takes over HTTP. */
const maxPayload = 4_000_000;

/** So many pings in a row without a pong, sent over `pongTimeout`, mean that the connection is dead. */
const maxMissedPongs = 3;

const hello = z.object({
  type: z.literal('hello'),
  num_connections: z.number().optional().catch(undefined),
  connection_info: z.object({ app_id: z.string() }).optional().catch(undefined),
});
const disconnect = z.object({ type: z.literal('disconnect'), reason: z.string().catch('unknown') });
const envelope = z.object({
  envelope_id: z.string(),
  payload: z.looseObject({}),
  retry_attempt: z.number().optional().catch(undefined),
  retry_reason: z.string().optional().catch(undefined),
});
const frame = z.union([hello, disconnect, envelope]);

/** Opens a connection at an address from `apps.connections.open`. Rejects where Slack does not say hello in time. */
export async function openSocket(url: string, { handle, agent, log, timings }: Options): Promise<SocketConnection> {
  const { connectTimeout, pongTimeout, drainDelay } = timings;
  const socket = new WebSocket(url, { agent, handshakeTimeout: connectTimeout, perMessageDeflate: false, maxPayload });
  const greeted = Promise.withResolvers<z.infer<typeof hello>>();
  const renewal = Promise.withResolvers<void>();
  const closed = Promise.withResolvers<void>();
  const unacknowledged = new Set<string>();
  let missedPongs = 0;

  const helloTimer = setTimeout(() => greeted.reject(new Error('Slack did not say hello in time')), connectTimeout * 2);
  // Counted, not timed: after a pause of the whole process its timers run before the pongs that have arrived are read.
  const pingTimer = setInterval(ping, pongTimeout / maxMissedPongs);
  socket.on('message', (data, binary) => {
    if (!binary) receive(String(data));
  });
  socket.on('pong', () => {
    missedPongs = 0;
  });
  socket.on('error', (error) => {
    greeted.reject(error);
    log.debug({ err: error }, 'Socket Mode connection error');
  });
  socket.on('close', (code) => {
    clearTimeout(helloTimer);
    clearInterval(pingTimer);
    greeted.reject(new Error(`Slack closed the connection before hello (WebSocket code ${code})`));
    closed.resolve();
  });

  function ping(): void {
    if (socket.readyState !== WebSocket.OPEN) return;
    missedPongs += 1;
    if (missedPongs > maxMissedPongs) socket.terminate();
    else socket.ping();
  }

  function receive(text: string): void {
    const parsed = frame.safeParse(parseJson(text));
    // What comes while the connection is being closed cannot be acknowledged: Slack tells the user, and repeats events.
    if (socket.readyState !== WebSocket.OPEN) return;
    if (!parsed.success) log.warn('Socket Mode frame ignored: it is neither hello, disconnect nor an envelope');
    else if ('envelope_id' in parsed.data) receiveEnvelope(parsed.data);
    else if (parsed.data.type === 'hello') greeted.resolve(parsed.data);
    else renew(parsed.data.reason);
  }

  function receiveEnvelope(received: Envelope): void {
    unacknowledged.add(received.envelope_id);
    handle(received, (response) => acknowledge(received.envelope_id, response));
  }

  async function acknowledge(id: string, response: unknown = {}): Promise<void> {
    if (!unacknowledged.delete(id)) return log.warn('Socket Mode envelope acknowledged twice, the second is ignored');
    const payload = typeof response === 'string' ? { text: response } : response;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    socket.send(JSON.stringify({ envelope_id: id, payload }), (error) => (error ? reject(error) : resolve()));
    await promise;
  }

  function renew(reason: string): void {
    greeted.reject(new Error(`Slack refused the connection (${reason})`));
    log.info({ reason }, 'Socket Mode reconnect requested');
    renewal.resolve();
  }

  async function drainAndClose(): Promise<void> {
    do {
      await pause(drainDelay, undefined, { ref: false });
      // After a pause of the whole process its timers run first: what has arrived meanwhile is read before it is closed.
      await immediate();
    } while (socket.readyState === WebSocket.OPEN && unacknowledged.size > 0);
    close();
  }

  function close(): void {
    socket.close(1000);
    closed.resolve();
  }

  try {
    const { num_connections: appConnections, connection_info: info } = await greeted.promise;
    clearTimeout(helloTimer);
    const ends = { reconnectRequested: renewal.promise, closed: closed.promise, drainAndClose, close };
    return { appConnections, appId: info?.app_id, ...ends };
  } catch (error) {
    socket.terminate();
    throw error;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
