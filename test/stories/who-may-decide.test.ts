/** Who may decide, at the click, on who clicked; and what those who may not are told. */
import { expect, it } from 'vitest';
import { group, seed } from '../local-slack/seed.ts';
import { delivered } from '../support/outbox.ts';
import { openScenario } from '../support/scenario.ts';
import { sharedScenarios } from '../support/shared-scenarios.ts';
import { asks, people, requests } from '../support/steps.ts';

const scenarios = sharedScenarios();

const pay = (more: string) => `services:\n  - slug: payments\n    name: Payments API\n${more}`;

/** Lee sees the channel, but is no approver where approvers are named. */
const leeInTheChannel = () => {
  const usual = seed({ groups: [group('S0LEADS', 'leads', ['U0PRIYA'])] });
  for (const channel of usual.channels) if (channel.name === 'api-requests') channel.members.push('U0LEE', 'U0DANA');
  return usual;
};

it('without named approvers, the members of the channel decide, but not about their own requests', async () => {
  await using scenario = await openScenario({ seed: leeInTheChannel() });
  const { dana, lee } = people(scenario);
  await requests(dana, lee);
  await dana.clicks('Approve', { in: 'api-requests' });
  expect(await dana.finds(/own request/, { in: 'whispered' })).toBe(
    'You can’t decide your own request. Ask the members of #api-requests.\nPayments API for Shop, requested by @dana',
  );
  await dana.clicks('Reject', { in: 'api-requests' });
  await scenario.workspace.until(() => dana.whispers.length === 2);
  expect(scenario.workspace.views(dana.id)).toEqual([]);
  await lee.clicks('Approve', { in: 'api-requests' });
  await dana.finds(/Approved by @lee/);
});

it('with named users and groups, only they decide, and others read who they are', async () => {
  await using scenario = await openScenario({ seed: leeInTheChannel(), env: { APPROVERS: 'U0ALEX,S0LEADS' } });
  const { dana, lee, priya } = people(scenario);
  await requests(dana, lee);
  await lee.clicks('Approve', { in: 'api-requests' });
  expect(await lee.finds(/can decide/, { in: 'whispered' })).toBe(
    'Only @alex or @leads can decide Payments API for Shop. Nothing was changed.',
  );
  await priya.clicks('Approve', { in: 'api-requests' });
  await dana.finds(/Approved by @priya/);
});

it("a service's own approvers come before APPROVERS", async () => {
  await using scenario = await openScenario({
    catalog: pay('    approvers: [U0PRIYA]\n'),
    env: { APPROVERS: 'U0ALEX' },
  });
  const { dana, alex, priya } = people(scenario);
  await requests(dana, alex);
  await alex.clicks('Approve', { in: 'api-requests' });
  await alex.finds(/Only @priya can decide/, { in: 'whispered' });
  await priya.clicks('Approve', { in: 'api-requests' });
  await dana.finds(/Approved by @priya/);
});

it("a service's requests go to its own channel, and its members decide", async () => {
  await using scenario = await openScenario({ catalog: pay('    channel: C0GENERAL\n') });
  const { dana, sam } = people(scenario);
  await asks(dana, ['Payments API'], 'Shop');
  await sam.finds(/Payments API/, { in: 'general' });
  await sam.clicks('Approve', { in: 'general' });
  await dana.finds(/Approved by @sam/);
  expect(scenario.workspace.messages('api-requests')).toEqual([]);
});

it('a user who leaves a group may no longer decide, and one who joins may, at once', async () => {
  await using scenario = await openScenario({ seed: leeInTheChannel(), env: { APPROVERS: 'S0LEADS' } });
  const { workspace } = scenario;
  const { dana, lee, priya } = people(scenario);
  await asks(dana, ['Payments API', 'Ledger API'], 'Shop');
  await lee.finds(/Ledger API/, { in: 'api-requests' });
  await priya.clicks('Approve', { in: 'api-requests', on: /Payments/ });
  await lee.finds(/Approved by @priya/, { in: 'api-requests' });
  await workspace.setGroup('S0LEADS', [lee.id]);
  await priya.clicks('Approve', { in: 'api-requests', on: /Ledger/ });
  await priya.finds(/Only @leads can decide/, { in: 'whispered' });
  await lee.clicks('Approve', { in: 'api-requests', on: /Ledger/ });
  await lee.finds(/Approved by @lee/, { in: 'api-requests' });
});

it('a decision is authorized again where the approvers change during the look-up', async () => {
  await using scenario = await openScenario({ env: { APPROVERS: 'U0ALEX,U0PRIYA' } });
  const { dana, alex, priya } = people(scenario);
  await requests(dana, alex);
  // Nothing but the click asks for her.
  await delivered(scenario);
  const asked = scenario.workspace.hold('users.info', ({ user }) => user === priya.id);
  const clicked = priya.clicks('Approve', { in: 'api-requests' });
  await asked.reached;
  await scenario.database
    .sql`update services set approvers = '{U0ALEX}', version = version + 1 where slug = 'payments'`;
  asked.release();
  await clicked;
  await priya.finds(/Only @alex can decide/, { in: 'whispered' });
});

it('a reminder that lists a request while it is being decided is updated without it', async () => {
  await using scenario = await openScenario();
  const { dana, alex, priya } = people(scenario);
  await requests(dana, alex);
  // Nothing but the click asks for her.
  await delivered(scenario);
  const asked = scenario.workspace.hold('users.info', ({ user }) => user === priya.id);
  const clicked = priya.clicks('Approve', { in: 'api-requests' });
  await asked.reached;
  const { sql } = scenario.database;
  const tick = '2026-11-02T09:00:00Z';
  await sql`update registrations set reminded_at = ${tick}, reminded_in = 'C0REQUESTS'`;
  await sql`insert into reminder_messages (channel, tick, ts) values ('C0REQUESTS', ${tick}, '1.000100')`;
  asked.release();
  await clicked;
  await dana.finds(/Approved by @priya/);
  // It listed nothing else, so it is removed.
  const { workspace } = scenario;
  await workspace.until(() =>
    workspace.calls.some((one) => one.method === 'chat.delete' && one.args.ts === '1.000100'),
  );
});

it('where Slack does not say who belongs to a group, its members may not decide, and are told to try again', async () => {
  await using scenario = await openScenario({ seed: leeInTheChannel(), env: { APPROVERS: 'S0LEADS' } });
  const { dana, priya } = people(scenario);
  const fault = scenario.workspace.fail('usergroups.users.list', { kind: 'server-error' }, { times: 99 });
  await requests(dana, priya);
  await priya.clicks('Approve', { in: 'api-requests' });
  await priya.finds(/Slack didn’t say.*Try again in a minute/, { in: 'whispered' });
  fault.end();
  await priya.clicks('Approve', { in: 'api-requests' });
  await dana.finds(/Approved by @priya/);
});

it('ALLOW_SELF_APPROVAL lets approvers decide their own requests', async () => {
  await using scenario = await openScenario({ env: { ALLOW_SELF_APPROVAL: 'true' } });
  const { alex } = people(scenario);
  await requests(alex, alex);
  await alex.clicks('Approve', { in: 'api-requests' });
  await alex.finds(/Approved by @alex/);
});

it('a late click changes nothing, and is told who decided what and when', async () => {
  await using scenario = await scenarios.open();
  const { dana, alex, priya } = people(scenario);
  await requests(dana, alex);
  const [asPriyaStillSeesIt = ''] = scenario.workspace.messages('api-requests');
  await alex.clicks('Approve', { in: 'api-requests' });
  await dana.finds(/Approved by @alex/);
  await priya.clicks('Approve', { on: asPriyaStillSeesIt });
  await priya.finds(
    /^This request was already approved by @alex, today at .*Nothing was changed\.\nPayments API for Shop, /s,
    {
      in: 'whispered',
    },
  );
  await priya.clicks('Reject', { on: asPriyaStillSeesIt });
  await scenario.workspace.until(() => priya.whispers.length === 2);
  expect(scenario.workspace.views(priya.id)).toEqual([]);
  const { sql } = scenario.database;
  expect(await sql`select action, actor, to_status from history order by version`).toEqual([
    { action: 'request', actor: 'U0DANA', to_status: 'pending' },
    { action: 'approve', actor: 'U0ALEX', to_status: 'approved' },
  ]);
});

it('an open form rejects nothing after another approver decided, and says so', async () => {
  await using scenario = await scenarios.open();
  const { dana, alex, priya } = people(scenario);
  await requests(dana, alex);
  await priya.clicks('Reject', { in: 'api-requests' });
  await priya.fills('Reason', 'Not now');
  await alex.clicks('Approve', { in: 'api-requests' });
  await dana.finds(/Approved by @alex/);
  await priya.submits();
  expect(priya.reads).toMatch(/Reject request ==\n.*already approved by @alex/);
  await delivered(scenario);
  // The receipt, and the decision.
  expect(dana.told).toHaveLength(2);
});

it('approved access is revoked with a reason, reinstated, and the request deleted; the requester is told of each', async () => {
  await using scenario = await scenarios.open();
  const { dana, alex, priya } = people(scenario);
  await requests(dana, alex);
  await alex.clicks('Approve', { in: 'api-requests' });
  await dana.finds(/Approved by @alex/);
  await priya.clicks('Revoke', { in: 'api-requests' });
  await priya.fills('Reason', 'Keys were leaked');
  await priya.submits();
  expect(await dana.finds(/Revoked by @priya/)).toContain('> Keys were leaked');
  expect(await alex.finds(/Revoked by @priya/, { in: 'api-requests' })).toContain(
    '[Reinstate] [History] [… Delete request]',
  );

  await asks(dana, ['Payments API'], 'Shop');
  expect(dana.view.errors).toMatchObject({
    services: expect.stringMatching(/already revoked.*reinstate or delete it first/),
  });
  await dana.closes();
  await dana.types('/unregister');
  await dana.finds(/nothing to unregister/, { in: 'whispered' });

  await alex.clicks('Reinstate', { in: 'api-requests' });
  await dana.finds(/Reinstated by @alex/);
  await alex.finds(/Reinstated by @alex/, { in: 'api-requests' });
  await alex.clicks('Delete request', { in: 'api-requests' });
  await dana.finds(/Deleted by @alex/);
  const card = await alex.finds(/Deleted by @alex/, { in: 'api-requests' });
  expect(
    card
      .split('\n')
      .filter((line) => / by @/.test(line))
      .map((line) => line.replace(/ today.*/, '')),
  ).toEqual([
    ':white_check_mark: Approved by @alex',
    ':no_entry: Revoked by @priya',
    ':white_check_mark: Reinstated by @alex',
    ':wastebasket: Deleted by @alex',
  ]);
  expect(card.replace('[… History]', '')).not.toMatch(/\[/);
});

it('AUTO_APPROVE approves every new request, and no earlier one', async () => {
  await using scenario = await scenarios.open();
  const { dana, alex } = people(scenario);
  await requests(dana, alex);
  await scenario.bot.stop();
  await scenario.startAnother({ AUTO_APPROVE: 'true' });
  await asks(dana, ['Ledger API'], 'Shop');
  await dana.finds(/Approved automatically\nService {2}Ledger API/);
  expect(await scenario.database.sql`select status from registrations order by id`).toEqual([
    { status: 'pending' },
    { status: 'approved' },
  ]);
  await delivered(scenario);
});
