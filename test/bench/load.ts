/** Load: signed requests, as Slack sends them, so many in flight at a time. */
import { Agent, type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { signature } from '../local-slack/delivery/http.ts';
import type { Sent } from './requests.ts';
import type { Measured } from './rounds.ts';
import { percentile } from './statistics.ts';

export const secret = 'local-signing-secret';

const types = { form: 'application/x-www-form-urlencoded', json: 'application/json' };

const agent = new Agent({ keepAlive: true, maxSockets: 128, timeout: 60_000 });

/** Hands a request to a process and returns what it answered; anything but 200 is a mistake of the bench. */
export async function send(port: number, { type, body }: Sent): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  request({
    agent,
    host: '127.0.0.1',
    port,
    path: '/slack/events',
    method: 'POST',
    headers: { 'content-type': types[type], ...signature({ secret, now: Date.now }, body) },
  })
    .on('response', resolve)
    .on('error', reject)
    .end(body);
  const response = await promise;
  const answer = await text(response);
  if (response.statusCode !== 200) throw new Error(`answered ${response.statusCode}: ${answer}`);
  return answer;
}

/** Does something `count` times, `inFlight` at a time: how many a second, and how long one took, in milliseconds. */
export async function load(
  { count, inFlight }: { count: number; inFlight: number },
  once: (index: number) => Promise<unknown>,
): Promise<Measured> {
  const took: number[] = [];
  let next = 0;
  const began = performance.now();
  await Promise.all(
    Array.from({ length: inFlight }, async () => {
      while (next < count) {
        const index = next++;
        const from = performance.now();
        await once(index);
        took.push(performance.now() - from);
      }
    }),
  );
  const seconds = (performance.now() - began) / 1000;
  return { perSecond: count / seconds, p50: percentile(took, 0.5), p99: percentile(took, 0.99) };
}
