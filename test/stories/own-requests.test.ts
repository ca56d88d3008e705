/**
 * No one decides what is their own: not who asked, nor who owns the application or owned it when it was asked for; and who
 * loosens a service's rules gets nothing through them for a day. The approval channel hears of it all.
 */
import { writeFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { storyModes } from '../support/bot.ts';
import { openTimedScenario } from '../support/clock.ts';
import { hold, waitForBlocked } from '../support/locks.ts';
import { catalog, openScenario, type Scenario } from '../support/scenario.ts';
import { sharedScenarios } from '../support/shared-scenarios.ts';
import { asks, people, requests } from '../support/steps.ts';

const channel = { in: 'api-requests' };
const home = { in: 'home' } as const;
const own = /^You own this application, or did when this was requested/;

const statuses = async ({ database }: Scenario) =>
  (await database.sql`select status from registrations order by id`).map(({ status }) => status);

/** An admin changes a service from its menu in Home. */
async function switches(admin: ReturnType<typeof people>['alex'], what: string, on = /Maps API/) {
  await admin.opensHome();
  await admin.finds(on, home);
  await admin.clicks(what, { ...home, on });
  if (what !== 'Enable registration' && what !== 'Switch auto approval off') await admin.submits();
}

const withMaps = async (scenario: Scenario) =>
  scenario.database.sql`insert into services (slug, name, managed_by) values ('maps', 'Maps API', 'slack')`;

it.each(storyModes)(
  '(a) an admin who switches auto approval on waits for someone else, and the channel is told (%s)',
  async (mode) => {
    await using timed = await openTimedScenario('2026-11-02T08:00:00Z', { mode });
    const { scenario } = timed;
    const { dana, alex, priya } = people(scenario);
    await withMaps(scenario);
    await switches(alex, 'Switch auto approval on');
    expect(await priya.finds(/changed the rules/, channel)).toMatchInlineSnapshot(`
      ":unlock: @alex changed the rules of this service.
      Service  Maps API
      Approval  an approver decides → every new request is approved
      · Changed today at 08:00. For a day, requests for @alex’s own applications still need a decision here."
    `);
    await asks(alex, ['Maps API'], 'Atlas');
    expect(alex.reads).toContain('under review');
    await alex.closes();
    await switches(alex, 'Switch auto approval off');
    expect(await statuses(scenario)).toEqual(['pending']);
    await alex.clicks('Approve', { ...channel, on: /Atlas/ });
    await alex.finds(/own request/, { in: 'whispered' });

    await switches(alex, 'Switch auto approval on');
    await asks(dana, ['Maps API'], 'Shop');
    await dana.finds(/Approved automatically/);
    await timed.advanceTo('2026-11-03T08:01:00Z');
    await asks(alex, ['Maps API'], 'Atlas of Alex');
    await alex.finds(/Approved automatically[\s\S]*Atlas of Alex/);
  },
);

it('(a) so does a colleague who asks for an application that the admin owns with them', async () => {
  await using scenario = await sharedScenarios().open();
  const { dana, alex } = people(scenario);
  await withMaps(scenario);
  await requests(dana, alex);
  await dana.opensHome();
  await dana.clicks('Co-owners', { ...home, on: /Shop/ });
  await dana.picks('Co-owners', 'alex');
  expect(await dana.submits()).toEqual({ closed: true });
  await switches(alex, 'Switch auto approval on');
  await asks(dana, ['Maps API'], 'Shop');
  expect(dana.reads).toContain('under review');
});

it('(a) a request that waits for the very change that loosens the rules is not approved by it', async () => {
  await using scenario = await sharedScenarios().open();
  const { alex } = people(scenario);
  await withMaps(scenario);
  const change = await hold(scenario.database, async (tx) => {
    const [service] = await tx`update services set auto_approve = true, version = 2 where slug = 'maps' returning id`;
    await tx`
      insert into service_changes (service_id, version, actor, before, after, at)
      values (${service?.id}, 2, ${alex.id}, '{"autoApprove": false}', '{"autoApprove": true}', now())`;
  });
  const asked = asks(alex, ['Maps API'], 'Atlas');
  await waitForBlocked(scenario.database, 1);
  await change.release();
  await asked;
  expect(await statuses(scenario)).toEqual(['pending']);
});

it('(b) an application that is handed to an approver is decided by another one; the card names who owns it', async () => {
  await using scenario = await sharedScenarios().open();
  const { dana, alex, priya } = people(scenario);
  await requests(dana, alex);
  await dana.opensHome();
  await dana.clicks('Hand over', { ...home, on: /Shop/ });
  await dana.picks('New owner', 'alex');
  await dana.submits();
  expect(
    (await alex.finds(/handed this application over/, channel)).replace(/today at [\d:]+/, 'now'),
  ).toMatchInlineSnapshot(`
    ":key: @dana handed this application over to @alex.
    Application  Shop
    Owner now  @alex
    Registered for  Payments API (pending)
    · Changed now. It keeps its access. To end it, choose Revoke on the card."
  `);
  await alex.finds(/Requested by {2}@dana[^\n]*\n *Owner {2}@alex\n[\s\S]*\[Approve\]/, channel);
  await alex.clicks('Approve', { ...channel, on: /\[Approve\]/ });
  expect(await alex.finds(own, { in: 'whispered' })).toMatch(
    /so you can’t decide about it\. Ask the members of #api-requests\./,
  );
  await alex.opensHome();
  await alex.finds(/Nothing to review/, home);
  expect(await statuses(scenario)).toEqual(['pending']);
  await priya.clicks('Approve', { ...channel, on: /\[Approve\]/ });
  await alex.finds(/Approved by @priya/);
});

it('(b) who owned it when it was asked for does not decide it after leaving it either', async () => {
  await using scenario = await openScenario({ env: { APPROVERS: 'U0ALEX,U0PRIYA' } });
  const { dana, alex, priya } = people(scenario);
  await asks(alex, ['Search API'], 'Shop');
  await alex.closes();
  await alex.opensHome();
  await alex.clicks('Co-owners', { ...home, on: /Shop/ });
  await alex.picks('Co-owners', 'dana');
  await alex.submits();
  await dana.finds(/made you an owner/);
  await asks(dana, ['Payments API'], 'Shop');
  await dana.closes();
  await alex.finds(/Requested by {2}@dana[^\n]*\n *Owners {2}@alex, @dana\n/, channel);
  await alex.clicks('Leave', { ...home, on: /Shop/ });
  await alex.submits();
  await alex.finds(/no longer an owner/, channel);
  await alex.clicks('Approve', { ...channel, on: /Payments API[\s\S]*\[Approve\]/ });
  await alex.finds(own, { in: 'whispered' });
  await priya.clicks('Approve', { ...channel, on: /Payments API[\s\S]*\[Approve\]/ });
  await dana.finds(/Approved by @priya/);
});

it("(c) a co-owner's request is not an approver's to decide, to reject or to put off", async () => {
  await using timed = await openTimedScenario('2026-11-02T08:00:00Z', {
    env: { REMIND_AFTER: '1h', REMINDER_SCHEDULE: '0 * * * *' },
  });
  const { scenario } = timed;
  const { dana, alex, priya } = people(scenario);
  await asks(alex, ['Search API'], 'Shop');
  await alex.closes();
  await alex.opensHome();
  await alex.clicks('Co-owners', { ...home, on: /Shop/ });
  await alex.picks('Co-owners', 'dana');
  await alex.submits();
  await dana.finds(/made you an owner/);
  await requests(dana, alex);
  const refused = async (label: string, on: RegExp) => {
    const before = alex.whispers.length;
    await alex.clicks(label, { ...channel, on });
    await scenario.workspace.until(() => alex.whispers.length > before);
    expect(alex.whispers.at(-1)).toMatch(own);
  };
  for (const label of ['Approve', 'Reject', 'Delete request']) await refused(label, /Payments API[\s\S]*\[Approve\]/);
  await timed.advanceTo('2026-11-02T12:00:00Z');
  await refused('Snooze until tomorrow', /waiting for a decision/);
  expect(await statuses(scenario)).toEqual(['approved', 'pending']);
  await priya.clicks('Reject', { ...channel, on: /Payments API[\s\S]*\[Approve\]/ });
  await priya.fills('Reason', 'No');
  await priya.submits();
  await dana.finds(/Rejected by @priya/);
});

it('(d, e) who an approved application changes hands to is told in the channel of each of its services, and who adopts it', async () => {
  await using scenario = await openScenario({
    catalog:
      'services:\n  - { slug: payments, name: Payments API, channel: C0GENERAL }\n  - { slug: ledger, name: Ledger API }\n',
  });
  const { workspace } = scenario;
  const { dana, sam, alex, lee } = people(scenario);
  await asks(dana, ['Payments API', 'Ledger API'], 'Shop');
  await dana.closes();
  await alex.clicks('Approve', { in: 'general', on: /Payments API/ });
  await dana.finds(/Approved by @alex/);
  await dana.opensHome();
  await dana.clicks('Hand over', { ...home, on: /Shop/ });
  await dana.picks('New owner', 'sam');
  await dana.submits();
  const inGeneral = await lee.finds(/@dana handed this application over to @sam/, { in: 'general' });
  expect(inGeneral).toContain('Registered for  Payments API (approved)');
  const inRequests = await alex.finds(/@dana handed this application over to @sam/, channel);
  expect(inRequests).toContain('Registered for  Ledger API (pending)');

  await workspace.deactivate(sam.id);
  await alex.finds(/no longer has an owner/, channel);
  await alex.clicks('Hand over', channel);
  await alex.picks('New owner', 'alex');
  expect(await alex.submits()).toEqual({ closed: true });
  await lee.finds(/@alex took over this application, which had no owner/, { in: 'general' });
  await alex.finds(/@alex took over this application, which had no owner/, channel);
  await alex.clicks('Approve', { ...channel, on: /Ledger API[\s\S]*\[Approve\]/ });
  await alex.finds(own, { in: 'whispered' });
});

it('every loosening is told where it was decided, and where it is now; what is no loosening is not', async () => {
  await using scenario = await sharedScenarios().open();
  const { alex, priya } = people(scenario);
  await withMaps(scenario);
  const told = () => scenario.workspace.messages('api-requests').filter(({ text }) => /changed the rules/.test(text));
  for (const [what, shown, count] of [
    ['Disable registration', /maps` · Registration disabled/, 0],
    ['Enable registration', /maps` · Registration enabled/, 1],
    ['Switch auto approval on', /maps` [^\n]*\nApproved automatically/, 2],
    ['Switch auto approval off', /maps` · Registration enabled \[/, 2],
  ] as const) {
    await switches(alex, what);
    await alex.finds(shown, home);
    await scenario.workspace.until(() => told().length === count);
  }
  await alex.clicks('Edit', { ...home, on: /Maps API/ });
  await alex.picks('Approval channel', 'general');
  await alex.picks('Approvers: people', 'priya');
  await alex.submits();
  await alex.submits();
  await priya.finds(
    /changed the rules[\s\S]*Approval channel {2}the admin channel → #general[\s\S]*Approvers/,
    channel,
  );
  await priya.finds(/changed the rules[\s\S]*Approval channel {2}the admin channel → #general/, { in: 'general' });
  expect(told()).toHaveLength(3);
});

it('ALLOW_SELF_APPROVAL lets owners decide, as it lets requesters', async () => {
  await using scenario = await openScenario({ env: { ALLOW_SELF_APPROVAL: 'true' } });
  const { dana, alex } = people(scenario);
  await requests(dana, alex);
  await dana.opensHome();
  await dana.clicks('Hand over', { ...home, on: /Shop/ });
  await dana.picks('New owner', 'alex');
  await dana.submits();
  await alex.finds(/handed this application over to you/);
  await alex.clicks('Approve', { ...channel, on: /\[Approve\]/ });
  await alex.finds(/Approved by @alex/);
});

it('the catalog file is no way around it: what it loosens is told', async () => {
  await using scenario = await sharedScenarios().open();
  const { alex, priya } = people(scenario);
  await writeFile(scenario.catalogFile, catalog.replace('slug: payments\n', 'slug: payments\n    approval: auto\n'));
  await scenario.bot.stop();
  await scenario.startAnother();
  await alex.finds(/The catalog file changed the rules of this service\.\nService {2}Payments API\nApproval/, channel);
  expect(priya.sees('api-requests')).toHaveLength(1);
});
