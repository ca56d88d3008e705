/** What waits for a service follows it: to the channel and the people who can answer it now. */
import { writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import type { Person } from '../local-slack/people.ts';
import { channel, seed } from '../local-slack/seed.ts';
import { cardsIn } from '../support/cards.ts';
import { eventually } from '../support/eventually.ts';
import { openScenario, type Scenario } from '../support/scenario.ts';
import { asks, people } from '../support/steps.ts';

const atHome = { in: 'home' } as const;
const maps = { in: 'maps' };
const before = { in: 'api-requests' };

/** Alex sees both channels; Priya only the first, Lee only the other. */
async function openCompany(): Promise<Scenario> {
  const scenario = await openScenario({
    seed: seed({ channels: [channel('C0MAPS', 'maps', ['U0LEE', 'U0ALEX', 'U0REGISTRAR'])] }),
  });
  await scenario.database.sql`insert into services (slug, name, managed_by) values ('maps', 'Maps API', 'slack')`;
  return scenario;
}

/** Fills the form of the only service that is kept in Slack, reads who would be asked, and saves. */
async function edits(admin: Person, fill: () => Promise<void>): Promise<void> {
  await admin.opensHome();
  await admin.finds(/\[… Edit/, atHome);
  await admin.clicks('Edit', { ...atHome, on: /`maps`/ });
  await admin.finds(/Edit a service/, { in: 'modal' });
  await fill();
  await admin.submits();
  expect(await admin.submits()).toEqual({ closed: true });
}

const toMaps = (admin: Person) => edits(admin, () => admin.picks('Approval channel', 'maps'));

/** Tells whether a call posts a card to #maps. */
const postsToMaps = (args: Record<string, unknown>) =>
  args.channel === 'C0MAPS' && JSON.stringify(args).includes('registrar_card');

describe.concurrent('when a service moves', () => {
  it('pending cards move, and the old ones say where; Homes and cards show the new approvers; decided cards stay', async ({
    expect,
  }) => {
    await using scenario = await openCompany();
    const { dana, alex, priya, lee } = people(scenario);
    for (const person of [dana, priya, lee]) await person.opensHome();
    await asks(dana, ['Maps API', 'Payments API'], '<!channel> & co');
    await alex.finds(/Maps API/, before);
    await alex.finds(/Payments API/, before);
    await priya.finds(/Maps API — /, atHome);

    await edits(alex, () => alex.picks('Approvers: people', 'priya'));
    await alex.finds(/⏳ Maps API[\s\S]*@priya can decide\./, before);
    await dana.finds(/waiting for @priya\./, atHome);
    await edits(alex, async () => {
      await alex.unpicks('Approvers: people');
      await alex.picks('Approval channel', 'maps');
    });
    await lee.finds(/⏳ Maps API[\s\S]*The members of #maps can decide\.\n\[Approve\]/, maps);
    expect((await priya.finds(/has moved/, before)).replace(/https:\S+/, '…')).toMatchInlineSnapshot(`
    ":arrow_right: This request has moved to #maps.
    Service  Maps API
    Application  <!channel> & co
    Requested by  @dana
    New card  Open the card (…"
  `);
    await lee.finds(/Maps API — .*card in #maps/, atHome);
    await priya.finds(/^(?![\s\S]*Maps API — )[\s\S]*Payments API — /, atHome);
    await dana.finds(/waiting for the members of #maps\./, atHome);
    expect(await scenario.database.sql`select count(*)::int from history`).toEqual([{ count: 2 }]);

    await lee.clicks('Approve', maps);
    await dana.finds(/Approved by @lee\nService {2}Maps API/);
    await lee.finds(/Approved by @lee/, maps);
    await edits(alex, () => alex.unpicks('Approval channel'));
    await eventually('nothing is left to move', async () => {
      const left = await scenario.database.sql`select from outbox where dead_at is null and kind <> 'copies'`;
      return left.length === 0;
    });
    expect(cardsIn(scenario, 'maps')).toHaveLength(1);
    expect(cardsIn(scenario, 'api-requests')).toHaveLength(2);
  });

  it('a click on the old card while it is being moved decides once, and both cards show it', async ({ expect }) => {
    await using scenario = await openCompany();
    const { dana, alex, lee } = people(scenario);
    await asks(dana, ['Maps API'], 'Shop');
    await alex.finds(/Maps API/, before);
    const held = scenario.workspace.hold('chat.postMessage', postsToMaps);
    await toMaps(alex);
    await held.reached;
    await alex.clicks('Approve', before);
    await eventually('it is decided', async () => {
      const [row] = await scenario.database.sql`select status from registrations`;
      return row?.status === 'approved';
    });
    held.release();
    await lee.finds(/Approved by @alex/, maps);
    await alex.finds(/has moved to #maps/, before);
    await dana.finds(/Approved by @alex/);
    expect(cardsIn(scenario, 'maps')).toHaveLength(1);
    expect(await scenario.database.sql`select action, actor from history order by version`).toEqual([
      { action: 'request', actor: dana.id },
      { action: 'approve', actor: alex.id },
    ]);
  });

  it('a click on the old card is authorized by the new approvers', async () => {
    await using scenario = await openCompany();
    const { dana, alex, priya, lee } = people(scenario);
    await asks(dana, ['Maps API'], 'Shop');
    await priya.finds(/Maps API/, before);
    const [old = ''] = cardsIn(scenario, 'api-requests');
    await toMaps(alex);
    await alex.finds(/has moved to #maps/, before);
    await priya.clicks('Approve', { on: old });
    await priya.finds(/Only the members of #maps can decide/, { in: 'whispered' });
    await lee.clicks('Approve', { on: old });
    await dana.finds(/Approved by @lee/);
    await lee.finds(/Approved by @lee/, maps);
  });

  it('where Slack fails in between, each card is posted once in the new channel, and each old one is updated', async ({
    expect,
  }) => {
    await using scenario = await openCompany();
    const { workspace } = scenario;
    const { dana, alex, lee } = people(scenario);
    for (const application of ['Lost', 'Failing', 'Noted']) {
      await asks(dana, ['Maps API'], application);
      await alex.finds(new RegExp(application), before);
      await dana.closes();
    }
    const of = (application: string, channel: string) => ({
      when: (args: Record<string, unknown>) =>
        args.channel === channel && JSON.stringify(args.blocks).includes(application),
    });
    workspace.fail('chat.postMessage', { kind: 'accept-then-drop' }, of('Lost', 'C0MAPS'));
    workspace.fail('chat.postMessage', { kind: 'server-error' }, of('Failing', 'C0MAPS'));
    workspace.fail('chat.update', { kind: 'server-error' }, of('Noted', 'C0REQUESTS'));
    await toMaps(alex);
    for (const application of ['Lost', 'Failing', 'Noted']) {
      await lee.finds(new RegExp(`${application}[\\s\\S]*\\[Approve\\]`), maps);
      await alex.finds(new RegExp(`has moved to #maps[\\s\\S]*${application}`), before);
    }
    await lee.clicks('Approve', { ...maps, on: /Lost/ });
    await lee.finds(/Lost[\s\S]*Approved by @lee/, maps);
    expect(cardsIn(scenario, 'maps')).toHaveLength(3);
  });

  it('cards also move when the catalog file names another channel', async ({ expect }) => {
    await using scenario = await openCompany();
    const { dana, lee, alex } = people(scenario);
    await asks(dana, ['Payments API', 'Ledger API'], 'Shop');
    for (const service of [/⏳ Payments API/, /⏳ Ledger API/]) await alex.finds(service, before);
    const file =
      'services:\n  - { slug: payments, name: Payments API, channel: C0MAPS }\n  - { slug: ledger, name: Ledger API }\n';
    await writeFile(scenario.catalogFile, file);
    await scenario.startAnother();
    await lee.finds(/Payments API[\s\S]*\[Approve\]/, maps);
    await alex.finds(/has moved to #maps/, before);
    expect(alex.sees('api-requests').filter((text) => text.includes('[Approve]'))).toHaveLength(1);
  });
});

describe('when the operator changes the channel', () => {
  it('another ADMIN_CHANNEL moves what is pending at the next start, also out of an archived one; decided cards stay', async () => {
    await using scenario = await openCompany();
    const { workspace } = scenario;
    const { dana, alex, lee } = people(scenario);
    await asks(dana, ['Payments API', 'Ledger API'], 'Shop');
    await dana.closes();
    await alex.clicks('Approve', { ...before, on: /Ledger API/ });
    await alex.finds(/Ledger API[\s\S]*Approved by @alex/, before);
    await scenario.bot.stop();
    await workspace.archive('api-requests');
    await scenario.startAnother({ ADMIN_CHANNEL: 'C0MAPS' });
    expect(await lee.finds(/⏳ Payments API/, maps)).toContain('[Approve]');
    await lee.clicks('Approve', { ...maps, on: /Payments API/ });
    await lee.finds(/Payments API[\s\S]*Approved by @lee/, maps);
    await dana.finds(/Approved by @lee/);
    expect(cardsIn(scenario, 'maps')).toHaveLength(1);
    await workspace.unarchive('api-requests');
    await alex.finds(/has moved/, before);
  });

  it('a card that Slack lets no one update is posted again', async () => {
    await using scenario = await openCompany();
    const { workspace } = scenario;
    const { dana, alex } = people(scenario);
    await asks(dana, ['Payments API'], 'Shop');
    await dana.closes();
    await alex.finds(/Payments API/, before);
    workspace.fail('chat.update', { kind: 'error', error: 'edit_window_closed' }, { times: 1 });
    await alex.clicks('Approve', { ...before, on: /Payments API/ });
    await alex.finds(/Payments API[\s\S]*Approved by @alex/, before);
    expect(cardsIn(scenario, 'api-requests')).toHaveLength(2);
  });
});
