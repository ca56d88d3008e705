/** `/registrations`: a user reads what their applications have, and no other user sees it. */
import { expect, it } from 'vitest';
import { seedLargeCatalog } from '../support/large-data.ts';
import { sharedScenarios } from '../support/shared-scenarios.ts';
import { asks, people, requests } from '../support/steps.ts';

const scenarios = sharedScenarios();

const monday = () => new Date('2026-11-02T09:15:00Z');

it('a user without registrations reads so, and what to do next', async () => {
  await using scenario = await scenarios.open({ now: monday });
  const { dana } = people(scenario);
  await dana.types('/registrations');
  expect(await dana.finds(/./, { in: 'whispered' })).toMatchInlineSnapshot(
    `"You have no applications yet. \`/register\` requests access to a service and creates your first one."`,
  );
});

it('lists each registration with application, service, status and since when, only to the user who asks', async () => {
  await using scenario = await scenarios.open({ now: monday });
  const { dana, sam, alex } = people(scenario);
  await asks(dana, ['Payments API', 'Search API'], 'Shop');
  await dana.closes();
  await requests(dana, alex, 'Ledger API', '<!channel> *bold* & <https://evil.example|x>');
  await alex.clicks('Reject', { in: 'api-requests', on: /Ledger/ });
  await alex.fills('Reason', 'Not yet');
  await alex.submits();
  await dana.finds(/Rejected/);
  await requests(dana, alex, 'Ledger API', 'Kiosk');
  await dana.types('/unregister');
  await dana.picks('Registration', 'Ledger API — Kiosk');
  await dana.submits();
  await dana.closes();
  await dana.types('/registrations');
  expect(await dana.finds(/Your applications/, { in: 'whispered' })).toMatchInlineSnapshot(`
    "Your applications
    <!channel> *bold* & <https://evil.example|x>
    • Ledger API: rejected today at 09:15
    Kiosk
    No registrations.
    Shop
    • Payments API: pending since today at 09:15
    • Search API: approved today at 09:15"
  `);
  await sam.types('/registrations');
  await sam.finds(/no applications yet/, { in: 'whispered' });
  expect(scenario.workspace.messages('general')).toEqual([]);
});

it('lists also what a co-owner requested', async () => {
  await using scenario = await scenarios.open({ now: monday });
  const { dana, sam, alex } = people(scenario);
  await requests(dana, alex);
  await scenario.database.sql`insert into application_owners select id, ${sam.id} from applications`;
  await sam.types('/registrations');
  expect(await sam.finds(/Shop/, { in: 'whispered' })).toContain('Payments API: pending since today at 09:15');
});

it('truncates a long list, counts the rest, and points to Home', async () => {
  await using scenario = await scenarios.open({ now: monday });
  const { dana, sam } = people(scenario);
  await seedLargeCatalog(scenario.database, {
    services: 1000,
    owner: dana.id,
    registrations: 300,
    requester: sam.id,
    pending: 1,
  });
  await dana.types('/registrations');
  const told = await dana.finds(/Your applications/, { in: 'whispered' });
  expect(told.match(/approved (today|yesterday)/g)).toHaveLength(40);
  expect(told.split('\n').at(-1)).toBe('· and 260 more. Home shows all of them.');
});
