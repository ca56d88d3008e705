/**
 * What Slack still shows of an earlier database decides nothing in the one after it. Ids start over there: the same number
 * is another request, at the same version. Everything that can be pressed, chosen and sent is.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { placed } from '../local-slack/blocks/placed.ts';
import type { Message, View } from '../local-slack/model.ts';
import type { Person } from '../local-slack/people.ts';
import { channel, seed } from '../local-slack/seed.ts';
import { readable } from '../local-slack/transcript.ts';
import { openTimedScenario, type TimedScenario, untilDelivered } from '../support/clock.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { sharedScenarios } from '../support/shared-scenarios.ts';
import { asks, people } from '../support/steps.ts';

const publicIds = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;
const earlier = /no longer in the catalog|don’t own|no longer exists/;

/** The usual services, one that admins look after in Slack, and one with requests in a channel of its own. */
const withMaps = ({ sql }: TestDatabase) =>
  sql`insert into services (slug, name, managed_by, channel) values ('maps', 'Maps API', 'slack', 'C0MAPS')`;

type Press = { by: string; label: string; actionId: string; where: { shown: Message } | { view: string } } & {
  blockId: string;
  value: string;
  option?: string;
};

/** Lists everything that can be pressed on a message or a Home. */
const pressesOn = (by: string, blocks: View['blocks'], where: Press['where']): Press[] =>
  placed(blocks).flatMap(({ element, actionId, blockId, input }): Press[] => {
    const press = { by, actionId, blockId, where };
    if (element.type === 'button') return [{ ...press, label: element.text.text, value: element.value ?? '' }];
    if (input || element.type !== 'overflow') return [];
    return element.options.map(({ text, value = '' }) => ({ ...press, label: text.text, value, option: value }));
  });

let timed: TimedScenario;
let next: TestDatabase;
let presses: Press[];
/** Forms as they were filled in, and by whom. */
const forms: { by: string; view: View }[] = [];
let submission: Record<string, unknown>;

beforeAll(async () => {
  timed = await openTimedScenario('2026-11-02T08:00:00Z', {
    mode: 'http',
    env: { REMIND_AFTER: '1h', REMINDER_SCHEDULE: '0 * * * *', EXPIRE_PENDING_AFTER: '6h' },
    seed: seed({ channels: [channel('C0MAPS', 'maps', ['U0ALEX', 'U0PRIYA', 'U0REGISTRAR'])] }),
  });
  next = await createDatabase();
  await firstLife();
  presses = everythingToPress();
  await secondLife();
});
afterAll(async () => {
  await timed[Symbol.asyncDispose]();
  await next[Symbol.asyncDispose]();
});

async function firstLife(): Promise<void> {
  const { scenario, advanceTo } = timed;
  const { workspace } = scenario;
  const { dana, sam, alex, priya, lee } = people(scenario);
  await withMaps(scenario.database);
  // One that expires, and one that is reminded of; one that is approved, rejected, revoked; and an application without an owner.
  await asks(lee, ['Ledger API'], 'Lost');
  await lee.closes();
  await asks(sam, ['Maps API'], 'Till');
  await advanceTo('2026-11-02T15:00:00Z');
  await sam.finds(/Ask again/);
  await asks(dana, ['Payments API', 'Ledger API', 'Maps API'], 'Shop');
  await dana.closes();
  await timed.untilDelivered();
  await priya.clicks('Approve', { in: 'api-requests', on: /Payments API/ });
  await dana.finds(/Approved by @priya/);
  await alex.clicks('Reject', { in: 'maps', on: /Shop/ });
  await keeps(alex, 'Reject request');
  await alex.clicks('Revoke', { in: 'api-requests', on: /Payments API/ });
  await keeps(alex, 'Revoke access');
  await workspace.deactivate(lee.id);
  await alex.finds(/no longer has an owner/, { in: 'api-requests' });
  await alex.clicks('Hand over', { in: 'api-requests' });
  await keeps(alex, 'Hand over application', () => alex.picks('New owner', 'sam'));
  await advanceTo('2026-11-02T17:00:00Z');
  await dana.finds(/still waiting for a decision/);
  for (const person of [dana, alex, priya]) await person.opensHome();
  await timed.untilDelivered();

  await dana.clicks('Edit reason', { in: 'home' });
  await keeps(dana, 'Edit reason', () => dana.fills('Reason', 'Another'));
  await dana.clicks('Rename', { in: 'home' });
  await keeps(dana, 'Rename application', () => dana.fills('Name', 'Renamed'));
  await dana.clicks('Co-owners', { in: 'home' });
  await keeps(dana, 'Co-owners', () => dana.picks('Co-owners', 'alex'));
  await dana.clicks('Hand over', { in: 'home' });
  await keeps(dana, 'Hand over application', () => dana.picks('New owner', 'alex'));
  await dana.clicks('Delete', { in: 'home' });
  await keeps(dana, 'Delete application', () => dana.fills('Type the name of the application to delete it', 'Evil'));
  await dana.types('/unregister');
  await keeps(dana, 'Unregister application', () => dana.picks('Registration', 'Ledger API'));
  for (const application of ['Shop', 'Of the first life'])
    await keeps(dana, 'Register an application', async () => {
      await dana.types('/register');
      await dana.picks('Services', 'Search API');
      await dana.picks('Application', application);
      await dana.fills('Reason', 'again');
    });
  await alex.clicks('Edit', { in: 'home', on: /Maps API/ });
  await keeps(alex, 'Edit a service', async () => {
    await alex.fills('Name', 'Maps of the first life');
    // What is submitted next is saved: it has been reviewed.
    await alex.submits();
  });
  await asks(dana, ['Search API'], 'Shop');
  await dana.closes();
  submission = Object(workspace.delivered.findLast(({ type }) => type === 'view_submission'));
  await timed.untilDelivered();

  /** Fills in a form and keeps what would be sent, without sending it. */
  async function keeps(
    person: Person,
    title: string,
    fill: () => Promise<unknown> = () => person.fills('Reason', 'No'),
  ) {
    if (title !== 'Register an application') await person.finds(new RegExp(`== ${title}|${title} ==`), { in: 'modal' });
    await fill();
    forms.push({ by: person.id, view: structuredClone(person.view) });
    await person.closes();
  }
}

function everythingToPress(): Press[] {
  const { workspace } = timed.scenario;
  const onMessages = [...workspace.channels.values()].flatMap(({ id, members }) => {
    const reader = members.find((one) => one !== 'U0REGISTRAR' && !workspace.member(one).deleted);
    if (reader === undefined) return [];
    return workspace.messages(id).flatMap((message) => pressesOn(reader, message.blocks, { shown: message }));
  });
  const onHomes = ['U0DANA', 'U0ALEX', 'U0PRIYA'].flatMap((id) => {
    const home = workspace.home(id);
    return home ? pressesOn(id, home.blocks, { view: home.id }) : [];
  });
  return structuredClone([...onMessages, ...onHomes]);
}

/** The same numbers, the same versions: but other applications, of other people. */
async function secondLife(): Promise<void> {
  const { scenario } = timed;
  await scenario.bot.stop();
  await next.sql`select 1`;
  await scenario.startAnother({ DATABASE_URL: next.url, EXPIRE_PENDING_AFTER: '' });
  await withMaps(next);
  const { sam, priya } = people(scenario);
  for (const application of ['Evil', 'Evil too', 'Evil as well', 'Evil again']) {
    await asks(sam, ['Payments API', 'Ledger API', 'Maps API'], application);
    await sam.closes();
  }
  await priya.finds(/Evil again/, { in: 'maps' });
  // The versions that the buttons of the first life show.
  await next.sql`insert into application_owners select id, person from applications, unnest('{U0DANA,U0ALEX}'::text[]) person`;
  await untilDelivered({ ...scenario, database: next });
}

const kept = async () => {
  const [row] = await next.sql`
    select (select json_agg(to_jsonb(r) - '{card_channel,card_ts,card_version}'::text[] order by id) from registrations r) registrations,
      (select json_agg(a order by id) from applications a) applications,
      (select json_agg(o order by user_id, application_id) from application_owners o) owners,
      (select json_agg(s order by id) from services s) services,
      (select json_agg(h order by seq) from history h) history`;
  return JSON.stringify(row);
};

/** How many clicks and forms the database has counted whose ids it does not know. */
async function counted(): Promise<number> {
  const [row] = await next.sql`select count + before as count from unknown_ids`;
  return row?.count ?? 0;
}

/** Presses, and returns what the person was answered; '' where a form opened, or nothing was to be said. */
async function answerTo({ by, actionId, blockId, where, option }: Press, said: boolean): Promise<string> {
  const { workspace } = timed.scenario;
  const person = workspace.person(by);
  const whispered = person.whispers.length;
  await workspace.click({ by, actionId, blockId, ...where, ...(option === undefined ? {} : { option }) });
  const answer = () =>
    person.whispers.length > whispered ? person.whispers.at(-1) : workspace.views(by).length > 0 && person.reads;
  const text = said ? await workspace.until(answer, { what: `an answer to ${actionId} ${option ?? ''}` }) : '';
  while (workspace.views(by).length > 0) await person.closes();
  return text;
}

describe('in the database that came after', () => {
  it('every button and every menu of the earlier one is answered so, and changes nothing', async () => {
    const before = await kept();
    const named = presses.filter(({ value }) => value.search(publicIds) >= 0 || value.includes('@'));
    for (const press of named) {
      const known = await counted();
      expect(await answerTo(press, true), `${press.actionId} “${press.label}”`).toMatch(earlier);
      expect(await counted(), press.actionId).toBeGreaterThan(known);
    }
    expect([...new Set(named.map(({ actionId }) => actionId))].sort()).toEqual([
      'adopt-application',
      'application',
      'approve',
      'approve-menu',
      'ask-again',
      'edit',
      'history',
      'more',
      'put-off',
      'register',
      'reject',
      'revoke',
      'service-menu',
      'unregister',
    ]);
    expect(await kept()).toBe(before);
  });

  it('every form that was open is answered so, and changes nothing', async () => {
    const before = await kept();
    for (const { by, view } of forms) {
      const known = await counted();
      const user = { ...Object(submission.user), id: by };
      const answer = await timed.scenario.workspace.deliver({ type: 'view_submission', ...submission, user, view });
      expect(JSON.stringify(answer), view.callback_id).toMatch(earlier);
      expect(await counted(), view.callback_id).toBeGreaterThan(known);
    }
    expect([...new Set(forms.map(({ view }) => view.callback_id))].sort()).toEqual([
      'adopt-application',
      'application-delete',
      'application-hand-over',
      'application-owners',
      'application-rename',
      'edit-reason',
      'register',
      'reject-reason',
      'revoke-reason',
      'service',
      'unregister',
    ]);
    expect(await kept()).toBe(before);
  });

  it('so are the buttons from before there were public ids: their message is not one of this database', async () => {
    const before = await kept();
    for (const press of await asNumbers()) {
      expect(await answerTo(press, true), `${press.actionId} “${press.label}” ${press.value}`).toMatch(earlier);
    }
    expect(await kept()).toBe(before);
  });
});

/** What the messages of the first life offered before there were public ids: the same, by number. */
async function asNumbers(): Promise<Press[]> {
  const { sql } = timed.scenario.database;
  const rows = await sql<{ id: string; number: string }[]>`
    select public_id as id, id::text as number from registrations union all select public_id, id::text from applications`;
  const numbers = new Map(rows.map(({ id, number }) => [id, number]));
  const old = (text: string) => text.replaceAll(publicIds, (id) => numbers.get(id) ?? id);
  return presses
    .filter(({ where, value }) => 'shown' in where && old(value) !== value)
    .map((press) => {
      const shown = 'shown' in press.where ? press.where.shown : undefined;
      if (!shown) return press;
      const blocks = JSON.parse(old(JSON.stringify(shown.blocks)));
      const option = press.option === undefined ? {} : { option: old(press.option) };
      return { ...press, value: old(press.value), ...option, where: { shown: { ...shown, blocks } } };
    });
}

it('in its own database, a card from before there were public ids goes on working; another message does not', async () => {
  const { scenario } = timed;
  const { alex, priya } = people(scenario);
  await scenario.startAnother();
  const old = await asNumbers();
  const onCard = (actionId: string, words: RegExp) =>
    old.find(
      ({ actionId: id, where }) =>
        id === actionId && 'shown' in where && words.test(readable(scenario.workspace, where.shown)),
    );
  const pressed = async (press: Press | undefined, by: string, shown: Partial<Message> = {}) => {
    if (!press || !('shown' in press.where)) throw new Error('no such button');
    const { actionId, blockId, option } = press;
    const where = { shown: { ...press.where.shown, ...shown } };
    await scenario.workspace.click({ by, actionId, blockId, ...where, ...(option === undefined ? {} : { option }) });
  };
  const status = async () =>
    (
      await scenario.database.sql`
      select status from registrations r join services s on s.id = service_id where slug in ('ledger', 'maps')
      and application_id = (select id from applications where name = 'Shop') order by slug`
    ).map((row) => row.status);

  const approve = onCard('approve', /^⏳ Ledger API for Shop/);
  await pressed(approve, priya.id, { ts: '1700000000.000100' });
  await priya.finds(earlier, { in: 'whispered' });
  expect(await status()).toEqual(['pending', 'pending']);
  await pressed(approve, priya.id);
  await alex.finds(/Ledger API[\s\S]*Shop[\s\S]*Approved by @priya/, { in: 'api-requests' });

  await pressed(onCard('reject', /^⏳ Maps API for Shop/), alex.id);
  await alex.fills('Reason', 'No more maps');
  expect(await alex.submits()).toEqual({ closed: true });
  expect(await status()).toEqual(['approved', 'rejected']);

  await pressed(onCard('history', /Payments API/), priya.id);
  await priya.finds(/Requested by @dana/, { in: 'modal' });
  await priya.closes();
  await pressed(onCard('adopt-application', /no longer has an owner/), priya.id);
  await priya.picks('New owner', 'priya');
  expect(await priya.submits()).toEqual({ closed: true });
  const [owned] = await scenario.database.sql`
    select user_id from application_owners where application_id = (select id from applications where name = 'Lost')`;
  expect(owned).toEqual({ user_id: priya.id });
});

describe('a card whose post was not answered', () => {
  it.each<[string, (payload: Record<string, unknown>) => void, number]>([
    ['is adopted', () => {}, 1],
    ['is adopted where an older version posted it, without a public id', (payload) => void delete payload.public_id, 1],
    [
      'is left alone where it is of an earlier database, with the same number',
      (payload) => Object.assign(payload, { public_id: crypto.randomUUID() }),
      2,
    ],
  ])('%s', async (_, change, cards) => {
    await using scenario = await sharedScenarios().open();
    const { workspace, database } = scenario;
    const { dana } = people(scenario);
    const posted = () => workspace.messages('api-requests');
    const forget = workspace.onChange(() => {
      const [first] = posted();
      if (!first?.metadata || posted().length > 1) return;
      forget();
      change(first.metadata.event_payload);
    });
    workspace.fail(
      'chat.postMessage',
      { kind: 'accept-then-drop' },
      { when: ({ channel }) => channel === 'C0REQUESTS' },
    );
    await asks(dana, ['Payments API'], 'Shop');
    await untilDelivered(scenario);
    expect(posted()).toHaveLength(cards);
    const [row] = await database.sql`select card_ts from registrations`;
    expect(row?.card_ts).toBe(posted().at(-1)?.ts);
  });
});
