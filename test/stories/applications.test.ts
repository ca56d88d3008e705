/** Applications: made, renamed, shared, handed over, left and deleted from Home; and what happens when an owner leaves Slack. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Person } from '../local-slack/people.ts';
import { person, seed } from '../local-slack/seed.ts';
import { holdApplications, holdRecord, holdRegistrations, waitForBlocked } from '../support/locks.ts';
import { openScenario, type Scenario } from '../support/scenario.ts';
import { sharedScenarios } from '../support/shared-scenarios.ts';
import { asks, people, requests } from '../support/steps.ts';

const scenarios = sharedScenarios();

const typeIt = 'Type the name of the application to delete it';
const atHome = { in: 'home' } as const;
const inChannel = { in: 'api-requests' } as const;

/** Everything that the record says of applications. */
const record = ({ database }: Scenario) =>
  database.sql`select name, version, action, actor, added, removed from application_history order by at, version`;

const events = ({ database }: Scenario) => database.sql`
  select s.slug, h.version, h.action, h.actor from history h
  join registrations r on r.id = h.registration_id join services s on s.id = r.service_id
  order by r.id, h.version`;

/** Makes an application from Home. */
async function makes(owner: Person, name: string) {
  await owner.opensHome();
  await owner.finds(/New application/, atHome);
  await owner.clicks('New application', atHome);
  await owner.fills('Name', name);
  return owner.submits();
}

/** Opens a form of an application's menu in Home. */
async function opens(owner: Person, entry: string, application: RegExp, form: RegExp) {
  await owner.finds(application, atHome);
  await owner.clicks(entry, { ...atHome, on: application });
  await owner.finds(form, { in: 'modal' });
}

async function shares(owner: Person, application: RegExp, ...others: Person[]) {
  await opens(owner, 'Co-owners', application, /== Co-owners/);
  for (const other of others) await owner.picks('Co-owners', other.name);
  expect(await owner.submits()).toEqual({ closed: true });
}

describe.concurrent('owners', () => {
  it('create, rename, share, hand over and leave; all owners are told, and Homes and cards are updated', async ({
    expect,
  }) => {
    const usual = seed({
      members: [
        person('kim', { deleted: true }),
        person('guest', { isGuest: true }),
        person('eve', { teamId: 'T0EVIL' }),
      ],
    });
    await using scenario = await openScenario({ seed: usual });
    const { workspace } = scenario;
    const { dana, sam, lee, alex } = people(scenario);
    expect(await makes(dana, ' Shop\u202e  front ')).toEqual({ closed: true });
    await dana.finds(/Shop front\nNo registrations/, atHome);
    expect(await makes(sam, 'SHOP FRONT')).toEqual({
      errors: {
        Name: expect.stringMatching(/^(“SHOP FRONT” belongs to|You already have an application called “SHOP FRONT”)/),
      },
    });
    await sam.fills('Name', ' \u200b ');
    expect(await sam.submits()).toEqual({
      errors: { Name: 'Type a name of up to 60 characters.' },
    });
    await sam.fills('Name', 'Kiosk');
    expect(await sam.submits()).toEqual({ closed: true });

    await asks(dana, ['Payments API', 'Search API'], 'Shop front');
    await dana.closes();
    await alex.finds(/Payments API/, inChannel);
    await alex.finds(/Search API/, inChannel);
    await alex.opensHome();
    await alex.finds(/Payments API — Shop front/, atHome);

    await opens(dana, 'Rename', /Shop front/, /Name: Shop front/);
    await dana.fills('Name', 'kiosk');
    expect(await dana.submits()).toMatchObject({ errors: { Name: expect.stringContaining('belongs to @Sam Okafor') } });
    await dana.fills('Name', '<!channel> *Shop* <@U0ALEX> & co');
    expect(await dana.submits()).toEqual({ closed: true });
    await alex.finds(/⏳ .* for <!channel> \*Shop\* <@U0ALEX> & co[\s\S]*\[Approve\]/, inChannel);
    await alex.finds(/Search API for <!channel>/, inChannel);
    await alex.finds(/Payments API — <!channel> \*Shop\* <@U0ALEX> & co/, atHome);
    await dana.finds(/<!channel> \*Shop\*/, atHome);

    await opens(dana, 'Co-owners', /Shop/, /Only you/);
    for (const [name, why] of [
      ['registrar', 'An app can’t own an application. Choose people.'],
      ['kim', 'One of these accounts was deactivated in Slack. Choose people who are still there.'],
      ['guest', /^Guests and people from other workspaces can’t own/],
      ['eve', /^Guests and people from other workspaces can’t own/],
    ] as const) {
      await dana.picks('Co-owners', name);
      expect(await dana.submits()).toMatchObject({ errors: { 'Co-owners': expect.stringMatching(why) } });
      await dana.unpicks('Co-owners', name);
    }
    await dana.picks('Co-owners', 'sam');
    expect(await dana.submits()).toEqual({ closed: true });
    expect(await sam.finds(/made you an owner/)).toBe(
      'Application  <!channel> *Shop* <@U0ALEX> & co\n:key: @dana made you an owner of this application. You own it together with @dana. You’ll find it in Home.',
    );
    await sam.finds(/<!channel> \*Shop\*/, atHome);
    await sam.clicks('Unregister', { ...atHome, on: /Search API/ });
    await alex.finds(/Unregistered by @sam/, inChannel);

    await opens(sam, 'Hand over', /Shop/, /== Hand over application/);
    await sam.picks('New owner', 'lee');
    expect(await sam.submits()).toEqual({ closed: true });
    await lee.finds(/@sam handed this application over to you\. You own it together with @dana/);
    await dana.finds(/@sam handed this application over to @lee\. You own it together with @lee\./);
    await sam.finds(/^(?![\s\S]*Shop)[\s\S]*Kiosk/, atHome);

    await opens(dana, 'Leave', /Shop/, /You’ll no longer own it/);
    expect(await dana.submits()).toEqual({ closed: true });
    await dana.finds(/You have no applications yet/, atHome);
    await lee.opensHome();
    await lee.finds(/Shop/, atHome);
    await lee.clicks('Leave', { ...atHome, on: /Shop/ });
    await lee.finds(/You’re its only owner\. Hand it over instead, or delete it\./, { in: 'modal' });
    await lee.closes();
    await alex.clicks('Approve', { ...inChannel, on: /Payments/ });
    await lee.finds(/Approved by @alex/);
    expect(dana.told.filter((text) => /Approved by @alex/.test(text))).toEqual([]);

    const name = '<!channel> *Shop* <@U0ALEX> & co';
    expect((await record(scenario)).filter((row) => row.name !== 'Kiosk')).toEqual([
      { name: 'Shop front', version: 1, action: 'create', actor: dana.id, added: [dana.id], removed: [] },
      { name, version: 2, action: 'rename', actor: dana.id, added: [], removed: [] },
      { name, version: 3, action: 'owners', actor: dana.id, added: [sam.id], removed: [] },
      { name, version: 4, action: 'hand-over', actor: sam.id, added: [lee.id], removed: [sam.id] },
      { name, version: 5, action: 'leave', actor: dana.id, added: [], removed: [dana.id] },
    ]);
    const cards = workspace
      .messages('api-requests')
      .filter(({ metadata }) => metadata?.event_type === 'registrar_card');
    expect(cards).toHaveLength(2);
    await expect(scenario.database.sql`delete from application_history`).rejects.toThrow(/append-only/);
  });

  it('concurrent, forged, replayed and outdated forms make one change, and nothing else', async ({ expect }) => {
    await using scenario = await scenarios.open();
    await scenario.startAnother();
    const { workspace, database } = scenario;
    const { dana, sam, lee } = people(scenario);
    await makes(dana, 'Shop');
    await makes(lee, 'Till');
    await dana.finds(/Shop/, atHome);
    await shares(dana, /Shop/, sam);
    await sam.opensHome();
    await opens(dana, 'Rename', /Shop/, /== Rename/);
    await dana.fills('Name', 'Stall');
    await opens(sam, 'Co-owners', /Shop/, /== Co-owners/);
    await sam.unpicks('Co-owners', 'dana');
    const row = await holdApplications(database);
    const acts = [dana.submits(), sam.submits()];
    await waitForBlocked(database, 2);
    await row.release();
    const late = (await Promise.all(acts)).findIndex((act) => !('closed' in act));
    await (late === 0 ? dana : sam).finds(/This application has changed since|Only an owner/, { in: 'modal' });
    const changes = async () => (await record(scenario)).map(({ action, version }) => `${action} ${version}`);
    const before = await changes();
    expect(before.filter((change) => change.endsWith(' 3'))).toHaveLength(1);

    const [submission] = workspace.delivered.filter(({ type }) => type === 'view_submission').slice(-1);
    const view = Object(submission).view;
    const forged = (over: object) =>
      workspace.deliver({ ...submission, user: { id: lee.id }, view: { ...view, ...over } });
    const named = { values: { name: { name: { type: 'plain_text_input', value: 'Mine' } } } };
    const [first, second] =
      await database.sql`select public_id as id from applications order by applications.id limit 2`;
    const answers = await Promise.all([
      forged({ callback_id: 'application-rename', state: named, private_metadata: `${first?.id}@3` }),
      forged({ callback_id: 'application-rename', state: named, private_metadata: `${crypto.randomUUID()}@1` }),
      forged({ callback_id: 'application-rename', state: named, private_metadata: '2@"' }),
      forged({
        callback_id: 'application-rename',
        state: { values: { name: 1 } },
        private_metadata: `${second?.id}@1`,
      }),
      forged({ callback_id: 'application-delete', state: named, private_metadata: `${first?.id}@3` }),
      forged({ callback_id: 'application-leave', private_metadata: `${first?.id}@3` }),
      forged({
        callback_id: 'application-owners',
        private_metadata: `${second?.id}@1`,
        state: { values: several('nobody') },
      }),
      forged({
        callback_id: 'application-owners',
        private_metadata: `${second?.id}@1`,
        state: { values: several('U0GONE') },
      }),
      forged({
        callback_id: 'adopt-application',
        private_metadata: `${second?.id}@1`,
        state: { values: one('U0LEE') },
      }),
    ]);
    expect(
      answers.map(
        (answer) =>
          /Only|deleted|no longer exists|Type a name|Choose up to|didn’t say/.exec(JSON.stringify(answer))?.[0],
      ),
    ).toEqual([
      'Only',
      'no longer exists',
      'no longer exists',
      'Type a name',
      'Only',
      'Only',
      'Choose up to',
      'didn’t say',
      'Only',
    ]);
    expect(await changes()).toEqual(before);

    function several(id: string) {
      return { people: { people: { type: 'multi_users_select', selected_users: [id] } } };
    }
    function one(id: string) {
      return { people: { person: { type: 'users_select', selected_user: id } } };
    }
  });
});

const fourServices = `services:
  - { slug: payments, name: Payments API }
  - { slug: ledger, name: Ledger API }
  - { slug: maps, name: Maps API }
  - { slug: search, name: Search API, approval: auto }
`;

describe('deleting', () => {
  it('unregisters what the application has, after its name is typed; revoked registrations stay with the approvers', async ({
    expect,
  }) => {
    await using scenario = await openScenario({ catalog: fourServices });
    const { workspace } = scenario;
    const { dana, sam, alex } = people(scenario);
    await makes(dana, 'Shop');
    await shares(dana, /Shop/, sam);
    await asks(dana, ['Payments API', 'Ledger API', 'Maps API', 'Search API'], 'Shop');
    await dana.closes();
    await alex.finds(/Search API/, inChannel);
    await alex.clicks('Approve', { ...inChannel, on: /Ledger/ });
    for (const [decision, service] of [
      ['Reject', /Maps/],
      ['Revoke', /Search/],
    ] as const) {
      await alex.finds(service, inChannel);
      await alex.clicks(decision, { ...inChannel, on: service });
      await alex.fills('Reason', 'Because');
      await alex.submits();
    }
    await alex.finds(/Revoked by @alex[\s\S]*\[Reinstate\]/, inChannel);
    await alex.opensHome();
    await alex.finds(/Payments API — Shop/, atHome);
    const revoked = workspace.messages('api-requests').find(({ text }) => text.includes('Search'));

    await opens(dana, 'Delete', /Shop/, /== Delete application/);
    expect(dana.reads).toMatchInlineSnapshot(`
      "== Delete application ==
      Application  Shop
      :warning: 3 registrations will be unregistered, and it loses access to those services. This cannot be undone.
      · 1 registration that an approver has revoked stays as it is: only an approver ends that.
      Type the name of the application to delete it: ‹›
        Exactly as above, upper and lower case too.
      [Cancel] [Delete]"
    `);
    await dana.fills(typeIt, 'shop');
    expect(await dana.submits()).toEqual({
      errors: { [typeIt]: 'This is not its name. Type “Shop” to delete it.' },
    });
    await dana.fills(typeIt, ' Shop ');
    expect(await dana.submits()).toEqual({ closed: true });

    for (const service of ['Payments', 'Ledger', 'Maps'])
      await alex.finds(new RegExp(`${service} API[\\s\\S]*Unregistered by @dana`), inChannel);
    expect(await alex.finds(/Search API[\s\S]*The application was deleted/, inChannel)).toMatch(
      /\[History\] \[… Delete request\]$/,
    );
    await alex.finds(/Nothing to review/, atHome);
    await dana.finds(/You have no applications yet/, atHome);
    await sam.finds(/@dana deleted this application/);
    expect((await events(scenario)).filter(({ action }) => action === 'unregister')).toEqual([
      { slug: 'payments', version: 2, action: 'unregister', actor: dana.id },
      { slug: 'ledger', version: 3, action: 'unregister', actor: dana.id },
      { slug: 'maps', version: 3, action: 'unregister', actor: dana.id },
    ]);

    if (!revoked) throw new Error('the card is not there');
    await alex.clicks('Reinstate', { on: revoked });
    await alex.finds(/deleted by its owners, so nothing can be approved for it/, { in: 'whispered' });
    await alex.clicks('Delete request', { ...inChannel, on: /Search/ });
    await alex.finds(/Search API[\s\S]*Deleted by @alex/, inChannel);

    const [again] = workspace.delivered.filter(({ type }) => type === 'view_submission').slice(-1);
    const written = await events(scenario);
    expect(JSON.stringify(await workspace.deliver(again ?? {}))).toContain('was deleted');
    expect(await events(scenario)).toEqual(written);
    expect(await makes(sam, 'shop')).toEqual({ closed: true });
  });
});

describe('deleting at the same instant as', () => {
  let scenario: Scenario;
  beforeAll(async () => {
    scenario = await openScenario();
  });
  afterAll(() => scenario[Symbol.asyncDispose]());

  /** Fills the form that deletes an application. */
  async function isAboutToDelete(owner: Person, name: string) {
    await owner.opensHome();
    await opens(owner, 'Delete', new RegExp(name), /== Delete/);
    await owner.fills(typeIt, name);
  }

  const statuses = async () =>
    (await scenario.database.sql`select status from registrations where status in ('pending', 'approved')`).length;

  it('an approval: one waits for the other, and the result is unregistered', async () => {
    const { dana, alex } = people(scenario);
    await requests(dana, alex, 'Payments API', 'Shop');
    await requests(dana, alex, 'Ledger API', 'Shop');
    await isAboutToDelete(dana, 'Shop');
    const rows = await holdRegistrations(scenario.database);
    const click = alex.clicks('Approve', { ...inChannel, on: /Ledger/ });
    await waitForBlocked(scenario.database, 1);
    const submission = dana.submits();
    await waitForBlocked(scenario.database, 2);
    await rows.release();
    await Promise.all([click, submission]);
    await alex.finds(/Payments API[\s\S]*Unregistered by @dana/, inChannel);
    await alex.finds(/Ledger API[\s\S]*Unregistered by @dana/, inChannel);
    const ledger = (await events(scenario)).filter(({ slug }) => slug === 'ledger').map(({ action }) => action);
    expect(ledger.join()).toMatch(/^request,(approve,)?unregister$/);
    if (!ledger.includes('approve')) await alex.finds(/already unregistered by @dana/, { in: 'whispered' });
  });

  it('a Reinstate: no deleted application has access in the end', async () => {
    const { dana, alex } = people(scenario);
    await asks(dana, ['Search API'], 'Kiosk');
    await dana.closes();
    await alex.finds(/Search/, inChannel);
    await alex.clicks('Revoke', { ...inChannel, on: /Kiosk/ });
    await alex.fills('Reason', 'Because');
    await alex.submits();
    await alex.finds(/Kiosk[\s\S]*\[Reinstate\]/, inChannel);
    await isAboutToDelete(dana, 'Kiosk');
    const record = await holdRecord(scenario.database);
    const click = alex.clicks('Reinstate', { ...inChannel, on: /Kiosk/ });
    await waitForBlocked(scenario.database, 1);
    const submission = dana.submits();
    await waitForBlocked(scenario.database, 2);
    await record.release();
    await Promise.all([click, submission]);
    await alex.finds(/Kiosk[\s\S]*The application was deleted/, inChannel);
    expect(await statuses()).toBe(0);
  });

  it('a request for it: the request is first and is unregistered with it, or is refused', async () => {
    const { dana, sam } = people(scenario);
    await makes(dana, 'Till');
    await shares(dana, /Till/, sam);
    await sam.types('/register');
    await sam.finds(/Register an application/, { in: 'modal' });
    await sam.picks('Services', 'Payments API');
    await sam.picks('Application', 'Till');
    await sam.fills('Reason', 'Why not');
    await isAboutToDelete(dana, 'Till');
    const rows = await holdApplications(scenario.database);
    const acts = [dana.submits(), sam.submits()] as const;
    await waitForBlocked(scenario.database, 2);
    await rows.release();
    const [, request] = await Promise.all(acts);
    if ('errors' in request) expect(request.errors.Application).toMatch(/^You don’t own this application/);
    await sam.finds(/@dana deleted this application/);
    expect(await statuses()).toBe(0);
  });
});

describe('an owner who has left Slack', () => {
  it('owns nothing; the co-owners are told, and an admin assigns an owner to an ownerless application', async () => {
    await using scenario = await scenarios.open();
    await scenario.startAnother();
    const { workspace, database } = scenario;
    const { dana, sam, lee, alex, priya } = people(scenario);
    await makes(dana, 'Kiosk');
    await makes(dana, '<!here> Shop');
    await shares(dana, /Shop/, sam);
    await sam.finds(/made you an owner/);
    await requests(dana, alex, 'Payments API', 'Kiosk');
    await lee.opensHome();
    for (const channel of ['C0REQUESTS', sam.id])
      workspace.fail('chat.postMessage', { kind: 'accept-then-drop' }, { when: (args) => args.channel === channel });
    await Promise.all([workspace.deactivate('dana'), workspace.deactivate('dana')]);
    expect(await sam.finds(/left Slack, and no longer/)).toBe(
      'Application  <!here> Shop\n:wave: @dana left Slack, and no longer owns this application. You’re its only owner now.',
    );
    expect(await alex.finds(/no longer has an owner/, inChannel)).toMatch(
      /^Application {2}Kiosk\nLast owner {2}@dana, who left Slack\n[\s\S]*\[Hand over\]$/,
    );
    await workspace.deactivate('dana');
    const asked = workspace.messages('api-requests').at(-1);
    if (!asked) throw new Error('no one was asked');

    await workspace.join('lee', 'general');
    const { channel: _, ...shown } = asked;
    await lee.clicks('Hand over', { on: { ...shown, channel: workspace.channel('general').id } });
    await lee.finds(/Only the API team can hand this application over/, { in: 'whispered' });
    for (const admin of [alex, priya]) {
      await admin.clicks('Hand over', { ...inChannel, on: /no longer has an owner/ });
      await admin.finds(/Application {2}Kiosk/, { in: 'modal' });
      await admin.picks('New owner', admin === alex ? 'dana' : 'sam');
    }
    expect(await alex.submits()).toMatchObject({ errors: { 'New owner': expect.stringContaining('deactivated') } });
    await alex.picks('New owner', 'lee');
    expect(await alex.submits()).toEqual({ closed: true });
    await lee.finds(/@alex handed this application over to you\. You’re its only owner/);
    await lee.finds(/Kiosk/, atHome);
    expect(await alex.finds(/Handed over to @lee by @alex/, inChannel)).not.toContain('[Hand over]');
    await priya.submits();
    await priya.finds(/has an owner again/, { in: 'modal' });
    expect(sam.told.filter((text) => /left Slack, and no longer/.test(text))).toHaveLength(1);
    expect(alex.sees('api-requests').filter((text) => /Kiosk[\s\S]*(no owner|Handed over)/.test(text))).toHaveLength(1);
    await alex.clicks('Approve', { ...inChannel, on: /Payments/ });
    await lee.opensHome();
    await lee.finds(/Approved today/, atHome);
    expect(await database.sql`select action, actor, removed from application_history where action = 'depart'`).toEqual([
      { action: 'depart', actor: null, removed: [dana.id] },
      { action: 'depart', actor: null, removed: [dana.id] },
    ]);
  });
});
