/** Slack gives a private channel a new id when it is shared with another organization: what names the old one follows. */
import { pino } from 'pino';
import { expect, it } from 'vitest';
import { formatVerifyResult } from '../../src/cli/audit/verify-report.ts';
import { runChecks } from '../../src/cli/doctor/run-checks.ts';
import { verify } from '../../src/db/audit-log/hash-chain.ts';
import { environment, storyModes } from '../support/bot.ts';
import { cardsIn } from '../support/cards.ts';
import { company, followed } from '../support/channel-ids.ts';
import { openTimedScenario } from '../support/clock.ts';
import { eventually } from '../support/eventually.ts';
import { scrape } from '../support/prometheus.ts';
import { openScenario } from '../support/scenario.ts';
import { asks, people } from '../support/steps.ts';

const admins = { in: 'api-requests' };
const maps = { in: 'maps' };

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
