/** Bad input of every kind gets a clear answer, and nothing is half-written. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { holdPerson, holdServices, waitForBlocked } from '../support/locks.ts';
import { openScenario, type Scenario } from '../support/scenario.ts';
import { asks, people, requests } from '../support/steps.ts';

let scenario: Scenario;
beforeAll(async () => {
  scenario = await openScenario();
});
afterAll(() => scenario[Symbol.asyncDispose]());

/** Closes what a former story left open. */
beforeEach(async () => {
  for (const person of Object.values(people(scenario))) {
    for (const view of scenario.workspace.views(person.id)) await scenario.workspace.close(person.id, view.id);
  }
});

const written = async () => {
  const [row] = await scenario.database.sql`
    select (select count(*)::int from registrations) registrations, (select count(*)::int from applications) applications,
      (select count(*)::int from history) events`;
  return row;
};

/** The newest payload of a type that the bot was handed. */
function delivered(type: string) {
  const found = scenario.workspace.delivered.findLast((payload) => payload.type === type);
  if (!found) throw new Error(`nothing of type ${type} was delivered`);
  return found;
}

it('an unknown service in the command is named in the form, which opens all the same', async () => {
  const { dana } = people(scenario);
  await dana.types('/register teleporter & <co>');
  expect(await dana.finds(/no service called/, { in: 'modal' })).toContain(
    'There is no service called “teleporter & <co>”.',
  );
});

it.each([
  'payments',
  'Payments API',
  'PAYMENTS',
  'payouts',
  '"Payments API"',
  '“payments”',
  '`payments`',
  '*Payments API*',
  '*"payments"*',
  '«payments»',
  'payments.',
  '“Payments API”,',
  'payments?!',
])('a service named in the command as %s is preselected', async (text) => {
  const { dana } = people(scenario);
  await dana.types(`/register ${text}`);
  expect(await dana.finds(/Register an application/, { in: 'modal' })).toContain('Services: Payments API');
});

it('/register help is answered with what there is, and opens no form', async () => {
  const { dana } = people(scenario);
  await dana.types('/register help');
  expect(await dana.finds(/requests access/, { in: 'whispered' })).toMatchInlineSnapshot(`
    "Registrar asks the people who own a service to let your application use it.
    • \`/register [service]\` requests access, such as \`/register payments\`
    • \`/registrations\` lists your applications and their registrations
    • \`/unregister\` withdraws a request, or gives up access
    Home shows all of it, and the requests that you can decide."
  `);
  expect(scenario.workspace.views(dana.id)).toEqual([]);
});

it('a reason of spaces is refused on its field, and the form stays as it was filled in', async () => {
  const { dana } = people(scenario);
  const before = await written();
  expect(await asks(dana, ['Payments API'], 'Shop', ' \n\t ')).toEqual({
    errors: { Reason: 'Write a reason of up to 1000 characters.' },
  });
  expect(dana.reads).toContain('Services: Payments API');
  expect(await written()).toEqual(before);
});

it('a service with disabled registration is listed as such and refused by name, with the whole form', async () => {
  const { dana } = people(scenario);
  const before = await written();
  await dana.types('/register');
  expect(await dana.searches('Services', 'mainframe')).toEqual(['Mainframe Gateway (registration disabled)']);
  await dana.closes();
  expect(await asks(dana, ['Payments API', 'Mainframe'], 'Another shop')).toEqual({
    errors: {
      Services: 'Application registration is not enabled for this Service. Mainframe Gateway: please contact an admin.',
    },
  });
  expect(await written()).toEqual(before);
});

it('an application name that another user owns is refused, whatever its case', async () => {
  const { dana, sam, alex } = people(scenario);
  await requests(dana, alex, 'Payments API', 'Warehouse');
  const before = await written();
  expect(await asks(sam, ['Payments API'], 'WAREHOUSE')).toEqual({
    errors: { Application: '“WAREHOUSE” belongs to @Dana Reyes. Ask to be made a co-owner, or choose another name.' },
  });
  expect(await written()).toEqual(before);
});

it('an existing registration is refused, with its status and since when', async () => {
  const { dana, alex } = people(scenario);
  await requests(dana, alex, 'Ledger API', 'Till');
  const again = await asks(dana, ['Payments API', 'Ledger API'], 'Till');
  expect(again).toEqual({
    errors: {
      Services: expect.stringMatching(
        /^Ledger API is already pending for this application, since \d+ \w+ \d{4}, \d\d:\d\d\.$/,
      ),
    },
  });
  await dana.closes();

  await alex.clicks('Reject', { in: 'api-requests', on: /Ledger API/ });
  await alex.fills('Reason', 'Not yet');
  await alex.submits();
  await dana.finds(/Rejected/);
  expect(await asks(dana, ['Ledger API'], 'Till')).toEqual({
    errors: {
      Services: expect.stringMatching(
        /^Ledger API is already rejected .*Press “Ask again” in the message that told you, or in Home\.$/,
      ),
    },
  });
  await dana.closes();

  await dana.types('/unregister');
  await dana.picks('Registration', 'Ledger API — Till (rejected)');
  await dana.submits();
  await dana.closes();
  await asks(dana, ['Ledger API'], 'Till');
  expect(dana.reads).toContain('under review');
});

it('a form submitted twice makes one request, and confirms it both times', async () => {
  const { dana } = people(scenario);
  await dana.types('/register');
  await dana.picks('Services', 'Payments API');
  await dana.picks('Application', 'Twice');
  await dana.fills('Reason', 'A nervous finger');
  const { id } = dana.view;
  const before = await written();
  const submissions = [scenario.workspace.submit(dana.id, id), scenario.workspace.submit(dana.id, id)];
  expect(await Promise.all(submissions)).toEqual([{ ok: true }, { ok: true }]);
  expect(dana.reads).toContain('under review');
  expect(await written()).toEqual({
    registrations: before?.registrations + 1,
    applications: before?.applications + 1,
    events: before?.events + 1,
  });
});

it('a form replayed after its registration was closed makes no new one', async () => {
  const { dana, alex } = people(scenario);
  await requests(dana, alex, 'Search API', 'Replayed');
  const submission = delivered('view_submission');
  await dana.types('/unregister');
  await dana.picks('Registration', 'Search API — Replayed');
  await dana.submits();
  const before = await written();
  await scenario.workspace.deliver(submission);
  expect(await written()).toEqual(before);
});

describe('what no form of Registrar would send', () => {
  let genuine: string;
  let danas: string;
  beforeAll(async () => {
    const { dana, sam, alex } = people(scenario);
    await requests(dana, alex, 'Payments API', 'Of Dana');
    [{ id: danas } = { id: '' }] = await scenario.database.sql<{ id: string }[]>`
      select public_id as id from applications where name = 'Of Dana'`;
    await asks(sam, ['Payments API'], 'Forged', 'because');
    genuine = JSON.stringify(delivered('view_submission'));
  });

  it.each([
    [
      'a service that is not in the catalog',
      /"value":"[0-9a-f-]{36}"/g,
      `"value":"${crypto.randomUUID()}"`,
      'services',
      /no longer in the catalog/,
    ],
    ['a service that is no id', /"value":"[0-9a-f-]{36}"/g, '"value":"1 or 1=1"', 'services', /from the list/],
    ["someone else's application", '"new:Forged"', '"id:DANAS"', 'application', /^You don’t own this application/],
    ['an application that is no choice', '"new:Forged"', '"rm -rf"', 'application', /one of your applications/],
    ['an application without a name', '"new:Forged"', '"new: \u202e "', 'application', /one of your applications/],
    ['a reason of 1001 characters', '"because"', `"${'x'.repeat(1001)}"`, 'reason', /up to 1000 characters/],
  ])('%s, is refused on its field', async (_, search, put, field, words) => {
    const before = await written();
    const forged = JSON.parse(
      genuine.replace(/"id":"V\w+"/, '"id":"VFORGED"').replaceAll(search, put.replace('DANAS', danas)),
    );
    const receipt = await scenario.workspace.deliver(forged);
    expect(receipt).toMatchObject({
      ok: true,
      body: { response_action: 'errors', errors: { [field]: expect.stringMatching(words) } },
    });
    expect(await written()).toEqual(before);
  });

  it('a form without its fields is refused on all of them', async () => {
    const before = await written();
    const payload = JSON.parse(genuine);
    payload.view.state.values = {};
    expect(await scenario.workspace.deliver(payload)).toMatchObject({
      ok: true,
      body: { errors: { services: expect.any(String), application: expect.any(String), reason: expect.any(String) } },
    });
    expect(await written()).toEqual(before);
  });

  it('a button of a registration that is gone, or was made up, gets a response and does nothing', async () => {
    const { alex } = people(scenario);
    await alex.clicks('Approve', { in: 'api-requests', on: /Of Dana/ });
    const click = JSON.stringify(delivered('block_actions'));
    const before = await written();
    const made = [`${crypto.randomUUID()}@1`, '999999@1', '1', '1@1; drop table', '-1@1', '1e3@1', ''];
    for (const value of made)
      await scenario.workspace.deliver(
        JSON.parse(click.replace(/"value":"[0-9a-f-]{36}@1"/g, JSON.stringify({ value }).slice(1, -1))),
      );
    const gone = () => alex.whispers.filter((text) => text.startsWith('That no longer exists'));
    await scenario.workspace.until(() => gone().length === Math.min(made.length, 5));
    expect((await written())?.registrations).toEqual(before?.registrations);
  });

  it('a user cannot unregister what others own', async () => {
    const { dana, sam } = people(scenario);
    await dana.types('/unregister');
    await dana.picks('Registration', 'Of Dana');
    await dana.submits();
    const submission = JSON.stringify(delivered('view_submission'));
    const [{ id = 0, name = '', version = 0 } = {}] = await scenario.database.sql`
      select r.id, r.public_id as name, r.version from registrations r join applications a on a.id = application_id where a.name = 'Till' and status = 'pending'`;
    const stolen = submission
      .replace(/"value":"[0-9a-f-]{36}@\d+"/g, `"value":"${name}@${version}"`)
      .replaceAll(dana.id, sam.id);
    expect(await scenario.workspace.deliver(JSON.parse(stolen))).toMatchObject({
      body: {
        response_action: 'errors',
        errors: { registration: expect.stringMatching(/^You can’t unregister this/) },
      },
    });
    expect(await scenario.database.sql`select status from registrations where id = ${id}`).toEqual([
      { status: 'pending' },
    ]);
  });
});

it('a request beyond MAX_PENDING_PER_PERSON is refused', async () => {
  await using small = await openScenario({ env: { MAX_PENDING_PER_PERSON: '2' } });
  const { dana, alex } = people(small);
  await asks(dana, ['Payments API', 'Search API'], 'Shop');
  await dana.closes();
  const refused = {
    errors: {
      Services:
        'You have 1 pending request, and can have 2 at a time. Wait for a decision, or withdraw one with /unregister.',
    },
  };
  expect(await asks(dana, ['Payments API', 'Ledger API'], 'New shop')).toEqual(refused);
  await dana.closes();
  expect(await small.database.sql`select name from applications`).toEqual([{ name: 'Shop' }]);
  expect(await asks(dana, ['Ledger API'], 'New shop')).toHaveProperty('view');
  await dana.closes();
  await alex.finds(/Payments API/, { in: 'api-requests' });
  await alex.clicks('Approve', { in: 'api-requests', on: /Payments API/ });
  await dana.finds(/Approved by @alex/);
  expect(await asks(dana, ['Payments API'], 'New shop')).toHaveProperty('view');
});

it('requests beyond MAX_REQUESTS_PER_HOUR are refused, also after they were withdrawn, and it says when they fit in again', async () => {
  await using small = await openScenario({ env: { MAX_REQUESTS_PER_HOUR: '2' } });
  const { dana, sam } = people(small);
  const services = ['Payments API', 'Ledger API', 'Search API'];
  const never = { errors: { Services: 'You can request 2 services in an hour. Choose fewer.' } };
  expect(await asks(dana, services, 'Shop')).toEqual(never);
  await dana.closes();
  expect(await asks(dana, services.slice(0, 2), 'Shop')).toHaveProperty('view');
  await dana.closes();
  await small.database.sql`update registrations set status = 'unregistered', version = 2`;
  const later = expect.stringMatching(
    /^You can request 2 services in an hour\. Try again after \d+ \w+ \d{4}, \d\d:\d\d, or choose fewer\.$/,
  );
  expect(await asks(dana, ['Payments API'], 'Shop')).toEqual({ errors: { Services: later } });
  await dana.closes();
  expect(await asks(sam, ['Payments API'], 'Till')).toHaveProperty('view');
  await small.database.sql`update registrations set requested_at = requested_at - interval '1 hour'`;
  expect(await asks(dana, ['Payments API'], 'Shop')).toHaveProperty('view');
});

it('applications beyond MAX_APPLICATIONS_PER_PERSON are refused, in the form and in Home; one’s own go on working', async () => {
  await using small = await openScenario({ env: { MAX_APPLICATIONS_PER_PERSON: '1' } });
  const { dana } = people(small);
  await asks(dana, ['Payments API'], 'Shop');
  await dana.closes();
  const text =
    'You own as many applications as one person can create: 1. Choose one of yours, or delete one in Home first.';
  expect(await asks(dana, ['Ledger API'], 'Till')).toEqual({ errors: { Application: text } });
  await dana.closes();
  expect(await asks(dana, ['Ledger API'], 'Shop')).toHaveProperty('view');
  await dana.closes();
  await dana.opensHome();
  await dana.finds(/New application/, { in: 'home' });
  await dana.clicks('New application', { in: 'home' });
  await dana.fills('Name', 'Till');
  expect(await dana.submits()).toEqual({ errors: { Name: text } });
});

it('two concurrent forms do not exceed this limit together', async () => {
  await using small = await openScenario({ env: { MAX_PENDING_PER_PERSON: '1' } });
  const { dana } = people(small);
  await asks(dana, ['Search API'], 'Shop');
  await dana.closes();
  await asks(dana, ['Search API'], 'Till');
  await dana.closes();
  const forms = [];
  for (const application of ['Shop', 'Till']) {
    await dana.types('/register');
    await dana.picks('Services', 'Payments API');
    await dana.picks('Application', application);
    await dana.fills('Reason', 'Both at once');
    forms.push(structuredClone(dana.view));
    await dana.closes();
  }
  const submission = small.workspace.delivered.find((payload) => payload.type === 'view_submission');
  const held = await holdPerson(small.database, dana.id);
  const answers = forms.map((view) => small.workspace.deliver({ ...submission, view }));
  await waitForBlocked(small.database, 2);
  await held.release();
  const bodies = (await Promise.all(answers)).map((receipt) => JSON.stringify(receipt));
  expect(bodies.filter((body) => body.includes('under review'))).toHaveLength(1);
  expect(bodies.filter((body) => body.includes('can have 1 at a time'))).toHaveLength(1);
});

it('a picker and a form respond in time while the database is blocked, and lose nothing', async () => {
  const { dana, alex } = people(scenario);
  await dana.types('/register');
  await dana.picks('Services', 'Payments API');
  await dana.picks('Application', 'Patience');
  await dana.fills('Reason', 'Whenever you are ready');
  const table = await holdServices(scenario.database);
  expect(await dana.searches('Services', 'pay')).toEqual([
    'Registrar can’t look this up just now. Type again in a moment.',
  ]);
  await dana.submits();
  expect(dana.reads).toContain('Still working on it');
  await table.release();
  await dana.finds(/under review/, { in: 'modal' });
  await alex.finds(/Patience/, { in: 'api-requests' });
});
