/** Socket Mode: up to ten connections, each payload to one of them (docs.slack.dev/apis/events-api/using-socket-mode). */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { setTimeout as after } from 'node:timers/promises';
import { type WebSocket, WebSocketServer } from 'ws';
import { z } from 'zod';
import { describe, type Envelope, type Payload, type Receipt } from './envelope.ts';

const MOST_CONNECTIONS = 10;

const acknowledgement = z.looseObject({ envelope_id: z.string(), payload: z.unknown().optional() });

/** How long after it was sent a payload may still be in the works, in milliseconds: what follows an acknowledgement too. */
const IN_THE_WORKS = 4_000;

type Sent = {
  envelope: Envelope;
  ws: WebSocket;
  at: number;
  state: 'waiting' | 'acknowledged' | 'too late';
  settle: (r: Receipt) => void;
};

export type Disconnect = 'warning' | 'refresh_requested' | 'link_disabled' | 'too_many_websockets';

export class SocketMode {
  readonly #appId: string;
  readonly #ackWithin: number;
  readonly #protocolViolations: string[];
  readonly #changed: () => void;
  readonly #server = new WebSocketServer({ noServer: true });
  readonly #tickets = new Set<string>();
  readonly #sent = new Map<string, Sent>();
  #live: WebSocket[] = [];
  /** Asked to leave, in this order. */
  readonly #asked = new Set<WebSocket>();
  /** The line is dead: Slack has noticed, and the bot has not. */
  readonly #silent = new Set<WebSocket>();
  /** Payloads whose connection ended while they were in the works. */
  readonly cutOff = new Set<Payload>();
  #greeting: Promise<void> = Promise.resolve();
  /** What is sent over these connections is on its way for so long. */
  readonly #slow = new Map<WebSocket, Promise<void>>();
  #turn = 0;

  constructor(appId: string, ackWithin: number, protocolViolations: string[], changed: () => void) {
    this.#appId = appId;
    this.#ackWithin = ackWithin;
    this.#protocolViolations = protocolViolations;
    this.#changed = changed;
  }

  get connections(): number {
    return this.#live.length;
  }

  /** How many of them were asked to reconnect, and are still open. */
  get leaving(): number {
    return this.#live.filter((ws) => this.#asked.has(ws)).length;
  }

  /** A ticket opens one connection. */
  ticket(): string {
    const ticket = randomUUID();
    this.#tickets.add(ticket);
    return ticket;
  }

  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const url = new URL(request.url ?? '/', 'ws://workspace');
    if (url.pathname !== '/link/' || !this.#tickets.delete(url.searchParams.get('ticket') ?? '')) {
      socket.end('HTTP/1.1 401 Unauthorized\r\nConnection: close\r\n\r\n');
      return;
    }
    this.#server.handleUpgrade(request, socket, head, (ws) => void this.#welcome(ws));
  }

  async #welcome(ws: WebSocket): Promise<void> {
    ws.on('error', () => ws.terminate());
    await this.#greeting;
    if (ws.readyState !== ws.OPEN) return;
    if (this.#live.length >= MOST_CONNECTIONS) {
      this.#farewell(ws, 'too_many_websockets');
      this.#asked.delete(ws);
      ws.close();
      return;
    }
    this.#live.push(ws);
    ws.on('message', (data) => this.#heard(String(data)));
    ws.on('close', () => this.#forget(ws));
    ws.send(
      JSON.stringify({
        type: 'hello',
        num_connections: this.#live.length,
        debug_info: { host: 'applink-local', build_number: 999, approximate_connection_time: 18060 },
        connection_info: { app_id: this.#appId },
      }),
    );
    this.#changed();
  }

  #forget(ws: WebSocket): void {
    this.#live = this.#live.filter((other) => other !== ws);
    this.#asked.delete(ws);
    this.#slow.delete(ws);
    const since = performance.now() - IN_THE_WORKS;
    for (const sent of this.#sent.values()) {
      if (sent.ws !== ws) continue;
      if (sent.at > since) this.cutOff.add(sent.envelope.payload);
      sent.settle({ ok: false, error: 'dispatch_failed' });
    }
    this.#changed();
  }

  /** Those that are not asked to leave; where all are, the one that was asked last. */
  #takers(): WebSocket[] {
    const open = this.#live.filter((ws) => ws.readyState === ws.OPEN);
    const staying = open.filter((ws) => !this.#asked.has(ws));
    return staying.length > 0 ? staying : [...this.#asked].filter((ws) => ws.readyState === ws.OPEN).slice(-1);
  }

  send(envelope: Envelope): Promise<Receipt> {
    const open = this.#takers();
    const ws = open[this.#turn++ % Math.max(open.length, 1)];
    if (!ws) return Promise.resolve({ ok: false, error: 'dispatch_failed' });
    const envelopeId = randomUUID();
    const { promise, resolve } = Promise.withResolvers<Receipt>();
    const sent: Sent = { envelope, ws, at: performance.now(), state: 'waiting', settle: resolve };
    this.#sent.set(envelopeId, sent);
    const timer = setTimeout(() => {
      sent.state = 'too late';
      resolve({ ok: false, error: 'operation_timeout' });
    }, this.#ackWithin);
    timer.unref();
    const text = JSON.stringify({
      envelope_id: envelopeId,
      type: envelope.kind,
      accepts_response_payload: envelope.takesAnswer,
      payload: envelope.payload,
      ...(envelope.kind === 'events_api' && {
        retry_attempt: envelope.retry?.attempt ?? 0,
        retry_reason: envelope.retry?.reason ?? '',
      }),
    });
    void (this.#slow.get(ws) ?? Promise.resolve()).then(() => ws.send(text));
    return promise.finally(() => clearTimeout(timer));
  }

  #heard(data: string): void {
    const read = acknowledgement.safeParse(parseJson(data));
    if (!read.success) {
      this.#protocolViolations.push(`a frame that is no acknowledgement: ${data.slice(0, 200)}`);
      return;
    }
    const sent = this.#sent.get(read.data.envelope_id);
    if (!sent) {
      this.#protocolViolations.push(`acknowledged an envelope that was never sent: ${read.data.envelope_id}`);
      return;
    }
    if (sent.state === 'acknowledged') this.#protocolViolations.push(`acknowledged twice: ${describe(sent.envelope)}`);
    if (sent.state === 'too late') {
      const after = Math.round(performance.now() - sent.at);
      this.#protocolViolations.push(`acknowledged too late, after ${after} ms: ${describe(sent.envelope)}`);
    }
    const body = emptied(read.data.payload);
    if (body !== undefined && !sent.envelope.takesAnswer) {
      this.#protocolViolations.push(`answered with a body that Slack does not read: ${describe(sent.envelope)}`);
    }
    sent.state = 'acknowledged';
    sent.settle({ ok: true, body });
  }

  #farewell(ws: WebSocket, reason: Disconnect): void {
    this.#asked.add(ws);
    ws.send(JSON.stringify({ type: 'disconnect', reason, debug_info: { host: 'applink-local' } }));
  }

  /**
   * Asks connections to reconnect, as Slack does every few hours; the oldest one unless told how many. The next one is asked
   * when the one before has heard: the last that is asked takes what people do until another one comes.
   */
  async disconnect(reason: Disconnect, count = 1): Promise<void> {
    for (const ws of this.#live.slice(0, count)) {
      this.#farewell(ws, reason);
      ws.ping();
      await Promise.race([once(ws, 'pong'), once(ws, 'close')]);
    }
  }

  /** Sends a frame as it is, whatever it is, over every connection. */
  frame(text: string): void {
    for (const ws of this.#live) ws.send(text);
  }

  /** Cuts connections without a word: every one, unless told how many. */
  drop(count = this.#live.length): void {
    for (const ws of this.#live.slice(0, count)) ws.terminate();
  }

  /** Makes connections half-open, as when a firewall forgets them: nothing passes, and the bot is not told. */
  silence(count: number): void {
    for (const ws of this.#live.slice(0, count)) {
      ws.pause();
      this.#silent.add(ws);
      this.#forget(ws);
    }
  }

  /** New connections are not greeted, until the returned function is called. */
  hold(): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#greeting = promise;
    return resolve;
  }

  /** What is sent over the connections that are open now is on its way until the returned function is called. */
  delay(): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    for (const ws of this.#live) this.#slow.set(ws, promise);
    return resolve;
  }

  /** Lets clients that are closing finish, for a short time. */
  async close(): Promise<void> {
    const gone = this.#live.map((ws) => new Promise((resolve) => ws.once('close', resolve)));
    for (const ws of this.#live) ws.close(1001);
    await Promise.race([Promise.all(gone), after(200)]);
    this.drop();
    for (const ws of this.#silent) ws.terminate();
    this.#server.close();
    for (const sent of this.#sent.values()) sent.settle({ ok: false, error: 'dispatch_failed' });
  }
}

/** Bolt acknowledges without a word by sending `{}`. */
const emptied = (body: unknown) =>
  body === null || (typeof body === 'object' && Object.keys(body).length === 0) ? undefined : body;

export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
