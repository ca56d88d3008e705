/** Guests, people of other teams, people who have left: who they are is asked of Slack, at once and in every replica. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Running } from '../../src/main.ts';
import { person, seed } from '../local-slack/seed.ts';
import { eventually } from '../support/eventually.ts';
import { openScenario, type Scenario } from '../support/scenario.ts';
import { asks, people, requests } from '../support/steps.ts';

const external = 'Guests and people from other workspaces can’t request or approve access here.';

/** Gwen is a guest and Cody of another team; both are in the admin channel. */
function withGuests() {
  const gwen = person('gwen', { isGuest: true });
  const cody = person('cody', { teamId: 'T0OTHER' });
  const usual = seed({ members: [gwen, cody] });
  for (const channel of usual.channels) if (channel.name === 'api-requests') channel.members.push(gwen.id, cody.id);
  return usual;
}

/** From now on Slack talks to this replica. */
const talkTo = ({ workspace }: Scenario, bot: Running) =>
  workspace.deliverOver(`http://127.0.0.1:${bot.port}/slack/events`);

/** Returns the newest payload that was delivered to a bot: to be replayed, or sent by another user. */
const last = ({ workspace }: Scenario, type: string) =>
  workspace.delivered.findLast((payload) => payload.type === type);

const statuses = ({ database }: Scenario) => database.sql`select status from registrations order by id`;

describe('guests and people of other teams', () => {
  let scenario: Scenario;
  let strict: Running;
  beforeAll(async () => {
    scenario = await openScenario({ mode: 'http', seed: withGuests() });
    strict = scenario.bot;
  });
  afterAll(() => scenario[Symbol.asyncDispose]());

  it('are refused after the command, in Home, and on a form that they should not have', async () => {
    const { workspace } = scenario;
    const { dana, alex } = people(scenario);
    await requests(dana, alex);
    for (const name of ['gwen', 'cody']) {
      const one = workspace.person(name);
      await one.types('/register payments');
      expect(await one.finds(/Guests/, { in: 'whispered' })).toContain(external);
      await one.opensHome();
      await one.clicks('Register', { in: 'home' });
      expect(await one.finds(/Guests/, { in: 'modal' })).toContain(external);
      await one.closes();

      const stolen = JSON.stringify(last(scenario, 'view_submission')).replaceAll(dana.id, one.id);
      const forged = stolen.replace(/"id":"V\w+"/, '"id":"VFORGED"').replace('new:Shop', `new:${name}`);
      expect(await workspace.deliver(JSON.parse(forged))).toMatchObject({
        body: { errors: { services: expect.stringContaining(external) } },
      });
    }
    expect(await statuses(scenario)).toEqual([{ status: 'pending' }]);
  });

  it('may not decide, although they are in the channel, and get no form', async () => {
    const { workspace } = scenario;
    for (const name of ['gwen', 'cody']) {
      const one = workspace.person(name);
      const before = one.whispers.length;
      await one.clicks('Approve', { in: 'api-requests' });
      await one.clicks('Reject', { in: 'api-requests' });
      await workspace.until(() => one.whispers.length === before + 2);
      expect(one.whispers.at(-1)).toContain(external);
      expect(workspace.views(one.id)).toEqual([]);
      await one.opensHome();
      await one.finds(/no applications yet/, { in: 'home' });
      expect(one.sees('home').join()).not.toContain('To review');
    }
    expect(await statuses(scenario)).toEqual([{ status: 'pending' }]);
  });

  it('may request and decide with ALLOW_EXTERNAL, and may always unregister what they have', async () => {
    const { workspace } = scenario;
    const gwen = workspace.person('gwen');
    talkTo(scenario, await scenario.startAnother({ ALLOW_EXTERNAL: 'true' }));
    await asks(gwen, ['Ledger API'], 'Kiosk');
    await gwen.closes();
    await workspace.person('cody').clicks('Approve', { in: 'api-requests', on: /Payments/ });
    await people(scenario).dana.finds(/Approved by @cody/);
    talkTo(scenario, strict);
    await gwen.types('/unregister');
    await gwen.picks('Registration', 'Ledger API — Kiosk');
    await gwen.submits();
    expect(await statuses(scenario)).toEqual([{ status: 'approved' }, { status: 'unregistered' }]);
  });

  it('while Slack does not say who a user is, the form opens, but a request is refused', async () => {
    const { workspace } = scenario;
    const { sam } = people(scenario);
    const fault = workspace.fail('users.info', { kind: 'server-error' }, { times: Number.POSITIVE_INFINITY });
    const unsure = 'Slack didn’t say who can do this. Nothing was changed. Try again in a minute.';
    expect(await asks(sam, ['Payments API'], 'Till')).toEqual({ errors: { Services: unsure } });
    fault.end();
    expect(await sam.submits()).toHaveProperty('view');
    await sam.closes();
  });
});

it('a deactivated approver decides nothing, and a deactivated owner unregisters nothing', async () => {
  await using scenario = await openScenario({ mode: 'http', env: { APPROVERS: 'U0ALEX' } });
  const { workspace } = scenario;
  const { dana, sam, alex, priya } = people(scenario);
  await asks(dana, ['Payments API', 'Ledger API'], 'Shop');
  await dana.closes();
  await priya.finds(/Ledger API/, { in: 'api-requests' });
  await alex.clicks('Approve', { in: 'api-requests', on: /Payments/ });
  await dana.finds(/Approved by @alex/);
  const [payments, ledger] = await scenario.database.sql`
    select r.public_id as id from registrations r join services s on s.id = r.service_id order by s.slug desc`;
  const click = JSON.stringify(last(scenario, 'block_actions')).replaceAll(`"${payments?.id}@1"`, `"${ledger?.id}@1"`);
  await dana.types('/unregister');
  await dana.picks('Registration', 'Ledger API');
  const [form] = workspace.views(dana.id);
  await asks(sam, ['Search API'], 'Till');
  const submission = last(scenario, 'view_submission');

  await workspace.deactivate(alex.id);
  await workspace.deactivate(dana.id);
  await workspace.deliver(JSON.parse(click));
  await workspace.until(() => workspace.transcript().includes('(only to @alex): This Slack account was deactivated.'));
  const user = { ...Object(submission?.user), id: dana.id };
  // Once the removal of the owner is done, they own nothing.
  const refused = /^This Slack account was deactivated\. Nothing was changed\.$|^You can’t unregister this/;
  expect(await workspace.deliver({ ...submission, user, view: { ...form } })).toMatchObject({
    body: { errors: { registration: expect.stringMatching(refused) } },
  });
  expect(await statuses(scenario)).toEqual([{ status: 'approved' }, { status: 'pending' }, { status: 'approved' }]);
});

describe('of two replicas', () => {
  it.each([
    ['a channel', {}, 'C0REQUESTS', (scenario: Scenario) => scenario.workspace.leave('U0PRIYA', 'C0REQUESTS')],
    [
      'the company',
      { APPROVERS: 'U0PRIYA' },
      'U0PRIYA',
      (scenario: Scenario) => scenario.workspace.deactivate('U0PRIYA'),
    ],
  ])('one hears that someone left %s, and the other lets them decide no more', async (_, env, what, leave) => {
    await using scenario = await openScenario({ mode: 'http', seed: withGuests(), env });
    const { workspace, database } = scenario;
    const { dana, priya } = people(scenario);
    const other = await scenario.startAnother();
    await requests(dana, priya);
    await priya.clicks('Reject', { in: 'api-requests' });
    await priya.finds(/Reject request/, { in: 'modal' });
    await priya.closes();
    const click = last(scenario, 'block_actions');
    talkTo(scenario, scenario.bot);
    await leave(scenario);
    talkTo(scenario, other);
    const answers = () =>
      workspace.calls.filter(({ method, args }) => method === 'views.open' || args.channel === priya.id);
    // The word reaches the other replica a moment later.
    await eventually(`the other replica has forgotten ${what}`, async () => {
      const before = answers().length;
      await workspace.deliver({ ...click, response_url: `${workspace.url}/response/gone` });
      await workspace.until(() => answers().length > before);
      return answers().at(-1)?.method !== 'views.open';
    });
    expect(await database.sql`select status from registrations`).toEqual([{ status: 'pending' }]);
  });
});

it('a replica that missed notifications drops its whole cache when it listens again', async () => {
  // The clock stands still, so that nothing is dropped by age.
  const noon = new Date();
  await using scenario = await openScenario({ mode: 'http', now: () => noon });
  const { workspace, database } = scenario;
  const { dana, sam, priya } = people(scenario);
  await requests(dana, priya);
  const asked = () => workspace.calls.filter(({ method }) => method === 'users.info').length;
  const before = asked();
  await dana.types('/register');
  await dana.closes();
  expect(asked()).toBe(before);
  await database.sql`
    select pg_terminate_backend(pid) from pg_stat_activity where query like 'listen "registrar%' and datname = current_database()`;
  await eventually('Slack is asked again who Dana is', async () => {
    await dana.types('/register');
    await dana.closes();
    return asked() > before;
  });
  await sam.types('/registrations');
});
