/** Who has left: what Slack says now counts, what was missed is found, and the admins are asked once about all of it. */
import { expect, it } from 'vitest';
import { group, seed } from '../local-slack/seed.ts';
import { storyModes } from '../support/bot.ts';
import { delivered } from '../support/outbox.ts';
import { openScenario, type Scenario } from '../support/scenario.ts';
import { sharedScenarios } from '../support/shared-scenarios.ts';
import { asks, people, requests } from '../support/steps.ts';

const channel = { in: 'api-requests' };

const owners = async ({ database }: Scenario) =>
  (
    await database.sql`select name, user_id from application_owners join applications on id = application_id order by name, user_id`
  ).map(({ name, user_id }) => `${name} ${user_id}`);

it.each(storyModes)(
  'a late or repeated word that someone has left takes nothing from who is back (%s)',
  async (mode) => {
    await using scenario = await sharedScenarios({ mode }).open();
    const { workspace } = scenario;
    const { dana, lee, alex } = people(scenario);
    await requests(dana, alex);
    await workspace.deactivate(lee.id);
    const word = workspace.delivered.findLast(({ event }) => Object(event).type === 'user_change');
    const { event } = Object(word);
    await workspace.deliver({ ...word, event: { ...event, user: { ...event.user, id: dana.id, name: 'dana' } } });
    await scenario.database.sql`select 1`;
    await delivered(scenario);
    expect(await owners(scenario)).toEqual(['Shop U0DANA']);
  },
);

it('an owner who left while no replica ran is found after the start, and what they owned is offered to the admins', async () => {
  await using scenario = await openScenario({ reconcileAt: '* * * * * *' });
  const { workspace } = scenario;
  const { dana, alex } = people(scenario);
  await requests(dana, alex);
  await scenario.bot.stop();
  workspace.member('dana').deleted = true;
  await scenario.startAnother();
  await alex.finds(/no longer ha(s|ve) an owner/, channel);
  expect(await owners(scenario)).toEqual([]);
});

it('a user group that is disabled counts as empty at once', async () => {
  await using scenario = await openScenario({
    seed: seed({ groups: [group('S0LEADS', 'leads', ['U0PRIYA'])] }),
    env: { APPROVERS: 'U0ALEX,S0LEADS' },
  });
  const { dana, alex, priya } = people(scenario);
  await asks(dana, ['Payments API', 'Ledger API'], 'Shop');
  await dana.closes();
  await alex.finds(/Ledger API/, channel);
  await priya.clicks('Approve', { ...channel, on: /Payments API/ });
  await dana.finds(/Approved by @priya/);
  await scenario.workspace.disableGroup('S0LEADS');
  await priya.clicks('Approve', { ...channel, on: /Ledger API/ });
  await priya.finds(/Only @alex or @leads can decide/, { in: 'whispered' });
  await alex.clicks('Approve', { ...channel, on: /Ledger API/ });
  await dana.finds(/Approved by @alex/);
});

it('the admins read one message for all applications of a person who left, and what became of each', async () => {
  await using scenario = await sharedScenarios().open();
  const { workspace } = scenario;
  const { dana, sam, alex, priya } = people(scenario);
  for (const name of ['Atlas', 'Shop', 'Till']) {
    await asks(dana, ['Payments API'], name);
    await dana.closes();
  }
  await alex.finds(/Till/, channel);
  workspace.fail(
    'chat.postMessage',
    { kind: 'accept-then-drop' },
    { when: ({ text }) => /no owner/.test(String(text)) },
  );
  await workspace.deactivate(dana.id);
  const message = () => alex.sees('api-requests').filter((text) => /no longer ha(s|ve) an owner/.test(text));
  expect(await alex.finds(/no longer ha(s|ve) an owner/, channel)).toMatch(
    /^:warning: @dana left Slack, and 3 applications no longer have an owner\.[\s\S]*Atlas[\s\S]*Shop[\s\S]*Till/,
  );
  const buttons = () => (message()[0] ?? '').match(/\[Hand over\]/g)?.length;
  expect(buttons()).toBe(3);
  await delivered(scenario);
  // The last button is the first that is found: the one of Till.
  for (const [owner, left] of [
    ['sam', 2],
    ['priya', 1],
  ] as const) {
    await alex.clicks('Hand over', { ...channel, on: /no longer ha(s|ve) an owner/ });
    await alex.picks('New owner', owner);
    expect(await alex.submits()).toEqual({ closed: true });
    await workspace.until(() => buttons() === left);
  }
  expect(message()).toHaveLength(1);
  expect(message()[0]).toMatch(/Handed over to @sam by @alex[\s\S]*Handed over to @priya by @alex/);
  await sam.finds(/handed this application over to you/);
  await priya.finds(/handed this application over to you/);
});

it.each(storyModes)(
  'the approval channels read, once each, which applications a person who left has owned (%s)',
  async (mode) => {
    await using scenario = await openScenario({
      mode,
      catalog:
        'services:\n  - { slug: payments, name: Payments API, channel: C0GENERAL }\n  - { slug: ledger, name: Ledger API }\n',
    });
    const { workspace } = scenario;
    const { dana, sam, alex, lee } = people(scenario);
    for (const [name, services] of [
      ['Atlas', ['Payments API', 'Ledger API']],
      ['Shop', ['Payments API']],
      ['Till', ['Ledger API']],
    ] as const) {
      await asks(dana, [...services], name);
      await dana.closes();
    }
    await alex.finds(/Till/, channel);
    await dana.opensHome();
    for (const name of ['Atlas', 'Shop']) {
      await dana.clicks('Co-owners', { in: 'home', on: new RegExp(name) });
      await dana.picks('Co-owners', 'sam');
      expect(await dana.submits()).toEqual({ closed: true });
    }
    await delivered(scenario);
    // Slack posts it, and its answer is lost: it is found, and posted no second time.
    workspace.fail(
      'chat.postMessage',
      { kind: 'accept-then-drop' },
      { when: ({ text }) => /no longer owns/.test(String(text)) },
    );
    await workspace.deactivate(dana.id);
    const inGeneral = await lee.finds(/no longer owns/, { in: 'general' });
    expect(inGeneral.replace(/today at [\d:]+/, 'now')).toMatchInlineSnapshot(`
      ":wave: @dana left Slack, and no longer owns 2 applications that are registered here.
      Atlas
      Owner now: @sam
      Shop
      Owner now: @sam
      · Since now. They keep their access. To end it, choose Revoke on the card."
    `);
    // That Till has no owner is in the admins' own message, and not here as well.
    const inRequests = await alex.finds(/no longer owns/, channel);
    expect(inRequests.replace(/today at [\d:]+/, 'now')).toMatchInlineSnapshot(`
      ":wave: @dana left Slack, and no longer owns an application that is registered here.
      Atlas
      Owner now: @sam
      · Since now. It keeps its access. To end it, choose Revoke on the card."
    `);
    await sam.finds(/@dana left Slack, and no longer owns this application/);
    await alex.finds(/no longer has an owner/, channel);
    await workspace.deliver(workspace.delivered.findLast(({ event }) => Object(event).type === 'user_change') ?? {});
    await delivered(scenario);
    for (const place of ['general', 'api-requests'])
      expect(workspace.messages(place).filter(({ text }) => /no longer owns/.test(text))).toHaveLength(1);
  },
);
