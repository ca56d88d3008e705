/** Where Slack takes no more in a channel, messages take turns: each its own, on any number of replicas. */
import { describe, expect, it } from 'vitest';
import { connect } from '../../src/db/client.ts';
import { pause, reserve } from '../../src/db/outbox/channel-pacing.ts';
import { createOutbox } from '../../src/db/outbox/outbox.ts';
import { recordOutcome } from '../../src/db/outbox/outcomes.ts';
import * as store from '../../src/db/outbox/store.ts';
import type { DeliveryResult } from '../../src/db/outbox/types.ts';
import * as requests from '../../src/db/registration/requests.ts';
import * as transitions from '../../src/db/registration/transitions.ts';
import { createDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { delivered } from '../support/outbox.ts';
import { openScenario, type Scenario } from '../support/scenario.ts';
import { asks, people } from '../support/steps.ts';

/** A job that waits for a slot. */
const waiting = (slot: Date | null = null) => ({
  job: { id: 1, attempt: 1, slot, pacedIn: 'C1' },
  requester: undefined,
});

describe('slots', () => {
  it('are not needed in a channel without rate limit, and are a second apart after one, each taken once', async () => {
    await using database = await createDatabase();
    const { sql, url } = database;
    const replicas = [0, 1].map(() => ({ tables: connect(url), outbox: createOutbox() }));
    const [one, two] = replicas.map(({ tables, outbox }) => ({ tables: tables.tables, outbox }));
    if (!one || !two) throw new Error('two replicas are needed');
    const go = undefined;

    expect(await reserve(one, 'C1', waiting())).toBe(go);
    const refused = await pause(one, 'C1', 30, waiting());
    const taken = await Promise.all([one, two, one, two].map((db) => reserve(db, 'C1', waiting())));
    const turns = [refused, ...taken].map((turn) => turn?.at.getTime() ?? 0).sort((a, b) => a - b);
    expect(turns.slice(1).map((turn, index) => turn - (turns[index] ?? 0))).toEqual([1050, 1050, 1050, 1050]);
    expect(refused.seconds).toBeGreaterThan(25);
    expect(await reserve(two, 'C2', waiting())).toBe(go);

    // Who comes in its turn goes; unless Slack has closed the channel again meanwhile.
    expect(await reserve(two, 'C1', waiting(taken[0]?.at))).toBe(go);
    const ofAKind = { job: { ...waiting(taken[1]?.at).job, pacedIn: 'card' }, requester: undefined };
    expect(await reserve(two, 'C1', ofAKind)).not.toBe(go);
    const last = await pause(two, 'C1', 60, waiting());
    expect(last.at.getTime()).toBeGreaterThan(turns[4] ?? 0);
    const again = await reserve(two, 'C1', waiting(taken[1]?.at));
    expect(again?.at.getTime()).toBe(last.at.getTime() + 1050);

    // After a minute without waiting messages, the channel is no longer throttled.
    await sql`update channel_turns set free = now() - interval '61 seconds', closed_until = now() - interval '2 minutes'`;
    expect(await reserve(one, 'C1', waiting())).toBe(go);
    for (const { tables } of replicas) await tables.close();
  });

  it.each<DeliveryResult>([
    { status: 'delivered' },
    { status: 'postponed', seconds: 5 },
    { status: 'retry', destination: 'C1', cause: 'ECONNRESET', needsHuman: false, seconds: 5 },
    { status: 'dead', destination: 'C1', cause: 'msg_too_long' },
  ])(
    'not used, by what is $status, go to the message that would wait longest, and the channel is free earlier',
    async (result) => {
      await using database = await createDatabase();
      const { sql, url } = database;
      const { tables, close } = connect(url);
      const db = { tables, outbox: createOutbox() };
      const lanes = ['card:1', 'card:2', 'card:3'].map((lane) => ({
        queue: 'test',
        lane,
        priority: 'act' as const,
        effect: { kind: 'card' },
      }));
      await tables.transaction((tx) => store.enqueue(tx, lanes));
      const { jobs } = await store.claim(db, 'test', { all: 3, others: 3 });
      await pause(db, 'C1', 30, waiting());
      for (const job of jobs) {
        const slot = await reserve(db, 'C1', { job, requester: 'U1' });
        await tables.transaction((tx) => store.postpone(tx, job, { seconds: 0, ...(slot ? { slot: slot.at } : {}) }));
      }
      const slots = async () =>
        (await sql`select slot from outbox where slot is not null order by lane`).map(({ slot }) => slot.getTime());
      const ahead = async () => (await sql`select free from channel_turns`)[0]?.free.getTime();
      const [before, until] = [await slots(), await ahead()];
      await sql`update outbox set run_at = now() where lane = 'card:1'`;
      const [unused] = (await store.claim(db, 'test', { all: 1, others: 1 })).jobs;
      if (!unused) throw new Error('its slot has not come');
      const attempt = { job: unused, signal: new AbortController().signal, restoredAt: undefined, copies: new Map() };
      const write = async () => expect.fail('nothing is written');
      await tables.transaction((tx) => recordOutcome(tx, db.outbox, { ...attempt, write }, result));
      // The last of the three is now the first.
      expect(await slots()).toEqual([before[1], before[0]]);
      expect(until - (await ahead())).toBe(1050);
      await close();
    },
  );
});

it('more cards than a channel takes at once are paced, each posted once, without refused calls', async () => {
  const slugs = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
  const catalog = `services:\n${slugs.map((slug) => `  - { slug: ${slug}, name: ${slug.toUpperCase()} API }\n`).join('')}`;
  await using scenario = await openScenario({ catalog, limited: true });
  const { workspace } = scenario;
  const { dana } = people(scenario);
  await asks(
    dana,
    slugs.map((slug) => `${slug.toUpperCase()} API`),
    'Shop',
  );
  await workspace.until(() => workspace.messages('api-requests').length === slugs.length);
  const calls = workspace.calls.filter(
    ({ method, args }) => method === 'chat.postMessage' && args.channel === 'C0REQUESTS',
  );
  const refused = calls.filter(({ status }) => status === 429);
  expect(calls.length - refused.length).toBe(slugs.length);
  // Those that were on their way when Slack first refused one.
  expect(refused.length).toBeLessThanOrEqual(slugs.length - 3);
  expect(workspace.calls.filter(({ method }) => method === 'conversations.history')).toEqual([]);
});

const policy = { approvers: [], adminChannel: 'C0REQUESTS', allowSelfApproval: false, allowExternal: false };

/** Has a person ask for so many applications' access to the Payments API, faster than Slack takes their cards. */
async function asksOften({ database }: Scenario, requester: string, times: number, withdraws: boolean) {
  const client = connect(database.url);
  const db = { tables: client.tables, outbox: createOutbox() };
  const [service] = await database.sql`select public_id as id from services where slug = 'payments'`;
  for (let nth = 0; nth < times; nth += 1) {
    const at = new Date();
    const made = await requests.create(db, {
      services: [service?.id],
      application: { name: `Flood ${nth}` },
      requester,
      account: 'member',
      policy,
      reason: 'Because',
      form: `V${requester}${nth}`,
      at,
      remindAt: at,
      autoApprove: false,
      maxPending: 1_000,
      maxPerHour: 1_000,
      maxApplications: 1_000,
    });
    expect(made).toMatchObject({ ok: true });
    const [last] = await database.sql`select id from registrations order by id desc limit 1`;
    if (withdraws)
      await transitions.apply(db, {
        id: Number(last?.id),
        seen: 1,
        action: 'unregister',
        by: requester,
        at,
        policy,
        memberships: { account: 'member', of: new Map() },
      });
  }
  await client.close();
}

describe('one person does not hold up a channel', () => {
  const cards = ({ workspace }: Scenario) =>
    workspace.messages('api-requests').filter(({ metadata }) => metadata?.event_type === 'registrar_card');

  it('with sixty requests: a colleague’s card is the next but a few', async () => {
    await using scenario = await openScenario({ limited: true });
    const { workspace } = scenario;
    const { dana, sam, alex } = people(scenario);
    workspace.fail(
      'chat.postMessage',
      { kind: 'rate-limited', retryAfter: 3 },
      { when: ({ channel }) => channel === 'C0REQUESTS' },
    );
    await asksOften(scenario, dana.id, 60, false);
    await workspace.until(() => cards(scenario).length > 0);
    const before = cards(scenario).length;
    await asks(sam, ['Ledger API'], 'Till');
    await alex.finds(/Ledger API for Till/, { in: 'api-requests' });
    expect(cards(scenario).length - before).toBeLessThanOrEqual(6);
    // Hers go on, in the order in which she asked.
    await workspace.until(() => cards(scenario).length > before + 4);
    const named = cards(scenario).flatMap(({ text }) => /Flood (\d+)/.exec(text)?.[1] ?? []);
    expect(named.slice(4)).toEqual(named.slice(4).toSorted((one, other) => Number(one) - Number(other)));
  });

  it('with sixty requests that are withdrawn at once: they take no place, and nothing is left of them', async () => {
    await using scenario = await openScenario({ limited: true });
    const { workspace, database } = scenario;
    const { dana, sam, alex } = people(scenario);
    workspace.fail(
      'chat.postMessage',
      { kind: 'rate-limited', retryAfter: 5 },
      { when: ({ channel }) => channel === 'C0REQUESTS' },
    );
    await asksOften(scenario, dana.id, 60, true);
    await asks(sam, ['Ledger API'], 'Till');
    await alex.finds(/Ledger API for Till/, { in: 'api-requests' });
    // Their slots are free again, the last ones first: the channel is not reserved for a minute ahead.
    await eventually(
      'the slots are given back',
      async () => {
        const [row] = await database.sql`select extract(epoch from free - now())::float8 as ahead from channel_turns`;
        return row?.ahead < 20;
      },
      10_000,
    );
    await delivered(scenario);
    const posted = cards(scenario).length;
    expect(posted).toBeLessThan(20);
    // Changes of what they would show post none either.
    await database.sql`update registrations set card_changes = card_changes + 1`;
    const client = connect(database.url);
    const db = { tables: client.tables, outbox: createOutbox() };
    await client.tables.transaction((tx) =>
      db.outbox.enqueue(
        tx,
        Array.from({ length: 61 }, (_, index) => ({ kind: 'card' as const, registration: index + 1, version: 2 })),
      ),
    );
    await delivered(scenario);
    expect(await store.isBusy(db, 'card:1')).toBe(false);
    await client.close();
    expect(cards(scenario)).toHaveLength(posted);
    expect(await database.sql`select from registrations where card_ts is null and card_version is null`).toEqual([]);
    expect(workspace.calls.filter(({ method }) => method === 'conversations.history')).toEqual([]);
  });
});
