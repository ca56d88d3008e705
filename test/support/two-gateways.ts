/** A world in which access is lost: two gateways, and services that can be moved between them. */
import { readFile, writeFile } from 'node:fs/promises';
import { expect } from 'vitest';
import { type LocalGateway, openLocalGateway } from '../local-gateway/local-gateway.ts';
import type { Mode } from './bot.ts';
import { retriesSoon } from './outbox.ts';
import { openScenario, type Scenario } from './scenario.ts';
import { people, requests } from './steps.ts';

export type World = { scenario: Scenario; edge: LocalGateway; west: LocalGateway; at(time: string): void };

/** Opens a scenario with two gateways. Maps is kept in Slack and Payments by the file, both with keys at `edge`. */
export async function openWorld({ mode = 'socket' }: { mode?: Mode } = {}): Promise<World & AsyncDisposable> {
  const routes = [{ path: '/payments', allow: ['payments'] }];
  const [edge, west] = [await openLocalGateway({ routes }), await openLocalGateway({ routes })];
  let now = new Date('2026-11-02T08:00:00Z');
  const scenario = await openScenario({
    mode,
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

export const groupsAt = ({ store }: LocalGateway): string[] =>
  [...store.acls.values()].map(({ group }) => group).sort();

export async function areApproved({ scenario, edge }: World): Promise<void> {
  const { dana, alex } = people(scenario);
  for (const service of ['Payments API', 'Maps API']) {
    await requests(dana, alex, service);
    await alex.clicks('Approve', { in: 'api-requests', on: new RegExp(service) });
    await dana.finds(new RegExp(`can now use ${service}: access is open`));
  }
  expect(groupsAt(edge)).toEqual(['maps', 'payments']);
}

/** Has the catalog file say something else, and the bot read it. */
export async function setsFile({ scenario }: World, from: RegExp, to: string): Promise<void> {
  const before = await readFile(scenario.catalogFile, 'utf8');
  expect(before).toMatch(from);
  await writeFile(scenario.catalogFile, before.replace(from, to));
  await scenario.startAnother();
}
