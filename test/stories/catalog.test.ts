/** The catalog in Home: what admins do with services, what they are told before, and what others see of it. */
import { writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { slugOf, slugPattern } from '../../src/domain/service.ts';
import type { Person } from '../local-slack/people.ts';
import { channel, group, person, seed } from '../local-slack/seed.ts';
import { eventually } from '../support/eventually.ts';
import { holdServiceRows, holdSlug, waitForBlocked } from '../support/locks.ts';
import { openScenario, type Scenario } from '../support/scenario.ts';
import { asks, people } from '../support/steps.ts';

const atHome = { in: 'home' } as const;
const bot = 'U0REGISTRAR';

/** Channels where the bot is and is not, and people whom it makes no sense to ask. */
const company = () =>
  seed({
    members: [
      person('olga', { realName: 'Olga Past', deleted: true }),
      person('robot', { isBot: true }),
      person('nina'),
    ],
    groups: [group('S0GONE', 'gone', ['U0OLGA']), group('S0MAPS', 'maps-team', ['U0LEE', 'U0SAM', 'U0ROBOT'])],
    channels: [
      channel('C0MAPS', 'maps', ['U0LEE', 'U0ALEX', bot]),
      channel('C0SECRET', 'secret', ['U0ALEX'], { kind: 'private' }),
      channel('C0STRANGE', 'strange', ['U0ALEX']),
      channel('C0EMPTY', 'empty', [bot]),
    ],
  });

/** A service that differs from the others only in its slug. */
const named = (slug: string) => ({ ...atHome, on: new RegExp(`\`${slug}\``) });

const changes = ({ database }: Scenario) =>
  database.sql`
    select s.slug, c.version, c.actor, c.before, c.after from service_changes c join services s on s.id = c.service_id
    where c.actor is not null order by c.at, c.service_id, c.version`;

/** Opens Home, and waits until it is drawn. */
async function visits(admin: Person): Promise<void> {
  await admin.opensHome();
  await admin.finds(/Catalog/, atHome);
}

/** Clicks "Add a service", fills in a name, and has it reviewed and saved. */
async function adds(admin: Person, name: string): Promise<void> {
  await visits(admin);
  await admin.clicks('Add a service', atHome);
  await admin.fills('Name', name);
  await admin.submits();
  expect(await admin.submits()).toEqual({ closed: true });
}

const reviewed = (admin: Person): string =>
  admin.reads.split('\n').find((line) => line.includes('Nothing is saved')) ?? '';

describe('a slug is made of a name', () => {
  it.each([
    ['Payments API', 'payments-api'],
    ['Übersetzungs-API  (neu)', 'ubersetzungs-api-neu'],
    ['--- 3D!', '3d'],
    ['東京', ''],
    [`${'a'.repeat(59)} b`, 'a'.repeat(59)],
    ['x'.repeat(99), 'x'.repeat(60)],
  ])('%j', (name, slug) => {
    expect(slugOf(name)).toBe(slug);
    if (slug !== '') expect(slug).toMatch(slugPattern);
  });
});

describe('an admin', () => {
  let scenario: Scenario;
  beforeAll(async () => {
    scenario = await openScenario({ seed: company() });
  });
  afterAll(() => scenario[Symbol.asyncDispose]());

  /** Closes what a former story left open. */
  beforeEach(async () => {
    for (const { id } of Object.values(people(scenario))) {
      for (const view of scenario.workspace.views(id).toReversed()) await scenario.workspace.close(id, view.id);
    }
  });

  it('adds a service: reviews who would be asked and how many they are, then saves exactly that', async () => {
    const { alex, dana, lee } = people(scenario);
    await visits(alex);
    await alex.clicks('Add a service', atHome);
    await alex.fills('Name', 'Übersetzungs-API  (neu)');
    for (const link of ['javascript:alert(1)', 'http://docs.acme.example/maps']) {
      await alex.fills('Documentation', link);
      expect(await alex.submits()).toEqual({
        errors: { Documentation: 'Write a link that begins with https://, or leave it empty.' },
      });
    }
    await alex.fills('Documentation', 'https://docs.acme.example/<maps>');
    await alex.picks('Approval channel', 'maps');
    await alex.submits();
    expect(reviewed(alex)).toBe(
      ':mag: Nothing is saved yet. Once it is, its requests are posted in #maps, and the members of #maps can decide: 2 active people. Slug: `ubersetzungs-api-neu` (can’t be changed later).',
    );
    await alex.picks('Approvers: people', 'priya');
    expect(await alex.searches('Approvers: user groups', 'maps')).toEqual(['@maps-team']);
    await alex.picks('Approvers: user groups', 'maps-team');
    await alex.fills('Slug', 'translate');
    await alex.submits();
    expect(reviewed(alex)).toContain('@priya or @maps-team can decide: 3 active people. Slug: `translate`');
    expect(await changes(scenario)).toEqual([]);
    expect(await alex.submits()).toEqual({ closed: true });
    expect(await alex.finds(/`translate`/, atHome)).toContain(
      'Übersetzungs-API (neu)\n`translate` · Registration enabled\nDecided by @priya or @maps-team, in #maps\nDocumentation (https://docs.acme.example/%3Cmaps%3E) [… Edit | Disable registration | Switch auto approval on | Retire | History]',
    );
    expect(await changes(scenario)).toMatchObject([
      { slug: 'translate', version: 1, actor: alex.id, before: null, after: { channel: 'C0MAPS', managedBy: 'slack' } },
    ]);
    await asks(dana, ['Übersetzungs-API (neu)'], 'Shop');
    await lee.finds(/Übersetzungs-API/, { in: 'maps' });
  });

  it('edits it; the review shows only changes, and nothing is recorded without a change', async () => {
    const { alex } = people(scenario);
    await alex.clicks('Edit', named('translate'));
    expect(await alex.finds(/Edit a service/, { in: 'modal' })).toMatch(
      /Name: Übersetzungs-API \(neu\)\n[\s\S]*channel \(optional\): #maps\n[\s\S]*people \(optional\): @priya\n[\s\S]*groups \(optional\): @maps-team/,
    );
    await alex.fills('Name', 'Translation API');
    await alex.unpicks('Approvers: people', 'priya');
    await alex.submits();
    expect(reviewed(alex)).toContain('@maps-team can decide: 2 active people.');
    expect(await alex.submits()).toEqual({ closed: true });
    await alex.finds(/Translation API/, atHome);
    expect((await changes(scenario)).at(-1)).toEqual({
      slug: 'translate',
      version: 2,
      actor: alex.id,
      before: { name: 'Übersetzungs-API (neu)', approvers: ['U0PRIYA', 'S0MAPS'] },
      after: { name: 'Translation API', approvers: ['S0MAPS'] },
    });
  });

  it('edits it also while the database is slow: the form opens at once, and fills in when it has loaded', async () => {
    const { alex } = people(scenario);
    const locked = Promise.withResolvers<void>();
    const free = Promise.withResolvers<void>();
    const held = scenario.database.sql.begin(async (tx) => {
      await tx`lock table services in access exclusive mode`;
      locked.resolve();
      await free.promise;
    });
    await locked.promise;
    await alex.clicks('Edit', named('translate'));
    await alex.finds(/Just a moment/, { in: 'modal' });
    free.resolve();
    await held;
    await alex.finds(/Edit a service[\s\S]*Name: Translation API/, { in: 'modal' });
  });

  it('is refused a channel that the bot cannot post in, and approvers none of whom is active', async () => {
    const { alex } = people(scenario);
    const { workspace } = scenario;
    await alex.clicks('Edit', named('translate'));
    const refused = async () => {
      const outcome = await alex.submits();
      return 'errors' in outcome ? outcome.errors : outcome;
    };
    await alex.picks('Approval channel', 'secret');
    expect(await refused()).toEqual({ 'Approval channel': expect.stringMatching(/can’t see .* invite/) });
    await alex.picks('Approval channel', 'strange');
    expect(await refused()).toEqual({ 'Approval channel': expect.stringMatching(/isn’t in this channel.*\/invite/) });
    await alex.picks('Approval channel', 'empty');
    await workspace.archive('empty');
    expect(await refused()).toEqual({ 'Approval channel': expect.stringMatching(/archived/) });
    workspace.channel('empty').archived = false;
    await alex.unpicks('Approvers: user groups');
    expect(await refused()).toEqual({ 'Approvers: people': expect.stringMatching(/No active person could decide/) });
    await alex.picks('Approvers: user groups', 'gone');
    expect(await refused()).toEqual({
      'Approvers: user groups': expect.stringMatching(/No active person could decide/),
    });
    await alex.picks('Approvers: people', 'olga');
    await alex.picks('Approvers: people', 'robot');
    expect(await refused()).toEqual({ 'Approvers: people': expect.stringMatching(/^Remove Olga Past, Robot:/) });
    await alex.unpicks('Approvers: people');
    await alex.picks('Approvers: people', 'lee');
    workspace.fail('conversations.info', { kind: 'hang' });
    workspace.fail('conversations.info', { kind: 'hang' });
    expect(await refused()).toEqual({ 'Approval channel': expect.stringMatching(/didn’t say in time/) });
    workspace.fail('users.info', { kind: 'error', error: 'fatal_error' });
    await alex.picks('Approvers: people', 'nina');
    expect(await refused()).toEqual({ 'Approval channel': expect.stringMatching(/didn’t say in time/) });
    await alex.closes();
    expect(await changes(scenario)).toHaveLength(2);
  });

  it('reviews again when the number of approvers has changed before saving', async () => {
    const { alex } = people(scenario);
    await alex.clicks('Edit', named('translate'));
    await alex.submits();
    expect(reviewed(alex)).toContain('2 active people');
    await scenario.workspace.setGroup('S0MAPS', ['U0LEE']);
    await alex.submits();
    expect(reviewed(alex)).toContain('1 active person.');
    expect(await alex.submits()).toEqual({ closed: true });
  });

  it('disables and enables registration, switches auto approval, retires and restores; /register follows', async () => {
    const { alex, dana, sam } = people(scenario);
    await adds(alex, 'Maps API');
    const home = (words: RegExp) => alex.finds(new RegExp(`\`maps-api\`${words.source}`), atHome);
    await home(/ · Registration enabled/);
    await dana.types('/register');
    await dana.picks('Services', 'Maps API');
    await dana.picks('Application', 'Atlas');
    await dana.fills('Reason', 'Routes');

    await alex.clicks('Disable registration', named('maps-api'));
    await alex.submits();
    await home(/ · Registration disabled/);
    expect(await dana.submits()).toEqual({
      errors: {
        Services: 'Application registration is not enabled for this Service. Maps API: please contact an admin.',
      },
    });
    expect(await dana.searches('Services', 'maps')).toEqual(['Maps API (registration disabled)']);
    await alex.clicks('Enable registration', named('maps-api'));
    await home(/ · Registration enabled/);
    await alex.clicks('Switch auto approval on', named('maps-api'));
    await alex.submits();
    await home(/.*\nApproved automatically/);
    await dana.submits();
    await dana.finds(/Approved automatically\nService {2}Maps API/);
    await dana.closes();

    await alex.clicks('Retire', named('maps-api'));
    await alex.submits();
    await home(/ · Retired\n.*\[… Edit \| Bring back \| History\]/);
    await sam.types('/register maps-api');
    expect(await sam.finds(/no service called/, { in: 'modal' })).not.toContain('Maps API');
    expect(await sam.searches('Services', 'maps')).toEqual([]);
    await sam.closes();
    await dana.types('/registrations');
    await dana.finds(/Maps API: approved/, { in: 'whispered' });
    await alex.clicks('Bring back', named('maps-api'));
    await home(/ · Registration enabled/);
    expect((await changes(scenario)).slice(-5).map(({ after }) => after)).toEqual([
      { registrationEnabled: false },
      { registrationEnabled: true },
      { autoApprove: true },
      { retired: true, registrationEnabled: false },
      { retired: false, registrationEnabled: true },
    ]);
  });

  it('who saves second reads what changed, keeps what they typed, and can save again', async () => {
    const { alex, priya } = people(scenario);
    await visits(priya);
    await priya.clicks('Edit', named('translate'));
    await priya.fills('Description', 'Written by Priya');
    await priya.submits();
    await alex.clicks('Edit', named('translate'));
    await alex.fills('Name', 'Lingua API');
    await alex.submits();
    const rows = await holdServiceRows(scenario.database);
    const saved = alex.submits();
    await waitForBlocked(scenario.database, 1);
    const late = priya.submits();
    await waitForBlocked(scenario.database, 2);
    await rows.release();
    expect(await saved).toEqual({ closed: true });
    await late;
    expect(priya.reads).toMatch(
      /@alex changed this service while you had the form open[\s\S]*Translation API → Lingua API/,
    );
    expect(priya.reads).toContain('Written by Priya');
    expect(priya.reads).toContain('Name: Translation API');
    await priya.fills('Name', 'Lingua API');
    await priya.submits();
    expect(await priya.submits()).toEqual({ closed: true });
    expect((await changes(scenario)).at(-1)).toMatchObject({
      actor: priya.id,
      after: { description: 'Written by Priya' },
    });
  });

  it('a request that waits behind the disabling of its service is refused as a whole', async () => {
    const { alex, dana } = people(scenario);
    await visits(alex);
    await dana.types('/register');
    await dana.picks('Services', 'Maps API');
    await dana.picks('Application', 'Race');
    await dana.fills('Reason', 'Now or never');
    const rows = await holdServiceRows(scenario.database);
    await alex.clicks('Disable registration', named('maps-api'));
    await alex.finds(/New requests will be refused/, { in: 'modal' });
    const disabling = alex.submits();
    await waitForBlocked(scenario.database, 1);
    const asking = dana.submits();
    await waitForBlocked(scenario.database, 2);
    await rows.release();
    expect(await disabling).toEqual({ closed: true });
    expect(await asking).toEqual({ errors: { Services: expect.stringMatching(/is not enabled/) } });
    expect(await scenario.database.sql`select from applications where name = 'Race'`).toHaveLength(0);
  });

  it('of two concurrent adds of the same service, the second is refused on the slug', async () => {
    const { alex } = people(scenario);
    await visits(alex);
    await alex.clicks('Add a service', atHome);
    await alex.fills('Name', 'Weather API');
    await alex.submits();
    const first = await holdSlug(scenario.database, 'weather-api');
    const second = alex.submits();
    await waitForBlocked(scenario.database, 1);
    await first.release();
    expect(await second).toEqual({ errors: { Slug: expect.stringMatching(/slug weather-api already exists/) } });
    expect(alex.reads).toContain('Name: Weather API');
    expect(await alex.submits()).toEqual({
      errors: { Slug: expect.stringMatching(/slug weather-api already exists/) },
    });
  });

  it('a click on an outdated control changes nothing, and says so', async () => {
    const { alex, priya } = people(scenario);
    await priya.finds(/Lingua API/, atHome);
    await priya.clicks('Switch auto approval on', named('translate'));
    await priya.submits();
    for (const admin of [alex, priya]) await admin.finds(/`translate`.*\nApproved automatically/, atHome);
    const held = scenario.workspace.hold('views.publish');
    await priya.clicks('Disable registration', named('translate'));
    await priya.submits();
    await held.reached;
    await alex.clicks('Retire', named('translate'));
    expect(await alex.finds(/has changed since you saw it/, { in: 'modal' })).toMatch(/@priya changed it, today/);
    await alex.closes();
    held.release();
    await alex.finds(/`translate` · Registration disabled/, atHome);
  });
});

it('History lists the changes of a service and of its registrations, newest first, in pages', async () => {
  let now = new Date('2026-11-02T09:15:00Z');
  await using scenario = await openScenario({ seed: company(), now: () => now });
  const { workspace, database } = scenario;
  const { dana, alex, lee } = people(scenario);
  await adds(alex, 'Maps API');
  now = new Date('2026-11-02T10:00:00Z');
  await asks(dana, ['Maps API'], '<!channel> & co', '*Routes*');
  await alex.finds(/Maps API/, { in: 'api-requests' });
  now = new Date('2026-11-02T11:00:00Z');
  await alex.clicks('Approve', { in: 'api-requests' });
  await dana.finds(/Approved by/);
  now = new Date('2026-11-02T12:00:00Z');
  await alex.clicks('Disable registration', named('maps-api'));
  await alex.submits();
  await alex.finds(/Registration disabled(\n.*)? \[… Edit \| Enable/, atHome);
  await alex.clicks('History', named('maps-api'));
  expect(await alex.finds(/History of a service/, { in: 'modal' })).toMatchInlineSnapshot(`
    "== History of a service ==
    Service  Maps API
    :pencil2: Changed by @alex today at 12:00
    Registration  enabled → disabled
    <!channel> & co
    :white_check_mark: Approved by @alex today at 11:00
    pending → approved, requested by @dana
    <!channel> & co
    :hourglass_flowing_sand: Requested by @dana today at 10:00
    pending
    > *Routes*
    :pencil2: Added by @alex today at 09:15
    Slug  maps-api
    Name  Maps API
    Registration  enabled
    Approval  an approver decides
    Managed by  admins in Slack
    [Close]"
  `);
  await alex.closes();

  // Sixty events at thirty moments, each shared by two: a page ends between the two as well.
  await database.sql`
    with made as (
      insert into applications (name, created_by, created_at) select 'App ' || n, 'U0SAM', now() from generate_series(1, 60) n returning *),
    asked as (
      insert into registrations (application_id, service_id, requester, reason, form, status, version, requested_at, changed_at)
      select m.id, s.id, 'U0SAM', 'why', 'F' || m.id, 'unregistered', 1, now(), now() from made m, services s where s.slug = 'maps-api'
      returning *)
    select count(*) from asked`;
  await database.sql`
    insert into history (registration_id, version, actor, action, to_status, reason, at)
    select id, 1, requester, 'request', 'pending', reason, timestamptz '2026-10-01' + make_interval(hours => (id / 2)::int)
    from registrations where requester = 'U0SAM'`;
  await alex.clicks('History', named('maps-api'));
  const shown: string[] = [];
  for (const page of [1, 2, 3]) {
    const read = await alex.finds(page === 3 ? /\[Newest\]\n/ : /\[Older\]/, { in: 'modal' });
    shown.push(...[...read.matchAll(/^(App \d+|<!channel> & co|:pencil2: .*)$/gm)].map(([line]) => line));
    const { hash } = alex.view;
    if (page < 3) await alex.clicks('Older');
    if (page < 3) await workspace.until(() => alex.view.hash !== hash);
  }
  expect(shown.slice(0, 4)).toEqual([
    expect.stringMatching(/Changed by @alex/),
    '<!channel> & co',
    '<!channel> & co',
    expect.stringMatching(/Added by @alex/),
  ]);
  expect(shown.slice(4)).toEqual(Array.from({ length: 60 }, (_, index) => `App ${60 - index}`));
  await alex.clicks('Newest');
  await alex.finds(/Changed by @alex/, { in: 'modal' });

  const click = workspace.delivered.findLast(({ type }) => type === 'block_actions');
  await workspace.leave('alex', 'api-requests');
  await alex.clicks('Older');
  await alex.finds(/can change the catalog/, { in: 'modal' });
  const [first] = (click?.actions ?? []) as { value: string }[];
  for (const value of ['', '1@', '999', '1@99999999999999.1.1', `${first?.value}@x`]) {
    await workspace.deliver({ ...click, actions: [{ ...first, value }] });
  }
  await lee.opensHome();
  expect(await lee.finds(/Your applications/, atHome)).not.toContain('Add a service');
});

describe('other users', () => {
  it('browse the catalog, and cannot open its forms or change it; forged values change nothing, nor do edits of what the file sets', async () => {
    await using scenario = await openScenario({ seed: company() });
    const { workspace } = scenario;
    const { alex, lee } = people(scenario);
    await adds(alex, 'Maps API');
    await alex.finds(/`maps-api`/, atHome);
    await lee.opensHome();
    expect(await lee.finds(/Your applications/, atHome)).not.toMatch(/Add a service|`maps-api`|Edit/);
    expect(alex.sees('home')[0]).toMatch(/`payments` · .*\n.*\[… History\]/);
    expect(alex.sees('home')[0]).toContain('Services without Edit are managed by the catalog file.');

    // Lee says what only Alex's Home and form can say; then both name what the file manages.
    await alex.clicks('Edit', named('maps-api'));
    await alex.fills('Name', 'Taken over');
    await alex.submits();
    const form = structuredClone(alex.view);
    expect(await alex.submits()).toEqual({ closed: true });
    await alex.finds(/Taken over/, atHome);
    const before = await changes(scenario);
    const ofAlex = (type: string) => {
      const found = workspace.delivered.findLast((one) => one.type === type);
      if (!found) throw new Error(`no ${type} was delivered`);
      return found;
    };
    const click = ofAlex('block_actions');
    const submission = ofAlex('view_submission');
    const user = { ...(click.user as object), id: lee.id };
    const pressed = (value: string) => ({
      ...click,
      actions: [{ ...(click.actions as object[])[0], action_id: 'service-menu', selected_option: { value } }],
    });
    const [ids] = await scenario.database.sql`
      select (select public_id from services where slug = 'payments') as file, (select public_id from services where slug = 'maps-api') as slack`;
    const remembered = (publicId: string, seen: number) =>
      (form.private_metadata ?? '').replace(
        /"service":\{[^}]*\}/,
        `"service":{"publicId":"${publicId}","seen":${seen}}`,
      );
    for (const value of [`edit:${ids?.slack}@2`, `retire:${ids?.slack}@2`, `retire:${ids?.file}@1`]) {
      await workspace.deliver({ ...pressed(value), user });
    }
    const asLee = await workspace.deliver({
      ...submission,
      user,
      view: { ...form, private_metadata: remembered(ids?.slack, 2) },
    });
    expect(JSON.stringify(asLee)).toContain('can change the catalog');
    for (const value of [
      `retire:${ids?.file}@1`,
      `edit:${ids?.file}@1`,
      'retire:999@1',
      `retire:${crypto.randomUUID()}@1`,
      'explode:1@1',
      '',
    ]) {
      expect(await workspace.deliver(pressed(value))).toMatchObject({ ok: true });
    }
    const ofFile = await workspace.deliver({
      ...submission,
      view: { ...form, private_metadata: remembered(ids?.file, 1) },
    });
    expect(JSON.stringify(ofFile)).toContain('managed by the catalog file');
    for (const metadata of ['', '{}', '[]', '{"service":{"id":"1"}}', form.private_metadata]) {
      await workspace.deliver({ ...submission, view: { ...form, private_metadata: metadata } });
    }
    expect(await changes(scenario)).toEqual(before);
  });

  it('cannot change what the catalog file sets: taking a service over and releasing it are recorded', async () => {
    await using scenario = await openScenario({ bots: 0, catalog: 'services:\n  - { slug: maps, name: Maps API }\n' });
    const { writeFile } = await import('node:fs/promises');
    const apply = async (text: string) => {
      await writeFile(scenario.catalogFile, text);
      await (await scenario.startAnother()).stop();
    };
    await apply('services:\n  - { slug: maps, name: Maps API }\n');
    await apply('services:\n  - { slug: maps, name: Maps API, channel: C0GENERAL, approval: auto }\n');
    await apply('services:\n  - { slug: maps, name: Maps API, channel: C0GENERAL, approval: auto }\n');
    await apply('services: []\n');
    const { sql } = scenario.database;
    const record = await sql`select version, actor, before, after from service_changes order by version`;
    expect(record.map(({ version, actor, before, after }) => [version, actor, before, after])).toEqual([
      [1, null, null, expect.objectContaining({ slug: 'maps', name: 'Maps API', channel: null, retired: false })],
      [2, null, { channel: null, autoApprove: false }, { channel: 'C0GENERAL', autoApprove: true }],
      [3, null, { managedBy: 'file', registrationEnabled: true }, { managedBy: 'slack', registrationEnabled: false }],
    ]);
    await expect(sql`update service_changes set actor = 'U0ALEX'`).rejects.toThrow(/append-only/);
    await expect(sql`delete from service_changes`).rejects.toThrow(/append-only/);
    await eventually('the version is that of the record', async () => {
      const [row] = await sql`select version from services`;
      return row?.version === 3;
    });
  });
});

describe('where the file declares a gateway', () => {
  const catalog = `services: []
gateways:
  - { name: edge, kind: kong, url: "http://127.0.0.1:9" }
  - { name: hooks, kind: webhook, url: "http://127.0.0.1:9" }
`;
  const env = { GATEWAY_HOOKS_TOKEN: Buffer.alloc(24).toString('base64') };

  it('a service gets access there; what is missing or invalid is refused on its field', async () => {
    await using scenario = await openScenario({ catalog, env });
    const { alex, dana } = people(scenario);
    await visits(alex);
    await alex.clicks('Add a service', atHome);
    await alex.fills('Name', 'Orders API');
    await alex.picks('Gateway', 'hooks');
    expect(await alex.submits()).toMatchObject({
      errors: { 'Group at the gateway': expect.stringMatching(/^Write /) },
    });
    await alex.fills('Group at the gateway', 'no group');
    expect(await alex.submits()).toMatchObject({
      errors: { 'Group at the gateway': expect.stringMatching(/^Write /) },
    });
    await alex.fills('Group at the gateway', 'orders');
    await alex.picks('Keys', 'Owners get keys from Registrar');
    expect(await alex.submits()).toMatchObject({ errors: { Keys: expect.stringMatching(/makes no keys/) } });
    await alex.picks('Gateway', 'edge');
    await alex.submits();
    expect(reviewed(alex)).toContain('An approved application is let into the group orders at edge, with keys.');
    expect(await alex.submits()).toEqual({ closed: true });
    const access = { gateway: 'edge', group: 'orders', credential: 'key' };
    expect((await changes(scenario)).at(-1)).toMatchObject({ slug: 'orders-api', after: { access } });
    await alex.finds(/`orders-api`[\s\S]*Opens the group orders at edge, with keys/, atHome);
    await asks(dana, ['Orders API'], 'Shop');
    await dana.closes();
    await alex.clicks('Approve', { in: 'api-requests', on: /Orders API/ });
    await alex.finds(/Access on its way/, { in: 'api-requests' });
    await alex.clicks('Edit', named('orders-api'));
    expect(await alex.finds(/Edit a service/, { in: 'modal' })).toMatch(/Gateway \(optional\): edge\n[\s\S]*orders/);
    await alex.fills('Name', 'Orders');
    await alex.submits();
    expect(alex.reads).not.toContain('At once');
    await alex.fills('Name', 'Orders API');
    await alex.fills('Group at the gateway', 'orders-v2');
    await alex.submits();
    expect(alex.reads).toContain(
      'At once: 1 approved application loses the group orders at edge, with keys, unless another service gives it; 1 approved application is let in.',
    );
    expect(await alex.submits()).toEqual({ closed: true });
    expect((await changes(scenario)).at(-1)).toMatchObject({
      before: { access },
      after: { access: { group: 'orders-v2' } },
    });
  });

  it('the file sets and removes the access of a service, and both are recorded', async () => {
    const service = 'services:\n  - { slug: orders, name: Orders API, access: { gateway: edge, group: orders } }\n';
    await using scenario = await openScenario({ catalog: catalog.replace('services: []\n', service), env });
    const access = { gateway: 'edge', group: 'orders', credential: 'none' };
    const recorded = () => scenario.database.sql`select version, before, after from service_changes order by version`;
    expect(await recorded()).toMatchObject([{ version: 1, after: { access } }]);
    await writeFile(scenario.catalogFile, catalog.replace('services: []\n', service));
    await scenario.startAnother();
    expect(await recorded()).toHaveLength(1);
    await writeFile(scenario.catalogFile, catalog.replace('services: []\n', service.replace(/, access.*/, ' }')));
    await scenario.startAnother();
    expect((await recorded()).at(-1)).toEqual({ version: 2, before: { access }, after: { access: null } });
  });
});
