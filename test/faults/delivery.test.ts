/** What is committed reaches Slack, once, whatever Slack or the process does in between. */
import { pino } from 'pino';
import type { TransactionSql } from 'postgres';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { connect } from '../../src/db/client.ts';
import { createOutbox } from '../../src/db/outbox/outbox.ts';
import * as cards from '../../src/db/registration/cards.ts';
import type { Fault } from '../local-slack/model.ts';
import { channel, seed } from '../local-slack/seed.ts';
import { eventually } from '../support/eventually.ts';
import { hold, waitForBlocked } from '../support/locks.ts';
import { mailing, openMailServer } from '../support/mail-server.ts';
import { delivered, due, endLeases } from '../support/outbox.ts';
import { openScenario, type Scenario } from '../support/scenario.ts';
import { asks, people, requests, toldBesideReceipts } from '../support/steps.ts';

const faults: [string, Fault][] = [
  ['is limited (429)', { kind: 'rate-limited', retryAfter: 1 }],
  ['fails (500)', { kind: 'server-error' }],
  ['cuts the connection', { kind: 'reset' }],
  ['answers with nonsense', { kind: 'malformed' }],
  ['posts it and cuts the connection', { kind: 'accept-then-drop' }],
  ['says internal_error', { kind: 'error', error: 'internal_error' }],
];

describe.concurrent.each(faults)('where Slack %s', (_, fault) => {
  it.each([
    ['the card', 'chat.postMessage', 'C0REQUESTS'],
    ['its redrawing', 'chat.update', 'C0REQUESTS'],
    ['the message to the requester', 'chat.postMessage', 'U0DANA'],
  ])('%s is there in the end, once', async (_, method, channel) => {
    await using scenario = await openScenario();
    const { workspace } = scenario;
    const { dana, alex } = people(scenario);
    workspace.fail(method, fault, { when: (args) => args.channel === channel });
    await requests(dana, alex);
    await alex.clicks('Approve', { in: 'api-requests' });
    await alex.finds(/Approved by @alex/, { in: 'api-requests' });
    await dana.finds(/Approved by @alex/);
    await delivered(scenario);
    expect(alex.sees('api-requests')).toEqual([expect.stringContaining('Payments API')]);
    expect(toldBesideReceipts(dana)).toHaveLength(1);
    expect(workspace.calls.filter(({ status, response }) => status !== 200 || !response.ok).length).toBeGreaterThan(0);
  });
});

it('a card that was deleted is posted again when it changes', async () => {
  await using scenario = await openScenario();
  const { workspace } = scenario;
  const { dana, alex } = people(scenario);
  await requests(dana, alex);
  const [card] = workspace.messages('api-requests');
  await workspace.deleteMessage('api-requests', card?.ts ?? '');
  await dana.types('/unregister');
  await dana.picks('Registration', 'Payments API');
  await dana.submits();
  await alex.finds(/Unregistered by @dana/, { in: 'api-requests' });
});

it('a card is updated also where the status stays, and after a change during an update', async () => {
  await using scenario = await openScenario();
  const { workspace, database } = scenario;
  const { dana, alex } = people(scenario);
  await requests(dana, alex);
  const { tables, close } = connect(database.url);
  const outbox = createOutbox();
  const rename = (name: string) =>
    tables.transaction(async (tx) => {
      await tx.execute(`update applications set name = '${name}'`);
      await cards.markStale(tx, { tables, outbox }, [1]);
    });
  const held = workspace.hold('chat.update');
  await rename('Kiosk');
  await held.reached;
  await rename('Counter');
  held.release();
  await alex.finds(/ for Counter/, { in: 'api-requests' });
  await delivered(scenario);
  const drawings = workspace.calls.filter(({ method }) => method === 'chat.update');
  await tables.transaction((tx) => outbox.enqueue(tx, [{ kind: 'card', registration: 1, version: 1 }]));
  await delivered(scenario);
  expect(workspace.calls.filter(({ method }) => method === 'chat.update')).toHaveLength(drawings.length);
  await alex.clicks('Approve', { in: 'api-requests' });
  await alex.finds(/Approved by @alex/, { in: 'api-requests' });
  expect(alex.sees('api-requests')).toHaveLength(1);
  await close();
});

it('a channel without the bot delays only its own cards, and gets them once the bot is in', async () => {
  const catalog = `services:
  - { slug: payments, name: Payments API, channel: C0PAY, approvers: [U0ALEX] }
  - { slug: ledger, name: Ledger API }
  - { slug: search, name: Search API, channel: C0PAY, approval: auto }
`;
  const usual = seed({ channels: [channel('C0PAY', 'payments', ['U0ALEX'], { kind: 'private' })] });
  await using scenario = await openScenario({ catalog, seed: usual });
  const { workspace } = scenario;
  const { dana, alex } = people(scenario);
  await asks(dana, ['Payments API', 'Ledger API', 'Search API'], 'Shop');
  await alex.finds(/Ledger API/, { in: 'api-requests' });
  await dana.finds(/Approved automatically/);
  expect(workspace.messages('payments')).toEqual([]);
  await workspace.join('registrar', 'payments');
  await alex.finds(/Payments API/, { in: 'payments' });
  await alex.finds(/Search API/, { in: 'payments' });
  // What was claimed together with what failed is not done again.
  const ledger = workspace.calls.filter(
    ({ method, args }) =>
      method === 'chat.postMessage' && /registrar_card.*Ledger|Ledger.*registrar_card/.test(JSON.stringify(args)),
  );
  expect(ledger).toHaveLength(1);
});

it('a job does not wait for another lane', async () => {
  await using scenario = await openScenario();
  const { workspace } = scenario;
  const { dana, alex } = people(scenario);
  const ledger = workspace.hold(
    'chat.postMessage',
    ({ channel, blocks }) => channel === 'C0REQUESTS' && /Ledger/.test(JSON.stringify(blocks)),
  );
  await asks(dana, ['Payments API', 'Ledger API'], 'Shop');
  await ledger.reached;
  await alex.finds(/Payments API/, { in: 'api-requests' });
  await alex.clicks('Approve', { in: 'api-requests' });
  await alex.finds(/Approved by @alex/, { in: 'api-requests' });
  ledger.release();
  await alex.finds(/Ledger API/, { in: 'api-requests' });
});

it('a message that cannot be delivered becomes a dead letter, and blocks nothing; the log names each failure, and what comes next', async () => {
  const lines: { msg: string; lane?: string; destination?: string; level: number }[] = [];
  const log = pino({ level: 'warn', base: null }, { write: (line) => lines.push(JSON.parse(line)) });
  await using scenario = await openScenario({ log });
  const { workspace, database } = scenario;
  const { dana, alex } = people(scenario);
  await requests(dana, alex);
  await dana.finds(/You sent a request/);
  workspace.fail(
    'chat.postMessage',
    { kind: 'error', error: 'channel_not_found' },
    { times: 2, when: (args) => args.channel === dana.id },
  );
  await alex.clicks('Approve', { in: 'api-requests' });
  await alex.finds(/Approved by @alex/, { in: 'api-requests' });
  await alex.clicks('Revoke', { in: 'api-requests' });
  await alex.fills('Reason', 'A mistake');
  await alex.submits();
  await alex.finds(/Revoked by @alex/, { in: 'api-requests' });
  await delivered(scenario);
  const aside = await database.sql`select effect, cause from outbox where dead_at is not null order by id`;
  expect(aside.map(({ effect, cause }) => [effect.kind, effect.events[0].version, cause])).toEqual([
    ['decision', 2, 'channel_not_found'],
    ['decision', 3, 'channel_not_found'],
  ]);
  workspace.fail(
    'chat.postMessage',
    { kind: 'error', error: 'internal_error' },
    { when: (args) => args.channel === dana.id },
  );
  await alex.clicks('Reinstate', { in: 'api-requests' });
  await dana.finds(/Reinstated by @alex/);
  const failures = lines.filter(({ lane }) => lane === 'decision:U0DANA');
  expect(failures.map(({ level, msg, destination }) => [level, destination, msg])).toEqual([
    ...Array.from({ length: 2 }, () => [
      50,
      'direct',
      'outbox error, dead letter (channel_not_found): kept until it is redriven, npm run outbox',
    ]),
    [40, 'direct', expect.stringMatching(/^outbox error, will retry in 1 s: internal_error$/)],
  ]);
});

it('a message to a person who has just left Slack is over, and no dead letter', async () => {
  await using scenario = await openScenario();
  const { workspace, database } = scenario;
  const { dana, alex, lee } = people(scenario);
  await requests(dana, alex);
  await workspace.deactivate(lee.id);
  const messageTo = async (person: string) => {
    await due(database.url, { kind: 'receipt', person, events: [{ registration: 1, version: 1 }] });
    await delivered(scenario);
    return database.sql`select cause from outbox where dead_at is not null`;
  };
  expect(await messageTo(lee.id)).toEqual([]);
  expect(await messageTo('U0UNKNOWN')).toEqual([{ cause: 'channel_not_found' }]);
});

it('a Home that is opened again while Slack says that its person is gone is shown', async () => {
  await using scenario = await openScenario();
  const { workspace, database } = scenario;
  const { lee } = people(scenario);
  const isTheirs = ({ user_id }: Record<string, unknown>) => user_id === lee.id;
  workspace.fail('views.publish', { kind: 'error', error: 'user_not_found' }, { when: isTheirs });
  const publishing = workspace.hold('views.publish', isTheirs);
  await lee.opensHome();
  await publishing.reached;
  await lee.opensHome();
  await eventually('it is opened again', async () => {
    const [home] = await database.sql`select stale from homes`;
    return home?.stale === true;
  });
  publishing.release();
  await lee.finds(/no applications yet/, { in: 'home' });
});

it('after a rate limit, the messages of a registration keep their order, and none is looked for', async () => {
  await using scenario = await openScenario();
  const { workspace } = scenario;
  const { dana, alex } = people(scenario);
  await requests(dana, alex);
  const { id } = workspace.member('dana');
  workspace.fail(
    'chat.postMessage',
    { kind: 'rate-limited', retryAfter: 4 },
    { when: ({ channel }) => channel === id },
  );
  await alex.clicks('Approve', { in: 'api-requests' });
  await alex.finds(/Approved by/, { in: 'api-requests' });
  await alex.clicks('Revoke', { in: 'api-requests' });
  await alex.fills('Reason', 'A mistake');
  await alex.submits();
  await dana.finds(/Revoked by/);
  await delivered(scenario);
  expect(toldBesideReceipts(dana).map((text) => /Approved|Revoked/.exec(text)?.[0])).toEqual(['Approved', 'Revoked']);
  // Slack is known to have refused it, so it cannot be there.
  expect(workspace.calls.filter(({ method }) => method === 'conversations.history')).toEqual([]);
});

it("a newer version's effect is retried and logged, and waits for a replica that knows it", async () => {
  const lines: { msg: string; lane?: string }[] = [];
  const log = pino({ level: 'warn', base: null }, { write: (line) => lines.push(JSON.parse(line)) });
  await using scenario = await openScenario({ log });
  const { database } = scenario;
  await database.sql`
    insert into outbox (queue, lane, priority, front, effect) values ('outbox', 'survey:1', 0, true, '{"kind": "survey"}')`;
  await database.sql`select pg_notify('registrar_outbox', '')`;
  await eventually('it was tried', async () => lines.some(({ lane }) => lane === 'survey:1'));
  expect(lines.find(({ lane }) => lane === 'survey:1')?.msg).toBe(
    'outbox error, will retry in 5 s: a newer version delivers it',
  );
  expect(await database.sql`select leased, dead_at, retries from outbox where kind = 'survey'`).toEqual([
    { leased: false, dead_at: null, retries: 1 },
  ]);
});

describe('a worker that has lost its lease sends nothing, and the one that has it now does', () => {
  const lockOf = (table: string) => (tx: TransactionSql) => tx.unsafe(`lock table ${table} in access exclusive mode`);

  /** Stops a delivery at a table, gives its job to a second attempt in the same process, and lets both go on. */
  async function loses(
    { database, bot }: Scenario,
    { table, kind }: { table: string; kind: string },
    act: () => Promise<unknown>,
  ) {
    const held = await hold(database, lockOf(table));
    const wake = () => database.sql`notify registrar_outbox`;
    await act();
    await wake();
    const job = async () => (await database.sql`select attempt, run_at from outbox where kind = ${kind}`)[0];
    await eventually('the first attempt has begun', async () => (await job())?.attempt === 1);
    await waitForBlocked(database, 1);
    await endLeases({ database });
    await wake();
    await eventually('the second attempt has begun', async () => (await job())?.attempt === 2);
    const claimed = await job();
    vi.advanceTimersByTime(4_000);
    await eventually('the heartbeat has renewed the second lease', async () => (await job())?.run_at > claimed?.run_at);
    await held.release();
    await delivered({ database });
    // Both have ended.
    await bot.stop();
  }

  beforeEach(() => void vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] }));
  afterEach(() => void vi.useRealTimers());

  it('a card is posted once', async () => {
    await using scenario = await openScenario();
    const { dana } = people(scenario);
    await loses(scenario, { table: 'channel_turns', kind: 'card' }, () => asks(dana, ['Payments API'], 'Shop'));
    const posts = scenario.workspace.calls.filter(
      ({ method, args }) => method === 'chat.postMessage' && args.channel === 'C0REQUESTS',
    );
    expect(posts).toHaveLength(1);
  });

  it('a card is updated once', async () => {
    await using scenario = await openScenario();
    const { workspace, database } = scenario;
    const { dana, alex } = people(scenario);
    await requests(dana, alex);
    await delivered(scenario);
    await database.sql`update registrations set card_changes = card_changes + 1`;
    await loses(
      scenario,
      { table: 'history', kind: 'card' },
      () => database.sql`
      insert into outbox (queue, lane, priority, front, effect)
      select 'outbox', 'card:' || id, 0, true, jsonb_build_object('kind', 'card', 'registration', id, 'version', 1) from registrations`,
    );
    expect(workspace.calls.filter(({ method }) => method === 'chat.update')).toHaveLength(1);
  });

  it('a letter is sent once', async () => {
    await using mail = await openMailServer();
    await using scenario = await openScenario({ env: mailing(mail) });
    const { database } = scenario;
    const { dana, alex } = people(scenario);
    await requests(dana, alex);
    await alex.clicks('Approve', { in: 'api-requests' });
    await alex.finds(/Approved by @alex/, { in: 'api-requests' });
    await delivered(scenario);
    const sent = mail.letters.length;
    await loses(
      scenario,
      { table: 'history', kind: 'decision-mail' },
      () => database.sql`
      insert into outbox (queue, lane, priority, front, effect)
      select 'outbox-mail', 'decision-mail:U0DANA', 0, true, jsonb_build_object('kind', 'decision-mail', 'person', 'U0DANA',
        'events', jsonb_build_array(jsonb_build_object('registration', id, 'version', 2))) from registrations`,
    );
    expect(mail.letters).toHaveLength(sent + 1);
  });
});
