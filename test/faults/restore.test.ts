/** A database that is restored from a dump: nothing is posted twice, and no card decides that shows what is forgotten. */
import { describe, expect, it } from 'vitest';
import { explain, runRestored } from '../../src/cli/restored.ts';
import { noticeRestore } from '../../src/db/restore.ts';
import type { Person } from '../local-slack/people.ts';
import { openTimedScenario } from '../support/clock.ts';
import { copyOf, type TestDatabase } from '../support/database.ts';
import { mailing, openMailServer } from '../support/mail-server.ts';
import { delivered } from '../support/outbox.ts';
import { openScenario } from '../support/scenario.ts';
import { asks, people, requests } from '../support/steps.ts';

const refused = { kind: 'error', error: 'fatal_error' } as const;
const always = { times: Number.POSITIVE_INFINITY };
const onCard = (service: string) => ({ in: 'api-requests', on: new RegExp(service) });
const cards = (person: Person, service: string) =>
  person.sees('api-requests').filter((text) => text.includes(service) && text.includes('Requested by'));

async function editsReason(person: Person, reason: string): Promise<void> {
  await person.clicks('Edit reason', { in: 'home' });
  await person.fills('Reason', reason);
  await person.submits();
}

/**
 * How it is known that a database was restored: by what a start sees of it, or by what the operator says. And what the copy
 * knows of the job in its outbox: that an attempt ended long ago, or that nothing was found up to a moment.
 */
const ways: [string, (copy: TestDatabase) => Promise<unknown>, string][] = [
  [
    'a start notices that the copy is another database',
    async () => {},
    "unsure = true, unsure_until = now() - interval '1 hour', progress = null",
  ],
  [
    'the operator says that it was restored into the same one',
    async ({ sql, url }) => {
      await sql`update workspace set database = null`;
      expect(await runRestored(url)).toMatch(/^Marked 2 messages in the outbox, .* and 2 cards, /);
    },
    `unsure = true, progress = '{"to": "CHANNEL", "of": "registrar_card", "above": 9999999999}'`,
  ],
];

it.each(ways)('%s', async (_, known, job) => {
  await using scenario = await openScenario();
  const { workspace } = scenario;
  const { dana, sam, alex, priya, lee } = people(scenario);
  await requests(dana, alex, 'Payments API', 'Shop');
  await requests(sam, alex, 'Ledger API', 'Till');
  await delivered(scenario);
  const failing = workspace.fail('chat.postMessage', refused, always);
  await asks(lee, ['Ledger API'], 'Scanner', 'Waits while the dump is made');
  await workspace.until(() => failing.met > 0, { what: 'the card waits in the outbox' });
  await scenario.bot.stop();
  await using copy = await copyOf(scenario.database);
  await copy.sql.unsafe(`update outbox set ${job.replace('CHANNEL', workspace.channel('api-requests').id)}`);
  await copy.sql`update registrations set changed_at = changed_at - interval '5 minutes'`;

  // What is forgotten: a card, a decision, an edited reason, and a request.
  failing.end();
  const forgotten = await scenario.startAnother();
  await alex.finds(/Waits while the dump is made/, { in: 'api-requests' });
  await priya.clicks('Approve', onCard('Payments API'));
  await alex.finds(/Approved by @priya/, { in: 'api-requests' });
  await sam.opensHome();
  await editsReason(sam, 'Harmless');
  await alex.finds(/Harmless/, { in: 'api-requests' });
  await asks(sam, ['Payments API'], 'Forgotten');
  await alex.finds(/Forgotten/, { in: 'api-requests' });
  await delivered(scenario);
  await forgotten.stop();
  const before = alex.sees('api-requests').length;
  await known(copy);

  const updates = workspace.fail('chat.update', refused, always);
  const bot = await scenario.startAnother({ DATABASE_URL: copy.url });
  // Another version 2 than the one that the card shows.
  await sam.opensHome();
  await workspace.until(() => !sam.sees('home').join().includes('Forgotten'), { what: 'Home shows the copy' });
  await editsReason(sam, 'All of production');
  await alex.clicks('Approve', onCard('Till'));
  await alex.finds(/This card may be older or newer than the request/, { in: 'api-requests' });
  await alex.clicks('Approve', { in: 'api-requests', on: /Forgotten/ });
  await alex.finds(/^That no longer exists/, { in: 'api-requests' });
  expect(await copy.sql`select distinct status from registrations`).toEqual([{ status: 'pending' }]);

  updates.end();
  await alex.finds(/All of production/, { in: 'api-requests' });
  await copy.sql`
    update outbox set run_at = now() where id in (
      select id from outbox where not leased order by id for update skip locked)`;
  await delivered({ database: copy });
  expect(alex.sees('api-requests').filter((text) => text.includes('Requested by'))).toHaveLength(4);
  expect(before).toBe(4);
  expect(cards(alex, 'Payments API').filter((text) => text.includes('Approved'))).toEqual([]);
  await alex.clicks('Approve', { in: 'api-requests', on: /Shop/ });
  await alex.finds(/Approved by @alex/, { in: 'api-requests' });
  await bot.stop();
});

it('what was posted at a tick, or posted again, and is forgotten, is found and kept', async () => {
  await using timed = await openTimedScenario('2026-11-02T08:30:00Z', {
    env: { REMIND_AFTER: '1h', REMINDER_SCHEDULE: '0 * * * *', DIGEST_SCHEDULE: '0 * * * *' },
  });
  const { scenario } = timed;
  const { workspace } = scenario;
  const { dana, alex } = people(scenario);
  await requests(dana, alex);
  await timed.advanceTo('2026-11-02T09:00:00Z');
  await using copy = await copyOf(scenario.database);
  await copy.sql`update registrations set changed_at = changed_at - interval '5 minutes'`;

  await timed.advanceTo('2026-11-02T11:00:00Z');
  const [{ channel, ts } = { channel: '', ts: '' }] = workspace.messages('api-requests');
  await workspace.deleteMessage(channel, ts);
  await dana.opensHome();
  await editsReason(dana, 'Again');
  await alex.finds(/Again/, { in: 'api-requests' });
  await timed.untilDelivered();
  await scenario.bot.stop();
  const before = [alex.sees('api-requests').length, dana.told.length];
  // The card, a reminder and two digests; and a receipt and a message to the requester.
  expect(before).toEqual([4, 2]);

  await scenario.startAnother({ DATABASE_URL: copy.url });
  await workspace.until(() => !alex.sees('api-requests').join().includes('Again'), { what: 'the card is updated' });
  await delivered({ database: copy });
  expect([alex.sees('api-requests').length, dana.told.length]).toEqual(before);
});

it('e-mail that waited is sent with the Message-ID that it may have had before, for a day; what is older is not', async () => {
  await using mail = await openMailServer();
  await using scenario = await openScenario({ bots: 0 });
  const env = mailing(mail);
  const { dana, alex } = people(scenario);
  const first = await scenario.startAnother(env);
  await mail.down();
  for (const service of ['Payments API', 'Ledger API']) {
    await requests(dana, alex, service, 'Shop');
    await alex.clicks('Approve', onCard(service));
    await alex.finds(new RegExp(`${service}[\\s\\S]*Approved by @alex`), { in: 'api-requests' });
  }
  const letters = ({ sql }: TestDatabase) => sql`select from outbox where kind = 'decision-mail'`;
  await scenario.workspace.until(async () => (await letters(scenario.database)).length === 2);
  await first.stop();
  await scenario.database.sql`
    update outbox set enqueued_at = now() - interval '25 hours' where id = (select min(id) from outbox where kind = 'decision-mail')`;
  await using copy = await copyOf(scenario.database);

  // It was sent since the dump, and the copy does not know it.
  await mail.up();
  await scenario.database.sql`update outbox set run_at = now()`;
  const second = await scenario.startAnother(env);
  await delivered(scenario);
  await second.stop();
  expect(mail.letters).toHaveLength(2);

  await copy.sql`update outbox set run_at = now()`;
  await scenario.startAnother({ ...env, DATABASE_URL: copy.url });
  await delivered({ database: copy });
  const again = mail.letters.slice(2);
  expect(again.map(({ subject }) => subject)).toEqual(['Approved: Ledger API for Shop']);
  expect(mail.letters.slice(0, 2).map(({ messageId }) => messageId)).toContain(again[0]?.messageId);
});

describe('no restore is', () => {
  it('a start on the same database, or on the standby that took over from it', async () => {
    await using scenario = await openScenario();
    await requests(people(scenario).dana, people(scenario).alex);
    await delivered(scenario);
    const { url, sql } = scenario.database;
    expect(await noticeRestore(url)).toEqual({ restoredAt: undefined, noticed: false });
    // Where a provider does not tell the identity of the server.
    await sql`update workspace set database = '/' || split_part(database, '/', 2)`;
    expect(await noticeRestore(url)).toEqual({ restoredAt: undefined, noticed: false });
    expect(await sql`select card_version from registrations`).toEqual([{ card_version: 1 }]);
  });

  it('said of a database while a replica runs on it', async () => {
    await using scenario = await openScenario();
    const said = runRestored(scenario.database.url).catch(explain);
    expect(await said).toBe(
      'Nothing was marked: Registrar runs on this database. Stop every replica, then run this again.',
    );
  });
});
