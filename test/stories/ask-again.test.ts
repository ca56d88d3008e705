/** Ask again: what was rejected is asked for again with a filled form, in one act. */
import { describe, expect, it } from 'vitest';
import { shares } from '../support/applications.ts';
import { storyModes } from '../support/bot.ts';
import { holdRegistrations, waitForBlocked } from '../support/locks.ts';
import { delivered } from '../support/outbox.ts';
import type { Scenario } from '../support/scenario.ts';
import { sharedScenarios } from '../support/shared-scenarios.ts';
import { asks, people, requests } from '../support/steps.ts';

const inChannel = { in: 'api-requests' } as const;
const monday = () => new Date('2026-11-02T09:15:00Z');

/** Dana's request for the Payments API is rejected by Alex. */
async function rejected(scenario: Scenario) {
  const { dana, alex } = people(scenario);
  await requests(dana, alex);
  await alex.clicks('Reject', inChannel);
  await alex.fills('Reason', 'Which <shop>?');
  await alex.submits();
  await dana.finds(/Rejected by @alex/);
}

const events = ({ database: { sql } }: Scenario) =>
  sql`select registration_id::int as registration, action, actor, to_status as to from history order by seq`;

describe.each(storyModes)('over %s', (mode) => {
  it('a rejected request is asked for again: the form is filled in and says who rejected it and why', async () => {
    await using scenario = await sharedScenarios({ mode }).open({ now: monday });
    const { dana, alex } = people(scenario);
    await rejected(scenario);
    expect(dana.told.at(-1)).toMatch(/You can ask again: the form comes filled in\.\n\[Ask again\]$/);

    // The command refuses it, on the field, and points there.
    expect(await asks(dana, ['Payments API'], 'Shop')).toEqual({
      errors: {
        Services: expect.stringMatching(/^Payments API is already rejected .*Press “Ask again” in the message/),
      },
    });
    await dana.closes();

    const asDanaSawIt = structuredClone(scenario.workspace.directMessages(dana.id).at(-1));
    if (!asDanaSawIt) throw new Error('there was a message');
    await dana.clicks('Ask again');
    const form = await dana.finds(/Register an application/, { in: 'modal' });
    expect(form).toMatchInlineSnapshot(`
      "== Register an application ==
      :no_entry_sign: Rejected by @alex today at 09:15
      > Which <shop>?
      · This request replaces the rejected one.
      Services: Payments API
      Application: Shop
        Type any other name to create an application.
      Reason: Checkout for the shop
        The approvers read this. Say what you’ll use it for.
      [Cancel] [Request access]"
    `);
    await dana.fills('Reason', 'The shop in Basel');
    expect(await dana.submits()).toMatchObject({ view: expect.anything() });
    expect(dana.reads).toContain('under review');
    await alex.finds(/The shop in Basel.*\[Approve\]/s, inChannel);
    await delivered(scenario);
    expect(await events(scenario)).toEqual([
      { registration: 1, action: 'request', actor: dana.id, to: 'pending' },
      { registration: 1, action: 'reject', actor: alex.id, to: 'rejected' },
      { registration: 1, action: 'unregister', actor: dana.id, to: 'unregistered' },
      { registration: 2, action: 'request', actor: dana.id, to: 'pending' },
    ]);
    const [old, fresh] = alex.sees('api-requests');
    expect(old).toMatch(/^↩️ Payments API for Shop · unregistered.*Asked again: a new request replaces this one\./s);
    expect(fresh).toMatch(/^⏳ Payments API for Shop\n/);

    // The message that offered it says that it is over. Pressed again all the same, the button says what has become of it.
    await dana.closes();
    await dana.finds(/^:no_entry_sign: Rejected by @alex\n[\s\S]*\n· Asked again: a new request replaces this one\.$/);
    await dana.clicks('Ask again', { on: asDanaSawIt });
    await dana.finds(/^Payments API for Shop is already pending, since today at 09:15\. Nothing was changed\.$/, {
      in: 'whispered',
    });
  });

  it('another owner asks again in Home', async () => {
    await using scenario = await sharedScenarios({ mode }).open();
    const { dana, sam } = people(scenario);
    await rejected(scenario);
    await shares(dana, /^Shop/m, sam);
    await sam.opensHome();
    await sam.finds(/Rejected/, { in: 'home' });
    await sam.clicks('Ask again', { in: 'home' });
    await sam.finds(/Rejected by @alex/, { in: 'modal' });
    await sam.submits();
    await sam.finds(/Pending/, { in: 'home' });
    expect((await events(scenario)).slice(-2)).toMatchObject([
      { registration: 1, action: 'unregister', actor: sam.id },
      { registration: 2, action: 'request', actor: sam.id },
    ]);
  });
});

it('submitted twice at once, the form replaces the rejected request once', async () => {
  await using scenario = await sharedScenarios().open();
  const { dana } = people(scenario);
  await rejected(scenario);
  await dana.clicks('Ask again');
  await dana.finds(/Rejected by @alex/, { in: 'modal' });
  const { id } = dana.view;
  const row = await holdRegistrations(scenario.database);
  const both = [scenario.workspace.submit(dana.id, id), scenario.workspace.submit(dana.id, id)];
  // One waits for the row, and the other for the one.
  await waitForBlocked(scenario.database, 2);
  await row.release();
  expect(await Promise.all(both)).toEqual([{ ok: true }, { ok: true }]);
  expect(dana.reads).toContain('under review');
  expect((await events(scenario)).map(({ action }) => action)).toEqual(['request', 'reject', 'unregister', 'request']);
});

it('two owners ask again at once: one request is made, and the other owner reads that it is there', async () => {
  await using scenario = await sharedScenarios().open();
  const { dana, sam } = people(scenario);
  await rejected(scenario);
  await shares(dana, /^Shop/m, sam);
  await sam.opensHome();
  await sam.clicks('Ask again', { in: 'home' });
  await sam.finds(/Rejected by @alex/, { in: 'modal' });
  await dana.clicks('Ask again');
  await dana.finds(/Rejected by @alex/, { in: 'modal' });
  const row = await holdRegistrations(scenario.database);
  const both = [dana.submits(), sam.submits()];
  await waitForBlocked(scenario.database, 2);
  await row.release();
  expect(await Promise.all(both)).toEqual(
    expect.arrayContaining([
      { view: expect.anything() },
      { errors: { Services: expect.stringMatching(/^Payments API is already pending for this application/) } },
    ]),
  );
  expect((await events(scenario)).map(({ action }) => action)).toEqual(['request', 'reject', 'unregister', 'request']);
});

it('the form for another application leaves the rejected request as it is; one that is refused changes nothing', async () => {
  await using scenario = await sharedScenarios().open();
  const { dana } = people(scenario);
  await rejected(scenario);
  await asks(dana, ['Ledger API'], 'Till');
  await dana.closes();
  await dana.clicks('Ask again');
  await dana.picks('Services', 'Mainframe Gateway');
  expect(await dana.submits()).toHaveProperty('errors');
  expect((await events(scenario)).map(({ action }) => action)).toEqual(['request', 'reject', 'request']);
  await dana.unpicks('Services', 'Mainframe Gateway');
  await dana.picks('Application', 'Till');
  expect(await dana.submits()).toHaveProperty('view');
  expect((await events(scenario)).map(({ action }) => action)).toEqual(['request', 'reject', 'request', 'request']);
});
