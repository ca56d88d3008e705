/** The webhook provisioner: what is posted, when, and what becomes of each kind of answer. */
import { describe, expect, it } from 'vitest';
import { GatewayError } from '../../../src/access/failure.ts';
import type { Order } from '../../../src/access/gateway.ts';
import { createWebhook } from '../../../src/access/webhook.ts';
import { createHttpClient } from '../../../src/http-client.ts';
import { openWebhookReceiver, type WebhookReceiver } from '../../local-gateway/webhook-receiver.ts';

/** As the program calls. */
const { fetch } = createHttpClient();

const application = { id: '3b2f6c0e-6a55-4a7e-9d0b-1f2a5f1c7d11', name: 'Shop', owners: ['U1', 'U2'] };
const backing = new Map([
  ['payments', { change: 'change-1', service: { slug: 'payments', name: 'Payments API' }, registration: 'r1' }],
  ['ledger', { change: 'change-2', service: { slug: 'ledger', name: 'Ledger API' }, registration: 'r2' }],
]);

const order = (wanted: string[], confirmed: string[]): Order => ({
  application,
  wanted: { groups: wanted, governed: ['payments', 'ledger'] },
  confirmed,
  backing,
});

const client = (receiver: WebhookReceiver, timeout = 10_000) =>
  createWebhook(
    { name: 'hooks', header: 'apikey', proxy: undefined, kind: 'webhook', url: receiver.url, token: receiver.secret },
    fetch,
    () => new Date(),
    timeout,
  );

it('tells what changes, signed, with a stable id', async () => {
  await using receiver = await openWebhookReceiver();
  const hooks = client(receiver);
  expect(await hooks.apply(order(['payments'], []))).toEqual({ open: ['payments'], pending: [], failure: undefined });
  await hooks.apply(order(['payments'], ['payments']));
  expect((await hooks.apply(order([], ['payments']))).open).toEqual([]);
  expect(receiver.deliveries.map(({ id, type, verified }) => [id, type, verified])).toEqual([
    ['change-1', 'access.grant', true],
    ['change-1', 'access.revoke', true],
  ]);
  expect(receiver.deliveries[0]?.payload).toEqual({
    type: 'access.grant',
    timestamp: expect.any(String),
    data: { application, service: { slug: 'payments', name: 'Payments API' }, group: 'payments', registration: 'r1' },
  });
});

it('a deleted application loses all that was confirmed', async () => {
  await using receiver = await openWebhookReceiver();
  const { open } = await client(receiver).apply({ ...order([], ['payments', 'ledger']), wanted: null });
  expect(open).toEqual([]);
  expect(receiver.deliveries.map(({ type }) => type)).toEqual(['access.revoke', 'access.revoke']);
});

describe('answers', () => {
  it.each([200, 201, 204])('%i is done', async (status) => {
    await using receiver = await openWebhookReceiver();
    receiver.answers.push(status);
    expect(await client(receiver).apply(order(['payments'], []))).toMatchObject({ open: ['payments'], pending: [] });
  });

  it('202 is pending until a repeat answers otherwise, under the same id', async () => {
    await using receiver = await openWebhookReceiver();
    receiver.answers.push(202, 202, 204);
    const hooks = client(receiver);
    expect(await hooks.apply(order(['payments'], []))).toEqual({ open: [], pending: ['payments'], failure: undefined });
    expect((await hooks.apply(order(['payments'], []))).pending).toEqual(['payments']);
    expect((await hooks.apply(order(['payments'], []))).open).toEqual(['payments']);
    expect(new Set(receiver.deliveries.map(({ id }) => id)).size).toBe(1);
    receiver.answers.push(202);
    expect(await hooks.apply(order([], ['payments']))).toMatchObject({ open: ['payments'], pending: ['payments'] });
  });

  it.each([
    [400, 'invalid'],
    [401, 'unauthorized'],
    [403, 'unauthorized'],
    [404, 'invalid'],
    [410, 'invalid'],
    [408, 'server-error'],
    [429, 'rate-limited'],
    [500, 'server-error'],
    [503, 'server-error'],
  ])('%i is %s', async (status, failure) => {
    await using receiver = await openWebhookReceiver();
    receiver.answers.push(status);
    const applied = await client(receiver).apply(order([], ['payments']));
    expect([applied.open, applied.failure?.failure]).toEqual([['payments'], failure]);
  });

  it('a redirect is not followed', async () => {
    await using receiver = await openWebhookReceiver();
    receiver.answers.push({ redirect: receiver.url });
    expect((await client(receiver).apply(order(['payments'], []))).failure?.failure).toBe('redirected');
    expect(receiver.deliveries).toHaveLength(1);
  });

  it('silence and a lost connection are tried again later', async () => {
    await using receiver = await openWebhookReceiver();
    receiver.answers.push('hang', 'reset');
    const hooks = client(receiver, 300);
    expect((await hooks.apply(order(['payments'], []))).failure?.failure).toBe('timeout');
    expect((await hooks.apply(order(['payments'], []))).failure?.failure).toBe('unreachable');
    expect((await hooks.apply(order(['payments'], []))).open).toEqual(['payments']);
  });

  it('one that fails does not hold up another', async () => {
    await using receiver = await openWebhookReceiver();
    receiver.answers.push(500, 204);
    const applied = await client(receiver).apply(order(['ledger'], ['payments']));
    expect([applied.open, applied.failure?.failure]).toEqual([[], 'server-error']);
  });
});

describe('inspected', () => {
  it.each([
    [204, true],
    [422, true],
    [401, false],
    [500, false],
  ])('%i', async (status, works) => {
    await using receiver = await openWebhookReceiver();
    receiver.answers.push(status);
    const { writes } = await client(receiver).inspect();
    expect(writes === true).toBe(works);
    if (!works) expect(writes).toBeInstanceOf(GatewayError);
    expect(receiver.deliveries.map(({ type }) => type)).toEqual(['access.ping']);
  });
});
