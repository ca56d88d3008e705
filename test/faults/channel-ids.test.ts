/** A channel's id changes while something is on its way: what was refused, is being recorded or was recorded late follows. */
import { expect, it } from 'vitest';
import { connect } from '../../src/db/client.ts';
import { createOutbox } from '../../src/db/outbox/outbox.ts';
import { enqueueMisplaced } from '../../src/db/registration/card-drift.ts';
import { cardsIn } from '../support/cards.ts';
import { company, followed } from '../support/channel-ids.ts';
import { delivered } from '../support/outbox.ts';
import { openScenario, type Scenario } from '../support/scenario.ts';
import { sharedScenarios } from '../support/shared-scenarios.ts';
import { asks, people } from '../support/steps.ts';

const admins = { in: 'api-requests' };
const maps = { in: 'maps' };

/** Has a card posted, and then another id given to its channel, which everything follows. */
async function changesAfterCard(scenario: Scenario): Promise<void> {
  const { dana, alex } = people(scenario);
  await asks(dana, ['Payments API'], 'Shop');
  await dana.closes();
  await alex.finds(/Payments API for Shop/, admins);
  await scenario.workspace.changeId('C0REQUESTS', 'C0SHARED');
  await followed(scenario, 'C0REQUESTS');
}

it('where the word of it is late, what was refused meanwhile follows it, and the incident is over', async () => {
  await using scenario = await openScenario({ seed: company() });
  const { workspace, database } = scenario;
  const { dana, alex, lee } = people(scenario);
  await database.sql`insert into services (slug, name, managed_by, channel) values ('maps', 'Maps API', 'slack', 'C0MAPS')`;
  workspace.channel('C0MAPS').members = ['U0LEE', 'U0ALEX'];
  await workspace.changeId('C0MAPS', 'C0MAPSNEW');
  workspace.channel('C0MAPSNEW').members.push('U0REGISTRAR');
  await asks(dana, ['Maps API'], 'Shop');
  await dana.closes();
  await alex.finds(/cannot reach/, admins);
  await workspace.happens({ type: 'channel_id_changed', old_channel_id: 'C0MAPS', new_channel_id: 'C0MAPSNEW' });
  await lee.finds(/⏳ Maps API[\s\S]*\[Approve\]/, maps);
  await followed(scenario, 'C0MAPS');
  expect(await database.sql`select from troubles where over_at is null`).toEqual([]);
  await lee.clicks('Approve', maps);
  await dana.finds(/Approved by @lee/);
});

it('an id that changes again, and back, is followed to where it is', async () => {
  await using scenario = await sharedScenarios().open();
  const { workspace } = scenario;
  const { dana, alex } = people(scenario);
  for (const [from, to, application] of [
    ['C0REQUESTS', 'C0SECOND', 'One'],
    ['C0SECOND', 'C0THIRD', 'Two'],
    ['C0THIRD', 'C0REQUESTS', 'Three'],
  ] as const) {
    await asks(dana, ['Payments API'], application);
    await dana.closes();
    await alex.finds(new RegExp(`for ${application}`), admins);
    await workspace.changeId(from, to);
    await followed(scenario, from);
  }
  await alex.clicks('Approve', { ...admins, on: /for One/ });
  await dana.finds(/Approved by @alex/);
  expect(cardsIn(scenario, 'api-requests')).toHaveLength(3);
  expect(await scenario.database.sql`select old, current from channel_ids order by old`).toEqual([
    { old: 'C0SECOND', current: 'C0REQUESTS' },
    { old: 'C0THIRD', current: 'C0REQUESTS' },
  ]);
});

it('what was being recorded when the id changed follows it too', async () => {
  await using scenario = await openScenario({ reconcileAt: '* * * * * *' });
  const { database } = scenario;
  const { dana, alex } = people(scenario);
  await changesAfterCard(scenario);
  await database.sql`update registrations set card_channel = 'C0REQUESTS', reminded_in = 'C0REQUESTS'`;
  await followed(scenario, 'C0REQUESTS');
  await alex.clicks('Approve', admins);
  await dana.finds(/Approved by @alex/);
  expect(cardsIn(scenario, 'api-requests')).toHaveLength(1);
});

it('what is posted with an id, and recorded after it has changed, is recorded with the present one', async () => {
  await using scenario = await openScenario();
  const { database } = scenario;
  const { dana, alex } = people(scenario);
  await database.sql`insert into channel_ids (old, current, moved_at) values ('C0REQUESTS', 'C0SHARED', now())`;
  await asks(dana, ['Payments API'], 'Shop');
  await dana.closes();
  await alex.finds(/Payments API for Shop/, admins);
  await delivered(scenario);
  expect(cardsIn(scenario, 'api-requests')).toHaveLength(1);
  expect(await database.sql`select card_channel from registrations`).toEqual([{ card_channel: 'C0SHARED' }]);
});

it('a card that is still recorded with the old id is updated where it is, and not taken for misplaced', async () => {
  await using scenario = await openScenario();
  const { database } = scenario;
  const { dana, alex } = people(scenario);
  await changesAfterCard(scenario);
  await delivered(scenario);
  await database.sql`update registrations set card_channel = 'C0REQUESTS'`;
  const { tables, close } = connect(database.url);
  expect(await enqueueMisplaced({ tables, outbox: createOutbox() }, 'C0SHARED', 10)).toBe(0);
  await close();
  await dana.opensHome();
  await dana.clicks('Rename', { in: 'home' });
  await dana.fills('Name', 'Kiosk');
  await dana.submits();
  await alex.finds(/Payments API for Kiosk/, admins);
  await delivered(scenario);
  expect(cardsIn(scenario, 'api-requests')).toHaveLength(1);
});
