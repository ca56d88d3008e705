/**
 * The HTTP client for everything that Registrar calls. Its agents are Node's own, and the one place that decides by which
 * proxy, if any, an address is reached (https://nodejs.org/api/http.html#built-in-proxy-support). `fetch` is here because
 * the web's, with its streams, events and headers, took half of the processor time of `/register`.
 */
import { type Agent, Agent as HttpAgent, request as httpRequest, type IncomingMessage, STATUS_CODES } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { text } from 'node:stream/consumers';
import type { FetchFunction } from '@slack/web-api';

export type HttpClient = {
  /**
   * As much of `fetch` as is used here: text in, text out. All of the response has been read when it resolves. A redirect
   * rejects unless `redirect` is `manual`: the address that it names would be given the token.
   */
  fetch: FetchFunction;
  /** Returns the agent for a WebSocket at this address. */
  agentFor(url: string): Agent;
};

export type ProxySettings = {
  HTTPS_PROXY?: string | undefined;
  HTTP_PROXY?: string | undefined;
  NO_PROXY?: string | undefined;
};

/** Hosts that are never reached through a proxy, as in Go and curl: a proxy has another loopback. */
const loopback = 'localhost,127.0.0.1,::1';

/** How long an idle connection is kept, in milliseconds: as long as Node's global agent keeps it. */
const idleTimeout = 5_000;

/** Creates the client, with the proxies of the settings. */
export function createHttpClient({ HTTPS_PROXY, HTTP_PROXY, NO_PROXY }: ProxySettings = {}): HttpClient {
  const noProxy = NO_PROXY ? `${NO_PROXY},${loopback}` : loopback;
  const options = { keepAlive: true, timeout: idleTimeout, proxyEnv: { HTTPS_PROXY, HTTP_PROXY, NO_PROXY: noProxy } };
  // A proxy may close a plain connection after each response without saying so, as tinyproxy does: the next request would be lost.
  const http = new HttpAgent({ ...options, keepAlive: !HTTP_PROXY });
  const https = new HttpsAgent(options);

  return {
    async fetch(input, { method = 'GET', headers = {}, body, redirect, signal } = {}) {
      if (body instanceof FormData) throw new TypeError('only text is sent this way');
      const url = new URL(input);
      const sent =
        url.protocol === 'https:'
          ? httpsRequest(url, { method, headers, signal, agent: https })
          : httpRequest(url, { method, headers, signal, agent: http });
      const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
      sent.on('response', resolve).on('error', reject).end(body);
      try {
        const response = await promise;
        return responseOf(url, response, await text(response), redirect);
      } catch (error) {
        throw signal?.aborted ? signal.reason : error;
      }
    },
    agentFor: (url) => (new URL(url).protocol === 'wss:' ? https : http),
  };
}

function responseOf(url: URL, { statusCode: status = 0, headers }: IncomingMessage, body: string, redirect?: string) {
  if (status >= 300 && status < 400 && redirect !== 'manual') throw new Error(`a call was redirected (HTTP ${status})`);
  const received = new Map(Object.entries(headers).map(([name, value]) => [name, String(value)]));
  return {
    ok: status >= 200 && status < 300,
    status,
    statusText: STATUS_CODES[status] ?? '',
    url: url.href,
    headers: { get: (name: string) => received.get(name.toLowerCase()) ?? null, entries: () => received },
    text: async () => body,
    json: async () => JSON.parse(body),
    arrayBuffer: async () => new TextEncoder().encode(body).buffer,
  };
}
