/** Reminders: what nobody answered comes back, once for each channel and tick, and only while it waits. */
import { describe, expect, it } from 'vitest';
import { connect, type Db } from '../src/db/client.ts';
import { createOutbox } from '../src/db/outbox.ts';
import { claim } from '../src/db/reminders.ts';
import { age, firstReminder, waitAfter } from '../src/domain/reminder.ts';
import { reminder } from '../src/views/reminder.ts';
import { createDatabase } from './support/database.ts';
import { eventually } from './support/eventually.ts';
import { type Office, openOffice } from './support/office.ts';
import { asks, people } from './support/people.ts';

const hour = 3_600_000;
const start = new Date('2026-11-02T09:00:00Z');
const after = (hours: number) => new Date(start.getTime() + hours * hour);

describe('the dates', () => {
  it('a request is due after REMIND_AFTER, and then each time after twice as long', () => {
    expect(firstReminder(start, 24 * hour)).toEqual(after(24));
    expect([1, 2, 3, 4].map((count) => waitAfter(count, 24 * hour) / hour)).toEqual([48, 96, 192, 384]);
  });

  it.each([
    [0.01, 'less than a minute'],
    [1 / 60, '1 minute'],
    [0.99, '59 minutes'],
    [1, '1 hour'],
    [23.9, '23 hours'],
    [24, '1 day'],
    [75, '3 days'],
  ])('after %d hours its age is told as %s', (hours, told) => expect(age(start, after(hours))).toBe(told));
});

describe('claiming', () => {
  const tick = (hours: number) => ({ at: after(hours), remindAfter: 24 * hour, adminChannel: 'C0ADMIN' });

  it('takes what is due and pending, once, by channel, however many replicas tick; and sets its next date', async () => {
    await using database = await createDatabase();
    const { sql, url } = database;
    await sql`insert into services (slug, name, managed_by, channel) values ('a', 'A', 'slack', null), ('b', 'B', 'slack', 'C0B')`;
    await sql`insert into applications (name, created_by, created_at) values ('Shop', 'U0DANA', now()), ('Till', 'U0DANA', now())`;
    await sql`
      insert into registrations (application_id, service_id, requester, reason, form, status, version, requested_at, changed_at, remind_at)
      select a.id, s.id, 'U0DANA', 'why', 'V1', case when a.name = 'Till' and s.slug = 'b' then 'approved' else 'pending' end,
        1, ${start}, ${start}, ${after(24)} from applications a, services s`;
    const replicas = [0, 1, 2].map(() => ({ client: connect(url), outbox: createOutbox(url, () => {}) }));
    await Promise.all(replicas.map(({ outbox }) => outbox.start()));
    const dbs = replicas.map(({ client, outbox }): Db => ({ tables: client.tables, outbox }));

    const claimAll = (hours: number) => Promise.all(dbs.map((db) => claim(db, tick(hours))));
    expect(await claimAll(23.9)).toEqual([0, 0, 0]);
    expect((await claimAll(24)).sort()).toEqual([0, 0, 3]);
    expect(await claimAll(71.9)).toEqual([0, 0, 0]);
    expect((await claimAll(72)).sort()).toEqual([0, 0, 3]);

    const jobs = await sql`select data from pgboss.job where name = 'outbox' order by created_on, data ->> 'channel'`;
    expect(jobs.map(({ data }) => [data.channel, data.tick, data.registrations.length])).toEqual([
      ['C0ADMIN', after(24).toISOString(), 2],
      ['C0B', after(24).toISOString(), 1],
      ['C0ADMIN', after(72).toISOString(), 2],
      ['C0B', after(72).toISOString(), 1],
    ]);
    expect(await sql`select distinct reminders, remind_at from registrations where status = 'pending'`).toEqual([
      { reminders: 2, remind_at: after(72 + 96) },
    ]);
    for (const { client, outbox } of replicas) {
      await outbox.stop(1);
      await client.close();
    }
  });
});

describe.concurrent('in the channel', () => {
  const everySecond = { REMINDER_SCHEDULE: '* * * * * *', REMIND_AFTER: '1s' };
  const listings = ({ workspace }: Office) =>
    workspace.messages('api-requests').filter(({ text }) => /waiting for a decision/.test(text));

  it('two replicas post one message at each tick, oldest first, with links to the cards', async ({ expect }) => {
    await using office = await openOffice({ env: everySecond });
    await office.startAnother();
    const { dana, alex } = people(office);
    await asks(dana, ['Payments API', 'Ledger API'], '<!channel> & co');
    const told = await alex.finds(/2 requests are waiting for a decision/, { in: 'api-requests' });
    expect(
      told.split('\n').map((line) => line.replace(/\(http\S+\)/, '(link)').replace(/waiting .* ·/, 'waiting … ·')),
    ).toEqual([
      ':bell: 2 requests are waiting for a decision.',
      '• Payments API — <!channel> & co, asked for by @dana, waiting … · Open the card (link)',
      '• Ledger API — <!channel> & co, asked for by @dana, waiting … · Open the card (link)',
    ]);
    const { sql } = office.database;
    await eventually('a second reminder was claimed', async () => {
      const [row] = await sql`select min(reminders) count from registrations`;
      return row?.count >= 2;
    });
    const [{ count } = {}] =
      await sql`select count(distinct data ->> 'tick')::int from pgboss.job where data ->> 'kind' = 'reminder'`;
    await eventually('every reminder is posted', async () => listings(office).length >= count);
    expect(listings(office)).toHaveLength(count);
  });

  it('what was decided between the claim and the post is not listed; where nothing is left, nothing is said', async ({
    expect,
  }) => {
    await using office = await openOffice({ env: everySecond });
    const { workspace, database } = office;
    const { dana, alex } = people(office);
    await asks(dana, ['Payments API'], 'Shop');
    const look = workspace.hold('chat.getPermalink');
    await look.reached;
    workspace.fail(
      'chat.postMessage',
      { kind: 'server-error' },
      { when: ({ text }) => /waiting for/.test(String(text)) },
    );
    await alex.clicks('Approve', { in: 'api-requests' });
    await alex.finds(/Approved by @alex/, { in: 'api-requests' });
    look.release();
    await eventually('the reminder is done with', async () => {
      const left =
        await database.sql`select from pgboss.job where data ->> 'kind' = 'reminder' and state < 'completed'`;
      return left.length === 0;
    });
    expect(listings(office)).toEqual([]);
  });
});

it('a long list shows its first twenty and counts the rest', () => {
  const waiting = Array.from({ length: 20 }, (_, index) => ({
    service: `Service ${index}`,
    application: 'x'.repeat(60),
    requester: 'U0DANA',
    requestedAt: start,
    link: undefined,
  }));
  const { text, blocks } = reminder(waiting, 34, after(1));
  expect(text).toBe('34 requests are waiting for a decision.');
  expect(JSON.stringify(blocks)).toContain('and 14 more');
});
