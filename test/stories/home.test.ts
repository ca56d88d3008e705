/** The Home: a person's own registrations, what waits for an approver, and both of it live. */
import { describe, it } from 'vitest';
import { group, seed } from '../local-slack/seed.ts';
import { eventually } from '../support/eventually.ts';
import { seedLargeCatalog } from '../support/large-data.ts';
import { delivered } from '../support/outbox.ts';
import { openScenario, type Scenario } from '../support/scenario.ts';
import { sharedScenarios } from '../support/shared-scenarios.ts';
import { asks, people, requests } from '../support/steps.ts';

const scenarios = sharedScenarios();

const monday = () => new Date('2026-11-02T09:15:00Z');
const atHome = { in: 'home' } as const;

/** Without where in Slack a message is: a card and a receipt are posted in any order. */
const placeless = (text: string): string => text.replace(/\/p\d+/g, '/p…');

const published = ({ workspace }: Scenario, person: { id: string }) =>
  workspace.calls.filter(({ method, args }) => method === 'views.publish' && args.user_id === person.id);

describe.concurrent('a developer', () => {
  it('without registrations reads how to begin, and registers from there', async ({ expect }) => {
    await using scenario = await scenarios.open({ now: monday });
    const { dana } = people(scenario);
    await dana.opensHome();
    expect(placeless(await dana.finds(/./, atHome))).toMatchInlineSnapshot(`
      "[Register] [New application]
      Your applications
      You have no applications yet. \`/register\` requests access to a service and creates your first one.
      Catalog
      Ledger API
      Double-entry bookkeeping [Register]
      Mainframe Gateway
      Registration disabled
      Payments API
      Charges, refunds and payouts
      Documentation (https://docs.acme.example/payments) [Register]
      Search API
      Finds products
      Approved automatically [Register]
      · The API team can decide, unless a service says otherwise."
    `);
    await dana.clicks('Register', atHome);
    await dana.finds(/Register an application/, { in: 'modal' });
  });

  it('sees their applications, and for each registration its status, since when, and who can decide', async ({
    expect,
  }) => {
    await using scenario = await openScenario({ now: monday, env: { APPROVERS: 'U0ALEX,S0PAYMENTS' } });
    const { dana, alex } = people(scenario);
    await asks(dana, ['Payments API', 'Ledger API'], '<!channel> *bold* & <@U0ALEX>');
    await dana.closes();
    await asks(dana, ['Payments API', 'Search API'], 'Shop');
    await alex.finds(/Shop/, { in: 'api-requests' });
    await alex.clicks('Reject', { in: 'api-requests', on: /Ledger/ });
    await alex.fills('Reason', 'Not yet');
    await alex.submits();
    await dana.finds(/Approved automatically/);
    await alex.clicks('Revoke', { in: 'api-requests', on: /Search/ });
    await alex.fills('Reason', 'Keys were leaked');
    await alex.submits();
    await dana.finds(/Revoked/);
    await delivered(scenario);
    await dana.opensHome();
    expect(placeless(await dana.finds(/Revoked/, atHome))).toMatchInlineSnapshot(`
      "[Register] [New application]
      Your applications
      <!channel> *bold* & <@U0ALEX>
      Owner: @dana [… Rename | Co-owners | Hand over | Leave | Delete]
      Ledger API
      :no_entry_sign: Rejected today at 09:15.
      Message (https://acme.slack.com/archives/D0DANA/p…)
      [Ask again] [Unregister]
      Payments API
      :hourglass_flowing_sand: Pending since today at 09:15, waiting for @alex or @payments-leads.
      Documentation (https://docs.acme.example/payments) · Message (https://acme.slack.com/archives/D0DANA/p…) [… Edit reason]
      [Unregister]
      Shop
      Owner: @dana [… Rename | Co-owners | Hand over | Leave | Delete]
      Payments API
      :hourglass_flowing_sand: Pending since today at 09:15, waiting for @alex or @payments-leads.
      Documentation (https://docs.acme.example/payments) · Message (https://acme.slack.com/archives/D0DANA/p…) [… Edit reason]
      [Unregister]
      Search API
      :no_entry: Revoked today at 09:15. An approver can reinstate or delete it.
      Message (https://acme.slack.com/archives/D0DANA/p…)
      Catalog
      Ledger API
      Double-entry bookkeeping [Register]
      Mainframe Gateway
      Registration disabled
      Payments API
      Charges, refunds and payouts
      Documentation (https://docs.acme.example/payments) [Register]
      Search API
      Finds products
      Approved automatically [Register]
      · @alex or @payments-leads can decide, unless a service says otherwise."
    `);
  });

  it('unregisters there: Home and the card are updated', async ({ expect }) => {
    await using scenario = await scenarios.open({ now: monday });
    const { dana, alex } = people(scenario);
    await requests(dana, alex);
    await dana.opensHome();
    await dana.finds(/Pending/, atHome);
    await dana.clicks('Unregister', atHome);
    expect(placeless(await dana.finds(/No registrations/, atHome))).toMatchInlineSnapshot(`
      "[Register] [New application]
      Your applications
      Shop
      No registrations.
      Owner: @dana [… Rename | Co-owners | Hand over | Leave | Delete]
      Catalog
      Ledger API
      Double-entry bookkeeping [Register]
      Mainframe Gateway
      Registration disabled
      Payments API
      Charges, refunds and payouts
      Documentation (https://docs.acme.example/payments) [Register]
      Search API
      Finds products
      Approved automatically [Register]
      · The API team can decide, unless a service says otherwise."
    `);
    await alex.finds(/Unregistered by @dana/, { in: 'api-requests' });
  });

  it('edits the reason of a pending request: a click on the old card decides nothing, and the card shows the new reason', async ({
    expect,
  }) => {
    await using scenario = await scenarios.open({ now: monday });
    const { workspace, database } = scenario;
    const { dana, alex } = people(scenario);
    await requests(dana, alex);
    await dana.opensHome();
    await dana.finds(/Pending/, atHome);
    await dana.clicks('Edit reason', atHome);
    expect(await dana.finds(/Edit reason/, { in: 'modal' })).toMatchInlineSnapshot(`
      "== Edit reason ==
      Payments API for Shop, requested by @dana
      Reason: Checkout for the shop
        The approvers read this. The card says that it was edited.
      [Cancel] [Save]"
    `);
    await dana.fills('Reason', '   ');
    expect(await dana.submits()).toEqual({ errors: { Reason: expect.stringContaining('Write a reason') } });
    await dana.fills('Reason', 'Checkout, and <!channel> refunds');
    const lagging = workspace.hold('chat.update');
    expect(await dana.submits()).toEqual({ closed: true });
    await lagging.reached;
    await alex.clicks('Approve', { in: 'api-requests' });
    expect(await alex.finds(/has changed/, { in: 'whispered' })).toMatchInlineSnapshot(
      `
      "This request has changed since you saw it: its reason was edited by @dana, today at 09:15. Look at it again, then decide.
      Payments API for Shop, requested by @dana"
    `,
    );
    lagging.release();
    expect(await alex.finds(/<!channel> refunds/, { in: 'api-requests' })).toMatchInlineSnapshot(`
      "⏳ Payments API for Shop
      Requested by  @dana (Developer, Shop team), today at 09:15
      Owner  @dana
      > Checkout, and <!channel> refunds
      Payments API  Charges, refunds and payouts · Documentation (https://docs.acme.example/payments)
      Shop  has no access to other services yet
      :hourglass_flowing_sand: Reason edited by @dana today at 09:15
      · The members of #api-requests can decide.
      [Approve] [Reject] [History] [… Approve with a note | Delete request]"
    `);
    await delivered(scenario);
    await dana.clicks('Edit reason', atHome);
    await dana.finds(/refunds/, { in: 'modal' });
    await alex.clicks('Approve', { in: 'api-requests' });
    await dana.finds(/Approved by @alex/);
    await dana.fills('Reason', 'Too late');
    await dana.submits();
    expect(dana.reads).toMatchInlineSnapshot(`
      "== Edit reason ==
      :no_entry_sign: This request was already approved by @alex, today at 09:15. Nothing was changed.
      [Close]"
    `);
    expect(await database.sql`select version, action, reason from history order by version`).toEqual([
      { version: 1, action: 'request', reason: 'Checkout for the shop' },
      { version: 2, action: 'edit', reason: 'Checkout, and <!channel> refunds' },
      { version: 3, action: 'approve', reason: null },
    ]);
  });

  it('whose click is too late is told in a modal, because Home has no ephemeral messages', async ({ expect }) => {
    await using scenario = await scenarios.open({ now: monday });
    const { workspace } = scenario;
    const { dana, alex } = people(scenario);
    await requests(dana, alex);
    await dana.opensHome();
    await dana.finds(/Pending/, atHome);
    const held = workspace.hold('views.publish');
    await alex.clicks('Approve', { in: 'api-requests' });
    await held.reached;
    await dana.clicks('Unregister', atHome);
    expect(await dana.finds(/Registrar/, { in: 'modal' })).toMatchInlineSnapshot(`
      "== Registrar ==
      This request has changed since you saw it: it was approved by @alex, today at 09:15. Look at it again before you unregister it.
      Payments API for Shop, requested by @dana
      [Close]"
    `);
    held.release();
    await dana.finds(/Approved today/, atHome);
  });

  it('whose click fails, or whose modal Slack does not open, gets a response nevertheless', async () => {
    await using scenario = await scenarios.open({ now: monday });
    const { workspace, database } = scenario;
    const { dana } = people(scenario);
    await dana.opensHome();
    await dana.finds(/Register/, atHome);
    workspace.fail('views.open', { kind: 'error', error: 'internal_error' });
    await dana.clicks('Register', atHome);
    await dana.finds(/Slack didn’t open the form/);
    await asks(dana, ['Payments API'], 'Shop');
    await dana.closes();
    await dana.finds(/Shop/, atHome);
    await database.sql`alter table registrations rename to away`;
    await dana.clicks('Unregister', atHome);
    await dana.finds(/couldn’t do this/, { in: 'modal' });
    await database.sql`alter table away rename to registrations`;
  });
});

describe.concurrent('an approver', () => {
  it('sees what they may decide, oldest first, without their own requests', async ({ expect }) => {
    let now = new Date('2026-11-01T08:00:00Z');
    await using scenario = await scenarios.open({ now: () => now });
    const { dana, sam, alex } = people(scenario);
    await requests(dana, alex, 'Payments API', 'Shop');
    now = monday();
    await asks(sam, ['Ledger API'], '<!here> & co', 'Because <!channel> *said* so');
    await asks(alex, ['Payments API'], "Alex's own");
    await alex.closes();
    await delivered(scenario);
    await alex.opensHome();
    expect(placeless(await alex.finds(/Ledger API/, atHome))).toMatchInlineSnapshot(`
      "[Register] [New application]
      To review (2)
      Payments API — Shop, requested by @dana, waiting 1 day, card in #api-requests
      > Checkout for the shop
      [Approve] [Reject] [… Approve with a note]
      Ledger API — <!here> & co, requested by @sam, waiting less than a minute, card in #api-requests
      > Because <!channel> *said* so
      [Approve] [Reject] [… Approve with a note]
      ---
      Your applications
      Alex's own
      Owner: @alex [… Rename | Co-owners | Hand over | Leave | Delete]
      Payments API
      :hourglass_flowing_sand: Pending since today at 09:15, waiting for the members of #api-requests.
      Documentation (https://docs.acme.example/payments) · Card (https://acme.slack.com/archives/C0REQUESTS/p…) [… Edit reason]
      [Unregister]
      Catalog
      [Add a service]
      Ledger API
      Double-entry bookkeeping
      \`ledger\` · Registration enabled [… History]
      [Register]
      Mainframe Gateway
      \`mainframe\` · Registration disabled [… History]
      Payments API
      Charges, refunds and payouts
      \`payments\` · Registration enabled
      Documentation (https://docs.acme.example/payments) [… History]
      [Register]
      Search API
      Finds products
      \`search\` · Registration enabled
      Approved automatically [… History]
      [Register]
      · The members of #api-requests can decide, unless a service says otherwise. Services without Edit are managed by the catalog file."
    `);
    await sam.opensHome();
    expect(await sam.finds(/Ledger API/, atHome)).not.toMatch(/To review|Shop/);
  });

  it('reads where the card is, also where their Home was drawn before it was posted', async ({ expect }) => {
    await using scenario = await scenarios.open({ now: monday });
    const { dana, alex } = people(scenario);
    await alex.opensHome();
    const posting = scenario.workspace.hold('chat.postMessage', ({ channel }) => channel === 'C0REQUESTS');
    await asks(dana, ['Payments API'], 'Shop');
    await alex.finds(/Payments API — Shop/, atHome);
    await eventually('nothing else draws it', async () => {
      const left = await scenario.database.sql`select from outbox where kind in ('home', 'homes')`;
      return left.length === 0;
    });
    expect(await alex.finds(/Payments API — Shop/, atHome)).not.toContain('card in');
    posting.release();
    await alex.finds(/Payments API — Shop, .*card in #api-requests/, atHome);
  });

  it('with nothing to decide reads so', async ({ expect }) => {
    await using scenario = await scenarios.open({ now: monday });
    const { alex } = people(scenario);
    await alex.opensHome();
    expect(await alex.finds(/Your applications/, atHome)).toContain('Nothing to review.');
  });

  it("sees by the one policy: the service's approvers, else APPROVERS, by person or group", async ({ expect }) => {
    const catalog = `services:
  - { slug: payments, name: Payments API, approvers: [U0LEE] }
  - { slug: ledger, name: Ledger API, approvers: [S0LEDGER] }
  - { slug: maps, name: Maps API, channel: C0GENERAL }
  - { slug: search, name: Search API }
`;
    const usual = seed({ groups: [group('S0LEDGER', 'ledger', ['U0LEE', 'U0PRIYA'])] });
    await using scenario = await openScenario({ now: monday, catalog, seed: usual, env: { APPROVERS: 'U0ALEX' } });
    const { dana, alex, priya, lee, sam } = people(scenario);
    await asks(dana, ['Payments API', 'Ledger API', 'Maps API', 'Search API'], 'Shop');
    await delivered(scenario);
    const queues = [alex, priya, lee, sam].map(async (person) => {
      await person.opensHome();
      const read = await person.finds(/Your applications/, atHome);
      return [person.name, [...read.matchAll(/(\w+) API — Shop/g)].map(([, service]) => service).sort()];
    });
    expect(Object.fromEntries(await Promise.all(queues))).toEqual({
      alex: ['Maps', 'Search'],
      priya: ['Ledger'],
      lee: ['Ledger', 'Payments'],
      sam: [],
    });
  });

  it('reads so where Slack does not say who may decide', async ({ expect }) => {
    await using scenario = await openScenario({ now: monday, env: { APPROVERS: 'S0PAYMENTS' } });
    const { dana, alex, priya } = people(scenario);
    await requests(dana, alex);
    // Who cannot see the card is found out, and what Slack said of the group is asked again.
    await delivered(scenario);
    await scenario.workspace.setGroup('S0PAYMENTS', ['U0PRIYA']);
    scenario.workspace.fail('usergroups.users.list', { kind: 'server-error' }, { times: 2 });
    await priya.opensHome();
    expect(await priya.finds(/didn’t say/, atHome)).not.toContain('Payments API — Shop');
    await priya.opensHome();
    await priya.finds(/Payments API — Shop/, atHome);
  });

  it('approves and rejects there, with the buttons of the card; the cards and both Homes are updated', async ({
    expect,
  }) => {
    await using scenario = await scenarios.open({ now: monday });
    const { dana, alex } = people(scenario);
    await asks(dana, ['Payments API', 'Ledger API'], 'Shop');
    await dana.closes();
    await dana.opensHome();
    await alex.opensHome();
    await alex.finds(/Payments API — Shop[\s\S]*Ledger API — Shop/, atHome);
    const [first, second] =
      scenario.workspace
        .home('alex')
        ?.blocks.filter(({ type }) => type === 'actions')
        .slice(1) ?? [];
    expect([first?.block_id, second?.block_id]).toEqual([
      expect.stringMatching(/^decide-\d+$/),
      expect.stringMatching(/^decide-\d+$/),
    ]);
    await alex.clicks('Approve', atHome);
    await dana.finds(/Approved by @alex/);
    await alex.finds(/Approved by @alex/, { in: 'api-requests' });
    await alex.finds(/^(?![\s\S]*Payments API — Shop)[\s\S]*Ledger API — Shop/, atHome);
    await alex.clicks('Reject', atHome);
    await alex.fills('Reason', 'Not yet');
    expect(await alex.submits()).toEqual({ closed: true });
    await dana.finds(/Rejected by @alex/);
    await alex.finds(/Nothing to review/, atHome);
    expect(await dana.finds(/Rejected/, atHome)).toContain('Approved');
  });

  it('who may not decide, or is too late, is told in a modal, and changes nothing', async ({ expect }) => {
    await using scenario = await scenarios.open({ now: monday });
    const { workspace, database } = scenario;
    const { dana, alex, priya } = people(scenario);
    await requests(dana, alex);
    await alex.opensHome();
    await alex.finds(/Payments API — Shop/, atHome);
    await workspace.leave('alex', 'api-requests');
    await alex.clicks('Approve', atHome);
    expect(await alex.finds(/Registrar/, { in: 'modal' })).toMatchInlineSnapshot(`
      "== Registrar ==
      Only the API team can decide Payments API for Shop. Nothing was changed.
      [Close]"
    `);
    await alex.closes();
    await alex.clicks('Reject', atHome);
    await alex.finds(/can decide/, { in: 'modal' });
    await alex.closes();
    await workspace.join('alex', 'api-requests');
    const held = workspace.hold('views.publish');
    await priya.clicks('Approve', { in: 'api-requests' });
    await held.reached;
    await alex.clicks('Approve', atHome);
    expect(await alex.finds(/already/, { in: 'modal' })).toMatchInlineSnapshot(`
      "== Registrar ==
      This request was already approved by @priya, today at 09:15. Nothing was changed.
      Payments API for Shop, requested by @dana
      [Close]"
    `);
    held.release();
    expect(await database.sql`select action, actor from history order by version`).toEqual([
      { action: 'request', actor: dana.id },
      { action: 'approve', actor: priya.id },
    ]);
  });
});

describe.concurrent('while others act', () => {
  it('is updated live for users who have opened it, and never published for others', async ({ expect }) => {
    await using scenario = await scenarios.open();
    const { dana, alex, priya } = people(scenario);
    await alex.opensHome();
    await alex.finds(/Nothing to review/, atHome);
    await requests(dana, alex);
    await alex.finds(/Payments API — Shop/, atHome);
    await priya.clicks('Approve', { in: 'api-requests' });
    await alex.finds(/Nothing to review/, atHome);
    await delivered(scenario);
    expect(published(scenario, dana)).toEqual([]);
    expect(published(scenario, priya)).toEqual([]);
    const before = published(scenario, alex).length;
    await priya.finds(/Approved by/, { in: 'api-requests' });
    await priya.clicks('Revoke', { in: 'api-requests' });
    await priya.fills('Reason', 'Not for approvers to see');
    await priya.submits();
    await dana.finds(/Revoked/);
    await delivered(scenario);
    expect(published(scenario, alex)).toHaveLength(before);
  });
});

describe.concurrent('with 300 registrations, 200 pending requests and 1,000 services', () => {
  const many = { services: 1000, registrations: 300, pending: 200 };

  it('fits into the limits of Slack, and every page can be opened', async ({ expect }) => {
    await using scenario = await scenarios.open({ now: monday });
    const { sam, alex } = people(scenario);
    await seedLargeCatalog(scenario.database, { ...many, owner: alex.id, requester: sam.id });
    await alex.opensHome();
    await alex.finds(/Page 1 of 20, 200 requests in all[\s\S]*Page 1 of 24, 300 lines in all/, atHome);
    const seen = new Set<string>();
    for (let page = 1; page <= 20; page++) {
      const read = await alex.finds(new RegExp(`Page ${page} of 20`), atHome);
      for (const [service] of read.matchAll(/S-\d{4}(?=.* — )/g)) seen.add(service);
      if (page < 20) await alex.clicks('Next', { ...atHome, on: /^(\[Previous\] )?\[Next\]$/ });
    }
    expect(seen.size).toBe(200);
    await alex.clicks('Previous', atHome);
    await alex.finds(/Page 19 of 20[\s\S]*Page 1 of 101, 1004 services in all/, atHome);
    await alex.fills('Find a service', '0777', atHome);
    expect(await alex.finds(/`s-777`/, atHome)).not.toMatch(/services in all/);
    for (const { args, response } of published(scenario, alex)) {
      expect(response.ok).toBe(true);
      expect(args.view).toMatchObject({ blocks: { length: expect.toSatisfy((length) => length <= 100) } });
      expect(Buffer.byteLength(JSON.stringify(args.view))).toBeLessThanOrEqual(250 * 1024);
    }
  });

  it('the queue is filtered by service, searched by application, and reset', async ({ expect }) => {
    await using scenario = await scenarios.open({ now: monday });
    const { dana, sam, alex } = people(scenario);
    await seedLargeCatalog(scenario.database, { ...many, owner: alex.id, requester: sam.id });
    await requests(dana, alex, 'Payments API', 'Shop');
    await requests(dana, alex, 'Payments API', 'Kiosk');
    await alex.opensHome();
    await alex.finds(/202 requests/, atHome);
    expect(await alex.searches('Service', 'pay', atHome)).toEqual(['Payments API']);
    expect(await alex.searches('Service', 'search', atHome)).toEqual([]);
    expect(await alex.searches('Service', '', atHome)).toHaveLength(100);
    await alex.picks('Service', 'Payments API', atHome);
    expect(await alex.finds(/Service: Payments API[\s\S]*\[Show all\]/, atHome)).toMatch(
      /API — Shop[\s\S]*API — Kiosk/,
    );
    expect(alex.sees('home')[0]).not.toContain('202');
    await alex.fills('Application', 'KIO', atHome);
    await alex.finds(/^(?![\s\S]*API — Shop)[\s\S]*Application: KIO[\s\S]*API — Kiosk/, atHome);
    await alex.fills('Application', '100%', atHome);
    await alex.finds(/No pending request matches/, atHome);
    await alex.clicks('Show all', atHome);
    expect(await alex.finds(/202 requests/, atHome)).toMatch(/Service: ‹All services›\nApplication: ‹›/);
  });

  it('a page keeps its place while requests come and go', async () => {
    await using scenario = await scenarios.open();
    const { dana, sam, alex } = people(scenario);
    await seedLargeCatalog(scenario.database, { ...many, owner: alex.id, requester: sam.id });
    await alex.opensHome();
    await alex.finds(/Page 1 of 20/, atHome);
    await alex.fills('Application', 'Shop', atHome);
    await alex.finds(/No pending request matches/, atHome);
    await asks(dana, ['Payments API'], 'Shop');
    await alex.finds(/Payments API — Shop/, atHome);
  });
});
