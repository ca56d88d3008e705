/** Starting and stopping at the same time: a bot that is told to stop before it is ready, and a replica that starts while another drains. */
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { readConfig } from '../../src/config.ts';
import { startRegistrar } from '../../src/main.ts';
import { createLog } from '../../src/observability/log.ts';
import { signature } from '../local-slack/delivery/http.ts';
import { environment } from '../support/bot.ts';
import { eventually } from '../support/eventually.ts';
import { freePort } from '../support/free-port.ts';
import { holdMigrations, holdRegistrations, waitForBlocked } from '../support/locks.ts';
import { delivered, endLeases } from '../support/outbox.ts';
import { openScenario, type Scenario } from '../support/scenario.ts';
import { asks, people, requests, toldBesideReceipts } from '../support/steps.ts';

/** Where it stands while it starts, and how to have it stand there. */
const places: [string, (scenario: Scenario) => Promise<{ reached: Promise<void>; release: () => unknown }>][] = [
  [
    'another replica migrates',
    async ({ database }) => {
      const { release } = await holdMigrations(database);
      return { reached: waitForBlocked(database, 1), release };
    },
  ],
  ['Slack does not say who the bot is', async ({ workspace }) => workspace.hold('auth.test')],
  ['Slack does not say where to connect to', async ({ workspace }) => workspace.hold('apps.connections.open')],
  [
    'Slack does not greet its connections',
    async ({ workspace }) => {
      const release = workspace.holdHello();
      const asked = () => workspace.calls.filter(({ method }) => method === 'apps.connections.open').length === 2;
      return { reached: workspace.until(asked).then(() => {}), release };
    },
  ],
];

describe('stopped while it starts, it ends at once, accepts nothing, and closes everything', () => {
  it.each(places)('while %s', async (_, hold) => {
    await using scenario = await openScenario({ bots: 0 });
    const { workspace, database } = scenario;
    const env = environment(workspace, 'socket', { DATABASE_URL: database.url, CATALOG_FILE: scenario.catalogFile });
    const read = readConfig(env);
    if (!read.ok) throw new Error(JSON.stringify(read.mistakes));
    const held = await hold(scenario);
    const stopping = new AbortController();
    const starting = startRegistrar(read.config, createLog('silent'), { signal: stopping.signal });
    await held.reached;
    stopping.abort(new Error('told to stop'));
    await expect(starting).rejects.toThrow('told to stop');
    await held.release();
    await eventually('nothing of it is left', async () => {
      const left = await database.sql`
        select from pg_stat_activity where datname = current_database() and application_name like 'registrar%'`;
      return left.length === 0 && workspace.connections === 0;
    });
    // The next process finds everything in order.
    await scenario.startAnother();
    const { dana, alex } = people(scenario);
    await requests(dana, alex);
  });
});

it('over HTTP, what Slack sends before the bot is ready is refused as unavailable, not as unsigned', async () => {
  await using scenario = await openScenario({ bots: 0, mode: 'http' });
  const { workspace, database } = scenario;
  const port = String(await freePort());
  const slack = workspace.hold('auth.test');
  const starting = scenario.startAnother({ PORT: port, DATABASE_URL: database.url });
  await slack.reached;
  const body = 'command=%2Fregistrations&user_id=U0DANA&team_id=T0ACME';
  const send = () =>
    fetch(`http://127.0.0.1:${port}/slack/events`, {
      method: 'POST',
      body,
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        ...signature({ secret: workspace.signingSecret, now: Date.now }, body),
      },
    });
  expect((await send()).status).toBe(503);
  slack.release();
  await starting;
  expect((await send()).status).toBe(200);
});

it('a replica that starts while another drains takes new interactions; the other finishes its own', async () => {
  await using scenario = await openScenario();
  const { workspace, database } = scenario;
  const { dana, sam, alex, priya } = people(scenario);
  await requests(dana, alex);
  await priya.clicks('Reject', { in: 'api-requests' });
  await priya.fills('Reason', 'Closing time');
  const slack = workspace.hold('auth.test');
  const starting = scenario.startAnother();
  await slack.reached;
  const row = await holdRegistrations(database);
  const submitted = priya.submits();
  await waitForBlocked(database, 1);
  const stopped = scenario.bot.stop();
  slack.release();
  await starting;
  await row.release();
  expect(await submitted).toEqual({ closed: true });
  await stopped;
  await workspace.until(() => workspace.connections === 2);
  await dana.finds(/Rejected by @priya/);
  expect(toldBesideReceipts(dana)).toHaveLength(1);
  await asks(sam, ['Ledger API'], 'Kiosk');
  await alex.finds(/Ledger API/, { in: 'api-requests' });
  await alex.clicks('Approve', { in: 'api-requests', on: /Ledger/ });
  await sam.finds(/Approved by @alex/);
});

it('what a stop cuts off is a warning, and the next process delivers it', async () => {
  const lines: { level: number; msg: string }[] = [];
  const log = pino({ level: 'warn' }, { write: (line: string) => void lines.push(JSON.parse(line)) });
  await using scenario = await openScenario({ log });
  const { workspace, bot } = scenario;
  const { dana, alex } = people(scenario);
  const slack = workspace.hold('chat.postMessage');
  await asks(dana, ['Ledger API'], 'Kiosk');
  await slack.reached;
  await bot.stop();
  // Slack posts it all the same, and answers a process that has closed everything.
  slack.release();
  await eventually('the log says so', async () => lines.some(({ msg }) => msg.startsWith('outbox delivery cut off')));
  expect(lines.filter(({ level }) => level > 40)).toEqual([]);
  await endLeases(scenario);
  await scenario.startAnother();
  await alex.finds(/Ledger API for Kiosk/, { in: 'api-requests' });
  await delivered(scenario);
  expect(workspace.messages('api-requests')).toHaveLength(1);
});
