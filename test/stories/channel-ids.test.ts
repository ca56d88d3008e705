/** Slack gives a private channel a new id when it is shared with another organization: what names the old one follows. */
import { pino } from 'pino';
import { expect, it } from 'vitest';
import { formatVerifyResult } from '../../src/cli/audit/verify-report.ts';
import { runChecks } from '../../src/cli/doctor/run-checks.ts';
import { verify } from '../../src/db/audit-log/hash-chain.ts';
import { connect } from '../../src/db/client.ts';
import { createOutbox } from '../../src/db/outbox/outbox.ts';
import { enqueueMisplaced } from '../../src/db/registration/card-drift.ts';
import { channel, seed } from '../local-slack/seed.ts';
import { environment, storyModes } from '../support/bot.ts';
import { openTimedScenario } from '../support/clock.ts';
import { eventually } from '../support/eventually.ts';
import { delivered } from '../support/outbox.ts';
import { scrape } from '../support/prometheus.ts';
import { openScenario, type Scenario } from '../support/scenario.ts';
import { sharedScenarios } from '../support/shared-scenarios.ts';
import { asks, people } from '../support/steps.ts';

const admins = { in: 'api-requests' };
const maps = { in: 'maps' };

const company = () =>
  seed({ channels: [channel('C0MAPS', 'maps', ['U0LEE', 'U0ALEX', 'U0REGISTRAR'], { kind: 'private' })] });

const cardsIn = ({ workspace }: Scenario, name: string) =>
  workspace.messages(name).filter(({ metadata }) => metadata?.event_type === 'registrar_card');

/** Lists the tables that still name an id, besides the record of what was. */
async function naming({ database: { sql } }: Scenario, id: string): Promise<string[]> {
  const tables = await sql<{ name: string }[]>`
    select table_name as name from information_schema.tables where table_schema = 'public'
    and table_name not in ('channel_ids', 'service_changes', 'troubles')`;
  const found: string[] = [];
  for (const { name } of tables) {
    const [row] = await sql`select count(*)::int as count from ${sql(name)} t where t::text ~ ${`\\m${id}\\M`}`;
    if (row?.count > 0) found.push(name);
  }
  return found;
}

/** Waits until nothing in the database names an id any longer, and all that follows is delivered. */
async function followed(scenario: Scenario, id: string): Promise<void> {
  await expect.poll(() => naming(scenario, id), { timeout: 60_000 }).toEqual([]);
  await delivered(scenario);
}

it.each(storyModes)(
  'cards, reminders and settings of the admin channel follow, on every replica (%s)',
  async (mode) => {
    const lines: string[] = [];
    const log = pino({ level: 'warn' }, { write: (line: string) => void lines.push(line) });
    await using timed = await openTimedScenario('2026-11-02T08:00:00Z', {
      mode,
      log,
      env: { REMIND_AFTER: '1h', REMINDER_SCHEDULE: '0 * * * *', ESCALATION_CHANNEL: 'C0REQUESTS' },
    });
    const { scenario, advanceTo } = timed;
    const { workspace } = scenario;
    const { dana, alex, priya } = people(scenario);
    const other = await scenario.startAnother();
    await asks(dana, ['Payments API', 'Ledger API'], 'Shop');
    await dana.closes();
    await alex.finds(/Ledger API/, admins);
    await alex.clicks('Approve', { ...admins, on: /Ledger API/ });
    await dana.finds(/Approved by @alex/);
    await advanceTo('2026-11-02T10:00:00Z');
    await alex.finds(/waiting for a decision/, admins);
    for (const person of [dana, alex]) await person.opensHome();

    await workspace.changeId('C0REQUESTS', 'C0SHARED');
    await followed(scenario, 'C0REQUESTS');
    expect(cardsIn(scenario, 'api-requests')).toHaveLength(2);
    expect(await alex.finds(/⏳ Payments API/, admins)).toContain('The members of #api-requests can decide.');
    await eventually('both replicas know', async () => lines.filter((line) => line.includes('set it to')).length === 4);

    for (const application of ['One', 'Two', 'Three', 'Four']) {
      await asks(dana, ['Payments API'], application);
      await dana.closes();
      await alex.finds(new RegExp(`⏳ Payments API for ${application}`), admins);
    }
    await priya.clicks('Approve', { ...admins, on: /Payments API for Shop/ });
    await alex.finds(/Payments API[\s\S]*Approved by @priya/, admins);
    await alex.clicks('Revoke', { ...admins, on: /Ledger API/ });
    await alex.fills('Reason', 'Shared');
    await alex.submits();
    await alex.finds(/Ledger API[\s\S]*Revoked by @alex/, admins);
    await advanceTo('2026-11-03T10:00:00Z');
    await alex.finds(/waiting for a decision[\s\S]*One/, admins);
    expect(await scenario.database.sql`select place from troubles`).toEqual([]);
    for (const one of [scenario.bot, other]) {
      await one.runDueJobs();
      expect((await scrape(one.port)).value('registrar_policy_outdated')).toBe(0);
    }
  },
);

it('a start with the old id goes on with the new one; the log and doctor say what to set', async () => {
  const lines: string[] = [];
  const log = pino({ level: 'warn' }, { write: (line: string) => void lines.push(line) });
  const catalog = 'services:\n  - { slug: payments, name: Payments API, channel: C0MAPS }\n';
  const old = { ADMIN_CHANNEL: 'C0REQUESTS' };
  await using scenario = await openScenario({ log, seed: company(), catalog, env: old });
  const { workspace, catalogFile, database } = scenario;
  const { dana, lee } = people(scenario);
  await asks(dana, ['Payments API'], 'Shop');
  await dana.closes();
  await lee.finds(/Payments API/, maps);
  await workspace.changeId('C0MAPS', 'C0MAPSNEW');
  await followed(scenario, 'C0MAPS');
  await workspace.changeId('C0REQUESTS', 'C0SHARED');
  await followed(scenario, 'C0REQUESTS');
  const changes = () => database.sql`
    select actor, before ->> 'channel' as before, after ->> 'channel' as after from service_changes order by seq`;
  const expected = [
    { actor: null, before: null, after: 'C0MAPS' },
    { actor: 'USLACKBOT', before: 'C0MAPS', after: 'C0MAPSNEW' },
  ];
  expect(await changes()).toEqual(expected);
  await scenario.bot.stop();
  lines.length = 0;

  await scenario.startAnother();
  expect(await changes()).toEqual(expected);
  expect(formatVerifyResult(await verify(database.url))).toMatch(/^All \d+ events fit\./);
  expect(lines.join('\n')).toMatch(/"variable":"ADMIN_CHANNEL","given":"C0REQUESTS","current":"C0SHARED"/);
  await lee.clicks('Approve', { ...maps, on: /Payments API/ });
  await lee.finds(/Payments API[\s\S]*Approved by @lee/, maps);
  expect(cardsIn(scenario, 'maps')).toHaveLength(1);

  const found: string[] = [];
  const env = environment(workspace, 'socket', { DATABASE_URL: database.url, CATALOG_FILE: catalogFile, ...old });
  await runChecks(env, ({ level, about, what }) => found.push(`${level} ${about}: ${what}`));
  expect(found.filter((line) => line.includes(' channel C'))).toEqual([
    'warn channel C0REQUESTS: Slack has changed its id to C0SHARED. Set it for ADMIN_CHANNEL.',
    'warn channel C0MAPS: Slack has changed its id to C0MAPSNEW. Set it for payments.',
    expect.stringMatching(/channel C0SHARED: /),
    expect.stringMatching(/channel C0MAPSNEW: /),
  ]);
  expect(found.filter((line) => line.startsWith('warn replicas'))).toEqual([]);
});

it('where the word of it is late, what was refused meanwhile follows it, and the incident is over', async () => {
  await using scenario = await openScenario({ seed: company() });
  const { workspace, database } = scenario;
  const { dana, alex, lee } = people(scenario);
  await database.sql`insert into services (slug, name, managed_by, channel) values ('maps', 'Maps API', 'slack', 'C0MAPS')`;
  workspace.channel('C0MAPS').members = ['U0LEE', 'U0ALEX'];
  await workspace.changeId('C0MAPS', 'C0MAPSNEW');
  workspace.channel('C0MAPSNEW').members.push('U0REGISTRAR');
  await asks(dana, ['Maps API'], 'Shop');
  await dana.closes();
  await alex.finds(/cannot reach/, admins);
  await workspace.happens({ type: 'channel_id_changed', old_channel_id: 'C0MAPS', new_channel_id: 'C0MAPSNEW' });
  await lee.finds(/⏳ Maps API[\s\S]*\[Approve\]/, maps);
  await followed(scenario, 'C0MAPS');
  expect(await database.sql`select from troubles where over_at is null`).toEqual([]);
  await lee.clicks('Approve', maps);
  await dana.finds(/Approved by @lee/);
});

it('an id that changes again, and back, is followed to where it is', async () => {
  await using scenario = await sharedScenarios().open();
  const { workspace } = scenario;
  const { dana, alex } = people(scenario);
  for (const [from, to, application] of [
    ['C0REQUESTS', 'C0SECOND', 'One'],
    ['C0SECOND', 'C0THIRD', 'Two'],
    ['C0THIRD', 'C0REQUESTS', 'Three'],
  ] as const) {
    await asks(dana, ['Payments API'], application);
    await dana.closes();
    await alex.finds(new RegExp(`for ${application}`), admins);
    await workspace.changeId(from, to);
    await followed(scenario, from);
  }
  await alex.clicks('Approve', { ...admins, on: /for One/ });
  await dana.finds(/Approved by @alex/);
  expect(cardsIn(scenario, 'api-requests')).toHaveLength(3);
  expect(await scenario.database.sql`select old, current from channel_ids order by old`).toEqual([
    { old: 'C0SECOND', current: 'C0REQUESTS' },
    { old: 'C0THIRD', current: 'C0REQUESTS' },
  ]);
});

it('what was being recorded when the id changed follows it too', async () => {
  await using scenario = await openScenario({ reconcileAt: '* * * * * *' });
  const { workspace, database } = scenario;
  const { dana, alex } = people(scenario);
  await asks(dana, ['Payments API'], 'Shop');
  await dana.closes();
  await alex.finds(/Payments API for Shop/, admins);
  await workspace.changeId('C0REQUESTS', 'C0SHARED');
  await followed(scenario, 'C0REQUESTS');
  await database.sql`update registrations set card_channel = 'C0REQUESTS', reminded_in = 'C0REQUESTS'`;
  await followed(scenario, 'C0REQUESTS');
  await alex.clicks('Approve', admins);
  await dana.finds(/Approved by @alex/);
  expect(cardsIn(scenario, 'api-requests')).toHaveLength(1);
});

it('what is posted with an id, and recorded after it has changed, is recorded with the present one', async () => {
  await using scenario = await openScenario();
  const { database } = scenario;
  const { dana, alex } = people(scenario);
  await database.sql`insert into channel_ids (old, current, moved_at) values ('C0REQUESTS', 'C0SHARED', now())`;
  await asks(dana, ['Payments API'], 'Shop');
  await dana.closes();
  await alex.finds(/Payments API for Shop/, admins);
  await delivered(scenario);
  expect(cardsIn(scenario, 'api-requests')).toHaveLength(1);
  expect(await database.sql`select card_channel from registrations`).toEqual([{ card_channel: 'C0SHARED' }]);
});

it('a card that is still recorded with the old id is updated where it is, and not taken for misplaced', async () => {
  await using scenario = await openScenario();
  const { workspace, database } = scenario;
  const { dana, alex } = people(scenario);
  await asks(dana, ['Payments API'], 'Shop');
  await dana.closes();
  await alex.finds(/Payments API for Shop/, admins);
  await workspace.changeId('C0REQUESTS', 'C0SHARED');
  await followed(scenario, 'C0REQUESTS');
  await delivered(scenario);
  await database.sql`update registrations set card_channel = 'C0REQUESTS'`;
  const { tables, close } = connect(database.url);
  expect(await enqueueMisplaced({ tables, outbox: createOutbox() }, 'C0SHARED', 10)).toBe(0);
  await close();
  await dana.opensHome();
  await dana.clicks('Rename', { in: 'home' });
  await dana.fills('Name', 'Kiosk');
  await dana.submits();
  await alex.finds(/Payments API for Kiosk/, admins);
  await delivered(scenario);
  expect(cardsIn(scenario, 'api-requests')).toHaveLength(1);
});
