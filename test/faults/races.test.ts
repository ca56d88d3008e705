/** Races, staged: both stand at the lock before either may go. */
import { describe, expect, it } from 'vitest';
import type { Message } from '../local-slack/model.ts';
import type { Person } from '../local-slack/people.ts';
import { environment } from '../support/bot.ts';
import { openTimedScenario, type TimedScenario, untilDelivered } from '../support/clock.ts';
import { holdApplications, holdRecord, holdRegistrations, waitForBlocked } from '../support/locks.ts';
import { kill, runReady } from '../support/process.ts';
import { openScenario, type Scenario } from '../support/scenario.ts';
import { asks, people, requests, toldBesideReceipts } from '../support/steps.ts';

const events = ({ database }: Scenario) =>
  database.sql`select version, action, actor from history order by registration_id, version`;

async function twoDecide(scenario: Scenario) {
  const { dana, alex, priya } = people(scenario);
  await requests(dana, alex);
  await priya.clicks('Reject', { in: 'api-requests' });
  await priya.fills('Reason', 'Not now');

  const row = await holdRegistrations(scenario.database);
  const clicks = [alex.clicks('Approve', { in: 'api-requests' }), priya.submits()];
  await waitForBlocked(scenario.database, 2);
  await row.release();
  await Promise.all(clicks);

  await dana.finds(/Approved by @alex|Rejected by @priya/);
  const record = await events(scenario);
  expect(record).toHaveLength(2);
  if (record[1]?.action === 'approve') {
    await priya.finds(/already approved by @alex/, { in: 'modal' });
  } else {
    await alex.finds(/already rejected by @priya/, { in: 'whispered' });
  }
  expect(toldBesideReceipts(dana)).toHaveLength(1);
  expect(scenario.workspace.messages('api-requests').filter(({ ephemeralTo }) => !ephemeralTo)).toHaveLength(1);
}

describe('of two concurrent decisions of a card one counts, and the other user is told who decided', () => {
  it('in one process', async () => {
    await using scenario = await openScenario();
    await twoDecide(scenario);
  });

  it('in two', async () => {
    await using scenario = await openScenario();
    const { workspace, database } = scenario;
    const other = await runReady(environment(workspace, 'socket', { DATABASE_URL: database.url }));
    try {
      await workspace.until(() => workspace.connections === 4);
      await twoDecide(scenario);
    } finally {
      await kill(other);
    }
  });
});

it('of a concurrent approval and withdrawal one happens, and the other user is told', async () => {
  await using scenario = await openScenario();
  const { dana, alex } = people(scenario);
  await requests(dana, alex);
  await dana.types('/unregister');
  await dana.picks('Registration', 'Payments API');

  const row = await holdRegistrations(scenario.database);
  const acts = [alex.clicks('Approve', { in: 'api-requests' }), dana.submits()];
  await waitForBlocked(scenario.database, 2);
  await row.release();
  await Promise.all(acts);

  await alex.finds(/Approved by|Unregistered by/, { in: 'api-requests' });
  const record = await events(scenario);
  expect(record).toHaveLength(2);
  if (record[1]?.action === 'approve') expect(dana.view.errors.registration).toMatch(/has changed: it was approved/);
  else await alex.finds(/already unregistered by @dana/, { in: 'whispered' });
});

describe('an approver who is made an owner at the same instant becomes one, and', () => {
  it('does not decide', async () => {
    await using timed = await openTimedScenario('2026-11-02T08:00:00Z', deciders);
    const { alex, acts } = await handOver(timed, (alex) => alex.clicks('Approve', { in: 'api-requests' }));
    await acts;
    expect((await events(timed.scenario)).map(({ action }) => action)).toEqual(['request']);
    await alex.finds(/own/, { in: 'whispered' });
  });

  it('does not snooze the reminder', async () => {
    await using timed = await openTimedScenario('2026-11-02T08:00:00Z', deciders);
    const { alex, acts } = await handOver(timed, (alex) =>
      alex.clicks('Snooze until tomorrow', { in: 'api-requests' }),
    );
    await acts;
    expect(await timed.scenario.database.sql`select put_off_by from registrations`).toEqual([{ put_off_by: null }]);
    await alex.finds(/own/, { in: 'whispered' });
  });
});

const deciders = { env: { APPROVERS: 'U0ALEX,U0PRIYA' } };

/** Hands over to alex what waits for them, and has them act once that is written, and not committed. */
async function handOver({ scenario, advanceTo }: TimedScenario, act: (alex: Person) => Promise<unknown>) {
  const { dana, alex } = people(scenario);
  await dana.opensHome();
  await requests(dana, alex);
  await advanceTo('2026-11-03T09:00:00Z');
  await dana.clicks('Hand over', { in: 'home' });
  await dana.picks('New owner', 'alex');
  await untilDelivered(scenario);

  const record = await holdRecord(scenario.database);
  const handsOver = dana.submits();
  await waitForBlocked(scenario.database, 1);
  const acts = act(alex);
  await waitForBlocked(scenario.database, 2);
  await record.release();
  await handsOver;
  expect(await scenario.database.sql`select user_id from application_owners`).toEqual([{ user_id: alex.id }]);
  return { alex, acts };
}

it('of two concurrent requests for a service one is made, and the other is told that it is pending', async () => {
  await using scenario = await openScenario();
  const { workspace, database } = scenario;
  const { dana, alex } = people(scenario);
  await requests(dana, alex, 'Ledger API', 'Shop');
  const forms = [];
  for (const _ of [1, 2]) {
    await dana.types('/register');
    await workspace.until(() => workspace.views(dana.id).length === 1 && dana.view.callback_id === 'register');
    await dana.picks('Services', 'Payments API');
    await dana.picks('Application', 'Shop');
    await dana.fills('Reason', 'Two tabs');
    const { view } = dana;
    forms.push(structuredClone(view));
    await dana.closes();
  }
  const [submission] = workspace.delivered.filter(({ type }) => type === 'view_submission');
  const row = await holdApplications(database);
  const answers = forms.map((view) => workspace.deliver({ ...submission, view }));
  await waitForBlocked(database, 2);
  await row.release();
  const bodies = (await Promise.all(answers)).map((receipt) => JSON.stringify(receipt));
  expect(bodies.filter((body) => body.includes('under review'))).toHaveLength(1);
  expect(bodies.filter((body) => body.includes('Payments API is already pending'))).toHaveLength(1);
});

it('of two users who create the same application one owns it, and the other reads that the name is taken', async () => {
  await using scenario = await openScenario();
  const { dana, sam } = people(scenario);
  const outcomes = await Promise.all([asks(dana, ['Payments API'], 'Kiosk'), asks(sam, ['Payments API'], 'kiosk')]);
  expect(outcomes.filter((outcome) => 'errors' in outcome)).toHaveLength(1);
  expect(outcomes.filter((outcome) => 'view' in outcome)).toHaveLength(1);
  expect(await scenario.database.sql`select count(*)::int from applications`).toEqual([{ count: 1 }]);
});

describe('stale screens of a registration that was requested again', () => {
  /** Approved, revoked, reinstated, and revoked again: the card as it was shown after each step. */
  async function lives(scenario: Scenario): Promise<Message[]> {
    const { dana, alex, priya } = people(scenario);
    const shown = () => structuredClone(scenario.workspace.messages('api-requests').slice(0, 1));
    await requests(dana, alex);
    const screens = shown();
    for (const [button, reads] of [
      ['Approve', /\[Revoke\]/],
      ['Revoke', /\[Reinstate\]/],
      ['Reinstate', /\[Revoke\]/],
      ['Revoke', /\[Reinstate\]/],
    ] as const) {
      await alex.clicks(button, { in: 'api-requests' });
      if (button === 'Revoke') {
        await alex.fills('Reason', 'Keys were leaked');
        await alex.submits();
      }
      await priya.finds(reads, { in: 'api-requests' });
      screens.push(...shown());
    }
    return screens;
  }

  it('decide nothing, and a click there is told why', async () => {
    await using scenario = await openScenario();
    const { workspace } = scenario;
    const { priya, alex } = people(scenario);
    const [asked = '', approved = '', revoked = '', reinstated = ''] = await lives(scenario);
    const before = await events(scenario);
    expect(before.map(({ action }) => action)).toEqual(['request', 'approve', 'revoke', 'reinstate', 'revoke']);
    const refused: [Message | '', string, RegExp][] = [
      [asked, 'Approve', /already revoked by @alex/],
      [asked, 'Reject', /already revoked by @alex/],
      [approved, 'Revoke', /already revoked by @alex/],
      // The status is the one that the button starts from, and the life is another.
      [revoked, 'Reinstate', /has changed since you saw it: it was revoked by @alex/],
      [revoked, 'Delete request', /has changed since you saw it: it was revoked by @alex/],
      [reinstated, 'Revoke', /already revoked by @alex/],
    ];
    for (const [index, [screen, button, why]] of refused.entries()) {
      await priya.clicks(button, { on: screen });
      await workspace.until(() => priya.whispers.length === index + 1);
      expect(priya.whispers.at(-1)).toMatch(why);
    }
    expect(workspace.views(priya.id)).toEqual([]);
    expect(await events(scenario)).toEqual(before);
    expect(workspace.messages('api-requests').filter(({ ephemeralTo }) => !ephemeralTo)).toHaveLength(1);
    await alex.clicks('Reinstate', { in: 'api-requests' });
    await alex.finds(/\[Revoke\]/, { in: 'api-requests' });
  });

  it('decide nothing also where the current card is decided at the same instant', async () => {
    await using scenario = await openScenario();
    const { dana, alex, priya } = people(scenario);
    const [, , revoked = ''] = await lives(scenario);
    const row = await holdRegistrations(scenario.database);
    const clicks = [priya.clicks('Reinstate', { on: revoked }), alex.clicks('Reinstate', { in: 'api-requests' })];
    await waitForBlocked(scenario.database, 2);
    await row.release();
    await Promise.all(clicks);
    await priya.finds(/already approved by @alex|has changed/, { in: 'whispered' });
    await alex.finds(/\[Revoke\]/, { in: 'api-requests' });
    expect((await events(scenario)).slice(5)).toEqual([{ version: 6, action: 'reinstate', actor: alex.id }]);
    await scenario.workspace.until(() => dana.told.filter((text) => /Reinstated by/.test(text)).length === 2);
  });
});
