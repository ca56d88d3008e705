/** No click and no command goes without an answer, whatever Slack or the database does meanwhile. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Fault } from '../local-slack/model.ts';
import { eventually } from '../support/eventually.ts';
import { holdApplications, holdRecord } from '../support/locks.ts';
import { openScenario, type Scenario } from '../support/scenario.ts';
import { asks, people, requests } from '../support/steps.ts';

const faults: [string, Fault][] = [
  ['fails (500)', { kind: 'server-error' }],
  ['cuts the connection', { kind: 'reset' }],
  ['hangs', { kind: 'hang' }],
  ['is limited', { kind: 'rate-limited', retryAfter: 30 }],
];

describe('where Slack does not open a form', () => {
  let scenario: Scenario;
  beforeAll(async () => {
    scenario = await openScenario();
  });
  afterAll(() => scenario[Symbol.asyncDispose]());

  it.each(faults)('once, because it %s, it is opened nevertheless or the user is told', async (_, fault) => {
    const { workspace } = scenario;
    const { sam } = people(scenario);
    const before = sam.whispers.length;
    workspace.fail('views.open', fault);
    await sam.types('/register');
    await workspace.until(() => workspace.views(sam.id).length > 0 || sam.whispers.length > before);
    for (const view of workspace.views(sam.id)) await workspace.close(sam.id, view.id);
  });

  it.each(faults)('twice, because it %s, the user is told to try again', async (_, fault) => {
    const { workspace } = scenario;
    const { lee } = people(scenario);
    const before = lee.whispers.length;
    workspace.fail('views.open', fault, { times: 2 });
    await lee.types('/register');
    await workspace.until(() => lee.whispers.length > before);
    expect(lee.whispers.at(-1)).toBe('Slack didn’t open the form, and nothing was changed. Try again.');
    workspace.clearFaults();
  });

  it('but only the response is lost, the form is open, and the user gets no error', async () => {
    const { workspace } = scenario;
    const { dana } = people(scenario);
    workspace.fail('views.open', { kind: 'accept-then-drop' });
    await dana.types('/register');
    await dana.picks('Services', 'Payments');
    await workspace.until(() => workspace.calls.filter(({ method }) => method === 'views.open').at(-1)?.response.error);
    expect(dana.whispers).toEqual([]);
  });
});

describe('where the database is gone', () => {
  it('a click gets a response, a form stays as it was filled in, a picker says so; and all work once it is back', async () => {
    await using scenario = await openScenario();
    const { database, workspace } = scenario;
    const { dana, alex, priya } = people(scenario);
    await requests(dana, alex);
    await priya.clicks('Reject', { in: 'api-requests' });
    await priya.fills('Reason', 'Not now');

    await database.allow(false);
    await alex.clicks('Approve', { in: 'api-requests' });
    expect(await alex.finds(/./, { in: 'whispered' })).toBe(
      'Something went wrong, and Registrar couldn’t do this. Try again in a moment: nothing will happen twice.',
    );
    await dana.types('/register payments');
    expect(await dana.searches('Services', 'led')).toEqual([
      'Registrar can’t look this up just now. Type again in a moment.',
    ]);
    const { id } = priya.view;
    await priya.submits();
    expect(priya.view.id).toBe(id);
    expect(priya.view.errors.reason ?? priya.reads).toMatch(/couldn’t save this|Still working on it|couldn’t finish/);
    const ready = () => fetch(`http://127.0.0.1:${scenario.bot.port}/readyz`);
    const readyz = await ready();
    expect([readyz.status, Object.keys(Object(await readyz.json()).failing)]).toEqual([503, ['database']]);

    await database.allow(true);
    await eventually('it is ready again', async () => (await ready()).status === 200);
    await alex.clicks('Approve', { in: 'api-requests' });
    await dana.finds(/Approved by @alex/);
    await workspace.until(() => workspace.views(dana.id).length === 1);
    await dana.closes();
    await asks(dana, ['Ledger API'], 'Shop');
    await alex.finds(/Ledger API/, { in: 'api-requests' });
  });
});

describe('where Slack does not take an ephemeral message', () => {
  it('the user gets a direct message', async () => {
    await using scenario = await openScenario();
    const { workspace } = scenario;
    const { dana } = people(scenario);
    const [channel] = workspace.channels.values();
    if (!channel) throw new Error('a workspace without channels');
    await dana.types('/unregister');
    await dana.finds(/nothing to unregister/, { in: 'whispered' });
    const command = workspace.delivered.findLast((payload) => payload.command === '/unregister');
    await workspace.deliver({ ...command, response_url: `${workspace.url}/response/gone` });
    await dana.finds(/nothing to unregister/);
    for (const fault of [{ kind: 'malformed' }, { kind: 'error', error: 'expired_url' }] as const) {
      const told = dana.told.length;
      workspace.fail('response_url', fault);
      await dana.types('/unregister');
      await workspace.until(() => dana.told.length > told);
    }
  });
});

describe('what a simpler Slack leaves out', () => {
  it('a picker without typed text is filled; a form without state is refused on its fields', async () => {
    await using scenario = await openScenario();
    const { workspace } = scenario;
    const { dana } = people(scenario);
    await asks(dana, ['Payments API'], 'Shop');
    const suggestion = workspace.delivered.find(({ type }) => type === 'block_suggestion');
    const { value: _, ...without } = { value: '', ...suggestion };
    expect(JSON.stringify(await workspace.deliver(without))).toContain('"options":[{');
    const submission = workspace.delivered.find(({ type }) => type === 'view_submission');
    const { state: __, ...view } = { state: {}, ...Object(submission?.view) };
    expect(await workspace.deliver({ ...submission, view })).toMatchObject({
      ok: true,
      body: { response_action: 'errors' },
    });
  });
});

describe('where a form takes long, and is closed meanwhile', () => {
  it('a direct message says how it ended: a request, a refusal, a decision, and what failed', async () => {
    await using scenario = await openScenario();
    const { database, workspace } = scenario;
    const { dana, alex, priya } = people(scenario);
    /** Submits, closes the form that is still being worked on, and lets the work go on. */
    const closesMeanwhile = async (person: typeof dana, held: Awaited<ReturnType<typeof holdRecord>>) => {
      await person.submits();
      expect(person.reads).toContain('Still working on it');
      await person.closes();
      await held.release();
    };
    const fillsIn = async () => {
      await dana.types('/register');
      await dana.picks('Services', 'Payments API');
      await dana.picks('Application', 'Shop');
      await dana.fills('Reason', 'Checkout');
    };

    await fillsIn();
    await closesMeanwhile(dana, await holdRecord(database));
    expect(await dana.finds(/^\*?Register an application[\s\S]*under review/)).toContain('Payments API');
    await alex.finds(/Payments API for Shop/, { in: 'api-requests' });

    await fillsIn();
    await closesMeanwhile(dana, await holdApplications(database));
    await dana.finds(/^\*?Register an application[\s\S]*Nothing was changed[\s\S]*already/);

    await priya.clicks('Reject', { in: 'api-requests' });
    await priya.fills('Reason', 'Not now');
    await closesMeanwhile(priya, await holdRecord(database));
    await priya.finds(/^\*?Reject[\s\S]*Done/);

    await priya.finds(/Rejected by @priya/, { in: 'api-requests' });
    await dana.types('/unregister');
    await dana.picks('Registration', 'Payments');
    const held = await holdRecord(database);
    await dana.submits();
    await dana.closes();
    await database.allow(false, { keepOwn: true });
    await held.release();
    await dana.finds(/^\*?Unregister application[\s\S]*couldn’t do this/);
    await database.allow(true);
    expect(workspace.protocolViolations).toEqual([]);
  });
});
