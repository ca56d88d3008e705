/** What becomes of effects of a kind while Slack rate limits a method that they call. */
import { WebAPIRateLimitedError } from '@slack/web-api';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { type Connection, connect } from '../../src/db/client.ts';
import { createOutbox } from '../../src/db/outbox/outbox.ts';
import * as store from '../../src/db/outbox/store.ts';
import type { Attempt, Job } from '../../src/db/outbox/types.ts';
import type { Priority } from '../../src/domain/effects.ts';
import { createKindThrottle } from '../../src/features/deliver/throttled-kinds.ts';
import { createLog } from '../../src/observability/log.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';

const log = createLog('silent');
let database: TestDatabase;
let connection: Connection;

beforeAll(async () => {
  database = await createDatabase();
  connection = connect(database.url);
});

beforeEach(() => database.sql`truncate outbox, channel_turns`);

afterAll(async () => {
  await connection.close();
  await database[Symbol.asyncDispose]();
});

const db = () => ({ tables: connection.tables, outbox: createOutbox() });
const replica = () => createKindThrottle({ db: db(), log });

let cards = 0;

/** Claims a job for a card, with a slot that has come where `pacedIn` says of what. */
async function claimed(priority: Priority, pacedIn: string | null = null): Promise<Attempt> {
  const lane = `card:${cards++}`;
  await connection.tables.transaction((tx) =>
    store.enqueue(tx, [{ queue: 'test', lane, priority, effect: { kind: 'card' } }]),
  );
  if (pacedIn)
    await database.sql`update outbox set slot = now(), paced_in = ${pacedIn}, round = 0 where lane = ${lane}`;
  const { jobs } = await store.claim(db(), 'test', { all: 1, others: 1 });
  const job: Job | undefined = jobs[0];
  if (!job) throw new Error('it is not due');
  const write = async () => expect.fail('nothing is written');
  return { job, signal: new AbortController().signal, restoredAt: undefined, copies: new Map(), write };
}

const refused = (seconds: number) => async () => {
  throw new WebAPIRateLimitedError(seconds);
};

/** Has Slack refuse two: the second as soon as it takes calls again, and for so many seconds. */
async function throttled(throttle: ReturnType<typeof replica>, last: number): Promise<void> {
  for (const seconds of [0, last]) await throttle(await claimed('bulk'), 'card', refused(seconds));
}

const delivered = async () => 'delivered';
const isPostponed = expect.objectContaining({ status: 'postponed' });

it('a refused one waits as long as Slack says, and may have posted something before', async () => {
  const throttle = replica();
  const result = await throttle(await claimed('act'), 'card', refused(30));
  expect(result).toEqual({ status: 'postponed', seconds: 30, unsure: true });
});

it('others wait for it, but for what follows an act, and for other kinds', async () => {
  const throttle = replica();
  await throttle(await claimed('bulk'), 'card', refused(30));
  expect(await throttle(await claimed('bulk'), 'card', delivered)).toEqual(isPostponed);
  expect(await throttle(await claimed('clock'), 'card', delivered)).toEqual(isPostponed);
  expect(await throttle(await claimed('act'), 'card', delivered)).toBe('delivered');
  expect(await throttle(await claimed('bulk'), 'home', delivered)).toBe('delivered');
  expect(await database.sql`select from channel_turns`).toEqual([]);
});

it('refused again, others wait for slots two seconds apart, and what follows an act does not', async () => {
  const throttle = replica();
  await throttled(throttle, 30);
  const slots: number[] = [];
  for (const one of [await claimed('bulk'), await claimed('bulk')]) {
    const result = await throttle(one, 'card', delivered);
    if (typeof result !== 'object' || !('slot' in result)) expect.fail('it has no slot');
    slots.push(result.slot?.getTime() ?? 0);
  }
  expect((slots[1] ?? 0) - (slots[0] ?? 0)).toBe(2_000);
  expect(await throttle(await claimed('act'), 'card', delivered)).toBe('delivered');
});

it('a slot is used also by a replica that no one has refused', async () => {
  await throttled(replica(), 30);
  await database.sql`update channel_turns set closed_until = now() - interval '1 minute'`;
  const one = await claimed('bulk', 'card');
  expect(await replica()(one, 'card', delivered)).toBe('delivered');
  expect(await database.sql`select slot from outbox where id = ${one.job.id}`).toEqual([{ slot: null }]);
});

it('one whose slot in a channel has come needs none of the kind', async () => {
  const throttle = replica();
  await throttled(throttle, 0);
  const one = await claimed('bulk', 'C1');
  expect(await throttle(one, 'card', delivered)).toBe('delivered');
  expect(await database.sql`select slot from outbox where id = ${one.job.id}`).toEqual([{ slot: expect.any(Date) }]);
});
