/** "History", on the card: who may read what happened to a registration, and what they read. */
import { expect, it } from 'vitest';
import { group, seed } from '../local-slack/seed.ts';
import { openScenario, type Scenario } from '../support/scenario.ts';
import { sharedScenarios } from '../support/shared-scenarios.ts';
import { asks, people, requests } from '../support/steps.ts';

const scenarios = sharedScenarios();

const monday = () => new Date('2026-11-02T09:15:00Z');

/** Everybody sees the channel; who may read is another question. */
const allInTheChannel = () => {
  const usual = seed({ groups: [group('S0LEADS', 'leads', ['U0PRIYA'])] });
  for (const { name, members } of usual.channels) if (name === 'api-requests') members.push('U0LEE', 'U0DANA');
  return usual;
};

/** Writes into the record what years of going back and forth would: the newest version is then `last`. */
async function hasHappened({ database: { sql } }: Scenario, last: number) {
  await sql`insert into history (registration_id, version, actor, action, from_status, to_status, reason, at)
    select r.id, v, 'U0ALEX', case when v % 2 = 0 then 'approve' else 'revoke' end,
      case when v % 2 = 0 then 'revoked' else 'approved' end, case when v % 2 = 0 then 'approved' else 'revoked' end,
      'Change ' || v, r.requested_at from registrations r, generate_series(2, ${last}::int) v`;
  await sql`update registrations set version = ${last}`;
}

const shown = (text: string) => [...text.matchAll(/Change (\d+)/g)].map(([, version]) => Number(version));

it('lists every event, newest first: who, what, from which status to which, when, and why', async () => {
  await using scenario = await scenarios.open({ now: monday });
  const { dana, alex, priya } = people(scenario);
  await requests(dana, alex);
  await alex.clicks('Approve', { in: 'api-requests' });
  await alex.finds(/Approved by/, { in: 'api-requests' });
  await priya.clicks('Revoke', { in: 'api-requests' });
  await priya.fills('Reason', 'Keys were leaked by <!channel>');
  await priya.submits();
  await alex.finds(/Revoked by/, { in: 'api-requests' });
  await alex.clicks('Reinstate', { in: 'api-requests' });
  await alex.finds(/Reinstated by/, { in: 'api-requests' });

  await priya.clicks('History', { in: 'api-requests' });
  expect(await priya.finds(/History/, { in: 'modal' })).toMatchInlineSnapshot(`
    "== History ==
    Service  Payments API
    Application  Shop
    :white_check_mark: Reinstated by @alex today at 09:15
    revoked → approved
    :no_entry: Revoked by @priya today at 09:15
    approved → revoked
    > Keys were leaked by <!channel>
    :white_check_mark: Approved by @alex today at 09:15
    pending → approved
    :hourglass_flowing_sand: Requested by @dana today at 09:15
    pending
    > Checkout for the shop
    [Close]"
  `);
});

it('is for the approvers of the service and for admins; others read who these are', async () => {
  const catalog = `services:\n  - { slug: payments, name: Payments API, approvers: [S0LEADS] }\n`;
  await using scenario = await openScenario({ seed: allInTheChannel(), env: { APPROVERS: 'U0ALEX' }, catalog });
  const { dana, alex, priya, lee } = people(scenario);
  await requests(dana, lee);
  for (const reader of [alex, priya]) {
    await reader.clicks('History', { in: 'api-requests' });
    await reader.finds(/Requested by @dana/, { in: 'modal' });
  }
  for (const other of [dana, lee]) {
    await other.clicks('History', { in: 'api-requests' });
    expect(await other.finds(/history/, { in: 'whispered' })).toBe(
      'Only @leads or @alex can see the history of this request.',
    );
    expect(scenario.workspace.views(other.id)).toEqual([]);
  }
});

it('is also open for their own requests to those who may read the others', async () => {
  await using scenario = await scenarios.open();
  const { alex } = people(scenario);
  await requests(alex, alex);
  await alex.clicks('History', { in: 'api-requests' });
  await alex.finds(/Requested by @alex/, { in: 'modal' });
});

it('stays closed where Slack does not say who the user is', async () => {
  await using scenario = await openScenario({ seed: allInTheChannel(), env: { APPROVERS: 'S0LEADS' } });
  const { dana, priya } = people(scenario);
  scenario.workspace.fail('usergroups.users.list', { kind: 'server-error' }, { times: 99 });
  await requests(dana, priya);
  await priya.clicks('History', { in: 'api-requests' });
  await priya.finds(/Slack didn’t say/, { in: 'whispered' });
  expect(scenario.workspace.views(priya.id)).toEqual([]);
});

it('has pages, forward and back; each page checks who may read it now', async () => {
  await using scenario = await openScenario({ seed: allInTheChannel(), env: { APPROVERS: 'S0LEADS' } });
  const { dana, priya } = people(scenario);
  await requests(dana, priya);
  await hasHappened(scenario, 60);
  await priya.clicks('History', { in: 'api-requests' });
  const first = await priya.finds(/Events 36 to 60 of 60/, { in: 'modal' });
  expect(shown(first)).toEqual(Array.from({ length: 25 }, (_, index) => 60 - index));
  expect(first).toContain('[Older]\n[Close]');
  await priya.clicks('Older');
  expect(await priya.finds(/Events 11 to 35 of 60/, { in: 'modal' })).toContain('[Newer] [Older]');
  await priya.clicks('Older');
  const last = await priya.finds(/Events 1 to 10 of 60/, { in: 'modal' });
  expect(shown(last)).toEqual([10, 9, 8, 7, 6, 5, 4, 3, 2]);
  expect(last).toContain('[Newer]\n[Close]');
  await priya.clicks('Newer');
  await priya.finds(/Events 11 to 35 of 60/, { in: 'modal' });
  await priya.clicks('Newer');
  await priya.finds(/Events 36 to 60 of 60/, { in: 'modal' });

  await scenario.workspace.setGroup('S0LEADS', []);
  await priya.clicks('Older');
  await priya.finds(/Only @leads can see the history/, { in: 'modal' });
});

it('opens in time also where the database is slow, and loads then', async () => {
  await using scenario = await scenarios.open();
  const { dana, alex } = people(scenario);
  await requests(dana, alex);
  const locked = Promise.withResolvers<void>();
  const free = Promise.withResolvers<void>();
  const held = scenario.database.sql.begin(async (tx) => {
    await tx`lock table history in access exclusive mode`;
    locked.resolve();
    await free.promise;
  });
  await locked.promise;
  await alex.clicks('History', { in: 'api-requests' });
  await alex.finds(/Loading the history/, { in: 'modal' });
  free.resolve();
  await held;
  await alex.finds(/Requested by @dana/, { in: 'modal' });
});

it('says so where the database cannot be read', async () => {
  await using scenario = await scenarios.open();
  const { dana, alex } = people(scenario);
  await requests(dana, alex);
  await scenario.database.sql`alter table history rename to elsewhere`;
  await alex.clicks('History', { in: 'api-requests' });
  await alex.finds(/couldn’t do this/, { in: 'whispered' });
  await scenario.database.sql`alter table elsewhere rename to history`;
});

it('responds also for a registration that is gone or was made up', async () => {
  await using scenario = await scenarios.open();
  const { workspace } = scenario;
  const { dana, alex } = people(scenario);
  await asks(dana, ['Payments API'], 'Shop');
  await alex.finds(/Payments API/, { in: 'api-requests' });
  await alex.clicks('History', { in: 'api-requests' });
  await alex.finds(/Requested by/, { in: 'modal' });
  const [clicked] = workspace.delivered.filter(({ type }) => type === 'block_actions');
  for (const value of [`${crypto.randomUUID()}@1`, '999999@1', 'x', '1@0']) {
    const [action] = structuredClone(Array.isArray(clicked?.actions) ? clicked.actions : []);
    await workspace.deliver({
      ...clicked,
      actions: [{ ...action, value }],
    });
  }
  await workspace.until(() => alex.whispers.filter((text) => /no longer exists/.test(text)).length === 4);
});
