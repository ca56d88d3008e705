/** What owners read where access is taken away, or moves, while their registration stays approved: its service has changed. */
import { readFile, writeFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { type LocalGateway, openLocalGateway } from '../local-gateway/local-gateway.ts';
import { eventually } from '../support/eventually.ts';
import { readsKey } from '../support/gateway.ts';
import { delivered, retriesSoon } from '../support/outbox.ts';
import { openScenario, type Scenario } from '../support/scenario.ts';
import { people, requests } from '../support/steps.ts';

const inChannel = { in: 'api-requests' } as const;
const atHome = { in: 'home' } as const;

type World = { scenario: Scenario; edge: LocalGateway; west: LocalGateway; at(time: string): void };

/** Opens a scenario with two gateways. Maps is kept in Slack and Payments by the file, both with keys at `edge`. */
async function openWorld(): Promise<World & AsyncDisposable> {
  const routes = [{ path: '/payments', allow: ['payments'] }];
  const [edge, west] = [await openLocalGateway({ routes }), await openLocalGateway({ routes })];
  let now = new Date('2026-11-02T08:00:00Z');
  const scenario = await openScenario({
    now: () => now,
    env: { GATEWAY_EDGE_TOKEN: edge.token ?? '', GATEWAY_WEST_TOKEN: west.token ?? '' },
    catalog: `services:
  - { slug: payments, name: Payments API, access: { gateway: edge, group: payments, credential: key } }
gateways:
  - { name: edge, kind: kong, url: "${edge.url}" }
  - { name: west, kind: kong, url: "${west.url}" }
`,
  });
  await scenario.database.sql`
    insert into services (slug, name, managed_by, access)
    values ('maps', 'Maps API', 'slack', '{"gateway":"edge","group":"maps","credential":"key"}')`;
  await retriesSoon(scenario);
  return {
    scenario,
    edge,
    west,
    at(time) {
      now = new Date(time);
    },
    async [Symbol.asyncDispose]() {
      await scenario[Symbol.asyncDispose]();
      await edge[Symbol.asyncDispose]();
      await west[Symbol.asyncDispose]();
    },
  };
}

const groupsAt = ({ store }: LocalGateway): string[] => [...store.acls.values()].map(({ group }) => group).sort();

async function areApproved({ scenario, edge }: World): Promise<void> {
  const { dana, alex } = people(scenario);
  for (const service of ['Payments API', 'Maps API']) {
    await requests(dana, alex, service);
    await alex.clicks('Approve', { ...inChannel, on: new RegExp(service) });
    await dana.finds(new RegExp(`can now use ${service}: access is open`));
  }
  expect(groupsAt(edge)).toEqual(['maps', 'payments']);
}

/** Has the catalog file say something else, and the bot read it. */
async function setsFile({ scenario }: World, from: RegExp, to: string): Promise<void> {
  const before = await readFile(scenario.catalogFile, 'utf8');
  expect(before).toMatch(from);
  await writeFile(scenario.catalogFile, before.replace(from, to));
  await scenario.startAnother();
}

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

it('its service moves while the new gateway is away: they read that it is on its way, and that it has come', async () => {
  await using world = await openWorld();
  const { scenario, west } = world;
  const { dana } = people(scenario);
  await areApproved(world);
  west.fail('*', { kind: 'server-error' }, { times: 10_000 });
  await setsFile(world, /gateway: edge, group: payments/, 'gateway: west, group: payments');
  await dana.finds(/Access has changed\.[\s\S]*again as soon as access is open. It is on its way/);
  west.clearFaults();
  await dana.finds(/Access is open\.[\s\S]*Payments API/);
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

it('the gateway is away meanwhile: access is still open since the service changed, at the card and in the list', async () => {
  await using world = await openWorld();
  const { scenario, edge } = world;
  const { dana, alex } = people(scenario);
  await areApproved(world);
  world.at('2026-11-05T09:30:00Z');
  edge.fail('*', { kind: 'reset' }, { times: 10_000 });
  await setsFile(world, /, access: \{[^}]*\}/, '');
  await dana.finds(/Access has ended\.[\s\S]*Calls may still go through until the gateway has taken access away/);
  await alex.finds(
    /Payments API[\s\S]*Access still open at edge, since today at 09:30, because it cannot be reached/,
    inChannel,
  );
  await dana.types('/registrations');
  await dana.finds(/Payments API: approved .*Access still open at edge, since .*09:30/, { in: 'whispered' });
  edge.clearFaults();
  await eventually('it is gone', async () => groupsAt(edge).join() === 'maps');
});

it('the old gateway is away meanwhile: the card says both, where access is open and where it still is', async () => {
  await using world = await openWorld();
  const { scenario, edge, west } = world;
  const { alex } = people(scenario);
  await areApproved(world);
  edge.fail('*', { kind: 'reset' }, { times: 10_000 });
  await setsFile(world, /gateway: edge, group: payments/, 'gateway: west, group: payments');
  await alex.finds(
    /Access open since [^.]*\. Access still open at edge, since .*because it cannot be reached/,
    inChannel,
  );
  expect(groupsAt(west)).toEqual(['payments']);
  edge.clearFaults();
  await eventually('the card says nothing of it', async () => !alex.sees('api-requests').join().includes('still open'));
});
