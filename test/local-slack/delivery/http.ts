/** HTTP delivery: signed POSTs to the bot (docs.slack.dev/authentication/verifying-requests-from-slack). */
import { createHmac } from 'node:crypto';
import { type Carrier, describe, type Envelope, type Receipt } from './envelope.ts';
import { parseJson } from './socket-mode.ts';

export type Signing = { secret: string; now: () => number };

/** Slack's signature is valid for five minutes, so `at` makes a stale one. */
export function signature({ secret, now }: Signing, body: string): Record<string, string> {
  const timestamp = String(Math.floor(now() / 1000));
  const digest = createHmac('sha256', secret).update(`v0:${timestamp}:${body}`).digest('hex');
  return { 'x-slack-request-timestamp': timestamp, 'x-slack-signature': `v0=${digest}` };
}

/** Commands are forms, interactions are a form with one JSON field, events are JSON; the types come without charset. */
function written({ kind, payload }: Envelope): { type: string; body: string } {
  if (kind === 'events_api') return { type: 'application/json', body: JSON.stringify(payload) };
  const type = 'application/x-www-form-urlencoded';
  if (kind === 'interactive')
    return { type, body: new URLSearchParams({ payload: JSON.stringify(payload) }).toString() };
  const fields = Object.entries(payload).map(([key, value]): [string, string] => [key, String(value)]);
  return { type, body: new URLSearchParams(fields).toString() };
}

export function httpCarrier(url: string, signing: Signing, ackWithin: number, protocolViolations: string[]): Carrier {
  return async (envelope) => {
    const { type, body } = written(envelope);
    const sentAt = performance.now();
    const retry: Record<string, string> = envelope.retry
      ? { 'x-slack-retry-num': String(envelope.retry.attempt), 'x-slack-retry-reason': envelope.retry.reason }
      : {};
    const answered = fetch(url, {
      method: 'POST',
      headers: { 'content-type': type, ...signature(signing, body), ...retry },
      body,
    }).then(readReceipt, (): Receipt => ({ ok: false, error: 'dispatch_failed' }));
    const { promise: late, resolve } = Promise.withResolvers<Receipt>();
    const timer = setTimeout(() => {
      resolve({ ok: false, error: 'operation_timeout' });
      void answered.then((receipt) => {
        if (!receipt.ok && receipt.status === undefined) return;
        const after = Math.round(performance.now() - sentAt);
        protocolViolations.push(`acknowledged too late, after ${after} ms: ${describe(envelope)}`);
      });
    }, ackWithin);
    timer.unref();
    const receipt = await Promise.race([answered, late]);
    clearTimeout(timer);
    if (receipt.ok && receipt.body !== undefined && !envelope.takesAnswer) {
      protocolViolations.push(`answered with a body that Slack does not read: ${describe(envelope)}`);
    }
    return receipt;
  };
}

async function readReceipt(response: Response): Promise<Receipt> {
  const text = await response.text();
  if (response.status !== 200) return { ok: false, error: 'dispatch_failed', status: response.status };
  if (text === '') return { ok: true, body: undefined };
  return { ok: true, body: parseJson(text) ?? { text } };
}

/** Slack's question to a new request URL: it must repeat the challenge. */
export async function answersChallenge(url: string, signing: Signing): Promise<boolean> {
  const challenge = crypto.randomUUID();
  const body = JSON.stringify({ token: 'verification', challenge, type: 'url_verification' });
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...signature(signing, body) },
    body,
  });
  return response.status === 200 && (await response.text()).includes(challenge);
}
