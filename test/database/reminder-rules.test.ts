/** The rules of reminders: when they come, whom they mention, what they look like, and who claims them. */

import { describe, expect, it } from 'vitest';
import { connect } from '../../src/db/client.ts';
import type { Db } from '../../src/db/db.ts';
import { createOutbox } from '../../src/db/outbox/outbox.ts';
import { claimReminders, listOfRequester } from '../../src/db/scheduling/reminders.ts';
import { formatAge } from '../../src/domain/duration.ts';
import { expiryWarning, firstReminder, mentionsFor, nextReminders } from '../../src/domain/reminder.ts';
import { parseCron } from '../../src/scheduler/cron.ts';
import { lastReminders, type ReminderRow, reminderMessage } from '../../src/views/channel/reminder.ts';
import { pendingMessage } from '../../src/views/registration/pending-message.ts';
import { checkBlocks } from '../local-slack/blocks/check.ts';
import { draft } from '../local-slack/messages.ts';
import { createDatabase } from '../support/database.ts';

const hour = 3_600_000;
const start = new Date('2026-11-02T09:00:00Z');
const after = (hours: number) => new Date(start.getTime() + hours * hour);

describe('the dates', () => {
  it('a request is due after REMIND_AFTER, and then each time after twice as long; after the fifth never', () => {
    expect(firstReminder(start, 24 * hour)).toEqual(after(24));
    expect(nextReminders(start, 24 * hour, 'UTC')).toEqual([48, 96, 192, 384].map(after));
  });

  it('an interval across a change of daylight saving ends at the same time of day', () => {
    const [next] = nextReminders(new Date('2026-03-28T08:00:00Z'), 24 * hour, 'Europe/Berlin');
    expect(next).toEqual(new Date('2026-03-30T07:00:00Z'));
  });

  const daily = parseCron('0 9 * * 1-5', 'UTC');
  it.each([
    ['no request expires', undefined, after(48), undefined],
    ['it expires later than the next reminder', 72, after(48), undefined],
    ['it expires before the next reminder', 47, after(48), after(47)],
    ['the next reminder falls on a weekend, and Monday is too late', 6 * 24, after(5 * 24), after(6 * 24)],
    ['no other reminder comes', 1_000, null, after(1_000)],
  ])('where %s, a reminder warns of %s hours with the next one at %s: %s', (_, hours, remindAt, warned) => {
    const expireAfter = hours && hours * hour;
    expect(expiryWarning({ requestedAt: start, remindAt }, expireAfter, daily)).toEqual(warned);
  });

  it.each([
    [0.01, 'less than a minute'],
    [1 / 60, '1 minute'],
    [0.99, '59 minutes'],
    [1, '1 hour'],
    [23.9, '23 hours'],
    [24, '1 day'],
    [75, '3 days'],
  ])('after %d hours its age is told as %s', (hours, told) => expect(formatAge(start, after(hours))).toBe(told));
});

describe('the mentions of a reminder', () => {
  const ask = (requester: string, ...named: string[]) => ({
    requester,
    owners: [requester],
    ownersAtRequest: [requester],
    approvers: {
      users: named.filter((id) => id.startsWith('U')),
      groups: named.filter((id) => id.startsWith('S')),
      channel: 'C0',
    },
  });
  const owned = (owner: string, asked: ReturnType<typeof ask>) => ({ ...asked, owners: [owner] });
  const groups: Record<string, string[]> = { S1: ['U1', 'U2'], S2: ['U2', 'UGONE'], SGONE: ['UGONE'], S0: [] };
  const mentioned = (...waiting: ReturnType<typeof ask>[]) => {
    const { users, groups: named } = mentionsFor(
      waiting,
      (id) => groups[id] ?? [],
      (id) => id !== 'UGONE',
    );
    return [...users, ...named].join(' ');
  };

  it.each([
    ['those who are named, each once', [ask('U9', 'U3', 'U4'), ask('U9', 'U4')], 'U3 U4'],
    ['not who asked', [ask('U3', 'U3', 'U4')], 'U4'],
    ['who asked for one and can decide another', [ask('U3', 'U3', 'U4'), ask('U9', 'U3')], 'U4 U3'],
    ['not who owns its application', [owned('U3', ask('U9', 'U3', 'U4'))], 'U4'],
    ['not who has left', [ask('U9', 'U3', 'UGONE')], 'U3'],
    ['a group', [ask('U9', 'S1')], 'S1'],
    ['not who is in a group that is mentioned too', [ask('U9', 'U1', 'S1')], 'S1'],
    ['not a group of which only the requester is left', [ask('U2', 'S2', 'SGONE', 'S0')], ''],
    ['a group of which someone else asked', [ask('U9', 'S2')], 'S2'],
    ['no one where the members of the channel decide', [ask('U9')], ''],
  ] as const)('%s', (_, waiting, whom) => expect(mentioned(...waiting)).toBe(whom));
});

describe('the message', () => {
  const listed = Array.from(
    { length: 20 },
    (_, index): ReminderRow => ({
      id: 10_000_000 + index,
      publicId: crypto.randomUUID(),
      version: 1,
      service: '<!channel> & '.repeat(12),
      application: '😀'.repeat(30),
      called: '*<@U0DANA>* '.repeat(10),
      requestedAt: start,
      link: 'https://acme-and-daughters.enterprise.slack.com/archives/C0123456789/p1790000000000000',
      elsewhere: index % 2 === 0 ? { channel: 'C0123456789' } : undefined,
      expires: start,
      state: 'retired' as const,
      snoozed: { by: 'U0123456789', until: start },
    }),
  );
  const many = Array.from({ length: 70 }, (_, index) => `U01234567${index}`);

  it('a long list shows its first twenty and counts the rest', () => {
    const { text, blocks } = reminderMessage(listed, 34, { users: [], groups: [] }, after(1));
    expect(text).toBe('34 requests are waiting for a decision.');
    expect(JSON.stringify(blocks)).toContain('and 14 more');
  });

  it.each([
    ['a reminder', reminderMessage(listed, 5_000, { users: many, groups: ['S1'] }, after(1_000))],
    [
      'one with all its buttons',
      reminderMessage(
        listed.map((one) => ({ ...one, snoozed: undefined, elsewhere: undefined })),
        20,
        { users: many, groups: [] },
        after(1_000),
      ),
    ],
    ['last reminders', lastReminders(listed, 5_000, after(1_000))],
    [
      'the word to a requester',
      pendingMessage(
        listed.map((one) => {
          const approvers = { users: many, groups: [], channel: 'C1' };
          return { ...one, approvers, reminded: approvers, state: 'open' as const, owned: true };
        }),
        [],
        5_000,
      ),
    ],
  ])('%s of the longest names is one that Slack takes, and mentions no one whom they name', (_, message) => {
    expect(checkBlocks(message.blocks, 'message')).toMatchObject({ ok: true });
    expect(() => draft(message)).not.toThrow();
    const markup = JSON.stringify(message.blocks)
      .match(/"mrkdwn","text":"[^"]*"/g)
      ?.join('');
    expect(markup).not.toMatch(/<!channel>|<@U0DANA>/);
  });
});

it('a request that is decided while the requester’s are listed is listed once, as pending or as over', async () => {
  await using database = await createDatabase();
  const { sql, url } = database;
  await sql`insert into services (slug, name, managed_by) values ('a', 'A', 'slack')`;
  await sql`insert into applications (name, created_by, created_at) select 'App ' || n, 'U0DANA', now() from generate_series(1, 3) n`;
  await sql`
    insert into registrations (application_id, service_id, requester, reason, form, status, version, requested_at, changed_at, first_reminded_at)
    select id, 1, 'U0DANA', 'why', 'V', 'pending', 1, ${start}, ${start}, ${start} from applications`;
  const client = connect(url);
  const db: Db = { tables: client.tables, outbox: createOutbox() };
  let listing = true;
  const deciding = (async () => {
    while (listing) {
      for (const status of ['approved', 'pending']) await sql`update registrations set status = ${status} where id = 2`;
    }
  })();
  const listed: string[] = [];
  for (let nth = 0; nth < 300; nth += 1) {
    const { rows, over } = await listOfRequester(db, 'U0DANA', start, 10);
    listed.push(
      [...rows, ...over]
        .map(({ registration }) => registration.id)
        .sort()
        .join(),
    );
  }
  listing = false;
  await deciding;
  await client.close();
  expect(new Set(listed)).toEqual(new Set(['1,2,3']));
});

describe('claiming', () => {
  const tick = (hours: number) => ({ schedule: 'reminders', reading: after(hours) });
  const setting = { remindAfter: 24 * hour, adminChannel: 'C0ADMIN', escalationChannel: 'C0LEADS' };

  it('takes pending requests that are due, once, by channel, however many replicas tick, and sets their next date', async () => {
    await using database = await createDatabase();
    const { sql, url } = database;
    await sql`insert into services (slug, name, managed_by, channel) values ('a', 'A', 'slack', null), ('b', 'B', 'slack', 'C0B')`;
    await sql`insert into applications (name, created_by, created_at) values ('Shop', 'U0DANA', now()), ('Till', 'U0DANA', now())`;
    await sql`
      insert into registrations (application_id, service_id, requester, reason, form, status, version, requested_at, changed_at, remind_at)
      select a.id, s.id, 'U0DANA', 'why', 'V1', case when a.name = 'Till' and s.slug = 'b' then 'approved' else 'pending' end,
        1, ${start}, ${start}, ${after(24)} from applications a, services s`;
    const replicas = [0, 1, 2].map(() => ({ client: connect(url), outbox: createOutbox() }));
    const dbs = replicas.map(({ client, outbox }): Db => ({ tables: client.tables, outbox }));

    const claimAll = async (hours: number) =>
      (await Promise.all(dbs.map((db) => claimReminders(db, tick(hours), 'UTC', setting)))).sort();
    expect(await claimAll(23.9)).toEqual([0, 0, 0]);
    expect(await claimAll(24)).toEqual([0, 0, 3]);
    // A tick that has been served, and one before it, are served for good.
    expect(await claimAll(24)).toEqual([0, 0, 0]);
    await sql`update registrations set remind_at = ${after(1)}`;
    expect(await claimAll(23)).toEqual([0, 0, 0]);
    await sql`update registrations set remind_at = ${after(72)}`;
    expect(await claimAll(71.9)).toEqual([0, 0, 0]);
    expect(await claimAll(72)).toEqual([0, 0, 3]);
    expect(await claimAll(72 + 96)).toEqual([0, 0, 3]);
    for (const hours of [360, 744]) expect(await claimAll(hours)).toEqual([0, 0, 3]);
    expect(await claimAll(10_000)).toEqual([0, 0, 0]);

    const jobs = await sql`
      select effect ->> 'tick' tick, string_agg(concat_ws(' ', kind, effect ->> 'channel', effect ->> 'person'), ', '
        order by kind, effect ->> 'channel') said
      from outbox group by 1 order by 1`;
    expect(jobs.map(({ tick, said }) => [tick, said])).toEqual([
      [after(24).toISOString(), 'remind-approvers, reminder C0ADMIN, reminder C0B'],
      [after(72).toISOString(), 'remind-approvers, reminder C0ADMIN, reminder C0B'],
      [after(168).toISOString(), 'remind-approvers, reminder C0ADMIN, reminder C0B, reminder C0LEADS'],
      [after(360).toISOString(), 'remind-approvers, reminder C0ADMIN, reminder C0B, reminder C0LEADS'],
      [after(744).toISOString(), 'remind-approvers, reminder C0ADMIN, reminder C0B, reminder C0LEADS, stopped C0ADMIN'],
    ]);
    for (const { client } of replicas) await client.close();
  });
});
