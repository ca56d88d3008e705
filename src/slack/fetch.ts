/**
 * How Slack is called: by undici's `request`, and not by `fetch`, which is the same library with the web's streams, events
 * and headers around it. They took half of the processor time of `/register` (npm run bench -- --only register).
 */
import { STATUS_CODES } from 'node:http';
import type { FetchFunction } from '@slack/web-api';
import { request } from 'undici';

/**
 * As much of `fetch` as Slack's SDK makes use of. All of the answer has been read when it resolves. A redirect rejects: what
 * it names is not Slack, and would be given the token.
 */
export const undiciFetch: FetchFunction = async (url, { method = 'GET', headers = {}, body, signal } = {}) => {
  if (body instanceof FormData) throw new TypeError('only text is sent to Slack this way');
  const answer = await request(url, { method, headers, body: body ?? null, signal: signal ?? null });
  const { statusCode: status } = answer;
  const text = await answer.body.text();
  if (status >= 300 && status < 400) throw new Error(`a call was redirected (HTTP ${status})`);
  const told = new Map(Object.entries(answer.headers).map(([name, value]) => [name, String(value)]));
  return {
    ok: status >= 200 && status < 300,
    status,
    statusText: STATUS_CODES[status] ?? '',
    url: String(url),
    headers: { get: (name) => told.get(name.toLowerCase()) ?? null, entries: () => told },
    text: async () => text,
    json: async () => JSON.parse(text),
    arrayBuffer: async () => new TextEncoder().encode(text).buffer,
  };
};
