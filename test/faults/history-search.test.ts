/** Where an attempt's end is unknown, its message is looked for: in a window, from where the last look ended, and for all at once. */
import { expect, it } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { delivered } from '../support/outbox.ts';
import { openScenario } from '../support/scenario.ts';
import { asks, people } from '../support/steps.ts';

const slugs = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
const catalog = `services:\n${slugs.map((slug) => `  - { slug: ${slug}, name: ${slug.toUpperCase()} API }\n`).join('')}`;

it('finds eight cards among many messages, where Slack gives fifteen of them at a time and one page in two seconds', async () => {
  await using scenario = await openScenario({ catalog, historyLimit: { messages: 15, seconds: 2 } });
  const { workspace } = scenario;
  const { dana, alex } = people(scenario);
  for (const _ of slugs)
    workspace.fail(
      'chat.postMessage',
      { kind: 'accept-then-drop' },
      { when: ({ channel }) => channel === 'C0REQUESTS' },
    );
  const held = workspace.hold('conversations.history');
  await asks(
    dana,
    slugs.map((slug) => `${slug.toUpperCase()} API`),
    'Shop',
  );
  await held.reached;
  await workspace.until(() => workspace.messages('api-requests').length === slugs.length);
  for (let nth = 0; nth < 60; nth += 1) await workspace.say(alex.id, 'C0REQUESTS', `Message ${nth}`);
  expect(workspace.messages('api-requests')).toHaveLength(slugs.length + 60);
  held.release();
  await delivered(scenario, 100_000);

  expect(workspace.messages('api-requests').filter(({ blocks }) => blocks?.length)).toHaveLength(slugs.length);
  const pages = workspace.calls.filter(({ method, status }) => method === 'conversations.history' && status === 200);
  // Five for all that is there; each of eight cards alone would need five of its own, and begin again after each.
  expect(pages.length).toBeLessThanOrEqual(10);
  expect(workspace.calls.filter(({ method }) => method === 'chat.postMessage').length).toBeLessThanOrEqual(
    slugs.length + 1,
  );
}, 120_000);

it('looks no further than the attempt: what was posted long after is not read', async () => {
  await using scenario = await openScenario({ historyLimit: { messages: 15, seconds: 1 } });
  const { workspace, database } = scenario;
  const { dana } = people(scenario);
  workspace.fail('chat.postMessage', { kind: 'accept-then-drop' }, { when: ({ channel }) => channel === 'C0REQUESTS' });
  await asks(dana, ['Payments API'], 'Shop');
  await delivered(scenario);
  const looked = workspace.calls.find(({ method }) => method === 'conversations.history');
  const [card] = workspace.messages('api-requests');
  const { oldest, latest } = looked?.args ?? {};
  // A minute for Slack to store it, and five for its clock.
  expect(Number(latest) - Number(card?.ts)).toBeLessThan(400);
  expect(Number(latest) - Number(card?.ts)).toBeGreaterThan(300);
  expect(Number(card?.ts) - Number(oldest)).toBeGreaterThan(290);
  expect(await database.sql`select from registrations where card_ts = ${card?.ts ?? ''}`).toHaveLength(1);
});

it('goes on in another process from where the one before it was, without reading a page again', async () => {
  await using scenario = await openScenario({ historyLimit: { messages: 15, seconds: 3 } });
  const { workspace, database } = scenario;
  const { dana, alex } = people(scenario);
  workspace.fail('chat.postMessage', { kind: 'accept-then-drop' }, { when: ({ channel }) => channel === 'C0REQUESTS' });
  const held = workspace.hold('conversations.history');
  await asks(dana, ['Payments API'], 'Shop');
  await held.reached;
  for (let nth = 0; nth < 40; nth += 1) await workspace.say(alex.id, 'C0REQUESTS', `Message ${nth}`);
  held.release();
  const looks = (status: number) =>
    workspace.calls.filter((call) => call.method === 'conversations.history' && call.status === status);
  await workspace.until(() => looks(200).length > 0 && looks(429).length > 0);
  await scenario.bot.stop();
  await scenario.startAnother();
  await delivered(scenario);
  const from = looks(200).map(({ args }) => Number(args.latest));
  expect(from).toHaveLength(3);
  expect(from.toSorted((one, other) => other - one)).toEqual(from);
  expect(new Set(from).size).toBe(3);
  expect(await database.sql`select from registrations where card_ts is not null`).toHaveLength(1);
  expect(workspace.messages('api-requests').filter(({ blocks }) => blocks?.length)).toHaveLength(1);
});

it('compares the cards page by page: a rate limit ends the run, and the next one goes on', async () => {
  await using scenario = await openScenario({
    catalog,
    historyLimit: { messages: 2, seconds: 1 },
    reconcileAt: '* * * * * *',
  });
  const { workspace, database } = scenario;
  const { dana } = people(scenario);
  await asks(
    dana,
    slugs.map((slug) => `${slug.toUpperCase()} API`),
    'Shop',
  );
  await workspace.until(() => workspace.messages('api-requests').length === slugs.length);
  await delivered(scenario);
  const compared = async () => (await database.sql`select from registrations where card_checked_at is not null`).length;
  await eventually('all cards have been compared, two at a time', async () => (await compared()) === slugs.length);
  expect(
    workspace.calls.filter(({ method, status }) => method === 'conversations.history' && status === 429),
  ).not.toEqual([]);
});
