/** Known failures of other access bots that no other story covers; all in one scenario, one after the other. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { person, seed } from '../local-slack/seed.ts';
import { openScenario, type Scenario } from '../support/scenario.ts';
import { asks, people, requests } from '../support/steps.ts';

const catalog = `services:
  - { slug: payments, name: Payments API, approvers: [U0GONE, S0EMPTY, S0PAYMENTS] }
  - { slug: ledger, name: Ledger API }
`;

let scenario: Scenario;
beforeAll(async () => {
  scenario = await openScenario({ catalog, seed: seed({ members: [person('gone', { deleted: true })] }) });
});
afterAll(() => scenario[Symbol.asyncDispose]());

const requestsFor = { in: 'api-requests', on: /Ledger API/ };

it('an approver who has left, and a group that is gone, do not keep others from deciding', async () => {
  const { dana, alex, priya } = people(scenario);
  await requests(dana, alex, 'Payments API', 'Shop');
  await priya.clicks('Approve', { in: 'api-requests', on: /Payments API/ });
  await dana.finds(/Approved by @priya\n[\s\S]*Payments API/);
});

it('a reason of the maximum length, full of colons, lines and escaped characters, arrives whole', async () => {
  const { dana, alex, priya } = people(scenario);
  const reason = `Why: because: ${'&<>"'.repeat(245)} *end*`;
  expect(reason).toHaveLength(1_000);
  await asks(dana, ['Ledger API'], 'Shop', reason);
  await dana.closes();
  expect(await priya.finds(/Ledger API/, { in: 'api-requests' })).toContain(reason);
  await priya.clicks('Reject', requestsFor);
  await priya.fills('Reason', reason);
  await priya.submits();
  expect(await dana.finds(/Rejected by @priya/)).toContain(reason);
  expect(await alex.finds(/Rejected by @priya/, { in: 'api-requests' })).toContain(reason);
});

it('a rejected request is unregistered and requested again; one that an approver deleted is pending when requested again, not approved', async () => {
  const { dana, alex } = people(scenario);
  await dana.types('/unregister');
  await dana.picks('Registration', 'Ledger API — Shop (rejected)');
  await dana.submits();
  await dana.closes();
  await requests(dana, alex, 'Ledger API', 'Till');
  await alex.finds(/for Till\n/, { in: 'api-requests' });
  await alex.clicks('Approve', { in: 'api-requests', on: /for Till\n/ });
  await dana.finds(/Approved by @alex[\s\S]*Till/);
  await alex.finds(/for Till · [\s\S]*Approved by @alex/, { in: 'api-requests' });
  await alex.clicks('Delete request', { in: 'api-requests', on: /for Till · / });
  await alex.finds(/for Till · [\s\S]*Deleted by @alex/, { in: 'api-requests' });
  await asks(dana, ['Ledger API'], 'Till');
  expect(dana.reads).toContain('under review');
  await dana.closes();
  await alex.finds(/⏳ .* for Till\n/, { in: 'api-requests' });
  expect(await scenario.database.sql`select status from registrations order by id desc limit 1`).toEqual([
    { status: 'pending' },
  ]);
});

it('after a restart the first click on an old card works', async () => {
  const { dana, alex } = people(scenario);
  await scenario.bot.stop();
  await scenario.startAnother();
  await alex.clicks('Approve', { in: 'api-requests', on: /⏳ .* for Till\n/ });
  await alex.finds(/for Till · [\s\S]*Approved by @alex/, { in: 'api-requests' });
  await scenario.workspace.until(
    () => dana.told.filter((told) => /Approved by @alex[\s\S]*Till/.test(told)).length === 2,
  );
  expect(alex.whispers).toEqual([]);
});
