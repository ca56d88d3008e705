/** A Slack that is slow: it stores a message after we have given it up, and it is there twice. One of them stays. */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Effect } from '../../src/domain/effects.ts';
import { openTimedScenario } from '../support/clock.ts';
import { everythingHappens, openEverything } from '../support/everything.ts';
import { delivered, looksForCopies, retriesSoon } from '../support/outbox.ts';
import { openScenario, type Scenario } from '../support/scenario.ts';
import { asks, people, requests } from '../support/steps.ts';

const inChannel = { in: 'api-requests' } as const;

/** Has Slack store the first attempt at a message only when `store` is called, and cut the connection before. */
function stagesLateStore({ workspace }: Scenario, when: (args: Record<string, unknown>) => boolean = () => true) {
  const { promise, resolve } = Promise.withResolvers<void>();
  const begun = new Set<string>();
  const staged = workspace.fail(
    'chat.postMessage',
    { kind: 'drop-then-store', until: () => promise },
    {
      times: Number.POSITIVE_INFINITY,
      when: (args) => {
        const key = JSON.stringify([args.channel, args.metadata]);
        if (!args.metadata || begun.has(key) || !when(args)) return false;
        begun.add(key);
        return true;
      },
    },
  );
  const all = () => [...workspace.channels.values()].flatMap(({ id }) => workspace.messages(id));
  return {
    kinds: () => [...new Set(all().flatMap(({ metadata }) => metadata?.event_type ?? []))].sort(),
    /** The messages that are there more than once, by their marks. */
    twice: () => {
      const marked = all().flatMap(({ channel, metadata }) => (metadata ? [JSON.stringify([channel, metadata])] : []));
      return marked.filter((mark, index) => marked.indexOf(mark) !== index);
    },
    async stores() {
      staged.end();
      resolve();
      await workspace.until(() => workspace.calls.every(({ comesLate }) => !comesLate));
    },
  };
}

const cards = ({ workspace }: Scenario) =>
  workspace.messages('api-requests').filter(({ metadata }) => metadata?.event_type === 'registrar_card');

describe('a card that is there twice', () => {
  it('decides on the one that is recorded only, and the other is removed', async () => {
    await using scenario = await openScenario();
    const { dana, alex } = people(scenario);
    const slack = stagesLateStore(scenario);
    await requests(dana, alex);
    await delivered(scenario);
    await slack.stores();
    const [card, copy] = cards(scenario);
    expect(cards(scenario)).toHaveLength(2);

    await alex.clicks('Approve', { on: copy ?? '' });
    const answer = await alex.finds(/Slack posted this card twice/, { in: 'whispered' });
    expect(answer).toMatch(/this is the copy\. Nothing was changed\. Open the card \(\S+\), and decide there\./);
    expect(answer).toContain(card?.ts.replace('.', ''));
    await scenario.workspace.until(() => cards(scenario).length === 1);
    expect(cards(scenario)[0]?.ts).toBe(card?.ts);
    expect(await scenario.database.sql`select status from registrations`).toEqual([{ status: 'pending' }]);

    await alex.clicks('Approve', inChannel);
    await dana.finds(/Approved by @alex/);
    await looksForCopies(scenario);
    expect(cards(scenario)).toHaveLength(1);
  });

  it('is there once after a while, without a click', async () => {
    await using scenario = await openScenario();
    const { dana, alex } = people(scenario);
    const slack = stagesLateStore(scenario);
    await requests(dana, alex);
    await delivered(scenario);
    await slack.stores();
    const [due] = await scenario.database.sql`
      select extract(epoch from run_at - now())::int as seconds from outbox where kind = 'copies'`;
    expect(due?.seconds).toBeGreaterThan(60);
    await looksForCopies(scenario);
    expect(cards(scenario)).toHaveLength(1);
    await alex.clicks('Approve', inChannel);
    await dana.finds(/Approved by @alex/);
  });

  it('says that it is a copy, without buttons, where Slack lets no one delete it', async () => {
    await using scenario = await openScenario();
    const { workspace } = scenario;
    const { dana, alex } = people(scenario);
    const slack = stagesLateStore(scenario, ({ channel }) => channel === 'C0REQUESTS');
    await requests(dana, alex);
    await delivered(scenario);
    await slack.stores();
    workspace.fail('chat.delete', { kind: 'error', error: 'cant_delete_message' });
    await looksForCopies(scenario);
    const copy = await alex.finds(/Slack posted this message twice/, inChannel);
    expect(copy).toMatch(/This was the copy\. The other one \(\S+\) counts\.$/);
    expect(copy).not.toContain('[');
  });

  it('of another app with the same mark is left alone', async () => {
    await using scenario = await openScenario();
    const { workspace } = scenario;
    const { dana, alex } = people(scenario);
    workspace.fail(
      'chat.postMessage',
      { kind: 'accept-then-drop' },
      { when: ({ channel }) => channel === 'C0REQUESTS' },
    );
    const held = workspace.hold('conversations.history');
    await asks(dana, ['Payments API'], 'Shop');
    await dana.closes();
    await held.reached;
    const [own] = cards(scenario);
    if (!own) throw new Error('the card was stored');
    // Newer than ours: it would be found first.
    await workspace.copyBy('A0OTHER', alex.id, own);
    held.release();
    await looksForCopies(scenario);
    expect(cards(scenario)).toHaveLength(2);
    expect(await scenario.database.sql`select card_ts from registrations`).toEqual([{ card_ts: own.ts }]);
    await alex.clicks('Approve', { on: own });
    await dana.finds(/Approved by @alex/);
  });
});

it('whatever is posted is there once in the end: cards, direct messages, replies, reminders, digests', async () => {
  await using timed = await openTimedScenario('2026-10-12T06:00:00Z', {
    env: { APPROVERS: 'U0ALEX,U0LEE', DIGEST_SCHEDULE: '0 8 * * 1', REMIND_AFTER: '1h' },
  });
  const { scenario, untilDelivered, advanceTo } = timed;
  const { dana, sam, alex } = people(scenario);
  await retriesSoon(scenario);
  const slack = stagesLateStore(scenario);
  await requests(dana, alex);
  await requests(sam, alex, 'Ledger API', 'Till');
  await advanceTo('2026-10-13T09:00:00Z');
  await alex.clicks('Approve', { ...inChannel, on: /Payments API for Shop/ });
  await alex.finds(/Shop · approved/, inChannel);
  await untilDelivered();
  await alex.clicks('Delete request', { ...inChannel, on: /Payments API for Shop/ });
  await alex.finds(/no longer has access/, inChannel);
  await untilDelivered();
  await scenario.workspace.deactivate(sam.id);
  await untilDelivered();
  await advanceTo('2026-10-19T08:00:00Z');

  expect(slack.kinds()).toEqual([
    'registrar_access_ended',
    'registrar_ask',
    'registrar_card',
    'registrar_digest',
    'registrar_notice',
    'registrar_orphan',
    'registrar_receipt',
    'registrar_reminder',
    'registrar_waiting',
  ]);
  expect(slack.twice()).toEqual([]);
  await slack.stores();
  expect(slack.twice().length).toBeGreaterThan(8);
  await looksForCopies(scenario);
  expect(slack.twice()).toEqual([]);
}, 120_000);

/** The mark of what each kind of effect posts; null where it posts nothing. A new kind has to be named here. */
const marks: Record<Effect['kind'], string | null> = {
  card: 'registrar_card',
  'ask-approvers': null,
  ask: 'registrar_ask',
  'access-ended': 'registrar_access_ended',
  receipt: 'registrar_receipt',
  decision: 'registrar_notice',
  'decision-mail': null,
  notice: 'registrar_notice',
  mail: null,
  reminder: 'registrar_reminder',
  'remind-approvers': null,
  'direct-reminder': 'registrar_reminder',
  requesters: null,
  waiting: 'registrar_waiting',
  stopped: 'registrar_last_reminders',
  digest: 'registrar_digest',
  homes: null,
  home: null,
  trouble: 'registrar_trouble',
  catalog: null,
  service: null,
  queues: null,
  rules: 'registrar_rules',
  moved: null,
  application: null,
  owner: 'registrar_owner',
  ownerships: null,
  ownership: 'registrar_ownership',
  departed: null,
  'owner-left': 'registrar_owner_left',
  departure: null,
  departures: null,
  orphans: 'registrar_orphan',
  orphan: 'registrar_orphan',
  access: null,
  'access-service': null,
  'access-open': 'registrar_access',
  'access-lost': 'registrar_access_lost',
  'access-alarm': 'registrar_access_alarm',
  'access-key': 'registrar_key',
  copies: null,
  redrive: null,
  staged: null,
};
const posted = [...new Set(Object.values(marks).filter((mark) => mark !== null))].toSorted();

it('the source has these marks, and no other', () => {
  const root = new URL('../../src/', import.meta.url);
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
  const source = files.map((file) => readFileSync(new URL(file, root), 'utf8')).join('\n');
  const found = [...source.matchAll(/event_type: '(\w+)'/g)].map(([, mark]) => mark);
  expect([...new Set(found)].toSorted()).toEqual(posted);
});

it('each kind of message, stored late and so there twice, is there once in the end', async () => {
  await using everything = await openEverything();
  const { scenario } = everything.timed;
  await retriesSoon(scenario);
  const staged = new Set<unknown>();
  // The first of each kind: of all, the story would take minutes.
  const first = ({ metadata }: Record<string, unknown>) => {
    const { event_type: kind } = Object(metadata);
    return !staged.has(kind) && staged.add(kind) !== undefined;
  };
  let slack = stagesLateStore(scenario, first);
  const becomesTwice = async () => {
    await everything.timed.untilDelivered();
    await slack.stores();
    const twice = slack.twice().map((mark) => JSON.parse(mark)[1].event_type);
    // The clock of this workspace is weeks behind the database's, by which some of these were made.
    await scenario.database.sql`update outbox set effect = effect || '{"above": 0}' where kind = 'copies'`;
    await looksForCopies(scenario);
    expect(slack.twice()).toEqual([]);
    return twice;
  };
  const twice: string[] = [];
  await everythingHappens(everything, async () => {
    twice.push(...(await becomesTwice()));
    slack = stagesLateStore(scenario, first);
  });
  twice.push(...(await becomesTwice()));
  expect([...staged].sort()).toEqual(posted);
  // A reminder of a tick is replaced by the next one: the copy of the first is of a message that is gone.
  expect([...new Set([...twice, 'registrar_reminder'])].sort()).toEqual(posted);
}, 240_000);

/** A request of Dana's that waits, and the message of a kind about that: Slack stored it twice. */
async function remindedTwice(kind: string) {
  const timed = await openTimedScenario('2026-11-02T08:00:00Z', {
    env: { REMIND_AFTER: '1h', REMINDER_SCHEDULE: '0 * * * *' },
  });
  const { dana, alex } = people(timed.scenario);
  await retriesSoon(timed.scenario);
  await requests(dana, alex);
  const slack = stagesLateStore(timed.scenario, ({ metadata }) => Object(metadata).event_type === kind);
  await timed.advanceTo('2026-11-02T10:00:00Z');
  await slack.stores();
  return timed;
}

describe('a button on a copy', () => {
  it('of a reminder snoozes nothing that is snoozed, or decided, by the first one', async () => {
    await using timed = await remindedTwice('registrar_reminder');
    const { workspace, database } = timed.scenario;
    const { dana, alex } = people(timed.scenario);
    const [first, copy] = workspace
      .messages('api-requests')
      .filter(({ metadata }) => metadata?.event_type === 'registrar_reminder');
    await alex.clicks('Snooze until tomorrow', { on: first ?? '' });
    await alex.finds(/Snoozed until/, inChannel);
    await timed.untilDelivered();
    const row = () => database.sql`select status, version, put_off_by, remind_at from registrations`;
    const before = await row();
    expect(before[0]?.put_off_by).toBe(alex.id);
    await alex.clicks('Snooze until tomorrow', { on: copy ?? '' });
    await alex.finds(/snoozed/i, { in: 'whispered' });
    expect(await row()).toEqual(before);
    await alex.clicks('Approve', inChannel);
    await dana.finds(/Approved by @alex/);
    await alex.clicks('Snooze until tomorrow', { on: copy ?? '' });
    await alex.finds(/approved/i, { in: 'whispered' });
    expect(await database.sql`select status, version from registrations`).toEqual([{ status: 'approved', version: 2 }]);
  });

  it('of the message about what has no owner gives nothing that was given by the first one', async () => {
    await using scenario = await openScenario();
    const { workspace, database } = scenario;
    const { dana, alex, priya } = people(scenario);
    await requests(dana, alex);
    await delivered(scenario);
    await retriesSoon(scenario);
    const slack = stagesLateStore(scenario, ({ metadata }) => Object(metadata).event_type === 'registrar_orphan');
    await workspace.deactivate(dana.id);
    await alex.finds(/no longer has an owner/, inChannel);
    await delivered(scenario);
    await slack.stores();
    const [first, copy] = workspace
      .messages('api-requests')
      .filter(({ metadata }) => metadata?.event_type === 'registrar_orphan');
    await priya.clicks('Hand over', { on: copy ?? '' });
    await alex.clicks('Hand over', { on: first ?? '' });
    await alex.picks('New owner', 'sam');
    expect(await alex.submits()).toEqual({ closed: true });
    await priya.picks('New owner', 'lee');
    expect(await priya.submits()).not.toEqual({ closed: true });
    await delivered(scenario);
    expect(await database.sql`select user_id from application_owners`).toEqual([{ user_id: 'U0SAM' }]);
  });

  it('of the message about what waits withdraws nothing that was decided since', async () => {
    await using timed = await remindedTwice('registrar_waiting');
    const { workspace, database } = timed.scenario;
    const { dana, alex } = people(timed.scenario);
    const copy = workspace
      .directMessages(dana.id)
      .filter(({ metadata }) => metadata?.event_type === 'registrar_waiting')
      .at(-1);
    await alex.clicks('Approve', inChannel);
    await dana.finds(/Approved by @alex/);
    await dana.clicks('Withdraw', { on: copy ?? '' });
    await dana.finds(/approved|changed/i, { in: 'whispered' });
    expect(await database.sql`select status, version from registrations`).toEqual([{ status: 'approved', version: 2 }]);
  });
});

it('a replica whose clock is ten minutes ahead writes down the time of the database, and finds its own card', async () => {
  await using scenario = await openScenario({ machineTime: () => Date.now() + 600_000 });
  const { workspace, database } = scenario;
  const { dana } = people(scenario);
  workspace.fail('chat.postMessage', { kind: 'accept-then-drop' }, { when: ({ channel }) => channel === 'C0REQUESTS' });
  await asks(dana, ['Payments API'], 'Shop');
  await delivered(scenario);
  expect(cards(scenario)).toHaveLength(1);
  const [row] = await database.sql`
    select extract(epoch from now() - requested_at)::float8 as age, extract(epoch from remind_at - requested_at)::int as later
    from registrations`;
  expect(row?.age).toBeGreaterThan(-1);
  expect(row?.later).toBe(24 * 3600);
});
