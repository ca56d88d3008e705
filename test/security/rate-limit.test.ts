/** A flood from one user is rate limited, is told so, and does not affect other users. */
import { expect, it } from 'vitest';
import { delivered } from '../support/outbox.ts';
import { openScenario } from '../support/scenario.ts';
import { people, requests } from '../support/steps.ts';

const tooFast = /^That was a lot at once, and nothing was changed\. Try again in \d+ seconds?\.$/;

it('beyond MAX_ACTS_PER_PERSON commands, clicks and forms get a response and do nothing; other users, and pickers, go on', async () => {
  await using scenario = await openScenario({ mode: 'http', env: { MAX_ACTS_PER_PERSON: '3' } });
  const { workspace, database } = scenario;
  const { dana, sam, alex, priya } = people(scenario);
  await requests(dana, alex);
  await sam.types('/register');
  await sam.picks('Services', 'Ledger API');
  await sam.picks('Application', 'Till');
  await sam.fills('Reason', 'Quick');
  await delivered(scenario);
  const before = workspace.calls.length;
  for (const _ of Array(5)) await sam.types('/registrations');
  expect(sam.whispers.filter((text) => tooFast.test(text))).toHaveLength(3);
  // The command's own acknowledgement says it: nothing is asked of Slack for it.
  expect(workspace.calls.slice(before).filter(({ method }) => method !== 'users.info')).toEqual([]);

  expect(await sam.submits()).toEqual({ errors: { Reason: expect.stringMatching(tooFast) } });
  expect(sam.reads).toContain('Reason: Quick');
  expect(await sam.searches('Services', 'pay')).toEqual(['Payments API']);
  for (const _ of Array(9)) await sam.searches('Services', 'pay');
  expect(await sam.searches('Services', 'pay')).toEqual([expect.stringMatching(tooFast)]);

  const [card] = workspace.messages('api-requests');
  if (!card) throw new Error('there is no card');
  for (const _ of [1, 2, 3]) await priya.types('/registrations');
  for (const _ of [1, 2, 3]) await priya.clicks('Approve', { on: card });
  await priya.finds(tooFast, { in: 'whispered' });
  expect(priya.whispers.filter((text) => tooFast.test(text))).toHaveLength(1);
  expect(await database.sql`select status from registrations`).toEqual([{ status: 'pending' }]);
  await alex.clicks('Approve', { on: card });
  await dana.finds(/Approved by @alex/);
});

it('what is typed into a form counts as typing, and beyond its limit the form stays, which the submission checks', async () => {
  await using scenario = await openScenario({ mode: 'http', env: { MAX_ACTS_PER_PERSON: '3' } });
  const { workspace } = scenario;
  const { dana } = people(scenario);
  await dana.opensHome();
  await dana.clicks('New application', { in: 'home' });
  for (const index of Array(20).keys()) await dana.fills('Name', `Shop ${index}`);
  expect(workspace.views(dana.id)).toHaveLength(1);
  expect(dana.reads).toMatch(/^== New application ==\nName: Shop 19\n/);
  expect(dana.told).toEqual([]);
  expect(await dana.submits()).toEqual({ closed: true });
  await dana.finds(/^Shop 19$/m, { in: 'home' });
});
