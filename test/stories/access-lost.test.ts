/** What owners read where access is taken away, or moves, while their registration stays approved: its service has changed. */
import { expect, it } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { readsKey } from '../support/gateway.ts';
import { delivered } from '../support/outbox.ts';
import { people } from '../support/steps.ts';
import { areApproved, groupsAt, openWorld, setsFile, type World } from '../support/two-gateways.ts';

const atHome = { in: 'home' } as const;

const access = /access: \{[^}]*\}/;

const taken: Record<string, { service: string; act: (world: World) => Promise<unknown> }> = {
  'its service is retired, and access with it': {
    service: 'Maps API',
    async act({ scenario }) {
      const { alex } = people(scenario);
      await alex.opensHome();
      await alex.clicks('Retire', { ...atHome, on: /`maps`/ });
      expect(await alex.finds(/Retire service/, { in: 'modal' })).toContain('Owners get a message only if');
      await alex.picks('Access', 'Take it away at once');
      await alex.submits();
    },
  },
  'an admin removes the access of its service': {
    service: 'Maps API',
    async act({ scenario }) {
      const { alex } = people(scenario);
      await alex.opensHome();
      await alex.clicks('Edit', { ...atHome, on: /`maps`/ });
      await alex.unpicks('Gateway');
      await alex.fills('Group at the gateway', '');
      await alex.submits();
      await alex.finds(/1 approved application loses the group maps[\s\S]*Its owners get a message/, { in: 'modal' });
      await alex.submits();
    },
  },
  'the catalog file says access: remove': {
    service: 'Payments API',
    act: (world) => setsFile(world, access, 'registration: disabled, access: remove'),
  },
  'the catalog file no longer has access': {
    service: 'Payments API',
    act: (world) => setsFile(world, /, access: \{[^}]*\}/, ''),
  },
};

it.each(Object.entries(taken))('%s: every owner reads that it has ended', async (_, { service, act }) => {
  await using world = await openWorld();
  const { scenario, edge } = world;
  const { dana, sam } = people(scenario);
  await areApproved(world);
  await scenario.database.sql`insert into application_owners select id, ${sam.id} from applications`;
  await act(world);
  for (const owner of [dana, sam])
    expect(await owner.finds(/Access has ended\./)).toMatch(
      new RegExp(
        `Service {2}${service}\\s+Application {2}Shop\\s+Gateway {2}edge\\s+Shop can no longer use ${service}: the service no longer gives access`,
      ),
    );
  await delivered(scenario);
  expect(groupsAt(edge)).toEqual([service === 'Maps API' ? 'payments' : 'maps']);
  expect(dana.told.filter((text) => text.includes('Access has'))).toHaveLength(1);
  expect(dana.told.join()).not.toContain('Calls may still go through');
});

it('its service moves to another gateway: the old one no longer lets calls through, and there is a key for the new one', async () => {
  await using world = await openWorld();
  const { scenario, edge, west } = world;
  const { dana } = people(scenario);
  await areApproved(world);
  await setsFile(world, /gateway: edge, group: payments/, 'gateway: west, group: payments');
  expect(await dana.finds(/Access has changed\./)).toMatch(
    /Gateway {2}edge → west\s+Calls go through west now, and no longer through edge\. Keys for edge are refused there: get a new one\./,
  );
  expect([groupsAt(edge), groupsAt(west)]).toEqual([['maps'], ['payments']]);
  await dana.clicks('Get key', { on: /Access has changed/ });
  expect(west.call({ path: '/payments', key: await readsKey(dana) }).status).toBe(200);
});

it('its service gets another group at the same gateway: the keys go on working, and no one is told', async () => {
  await using world = await openWorld();
  const { scenario, edge } = world;
  const { dana } = people(scenario);
  await areApproved(world);
  await setsFile(world, /group: payments/, 'group: payments-2');
  await eventually('it is in the other group', async () => groupsAt(edge).join() === 'maps,payments-2');
  await delivered(scenario);
  expect(dana.told.join()).toContain('Payments API: access is open');
  expect(dana.told.join()).not.toContain('Access has');
});
