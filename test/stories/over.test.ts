/**
 * What a message offers, and what has become of it without any decision: its application was deleted or handed over, its
 * service closed, its access moved. test/transcript/over.test.ts lists every button and every way.
 */
import { describe, expect, it } from 'vitest';
import { handsOver, opens } from '../support/applications.ts';
import { storyModes } from '../support/bot.ts';
import { openTimedScenario } from '../support/clock.ts';
import { delivered } from '../support/outbox.ts';
import type { Scenario } from '../support/scenario.ts';
import { sharedScenarios } from '../support/shared-scenarios.ts';
import { people, requests } from '../support/steps.ts';
import { openWorld, setsFile, type World } from '../support/two-gateways.ts';

const inChannel = { in: 'api-requests' } as const;

async function rejects(scenario: Scenario, service: string): Promise<void> {
  const { dana, alex } = people(scenario);
  await alex.clicks('Reject', { ...inChannel, on: new RegExp(service) });
  await alex.fills('Reason', 'Which shop?');
  await alex.submits();
  await dana.finds(new RegExp(`Rejected by @alex\\nService {2}${service}`));
}

/** The newest message to Dana, as it is now: she may look at an older state of it. */
function asDanaSees({ workspace }: Scenario, text: RegExp) {
  const { dana } = people({ workspace });
  const index = dana.told.findLastIndex((one) => text.test(one));
  const message = workspace.directMessages(dana.id)[index];
  if (!message) throw new Error(`Dana was not told ${text}`);
  return structuredClone(message);
}

async function deletes(scenario: Scenario, application: string): Promise<void> {
  const { dana } = people(scenario);
  await dana.opensHome();
  await opens(dana, 'Delete', new RegExp(`^${application}`, 'm'), /Delete application/);
  await dana.fills('Type the name of the application to delete it', application);
  expect(await dana.submits()).toEqual({ closed: true });
}

describe.each(storyModes)('over %s', (mode) => {
  it('a deleted application: what was rejected or has expired offers Ask again no longer', async () => {
    await using timed = await openTimedScenario('2026-11-02T10:00:00Z', { mode, env: { EXPIRE_PENDING_AFTER: '2d' } });
    const { scenario, advanceTo, untilDelivered } = timed;
    const { dana, alex } = people(scenario);
    await requests(dana, alex, 'Ledger API');
    await advanceTo('2026-11-04T10:00:00Z');
    await dana.finds(/Expired\nService {2}Ledger API[\s\S]*\[Ask again\]/);
    await requests(dana, alex, 'Payments API');
    await rejects(scenario, 'Payments API');
    const seen = [asDanaSees(scenario, /^:hourglass: Expired/), asDanaSees(scenario, /Rejected by/)];

    await deletes(scenario, 'Shop');
    await dana.finds(/^:hourglass: Expired\nService {2}Ledger API\nApplication {2}Shop\n· Shop was deleted\.$/);
    await dana.finds(/^:no_entry_sign: Rejected by @alex\n[\s\S]*\n> Which shop\?\n· Shop was deleted\.$/);
    await untilDelivered();
    expect(dana.told.join()).not.toContain('[Ask again]');
    // Pressed all the same, as from a page that was not updated yet.
    for (const before of seen) {
      const whispers = dana.whispers.length;
      await dana.clicks('Ask again', { on: before });
      await scenario.workspace.until(() => dana.whispers.length > whispers || undefined);
      expect(dana.whispers.at(-1)).toBe(
        'The application was deleted by its owners. `/register` requests the service for another one.',
      );
    }
    expect(scenario.workspace.views(dana.id)).toEqual([]);
  });

  it('an application that is handed over: its former owner is offered nothing any longer', async () => {
    await using timed = await openTimedScenario('2026-11-02T10:00:00Z', { mode, env: { REMIND_AFTER: '1h' } });
    const { scenario, advanceTo, untilDelivered } = timed;
    const { dana, sam, alex } = people(scenario);
    await requests(dana, alex, 'Payments API');
    await rejects(scenario, 'Payments API');
    await requests(dana, alex, 'Ledger API');
    await advanceTo('2026-11-03T09:00:00Z');
    await dana.finds(/Ledger API — Shop\n.*\[Withdraw\]/);
    const [rejection, reminder] = [asDanaSees(scenario, /Rejected by/), asDanaSees(scenario, /\[Withdraw\]/)];

    await handsOver(dana, /^Shop/m, sam);
    await dana.finds(/^:no_entry_sign: Rejected by @alex\n[\s\S]*\n· You no longer own Shop\.$/);
    await dana.finds(/Ledger API — Shop\n[^[]*$/);
    await untilDelivered();
    expect(dana.told.join()).not.toMatch(/\[(Ask again|Withdraw)\]/);
    await dana.clicks('Ask again', { on: rejection });
    await dana.finds(/^Only an owner of the application can ask again\. Nothing was changed\.$/, { in: 'whispered' });
    await dana.clicks('Withdraw', { on: reminder });
    await dana.finds(/^Only an owner of the application can do this\. Nothing was changed\./, { in: 'whispered' });
    expect(await scenario.database.sql`select status from registrations order by id`).toEqual([
      { status: 'rejected' },
      { status: 'pending' },
    ]);
  });

  it('a service that is closed: Ask again says so, and opens the form once it is open again', async () => {
    await using scenario = await sharedScenarios({ mode }).open();
    const { dana, alex } = people(scenario);
    await requests(dana, alex, 'Payments API');
    await rejects(scenario, 'Payments API');
    await scenario.database.sql`update services set registration_enabled = false where name = 'Payments API'`;
    await dana.clicks('Ask again');
    await dana.finds(
      /^You can’t ask for Payments API again just now\. Registration for this service is disabled\. An admin can change that\.$/,
      { in: 'whispered' },
    );
    await scenario.database.sql`update services set registration_enabled = true where name = 'Payments API'`;
    await dana.clicks('Ask again');
    await dana.finds(/Rejected by @alex/, { in: 'modal' });
  });
});

/** Has the catalog file say where Payments gives access, and the bot read it. */
const places = (world: World, access: string) =>
  setsFile(world, /name: Payments API(, access: \{[^}]*\})?/, `name: Payments API${access}`);

describe.each(storyModes)('keys, over %s', (mode) => {
  it('no message offers a key once access has ended, and one that told of a change offers it while it lasts', async () => {
    await using world = await openWorld({ mode });
    const { scenario } = world;
    const { dana, alex } = people(scenario);
    const offering = () => dana.told.filter((text) => text.includes('[Get key]')).map((text) => text.split('\n')[0]);
    await requests(dana, alex, 'Payments API');
    await alex.clicks('Approve', inChannel);
    await dana.finds(/can now use Payments API: access is open[\s\S]*\[Get key\]/);

    await places(world, ', access: { gateway: west, group: payments, credential: key }');
    await dana.finds(/Access has changed\.[\s\S]*\[Get key\]/);
    await places(world, ', access: { gateway: edge, group: payments, credential: key }');
    await dana.finds(/Access has changed\.\n[\s\S]*west → edge[\s\S]*\[Get key\]/);
    await dana.finds(/Access had changed, and is as it was before\./);
    await places(world, ', access: { gateway: edge, group: payments, credential: none }');
    await delivered(scenario);
    expect(offering()).toEqual([]);

    await places(world, '');
    await dana.finds(/Access has ended\./);
    await delivered(scenario);
    expect(offering()).toEqual([]);
  });

  it('no message offers a key to a former owner, or of a deleted application', async () => {
    await using world = await openWorld({ mode });
    const { scenario, west } = world;
    const { dana, sam, alex } = people(scenario);
    const both = ['Shop', 'Till'];
    for (const application of both) {
      await requests(dana, alex, 'Payments API', application);
      await alex.clicks('Approve', { ...inChannel, on: new RegExp(application) });
      await dana.finds(new RegExp(`${application} can now use Payments API: access is open[\\s\\S]*\\[Get key\\]`));
    }
    // Where access has opened before its owner reads that it is on its way, there is no second message.
    west.fail('*', { kind: 'server-error' }, { times: 10_000 });
    await places(world, ', access: { gateway: west, group: payments, credential: key }');
    for (const application of both)
      await dana.finds(new RegExp(`Application {2}${application}[\\s\\S]*It is on its way`));
    west.clearFaults();
    for (const application of both) {
      await dana.finds(new RegExp(`Access is open\\.[\\s\\S]*Application {2}${application}[\\s\\S]*\\[Get key\\]`));
    }

    // The approval, which gave way to it, offers the key again.
    await dana.finds(
      /Approved by @alex\nService {2}Payments API\nApplication {2}Shop\nShop can now use[^\n]*\n\[Get key\]/,
    );

    await requests(dana, alex, 'Payments API', 'Kiosk');
    await alex.clicks('Approve', { ...inChannel, on: /Kiosk/ });
    await dana.finds(/Kiosk can now use Payments API: access is open[\s\S]*\[Get key\]/);

    await handsOver(dana, /^Kiosk/m, sam);
    await dana.finds(/Approved by @alex\n[\s\S]*Application {2}Kiosk\n· You no longer own Kiosk\.$/);
    await handsOver(dana, /^Shop/m, sam);
    await dana.finds(/Access is open\.\nService {2}Payments API\nApplication {2}Shop\n· You no longer own Shop\.$/);
    await deletes(scenario, 'Till');
    await dana.finds(/Access was open, and has ended\.\n[\s\S]*Application {2}Till/);
    await delivered(scenario);
    expect(dana.told.join()).not.toContain('[Get key]');
  });
});
