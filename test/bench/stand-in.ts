/**
 * Slack's side of the questions about throughput: it answers the few methods that are called there at once and looks at
 * nothing, the same for the bot and for its baseline. The local workspace checks as strictly as Slack, and would itself be
 * what is measured. It tells when something arrives, and answers what a response_url is sent.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export type Arrival = { method: string; fields: URLSearchParams; at: number };

export type StandIn = AsyncDisposable & {
  url: string;
  apiUrl: string;
  /**
   * Resolves with the moment at which what bears this key arrives: a trigger_id, a user_id, a channel or a message's ts, the
   * end of a response_url. Rejects where it does not: what is measured answers otherwise than the question expects.
   */
  arrival(key: string): Promise<number>;
};

/** What has not arrived after so many milliseconds never will. */
const patience = 60_000;

const members = ['U0ALEX', 'U0PRIYA', 'U0REGISTRAR'];

const answers: Record<string, (fields: URLSearchParams, count: number) => object> = {
  'auth.test': () => ({ user_id: 'U0REGISTRAR', bot_id: 'B0REGISTRAR', team_id: 'T0ACME', user: 'registrar' }),
  'views.open': (_, count) => ({ view: { id: `V${count}` } }),
  'views.publish': (_, count) => ({ view: { id: `V${count}` } }),
  'chat.postMessage': (fields, count) => ({ channel: fields.get('channel'), ts: `1700000000.${count}`, message: {} }),
  'chat.update': (fields) => ({ channel: fields.get('channel'), ts: fields.get('ts'), message: {} }),
  // No one has left.
  'users.list': () => ({ members: [] }),
  'users.info': (fields) => ({ user: { id: fields.get('user'), team_id: 'T0ACME' } }),
  'conversations.members': () => ({ members }),
  'conversations.history': () => ({ messages: [] }),
  'conversations.open': (fields) => ({ channel: { id: `D${fields.get('users')}` } }),
};

/** What an arrival is known by, where it is no trigger_id. */
const keys: Record<string, string> = { 'views.publish': 'user_id', 'chat.update': 'ts', 'chat.postMessage': 'channel' };

export async function openStandIn(): Promise<StandIn> {
  const awaited = new Map<string, (at: number) => void>();
  let count = 0;

  function arrived(key: string | null | undefined): void {
    const resolve = key ? awaited.get(key) : undefined;
    if (!key || !resolve) return;
    awaited.delete(key);
    resolve(performance.now());
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [, area, name = ''] = (request.url ?? '').split('/');
    const body = await textOf(request);
    if (area === 'response') {
      arrived(name);
      response.end('ok');
      return;
    }
    const fields = new URLSearchParams(body);
    const key = keys[name];
    arrived(fields.get('trigger_id') ?? (key ? fields.get(key) : null));
    count += 1;
    const said = answers[name]?.(fields, count) ?? { ok: false, error: 'unknown_method' };
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ ok: true, ...said }));
  }

  const server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    apiUrl: `${url}/api/`,
    arrival: (key) =>
      new Promise((resolve, reject) => {
        const missing = new Error(`${key} has not arrived in ${patience / 1000} s`);
        const timer = setTimeout(() => reject(missing), patience);
        awaited.set(key, (at) => {
          clearTimeout(timer);
          resolve(at);
        });
      }),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}
